/* Products as data. What stands here was read in their sources (2026-08) or measured with the released
 * programs; a flag that is not named is false: as the RFC. */
#include "core/roll/rfc5011.h"

#include <string.h>

static const struct rfc5011_profile profiles[] = {
    {
        .name = "rfc",
        .follows = true,
        .sightings = 2,
        .missing_keep_us = UTC_OPEN,
        .interval_least_permille = 1000,
        .source = "RFC 5011",
    },
    {
        .name = "bind",
        .follows = true,
        .hold_ignores_ttl = true,
        .sightings = 1,
        .pending_missing_restarts = true,
        .pending_unvalidated_restarts = true,
        .forgets_validators = true,
        .missing_keep_us = UTC_OPEN,
        .missing_requery_us = UTC_HOUR,
        .revoked_returns = true,
        .interval_least_permille = 1000,
        .first_fetch_trusts_all = true,
        .source = "BIND 9, lib/dns/zone.c: keyfetch_done()",
    },
    {
        .name = "unbound",
        .follows = true,
        .hold_ignores_ttl = true,
        .promotes_on_time = true,
        .sightings = 2,
        .forgets_validators = true,
        .missing_keep_us = 366 * UTC_DAY,
        .missing_keep_needs_valid = true,
        .interval_least_permille = 900,
        .source = "Unbound, validator/autotrust.c: autr_process_prime()",
    },
    {
        .name = "knot",
        .follows = true,
        .hold_ignores_ttl = true,
        .sightings = 1,
        .forgets_validators = true,
        .missing_keep_us = UTC_OPEN,
        .missing_keep_holds = 4,
        .revokes_unsigned = true,
        .revokes_validated = true, /* measured: 5.6 with the revoked key as its only anchor */
        .interval_ignores_signature = true,
        .interval_least_permille = 1000,
        .source = "Knot Resolver, modules/ta_update",
    },
    {
        .name = "static",
        .missing_keep_us = UTC_OPEN,
        .interval_least_permille = 1000,
        .source = "anchors compiled in or configured by hand: PowerDNS Recursor, dnsmasq, systemd-resolved, "
                  "static-key, trust-anchor-file",
    },
};

size_t rfc5011_profile_count(void)
{
    return sizeof profiles / sizeof *profiles;
}

const struct rfc5011_profile *rfc5011_profile_at(size_t index)
{
    return index < rfc5011_profile_count() ? &profiles[index] : NULL;
}

const struct rfc5011_profile *rfc5011_profile(const char *name)
{
    for (size_t i = 0; i < rfc5011_profile_count(); i++)
        if (strcmp(profiles[i].name, name) == 0)
            return &profiles[i];
    return NULL;
}

const char *rfc5011_state_name(enum rfc5011_state state)
{
    static const char *const names[RFC5011_STATES] = {
        "Start", "AddPend", "Valid", "Missing", "Revoked", "Removed"};
    return (unsigned)state < RFC5011_STATES ? names[state] : "?";
}

const char *rfc5011_event_name(enum rfc5011_event event)
{
    static const char *const names[] = {"NewKey", "KeyPres", "KeyRem", "AddTime", "RevBit", "RemTime",
        "Restart", "Initial", "Forget", "Return", "Reset"};
    return (unsigned)event < sizeof names / sizeof *names ? names[event] : "?";
}

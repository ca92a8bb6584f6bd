/* The idea: everything that the probe zone can show is there as a validly signed name too, so that the zone
 * as printed is a good zone; what is shown otherwise is a matter of answering (probe.c). Below each label "*"
 * is a wildcard for nonces, and "zzzz" stands behind nearly all of them, so that NSEC records between the two
 * may be handed out: they say nothing about names directly below the apex. It is so in the children too: the
 * last NSEC of a zone points back to its apex, and named 9.18 takes it, with the wildcard of the zone above,
 * for an answer to names of other zones. */
#include "core/zone/testzone.h"

#include "core/zone/records.h"

enum { PROBE_TTL_S = 5, PROBE_NEGATIVE_S = 5, RSA_BITS = 2048 };

const struct testzone_probe testzone_probes[] = {
    {.label = "alg5", .algorithm = 5, .bits = RSA_BITS, .digest = 2},
    {.label = "alg7", .algorithm = 7, .bits = RSA_BITS, .digest = 2},
    {.label = "alg8", .algorithm = 8, .bits = RSA_BITS, .digest = 2},
    {.label = "alg10", .algorithm = 10, .bits = RSA_BITS, .digest = 2},
    {.label = "alg13", .algorithm = 13, .digest = 2},
    {.label = "alg14", .algorithm = 14, .digest = 2},
    {.label = "alg15", .algorithm = 15, .digest = 2},
    {.label = "alg16", .algorithm = 16, .digest = 2},
    {.label = "ds1", .algorithm = 13, .digest = 1},
    {.label = "ds2", .algorithm = 13, .digest = 2},
    {.label = "ds4", .algorithm = 13, .digest = 4},
    {.label = "v4only", .algorithm = 13, .digest = 2, .only_ipv4 = true},
    {.label = "v6only", .algorithm = 13, .digest = 2, .only_ipv6 = true},
};
const size_t testzone_probe_count = sizeof testzone_probes / sizeof *testzone_probes;

/* Labels with a wildcard for nonces below them. What is done to their signatures stands in probe.c. */
static const char *const labels[] = {"bogus", "bogus-expired", "bogus-missing", "bogus-wrong", "expired-10m",
    "expired-1d", "expired-1h", "expired-30d", "future-10m", "future-1d", "future-1h", "good"};

static void add_host(struct records *records, const struct testzone_config *config, const struct name *owner)
{
    records_add_addresses(records, owner, PROBE_TTL_S, config->a, config->aaaa);
}

/* A wildcard for nonces below `above`, and the last name there. */
static void add_wildcard(
    struct records *records, const struct testzone_config *config, const struct name *above)
{
    struct name any = records_below(records, "*", above), last = records_below(records, "zzzz", above);
    add_host(records, config, &any);
    records_add_text(records, &last, PROBE_TTL_S, "the last name here");
}

static void add_wildcards(
    struct records *records, const struct testzone_config *config, const struct name *apex)
{
    struct name any = records_below(records, "*", apex);
    add_host(records, config, &any);
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        struct name below = records_below(records, labels[i], apex);
        add_wildcard(records, config, &below);
    }
}

/* Name servers that have addresses of one family only. */
static struct name only_server(
    struct records *records, const struct name *apex, const struct testzone_probe *probe)
{
    return records_below(records, probe->only_ipv4 ? "ns-v4" : "ns-v6", apex);
}

static void add_only_servers(
    struct records *records, const struct testzone_config *config, const struct name *apex)
{
    for (size_t i = 0; i < testzone_probe_count; i++) {
        const struct testzone_probe *probe = &testzone_probes[i];
        struct name name = only_server(records, apex, probe);
        for (size_t j = 0; j < config->server_count && probe->only_ipv4; j++)
            if (config->servers[j].has_a)
                records_add_addresses(records, &name, PROBE_TTL_S, config->servers[j].a, NULL);
        for (size_t j = 0; j < config->server_count && probe->only_ipv6; j++)
            if (config->servers[j].has_aaaa)
                records_add_addresses(records, &name, PROBE_TTL_S, NULL, config->servers[j].aaaa);
    }
}

static void add_servers_of(struct records *records, const struct testzone_config *config,
    const struct name *apex, const struct testzone_probe *probe, const struct name *child)
{
    struct name only = only_server(records, apex, probe);
    if (probe->only_ipv4 || probe->only_ipv6)
        records_add_name(records, child, RR_NS, PROBE_TTL_S, &only);
    for (size_t i = 0; i < config->server_count && !probe->only_ipv4 && !probe->only_ipv6; i++)
        records_add_name(records, child, RR_NS, PROBE_TTL_S, &config->servers[i].name);
}

int testzone_probe_parent(const struct testzone_config *config, const struct name *apex,
    const struct dnskey *const *ksks, const struct dnskey *child_key, struct arena *arena,
    struct zone_spec *ret_spec)
{
    struct records records;
    struct zone_extras *extras = records_extras(arena, config, child_key);
    if (!extras)
        return ERR_NOMEM;
    records_start(&records, arena, 96);
    records_add_apex(&records, config, apex, PROBE_TTL_S);
    add_host(&records, config, apex);
    records_add_text(&records, apex, PROBE_TTL_S, "rollcall: names that show what a resolver does");
    struct name who = records_below(&records, "who", apex);
    records_add_text(&records, &who, PROBE_TTL_S, "ask for TXT of a new name below this one");
    add_wildcards(&records, config, apex);
    add_only_servers(&records, config, apex);
    for (size_t i = 0; i < testzone_probe_count; i++) {
        uint8_t ds[DNSKEY_MAX_DS];
        struct name child = records_below(&records, testzone_probes[i].label, apex);
        if (!ksks[i])
            continue;
        add_servers_of(&records, config, apex, &testzone_probes[i], &child);
        records_add(&records, &child, RR_DS, PROBE_TTL_S, ds,
            dnskey_ds(&child, ksks[i], testzone_probes[i].digest, ds));
    }
    int rc = records_done(&records, apex, ZONE_PROBE, PROBE_NEGATIVE_S, ret_spec);
    if (!rc)
        ret_spec->extras = extras;
    return rc;
}

int testzone_probe_child(const struct testzone_config *config, const struct name *probe_apex, size_t index,
    struct arena *arena, struct zone_spec *ret_spec)
{
    const struct testzone_probe *probe = &testzone_probes[index];
    struct records records;
    struct zone_extras *extras = records_extras(arena, config, NULL);
    if (!extras)
        return ERR_NOMEM;
    extras->probe = true;
    extras->only_ipv4 = probe->only_ipv4;
    extras->only_ipv6 = probe->only_ipv6;
    records_start(&records, arena, 16);
    struct name apex = records_below(&records, probe->label, probe_apex);
    records_add_soa(&records, config, &apex, PROBE_TTL_S);
    add_servers_of(&records, config, probe_apex, probe, &apex);
    add_host(&records, config, &apex);
    add_wildcard(&records, config, &apex);
    int rc = records_done(&records, &apex, ZONE_PLAIN, PROBE_NEGATIVE_S, ret_spec);
    if (!rc)
        ret_spec->extras = extras;
    return rc;
}

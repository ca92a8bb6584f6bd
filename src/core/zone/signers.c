/* The idea: two passes over the plan's keys. The first collects what is published and who signs by the plan;
 * the second sees to it that every algorithm among the published keys signs everything (RFC 4035 §2.2), with
 * the keys that sign anyway. */
#include "core/zone/signers.h"

#include <stdlib.h>

enum {
    SIGNATURE_EARLY_S = 3600,
    SIGNATURE_STEPS = 4,
    SIGNATURE_DEFAULT_S = 14 * 86400,
    SIGNATURE_LEAST_S = 4
};

static const struct dnskey *key_of(const struct zone_keys *keys, const char *id)
{
    for (size_t i = 0; keys && i < keys->count; i++)
        if (!strcmp(keys->entry[i].id, id))
            return keys->entry[i].key;
    return NULL;
}

static int add(const struct dnskey **list, size_t *count, size_t capacity, const struct dnskey *key,
    struct err_note *note)
{
    for (size_t i = 0; i < *count; i++)
        if (list[i] == key)
            return 0;
    if (*count == capacity)
        return err_set(note, ERR_CONFIG, "a zone has more than %zu keys at one moment", capacity);
    list[(*count)++] = key;
    return 0;
}

static int can_sign(const struct dnskey *key, const char *id, struct err_note *note)
{
    if (key->private_key)
        return 0;
    return err_set(note, ERR_CONFIG, "key %s must sign, but its private half is not there", id);
}

static int revoked_form(struct signers *signers, const struct dnskey *key, const struct dnskey **ret_form)
{
    if (signers->owned_count == SIGNERS_MAX_KEYS)
        return ERR_CONFIG;
    struct dnskey *form;
    int rc = dnskey_with_flags(key, key->flags | DNSKEY_REVOKE, &form);
    if (rc)
        return rc;
    signers->owned[signers->owned_count++] = form;
    *ret_form = form;
    return 0;
}

/* One key of the plan: published, and signing, as it is at the moment. */
static int take(struct signers *signers, const struct plan_key *plan_key, const struct zone_keys *keys,
    struct err_note *note)
{
    struct plan_key_state state = plan_key_at(plan_key, signers->plan_us);
    bool signs = state.signing || (state.published && state.revoked);
    if (!state.published && !signs)
        return 0;
    const struct dnskey *key = key_of(keys, plan_key->id);
    if (!key)
        return err_set(note, ERR_CONFIG, "the plan wants key %s, which is not there", plan_key->id);
    int rc = state.revoked ? revoked_form(signers, key, &key) : 0;
    if (!rc && signs)
        rc = can_sign(key, plan_key->id, note);
    if (!rc && state.published)
        rc = add(signers->key, &signers->key_count, SIGNERS_MAX_KEYS, key, note);
    /* A revoked key signs nothing but the RRset that says so (RFC 5011 §2.1). */
    if (!rc && signs && (!plan_key->zsk || state.revoked))
        rc = add(signers->dnskey, &signers->dnskey_count, SIGNERS_MAX, key, note);
    else if (!rc && signs)
        rc = add(signers->zone, &signers->zone_count, SIGNERS_MAX, key, note);
    return rc;
}

static bool has_algorithm(const struct dnskey *const *list, size_t count, uint8_t algorithm)
{
    for (size_t i = 0; i < count; i++)
        if (list[i]->algorithm == algorithm && !(list[i]->flags & DNSKEY_REVOKE))
            return true;
    return false;
}

/* Adds to `to` the signers of `from` whose algorithm it lacks, if a key of that algorithm is published:
 * signatures may come before their DNSKEYs and outlive them (RFC 6840 §5.11), and then ask for nothing more.
 */
static int complete(const struct signers *signers, const struct dnskey **to, size_t *to_count,
    const struct dnskey *const *from, size_t from_count, struct err_note *note)
{
    size_t had = *to_count;
    for (size_t i = 0; i < from_count; i++) {
        uint8_t algorithm = from[i]->algorithm;
        if (from[i]->flags & DNSKEY_REVOKE || has_algorithm(to, had, algorithm) ||
            !has_algorithm(signers->key, signers->key_count, algorithm))
            continue;
        int rc = add(to, to_count, SIGNERS_MAX, from[i], note);
        if (rc)
            return rc;
    }
    return 0;
}

/* Windows move in steps, so that all views made within one step have the same signatures. */
static struct zone_windows steps(uint32_t signature_s, int64_t t_us)
{
    int64_t life_s = signature_s ? signature_s : SIGNATURE_DEFAULT_S;
    int64_t step_us =
        (life_s < SIGNATURE_LEAST_S ? SIGNATURE_LEAST_S : life_s) * UTC_SECOND / SIGNATURE_STEPS;
    int64_t step = t_us / step_us - (t_us % step_us < 0);
    int64_t start_us = step * step_us;
    struct rrsig_window window = {.inception = utc_second32(start_us) - SIGNATURE_EARLY_S,
        .expiration = utc_second32(start_us) + (uint32_t)life_s};
    return (struct zone_windows){.keys = window,
        .rest = window,
        .keys_until_us = start_us + step_us,
        .rest_until_us = start_us + step_us};
}

static int64_t earlier(int64_t a_us, int64_t b_us)
{
    return a_us < b_us ? a_us : b_us;
}

static int fill(
    struct signers *signers, const struct plan *plan, const struct zone_keys *keys, struct err_note *note)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < plan->key_count; i++)
        rc = take(signers, &plan->keys[i], keys, note);
    if (!rc && !signers->dnskey_count)
        rc = err_set(note, ERR_CONFIG, "by plan %s no key signs the DNSKEY RRset at this moment",
            plan->name ? plan->name : "?");
    if (!rc && keys && keys->zsk) {
        rc = can_sign(keys->zsk, "(zone signing key)", note);
        if (!rc)
            rc = add(signers->key, &signers->key_count, SIGNERS_MAX_KEYS, keys->zsk, note);
        if (!rc)
            rc = add(signers->zone, &signers->zone_count, SIGNERS_MAX, keys->zsk, note);
    }
    if (!rc)
        rc = complete(
            signers, signers->zone, &signers->zone_count, signers->dnskey, signers->dnskey_count, note);
    if (!rc)
        rc = complete(
            signers, signers->dnskey, &signers->dnskey_count, signers->zone, signers->zone_count, note);
    if (!rc && !signers->zone_count) /* all that sign are revoked */
        rc = err_set(note, ERR_CONFIG, "by plan %s no key signs the zone at this moment",
            plan->name ? plan->name : "?");
    return rc;
}

/* The moment at which keys of both kinds have begun to sign. */
static int64_t first_signatures(const struct plan *plan)
{
    int64_t first_us[2] = {UTC_OPEN, UTC_OPEN};
    for (size_t i = 0; i < plan->key_count; i++)
        for (size_t j = 0; j < plan->keys[i].step_count; j++) {
            const struct plan_step *step = &plan->keys[i].steps[j];
            if (step->what == PLAN_SIGN && step->at_us < first_us[plan->keys[i].zsk])
                first_us[plan->keys[i].zsk] = step->at_us;
        }
    if (first_us[0] == UTC_OPEN || first_us[1] == UTC_OPEN) /* one kind signs everything, or none signs */
        return first_us[0] < first_us[1] ? first_us[0] : first_us[1];
    return first_us[0] > first_us[1] ? first_us[0] : first_us[1];
}

int signers_at(
    const struct zone_spec *spec, int64_t t_us, struct signers **ret_signers, struct err_note *note)
{
    const struct plan *plan = spec->plan;
    struct signers *signers = calloc(1, sizeof *signers);
    if (!signers)
        return ERR_NOMEM;
    signers->apex = spec->apex;
    name_lower(&signers->apex);
    signers->t_us = signers->plan_us = t_us;
    int64_t first_us = spec->from_start ? first_signatures(plan) : UTC_OPEN;
    if (first_us != UTC_OPEN && first_us > t_us)
        signers->plan_us = first_us;
    signers->windows = spec->windows ? *spec->windows : steps(plan->signature_s, t_us);
    signers->until_us = earlier(plan_next_change(plan, t_us),
        earlier(signers->windows.keys_until_us, signers->windows.rest_until_us));
    int rc = fill(signers, plan, spec->keys, note);
    if (rc) {
        signers_free(signers);
        return rc;
    }
    *ret_signers = signers;
    return 0;
}

void signers_free(struct signers *signers)
{
    if (!signers)
        return;
    for (size_t i = 0; i < signers->owned_count; i++)
        dnskey_free(signers->owned[i]);
    free(signers);
}

int signers_sign(const struct signers *signers, const struct rrset *set, struct zone_signatures *cache,
    struct arena *arena, struct rdata *ret_signature, size_t *ret_count, struct err_note *note)
{
    bool keys = set->type == RR_DNSKEY || set->type == RR_CDS || set->type == RR_CDNSKEY; /* RFC 7344 §4.1 */
    const struct dnskey *const *list = keys ? signers->dnskey : signers->zone;
    size_t count = keys ? signers->dnskey_count : signers->zone_count;
    const struct zone_windows *windows = &signers->windows;
    struct signatures_when when = {.window = keys ? windows->keys : windows->rest,
        .t_us = signers->t_us,
        .until_us = keys ? windows->keys_until_us : windows->rest_until_us};
    for (size_t i = 0; i < count; i++) {
        int rc =
            zone_signatures_sign(cache, set, list[i], &signers->apex, when, arena, &ret_signature[i], note);
        if (rc)
            return rc;
    }
    *ret_count = count;
    return 0;
}

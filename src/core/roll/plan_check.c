/* What every plan must hold. Form first (names, numbers, order), then each key by itself against a table of
 * what may follow what, then all keys together at each moment at which something changes: somebody signs the
 * DNSKEY RRset, and each algorithm of a published key signs (RFC 6840 §5.11). Whether a roll is wise
 * (hold-downs, margins) is another question: a bad roll is still a plan, and rehearsals need it. */
#include "core/roll/plan_parts.h"

#include "core/dns/name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_id(const char *id)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.+";
    size_t length = id ? strlen(id) : 0;
    return length > 0 && length <= PLAN_MAX_ID && strspn(id, allowed) == length && *id != '-';
}

static bool is_sha256(const char *hex)
{
    return strlen(hex) == 64 && strspn(hex, "0123456789ABCDEFabcdef") == 64;
}

static bool is_rsa(uint8_t algorithm) /* IANA: RSA/MD5, RSA/SHA-1 twice, RSA/SHA-256, RSA/SHA-512 */
{
    return algorithm == 1 || algorithm == 5 || algorithm == 7 || algorithm == 8 || algorithm == 10;
}

static int check_plan(const struct plan *plan, struct err_note *note)
{
    struct name zone;
    struct err_note why;
    if (!is_id(plan->name))
        return err_set(note, ERR_DATA, "a plan's name is 1 to %d letters, digits and - _ . +", PLAN_MAX_ID);
    if (!plan->zone || name_from_text(plan->zone, &zone, &why))
        return err_set(note, ERR_DATA, "zone: %s", plan->zone ? why.text : "missing");
    if (plan->dnskey_ttl_s < 1 || plan->dnskey_ttl_s > INT32_MAX) /* RFC 2181 §8 */
        return err_set(note, ERR_DATA, "the TTL of the DNSKEY RRset is 1 s to 2^31-1 s");
    if (plan->signature_s < 1 || plan->signature_s > INT32_MAX) /* RFC 4034 §3.1.5: serial arithmetic */
        return err_set(note, ERR_DATA, "the validity of signatures is 1 s to 2^31-1 s");
    if (plan->add_hold_us < 0 || plan->remove_hold_us < 0 || plan->refresh_us < 0 || plan->retry_us < 0)
        return err_set(note, ERR_DATA, "hold-downs, refresh and retry are not negative");
    if (plan->key_count < 1 || plan->key_count > PLAN_MAX_KEYS)
        return err_set(note, ERR_DATA, "a plan has 1 to %d keys", PLAN_MAX_KEYS);
    if (plan->history_count > PLAN_MAX_HISTORY)
        return err_set(note, ERR_DATA, "the history holds at most %d entries", PLAN_MAX_HISTORY);
    return 0;
}

static int check_key(const struct plan *plan, size_t index, struct err_note *note)
{
    const struct plan_key *key = &plan->keys[index];
    if (!is_id(key->id))
        return err_set(
            note, ERR_DATA, "key %zu: an id is 1 to %d letters, digits and - _ . +", index + 1, PLAN_MAX_ID);
    if (plan_key(plan, key->id) != key)
        return err_set(note, ERR_DATA, "key %s: two keys have this id", key->id);
    if (key->algorithm == 0 || key->algorithm == 255)
        return err_set(note, ERR_DATA, "key %s: %u is no algorithm of a key", key->id, key->algorithm);
    if (is_rsa(key->algorithm) ? key->bits < 512 || key->bits > 4096 : key->bits != 0)
        return err_set(
            note, ERR_DATA, "key %s: bits are 512 to 4096 for RSA, and not given for others", key->id);
    if (key->tag < -1 || key->tag > UINT16_MAX || key->revoked_tag < -1 || key->revoked_tag > UINT16_MAX)
        return err_set(note, ERR_DATA, "key %s: a key tag is 0 to 65535", key->id);
    if (key->ds_sha256 && !is_sha256(key->ds_sha256))
        return err_set(note, ERR_DATA, "key %s: a SHA-256 digest is 64 hexadecimal digits", key->id);
    if (key->step_count < 1 || key->step_count > PLAN_MAX_STEPS)
        return err_set(note, ERR_DATA, "key %s: a key has 1 to %d steps", key->id, PLAN_MAX_STEPS);
    return 0;
}

/* Whether the step may follow on the state, and why not. */
static const char *refusal(
    const struct plan_key *key, size_t step, struct plan_key_state state, bool was_revoked)
{
    switch (key->steps[step].what) {
    case PLAN_PUBLISH:
        return state.published ? "it is published already"
               : was_revoked   ? "a revoked key never comes back (RFC 5011 §2.1)"
                               : NULL;
    case PLAN_SIGN:
        return state.signing                   ? "it signs already"
               : was_revoked                   ? "it was revoked (RFC 5011 §2.1)"
               : !state.published && !key->zsk ? "it is not published"
                                               : NULL;
    case PLAN_STOP:
        return state.signing ? NULL : "it does not sign";
    case PLAN_REVOKE:
        return key->zsk           ? "only key-signing keys are revoked (RFC 5011 §2.1)"
               : state.revoked    ? "it is revoked already"
               : !state.published ? "it is not published"
                                  : NULL;
    case PLAN_WITHDRAW:
        return state.published ? NULL : "it is not published";
    }
    return "no such step";
}

static int check_time(
    const struct plan *plan, const struct plan_step *step, int64_t before, const char **ret_why)
{
    if (step->at_us == UTC_OPEN)
        *ret_why = plan->relative ? "a template has no open steps"
                   : step->was_us && (step->was_us < UTC_FIRST || step->was_us > UTC_LAST)
                       ? "the date that it had lies outside the years 1 to 9999"
                       : NULL;
    else if (step->was_us)
        *ret_why = "only an open step has a date that it had";
    else if (before == UTC_OPEN)
        *ret_why = "it has a date, but the step before it is open";
    else if (step->at_us < before)
        *ret_why = "it comes before the step before it";
    else if (plan->relative && (step->at_us < 0 || step->at_us > 36525 * UTC_DAY))
        *ret_why = "its distance from the start is 0 to 100 years";
    else if (!plan->relative && (step->at_us < UTC_FIRST || step->at_us > UTC_LAST))
        *ret_why = "it lies outside the years 1 to 9999";
    else
        *ret_why = NULL;
    return *ret_why ? ERR_DATA : 0;
}

static int check_steps(
    const struct plan *plan, const struct plan_key *key, struct plan_place *place, struct err_note *note)
{
    struct plan_key_state state = {0};
    bool was_revoked = false;
    int64_t before = INT64_MIN;
    for (size_t i = 0; i < key->step_count; i++) {
        const struct plan_step *step = &key->steps[i];
        const char *why;
        place->step = (int)i;
        if (step->what > PLAN_WITHDRAW)
            return err_set(note, ERR_DATA, "key %s, step %zu: unknown", key->id, i + 1);
        if (!check_time(plan, step, before, &why))
            why = refusal(key, i, state, was_revoked);
        if (why)
            return err_set(
                note, ERR_DATA, "key %s, step %zu (%s): %s", key->id, i + 1, plan_do_name(step->what), why);
        plan_key_apply(key, i, &state);
        was_revoked = was_revoked || state.revoked;
        before = step->at_us;
    }
    return 0;
}

/* One step of one key, with the moment by which steps of all keys are put in order. */
struct event {
    int64_t at_us, was_us;
    size_t key, step;
};

/* By date; open ones last, in the order of the dates that they had; of one key always in its own order. */
static int by_time(const void *left, const void *right)
{
    const struct event *a = left, *b = right;
    if (a->at_us != b->at_us)
        return a->at_us < b->at_us ? -1 : 1;
    if (a->was_us != b->was_us)
        return a->was_us < b->was_us ? -1 : 1;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return a->step < b->step ? -1 : a->step > b->step;
}

static bool same_moment(const struct event *a, const struct event *b)
{
    return a->at_us == b->at_us && a->was_us == b->was_us;
}

/* An algorithm with a published key, but without a signer: of the DNSKEY RRset if `zsk` is false, else of the
 * rest. */
static const struct plan_key *unsigned_algorithm(
    const struct plan *plan, const struct plan_key_state *states, bool zsk)
{
    for (size_t i = 0; i < plan->key_count; i++) {
        bool found = !states[i].published || states[i].revoked;
        for (size_t j = 0; j < plan->key_count && !found; j++)
            found = plan->keys[j].algorithm == plan->keys[i].algorithm && plan->keys[j].zsk == zsk &&
                    (states[j].signing || states[j].revoked);
        if (!found)
            return &plan->keys[i];
    }
    return NULL;
}

/* A ZSK that signs though it is not published, and though its algorithm has another key in the RRset. */
static const struct plan_key *signs_unpublished(const struct plan *plan, const struct plan_key_state *states)
{
    for (size_t i = 0; i < plan->key_count; i++)
        for (size_t j = 0; j < plan->key_count && states[i].signing && !states[i].published; j++)
            if (plan->keys[j].algorithm == plan->keys[i].algorithm && states[j].published)
                return &plan->keys[i];
    return NULL;
}

static int check_moment(const struct plan *plan, const struct plan_key_state *states, int64_t at_us,
    bool own_zsk, bool last, struct err_note *note)
{
    char when[UTC_TEXT];
    plan->relative ? utc_format_span(at_us, when) : utc_format_short(at_us, when);
    bool published = false, ksk = false, zsk = !own_zsk;
    for (size_t i = 0; i < plan->key_count; i++) {
        published = published || states[i].published;
        bool signs = states[i].published && states[i].signing;
        ksk = ksk || (!plan->keys[i].zsk && signs);
        zsk = zsk || (plan->keys[i].zsk && signs);
    }
    if (!published && last)
        return 0; /* the zone may end unsigned */
    if (!ksk)
        return err_set(
            note, ERR_DATA, "at %s: no published key that is not revoked signs the DNSKEY RRset", when);
    if (!zsk)
        return err_set(note, ERR_DATA, "at %s: no published zone-signing key signs", when);
    const struct plan_key *key = signs_unpublished(plan, states);
    if (key)
        return err_set(note, ERR_DATA, "at %s: key %s signs but is not published", when, key->id);
    for (int part = 0; part <= own_zsk; part++) {
        key = unsigned_algorithm(plan, states, part);
        if (key)
            return err_set(note, ERR_DATA,
                "at %s: key %s is published, but nothing signs %s with its algorithm %u (RFC 6840 §5.11)",
                when, key->id, part ? "the zone" : "the DNSKEY RRset", key->algorithm);
    }
    return 0;
}

static int check_together(const struct plan *plan, struct event *events, size_t count,
    struct plan_place *place, struct err_note *note)
{
    struct plan_key_state states[PLAN_MAX_KEYS] = {0};
    bool own_zsk = false;
    for (size_t i = 0; i < plan->key_count; i++)
        own_zsk = own_zsk || plan->keys[i].zsk;
    bool begun =
        false; /* before its first key signs, others do: a plan may begin in the middle of a zone's life */
    for (size_t i = 0; i < count; i++) {
        plan_key_apply(&plan->keys[events[i].key], events[i].step, &states[events[i].key]);
        begun = begun || (states[events[i].key].signing && !plan->keys[events[i].key].zsk);
        if (!begun || (i + 1 < count && same_moment(&events[i], &events[i + 1])))
            continue;
        place->key = (int)events[i].key;
        place->step = (int)events[i].step;
        int rc = check_moment(plan, states, events[i].at_us, own_zsk, i + 1 == count, note);
        if (rc)
            return rc;
    }
    if (!begun) {
        *place = (struct plan_place){-1, -1, -1};
        return err_set(note, ERR_DATA, "no key-signing key ever signs");
    }
    return 0;
}

static int check_all_steps(const struct plan *plan, struct plan_place *place, struct err_note *note)
{
    size_t count = 0;
    for (size_t i = 0; i < plan->key_count; i++)
        count += plan->keys[i].step_count;
    struct event *events = calloc(count, sizeof *events);
    if (!events)
        return err_set(note, ERR_NOMEM, "out of memory");
    size_t at = 0;
    for (size_t i = 0; i < plan->key_count; i++)
        for (size_t j = 0; j < plan->keys[i].step_count; j++) {
            const struct plan_step *step = &plan->keys[i].steps[j];
            int64_t was = step->at_us == UTC_OPEN && step->was_us ? step->was_us : step->at_us;
            if (j && step->at_us == UTC_OPEN && was < events[at - 1].was_us)
                was = events[at - 1].was_us; /* a key's own order comes first */
            events[at++] = (struct event){step->at_us, was, i, j};
        }
    qsort(events, count, sizeof *events, by_time);
    int rc = check_together(plan, events, count, place, note);
    free(events);
    return rc;
}

static bool is_operation(const char *name)
{
    static const char *const names[] = {"postpone", "resume", "back-out", "note"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (name && strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static int check_history(const struct plan *plan, struct plan_place *place, struct err_note *note)
{
    for (size_t i = 0; i < plan->history_count; i++) {
        const struct plan_entry *entry = &plan->history[i];
        place->entry = (int)i;
        if (!is_operation(entry->operation))
            return err_set(
                note, ERR_DATA, "history %zu: an operation is postpone, resume, back-out or note", i + 1);
        if (!entry->reason || !*entry->reason)
            return err_set(note, ERR_DATA, "history %zu: a reason is missing", i + 1);
        if (i && entry->at_us < plan->history[i - 1].at_us)
            return err_set(note, ERR_DATA, "history %zu: it is older than the entry before it", i + 1);
        for (size_t j = 0; j < entry->change_count; j++)
            if (!plan_key(plan, entry->changes[j].key))
                return err_set(
                    note, ERR_DATA, "history %zu: there is no key %s", i + 1, entry->changes[j].key);
    }
    return 0;
}

int plan_check_place(const struct plan *plan, struct plan_place *ret_place, struct err_note *note)
{
    static const struct plan_place nowhere = {-1, -1, -1};
    struct plan_place place = nowhere;
    int rc = check_plan(plan, note);
    for (size_t i = 0; !rc && i < plan->key_count; i++) {
        place.key = (int)i;
        rc = check_key(plan, i, note);
    }
    for (size_t i = 0; !rc && i < plan->key_count; i++) {
        place.key = (int)i;
        rc = check_steps(plan, &plan->keys[i], &place, note);
    }
    rc = rc ? rc : check_all_steps(plan, &place, note);
    if (!rc) {
        place = nowhere;
        rc = check_history(plan, &place, note);
    }
    *ret_place = rc ? place : nowhere;
    return rc;
}

int plan_check(const struct plan *plan, struct err_note *note)
{
    struct plan_place place;
    return plan_check_place(plan, &place, note);
}

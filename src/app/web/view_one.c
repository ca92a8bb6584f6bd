/* One participant. Its keys are stored with their private halves; these are wiped as soon as the public ones
 * have been made of them. */
#include "app/web/view.h"

#include "base/base64.h"
#include "base/log.h"
#include "core/dns/dnskey.h"
#include "core/dns/name.h"
#include "io/json/verdict_json.h"
#include "io/store/rolls.h"

#include <string.h>

static char *hex_text(struct arena *arena, const uint8_t *bytes, size_t length)
{
    static const char digits[] = "0123456789ABCDEF";
    char *out = arena_alloc(arena, 2 * length + 1);
    for (size_t i = 0; out && i < length; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    return out;
}

static int show_key(
    const struct name *zone, const struct dnskey *key, struct arena *arena, struct view_key *shown)
{
    uint8_t ds[DNSKEY_MAX_DS];
    size_t length = dnskey_ds(zone, key, 2, ds);
    char *base64 = arena_alloc(arena, BASE64_SIZE((size_t)key->public_length));
    char *digest = length > 4 ? hex_text(arena, ds + 4, length - 4) : NULL;
    if (!base64 || !digest)
        return ERR_NOMEM;
    base64_write(key->public_key, key->public_length, base64);
    shown->flags = key->flags;
    shown->tag = key->tag;
    shown->dnskey = arena_printf(arena, "%u 3 %u %s", key->flags, key->algorithm, base64);
    shown->ds = arena_printf(arena, "%u %u 2 %s", key->tag, key->algorithm, digest);
    return shown->dnskey && shown->ds ? 0 : ERR_NOMEM;
}

/* Only what is in the zone, or was: a key that is still to come must be learned from there. */
static bool is_out(const struct view_one *one, const char *id)
{
    const struct plan_key *key = one->plan ? plan_key(one->plan, id) : NULL;
    return key && plan_key_at(key, one->now_us).ever_published;
}

static int load_keys(struct store *store, struct arena *arena, struct view_one *one, struct err_note *note)
{
    struct store_key *rows;
    size_t count;
    struct name zone;
    int err = name_from_text(one->participant.row.zone, &zone, note);
    if (!err)
        err = store_keys(store, one->participant.row.zone, arena, &rows, &count, note);
    if (err)
        return err;
    one->keys = arena_alloc(arena, (count + 1) * sizeof *one->keys);
    for (size_t i = 0; !err && i < count; i++) {
        struct dnskey *key = NULL;
        size_t length = strlen(rows[i].private_text);
        err = one->keys ? 0 : ERR_NOMEM;
        if (!err)
            err = dnskey_from_private_text(rows[i].private_text, length, rows[i].flags, &key, note);
        explicit_bzero((char *)rows[i].private_text, length); /* the arena's copy, ours to wipe */
        struct view_key *shown = err || !is_out(one, rows[i].id) ? NULL : &one->keys[one->key_count++];
        if (shown) {
            shown->id = rows[i].id;
            err = show_key(&zone, key, arena, shown);
        }
        dnskey_free(key);
    }
    return err;
}

/* The key to configure: the KSK that signs now; of several the one that began last. */
static void choose_anchor(struct view_one *one)
{
    int64_t since_us = INT64_MIN;
    for (size_t i = 0; i < one->key_count; i++) {
        const struct plan_key *key = one->plan ? plan_key(one->plan, one->keys[i].id) : NULL;
        if (!key || key->zsk)
            continue;
        struct plan_key_state state = plan_key_at(key, one->now_us);
        if (state.signing && (!one->anchor || state.since_us > since_us)) {
            one->anchor = &one->keys[i];
            since_us = state.since_us;
        }
    }
    for (size_t i = 0; !one->anchor && i < one->key_count; i++)
        if (one->keys[i].flags & DNSKEY_SEP)
            one->anchor = &one->keys[i];
}

static void take_verdict(struct view_one *one, struct arena *arena)
{
    struct err_note note = {""};
    struct view_participant *participant = &one->participant;
    participant->verdict = VERDICT_UNKNOWN;
    participant->summary = "Not judged yet: no query of a resolver has been seen in this zone.";
    participant->trust_us = participant->break_us = participant->broke_us = UTC_OPEN;
    if (one->history_count == 0)
        return;
    const struct store_verdict *last = &one->history[one->history_count - 1];
    participant->verdict = view_verdict(last->verdict);
    participant->state = view_state(last->state);
    participant->summary = last->summary;
    one->judged = verdict_json_read(last->document, arena, &one->result, &note) == 0;
    if (!one->judged) {
        log_error("a stored verdict cannot be read: %s", note.text);
        return;
    }
    participant->trust_us = one->result.trust_us;
    participant->break_us = one->result.break_us;
    participant->broke_us = one->result.broke_us;
}

int view_one_load(struct store *store, const char *token, int64_t now_us, struct arena *arena,
    struct view_one *ret_one, struct err_note *note)
{
    struct view_one one = {.now_us = now_us};
    int err = store_participant_find(store, token, arena, &one.participant.row, note);
    if (err)
        return err;
    int64_t changed_us;
    struct err_note plan_note = {""};
    if (rolls_read(store, one.participant.row.roll_id, &one.plan, &changed_us, &plan_note) == 0)
        one.roll = plan_roll_at(one.plan, now_us);
    else
        log_error("the stored plan cannot be read: %s", plan_note.text);
    err = store_verdicts(store, one.participant.row.id, arena, &one.history, &one.history_count, note);
    if (!err)
        take_verdict(&one, arena);
    if (!err)
        err = load_keys(store, arena, &one, note);
    if (err) {
        plan_free(one.plan);
        return err;
    }
    choose_anchor(&one);
    *ret_one = one;
    return 0;
}

void view_one_free(struct view_one *one)
{
    plan_free(one->plan);
    one->plan = NULL;
}

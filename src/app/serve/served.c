#include "app/serve/served.h"

#include "base/text.h"
#include "io/keys/keys.h"

#include <string.h>

enum { STEADY_TTL_S = 3600, STEADY_VALID_S = 14 * 86400 };

int served_steady_plan(const char *zone, uint8_t algorithm, unsigned bits, int64_t since_us,
    struct plan **ret_plan, struct err_note *note)
{
    struct arena *arena = arena_new();
    struct plan *plan = arena ? arena_alloc(arena, sizeof *plan) : NULL;
    struct plan_key *keys = plan ? arena_alloc(arena, 2 * sizeof *keys) : NULL;
    struct plan_step *steps = keys ? arena_alloc(arena, 2 * sizeof *steps) : NULL;
    const char *name = steps ? arena_string(arena, zone) : NULL;
    if (!name) {
        arena_free(arena);
        return err_set(note, ERR_NOMEM, "out of memory");
    }
    steps[0] = (struct plan_step){.what = PLAN_PUBLISH, .at_us = since_us};
    steps[1] = (struct plan_step){.what = PLAN_SIGN, .at_us = since_us};
    for (size_t i = 0; i < 2; i++)
        keys[i] = (struct plan_key){.id = i ? "ZSK" : "KSK",
            .zsk = i == 1,
            .algorithm = algorithm,
            .bits = (uint16_t)bits,
            .tag = -1,
            .revoked_tag = -1,
            .steps = steps,
            .step_count = 2};
    *plan = (struct plan){.arena = arena,
        .name = "steady",
        .title = "no roll",
        .zone = name,
        .dnskey_ttl_s = STEADY_TTL_S,
        .signature_s = STEADY_VALID_S,
        .add_hold_us = 30 * UTC_DAY,
        .remove_hold_us = 30 * UTC_DAY,
        .keys = keys,
        .key_count = 2};
    *ret_plan = plan;
    return 0;
}

static int make_key(struct store *store, const char *zone, const struct plan_key *wanted, int64_t now_us,
    struct err_note *note)
{
    struct dnskey *key;
    struct text secret;
    uint16_t flags = wanted->zsk ? DNSKEY_ZSK : DNSKEY_KSK;
    int rc = keys_generate(wanted->algorithm, wanted->bits, flags, &key, note);
    if (rc)
        return rc;
    text_start(&secret);
    rc = dnskey_private_text(key, &secret, note);
    if (rc == 0) {
        struct store_key row = {
            .zone = zone, .id = wanted->id, .flags = flags, .private_text = secret.string, .made_us = now_us};
        rc = store_key_add(store, &row, note);
    }
    explicit_bzero(secret.string, secret.length);
    text_free(&secret);
    dnskey_free(key);
    return rc;
}

static const struct store_key *find_row(const struct store_key *rows, size_t count, const char *id)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].id, id) == 0)
            return &rows[i];
    return NULL;
}

static int make_missing(struct store *store, const char *zone, const struct plan *plan, int64_t now_us,
    struct arena *arena, struct err_note *note)
{
    struct store_key *rows;
    size_t count;
    int rc = store_keys(store, zone, arena, &rows, &count, note);
    for (size_t i = 0; rc == 0 && i < plan->key_count; i++)
        if (!find_row(rows, count, plan->keys[i].id))
            rc = make_key(store, zone, &plan->keys[i], now_us, note);
    return rc;
}

int served_borrow(struct store *store, const char *zone, const char *id, const struct dnskey *key,
    uint8_t algorithm, int64_t now_us, struct err_note *note)
{
    static const char line[] = "Algorithm: ";
    struct store_key *rows;
    size_t count;
    struct text own, changed;
    struct arena *arena = arena_new();
    int rc = arena ? store_keys(store, zone, arena, &rows, &count, note)
                   : err_set(note, ERR_NOMEM, "out of memory");
    bool there = rc == 0 && find_row(rows, count, id);
    arena_free(arena);
    if (rc || there)
        return rc;
    text_start(&own);
    text_start(&changed);
    rc = dnskey_private_text(key, &own, note);
    const char *at = rc ? NULL : strstr(own.string, line);
    if (at) {
        text_printf(&changed, "%.*s%s%u%s", (int)(at - own.string), own.string, line, algorithm,
            at + strcspn(at, "\n"));
        struct store_key row = {
            .zone = zone, .id = id, .flags = key->flags, .private_text = changed.string, .made_us = now_us};
        rc = store_key_add(store, &row, note);
    }
    explicit_bzero(own.string, own.length);
    explicit_bzero(changed.string, changed.length);
    text_free(&own);
    text_free(&changed);
    return rc;
}

static void free_keys(struct served *served)
{
    for (size_t i = 0; i < served->zone_keys.count; i++)
        dnskey_free(served->keys[i]);
    served->zone_keys.count = 0;
}

static int load_keys(struct store *store, const char *zone, const struct plan *plan, struct arena *arena,
    struct dnskey **keys, struct err_note *note)
{
    struct store_key *rows;
    size_t count;
    int rc = store_keys(store, zone, arena, &rows, &count, note);
    for (size_t i = 0; rc == 0 && i < plan->key_count; i++) {
        const struct store_key *row = find_row(rows, count, plan->keys[i].id);
        if (!row)
            rc = err_set(
                note, ERR_DATA, "zone %s: the key %s is missing in the state", zone, plan->keys[i].id);
        else
            rc = dnskey_from_private_text(
                row->private_text, strlen(row->private_text), row->flags, &keys[i], note);
        if (rc == 0 && keys[i]->algorithm != plan->keys[i].algorithm)
            rc =
                err_set(note, ERR_DATA, "zone %s: the key %s in the state has algorithm %u, the plan says %u",
                    zone, plan->keys[i].id, keys[i]->algorithm, plan->keys[i].algorithm);
    }
    return rc;
}

int served_load(struct served *served, struct store *store, const struct plan *plan, bool make,
    int64_t now_us, struct err_note *note)
{
    char zone[NAME_MAX_TEXT];
    struct dnskey *keys[SERVED_MAX_KEYS] = {NULL};
    if (plan->key_count > SERVED_MAX_KEYS)
        return err_set(note, ERR_DATA, "plan %s has more than %d keys", plan->name, SERVED_MAX_KEYS);
    struct arena *arena = arena_new();
    if (!arena)
        return err_set(note, ERR_NOMEM, "out of memory");
    name_to_text(&served->apex, zone);
    int rc = make ? make_missing(store, zone, plan, now_us, arena, note) : 0;
    if (rc == 0)
        rc = load_keys(store, zone, plan, arena, keys, note);
    arena_free(arena);
    if (rc) {
        for (size_t i = 0; i < SERVED_MAX_KEYS; i++)
            dnskey_free(keys[i]);
        return rc;
    }
    served->plan = plan;
    memcpy(served->keys, keys, sizeof keys);
    for (size_t i = 0; i < plan->key_count; i++)
        served_put_key(served, i);
    served->until_us = 0;
    return 0;
}

void served_put_key(struct served *served, size_t index)
{
    served->entries[index].id = served->plan->keys[index].id;
    served->entries[index].key = served->keys[index];
    served->zone_keys.entry = served->entries;
    served->zone_keys.count = index + 1;
}

const struct dnskey *served_key(const struct served *served, const char *id)
{
    for (size_t i = 0; i < served->zone_keys.count; i++)
        if (strcmp(served->entries[i].id, id) == 0)
            return served->entries[i].key;
    return NULL;
}

int served_view(struct served *served, struct zone_spec *spec, int64_t now_us, struct zone_view **ret_view,
    struct err_note *note)
{
    spec->plan = served->plan;
    spec->keys = &served->zone_keys;
    spec->signatures = served->signatures;
    int rc = zone_view_make(spec, now_us, ret_view, note);
    if (rc == 0) {
        served->until_us = zone_view_until(*ret_view);
        served->made = true;
    }
    return rc;
}

bool served_same_keys(const struct plan *a, const struct plan *b)
{
    bool same = a->key_count == b->key_count;
    for (size_t i = 0; same && i < a->key_count; i++) {
        const struct plan_key *one = &a->keys[i], *other = &b->keys[i];
        same = strcmp(one->id, other->id) == 0 && one->algorithm == other->algorithm &&
               one->bits == other->bits && one->zsk == other->zsk;
    }
    return same;
}

void served_replan(struct served *served, const struct plan *plan)
{
    for (size_t i = 0; i < served->zone_keys.count; i++)
        served->entries[i].id = plan->keys[i].id;
    served->plan = plan;
    served->until_us = 0;
}

void served_free(struct served *served)
{
    free_keys(served);
    plan_free(served->own_plan);
    zone_signatures_free(served->signatures);
    *served = (struct served){0};
}

/* The idea: the root's quarter has nine slots, which begin on its days 0, 10, … 80 (facts: the key signing
 * requests of 2016 to 2018). The DNSKEY RRset of a slot is signed once, from its first second for
 * signature_s. A quarter's ZSK is shown from slot 9 of the quarter before to the end of slot 1 of the one
 * after, and signs within its own; so that a roll of KSKs, from slot 2 of one quarter to slot 2 of another,
 * gives the sizes that the real root has. */
#include "app/lab/world/world_inside.h"

#include "io/keys/twin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SLOT_DAYS = 10,
    SLOTS = 9,
    LONGEST_SLOT_DAYS = 12,
    LEAST_SIGNATURE_S = 15 * 86400, /* else a slot outlives what was signed for it */
    REST_LIFE_S = 13 * 86400,
    REST_STEP_DAYS = 6, /* what is left is longer than any TTL */
    EARLY_S = 3600,
    QUARTERS_BEFORE = 5,
    QUARTERS_AFTER = 2,
    QUARTER_STEPS = 4,
    ZSK_BITS = 2048,
    KEY_TRIES = 64,
};

/* Quarters are counted from the year 0. */
static int quarter_of(int64_t t_us)
{
    struct utc_date date = utc_date_of(t_us);
    return 4 * date.year + (date.month - 1) / 3;
}

static int64_t quarter_start(int quarter)
{
    char text[32];
    int64_t start_us = 0;
    snprintf(text, sizeof text, "%04d-%02d-01", quarter / 4, 1 + quarter % 4 * 3);
    utc_parse(text, &start_us);
    return start_us;
}

bool world_plan_windows(const struct plan *plan, int64_t t_us, struct zone_windows *ret_windows)
{
    if (plan->signature_s < LEAST_SIGNATURE_S)
        return false;
    int quarter = quarter_of(t_us);
    int64_t quarter_us = quarter_start(quarter), slot = (t_us - quarter_us) / (SLOT_DAYS * UTC_DAY);
    slot = slot < SLOTS ? slot : SLOTS - 1;
    int64_t slot_us = quarter_us + slot * SLOT_DAYS * UTC_DAY, step_us = REST_STEP_DAYS * UTC_DAY;
    int64_t rest_us = t_us / step_us * step_us;
    *ret_windows =
        (struct zone_windows){.keys = {utc_second32(slot_us), utc_second32(slot_us) + plan->signature_s},
            .rest = {utc_second32(rest_us) - EARLY_S, utc_second32(rest_us) + REST_LIFE_S},
            .keys_until_us = slot == SLOTS - 1 ? quarter_start(quarter + 1) : slot_us + SLOT_DAYS * UTC_DAY,
            .rest_until_us = rest_us + step_us};
    return true;
}

/* Room for more keys in a copy of a plan and of the keys that go with it. */
static int copy_with_room(
    const struct plan *plan, const struct zone_keys *keys, size_t more, struct world_plan *root)
{
    *root = (struct world_plan){.plan = plan_copy(plan), .keys = *keys};
    root->keys.entry = calloc(keys->count + more + 1, sizeof *keys->entry);
    struct plan_key *list =
        root->plan ? arena_alloc(root->plan->arena, (plan->key_count + more + 1) * sizeof *list) : NULL;
    if (!root->keys.entry || !list)
        return ERR_NOMEM;
    for (size_t i = 0; i < keys->count; i++)
        root->keys.entry[i] = keys->entry[i];
    for (size_t i = 0; i < plan->key_count; i++)
        list[i] = root->plan->keys[i];
    root->plan->keys = list;
    return 0;
}

static int add_key(struct world_plan *root, const char *id, bool zsk, const struct dnskey *key,
    const struct plan_step *steps, size_t count)
{
    struct plan_key *added = &root->plan->keys[root->plan->key_count];
    *added = (struct plan_key){.id = arena_string(root->plan->arena, id),
        .zsk = zsk,
        .algorithm = key->algorithm,
        .tag = key->tag,
        .revoked_tag = -1,
        .steps = arena_copy(root->plan->arena, steps, count * sizeof *steps),
        .step_count = count};
    if (!added->id || !added->steps)
        return ERR_NOMEM;
    root->plan->key_count++;
    root->keys.entry[root->keys.count].id = added->id;
    root->keys.entry[root->keys.count++].key = key;
    return 0;
}

static const struct dnskey *key_of(const struct zone_keys *keys, const char *id)
{
    for (size_t i = 0; i < keys->count; i++)
        if (!strcmp(keys->entry[i].id, id))
            return keys->entry[i].key;
    return NULL;
}

/* The algorithm that quarterly ZSKs have; 0: there are to be none. */
static uint8_t zsk_algorithm(const struct plan *plan, const struct zone_keys *keys)
{
    uint8_t algorithm = 0;
    for (size_t i = 0; i < plan->key_count; i++) {
        if (plan->keys[i].zsk || (algorithm && algorithm != plan->keys[i].algorithm))
            return 0;
        algorithm = plan->keys[i].algorithm;
    }
    return keys->zsk ? 0 : algorithm;
}

/* Whether a tag is taken by another key of the root, also once that is revoked. */
static bool is_taken(const struct world_plan *root, uint16_t tag)
{
    for (size_t i = 0; i < root->plan->key_count; i++)
        if (root->plan->keys[i].tag == tag || root->plan->keys[i].revoked_tag == tag)
            return true;
    for (size_t i = 0; i < root->keys.count; i++)
        if (root->keys.entry[i].key && root->keys.entry[i].key->tag == tag)
            return true;
    return false;
}

static int get_zsks(struct world_plan *root, uint8_t algorithm, struct err_note *note)
{
    for (unsigned i = 0; root->owned_count < WORLD_QUARTER_KEYS; i++) {
        char name[40];
        struct dnskey *key;
        if (i == KEY_TRIES)
            return err_set(note, ERR_INTERNAL, "no zone signing keys with tags of their own");
        snprintf(name, sizeof name, "zsk-%u-%u-%u", algorithm, ZSK_BITS, i);
        int rc = twin_keep(NULL, name, algorithm, ZSK_BITS, DNSKEY_ZSK, &key, note);
        if (rc)
            return rc;
        bool taken = is_taken(root, key->tag);
        for (size_t j = 0; j < root->owned_count; j++)
            taken |= root->owned[j]->tag == key->tag;
        if (taken)
            dnskey_free(key);
        else
            root->owned[root->owned_count++] = key;
    }
    return 0;
}

static int add_quarters(struct world_plan *root, int from, int to)
{
    int rc = 0;
    for (int quarter = from; !rc && quarter <= to; quarter++) {
        char id[32];
        int64_t start_us = quarter_start(quarter), end_us = quarter_start(quarter + 1);
        struct plan_step steps[QUARTER_STEPS] = {
            {.what = PLAN_PUBLISH, .at_us = quarter_start(quarter - 1) + (SLOTS - 1) * SLOT_DAYS * UTC_DAY},
            {.what = PLAN_SIGN, .at_us = start_us},
            {.what = PLAN_STOP, .at_us = end_us},
            {.what = PLAN_WITHDRAW, .at_us = end_us + SLOT_DAYS * UTC_DAY},
        };
        snprintf(id, sizeof id, "ZSK-%dQ%d", quarter / 4, 1 + quarter % 4);
        rc = add_key(root, id, true, root->owned[quarter % WORLD_QUARTER_KEYS], steps, QUARTER_STEPS);
    }
    return rc;
}

int world_plan_make(const struct lab_world_spec *spec, struct world_plan *ret_root, struct err_note *note)
{
    int from = quarter_of(spec->from_us) - QUARTERS_BEFORE, to = quarter_of(spec->to_us) + QUARTERS_AFTER;
    uint8_t algorithm = zsk_algorithm(spec->plan, spec->keys);
    int rc = copy_with_room(spec->plan, spec->keys, algorithm ? (size_t)(to - from + 1) : 0, ret_root);
    if (rc)
        return err_set(note, rc, "no memory for a plan");
    if (algorithm)
        rc = get_zsks(ret_root, algorithm, note);
    if (!rc && algorithm && add_quarters(ret_root, from, to))
        rc = err_set(note, ERR_NOMEM, "no memory for a plan");
    return rc;
}

void world_plan_free(struct world_plan *root)
{
    for (size_t i = 0; i < root->owned_count; i++)
        dnskey_free(root->owned[i]);
    free(root->keys.entry);
    plan_free(root->plan);
    *root = (struct world_plan){0};
}

/* A revoked key that does not sign: as if it had stopped, with REVOKE in the key itself. */
static int silence(struct world_plan *root)
{
    for (size_t i = 0; i < root->plan->key_count; i++)
        for (size_t j = 0; j < root->plan->keys[i].step_count; j++)
            if (root->plan->keys[i].steps[j].what == PLAN_REVOKE)
                root->plan->keys[i].steps[j].what = PLAN_STOP;
    for (size_t i = 0; i < root->plan->key_count; i++) {
        const struct plan_key *plan_key = &root->plan->keys[i];
        const struct dnskey *key = plan_key->zsk ? NULL : key_of(&root->keys, plan_key->id);
        if (!key || root->owned_count == sizeof root->owned / sizeof *root->owned)
            continue;
        int rc = dnskey_with_flags(key, key->flags | DNSKEY_REVOKE, &root->owned[root->owned_count]);
        if (rc)
            return rc;
        root->owned_count++;
    }
    return 0;
}

void world_plan_turn(struct world_plan *root, const struct world_plan *from, int64_t t_us)
{
    for (size_t i = 0; i < from->keys.count; i++) {
        const struct plan_key *of_plan = plan_key(from->plan, from->keys.entry[i].id);
        root->keys.entry[i].key = from->keys.entry[i].key;
        if (!of_plan || !plan_key_at(of_plan, t_us).revoked)
            continue;
        for (size_t j = 0; j < root->owned_count; j++)
            if (dnskey_same(root->owned[j], from->keys.entry[i].key))
                root->keys.entry[i].key = root->owned[j];
    }
}

static int collide(struct world_plan *root, int64_t t_us, struct err_note *note)
{
    struct plan_roll roll = plan_roll_at(root->plan, t_us);
    const struct dnskey *key = roll.old_key ? key_of(&root->keys, roll.old_key->id) : NULL;
    static const struct plan_step always = {.what = PLAN_PUBLISH, .at_us = UTC_FIRST};
    if (!key)
        return err_set(note, ERR_CONFIG, "no key of this plan goes: there is none to collide with");
    int rc = twin_make(key->algorithm, dnskey_bits(key), key->flags, key->tag, -1, &root->owned[0], note);
    if (rc)
        return rc;
    root->owned_count = 1;
    return add_key(root, "colliding", false, root->owned[0], &always, 1);
}

int world_plan_tampered(const struct world_plan *from, enum lab_tamper tamper, int64_t t_us,
    struct world_plan *ret_root, struct err_note *note)
{
    int rc = copy_with_room(from->plan, &from->keys, 1, ret_root);
    if (!rc && tamper == LAB_TAMPER_REVOKED_UNSIGNED)
        rc = silence(ret_root);
    if (!rc && tamper == LAB_TAMPER_COLLIDING)
        rc = collide(ret_root, t_us, note);
    return rc == ERR_NOMEM ? err_set(note, rc, "no memory for a plan") : rc;
}

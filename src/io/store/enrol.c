/* Keys are made before the transaction begins, since RSA takes its time and nobody else should wait for that;
 * the roll is chosen inside, so that two who come at the same time join the same one. */
#include "io/store/enrol.h"

#include "base/text.h"
#include "io/keys/keys.h"
#include "io/store/store_parts.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAX_KEYS = 8,     /* rolls_template() lets in no more */
    ROOM_BELOW = 100, /* octets that names below the zone need: proofs, signals, sentinels */
    KEY_TRIES = 16,
};

struct made_keys {
    size_t count;
    struct dnskey *key[MAX_KEYS];
    struct text text[MAX_KEYS];
};

static void forget_keys(struct made_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++) {
        dnskey_free(keys->key[i]);
        explicit_bzero(keys->text[i].string, keys->text[i].length);
        text_free(&keys->text[i]);
    }
}

static int revoked_tag(const struct dnskey *key, uint16_t *ret_tag)
{
    struct dnskey *revoked = NULL;
    int err = dnskey_with_flags(key, key->flags | DNSKEY_REVOKE, &revoked);
    if (!err)
        *ret_tag = revoked->tag;
    dnskey_free(revoked);
    return err;
}

/* True if a tag of the key, now or revoked, is one of those before it: then what a resolver signals would not
 * tell which it means. */
static bool tags_clash(const struct made_keys *keys, const struct dnskey *key)
{
    uint16_t revoked = 0, other = 0;
    if (revoked_tag(key, &revoked) != 0)
        return true;
    for (size_t i = 0; i < keys->count; i++) {
        uint16_t tag = keys->key[i]->tag;
        if (revoked_tag(keys->key[i], &other) != 0 || tag == key->tag || tag == revoked ||
            other == key->tag || other == revoked)
            return true;
    }
    return false;
}

static int make_key(struct made_keys *keys, const struct plan_key *wanted, struct err_note *note)
{
    struct dnskey *key = NULL;
    int err = 0;
    for (int i = 0; !err && i < KEY_TRIES; i++) {
        dnskey_free(key);
        key = NULL;
        err =
            keys_generate(wanted->algorithm, wanted->bits, wanted->zsk ? DNSKEY_ZSK : DNSKEY_KSK, &key, note);
        if (!err && !tags_clash(keys, key))
            break;
    }
    if (err)
        return err;
    struct text *text = &keys->text[keys->count];
    keys->key[keys->count++] = key;
    text_start(text);
    err = dnskey_private_text(key, text, note);
    return !err && text->failed ? err_set(note, ERR_NOMEM, "no memory for a key") : err;
}

static int make_keys(const struct plan *plan, struct made_keys *keys, struct err_note *note)
{
    int err = 0;
    for (size_t i = 0; !err && i < plan->key_count && i < MAX_KEYS; i++)
        err = make_key(keys, &plan->keys[i], note);
    return err;
}

static int make_zone_name(
    const char *wished, const char *parent, char ret_zone[NAME_MAX_TEXT], struct err_note *note)
{
    struct name parent_name, zone;
    char random[ENROL_ZONE_LABEL + 1];
    int err = name_from_text(parent, &parent_name, note);
    if (!err && !wished && keys_random_token(random, ENROL_ZONE_LABEL) != 0)
        err = err_set(note, ERR_INTERNAL, "no random numbers are to be had");
    if (err)
        return err;
    const char *label = wished ? wished : random;
    if (!name_prepend(label, strlen(label), &parent_name, &zone) || zone.length > NAME_MAX_WIRE - ROOM_BELOW)
        return err_set(
            note, ERR_USAGE, "the zone's name would be too long: names below it need %d octets", ROOM_BELOW);
    name_lower(&zone);
    name_to_text(&zone, ret_zone);
    return 0;
}

static int check_place(
    struct store *store, const struct enrol_terms *terms, const char *zone, struct err_note *note)
{
    struct db_query query = db_query(store->state, SQL_PARTICIPANT_COUNT, note);
    int64_t count = db_row(&query) ? db_column(&query, 0) : 0;
    int err = db_end(&query);
    if (err)
        return err;
    if ((uint64_t)count >= terms->most)
        return err_set(note, ERR_UNAVAILABLE, "there is no place left: %zu take part already", terms->most);
    query = db_query(store->state, SQL_PARTICIPANT_ZONE, note);
    db_bind_text(&query, "the zone", zone, NAME_MAX_TEXT);
    bool taken = db_row(&query);
    err = db_end(&query);
    return !err && taken ? err_set(note, ERR_USAGE, "the zone %s is taken", zone) : err;
}

/* Everything about to be stored. */
struct enrolment {
    const struct enrol_wish *wish;
    const struct enrol_terms *terms;
    const struct plan *template;
    const struct made_keys *keys;
    const char *country;
    struct arena *arena;
};

static int store_all(
    struct store *store, const struct enrolment *e, struct enrol_result *result, struct err_note *note)
{
    struct rolls_choice choice;
    int err = check_place(store, e->terms, result->zone, note);
    if (!err)
        err = rolls_choose(store, e->template, e->terms->parent, e->wish->roll.ttl_s, e->terms->now_us,
            e->arena, &choice, note);
    if (err)
        return err;
    result->new_roll = choice.id == 0;
    result->roll_id = choice.id;
    result->start_us = choice.start_us;
    struct store_roll roll = {.plan_name = e->template->name,
        .document = choice.document,
        .start_us = choice.start_us,
        .changed_us = e->terms->now_us};
    if (result->new_roll)
        err = store_roll_add(store, &roll, &result->roll_id, note);
    struct store_participant participant = {.roll_id = result->roll_id,
        .token = result->token,
        .zone = result->zone,
        .label = e->wish->label,
        .contact = e->wish->contact,
        .country = e->country,
        .users = e->wish->users,
        .ttl_s = e->wish->roll.ttl_s ? e->wish->roll.ttl_s : e->template->dnskey_ttl_s,
        .joined_us = e->terms->now_us};
    if (!err)
        err = store_participant_add(store, &participant, &result->id, note);
    for (size_t i = 0; !err && i < e->keys->count; i++) {
        struct store_key key = {result->zone, e->template->keys[i].id, e->keys->key[i]->flags,
            e->keys->text[i].string, e->terms->now_us};
        err = store_key_add(store, &key, note);
    }
    return err;
}

int enrol_participant(struct store *store, const struct enrol_wish *wish, const struct enrol_terms *terms,
    struct enrol_result *ret_result, struct err_note *note)
{
    char country[3];
    struct plan *template = NULL;
    struct made_keys keys = {.count = 0};
    struct enrol_result result = {.id = 0};
    struct arena *arena = NULL;
    int err = enrol_check(wish, country, note);
    if (!err)
        err = store_may_write(store, note);
    if (!err)
        err = make_zone_name(wish->zone_label, terms->parent, result.zone, note);
    if (!err)
        err = check_place(store, terms, result.zone, note); /* before the work of making keys */
    if (!err)
        err = rolls_template(store, &wish->roll, &template, note);
    if (!err)
        err = make_keys(template, &keys, note);
    if (!err && (keys_random_token(result.token, ENROL_TOKEN) != 0 || !(arena = arena_new())))
        err = err_set(note, ERR_INTERNAL, "no random numbers or memory are to be had");
    if (!err)
        err = db_begin(store->state, note);
    if (!err) {
        struct enrolment enrolment = {wish, terms, template, &keys, country, arena};
        err = store_all(store, &enrolment, &result, note);
        if (err)
            db_rollback(store->state);
        else
            err = db_commit(store->state, note);
    }
    forget_keys(&keys);
    plan_free(template);
    arena_free(arena);
    if (!err)
        *ret_result = result;
    return err;
}

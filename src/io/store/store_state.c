/* Rolls, participants and keys: one statement each, in a transaction of its own unless the caller holds one.
 */
#include "io/store/store_parts.h"

#include <string.h>

enum { /* octets; what io/store/enrol allows is stricter */
    MAX_PLAN_NAME = 256,
    MAX_DOCUMENT = 1 << 20,
    MAX_TOKEN = 64,
    TOKEN_PUBLIC = 8, /* by which it is found */
    MAX_ZONE = 1024,
    MAX_LABEL = 1024,
    MAX_CONTACT = 1024,
    MAX_COUNTRY = 16,
    MAX_KEY_ID = 256,
    MAX_PRIVATE = 8 << 10,
};

static const char *or_empty(const char *string)
{
    return string ? string : "";
}

int store_roll_add(struct store *store, const struct store_roll *roll, int64_t *ret_id, struct err_note *note)
{
    int err = store_may_write(store, note);
    if (err)
        return err;
    struct db_query query = db_query(store->state, SQL_ROLL_ADD, note);
    db_bind_text(&query, "the plan's name", roll->plan_name, MAX_PLAN_NAME);
    db_bind_text(&query, "the plan", roll->document, MAX_DOCUMENT);
    db_bind_number(&query, roll->start_us);
    db_bind_number(&query, roll->changed_us);
    return store_end_insert(&query, ret_id);
}

int store_roll_change(struct store *store, int64_t id, const char *document, int64_t was_changed_us,
    int64_t now_us, struct err_note *note)
{
    int err = store_may_write(store, note);
    if (err)
        return err;
    struct db_query query = db_query(store->state, SQL_ROLL_CHANGE, note);
    db_bind_text(&query, "the plan", document, MAX_DOCUMENT);
    db_bind_number(&query, now_us);
    db_bind_number(&query, id);
    db_bind_number(&query, was_changed_us);
    err = db_finish(&query);
    if (err || sqlite3_changes(store->state->handle) == 1)
        return err;
    query = db_query(store->state, SQL_ROLL_GET, note);
    db_bind_number(&query, id);
    bool there = db_row(&query);
    err = db_end(&query);
    if (err)
        return err;
    return there ? err_set(note, ERR_DATA,
                       "roll %lld was changed by somebody else meanwhile: look at it again", (long long)id)
                 : err_set(note, ERR_NOINPUT, "there is no roll %lld", (long long)id);
}

static void read_roll(struct db_query *query, struct arena *arena, struct store_roll *roll)
{
    *roll = (struct store_roll){.id = db_column(query, 0),
        .plan_name = db_column_text(query, 1, arena),
        .document = db_column_text(query, 2, arena),
        .start_us = db_column(query, 3),
        .changed_us = db_column(query, 4)};
}

int store_roll(
    struct store *store, int64_t id, struct arena *arena, struct store_roll *ret_roll, struct err_note *note)
{
    struct store_roll roll = {.id = 0};
    struct db_query query = db_query(store->state, SQL_ROLL_GET, note);
    db_bind_number(&query, id);
    bool there = db_row(&query);
    if (there)
        read_roll(&query, arena, &roll);
    int err = db_end(&query);
    if (!err && !there)
        err = err_set(note, ERR_NOINPUT, "there is no roll %lld", (long long)id);
    if (!err)
        *ret_roll = roll;
    return err;
}

int store_rolls(struct store *store, struct arena *arena, struct store_roll **ret_rolls, size_t *ret_count,
    struct err_note *note)
{
    struct db_query query = db_query(store->state, SQL_ROLLS, note);
    struct db_rows rows = {.size = sizeof(struct store_roll)};
    while (db_row(&query)) {
        struct store_roll *roll = db_rows_add(&rows, &query);
        if (roll)
            read_roll(&query, arena, roll);
    }
    return db_rows_end(&rows, &query, arena, ret_rolls, ret_count);
}

int store_participant_add(
    struct store *store, const struct store_participant *participant, int64_t *ret_id, struct err_note *note)
{
    int err = store_may_write(store, note);
    if (err)
        return err;
    struct db_query query = db_query(store->state, SQL_PARTICIPANT_ADD, note);
    db_bind_number(&query, participant->roll_id);
    db_bind_text(&query, "the token", participant->token, MAX_TOKEN);
    db_bind_text(&query, "the zone", participant->zone, MAX_ZONE);
    db_bind_text(&query, "the label", or_empty(participant->label), MAX_LABEL);
    db_bind_text(&query, "the contact", or_empty(participant->contact), MAX_CONTACT);
    db_bind_text(&query, "the country", or_empty(participant->country), MAX_COUNTRY);
    db_bind_number(&query, participant->users);
    db_bind_number(&query, participant->ttl_s);
    db_bind_number(&query, participant->joined_us);
    db_bind_number(&query, participant->left_us);
    return store_end_insert(&query, ret_id);
}

static void read_participant(
    struct db_query *query, struct arena *arena, struct store_participant *participant)
{
    *participant = (struct store_participant){.id = db_column(query, 0),
        .roll_id = db_column(query, 1),
        .token = db_column_text(query, 2, arena),
        .zone = db_column_text(query, 3, arena),
        .label = db_column_text(query, 4, arena),
        .contact = db_column_text(query, 5, arena),
        .country = db_column_text(query, 6, arena),
        .users = db_column(query, 7),
        .ttl_s = (uint32_t)db_column(query, 8),
        .joined_us = db_column(query, 9),
        .left_us = db_column(query, 10)};
}

static int read_participants(
    struct db_query *query, struct arena *arena, struct store_participant **ret, size_t *ret_count)
{
    struct db_rows rows = {.size = sizeof(struct store_participant)};
    while (db_row(query)) {
        struct store_participant *participant = db_rows_add(&rows, query);
        if (participant)
            read_participant(query, arena, participant);
    }
    return db_rows_end(&rows, query, arena, ret, ret_count);
}

int store_participants(struct store *store, struct arena *arena, struct store_participant **ret,
    size_t *ret_count, struct err_note *note)
{
    struct db_query query = db_query(store->state, SQL_PARTICIPANTS, note);
    return read_participants(&query, arena, ret, ret_count);
}

int store_participants_after(struct store *store, int64_t after_id, struct arena *arena,
    struct store_participant **ret, size_t *ret_count, struct err_note *note)
{
    struct db_query query = db_query(store->state, SQL_PARTICIPANTS_AFTER, note);
    db_bind_number(&query, after_id);
    return read_participants(&query, arena, ret, ret_count);
}

static int read_changes(
    struct db_query *query, struct arena *arena, struct store_change **ret, size_t *ret_count)
{
    struct db_rows rows = {.size = sizeof(struct store_change)};
    while (db_row(query)) {
        struct store_change *change = db_rows_add(&rows, query);
        if (change)
            *change = (struct store_change){.id = db_column(query, 0), .at_us = db_column(query, 1)};
    }
    return db_rows_end(&rows, query, arena, ret, ret_count);
}

int store_participants_left(struct store *store, struct arena *arena, struct store_change **ret,
    size_t *ret_count, struct err_note *note)
{
    struct db_query query = db_query(store->state, SQL_PARTICIPANTS_LEFT, note);
    return read_changes(&query, arena, ret, ret_count);
}

int store_roll_changes(struct store *store, struct arena *arena, struct store_change **ret, size_t *ret_count,
    struct err_note *note)
{
    struct db_query query = db_query(store->state, SQL_ROLL_CHANGES, note);
    return read_changes(&query, arena, ret, ret_count);
}

/* Takes as long for a wrong token as for a right one of the same length. */
static bool same_secret(const char *a, const char *b)
{
    size_t length = strlen(a);
    unsigned char differ = length != strlen(b);
    for (size_t i = 0; !(length != strlen(b)) && i < length; i++)
        differ |= (unsigned char)(a[i] ^ b[i]);
    return differ == 0;
}

int store_participant_find(struct store *store, const char *token, struct arena *arena,
    struct store_participant *ret, struct err_note *note)
{
    struct store_participant found = {.id = 0}, one;
    bool any = false;
    size_t length = strnlen(token, MAX_TOKEN + 1);
    if (length <= TOKEN_PUBLIC || length > MAX_TOKEN)
        return err_set(note, ERR_NOINPUT, "there is no such participant");
    struct db_query query = db_query(store->state, SQL_PARTICIPANT_FIND, note);
    db_bind_text(&query, "the token", token, MAX_TOKEN);
    while (db_row(&query)) {
        read_participant(&query, arena, &one);
        if (one.token && same_secret(token, one.token)) {
            found = one;
            any = true;
        }
    }
    int err = db_end(&query);
    if (!err && !any)
        err = err_set(note, ERR_NOINPUT, "there is no such participant");
    if (!err)
        *ret = found;
    return err;
}

int store_leave(struct store *store, const char *token, int64_t now_us, struct err_note *note)
{
    struct store_participant participant;
    struct arena *arena = arena_new();
    int err = arena ? store_may_write(store, note) : err_set(note, ERR_NOMEM, "no memory");
    if (!err)
        err = store_participant_find(store, token, arena, &participant, note);
    if (!err) {
        struct db_query query = db_query(store->state, SQL_PARTICIPANT_LEAVE, note);
        db_bind_number(&query, now_us);
        db_bind_number(&query, participant.id);
        err = db_finish(&query);
    }
    arena_free(arena);
    return err;
}

int store_key_add(struct store *store, const struct store_key *key, struct err_note *note)
{
    int err = store_may_write(store, note);
    if (err)
        return err;
    struct db_query query = db_query(store->state, SQL_KEY_ADD, note);
    db_bind_text(&query, "the zone", key->zone, MAX_ZONE);
    db_bind_text(&query, "the key's id", key->id, MAX_KEY_ID);
    db_bind_number(&query, key->flags);
    db_bind_text(&query, "the private key", key->private_text, MAX_PRIVATE);
    db_bind_number(&query, key->made_us);
    return db_finish(&query);
}

int store_keys(struct store *store, const char *zone, struct arena *arena, struct store_key **ret,
    size_t *ret_count, struct err_note *note)
{
    struct db_query query = db_query(store->state, SQL_KEYS, note);
    struct db_rows rows = {.size = sizeof(struct store_key)};
    db_bind_text(&query, "the zone", zone, MAX_ZONE);
    while (db_row(&query)) {
        struct store_key *key = db_rows_add(&rows, &query);
        if (key)
            *key = (struct store_key){.zone = db_column_text(&query, 0, arena),
                .id = db_column_text(&query, 1, arena),
                .flags = (uint16_t)db_column(&query, 2),
                .private_text = db_column_text(&query, 3, arena),
                .made_us = db_column(&query, 4)};
    }
    return db_rows_end(&rows, &query, arena, ret, ret_count);
}

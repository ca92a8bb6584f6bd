/* Two files, since they are worth different care: what a person relies on is on the disk before anybody is
 * told so (synchronous=FULL); what was asked comes in thousands a second and may lose its last moments in a
 * power cut (NORMAL). docs/decisions/0005-two-files-of-state.md has the measurements. */
#include "io/store/store.h"

#include "io/store/db_file.h"
#include "io/store/store_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    STATE_ID = 0x52437374,       /* "RCst" */
    QUERIES_ID = 0x52437175,     /* "RCqu" */
    CHECK_STATE_BELOW = 8 << 20, /* 40 ms at most */
    BUSY_MS = 5000,
    MAX_VALUE = 4 << 20,
    MAX_SETTING_NAME = 128,
    MAX_SETTING = 64 << 10,
};

static const char *const state_steps[] = {sql_state_1};
static const char *const queries_steps[] = {sql_queries_1};

#define STATE_FILE                                                                                           \
    .file = "state.db", .application_id = STATE_ID, .steps = state_steps,                                    \
    .version = sizeof state_steps / sizeof *state_steps, .statements = SQL_FILE_STATE,                       \
    .max_value = MAX_VALUE, .busy_ms = BUSY_MS, .command = "rollcall serve"

const struct db_kind store_state_kind = {STATE_FILE, .synchronous = "FULL", .check_below = CHECK_STATE_BELOW};
const struct db_kind store_relaxed_kind = {STATE_FILE, .synchronous = "NORMAL"};
const struct db_kind store_queries_kind = {.file = "queries.db",
    .application_id = QUERIES_ID,
    .steps = queries_steps,
    .version = sizeof queries_steps / sizeof *queries_steps,
    .statements = SQL_FILE_QUERIES,
    .synchronous = "NORMAL",
    .max_value = MAX_VALUE,
    .busy_ms = BUSY_MS,
    .command = "rollcall serve"};

static int check_directory(const char *directory, struct err_note *note)
{
    struct stat status;
    if (stat(directory, &status) != 0)
        return db_file_missing(directory, note);
    if (!S_ISDIR(status.st_mode))
        return err_set(note, ERR_NOINPUT, "%s is not a directory", directory);
    return 0;
}

static bool exists(const char *directory, const char *file)
{
    char path[DB_FILE_PATH];
    int length = snprintf(path, sizeof path, "%s/%s", directory, file);
    return length > 0 && (size_t)length < sizeof path && access(path, F_OK) == 0;
}

/* A state.db that came back from a backup may be older than queries.db: the ids that queries already name
 * must not be given to others. */
static int skip_used_ids(struct store *store, struct err_note *note)
{
    struct db_query query = db_query(store->queries, SQL_QUERY_LAST_PARTICIPANT, note);
    int64_t named = db_row(&query) ? db_column(&query, 0) : 0, given = 0;
    int err = db_end(&query);
    if (err)
        return err;
    query = db_query(store->state, SQL_PARTICIPANT_LAST, note);
    given = db_row(&query) ? db_column(&query, 0) : 0;
    err = db_end(&query);
    if (err || named <= given)
        return err;
    query = db_query(store->state, SQL_PARTICIPANT_SKIP, note);
    db_bind_number(&query, named);
    err = db_finish(&query);
    if (err || sqlite3_changes(store->state->handle) > 0)
        return err;
    query = db_query(store->state, SQL_PARTICIPANT_SKIP_FIRST, note);
    db_bind_number(&query, named);
    return db_finish(&query);
}

static int open_files(struct store *store, struct err_note *note)
{
    if (!exists(store->directory, store_state_kind.file) && exists(store->directory, store_queries_kind.file))
        return err_set(note, ERR_DATA,
            "%s/state.db is missing, but queries.db is there: restore it from a backup, or move queries.db "
            "away to begin anew",
            store->directory);
    int err = db_open(store->directory, &store_state_kind, store->read_only, &store->state, note);
    if (err)
        return err;
    if (store->read_only && !exists(store->directory, store_queries_kind.file))
        return 0;
    err = db_open(store->directory, &store_queries_kind, store->read_only, &store->queries, note);
    return err || store->read_only ? err : skip_used_ids(store, note);
}

int store_open(const char *directory, bool read_only, struct store **ret_store, struct err_note *note)
{
    int err = check_directory(directory, note);
    if (err)
        return err;
    struct store *store = calloc(1, sizeof *store);
    char *copy = strdup(directory);
    if (!store || !copy) {
        free(store);
        free(copy);
        return err_set(note, ERR_NOMEM, "no memory to open %s", directory);
    }
    *store = (struct store){.directory = copy, .read_only = read_only};
    err = open_files(store, note);
    if (err)
        store_close(store);
    else
        *ret_store = store;
    return err;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    db_close(store->relaxed);
    db_close(store->queries);
    db_close(store->state);
    free(store->directory);
    free(store);
}

int64_t store_news(struct store *store)
{
    int64_t version = 0;
    return db_number(store->state, "PRAGMA data_version", &version, NULL) == 0 ? version : 0;
}

/* SQLite counts what others committed, we count what this connection changed; both only grow. */
int64_t store_version(struct store *store)
{
    int64_t version = store_news(store);
    return version ? version + sqlite3_total_changes64(store->state->handle) : 0;
}

int store_check(struct store *store, struct err_note *note)
{
    int64_t broken = 0;
    int err = db_check(store->state, "PRAGMA integrity_check(1)", note);
    if (!err && store->queries)
        err = db_check(store->queries, "PRAGMA integrity_check(1)", note);
    if (!err)
        err = db_number(store->state, "SELECT count(*) FROM pragma_foreign_key_check", &broken, note);
    if (!err && broken)
        err = err_set(note, ERR_DATA, "%s: %lld rows refer to rows that are not there", store->state->path,
            (long long)broken);
    return err;
}

int store_may_write(const struct store *store, struct err_note *note)
{
    return store->read_only ? err_set(note, ERR_PERM, "%s was opened to be read only", store->directory) : 0;
}

int store_end_insert(struct db_query *query, int64_t *ret_id)
{
    int err = db_finish(query);
    if (!err && ret_id)
        *ret_id = sqlite3_last_insert_rowid(query->db->handle);
    return err;
}

int store_setting_set(struct store *store, const char *name, const char *value, struct err_note *note)
{
    int err = store_may_write(store, note);
    if (err)
        return err;
    struct db_query query = db_query(store->state, SQL_SETTING_SET, note);
    db_bind_text(&query, "the setting's name", name, MAX_SETTING_NAME);
    db_bind_text(&query, "the setting", value, MAX_SETTING);
    return db_finish(&query);
}

int store_setting(
    struct store *store, const char *name, struct arena *arena, const char **ret_value, struct err_note *note)
{
    const char *value = NULL;
    struct db_query query = db_query(store->state, SQL_SETTING, note);
    db_bind_text(&query, "the setting's name", name, MAX_SETTING_NAME);
    if (db_row(&query))
        value = db_column_text(&query, 0, arena);
    int err = db_end(&query);
    if (err)
        return err;
    if (!value)
        return err_set(note, ERR_NOINPUT, "the setting '%s' is not set", name);
    *ret_value = value;
    return 0;
}

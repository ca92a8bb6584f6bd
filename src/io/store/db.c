/* Opening decides everything: a store that opened has today's schema, all its statements prepared (so every
 * table and column is there), and, where it matters and takes but a moment, a file that passed a quick check.
 */
#include "io/store/db.h"

#include "io/store/db_file.h"
#include "io/store/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { KEEP_WAL = 32 << 20 }; /* octets to which the log shrinks when it has been written back */

int db_run(struct db *db, const char *sql, struct err_note *note)
{
    int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? 0 : db_fail(db, code, note);
}

int db_number(struct db *db, const char *sql, int64_t *ret, struct err_note *note)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db->handle, sql, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    int err = code == SQLITE_ROW ? 0 : db_fail(db, code, note);
    if (!err)
        *ret = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return err;
}

int db_check(struct db *db, const char *pragma, struct err_note *note)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db->handle, pragma, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    const char *word = code == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    int err = 0;
    if (code != SQLITE_ROW)
        err = db_fail(db, code, note);
    else if (!word || strcmp(word, "ok") != 0)
        err = err_set(note, ERR_DATA, "%s is damaged (%s): restore it from a backup", db->path,
            word ? word : "no memory");
    sqlite3_finalize(statement);
    return err;
}

static int quick_check(struct db *db, struct err_note *note)
{
    struct stat file;
    if (stat(db->path, &file) != 0 || file.st_size >= db->kind->check_below)
        return 0;
    return db_check(db, "PRAGMA quick_check(1)", note);
}

static int prepare_all(struct db *db, struct err_note *note)
{
    for (size_t i = 0; i < SQL_COUNT; i++) {
        if (sql_statements[i].file != db->kind->statements)
            continue;
        int code = sqlite3_prepare_v3(
            db->handle, sql_statements[i].text, -1, SQLITE_PREPARE_PERSISTENT, &db->statements[i], NULL);
        if (code == SQLITE_ERROR)
            return err_set(note, ERR_DATA,
                "%s does not have the tables of its schema version (%s): it is damaged", db->path,
                sqlite3_errmsg(db->handle));
        if (code != SQLITE_OK)
            return db_fail(db, code, note);
    }
    return 0;
}

static void harden(sqlite3 *handle, const struct db_kind *kind)
{
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_busy_timeout(handle, kind->busy_ms);
    sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, kind->max_value);
    sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
}

/* The file's mode is changed only when it is known to be ours. */
static int prepare(struct db *db, bool fresh, struct err_note *note)
{
    char pragmas[200], page[40] = "";
    /* Nobody sees the new file before it is whole and synced. */
    bool unseen = fresh && db->kind->log_later;
    harden(db->handle, db->kind);
    snprintf(pragmas, sizeof pragmas,
        "PRAGMA synchronous = %s; PRAGMA journal_size_limit = %d; PRAGMA cell_size_check = ON;"
        "PRAGMA temp_store = MEMORY",
        unseen ? "OFF; PRAGMA journal_mode = OFF" : db->kind->synchronous, KEEP_WAL);
    if (fresh && db->kind->page_size)
        snprintf(page, sizeof page, "PRAGMA page_size = %d", db->kind->page_size);
    int err = db_run(db, page, note);
    if (!err)
        err = db_run(db, pragmas, note);
    if (!err && !fresh)
        err = quick_check(db, note);
    if (!err)
        err = schema_migrate(db, fresh, note);
    if (!err && !db->read_only && !db->kind->log_later)
        err = db_begin_log(db, note);
    if (!err)
        err = db_run(db, "PRAGMA foreign_keys = ON", note);
    if (!err && !fresh) /* a new file is closed, and opened once more */
        err = prepare_all(db, note);
    return err;
}

static int open_at(const char *path, const struct db_kind *kind, bool read_only, bool fresh,
    struct db **ret_db, struct err_note *note)
{
    struct db *db = calloc(1, sizeof *db);
    char *copy = strdup(path);
    if (!db || !copy) {
        free(db);
        free(copy);
        return err_set(note, ERR_NOMEM, "no memory to open %s", path);
    }
    *db = (struct db){.kind = kind, .path = copy, .read_only = read_only};
    int err = db_file_open(path, read_only, &db->handle, note);
    if (!err)
        err = prepare(db, fresh, note);
    if (!err) {
        *ret_db = db;
        return 0;
    }
    db_close(db);
    return err;
}

/* Makes the file under another name, complete, then gives it its own. */
static int make(const char *path, const struct db_kind *kind, struct err_note *note)
{
    struct db_file_making making;
    int err = db_file_make_start(path, &making, note);
    if (err || !making.needed)
        return err;
    struct db *db = NULL;
    err = open_at(making.new_path, kind, false, true, &db, note);
    db_close(db); /* writes the log back into the file and removes it */
    return db_file_make_end(&making, err, note);
}

int db_open_path(
    const char *path, const struct db_kind *kind, bool read_only, struct db **ret_db, struct err_note *note)
{
    struct stat file;
    if (stat(path, &file) != 0) {
        int err = db_file_missing(path, note);
        if (err == ERR_NOINPUT && !read_only)
            err = make(path, kind, note);
        if (err)
            return err;
    } else if (!S_ISREG(file.st_mode)) {
        return err_set(note, ERR_DATA, "%s is no regular file", path);
    } else if (file.st_size == 0) {
        return err_set(note, ERR_DATA, "%s is empty: it was cut off; restore it from a backup", path);
    }
    return open_at(path, kind, read_only, false, ret_db, note);
}

int db_open(const char *directory, const struct db_kind *kind, bool read_only, struct db **ret_db,
    struct err_note *note)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s", directory, kind->file) < 0)
        return err_set(note, ERR_NOMEM, "no memory to open %s", kind->file);
    int err = db_open_path(path, kind, read_only, ret_db, note);
    free(path);
    return err;
}

void db_close(struct db *db)
{
    if (!db)
        return;
    for (size_t i = 0; i < SQL_COUNT; i++)
        sqlite3_finalize(db->statements[i]);
    sqlite3_close(db->handle);
    free(db->path);
    free(db);
}

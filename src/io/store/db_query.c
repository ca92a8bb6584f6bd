/* Statements at work, with sticky errors, so that a caller reads as a list of what is bound and what is read.
 */
#include "io/store/db.h"
#include "io/store/db_file.h"

#include <stdlib.h>
#include <string.h>

int db_fail(struct db *db, int code, struct err_note *note)
{
    return db_file_fault(db->handle, code, db->path, note);
}

int db_begin_log(struct db *db, struct err_note *note)
{
    return db_run(db, "PRAGMA journal_mode = WAL", note);
}

int db_begin(struct db *db, struct err_note *note)
{
    return db_run(db, "BEGIN IMMEDIATE", note);
}

int db_commit(struct db *db, struct err_note *note)
{
    int err = db_run(db, "COMMIT", note);
    if (err)
        db_rollback(db);
    return err;
}

void db_rollback(struct db *db)
{
    if (!sqlite3_get_autocommit(db->handle)) /* some errors have rolled back already */
        sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}

struct db_query db_query(struct db *db, enum sql sql, struct err_note *note)
{
    return (struct db_query){.db = db, .statement = db->statements[sql], .note = note};
}

static void take_code(struct db_query *query, int code)
{
    if (code != SQLITE_OK && !query->err)
        query->err = db_fail(query->db, code, query->note);
}

void db_bind_number(struct db_query *query, int64_t value)
{
    take_code(query, sqlite3_bind_int64(query->statement, ++query->bound, value));
}

void db_bind_text(struct db_query *query, const char *what, const char *string, size_t limit)
{
    query->bound++;
    if (query->err)
        return;
    size_t length = string ? strnlen(string, limit + 1) : 0;
    if (!string)
        query->err = err_set(query->note, ERR_INTERNAL, "%s is missing", what);
    else if (length > limit)
        query->err = err_set(query->note, ERR_DATA, "%s is longer than %zu octets", what, limit);
    else
        take_code(
            query, sqlite3_bind_text(query->statement, query->bound, string, (int)length, SQLITE_STATIC));
}

void db_bind_bytes(struct db_query *query, const void *bytes, size_t length)
{
    take_code(query,
        sqlite3_bind_blob64(query->statement, ++query->bound, length ? bytes : "", length, SQLITE_STATIC));
}

bool db_row(struct db_query *query)
{
    if (query->err)
        return false;
    int code = sqlite3_step(query->statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        take_code(query, code);
    return code == SQLITE_ROW;
}

int64_t db_column(struct db_query *query, int column)
{
    return sqlite3_column_int64(query->statement, column);
}

const char *db_column_text(struct db_query *query, int column, struct arena *arena)
{
    const char *text = (const char *)sqlite3_column_text(query->statement, column);
    const char *copy = text ? arena_string(arena, text) : NULL;
    if (!copy && !query->err)
        query->err = err_set(query->note, ERR_NOMEM, "no memory to read %s", query->db->path);
    return copy;
}

const uint8_t *db_column_bytes(struct db_query *query, int column, size_t *ret_length)
{
    const void *bytes = sqlite3_column_blob(query->statement, column);
    *ret_length = (size_t)sqlite3_column_bytes(query->statement, column);
    if (!bytes && *ret_length && !query->err)
        query->err = err_set(query->note, ERR_NOMEM, "no memory to read %s", query->db->path);
    return bytes;
}

const uint8_t *db_column_copy(struct db_query *query, int column, struct arena *arena, size_t *ret_length)
{
    const uint8_t *bytes = db_column_bytes(query, column, ret_length);
    const uint8_t *copy = arena_copy(arena, bytes ? bytes : (const uint8_t *)"", *ret_length);
    if (!copy && !query->err)
        query->err = err_set(query->note, ERR_NOMEM, "no memory to read %s", query->db->path);
    return copy;
}

int db_end(struct db_query *query)
{
    sqlite3_reset(query->statement); /* repeats the error that db_row() has told */
    sqlite3_clear_bindings(query->statement);
    return query->err;
}

int db_finish(struct db_query *query)
{
    db_row(query);
    return db_end(query);
}

void *db_rows_add(struct db_rows *rows, struct db_query *query)
{
    if (rows->count == rows->capacity) {
        size_t capacity = rows->capacity ? rows->capacity * 2 : 16;
        void *more = reallocarray(rows->rows, capacity, rows->size);
        if (!more) {
            query->err = err_set(query->note, ERR_NOMEM, "no memory to read %s", query->db->path);
            return NULL;
        }
        rows->rows = more;
        rows->capacity = capacity;
    }
    return memset((char *)rows->rows + rows->size * rows->count++, 0, rows->size);
}

int db_rows_end(
    struct db_rows *rows, struct db_query *query, struct arena *arena, void *ret_rows, size_t *ret_count)
{
    int err = db_end(query);
    void *copy = err ? NULL : arena_copy(arena, rows->rows, rows->size * rows->count);
    if (!err && !copy)
        err = err_set(query->note, ERR_NOMEM, "no memory to read %s", query->db->path);
    if (!err) {
        memcpy(ret_rows, &copy, sizeof copy);
        *ret_count = rows->count;
    }
    free(rows->rows);
    return err;
}

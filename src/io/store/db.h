/* db: one SQLite file: opened with care, its statements by name, its errors in words. Internal to io/store.
 *
 * A file is made whole under another name and then put in place, so an empty or half-made file under the real
 * name is always damage. Every function that fails leaves no transaction open. */
#ifndef IO_STORE_DB_H
#define IO_STORE_DB_H

#include "base/arena.h"
#include "base/err.h"
#include "sql.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a file must be. `steps[n]` takes schema version n to n + 1. */
struct db_kind {
    const char *file; /* its name in the store's directory; NULL: the user names it */
    int32_t application_id;
    const char *const *steps;
    int version;
    enum sql_file statements; /* those that belong to it */
    const char *synchronous;  /* "FULL" or "NORMAL" */
    int64_t check_below;      /* octets: a file that is smaller gets a quick check at each opening */
    int max_value;            /* octets in one value or statement */
    int page_size;            /* octets; 0: SQLite's own */
    int busy_ms;              /* how long it waits for another's lock */
    bool log_later;           /* its caller begins the write-ahead log: db_begin_log() */
    const char *command;      /* which brings an older schema to today's */
};

struct db {
    sqlite3 *handle;
    const struct db_kind *kind;
    char *path;
    bool read_only;
    sqlite3_stmt *statements[SQL_COUNT];
};

/* Opens, and makes if it is not there and may be written. ERR_NOINPUT: not there and read-only. ERR_DATA:
 * damaged, foreign, or of a newer schema. ERR_PERM, ERR_IO, ERR_UNAVAILABLE (locked), ERR_NOMEM. The note
 * names the file. */
int db_open(const char *directory, const struct db_kind *kind, bool read_only, struct db **ret_db,
    struct err_note *note);
/* The same for a file that the user names. */
int db_open_path(
    const char *path, const struct db_kind *kind, bool read_only, struct db **ret_db, struct err_note *note);
void db_close(struct db *db); /* NULL is allowed */

/* Turns an SQLite result code into one of ours, with a note. */
int db_fail(struct db *db, int code, struct err_note *note);

/* Runs SQL that has no parameters and whose rows do not matter. */
int db_run(struct db *db, const char *sql, struct err_note *note);

/* Runs a check such as "PRAGMA quick_check(1)": ERR_DATA with the first trouble in SQLite's own words. */
int db_check(struct db *db, const char *pragma, struct err_note *note);

/* The first column of the first row as a number. */
int db_number(struct db *db, const char *sql, int64_t *ret, struct err_note *note);

/* What is written goes to the write-ahead log from now on, whoever writes it: readers need not wait. Not
 * within a transaction. ERR_UNAVAILABLE: somebody else is at work on the file; it may be tried again. */
int db_begin_log(struct db *db, struct err_note *note);

/* A write transaction (BEGIN IMMEDIATE). db_commit() rolls back if it fails. */
int db_begin(struct db *db, struct err_note *note);
int db_commit(struct db *db, struct err_note *note);
void db_rollback(struct db *db);

/* A statement at work. Errors are sticky: bind, step, and look at what db_end() returns. */
struct db_query {
    struct db *db;
    sqlite3_stmt *statement;
    struct err_note *note;
    int bound; /* parameters so far */
    int err;
};
struct db_query db_query(struct db *db, enum sql sql, struct err_note *note);
void db_bind_number(struct db_query *query, int64_t value);
/* Bound, never pasted. `string` stays valid until db_end(). ERR_DATA beyond `limit` octets, named as `what`;
 * ERR_INTERNAL for NULL. */
void db_bind_text(struct db_query *query, const char *what, const char *string, size_t limit);
void db_bind_bytes(struct db_query *query, const void *bytes, size_t length);
bool db_row(struct db_query *query); /* true: there is a row */
int64_t db_column(struct db_query *query, int column);
/* A copy in the arena; NULL (and a sticky error) when memory is short. */
const char *db_column_text(struct db_query *query, int column, struct arena *arena);
/* In place, valid until the next row or db_end(). */
const uint8_t *db_column_bytes(struct db_query *query, int column, size_t *ret_length);
/* A copy in the arena; NULL (and a sticky error) when memory is short. */
const uint8_t *db_column_copy(struct db_query *query, int column, struct arena *arena, size_t *ret_length);
int db_end(struct db_query *query);
int db_finish(struct db_query *query); /* runs a statement without rows to its end, then db_end() */

/* Rows collected while they are counted. */
struct db_rows {
    void *rows;
    size_t size, count, capacity;
};
/* Room for one more row of `rows->size` octets, zeroed, or NULL when memory is short (sticky in `query`). */
void *db_rows_add(struct db_rows *rows, struct db_query *query);
/* Ends the query, moves the rows into the arena and frees them, whatever happened. */
int db_rows_end(
    struct db_rows *rows, struct db_query *query, struct arena *arena, void *ret_rows, size_t *ret_count);

#endif

/* db_file: the file under a database: made whole or not at all, opened where one may only read, its faults
 * named. Internal to io/store. */
#ifndef IO_STORE_DB_FILE_H
#define IO_STORE_DB_FILE_H

#include "base/err.h"

#include <sqlite3.h>
#include <stdbool.h>

enum { DB_FILE_PATH = 4096 };

/* Opens a file that exists. Read-only works on a read-only directory too, with or without a write-ahead log.
 */
int db_file_open(const char *path, bool read_only, sqlite3 **ret_handle, struct err_note *note);

/* Why stat() failed: ERR_NOINPUT if it is not there, ERR_PERM, ERR_IO. */
int db_file_missing(const char *path, struct err_note *note);

/* Making: one process at a time (the file's directory is locked meanwhile). `needed` is false if another made
 * it first. */
struct db_file_making {
    int directory;
    bool needed;
    char path[DB_FILE_PATH], new_path[DB_FILE_PATH];
};
int db_file_make_start(const char *path, struct db_file_making *ret_making, struct err_note *note);
/* Puts the new file in place if `err` is 0, else removes it; unlocks. Returns `err` or what went wrong. */
int db_file_make_end(struct db_file_making *making, int err, struct err_note *note);

/* An SQLite result code in our terms; `handle` may be NULL. */
int db_file_fault(sqlite3 *handle, int code, const char *path, struct err_note *note);

#endif

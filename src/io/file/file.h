/* file: whole files: read, locked, and written whole or not at all.
 *
 * A file is replaced by a new one beside it that takes its name in one step: who reads at any moment, or
 * after any crash, finds the old file or the new one, and what is done is on the disk, name and all. The new
 * one is locked while it is written (.NAME.UID.rollcall-new), so that several programs can do so at once;
 * what a killed one left is taken away by the next. Symbolic links are followed; mode and owner are kept.
 *
 * Errors name the path: ERR_NOINPUT (no such file, or a directory), ERR_PERM, ERR_NOMEM, ERR_DATA (larger
 * than allowed), ERR_UNAVAILABLE (a lock was not to be had for FILE_LOCK_WAIT_S), ERR_IO. Where the old file
 * is whole after an error, the note says "is unchanged". */
#ifndef IO_FILE_FILE_H
#define IO_FILE_FILE_H

#include "base/err.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

enum { FILE_LOCK_WAIT_S = 10 };

/* What errno tells as an error of ours: "PATH: WHAT: REASON". */
int file_error(struct err_note *note, const char *path, const char *what);

/* ---- reading ---- */

/* All of a file of at most `most` octets, and a zero octet behind it; the caller frees it. */
int file_read_all(const char *path, size_t most, char **ret_bytes, size_t *ret_length, struct err_note *note);

/* Adds all that is left in a descriptor. `path`: for people. */
int file_read_rest(int fd, const char *path, size_t most, struct text *text, struct err_note *note);

/* ---- replacing ---- */

/* Makes the file, or puts a new one in its place. One that is no regular file, or may not be written, stays
 * as it is. */
int file_replace(const char *path, const char *bytes, size_t length, struct err_note *note);

/* The same. *ret_placed is set in any case: whether the name stands for the new file, also if it is not known
 * to last, as its directory cannot be written to the disk. */
int file_replace_placed(
    const char *path, const char *bytes, size_t length, bool *ret_placed, struct err_note *note);

/* For who works long before he replaces it: the errors that can be seen already. */
int file_check_replace(const char *path, struct err_note *note);

/* A file that is read and then replaced, with its lock held from before the one to after the other. */
struct file_held;

/* Waits for the lock of the file that the path stands for when the lock is had. */
int file_hold(const char *path, struct file_held **ret_held, struct err_note *note);
int file_held_read(struct file_held *held, size_t most, struct text *text, struct err_note *note);
int file_held_replace(struct file_held *held, const char *bytes, size_t length, struct err_note *note);
void file_release(struct file_held *held); /* NULL is allowed */

/* ---- the parts of it ---- */

/* Waits for a lock of an open file. */
int file_lock(int fd, const char *path, bool shared, struct err_note *note);

/* Writes all. -1 with errno. */
int file_write(int fd, const char *bytes, size_t length);

/* Brings names in the file's directory to the disk. -1 with errno. */
int file_sync_directory(const char *path);

#endif

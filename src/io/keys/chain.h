/* chain: a text file that only grows. Each line is a JSON object; its member `line` is its number, from 1,
 * and `previous` the SHA-256 of the line before it, with its line end, as `sed -n 3p FILE | sha256sum` tells
 * (line 1: 64 zeros). So no line can be changed, taken out, put in or moved without a trace in those behind
 * it. What stands at the end is held by FILE.head: the number of lines and the SHA-256 of the last. Who
 * publishes the head, or keeps a copy elsewhere, proves that the whole was not written anew.
 *
 * Every use verifies everything. A fault is told and never mended here: the file is evidence. */
#ifndef IO_KEYS_CHAIN_H
#define IO_KEYS_CHAIN_H

#include "base/err.h"
#include "io/keys/sha256.h"

#include <stdbool.h>
#include <stddef.h>

struct json;

enum { CHAIN_MAX_SIZE = 64 << 20, CHAIN_MAX_LINE = 1 << 20 };

/* Where a chain ends: what FILE.head holds. */
struct chain_end {
    size_t lines;
    char sha256[SHA256_HEX]; /* of the last; 64 zeros if there is none */
};

/* Looks at each line, in their order; an error ends the walk and is returned. `where` is "FILE:LINE". */
typedef int chain_each(void *context, const char *where, const struct json *object, struct err_note *note);

/* Verifies lines in memory, without a head. `each` may be NULL. ERR_DATA with "FILE:LINE: what". */
int chain_check(const char *file, const char *bytes, size_t length, chain_each *each, void *context,
    struct chain_end *ret_end, struct err_note *note);

/* Verifies lines against the text of a head: `head` NULL: there is none. Between a line and its head a crash
 * may lie, so the last line may be one that the head does not know yet. */
int chain_check_head(const char *file, const char *bytes, size_t length, const char *head, size_t head_length,
    chain_each *each, void *context, struct chain_end *ret_end, struct err_note *note);

/* The same with files, FILE and FILE.head, under a shared lock. ERR_NOINPUT: there is no file. */
int chain_read(
    const char *path, chain_each *each, void *context, struct chain_end *ret_end, struct err_note *note);

/* Sets the members of a new line, behind `line` and `previous`. False: nothing is to be added. */
typedef bool chain_set(void *context, struct json *object);

/* Locks and verifies the chain (each line by `check` too, NULL: not), or begins one, and adds a line: whole
 * and on the disk, or not at all. ERR_DATA: what is there does not verify, and is left as it is.
 * ERR_UNAVAILABLE: another program holds the lock for long. ERR_PERM, ERR_IO. */
int chain_append(const char *path, chain_each *check, chain_set *set, void *context,
    struct chain_end *ret_end, struct err_note *note);

#endif

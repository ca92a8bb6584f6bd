/* gate_file: gates as people write them, YAML of at most 1 MiB. The format is documented in
 * docs/man/rollcall-gate.5. What is not known there (a field, a measure) is refused: a misspelt criterion
 * that is silently left out would let a roll pass. */
#ifndef APP_REPORT_GATE_FILE_H
#define APP_REPORT_GATE_FILE_H

#include "base/arena.h"
#include "base/err.h"
#include "core/roll/gate.h"
#include "io/keys/sha256.h"

enum {
    GATE_FILE_MAX_CRITERIA = 64,
    GATE_FILE_MAX_DISSENT = 256,
    GATE_FILE_MAX_NAME = 63,  /* octets of an id */
    GATE_FILE_MAX_TEXT = 4000 /* octets of a text for people */
};

struct gate_file {
    struct gate gate;
    char sha256[SHA256_HEX]; /* of the file's octets: the log of decisions names it */
};

/* Everything in *ret_file lives in the arena. ERR_DATA with "FILE:LINE:COLUMN: what", ERR_NOMEM. */
int gate_file_parse(const char *file, const char *bytes, size_t length, struct arena *arena,
    struct gate_file *ret_file, struct err_note *note);

/* ERR_NOINPUT if there is no such file, ERR_PERM if it may not be read, ERR_IO if reading fails. */
int gate_file_read(const char *path, struct arena *arena, struct gate_file *ret_file, struct err_note *note);

#endif

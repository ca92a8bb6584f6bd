/* lines: the lines of a text file, with a limit, and messages that name them. */
#ifndef IO_NETWORKS_LINES_H
#define IO_NETWORKS_LINES_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { LINES_MAX_LENGTH = 4096 };

struct lines {
    FILE *file;
    const char *path; /* the caller's */
    size_t number;    /* of this line, from 1 */
    char text[LINES_MAX_LENGTH + 1];
    size_t length;
};

/* ERR_NOINPUT, ERR_PERM, ERR_IO, ERR_NOMEM with the note. */
int lines_open(const char *path, struct lines *ret_lines, struct err_note *note);

/* Goes to the next line that is neither blank nor a comment (#), without its end (LF, CRLF or that of the
 * file), blanks around it, and a byte order mark at the file's begin. 1; 0: there is none; ERR_DATA: too
 * long, NUL, compressed; ERR_IO. */
int lines_next(struct lines *lines, struct err_note *note);

/* FILE:LINE: what. Returns ERR_DATA. */
int lines_bad(const struct lines *lines, struct err_note *note, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void lines_close(struct lines *lines);

/* ---- parts of a line ---- */

struct field {
    const char *text;
    size_t length;
};

/* At most this much of a field is shown in a message: printf("%.*s", FIELD_SHOWN(field)). */
enum { FIELD_MAX_SHOWN = 48 };
#define FIELD_SHOWN(field)                                                                                   \
    (int)((field).length < FIELD_MAX_SHOWN ? (field).length : FIELD_MAX_SHOWN), (field).text

/* The fields of a line between separators, at most `most`; how many there are (more are counted, not
 * returned). */
size_t field_split(const char *text, size_t length, char separator, struct field *ret, size_t most);
/* Digits only, at most `most`. */
bool field_number(struct field field, uint64_t most, uint64_t *ret);
bool field_is(struct field field, const char *word); /* without regard to case */

#endif

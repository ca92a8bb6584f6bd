/* folder: a directory of files that a command makes: written whole or not at all, and made anew only if all
 * that lies in it is known to be the command's own, and as the command left it.
 *
 * Files are written into a draft beside it (.NAME.UID.rollcall-new). At the end an index comes to them, a
 * JSON document with a schema and the member "files": [{"file", "sha256"}]; all is brought to the disk, and
 * the draft takes the name in one step. A directory that is there already is replaced if it is empty, or if
 * it holds an index of this schema and else only files that the index names, with the same content: what was
 * edited, or belongs to somebody else, is named and kept. Who reads finds the old directory or the new one,
 * whole.
 *
 * A killed command leaves the draft behind; the next one takes it away. Two commands do not write one
 * directory at the same time: the second is refused. The mode is that of the directory that was there. */
#ifndef IO_PROC_FOLDER_H
#define IO_PROC_FOLDER_H

#include "base/err.h"
#include "io/json/json.h"

#include <stdbool.h>
#include <stddef.h>

enum { FOLDER_MAX_FILES = 60000, FOLDER_MAX_NAME = 100 };

struct folder_kind {
    const char *index;  /* "letters.json" */
    const char *schema; /* "rollcall.letters/1" */
};

struct folder;

/* Looks whether `path` may be written, and begins; a link is followed. ERR_USAGE: it is there, and not ours
 * (the note names what is foreign); ERR_UNAVAILABLE: another command is writing it; ERR_NOINPUT, ERR_PERM,
 * ERR_IO: the system refuses. */
int folder_begin(
    const char *path, const struct folder_kind *kind, struct folder **ret_folder, struct err_note *note);

/* Adds a file; its name has at most FOLDER_MAX_NAME octets and is new. ERR_USAGE: there are FOLDER_MAX_FILES.
 */
int folder_add(
    struct folder *folder, const char *name, const char *bytes, size_t length, struct err_note *note);

/* Sets "files" in the index, writes it, and puts the directory in its place. ERR_UNAVAILABLE: the file system
 * cannot replace a directory in one step. An error whose note says "is written" came after that. */
int folder_end(struct folder *folder, struct json *index, struct err_note *note);

/* Ends it in any case; what was not put in place is taken away. NULL is allowed. */
void folder_free(struct folder *folder);

#endif

/* draft: the files that a program is to be started with, before they are written: files of our own, and
 * copies of the user's with marked changes.
 *
 * Everything lives in the arena. When memory is short, or there are too many files, the draft remembers it
 * and draft_write() says so. */
#ifndef APP_LAB_DRAFT_H
#define APP_LAB_DRAFT_H

#include "app/lab/products/product.h"

enum { DRAFT_MAX_FILES = 512, DRAFT_MAX_FILE = 16 << 20 };

struct draft_edit {
    size_t from, to; /* octets of the original that are replaced */
    const char *string;
};

struct draft_file {
    const char *users; /* path of the original, or NULL: ours alone */
    const char *copy;  /* path of what is written */
    const char *text;  /* the original, terminated */
    size_t length;
    struct draft_edit *edits; /* in their order; one that lies within another is not made */
    size_t edit_count, edit_capacity;
    bool seen; /* for readers: its includes have been followed */
};

struct draft {
    const struct lab_setup *setup;
    struct arena *arena;
    const char *program; /* the binary */
    struct draft_file *files[DRAFT_MAX_FILES];
    size_t file_count;
    const char *cannot, *limited, *noted;
    struct lab_trust trust; /* readers keep it up as they go: draft_trust() */
    bool forwards;          /* it was said that names are forwarded */
    bool failed;            /* memory is short */
};

/* "NAME" in the setup's directory. */
const char *draft_path(struct draft *draft, const char *name);

/* A formatted string in the arena; "" and `failed` when memory is short. */
const char *draft_string(struct draft *draft, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A file of our own, by its name in the setup's directory. Returns its path. */
const char *draft_add(struct draft *draft, const char *name, const char *bytes, size_t length);

/* The same of a text, which is freed; where it has failed, the draft has. */
const char *draft_add_text(struct draft *draft, const char *name, struct text *text);

/* A file of the user's, read once however often it is asked for; its copy is "user/NAME" with a number where
 * that is taken. ERR_NOINPUT, ERR_PERM, ERR_DATA (too large, holds a NUL, or no regular file), ERR_CONFIG
 * (too many). */
int draft_read(struct draft *draft, const char *path, struct draft_file **ret_file, struct err_note *note);

/* The same of octets that stand for the file of that path. */
int draft_give(struct draft *draft, const char *path, const char *bytes, size_t length,
    struct draft_file **ret_file, struct err_note *note);

/* Replaces octets of the original. What begins where another change does is ignored. */
void draft_replace(struct draft *draft, struct draft_file *file, size_t from, size_t to, const char *string);

/* The line (from 1) of an octet. */
unsigned draft_line(const struct draft_file *file, size_t at);

/* Adds a sentence to what cannot be rehearsed. */
void draft_limit(struct draft *draft, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds a sentence to what was changed, and does no harm to the verdict. */
void draft_note(struct draft *draft, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A key of the root, by its tag, is an anchor. `initial`: as in struct lab_trust. */
void draft_trust(struct draft *draft, uint16_t tag, bool initial);
void draft_trust_installed(struct draft *draft); /* those of the setup */

/* The text as it will be written. */
void draft_text(const struct draft_file *file, struct text *ret_text);

int draft_write(const struct draft *draft, struct err_note *note);
int draft_difference(const struct draft *draft, struct text *ret_text, struct err_note *note);

#endif

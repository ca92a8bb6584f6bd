/* tree: where a program lies: installed, somewhere else, or in a tree of unpacked packages whose libraries
 * and compiled-in paths must be met. */
#ifndef APP_LAB_TREE_H
#define APP_LAB_TREE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

struct tree {
    const char *program; /* absolute path of the binary */
    const char *root;    /* of the tree, or NULL */
    const char *library; /* "LD_LIBRARY_PATH=…", or NULL */
    const char *loader;  /* of a tree with a C library of its own: that library's dynamic linker; or NULL */
};

/* `path`: a binary, or a directory with `name` in one of the places of programs. A binary at TREE/usr/sbin or
 * TREE/usr/bin, beside TREE/usr/lib, belongs to that tree. A relative path is made absolute.
 * ERR_UNAVAILABLE, ERR_NOMEM. */
int tree_open(
    const char *path, const char *name, struct arena *arena, struct tree *ret_tree, struct err_note *note);

/* Runs it with one option, as it is found here: outside of a rehearsal nothing is mounted, and another C
 * library needs its own dynamic linker. As capture_run(). */
int tree_ask(const struct tree *tree, const char *option, unsigned timeout_ms, struct text *ret_output,
    struct err_note *note);

/* Where the program of that name is installed: PATH, then where systems keep servers. A wrapper of
 * tools/fetch_servers stands for what it runs. False: nowhere. */
bool tree_find(const char *name, char *ret_path, size_t capacity);

/* AppArmor has a profile for this path: it would not be let to our files. */
bool tree_confined(const char *program);

#endif

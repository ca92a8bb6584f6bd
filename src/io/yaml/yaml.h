/* yaml: a document as a tree with places, libyaml behind. Anchors, aliases and tags are refused; duplicate
 * keys too. Every error names file, line and column. */
#ifndef IO_YAML_YAML_H
#define IO_YAML_YAML_H

#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_node {
    enum yaml_kind kind;
    unsigned line, column;         /* of its first character, from 1; columns count characters */
    unsigned end_line, end_column; /* just behind its last */
    const char *scalar;            /* YAML_SCALAR */
    bool quoted;                   /* … written in quotes or as a block */
    bool flow;                     /* a list or map in [] or {} */
    size_t count;                  /* elements, or pairs */
    struct yaml_node **keys;       /* YAML_MAP: scalars */
    struct yaml_node **values;
};

enum {
    YAML_MAX_SIZE = 1 << 20,
    YAML_MAX_DEPTH = 32,
    YAML_MAX_NODES = 100000,
    YAML_MAX_KEYS = 256 /* of a map */
};

/* Reads one document of at most 1 MiB; `file` is its name for messages. The tree lives in the arena. */
int yaml_read(const char *file, const char *bytes, size_t length, struct arena *arena,
    struct yaml_node **ret_root, struct err_note *note);

/* The value of a key in a map, or NULL. */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);

/* "FILE:LINE:COLUMN: message" into the note; returns ERR_DATA. */
int yaml_error(struct err_note *note, const char *file, const struct yaml_node *at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Adds a scalar to text, quoted where YAML needs it. */
struct text;
void yaml_add_scalar(struct text *text, const char *scalar);

#endif

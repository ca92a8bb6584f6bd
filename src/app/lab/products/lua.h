/* lua: the strings of a Lua program and the calls in which they stand, for configurations that are Lua
 * (kresd, pdns_recursor). Nothing is executed: what a program computes is not seen. */
#ifndef APP_LAB_LUA_H
#define APP_LAB_LUA_H

#include "app/lab/products/user.h"

enum { LUA_CALL = 64 };

struct lua_reader {
    size_t at;
    char call[LUA_CALL]; /* what was called last: "trust_anchors.add_file" */
    unsigned argument;   /* strings since */
};

struct lua_string {
    size_t from, to;   /* with its quotes or brackets */
    const char *value; /* as it is written; escapes are left. NULL: a call without arguments */
    const char *call;  /* "" if in none; valid until the next one is read */
    unsigned argument; /* how many strings of that call came before */
};

/* False at the end, or with *ret_rc for an error: ERR_CONFIG, a string or remark does not end. */
bool lua_next(struct draft *draft, const struct draft_file *file, struct lua_reader *reader,
    struct lua_string *ret_string, int *ret_rc, struct err_note *note);

/* A program, and those that it runs (dofile, loadfile), each string given to `take`. */
typedef int lua_take(
    void *context, struct draft_file *file, const struct lua_string *string, struct err_note *note);
int lua_read(struct draft *draft, const char *path, lua_take *take, void *context, unsigned depth,
    struct draft_file **ret_file, struct err_note *note);

/* Puts another string there. */
void lua_put(
    struct draft *draft, struct draft_file *file, const struct lua_string *string, const char *value);

#endif

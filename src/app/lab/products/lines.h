/* lines: configurations of lines "name=value" (dnsmasq, pdns_recursor): each line meets a table that says
 * what becomes of it. */
#ifndef APP_LAB_LINES_H
#define APP_LAB_LINES_H

#include "app/lab/products/user.h"

struct lines_line {
    size_t from, to;             /* the line, without its end */
    size_t value_from, value_to; /* 0: no value */
    const char *name, *value;    /* in the arena; value "" without one */
};

/* What is done with a line; NULL: it is left out. */
typedef int lines_take(
    void *context, struct draft_file *file, const struct lines_line *line, struct err_note *note);

struct lines_rule {
    const char *name; /* "dhcp-*": all that begin so */
    lines_take *take;
};

struct lines_dialect {
    const struct lines_rule *rules;
    size_t count;
    bool continues;         /* a backslash at its end: the next line belongs to it */
    const char *separators; /* "=" */
};

int lines_read(struct draft *draft, struct draft_file *file, const struct lines_dialect *dialect,
    void *context, struct err_note *note);

#endif

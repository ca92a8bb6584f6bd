/* click_sql: SQL for ClickHouse of a template and values. `{name}` in a template stands for a value, which is
 * written so that it is that value and nothing else, whatever it holds. */
#ifndef IO_STORE_CLICK_SQL_H
#define IO_STORE_CLICK_SQL_H

#include "base/text.h"

#include <stddef.h>
#include <stdint.h>

enum click_sql_type {
    CLICK_SQL_NAME,   /* an identifier: text */
    CLICK_SQL_STRING, /* text, as a literal */
    CLICK_SQL_NUMBER, /* number */
    CLICK_SQL_ID,     /* 16 octets: a FixedString(16) */
    CLICK_SQL_PART,   /* text: SQL of our own, in which {name} is looked for as well */
};

struct click_sql_value {
    const char *name;
    enum click_sql_type type;
    const char *text;
    int64_t number;
    const uint8_t *id;
};

/* Adds the template with its values (the list ends with a NULL name). A name that is not in the list is a
 * fault of ours: `out` is then marked as failed. */
void click_sql_add(struct text *out, const char *template, const struct click_sql_value *values);

#endif

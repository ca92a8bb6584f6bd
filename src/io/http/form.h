/* form: what an HTML form without JavaScript sends (application/x-www-form-urlencoded), and query strings.
 * WHATWG URL Standard, "application/x-www-form-urlencoded parsing". */
#ifndef IO_HTTP_FORM_H
#define IO_HTTP_FORM_H

#include "base/arena.h"

#include <stddef.h>

enum { FORM_MAX_FIELDS = 32 };

struct form {
    size_t count;
    struct form_field {
        const char *name, *value; /* terminated; octets as they were, UTF-8 or not */
    } field[FORM_MAX_FIELDS];
};

/* Reads name=value pairs; text lives in the arena. ERR_DATA: more fields than FORM_MAX_FIELDS, a percent sign
 * without two hexadecimal digits, or a NUL octet; ERR_NOMEM. */
int form_read(const char *bytes, size_t length, struct arena *arena, struct form *ret_form);

/* The value of the first field of that name, or NULL. */
const char *form_get(const struct form *form, const char *name);

#endif

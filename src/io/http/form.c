/* Split at &, then at the first =; + is a space, %XX an octet. What cannot be meant is refused rather than
 * repaired: a form of ours never sends it. */
#include "io/http/form.h"

#include "base/err.h"

#include <string.h>

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int unescape(const char *bytes, size_t length, struct arena *arena, const char **ret_text)
{
    char *out = arena_alloc(arena, length + 1), *at = out;
    if (!out)
        return ERR_NOMEM;
    for (size_t i = 0; i < length; i++) {
        char c = bytes[i] == '+' ? ' ' : bytes[i];
        if (c == '%') {
            if (length - i < 3 || hex(bytes[i + 1]) < 0 || hex(bytes[i + 2]) < 0)
                return ERR_DATA;
            c = (char)(hex(bytes[i + 1]) << 4 | hex(bytes[i + 2]));
            i += 2;
        }
        if (c == '\0')
            return ERR_DATA;
        *at++ = c;
    }
    *ret_text = out;
    return 0;
}

int form_read(const char *bytes, size_t length, struct arena *arena, struct form *ret_form)
{
    struct form form = {.count = 0};
    const char *end = bytes + length;
    while (bytes < end) {
        const char *stop = memchr(bytes, '&', (size_t)(end - bytes));
        if (!stop)
            stop = end;
        if (stop > bytes) {
            if (form.count == FORM_MAX_FIELDS)
                return ERR_DATA;
            struct form_field *field = &form.field[form.count++];
            const char *equals = memchr(bytes, '=', (size_t)(stop - bytes));
            const char *name_end = equals ? equals : stop, *value = equals ? equals + 1 : stop;
            int err = unescape(bytes, (size_t)(name_end - bytes), arena, &field->name);
            if (!err)
                err = unescape(value, (size_t)(stop - value), arena, &field->value);
            if (err)
                return err;
        }
        bytes = stop < end ? stop + 1 : end;
    }
    *ret_form = form;
    return 0;
}

const char *form_get(const struct form *form, const char *name)
{
    for (size_t i = 0; i < form->count; i++)
        if (strcmp(form->field[i].name, name) == 0)
            return form->field[i].value;
    return NULL;
}

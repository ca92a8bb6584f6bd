/* Whatever is read stands in the input: no value is longer, none holds a NUL, and reading it again gives the
 * same. */
#include "io/http/form.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct arena *arena = arena_new();
    struct form form, again;
    if (!arena)
        return 0;
    if (form_read((const char *)bytes, length, arena, &form) == 0) {
        size_t sum = 0;
        for (size_t i = 0; i < form.count; i++)
            sum += strlen(form.field[i].name) + strlen(form.field[i].value);
        if (form.count > FORM_MAX_FIELDS || sum > length)
            abort();
        if (form_read((const char *)bytes, length, arena, &again) != 0 || again.count != form.count)
            abort();
        if (form.count > 0 && form_get(&form, form.field[0].name) != form.field[0].value)
            abort();
    }
    arena_free(arena);
    return 0;
}

/* A name that is read from text and written reads back to the same octets. */
#include "core/dns/name.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct name name, back;
    struct err_note note;
    char text[NAME_MAX_TEXT];
    char *string = calloc(1, length + 1);
    if (!string)
        return 0;
    if (length)
        memcpy(string, bytes, length);
    if (name_from_text(string, &name, &note) == 0) {
        if (name_from_text(name_to_text(&name, text), &back, &note) != 0 || back.length != name.length ||
            memcmp(back.wire, name.wire, name.length) != 0)
            abort();
    }
    free(string);
    return 0;
}

#include "app/lab/products/mkeys.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The octets are the journal, the zone, or one after the other. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    const struct mkeys_source sources[] = {
        {"fuzz", NULL, 0, data, size},
        {"fuzz", text, size, NULL, 0},
        {"fuzz", text, size / 2, data + size / 2, size - size / 2},
    };
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        struct lab_key_state keys[4];
        struct product_states states = {.keys = keys, .capacity = 4};
        struct err_note note = {""};
        int rc = mkeys_read(&sources[i], UTC_DAY, &states, &note);
        if ((rc != 0) != (note.text[0] != '\0') || states.count > 4)
            __builtin_trap();
    }
    free(text);
    return 0;
}

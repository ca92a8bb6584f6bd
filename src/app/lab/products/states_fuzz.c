#include "app/lab/products/states.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    struct lab_key_state keys[4];
    struct product_states states = {.keys = keys, .capacity = 4};
    states_autotrust(text, size, &states);
    states_keyfile(text, size, &states);
    for (size_t i = 0; i < states.count; i++)
        if (states.count > 4 || states.keys[i].state >= RFC5011_STATES)
            __builtin_trap();
    struct record_reader reader = {.text = text, .length = size};
    struct record record;
    size_t end = 0;
    while (record_next(&reader, &record)) {
        if (record.from < end || record.to < record.from || record.to > size)
            __builtin_trap(); /* places go forward */
        end = record.to;
    }
    free(text);
    return 0;
}

#include "app/observe/prints.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Bytes of the store are not trusted. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct prints *prints;
    if (prints_load(data, size, &prints))
        return 0;
    prints_look(prints, 12345, 0);
    uint8_t *bytes;
    size_t length;
    if (prints_save(prints, &bytes, &length) == 0)
        free(bytes);
    prints_free(prints);
    return 0;
}

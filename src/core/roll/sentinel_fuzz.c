/* A label that is read as a sentinel is, but for its case, the one that is written for its kind and tag. */
#include "core/roll/sentinel.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    uint16_t tag;
    char label[SENTINEL_MAX_LABEL + 1];
    enum sentinel_kind kind = sentinel_parse(bytes, length, &tag);
    if (kind == SENTINEL_NONE)
        return 0;
    if (sentinel_label(kind, tag, label) != length)
        abort();
    for (size_t i = 0; i < length; i++)
        if (label[i] != (bytes[i] >= 'A' && bytes[i] <= 'Z' ? bytes[i] + 32 : bytes[i]))
            abort();
    return 0;
}

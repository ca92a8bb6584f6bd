/* What is read is written and reads again to the same text. */
#include "io/json/json.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct json *first, *second;
    struct err_note note;
    if (json_read((const char *)bytes, length, &first, &note))
        return 0;
    struct text one, two;
    text_start(&one);
    text_start(&two);
    if (json_write(first, true, &one) || json_read(one.string, one.length, &second, &note) ||
        json_write(second, true, &two) || strcmp(one.string, two.string) != 0)
        abort();
    text_free(&one);
    text_free(&two);
    json_free(first);
    json_free(second);
    return 0;
}

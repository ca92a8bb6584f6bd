/* Any bytes as an index: none of ours, or names that stay within their directory and are found. */
#include "io/proc/folder_index.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct folder_index index;
    if (folder_index_read((const char *)bytes, length, "test/1", &index))
        return 0;
    for (size_t i = 0; i < index.count; i++) {
        const char *name = index.entries[i].name;
        if (!*name || *name == '.' || strchr(name, '/') || strlen(name) > FOLDER_MAX_NAME ||
            strlen(index.entries[i].sha256) != SHA256_HEX - 1 || !folder_index_find(&index, name))
            abort();
    }
    if (folder_index_find(&index, "../x"))
        abort();
    folder_index_free(&index);
    return 0;
}

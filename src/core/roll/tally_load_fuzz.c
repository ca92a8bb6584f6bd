/* What is loaded is what would be saved; what is refused leaves the tally as it was. */
#include "core/roll/tally.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct tally *tally = tally_new(1);
    uint8_t *before, *after;
    size_t before_length, after_length;
    if (!tally || tally_save(tally, &before, &before_length) != 0)
        abort();
    bool loaded = tally_load(tally, bytes, length) == 0;
    if (tally_save(tally, &after, &after_length) != 0)
        abort();
    if (after_length != (loaded ? length : before_length) ||
        memcmp(after, loaded ? bytes : before, after_length) != 0)
        abort();
    free(before);
    free(after);
    tally_free(tally);
    return 0;
}

/* Compressions, alone and on each other, rubbish of all kinds, and the same as a log. */
#include "io/capture/print_try.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    print_try_blocks(bytes, length, false, true);
    print_try_blocks(bytes, length, true, true);
    return 0;
}

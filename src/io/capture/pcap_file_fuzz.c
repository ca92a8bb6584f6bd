/* The target feeds any file that the readers take; its corpus is of pcap. */
#include "io/capture/print_try.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    print_try_blocks(bytes, length, false, false);
    return 0;
}

#include "io/networks/networks_try.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    networks_try_prefixes(bytes, length, networks_read_pfx2as);
    return 0;
}

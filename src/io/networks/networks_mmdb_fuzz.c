#include "io/networks/networks_try.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
const char *__lsan_default_suppressions(void);

/* libmaxminddb 1.7 forgets a list if languages or descriptions in the metadata are no text. Once a file, and
 * the file is refused. */
const char *__lsan_default_suppressions(void)
{
    return "leak:libmaxminddb";
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    networks_try_prefixes(bytes, length, networks_read_mmdb);
    return 0;
}

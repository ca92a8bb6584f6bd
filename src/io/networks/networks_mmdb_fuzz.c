#include "io/networks/mmdb_try.h"
#include "io/networks/networks.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
    struct networks *networks;
    struct err_note note = {""};
    char path[64];
    if (length > 1 << 16 || networks_new(&networks) != 0)
        return 0;
    int fd = mmdb_try_file(bytes, length, path);
    int rc = networks_read_mmdb(networks, path, &note);
    close(fd);
    if ((rc != 0) != (note.text[0] != '\0'))
        abort();
    static const uint8_t last[16] = {[10] = 0xff, [11] = 0xff, [12] = 0xff, 0xff, 0xff, 0xff};
    uint8_t address[16] = {[10] = 0xff, [11] = 0xff};
    for (size_t i = 0; i < 64; i++) {
        struct network found;
        networks_find(networks, i == 63 ? last : address, &found);
        if ((rc && found.as) || (found.prefix && !found.as) || strlen(found.country) % 2)
            abort();
        address[i < 32 ? 12 + i % 4 : i % 16] = (uint8_t)(length ? bytes[i * 7 % length] : 0);
    }
    networks_free(networks);
    return 0;
}

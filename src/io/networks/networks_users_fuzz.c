#include "io/networks/mmdb_try.h"
#include "io/networks/networks.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct networks *networks;
    struct err_note note = {""};
    char path[64];
    if (length > 1 << 16 || networks_new(&networks) != 0)
        return 0;
    int fd = mmdb_try_file(bytes, length, path);
    int rc = networks_read_users(networks, path, &note);
    close(fd);
    if ((rc != 0) != (note.text[0] != '\0'))
        abort();
    int64_t all = networks_users(networks);
    if (all < -1 || (rc && all != -1))
        abort();
    for (uint32_t as = 0; as < 70; as++) {
        const char *name = networks_as_name(networks, 64490 + as);
        if (networks_as_users(networks, 64490 + as) > all || (name && strlen(name) > NETWORKS_MAX_NAME))
            abort();
    }
    networks_free(networks);
    return 0;
}

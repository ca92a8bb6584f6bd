#include "io/networks/networks_try.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    int rc;
    struct networks *networks = networks_try(bytes, length, networks_read_users, &rc);
    if (!networks)
        return 0;
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

/* networks_try: for fuzz targets: octets as one of the user's files, and what must hold of any file. */
#ifndef IO_NETWORKS_NETWORKS_TRY_H
#define IO_NETWORKS_NETWORKS_TRY_H

#include "io/networks/mmdb_try.h"
#include "io/networks/networks.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int networks_try_read(struct networks *networks, const char *path, struct err_note *note);

/* What the reader makes of them; NULL: too many, or no memory. An error has a note, and only an error. */
static inline struct networks *networks_try(
    const uint8_t *bytes, size_t length, networks_try_read *read, int *ret_rc)
{
    struct networks *networks;
    struct err_note note = {""};
    char path[64];
    if (length > 1 << 16 || networks_new(&networks) != 0)
        return NULL;
    int fd = mmdb_try_file(bytes, length, path);
    *ret_rc = read(networks, path, &note);
    close(fd);
    if ((*ret_rc != 0) != (note.text[0] != '\0'))
        abort();
    return networks;
}

/* The same for files of prefixes, looked up at addresses that the octets choose. */
static inline void networks_try_prefixes(const uint8_t *bytes, size_t length, networks_try_read *read)
{
    int rc;
    struct networks *networks = networks_try(bytes, length, read, &rc);
    if (!networks)
        return;
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
}

#endif

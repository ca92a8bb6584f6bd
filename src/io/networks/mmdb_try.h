/* mmdb_try: for tests: a small writer of the MaxMind DB format (version 2.0). */
#ifndef IO_NETWORKS_MMDB_TRY_H
#define IO_NETWORKS_MMDB_TRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mmdb_try_entry {
    const char *address; /* as address_parse() reads; IPv4 goes below ::/96 in a tree of IPv6 */
    unsigned length;     /* of the prefix, in bits of the family */
    const char *country, *registered, *organization; /* NULL: none */
    uint32_t as;                                     /* 0: none */
};

/* record_bits: 24, 28 or 32. `aliases`: ::ffff:0:0/96 and 2002::/16 lead to the IPv4 part, as in real files.
 * The caller frees. */
uint8_t *mmdb_try_make(const struct mmdb_try_entry *entries, size_t count, unsigned ip_version,
    unsigned record_bits, bool aliases, size_t *ret_size);

/* A file without a name that holds these bytes, by descriptor; its path is written to ret_path. */
int mmdb_try_file(const void *bytes, size_t size, char ret_path[64]);

#endif

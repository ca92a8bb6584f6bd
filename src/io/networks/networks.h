/* networks: which network (AS) and country an address belongs to, and how many users stand behind them, by
 * the user's own files. None is shipped. The forms are those of rollcall-networks(5):
 *
 *   --pfx2as FILE     CAIDA's routeviews form: PREFIX<tab>LENGTH<tab>AS; AS may be 1_2 (several origins) or
 * {1,2}: the first
 *   --delegated FILE  RIR statistics exchange format: registry|cc|type|start|value|date|status[|…], also
 * extended
 *   --mmdb FILE       MaxMind DB: country.iso_code (registered_country if missing), autonomous_system_number,
 * …organization
 *   --users FILE      CSV with a header line: columns `as`, `country` or both, and `users`; optional `name`
 *
 * The longest prefix of a file wins. Files given later do not replace what earlier ones tell of an address
 * (or an AS, a country), they fill what is missing. A country that no file tells of an address is that where
 * its AS is registered, if a delegated file tells it.
 *
 * Bad lines are ERR_DATA with file and line, and nothing of that file is kept. A prefix that stands twice in
 * a file with different origins or countries is no error: the first counts, and networks_conflicts() tells
 * how many did not. Users that contradict each other are an error: decisions hang on them.
 *
 * Memory: at most 48 octets a prefix, mostly less (a million prefixes of BGP: about 25 MB), and some 70 more
 * while a file is read; a lookup is two binary searches, 0.3 µs at most. MaxMind files are read once and not
 * kept open. */
#ifndef IO_NETWORKS_NETWORKS_H
#define IO_NETWORKS_NETWORKS_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NETWORKS_MAX_NAME = 255 };
#define NETWORKS_MAX_USERS 10000000000LL /* of one line */

struct networks;
int networks_new(struct networks **ret_networks); /* ERR_NOMEM */

/* ERR_DATA: FILE:LINE: what is wrong. ERR_NOINPUT, ERR_PERM, ERR_IO: the file cannot be read. ERR_NOMEM. */
int networks_read_pfx2as(struct networks *networks, const char *path, struct err_note *note);
int networks_read_delegated(struct networks *networks, const char *path, struct err_note *note);
int networks_read_mmdb(struct networks *networks, const char *path, struct err_note *note);
int networks_read_users(struct networks *networks, const char *path, struct err_note *note);

struct network {
    uint32_t as;     /* 0: not known */
    char country[3]; /* ISO 3166, upper case (EU and AP as registries write them); "": not known */
    uint8_t prefix;  /* length of the prefix that told the AS, in bits of the 16 octets (IPv4: 96 + n; of a
                        MaxMind DB  the leaf's); 0: not known */
};
/* address: 16 octets, IPv4 as ::ffff:a.b.c.d. */
void networks_find(const struct networks *networks, const uint8_t address[16], struct network *ret_network);

/* -1: not told. */
int64_t networks_as_users(const struct networks *networks, uint32_t as);
int64_t networks_country_users(const struct networks *networks, const char *country);

/* Of a users file or a MaxMind DB, whichever was read first: valid UTF-8 of a stranger, at most
 * NETWORKS_MAX_NAME octets. NULL: not told. Lives until the next file is read. */
const char *networks_as_name(const struct networks *networks, uint32_t as);

/* All that the files tell by AS, or else by country; -1: no file. */
int64_t networks_users(const struct networks *networks);

/* Lines (or records) that were left out because they contradict an earlier one of their file. */
size_t networks_conflicts(const struct networks *networks);

void networks_free(struct networks *networks); /* NULL is allowed */

#endif

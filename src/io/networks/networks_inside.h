/* networks_inside: what the readers of this folder share. */
#ifndef IO_NETWORKS_NETWORKS_INSIDE_H
#define IO_NETWORKS_NETWORKS_INSIDE_H

#include "io/networks/lines.h"
#include "io/networks/networks.h"
#include "io/networks/ranges.h"

enum { FAMILY_FOUR, FAMILY_SIX, FAMILIES };

/* ---- countries as numbers: 1 to 676 for AA to ZZ, 0 for none ---- */

enum { COUNTRIES = 26 * 26 };
/* Two letters of either case; false if it is anything else. "ZZ" is no country: 0. */
bool country_parse(const char *text, size_t length, uint32_t *ret_country);

/* ---- a file of prefixes, collected and then taken over as a whole ---- */

struct told {
    struct prefixes as[FAMILIES], country[FAMILIES],
        as_country; /* keys of IPv4 and AS numbers: in the first 32 bits */
};
int networks_take(struct networks *networks, struct told *told); /* ERR_NOMEM: nothing is taken */
void told_free(struct told *told);

/* Reads a text file of prefixes, line by line, and takes it over; nothing of it after an error of `read`. */
int networks_read_lines(struct networks *networks, const char *path,
    int (*read)(const struct lines *lines, struct told *told, struct err_note *note), struct err_note *note);

/* ---- AS with names and users, sorted by number ---- */

struct as_entry {
    uint32_t as;
    int64_t users; /* -1: not told */
    char *name;    /* NULL: not told; owned */
};
struct as_table {
    struct as_entry *list;
    size_t count;
};
/* Fills what is missing with what `more` tells, which is sorted and of which names move over. ERR_NOMEM:
 * nothing has changed. */
int networks_take_entries(struct networks *networks, struct as_table *more);
void as_table_free(struct as_table *table);

/* users[country - 1], -1: not told. */
void networks_take_countries(struct networks *networks, const int64_t users[COUNTRIES]);

/* A copy as valid UTF-8 (what is not becomes U+FFFD), cut at NETWORKS_MAX_NAME octets. */
char *networks_name(const char *text, size_t length);

#endif

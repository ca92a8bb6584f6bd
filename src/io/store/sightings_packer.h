/* sightings_packer: the traffic of a segment, packed into blocks by a thread beside the one that writes its
 * other rows. Internal to io/store. */
#ifndef IO_STORE_SIGHTINGS_PACKER_H
#define IO_STORE_SIGHTINGS_PACKER_H

#include "io/store/sightings_traffic.h"

enum { PACKER_ROWS = 4096, PACKER_BLOCKS = PACKER_ROWS / TRAFFIC_BLOCK };

/* Rows that follow each other: rows->traffic() of `begin` and so on. */
struct packed {
    size_t begin, count;
    size_t block_count; /* 0: they are not in order, or may not be asked for beside others: not packed */
    int64_t hour_us;    /* of all of them, if they are packed */
    struct packed_block {
        uint8_t source[16]; /* of its first row */
        const uint8_t *bytes;
        size_t length;
    } blocks[PACKER_BLOCKS];
    uint8_t octets[PACKER_ROWS * TRAFFIC_ROW];
};

struct packer;

/* Begins at once, if rows->apart. `rows` must outlive it. ERR_NOMEM. */
int packer_new(const struct tally_rows *rows, struct packer **ret_packer);

/* The next ones, good until the next call; NULL after the last. */
const struct packed *packer_next(struct packer *packer);

/* Also in the middle. NULL is allowed. */
void packer_free(struct packer *packer);

#endif

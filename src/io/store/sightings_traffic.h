/* sightings_traffic: the ordinary traffic of many sources in one hour, packed into a block. Internal to
 * io/store.
 *
 * A busy server has hundreds of thousands of sources an hour. As rows of a table they would cost more time
 * than to read the packets that they come from, and nobody asks for one of them alone; as blocks of some
 * hundred they cost next to nothing. A block holds rows of different addresses in ascending order. */
#ifndef IO_STORE_SIGHTINGS_TRAFFIC_H
#define IO_STORE_SIGHTINGS_TRAFFIC_H

#include "base/err.h"
#include "core/roll/tally.h"

enum {
    TRAFFIC_BLOCK = 200, /* rows of a new block */
    TRAFFIC_MOST = 400,  /* of any block */
    TRAFFIC_ROW = 160,   /* octets that a row takes at most */
};

/* Writes up to TRAFFIC_MOST rows of one hour to `out`, which has room for TRAFFIC_ROW octets each. Returns
 * the octets. */
size_t traffic_pack(const struct tally_traffic *rows, size_t count, uint8_t *out);

/* Reads them back. ERR_DATA if the bytes are none that traffic_pack() wrote: they come from a file. */
int traffic_unpack(const uint8_t *bytes, size_t length, int64_t hour_us,
    struct tally_traffic ret_rows[TRAFFIC_MOST], size_t *ret_count);

/* Adds what another segment tells of the same source and hour. */
void traffic_merge(struct tally_traffic *row, const struct tally_traffic *more);

#endif

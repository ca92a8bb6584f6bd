/* sightings_beside: a scan of which reading and taking go on at the same time: a thread of its own reads the
 * store, the caller's takes what it read. Internal to io/store. */
#ifndef IO_STORE_SIGHTINGS_BESIDE_H
#define IO_STORE_SIGHTINGS_BESIDE_H

#include "io/store/sightings_inside.h"

/* As sightings_scan(): callbacks are called by the thread that calls this, one after the other, and the store
 * and the arena are nobody else's when it returns. Where no thread can be had it is done without. */
int sightings_beside(struct sightings *store, const struct sightings_question *question,
    const struct sightings_scan *scan, struct arena *arena, struct sightings_scanned *ret_scanned,
    struct err_note *note);

#endif

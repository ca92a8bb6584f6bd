/* ring: a bounded queue of events from many threads to one, without locks. A push never waits: into a full
 * ring it fails.
 *
 * Any number of threads may push; one thread at a time may pop. */
#ifndef APP_SERVE_RING_H
#define APP_SERVE_RING_H

#include "core/zone/zone.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring;

/* Room for at least `capacity` events (a power of two is made of it, at most 2^20). NULL when memory is
 * short. */
struct ring *ring_new(size_t capacity);
void ring_free(struct ring *ring); /* NULL is allowed */

/* Copies the event in; false if the ring is full. */
bool ring_push(struct ring *ring, const struct zone_event *event);

/* Takes up to `limit` events out, in the order in which they were pushed; returns how many. */
size_t ring_pop(struct ring *ring, struct zone_event *ret_events, size_t limit);

/* How many were ever pushed. */
uint64_t ring_pushed(const struct ring *ring);
size_t ring_capacity(const struct ring *ring);

#endif

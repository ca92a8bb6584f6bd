/* collector: what the platform was asked, for the same store as `rollcall observe` fills: a `serve` is a
 * collector too. Takes every event before floods are thinned, counts in memory, and commits every few minutes
 * from a thread of its own, so that a store that is slow or away holds nobody up: what was counted waits, up
 * to a limit. */
#ifndef APP_SERVE_COLLECTOR_H
#define APP_SERVE_COLLECTOR_H

#include "base/err.h"
#include "core/zone/zone.h"

#include <stddef.h>
#include <stdint.h>

struct collector;

struct collector_options {
    const char *store; /* as of sightings_open() */
    const char *name;  /* of the collector */
    int64_t every_us;  /* between commits */
};

/* The store is opened when there is something to write; until it can be, that is said in the log. ERR_NOMEM,
 * ERR_INTERNAL. The strings must outlive it. */
int collector_start(
    const struct collector_options *options, struct collector **ret_collector, struct err_note *note);

/* From one thread. `dropped`: events that never came here, cumulative. */
void collector_take(
    struct collector *collector, const struct zone_event *events, size_t count, uint64_t dropped);

/* Commits what was taken before this call, and waits for it, but not longer than wait_us. ERR_UNAVAILABLE: it
 * is not written yet. From any thread. */
int collector_flush(struct collector *collector, int64_t wait_us, struct err_note *note);

/* Commits what is left, ends the thread. NULL is allowed. */
void collector_stop(struct collector *collector);

#endif

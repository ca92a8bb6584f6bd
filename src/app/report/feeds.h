/* feeds: when collectors were at work. Only what the same collectors saw can be compared: the numbers of 2017
 * changed four times because feeds were added, and were read as a change of the world (docs/readiness.md). */
#ifndef APP_REPORT_FEEDS_H
#define APP_REPORT_FEEDS_H

#include "base/utc.h"
#include "io/store/sightings.h"

/* A longer pause is an end and a new begin; a shorter one is none: who signals does so once a day. */
#define FEEDS_PAUSE UTC_DAY

/* The longest time within [from, to] in which none of these stretches, sorted and apart, lies. */
int64_t feeds_longest_pause(const struct sightings_span *work, size_t count, int64_t from_us, int64_t to_us);

/* At work from `from_us` to `to_us` without a pause that is an end. */
bool feeds_throughout(const struct sightings_coverage *one, int64_t from_us, int64_t to_us);

/* At work at any moment of [from, to). One whose times of work the store does not tell is so from its first
 * to its last, and never throughout. */
bool feeds_touch(const struct sightings_coverage *one, int64_t from_us, int64_t to_us);

/* A change of feeds: a collector that begins or ends more than a pause after the time began, or before it is
 * over. */
struct feeds_change {
    int64_t at_us;
    const char *collector; /* the coverage's */
    bool begins;
};

/* All changes within [from, to), by time, then collector. ERR_NOMEM. */
int feeds_changes(const struct sightings_coverage *coverage, size_t count, int64_t from_us, int64_t to_us,
    struct arena *arena, struct feeds_change **ret_changes, size_t *ret_count);

#endif

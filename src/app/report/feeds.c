/* A collector's work comes as stretches without a pause of over a minute; what matters here are those
 * without a pause of over a day. */
#include "app/report/feeds.h"

#include <stdlib.h>
#include <string.h>

/* Times of a damaged store may be anything. */
static int64_t between(int64_t from_us, int64_t to_us)
{
    int64_t span_us;
    if (__builtin_sub_overflow(to_us, from_us, &span_us))
        return to_us > from_us ? INT64_MAX : INT64_MIN;
    return span_us;
}

int64_t feeds_longest_pause(const struct sightings_span *work, size_t count, int64_t from_us, int64_t to_us)
{
    int64_t at = from_us, longest = 0;
    for (size_t i = 0; i < count && at < to_us; i++) {
        int64_t begin = work[i].from_us < to_us ? work[i].from_us : to_us;
        longest = between(at, begin) > longest ? between(at, begin) : longest;
        at = work[i].to_us > at ? work[i].to_us : at;
    }
    return between(at, to_us) > longest ? between(at, to_us) : longest;
}

bool feeds_throughout(const struct sightings_coverage *one, int64_t from_us, int64_t to_us)
{
    return one->work_count && feeds_touch(one, from_us, to_us) &&
           feeds_longest_pause(one->work, one->work_count, from_us, to_us) <= FEEDS_PAUSE;
}

/* The last moment of a stretch is that of its last packet: one that lies at from_us alone is not of this
 * time, unless it is all there was. */
static bool touches(int64_t begin_us, int64_t end_us, int64_t from_us, int64_t to_us)
{
    return begin_us < to_us && (end_us > from_us || begin_us == from_us);
}

bool feeds_touch(const struct sightings_coverage *one, int64_t from_us, int64_t to_us)
{
    bool counted = one->from_us || one->to_us;
    if (one->work_count == 0)
        return counted && touches(one->from_us, one->to_us, from_us, to_us);
    for (size_t i = 0; i < one->work_count; i++)
        if (touches(one->work[i].from_us, one->work[i].to_us, from_us, to_us))
            return true;
    return false;
}

static int by_time(const void *a, const void *b)
{
    const struct feeds_change *x = a, *y = b;
    int order = (x->at_us > y->at_us) - (x->at_us < y->at_us);
    order = order ? order : strcmp(x->collector, y->collector);
    return order ? order : (int)y->begins - (int)x->begins;
}

/* Begins and ends of one collector; counts them if `out` is NULL. */
static size_t changes_of(
    const struct sightings_coverage *one, int64_t from_us, int64_t to_us, struct feeds_change *out)
{
    size_t count = 0;
    for (size_t i = 0, end; i < one->work_count; i = end) {
        int64_t begin_us = one->work[i].from_us, end_us = one->work[i].to_us;
        for (end = i + 1; end < one->work_count && between(end_us, one->work[end].from_us) <= FEEDS_PAUSE;
             end++)
            end_us = one->work[end].to_us > end_us ? one->work[end].to_us : end_us;
        const struct feeds_change both[] = {
            {begin_us, one->collector, true}, {end_us, one->collector, false}};
        const bool within[] = {between(from_us, begin_us) > FEEDS_PAUSE && begin_us<to_us, end_us> from_us &&
                               between(end_us, to_us) > FEEDS_PAUSE};
        for (size_t j = 0; j < 2; j++) {
            if (within[j] && out)
                out[count] = both[j];
            count += within[j];
        }
    }
    return count;
}

int feeds_changes(const struct sightings_coverage *coverage, size_t count, int64_t from_us, int64_t to_us,
    struct arena *arena, struct feeds_change **ret_changes, size_t *ret_count)
{
    size_t all = 0, made = 0;
    for (size_t i = 0; i < count; i++)
        all += changes_of(&coverage[i], from_us, to_us, NULL);
    struct feeds_change *changes = arena_alloc(arena, (all + 1) * sizeof *changes);
    if (!changes)
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++)
        made += changes_of(&coverage[i], from_us, to_us, changes + made);
    qsort(changes, made, sizeof *changes, by_time);
    *ret_changes = changes;
    *ret_count = made;
    return 0;
}

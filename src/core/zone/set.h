/* set: the zones of a server, by apex. The inside of zone_set. */
#ifndef CORE_ZONE_SET_H
#define CORE_ZONE_SET_H

#include "core/zone/answer.h"

struct set_slot {
    uint64_t hash;
    struct zone_view *view; /* NULL: free */
    int64_t tag;
};

struct zone_set {
    struct set_slot *slot;
    size_t slots, count;
    unsigned deepest;                       /* labels of the longest apex */
    uint32_t depth[MESSAGE_MAX_LABELS + 1]; /* how many apexes have so many labels */
};

/* The zone with the longest apex of at most `most` labels that the name is in, or NULL. */
const struct set_slot *set_find(const struct zone_set *set, struct look *look, unsigned most);

#endif

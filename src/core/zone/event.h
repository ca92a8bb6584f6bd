/* event: what of a query the recorder wants to know. */
#ifndef CORE_ZONE_EVENT_H
#define CORE_ZONE_EVENT_H

#include "core/zone/set.h"

/* `nearest`: the zone that the name is in; `slot`: the one that answered (its parent for DS). */
void event_note(const struct answer *answer, const struct set_slot *nearest, const struct set_slot *slot,
    struct zone_event *ret_event);

#endif

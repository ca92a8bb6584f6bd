/* thin: which events are worth keeping when somebody asks very often. So many a second of one kind, from one
 * source, for one zone, and so many of all; the rest would say nothing new, fill the disk, and cost what
 * answers need. By the time in the event: no clock. */
#ifndef APP_SERVE_THIN_H
#define APP_SERVE_THIN_H

#include "core/zone/zone.h"

#include <stdbool.h>

struct thin;

/* NULL when memory is short. */
struct thin *thin_new(unsigned most_of_source_s, unsigned most_s);
void thin_free(struct thin *thin); /* NULL is allowed */

bool thin_keep(struct thin *thin, const struct zone_event *event);

#endif

/* repeats: queries that come twice in dnstap: once by themselves, and again beside their response, as Knot
 * DNS does it (responses-with-queries). Handed out is the first. A query that comes only beside its response
 * is handed out there. Remembered are some thousand, which is more than a server has in hand between a query
 * and its response; with more than that under way one may be counted twice. */
#ifndef IO_CAPTURE_REPEATS_H
#define IO_CAPTURE_REPEATS_H

#include "io/capture/dnstap.h"

enum { REPEATS = 4096 };

/* All zeros at the start. */
struct repeats {
    uint64_t seen[REPEATS];
};

/* The first message of the frame that is to be handed out: 0, or 1 if the query was before; frame->count if
 * there is none. */
unsigned repeats_first(struct repeats *repeats, const struct dnstap_frame *frame);

#endif

/* live: the readiness page of a platform, made anew while people look at it.
 *
 * A thread of its own reads the stores and makes one page at a time; whoever asks gets the newest one at
 * once, and is never kept waiting, however slow or stuck a store is. A page is made anew only after somebody
 * asked for it, and not before it is KEEP_S seconds old, nor in less than four times the time that it took.
 */
#ifndef APP_REPORT_LIVE_H
#define APP_REPORT_LIVE_H

#include "base/err.h"
#include "base/text.h"
#include "core/roll/plan.h"
#include "io/networks/networks.h"

#include <stdint.h>

struct live_config {
    const char *state;               /* directory of the platform */
    const char *sightings;           /* its store of sightings, as of sightings_open() */
    const struct networks *networks; /* not changed while this runs */
    const struct plan *plan; /* dated, whose keys have tags: what comes first; NULL: the newest roll */
};

struct live;

enum live_form { LIVE_HTML, LIVE_JSON, LIVE_FORMS }; /* page_write(), and readiness_write() */

/* What the configuration names must outlive it. ERR_NOMEM, ERR_INTERNAL. */
int live_start(const struct live_config *config, struct live **ret_live, struct err_note *note);

/* Adds the page of a roll, by its id in the store, or of what comes first (0), as it was made last. Never
 * waits. From any thread. ERR_UNAVAILABLE: it is being made, ask again; ERR_NOINPUT: there is nothing to
 * report (no such roll, it has not begun, nobody takes part, nothing was observed); ERR_IO: it cannot be
 * made, as the log says, or a store has not answered for a minute. */
int live_page(struct live *live, int64_t id, enum live_form form, struct text *text);

/* Waits for the page that is being made. NULL is allowed. */
void live_stop(struct live *live);

#endif

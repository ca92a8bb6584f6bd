/* progress: a line on stderr that is drawn again five times a second, from two seconds on, and wiped away at
 * the end. Only where stderr is a terminal. */
#ifndef CMD_PROGRESS_H
#define CMD_PROGRESS_H

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool off; /* no terminal, or the user wants none */
    int64_t start_us, shown_us;
};

void progress_start(struct progress *progress, bool quiet);

/* Whether it is time to draw it; *ret_us is how long it has been going on. */
bool progress_due(const struct progress *progress, int64_t *ret_us);

/* "[######    ]  25 %  " for a share of 0 to 1. */
void progress_bar(struct text *line, double share);

/* Draws a line, cut where it would wrap. What strangers wrote in it is made safe by the caller. */
void progress_draw(struct progress *progress, const struct text *line);
void progress_wipe(struct progress *progress);

#endif

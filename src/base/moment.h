/* moment: how moments and spans are written on pages, and where an axis has its marks. */
#ifndef BASE_MOMENT_H
#define BASE_MOMENT_H

#include "base/text.h"
#include "base/utc.h"

#include <stdbool.h>
#include <stddef.h>

const char *moment_date(int64_t us, char out[UTC_TEXT]);   /* "2018-10-11" */
const char *moment_clock(int64_t us, char out[UTC_TEXT]);  /* "16:00:05" */
const char *moment_offset(int64_t us, char out[UTC_TEXT]); /* from a start: "+7 days", "start" */

/* Marks for an axis, at most `most` (up to 16): whole seconds, minutes, … months, years. Returns how many. */
size_t moment_ticks(int64_t from_us, int64_t to_us, bool relative, int64_t *ret_ticks, size_t most);
/* The text of the index-th mark. Static or in `out`; needs no escape. */
const char *moment_tick_text(
    const int64_t *ticks, size_t count, size_t index, bool relative, char out[UTC_TEXT]);

/* <time datetime="…">2018-10-11 16:00 UTC</time>; with seconds where `seconds`; "no date" for UTC_OPEN. */
void moment_html(struct text *out, int64_t us, bool seconds);

/* The same, without the date where seconds matter and it is near, followed by how far it is from now: "(in 3
 * days)", "(2 min ago)". */
void moment_html_from(struct text *out, int64_t us, int64_t now_us, bool seconds);

#endif

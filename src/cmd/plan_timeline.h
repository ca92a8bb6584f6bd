/* plan_timeline: a plan as one bar for each key. Moments at which something changes are numbered; the
 * distance between two grows with the square root of the time between them, so that seconds and years fit one
 * line. */
#ifndef CMD_PLAN_TIMELINE_H
#define CMD_PLAN_TIMELINE_H

#include "base/text.h"
#include "cmd/cmd.h"
#include "core/roll/plan.h"

enum { TIMELINE_MOMENTS = 4096 }; /* no plan has more: plan_parts.h of core/roll */

struct timeline {
    const struct plan *plan;  /* as it stood at the moment */
    const struct plan *whole; /* with all of its history */
    int64_t now_us;           /* the present; INT64_MIN: none */
    struct cmd_screen screen;
    int64_t moments[TIMELINE_MOMENTS]; /* sorted, none twice */
    size_t columns[TIMELINE_MOMENTS];  /* where each lies in the bar */
    size_t count;
    size_t now_column, label, bar; /* widths: of labels, of bars */
};

void timeline_make(struct timeline *line, const struct plan *plan, const struct plan *whole, int64_t now_us,
    struct cmd_screen screen);

/* Of a moment: the letter of an operation decided then (P postponed, R resumed, B backed out), else its
 * number: "1" to "9", "a" to "z", then "*". */
char timeline_mark(const struct timeline *line, int64_t us);

/* Marks, bars, the present, and what the signs mean. */
void timeline_print(const struct timeline *line, struct text *text);

/* Escape sequences around a word, where the screen has colour. */
void timeline_color(struct text *text, struct cmd_screen screen, const char *color, const char *word);

#define COLOR_SIGNS "32"
#define COLOR_PUBLISHED "36"
#define COLOR_REVOKED "31"
#define COLOR_NOW "1;33"
#define COLOR_FAINT "2"

#endif

/* timeline: a plan drawn as SVG: one row for each key, the present marked, what an operation moved shown. A
 * pure function of plan and moment; looks come from the page's style sheet, by class. */
#ifndef APP_WEB_TIMELINE_H
#define APP_WEB_TIMELINE_H

#include "base/text.h"
#include "core/roll/plan.h"

/* `id` makes the names within the drawing unique on its page. A relative plan is drawn with times from its
 * start, and without a present. */
void timeline_svg(struct text *out, const struct plan *plan, int64_t now_us, const char *id);

/* The axis alone, for tests: where a moment lies, in the units of the drawing. */
struct timeline_axis {
    int64_t from_us, to_us; /* of the dated part */
    double left, right;     /* where that part lies */
    bool open;              /* beside it there is a place for steps without a date … */
    double open_x;          /* … here */
    bool clock;             /* a plan of hours: times of day instead of dates */
    bool relative;
};
struct timeline_axis timeline_axis(const struct plan *plan, int64_t now_us);
double timeline_x(const struct timeline_axis *axis, int64_t us);

#endif

/* plan_view: what `rollcall plan show` shows, for the files that print its parts. */
#ifndef CMD_PLAN_VIEW_H
#define CMD_PLAN_VIEW_H

#include "cmd/plan_parts.h"
#include "cmd/plan_timeline.h"

struct view {
    const struct plan *plan, *whole; /* as it stood, and with what came later */
    int64_t now_us;                  /* INT64_MIN: a template without moment */
    struct cmd_screen screen;
    struct timeline line;
    struct text *text;
};

/* A date; in a template "start" or "+30 days". */
const char *plan_moment(const struct plan *plan, int64_t us, char out[UTC_TEXT]);

void plan_add_steps(struct view *v);
void plan_add_history(struct view *v);

#endif

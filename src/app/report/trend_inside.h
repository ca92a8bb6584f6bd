/* trend_inside: what the files of `trend` share. Internal to app/report. */
#ifndef APP_REPORT_TREND_INSIDE_H
#define APP_REPORT_TREND_INSIDE_H

#include "app/report/trend.h"

/* The dates of the plan, by the steps' rolls, and what was decided about it, within the trend's time.
 * ERR_NOMEM. */
int trend_events(struct trend *trend, struct arena *arena, struct err_note *note);

void trend_table(const struct trend *trend, size_t columns, struct text *text);
void trend_json(const struct trend *trend, struct text *text);
void trend_csv(const struct trend *trend, struct text *text);

#endif

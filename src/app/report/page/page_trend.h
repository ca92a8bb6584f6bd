/* page_trend: the plot of the readiness page's trend. Internal to app/report. */
#ifndef APP_REPORT_PAGE_TREND_H
#define APP_REPORT_PAGE_TREND_H

#include "app/report/page/page_axis.h"
#include "app/report/trend.h"

/* "postponed", "signs"; the dates of the plan as marks are named. */
const char *page_trend_word(const struct trend_event *event);

/* The shares that name the new key, and that are proved to hold only the old one, one above the other, with
 * their intervals; the plan's dates, the changes of feeds, and the naive share beside it. */
void page_trend_plot(struct text *out, const struct trend *trend, const struct page_plot *plot);

#endif

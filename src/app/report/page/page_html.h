/* page_html: how the readiness page writes shares; its other parts are base/html's. Internal to app/report.
 */
#ifndef APP_REPORT_PAGE_HTML_H
#define APP_REPORT_PAGE_HTML_H

#include "base/html.h"
#include "core/roll/interval.h"

/* "2.54 %", "0.004 %": two digits that count. */
void page_html_share(struct text *out, double share);
/* "2.54 % (95 %: 1.46 to 4.39 %)" */
void page_html_interval(struct text *out, struct interval interval);
/* "12 to 207"; one number where they are alike */
void page_html_bounds(struct text *out, double low, double high);

#endif

/* page_inside: the sections of the readiness page, in their order. Each leaves itself out where there is
 * nothing to be said. Internal to app/report. */
#ifndef APP_REPORT_PAGE_INSIDE_H
#define APP_REPORT_PAGE_INSIDE_H

#include "app/report/page/page.h"

void page_verdict(const struct page *page, struct text *out);
void page_bounds(const struct page *page, struct text *out);
void page_trend(const struct page *page, struct text *out);
void page_classes(const struct page *page, struct text *out);
void page_map(const struct page *page, struct arena *arena, struct text *out);
void page_networks(const struct page *page, struct arena *arena, struct text *out);
void page_coverage(const struct page *page, struct text *out);
void page_clusters(const struct page *page, struct text *out); /* of applications */
void page_gate(const struct page *page, struct text *out);
void page_notes(const struct page *page, struct text *out); /* how to read it, and what it was made of */

#endif

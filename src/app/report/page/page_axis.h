/* page_axis: time from left to right, as the plots of the readiness page have it. Internal to app/report. */
#ifndef APP_REPORT_PAGE_AXIS_H
#define APP_REPORT_PAGE_AXIS_H

#include "base/text.h"

#include <stdint.h>

/* Each plot is drawn twice: for a wide screen and paper, and for a narrow one. The sheet shows one. */
struct page_plot {
    const char *class; /* "plot wide", "plot slim" */
    double width;
    bool slim;
};
enum { PAGE_PLOTS = 2 };
extern const struct page_plot page_plots[PAGE_PLOTS];

/* Opens an SVG up to its description, which the caller adds; then page_plot_described(). `id` and the plot's
 * class make its ids. */
void page_plot_open(
    struct text *out, const struct page_plot *plot, const char *id, double height, const char *title);
void page_plot_described(struct text *out);

struct page_axis {
    int64_t from_us, to_us;
    double left, right;
};
double page_axis_x(const struct page_axis *axis, int64_t us); /* kept within */
/* Marks with their dates, from y0 down to y1; the dates stand below. */
void page_axis_draw(struct text *out, const struct page_axis *axis, double y0, double y1);

#endif

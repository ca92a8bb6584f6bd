#include "app/report/page/page_html.h"

#include <math.h>

static int decimals(double percent)
{
    double size = fabs(percent);
    return size == 0 ? 0 : size >= 9.995 ? 1 : size >= 0.0995 ? 2 : size >= 0.00995 ? 3 : 4;
}

void page_html_share(struct text *out, double share)
{
    text_printf(out, "%.*f&#160;%%", decimals(100 * share), 100 * share);
}

void page_html_interval(struct text *out, struct interval interval)
{
    page_html_share(out, interval.value);
    text_printf(out, " (95&#160;%%: %.*f&#160;to&#160;", decimals(100 * interval.low), 100 * interval.low);
    page_html_share(out, interval.high);
    text_add(out, ")");
}

void page_html_bounds(struct text *out, double low, double high)
{
    int64_t first = llround(low), last = llround(high);
    text_add_number(out, first);
    if (first == last)
        return;
    text_add(out, " to ");
    text_add_number(out, last);
}

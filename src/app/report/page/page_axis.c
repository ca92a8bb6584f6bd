#include "app/report/page/page_axis.h"

#include "base/moment.h"

const struct page_plot page_plots[PAGE_PLOTS] = {
    {"plot wide", 900, false},
    {"plot slim", 360, true},
};

void page_plot_open(
    struct text *out, const struct page_plot *plot, const char *id, double height, const char *title)
{
    const char *size = plot->slim ? "slim" : "wide";
    text_printf(out,
        "<svg class=\"%s\" role=\"img\" viewBox=\"0 0 %.0f %.0f\" aria-labelledby=\"%s-%s-t %s-%s-d\">\n"
        "<title id=\"%s-%s-t\">%s</title>\n<desc id=\"%s-%s-d\">",
        plot->class, plot->width, height, id, size, id, size, id, size, title, id, size);
}

void page_plot_described(struct text *out)
{
    text_add(out, "</desc>\n");
}

double page_axis_x(const struct page_axis *axis, int64_t us)
{
    if (us <= axis->from_us)
        return axis->left;
    if (us >= axis->to_us)
        return axis->right;
    double share = (double)(us - axis->from_us) / (double)(axis->to_us - axis->from_us);
    return axis->left + share * (axis->right - axis->left);
}

void page_axis_draw(struct text *out, const struct page_axis *axis, double y0, double y1)
{
    int64_t ticks[16];
    size_t most = (size_t)((axis->right - axis->left) / 75);
    size_t count = moment_ticks(axis->from_us, axis->to_us, false, ticks,
        most < 2    ? 2
        : most > 12 ? 12
                    : most);
    for (size_t i = 0; i < count; i++) {
        char words[UTC_TEXT];
        double x = page_axis_x(axis, ticks[i]);
        double middle = x < axis->left + 28 ? axis->left + 28 : x > axis->right - 28 ? axis->right - 28 : x;
        text_printf(out, "<path class=\"gridline\" d=\"M%.1f %.1fV%.1f\"/>", x, y0, y1);
        text_printf(out, "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\">%s</text>\n", middle, y1 + 15,
            moment_tick_text(ticks, count, i, false, words));
    }
}

/* Two panels over one time. In each, points are steps as of their ends; a line joins two only where the trend
 * says that they may be compared. Everything above the scale of a panel is drawn at its edge. */
#include "app/report/page/page_trend.h"

#include "app/report/page/page_html.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LABEL_ROWS = 3, LABEL_HEIGHT = 15, MOST_FEED_LINES = 200, LEAST_APART = 4 };
static const double letter_width = 6.4;

static const struct scale {
    double share; /* at its top */
    int marks;
} scales[] = {{0.01, 4}, {0.02, 4}, {0.05, 5}, {0.1, 4}, {0.15, 3}, {0.2, 4}, {0.3, 3}, {0.4, 4}, {0.6, 3},
    {0.8, 4}, {1, 4}};

struct panel {
    const char *title, *class;
    struct interval (*share)(const struct trend_step *step);
    double top, height;
    struct scale scale;
    bool naive;
};

struct drawing {
    struct text *out;
    const struct trend *trend;
    struct page_axis axis;
    double top, bottom;
};

static struct interval old_share(const struct trend_step *step)
{
    return step->share;
}

static struct interval new_share(const struct trend_step *step)
{
    return interval_share(step->total.sources[CLASSIFY_READY], readiness_told(step->total.sources));
}

/* Has a share that can be drawn. */
static bool is_drawn(const struct trend_step *step)
{
    return step->is_judged && readiness_told(step->total.sources) > 0;
}

static double naive_of(const struct trend *trend, const struct trend_step *step)
{
    uint64_t part, whole;
    trend_naive(trend, step, &part, &whole);
    return whole ? (double)part / (double)whole : -1;
}

/* ---- scales ---- */

/* Wide intervals of steps with few sources do not press everything else flat. */
static struct scale scale_of(const struct trend *trend)
{
    double value = 0, high = 0;
    size_t least = 0;
    for (size_t i = 0; i < trend->step_count; i++) {
        const struct trend_step *step = &trend->steps[i];
        value = fmax(value, naive_of(trend, step));
        if (is_drawn(step)) {
            value = fmax(value, step->share.value);
            high = fmax(high, step->share.high);
        }
    }
    double most = fmax(1.1 * value, fmin(high, 2 * value));
    while (least + 1 < sizeof scales / sizeof *scales && scales[least].share < most)
        least++;
    return scales[least];
}

static double y_of(const struct panel *panel, double share)
{
    double part = share / panel->scale.share;
    return panel->top + panel->height * (1 - (part > 1 ? 1 : part));
}

static void add_scale(const struct drawing *d, const struct panel *panel)
{
    for (int i = 0; i <= panel->scale.marks; i++) {
        double share = panel->scale.share * i / panel->scale.marks, y = y_of(panel, share);
        text_printf(
            d->out, "<path class=\"gridline\" d=\"M%.1f %.1fH%.1f\"/>", d->axis.left, y, d->axis.right);
        text_printf(d->out, "<text class=\"tick end\" x=\"%.1f\" y=\"%.1f\">%g&#160;%%</text>\n",
            d->axis.left - 6, y + 4, round(share * 1e4) / 100);
    }
}

/* ---- shares ---- */

/* Steps [first, end) that lines join. */
static void add_band(const struct drawing *d, const struct panel *panel, size_t first, size_t end)
{
    const struct trend_step *steps = d->trend->steps;
    text_printf(d->out, "<path class=\"band %s\" d=\"", panel->class);
    if (end - first == 1) { /* an interval by itself */
        double x = page_axis_x(&d->axis, steps[first].to_us);
        struct interval share = panel->share(&steps[first]);
        text_printf(
            d->out, "M%.1f %.1fh4V%.1fh-4z\"/>\n", x - 2, y_of(panel, share.high), y_of(panel, share.low));
        return;
    }
    for (size_t i = first; i < end; i++)
        text_printf(d->out, "%c%.1f %.1f", i == first ? 'M' : 'L', page_axis_x(&d->axis, steps[i].to_us),
            y_of(panel, panel->share(&steps[i]).high));
    for (size_t i = end; i-- > first;)
        text_printf(d->out, "L%.1f %.1f", page_axis_x(&d->axis, steps[i].to_us),
            y_of(panel, panel->share(&steps[i]).low));
    text_printf(d->out, "z\"/>\n<path class=\"line %s\" d=\"", panel->class);
    for (size_t i = first; i < end; i++)
        text_printf(d->out, "%c%.1f %.1f", i == first ? 'M' : 'L', page_axis_x(&d->axis, steps[i].to_us),
            y_of(panel, panel->share(&steps[i]).value));
    text_add(d->out, "\"/>\n");
}

/* Where they do not touch. */
static void add_points(const struct drawing *d, const struct panel *panel)
{
    const struct trend *trend = d->trend;
    if (d->axis.right - d->axis.left < LEAST_APART * (double)trend->step_count)
        return;
    for (size_t i = 0; i < trend->step_count; i++)
        if (is_drawn(&trend->steps[i]))
            text_printf(d->out, "<circle class=\"point %s\" cx=\"%.1f\" cy=\"%.1f\" r=\"2\"/>", panel->class,
                page_axis_x(&d->axis, trend->steps[i].to_us),
                y_of(panel, panel->share(&trend->steps[i]).value));
    text_add(d->out, "\n");
}

static void add_shares(const struct drawing *d, const struct panel *panel)
{
    const struct trend_step *steps = d->trend->steps;
    size_t count = d->trend->step_count;
    for (size_t first = 0, end; first < count; first = end) {
        end = first + 1;
        if (!is_drawn(&steps[first]))
            continue;
        while (end < count && is_drawn(&steps[end]) && !steps[end].is_broken)
            end++;
        add_band(d, panel, first, end);
    }
    add_points(d, panel);
}

static void add_naive(const struct drawing *d, const struct panel *panel)
{
    bool drawn = false;
    double most = -1, most_x = 0;
    text_add(d->out, "<path class=\"naive\" d=\"");
    for (size_t i = 0; i < d->trend->step_count; i++) {
        const struct trend_step *step = &d->trend->steps[i];
        double share = naive_of(d->trend, step);
        if (share >= 0)
            text_printf(d->out, "%c%.1f %.1f", drawn ? 'L' : 'M', page_axis_x(&d->axis, step->to_us),
                y_of(panel, share));
        drawn = share >= 0;
        if (share > most) {
            most = share;
            most_x = page_axis_x(&d->axis, step->to_us);
        }
    }
    text_add(d->out, "\"/>\n");
    double edge = d->axis.right - 80, begin = d->axis.left + 80;
    if (most >= 0)
        text_printf(d->out, "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\">naive count: misleading</text>\n",
            most_x > edge    ? edge
            : most_x < begin ? begin
                             : most_x,
            y_of(panel, most) - 7);
}

static void add_panel(const struct drawing *d, const struct panel *panel)
{
    add_scale(d, panel);
    text_printf(d->out, "<text class=\"paneltitle\" x=\"%.1f\" y=\"%.1f\">%s</text>\n", d->axis.left,
        panel->top - 7, panel->title);
    if (panel->naive)
        add_naive(d, panel);
    add_shares(d, panel);
}

/* ---- what happened ---- */

const char *page_trend_word(const struct trend_event *event)
{
    static const struct {
        const char *what, *word;
    } words[] = {{"publish", "published"}, {"trust", "trusted"}, {"sign", "signs"}, {"revoke", "revoked"},
        {"withdraw", "withdrawn"}, {"postpone", "postponed"}, {"resume", "resumed"},
        {"back-out", "backed out"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(event->what, words[i].what) == 0)
            return words[i].word;
    return event->what;
}

static void event_words(const struct trend_event *event, char out[64])
{
    if (event->key >= 0)
        snprintf(out, 64, "%d %s", event->key, page_trend_word(event));
    else
        snprintf(out, 64, "%s", page_trend_word(event));
}

/* Lines for the plan's dates, their words where there is room; the list below the plot has all. Returns the
 * rows of words; `draws` false: only that. */
static int add_events(const struct drawing *d, bool draws)
{
    double taken[LABEL_ROWS] = {0};
    int rows = 0;
    for (size_t i = 0; i < d->trend->event_count; i++) {
        const struct trend_event *event = &d->trend->events[i];
        char words[64];
        double x = page_axis_x(&d->axis, event->at_us);
        event_words(event, words);
        double width = letter_width * (double)strlen(words) + 8;
        double at = x + width > d->axis.right ? d->axis.right - width : x + 3;
        int row = 0;
        while (row < LABEL_ROWS && taken[row] > at)
            row++;
        double y = LABEL_HEIGHT * (row < LABEL_ROWS ? row + 1 : 1);
        if (row < LABEL_ROWS) {
            taken[row] = at + width;
            rows = row + 1 > rows ? row + 1 : rows;
        }
        if (!draws)
            continue;
        text_printf(d->out, "<path class=\"event\" d=\"M%.1f %.1fV%.1f\"/>", x, y - 11, d->bottom);
        if (row < LABEL_ROWS)
            text_printf(d->out, "<text class=\"eventname\" x=\"%.1f\" y=\"%.1f\">%s</text>\n", at, y, words);
    }
    return rows;
}

static void add_feeds(const struct drawing *d)
{
    for (size_t i = 0; i < d->trend->feed_count && i < MOST_FEED_LINES; i++) {
        const struct feeds_change *feed = &d->trend->feeds[i];
        double x = page_axis_x(&d->axis, feed->at_us);
        text_printf(d->out, "<path class=\"feed\" d=\"M%.1f %.1fV%.1f\"/>", x, d->top, d->bottom);
        text_printf(d->out, "<path class=\"feedmark\" d=\"M%.1f %.1fl4 %dh-8z\"/>\n", x,
            d->bottom + (feed->begins ? 1 : 8), feed->begins ? 7 : -7);
    }
}

static void describe(const struct trend *trend, struct text *out)
{
    const struct trend_step *last = trend->step_count ? &trend->steps[trend->step_count - 1] : NULL;
    text_printf(out, "%zu steps; ", trend->step_count);
    if (last && is_drawn(last)) {
        text_add(out, "at the last one the share that is proved to hold only the old key is ");
        page_html_interval(out, last->share);
        text_add(out, "; ");
    }
    text_add(out, "the table below has them in words.");
}

void page_trend_plot(struct text *out, const struct trend *trend, const struct page_plot *plot)
{
    struct drawing d = {.out = out,
        .trend = trend,
        .axis = {trend->from_us, trend->to_us, plot->slim ? 44 : 46, plot->width - 8}};
    d.top = add_events(&d, false) * LABEL_HEIGHT + 8;
    const struct panel panels[] = {
        {.title = plot->slim ? "Names the new key, of those told"
                             : "Names the new key, of those whose word is known",
            .class = "new",
            .share = new_share,
            .top = d.top + 16,
            .height = plot->slim ? 70 : 80,
            .scale = {1, 2}},
        {.title = "Is proved to hold only the old key",
            .class = "old",
            .share = old_share,
            .top = d.top + (plot->slim ? 132 : 144),
            .height = plot->slim ? 170 : 190,
            .scale = scale_of(trend),
            .naive = true},
    };
    d.bottom = panels[1].top + panels[1].height;
    page_plot_open(out, plot, "trend", d.bottom + 28, "Readiness over time");
    describe(trend, out);
    page_plot_described(out);
    page_axis_draw(out, &d.axis, d.top, d.bottom + 9);
    add_feeds(&d);
    add_events(&d, true);
    for (size_t i = 0; i < sizeof panels / sizeof *panels; i++)
        add_panel(&d, &panels[i]);
    text_add(out, "</svg>\n");
}

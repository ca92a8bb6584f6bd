/* Readiness over time: the plot, what happened meanwhile, and the steps as a table. */
#include "app/report/page/page_trend.h"

#include "app/report/page/page_html.h"
#include "app/report/page/page_inside.h"

#include <inttypes.h>
#include <stdlib.h>

enum { MOST_LINES = 40, MOST_NAMES = 8, MOST_STEPS = 120 };

/* ---- what happened ---- */

static void add_event(struct text *out, const struct trend_event *event)
{
    text_add(out, "<li>");
    html_time(out, event->at_us);
    text_add(out, " ");
    if (event->key >= 0) {
        text_printf(out, "key %d %s</li>\n", event->key, page_trend_word(event));
        return;
    }
    text_printf(out, "<strong>%s</strong>: the new key signs ", page_trend_word(event));
    if (event->sign_us == UTC_OPEN)
        text_add(out, "without a date");
    else
        html_time(out, event->sign_us);
    if (event->who) {
        text_add(out, ", by ");
        html_name(out, event->who);
    }
    if (event->reason) {
        text_add(out, ": ");
        html_name(out, event->reason);
    }
    text_add(out, "</li>\n");
}

/* Those of one moment that begin, or end, are one line. */
static size_t line_of(const struct trend *trend, size_t first)
{
    const struct feeds_change *feeds = trend->feeds;
    size_t end = first + 1;
    while (end < trend->feed_count && feeds[end].at_us == feeds[first].at_us &&
           feeds[end].begins == feeds[first].begins)
        end++;
    return end;
}

static void add_feeds(struct text *out, const struct trend *trend)
{
    size_t first = 0;
    for (size_t lines = 0, end; first < trend->feed_count && lines < MOST_LINES; first = end, lines++) {
        end = line_of(trend, first);
        text_add(out, "<li>");
        html_time(out, trend->feeds[first].at_us);
        for (size_t i = first; i < end && i < first + MOST_NAMES; i++) {
            text_add(out, i > first ? ", " : " ");
            html_name(out, trend->feeds[i].collector);
        }
        if (end > first + MOST_NAMES)
            text_printf(out, " and %zu more", end - first - MOST_NAMES);
        text_printf(
            out, " %s%s</li>\n", trend->feeds[first].begins ? "begin" : "end", end == first + 1 ? "s" : "");
    }
    if (first < trend->feed_count)
        text_printf(out, "<li>%zu more are left out.</li>\n", trend->feed_count - first);
}

static void add_lists(struct text *out, const struct trend *trend)
{
    text_add(out, "<div class=\"pair small\">\n");
    if (trend->event_count) {
        text_add(out, "<div><h3>By the plan</h3>\n<ul>\n");
        for (size_t i = 0; i < trend->event_count && i < MOST_LINES; i++)
            add_event(out, &trend->events[i]);
        if (trend->event_count > MOST_LINES)
            text_printf(out, "<li>%zu more are left out.</li>\n", trend->event_count - MOST_LINES);
        text_add(out, "</ul></div>\n");
    }
    if (trend->feed_count) {
        text_add(out, "<div><h3>Changes of feeds</h3>\n<ul>\n");
        add_feeds(out, trend);
        text_add(out, "</ul></div>\n");
    }
    text_add(out, "</div>\n");
}

/* ---- the table ---- */

static const struct html_column columns[] = {
    {"Up to", false, false},
    {"Naive", true, false},
    {"Only the old key, of told", true, false},
    {"95&#160;%", true, false},
    {"New key, of told", true, false},
    {"Told", true, false},
    {"At risk", true, false},
    {"Collectors throughout", true, false},
    {"Change, like with like, in points", true, false},
};

static void add_shares(struct text *out, const struct trend_step *step)
{
    uint64_t told = readiness_told(step->total.sources);
    html_cell(out, columns, 2);
    if (!step->is_judged)
        html_name(out, step->reason ? step->reason : "not judged");
    else if (told)
        page_html_share(out, step->share.value);
    html_cell(out, columns, 3);
    if (step->is_judged && told)
        text_printf(out, "%.1f to %.1f&#160;%%", 100 * step->share.low, 100 * step->share.high);
    html_cell(out, columns, 4);
    if (told)
        page_html_share(out, (double)step->total.sources[CLASSIFY_READY] / (double)told);
    html_cell(out, columns, 5);
    text_add_number(out, (int64_t)told);
    html_cell(out, columns, 6);
    page_html_bounds(
        out, (double)step->total.sources[CLASSIFY_OLD_ONLY], (double)readiness_upper(step->total.sources));
}

static void add_change(struct text *out, const struct trend_step *step)
{
    html_cell(out, columns, 7);
    text_printf(out, "%zu%s", step->collectors, step->feeds_changed ? " (feeds changed)" : "");
    html_cell(out, columns, 8);
    if (step->has_like)
        text_printf(out, "%+.2f (%+.2f to %+.2f)", step->like_change, step->like_low, step->like_high);
    else if (step->no_like)
        html_name(out, step->no_like);
}

static void add_step(struct text *out, const struct trend *trend, const struct trend_step *step)
{
    uint64_t part, whole;
    trend_naive(trend, step, &part, &whole);
    html_row(out);
    html_cell(out, columns, 0);
    html_time(out, step->to_us);
    html_cell(out, columns, 1);
    if (whole)
        page_html_share(out, (double)part / (double)whole);
    add_shares(out, step);
    add_change(out, step);
    html_row_end(out);
}

static void add_table(struct text *out, const struct trend *trend)
{
    size_t first = trend->step_count > MOST_STEPS ? trend->step_count - MOST_STEPS : 0;
    text_add(out, "<details><summary>As a table</summary>\n");
    html_table(out, HTML_TABLE_CARDS, "Readiness step by step", columns, sizeof columns / sizeof *columns);
    for (size_t i = first; i < trend->step_count; i++)
        add_step(out, trend, &trend->steps[i]);
    html_table_end(out);
    if (first)
        text_printf(out,
            "<p class=\"small\">%zu earlier steps are left out; <code>rollcall report --trend</code> has "
            "all.</p>\n",
            first);
    text_add(out, "</details>\n");
}

static bool is_empty(const struct trend *trend)
{
    uint64_t seen = 0;
    for (size_t i = 0; i < trend->day_count; i++)
        seen += trend->days[i].seen;
    for (size_t i = 0; i < trend->step_count; i++)
        seen += readiness_told(trend->steps[i].total.sources);
    return seen == 0;
}

void page_trend(const struct page *page, struct text *out)
{
    const struct trend *trend = page->trend;
    if (!trend && !page->no_trend)
        return;
    html_open(out, "trend", "How it changed");
    if (!trend || is_empty(trend)) {
        text_add(out, "<p>No trend: ");
        html_name(out, page->no_trend ? page->no_trend : "nothing was seen in any step");
        text_add(out, ".</p>\n");
        html_close(out);
        return;
    }
    text_printf(out,
        "<p>In steps of %" PRId64
        " days, each judged by the plan as it stood at its end. A line joins only what the same "
        "collectors saw: where feeds change it is broken, and that is no change of "
        "readiness.</p>\n<figure>\n",
        trend->step_us / UTC_DAY);
    for (size_t i = 0; i < PAGE_PLOTS; i++)
        page_trend_plot(out, trend, &page_plots[i]);
    text_add(out,
        "<p class=\"legend\"><span class=\"key key-old\">only the old key, with its 95&#160;% "
        "interval</span> <span "
        "class=\"key key-new\">the new key</span> <span class=\"key key-naive\">naive count of addresses: "
        "misleading</span> <span class=\"key "
        "key-event\">dates "
        "of the plan</span> <span class=\"key key-feed\">a feed begins \xe2\x96\xb2 or ends "
        "\xe2\x96\xbc</span></p>\n</figure>\n");
    add_lists(out, trend);
    add_table(out, trend);
    html_close(out);
}

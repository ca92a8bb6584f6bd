/* When each collector was at work: what nobody looked at says nothing about the world. Spans of work that lie
 * closer together than can be drawn are drawn as one; the table counts every pause. */
#include "app/report/page/page_axis.h"
#include "app/report/page/page_html.h"
#include "app/report/page/page_inside.h"

#include "base/utc.h"

enum { MOST_ROWS = 64, LABEL_WIDE = 22, LABEL_SLIM = 44 };

static struct page_axis axis_of(const struct page *page, const struct page_plot *plot)
{
    const struct readiness *readiness = page->readiness;
    const struct sightings_question *question = readiness->wish->question;
    struct page_axis axis = {.from_us = question->from_us,
        .to_us = question->to_us,
        .left = plot->slim ? 4 : 170,
        .right = plot->width - 6};
    for (size_t i = 0; i < readiness->coverage_count; i++) {
        const struct sightings_coverage *one = &readiness->coverage[i];
        if (one->from_us >= one->to_us)
            continue;
        axis.from_us = one->from_us < axis.from_us ? one->from_us : axis.from_us;
        axis.to_us = one->to_us > axis.to_us ? one->to_us : axis.to_us;
    }
    return axis;
}

static void add_work(struct text *out, const struct page_axis *axis, const struct sightings_coverage *one,
    double y, double height)
{
    double begun = -1, ended = -1;
    text_add(out, "<path class=\"work\" d=\"");
    for (size_t i = 0; i <= one->work_count; i++) {
        bool more = i < one->work_count;
        double from = more ? page_axis_x(axis, one->work[i].from_us) : axis->right + 9;
        double to = more ? page_axis_x(axis, one->work[i].to_us) : 0;
        if (begun >= 0 && from > ended + 0.8) {
            double width = ended - begun < 1 ? 1 : ended - begun;
            text_printf(out, "M%.1f %.1fh%.1fv%.1fh-%.1fz", begun, y, width, height, width);
            begun = -1;
        }
        begun = begun < 0 ? from : begun;
        ended = to > ended ? to : ended;
    }
    text_add(out, "\"/>\n");
}

static void add_plot(const struct page *page, const struct page_plot *plot, struct text *out)
{
    const struct readiness *readiness = page->readiness;
    const struct sightings_question *question = readiness->wish->question;
    size_t rows = readiness->coverage_count < MOST_ROWS ? readiness->coverage_count : MOST_ROWS;
    struct page_axis axis = axis_of(page, plot);
    double step = plot->slim ? 36 : 23, bar = plot->slim ? 13 : 14, top = 6,
           bottom = top + step * (double)rows;
    page_plot_open(out, plot, "coverage", bottom + 22, "When each collector was at work");
    text_printf(out, "%zu collectors, from left to right in time; the table below has them in words.",
        readiness->coverage_count);
    page_plot_described(out);
    double judged = page_axis_x(&axis, question->from_us);
    text_printf(out, "<rect class=\"judged\" x=\"%.1f\" y=\"0\" width=\"%.1f\" height=\"%.1f\"/>\n", judged,
        page_axis_x(&axis, question->to_us) - judged, bottom);
    page_axis_draw(out, &axis, 0, bottom);
    for (size_t i = 0; i < rows; i++) {
        const struct sightings_coverage *one = &readiness->coverage[i];
        double y = top + step * (double)i + (plot->slim ? 16 : 0);
        text_printf(out, "<text class=\"name\" x=\"%.1f\" y=\"%.1f\">", plot->slim ? axis.left : 0.0,
            plot->slim ? y - 4 : y + 11);
        html_cut(out, one->collector, plot->slim ? LABEL_SLIM : LABEL_WIDE);
        text_printf(
            out, "</text><path class=\"track\" d=\"M%.1f %.1fH%.1f\"/>", axis.left, y + bar / 2, axis.right);
        add_work(out, &axis, one, y, bar);
    }
    text_add(out, "</svg>\n");
}

/* ---- the table ---- */

static const struct html_column columns[] = {
    {"Collector", false, false},
    {"From", false, false},
    {"To", false, false},
    {"At work when judged", true, false},
    {"Pauses", true, false},
    {"Packets", true, false},
    {"Dropped", true, false},
};

static int64_t work_within(const struct sightings_coverage *one, int64_t from_us, int64_t to_us)
{
    int64_t sum_us = 0;
    for (size_t i = 0; i < one->work_count; i++) {
        int64_t begin_us = one->work[i].from_us > from_us ? one->work[i].from_us : from_us;
        int64_t end_us = one->work[i].to_us < to_us ? one->work[i].to_us : to_us;
        sum_us += end_us > begin_us ? end_us - begin_us : 0;
    }
    return sum_us;
}

static void add_row(const struct page *page, const struct sightings_coverage *one, struct text *out)
{
    const struct sightings_question *question = page->readiness->wish->question;
    bool any = one->from_us < one->to_us;
    char words[UTC_TEXT];
    html_row(out);
    html_cell(out, columns, 0);
    html_name(out, one->collector);
    for (size_t i = 1; i <= 2; i++) {
        html_cell(out, columns, i);
        if (any)
            html_time(out, i == 1 ? one->from_us : one->to_us);
        else
            text_add(out, "nothing counted");
    }
    html_cell(out, columns, 3);
    page_html_share(out, (double)work_within(one, question->from_us, question->to_us) /
                             (double)(question->to_us - question->from_us));
    html_cell(out, columns, 4);
    text_add_number(out, (int64_t)one->gaps);
    if (one->gaps)
        text_printf(out, " (%s)", utc_format_words(one->gap_us, words));
    html_cell(out, columns, 5);
    text_add_number(out, (int64_t)one->packets);
    html_cell(out, columns, 6);
    text_add_number(out, (int64_t)one->dropped);
    html_row_end(out);
}

void page_coverage(const struct page *page, struct text *out)
{
    const struct readiness *readiness = page->readiness;
    html_open(out, "coverage", "Who looked, and when");
    if (readiness->coverage_count == 0) {
        text_add(out, "<p>No collector: nothing was looked at.</p>\n");
        html_close(out);
        return;
    }
    text_add(out, "<p>What no collector saw says nothing about the world. The shaded time is the one that is "
                  "judged.</p>\n"
                  "<figure>\n");
    for (size_t i = 0; i < PAGE_PLOTS; i++)
        add_plot(page, &page_plots[i], out);
    text_add(out, "</figure>\n<details open><summary>As a table</summary>\n");
    html_table(out, HTML_TABLE_CARDS, "Coverage by collector", columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < readiness->coverage_count && i < MOST_ROWS; i++)
        add_row(page, &readiness->coverage[i], out);
    html_table_end(out);
    text_add(out, "</details>\n");
    if (readiness->coverage_count > MOST_ROWS)
        text_printf(out, "<p class=\"small\">%zu more collectors are left out.</p>\n",
            readiness->coverage_count - MOST_ROWS);
    html_close(out);
}

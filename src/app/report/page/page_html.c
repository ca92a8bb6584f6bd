#include "app/report/page/page_html.h"

#include "base/utc.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PAGE_HTML_MOST = 1000 };

void page_html_open(struct text *out, const char *id, const char *title)
{
    text_printf(
        out, "<section class=\"card\" id=\"%s\" aria-labelledby=\"%s-h\">\n<h2 id=\"%s-h\">", id, id, id);
    text_add_html(out, title);
    text_add(out, "</h2>\n");
}

void page_html_close(struct text *out)
{
    text_add(out, "</section>\n");
}

/* ---- tables ---- */

void page_html_table(struct text *out, enum page_table kind, const char *caption,
    const struct page_column *columns, size_t count)
{
    text_printf(out, "<table class=\"%s\"><caption class=\"hidden\">",
        kind == PAGE_TABLE_CARDS ? "grid people" : "grid");
    text_add_html(out, caption);
    text_add(out, "</caption>\n<thead><tr>");
    for (size_t i = 0; i < count; i++)
        text_printf(out, "<th scope=\"col\"%s>%s</th>",
            columns[i].spare    ? " class=\"n spare\""
            : columns[i].number ? " class=\"n\""
                                : "",
            columns[i].name);
    text_add(out, "</tr></thead>\n<tbody>\n");
}

void page_html_table_end(struct text *out)
{
    text_add(out, "</tbody></table>\n");
}

void page_html_row(struct text *out)
{
    text_add(out, "<tr>");
}

void page_html_cell(struct text *out, const struct page_column *columns, size_t column)
{
    if (column == 0) {
        text_add(out, "<th scope=\"row\">");
        return;
    }
    text_printf(out, "%s<td%s data-th=\"%s\">", column == 1 ? "</th>" : "</td>",
        columns[column].spare    ? " class=\"n spare\""
        : columns[column].number ? " class=\"n\""
                                 : "",
        columns[column].name);
}

void page_html_row_end(struct text *out)
{
    text_add(out, "</td></tr>\n");
}

/* ---- numbers, names, moments ---- */

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

void page_html_count(struct text *out, uint64_t count, const char *one, const char *many)
{
    text_add_number(out, (int64_t)count);
    text_printf(out, " %s", count == 1 ? one : many);
}

void page_html_cut(struct text *out, const char *words, size_t most)
{
    size_t length = strlen(words), taken = 0;
    char kept[PAGE_HTML_MOST + 1];
    if (length <= most) {
        text_add_html(out, words);
        return;
    }
    most = most < PAGE_HTML_MOST ? most : PAGE_HTML_MOST;
    for (;;) { /* no half character; what is none counts as one */
        unsigned code;
        size_t step = text_utf8(words + taken, length - taken, &code);
        step = step ? step : 1;
        if (taken + step > most)
            break;
        taken += step;
    }
    memcpy(kept, words, taken);
    kept[taken] = '\0';
    text_add_html(out, kept);
    text_add(out, "\xe2\x80\xa6");
}

void page_html_words(struct text *out, const char *words, size_t most)
{
    text_add(out, "<bdi>");
    page_html_cut(out, words, most);
    text_add(out, "</bdi>");
}

void page_html_name(struct text *out, const char *name)
{
    page_html_words(out, name, PAGE_HTML_NAME);
}

void page_html_time(struct text *out, int64_t us)
{
    char whole[UTC_TEXT];
    if (us == UTC_OPEN) {
        text_add(out, "no date");
        return;
    }
    struct utc_date date = utc_date_of(us);
    text_printf(
        out, "<time datetime=\"%s\">%04d-%02d-%02d", utc_format(us, whole), date.year, date.month, date.day);
    if (date.hour || date.minute || date.second)
        text_printf(out, "&#160;%02d:%02d&#160;UTC", date.hour, date.minute);
    text_add(out, "</time>");
}

#include "base/html.h"

#include "base/utc.h"

#include <string.h>

enum { HTML_MOST = 1000 };

void html_document(struct text *out)
{
    text_add(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                  "<meta name=\"color-scheme\" content=\"light dark\">\n");
}

void html_alone(struct text *out)
{
    text_add(out, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
                  "'unsafe-inline'\">\n");
}

void html_open(struct text *out, const char *id, const char *title)
{
    text_printf(
        out, "<section class=\"card\" id=\"%s\" aria-labelledby=\"%s-h\">\n<h2 id=\"%s-h\">", id, id, id);
    text_add_html(out, title);
    text_add(out, "</h2>\n");
}

void html_close(struct text *out)
{
    text_add(out, "</section>\n");
}

/* ---- tables ---- */

void html_table(struct text *out, enum html_table_kind kind, const char *caption,
    const struct html_column *columns, size_t count)
{
    text_printf(out, "<table class=\"%s\"><caption class=\"hidden\">",
        kind == HTML_TABLE_CARDS ? "grid people" : "grid");
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

void html_table_end(struct text *out)
{
    text_add(out, "</tbody></table>\n");
}

void html_row(struct text *out)
{
    text_add(out, "<tr>");
}

void html_cell(struct text *out, const struct html_column *columns, size_t column)
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

void html_row_end(struct text *out)
{
    text_add(out, "</td></tr>\n");
}

/* ---- numbers, names, moments ---- */

void html_count(struct text *out, uint64_t count, const char *one, const char *many)
{
    text_add_number(out, (int64_t)count);
    text_printf(out, " %s", count == 1 ? one : many);
}

void html_cut(struct text *out, const char *words, size_t most)
{
    size_t length = strlen(words), taken = 0;
    char kept[HTML_MOST + 1];
    if (length <= most) {
        text_add_html(out, words);
        return;
    }
    most = most < HTML_MOST ? most : HTML_MOST;
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

void html_words(struct text *out, const char *words, size_t most)
{
    text_add(out, "<bdi>");
    html_cut(out, words, most);
    text_add(out, "</bdi>");
}

void html_name(struct text *out, const char *name)
{
    html_words(out, name, HTML_NAME);
}

void html_time(struct text *out, int64_t us)
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

/* page_html: the small parts of the readiness page: sections, tables, numbers, names. Internal to app/report.
 */
#ifndef APP_REPORT_PAGE_HTML_H
#define APP_REPORT_PAGE_HTML_H

#include "base/text.h"
#include "core/roll/interval.h"

#include <stdint.h>

void page_html_open(struct text *out, const char *id, const char *title);
void page_html_close(struct text *out);

/* A table up to its first row. Its last column is as wide as there is room. */
struct page_column {
    const char *name;
    bool number;
    bool spare; /* left out on a narrow screen */
};
enum page_table {
    PAGE_TABLE,       /* stays a table */
    PAGE_TABLE_CARDS, /* a list of cards on a narrow screen */
};
void page_html_table(struct text *out, enum page_table kind, const char *caption,
    const struct page_column *columns, size_t count);
void page_html_table_end(struct text *out);
/* The begin of a cell; it ends with the next one's, or with the row's. The first of a row names it. */
void page_html_row(struct text *out);
void page_html_cell(struct text *out, const struct page_column *columns, size_t column);
void page_html_row_end(struct text *out);

/* "2.54 %", "0.004 %": two digits that count. */
void page_html_share(struct text *out, double share);
/* "2.54 % (95 %: 1.46 to 4.39 %)" */
void page_html_interval(struct text *out, struct interval interval);
/* "12 to 207"; one number where they are alike */
void page_html_bounds(struct text *out, double low, double high);
/* "1 source", "12 sources" */
void page_html_count(struct text *out, uint64_t count, const char *one, const char *many);
/* A stranger's words, whatever their direction: at most so many octets of them, then an ellipsis. */
enum { PAGE_HTML_NAME = 300 };
void page_html_words(struct text *out, const char *words, size_t most);
void page_html_name(struct text *out, const char *name);              /* of PAGE_HTML_NAME */
void page_html_cut(struct text *out, const char *words, size_t most); /* for SVG: without their direction */
/* A date, or a date and time; "no date". */
void page_html_time(struct text *out, int64_t us);

#endif

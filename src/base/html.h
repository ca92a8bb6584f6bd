/* html: the small parts of a page: sections, tables, names, moments. Whatever strangers wrote is escaped
 * here.
 */
#ifndef BASE_HTML_H
#define BASE_HTML_H

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

/* A document up to its title, which the caller adds; and for one that is a file: it asks for nothing and runs
 * nothing, whatever is written in it. */
void html_document(struct text *out);
void html_alone(struct text *out);

void html_open(struct text *out, const char *id, const char *title);
void html_close(struct text *out);

/* A table up to its first row. Its last column is as wide as there is room. */
struct html_column {
    const char *name;
    bool number;
    bool spare; /* left out on a narrow screen */
};
enum html_table_kind {
    HTML_TABLE,       /* stays a table */
    HTML_TABLE_CARDS, /* a list of cards on a narrow screen */
};
void html_table(struct text *out, enum html_table_kind kind, const char *caption,
    const struct html_column *columns, size_t count);
void html_table_end(struct text *out);
/* The begin of a cell; it ends with the next one's, or with the row's. The first of a row names it. */
void html_row(struct text *out);
void html_cell(struct text *out, const struct html_column *columns, size_t column);
void html_row_end(struct text *out);

/* "1 source", "12 sources" */
void html_count(struct text *out, uint64_t count, const char *one, const char *many);
/* A stranger's words, whatever their direction: at most so many octets of them, then an ellipsis. */
enum { HTML_NAME = 300 };
void html_words(struct text *out, const char *words, size_t most);
void html_name(struct text *out, const char *name);              /* of HTML_NAME */
void html_cut(struct text *out, const char *words, size_t most); /* for SVG: without their direction */
/* A date, or a date and time; "no date". */
void html_time(struct text *out, int64_t us);

#endif

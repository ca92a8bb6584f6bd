/* operators_list: one address as its operator reads it, in a letter and in a CSV. Internal to app/report. */
#ifndef APP_REPORT_OPERATORS_LIST_H
#define APP_REPORT_OPERATORS_LIST_H

#include "app/report/readiness.h"

/* Sets of keys that sources told, found by source. */
struct operators_told {
    const struct sightings_line *lines; /* of one source */
    size_t count;
};
struct operators_told operators_list_told(const struct sightings_answer *told, const uint8_t source[16]);

/* Some lines: the address; when it was seen; what it asked; what it told. */
void operators_list_add(
    const struct classify_source *source, const struct operators_told *told, struct text *text);

/* RFC 4180, as report_csv.c writes it. */
void operators_list_csv_head(struct text *text);
void operators_list_csv(const char *network, const struct classify_source *source,
    const struct operators_told *told, struct text *text);

#endif

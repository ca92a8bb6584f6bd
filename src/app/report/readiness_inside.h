/* readiness_inside: what the forms of a readiness report share. Internal to app/report. */
#ifndef APP_REPORT_READINESS_INSIDE_H
#define APP_REPORT_READINESS_INSIDE_H

#include "app/report/readiness.h"

void readiness_table(const struct readiness *readiness, size_t columns, struct text *text);
void readiness_json(const struct readiness *readiness, struct text *text);
void readiness_csv(const struct readiness *readiness, struct text *text);

const char *readiness_by_word(enum readiness_by by);

/* "192.0.2.0/24", "AS64500 NAME", "NZ", or "unknown". */
void readiness_add_key(
    const struct readiness *readiness, const struct readiness_group *group, struct text *text);

/* The share of old-only, confirmed, among those that told. */
struct interval readiness_share(const struct readiness_group *group);

#endif

/* inside: what the forms of a report share. Internal to app/report. */
#ifndef APP_REPORT_INSIDE_H
#define APP_REPORT_INSIDE_H

#include "app/report/report.h"

#include "core/zone/address.h"

struct json;

void report_table(const struct report *report, struct text *text);
void report_json(const struct report *report, struct text *text);
void report_csv(const struct report *report, struct text *text);

const char *report_by_word(enum sightings_by by);

/* The store's name without the password of a URL. */
void report_add_store(struct text *text, const char *store);

/* A stranger's string: what is not printable ASCII as \DDD. */
void report_add_name(struct text *text, const char *name);

/* The field of `by` that stands before the zone: a date, an address or a collector; "" by tagset and key. */
void report_add_front(struct text *text, enum sightings_by by, const struct sightings_line *line);

/* The tags of a line, in decimal, separated by spaces. */
void report_add_tags(struct text *text, const struct sightings_line *line);

/* The label that a resolver asks to tell this set (RFC 8145 §5.1): "_ta-4f66-9728"; false if it does not fit
 * into one, as only the EDNS option can tell so many. */
bool report_label(const struct sightings_line *line, char out[TASIGNAL_MAX_LABEL + 1]);

/* For people. */
void report_add_share(struct text *text, uint64_t part, uint64_t whole); /* "12.3 %" */

/* JSON: adds a value without the line's end, and frees it; sets a string that `add` writes, or null. */
void report_add_value(struct text *text, struct json *value, bool pretty);
void report_set_text(
    struct json *object, const char *name, void (*add)(struct text *, const char *), const char *string);

/* CSV: a cell and its comma; one that was put together in `cell`, which is emptied. */
void report_add_cell(struct text *text, const char *cell);
void report_take_cell(struct text *text, struct text *cell);

#endif

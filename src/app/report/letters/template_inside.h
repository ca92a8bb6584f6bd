/* template_inside: what reading and writing a template share. Internal to app/report. */
#ifndef APP_REPORT_TEMPLATE_INSIDE_H
#define APP_REPORT_TEMPLATE_INSIDE_H

#include "app/report/letters/template.h"

enum template_what { PIECE_TEXT, PIECE_FIELD, PIECE_SECTION };

/* Variants of fields of several: the places of their endings. */
enum { BOUNDS_PROVED, BOUNDS_NOT_DISPROVED, BOUNDS_AT_RISK };
enum { MOMENT_DATE, MOMENT_DATE_LONG, MOMENT_TIME };

struct template_piece {
    enum template_what what;
    const char *text; /* of PIECE_TEXT */
    size_t length;
    size_t number;  /* of the field, or condition */
    int variant;    /* of the field */
    bool otherwise; /* a section for where the condition does not hold */
    size_t end;     /* of the section: the first piece behind it */
};

struct template_pieces {
    const struct template_piece *pieces;
    size_t count;
};

/* The fields of a date's long form. */
enum { DATE_DAY, DATE_MONTH, DATE_MONTH_NUMBER, DATE_YEAR, DATE_FIELDS };
extern const struct template_terms template_date_terms;

/* A text that is read: no control characters but line ends, valid UTF-8. */
struct template_source {
    const char *file, *bytes;
    size_t length;
    struct arena *arena;
    struct err_note *note;
};

/* ERR_DATA, with where `at` lies. */
int template_wrong(const struct template_source *source, const char *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
unsigned template_line(const struct template_source *source, const char *at);

/* Takes what lies in [from, to) apart, by terms. *ret_date_long: the first field that wants a date's long
 * form, or NULL. */
int template_take_apart(const struct template_source *source, const struct template_terms *terms,
    const char *from, const char *to, const struct template_pieces **ret_pieces, const char **ret_date_long);

#endif

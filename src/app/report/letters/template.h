/* template: letters as people write them, in any language: UTF-8 of at most 64 KiB, a header, a blank line,
 * and a text with named fields and sections. rollcall-letters(5) documents the form.
 *
 *     format: rollcall.letter/1
 *     language: en
 *     subject: {{networks-at-risk}} networks
 *
 *     {{#before}}
 *     The new key signs from {{roll-date}} on.
 *     {{/before}}
 *
 * What a letter may name is told by its *terms*, a table. A field that is not always known belongs to a
 * condition, and may stand only within a section of that condition: so no letter can have a hole. All this is
 * checked when a template is read; filling it in cannot fail but for want of memory. */
#ifndef APP_REPORT_TEMPLATE_H
#define APP_REPORT_TEMPLATE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TEMPLATE_MAX_SIZE = 64 << 10,
    TEMPLATE_MAX_DEPTH = 8,     /* of sections */
    TEMPLATE_MAX_SUBJECT = 400, /* octets */
    TEMPLATE_MAX_LANGUAGE = 35, /* octets, as RFC 5646 §4.4.1 advises */
    TEMPLATE_MAX_COUNTRIES = 300,
    TEMPLATE_MAX_CONDITIONS = 32, /* of terms */
    TEMPLATE_MONTHS = 12,
    TEMPLATE_ALWAYS = -1, /* no condition */
};

/* ---- terms ---- */

enum template_type {
    TEMPLATE_TEXT,   /* of anybody: made safe when it is filled in */
    TEMPLATE_NUMBER, /* grouped as the header says */
    TEMPLATE_BOUNDS, /* NAME-proved, NAME-not-disproved, NAME-at-risk: "12–111" */
    TEMPLATE_MOMENT, /* NAME-date: 2018-10-11, NAME-date-long: as the header says, NAME-time: 16:00. UTC */
    TEMPLATE_BLOCK,  /* lines of our own, as they are; alone on its line */
};

struct template_field {
    const char *name;
    enum template_type type;
    int needs; /* a condition, or TEMPLATE_ALWAYS */
};

struct template_condition {
    const char *name;
    int implies; /* another one that holds with it, or TEMPLATE_ALWAYS */
};

struct template_terms {
    const char *format; /* "rollcall.letter/1" */
    const struct template_field *fields;
    size_t field_count;
    const struct template_condition *conditions; /* at most TEMPLATE_MAX_CONDITIONS */
    size_t condition_count;
};

/* Of a field, by its place in the terms. Those whose condition does not hold are not read. */
struct template_value {
    const char *text;
    int64_t number, high; /* of bounds: proved, not disproved. A moment in microseconds */
};

/* ---- templates ---- */

struct template_pieces; /* template_inside.h */

struct template
{
    const char *file, *language;
    bool rtl;            /* the language is written from right to left */
    char(*countries)[3]; /* that are addressed in it */
    size_t country_count;
    bool for_others;                     /* "*": and all that no template names */
    unsigned countries_line;             /* where that stands, 0: nowhere */
    const char *separator;               /* between groups of three digits */
    const char *months[TEMPLATE_MONTHS]; /* NULL: not given */
    const struct template_terms *terms;
    const struct template_pieces *subject, *body, *date_long;
};

/* Everything in *ret_template lives in the arena, or is `file`'s and `terms`' own. ERR_DATA with
 * "FILE:LINE:COLUMN: what is wrong", columns counted in characters; ERR_NOMEM. */
int template_parse(const struct template_terms *terms, const char *file, const char *bytes, size_t length,
    struct arena *arena, struct template *ret_template, struct err_note *note);

/* Adds the letter: "Subject: …", a blank line, the text. `conditions`: a bit each. ERR_NOMEM. */
int template_write(const struct template *template, const struct template_value *values, uint32_t conditions,
    struct text *ret_text);

#endif

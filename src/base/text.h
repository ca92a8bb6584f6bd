/* text: a string that grows, and text from strangers made safe to show.
 *
 * The string is always terminated. When memory runs short it sets `failed`, keeps what it has, and goes on
 * ignoring; check once, at the end. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
    char *string; /* never NULL after text_start(); freed by text_free() */
    size_t length, capacity;
    bool failed;
};

void text_start(struct text *text);
void text_free(struct text *text);
void text_clear(struct text *text); /* makes it empty, to be used again */
void text_add(struct text *text, const char *string);
void text_add_bytes(struct text *text, const char *bytes, size_t length);
void text_printf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* 1234567 as "1,234,567". */
void text_add_number(struct text *text, int64_t number);

/* Adds a stranger's string for a terminal: control characters (C0, C1, DEL), invalid UTF-8, bidirectional
 * marks and characters that do not show appear as \xNN, a backslash as \\; nothing else changes. */
void text_add_safe(struct text *text, const char *string);

/* Adds a format of at most 1,023 octets in the same way, whatever strangers' strings it takes in. */
void text_add_safe_format(struct text *text, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* Adds a string for HTML text or a quoted attribute: & < > " ' escaped, and what text_add_safe() escapes is
 * replaced by U+FFFD. */
void text_add_html(struct text *text, const char *string);

/* The length in bytes (1 to 4) of the valid UTF-8 character at `bytes`, 0 if there is none within `left`. */
size_t text_utf8(const char *bytes, size_t left, unsigned *ret_code_point);

/* Columns that a string takes on a terminal, counting one for each UTF-8 character. */
size_t text_columns(const char *string);

/* Adds a paragraph of at most `screen` columns, broken between words, its later lines indented; frees it. */
void text_add_wrapped(struct text *text, struct text *words, size_t indent, size_t screen);

#endif

/* The header of a template: a table of its lines, each with the function that reads its value. */
#include "app/report/letters/template_inside.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- where something is wrong ---- */

unsigned template_line(const struct template_source *source, const char *at)
{
    unsigned line = 1;
    for (const char *c = source->bytes; c < at; c++)
        line += *c == '\n';
    return line;
}

static unsigned column(const struct template_source *source, const char *at)
{
    unsigned column = 1;
    for (; at > source->bytes && at[-1] != '\n'; at--)
        column += ((unsigned char)at[-1] >> 6) != 2;
    return column;
}

int template_wrong(const struct template_source *source, const char *at, const char *format, ...)
{
    char what[256];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    return err_set(source->note, ERR_DATA, "%.200s:%u:%u: %s", source->file, template_line(source, at),
        column(source, at), what);
}

/* ---- the octets ---- */

/* A copy with line ends of one kind and blanks for tabs; without a byte order mark. */
static int normalize(struct template_source *source, const char *bytes, size_t length)
{
    static const char mark[] = "\xef\xbb\xbf";
    if (length >= 3 && memcmp(bytes, mark, 3) == 0) {
        bytes += 3;
        length -= 3;
    }
    if (length > TEMPLATE_MAX_SIZE)
        return err_set(
            source->note, ERR_DATA, "%.200s:1:1: is larger than %d octets", source->file, TEMPLATE_MAX_SIZE);
    char *copy = arena_alloc(source->arena, length + 1);
    if (!copy)
        return err_set(source->note, ERR_NOMEM, "%.200s: out of memory", source->file);
    for (size_t i = 0; i < length; i++)
        if (bytes[i] != '\r' || i + 1 == length || bytes[i + 1] != '\n')
            copy[source->length++] = bytes[i] == '\t' ? ' ' : bytes[i];
    source->bytes = copy;
    return 0;
}

static int check_characters(const struct template_source *source)
{
    unsigned code = 0;
    size_t step;
    for (const char *at = source->bytes, *end = at + source->length; at < end; at += step) {
        step = text_utf8(at, (size_t)(end - at), &code);
        if (step == 0)
            return template_wrong(source, at, "is not UTF-8 from here on");
        if ((code < 0x20 && code != '\n') || (code >= 0x7f && code < 0xa0) || code == 0x2028 ||
            code == 0x2029)
            return template_wrong(source, at, "a control character, U+%04X", code);
    }
    return 0;
}

/* ---- values of the header ---- */

struct header {
    const struct template_source *source;
    struct template *template;
    const char *subject, *subject_end, *date_long,
        *date_long_end; /* taken apart when the whole header is known */
};

static char *copy(const struct header *h, const char *from, const char *to)
{
    char *string = arena_alloc(h->source->arena, (size_t)(to - from) + 1);
    if (string)
        memcpy(string, from, (size_t)(to - from));
    return string;
}

static int no_memory(const struct header *h)
{
    return err_set(h->source->note, ERR_NOMEM, "%.200s: out of memory", h->source->file);
}

static bool is_word(const char *from, const char *to, const char *word)
{
    return (size_t)(to - from) == strlen(word) && memcmp(from, word, strlen(word)) == 0;
}

static int read_format(struct header *h, const char *from, const char *to)
{
    const char *format = h->template->terms->format;
    return is_word(from, to, format) ? 0 : template_wrong(h->source, from, "'%s' is wanted here", format);
}

/* As RFC 5646 writes them: it becomes part of a file's name. */
static int read_language(struct header *h, const char *from, const char *to)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
                      hyphen_digits[] = "-0123456789";
    bool good = to - from >= 2 && to - from <= TEMPLATE_MAX_LANGUAGE && to[-1] != '-';
    size_t part = 0;
    for (const char *c = from; c < to && good; c++) {
        part = *c == '-' ? 0 : part + 1;
        good = part <= 8 && (strchr(letters, *c) || (c > from + 1 && strchr(hyphen_digits, *c))) &&
               (*c != '-' || c[1] != '-');
    }
    if (!good)
        return template_wrong(h->source, from, "a language is wanted here: en, pt-BR, zh-Hant");
    h->template->language = copy(h, from, to);
    return h->template->language ? 0 : no_memory(h);
}

static int read_direction(struct header *h, const char *from, const char *to)
{
    h->template->rtl = is_word(from, to, "rtl");
    return h->template->rtl || is_word(from, to, "ltr")
               ? 0
               : template_wrong(h->source, from, "'ltr' or 'rtl' is wanted here");
}

static bool is_capital(char c)
{
    return c >= 'A' && c <= 'Z';
}

static int read_country(struct header *h, const char *from, const char *to)
{
    struct template *t = h->template;
    if (is_word(from, to, "*")) {
        t->for_others = true;
        return 0;
    }
    if (to - from != 2 || !is_capital(from[0]) || !is_capital(from[1]))
        return template_wrong(
            h->source, from, "country codes of two capital letters are wanted here, or '*'");
    if (t->country_count == TEMPLATE_MAX_COUNTRIES)
        return template_wrong(h->source, from, "more than %d countries", TEMPLATE_MAX_COUNTRIES);
    for (size_t i = 0; i < t->country_count; i++)
        if (is_word(from, to, t->countries[i]))
            return template_wrong(h->source, from, "%s stands here twice", t->countries[i]);
    memcpy(t->countries[t->country_count++], from, 2);
    return 0;
}

static int read_countries(struct header *h, const char *from, const char *to)
{
    struct template *t = h->template;
    t->countries_line = template_line(h->source, from);
    t->countries = arena_alloc(h->source->arena, TEMPLATE_MAX_COUNTRIES * sizeof *t->countries);
    if (!t->countries)
        return no_memory(h);
    int rc = 0;
    for (const char *end; from < to && rc == 0; from = end) {
        for (end = from; end < to && *end != ' ';)
            end++;
        rc = read_country(h, from, end);
        while (end < to && *end == ' ')
            end++;
    }
    return rc;
}

static int read_subject(struct header *h, const char *from, const char *to)
{
    if (to - from > TEMPLATE_MAX_SUBJECT)
        return template_wrong(h->source, from, "is longer than %d octets", TEMPLATE_MAX_SUBJECT);
    h->subject = from;
    h->subject_end = to;
    return 0;
}

static int read_date_long(struct header *h, const char *from, const char *to)
{
    h->date_long = from;
    h->date_long_end = to;
    return 0;
}

static int read_months(struct header *h, const char *from, const char *to)
{
    int count = 0;
    for (const char *at = from, *end; at <= to; at = end + 1) {
        end = memchr(at, ',', (size_t)(to - at));
        end = end ? end : to;
        const char *last = end;
        while (at < last && *at == ' ')
            at++;
        while (last > at && last[-1] == ' ')
            last--;
        if (count == TEMPLATE_MONTHS || at == last)
            return template_wrong(h->source, at, "twelve names are wanted here, with commas between");
        if (!(h->template->months[count++] = copy(h, at, last)))
            return no_memory(h);
    }
    return count == TEMPLATE_MONTHS
               ? 0
               : template_wrong(h->source, from,
                     "twelve names are wanted here, with commas between; there are %d", count);
}

static int read_thousands(struct header *h, const char *from, const char *to)
{
    static const struct {
        const char *word, *separator;
    } words[] = {{"none", ""}, {"comma", ","}, {"point", "."}, {"apostrophe", "\u2019"}, {"space", "\u00a0"},
        {"narrow-space", "\u202f"}, {"arabic", "\u066c"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (is_word(from, to, words[i].word)) {
            h->template->separator = words[i].separator;
            return 0;
        }
    return template_wrong(h->source, from,
        "one of these is wanted here: none, comma, point, apostrophe, space, narrow-space, arabic");
}

static const struct {
    const char *name;
    bool required;
    int (*read)(struct header *header, const char *from, const char *to);
} lines[] = {
    {"format", true, read_format},
    {"language", true, read_language},
    {"subject", true, read_subject},
    {"direction", false, read_direction},
    {"countries", false, read_countries},
    {"months", false, read_months},
    {"date-long", false, read_date_long},
    {"thousands", false, read_thousands},
};
enum { LINES = sizeof lines / sizeof *lines };

/* ---- its lines ---- */

static int read_line(struct header *h, const char *from, const char *to, const char **seen)
{
    const char *colon = memchr(from, ':', (size_t)(to - from));
    if (!colon)
        return template_wrong(h->source, from, "a line of the header is 'name: value'; a blank line ends it");
    for (size_t i = 0; i < LINES; i++) {
        if (!is_word(from, colon, lines[i].name))
            continue;
        if (seen[i])
            return template_wrong(h->source, from, "'%s' stands on line %u already", lines[i].name,
                template_line(h->source, seen[i]));
        seen[i] = from;
        for (colon++; colon < to && *colon == ' ';)
            colon++;
        while (to > colon && to[-1] == ' ')
            to--;
        return colon == to ? template_wrong(h->source, colon, "a value is wanted here")
                           : lines[i].read(h, colon, to);
    }
    return template_wrong(h->source, from,
        "no line '%.*s' is known; there are format, language, subject, direction, countries, months, "
        "date-long, thousands",
        (int)(colon - from < 30 ? colon - from : 30), from);
}

/* *ret_body: behind the blank line. */
static int read_header(struct header *h, const char **ret_body)
{
    const char *seen[LINES] = {NULL};
    const char *at = h->source->bytes, *end = at + h->source->length;
    while (at < end && *at != '\n') {
        const char *to = memchr(at, '\n', (size_t)(end - at));
        to = to ? to : end;
        int rc = *at == '#' ? 0 : read_line(h, at, to, seen);
        if (rc)
            return rc;
        at = to + (to < end);
    }
    for (size_t i = 0; i < LINES; i++)
        if (lines[i].required && !seen[i])
            return template_wrong(h->source, at, "the header ends here, and has no '%s'", lines[i].name);
    if (at == end)
        return template_wrong(h->source, at, "a blank line and a text are wanted here");
    *ret_body = at + 1;
    return 0;
}

/* ---- the whole ---- */

static const struct template_field date_fields[DATE_FIELDS] = {
    [DATE_DAY] = {"day", TEMPLATE_TEXT, TEMPLATE_ALWAYS},
    [DATE_MONTH] = {"month", TEMPLATE_TEXT, TEMPLATE_ALWAYS},
    [DATE_MONTH_NUMBER] = {"month-number", TEMPLATE_TEXT, TEMPLATE_ALWAYS},
    [DATE_YEAR] = {"year", TEMPLATE_TEXT, TEMPLATE_ALWAYS},
};
const struct template_terms template_date_terms = {.fields = date_fields, .field_count = DATE_FIELDS};

static int take_date_long(struct header *h)
{
    struct template *t = h->template;
    const char *none;
    if (!h->date_long)
        return 0;
    int rc = template_take_apart(
        h->source, &template_date_terms, h->date_long, h->date_long_end, &t->date_long, &none);
    for (size_t i = 0; rc == 0 && i < t->date_long->count; i++) {
        const struct template_piece *piece = &t->date_long->pieces[i];
        if (piece->what == PIECE_FIELD && piece->number == DATE_MONTH && !t->months[0])
            rc = template_wrong(h->source, h->date_long, "there is no line 'months' with their names");
    }
    return rc;
}

static int take_text(
    const struct header *h, const char *from, const char *to, const struct template_pieces **ret)
{
    const char *date_long = NULL;
    int rc = template_take_apart(h->source, h->template->terms, from, to, ret, &date_long);
    if (rc == 0 && date_long && !h->template->date_long)
        rc = template_wrong(h->source, date_long, "the header has no line 'date-long' that says how");
    return rc;
}

static int check_subject(const struct header *h)
{
    const struct template_pieces *subject = h->template->subject;
    for (size_t i = 0; i < subject->count; i++)
        if (subject->pieces[i].what == PIECE_FIELD &&
            h->template->terms->fields[subject->pieces[i].number].type == TEMPLATE_BLOCK)
            return template_wrong(h->source, h->subject, "a list of lines is no part of a subject");
    return 0;
}

int template_parse(const struct template_terms *terms, const char *file, const char *bytes, size_t length,
    struct arena *arena, struct template *ret_template, struct err_note *note)
{
    struct template template = {.file = file, .terms = terms, .separator = ""};
    struct template_source source = {.file = file, .arena = arena, .note = note};
    struct header header = {.source = &source, .template = &template};
    const char *body = NULL;
    int rc = normalize(&source, bytes, length);
    rc = rc ? rc : check_characters(&source);
    rc = rc ? rc : read_header(&header, &body);
    rc = rc ? rc : take_date_long(&header);
    rc = rc ? rc : take_text(&header, header.subject, header.subject_end, &template.subject);
    rc = rc ? rc : check_subject(&header);
    rc = rc ? rc : take_text(&header, body, source.bytes + source.length, &template.body);
    if (rc == 0)
        *ret_template = template;
    return rc;
}

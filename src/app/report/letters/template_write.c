/* Fills the pieces into one text, then breaks its lines. Lines of a block are marked with an octet that no
 * template and no value can hold, and stay as they are. In a text from right to left each value stands in an
 * isolate (UAX #9), so that its digits and dots turn nothing around them. */
#include "app/report/letters/template_inside.h"

#include "app/report/letters/wrap.h"
#include "base/utc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_MARK = '\x01' };
static const char isolate[] = "\u2068", pop_isolate[] = "\u2069", right_to_left[] = "\u200f", to[] = "\u2013";

struct writing {
    const struct template *template;
    const struct template_value *values;
    uint32_t conditions;
    struct text *text;
};

static void add_number(const struct template *template, int64_t number, struct text *text)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%" PRId64, number);
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            text_add(text, template->separator);
        text_add_bytes(text, digits + i, 1);
    }
}

static void add_bounds(
    const struct template *template, int variant, const struct template_value *value, struct text *text)
{
    if (variant != BOUNDS_NOT_DISPROVED)
        add_number(template, value->number, text);
    if (variant == BOUNDS_AT_RISK && value->high != value->number)
        text_add(text, to);
    if (variant == BOUNDS_NOT_DISPROVED || (variant == BOUNDS_AT_RISK && value->high != value->number))
        add_number(template, value->high, text);
}

static void add_date_long(const struct template *template, const struct utc_date *date, struct text *text)
{
    for (size_t i = 0; i < template->date_long->count; i++) {
        const struct template_piece *piece = &template->date_long->pieces[i];
        if (piece->what == PIECE_TEXT)
            text_add_bytes(text, piece->text, piece->length);
        else if (piece->number == DATE_DAY)
            text_printf(text, "%d", date->day);
        else if (piece->number == DATE_MONTH)
            text_add(text, template->months[date->month - 1]);
        else if (piece->number == DATE_MONTH_NUMBER)
            text_printf(text, "%d", date->month);
        else
            text_printf(text, "%d", date->year);
    }
}

static void add_moment(const struct template *template, int variant, int64_t us, struct text *text)
{
    struct utc_date date = utc_date_of(us);
    if (variant == MOMENT_DATE)
        text_printf(text, "%04d-%02d-%02d", date.year, date.month, date.day);
    else if (variant == MOMENT_DATE_LONG)
        add_date_long(template, &date, text);
    else
        text_printf(text, "%02d:%02d", date.hour, date.minute);
}

static void add_block(const struct writing *w, const char *lines)
{
    static const char mark[] = {BLOCK_MARK, '\0'};
    if (w->text->length && w->text->string[w->text->length - 1] != '\n')
        text_add(w->text, "\n"); /* a section that ended within the line before is left out */
    for (const char *end; *lines; lines = end + (*end == '\n')) {
        end = lines + strcspn(lines, "\n");
        text_add(w->text, mark);
        text_add(w->text, w->template->rtl && end > lines ? isolate : "");
        text_add_bytes(w->text, lines, (size_t)(end - lines));
        text_add(w->text, w->template->rtl && end > lines ? pop_isolate : "");
        text_add(w->text, "\n");
    }
}

static void add_field(const struct writing *w, const struct template_piece *piece)
{
    const struct template_value *value = &w->values[piece->number];
    enum template_type type = w->template->terms->fields[piece->number].type;
    if (type == TEMPLATE_BLOCK) {
        add_block(w, value->text);
        return;
    }
    text_add(w->text, w->template->rtl ? isolate : "");
    if (type == TEMPLATE_TEXT)
        text_add_safe(w->text, value->text);
    else if (type == TEMPLATE_NUMBER)
        add_number(w->template, value->number, w->text);
    else if (type == TEMPLATE_BOUNDS)
        add_bounds(w->template, piece->variant, value, w->text);
    else
        add_moment(w->template, piece->variant, value->number, w->text);
    text_add(w->text, w->template->rtl ? pop_isolate : "");
}

static void fill(const struct writing *w, const struct template_pieces *pieces)
{
    for (size_t i = 0; i < pieces->count; i++) {
        const struct template_piece *piece = &pieces->pieces[i];
        if (piece->what == PIECE_TEXT)
            text_add_bytes(w->text, piece->text, piece->length);
        else if (piece->what == PIECE_FIELD)
            add_field(w, piece);
        else if ((w->conditions >> piece->number & 1) == piece->otherwise)
            i = piece->end - 1;
    }
}

/* Sections that are left out leave blank lines: of several one stays, none at the ends. */
static void add_lines(const char *filled, const char *mark, struct text *text)
{
    bool begun = false, blank = false;
    for (const char *line = filled, *end; *line; line = end + (*end == '\n')) {
        end = line + strcspn(line, "\n");
        if (strspn(line, " ") >= (size_t)(end - line)) {
            blank = true;
            continue;
        }
        if (begun && blank)
            text_add(text, "\n");
        begun = true;
        blank = false;
        if (*line == BLOCK_MARK) {
            text_add_bytes(text, line + 1, (size_t)(end - line) - 1);
            text_add(text, "\n");
        } else {
            wrap_line(line, (size_t)(end - line), WRAP_COLUMNS, mark, text);
        }
    }
}

int template_write(const struct template *template, const struct template_value *values, uint32_t conditions,
    struct text *ret_text)
{
    struct text filled;
    struct writing w = {template, values, conditions, ret_text};
    text_start(&filled);
    text_add(ret_text, "Subject: ");
    fill(&w, template->subject);
    text_add(ret_text, "\n\n");
    w.text = &filled;
    fill(&w, template->body);
    add_lines(filled.string, template->rtl ? right_to_left : "", ret_text);
    bool failed = filled.failed || ret_text->failed;
    text_free(&filled);
    return failed ? ERR_NOMEM : 0;
}

/* One walk over the characters. The last place where the line could end is kept; when a character no longer
 * fits, the line ends there and the walk goes on with what comes behind. */
#include "app/report/letters/wrap.h"

#include <string.h>

enum { HARD_OCTETS = 900, ISOLATE = 0x2068, POP_ISOLATE = 0x2069 };

struct span {
    unsigned first, last;
};

static bool within(const struct span *spans, size_t count, unsigned code)
{
    for (size_t i = 0; i < count; i++)
        if (code >= spans[i].first && code <= spans[i].last)
            return true;
    return false;
}
#define WITHIN(spans, code) within(spans, sizeof(spans) / sizeof *(spans), code)

/* UAX #11, W and F, by blocks. */
static bool is_wide(unsigned code)
{
    static const struct span wide[] = {{0x1100, 0x115f}, {0x2e80, 0x303e}, {0x3041, 0x33ff}, {0x3400, 0x4dbf},
        {0x4e00, 0xa4cf}, {0xa960, 0xa97f}, {0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe30, 0xfe6f},
        {0xff01, 0xff60}, {0xffe0, 0xffe6}, {0x1f300, 0x1faff}, {0x20000, 0x3fffd}};
    return WITHIN(wide, code);
}

int wrap_width(unsigned code)
{
    static const struct span none[] = {{0x300, 0x36f}, {0x483, 0x489}, {0x591, 0x5bd}, {0x610, 0x61a},
        {0x61c, 0x61c}, {0x64b, 0x65f}, {0x670, 0x670}, {0x6d6, 0x6dc}, {0x93c, 0x93c}, {0x941, 0x948},
        {0x94d, 0x94d}, {0xe31, 0xe31}, {0xe34, 0xe3a}, {0xe47, 0xe4e}, {0x200b, 0x200f}, {0x202a, 0x202e},
        {0x2060, 0x206f}, {0x3099, 0x309a}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}};
    return WITHIN(none, code) ? 0 : is_wide(code) ? 2 : 1;
}

static bool is_one_of(const char *set, unsigned code)
{
    unsigned other;
    for (size_t left = strlen(set), step; left; set += step, left -= step) {
        step = text_utf8(set, left, &other);
        if (other == code)
            return true;
    }
    return false;
}

static bool begins_no_line(unsigned code)
{
    return is_one_of("、。，．・：；？！）」』】〕〉》”’ー々ゝゞぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ"
                     "％…‥).,;:!?%]}",
        code);
}

static bool ends_no_line(unsigned code)
{
    return is_one_of("（「『【〔〈《“‘([{", code) || code == ISOLATE;
}

/* Between two characters that touch. */
static bool can_part(unsigned before, unsigned after)
{
    return (is_wide(before) || is_wide(after)) && wrap_width(after) > 0 && !ends_no_line(before) &&
           !begins_no_line(after);
}

/* Columns that later lines stand in by. */
static size_t indent_of(const char *line, size_t length)
{
    size_t blanks = 0, digits;
    while (blanks < length && line[blanks] == ' ')
        blanks++;
    const char *mark = line + blanks;
    size_t left = length - blanks;
    if (left > 1 && (*mark == '-' || *mark == '*') && mark[1] == ' ')
        return blanks + 2;
    for (digits = 0; digits < left && mark[digits] >= '0' && mark[digits] <= '9';)
        digits++;
    if (digits > 0 && digits < 4 && digits + 1 < left && mark[digits] == '.' && mark[digits + 1] == ' ')
        return blanks + digits + 2;
    return blanks;
}

/* Whether what comes after blanks may begin a line: French has blanks before these. */
static bool begins_line(const char *at, size_t left)
{
    unsigned code = 0;
    while (left > 0 && *at == ' ')
        at++, left--;
    return text_utf8(at, left, &code) == 0 || !is_one_of(":;!?»", code);
}

struct wrap {
    const char *line, *mark;
    size_t columns, indent;
    size_t start;            /* of the line that is being filled */
    size_t cut, next;        /* where it can end, and the next begin; cut == start: nowhere */
    size_t width, cut_width; /* so far; up to `next` */
    struct text *text;
};

static void add_spaces(struct text *text, size_t count)
{
    while (count--)
        text_add(text, " ");
}

static void end_line(struct wrap *w, size_t cut, size_t next, size_t width)
{
    text_add_bytes(w->text, w->line + w->start, cut - w->start);
    text_add(w->text, "\n");
    text_add(w->text, w->mark);
    add_spaces(w->text, w->indent);
    w->width = w->indent + w->width - width;
    w->start = w->cut = next;
}

static void remember(struct wrap *w, size_t cut, size_t next, size_t width)
{
    if (cut > w->start) {
        w->cut = cut;
        w->next = next;
        w->cut_width = width;
    }
}

void wrap_line(const char *line, size_t length, size_t columns, const char *mark, struct text *text)
{
    size_t indent = indent_of(line, length);
    struct wrap w = {.line = line,
        .mark = mark,
        .columns = columns,
        .indent = indent < columns / 2 ? indent : 0,
        .text = text};
    unsigned before = 0, code = 0;
    int depth = 0;
    text_add(text, mark);
    for (size_t at = 0, step; at < length; at += step, before = code) {
        if ((step = text_utf8(line + at, length - at, &code)) == 0)
            step = 1;
        depth += code == ISOLATE ? 1 : code == POP_ISOLATE && depth > 0 ? -1 : 0;
        if (code == ' ' && depth == 0 && at >= indent) {
            if (begins_line(line + at, length - at))
                remember(&w, before == ' ' && w.cut > w.start ? w.cut : at, at + 1, w.width + 1);
            w.width++;
            continue;
        }
        if (before && before != ' ' && (depth == 0 || (depth == 1 && code == ISOLATE)) &&
            can_part(before, code))
            remember(&w, at, at, w.width);
        int wide = wrap_width(code);
        if (w.width + (size_t)wide > columns && w.cut > w.start)
            end_line(&w, w.cut, w.next, w.cut_width);
        if (at - w.start > HARD_OCTETS)
            end_line(&w, at, at, w.width);
        w.width += (size_t)wide;
    }
    text_add_bytes(text, line + w.start, length - w.start);
    while (text->length && text->string[text->length - 1] == ' ')
        text->string[--text->length] = '\0';
    text_add(text, "\n");
}

/* The text of a template: pieces in a row, a section's first piece knowing where the section ends. A stack of
 * open sections tells which conditions hold at a place, and so which fields are known there. */
#include "app/report/letters/template_inside.h"

#include <stdio.h>
#include <string.h>

static const char *const endings[][4] = {
    [TEMPLATE_TEXT] = {""},
    [TEMPLATE_NUMBER] = {""},
    [TEMPLATE_BOUNDS] = {[BOUNDS_PROVED] = "-proved",
        [BOUNDS_NOT_DISPROVED] = "-not-disproved",
        [BOUNDS_AT_RISK] = "-at-risk"},
    [TEMPLATE_MOMENT] = {[MOMENT_DATE] = "-date", [MOMENT_DATE_LONG] = "-date-long", [MOMENT_TIME] = "-time"},
    [TEMPLATE_BLOCK] = {""},
};

struct taking {
    const struct template_source *source;
    const struct template_terms *terms;
    const char *from, *to;
    struct template_piece *pieces;
    size_t count;
    struct {
        const char *tag; /* where it was opened */
        size_t piece;
        uint32_t known; /* outside of it */
    } open[TEMPLATE_MAX_DEPTH];
    int depth;
    uint32_t known; /* conditions that hold here, a bit each */
    const char *date_long;
};

struct tag {
    const char *open, *after; /* of {{ and behind }} */
    const char *name;
    size_t length;
    char sign; /* # ^ / or 0 */
};

static bool is_blank(const char *from, const char *to)
{
    while (from < to && *from == ' ')
        from++;
    return from == to;
}

/* Whether a tag is alone on its line; then that line, with its end. */
static bool is_alone(
    const struct taking *t, const struct tag *tag, const char **ret_from, const char **ret_to)
{
    const char *from = tag->open, *to = tag->after;
    while (from > t->from && from[-1] != '\n')
        from--;
    while (to < t->to && *to != '\n')
        to++;
    if (!is_blank(from, tag->open) || !is_blank(tag->after, to))
        return false;
    *ret_from = from;
    *ret_to = to + (to < t->to);
    return true;
}

static void add_text(struct taking *t, const char *from, const char *to)
{
    if (to > from)
        t->pieces[t->count++] =
            (struct template_piece){.what = PIECE_TEXT, .text = from, .length = (size_t)(to - from)};
}

static int read_tag(const struct taking *t, const char *open, struct tag *ret)
{
    const char *line_end = memchr(open, '\n', (size_t)(t->to - open));
    const char *end = memmem(open, (size_t)((line_end ? line_end : t->to) - open), "}}", 2);
    if (!end)
        return template_wrong(t->source, open, "'{{' has no '}}' on its line");
    const char *name = open + 2, *to = end;
    while (name < to && *name == ' ')
        name++;
    while (to > name && to[-1] == ' ')
        to--;
    *ret = (struct tag){.open = open, .after = end + 2};
    if (name < to && strchr("#^/", *name))
        ret->sign = *name++;
    ret->name = name;
    ret->length = (size_t)(to - name);
    if (ret->length == 0 || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") < ret->length)
        return template_wrong(t->source, open,
            "a name of small letters and '-' is wanted here: {{field}}, {{#condition}}, {{^condition}} or "
            "{{/condition}}");
    return 0;
}

static bool is_named(const struct tag *tag, const char *name, const char *ending)
{
    size_t length = strlen(name);
    return tag->length == length + strlen(ending) && memcmp(tag->name, name, length) == 0 &&
           memcmp(tag->name + length, ending, strlen(ending)) == 0;
}

static bool find_field(
    const struct template_terms *terms, const struct tag *tag, size_t *ret_field, int *ret_variant)
{
    for (size_t i = 0; i < terms->field_count; i++)
        for (int v = 0; endings[terms->fields[i].type][v]; v++)
            if (is_named(tag, terms->fields[i].name, endings[terms->fields[i].type][v])) {
                *ret_field = i;
                *ret_variant = v;
                return true;
            }
    return false;
}

/* The lines of a block take the place of its own line, with its indent and its end. */
static int take_line(struct taking *t, const struct tag *tag, const char **ret_at)
{
    const char *from;
    if (!is_alone(t, tag, &from, ret_at))
        return template_wrong(t->source, tag->open, "'%.*s' is a list of lines: it stands alone on its line",
            (int)tag->length, tag->name);
    if (from < tag->open)
        t->pieces[t->count - 1].length -= (size_t)(tag->open - from);
    return 0;
}

static int take_field(struct taking *t, const struct tag *tag, const char **ret_at)
{
    size_t number;
    int variant;
    if (!find_field(t->terms, tag, &number, &variant))
        return template_wrong(t->source, tag->open, "no field '%.*s' is known",
            (int)(tag->length < 40 ? tag->length : 40), tag->name);
    const struct template_field *field = &t->terms->fields[number];
    if (field->needs != TEMPLATE_ALWAYS && !(t->known >> field->needs & 1))
        return template_wrong(t->source, tag->open,
            "'%.*s' is not always known: it may stand only in a section {{#%s}}", (int)tag->length, tag->name,
            t->terms->conditions[field->needs].name);
    int rc = field->type == TEMPLATE_BLOCK ? take_line(t, tag, ret_at) : 0;
    if (rc)
        return rc;
    if (field->type == TEMPLATE_MOMENT && variant == MOMENT_DATE_LONG && !t->date_long)
        t->date_long = tag->open;
    t->pieces[t->count++] =
        (struct template_piece){.what = PIECE_FIELD, .number = number, .variant = variant};
    return 0;
}

static int find_condition(const struct taking *t, const struct tag *tag, size_t *ret_number)
{
    for (size_t i = 0; i < t->terms->condition_count; i++)
        if (is_named(tag, t->terms->conditions[i].name, "")) {
            *ret_number = i;
            return 0;
        }
    return template_wrong(t->source, tag->open, "no condition '%.*s' is known",
        (int)(tag->length < 40 ? tag->length : 40), tag->name);
}

static int begin_section(struct taking *t, const struct tag *tag)
{
    size_t number = 0;
    int rc = find_condition(t, tag, &number);
    if (rc)
        return rc;
    if (t->depth == TEMPLATE_MAX_DEPTH)
        return template_wrong(
            t->source, tag->open, "more than %d sections in each other", TEMPLATE_MAX_DEPTH);
    t->open[t->depth].tag = tag->open;
    t->open[t->depth].piece = t->count;
    t->open[t->depth++].known = t->known;
    for (int c = (int)number; tag->sign == '#' && c != TEMPLATE_ALWAYS; c = t->terms->conditions[c].implies)
        t->known |= UINT32_C(1) << c;
    t->pieces[t->count++] =
        (struct template_piece){.what = PIECE_SECTION, .number = number, .otherwise = tag->sign == '^'};
    return 0;
}

static int end_section(struct taking *t, const struct tag *tag)
{
    size_t number = 0;
    int rc = find_condition(t, tag, &number);
    if (rc)
        return rc;
    if (t->depth == 0)
        return template_wrong(t->source, tag->open, "no section is open here");
    struct template_piece *section = &t->pieces[t->open[t->depth - 1].piece];
    if (section->number != number)
        return template_wrong(t->source, tag->open, "'%s', opened on line %u, is to be closed first",
            t->terms->conditions[section->number].name, template_line(t->source, t->open[t->depth - 1].tag));
    section->end = t->count;
    t->known = t->open[--t->depth].known;
    return 0;
}

/* A section's tag that is alone on its line takes the line with it. *ret_at: where to go on. */
static int take_tag(struct taking *t, const char *at, const char *open, const char **ret_at)
{
    struct tag tag;
    int rc = read_tag(t, open, &tag);
    if (rc)
        return rc;
    const char *from = tag.open, *to = tag.after;
    if (tag.sign)
        is_alone(t, &tag, &from, &to);
    add_text(t, at, from);
    *ret_at = to;
    return tag.sign == 0     ? take_field(t, &tag, ret_at)
           : tag.sign == '/' ? end_section(t, &tag)
                             : begin_section(t, &tag);
}

static size_t count_tags(const char *from, const char *to)
{
    size_t count = 0;
    for (; (from = memmem(from, (size_t)(to - from), "{{", 2)); from += 2)
        count++;
    return count;
}

int template_take_apart(const struct template_source *source, const struct template_terms *terms,
    const char *from, const char *to, const struct template_pieces **ret_pieces, const char **ret_date_long)
{
    struct taking t = {.source = source, .terms = terms, .from = from, .to = to};
    struct template_pieces *pieces = arena_alloc(source->arena, sizeof *pieces);
    t.pieces = arena_alloc(source->arena, (2 * count_tags(from, to) + 1) * sizeof *t.pieces);
    if (!pieces || !t.pieces)
        return err_set(source->note, ERR_NOMEM, "%s: out of memory", source->file);
    const char *at = from, *open;
    while ((open = memmem(at, (size_t)(to - at), "{{", 2))) {
        int rc = take_tag(&t, at, open, &at);
        if (rc)
            return rc;
    }
    if (t.depth > 0)
        return template_wrong(source, t.open[t.depth - 1].tag, "this section is never closed");
    add_text(&t, at, to);
    pieces->pieces = t.pieces;
    pieces->count = t.count;
    *ret_pieces = pieces;
    *ret_date_long = t.date_long;
    return 0;
}

/* A plan file belongs to people: an operation changes a few dates in it, and their comments, order and
 * spacing stay. The tree of the old text tells where each date stands; the differences of the two plans
 * become edits of lines; the edited text is read again and taken only if it holds exactly the new plan.
 * Otherwise the whole file is written anew. */
#include "io/yaml/plan_yaml_write.h"

#include "base/text.h"
#include "io/yaml/yaml.h"

#include <stdlib.h>
#include <string.h>

struct edit {
    unsigned line;
    unsigned from,
        to; /* columns that `text` replaces; 0 and 0: `text` is put behind the line; 0 and 1: the line goes */
    size_t order; /* edits of one place stay in the order in which they were made */
    char *text;
};

struct editor {
    const struct plan *before, *after;
    struct edit *edits;
    size_t count;
    bool failed;
};

/* Takes the text's string. */
static void add_edit(struct editor *e, unsigned line, unsigned from, unsigned to, struct text *text)
{
    struct edit *grown = text->failed ? NULL : reallocarray(e->edits, e->count + 1, sizeof *grown);
    char *string = grown ? strdup(text->string) : NULL;
    text_free(text);
    if (grown)
        e->edits = grown;
    if (!string) {
        e->failed = true;
        return;
    }
    e->edits[e->count] = (struct edit){line, from, to, e->count, string};
    e->count++;
}

/* The last line that a value stands on: a block's end lies at the start of the next. */
static unsigned last_line(const struct yaml_node *node)
{
    if (node->kind != YAML_SCALAR && !node->flow && node->count)
        return last_line(node->values[node->count - 1]);
    return node->end_column == 1 && node->end_line > node->line ? node->end_line - 1 : node->end_line;
}

static void replace_date(struct editor *e, const struct yaml_node *value, int64_t us)
{
    char date[UTC_TEXT];
    struct text text;
    text_start(&text);
    text_add(&text, utc_format_short(us, date));
    add_edit(e, value->line, value->column, value->end_column, &text);
    e->failed = e->failed || value->line != value->end_line;
}

static void change_was(
    struct editor *e, const struct yaml_node *map, size_t verb, const struct plan_step *after)
{
    const struct yaml_node *was = yaml_get(map, "was");
    char date[UTC_TEXT];
    struct text text;
    if (was && after->was_us) {
        replace_date(e, was, after->was_us);
    } else if (was) {
        e->failed = e->failed || was->line == map->line; /* the line begins with the hyphen */
        text_start(&text);
        add_edit(e, was->line, 0, 1, &text);
    } else if (after->was_us) {
        text_start(&text);
        text_printf(&text, "%*swas: %s\n", (int)map->column - 1, "", utc_format_short(after->was_us, date));
        add_edit(e, last_line(map->values[verb]), 0, 0, &text);
    }
}

static void change_step(struct editor *e, const struct yaml_node *map, const struct plan_step *before,
    const struct plan_step *after)
{
    size_t verb = 0;
    while (verb < map->count && strcmp(map->keys[verb]->scalar, plan_do_name(before->what)) != 0)
        verb++;
    if (map->flow || verb == map->count || before->what != after->what) {
        e->failed = true;
        return;
    }
    if (before->at_us != after->at_us)
        replace_date(e, map->values[verb], after->at_us);
    if (before->was_us != after->was_us)
        change_was(e, map, verb, after);
}

static void add_steps(struct editor *e, const struct yaml_node *list, size_t behind,
    const struct plan_step *steps, size_t count)
{
    char indent[64];
    if (list->flow || !behind || list->column >= sizeof indent) {
        e->failed = true;
        return;
    }
    memset(indent, ' ', list->column - 1);
    indent[list->column - 1] = '\0';
    struct text text;
    text_start(&text);
    for (size_t i = 0; i < count; i++)
        plan_yaml_write_step(e->after, &steps[i], indent, &text);
    add_edit(e, last_line(list->values[behind - 1]), 0, 0, &text);
}

static bool step_equal(const struct plan_step *a, const struct plan_step *b)
{
    return a->what == b->what && a->at_us == b->at_us && a->was_us == b->was_us;
}

/* Steps are only ever added behind those that have happened: past an equal beginning, both run in parallel
 * again. */
static void change_key(struct editor *e, const struct yaml_node *map, size_t index)
{
    const struct plan_key *before = &e->before->keys[index], *after = &e->after->keys[index];
    const struct yaml_node *list = yaml_get(map, "steps");
    size_t same = 0;
    while (same < before->step_count && same < after->step_count &&
           step_equal(&before->steps[same], &after->steps[same]))
        same++;
    if (after->step_count < before->step_count) {
        e->failed = true;
        return;
    }
    size_t added = after->step_count - before->step_count;
    if (added)
        add_steps(e, list, same, &after->steps[same], added);
    for (size_t i = same; i < before->step_count; i++)
        change_step(e, list->values[i], &before->steps[i], &after->steps[i + added]);
}

static void add_history(struct editor *e, const struct yaml_node *root)
{
    const struct yaml_node *list = yaml_get(root, "history");
    char indent[64] = "  ";
    struct text text;
    text_start(&text);
    if (!list)
        text_add(&text, "history:\n");
    else if (list->flow || !list->count || list->column >= sizeof indent)
        e->failed = true;
    else
        memset(indent, ' ', list->column - 1), indent[list->column - 1] = '\0';
    for (size_t i = e->before->history_count; i < e->after->history_count; i++)
        plan_yaml_write_entry(&e->after->history[i], indent, &text);
    add_edit(e, last_line(list ? list : root), 0, 0, &text);
}

static int by_place(const void *left, const void *right)
{
    const struct edit *a = left, *b = right;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    unsigned at_a = a->from ? a->from : UINT32_MAX, at_b = b->from ? b->from : UINT32_MAX;
    if (at_a != at_b)
        return at_a < at_b ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

/* Octets that the first `columns` characters of a line take. */
static size_t octets(const char *line, size_t length, unsigned columns)
{
    size_t at = 0;
    for (unsigned code; columns && at < length; columns--) {
        size_t one = text_utf8(line + at, length - at, &code);
        at += one ? one : 1;
    }
    return at;
}

/* One line with its edits, which are all of this line. */
static void apply_line(
    const char *line, size_t length, const struct edit *edits, size_t count, struct text *text)
{
    size_t done = 0, i = 0;
    bool gone = false;
    for (; i < count && edits[i].from; i++) {
        size_t from = octets(line, length, edits[i].from - 1);
        text_add_bytes(text, line + done, from - done);
        text_add(text, edits[i].text);
        done = octets(line, length, edits[i].to - 1);
    }
    for (size_t j = i; j < count; j++)
        gone = gone || edits[j].to == 1;
    if (!gone)
        text_add_bytes(text, line + done, length - done);
    if (i < count && text->length && text->string[text->length - 1] != '\n')
        text_add(text, "\n");
    for (; i < count; i++)
        text_add(text, edits[i].text);
}

static void apply(struct editor *e, const char *bytes, size_t length, struct text *text)
{
    if (e->count)
        qsort(e->edits, e->count, sizeof *e->edits, by_place);
    size_t next = 0;
    unsigned number = 1;
    for (size_t at = 0; at < length; number++) {
        const char *end = memchr(bytes + at, '\n', length - at);
        size_t size = end ? (size_t)(end + 1 - (bytes + at)) : length - at, first = next;
        while (next < e->count && e->edits[next].line == number)
            next++;
        apply_line(bytes + at, size, e->edits + first, next - first, text);
        at += size;
    }
    e->failed = e->failed || next < e->count || text->failed;
}

/* The text with the edits that make `after` of `before`; false if they cannot be made. */
static bool edit_lines(const struct yaml_node *root, const struct plan *before, const struct plan *after,
    const char *bytes, size_t length, struct text *text)
{
    struct editor e = {.before = before, .after = after};
    const struct yaml_node *keys = yaml_get(root, "keys");
    e.failed = root->flow || keys->flow || before->key_count != after->key_count ||
               after->history_count < before->history_count;
    for (size_t i = 0; !e.failed && i < before->key_count; i++)
        change_key(&e, keys->values[i], i);
    if (!e.failed && after->history_count > before->history_count)
        add_history(&e, root);
    if (!e.failed)
        apply(&e, bytes, length, text);
    for (size_t i = 0; i < e.count; i++)
        free(e.edits[i].text);
    free(e.edits);
    return !e.failed;
}

static bool reads_as(const struct text *text, const struct plan *plan)
{
    struct plan *again;
    struct err_note note;
    if (plan_yaml_read("", text->string, text->length, &again, &note))
        return false;
    bool equal = plan_equal(again, plan);
    plan_free(again);
    return equal;
}

/* Comments and empty lines ahead of everything else. */
static size_t head(const char *bytes, size_t length)
{
    size_t at = 0;
    while (at < length && (bytes[at] == '#' || bytes[at] == '\n')) {
        const char *end = memchr(bytes + at, '\n', length - at);
        if (!end)
            break;
        at = (size_t)(end + 1 - bytes);
    }
    return at;
}

/* A comment may hold characters that end a line for YAML alone, and with them more than a comment: then it
 * goes too. */
static int write_anew(const char *bytes, size_t length, const struct plan *after, struct text *ret_text)
{
    struct text whole, headed;
    text_start(&whole);
    text_start(&headed);
    int rc = plan_yaml_write(after, &whole);
    size_t kept = head(bytes, length);
    text_add_bytes(&headed, bytes, kept);
    text_add(&headed, whole.string + (kept ? head(whole.string, whole.length) : 0));
    text_add(ret_text, !headed.failed && reads_as(&headed, after) ? headed.string : whole.string);
    text_free(&whole);
    text_free(&headed);
    return rc ? rc : ret_text->failed ? ERR_NOMEM : 0;
}

int plan_yaml_edit(
    const char *bytes, size_t length, const struct plan *after, struct text *ret_text, bool *ret_rewritten)
{
    struct yaml_node *root;
    struct plan *before = NULL;
    struct text text;
    struct arena *arena = arena_new();
    text_start(&text);
    bool edited = arena && !plan_yaml_read("", bytes, length, &before, NULL) &&
                  !yaml_read("", bytes, length, arena, &root, NULL) &&
                  edit_lines(root, before, after, bytes, length, &text) && reads_as(&text, after);
    plan_free(before);
    arena_free(arena);
    int rc = 0;
    if (edited)
        text_add_bytes(ret_text, text.string, text.length);
    else
        rc = write_anew(bytes, length, after, ret_text);
    text_free(&text);
    if (!rc)
        *ret_rewritten = !edited;
    return rc ? rc : ret_text->failed ? ERR_NOMEM : 0;
}

/* The table of a plan's steps, with its operations and the present in their places, and its history. */
#include "cmd/plan_view.h"

#include <string.h>

enum {
    WHAT = 10,       /* "withdraw  " */
    LEAST_NOTE = 20, /* columns; where there are fewer, a note has a line of its own */
    NARROW_INDENT = 4,
};

/* A line of the table of steps. */
struct row {
    int64_t at_us, was_us;
    const char *key, *what, *note;
    bool planned;
};

static void trim(struct text *text)
{
    while (text->length && text->string[text->length - 1] == ' ')
        text->string[--text->length] = '\0';
}

static void add_row(struct view *v, size_t width, const struct row *row)
{
    char when[UTC_TEXT], was[UTC_TEXT], mark[2] = {timeline_mark(&v->line, row->at_us), '\0'};
    struct text line;
    text_start(&line);
    const char *note = row->note ? row->note : "";
    if (row->was_us)
        text_printf(&line, "held; was %s", utc_format_short(row->was_us, was));
    else if (row->planned)
        text_printf(&line, "planned%s%s", *note ? ": " : "", note);
    else
        text_add(&line, note);
    size_t at = 2 + width + v->line.label + WHAT;
    text_printf(v->text, "%s %-*s%-*s%-*s", mark, (int)width, plan_moment(v->plan, row->at_us, when),
        (int)v->line.label, row->key, WHAT, row->what);
    bool narrow = v->screen.columns < at + LEAST_NOTE && line.length;
    if (narrow) {
        trim(v->text);
        text_printf(v->text, "\n%*s", NARROW_INDENT, "");
    }
    at = narrow ? NARROW_INDENT : at;
    plan_add_wrapped(v->text, line.string, at, at, v->screen.columns);
    trim(v->text);
    text_add(v->text, "\n");
    text_free(&line);
}

static void add_present_row(struct view *v, size_t width)
{
    char when[UTC_TEXT];
    struct text line;
    text_start(&line);
    text_printf(&line, "%s %-*s<- the present", v->screen.utf8 ? "▲" : "^", (int)width,
        plan_moment(v->plan, v->now_us, when));
    timeline_color(v->text, v->screen, COLOR_NOW, line.string);
    text_add(v->text, "\n");
    text_free(&line);
}

static void add_operation_row(struct view *v, size_t width, const struct plan_entry *entry)
{
    struct text note;
    text_start(&note);
    if (v->now_us != INT64_MIN && entry->at_us > v->now_us)
        text_add(&note, "later, ");
    text_printf(&note, "%s%s%s%s", entry->who ? "by " : "", entry->who ? entry->who : "",
        entry->who ? ": " : "", entry->reason);
    add_row(v, width,
        &(struct row){.at_us = entry->at_us, .key = "-", .what = entry->operation, .note = note.string});
    text_free(&note);
}

/* All rows of one moment: operations first, then steps in the order of keys. */
static void add_rows_at(struct view *v, size_t width, int64_t us)
{
    for (size_t i = 0; us != UTC_OPEN && i < v->whole->history_count; i++) {
        const struct plan_entry *entry = &v->whole->history[i];
        if (entry->at_us == us && strcmp(entry->operation, "note") != 0)
            add_operation_row(v, width, entry);
    }
    for (size_t i = 0; i < v->plan->key_count; i++)
        for (size_t j = 0; j < v->plan->keys[i].step_count; j++) {
            const struct plan_step *step = &v->plan->keys[i].steps[j];
            if (step->at_us == us)
                add_row(v, width,
                    &(struct row){us, step->was_us, v->plan->keys[i].id, plan_do_name(step->what), step->note,
                        step->planned});
        }
}

static size_t moment_width(const struct view *v)
{
    char out[UTC_TEXT];
    size_t width = 6;
    for (size_t i = 0; i < v->line.count; i++) {
        size_t length = strlen(plan_moment(v->plan, v->line.moments[i], out));
        width = length > width ? length : width;
    }
    if (v->now_us != INT64_MIN && strlen(plan_moment(v->plan, v->now_us, out)) > width)
        width = strlen(out);
    return width + 2;
}

void plan_add_steps(struct view *v)
{
    size_t width = moment_width(v);
    bool present = v->now_us != INT64_MIN;
    text_add(v->text, "\n");
    for (size_t i = 0; i < v->line.count; i++) {
        if (present && v->line.moments[i] > v->now_us) {
            add_present_row(v, width);
            present = false;
        }
        add_rows_at(v, width, v->line.moments[i]);
    }
    if (present)
        add_present_row(v, width);
    add_rows_at(v, width, UTC_OPEN);
}

static void add_changes(struct view *v, const struct plan_entry *entry)
{
    char from[UTC_TEXT], to[UTC_TEXT];
    for (size_t i = 0; i < entry->change_count; i++) {
        const struct plan_change *change = &entry->changes[i];
        text_printf(v->text, "    %-*s%-10s", (int)v->line.label, change->key, plan_do_name(change->what));
        if (change->added)
            text_printf(v->text, "added at %s\n", utc_format_short(change->to_us, to));
        else
            text_printf(v->text, "from %s to %s\n", utc_format_short(change->from_us, from),
                utc_format_short(change->to_us, to));
    }
}

void plan_add_history(struct view *v)
{
    char when[UTC_TEXT];
    if (v->whole->history_count)
        text_add(v->text, "\nHISTORY\n");
    for (size_t i = 0; i < v->whole->history_count; i++) {
        const struct plan_entry *entry = &v->whole->history[i];
        struct text line;
        text_start(&line);
        text_printf(&line, "%s %s%s%s%s%s: %s", utc_format_short(entry->at_us, when), entry->operation,
            entry->who ? " by " : "", entry->who ? entry->who : "", entry->forced ? ", forced" : "",
            v->now_us != INT64_MIN && entry->at_us > v->now_us ? " (later)" : "", entry->reason);
        text_add(v->text, "  ");
        plan_add_wrapped(v->text, line.string, 2, 4, v->screen.columns);
        text_add(v->text, "\n");
        text_free(&line);
        add_changes(v, entry);
    }
}

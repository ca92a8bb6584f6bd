#include "cmd/plan_timeline.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST_BAR = 20, MOST_BAR = 100, MOST_LABEL = 24 };

void timeline_color(struct text *text, struct cmd_screen screen, const char *color, const char *word)
{
    if (screen.color)
        text_printf(text, "\x1b[%sm%s\x1b[0m", color, word);
    else
        text_add(text, word);
}

static int by_value(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return a < b ? -1 : a > b;
}

static void add_moment(struct timeline *line, int64_t us)
{
    for (size_t i = 0; i < line->count; i++)
        if (line->moments[i] == us)
            return;
    if (line->count < TIMELINE_MOMENTS && us != UTC_OPEN)
        line->moments[line->count++] = us;
}

static void find_moments(struct timeline *line)
{
    for (size_t i = 0; i < line->plan->key_count; i++)
        for (size_t j = 0; j < line->plan->keys[i].step_count; j++)
            add_moment(line, line->plan->keys[i].steps[j].at_us);
    for (size_t i = 0; i < line->whole->history_count; i++)
        if (strcmp(line->whole->history[i].operation, "note") != 0)
            add_moment(line, line->whole->history[i].at_us);
    qsort(line->moments, line->count, sizeof *line->moments, by_value);
}

/* Columns for the marks: each stretch between two has one at least, and its part of what is left. The last
 * stretch, behind all moments, is as long as the mean. */
static void place_moments(struct timeline *line)
{
    double total = 0;
    for (size_t i = 1; i < line->count; i++)
        total += sqrt((double)(line->moments[i] - line->moments[i - 1]));
    size_t lead = 1, tail = line->bar / 8;
    size_t least = line->count < line->bar / 2 ? 2 : 0;
    double room = (double)line->bar - (double)(lead + tail) - (double)(least * line->count), sum = 0;
    for (size_t i = 0; i < line->count; i++) {
        if (i)
            sum += sqrt((double)(line->moments[i] - line->moments[i - 1]));
        size_t at = lead + i * least + (total > 0 && room > 0 ? (size_t)(room * sum / total) : 0);
        line->columns[i] = at < line->bar ? at : line->bar - 1;
    }
}

/* Between two moments, by time; before the first and behind the last, at the side. */
static size_t column_of(const struct timeline *line, int64_t us)
{
    if (us < line->moments[0])
        return 0;
    size_t i = 0;
    while (i + 1 < line->count && line->moments[i + 1] <= us)
        i++;
    if (us == line->moments[i])
        return line->columns[i];
    if (i + 1 == line->count)
        return (line->columns[i] + line->bar) / 2;
    double part = (double)(us - line->moments[i]) / (double)(line->moments[i + 1] - line->moments[i]);
    size_t width = line->columns[i + 1] - line->columns[i];
    size_t inside = width ? (size_t)(part * (double)width) : 0;
    return line->columns[i] + (inside == 0 && width > 1 ? 1 : inside);
}

void timeline_make(struct timeline *line, const struct plan *plan, const struct plan *whole, int64_t now_us,
    struct cmd_screen screen)
{
    *line = (struct timeline){.plan = plan, .whole = whole, .now_us = now_us, .screen = screen};
    find_moments(line);
    for (size_t i = 0; i < plan->key_count; i++) {
        size_t width = strlen(plan->keys[i].id);
        line->label = width > line->label ? width : line->label;
    }
    line->label = (line->label > MOST_LABEL ? MOST_LABEL : line->label) + 2;
    size_t room = screen.columns > line->label ? screen.columns - line->label : 0;
    line->bar = room < LEAST_BAR ? LEAST_BAR : room > MOST_BAR ? MOST_BAR : room;
    place_moments(line);
    line->now_column = now_us == INT64_MIN ? SIZE_MAX : column_of(line, now_us);
}

/* The first letter of an operation that was decided at the moment; 0 if none was. */
static char operation_mark(const struct timeline *line, int64_t us)
{
    for (size_t i = 0; i < line->whole->history_count; i++) {
        const struct plan_entry *entry = &line->whole->history[i];
        if (entry->at_us == us && strcmp(entry->operation, "note") != 0)
            return (char)toupper((unsigned char)entry->operation[0]);
    }
    return '\0';
}

char timeline_mark(const struct timeline *line, int64_t us)
{
    static const char marks[] = "123456789abcdefghijklmnopqrstuvwxyz";
    size_t number = 0;
    char operation = us == UTC_OPEN ? '\0' : operation_mark(line, us);
    if (operation)
        return operation;
    for (size_t i = 0; i < line->count; i++) {
        if (line->moments[i] == us)
            return number < sizeof marks - 1 ? marks[number] : '*';
        number += operation_mark(line, line->moments[i]) == '\0';
    }
    return ' ';
}

enum sign { ABSENT, PUBLISHED, SIGNS, REVOKED, UNPUBLISHED };

static enum sign sign_of(struct plan_key_state state)
{
    return state.revoked     ? REVOKED
           : state.published ? (state.signing ? SIGNS : PUBLISHED)
           : state.signing   ? UNPUBLISHED
                             : ABSENT;
}

static const struct {
    const char *utf8, *ascii, *color, *meaning;
} signs[] = {
    [ABSENT] = {"·", ".", COLOR_FAINT, "not in the zone"},
    [PUBLISHED] = {"─", "-", COLOR_PUBLISHED, "published"},
    [SIGNS] = {"█", "#", COLOR_SIGNS, "signs"},
    [REVOKED] = {"▒", "x", COLOR_REVOKED, "revoked"},
    [UNPUBLISHED] = {"░", "~", COLOR_SIGNS, "signs, not published"},
};

/* The last moment at or left of a column: what is true there. */
static int64_t moment_at(const struct timeline *line, size_t column)
{
    int64_t us = line->moments[0] - 1;
    for (size_t i = 0; i < line->count && line->columns[i] <= column; i++)
        us = line->moments[i];
    return us;
}

static void add_bar(const struct timeline *line, const struct plan_key *key, struct text *text)
{
    for (size_t i = 0; i < line->bar;) {
        enum sign sign = sign_of(plan_key_at(key, moment_at(line, i)));
        struct text run;
        text_start(&run);
        while (i < line->bar && sign_of(plan_key_at(key, moment_at(line, i))) == sign) {
            text_add(&run, line->screen.utf8 ? signs[sign].utf8 : signs[sign].ascii);
            i++;
        }
        timeline_color(text, line->screen, signs[sign].color, run.string);
        text_free(&run);
    }
    text_add(text, "\n");
}

static void add_marks(const struct timeline *line, struct text *text)
{
    text_printf(text, "%*s", (int)line->label, "");
    size_t at = 0;
    for (size_t i = 0; i < line->count; i++) {
        if (line->columns[i] < at)
            continue; /* no room: the table has it */
        text_printf(text, "%*s%c", (int)(line->columns[i] - at), "", timeline_mark(line, line->moments[i]));
        at = line->columns[i] + 1;
    }
    text_add(text, "\n");
}

static void add_present(const struct timeline *line, struct text *text)
{
    char when[UTC_TEXT];
    if (line->now_column == SIZE_MAX)
        return;
    line->plan->relative ? utc_format_words(line->now_us, when) : utc_format_short(line->now_us, when);
    size_t length = strlen(when), at = line->label + line->now_column;
    bool left = line->now_column + length + 2 > line->bar && line->now_column > length;
    text_printf(text, "%*s", (int)(left ? at - length - 1 : at), "");
    struct text word;
    text_start(&word);
    const char *arrow = line->screen.utf8 ? "▲" : "^";
    text_printf(&word, left ? "%s %s" : "%s %s", left ? when : arrow, left ? arrow : when);
    timeline_color(text, line->screen, COLOR_NOW, word.string);
    text_free(&word);
    text_add(text, "\n");
}

static void add_legend(const struct timeline *line, struct text *text)
{
    bool used[sizeof signs / sizeof *signs] = {false};
    for (size_t i = 0; i < line->plan->key_count; i++)
        for (size_t j = 0; j < line->count; j++)
            used[sign_of(plan_key_at(&line->plan->keys[i], line->moments[j]))] = true;
    text_printf(text, "%*s", (int)line->label, "");
    bool first = true;
    for (size_t i = PUBLISHED; i < sizeof signs / sizeof *signs; i++) {
        if (!used[i])
            continue;
        text_add(text, first ? "" : "   ");
        timeline_color(
            text, line->screen, signs[i].color, line->screen.utf8 ? signs[i].utf8 : signs[i].ascii);
        text_printf(text, " %s", signs[i].meaning);
        first = false;
    }
    text_add(text, "\n");
}

void timeline_print(const struct timeline *line, struct text *text)
{
    add_marks(line, text);
    for (size_t i = 0; i < line->plan->key_count; i++) {
        text_printf(text, "%-*.*s", (int)line->label, MOST_LABEL, line->plan->keys[i].id);
        add_bar(line, &line->plan->keys[i], text);
    }
    add_present(line, text);
    add_legend(line, text);
}

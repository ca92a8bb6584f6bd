/* A question is four: the lines, how many sources in all, what collectors cover, and its spans. All are asked
 * with the same condition on which segments count. Segments that do not are looked for before and after: had
 * one come up in between, rows could be in the answer twice, and it is asked again. */
#include "io/store/sightings_click.h"
#include "click_statements.h"

#include "base/utc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ROUNDS = 4 };

/* How lines are asked, by `by`: the fields that come before `invalid`, as in `types`; and what is grouped by.
 */
static const struct {
    const char *statement, *fields, *group, *types;
} forms[] = {
    [SIGHTINGS_BY_TAGSET] = {click_lines, "zone, tags", "zone, tags", "ss188888ii"},
    [SIGHTINGS_BY_KEY] = {click_lines_by_key, "", "", "ss188888ii"},
    [SIGHTINGS_BY_DAY] = {click_lines, "{day} AS day, zone, tags", "day, zone, tags", "iss188888ii"},
    [SIGHTINGS_BY_SOURCE] = {click_lines, "source, zone, tags", "source, zone, tags", "fss188888ii"},
    [SIGHTINGS_BY_COLLECTOR] = {click_lines, "collector, zone, tags", "collector, zone, tags", "sss188888ii"},
};

/* What is being put together. */
struct asking {
    const struct sightings_question *question;
    struct arena *arena;
    struct sightings_answer answer;
    /* on the heap while they grow */
    struct sightings_line *lines;
    size_t line_capacity;
    const char *last_zone, *last_tags, *last_collector; /* mostly those of the line before */
    struct text counted;
};

static int no_memory(struct err_note *note)
{
    return err_set(note, ERR_NOMEM, "no memory for an answer");
}

/* A string of the arena; the one before if it is the same. NULL: no memory, or a NUL in it. */
static const char *string_of(struct asking *asking, const struct click_value *value, const char **last)
{
    if (*last && strlen(*last) == value->length && memcmp(*last, value->bytes, value->length) == 0)
        return *last;
    char *out = click_row_text(value) ? arena_alloc(asking->arena, value->length + 1) : NULL;
    if (out && value->length)
        memcpy(out, value->bytes, value->length);
    *last = out;
    return out;
}

/* ---- lines ---- */

/* Four hexadecimal digits; 0x10000: they are not. */
static uint32_t tag_of(const struct click_value *word)
{
    char digits[5] = "";
    if (word->length != 4)
        return 0x10000;
    memcpy(digits, word->bytes, 4);
    return strspn(digits, "0123456789abcdef") == 4 ? (uint32_t)strtoul(digits, NULL, 16) : 0x10000;
}

static int take_line(void *context, const struct click_value *values, struct err_note *note)
{
    struct asking *asking = context;
    enum sightings_by by = asking->question->by;
    const struct click_value *zone =
        by == SIGHTINGS_BY_TAGSET || by == SIGHTINGS_BY_KEY ? &values[0] : &values[1];
    const struct click_value *word = zone + 1, *invalid = zone + 2, *numbers = zone + 3;
    struct sightings_line line = {.invalid = invalid->number != 0};
    line.zone = string_of(asking, zone, &asking->last_zone);
    if (!line.zone)
        return no_memory(note);
    if (by == SIGHTINGS_BY_KEY && !line.invalid) {
        uint32_t tag = tag_of(word);
        if (tag > UINT16_MAX)
            return err_set(note, ERR_DATA, "a set of tags that is none: the tables are not rollcall's");
        line.key = (uint16_t)tag;
    } else if (!(line.tags = string_of(asking, word, &asking->last_tags))) {
        return no_memory(note);
    }
    if (by == SIGHTINGS_BY_DAY)
        line.day_us = (int64_t)values[0].number;
    if (by == SIGHTINGS_BY_SOURCE)
        memcpy(line.source, values[0].bytes, sizeof line.source);
    if (by == SIGHTINGS_BY_COLLECTOR &&
        !(line.collector = string_of(asking, &values[0], &asking->last_collector)))
        return no_memory(note);
    line.sources = numbers[0].number;
    line.ta_null = numbers[1].number;
    line.ta_a = numbers[2].number;
    line.options = numbers[3].number;
    line.signals = line.invalid ? numbers[4].number : line.ta_null + line.ta_a + line.options;
    line.first_us = (int64_t)numbers[5].number;
    line.last_us = (int64_t)numbers[6].number;
    struct sightings_line *lines =
        sightings_click_room(asking->lines, asking->answer.line_count, &asking->line_capacity, sizeof line);
    if (!lines)
        return no_memory(note);
    asking->lines = lines;
    lines[asking->answer.line_count++] = line;
    return 0;
}

static int take_totals(void *context, const struct click_value *values, struct err_note *note)
{
    (void)note;
    struct asking *asking = context;
    asking->answer.sources = values[0].number;
    asking->answer.observed = values[1].number;
    return 0;
}

/* ---- the question ---- */

/* Days begin at midnight, also before 1970: counted from a day that is early enough for intDiv() to round
 * down. */
#define DAY "intDiv(hour_us + 86400000000 * 719163, 86400000000) * 86400000000 - 86400000000 * 719163"

static int ask_all(struct sightings_click *store, struct asking *asking, struct err_note *note)
{
    const struct sightings_question *question = asking->question;
    struct click_sql_value values[SIGHTINGS_CLICK_BOUNDS + 4] = {
        {"fields", CLICK_SQL_PART, .text = forms[question->by].fields},
        {"group", CLICK_SQL_PART, .text = forms[question->by].group}, {"day", CLICK_SQL_PART, .text = DAY}};
    sightings_click_bounds(question, asking->counted.string, values + 3);
    int rc = sightings_click_run(
        store, forms[question->by].statement, values, forms[question->by].types, take_line, asking, note);
    if (!rc)
        rc = sightings_click_run(store, click_totals, values, "88", take_totals, asking, note);
    if (!rc)
        rc = sightings_click_cover(
            store, values, asking->arena, &asking->answer.coverage, &asking->answer.coverage_count, note);
    return rc;
}

static void clear(struct asking *asking)
{
    asking->answer = (struct sightings_answer){0};
}

/* Asks until nothing has changed about which segments count. */
static int ask_rounds(struct sightings_click *store, void *context, struct err_note *note)
{
    struct asking *asking = context;
    text_free(&asking->counted);
    text_start(&asking->counted);
    int rc = sightings_click_counted(store, asking->question->collector, &asking->counted, note);
    for (unsigned round = 0; !rc; round++) {
        struct text after;
        clear(asking);
        text_start(&after);
        rc = ask_all(store, asking, note);
        if (!rc)
            rc = sightings_click_counted(store, asking->question->collector, &after, note);
        bool same = !rc && strcmp(after.string, asking->counted.string) == 0;
        text_free(&asking->counted);
        asking->counted = after;
        if (same || rc)
            break;
        if (round == MOST_ROUNDS)
            rc = err_set(note, ERR_UNAVAILABLE, "several processes write the same input; ask again later");
    }
    return rc;
}

/* ---- the whole ---- */

/* Puts the lines in order and all into the arena. */
static int finish_answer(struct asking *asking, struct sightings_answer *ret_answer, struct err_note *note)
{
    struct sightings_answer *answer = &asking->answer;
    sightings_sort(asking->question->by, asking->lines, answer->line_count);
    answer->lines = arena_copy(asking->arena, asking->lines, answer->line_count * sizeof *answer->lines);
    if (answer->line_count && !answer->lines)
        return no_memory(note);
    *ret_answer = *answer;
    return 0;
}

int sightings_click_ask(struct sightings *base, const struct sightings_question *question,
    struct arena *arena, struct sightings_answer *ret_answer, struct err_note *note)
{
    struct sightings_click *store = (struct sightings_click *)base;
    struct asking asking = {.question = question, .arena = arena};
    text_start(&asking.counted);
    const char *missing;
    int rc = sightings_click_try(store, ask_rounds, NULL, &asking, arena, &missing, note);
    asking.answer.partial = !rc && missing;
    asking.answer.missing = rc ? NULL : missing;
    if (!rc)
        rc = finish_answer(&asking, ret_answer, note);
    text_free(&asking.counted);
    free(asking.lines);
    return rc;
}

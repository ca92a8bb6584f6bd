/* Runs line by line, each with its cause below it; then, where they are few, a timeline for each. */
#include "app/lab/forms/forms_inside.h"

#include "base/grid.h"

#include <string.h>

enum { INDENT = 2, MOST_TIMELINES = 12, WIDE = 100 };

enum column { RESOLVER, SCENARIO, VERDICT, BROKE, HEALED, COLUMNS };

static void add_cell(const void *context, size_t row, size_t column, struct text *cell)
{
    const struct forms_report *report = context;
    const struct forms_run *run = &report->runs[row];
    struct text label;
    switch ((enum column)column) {
    case RESOLVER:
        text_start(&label);
        forms_add_label(&label, run);
        text_add_safe(cell, label.string);
        cell->failed |= label.failed;
        text_free(&label);
        return;
    case SCENARIO:
        text_add_safe(cell, run->schedule->scenario->name);
        return;
    case VERDICT:
        text_add(cell, verdict_name(run->result->verdict));
        return;
    case BROKE:
        forms_add_broke(cell, run->result);
        return;
    case HEALED:
        forms_add_date(cell, run->result->healed_us);
        return;
    case COLUMNS:
        return;
    }
}

static void add_paragraph(const char *string, size_t indent, size_t columns, struct text *text)
{
    struct text words;
    text_start(&words);
    text_add_safe(&words, string);
    text_printf(text, "%*s", (int)indent, "");
    text_add_wrapped(text, &words, indent, columns > indent ? columns - indent : columns);
}

/* On a narrow screen the day on which it healed stands here, not in a column. */
static void add_cause(const struct forms_run *run, size_t columns, struct text *text)
{
    struct text cause;
    text_start(&cause);
    if (columns < WIDE && run->result->healed_us != UTC_OPEN) {
        text_add(&cause, "Healed ");
        forms_add_date(&cause, run->result->healed_us);
        text_add(&cause, ". ");
    }
    text_add(&cause, run->result->cause);
    add_paragraph(cause.string, INDENT, columns, text);
    text->failed |= cause.failed;
    text_free(&cause);
}

/* The cause of the run above. */
static void before_row(const void *context, size_t row, size_t screen, struct text *text)
{
    const struct forms_report *report = context;
    if (row)
        add_cause(&report->runs[row - 1], screen, text);
}

static bool same_calendar(const struct scenario_schedule *a, const struct scenario_schedule *b)
{
    return strcmp(a->plan->name, b->plan->name) == 0 && a->from_us == b->from_us && a->to_us == b->to_us;
}

static void add_head(const struct forms_report *report, size_t columns, struct text *text)
{
    const struct scenario_schedule *schedule = report->runs[0].schedule;
    size_t resolvers = 0, verdicts[VERDICT_UNKNOWN + 1] = {0};
    bool one_calendar = true;
    for (size_t i = 0; i < report->count; i++) {
        const struct forms_run *run = &report->runs[i];
        resolvers += i == 0 || !forms_same_resolver(run, run - 1);
        verdicts[run->result->verdict]++;
        one_calendar = one_calendar && same_calendar(run->schedule, schedule);
    }
    struct text words;
    text_start(&words);
    text_printf(&words, "%zu resolver%s, %zu rehearsal%s", resolvers, resolvers == 1 ? "" : "s",
        report->count, report->count == 1 ? "" : "s");
    if (one_calendar) {
        text_add(&words, " of plan ");
        text_add_safe(&words, schedule->plan->name);
        text_add(&words, " from ");
        forms_add_date(&words, schedule->from_us);
        text_add(&words, " to ");
        forms_add_date(&words, schedule->to_us);
    }
    for (int v = 0, any = 0; v <= VERDICT_UNKNOWN; v++)
        if (verdicts[v])
            text_printf(&words, "%s %zu %s", any++ ? "," : ":", verdicts[v], verdict_name((enum verdict)v));
    text_add_wrapped(text, &words, INDENT, columns);
    text_add(text, "\n");
}

static int add_timelines(const struct forms_report *report, struct forms_screen screen, struct text *text)
{
    struct arena *arena = arena_new();
    int err = arena ? 0 : ERR_NOMEM;
    for (size_t i = 0; i < report->count && !err; i++) {
        text_add(text, "\n");
        err = forms_timeline(&report->runs[i], screen, arena, text);
        if (arena)
            arena_reset(arena);
    }
    text_add(text, "\n");
    forms_timeline_legend(screen, text);
    arena_free(arena);
    return err;
}

int forms_table(const struct forms_report *report, struct forms_screen screen, struct text *ret_text)
{
    const struct grid_column heads[COLUMNS] = {[RESOLVER] = {"RESOLVER", false, 0},
        [SCENARIO] = {"SCENARIO", false, 0},
        [VERDICT] = {"VERDICT", false, 0},
        [BROKE] = {"BROKE", false, 0},
        [HEALED] = {screen.columns < WIDE ? NULL : "HEALED", false, 0}};
    const struct grid grid = {.columns = heads,
        .column_count = COLUMNS,
        .rows = report->count,
        .cell = add_cell,
        .before = before_row,
        .context = report};
    int err = 0;
    if (report->count == 0) {
        text_add(ret_text, "Nothing was rehearsed.\n");
        return ret_text->failed ? ERR_NOMEM : 0;
    }
    add_head(report, screen.columns, ret_text);
    grid_write(&grid, screen.columns, ret_text);
    add_cause(&report->runs[report->count - 1], screen.columns, ret_text);
    if (report->count <= MOST_TIMELINES)
        err = add_timelines(report, screen, ret_text);
    else
        text_printf(ret_text,
            "\nTimelines are shown for up to %d rehearsals; --html and --json have them all.\n",
            MOST_TIMELINES);
    return err ? err : ret_text->failed ? ERR_NOMEM : 0;
}

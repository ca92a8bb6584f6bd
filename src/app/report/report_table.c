/* Numbers first, names last, so that a long name or tag set spoils no column; where the screen is narrow,
 * what is least needed is left out. Then what the numbers are of, who saw it, and what they do not tell. */
#include "base/grid.h"
#include "app/report/inside.h"

#include "base/utc.h"

#include <inttypes.h>
#include <string.h>

enum column { FRONT, SOURCES, SHARE, SIGNALS, TA_NULL, TA_A, OPTION, FIRST, LAST, ZONE, WHAT, COLUMNS };

static const struct grid_column columns[] = {
    [FRONT] = {"", false, 0},
    [SOURCES] = {"SOURCES", true, 0},
    [SHARE] = {"SHARE", true, 0},
    [SIGNALS] = {"SIGNALS", true, 0},
    [TA_NULL] = {"NULL", true, 1},
    [TA_A] = {"A", true, 1},
    [OPTION] = {"OPTION", true, 1},
    [FIRST] = {"FIRST", false, 2},
    [LAST] = {"LAST", false, 3},
    [ZONE] = {"ZONE", false, 0},
    [WHAT] = {"", false, 0},
};

struct table {
    const struct report *report;
    bool invalid; /* the table of malformed signals */
    const struct sightings_line *lines;
};

void report_add_share(struct text *text, uint64_t part, uint64_t whole)
{
    text_printf(text, "%.1f %%", whole ? 100.0 * (double)part / (double)whole : 0.0);
}

static const char *head_of(const struct table *table, enum column column)
{
    static const char *const fronts[] = {
        [SIGHTINGS_BY_DAY] = "DAY", [SIGHTINGS_BY_SOURCE] = "SOURCE", [SIGHTINGS_BY_COLLECTOR] = "COLLECTOR"};
    enum sightings_by by = table->report->question->by;
    if (column == FRONT)
        return by == SIGHTINGS_BY_TAGSET || by == SIGHTINGS_BY_KEY ? "" : fronts[by];
    if (column == WHAT)
        return table->invalid ? "REASON" : by == SIGHTINGS_BY_KEY ? "KEY" : "TAGS";
    return columns[column].head;
}

/* Whether the table has a column at all, however wide the screen. */
static bool has(const struct table *table, enum column column)
{
    enum sightings_by by = table->report->question->by;
    switch (column) {
    case FRONT:
        return by == SIGHTINGS_BY_DAY || by == SIGHTINGS_BY_SOURCE || by == SIGHTINGS_BY_COLLECTOR;
    case SOURCES:
        return by != SIGHTINGS_BY_SOURCE;
    case SHARE:
        return !table->invalid && (by == SIGHTINGS_BY_TAGSET || by == SIGHTINGS_BY_KEY);
    case TA_NULL:
    case TA_A:
    case OPTION:
        return !table->invalid;
    default:
        return true;
    }
}

static void add_date(struct text *text, int64_t us)
{
    struct utc_date date = utc_date_of(us);
    text_printf(text, "%04d-%02d-%02d", date.year, date.month, date.day);
}

static void add_cell(const void *context, size_t row, size_t column, struct text *cell)
{
    const struct table *table = context;
    const struct sightings_line *line = &table->lines[row];
    const uint64_t numbers[COLUMNS] = {[SOURCES] = line->sources,
        [SIGNALS] = line->signals,
        [TA_NULL] = line->ta_null,
        [TA_A] = line->ta_a,
        [OPTION] = line->options};
    switch (column) {
    case FRONT:
        report_add_front(cell, table->report->question->by, line);
        return;
    case SHARE:
        report_add_share(cell, line->sources, table->report->answer->sources);
        return;
    case FIRST:
    case LAST:
        add_date(cell, column == FIRST ? line->first_us : line->last_us);
        return;
    case ZONE:
        report_add_name(cell, line->zone);
        return;
    case WHAT:
        if (line->invalid)
            report_add_name(cell, line->tags);
        else if (table->report->question->by == SIGHTINGS_BY_KEY)
            text_printf(cell, "%u", line->key);
        else
            report_add_tags(cell, line);
        return;
    default:
        text_printf(cell, "%" PRIu64, numbers[column]);
    }
}

/* Lines that are malformed stand behind the others. */
static bool add_table(const struct report *report, bool invalid, struct text *text)
{
    const struct sightings_answer *answer = report->answer;
    size_t valid = 0;
    while (valid < answer->line_count && !answer->lines[valid].invalid)
        valid++;
    const struct table table = {report, invalid, answer->lines + (invalid ? valid : 0)};
    struct grid_column shown[COLUMNS];
    for (enum column c = 0; c < COLUMNS; c++) {
        shown[c] = columns[c];
        shown[c].head = has(&table, c) ? head_of(&table, c) : NULL;
    }
    const struct grid grid = {shown, COLUMNS, invalid ? answer->line_count - valid : valid, add_cell, &table};
    if (grid.rows == 0)
        return false;
    if (invalid)
        text_add(text, "\nMalformed, and counted in nothing above:\n");
    grid_write(&grid, report->columns, text);
    return true;
}

/* ---- words ---- */

static void add_head(const struct report *report, struct text *text)
{
    const struct sightings_question *question = report->question;
    struct text words, store;
    char when[UTC_TEXT];
    if (report->answer->partial) {
        text_start(&words);
        text_add(&words, "PARTIAL: there is more than this. ");
        if (report->answer->missing)
            report_add_name(&words, report->answer->missing);
        text_add_wrapped(text, &words, 9, report->columns);
    }
    text_start(&words);
    text_start(&store);
    report_add_store(&store, report->store);
    text_printf(&words, "Trust anchor signals (RFC 8145) by %s in ", report_by_word(question->by));
    text_add_safe(&words, store.string);
    if (question->zone) {
        text_add(&words, ", zone ");
        report_add_name(&words, question->zone);
    }
    if (question->collector)
        text_printf(&words, ", collector %s", question->collector);
    if (question->from_us != INT64_MIN)
        text_printf(&words, ", from %s", utc_format_short(question->from_us, when));
    if (question->to_us != INT64_MAX)
        text_printf(&words, ", before %s", utc_format_short(question->to_us, when));
    text_add_wrapped(text, &words, 2, report->columns);
    text_add(text, "\n");
    text->failed = text->failed || store.failed;
    text_free(&store);
}

/* What the numbers are of, and what they leave open. */
static void add_meaning(const struct report *report, struct text *text)
{
    const struct sightings_answer *answer = report->answer;
    enum sightings_by by = report->question->by;
    uint64_t silent = answer->observed - answer->sources;
    struct text words;
    text_add(text, "\n");
    text_start(&words);
    text_printf(&words, "%" PRIu64 " of %" PRIu64 " sources seen (", answer->sources, answer->observed);
    report_add_share(&words, answer->sources, answer->observed);
    text_add(&words, ") told which keys they trust.");
    if (answer->sources && (by == SIGHTINGS_BY_TAGSET || by == SIGHTINGS_BY_KEY))
        text_printf(&words, " SHARE is of these %" PRIu64 "; who told several sets is in several lines.",
            answer->sources);
    text_add_wrapped(text, &words, 0, report->columns);
    text_start(&words);
    if (silent)
        text_printf(&words,
            "Not known: what the other %" PRIu64
            " trust. Many validators never signal; silence is not readiness. ",
            silent);
    text_add(&words, "A source is an address: it may be many resolvers, or pass on what others say.");
    text_add_wrapped(text, &words, 0, report->columns);
}

static void add_coverage(const struct sightings_coverage *coverage, size_t screen, struct text *text)
{
    struct text words;
    char from[UTC_TEXT], to[UTC_TEXT], span[UTC_TEXT];
    text_start(&words);
    if (coverage->from_us || coverage->to_us)
        text_printf(&words, "%s: %s to %s,", coverage->collector, utc_format(coverage->from_us, from),
            utc_format(coverage->to_us, to));
    else
        text_printf(&words, "%s: nothing counted,", coverage->collector);
    text_printf(&words,
        " %" PRIu64 " input%s, %" PRIu64 " packets, %" PRIu64 " DNS messages; %" PRIu64
        " lost before they were seen, %" PRIu64 " seen before, %" PRIu64 " malformed",
        coverage->inputs, coverage->inputs == 1 ? "" : "s", coverage->packets, coverage->messages,
        coverage->dropped, coverage->overlapped, coverage->malformed);
    if (coverage->gaps)
        text_printf(&words, "; %" PRIu64 " pause%s, together %s", coverage->gaps,
            coverage->gaps == 1 ? "" : "s", utc_format_words(coverage->gap_us, span));
    text_add(text, "  ");
    text_add_wrapped(text, &words, 4, screen > 2 ? screen - 2 : screen);
}

void report_table(const struct report *report, struct text *text)
{
    const struct sightings_answer *answer = report->answer;
    add_head(report, text);
    if (!add_table(report, false, text))
        text_add(text, "No signal.\n");
    add_table(report, true, text);
    add_meaning(report, text);
    if (answer->coverage_count)
        text_add(text, "\nSeen by, in all:\n");
    for (size_t i = 0; i < answer->coverage_count; i++)
        add_coverage(&answer->coverage[i], report->columns, text);
}

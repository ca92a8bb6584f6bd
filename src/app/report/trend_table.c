/* A line for each step, and before it what happened in its time: feeds that begin or end, dates of the plan,
 * and why there is no number. So nobody reads a number against the one above without seeing what stands
 * between. */
#include "base/grid.h"
#include "app/report/inside.h"
#include "app/report/readiness_inside.h"
#include "app/report/trend_inside.h"

#include "base/utc.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { INDENT = 3 };

static void add_moment(struct text *text, int64_t us)
{
    char when[UTC_TEXT];
    text_add(text, us == UTC_OPEN ? "no date" : utc_format_short(us, when));
}

static void add_head(const struct trend *trend, size_t columns, struct text *text)
{
    struct text words;
    if (trend->partial) {
        text_start(&words);
        text_add(&words, "PARTIAL: there is more than this, and nothing is compared. ");
        if (trend->missing)
            report_add_name(&words, trend->missing);
        text_add_wrapped(text, &words, 9, columns);
    }
    text_start(&words);
    text_printf(&words, "Readiness for the roll from key %u to key %u, in steps from ", trend->roll.old_tag,
        trend->roll.new_tag);
    add_moment(&words, trend->from_us);
    text_add(&words, " to ");
    add_moment(&words, trend->to_us);
    text_add(&words, ", each judged by the plan as it stood at its end.");
    text_add_wrapped(text, &words, 2, columns);
    text_add(text, "\n");
}

/* ---- before a step ---- */

static size_t count_changes(const struct trend *trend, const struct trend_step *step, const char *collector)
{
    size_t count = 0;
    for (size_t i = 0; i < trend->feed_count; i++)
        count += trend->feeds[i].at_us >= step->from_us && trend->feeds[i].at_us < step->to_us &&
                 strcmp(trend->feeds[i].collector, collector) == 0;
    return count;
}

/* Whether the feed's changes of this step were told already. */
static bool is_told(const struct trend *trend, const struct trend_step *step, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (trend->feeds[i].at_us >= step->from_us &&
            strcmp(trend->feeds[i].collector, trend->feeds[at].collector) == 0)
            return true;
    return false;
}

static void add_day(struct text *text, int64_t us)
{
    add_moment(text, trend_day_before(us));
}

/* One that comes and goes is told once. Those that begin (or end) on the same day stand together. */
static void add_feeds(
    const struct trend *trend, const struct trend_step *step, size_t columns, struct text *text)
{
    for (size_t i = 0; i < trend->feed_count; i++) {
        const struct feeds_change *feed = &trend->feeds[i];
        if (feed->at_us < step->from_us || feed->at_us >= step->to_us || is_told(trend, step, i))
            continue;
        struct text words;
        text_start(&words);
        text_add(&words, "-- ");
        add_day(&words, feed->at_us);
        size_t changes = count_changes(trend, step, feed->collector);
        if (changes > 1)
            text_printf(&words, " a feed comes and goes, %zu changes: ", changes);
        else
            text_printf(&words, " a feed %s: ", feed->begins ? "begins" : "ends");
        report_add_name(&words, feed->collector);
        while (changes == 1 && i + 1 < trend->feed_count && trend->feeds[i + 1].begins == feed->begins &&
               trend_day_before(trend->feeds[i + 1].at_us) == trend_day_before(feed->at_us) &&
               count_changes(trend, step, trend->feeds[i + 1].collector) == 1) {
            text_add(&words, ", ");
            report_add_name(&words, trend->feeds[++i].collector);
        }
        text_add_wrapped(text, &words, INDENT, columns);
    }
}

static void add_event(const struct trend_event *event, size_t columns, struct text *text)
{
    struct text words;
    text_start(&words);
    text_add(&words, "-- ");
    add_moment(&words, event->at_us);
    if (event->key >= 0) {
        text_printf(&words, " plan: %s, key %d", event->what, (int)event->key);
    } else {
        text_add(&words, " plan: ");
        text_add_safe(&words, event->what);
        text_add(&words, "; the new key signs ");
        text_add(&words, event->sign_us == UTC_OPEN ? "at " : "");
        add_moment(&words, event->sign_us);
        if (event->who) {
            text_add(&words, " (");
            text_add_safe(&words, event->who);
            text_add(&words, ")");
        }
    }
    text_add_wrapped(text, &words, INDENT, columns);
}

static void add_why(const char *what, const char *why, size_t columns, struct text *text)
{
    struct text words;
    text_start(&words);
    text_printf(&words, "-- %s: %s", what, why);
    text_add_wrapped(text, &words, INDENT, columns);
}

static void before_step(const void *context, size_t row, size_t columns, struct text *text)
{
    const struct trend *trend = context;
    const struct trend_step *step = &trend->steps[row];
    bool last = row + 1 == trend->step_count;
    add_feeds(trend, step, columns, text);
    for (size_t i = 0; i < trend->event_count; i++) {
        const struct trend_event *event = &trend->events[i];
        if (event->at_us >= step->from_us && (event->at_us < step->to_us || last))
            add_event(event, columns, text);
    }
    if (step->reason && (row == 0 || step[-1].reason != step->reason))
        add_why("not judged", step->reason, columns, text);
    else if (row && step->is_judged && step[-1].is_judged && !step->has_like && !trend->partial)
        add_why("not compared with the step before", step->no_like, columns, text);
}

/* ---- steps ---- */

enum column { FROM, TO, NAIVE, TOLD, OLD_ONLY, INTERVAL, AT_RISK, FEEDS, CHANGE, COLUMNS };

/* To a tenth, and never "-0.0". */
static double rounded(double points)
{
    double tenths = round(10 * points);
    return tenths == 0 ? 0 : tenths / 10;
}

static void add_change(const struct trend_step *step, enum column column, struct text *cell)
{
    if (column == FEEDS && step->has_like && step->feeds_changed)
        text_printf(cell, "%zu/", step->like_collectors);
    if (column == FEEDS)
        text_printf(cell, "%zu", step->collectors);
    else if (step->has_like)
        text_printf(cell, "%+.1f (%+.1f to %+.1f)", rounded(step->like_change), rounded(step->like_low),
            rounded(step->like_high));
    else
        text_add(cell, "-");
}

static void add_number(const struct trend_step *step, enum column column, struct text *cell)
{
    const uint64_t *sources = step->total.sources;
    if (column == TOLD)
        text_printf(cell, "%" PRIu64, readiness_told(sources));
    else if (!step->is_judged)
        text_add(cell, "-");
    else if (column == OLD_ONLY)
        text_printf(cell, "%.2f %%", 100 * step->share.value);
    else if (column == INTERVAL)
        text_printf(cell, "%.1f-%.1f", 100 * step->share.low, 100 * step->share.high);
    else
        text_printf(cell, "%" PRIu64 "-%" PRIu64, sources[CLASSIFY_OLD_ONLY], readiness_upper(sources));
}

static void add_cell(const void *context, size_t row, size_t column, struct text *cell)
{
    const struct trend *trend = context;
    const struct trend_step *step = &trend->steps[row];
    uint64_t part, whole;
    switch ((enum column)column) {
    case FROM:
        add_moment(cell, step->from_us);
        return;
    case TO:
        add_moment(cell, step->to_us);
        return;
    case NAIVE:
        trend_naive(trend, step, &part, &whole);
        if (whole)
            report_add_share(cell, part, whole);
        else
            text_add(cell, "-");
        return;
    case FEEDS:
    case CHANGE:
        add_change(step, column, cell);
        return;
    default:
        add_number(step, column, cell);
        return;
    }
}

static void add_words(const struct trend *trend, size_t columns, struct text *text)
{
    struct text words;
    bool any = false;
    for (size_t i = 0; i < trend->step_count; i++)
        any |= trend->steps[i].has_like && trend->steps[i].feeds_changed;
    text_start(&words);
    text_add(&words,
        "OLD-ONLY: the old key only, confirmed, of the sources whose word is known (TOLD), with its "
        "95 % interval. AT RISK: sources, from proved to not disproved. FEEDS: collectors at work "
        "throughout the step. CHANGE: percentage points against the step before, by the same feeds, of the "
        "sources whose last word is the old key alone, confirmed or not.");
    if (any)
        text_add(&words,
            " Where feeds changed (3/5), OLD-ONLY must not be read against the line above: the change "
            "is told by those alone (3) that were at work throughout both steps.");
    text_add_wrapped(text, &words, 2, columns);
    text_start(&words);
    text_add(&words,
        "NAIVE (if the screen is wide enough): addresses that named the old key alone, of those that "
        "signalled, by the day; it is what "
        "was misread in 2018, and is here to be seen beside.");
    text_add_wrapped(text, &words, 2, columns);
}

void trend_table(const struct trend *trend, size_t columns, struct text *text)
{
    static const struct grid_column heads[COLUMNS] = {[FROM] = {"FROM", false, 0},
        [TO] = {"TO", false, 1},
        [NAIVE] = {"NAIVE", true, 2},
        [TOLD] = {"TOLD", true, 0},
        [OLD_ONLY] = {"OLD-ONLY", true, 0},
        [INTERVAL] = {"95 %", true, 0},
        [AT_RISK] = {"AT RISK", true, 0},
        [FEEDS] = {"FEEDS", true, 0},
        [CHANGE] = {"CHANGE (95 %)", false, 0}};
    const struct grid grid = {.columns = heads,
        .column_count = COLUMNS,
        .rows = trend->step_count,
        .cell = add_cell,
        .before = before_step,
        .context = trend};
    add_head(trend, columns, text);
    if (trend->step_count == 0) {
        text_add(text, "Nothing was seen in this time.\n");
        return;
    }
    grid_write(&grid, columns, text);
    text_add(text, "\n");
    add_words(trend, columns, text);
}

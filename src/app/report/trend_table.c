/* A line for each step, and before it what happened in its time: feeds that begin or end, dates of the plan.
 * So nobody reads a number against the one above without seeing what stands between. */
#include "app/report/inside.h"
#include "app/report/readiness_inside.h"
#include "app/report/trend_inside.h"

#include "base/utc.h"

#include <inttypes.h>
#include <stdio.h>

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
        report_add_wrapped(text, &words, 9, columns);
    }
    text_start(&words);
    text_printf(&words, "Readiness for the roll from key %u to key %u, in steps from ", trend->roll.old_tag,
        trend->roll.new_tag);
    add_moment(&words, trend->from_us);
    text_add(&words, " to ");
    add_moment(&words, trend->to_us);
    text_add(&words,
        ", each judged by the plan as it stood at its end. OLD-ONLY is the share, confirmed, of the "
        "TOLD: sources whose word is known.");
    report_add_wrapped(text, &words, 2, columns);
    text_add(text, "\n");
}

/* ---- what happened ---- */

static void add_feeds(
    const struct trend *trend, int64_t from_us, int64_t to_us, size_t columns, struct text *text)
{
    for (size_t i = 0; i < trend->feed_count; i++) {
        const struct feeds_change *feed = &trend->feeds[i];
        if (feed->at_us < from_us || feed->at_us >= to_us)
            continue;
        struct text words;
        text_start(&words);
        text_add(&words, "-- ");
        add_moment(&words, feed->at_us / UTC_DAY * UTC_DAY);
        text_printf(&words, " a feed %s: ", feed->begins ? "begins" : "ends");
        report_add_name(&words, feed->collector);
        /* Those of the same day and kind on one line. */
        while (i + 1 < trend->feed_count && trend->feeds[i + 1].begins == feed->begins &&
               trend->feeds[i + 1].at_us / UTC_DAY == feed->at_us / UTC_DAY) {
            text_add(&words, ", ");
            report_add_name(&words, trend->feeds[++i].collector);
        }
        report_add_wrapped(text, &words, 14, columns);
    }
}

static void add_event(const struct trend_event *event, size_t columns, struct text *text)
{
    struct text words;
    text_start(&words);
    text_add(&words, "-- ");
    add_moment(&words, event->at_us);
    if (event->key >= 0) {
        text_printf(&words, " plan: %s key %d", event->what, (int)event->key);
    } else {
        text_add(&words, " plan: ");
        text_add_safe(&words, event->what);
        text_add(&words,
            event->sign_us == UTC_OPEN ? ", the new key signs without a date" : ", the new key signs ");
        if (event->sign_us != UTC_OPEN)
            add_moment(&words, event->sign_us);
        if (event->who) {
            text_add(&words, " (");
            text_add_safe(&words, event->who);
            text_add(&words, ")");
        }
    }
    report_add_wrapped(text, &words, 14, columns);
}

static void add_marks(
    const struct trend *trend, int64_t from_us, int64_t to_us, size_t columns, struct text *text)
{
    add_feeds(trend, from_us, to_us, columns, text);
    for (size_t i = 0; i < trend->event_count; i++)
        if (trend->events[i].at_us >= from_us && trend->events[i].at_us < to_us)
            add_event(&trend->events[i], columns, text);
}

/* ---- steps ---- */

static void add_naive(const struct trend *trend, const struct trend_step *step, struct text *text)
{
    uint64_t part, whole;
    trend_naive(trend, step, &part, &whole);
    if (whole)
        text_printf(text, "  %5.1f %%", 100 * (double)part / (double)whole);
    else
        text_add(text, "        -");
}

static void add_step(const struct trend *trend, const struct trend_step *step, struct text *text)
{
    char from[UTC_TEXT], cell[64];
    const uint64_t *sources = step->total.sources;
    struct text words;
    text_start(&words);
    text_printf(&words, "%.10s", utc_format_short(step->from_us, from));
    add_naive(trend, step, &words);
    text_printf(&words, "  %6" PRIu64, readiness_told(sources));
    if (step->is_judged) {
        snprintf(cell, sizeof cell, "%.1f-%.1f %%", 100 * step->share.low, 100 * step->share.high);
        text_printf(&words, "  %6.2f %%  %11s", 100 * step->share.value, cell);
        snprintf(
            cell, sizeof cell, "%" PRIu64 "-%" PRIu64, sources[CLASSIFY_OLD_ONLY], readiness_upper(sources));
        text_printf(&words, "  %10s  %5zu", cell, step->collectors);
    } else {
        text_printf(&words, "  %s", step->reason);
    }
    if (step->has_like) {
        text_printf(&words, "  %+.2f (%+.2f to %+.2f)", step->like_change, step->like_low, step->like_high);
        if (step->feeds_changed)
            text_printf(&words, " on %zu", step->like_collectors);
    }
    text_add(text, words.string);
    text_add(text, "\n");
    text->failed = text->failed || words.failed;
    text_free(&words);
}

void trend_table(const struct trend *trend, size_t columns, struct text *text)
{
    add_head(trend, columns, text);
    if (trend->step_count == 0) {
        text_add(text, "Nothing was seen in this time.\n");
        return;
    }
    text_add(text, "FROM          NAIVE    TOLD  OLD-ONLY         95 %     AT RISK  FEEDS  CHANGE (95 %)\n");
    for (size_t i = 0; i < trend->step_count; i++) {
        const struct trend_step *step = &trend->steps[i];
        bool last = i + 1 == trend->step_count;
        add_marks(trend, step->from_us, step->to_us + last, columns, text);
        add_step(trend, step, text);
    }
}

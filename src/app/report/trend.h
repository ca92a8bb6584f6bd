/* trend: readiness over time, step by step, each step held against the plan as it stood at its end. Like is
 * compared with like: where feeds change between two steps, no line leads from one to the other, and what
 * changed is told by the collectors that were at work throughout both, or not at all.
 *
 * Steps are whole UTC days, the last one ends at `to_us` (in the day that has begun); what is left before the
 * first is left out. The store is scanned once for each step, and once more for those that an application
 * shows in which only another step makes known.
 *
 * JSON is one document, "rollcall.trend/1": {"schema", "plan", "from", "to", "step_days", "zone",
 * "collector", "partial", "missing", "roll", "limits", "steps", "days", "feeds", "events"}, where
 *
 *   steps   {"from", "to", "judged", "reason", "old_key", "new_key", "collectors", "feeds_changed", "broken",
 *           "sources", "old_only", "at_risk", "naive", "no_like", "like": {"collectors", "before", "now",
 *           "change_points"}}; shares with numerator, denominator, value, low and high
 *   days    {"day", "old_only", "with_new", "neither", "signalling", "seen"}
 *   feeds   {"at", "collector", "begins"}
 *   events  {"at", "what", "key"}, or of what was decided {"at", "what", "signs", "who", "reason"}
 *
 * CSV is RFC 4180, a line for each step. */
#ifndef APP_REPORT_TREND_H
#define APP_REPORT_TREND_H

#include "app/report/feeds.h"
#include "app/report/readiness.h"

struct trend_wish {
    const struct plan *plan;
    const struct classify_limits *limits;
    const struct networks *networks;
    const char *zone, *collector; /* collector NULL: all */
    int64_t from_us,
        to_us;       /* from INT64_MIN: where the coverage of the store begins, and the new key is there */
    int64_t step_us; /* whole days; 0: chosen, 7 days or as many more as make at most 60 steps */
};

/* Addresses of one UTC day, plainly counted: what was misread in 2018. */
struct trend_day {
    int64_t day_us;
    uint64_t old_only, with_new, neither, signalling, seen;
};

/* Sources whose last word is the old key alone, confirmed or not, of those whose word is known. */
struct trend_share {
    uint64_t old, told;
    struct interval share;
};

struct trend_step {
    int64_t from_us, to_us;
    bool is_judged;     /* `share` means something */
    const char *reason; /* why not; NULL if it is */
    struct classify_roll roll;
    struct readiness_group total; /* all collectors; all 0 where nobody was at work */
    struct interval share;        /* old-only, confirmed, of the told; all collectors */
    size_t collectors;            /* at work throughout this step */
    bool feeds_changed;           /* against the step before: never to be read as a change of readiness */
    bool is_broken; /* no line leads here from the step before: it or this one is not judged, feeds changed,
                       or the plan asks something else */
    /* This step and the one before on what was at work throughout both: */
    bool has_like;
    const char *no_like; /* why not; NULL for the first step too */
    struct trend_share like_before, like_now;
    double like_change, like_low, like_high; /* in points, with Newcombe's interval */
    size_t like_collectors;
};

/* A date of the plan within the time. */
struct trend_event {
    int64_t at_us;
    const char *what; /* "publish", "trust", "sign", "revoke", "withdraw"; "postpone", "resume", "back-out" */
    int32_t key;      /* tag; -1: of an operation */
    int64_t sign_us;  /* of an operation: when the new key signs from then on; UTC_OPEN: no date. Else 0 */
    const char *who, *reason; /* of an operation; the plan's strings, or NULL */
};

struct trend {
    const struct trend_wish *wish;
    int64_t from_us, to_us, step_us; /* as chosen: of the steps together, and of each */
    struct classify_roll roll;       /* as of to_us */
    struct trend_step *steps;
    size_t step_count;
    struct trend_day *days; /* those of steps in which anybody was at work */
    size_t day_count;
    struct feeds_change *feeds;
    size_t feed_count;
    struct trend_event *events;
    size_t event_count;
    bool partial; /* part of the store did not answer: then nothing is compared */
    const char *missing;
};

enum { TREND_MOST_STEPS = 1000 };

/* Everything lives in the arena, or is the wish's. ERR_USAGE: no time, no whole days, more steps than
 * TREND_MOST_STEPS, or a step that is longer than the time. ERR_NOINPUT: the store has nothing of the
 * collector. ERR_DATA: the plan has no roll; and as readiness_make(). */
int trend_make(struct sightings *store, const struct trend_wish *wish, struct arena *arena,
    struct trend *ret_trend, struct err_note *note);

/* The days of a step together: addresses that named the old key alone, of those that signalled. */
void trend_naive(
    const struct trend *trend, const struct trend_step *step, uint64_t *ret_part, uint64_t *ret_whole);

/* ERR_NOMEM. `columns`: of the screen. */
int trend_write(const struct trend *trend, enum readiness_form form, size_t columns, struct text *ret_text);

#endif

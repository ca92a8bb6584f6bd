/* What collectors cover says beforehand which steps can be compared, and on whose word. So each step is
 * scanned once, into one classifier for everything that was seen, and one more for each neighbour that it
 * shares only some collectors with. */
#include "app/report/trend_inside.h"

#include "app/report/readiness_inside.h"

#include <string.h>

enum {
    USUAL_STEP = 7,   /* days */
    USUAL_STEPS = 60, /* at most */
    MOST_VIEWS = 3,   /* of everything; of what is shared with the step before; with the one after */
};

/* A set of collectors, by their place in the coverage. */
struct view {
    const bool *set;
    struct readiness_group total;
};

struct span {
    struct trend_step *step;
    bool *present; /* collectors that were at work at any moment */
    bool *shared;  /* with the step before: at work throughout both */
    bool compares; /* may be compared with the step before, if there is anybody to compare */
    struct view views[MOST_VIEWS];
    size_t view_count;
};

struct making {
    struct sightings *store;
    const struct trend_wish *wish;
    struct arena *arena;
    struct err_note *note;
    struct sightings_answer answer; /* its coverage */
    struct trend trend;
    struct span *spans; /* of each step */
};

static int no_memory(const struct making *m)
{
    return err_set(m->note, ERR_NOMEM, "no memory for the trend");
}

/* ---- the time ---- */

static int64_t day_before(int64_t us)
{
    return (us / UTC_DAY - (us % UTC_DAY < 0)) * UTC_DAY;
}

static int64_t day_after(int64_t us)
{
    return day_before(us + UTC_DAY - 1);
}

/* Where anybody's coverage begins; the end if nobody's does before. */
static int64_t coverage_begin(const struct making *m)
{
    int64_t begin_us = m->wish->to_us;
    for (size_t i = 0; i < m->answer.coverage_count; i++) {
        const struct sightings_coverage *one = &m->answer.coverage[i];
        int64_t first_us = one->work_count ? one->work->from_us : one->from_us;
        if ((one->work_count || one->from_us || one->to_us) && first_us < begin_us)
            begin_us = first_us;
    }
    return begin_us < UTC_FIRST ? UTC_FIRST : begin_us;
}

static int find_step(const struct making *m, int64_t days, int64_t *ret_days)
{
    const struct trend_wish *wish = m->wish;
    int64_t step = wish->step_us / UTC_DAY, least = (days + USUAL_STEPS - 1) / USUAL_STEPS;
    if (wish->step_us < 0 || wish->step_us % UTC_DAY)
        return err_set(m->note, ERR_USAGE, "a step of the trend is some whole days");
    if (step > days)
        return err_set(m->note, ERR_USAGE, "a step of %lld days is longer than the time, %lld whole days",
            (long long)step, (long long)days);
    if (step && days / step > TREND_MOST_STEPS)
        return err_set(m->note, ERR_USAGE, "that would be %lld steps: %d at most", (long long)(days / step),
            TREND_MOST_STEPS);
    *ret_days = step ? step : least > USUAL_STEP ? least : USUAL_STEP;
    return 0;
}

static int make_steps(struct making *m, int64_t from_us, int64_t step_us, size_t count)
{
    struct trend *trend = &m->trend;
    size_t collectors = m->answer.coverage_count;
    trend->steps = arena_alloc(m->arena, (count + 1) * sizeof *trend->steps);
    m->spans = arena_alloc(m->arena, (count + 1) * sizeof *m->spans);
    bool *sets = arena_alloc(m->arena, count * collectors * 2 + 1);
    if (!trend->steps || !m->spans || !sets)
        return no_memory(m);
    for (size_t i = 0; i < count; i++) {
        struct trend_step *step = &trend->steps[i];
        *step = (struct trend_step){.from_us = from_us + (int64_t)i * step_us, .total = {.users = -1}};
        step->to_us = i + 1 == count ? m->wish->to_us : step->from_us + step_us;
        m->spans[i] = (struct span){
            .step = step, .present = sets + i * collectors * 2, .shared = sets + (i * 2 + 1) * collectors};
    }
    trend->step_count = count;
    trend->step_us = step_us;
    trend->from_us = count ? from_us : m->wish->to_us;
    trend->to_us = m->wish->to_us;
    return 0;
}

static int lay_steps(struct making *m)
{
    const struct trend_wish *wish = m->wish;
    bool found = wish->from_us == INT64_MIN;
    int64_t from_us = found ? coverage_begin(m) : wish->from_us, step = 0;
    if (wish->to_us < UTC_FIRST || wish->to_us > UTC_LAST || from_us < UTC_FIRST ||
        (!found && from_us >= wish->to_us))
        return err_set(m->note, ERR_USAGE, "the time of the trend ends before it begins");
    if (from_us >= wish->to_us)
        return make_steps(m, from_us, USUAL_STEP * UTC_DAY, 0);
    int64_t end_us = day_before(wish->to_us), days = (end_us - day_after(from_us)) / UTC_DAY;
    int err = find_step(m, days > 0 ? days : 0, &step);
    if (err)
        return err;
    if (days < step)
        return make_steps(m, from_us, wish->to_us - from_us, 1);
    return make_steps(m, end_us - days / step * step * UTC_DAY, step * UTC_DAY, (size_t)(days / step));
}

/* ---- what can be compared ---- */

/* When the old key alone begins to be too little. */
static int64_t deadline_of(const struct making *m, const struct trend_step *step)
{
    int64_t margin_us = m->wish->limits->value[CLASSIFY_MARGIN_HOURS] * UTC_HOUR, deadline_us;
    if (__builtin_add_overflow(step->roll.trust_us, margin_us, &deadline_us))
        return UTC_OPEN;
    return deadline_us;
}

static const char *why_not_judged(const struct making *m, const struct trend_step *step, bool anybody)
{
    if (!anybody)
        return "no collector was at work";
    if (step->roll.publish_us >= step->to_us)
        return "the new key was not published yet";
    if (deadline_of(m, step) >= step->to_us)
        return "the hold-down of the new key had not ended: the old one alone was normal";
    return NULL;
}

/* What was asked of sources is the same, all through both steps. */
static const char *why_not_compared(
    const struct making *m, const struct trend_step *before, const struct trend_step *now)
{
    if (before->reason || now->reason)
        return "one of the steps is not judged";
    if (before->roll.old_tag != now->roll.old_tag || before->roll.new_tag != now->roll.new_tag)
        return "the roll is another one";
    if (deadline_of(m, before) > before->from_us || deadline_of(m, now) > before->from_us)
        return "the hold-down of the new key ended meanwhile";
    return NULL;
}

static void find_feeds(struct making *m, size_t i)
{
    struct span *span = &m->spans[i];
    struct trend_step *step = span->step;
    const struct trend_step *before = i ? step - 1 : step;
    for (size_t c = 0; c < m->answer.coverage_count; c++) {
        const struct sightings_coverage *one = &m->answer.coverage[c];
        span->present[c] = feeds_touch(one, step->from_us, step->to_us);
        step->collectors += feeds_throughout(one, step->from_us, step->to_us);
        span->shared[c] = i && span->present[c] && m->spans[i - 1].present[c] &&
                          feeds_throughout(one, before->from_us, step->to_us);
        step->like_collectors += span->shared[c];
        step->feeds_changed |= i && !span->shared[c] && (span->present[c] || m->spans[i - 1].present[c]);
    }
}

static bool any(const bool *set, size_t count)
{
    return memchr(set, true, count) != NULL;
}

static int look_ahead(struct making *m, size_t i)
{
    struct span *span = &m->spans[i];
    struct trend_step *step = span->step;
    int err = classify_roll_of(m->wish->plan, step->to_us, &step->roll, m->note);
    if (err)
        return err;
    find_feeds(m, i);
    step->reason = why_not_judged(m, step, any(span->present, m->answer.coverage_count));
    if (i == 0)
        return 0;
    step->no_like = why_not_compared(m, step - 1, step);
    if (!step->no_like && step->like_collectors == 0)
        step->no_like = "no collector was at work throughout both steps";
    span->compares = !step->no_like;
    return 0;
}

/* ---- judging ---- */

static bool same_set(const struct making *m, const bool *a, const bool *b)
{
    return memcmp(a, b, m->answer.coverage_count) == 0;
}

static struct view *find_view(const struct making *m, struct span *span, const bool *set)
{
    for (size_t i = 0; i < span->view_count; i++)
        if (same_set(m, span->views[i].set, set))
            return &span->views[i];
    return NULL;
}

static void want_view(const struct making *m, struct span *span, const bool *set)
{
    if (!find_view(m, span, set))
        span->views[span->view_count++] = (struct view){.set = set};
}

static void want_views(struct making *m, size_t i)
{
    struct span *span = &m->spans[i];
    want_view(m, span, span->present); /* the first: of everything */
    if (span->compares)
        want_view(m, span, span->shared);
    if (i + 1 < m->trend.step_count && m->spans[i + 1].compares)
        want_view(m, span, m->spans[i + 1].shared);
}

static const char **names_of(const struct making *m, const bool *set, struct arena *arena, size_t *ret_count)
{
    const char **names = arena_alloc(arena, (m->answer.coverage_count + 1) * sizeof *names);
    *ret_count = 0;
    for (size_t i = 0; names && i < m->answer.coverage_count; i++)
        if (set[i])
            names[(*ret_count)++] = m->answer.coverage[i].collector;
    return names;
}

static void add_days(struct making *m, const struct classify *classify)
{
    for (size_t i = 0; i < classify_day_count(classify); i++) {
        struct classify_day day;
        classify_day(classify, i, &day);
        m->trend.days[m->trend.day_count++] =
            (struct trend_day){day.day_us, day.old_only, day.with_new, day.neither, day.signalling, day.seen};
    }
}

/* Takes what was found, and frees it. */
static int take_views(struct making *m, struct span *span, struct readiness *found)
{
    for (size_t i = 0; i < span->view_count; i++)
        span->views[i].total = found[i].total;
    if (found->partial) {
        m->trend.partial = true;
        m->trend.missing = found->missing ? arena_string(m->arena, found->missing) : NULL;
    }
    add_days(m, found->classify);
    for (size_t i = 0; i < span->view_count; i++)
        readiness_free(&found[i]);
    return 0;
}

static int judge(struct making *m, size_t i, struct arena *scratch)
{
    struct span *span = &m->spans[i];
    const struct trend_step *step = span->step;
    const struct sightings_question question = {.from_us = step->from_us,
        .to_us = step->to_us,
        .zone = m->wish->zone,
        .collector = m->wish->collector};
    struct readiness_wish wishes[MOST_VIEWS];
    struct readiness found[MOST_VIEWS];
    for (size_t v = 0; v < span->view_count; v++) {
        wishes[v] = (struct readiness_wish){.by = READINESS_BY_CLASS,
            .roll = &step->roll,
            .limits = m->wish->limits,
            .question = &question,
            .networks = m->wish->networks};
        /* Everything is everything, also what the coverage does not tell. */
        if (v && !(wishes[v].only = names_of(m, span->views[v].set, scratch, &wishes[v].only_count)))
            return no_memory(m);
    }
    int err = readiness_judge(m->store, wishes, span->view_count, scratch, found, m->note);
    return err ? err : take_views(m, span, found);
}

static int judge_all(struct making *m)
{
    size_t most = 0;
    int err = 0;
    for (size_t i = 0; i < m->trend.step_count; i++)
        most += (size_t)((m->trend.steps[i].to_us - m->trend.steps[i].from_us) / UTC_DAY) + 2;
    m->trend.days = arena_alloc(m->arena, (most + 1) * sizeof *m->trend.days);
    struct arena *scratch = arena_new();
    if (!m->trend.days || !scratch)
        err = no_memory(m);
    for (size_t i = 0; i < m->trend.step_count && !err; i++) {
        if (!any(m->spans[i].present, m->answer.coverage_count))
            continue;
        want_views(m, i);
        err = judge(m, i, scratch);
        arena_reset(scratch);
    }
    arena_free(scratch);
    return err;
}

/* ---- what came out ---- */

static void set_like(const struct making *m, size_t i)
{
    struct span *now = &m->spans[i];
    struct trend_step *step = now->step;
    const struct readiness_group *before_total = &find_view(m, now - 1, now->shared)->total;
    const struct readiness_group *now_total = &find_view(m, now, now->shared)->total;
    if (readiness_told(before_total->sources) == 0 || readiness_told(now_total->sources) == 0) {
        step->no_like = "no source's word is known to who was at work throughout both steps";
        return;
    }
    step->has_like = true;
    step->like_before = readiness_share(before_total);
    step->like_now = readiness_share(now_total);
    struct interval change = interval_difference(step->like_before, step->like_now);
    step->like_change = 100 * change.value;
    step->like_low = 100 * change.low;
    step->like_high = 100 * change.high;
}

static void conclude(struct making *m)
{
    for (size_t i = 0; i < m->trend.step_count; i++) {
        struct trend_step *step = m->spans[i].step;
        if (m->spans[i].view_count)
            step->total = m->spans[i].views->total;
        if (!step->reason && readiness_told(step->total.sources) == 0)
            step->reason = "no source's word is known";
        step->is_judged = !step->reason;
        step->share = readiness_share(&step->total);
        if (m->trend.partial && m->spans[i].compares)
            step->no_like = "a part of the store did not answer";
        else if (m->spans[i].compares)
            set_like(m, i);
        step->is_broken = i == 0 || step->feeds_changed || m->trend.partial || !step->has_like;
    }
}

static int cover(struct making *m)
{
    /* Only what collectors cover is looked at, so of lines there need be none. */
    const struct sightings_question question = {.by = SIGHTINGS_BY_KEY,
        .from_us = m->wish->to_us - 1,
        .to_us = m->wish->to_us,
        .zone = m->wish->zone,
        .collector = m->wish->collector};
    int err = sightings_ask(m->store, &question, m->arena, &m->answer, m->note);
    if (err)
        return err;
    m->trend.partial = m->answer.partial;
    m->trend.missing = m->answer.missing;
    if (m->wish->collector && m->answer.coverage_count == 0 && !m->answer.partial)
        return err_set(m->note, ERR_NOINPUT, "the store has nothing of a collector '%s'", m->wish->collector);
    return 0;
}

int trend_make(struct sightings *store, const struct trend_wish *wish, struct arena *arena,
    struct trend *ret_trend, struct err_note *note)
{
    struct making m = {store, wish, arena, note, .trend = {.wish = wish}};
    int err = classify_roll_of(wish->plan, wish->to_us, &m.trend.roll, note);
    err = err ? err : cover(&m);
    err = err ? err : lay_steps(&m);
    for (size_t i = 0; i < m.trend.step_count && !err; i++)
        err = look_ahead(&m, i);
    if (!err && feeds_changes(m.answer.coverage, m.answer.coverage_count, m.trend.from_us, m.trend.to_us,
                    arena, &m.trend.feeds, &m.trend.feed_count))
        err = no_memory(&m);
    err = err ? err : trend_events(&m.trend, arena, note);
    err = err ? err : judge_all(&m);
    if (err)
        return err;
    conclude(&m);
    *ret_trend = m.trend;
    return 0;
}

void trend_naive(
    const struct trend *trend, const struct trend_step *step, uint64_t *ret_part, uint64_t *ret_whole)
{
    *ret_part = *ret_whole = 0;
    for (size_t i = 0; i < trend->day_count; i++) {
        const struct trend_day *day = &trend->days[i];
        if (day->day_us >= day_before(step->from_us) && day->day_us < step->to_us) {
            *ret_part += day->old_only;
            *ret_whole += day->signalling;
        }
    }
}

int trend_write(const struct trend *trend, enum readiness_form form, size_t columns, struct text *ret_text)
{
    switch (form) {
    case READINESS_TABLE:
        trend_table(trend, columns, ret_text);
        break;
    case READINESS_JSON:
        trend_json(trend, ret_text);
        break;
    case READINESS_CSV:
        trend_csv(trend, ret_text);
        break;
    }
    return ret_text->failed ? ERR_NOMEM : 0;
}

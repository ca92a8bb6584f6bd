/* Which steps there are, and which of them can be compared on whose word: what collectors cover and what the
 * plan asks for tell it before a row is read. */
#include "app/report/trend_inside.h"

enum {
    USUAL_STEP = 7,   /* days */
    USUAL_STEPS = 60, /* at most */
};

int trend_no_memory(const struct trend_making *m)
{
    return err_set(m->note, ERR_NOMEM, "no memory for the trend");
}

/* ---- the time ---- */

int64_t trend_day_before(int64_t us)
{
    return (us / UTC_DAY - (us % UTC_DAY < 0)) * UTC_DAY;
}

static int64_t day_after(int64_t us)
{
    return trend_day_before(us + UTC_DAY - 1);
}

/* Where anybody's coverage begins, but not before the new key was published: nothing is judged there, and a
 * single capture whose clock stood at 1970 would make steps of a year. The end, if nobody's begins before. */
static int64_t usual_begin(const struct trend_making *m)
{
    int64_t begin_us = m->wish->to_us, publish_us = m->trend.roll.publish_us;
    for (size_t i = 0; i < m->answer.coverage_count; i++) {
        const struct sightings_coverage *one = &m->answer.coverage[i];
        int64_t first_us = one->work_count ? one->work->from_us : one->from_us;
        if ((one->work_count || one->from_us || one->to_us) && first_us < begin_us)
            begin_us = first_us;
    }
    if (begin_us < publish_us && publish_us < m->wish->to_us)
        begin_us = trend_day_before(publish_us);
    return begin_us < UTC_FIRST ? UTC_FIRST : begin_us;
}

static int find_step(const struct trend_making *m, int64_t days, int64_t *ret_days)
{
    const struct trend_wish *wish = m->wish;
    int64_t confirm = wish->limits->value[CLASSIFY_CONFIRM_DAYS];
    int64_t step = wish->step_us / UTC_DAY, least = (days + USUAL_STEPS - 1) / USUAL_STEPS;
    least = least > confirm ? least : confirm;
    if (wish->step_us < 0 || wish->step_us % UTC_DAY)
        return err_set(m->note, ERR_USAGE, "a step of the trend is some whole days");
    if (step > days)
        return err_set(m->note, ERR_USAGE, "a step of %lld days is longer than the time, %lld days",
            (long long)step, (long long)days);
    if (step && days / step > TREND_MOST_STEPS)
        return err_set(m->note, ERR_USAGE, "that would be %lld steps: %d at most", (long long)(days / step),
            TREND_MOST_STEPS);
    *ret_days = step ? step : least > USUAL_STEP ? least : USUAL_STEP;
    return 0;
}

static int make_steps(struct trend_making *m, int64_t from_us, int64_t step_us, size_t count)
{
    struct trend *trend = &m->trend;
    size_t collectors = m->answer.coverage_count;
    trend->steps = arena_alloc(m->arena, (count + 1) * sizeof *trend->steps);
    m->spans = arena_alloc(m->arena, (count + 1) * sizeof *m->spans);
    bool *sets = arena_alloc(m->arena, count * collectors * 2 + 1);
    if (!trend->steps || !m->spans || !sets)
        return trend_no_memory(m);
    for (size_t i = 0; i < count; i++) {
        struct trend_step *step = &trend->steps[i];
        *step = (struct trend_step){.from_us = from_us + (int64_t)i * step_us, .total = {.users = -1}};
        step->to_us = i + 1 == count ? m->wish->to_us : step->from_us + step_us;
        m->spans[i] = (struct trend_span){
            .step = step, .present = sets + i * collectors * 2, .shared = sets + (i * 2 + 1) * collectors};
    }
    trend->step_count = count;
    trend->step_us = step_us;
    trend->from_us = count ? from_us : m->wish->to_us;
    trend->to_us = m->wish->to_us;
    return 0;
}

static int lay_out(struct trend_making *m)
{
    const struct trend_wish *wish = m->wish;
    bool found = wish->from_us == INT64_MIN;
    int64_t from_us = found ? usual_begin(m) : wish->from_us, step = 0;
    if (wish->to_us < UTC_FIRST || wish->to_us > UTC_LAST || from_us < UTC_FIRST ||
        (!found && from_us >= wish->to_us))
        return err_set(m->note, ERR_USAGE, "the time of the trend ends before it begins");
    if (from_us >= wish->to_us)
        return make_steps(m, from_us, USUAL_STEP * UTC_DAY, 0);
    int64_t end_us = day_after(wish->to_us), days = (end_us - day_after(from_us)) / UTC_DAY;
    int err = find_step(m, days > 0 ? days : 0, &step);
    if (err)
        return err;
    if (days < step)
        return make_steps(m, from_us, wish->to_us - from_us, 1);
    return make_steps(m, end_us - days / step * step * UTC_DAY, step * UTC_DAY, (size_t)(days / step));
}

/* ---- what can be compared ---- */

int64_t trend_days_of(const struct trend_step *step)
{
    return (day_after(step->to_us) - trend_day_before(step->from_us)) / UTC_DAY;
}

static const char *why_not_judged(const struct trend_making *m, const struct trend_step *step, bool anybody)
{
    if (!anybody)
        return "no collector was at work";
    if (step->roll.publish_us >= step->to_us)
        return "the new key was not published yet";
    if (classify_deadline(&step->roll, m->wish->limits) >= step->to_us)
        return "the hold-down of the new key had not ended: the old one alone was normal";
    if (trend_days_of(step) < m->wish->limits->value[CLASSIFY_CONFIRM_DAYS])
        return "too short to confirm anything (confirm-days)";
    return NULL;
}

/* Whether the new key signed at a moment, as the plan stood at the end of a step. */
static bool signs_at(const struct trend_step *step, int64_t us)
{
    return step->roll.sign_us <= us;
}

/* What was asked of sources is the same, all through both steps. (Once the new key signs, who has only the
 * old one fails, and says so no more as others do.) */
static const char *why_not_compared(
    const struct trend_making *m, const struct trend_step *before, const struct trend_step *now)
{
    if (before->reason || now->reason)
        return "one of the steps is not judged";
    if (before->roll.old_tag != now->roll.old_tag || before->roll.new_tag != now->roll.new_tag)
        return "the roll is another one";
    if (classify_deadline(&before->roll, m->wish->limits) > before->from_us ||
        classify_deadline(&now->roll, m->wish->limits) > before->from_us)
        return "the hold-down of the new key ended meanwhile";
    bool signs = signs_at(before, before->from_us);
    if (signs_at(before, before->to_us - 1) != signs || signs_at(now, now->from_us) != signs ||
        signs_at(now, now->to_us - 1) != signs)
        return "the new key began or ceased to sign meanwhile";
    return NULL;
}

static void find_feeds(struct trend_making *m, size_t i)
{
    struct trend_span *span = &m->spans[i];
    struct trend_step *step = span->step;
    const struct trend_step *before = i ? step - 1 : step;
    for (size_t c = 0; c < m->answer.coverage_count; c++) {
        const struct sightings_coverage *one = &m->answer.coverage[c];
        span->present[c] = feeds_touch(one, step->from_us, step->to_us);
        span->any |= span->present[c];
        step->collectors += feeds_throughout(one, step->from_us, step->to_us);
        span->shared[c] = i && span->present[c] && m->spans[i - 1].present[c] &&
                          feeds_throughout(one, before->from_us, step->to_us);
        step->like_collectors += span->shared[c];
        step->feeds_changed |= i && !span->shared[c] && (span->present[c] || m->spans[i - 1].present[c]);
    }
}

static int look_ahead(struct trend_making *m, size_t i)
{
    struct trend_span *span = &m->spans[i];
    struct trend_step *step = span->step;
    int err = classify_roll_of(m->wish->plan, step->to_us, &step->roll, m->note);
    if (err)
        return err;
    find_feeds(m, i);
    step->reason = why_not_judged(m, step, span->any);
    if (i == 0)
        return 0;
    step->no_like = why_not_compared(m, step - 1, step);
    if (!step->no_like && step->like_collectors == 0)
        step->no_like = "no collector was at work throughout both steps";
    span->compares = !step->no_like;
    return 0;
}

int trend_steps(struct trend_making *m)
{
    int err = lay_out(m);
    for (size_t i = 0; i < m->trend.step_count && !err; i++)
        err = look_ahead(m, i);
    return err;
}

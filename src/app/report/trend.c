/* Each step is scanned once, into one classifier for everything that was seen, and one more for each
 * neighbour that it shares only some collectors with (trend_steps.c).
 *
 * An application of thousands is one finding, but in one step it may be too few to be told from others. What
 * is known from any step counts in all: else the day on which it grew to its limit would look like a change
 * of readiness. Steps are judged from the last to the first, as applications grow; those that were judged
 * before an application was known are judged again. */
#include "app/report/readiness_inside.h"
#include "app/report/trend_inside.h"

#include <stdlib.h>
#include <string.h>

/* ---- judging ---- */

static bool same_set(const struct trend_making *m, const bool *a, const bool *b)
{
    return memcmp(a, b, m->answer.coverage_count) == 0;
}

static struct trend_view *find_view(const struct trend_making *m, struct trend_span *span, const bool *set)
{
    for (size_t i = 0; i < span->view_count; i++)
        if (same_set(m, span->views[i].set, set))
            return &span->views[i];
    return NULL;
}

static void want_view(const struct trend_making *m, struct trend_span *span, const bool *set)
{
    if (!find_view(m, span, set))
        span->views[span->view_count++] = (struct trend_view){.set = set};
}

static void want_views(struct trend_making *m, size_t i)
{
    struct trend_span *span = &m->spans[i];
    want_view(m, span, span->present); /* the first: of everything */
    if (span->compares)
        want_view(m, span, span->shared);
    if (i + 1 < m->trend.step_count && m->spans[i + 1].compares)
        want_view(m, span, m->spans[i + 1].shared);
}

static const char **names_of(
    const struct trend_making *m, const bool *set, struct arena *arena, size_t *ret_count)
{
    const char **names = arena_alloc(arena, (m->answer.coverage_count + 1) * sizeof *names);
    *ret_count = 0;
    for (size_t i = 0; names && i < m->answer.coverage_count; i++)
        if (set[i])
            names[(*ret_count)++] = m->answer.coverage[i].collector;
    return names;
}

static void take_days(
    const struct trend_making *m, const struct trend_span *span, const struct classify *classify)
{
    for (size_t i = 0; i < classify_day_count(classify); i++) {
        struct classify_day day;
        classify_day(classify, i, &day);
        m->trend.days[span->first_day + i] =
            (struct trend_day){day.day_us, day.old_only, day.with_new, day.neither, day.signalling, day.seen};
    }
}

static bool is_known(const struct trend_making *m, const struct classify_cluster *cluster)
{
    for (size_t i = 0; i < m->known_count; i++)
        if (m->known[i].names == cluster->names && m->known[i].udp_size == cluster->udp_size)
            return true;
    return false;
}

static int take_applications(struct trend_making *m, const struct classify *classify)
{
    for (size_t i = 1; i <= classify_cluster_count(classify); i++) {
        struct classify_cluster cluster;
        classify_cluster(classify, i, &cluster);
        if (is_known(m, &cluster))
            continue;
        if (m->known_count == m->known_room) {
            size_t room = m->known_room ? m->known_room * 2 : 16;
            struct classify_cluster *more = reallocarray(m->known, room, sizeof *more);
            if (!more)
                return trend_no_memory(m);
            m->known = more;
            m->known_room = room;
        }
        m->known[m->known_count++] = cluster;
    }
    return 0;
}

/* Takes what was found, and frees it. */
static int take_views(struct trend_making *m, struct trend_span *span, struct readiness *found)
{
    for (size_t i = 0; i < span->view_count; i++)
        span->views[i].total = found[i].total;
    if (found->partial) {
        m->trend.partial = true;
        m->trend.missing = found->missing ? arena_string(m->arena, found->missing) : NULL;
    }
    span->known_count = m->known_count;
    take_days(m, span, found->classify);
    int err = take_applications(m, found->classify);
    for (size_t i = 0; i < span->view_count; i++)
        readiness_free(&found[i]);
    return err;
}

static int judge(struct trend_making *m, size_t i, struct arena *scratch)
{
    struct trend_span *span = &m->spans[i];
    const struct trend_step *step = span->step;
    const struct sightings_question question = {.from_us = step->from_us,
        .to_us = step->to_us,
        .zone = m->wish->zone,
        .collector = m->wish->collector,
        .names_only = true};
    struct readiness_wish wishes[TREND_MOST_VIEWS];
    struct readiness found[TREND_MOST_VIEWS];
    for (size_t v = 0; v < span->view_count; v++) {
        wishes[v] = (struct readiness_wish){.by = READINESS_BY_CLASS,
            .roll = &step->roll,
            .limits = m->wish->limits,
            .question = &question,
            .networks = m->wish->networks,
            .known = m->known,
            .known_count = m->known_count};
        /* Everything is everything, also what the coverage does not tell. */
        if (v && !(wishes[v].only = names_of(m, span->views[v].set, scratch, &wishes[v].only_count)))
            return trend_no_memory(m);
    }
    int err = readiness_judge(m->store, wishes, span->view_count, scratch, found, m->note);
    return err ? err : take_views(m, span, found);
}

/* Steps in which anybody was at work get their places among the days, and what is to be looked at. */
static int prepare(struct trend_making *m)
{
    for (size_t i = 0; i < m->trend.step_count; i++) {
        if (!m->spans[i].any)
            continue;
        want_views(m, i);
        m->spans[i].first_day = m->trend.day_count;
        m->trend.day_count += (size_t)trend_days_of(m->spans[i].step);
    }
    m->trend.days = arena_alloc(m->arena, (m->trend.day_count + 1) * sizeof *m->trend.days);
    return m->trend.days ? 0 : trend_no_memory(m);
}

static int judge_all(struct trend_making *m)
{
    struct arena *scratch = arena_new();
    int err = scratch ? prepare(m) : trend_no_memory(m);
    for (size_t i = m->trend.step_count; i-- > 0 && !err;) {
        if (m->spans[i].view_count)
            err = judge(m, i, scratch);
        arena_reset(scratch);
    }
    for (size_t i = m->trend.step_count; i-- > 0 && !err;) {
        if (m->spans[i].view_count && m->spans[i].known_count < m->known_count)
            err = judge(m, i, scratch);
        arena_reset(scratch);
    }
    arena_free(scratch);
    free(m->known);
    return err;
}

/* ---- what came out ---- */

/* Who is ready has said so once, and the old key is confirmed by saying it twice: where feeds see little,
 * many are not, and a change of those confirmed alone would come out smaller than it is. */
static struct trend_share share_of(const struct trend_view *view)
{
    const uint64_t *sources = view->total.sources;
    uint64_t old = readiness_sum(sources[CLASSIFY_OLD_ONLY], sources[CLASSIFY_OLD_ONLY_WEAK]);
    uint64_t told = readiness_told(sources);
    return (struct trend_share){old, told, interval_share(old, told)};
}

static void set_like(const struct trend_making *m, size_t i)
{
    struct trend_span *now = &m->spans[i];
    struct trend_step *step = now->step;
    step->like_before = share_of(find_view(m, now - 1, now->shared));
    step->like_now = share_of(find_view(m, now, now->shared));
    if (step->like_before.told == 0 || step->like_now.told == 0) {
        step->no_like = "no source's word is known to who was at work throughout both steps";
        return;
    }
    step->has_like = true;
    struct interval change = interval_difference(step->like_before.share, step->like_now.share);
    step->like_change = 100 * change.value;
    step->like_low = 100 * change.low;
    step->like_high = 100 * change.high;
}

static void conclude(struct trend_making *m)
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

static int cover(struct trend_making *m)
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
    struct trend_making m = {store, wish, arena, note, .trend = {.wish = wish}};
    int err = classify_roll_of(wish->plan, wish->to_us, &m.trend.roll, note);
    err = err ? err : cover(&m);
    err = err ? err : trend_steps(&m);
    if (!err && feeds_changes(m.answer.coverage, m.answer.coverage_count, m.trend.from_us, m.trend.to_us,
                    arena, &m.trend.feeds, &m.trend.feed_count))
        err = trend_no_memory(&m);
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
        if (day->day_us >= trend_day_before(step->from_us) && day->day_us < step->to_us) {
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

/* A view is the store's readiness over one stretch of time, by some collectors or all, summed up; criteria
 * that look at the same share it. Each costs one scan of the store, and the first tells what collectors
 * cover. */
#include "app/report/gate/measure.h"
#include "app/report/feeds.h"
#include "app/report/readiness_inside.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_VIEWS = 256 };

struct view {
    int64_t from_us, to_us;
    const bool *set; /* of the coverage; NULL: all */
    struct readiness_group total;
    uint64_t regressions, dnskey;
};

struct measuring {
    struct sightings *store;
    const struct measure_wish *wish;
    struct arena *arena;
    struct err_note *note;
    struct sightings_coverage *coverage;
    size_t coverage_count;
    bool has_coverage;
    const char *missing;
    const struct sightings_span *work; /* of all collectors together */
    size_t work_count;
    struct view views[MOST_VIEWS];
    size_t view_count;
    /* Of the criterion at hand: */
    int64_t from_us;
    const bool *throughout; /* collectors that were at work throughout; NULL: all */
    size_t throughout_count;
};

/* ---- views ---- */

static void take_coverage(struct measuring *m, struct sightings_coverage *coverage, size_t count)
{
    if (m->has_coverage)
        return;
    m->has_coverage = true;
    m->coverage = coverage;
    m->coverage_count = count;
}

static const char **names_of(const struct measuring *m, const bool *set, size_t *ret_count)
{
    const char **names = arena_alloc(m->arena, (m->coverage_count + 1) * sizeof *names);
    size_t count = 0;
    for (size_t i = 0; names && i < m->coverage_count; i++)
        if (set[i])
            names[count++] = m->coverage[i].collector;
    *ret_count = count;
    return names;
}

static int make_view(struct measuring *m, struct view *view)
{
    const struct measure_wish *wish = m->wish;
    const struct sightings_question question = {
        .from_us = view->from_us, .to_us = view->to_us, .zone = wish->zone, .collector = wish->collector};
    struct readiness_wish asked = {.by = READINESS_BY_CLASS,
        .roll = wish->roll,
        .limits = wish->limits,
        .question = &question,
        .networks = wish->networks};
    if (view->set && !(asked.only = names_of(m, view->set, &asked.only_count)))
        return err_set(m->note, ERR_NOMEM, "no memory to measure");
    struct readiness readiness;
    int err = readiness_make(m->store, &asked, m->arena, &readiness, m->note);
    if (err)
        return err;
    m->missing =
        readiness.partial ? (readiness.missing ? readiness.missing : "a part of the store") : m->missing;
    view->total = readiness.total;
    view->dnskey = readiness.dnskey;
    view->regressions = readiness.regressions;
    take_coverage(m, readiness.coverage, readiness.coverage_count);
    readiness_free(&readiness);
    return 0;
}

static bool same_set(const struct measuring *m, const bool *a, const bool *b)
{
    return a == b || (a && b && memcmp(a, b, m->coverage_count * sizeof *a) == 0);
}

static int view_of(
    struct measuring *m, int64_t from_us, int64_t to_us, const bool *set, const struct view **ret_view)
{
    for (size_t i = 0; i < m->view_count; i++)
        if (m->views[i].from_us == from_us && m->views[i].to_us == to_us &&
            same_set(m, m->views[i].set, set)) {
            *ret_view = &m->views[i];
            return 0;
        }
    if (m->view_count == MOST_VIEWS)
        return err_set(m->note, ERR_USAGE, "the gate looks at too many windows");
    struct view *view = &m->views[m->view_count++];
    *view = (struct view){.from_us = from_us, .to_us = to_us, .set = set};
    *ret_view = view;
    return make_view(m, view);
}

/* ---- collectors ---- */

static int find_throughout(struct measuring *m)
{
    bool *set = arena_alloc(m->arena, (m->coverage_count + 1) * sizeof *set);
    m->throughout_count = 0;
    if (!set)
        return err_set(m->note, ERR_NOMEM, "no memory to measure");
    for (size_t i = 0; i < m->coverage_count; i++) {
        set[i] = feeds_throughout(&m->coverage[i], m->from_us, m->wish->now_us);
        m->throughout_count += set[i];
    }
    m->throughout = m->throughout_count < m->coverage_count ? set : NULL;
    return 0;
}

static int by_begin(const void *a, const void *b)
{
    const struct sightings_span *x = a, *y = b;
    return (x->from_us > y->from_us) - (x->from_us < y->from_us);
}

/* When any collector was at work, as one list, sorted and apart. */
static int unite(struct measuring *m)
{
    size_t count = 0, made = 0;
    for (size_t i = 0; i < m->coverage_count; i++)
        count += m->coverage[i].work_count;
    struct sightings_span *all = arena_alloc(m->arena, (count + 1) * sizeof *all);
    if (!all)
        return err_set(m->note, ERR_NOMEM, "no memory to measure");
    count = 0;
    for (size_t i = 0; i < m->coverage_count; i++)
        for (size_t j = 0; j < m->coverage[i].work_count; j++)
            all[count++] = m->coverage[i].work[j];
    qsort(all, count, sizeof *all, by_begin);
    for (size_t i = 0; i < count; i++)
        if (made && all[i].from_us <= all[made - 1].to_us)
            all[made - 1].to_us = all[i].to_us > all[made - 1].to_us ? all[i].to_us : all[made - 1].to_us;
        else
            all[made++] = all[i];
    m->work = all;
    m->work_count = made;
    return 0;
}

/* ---- the measures ---- */

static void no_value(struct gate_measured *ret, const char *reason)
{
    *ret = (struct gate_measured){.reason = reason};
}

static void set_share(struct gate_measured *ret, uint64_t part, uint64_t whole, const char *none)
{
    if (whole == 0) {
        no_value(ret, none);
        return;
    }
    *ret = (struct gate_measured){
        .has_value = true, .interval = interval_share(part, whole), .numerator = part, .denominator = whole};
}

static void set_point(struct gate_measured *ret, double value)
{
    *ret = (struct gate_measured){.has_value = true, .interval = {value, value, value}};
}

/* Of users behind some of the sources: what interval_weight() takes. */
struct users {
    const char *name;
    double part, squares, whole;
    uint64_t sources, of;
};

static void set_users(struct gate_measured *ret, const struct users *users)
{
    if (!(users->whole > 0)) {
        no_value(ret, "no users were told for networks with such sources (--users)");
        return;
    }
    *ret = (struct gate_measured){.has_value = true,
        .interval = interval_weight(users->part, users->squares, users->whole, users->sources, users->of),
        .numerator = (uint64_t)(users->part + 0.5),
        .denominator = (uint64_t)(users->whole + 0.5)};
}

static int measure_share(struct measuring *m, const char *name, struct gate_measured *ret)
{
    const struct view *view;
    int err = view_of(m, m->from_us, m->wish->now_us, NULL, &view);
    if (err)
        return err;
    const struct readiness_group *all = &view->total;
    const uint64_t *sources = all->sources;
    uint64_t told = readiness_told(sources), validators = readiness_validators(sources);
    const char *untold = "no source's word is known", *nobody = "no validator was seen";
    const struct {
        const char *name;
        uint64_t part, whole;
        const char *none;
    } shares[] = {
        {"old-only-sources", sources[CLASSIFY_OLD_ONLY], told, untold},
        {"old-only-networks", all->networks[CLASSIFY_OLD_ONLY], all->networks_told, untold},
        {"at-risk-networks-upper", all->networks_high, all->networks_validating, nobody},
        {"ready-sources", sources[CLASSIFY_READY], told, untold},
        {"ready-networks", all->networks_ready, all->networks_told, untold},
        {"failing-sources", sources[CLASSIFY_FAILING], validators, nobody},
    };
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++)
        if (strcmp(shares[i].name, name) == 0)
            set_share(ret, shares[i].part, shares[i].whole, shares[i].none);
    const struct users users[] = {
        {"old-only-users", all->users_low, all->squares_low, all->users_told, sources[CLASSIFY_OLD_ONLY],
            told},
        {"at-risk-users-upper", all->users_high, all->squares_high, (double)all->users,
            readiness_upper(sources), validators},
        {"failing-users", all->users_failing, all->squares_failing, all->users_validating,
            sources[CLASSIFY_FAILING], validators},
    };
    for (size_t i = 0; i < sizeof users / sizeof *users; i++)
        if (strcmp(users[i].name, name) == 0)
            set_users(ret, &users[i]);
    if (strcmp(name, "regressions") == 0)
        set_point(ret, (double)view->regressions);
    return 0;
}

static int64_t day_of(int64_t us)
{
    return us / UTC_DAY - (us % UTC_DAY < 0);
}

static int measure_days(struct measuring *m, const char *name, struct gate_measured *ret)
{
    (void)name;
    int64_t days = 0, next = INT64_MIN; /* the first day that is not counted yet */
    for (size_t i = 0; i < m->work_count; i++) {
        const struct sightings_span *work = &m->work[i];
        if (work->to_us < m->from_us || work->from_us >= m->wish->now_us)
            continue;
        int64_t first = day_of(work->from_us > m->from_us ? work->from_us : m->from_us);
        int64_t last = day_of(work->to_us < m->wish->now_us ? work->to_us : m->wish->now_us - 1);
        first = first > next ? first : next;
        days += last >= first ? last - first + 1 : 0;
        next = last + 1 > next ? last + 1 : next;
    }
    set_point(ret, (double)days);
    return 0;
}

static int measure_collectors(struct measuring *m, const char *name, struct gate_measured *ret)
{
    (void)name;
    set_point(ret, (double)m->throughout_count);
    return 0;
}

static int measure_gap(struct measuring *m, const char *name, struct gate_measured *ret)
{
    (void)name;
    int64_t longest_us = feeds_longest_pause(m->work, m->work_count, m->from_us, m->wish->now_us);
    set_point(ret, (double)longest_us / (double)UTC_HOUR);
    return 0;
}

/* Against the window before, on the collectors that were at work throughout both. */
static int measure_dnskey(struct measuring *m, const char *name, struct gate_measured *ret)
{
    (void)name;
    const struct view *now, *before;
    int64_t from_us = m->from_us, window_us = m->wish->now_us - from_us;
    m->from_us = from_us - window_us;
    int err = find_throughout(m);
    m->from_us = from_us;
    if (!err && m->throughout_count == 0) {
        no_value(ret, "no collector was at work throughout this window and the one before it");
        return find_throughout(m);
    }
    err = err ? err : view_of(m, from_us, m->wish->now_us, m->throughout, &now);
    err = err ? err : view_of(m, from_us - window_us, from_us, m->throughout, &before);
    if (!err && before->dnskey == 0)
        no_value(ret, "no DNSKEY query in the window before");
    else if (!err)
        set_point(ret, (double)now->dnskey / (double)before->dnskey);
    return err ? err : find_throughout(m);
}

/* Before the hold-down has ended nobody is late, and once the new key signs, who has only the old one fails
 * and says so no more: over either, the share changes and nobody has. */
static const char *why_no_trend(const struct measuring *m)
{
    const struct classify_roll *roll = m->wish->roll;
    if (m->throughout_count == 0)
        return "no collector was at work throughout the window";
    if (classify_deadline(roll, m->wish->limits) > m->from_us)
        return "the hold-down of the new key had not ended when the window began";
    if (roll->sign_us > m->from_us && roll->sign_us < m->wish->now_us)
        return "the new key began to sign within the window";
    return NULL;
}

/* The share in the second half of the window against that in the first, on the same collectors, in points a
 * week. */
static int measure_trend(struct measuring *m, const char *name, struct gate_measured *ret)
{
    (void)name;
    const struct view *first, *second;
    int64_t half_us = (m->wish->now_us - m->from_us) / 2, middle_us = m->from_us + half_us;
    const char *reason = why_no_trend(m);
    if (reason) {
        no_value(ret, reason);
        return 0;
    }
    int err = view_of(m, m->from_us, middle_us, m->throughout, &first);
    err = err ? err : view_of(m, middle_us, m->wish->now_us, m->throughout, &second);
    if (err)
        return err;
    uint64_t told[2] = {readiness_told(first->total.sources), readiness_told(second->total.sources)};
    if (told[0] == 0 || told[1] == 0) {
        no_value(ret, "no source's word is known in a half of the window");
        return 0;
    }
    double points = 100 * 7 * (double)UTC_DAY / (double)half_us;
    struct interval change =
        interval_difference(readiness_share(&first->total), readiness_share(&second->total));
    *ret = (struct gate_measured){
        .has_value = true, .interval = {points * change.value, points * change.low, points * change.high}};
    return 0;
}

/* All others are shares, of a view of all collectors. */
static const struct {
    const char *name;
    int (*measure)(struct measuring *m, const char *name, struct gate_measured *ret);
} measures[] = {
    {"coverage-days", measure_days},
    {"coverage-collectors", measure_collectors},
    {"coverage-gap-hours", measure_gap},
    {"dnskey-factor", measure_dnskey},
    {"trend", measure_trend},
};
enum { MEASURES = sizeof measures / sizeof *measures };

static size_t find_measure(const struct gate_criterion *criterion)
{
    size_t i = 0;
    while (i < MEASURES && strcmp(measures[i].name, criterion->measure) != 0)
        i++;
    return i;
}

static int measure_one(struct measuring *m, const struct gate_criterion *criterion, struct gate_measured *ret)
{
    m->from_us = m->wish->now_us - criterion->window_us;
    int err = find_throughout(m);
    if (err)
        return err;
    no_value(ret, "it is not known how to measure this");
    size_t i = find_measure(criterion);
    return (i < MEASURES ? measures[i].measure : measure_share)(m, criterion->measure, ret);
}

/* Out of the first view that is wanted anyhow; of lines there need be none, so else it is asked for alone. */
static int find_coverage(struct measuring *m, const struct gate *gate)
{
    const struct measure_wish *wish = m->wish;
    const struct view *view;
    for (size_t i = 0; i < gate->count; i++)
        if (find_measure(&gate->criteria[i]) == MEASURES)
            return view_of(m, wish->now_us - gate->criteria[i].window_us, wish->now_us, NULL, &view);
    const struct sightings_question question = {.by = SIGHTINGS_BY_KEY,
        .from_us = wish->now_us,
        .to_us = wish->now_us + 1,
        .zone = wish->zone,
        .collector = wish->collector};
    struct sightings_answer answer;
    int err = sightings_ask(m->store, &question, m->arena, &answer, m->note);
    if (!err && answer.partial)
        m->missing = answer.missing ? answer.missing : "a part of the store";
    if (!err)
        take_coverage(m, answer.coverage, answer.coverage_count);
    return err;
}

int measure_all(struct sightings *store, const struct gate *gate, const struct measure_wish *wish,
    struct arena *arena, struct gate_measured *ret_measured, const char **ret_missing, struct err_note *note)
{
    struct measuring *m = arena_alloc(arena, sizeof *m);
    if (!m)
        return err_set(note, ERR_NOMEM, "no memory to measure");
    *m = (struct measuring){.store = store, .wish = wish, .arena = arena, .note = note};
    int err = find_coverage(m, gate);
    err = err ? err : unite(m);
    for (size_t i = 0; i < gate->count && !err; i++)
        err = measure_one(m, &gate->criteria[i], &ret_measured[i]);
    for (size_t i = 0; i < gate->count && !err && m->missing; i++)
        no_value(&ret_measured[i], "a part of the store did not answer");
    *ret_missing = err ? NULL : m->missing;
    return err;
}

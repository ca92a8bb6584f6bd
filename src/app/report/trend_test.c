/* The trend over small stores whose figures can be reckoned by hand: crowds of sources that say the same each
 * day, told by collectors that come and go. */
#include "app/report/trend.h"

#include "io/json/json.h"
#include "io/store/sightings_fixture.h"
#include "io/store/store_test_dir.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { WEEK = 7, WEEKS = 4, FEW = 10 };

/* 2026-03-02, long after the hold-down of key 38696 and long before it signs. */
#define CALM (INT64_C(1772409600) * UTC_SECOND)

static int64_t day(int number)
{
    return CALM + number * UTC_DAY;
}

struct fixture {
    char directory[64];
    struct sightings *store;
    struct networks *networks;
    struct arena *arena;
    struct plan *plan;
    struct classify_limits limits;
    uint8_t inputs;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct err_note note = {""};
    char path[200];
    assert_non_null(test_dir(f->directory));
    snprintf(path, sizeof path, "%s/s.db", f->directory);
    assert_int_equal(sightings_open(path, false, &f->store, &note), 0);
    f->arena = arena_new();
    assert_int_equal(networks_new(&f->networks), 0);
    assert_int_equal(plan_builtin("root-2024", &f->plan), 0);
    classify_limits_usual(&f->limits);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    plan_free(f->plan);
    networks_free(f->networks);
    sightings_close(f->store);
    arena_free(f->arena);
    test_dir_remove(f->directory);
    free(f);
    return 0;
}

/* ---- stores ---- */

/* Sources [first, end), of which the first `old` have only the old key; `names`: what they ask for. */
struct crowd {
    uint32_t first, end, old;
    uint64_t names;
};

/* Each of them signals once on a day, and asks a hundred times. */
static void add_day(const struct crowd *crowd, int64_t day_us, struct fixture_rows *all)
{
    for (uint32_t i = crowd->first; i < crowd->end; i++) {
        struct tally_row *row = &all->rows[all->count++];
        *row = (struct tally_row){.hour_us = day_us,
            .zone = ".",
            .kind = SIGHTING_TA_NULL,
            .tags = i - crowd->first < crowd->old ? "4f66" : "4f66-9728",
            .count = 1,
            .first_us = day_us,
            .last_us = day_us};
        fixture_source(i, row->source);
        struct tally_traffic *traffic = &all->traffic[all->traffic_count++];
        *traffic = (struct tally_traffic){.hour_us = day_us,
            .queries = 100,
            .dnssec_ok = 100,
            .names = crowd->names ? crowd->names : ~UINT64_C(0),
            .udp_size_least = 4096,
            .udp_size_most = 4096,
            .first_us = day_us,
            .last_us = day_us};
        memcpy(traffic->source, row->source, sizeof row->source);
    }
}

/* What a collector saw of a crowd from day `first` to before day `end`, at work for `hours` of each; 0: when
 * it was at work is not told. */
static void collect(
    struct fixture *f, const char *collector, int first, int end, int hours, struct crowd crowd)
{
    size_t most = (size_t)(end - first) * (crowd.end - crowd.first),
           spans = hours == 24 || hours == 0 ? 1 : (size_t)(end - first);
    struct fixture_rows all = {
        calloc(most + 1, sizeof *all.rows), 0, calloc(most + 1, sizeof *all.traffic), 0};
    struct sightings_span *work = calloc(spans + 1, sizeof *work);
    for (int number = first; number < end; number++) {
        add_day(&crowd, day(number), &all);
        if (spans > 1 || (hours && hours < 24))
            work[number - first] = (struct sightings_span){day(number), day(number) + hours * UTC_HOUR, 10};
    }
    if (hours == 24 || hours == 0)
        *work = (struct sightings_span){day(first), day(end) - 1, 100};
    struct sightings_segment segment = fixture_segment(collector, ++f->inputs, 0, 100);
    segment.from_us = work->from_us;
    segment.to_us = work[spans - 1].to_us;
    segment.spans = work;
    segment.span_count = hours ? spans : 0;
    struct tally_rows tally = fixture_tally(&all);
    struct err_note note = {""};
    if (sightings_commit(f->store, &segment, &tally, &note))
        fail_msg("%s", note.text);
    free(all.rows);
    free(all.traffic);
    free(work);
}

/* A collector of ten sources, of which 4, 4, 2 and none have only the old key, week by week. */
static void collect_weeks(struct fixture *f, const char *collector)
{
    static const uint32_t old[WEEKS] = {4, 4, 2, 0};
    for (int week = 0; week < WEEKS; week++)
        collect(f, collector, week * WEEK, (week + 1) * WEEK, 24, (struct crowd){0, FEW, old[week], 0});
}

static struct trend_wish wish_of(const struct fixture *f)
{
    return (struct trend_wish){.plan = f->plan,
        .limits = &f->limits,
        .networks = f->networks,
        .zone = ".",
        .from_us = INT64_MIN,
        .to_us = day(WEEKS * WEEK),
        .step_us = WEEK * UTC_DAY};
}

static struct trend make_of(struct fixture *f, const struct trend_wish *wish)
{
    struct err_note note = {""};
    struct trend trend;
    if (trend_make(f->store, wish, f->arena, &trend, &note))
        fail_msg("%s", note.text);
    for (size_t i = 0; i < trend.step_count; i++) {
        const struct trend_step *step = &trend.steps[i];
        assert_int_equal(step->is_judged, step->reason == NULL);
        assert_true(step->is_broken || (i && step->has_like && !step->feeds_changed));
        assert_false(step->has_like && step->no_like);
        assert_true(i == 0 || step->from_us == step[-1].to_us);
        assert_true(step->share.low <= step->share.value && step->share.value <= step->share.high);
        assert_true(
            !step->has_like || (step->like_low <= step->like_change && step->like_change <= step->like_high));
    }
    return trend;
}

static struct trend made(struct fixture *f)
{
    struct trend_wish *wish = arena_alloc(f->arena, sizeof *wish);
    *wish = wish_of(f);
    return make_of(f, wish);
}

static void expect_share(const struct trend *trend, size_t i, double share, uint64_t told)
{
    const struct trend_step *step = &trend->steps[i];
    if (!step->is_judged || fabs(step->share.value - share) > 1e-9 ||
        readiness_told(step->total.sources) != told)
        fail_msg("step %zu: %f of %d (%s), not %f of %d", i, step->share.value,
            (int)readiness_told(step->total.sources), step->reason ? step->reason : "judged", share,
            (int)told);
}

static void expect_change(
    const struct trend *trend, size_t i, double points, size_t collectors, bool feeds_changed)
{
    const struct trend_step *step = &trend->steps[i];
    if (!step->has_like || fabs(step->like_change - points) > 1e-9 || step->like_collectors != collectors ||
        step->feeds_changed != feeds_changed)
        fail_msg("step %zu: %f points on %zu (%s), not %f on %zu", i, step->like_change,
            step->like_collectors, step->no_like ? step->no_like : "told", points, collectors);
}

static void expect_none(const struct trend *trend, size_t i, const char *why)
{
    const struct trend_step *step = &trend->steps[i];
    if (step->has_like || !step->is_broken || !step->no_like || !strstr(step->no_like, why))
        fail_msg("step %zu: %f points (%s), not none because %s", i, step->like_change,
            step->no_like ? step->no_like : "told", why);
}

static void expect_feed(
    const struct trend *trend, size_t i, const char *collector, int64_t at_us, bool begins)
{
    assert_true(i < trend->feed_count);
    const struct feeds_change *feed = &trend->feeds[i];
    if (strcmp(feed->collector, collector) != 0 || feed->begins != begins || llabs(feed->at_us - at_us) > 1)
        fail_msg("feed %zu: %s %d", i, feed->collector, feed->begins);
}

/* ---- like with like ---- */

static void same_feeds(void **state)
{
    struct fixture *f = *state;
    collect_weeks(f, "a");
    struct trend trend = made(f);
    assert_int_equal(trend.step_count, WEEKS);
    assert_int_equal(trend.feed_count, 0);
    assert_int_equal(trend.from_us, day(0));
    expect_share(&trend, 0, .4, FEW);
    expect_share(&trend, 1, .4, FEW);
    expect_share(&trend, 2, .2, FEW);
    expect_share(&trend, 3, 0, FEW);
    expect_change(&trend, 1, 0, 1, false);
    expect_change(&trend, 2, -20, 1, false);
    expect_change(&trend, 3, -20, 1, false);
    assert_int_equal(trend.steps[3].collectors, 1);
    uint64_t part, whole;
    trend_naive(&trend, &trend.steps[2], &part, &whole);
    assert_true(part == 2 * WEEK && whole == FEW * WEEK);
    assert_int_equal(trend.day_count, WEEKS * WEEK);
    for (int i = 0; i < WEEKS * WEEK; i++)
        assert_true(trend.days[i].day_us == day(i) && trend.days[i].signalling == FEW);
    assert_int_equal(trend.days[WEEK - 1].old_only, 4);
}

/* Twenty sources that only the new feed sees have only the old key: nothing changed for it. */
static void feed_begins(void **state)
{
    struct fixture *f = *state;
    collect_weeks(f, "a");
    collect(f, "b", 2 * WEEK, WEEKS * WEEK, 24, (struct crowd){100, 120, 20, 0});
    struct trend trend = made(f);
    assert_int_equal(trend.feed_count, 1);
    expect_feed(&trend, 0, "b", day(2 * WEEK), true);
    expect_share(&trend, 1, .4, FEW);
    expect_share(&trend, 2, 22 / 30., FEW + 20);
    expect_share(&trend, 3, 20 / 30., FEW + 20);
    expect_change(&trend, 2, -20, 1, true);
    assert_true(trend.steps[2].is_broken);
    assert_true(fabs(trend.steps[2].like_before.share.value - .4) < 1e-9);
    assert_true(fabs(trend.steps[2].like_now.share.value - .2) < 1e-9);
    expect_change(&trend, 3, 100 * (20 / 30. - 22 / 30.), 2, false);
}

/* In the middle of a step: neither the change to it nor that from it is read on the new feed. */
static void feed_begins_amid(void **state)
{
    struct fixture *f = *state;
    collect_weeks(f, "a");
    collect(f, "b", 2 * WEEK - 3, WEEKS * WEEK, 24, (struct crowd){100, 120, 20, 0});
    struct trend trend = made(f);
    assert_int_equal(trend.feed_count, 1);
    assert_int_equal(trend.steps[1].collectors, 1);
    expect_share(&trend, 1, 24 / 30., FEW + 20);
    expect_change(&trend, 1, 0, 1, true);
    expect_change(&trend, 2, -20, 1, true);
    expect_change(&trend, 3, 100 * (20 / 30. - 22 / 30.), 2, false);
}

static void feed_ends(void **state)
{
    struct fixture *f = *state;
    collect_weeks(f, "a");
    collect(f, "b", 0, 2 * WEEK, 24, (struct crowd){100, 120, 20, 0});
    struct trend trend = made(f);
    assert_int_equal(trend.feed_count, 1);
    expect_feed(&trend, 0, "b", day(2 * WEEK), false);
    expect_change(&trend, 1, 0, 2, false);
    expect_change(&trend, 2, -20, 1, true);
    expect_change(&trend, 3, -20, 1, false);
}

/* A pause each night, or of 23 hours, is none; for longer, it is an end and a begin. */
static void pauses(void **state)
{
    struct fixture *f = *state;
    collect_weeks(f, "a");
    collect(f, "nightly", 0, WEEKS * WEEK, 14, (struct crowd){100, 120, 20, 0});
    collect(f, "repaired", 0, WEEK + 2, 24, (struct crowd){200, 210, 0, 0});
    collect(f, "repaired", WEEK + 2, WEEK + 3, 1, (struct crowd){200, 210, 0, 0});
    collect(f, "repaired", WEEK + 3, WEEKS * WEEK, 24, (struct crowd){200, 210, 0, 0});
    struct trend trend = made(f);
    assert_int_equal(trend.feed_count, 0);
    for (size_t i = 1; i < WEEKS; i++)
        assert_true(
            trend.steps[i].has_like && trend.steps[i].like_collectors == 3 && !trend.steps[i].is_broken);
    collect(f, "lost", 0, WEEK + 2, 24, (struct crowd){300, 320, 20, 0});
    collect(f, "lost", WEEK + 4, WEEKS * WEEK, 24, (struct crowd){300, 320, 20, 0});
    trend = made(f);
    assert_int_equal(trend.feed_count, 2);
    expect_feed(&trend, 0, "lost", day(WEEK + 2), false);
    expect_feed(&trend, 1, "lost", day(WEEK + 4), true);
    for (size_t i = 1; i < WEEKS; i++)
        assert_true(trend.steps[i].has_like && trend.steps[i].feeds_changed == (i < 3) &&
                    trend.steps[i].like_collectors == (i < 3 ? 3 : 4));
    expect_change(&trend, 2, 100 * (22 / 40. - 24 / 40.), 3, true);
}

/* One feed takes the place of another: nothing is in common, and nothing is read. */
static void feed_replaced(void **state)
{
    struct fixture *f = *state;
    collect(f, "a", 0, 2 * WEEK, 24, (struct crowd){0, FEW, 4, 0});
    collect(f, "b", 2 * WEEK, WEEKS * WEEK, 24, (struct crowd){0, FEW, 0, 0});
    struct trend trend = made(f);
    assert_int_equal(trend.feed_count, 2);
    expect_change(&trend, 1, 0, 1, false);
    expect_none(&trend, 2, "no collector was at work throughout both");
    assert_true(trend.steps[2].feeds_changed && trend.steps[2].is_judged);
    expect_change(&trend, 3, 0, 1, false);
    struct trend_wish wish = wish_of(f);
    wish.collector = "a"; /* what one collector saw, where it saw nothing */
    trend = make_of(f, &wish);
    expect_share(&trend, 1, .4, FEW);
    assert_false(trend.steps[2].is_judged);
    assert_string_equal(trend.steps[2].reason, "no collector was at work");
    expect_none(&trend, 2, "not judged");
    expect_none(&trend, 3, "not judged");
    assert_int_equal(trend.day_count, 2 * WEEK);
}

/* Nobody knows when it was at work: what it told is told, and nothing is compared. */
static void untold_work(void **state)
{
    struct fixture *f = *state;
    for (int week = 0; week < WEEKS; week++)
        collect(f, "a", week * WEEK, (week + 1) * WEEK, 0, (struct crowd){0, FEW, 4, 0});
    struct trend trend = made(f);
    assert_int_equal(trend.step_count, WEEKS);
    for (size_t i = 0; i < WEEKS; i++) {
        expect_share(&trend, i, .4, FEW);
        assert_int_equal(trend.steps[i].collectors, 0);
        if (i)
            expect_none(&trend, i, "no collector was at work throughout both");
    }
}

/* Sixty copies of an application are too few to be told from resolvers, a hundred and twenty are not: when
 * they grow, the trend stays where it was. */
static void application_grows(void **state)
{
    struct fixture *f = *state;
    collect(f, "a", 0, WEEKS * WEEK, 24, (struct crowd){0, FEW, 4, 0});
    collect(f, "a", 0, 2 * WEEK, 24, (struct crowd){1000, 1060, 60, 7});
    collect(f, "a", 2 * WEEK, 3 * WEEK, 24, (struct crowd){1000, 1120, 120, 7});
    collect(f, "b", 3 * WEEK, WEEKS * WEEK, 24, (struct crowd){1000, 1010, 10, 7});
    struct trend trend = made(f);
    for (size_t i = 0; i < WEEKS; i++) {
        expect_share(&trend, i, .4, FEW);
        assert_int_equal(trend.steps[i].total.sources[CLASSIFY_APPLICATION], i < 2 ? 60 : i == 2 ? 120 : 10);
    }
    for (size_t i = 1; i < WEEKS; i++)
        expect_change(&trend, i, 0, 1, i == 3);
}

/* ---- the plan ---- */

static struct trend of_plan(struct fixture *f, const char *plan, const char *from, const char *to)
{
    struct trend_wish *wish = arena_alloc(f->arena, sizeof *wish);
    plan_free(f->plan);
    assert_int_equal(plan_builtin(plan, &f->plan), 0);
    *wish = wish_of(f);
    assert_int_equal(utc_parse(from, &wish->from_us), 0);
    assert_int_equal(utc_parse(to, &wish->to_us), 0);
    return make_of(f, wish);
}

static int number_of(const char *date)
{
    int64_t us;
    assert_int_equal(utc_parse(date, &us), 0);
    return (int)((us - CALM) / UTC_DAY);
}

/* Published 2025-01-11, hold-down until 2025-02-10 and half a day, and two days of margin. */
static void hold_down(void **state)
{
    struct fixture *f = *state;
    collect(f, "a", number_of("2025-01-01"), number_of("2025-03-12"), 24, (struct crowd){0, FEW, 4, 0});
    struct trend trend = of_plan(f, "root-2024", "2025-01-01", "2025-03-12");
    assert_int_equal(trend.step_count, 10);
    for (size_t i = 0; i < 10; i++) {
        const struct trend_step *step = &trend.steps[i];
        const char *reason = step->to_us <= f->plan->keys[1].steps[0].at_us ? "not published"
                             : i < 6                                        ? "hold-down"
                                                                            : NULL;
        if ((reason && (!step->reason || !strstr(step->reason, reason))) || (!reason && step->reason))
            fail_msg("step %zu: %s", i, step->reason);
        if (i == 0)
            continue;
        if (i < 7)
            expect_none(&trend, i, "not judged");
        else if (i < 8)
            expect_none(&trend, i, "hold-down");
        else
            expect_change(&trend, i, 0, 1, false);
    }
    assert_int_equal(trend.event_count, 2);
    assert_string_equal(trend.events[0].what, "publish");
    assert_string_equal(trend.events[1].what, "trust");
    assert_int_equal(trend.events[1].key, 38696);
}

/* A capture whose clock stood at 1970 is no reason for steps of a year. */
static void begins_with_the_key(void **state)
{
    struct fixture *f = *state;
    collect(f, "clockless", number_of("1970-01-01"), number_of("1970-01-03"), 24, (struct crowd){0, 1, 0, 0});
    collect_weeks(f, "a");
    struct trend trend = made(f);
    char from[UTC_TEXT];
    assert_string_equal(
        utc_format_short(trend.from_us, from), "2025-01-13"); /* whole weeks since 2025-01-11 */
    assert_int_equal(trend.step_us, WEEK * UTC_DAY);
    expect_share(&trend, trend.step_count - 2, .2, FEW);
}

/* When the new key begins to sign, who has only the old one fails: its share falls, and nobody is mended. */
static void signing(void **state)
{
    struct fixture *f = *state;
    collect(f, "a", number_of("2026-09-21"), number_of("2026-11-02"), 24, (struct crowd){0, FEW, 4, 0});
    struct trend trend = of_plan(f, "root-2024", "2026-09-21", "2026-11-02");
    assert_int_equal(trend.step_count, 6);
    expect_change(&trend, 1, 0, 1, false);
    expect_none(&trend, 2, "sign"); /* 2026-10-05 to 2026-10-12; the new key signs on the 11th */
    expect_none(&trend, 3, "sign");
    expect_change(&trend, 4, 0, 1, false);
    assert_int_equal(trend.event_count, 1);
    assert_string_equal(trend.events->what, "sign");
}

static void postponed(void **state)
{
    struct fixture *f = *state;
    struct trend trend = of_plan(f, "root-2018", "2017-07-01", "2019-04-01");
    static const struct {
        const char *what, *at;
        int key;
    } expected[] = {{"publish", "2017-07-11", 20326}, {"trust", NULL, 20326}, {"postpone", "2017-09-27", -1},
        {"resume", "2018-09-16", -1}, {"sign", "2018-10-11T16:00:00Z", 20326},
        {"revoke", "2019-01-11T14:00:00Z", 19036}, {"withdraw", "2019-03-22", 19036}};
    assert_int_equal(trend.event_count, sizeof expected / sizeof *expected);
    for (size_t i = 0; i < trend.event_count; i++) {
        char at[UTC_TEXT];
        assert_string_equal(trend.events[i].what, expected[i].what);
        assert_int_equal(trend.events[i].key, expected[i].key);
        if (expected[i].at)
            assert_string_equal(utc_format_short(trend.events[i].at_us, at), expected[i].at);
    }
    assert_true(trend.events[2].sign_us == UTC_OPEN && trend.events[3].sign_us == trend.events[4].at_us);
    assert_string_equal(trend.events[2].who, "ICANN");
    /* As it was known then: no date. */
    assert_true(of_plan(f, "root-2018", "2017-09-01", "2018-01-01").roll.sign_us == UTC_OPEN);
    for (size_t i = 0; i < trend.step_count; i++)
        assert_string_equal(trend.steps[i].reason, "no collector was at work");
}

/* A plan that goes from key to key to key. */
static void another_roll(void **state)
{
    struct fixture *f = *state;
    struct plan *both;
    collect(f, "a", 0, WEEKS * WEEK, 24, (struct crowd){0, FEW, 4, 0});
    assert_int_equal(plan_builtin("root-2024", &both), 0);
    struct plan *moved = plan_copy(both);
    plan_free(both);
    /* 20326 hands over on the tenth day, and the next key comes on the eleventh. */
    for (size_t k = 0; k < moved->key_count; k++)
        for (size_t s = 0; s < moved->keys[k].step_count; s++)
            if (moved->keys[k].steps[s].at_us > CALM)
                moved->keys[k].steps[s].at_us = day(10) + (int64_t)s * UTC_HOUR;
    struct plan_key *keys = arena_alloc(moved->arena, (moved->key_count + 1) * sizeof *keys);
    struct plan_step *steps = arena_alloc(moved->arena, 2 * sizeof *steps);
    steps[0] = (struct plan_step){.what = PLAN_PUBLISH, .at_us = day(-100)};
    steps[1] = (struct plan_step){.what = PLAN_SIGN, .at_us = day(400)};
    memcpy(keys, moved->keys, moved->key_count * sizeof *keys);
    keys[moved->key_count] = (struct plan_key){.id = "next",
        .algorithm = 8,
        .bits = 2048,
        .tag = 4711,
        .revoked_tag = -1,
        .steps = steps,
        .step_count = 2};
    moved->keys = keys;
    moved->key_count++;
    plan_free(f->plan);
    f->plan = moved;
    struct trend trend = made(f);
    assert_int_equal(trend.steps[0].roll.new_tag, 38696);
    assert_int_equal(trend.steps[3].roll.new_tag, 4711);
    size_t others = 0;
    for (size_t i = 1; i < trend.step_count; i++)
        others += trend.steps[i].no_like && strstr(trend.steps[i].no_like, "another one");
    assert_int_equal(others, 1);
}

/* ---- the time ---- */

static void refuses(void **state)
{
    struct fixture *f = *state;
    static const struct {
        int64_t from_us, to_us, step_us;
        const char *collector;
        int err;
        const char *word;
    } cases[] = {
        {CALM, CALM, 0, NULL, ERR_USAGE, "ends before it begins"},
        {CALM + 1, CALM, 0, NULL, ERR_USAGE, "ends before it begins"},
        {INT64_MIN, INT64_MAX, 0, NULL, ERR_USAGE, "ends before"},
        {CALM, CALM + 20 * UTC_DAY, 21 * UTC_DAY, NULL, ERR_USAGE, "longer than the time, 20 days"},
        {CALM, CALM + 20 * UTC_DAY, UTC_HOUR, NULL, ERR_USAGE, "whole days"},
        {CALM, CALM + 20 * UTC_DAY, -UTC_DAY, NULL, ERR_USAGE, "whole days"},
        {CALM, CALM + 2000 * UTC_DAY, UTC_DAY, NULL, ERR_USAGE, "2000 steps"},
        {CALM, CALM + 20 * UTC_DAY, 0, "nobody", ERR_NOINPUT, "nobody"},
    };
    collect_weeks(f, "a");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct trend_wish wish = wish_of(f);
        struct err_note note = {""};
        struct trend trend;
        wish.from_us = cases[i].from_us;
        wish.to_us = cases[i].to_us;
        wish.step_us = cases[i].step_us;
        wish.collector = cases[i].collector;
        int err = trend_make(f->store, &wish, f->arena, &trend, &note);
        if (err != cases[i].err || !strstr(note.text, cases[i].word))
            fail_msg("case %zu: %d %s", i, err, note.text);
    }
}

/* How many steps of how many days, from which day on, by hours. */
static void lays_steps(void **state)
{
    struct fixture *f = *state;
    static const struct {
        int from_hour, to_hour, step;
        size_t count;
        int days, first_hour;
    } cases[] = {
        {0, 28 * 24, 0, 4, 7, 0},
        {0, 28 * 24, 14, 2, 14, 0},
        {5, 28 * 24, 7, 3, 7, 7 * 24}, /* what is left at the beginning is left out */
        {0, 27 * 24 + 3, 7, 4, 7, 0},  /* the day that has begun counts */
        {0, 3 * 24, 0, 1, 3, 0},       /* shorter than what is usual: all of it */
        {4, 9, 0, 1, 0, 4},
        {0, 420 * 24, 0, 60, 7, 0},
        {0, 421 * 24, 0, 52, 8, 5 * 24},
        {0, 3650 * 24, 0, 59, 61, 51 * 24},
    };
    collect_weeks(f, "a");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct trend_wish wish = wish_of(f);
        wish.from_us = CALM + cases[i].from_hour * UTC_HOUR;
        wish.to_us = CALM + cases[i].to_hour * UTC_HOUR;
        wish.step_us = cases[i].step * UTC_DAY;
        struct trend trend = make_of(f, &wish);
        if (trend.step_count != cases[i].count || trend.step_us / UTC_DAY != cases[i].days ||
            trend.from_us != CALM + cases[i].first_hour * UTC_HOUR)
            fail_msg("case %zu: %zu steps of %d days from hour %d", i, trend.step_count,
                (int)(trend.step_us / UTC_DAY), (int)((trend.from_us - CALM) / UTC_HOUR));
        assert_int_equal(trend.steps[trend.step_count - 1].to_us, wish.to_us);
    }
}

/* Nothing can be confirmed in a day, so nothing is said of it. */
static void too_short(void **state)
{
    struct fixture *f = *state;
    collect_weeks(f, "a");
    struct trend_wish wish = wish_of(f);
    wish.step_us = UTC_DAY;
    struct trend trend = make_of(f, &wish);
    assert_int_equal(trend.step_count, WEEKS * WEEK);
    assert_true(!trend.steps[9].is_judged && strstr(trend.steps[9].reason, "confirm-days"));
    wish.step_us = 2 * UTC_DAY;
    trend = make_of(f, &wish);
    expect_share(&trend, 0, .4, FEW);
}

static void empty_store(void **state)
{
    struct fixture *f = *state;
    struct trend trend = made(f);
    struct text text;
    assert_true(
        trend.step_count == 0 && trend.day_count == 0 && trend.feed_count == 0 && trend.event_count == 0);
    text_start(&text);
    assert_int_equal(trend_write(&trend, READINESS_TABLE, 80, &text), 0);
    assert_non_null(strstr(text.string, "Nothing was seen"));
    text_free(&text);
}

/* ---- forms ---- */

static const struct json *field(const struct json *value, const char *name)
{
    const struct json *found = json_get(value, name);
    if (!found)
        fail_msg("%s is missing", name);
    return found;
}

static size_t count_of(const char *string, const char *part)
{
    size_t count = 0;
    for (const char *at = string; (at = strstr(at, part)); at += strlen(part))
        count++;
    return count;
}

/* Strings of a plan's author are a stranger's. */
static void forms(void **state)
{
    struct fixture *f = *state;
    collect_weeks(f, "a");
    collect(f, "b", 2 * WEEK, WEEKS * WEEK, 24, (struct crowd){100, 120, 20, 0});
    struct trend trend = made(f);
    struct trend_event event = {.at_us = day(9),
        .what = "postpone",
        .key = -1,
        .sign_us = UTC_OPEN,
        .who = "\x1b[2J\"<b>",
        .reason = "=cmd()\n\x9b"};
    trend.events = &event;
    trend.event_count = 1;
    trend.partial = true;
    trend.missing = "shard \x1b[31m";
    struct text text;
    struct json *root;
    struct err_note note = {""};
    for (size_t columns = 20; columns < 200; columns += 60) {
        text_start(&text);
        assert_int_equal(trend_write(&trend, READINESS_TABLE, columns, &text), 0);
        assert_null(strchr(text.string, '\x1b'));
        assert_non_null(strstr(text.string, "PARTIAL"));
        assert_true(columns < 80 || strstr(text.string, "a feed begins: b"));
        text_free(&text);
    }
    text_start(&text);
    assert_int_equal(trend_write(&trend, READINESS_CSV, 80, &text), 0);
    assert_int_equal(count_of(text.string, "\r\n"), 1 + WEEKS);
    char *end = strstr(text.string, "\r\n");
    size_t cells = 0;
    for (char *at = text.string; at < end; at++)
        cells += *at == ',';
    assert_int_equal(count_of(text.string, ","), cells * (1 + WEEKS)); /* no reason has a comma here */
    assert_int_equal(count_of(text.string, ",no\r\n"), WEEKS);
    text_free(&text);
    text_start(&text);
    assert_int_equal(trend_write(&trend, READINESS_JSON, 80, &text), 0);
    if (json_read(text.string, text.length, &root, &note))
        fail_msg("%s", note.text);
    assert_string_equal(json_text(field(root, "schema")), "rollcall.trend/1");
    const struct json *steps = field(root, "steps"), *step = json_at(steps, 2);
    int64_t number;
    assert_int_equal(json_count(steps), WEEKS);
    assert_true(json_int(field(field(step, "old_only"), "numerator"), &number) && number == 22);
    assert_true(json_int(field(field(step, "like"), "collectors"), &number) && number == 1);
    assert_int_equal(json_count(field(root, "feeds")), 1);
    assert_int_equal(json_count(field(root, "days")), WEEKS * WEEK);
    assert_string_equal(json_text(field(json_at(field(root, "events"), 0), "who")), event.who);
    json_free(root);
    text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(same_feeds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(feed_begins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(feed_begins_amid, set_up, tear_down),
        cmocka_unit_test_setup_teardown(feed_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pauses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(feed_replaced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(untold_work, set_up, tear_down),
        cmocka_unit_test_setup_teardown(application_grows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hold_down, set_up, tear_down),
        cmocka_unit_test_setup_teardown(begins_with_the_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(signing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(postponed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_roll, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lays_steps, set_up, tear_down),
        cmocka_unit_test_setup_teardown(too_short, set_up, tear_down),
        cmocka_unit_test_setup_teardown(empty_store, set_up, tear_down),
        cmocka_unit_test_setup_teardown(forms, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

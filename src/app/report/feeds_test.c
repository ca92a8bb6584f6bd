/* When collectors were at work, by hours from noon of some day. */
#include "app/report/feeds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { MOST_SPANS = 6 };

/* from, to, from, to, …, in hours; 0 0 ends. */
static struct sightings_coverage coverage(
    const char *name, const int hours[2 * MOST_SPANS], struct sightings_span spans[MOST_SPANS])
{
    struct sightings_coverage one = {.collector = name, .work = spans};
    for (size_t i = 0; i < MOST_SPANS && (hours[2 * i] || hours[2 * i + 1]); i++)
        spans[one.work_count++] =
            (struct sightings_span){hours[2 * i] * UTC_HOUR, hours[2 * i + 1] * UTC_HOUR, 0};
    if (one.work_count) {
        one.from_us = spans[0].from_us;
        one.to_us = spans[one.work_count - 1].to_us;
    }
    return one;
}

static void at_work(void **state)
{
    static const struct {
        int hours[2 * MOST_SPANS], from, to;
        bool touches, throughout;
    } cases[] = {
        {{10, 100}, 10, 100, true, true},
        {{10, 100}, 20, 90, true, true},
        {{10, 100}, 100, 200, false, false},               /* its last packet came with the first moment */
        {{10, 100}, 0, 10, false, false},                  /* its first one with the last */
        {{10, 100}, 99, 200, true, false},                 /* 100 hours are missing */
        {{34, 100}, 10, 100, true, true},                  /* a day late */
        {{35, 100}, 10, 100, true, false},                 /* and an hour */
        {{10, 50, 74, 100}, 10, 100, true, true},          /* a pause of a day */
        {{10, 50, 75, 100}, 10, 100, true, false},         /* and an hour */
        {{10, 50, 75, 100}, 51, 74, false, false},         /* within a pause */
        {{10, 20, 34, 44, 58, 68}, 10, 80, true, true},    /* a pause each day */
        {{10, 11, 60, 61, 110, 111}, 10, 80, true, false}, /* an hour every other day */
        {{0, 0}, 10, 80, false, false},
    };
    struct sightings_span spans[MOST_SPANS];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sightings_coverage one = coverage("a", cases[i].hours, spans);
        int64_t from_us = cases[i].from * UTC_HOUR, to_us = cases[i].to * UTC_HOUR;
        if (feeds_touch(&one, from_us, to_us) != cases[i].touches ||
            feeds_throughout(&one, from_us, to_us) != cases[i].throughout)
            fail_msg("case %zu", i);
    }
}

/* A store may tell how far a collector came without telling when it was at work. */
static void untold_work(void **state)
{
    struct sightings_coverage one = {.collector = "a", .from_us = UTC_HOUR, .to_us = 9 * UTC_HOUR};
    assert_true(feeds_touch(&one, 0, 2 * UTC_HOUR));
    assert_false(feeds_touch(&one, 9 * UTC_HOUR, 12 * UTC_HOUR));
    assert_false(feeds_throughout(&one, 2 * UTC_HOUR, 3 * UTC_HOUR));
    one = (struct sightings_coverage){.collector = "a"}; /* nothing counted */
    assert_false(feeds_touch(&one, -UTC_HOUR, UTC_HOUR));
}

static void changes(void **state)
{
    static const struct {
        const char *name;
        int hours[2 * MOST_SPANS];
    } feeds[] = {
        {"b", {1, 300}},                   /* there all the time */
        {"a", {30, 200}},                  /* begins, ends */
        {"c", {24, 276}},                  /* begins within the first day, ends within the last: there */
        {"d", {1, 50, 60, 100, 130, 300}}, /* pauses shortly, then for more than a day */
        {"e", {1, 200, 230, 231}},         /* comes back for an hour, a day and more before the end */
        {"f", {301, 400}},                 /* later */
    };
    static const struct {
        int hour;
        const char *name;
        bool begins;
    } expected[] = {{30, "a", true}, {100, "d", false}, {130, "d", true}, {200, "a", false},
        {200, "e", false}, {230, "e", true}, {231, "e", false}};
    struct sightings_span spans[sizeof feeds / sizeof *feeds][MOST_SPANS];
    struct sightings_coverage all[sizeof feeds / sizeof *feeds];
    struct arena *arena = arena_new();
    struct feeds_change *found;
    size_t count;
    for (size_t i = 0; i < sizeof feeds / sizeof *feeds; i++)
        all[i] = coverage(feeds[i].name, feeds[i].hours, spans[i]);
    assert_int_equal(
        feeds_changes(all, sizeof feeds / sizeof *feeds, 0, 300 * UTC_HOUR, arena, &found, &count), 0);
    assert_int_equal(count, sizeof expected / sizeof *expected);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(found[i].at_us, expected[i].hour * UTC_HOUR);
        assert_string_equal(found[i].collector, expected[i].name);
        assert_int_equal(found[i].begins, expected[i].begins);
    }
    arena_free(arena);
}

/* Times of a damaged store. */
static void absurd_times(void **state)
{
    struct sightings_span spans[] = {{INT64_MIN, INT64_MIN + 1, 0}, {INT64_MAX - 1, INT64_MAX, 0}};
    struct sightings_coverage one = {
        .collector = "a", .from_us = INT64_MIN, .to_us = INT64_MAX, .work = spans, .work_count = 2};
    struct arena *arena = arena_new();
    struct feeds_change *found;
    size_t count;
    assert_false(feeds_throughout(&one, 0, UTC_DAY));
    assert_false(feeds_touch(&one, 0, UTC_DAY));
    assert_true(feeds_longest_pause(spans, 2, INT64_MIN, INT64_MAX) > UTC_DAY);
    assert_int_equal(feeds_changes(&one, 1, 0, UTC_DAY, arena, &found, &count), 0);
    assert_int_equal(count, 0);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_work),
        cmocka_unit_test(untold_work),
        cmocka_unit_test(changes),
        cmocka_unit_test(absurd_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Each measure over a small store whose figures can be reckoned by hand: two collectors, ten days, one of
 * them with a pause of thirty hours. */
#include "app/report/gate/measure.h"

#include "io/store/sightings_fixture.h"
#include "io/store/store_test_dir.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { DAYS = 10 };

struct fixture {
    char directory[64];
    struct sightings *store;
    struct networks *networks;
    struct arena *arena;
    struct classify_roll roll;
    struct classify_limits limits;
};

/* From day `first` to before day `end` of the ten: two sources of which the second has only the old key from
 * day five on, and one more DNSKEY query each from then on. */
static void fill(struct fixture *f, const char *collector, uint8_t input, int first, int end)
{
    struct tally_row rows[DAYS * 4];
    struct tally_traffic traffic[DAYS * 2];
    struct fixture_rows all = {rows, 0, traffic, 0};
    for (int day = first; day < end; day++)
        for (uint32_t i = 0; i < 2; i++) {
            int64_t hour_us = FIXTURE_DAY + day * UTC_DAY;
            struct tally_row row = {
                .hour_us = hour_us, .zone = ".", .tags = "", .first_us = hour_us, .last_us = hour_us};
            row.kind = SIGHTING_DNSKEY;
            row.count = day < DAYS / 2 ? 1 : 3;
            fixture_source(i, row.source);
            rows[all.count++] = row;
            row.kind = SIGHTING_TA_NULL;
            row.count = 1;
            row.tags = i == 1 && day >= DAYS / 2 ? "4f66" : "4f66-9728";
            rows[all.count++] = row;
            struct tally_traffic *one = &traffic[all.traffic_count++];
            *one = (struct tally_traffic){.hour_us = hour_us,
                .queries = 100,
                .dnssec_ok = 100,
                .names = ~UINT64_C(0),
                .first_us = hour_us,
                .last_us = hour_us};
            fixture_source(i, one->source);
        }
    struct sightings_span span = {FIXTURE_DAY + first * UTC_DAY, FIXTURE_DAY + end * UTC_DAY, 100};
    struct sightings_segment segment = fixture_segment(collector, input, 0, 100);
    segment.from_us = span.from_us;
    segment.to_us = span.to_us;
    segment.spans = &span;
    segment.span_count = 1;
    struct tally_rows tally = fixture_tally(&all);
    struct err_note note = {""};
    if (sightings_commit(f->store, &segment, &tally, &note))
        fail_msg("%s", note.text);
}

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
    classify_limits_usual(&f->limits);
    f->roll = (struct classify_roll){.old_tag = 20326,
        .new_tag = 38696,
        .publish_us = FIXTURE_DAY - 600 * UTC_DAY,
        .trust_us = FIXTURE_DAY - 560 * UTC_DAY,
        .sign_us = UTC_OPEN};
    fill(f, "whole", 1, 0, DAYS);
    fill(f, "broken", 2, 0, 3);
    fill(f, "broken", 3, 5, 8); /* and nothing after day eight */
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    networks_free(f->networks);
    sightings_close(f->store);
    arena_free(f->arena);
    test_dir_remove(f->directory);
    free(f);
    return 0;
}

static struct gate_measured measured(struct fixture *f, const char *measure, int days, const char *collector)
{
    struct gate_criterion criterion = {.id = "x", .measure = measure, .window_us = days * UTC_DAY};
    const struct gate gate = {.name = "test", .criteria = &criterion, .count = 1};
    const struct measure_wish wish = {.roll = &f->roll,
        .limits = &f->limits,
        .networks = f->networks,
        .zone = ".",
        .collector = collector,
        .now_us = FIXTURE_DAY + DAYS * UTC_DAY};
    struct gate_measured ret;
    const char *missing;
    struct err_note note = {""};
    if (measure_all(f->store, &gate, &wish, f->arena, &ret, &missing, &note))
        fail_msg("%s: %s", measure, note.text);
    assert_null(missing);
    return ret;
}

static void expect(struct fixture *f, const char *measure, int days, const char *collector, double value)
{
    struct gate_measured got = measured(f, measure, days, collector);
    if (!got.has_value || fabs(got.interval.value - value) > 1e-9)
        fail_msg("%s over %d days: %f (%s), not %f", measure, days, got.interval.value,
            got.has_value ? "a value" : got.reason, value);
}

static void reckons(void **state)
{
    static const struct {
        const char *measure;
        int days;
        const char *collector;
        double value;
    } cases[] = {
        {"old-only-sources", 5, NULL, 0.5},
        {"old-only-networks", 5, NULL, 0.5},
        {"ready-sources", 5, NULL, 0.5},
        {"ready-networks", 10, NULL, 0.5},
        {"at-risk-networks-upper", 5, NULL, 0.5},
        {"failing-sources", 5, NULL, 0},
        {"regressions", 10, NULL, 1},
        {"regressions", 4, NULL, 0},
        {"coverage-days", 10, NULL, 10},
        {"coverage-days", 20, NULL, 10},
        {"coverage-days", 10, "broken", 8}, /* a span ends with the first moment of the day after */
        {"coverage-gap-hours", 10, NULL, 0},
        {"coverage-gap-hours", 11, NULL, 24},
        {"coverage-gap-hours", 10, "broken", 48},
        {"coverage-collectors", 10, NULL, 1},
        {"coverage-collectors", 3, NULL, 1},
        {"coverage-collectors", 12, NULL, 0},
        {"dnskey-factor", 5, NULL, 3}, /* of the collector that was there throughout */
        {"trend", 10, NULL, 100 * 0.5 * 7 / 5.0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect(*state, cases[i].measure, cases[i].days, cases[i].collector, cases[i].value);
}

static void says_why_not(void **state)
{
    static const struct {
        const char *measure;
        int days;
        const char *collector, *reason;
    } cases[] = {
        {"old-only-users", 5, NULL, "no users"},
        {"at-risk-users-upper", 5, NULL, "no users"},
        {"failing-users", 5, NULL, "no users"},
        {"trend", 10, "broken", "no collector"},
        {"dnskey-factor", 10, NULL, "no collector"},
        {"old-only-sources", 1, "broken", "no source"},
        {"failing-sources", 1, "broken", "no validator"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct gate_measured got = measured(*state, cases[i].measure, cases[i].days, cases[i].collector);
        if (got.has_value || !strstr(got.reason, cases[i].reason))
            fail_msg("%s: %s", cases[i].measure, got.has_value ? "has a value" : got.reason);
    }
}

/* What the plan brings about is no trend. */
static void no_trend_over_the_roll(void **state)
{
    struct fixture *f = *state;
    const struct classify_roll calm = f->roll;
    f->roll.trust_us = FIXTURE_DAY - UTC_DAY; /* and two days of margin */
    assert_non_null(strstr(measured(f, "trend", 10, NULL).reason, "hold-down"));
    assert_true(measured(f, "trend", 8, NULL).has_value);
    f->roll = calm;
    f->roll.sign_us = FIXTURE_DAY + 7 * UTC_DAY;
    assert_non_null(strstr(measured(f, "trend", 4, NULL).reason, "sign"));
    assert_true(measured(f, "trend", 3, NULL).has_value);
}

/* Users are shared by ordinary queries: one that fails and asks for the zone's keys a hundred times a day has
 * no more of them for that. */
static void fails_by_users(void **state)
{
    struct fixture *f = *state;
    struct tally_row rows[1];
    struct fixture_rows all = {rows, 1, NULL, 0};
    char path[200];
    struct err_note note = {""};
    FILE *file;
    static const char *const files[][2] = {
        {"pfx2as", "0.0.0.0\t0\t64500\n2000::\t3\t64500\n"}, {"users", "as,users\n64500,1000\n"}};
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", f->directory, files[i][0]);
        assert_non_null(file = fopen(path, "w"));
        fputs(files[i][1], file);
        fclose(file);
        assert_int_equal((i ? networks_read_users : networks_read_pfx2as)(f->networks, path, &note), 0);
    }
    expect(f, "failing-users", 5, "whole", 0);
    expect(f, "old-only-users", 5, "whole", 0.5);
    int64_t hour_us = FIXTURE_DAY + (DAYS - 1) * UTC_DAY;
    rows[0] = (struct tally_row){.hour_us = hour_us,
        .zone = ".",
        .tags = "",
        .kind = SIGHTING_DNSKEY,
        .count = 96,
        .first_us = hour_us,
        .last_us = hour_us};
    fixture_source(1, rows[0].source);
    struct tally_traffic traffic = {.hour_us = hour_us,
        .queries = 96,
        .dnssec_ok = 96,
        .names = ~UINT64_C(0),
        .first_us = hour_us,
        .last_us = hour_us};
    fixture_source(1, traffic.source);
    all.traffic = &traffic;
    all.traffic_count = 1;
    struct sightings_segment segment = fixture_segment("whole", 9, 0, 100);
    struct tally_rows tally = fixture_tally(&all);
    if (sightings_commit(f->store, &segment, &tally, &note))
        fail_msg("%s", note.text);
    expect(f, "failing-sources", 5, "whole", 0.5);
    expect(f, "failing-users", 5, "whole", 0.5);
}

/* Every measure that a gate may name can be measured. */
static void knows_all(void **state)
{
    for (size_t i = 0; i < gate_measure_count(); i++) {
        struct gate_measured got = measured(*state, gate_measure(i)->name, 5, NULL);
        if (!got.has_value && strstr(got.reason, "not known how"))
            fail_msg("%s cannot be measured", gate_measure(i)->name);
        if (got.has_value)
            assert_true(got.interval.low <= got.interval.value && got.interval.value <= got.interval.high);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reckons, set_up, tear_down),
        cmocka_unit_test_setup_teardown(says_why_not, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_trend_over_the_roll, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fails_by_users, set_up, tear_down),
        cmocka_unit_test_setup_teardown(knows_all, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Each class at its boundaries, told as small stories about one source (or many alike). */
#include "core/roll/classify.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Days are those of the stories: the new key is published on day 0, trusted on day 30, the margin ends with
 * day 31; judged is the time from day 0 to day 60. */
enum { PUBLISH = 17000, TRUST = 30, LATE = 32, END = 60 };

static const uint8_t someone[16] = {[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 1};

static int64_t moment(double day)
{
    return PUBLISH * UTC_DAY + (int64_t)(day * 86400) * UTC_SECOND;
}

static const struct classify_roll usual_roll = {.old_tag = 19036,
    .new_tag = 20326,
    .has_old_revoked = true,
    .old_revoked_tag = 19164,
    .publish_us = PUBLISH * UTC_DAY,
    .trust_us = (PUBLISH + TRUST) * UTC_DAY,
    .sign_us = UTC_OPEN,
    .revoke_us = UTC_OPEN,
    .withdraw_us = UTC_OPEN};

static struct classify *start_with(const char *limit, double from, double to)
{
    struct classify_limits limits;
    struct classify *classify;
    classify_limits_usual(&limits);
    if (limit)
        assert_int_equal(classify_limits_set(&limits, limit, NULL), 0);
    assert_int_equal(classify_new(&usual_roll, &limits, moment(from), moment(to), 1, &classify, NULL), 0);
    return classify;
}

static struct classify *start(double to)
{
    return start_with(NULL, 0, to);
}

static int64_t hour_of(int64_t us)
{
    return us / UTC_HOUR * UTC_HOUR;
}

static void row(
    struct classify *classify, double day, enum sighting_kind kind, const char *tags, uint64_t count)
{
    struct tally_row row = {.hour_us = hour_of(moment(day)),
        .zone = ".",
        .kind = (uint8_t)kind,
        .tags = tags,
        .count = count,
        .dnssec_ok = count,
        .first_us = moment(day),
        .last_us = moment(day)};
    memcpy(row.source, someone, 16);
    assert_int_equal(classify_row(classify, 0, &row), 0);
}

static void say(struct classify *classify, double day, const char *tags)
{
    row(classify, day, SIGHTING_TA_NULL, tags, 1);
}

static void ask(struct classify *classify, double day, uint64_t queries)
{
    struct tally_traffic traffic = {.hour_us = hour_of(moment(day)),
        .queries = queries,
        .names = 0xffff,
        .first_us = moment(day),
        .last_us = moment(day)};
    memcpy(traffic.source, someone, 16);
    assert_int_equal(classify_traffic(classify, 0, &traffic), 0);
}

/* Says it on each day of [from, to), beside ordinary traffic. */
static void live(struct classify *classify, int from, int to, const char *tags)
{
    for (int day = from; day < to; day++) {
        say(classify, day + 0.5, tags);
        ask(classify, day, 100);
    }
}

static struct classify_source finish(struct classify *classify)
{
    struct classify_source source;
    size_t i;
    assert_int_equal(classify_finish(classify), 0);
    assert_true(classify_find(classify, someone, &i));
    classify_source(classify, i, &source);
    return source;
}

static void expect(struct classify *classify, enum classify_class class)
{
    struct classify_source source = finish(classify);
    if (source.class != class) {
        struct classify_step steps[CLASSIFY_STEPS];
        size_t i, count;
        classify_find(classify, someone, &i);
        count = classify_explain(classify, i, steps);
        for (i = 0; i < count; i++)
            print_message("%s: %s\n", classify_name(steps[i].class), steps[i].text);
        fail_msg("%s, not %s", classify_name(source.class), classify_name(class));
    }
    classify_free(classify);
}

#define OLD "4a5c"
#define BOTH "4a5c-4f66"

/* ---- one voice ---- */

static void test_ready(void **state)
{
    struct classify *classify = start(END);
    live(classify, 0, 40, OLD);
    live(classify, 40, 41, BOTH); /* its last word, said once */
    expect(classify, CLASSIFY_READY);
    classify = start(END);
    live(classify, 0, 40, OLD);
    say(classify, 39.6, "4f66"); /* a change passes one day with both */
    expect(classify, CLASSIFY_READY);
    classify = start(10);
    live(classify, 0, 5, BOTH); /* trusted before its time: configured by hand */
    expect(classify, CLASSIFY_READY);
    classify = start(END);
    live(classify, 40, 45, "4adc-4f66"); /* the old key revoked, the new one there */
    expect(classify, CLASSIFY_READY);
}

static void test_waiting(void **state)
{
    static const struct {
        double to;
        enum classify_class class;
    } cases[] = {
        {20, CLASSIFY_WAITING},            /* in the hold-down */
        {TRUST + 1, CLASSIFY_WAITING},     /* in the margin */
        {LATE, CLASSIFY_WAITING},          /* at its end: nothing was seen after it */
        {LATE + 1, CLASSIFY_OLD_ONLY_WEAK} /* said once after it */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct classify *classify = start(cases[i].to);
        live(classify, 0, END, OLD); /* what comes after the moment is not known yet */
        expect(classify, cases[i].class);
    }
    struct classify_roll roll = usual_roll;
    struct classify_limits limits;
    struct classify *classify;
    roll.trust_us = UTC_OPEN; /* never published */
    classify_limits_usual(&limits);
    assert_int_equal(classify_new(&roll, &limits, moment(0), moment(END), 1, &classify, NULL), 0);
    live(classify, 0, END, OLD);
    expect(classify, CLASSIFY_WAITING);
}

/* Its last word was normal when it was said. */
static void test_fell_silent(void **state)
{
    struct classify *classify = start(END);
    live(classify, 0, LATE, OLD);
    for (int day = LATE; day < END; day++)
        ask(classify, day, 100);
    struct classify_source source = finish(classify);
    struct classify_step steps[CLASSIFY_STEPS];
    assert_int_equal(source.class, CLASSIFY_OLD_ONLY_WEAK);
    assert_int_equal(source.evidence.late_signals, 0);
    size_t count = classify_explain(classify, 0, steps);
    assert_non_null(strstr(steps[count - 1].text, "normal then"));
    classify_free(classify);
}

static void test_old_only(void **state)
{
    struct classify *classify = start(END);
    live(classify, LATE, LATE + 2, OLD); /* 2 signals on 2 days */
    expect(classify, CLASSIFY_OLD_ONLY);
    classify = start(END);
    live(classify, LATE - 1, LATE + 1, OLD); /* one of them was in the margin */
    expect(classify, CLASSIFY_OLD_ONLY_WEAK);
    classify = start(END);
    live(classify, LATE, LATE + 1, OLD);
    say(classify, LATE + 0.9, OLD); /* 2 signals on one day */
    expect(classify, CLASSIFY_OLD_ONLY_WEAK);
    classify = start_with("confirm-days=1", 0, END);
    live(classify, LATE, LATE + 1, OLD);
    say(classify, LATE + 0.9, OLD);
    expect(classify, CLASSIFY_OLD_ONLY);
    classify = start(END);
    live(classify, LATE, LATE + 5, "4adc"); /* only the old key, revoked: it has no other */
    expect(classify, CLASSIFY_OLD_ONLY);
    classify = start(END);
    live(classify, LATE, LATE + 5, "4a5c-9728"); /* and one of another roll */
    expect(classify, CLASSIFY_OLD_ONLY);
}

/* No ordinary traffic, no confirmation: 10 queries that are no signals. */
static void test_others(void **state)
{
    for (int others = 9; others <= 10; others++) {
        struct classify *classify = start(END);
        for (int day = LATE; day < LATE + 5; day++)
            say(classify, day, OLD);
        ask(classify, LATE, (uint64_t)others + 5);
        expect(classify, others < 10 ? CLASSIFY_OLD_ONLY_WEAK : CLASSIFY_OLD_ONLY);
    }
}

/* The margin may end within a day: then the hour counts. */
static void test_edge(void **state)
{
    struct classify_roll roll = usual_roll;
    roll.trust_us = moment(TRUST + 0.5);
    for (int late = 0; late < 2; late++) {
        struct classify_limits limits;
        struct classify *classify;
        classify_limits_usual(&limits);
        assert_int_equal(classify_new(&roll, &limits, moment(0), moment(END), 1, &classify, NULL), 0);
        live(classify, LATE + 1, LATE + 2, OLD);
        say(classify, LATE + (late ? 0.5 : 0.49), OLD);
        expect(classify, late ? CLASSIFY_OLD_ONLY : CLASSIFY_OLD_ONLY_WEAK);
    }
}

/* Restored from an old image: late counts only after the last day with the new key. */
static void test_regression(void **state)
{
    struct classify *classify = start(END);
    live(classify, LATE, LATE + 5, OLD);
    live(classify, LATE + 5, LATE + 10, BOTH);
    live(classify, LATE + 12, LATE + 13, OLD);
    struct classify_source source = finish(classify);
    assert_int_equal(source.class, CLASSIFY_OLD_ONLY_WEAK);
    assert_int_equal(source.evidence.regressions, 1);
    assert_int_equal(source.evidence.late_signals, 1);
    classify_free(classify);

    classify = start(END);
    live(classify, LATE + 5, LATE + 10, BOTH);
    live(classify, LATE + 12, LATE + 14, OLD); /* and stayed there */
    expect(classify, CLASSIFY_OLD_ONLY);

    classify = start(END);
    live(classify, LATE, LATE + 3, BOTH);
    say(classify, LATE + 2.9, OLD); /* a day with both between is no way back */
    live(classify, LATE + 4, LATE + 6, OLD);
    source = finish(classify);
    assert_int_equal(source.evidence.regressions, 0);
    assert_int_equal(source.evidence.both_days, 1);
    classify_free(classify);

    classify = start(END);
    live(classify, LATE, LATE + 3, BOTH);
    live(classify, LATE + 3, LATE + 4, "1234"); /* nor one with neither */
    live(classify, LATE + 4, LATE + 6, OLD);
    source = finish(classify);
    assert_int_equal(source.evidence.regressions, 0);
    classify_free(classify);

    classify = start(END);
    live(classify, 31, 32, BOTH); /* over the end of a stretch of days */
    live(classify, 32, 33, OLD);
    source = finish(classify);
    assert_int_equal(source.evidence.regressions, 1);
    classify_free(classify);
}

static void test_neither(void **state)
{
    struct classify *classify = start(END);
    live(classify, 40, 45, "9728");
    expect(classify, CLASSIFY_NEITHER);
    classify = start(END);
    live(classify, 40, 45, ""); /* the empty set names no key */
    expect(classify, CLASSIFY_NEITHER);
    classify = start(END);
    live(classify, 40, 45, "zz"); /* no set: not a word at all */
    struct classify_source source = finish(classify);
    assert_int_equal(source.class, CLASSIFY_NON_VALIDATOR);
    assert_int_equal(source.evidence.invalid, 5);
    assert_int_equal(source.evidence.signals, 0);
    classify_free(classify);
}

/* ---- whose word counts for less ---- */

static void test_mixed(void **state)
{
    for (int both = 1; both <= 2; both++) {
        struct classify *classify = start(END);
        live(classify, 40, 50, BOTH);
        for (int day = 0; day < both; day++)
            say(classify, 45 + day, OLD);
        expect(classify, both == 2 ? CLASSIFY_MIXED : CLASSIFY_READY);
    }
    for (int back = 1; back <= 2; back++) { /* in turn, day by day: several as well */
        struct classify *classify = start(END);
        for (int i = 0; i <= back; i++) {
            live(classify, 40 + 2 * i, 41 + 2 * i, BOTH);
            if (i < back)
                live(classify, 41 + 2 * i, 42 + 2 * i, OLD);
        }
        expect(classify, back == 2 ? CLASSIFY_MIXED : CLASSIFY_READY);
    }
}

static void test_relay(void **state)
{
    for (uint64_t with_rd = 4; with_rd <= 5; with_rd++) {
        struct classify *classify = start(END);
        live(classify, 40, 46, BOTH);
        struct tally_row row = {.hour_us = moment(44), .zone = ".", .kind = SIGHTING_OPTION, .tags = OLD};
        memcpy(row.source, someone, 16);
        row.count = 4;
        row.recursion_desired = with_rd;
        assert_int_equal(
            classify_row(classify, 0, &row), 0); /* 4 of 10: more than there are does not count */
        row.tags = BOTH;
        row.count = row.recursion_desired = with_rd == 4 ? 1 : 2; /* 5 of 11, 6 of 12 */
        assert_int_equal(classify_row(classify, 0, &row), 0);
        expect(classify, with_rd == 4 ? CLASSIFY_READY : CLASSIFY_RELAY);
    }
}

static void test_ephemeral(void **state)
{
    for (uint64_t queries = 20; queries <= 21; queries++) {
        struct classify *classify = start(END);
        say(classify, 40, BOTH);
        ask(classify, 40, queries);
        expect(classify, queries == 20 ? CLASSIFY_EPHEMERAL : CLASSIFY_READY);
    }
    struct classify *classify = start(END);
    say(classify, 40, BOTH);
    say(classify, 41, BOTH); /* seen twice */
    expect(classify, CLASSIFY_READY);
    classify = start(END);
    say(classify, 40, OLD); /* the single packet of one who forges */
    expect(classify, CLASSIFY_EPHEMERAL);
    classify = start(END);
    row(classify, 40, SIGHTING_TA_NULL, BOTH, 21); /* from a log, which shows no traffic */
    expect(classify, CLASSIFY_READY);
}

static void test_failing(void **state)
{
    static const struct {
        enum sighting_kind kind;
        double day;
        uint64_t count;
        enum classify_class class;
    } cases[] = {
        {SIGHTING_TA_NULL, END - 0.5, 24, CLASSIFY_FAILING},
        {SIGHTING_TA_NULL, END - 0.5, 23, CLASSIFY_OLD_ONLY_WEAK},
        {SIGHTING_DNSKEY, END - 0.5, 96, CLASSIFY_FAILING},
        {SIGHTING_DNSKEY, END - 0.5, 95, CLASSIFY_NON_VALIDATOR},
        {SIGHTING_DNSKEY, END - 7, 96, CLASSIFY_FAILING},          /* the first of the last 7 days */
        {SIGHTING_DNSKEY, END - 7.01, 96, CLASSIFY_NON_VALIDATOR}, /* that is over */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct classify *classify = start(END);
        row(classify, cases[i].day, cases[i].kind, OLD, cases[i].count);
        ask(classify, 50, 1000);
        expect(classify, cases[i].class);
    }
    struct classify *classify = start(END);
    for (int day = END - 7; day < END - 1; day++) /* it broke today */
        row(classify, day, SIGHTING_DNSKEY, "", 2);
    row(classify, END - 1, SIGHTING_DNSKEY, "", 96);
    expect(classify, CLASSIFY_FAILING);
    classify = start(END);
    row(classify, END - 3, SIGHTING_DNSKEY, "", 1000);
    for (int day = END - 2; day < END; day++) /* it was mended: the last two days are quiet */
        row(classify, day, SIGHTING_DNSKEY, "", 2);
    expect(classify, CLASSIFY_SILENT);
    classify = start(END);
    row(classify, END - 1, SIGHTING_DNSKEY, "", 2); /* the last day is not over: the one before it tells */
    row(classify, END - 2, SIGHTING_DNSKEY, "", 96);
    row(classify, END - 4, SIGHTING_DNSKEY, "", 2);
    expect(classify, CLASSIFY_FAILING);
    classify = start(END);
    for (int day = END - 3; day < END; day++) { /* many resolvers behind one address: no storm */
        row(classify, day, SIGHTING_TA_NULL, BOTH, 30);
        row(classify, day, SIGHTING_TA_NULL, OLD, 10);
    }
    expect(classify, CLASSIFY_MIXED);
}

/* ---- applications ---- */

enum { ALIKE = 100 };

#define ROOT_BIT (UINT64_C(1) << 36) /* "." in names: stored, and never changes */

static void one_of_many(
    struct classify *classify, int number, const char *tags, uint64_t names, uint16_t size)
{
    struct tally_row row = {.hour_us = moment(40 + number % 5),
        .zone = ".",
        .kind = SIGHTING_TA_NULL,
        .tags = tags,
        .count = 1,
        .source = {0x20, 1, [14] = (uint8_t)(number >> 8), [15] = (uint8_t)number}};
    struct tally_traffic traffic = {
        .hour_us = row.hour_us, .queries = 50, .names = names, .udp_size_least = size, .udp_size_most = size};
    memcpy(traffic.source, row.source, 16);
    if (tags)
        assert_int_equal(classify_row(classify, 0, &row), 0);
    assert_int_equal(classify_traffic(classify, 0, &traffic), 0);
}

static size_t how_many(struct classify *classify, enum classify_class class)
{
    size_t count = 0;
    for (size_t i = 0; i < classify_count(classify); i++)
        count += classify_class_of(classify, i) == class;
    return count;
}

static void test_application(void **state)
{
    for (int alike = ALIKE - 1; alike <= ALIKE; alike++)
        for (int names = 4; names <= 5; names++) {
            struct classify *classify = start(END);
            for (int i = 0; i < alike; i++)
                one_of_many(classify, i, OLD, (UINT64_C(1) << names) - 1, 4096);
            assert_int_equal(classify_finish(classify), 0);
            bool is_cluster = alike == ALIKE && names == 4;
            assert_int_equal(how_many(classify, CLASSIFY_APPLICATION), is_cluster ? ALIKE : 0);
            assert_int_equal(classify_cluster_count(classify), is_cluster);
            classify_free(classify);
        }
}

/* What is known from elsewhere is an application, however few copies there are, and nothing else is. */
static void test_known_application(void **state)
{
    struct classify *classify = start(END);
    for (int i = 0; i < 6; i++)
        one_of_many(classify, i, OLD, i < 3 ? 7 | ROOT_BIT : 7, i % 3 == 2 ? 1232 : 4096);
    one_of_many(classify, 6, OLD, 3, 4096);
    assert_int_equal(classify_know(classify, 7, 4096), 0);
    assert_int_equal(classify_know(classify, 56, 4096), 0); /* that nobody is */
    assert_int_equal(classify_finish(classify), 0);
    assert_int_equal(how_many(classify, CLASSIFY_APPLICATION), 4);
    assert_int_equal(classify_cluster_count(classify), 1);
    assert_int_equal(classify_know(classify, 7, 1232), ERR_INTERNAL);
    classify_free(classify);
}

/* After the roll an application with a stale anchor repeats itself, a hundredfold: it stays one finding,
 * which says how many fail. Resolvers that ask for nothing but the zone's keys are not alike for that. */
static void test_failing_application(void **state)
{
    enum { FAIL = 60, ALONE = 3 * ALIKE };
    struct classify *classify = start(END);
    struct tally_row storm = {.hour_us = moment(END - 1), .zone = ".", .tags = OLD, .count = 300};
    for (int i = 0; i < ALIKE + ALONE; i++) {
        one_of_many(classify, i, OLD, i >= ALIKE ? ROOT_BIT : i % 2 ? 3 : 3 | ROOT_BIT, 4096);
        if (i >= FAIL && i < ALIKE)
            continue;
        storm.kind = i % 2 ? SIGHTING_TA_NULL : SIGHTING_DNSKEY;
        memcpy(storm.source, (uint8_t[16]){0x20, 1, [14] = (uint8_t)(i >> 8), [15] = (uint8_t)i}, 16);
        assert_int_equal(classify_row(classify, 0, &storm), 0);
    }
    assert_int_equal(classify_finish(classify), 0);
    assert_int_equal(how_many(classify, CLASSIFY_APPLICATION), ALIKE);
    assert_int_equal(how_many(classify, CLASSIFY_FAILING), ALONE);
    assert_int_equal(classify_cluster_count(classify), 1);
    struct classify_cluster cluster;
    struct classify_step steps[CLASSIFY_STEPS];
    classify_cluster(classify, 1, &cluster);
    assert_int_equal(cluster.failing_sources, FAIL);
    assert_int_equal(classify_explain(classify, 0, steps), 1);
    assert_non_null(strstr(steps[0].text, "60 of which fail"));
    classify_free(classify);
}

static void test_clusters(void **state)
{
    struct classify *classify = start(END);
    int number = 0;
    for (int i = 0; i < ALIKE; i++)
        one_of_many(classify, number++, OLD, 3, 4096);
    for (int i = 0; i < 20; i++) {
        one_of_many(classify, number++, BOTH, 3, 4096); /* updated: the same application */
        one_of_many(classify, number++, NULL, 3, 4096); /* its signal did not come through */
        one_of_many(classify, number++, OLD, 3, 1232);  /* others */
        one_of_many(classify, number++, OLD, 7, 4096);
    }
    for (int i = 0; i < 2 * ALIKE; i++)
        one_of_many(classify, number++, NULL, 24, 512); /* many alike, but they say nothing */
    for (int i = 0; i < 2 * ALIKE; i++)
        one_of_many(classify, number++, BOTH, 64, 1232); /* a greater one, which comes first */
    for (int i = 0; i < 2 * ALIKE; i++)
        one_of_many(classify, number++, BOTH, 0, 0); /* nothing known of their names */
    assert_int_equal(classify_finish(classify), 0);
    assert_int_equal(classify_cluster_count(classify), 2);
    struct classify_cluster cluster;
    classify_cluster(classify, 1, &cluster);
    assert_true(cluster.sources == 2 * ALIKE && cluster.new_sources == 2 * ALIKE && cluster.names == 64);
    classify_cluster(classify, 2, &cluster);
    assert_true(cluster.sources == ALIKE + 40 && cluster.old_sources == ALIKE && cluster.new_sources == 20 &&
                cluster.silent_sources == 20 && cluster.neither_sources == 0 && cluster.udp_size == 4096);
    assert_true(cluster.first_us == moment(40) && cluster.last_us == moment(44));
    assert_int_equal(how_many(classify, CLASSIFY_APPLICATION), 3 * ALIKE + 40);
    classify_free(classify);
}

/* ---- those without a word ---- */

static void test_silent(void **state)
{
    for (int days = 1; days <= 2; days++)
        for (uint64_t with_do = 49; with_do <= 50; with_do++) {
            struct classify *classify = start(END);
            for (int day = 0; day < days; day++)
                row(classify, 40 + day, SIGHTING_DNSKEY, "", 2);
            struct tally_traffic traffic = {
                .hour_us = moment(50), .queries = 100, .edns = 90, .dnssec_ok = with_do};
            memcpy(traffic.source, someone, 16);
            assert_int_equal(classify_traffic(classify, 0, &traffic), 0);
            expect(classify, days == 2 && with_do == 50 ? CLASSIFY_SILENT : CLASSIFY_NON_VALIDATOR);
        }
    struct classify *classify = start(END); /* only answers were seen: they repeat DO of DNSKEY queries */
    struct tally_traffic traffic = {.hour_us = moment(50), .answers = 100};
    memcpy(traffic.source, someone, 16);
    assert_int_equal(classify_traffic(classify, 0, &traffic), 0);
    row(classify, 40, SIGHTING_DNSKEY, "", 2);
    row(classify, 41, SIGHTING_DNSKEY, "", 2);
    expect(classify, CLASSIFY_SILENT);
}

static void test_non_validator(void **state)
{
    struct classify *classify = start(END);
    for (int day = 0; day < END; day++)
        ask(classify, day, 1000);
    expect(classify, CLASSIFY_NON_VALIDATOR);
}

/* ---- rows ---- */

static void test_errors(void **state)
{
    struct classify *classify = start(END);
    struct tally_row row = {
        .hour_us = moment(10), .zone = "", .kind = SIGHTING_TOO_BIG, .tags = "", .count = 3};
    memcpy(row.source, someone, 16);
    assert_int_equal(classify_row(classify, 0, &row), 0);
    row.kind = SIGHTING_REASSEMBLY;
    assert_int_equal(classify_row(classify, 63, &row), 0);
    row.kind = SIGHTING_DNSKEY; /* of too many zones in an hour: not of this one */
    assert_int_equal(classify_row(classify, 5, &row), 0);
    row.zone = ".";
    row.kind = SIGHTING_DNSKEY_ANSWER;
    row.truncated = 2;
    assert_int_equal(classify_row(classify, 1000, &row), 0);
    row.kind = SIGHTING_KINDS; /* no kind */
    assert_int_equal(classify_row(classify, 5, &row), 0);
    struct classify_source source = finish(classify);
    assert_true(source.evidence.too_big == 3 && source.evidence.reassembly == 3);
    assert_int_equal(source.evidence.truncated, 2);
    assert_int_equal(source.evidence.zone_dnskey, 0);
    assert_true(source.evidence.collectors == (UINT64_C(1) << 63 | 1));
    assert_int_equal(source.evidence.days, 1);
    assert_int_equal(classify_row(classify, 0, &row), ERR_INTERNAL);
    assert_int_equal(classify_finish(classify), ERR_INTERNAL);
    classify_free(classify);
}

static void test_collectors(void **state)
{
    struct classify *classify = start(END);
    for (unsigned collector = 0; collector < 3; collector++) {
        struct tally_row row = {
            .hour_us = moment(40), .zone = ".", .kind = SIGHTING_TA_NULL, .tags = OLD, .count = 2};
        struct tally_traffic traffic = {.hour_us = moment(40), .queries = 7};
        memcpy(row.source, someone, 16);
        memcpy(traffic.source, someone, 16);
        assert_int_equal(classify_row(classify, collector, &row), 0);
        assert_int_equal(classify_traffic(classify, collector, &traffic), 0);
    }
    struct classify_source source = finish(classify);
    assert_int_equal(source.evidence.collectors, 7);
    assert_int_equal(source.evidence.old_signals, 6);
    assert_int_equal(source.evidence.queries, 21);
    assert_true(source.evidence.days == 1 && source.evidence.old_days == 1);
    classify_free(classify);
}

/* Numbers that no capture makes. */
static void test_absurd(void **state)
{
    struct classify *classify = start(END);
    for (int i = 0; i < 3; i++) {
        struct tally_row row = {.hour_us = moment(40),
            .kind = SIGHTING_TA_NULL,
            .tags = i ? OLD : NULL,
            .count = UINT64_MAX,
            .recursion_desired = UINT64_MAX,
            .first_us = INT64_MIN,
            .last_us = INT64_MAX};
        struct tally_traffic traffic = {.hour_us = moment(40),
            .queries = UINT64_MAX,
            .answers = UINT64_MAX,
            .dnssec_ok = UINT64_MAX,
            .first_us = INT64_MAX,
            .last_us = INT64_MIN};
        memcpy(row.source, someone, 16);
        memcpy(traffic.source, someone, 16);
        assert_int_equal(classify_row(classify, UINT_MAX, &row), 0);
        assert_int_equal(classify_traffic(classify, 0, &traffic), 0);
        row.hour_us = i ? INT64_MAX : INT64_MIN; /* outside of the time */
        assert_int_equal(classify_row(classify, 0, &row), 0);
    }
    struct classify_source source = finish(classify);
    assert_true(source.evidence.signals == UINT64_MAX && source.evidence.invalid == UINT64_MAX);
    assert_true(source.evidence.first_us == moment(40) && source.evidence.last_us == moment(41) - 1);
    assert_int_equal(source.evidence.late_signals, UINT16_MAX);
    assert_int_equal(source.evidence.days, 1);
    classify_free(classify);
}

static void test_time(void **state)
{
    struct classify_limits limits;
    struct classify *classify;
    struct err_note note;
    classify_limits_usual(&limits);
    assert_int_equal(classify_new(&usual_roll, &limits, 5, 5, 1, &classify, &note), ERR_USAGE);
    assert_int_equal(
        classify_new(&usual_roll, &limits, INT64_MIN, INT64_MAX, 1, &classify, &note), ERR_USAGE);
    assert_int_equal(
        classify_new(&usual_roll, &limits, 0, CLASSIFY_MAX_DAYS * UTC_DAY + 1, 1, &classify, &note),
        ERR_USAGE);
    assert_int_equal(
        classify_new(&usual_roll, &limits, 0, CLASSIFY_MAX_DAYS * UTC_DAY, 1, &classify, &note), 0);
    assert_int_equal(classify_finish(classify), 0); /* without rows */
    assert_int_equal(classify_count(classify), 0);
    assert_int_equal(classify_day_count(classify), CLASSIFY_MAX_DAYS);
    classify_free(classify);
    classify_free(NULL);
    assert_int_equal(classify_new(&usual_roll, &limits, -1, 1, 1, &classify, &note), 0); /* before 1970 */
    assert_int_equal(classify_finish(classify), 0);
    assert_int_equal(classify_day_count(classify), 2);
    classify_free(classify);
    classify = start_with(NULL, 10.5, 20.5); /* whole days, but nothing after the end */
    say(classify, 9.9, OLD), say(classify, 10.1, OLD), say(classify, 20.4, OLD), say(classify, 20.6, OLD);
    struct classify_source source = finish(classify);
    assert_int_equal(source.evidence.signals, 2);
    assert_int_equal(classify_day_count(classify), 11);
    classify_free(classify);
}

static void test_days(void **state)
{
    struct classify *classify = start(END);
    for (int i = 0; i < 10; i++)
        one_of_many(classify, i, i % 2 ? OLD : BOTH, 3, 512); /* on days 40 to 44, two each */
    say(classify, 40, OLD), say(classify, 40, BOTH), say(classify, 40, "");
    assert_int_equal(classify_finish(classify), 0);
    struct classify_day day;
    classify_day(classify, 40, &day);
    assert_true(day.day_us == moment(40) && day.seen == 3 && day.signalling == 3);
    assert_true(day.old_only == 2 && day.with_new == 2 && day.neither == 1);
    classify_day(classify, 45, &day);
    assert_true(day.seen == 0 && day.signalling == 0);
    classify_free(classify);
}

/* ---- names, limits, rolls ---- */

static void test_names(void **state)
{
    enum classify_class class;
    for (unsigned i = 0; i < CLASSIFY_CLASSES; i++) {
        assert_int_equal(classify_parse(classify_name(i), &class), 0);
        assert_int_equal(class, i);
        assert_true(strlen(classify_meaning(i)) > 10);
    }
    assert_int_equal(classify_parse("Ready", &class), ERR_USAGE);
    assert_int_equal(classify_parse("", &class), ERR_USAGE);
}

static void test_limits(void **state)
{
    struct classify_limits limits, usual;
    struct err_note note;
    char text[100];
    classify_limits_usual(&usual);
    for (unsigned i = 0; i < CLASSIFY_LIMITS; i++) {
        const struct classify_limit_text *limit = classify_limit(i);
        assert_true(limit->least <= limit->usual && limit->usual <= limit->most);
        limits = usual;
        snprintf(text, sizeof text, "%s=%u", limit->name, limit->most);
        assert_int_equal(classify_limits_set(&limits, text, &note), 0);
        assert_int_equal(limits.value[i], limit->most);
        snprintf(text, sizeof text, "%s=%llu", limit->name, limit->most + 1ULL);
        assert_int_equal(classify_limits_set(&limits, text, &note), ERR_USAGE);
        assert_non_null(strstr(note.text, limit->name));
        assert_int_equal(limits.value[i], limit->most);
    }
    static const char *const wrong[] = {"", "=", "confirm-days", "confirm-days=", "confirm-days=-1",
        "confirm-days=0", "confirm-days= 2", "confirm-days=2 ", "confirm-days=0x2", "confirm-days=2.5",
        "confirm-day=2", "confirm-dayss=2", "Confirm-days=2", "confirm-days=18446744073709551618", "days=2"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        limits = usual;
        assert_int_equal(classify_limits_set(&limits, wrong[i], &note), ERR_USAGE);
        assert_memory_equal(&limits, &usual, sizeof limits);
    }
    classify_limits_set(&limits, "nothing=1", &note);
    for (unsigned i = 0; i < CLASSIFY_LIMITS; i++) /* all are listed */
        assert_non_null(strstr(note.text, classify_limit(i)->name));
}

/* Zones that roll by one plan: the same words, told with other tags. */
static void test_zones(void **state)
{
    static const struct classify_roll keys[] = {{.old_tag = 1, .new_tag = 2},
        {.old_tag = 2, .new_tag = 1, .has_old_revoked = true, .old_revoked_tag = 3}};
    static const struct {
        unsigned zone;
        const char *tags;
        enum classify_word word;
    } cases[] = {{0, "0001", CLASSIFY_SAYS_OLD}, {0, "0002", CLASSIFY_SAYS_NEW},
        {0, "0001-0002", CLASSIFY_SAYS_NEW}, {0, "0003", CLASSIFY_SAYS_NEITHER},
        {0, "4a5c", CLASSIFY_SAYS_NEITHER}, {1, "0001", CLASSIFY_SAYS_NEW}, {1, "0002", CLASSIFY_SAYS_OLD},
        {1, "0003", CLASSIFY_SAYS_OLD}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct classify *classify = start(END);
        struct tally_row said = {.hour_us = hour_of(moment(5)),
            .zone = "a.rolls.lab.",
            .kind = SIGHTING_TA_NULL,
            .tags = cases[i].tags,
            .count = 1,
            .first_us = moment(5),
            .last_us = moment(5)};
        memcpy(said.source, someone, 16);
        assert_int_equal(classify_row_of(classify, &keys[cases[i].zone], 0, &said), 0);
        assert_int_equal(finish(classify).evidence.last_word, cases[i].word);
        classify_free(classify);
    }
}

/* What limits a plan gets: the root's are the usual ones; a short TTL makes frequent queries normal; a roll
 * of minutes is judged within a day. */
static void test_fit(void **state)
{
    struct plan *plan;
    struct classify_limits usual, limits;
    classify_limits_usual(&usual);
    assert_int_equal(plan_builtin("root-2018", &plan), 0);
    classify_limits_for(plan, &limits);
    assert_memory_equal(&limits, &usual, sizeof limits);
    plan_free(plan);
    assert_int_equal(plan_builtin("testzone", &plan), 0);
    classify_limits_for(plan, &limits);
    assert_int_equal(limits.value[CLASSIFY_FAILING_SIGNALS], 4 * 1440);
    assert_int_equal(limits.value[CLASSIFY_FAILING_DNSKEY], 4 * 1440);
    limits.value[CLASSIFY_FAILING_SIGNALS] = usual.value[CLASSIFY_FAILING_SIGNALS];
    limits.value[CLASSIFY_FAILING_DNSKEY] = usual.value[CLASSIFY_FAILING_DNSKEY];
    assert_memory_equal(&limits, &usual, sizeof limits);
    plan_free(plan);
    assert_int_equal(plan_builtin("testzone-fast", &plan), 0);
    classify_limits_for(plan, &limits);
    assert_int_equal(limits.value[CLASSIFY_CONFIRM_DAYS], 1);
    assert_int_equal(limits.value[CLASSIFY_MARGIN_SECONDS], 30);
    assert_int_equal(limits.value[CLASSIFY_FAILING_DNSKEY], 4 * 8640);
    for (unsigned i = 0; i < CLASSIFY_LIMITS; i++)
        assert_true(
            limits.value[i] >= classify_limit(i)->least && limits.value[i] <= classify_limit(i)->most);
    plan_free(plan);
}

/* A roll within an hour, by those limits: signals each few seconds, the margin ends at minute 2. */
static void test_minutes(void **state)
{
    enum { MINUTE = 60 };
    static const struct {
        int old_until, new_from; /* seconds in which it says the one and the other */
        enum classify_class class;
    } cases[] = {{180, 240, CLASSIFY_OLD_ONLY},               /* never the new one */
        {119, 240, CLASSIFY_OLD_ONLY_WEAK},                   /* the old one, as was normal; then nothing */
        {90, 90, CLASSIFY_READY}, {180, 170, CLASSIFY_READY}, /* learned late */
        {0, 240, CLASSIFY_SILENT}};
    struct plan *plan;
    struct classify_limits limits;
    struct classify_roll roll = usual_roll;
    assert_int_equal(plan_builtin("testzone-fast", &plan), 0);
    classify_limits_for(plan, &limits);
    plan_free(plan);
    roll.trust_us = moment(0) + (2 * MINUTE - limits.value[CLASSIFY_MARGIN_SECONDS]) * UTC_SECOND;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct classify *classify;
        int64_t end_us = moment(0) + 4 * MINUTE * UTC_SECOND;
        assert_int_equal(classify_new(&roll, &limits, moment(0), end_us, 1, &classify, NULL), 0);
        for (int second = 0; second < 4 * MINUTE; second += 5) {
            double day = (second + 0.5) / 86400;
            row(classify, day, SIGHTING_DNSKEY, "", 5); /* as named does with an hour of two seconds */
            struct tally_traffic traffic = {.hour_us = moment(0),
                .queries = 5,
                .dnssec_ok = 5,
                .names = 0xffff,
                .first_us = moment(day),
                .last_us = moment(day)};
            memcpy(traffic.source, someone, 16);
            assert_int_equal(classify_traffic(classify, 0, &traffic), 0);
            if (second < cases[i].old_until)
                say(classify, day, "4a5c");
            if (second >= cases[i].new_from)
                say(classify, day, "4a5c-4f66");
        }
        expect(classify, cases[i].class);
    }
}

static void test_roll(void **state)
{
    struct plan *plan;
    struct classify_roll roll;
    struct err_note note;
    int64_t when;
    assert_int_equal(plan_builtin("root-2018", &plan), 0);
    utc_parse("2017-09-20", &when);
    assert_int_equal(classify_roll_of(plan, when, &roll, &note), 0);
    assert_true(roll.old_tag == 19036 && roll.new_tag == 20326);
    assert_true(roll.has_old_revoked && roll.old_revoked_tag == 19164);
    char text[UTC_TEXT];
    assert_string_equal(utc_format_short(roll.sign_us - roll.sign_us % UTC_DAY, text), "2017-10-11");
    utc_parse("2018-12-01", &when); /* as it was postponed */
    assert_int_equal(classify_roll_of(plan, when, &roll, &note), 0);
    assert_string_equal(utc_format_short(roll.sign_us - roll.sign_us % UTC_DAY, text), "2018-10-11");
    assert_true(roll.trust_us > roll.publish_us + 30 * UTC_DAY - 1);
    plan_free(plan);
    assert_int_equal(plan_builtin("testzone", &plan), 0); /* a template; and its tags are not known */
    assert_int_equal(classify_roll_of(plan, when, &roll, &note), ERR_DATA);
    struct plan *started;
    assert_int_equal(plan_start(plan, when, "x.test.", 0, &started, &note), 0);
    assert_int_equal(classify_roll_of(started, when, &roll, &note), ERR_DATA);
    const char *old_key, *new_key; /* each zone that follows it has its own */
    assert_int_equal(classify_dates_of(plan, when, &roll, &old_key, &new_key, &note), ERR_DATA);
    assert_int_equal(classify_dates_of(started, when, &roll, &old_key, &new_key, &note), 0);
    assert_string_equal(old_key, "KSK-1");
    assert_string_equal(new_key, "KSK-2");
    assert_true(roll.old_tag == 0 && roll.new_tag == 0 && roll.publish_us == when + 7 * UTC_DAY);
    for (size_t i = 0; i < started->key_count; i++) /* twins */
        started->keys[i].tag = 7;
    assert_int_equal(classify_roll_of(started, when, &roll, &note), ERR_DATA);
    plan_free(started);
    plan_free(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ready), cmocka_unit_test(test_waiting),
        cmocka_unit_test(test_fell_silent), cmocka_unit_test(test_old_only), cmocka_unit_test(test_others),
        cmocka_unit_test(test_edge), cmocka_unit_test(test_regression), cmocka_unit_test(test_neither),
        cmocka_unit_test(test_mixed), cmocka_unit_test(test_relay), cmocka_unit_test(test_ephemeral),
        cmocka_unit_test(test_failing), cmocka_unit_test(test_application),
        cmocka_unit_test(test_known_application), cmocka_unit_test(test_failing_application),
        cmocka_unit_test(test_clusters), cmocka_unit_test(test_silent), cmocka_unit_test(test_non_validator),
        cmocka_unit_test(test_errors), cmocka_unit_test(test_collectors), cmocka_unit_test(test_absurd),
        cmocka_unit_test(test_time), cmocka_unit_test(test_days), cmocka_unit_test(test_names),
        cmocka_unit_test(test_limits), cmocka_unit_test(test_zones), cmocka_unit_test(test_fit),
        cmocka_unit_test(test_minutes), cmocka_unit_test(test_roll)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Random rows against classify_model.h; in other orders, split over collectors, and summed by the day. */
#include "core/roll/classify_model.h"

#include "base/hash.h"
#include "core/roll/classify_inside.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* LONG_DAYS: some worlds are so long that stretches share a list (classify_inside.h). */
enum { DAYS = 50, LONG_DAYS = CLASSIFY_MAX_DAYS, SOURCES = 24, ROWS = 900, ROUNDS = 150 };

static const int64_t from_us = 17000 * UTC_DAY;

struct world {
    uint64_t random;
    struct classify_roll roll;
    struct classify_limits limits;
    uint32_t days;
    int64_t to_us;
    struct model_row rows[ROWS];
    size_t count;
};

static uint32_t draw(struct world *world, uint32_t below)
{
    world->random += 0x9e3779b97f4a7c15U;
    return (uint32_t)((hash_mix(world->random, 7) >> 32) * below >> 32);
}

/* Each source has its habits, so that all classes are there. */
static void make_row(struct world *world, struct model_row *row)
{
    static const char *const tags[] = {
        "4a5c", "4a5c-4f66", "4f66", "4adc", "", "1234", "4adc-4f66", "zz", "4A5C"};
    static const uint8_t kinds[] = {SIGHTING_TA_NULL, SIGHTING_TA_NULL, SIGHTING_TA_NULL, SIGHTING_TA_A,
        SIGHTING_OPTION, SIGHTING_DNSKEY, SIGHTING_DNSKEY, SIGHTING_DNSKEY_ANSWER, SIGHTING_TOO_BIG,
        SIGHTING_REASSEMBLY, SIGHTING_INVALID, SIGHTING_IS_TA, SIGHTING_NOT_TA};
    uint32_t who = draw(world, SOURCES), rare = draw(world, 6);
    uint32_t tag = rare == 0                   ? draw(world, 9)
                   : rare == 1 && who % 4 == 0 ? who / 4 % 2
                   : who % 3 == 0              ? 0
                                               : who % 7;
    int64_t hour_us = from_us + ((int64_t)draw(world, world->days * 24 + 48) - 24) * UTC_HOUR;
    if (who % 8 == 7)
        hour_us = from_us + (who + draw(world, 4) / 3) % world->days * UTC_DAY;
    uint32_t first = draw(world, 3600),
             many = draw(world, 40) == 0 ? 70000 : 1 + draw(world, who % 5 == 0 ? 60 : 3);
    *row = (struct model_row){.collector = draw(world, 3), .is_traffic = draw(world, 3) == 0};
    row->row = (struct tally_row){.hour_us = hour_us,
        .zone = ".",
        .kind = who % 6 == 5 ? SIGHTING_DNSKEY : kinds[draw(world, sizeof kinds)],
        .tags = tags[tag],
        .source = {[0] = (uint8_t)(who * 37), [15] = (uint8_t)who},
        .count = many,
        .dnssec_ok = many - draw(world, 2) * (many / 2),
        .recursion_desired = who % 5 == 1 ? many : 0,
        .truncated = draw(world, 2),
        .first_us = hour_us + first * UTC_SECOND,
        .last_us = hour_us + (first + draw(world, 3600 - first)) * UTC_SECOND};
    bool answers = who % 9 == 4;
    row->traffic = (struct tally_traffic){.hour_us = hour_us,
        .queries = answers ? 0 : many,
        .answers = answers || draw(world, 2) ? many : 0,
        .tcp = draw(world, 2),
        .edns = many,
        .dnssec_ok = answers ? 0 : row->row.dnssec_ok,
        .dnskey = draw(world, 2),
        .names = who % 4 == 1 ? 5 : UINT64_C(1) << draw(world, 64),
        .ports = UINT32_C(1) << draw(world, 32),
        .udp_size_least = who % 4 == 1 ? 0 : 512,
        .udp_size_most = who % 4 == 1 ? 1232 : (uint16_t)(512 + draw(world, 2)),
        .first_us = row->row.first_us,
        .last_us = row->row.last_us};
    memcpy(row->traffic.source, row->row.source, 16);
}

static void make_world(struct world *world, uint64_t seed)
{
    memset(world, 0, sizeof *world);
    world->random = seed;
    world->days = seed % 5 == 4 ? DAYS + draw(world, LONG_DAYS - DAYS) : DAYS;
    world->to_us = from_us + world->days * UTC_DAY - draw(world, 2) * 7 * UTC_HOUR;
    world->roll = (struct classify_roll){.old_tag = 19036,
        .new_tag = 20326,
        .has_old_revoked = draw(world, 4) != 0,
        .old_revoked_tag = 19164,
        .trust_us = from_us + draw(world, (world->days + 5) * 1440) * UTC_MINUTE};
    classify_limits_usual(&world->limits);
    world->limits.value[CLASSIFY_CLUSTER_SOURCES] = 2 + draw(world, 5);
    world->limits.value[CLASSIFY_MIXED_DAYS] = 1 + draw(world, 6);
    world->limits.value[CLASSIFY_FAILING_DAYS] = 1 + draw(world, 60);
    world->limits.value[CLASSIFY_MARGIN_HOURS] = draw(world, 60);
    world->limits.value[CLASSIFY_MARGIN_SECONDS] = draw(world, 2) * draw(world, 3600);
    if (draw(world, 10) == 0)
        world->roll.trust_us = UTC_OPEN;
    world->count = 1 + draw(world, ROWS);
    for (size_t i = 0; i < world->count; i++)
        make_row(world, &world->rows[i]);
}

static struct classify *judge(
    const struct world *world, const struct model_row *rows, size_t count, uint64_t seed)
{
    struct classify *classify;
    assert_int_equal(
        classify_new(&world->roll, &world->limits, from_us, world->to_us, seed, &classify, NULL), 0);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(rows[i].is_traffic ? classify_traffic(classify, rows[i].collector, &rows[i].traffic)
                                            : classify_row(classify, rows[i].collector, &rows[i].row),
            0);
    assert_int_equal(classify_finish(classify), 0);
    return classify;
}

#define SAME(field) assert_int_equal(a->field, b->field)

static void assert_same(const struct classify_evidence *a, const struct classify_evidence *b)
{
    assert_memory_equal(a->source, b->source, 16);
    SAME(first_us), SAME(last_us), SAME(days), SAME(queries), SAME(answers), SAME(tcp), SAME(edns);
    SAME(dnssec_ok), SAME(recursion_desired), SAME(checking_disabled), SAME(dnskey), SAME(names), SAME(ports);
    SAME(udp_size_least), SAME(udp_size_most), SAME(zone_dnskey), SAME(zone_dnskey_do),
        SAME(zone_dnskey_days);
    SAME(truncated), SAME(too_big), SAME(reassembly), SAME(invalid), SAME(signals), SAME(signals_rd);
    SAME(old_signals), SAME(new_signals), SAME(neither_signals), SAME(signal_days), SAME(old_days);
    SAME(new_days), SAME(neither_days), SAME(both_days), SAME(old_first_us), SAME(old_last_us);
    SAME(new_first_us), SAME(new_last_us), SAME(neither_first_us), SAME(neither_last_us), SAME(last_word);
    SAME(late_signals), SAME(late_days), SAME(regressions), SAME(recent_signals), SAME(recent_dnskey);
    SAME(recent_days), SAME(most_signals), SAME(most_dnskey);
}

/* Everything that can be asked, but collectors. */
static void assert_equal(const struct classify *x, const struct classify *y)
{
    assert_int_equal(classify_count(x), classify_count(y));
    for (size_t i = 0; i < classify_count(x); i++) {
        struct classify_source a, b;
        classify_source(x, i, &a);
        classify_source(y, i, &b);
        assert_same(&a.evidence, &b.evidence);
        assert_int_equal(a.evidence.cluster, b.evidence.cluster);
        assert_int_equal(a.class, b.class);
    }
    assert_int_equal(classify_cluster_count(x), classify_cluster_count(y));
    for (size_t i = 1; i <= classify_cluster_count(x); i++) {
        struct classify_cluster a, b;
        memset(&a, 0, sizeof a), memset(&b, 0, sizeof b);
        classify_cluster(x, i, &a);
        classify_cluster(y, i, &b);
        assert_true(a.sources == b.sources && a.names == b.names && a.udp_size == b.udp_size &&
                    a.old_sources == b.old_sources && a.new_sources == b.new_sources &&
                    a.neither_sources == b.neither_sources && a.silent_sources == b.silent_sources &&
                    a.first_us == b.first_us && a.last_us == b.last_us);
    }
    assert_int_equal(classify_day_count(x), classify_day_count(y));
    for (size_t i = 0; i < classify_day_count(x); i++) {
        struct classify_day a, b;
        classify_day(x, i, &a);
        classify_day(y, i, &b);
        assert_memory_equal(&a, &b, sizeof a);
    }
}

/* ---- against the model ---- */

#define ROOT_BIT (UINT64_C(1) << 36) /* of the hash of ".", which is stored and never changes */

static bool in_cluster(
    const struct world *world, const struct classify_evidence *all, size_t count, size_t who)
{
    const struct classify_evidence *own = &all[who];
    size_t words[CLASSIFY_WORDS] = {0};
    for (size_t i = 0; i < count; i++)
        if ((all[i].names & ~ROOT_BIT) == (own->names & ~ROOT_BIT) &&
            all[i].udp_size_most == own->udp_size_most)
            words[all[i].last_word]++;
    uint32_t least = world->limits.value[CLASSIFY_CLUSTER_SOURCES];
    return (own->names & ~ROOT_BIT) &&
           (uint32_t)__builtin_popcountll(own->names & ~ROOT_BIT) <=
               world->limits.value[CLASSIFY_CLUSTER_NAMES] &&
           (words[CLASSIFY_SAYS_OLD] >= least || words[CLASSIFY_SAYS_NEW] >= least ||
               words[CLASSIFY_SAYS_NEITHER] >= least);
}

static void check_model(
    const struct world *world, const struct classify *classify, size_t met[CLASSIFY_CLASSES])
{
    struct classify_evidence all[SOURCES];
    const struct model model = {
        &world->roll, &world->limits, from_us, world->to_us, world->rows, world->count};
    size_t count = classify_count(classify);
    assert_true(count <= SOURCES);
    for (size_t i = 0; i < count; i++)
        model_evidence(&model, classify_address(classify, i), &all[i]);
    for (size_t i = 0; i < count; i++) {
        struct classify_source source;
        struct classify_step steps[CLASSIFY_STEPS];
        size_t found;
        classify_source(classify, i, &source);
        assert_same(&source.evidence, &all[i]);
        assert_int_equal(source.evidence.collectors, all[i].collectors);
        bool cluster = in_cluster(world, all, count, i);
        assert_int_equal(source.evidence.cluster != 0, cluster);
        assert_int_equal(source.class, model_class(&model, &all[i], cluster));
        assert_int_equal(source.class, classify_class_of(classify, i));
        assert_true(classify_find(classify, source.evidence.source, &found) && found == i);
        assert_true(i == 0 || memcmp(classify_address(classify, i - 1), source.evidence.source, 16) < 0);
        size_t step = classify_explain(classify, i, steps);
        assert_true(step > 0 && steps[step - 1].holds && steps[step - 1].class == source.class);
        while (--step > 0)
            assert_false(steps[step - 1].holds);
        met[source.class]++;
    }
}

static void check_days(const struct world *world, const struct classify *classify)
{
    struct classify_day sum = {0}, day;
    uint64_t days[5] = {0};
    for (size_t i = 0; i < classify_day_count(classify); i++) {
        classify_day(classify, i, &day);
        assert_int_equal(day.day_us, from_us + (int64_t)i * UTC_DAY);
        assert_true(day.signalling <= day.seen && day.old_only <= day.signalling);
        sum.old_only += day.old_only, sum.with_new += day.with_new, sum.neither += day.neither;
        sum.signalling += day.signalling, sum.seen += day.seen;
    }
    for (size_t i = 0; i < classify_count(classify); i++) {
        struct classify_source source;
        classify_source(classify, i, &source);
        days[0] += source.evidence.old_days, days[1] += source.evidence.new_days;
        days[2] += source.evidence.neither_days, days[3] += source.evidence.signal_days;
        days[4] += source.evidence.days;
    }
    assert_true(days[0] == sum.old_only && days[1] == sum.with_new && days[2] == sum.neither &&
                days[3] == sum.signalling && days[4] == sum.seen);
}

static void test_model(void **state)
{
    struct world *world = malloc(sizeof *world);
    size_t met[CLASSIFY_CLASSES] = {0};
    for (uint64_t round = 0; round < ROUNDS; round++) {
        make_world(world, round);
        struct classify *classify = judge(world, world->rows, world->count, round);
        check_model(world, classify, met);
        check_days(world, classify);
        classify_free(classify);
    }
    for (unsigned class = 0; class < CLASSIFY_CLASSES; class ++)
        if (met[class] < ROUNDS / 10)
            fail_msg("only %zu of class %s", met[class], classify_name(class));
    free(world);
}

/* ---- the same otherwise ---- */

static void shuffle(struct world *world, struct model_row *rows, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t j = draw(world, (uint32_t)i);
        struct model_row row = rows[i - 1];
        rows[i - 1] = rows[j];
        rows[j] = row;
    }
}

static void test_order(void **state)
{
    struct world *world = malloc(sizeof *world);
    for (uint64_t round = 0; round < ROUNDS; round++) {
        make_world(world, 1000 + round);
        struct classify *first = judge(world, world->rows, world->count, 1);
        shuffle(world, world->rows, world->count);
        for (size_t i = 0; i < world->count; i++)
            world->rows[i].collector = draw(world, 200);
        struct classify *second = judge(world, world->rows, world->count, 2);
        assert_equal(first, second);
        classify_free(first);
        classify_free(second);
    }
    free(world);
}

static void add_row(struct tally_row *sum, const struct tally_row *row)
{
    model_first(&sum->first_us, &sum->last_us, true, row->first_us, row->last_us);
    sum->count += row->count;
    sum->recursion_desired += row->recursion_desired;
    sum->dnssec_ok += row->dnssec_ok;
    sum->truncated += row->truncated;
}

static void add_traffic(struct tally_traffic *sum, const struct tally_traffic *row)
{
    struct classify_evidence e = {.queries = sum->queries, .udp_size_least = sum->udp_size_least};
    model_traffic(row, &e);
    model_first(&sum->first_us, &sum->last_us, true, row->first_us, row->last_us);
    sum->queries = e.queries;
    sum->answers += row->answers;
    sum->tcp += row->tcp, sum->edns += row->edns, sum->dnssec_ok += row->dnssec_ok,
        sum->dnskey += row->dnskey;
    sum->names |= row->names;
    sum->ports |= row->ports;
    sum->udp_size_least = e.udp_size_least;
    sum->udp_size_most = row->udp_size_most > sum->udp_size_most ? row->udp_size_most : sum->udp_size_most;
}

static bool same_sum(const struct model_row *a, const struct model_row *b)
{
    const struct tally_row *x = &a->row, *y = &b->row;
    return a->is_traffic == b->is_traffic && a->collector == b->collector &&
           memcmp(x->source, y->source, 16) == 0 && x->hour_us / UTC_DAY == y->hour_us / UTC_DAY &&
           (a->is_traffic || (x->kind == y->kind && strcmp(x->tags, y->tags) == 0));
}

static size_t sum_up(const struct world *world, struct model_row *sums)
{
    size_t count = 0;
    for (size_t i = 0; i < world->count; i++) {
        const struct model_row *row = &world->rows[i];
        size_t at = 0;
        if (row->row.hour_us >= world->to_us)
            continue; /* of the last day, after the moment: a store would not sum it in */
        while (at < count && !same_sum(&sums[at], row))
            at++;
        if (at == count)
            sums[count++] = *row;
        else if (row->is_traffic)
            add_traffic(&sums[at].traffic, &row->traffic);
        else
            add_row(&sums[at].row, &row->row);
    }
    return count;
}

static void test_summed(void **state)
{
    struct world *world = malloc(sizeof *world);
    struct model_row *sums = malloc(sizeof world->rows);
    for (uint64_t round = 0; round < ROUNDS; round++) {
        make_world(world, 2000 + round);
        struct classify *first = judge(world, world->rows, world->count, 1);
        size_t count = sum_up(world, sums);
        struct classify *second = judge(world, sums, count, 1);
        assert_equal(first, second);
        classify_free(first);
        classify_free(second);
    }
    free(sums);
    free(world);
}

/* ---- chosen addresses ---- */

enum { CHOSEN = 20000, SAME_BITS = 6 };

/* The longest stretch of used slots, which is what a search may have to walk. */
static size_t longest_run(const struct classify *classify)
{
    size_t run = 0, longest = 0;
    for (size_t i = 0; i < (size_t)1 << classify->index.bits; i++) {
        run = classify->index.slots[i] ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest;
}

/* Sources with these addresses alone. */
static size_t run_of(const struct world *world, const uint64_t (*addresses)[2], uint64_t seed)
{
    struct classify *classify;
    assert_int_equal(
        classify_new(&world->roll, &world->limits, from_us, world->to_us, seed, &classify, NULL), 0);
    for (size_t i = 0; i < CHOSEN; i++) {
        struct tally_traffic traffic = {.hour_us = from_us, .queries = 1};
        memcpy(traffic.source, addresses[i], 16);
        assert_int_equal(classify_traffic(classify, 0, &traffic), 0);
    }
    assert_int_equal(classify_finish(classify), 0);
    assert_int_equal(classify_count(classify), CHOSEN);
    size_t run = longest_run(classify);
    classify_free(classify);
    return run;
}

static void test_flood(void **state)
{
    struct world *world = malloc(sizeof *world);
    uint64_t(*addresses)[2] = calloc(CHOSEN, sizeof *addresses);
    make_world(world, 1);
    size_t chosen = 0;
    for (uint64_t i = 0; chosen < CHOSEN; i++) /* by one who guesses that the seed is 1 */
        if (hash_pair(i, 0, hash_key(1)) >> (64 - SAME_BITS) == 0)
            addresses[chosen++][0] = i;
    assert_true(run_of(world, addresses, 1) > CHOSEN / 2); /* the test can fail */
    assert_true(run_of(world, addresses, 2) < CHOSEN / 50);
    static const uint64_t constants[] = {0xa0761d6478bd642fU, 0x8ebc6af09c88c6e3U, 0};
    for (int word = 0; word < 2; word++) /* by one who knows the constants of hash_mix(), and no seed */
        for (size_t constant = 0; constant < sizeof constants / sizeof *constants; constant++) {
            for (uint64_t i = 0; i < CHOSEN; i++)
                addresses[i][word] = i, addresses[i][!word] = constants[constant];
            assert_true(run_of(world, addresses, 2) < CHOSEN / 50);
        }
    free(addresses);
    free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_model), cmocka_unit_test(test_order),
        cmocka_unit_test(test_summed), cmocka_unit_test(test_flood)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

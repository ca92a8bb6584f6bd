/* What is counted in a thread is what is counted without one: random messages, handed over in batches of all
 * sizes, from octets that are overwritten as soon as the counter has let go of them. */
#include "app/observe/counter.h"

#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { SLOTS = 4000, LENGTH = 48, ROUNDS = 120 };

/* 2026-10-05T00:00:00Z */
static const int64_t day_us = INT64_C(1791158400) * 1000000;

struct made {
    uint8_t bytes[LENGTH], client[16], server[16];
    struct sighting_message message;
};

/* A query or an answer: a signal, or a name. */
static void make(struct made *made, uint64_t number)
{
    static const uint8_t signal[] = {8, '_', 't', 'a', '-', '4', 'f', '6', '6', 0, 0, 10, 0, 1};
    static const uint8_t name[] = {3, 'w', 'w', 'w', 2, 'd', 'e', 0, 0, 1, 0, 1};
    uint64_t random = hash_mix(number, 77);
    bool answer = random & 1, is_signal = random % 7 == 0;
    memset(made, 0, sizeof *made);
    made->bytes[1] = (uint8_t)number;
    made->bytes[2] = answer ? 0x80 : 0;
    made->bytes[5] = 1;
    memcpy(made->bytes + 12, is_signal ? signal : name, is_signal ? sizeof signal : sizeof name);
    made->client[15] = (uint8_t)(random >> 8);
    made->client[14] = (uint8_t)(random >> 16) & 15;
    made->message = (struct sighting_message){.time_us = day_us + (int64_t)number,
        .bytes = made->bytes,
        .length = 12 + (uint32_t)(is_signal ? sizeof signal : sizeof name),
        .wire_length = 12 + (uint32_t)(is_signal ? sizeof signal : sizeof name),
        .source = answer ? made->server : made->client,
        .destination = answer ? made->client : made->server,
        .source_port = answer ? 53 : (uint16_t)(random >> 24),
        .destination_port = answer ? (uint16_t)(random >> 24) : 53};
}

/* The rows of `a` are sorted by its counter, those of `b` here. */
static void same_rows(struct counter *counter, struct tally *a, struct tally *b)
{
    struct tally_counters x = tally_counters(a), y = tally_counters(b);
    assert_memory_equal(&x, &y, sizeof x);
    struct tally_rows rows, wanted;
    tally_rows_begin(a, &rows);
    counter_sort(counter);
    tally_rows(b, &wanted);
    counter_sorted(counter);
    assert_int_equal(rows.count, wanted.count);
    assert_int_equal(rows.traffic_count, wanted.traffic_count);
    for (size_t i = 0; i < rows.traffic_count; i++) {
        struct tally_traffic one, other;
        memset(&one, 0, sizeof one);
        memset(&other, 0, sizeof other);
        rows.traffic(rows.context, i, &one);
        wanted.traffic(wanted.context, i, &other);
        assert_memory_equal(one.source, other.source, sizeof one.source);
        assert_int_equal(one.queries, other.queries);
        assert_int_equal(one.answers, other.answers);
        assert_int_equal(one.last_us, other.last_us);
    }
}

static void counts_the_same(void **state)
{
    struct tally *tally = tally_new(5), *plain = tally_new(5);
    struct made *slots = calloc(2 * SLOTS, sizeof *slots);
    struct counter *counter;
    uint64_t number = 0;
    assert_int_equal(counter_new(tally, &counter), 0);
    for (uint64_t round = 1; round <= ROUNDS; round++) {
        /* Two halves by turns: before one is overwritten, its batch must be done. */
        struct made *half = slots + round % 2 * SLOTS;
        counter_done(counter, round > 2 ? round - 2 : 0);
        uint64_t count = hash_mix(round, 3) % (round % 5 ? 700 : SLOTS);
        for (uint64_t i = 0; i < count; i++, number++) {
            make(&half[i], number);
            bool seen = number % 11 == 0, stays = number % 13 != 0;
            counter_message(counter, &half[i].message, seen, stays);
            int err = seen ? tally_seen(plain, &half[i].message) : tally_message(plain, &half[i].message);
            assert_int_equal(err, 0);
            if (!stays)
                memset(half[i].bytes, 0xff, LENGTH);
            if (number % 101 == 0) {
                counter_error(counter, day_us, SIGHTING_TOO_BIG, half[i].client);
                assert_int_equal(tally_error(plain, day_us, SIGHTING_TOO_BIG, half[i].client), 0);
            }
        }
        counter_pass(counter, round);
        if (round % 50 == 0) {
            assert_int_equal(counter_wait(counter), 0);
            same_rows(counter, tally, plain);
        }
    }
    assert_int_equal(counter_wait(counter), 0);
    same_rows(counter, tally, plain);
    assert_false(counter_full(counter));
    counter_free(counter);
    tally_free(tally);
    tally_free(plain);
    free(slots);
}

static void ends_with_messages_under_way(void **state)
{
    struct made made;
    for (int round = 0; round < 50; round++) {
        struct tally *tally = tally_new(1);
        struct counter *counter;
        assert_int_equal(counter_new(tally, &counter), 0);
        for (int i = 0; i < round * 30; i++) {
            make(&made, (uint64_t)i);
            counter_message(counter, &made.message, false, false);
        }
        if (round % 3 == 0) {
            struct tally_rows rows;
            assert_int_equal(counter_wait(counter), 0);
            tally_rows_begin(tally, &rows);
            counter_sort(counter);
            make(&made, 1000); /* comes while it is sorted */
            counter_message(counter, &made.message, true, false);
        }
        counter_free(counter);
        assert_int_equal(tally_counters(tally).messages, round * 30);
        tally_free(tally);
    }
    counter_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_the_same), cmocka_unit_test(ends_with_messages_under_way)};
    return cmocka_run_group_tests_name("counter", tests, NULL, NULL);
}

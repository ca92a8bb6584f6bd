#include "app/observe/prints.h"

#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t print_at(uint64_t stream, uint64_t i)
{
    return hash_mix(hash_mix(stream, i), 7) | 1U << 20; /* never 0 */
}

static int64_t time_at(uint64_t i)
{
    return 1000000 + (int64_t)(i / 3) * 10; /* three records at each moment */
}

static struct prints *stream(uint64_t id, uint64_t from, uint64_t to)
{
    struct prints *prints = prints_new(PRINTS_MOST);
    assert_non_null(prints);
    for (uint64_t i = from; i < to; i++)
        prints_add(prints, print_at(id, i), time_at(i));
    return prints;
}

static struct prints *again(struct prints *prints)
{
    uint8_t *bytes;
    size_t length;
    struct prints *loaded;
    assert_int_equal(prints_save(prints, &bytes, &length), 0);
    prints_free(prints);
    assert_int_equal(prints_load(bytes, length, &loaded), 0);
    for (size_t cut = 0; cut < length; cut += 1 + cut / 2)
        assert_int_equal(prints_load(bytes, cut, &(struct prints *){NULL}), ERR_DATA);
    free(bytes);
    return loaded;
}

/* While all are held, each record is told for itself, whatever its time. */
static void test_exact(void **state)
{
    (void)state;
    struct prints *prints = again(stream(1, 0, PRINTS_MOST));
    for (uint64_t i = 0; i < PRINTS_MOST; i++) {
        assert_int_equal(prints_look(prints, print_at(1, i), 0), PRINTS_IN);
        assert_int_equal(prints_look(prints, print_at(2, i), time_at(i)), PRINTS_OUT);
    }
    prints_free(prints);
}

static void test_sampled(void **state)
{
    (void)state;
    enum { COUNT = 500000 };
    struct prints *prints = again(stream(1, 1000, COUNT));
    uint64_t sampled = 0, wrong = 0;
    for (uint64_t i = 1000; i < COUNT; i++) {
        enum prints_word same = prints_look(prints, print_at(1, i), time_at(i)),
                         other = prints_look(prints, print_at(2, i), time_at(i));
        sampled += same == PRINTS_SAMPLED;
        wrong += same == PRINTS_MISSED || same == PRINTS_OUT || other == PRINTS_SAMPLED || other == PRINTS_IN;
    }
    assert_int_equal(wrong, 0);
    assert_in_range(sampled, PRINTS_MOST / 4, PRINTS_MOST);
    /* At both ends every record is told, also among those of the same moment. */
    for (uint64_t i = 0; i < PRINTS_EDGE; i++) {
        assert_int_equal(prints_look(prints, print_at(1, 1000 + i), time_at(1000 + i)), PRINTS_IN);
        assert_int_equal(prints_look(prints, print_at(1, COUNT - 1 - i), time_at(COUNT - 1 - i)), PRINTS_IN);
    }
    assert_int_equal(prints_look(prints, print_at(1, 999), time_at(999)), PRINTS_OUT);
    assert_int_equal(prints_look(prints, print_at(1, COUNT), time_at(COUNT - 1)), PRINTS_OUT);
    prints_free(prints);
}

static void test_of(void **state)
{
    (void)state;
    uint8_t bytes[200] = {1, 2, 3};
    struct capture_record record = {.time_us = 5, .bytes = bytes, .length = 100, .wire_length = 100};
    uint64_t print = prints_of(&record);
    for (uint32_t i = 0; i < 64; i++) {
        bytes[i] ^= 1;
        assert_true(prints_of(&record) != print);
        bytes[i] ^= 1;
    }
    record.time_us++;
    assert_true(prints_of(&record) != print);
    record.time_us--;
    assert_true(prints_of(&record) == print);
    record.length = 10;
    assert_true(prints_of(&record) != print);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact), cmocka_unit_test(test_sampled), cmocka_unit_test(test_of)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

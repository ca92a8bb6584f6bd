#include "io/networks/ranges.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static uint64_t draw(uint64_t *seed)
{
    uint64_t x = *seed += 0x9e3779b97f4a7c15U; /* splitmix64 */
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9U;
    x = (x ^ x >> 27) * 0x94d049bb133111ebU;
    return x ^ x >> 31;
}

static ranges_key head(ranges_key key, unsigned length)
{
    return length == 0 ? 0 : key >> (128 - length) << (128 - length);
}

/* The plain way: every prefix is looked at. */
static struct range plainly(const struct prefixes *prefixes, ranges_key key)
{
    struct range best = {0};
    bool found = false;
    for (size_t i = 0; i < prefixes->count; i++) {
        const struct prefix *at = &prefixes->list[i];
        if (head(key, at->length) != ((ranges_key)at->high << 64 | at->low) ||
            (found && at->length <= best.length))
            continue;
        best.value = at->value;
        best.length = at->length;
        found = true;
    }
    return best;
}

static void longest_wins_as_if_all_were_looked_at(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (unsigned round = 0; round < 300; round++) {
        struct prefixes one = {0}, two = {0}, one_sorted = {0}, two_sorted = {0};
        struct ranges none = {0}, first, both;
        size_t conflicts = 0;
        unsigned bits = round % 3 ? 8 : 128; /* few bits: much nesting and many that meet at the end of all */
        for (unsigned i = 0; i < round % 60; i++) {
            unsigned length = (unsigned)draw(&seed) % (bits + 1);
            ranges_key key = head((ranges_key)draw(&seed) << 64 | draw(&seed), length);
            struct prefixes *to = draw(&seed) % 2 ? &one : &two,
                            *sorted = to == &one ? &one_sorted : &two_sorted;
            uint32_t value = 1 + (uint32_t)draw(&seed) % 4;
            assert_int_equal(prefixes_add(to, key, length, value), 0);
            assert_int_equal(prefixes_add(sorted, key, length, value), 0);
        }
        assert_int_equal(ranges_fill(&none, &one_sorted, &first, &conflicts), 0);
        assert_int_equal(ranges_fill(&first, &two_sorted, &both, &conflicts), 0);
        for (unsigned i = 0; i < 600; i++) {
            ranges_key key = i < 256   ? (ranges_key)i << 120
                             : i < 512 ? ((ranges_key)(i - 255) << 120) - 1
                                       : (ranges_key)draw(&seed) << 64 | draw(&seed);
            struct range wanted = plainly(&one, key), is = ranges_find(&both, key),
                         alone = ranges_find(&first, key);
            assert_true(alone.value == wanted.value && alone.length == wanted.length);
            if (wanted.value == 0)
                wanted = plainly(&two, key);
            assert_true(is.value == wanted.value && is.length == wanted.length);
        }
        ranges_free(&first);
        ranges_free(&both);
        prefixes_free(&one);
        prefixes_free(&two);
        prefixes_free(&one_sorted);
        prefixes_free(&two_sorted);
    }
}

/* The same prefix twice: the first one, in the order of the file, however it is sorted. */
static void the_first_of_two_counts(void **state)
{
    (void)state;
    struct prefixes prefixes = {0};
    struct ranges none = {0}, ranges;
    size_t conflicts = 0;
    ranges_key key = (ranges_key)0xc0000200 << 96;
    assert_int_equal(prefixes_add(&prefixes, key, 24, 7), 0);
    assert_int_equal(prefixes_add(&prefixes, key, 24, 3), 0);
    assert_int_equal(prefixes_add(&prefixes, key, 24, 7), 0);
    assert_int_equal(prefixes_add(&prefixes, 0, 8, 1), 0);
    assert_int_equal(ranges_fill(&none, &prefixes, &ranges, &conflicts), 0);
    assert_int_equal(conflicts, 1);
    assert_int_equal(ranges_find(&ranges, key + 5).value, 7);
    assert_int_equal(ranges_find(&ranges, 5).value, 1);
    ranges_free(&ranges);
    prefixes_free(&prefixes);
}

static const struct {
    uint32_t first;
    uint64_t count;
    size_t prefixes;
} spans[] = {
    {0xc0000200, 256, 1},
    {0xc0000200, 768, 2}, /* a /23 and a /24 */
    {0xc0000201, 1, 1},
    {0xc0000201, 3, 2}, /* .1 and .2-.3 */
    {0xc0000201, 254, 14},
    {0, 1ULL << 32, 1},
    {0, (1ULL << 32) - 1, 32},
    {0xffffffff, 1, 1},
    {0x80000000, 1ULL << 31, 1},
    {1, (1ULL << 32) - 1, 32},
};

static void spans_become_prefixes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        struct prefixes prefixes = {0};
        ranges_key first = (ranges_key)spans[i].first << 96;
        ranges_key last = (ranges_key)(spans[i].first + spans[i].count - 1) << 96;
        assert_int_equal(prefixes_add_span(&prefixes, first, last, 32, 9), 0);
        uint64_t sum = 0;
        for (size_t k = 0; k < prefixes.count; k++) {
            uint32_t at = (uint32_t)(prefixes.list[k].high >> 32);
            assert_true(prefixes.list[k].length <= 32 && at == (uint32_t)(spans[i].first + sum));
            assert_true(head((ranges_key)at << 96, prefixes.list[k].length) == (ranges_key)at << 96);
            sum += 1ULL << (32 - prefixes.list[k].length);
        }
        if (sum != spans[i].count || prefixes.count != spans[i].prefixes)
            fail_msg("span %zu: %zu prefixes, %llu keys", i, prefixes.count, (unsigned long long)sum);
        prefixes_free(&prefixes);
    }
}

/* As many prefixes as the world has: how fast, how large. */
static void a_million_of_each(void **state)
{
    (void)state;
    enum { MILLION = 1000000 };
    struct prefixes prefixes = {0};
    struct ranges none = {0}, ranges;
    size_t conflicts = 0;
    uint64_t seed = 3, found = 0;
    for (unsigned i = 0; i < MILLION; i++) {
        unsigned length = 12 + (unsigned)draw(&seed) % 13;
        assert_int_equal(
            prefixes_add(&prefixes, head((ranges_key)draw(&seed) << 64, length), length, 1 + i % 70000), 0);
    }
    clock_t begin = clock();
    assert_int_equal(ranges_fill(&none, &prefixes, &ranges, &conflicts), 0);
    clock_t filled = clock();
    for (unsigned i = 0; i < MILLION; i++)
        found += ranges_find(&ranges, (ranges_key)draw(&seed) << 64).value != 0;
    clock_t end = clock();
    printf(
        "          1,000,000 prefixes: %.2f s, %zu ranges, %zu MB; 1,000,000 lookups: %.3f s, %llu found\n",
        (double)(filled - begin) / CLOCKS_PER_SEC, ranges.count, ranges.count * sizeof *ranges.list >> 20,
        (double)(end - filled) / CLOCKS_PER_SEC, (unsigned long long)found);
    assert_true(found > 0 && ranges.count <= 2 * MILLION + 1);
    assert_true(end - filled < 5 * CLOCKS_PER_SEC); /* sanitizers and busy machines included */
    ranges_free(&ranges);
    prefixes_free(&prefixes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(longest_wins_as_if_all_were_looked_at),
        cmocka_unit_test(the_first_of_two_counts),
        cmocka_unit_test(spans_become_prefixes),
        cmocka_unit_test(a_million_of_each),
    };
    return cmocka_run_group_tests_name("io/networks/ranges", tests, NULL, NULL);
}

#include "core/roll/interval.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static void close_to(const char *what, double is, double wanted, double within)
{
    if (!(fabs(is - wanted) <= within))
        fail_msg("%s: %.6f, wanted %.6f", what, is, wanted);
}

/* ---- shares ---- */

static const struct {
    uint64_t hits, total;
    double value, low, high, within;
} shares[] = {
    /* Newcombe 1998, Statistics in Medicine 17, table I, method 3: Wilson's score */
    {81, 263, 0.3080, 0.2553, 0.3662, 0.00005},
    {15, 148, 0.1014, 0.0624, 0.1605, 0.00005},
    {0, 20, 0, 0, 0.1611, 0.00005},
    /* … 1 of 29 ends where it says, and begins at the Poisson limit -log(0.95)/29, not at 0.0061 */
    {1, 29, 0.0345, 0.001769, 0.1718, 0.00005},
    {28, 29, 0.9655, 0.8282, 1 - 0.001769, 0.00005},
    /* Brown, Cai and DasGupta 2001, §4.1.1: half the quantiles of chi squared, 0.355 and 0.818 */
    {2, 1000, 0.002, 0.000355, 0.007263, 0.000001},
    {3, 1000, 0.003, 0.000818, 0.008783, 0.000001},
    {4, 1000, 0.004, 0.001557, 0.010240, 0.000001},
    {0, 0, 0, 0, 1, 0},
    {1, 1, 1, 0.051293, 1, 0.000001},
    {5, 4, 1, 0.5101, 1, 0.0001}, /* more hits than there are count as all */
    {UINT64_MAX, UINT64_MAX, 1, 1, 1, 1e-15},
    {UINT64_MAX / 2, UINT64_MAX, 0.5, 0.5, 0.5, 1e-9},
};

static void shares_as_published(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        char what[64];
        struct interval is = interval_share(shares[i].hits, shares[i].total);
        snprintf(what, sizeof what, "%llu of %llu", (unsigned long long)shares[i].hits,
            (unsigned long long)shares[i].total);
        close_to(what, is.value, shares[i].value, shares[i].within);
        close_to(what, is.low, shares[i].low, shares[i].within);
        close_to(what, is.high, shares[i].high, shares[i].within);
    }
}

/* Newcombe 1998, table II, method 10; what changed from b to a. */
static void differences_as_published(void **state)
{
    static const struct {
        uint64_t a, of_a, b, of_b;
        double value, low, high;
    } cases[] = {
        {56, 70, 48, 80, 0.2, 0.0524, 0.3339},
        {5, 56, 0, 29, 0.0893, -0.0381, 0.1926},
        {0, 10, 0, 20, 0, -0.1611, 0.2775},
        {10, 10, 0, 20, 1, 0.6791, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct interval is = interval_difference(
            interval_share(cases[i].b, cases[i].of_b), interval_share(cases[i].a, cases[i].of_a));
        close_to("change", is.value, cases[i].value, 0.0001);
        close_to("low", is.low, cases[i].low, 0.0001);
        close_to("high", is.high, cases[i].high, 0.0001);
    }
}

static void shares_are_in_order(void **state)
{
    (void)state;
    for (uint64_t total = 1; total < 80; total++)
        for (uint64_t hits = 0; hits <= total; hits++) {
            struct interval is = interval_share(hits, total), other = interval_share(total - hits, total);
            assert_true(0 <= is.low && is.low <= is.value && is.value <= is.high && is.high <= 1);
            assert_true((is.low == 0) == (hits == 0) && (is.high == 1) == (hits == total));
            close_to("mirrored", is.low, 1 - other.high, 1e-12);
            if (hits > 0) {
                struct interval before = interval_share(hits - 1, total);
                assert_true(before.low < is.low && before.high < is.high);
            }
        }
}

/* A weight that is spread evenly is as sure as the share itself; one that a single member bears is as sure as
 * one of so many fewer; and nothing of this leaves 0 … 1. */
static void weights_are_as_sure_as_their_members(void **state)
{
    (void)state;
    struct interval share = interval_share(10, 400), even = interval_weight(30, 90, 1200, 10, 400);
    close_to("even, value", even.value, share.value, 1e-12);
    close_to("even, low", even.low, share.low, 1e-12);
    close_to("even, high", even.high, share.high, 1e-12);
    struct interval one = interval_share(1, 40), heavy = interval_weight(100, 100 * 100, 10000, 10, 400);
    close_to("heavy, value", heavy.value, 0.01, 1e-12);
    close_to("heavy, low", heavy.low / heavy.value, one.low / one.value, 1e-12);
    close_to("heavy, high", heavy.high / heavy.value, one.high / one.value, 1e-12);
    struct interval none = interval_weight(0, 0, 1000, 0, 400);
    assert_true(none.value == 0 && none.low == 0);
    close_to("none", none.high, interval_share(0, 400).high, 1e-12);
    static const struct {
        double sum, squares, whole;
        uint64_t hits, total;
    } odd[] = {{0, 0, 0, 0, 0}, {5, 25, 0, 1, 9}, {5, 25, 5, 9, 9}, {7, 1, 5, 20, 9}, {1, 1e9, 1e9, 3, 9},
        {0, 0, 5, 3, 9}, {4, 16, 5, 0, 9}, {5, 0, 9, 2, UINT64_MAX}};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        struct interval is =
            interval_weight(odd[i].sum, odd[i].squares, odd[i].whole, odd[i].hits, odd[i].total);
        if (!(0 <= is.low && is.low <= is.value && is.value <= is.high && is.high <= 1))
            fail_msg("odd %zu: %g, %g to %g", i, is.value, is.low, is.high);
    }
}

/* ---- how many there are ---- */

static const struct {
    const char *what;
    unsigned lists;
    uint64_t seen[8], only[8];
    double value, low, high, within; /* value 0: cannot be told */
} totals[] = {
    /* The textbook's turtles: 10 marked, 15 seen later, 5 of them marked: 28.33 by Chapman, standard
       error 5.91 */
    {"10, 15, 5 in both", 2, {0, 15, 5}, {5, 10}, 28.3333, 21, 65, 0.0001},
    /* (43 + 1)(57 + 1)/(22 + 1) - 1 */
    {"43, 57, 22 in both", 2, {0, 56, 22}, {21, 35}, 109.9565, 93, 150, 0.0001},
    /* The same in both lists: that is all, but how sure? */
    {"all in both", 2, {0, 0, 1000}, {0}, 1000, 1000, 1004, 0},
    {"three in both", 2, {0, 0, 3}, {0}, 3, 3, 12, 0},
    {"nothing in common", 2, {0, 10, 0}, {4, 6}, 0, 0, 0, 0},
    {"one list", 1, {0, 10}, {10}, 0, 0, 0, 0},
    {"none", 0, {0}, {0}, 0, 0, 0, 0},
    {"nothing in common of three", 3, {0, 10, 0, 0}, {4, 6, 0}, 0, 0, 0, 0},
    {"too many lists", INTERVAL_MAX_LISTS + 1, {0}, {0}, 0, 0, 0, 0},
    /* Two in each of five lists alone, 4 in two of them: 5 * 2 * 8 / 2 / (4 + 1) = 8 more */
    {"five lists", 5, {0, 10, 4, 3, 2, 1}, {2, 2, 2, 2, 2}, 28, 21, 53, 0.0001},
    {"nobody in one list only", 3, {0, 0, 0, 100}, {0}, 100, 100, 110, 5},
    {"one in one list only", 3, {0, 1, 5, 100}, {0, 1}, 106, 106, 115, 5},
};

static void totals_as_published(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof totals / sizeof *totals; i++) {
        struct interval is = {-1, -1, -1};
        bool told = interval_lists(totals[i].seen, totals[i].only, totals[i].lists, &is);
        if (told != (totals[i].value > 0))
            fail_msg("%s: %d", totals[i].what, told);
        if (!told) {
            assert_true(is.value == -1); /* written only on success */
            continue;
        }
        close_to(totals[i].what, is.value, totals[i].value, totals[i].within);
        close_to(totals[i].what, is.low, totals[i].low, totals[i].within);
        close_to(totals[i].what, is.high, totals[i].high, totals[i].within);
    }
}

/* Pairs of those in one list alone: (20 * 30 + 20 * 10 + 30 * 10) / (24 + 1) = 44 more than the 92. */
static void lists_of_different_sizes(void **state)
{
    (void)state;
    static const uint64_t seen[] = {0, 60, 24, 8}, only[] = {20, 30, 10}, two[] = {0, 15, 5},
                          two_only[] = {5, 10};
    struct interval is;
    assert_true(interval_lists(seen, only, 3, &is));
    close_to("Chao 1989", is.value, 136, 1e-9);
    assert_true(is.low > 92 && is.low < 125 && is.high > 150 && is.high < 200);
    assert_true(interval_lists(two, two_only, 2, &is));
    close_to("Chapman", is.value, 28.3333, 0.0001);
    assert_false(interval_lists((const uint64_t[]){0, 60, 0, 0}, only, 3, &is));
}

static void totals_are_in_order(void **state)
{
    (void)state;
    static const uint64_t some[] = {0, 1, 2, 17, 100000, UINT64_MAX};
    enum { SOME = sizeof some / sizeof *some };
    for (unsigned i = 0; i < SOME * SOME * SOME; i++) {
        uint64_t a = some[i % SOME], b = some[i / SOME % SOME], c = some[i / SOME / SOME];
        const uint64_t seen[] = {0, a, b, c};
        for (unsigned lists = 2; lists < 4; lists++) {
            struct interval is;
            double sum = (double)b + (double)a + (double)c;
            bool told = interval_lists(seen, (const uint64_t[]){a, c, a}, lists, &is);
            if (told && !(isfinite(is.high) && sum <= is.low && is.low <= is.value && is.value <= is.high))
                fail_msg("%u %u: %g %g %g", i, lists, is.low, is.value, is.high);
        }
    }
}

/* ---- how often the truth lies within ---- */

static uint64_t draw(uint64_t *seed)
{
    uint64_t x = *seed += 0x9e3779b97f4a7c15U; /* splitmix64 */
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9U;
    x = (x ^ x >> 27) * 0x94d049bb133111ebU;
    return x ^ x >> 31;
}

static double uniform(uint64_t *seed)
{
    return (double)(draw(seed) >> 11) * 0x1p-53;
}

/* How many of `total` have a property that each has with this chance: by the gaps between them. */
static uint64_t hits_of(uint64_t *seed, uint64_t total, double chance)
{
    uint64_t hits = 0;
    for (double at = 0;; hits++) {
        at += 1 + floor(log1p(-uniform(seed)) / log1p(-chance));
        if (at > (double)total)
            return hits;
    }
}

/* Shares from a tenth of one in the total to a half. */
static void shares_hold_the_truth(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {20, 100, 1000, 20000};
    enum { DRAWS = 20000 };
    uint64_t seed = 2017;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        double n = (double)sizes[i];
        unsigned held = 0, rare = 0, rare_held = 0, draws = sizes[i] > 1000 ? DRAWS / 10 : DRAWS;
        for (unsigned k = 0; k < draws; k++) {
            double share = exp(log(0.1 / n) + uniform(&seed) * (log(0.5) - log(0.1 / n)));
            struct interval is = interval_share(hits_of(&seed, sizes[i], share), sizes[i]);
            bool holds = is.low <= share && share <= is.high;
            held += holds;
            rare += share < 5 / n;
            rare_held += holds && share < 5 / n;
        }
        if (held < draws * 0.93 || rare_held < rare * 0.93 || held > draws * 0.98)
            fail_msg("%g: %u of %u, rare %u of %u", n, held, draws, rare_held, rare);
    }
}

/* The worst share there is: the interval of no hits has just ended, or that of some has not begun. */
static void no_share_is_left_out(void **state)
{
    (void)state;
    enum { DRAWS = 20000, TOTAL = 100 };
    uint64_t seed = 2018;
    for (double hits = 0.05; hits < 6; hits += 0.15) {
        unsigned held = 0;
        for (unsigned k = 0; k < DRAWS; k++) {
            struct interval is = interval_share(hits_of(&seed, TOTAL, hits / TOTAL), TOTAL);
            held += is.low <= hits / TOTAL && hits / TOTAL <= is.high;
        }
        if (held < DRAWS * 0.92)
            fail_msg("%g hits: %u of %u", hits, held, DRAWS);
    }
}

/* A population of which each list holds a part, by chance. Half of it is seen more easily by this factor. */
struct population {
    unsigned size, lists;
    double chance[6], easier;
    bool is_bound; /* less than the truth, by design */
};

static bool estimate(uint64_t *seed, const struct population *of, struct interval *ret)
{
    uint64_t seen[7] = {0}, only[6] = {0};
    for (unsigned i = 0; i < of->size; i++) {
        unsigned in = 0, last = 0;
        double factor = i % 2 ? of->easier : 1;
        for (unsigned list = 0; list < of->lists; list++)
            if (uniform(seed) < of->chance[list] * factor)
                last = list, in++;
        seen[in]++;
        if (in == 1)
            only[last]++;
    }
    return interval_lists(seen, only, of->lists, ret);
}

static const struct population populations[] = {
    {2000, 2, {0.3, 0.5}, 1, false},
    {2000, 2, {0.05, 0.08}, 1, false}, /* about 8 in both */
    {2000, 2, {0.9, 0.02}, 1, false},
    {300, 2, {0.97, 0.9}, 1, false}, /* hardly anyone unseen */
    {60, 2, {0.4, 0.3}, 1, false},
    {1000, 3, {0.3, 0.3, 0.3}, 1, false},
    {1000, 6, {0.1, 0.1, 0.1, 0.1, 0.1, 0.1}, 1, false},
    {400, 4, {0.8, 0.8, 0.8, 0.8}, 1, false},
    {1000, 4, {0.5, 0.3, 0.1, 0.02}, 1, false},
    {3000, 3, {0.9, 0.05, 0.05}, 1, false},
    {1000, 2, {0.2, 0.3}, 3, true},
    {1000, 5, {0.2, 0.1, 0.2, 0.1, 0.05}, 3, true},
};

static void totals_hold_the_truth(void **state)
{
    (void)state;
    enum { DRAWS = 600 };
    uint64_t seed = 2019;
    for (size_t i = 0; i < sizeof populations / sizeof *populations; i++) {
        const struct population *of = &populations[i];
        unsigned told = 0, held = 0, below = 0;
        for (unsigned k = 0; k < DRAWS; k++) {
            struct interval is = {0};
            bool is_told = estimate(&seed, of, &is);
            told += is_told;
            below += is_told && is.low <= of->size;
            held += is_told && is.low <= of->size && of->size <= is.high;
        }
        if (told < DRAWS * 0.99 || below < told * 0.93 || (!of->is_bound && held < told * 0.93))
            fail_msg("population %zu: told %u, low below %u, held %u", i, told, below, held);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_as_published),
        cmocka_unit_test(differences_as_published),
        cmocka_unit_test(shares_are_in_order),
        cmocka_unit_test(weights_are_as_sure_as_their_members),
        cmocka_unit_test(totals_as_published),
        cmocka_unit_test(lists_of_different_sizes),
        cmocka_unit_test(totals_are_in_order),
        cmocka_unit_test(shares_hold_the_truth),
        cmocka_unit_test(no_share_is_left_out),
        cmocka_unit_test(totals_hold_the_truth),
    };
    return cmocka_run_group_tests_name("core/roll/interval", tests, NULL, NULL);
}

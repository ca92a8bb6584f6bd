/* What a stranger can do against tables that are keyed by a seed he does not know. */
#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MANY = 4096, SEEDS = 64, PLACES = 1 << 16 };

/* Words that might do away with a secret, were they mixed with it in the wrong way. */
static const uint64_t constants[] = {0, 1, UINT64_MAX, 0xa0761d6478bd642fU, 0x8ebc6af09c88c6e3U,
    0xa0761d6478bd642fU ^ 1, 0x8ebc6af09c88c6e3U ^ 1, UINT64_C(1) << 63, 0x00000000ffff0000U};
enum { CONSTANTS = sizeof constants / sizeof *constants };

/* How the word that varies is made of a number: low bits, high bits, all of them. */
static uint64_t vary(unsigned way, uint64_t i)
{
    return way == 0 ? i : way == 1 ? i << 32 : way == 2 ? i << 52 : i * 0x9e3779b97f4a7c15U;
}

/* Of MANY pairs, how many fall on the place of another, by the upper bits as tables use them. */
static unsigned crowded(unsigned word, unsigned way, uint64_t constant, struct hash_key key)
{
    static uint8_t taken[PLACES];
    unsigned count = 0;
    memset(taken, 0, sizeof taken);
    for (uint64_t i = 0; i < MANY; i++) {
        uint64_t other = vary(way, i);
        uint64_t hash = word ? hash_pair(constant, other, key) : hash_pair(other, constant, key);
        count += taken[hash >> 48];
        taken[hash >> 48] = 1;
    }
    return count;
}

/* One word held constant, the other one in rows, whatever the constant and the seed: as by chance, where 126
 * of 4096 share a place of 65536. */
static void test_no_constant_helps(void **state)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++)
        for (unsigned i = 0; i < CONSTANTS; i++)
            for (unsigned word = 0; word < 2; word++)
                for (unsigned way = 0; way < 4; way++)
                    assert_in_range(crowded(word, way, constants[i], hash_key(seed)), 60, 250);
}

/* Pairs that collide under one seed are apart under others. */
static void test_collisions_do_not_carry_over(void **state)
{
    static uint64_t first[PLACES];
    struct hash_key key = hash_key(1);
    unsigned together = 0, found = 0;
    memset(first, 0, sizeof first);
    for (uint64_t i = 1; i < 2 * PLACES; i++) {
        uint64_t *place = &first[hash_pair(i, 0, key) >> 48];
        for (uint64_t seed = 2; *place && seed < 10; seed++, found++)
            together += hash_pair(i, 0, hash_key(seed)) >> 48 == hash_pair(*place, 0, hash_key(seed)) >> 48;
        *place = *place ? *place : i;
    }
    assert_true(found > PLACES);
    assert_true(together < found / 1000);
}

/* Who hits upon the secret of the first word does not make the second one void. */
static void test_the_secret_itself(void **state)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct hash_key key = hash_key(seed);
        assert_in_range(crowded(1, 3, key.a, key), 60, 250);
        for (uint64_t i = 0; i < MANY; i++)
            assert_int_not_equal(hash_pair(key.a, i, key), hash_pair(key.a, i + 1, key));
    }
}

/* Fingerprints are stored: the same octets have the same hash for ever. */
static void test_never_changes(void **state)
{
    static const uint8_t octets[] = "the quick brown fox jumps over";
    assert_true(hash_bytes(octets, sizeof octets - 1, 7) == 0x93888383f9aff47fU);
    assert_true(hash_mix(1, 2) == 0xb527916ad3a63649U);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_constant_helps),
        cmocka_unit_test(test_collisions_do_not_carry_over), cmocka_unit_test(test_the_secret_itself),
        cmocka_unit_test(test_never_changes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

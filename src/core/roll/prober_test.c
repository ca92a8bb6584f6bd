#include "core/roll/prober.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_query(void **state)
{
    static const uint8_t wanted[] = {
        0x12, 0x34, 0x01, 0x20, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'a', 3, 'l', 'a', 'b', 0, 0, 1, 0, 1};
    uint8_t query[PROBER_MAX_QUERY];
    (void)state;
    assert_int_equal(prober_query(0x1234, "a.lab.", query), sizeof wanted);
    assert_memory_equal(query, wanted, sizeof wanted);
    assert_int_equal(prober_query(1, "a..lab.", query), 0);
}

static void test_read(void **state)
{
    static const struct {
        uint8_t flags[2], answers;
        enum evidence_answer meaning;
    } cases[] = {
        {{0x81, 0xa0}, 1, ANSWER_AD}, /* QR RD RA AD */
        {{0x81, 0x80}, 1, ANSWER_NO_AD}, {{0x81, 0x82}, 0, ANSWER_SERVFAIL},
        {{0x81, 0xa3}, 0, ANSWER_OTHER}, /* NXDOMAIN */
        {{0x81, 0xa0}, 0, ANSWER_OTHER}, /* no data */
        {{0x01, 0xa0}, 1, ANSWER_OTHER}, /* no response */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t response[12] = {0x12, 0x34, cases[i].flags[0], cases[i].flags[1], 0, 1, 0, cases[i].answers};
        assert_int_equal(prober_read(response, sizeof response, 0x1234), cases[i].meaning);
        assert_int_equal(prober_read(response, sizeof response, 0x1235), ANSWER_OTHER);
        for (size_t length = 1; length < sizeof response; length++)
            assert_int_equal(prober_read(response, length, 0x1234), ANSWER_OTHER);
    }
    assert_int_equal(prober_read(NULL, 0, 1), ANSWER_TIMEOUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_query), cmocka_unit_test(test_read)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

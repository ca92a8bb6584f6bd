#include "core/roll/classify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_names(void **state)
{
    for (unsigned i = 0; i < CLASSIFY_CLASSES; i++) {
        enum classify_class class;
        assert_int_equal(classify_parse(classify_name(i), &class), 0);
        assert_int_equal(class, i);
        assert_true(strlen(classify_meaning(i)) > 10);
    }
    enum classify_class class;
    assert_int_equal(classify_parse("Ready", &class), ERR_USAGE);
    assert_int_equal(classify_parse("", &class), ERR_USAGE);
}

static void test_first(void **state)
{
    const struct classify_roll roll = {.old_tag = 19036, .new_tag = 20326, .trust_us = 20 * UTC_DAY};
    struct classify_limits limits;
    struct classify *classify;
    classify_limits_usual(&limits);
    assert_int_equal(classify_new(&roll, &limits, 0, 60 * UTC_DAY, 1, &classify, NULL), 0);
    for (int day = 30; day < 40; day++) {
        struct tally_row row = {.hour_us = day * UTC_DAY,
            .zone = ".",
            .kind = SIGHTING_TA_NULL,
            .count = 1,
            .first_us = day * UTC_DAY,
            .last_us = day * UTC_DAY,
            .source = {1},
            .tags = "4a5c"};
        struct tally_traffic traffic = {.hour_us = day * UTC_DAY, .queries = 100, .source = {1}};
        assert_int_equal(classify_row(classify, 0, &row), 0);
        assert_int_equal(classify_traffic(classify, 0, &traffic), 0);
        row.source[0] = traffic.source[0] = 2;
        row.tags = "4a5c-4f66";
        assert_int_equal(classify_row(classify, 0, &row), 0);
        assert_int_equal(classify_traffic(classify, 0, &traffic), 0);
    }
    assert_int_equal(classify_finish(classify), 0);
    assert_int_equal(classify_count(classify), 2);
    assert_int_equal(classify_class_of(classify, 0), CLASSIFY_OLD_ONLY);
    assert_int_equal(classify_class_of(classify, 1), CLASSIFY_READY);
    classify_free(classify);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names), cmocka_unit_test(test_first)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

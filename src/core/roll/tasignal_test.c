#include "core/roll/tasignal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *label;
    int rc;
    unsigned count;
    uint16_t tags[TASIGNAL_MAX_TAGS];
    const char *fault;
} labels[] = {
    {"_ta-4f66-9728", 0, 2, {0x4f66, 0x9728}, NULL},
    {"_ta-4a5c", 0, 1, {0x4a5c}, NULL},
    {"_TA-4A5c", 0, 1, {0x4a5c}, NULL},                           /* any case */
    {"_ta-0635-7aae-aa1b", 0, 3, {0x0635, 0x7aae, 0xaa1b}, NULL}, /* the RFC's example */
    {"_ta-0000-ffff", 0, 2, {0, 0xffff}, NULL},
    {"_ta-9728-4f66", 0, 2, {0x4f66, 0x9728}, NULL}, /* unsorted: sorted */
    {"_ta-4f66-4F66-4f66", 0, 1, {0x4f66}, NULL},    /* twice: once */
    {"_ta-0001-0002-0003-0004-0005-0006-0007-0008-0009-000a-000b-000c", 0, 12,
        {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, NULL},
    {"_ta-0001-0002-0003-0004-0005-0006-0007-0008-0009-000a-000b-000c-000d", ERR_DATA, 0, {0}, "longer"},
    {"_ta-", ERR_DATA, 0, {0}, "no key tag"},
    {"_ta-4f6", ERR_DATA, 0, {0}, "fewer"}, /* not padded: an old draft's form */
    {"_ta-4f66-", ERR_DATA, 0, {0}, "hyphen"},
    {"_ta-4f66-97", ERR_DATA, 0, {0}, "fewer"},
    {"_ta--4f66", ERR_DATA, 0, {0}, "fewer"},
    {"_ta-4f66--9728", ERR_DATA, 0, {0}, "fewer"},
    {"_ta-4f669", ERR_DATA, 0, {0}, "more"},
    {"_ta-4f66_9728", ERR_DATA, 0, {0}, "more"},
    {"_ta-20326", ERR_DATA, 0, {0}, "more"}, /* decimal */
    {"_ta-4g66", ERR_DATA, 0, {0}, "no hexadecimal"},
    {"_ta- 4f6", ERR_DATA, 0, {0}, "no hexadecimal"},
    {"_ta", ERR_NOINPUT, 0, {0}, "does not begin"},
    {"ta-4f66", ERR_NOINPUT, 0, {0}, "does not begin"},
    {"_tb-4f66", ERR_NOINPUT, 0, {0}, "does not begin"},
    {"x_ta-4f66", ERR_NOINPUT, 0, {0}, "does not begin"},
    {"", ERR_NOINPUT, 0, {0}, "does not begin"},
};

static void test_parse(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        uint16_t tags[TASIGNAL_MAX_TAGS] = {0};
        unsigned count = 99;
        const uint8_t *label = (const uint8_t *)labels[i].label;
        size_t length = strlen(labels[i].label);
        const char *fault = tasignal_fault(label, length);
        if (tasignal_parse(label, length, tags, &count) != labels[i].rc)
            fail_msg("%s", labels[i].label);
        assert_int_equal(count, labels[i].rc ? 99 : labels[i].count);
        assert_memory_equal(tags, labels[i].tags, sizeof tags);
        if (labels[i].fault ? !fault || !strstr(fault, labels[i].fault) : fault != NULL)
            fail_msg("%s: %s", labels[i].label, fault ? fault : "no fault");
    }
}

static void test_build(void **state)
{
    (void)state;
    char out[TASIGNAL_MAX_LABEL + 1];
    static const uint16_t root[] = {38696, 20326, 38696}, small[] = {999};
    assert_int_equal(tasignal_label(root, 3, out), 13);
    assert_string_equal(out, "_ta-4f66-9728");
    assert_int_equal(tasignal_label(small, 1, out), 8);
    assert_string_equal(out, "_ta-03e7"); /* §5.1: zero-padded */
    assert_int_equal(tasignal_label(small, 0, out), 0);
    uint16_t many[40];
    for (unsigned i = 0; i < 40; i++)
        many[i] = (uint16_t)(12 - i % 12);
    assert_int_equal(tasignal_label(many, 40, out), 63); /* twelve different ones */
    many[39] = 13;
    assert_int_equal(tasignal_label(many, 40, out), 0); /* thirteen */
    /* What is built reads back. */
    for (unsigned first = 0; first < 65536; first += 97) {
        uint16_t tags[3] = {(uint16_t)(first * 7), (uint16_t)first, (uint16_t)(first + 1)},
                 back[TASIGNAL_MAX_TAGS];
        unsigned count;
        size_t length = tasignal_label(tags, 3, out);
        assert_int_equal(tasignal_parse((const uint8_t *)out, length, back, &count), 0);
        for (unsigned i = 1; i < count; i++)
            assert_true(back[i - 1] < back[i]);
    }
}

static void test_option(void **state)
{
    (void)state;
    uint16_t tags[TASIGNAL_MAX_OPTION];
    unsigned count = 0;
    assert_int_equal(tasignal_parse_option((const uint8_t *)"\x97\x28\x4f\x66\x97\x28", 6, tags, &count), 0);
    assert_int_equal(count, 2);
    assert_int_equal(tags[0], 20326);
    assert_int_equal(tags[1], 38696);
    assert_int_equal(tasignal_parse_option((const uint8_t *)"", 0, tags, &count), ERR_DATA);
    assert_int_equal(tasignal_parse_option((const uint8_t *)"\1\2\3", 3, tags, &count), ERR_DATA);
    uint8_t most[2 * TASIGNAL_MAX_OPTION + 2];
    for (size_t i = 0; i < sizeof most; i++)
        most[i] = (uint8_t)(i * 3);
    assert_int_equal(tasignal_parse_option(most, sizeof most - 2, tags, &count), 0);
    assert_int_equal(count, TASIGNAL_MAX_OPTION);
    assert_int_equal(tasignal_parse_option(most, sizeof most, tags, &count), ERR_DATA);
    uint8_t out[4];
    const uint16_t pair[] = {20326, 38696};
    assert_int_equal(tasignal_option(pair, 2, out, 4), 4);
    assert_memory_equal(out, "\x4f\x66\x97\x28", 4);
    assert_int_equal(tasignal_option(pair, 2, out, 3), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse), cmocka_unit_test(test_build), cmocka_unit_test(test_option)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

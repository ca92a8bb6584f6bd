#include "core/roll/sentinel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define Y SENTINEL_ANSWERED
#define A SENTINEL_ANSWERED
#define S SENTINEL_SERVFAIL
#define X SENTINEL_STRANGE

static void test_labels(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        enum sentinel_kind kind;
        uint16_t tag;
    } rows[] = {
        {"root-key-sentinel-is-ta-20326", SENTINEL_IS_TA, 20326},
        {"root-key-sentinel-not-ta-20326", SENTINEL_NOT_TA, 20326},
        {"rOOt-Key-SENTINEL-Is-Ta-00042", SENTINEL_IS_TA, 42}, /* names have no case */
        {"root-key-sentinel-is-ta-00000", SENTINEL_IS_TA, 0},
        {"root-key-sentinel-is-ta-65535", SENTINEL_IS_TA, 65535},
        {"root-key-sentinel-is-ta-65536", SENTINEL_NONE, 0}, /* no key tag */
        {"root-key-sentinel-is-ta-99999", SENTINEL_NONE, 0},
        {"root-key-sentinel-is-ta-42", SENTINEL_NONE, 0},     /* not padded */
        {"root-key-sentinel-is-ta-020326", SENTINEL_NONE, 0}, /* six digits */
        {"root-key-sentinel-is-ta-1e003", SENTINEL_NONE, 0},  /* no decimal digits */
        {"root-key-sentinel-is-ta-0x4f6", SENTINEL_NONE, 0},
        {"root-key-sentinel-is-ta-+0042", SENTINEL_NONE, 0},
        {"root-key-sentinel-is-ta- 0042", SENTINEL_NONE, 0},
        {"root-key-sentinel-is-ta-", SENTINEL_NONE, 0},
        {"root-key-sentinel-is-ta20326-", SENTINEL_NONE, 0},
        {"kskroll-sentinel-is-ta-20326", SENTINEL_NONE, 0}, /* the name of the drafts */
        {"xroot-key-sentinel-is-ta-20326", SENTINEL_NONE, 0},
        {"", SENTINEL_NONE, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint16_t tag = 7;
        enum sentinel_kind kind = sentinel_parse((const uint8_t *)rows[i].label, strlen(rows[i].label), &tag);
        if (kind != rows[i].kind || tag != (kind ? rows[i].tag : 7))
            fail_msg("%s", rows[i].label);
    }
    char out[SENTINEL_MAX_LABEL + 1];
    assert_int_equal(sentinel_label(SENTINEL_IS_TA, 42, out), 29);
    assert_string_equal(out, "root-key-sentinel-is-ta-00042");
    assert_int_equal(sentinel_label(SENTINEL_NOT_TA, 65535, out), 30);
    assert_string_equal(out, "root-key-sentinel-not-ta-65535");
    assert_int_equal(sentinel_label(SENTINEL_NONE, 1, out), 0);
}

static void test_validator(void **state)
{
    (void)state;
    static const struct sentinel_query acts = {.qtype = 1, .secure = true};
    static const struct {
        enum sentinel_kind kind;
        bool trusted, fails;
    } rows[] = {{SENTINEL_IS_TA, true, false}, {SENTINEL_IS_TA, false, true}, {SENTINEL_NOT_TA, true, true},
        {SENTINEL_NOT_TA, false, false}, {SENTINEL_NONE, true, false}, {SENTINEL_NONE, false, false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(sentinel_must_fail(rows[i].kind, rows[i].trusted, &acts), rows[i].fails);
        /* Any of the conditions alone suffices for an ordinary name. */
        const struct sentinel_query not [] = {{.qtype = 1},
            {.qtype = 1, .secure = true, .checking_disabled = true},
            {.qtype = 1, .secure = true, .opcode = 4}, {.qtype = 16, .secure = true},
            {.qtype = 255, .secure = true}};
        for (size_t j = 0; j < sizeof not / sizeof *not ; j++)
            assert_false(sentinel_must_fail(rows[i].kind, rows[i].trusted, &not [j]));
    }
    assert_true(
        sentinel_must_fail(SENTINEL_NOT_TA, true, &(struct sentinel_query){.qtype = 28, .secure = true}));
}

/* All 27 answers to three questions: the four that the RFC has, every other one without conclusion. */
static void test_client(void **state)
{
    (void)state;
    unsigned other = 0;
    for (int i = 0; i < 27; i++)
        other += sentinel_classify((enum sentinel_answer)(i / 9), (enum sentinel_answer)(i / 3 % 3),
                     (enum sentinel_answer)(i % 3)) == SENTINEL_OTHER;
    assert_int_equal(other, 23);
    assert_int_equal(sentinel_classify(Y, S, S), SENTINEL_VNEW);
    assert_int_equal(sentinel_classify(S, Y, S), SENTINEL_VOLD);
    assert_int_equal(sentinel_classify(Y, Y, S), SENTINEL_VIND);
    assert_int_equal(sentinel_classify(Y, Y, Y), SENTINEL_NONV);
    assert_string_equal(sentinel_class_name(SENTINEL_VNEW), "Vnew");
    assert_string_equal(sentinel_class_name((enum sentinel_class)9), "?");
}

static void test_set(void **state)
{
    (void)state;
    static const struct {
        enum sentinel_answer bogus, not_ta, is_ta;
        enum sentinel_set set;
    } rows[] = {
        {A, A, A, SENTINEL_SET_UNAFFECTED}, {A, S, S, SENTINEL_SET_UNAFFECTED},
        {A, X, X, SENTINEL_SET_UNAFFECTED}, {S, A, A, SENTINEL_SET_UNKNOWN}, {S, A, S, SENTINEL_SET_UNKNOWN},
        {S, S, A, SENTINEL_SET_SAFE}, {S, S, S, SENTINEL_SET_BREAKS}, {X, S, S, SENTINEL_SET_UNKNOWN},
        {S, X, S, SENTINEL_SET_UNKNOWN}, {S, S, X, SENTINEL_SET_UNKNOWN}, /* an outage proves nothing */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(sentinel_classify_set(rows[i].bogus, rows[i].not_ta, rows[i].is_ta), rows[i].set);
    assert_string_equal(sentinel_set_name(SENTINEL_SET_BREAKS), "breaks");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_labels), cmocka_unit_test(test_validator),
        cmocka_unit_test(test_client), cmocka_unit_test(test_set)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What an operator reads of one address; and that nothing is written on a part of a store. */
#include "app/report/letters/operators.h"

#include "app/report/letters/letter_fixture.h"
#include "app/report/letters/operators_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define ADDRESS(last)                                                                                        \
    {                                                                                                        \
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, last                                            \
    }

static const struct sightings_line lines[] = {
    {.source = ADDRESS(1), .tags = "4a5c", .signals = 3, .last_us = DAY(1) + 999999},
    {.source = ADDRESS(3), .tags = "", .signals = 1, .last_us = DAY(2)},
    {.source = ADDRESS(3), .tags = "4a5c-4f66", .signals = 2, .last_us = DAY(3)},
    {.source = ADDRESS(1), .tags = "no hexadecimal", .invalid = true, .signals = 9},
    {.source = ADDRESS(9), .tags = "no hexadecimal", .invalid = true, .signals = 9},
};
static const struct sightings_answer told = {.lines = (struct sightings_line *)lines, .line_count = 5};

static void test_told(void **state)
{
    (void)state;
    static const struct {
        uint8_t source[16];
        size_t first, count;
    } cases[] = {{ADDRESS(0), 0, 0}, {ADDRESS(1), 0, 1}, {ADDRESS(2), 1, 0}, {ADDRESS(3), 1, 2},
        {ADDRESS(4), 3, 0}, {ADDRESS(9), 3, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct operators_told found = operators_list_told(&told, cases[i].source);
        assert_int_equal(found.count, cases[i].count);
        assert_ptr_equal(found.lines, lines + cases[i].first);
    }
    const struct sightings_answer nothing = {.lines = NULL};
    assert_int_equal(operators_list_told(&nothing, cases[0].source).count, 0);
}

static void test_lines(void **state)
{
    (void)state;
    const struct classify_source source = {CLASSIFY_OLD_ONLY, {.source = ADDRESS(3),
                                                                  .first_us = DAY(0) + 1,
                                                                  .last_us = DAY(3),
                                                                  .days = 1,
                                                                  .queries = 20,
                                                                  .dnssec_ok = 19,
                                                                  .zone_dnskey = 5,
                                                                  .signals = 3,
                                                                  .old_signals = 3,
                                                                  .old_last_us = DAY(2) + UTC_SECOND - 1}};
    struct operators_told found = operators_list_told(&told, source.evidence.source);
    struct text text;
    text_start(&text);
    operators_list_add(&source, &found, &text);
    assert_string_equal(text.string,
        "192.0.2.3\n    seen   2017-10-11T00:00:00Z to 2017-10-14T00:00:00Z; days: 1\n"
        "    asked  queries: 20; with DO: 19; zone keys: 5\n"
        "    told   no key; times: 1, last: 2017-10-13T00:00:00Z\n"
        "    told   19036 20326; times: 2, last: 2017-10-14T00:00:00Z\n");
    text_free(&text);
    text_start(&text);
    operators_list_csv_head(&text);
    size_t head = text.length, commas = 0, cells = 0;
    operators_list_csv("AS64500", &source, &found, &text);
    static const char begin[] =
        "AS64500,192.0.2.3,old-only,2017-10-11T00:00:00Z,2017-10-14T00:00:00Z,2017-10-13T00:00:00Z,,"
        "no key; 19036 20326,1,20,0,0,19,";
    assert_int_equal(strncmp(text.string + head, begin, strlen(begin)), 0);
    for (size_t i = 0; i < text.length; i++) {
        commas += i < head && text.string[i] == ',';
        cells += i >= head && text.string[i] == ',';
    }
    assert_int_equal(commas, cells);
    assert_string_equal(text.string + text.length - 2, "\r\n");
    text_free(&text);
}

static void test_partial(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct world w;
    struct letters_done done;
    struct err_note note = {""};
    make_world(&w, DAY(-20));
    const struct letters_wish wish = {.directory = "/tmp/letters_test.never", .terms = {&w.plan, NULL, NULL}};
    w.readiness.partial = true;
    w.readiness.missing = "shard 2";
    assert_int_equal(letters_write(&w.readiness, &wish, arena, &done, &note), ERR_UNAVAILABLE);
    assert_non_null(strstr(note.text, "shard 2"));
    assert_int_equal(operators_write(&w.readiness, &told, &wish, arena, &done, &note), ERR_UNAVAILABLE);
    assert_int_equal(access(wish.directory, F_OK), -1);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_told),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_partial),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

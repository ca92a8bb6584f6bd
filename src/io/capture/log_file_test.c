#include "io/capture/capture_try.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TAT "trust-anchor-telemetry"

static const size_t blocks[] = {1, 2, 22, 23, 24, 64, 4096, 1 << 20};

static const struct {
    const char *file, *want;
} files[] = {
    {"one " TAT " a\ntwo\nthree " TAT " b\n", "one " TAT " a\nthree " TAT " b\nend\n"},
    {TAT, TAT "\nend\n"}, /* the last line without its end */
    {"a\n" TAT " b", TAT " b\nend\n"},
    {"a\nb", "end\n"},
    {"\n\n" TAT "\n\n", TAT "\nend\n"},
    {TAT "\r\n" TAT "\r\n", TAT "\n" TAT "\nend\n"},
    {TAT " " TAT "\nx\n", TAT " " TAT "\nend\n"}, /* twice in a line: one line */
    {"trust-anchor-\ntelemetry\n", "end\n"},      /* not across lines */
    {"", "end\n"},                                /* a log just rotated */
    {"\n", "end\n"},
};

static void test_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        for (size_t j = 0; j < sizeof blocks / sizeof *blocks; j++) {
            struct made made = {0};
            struct text text;
            text_start(&text);
            made_bytes(&made, files[i].file, strlen(files[i].file));
            try_memory(&made, blocks[j], true, &text);
            if (strcmp(text.string, files[i].want) != 0)
                fail_msg("%zu, blocks of %zu:\n%s", i, blocks[j], text.string);
            text_free(&text);
            made_free(&made);
        }
}

/* A line of the greatest length is read, one longer is passed over, and counted if it has the word in it
 * before that length; those around stay. */
static void test_long_lines(void **state)
{
    (void)state;
    static const size_t sizes[] = {257, 4096, 65536, 262144, 262145, 1 << 20, 4 << 20};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int more = 0; more < 2; more++) {
            struct made made = {0};
            made_bytes(&made, TAT " 1\n" TAT, strlen(TAT " 1\n" TAT));
            made_fill(&made, 'x', CAPTURE_MAX_RECORD - strlen(TAT) + (size_t)more);
            made_bytes(&made, "\n" TAT " 2\n", strlen("\n" TAT " 2\n"));
            made_fill(&made, 'y', 3 * CAPTURE_MAX_RECORD);
            made_bytes(&made, TAT "\n" TAT " 3", strlen(TAT "\n" TAT " 3"));
            struct capture *capture;
            struct capture_batch batch;
            size_t lengths[5] = {0}, count = 0;
            assert_int_equal(capture_open_memory(made.bytes, made.length, sizes[i], true, &capture, NULL), 0);
            do {
                assert_int_equal(capture_next(capture, &batch, NULL), 0);
                for (size_t j = 0; j < batch.count && count < 5; j++)
                    lengths[count++] = batch.records[j].length;
            } while (!batch.end);
            assert_int_equal(count, more ? 3 : 4);
            assert_int_equal(lengths[0], strlen(TAT " 1"));
            assert_int_equal(lengths[1], more ? strlen(TAT " 1") : CAPTURE_MAX_RECORD);
            assert_int_equal(capture_state(capture).skipped, more ? 1 : 0);
            assert_string_equal(capture_state(capture).format, "log");
            capture_close(capture);
            made_free(&made);
        }
}

/* More lines than a batch takes. */
static void test_many(void **state)
{
    (void)state;
    struct made made = {0};
    struct text text, want;
    text_start(&text);
    text_start(&want);
    for (unsigned i = 0; i < 2000; i++) {
        char line[80];
        int length = snprintf(line, sizeof line, "query %u\n" TAT " %u\n", i, i);
        made_bytes(&made, line, (size_t)length);
        text_printf(&want, TAT " %u\n", i);
    }
    text_add(&want, "end\n");
    try_memory(&made, 1 << 20, true, &text);
    assert_string_equal(text.string, want.string);
    text_free(&text);
    text_free(&want);
    made_free(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines), cmocka_unit_test(test_long_lines), cmocka_unit_test(test_many)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

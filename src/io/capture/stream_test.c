#include "io/capture/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LENGTH = 1 << 20 };

static uint8_t octet(uint64_t offset)
{
    return (uint8_t)(offset * 167 + (offset >> 8) * 13 + (offset >> 16));
}

/* Steps of all sizes, now needed and taken, now skipped: each octet is where it should be. */
static void test_steps(void **state)
{
    (void)state;
    static const size_t blocks[] = {1, 7, 64, 4096, 65536, 4 << 20};
    uint8_t *bytes = malloc(LENGTH);
    assert_non_null(bytes);
    for (size_t i = 0; i < LENGTH; i++)
        bytes[i] = octet(i);
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        struct stream *stream;
        uint64_t at = 0, random = 1;
        assert_int_equal(stream_open_memory(bytes, LENGTH, blocks[i], "x", &stream, NULL), 0);
        for (;;) {
            random = random * 6364136223846793005U + 1442695040888963407U;
            size_t size = (size_t)(random >> 33) % (random >> 60 ? 300 : 30000);
            if (at + size > LENGTH)
                break;
            if (random >> 32 & 1) {
                stream_skip(stream, size);
            } else {
                const uint8_t *there = stream_need(stream, size);
                assert_non_null(there);
                assert_memory_equal(there, bytes + at, size);
                assert_true(stream_ready(stream) >= size);
                stream_take(stream, size);
            }
            at += size;
            assert_int_equal(stream_offset(stream), at);
        }
        size_t left = (size_t)(LENGTH - at);
        assert_null(stream_need(stream, left + 1));
        assert_int_equal(stream_status(stream), STREAM_ENDED);
        assert_int_equal(stream_ready(stream), left);
        assert_memory_equal(stream_need(stream, left), bytes + at, left); /* it is still there */
        stream_close(stream);
    }
    free(bytes);
}

/* The most that can be needed at once, from each place in a block. */
static void test_most(void **state)
{
    (void)state;
    uint8_t *bytes = malloc(LENGTH);
    assert_non_null(bytes);
    for (size_t i = 0; i < LENGTH; i++)
        bytes[i] = octet(i);
    for (size_t before = 0; before <= 65536; before += 32768 - 1) {
        struct stream *stream;
        assert_int_equal(stream_open_memory(bytes, LENGTH, 65536, "x", &stream, NULL), 0);
        assert_non_null(stream_need(stream, before));
        stream_take(stream, before);
        const uint8_t *there = stream_need(stream, STREAM_MOST);
        assert_non_null(there);
        assert_memory_equal(there, bytes + before, STREAM_MOST);
        stream_close(stream);
    }
    free(bytes);
}

/* What is ready stays where it is while no more than that is needed. */
static void test_pointers_stay(void **state)
{
    (void)state;
    static const char bytes[] = "0123456789abcdef";
    struct stream *stream;
    assert_int_equal(stream_open_memory(bytes, 16, 8, "x", &stream, NULL), 0);
    const uint8_t *first = stream_need(stream, 3);
    assert_int_equal(stream_ready(stream), 8);
    stream_take(stream, 3);
    assert_ptr_equal(stream_need(stream, 5), first + 3);
    assert_memory_equal(first, "01234567", 8);
    const uint8_t *across = stream_need(stream, 6);
    assert_memory_equal(across, "3456789abcdef", 13);
    stream_close(stream);
    stream_close(NULL);
}

/* Skipping beyond the end: the end, and how much is missing. */
static void test_skip_too_far(void **state)
{
    (void)state;
    struct stream *stream;
    struct err_note note;
    assert_int_equal(stream_open_memory("0123", 4, 2, "x", &stream, NULL), 0);
    stream_skip(stream, UINT64_C(1) << 40);
    stream_skip(stream, 1);
    assert_int_equal(stream_ready(stream), 0);
    assert_null(stream_need(stream, 0));
    assert_null(stream_need(stream, 1));
    assert_int_equal(stream_status(stream), STREAM_ENDED);
    assert_int_equal(stream->to_skip, (UINT64_C(1) << 40) - 3);
    assert_int_equal(stream_error(stream, &note, "a %s", "fault"), ERR_DATA);
    assert_string_equal(note.text, "x: offset 1099511627777: a fault");
    stream_close(stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_steps), cmocka_unit_test(test_most),
        cmocka_unit_test(test_pointers_stay), cmocka_unit_test(test_skip_too_far)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

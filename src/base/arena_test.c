#include "base/arena.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void allocations_are_aligned_zeroed_and_apart(void **state)
{
    static const size_t sizes[] = {
        0, 1, 7, 8, 15, 16, 17, 255, 4096, 16 * 1024 - 1, 16 * 1024, 16 * 1024 + 1, 1000000, 3};
    enum { COUNT = sizeof sizes / sizeof *sizes };
    struct arena *arena = arena_new();
    unsigned char *parts[COUNT];
    (void)state;
    assert_non_null(arena);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < COUNT; i++) {
            parts[i] = arena_alloc(arena, sizes[i]);
            assert_non_null(parts[i]);
            assert_int_equal((uintptr_t)parts[i] % alignof(max_align_t), 0);
            for (size_t j = 0; j < sizes[i]; j++)
                assert_int_equal(parts[i][j], 0);
            memset(parts[i], (int)i + 1, sizes[i]);
        }
        for (size_t i = 0; i < COUNT; i++) /* none overlaps another */
            for (size_t j = 0; j < sizes[i]; j++)
                assert_int_equal(parts[i][j], i + 1);
        arena_reset(arena); /* what comes after is zeroed again, though the memory was used */
    }
    arena_free(arena);
    arena_free(NULL);
}

static void impossible_sizes_are_refused(void **state)
{
    struct arena *arena = arena_new();
    (void)state;
    assert_null(arena_alloc(arena, SIZE_MAX));
    assert_null(arena_alloc(arena, SIZE_MAX - 8));
    assert_null(arena_alloc(arena, SIZE_MAX / 2 + 1));
    assert_non_null(arena_alloc(arena, 1)); /* and the arena is whole */
    arena_free(arena);
}

static void copies_are_copies(void **state)
{
    struct arena *arena = arena_new();
    char word[] = "word", *string = arena_string(arena, word);
    char *made = arena_printf(arena, "%s-%d", word, 7), *bytes = arena_copy(arena, word, 2);
    char *longer = arena_printf(arena, "%0*d", 50000, 1);
    (void)state;
    memset(word, 'x', sizeof word - 1);
    assert_string_equal(string, "word");
    assert_string_equal(made, "word-7");
    assert_memory_equal(bytes, "wo", 2);
    assert_int_equal(strlen(longer), 50000);
    assert_non_null(arena_copy(arena, NULL, 0));
    assert_string_equal(arena_string(arena, ""), "");
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocations_are_aligned_zeroed_and_apart),
        cmocka_unit_test(impossible_sizes_are_refused),
        cmocka_unit_test(copies_are_copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "app/serve/ordered.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static int64_t id_of(const void *thing)
{
    return *(const int64_t *)thing;
}

static void places(void **state)
{
    static const int64_t ids[] = {2, 4, 9};
    const int64_t *things[] = {&ids[0], &ids[1], &ids[2]};
    static const struct {
        int64_t id;
        size_t place;
    } cases[] = {{1, 0}, {2, 0}, {3, 1}, {4, 1}, {8, 2}, {9, 2}, {10, 3}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(ordered_place(things, 3, id_of, cases[i].id), cases[i].place);
    assert_int_equal(ordered_place(things, 0, id_of, 5), 0);
}

static void grows(void **state)
{
    size_t room = 0;
    void **array = ordered_grow(NULL, 0, &room);
    (void)state;
    assert_non_null(array);
    assert_true(room > 0);
    for (size_t count = 0; count < 1000; count++) {
        array = ordered_grow(array, count, &room);
        assert_non_null(array);
        assert_true(count < room);
        array[count] = &room;
    }
    free(array);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(places), cmocka_unit_test(grows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

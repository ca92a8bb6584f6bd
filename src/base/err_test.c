#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void codes_become_exit_codes(void **state)
{
    static const struct {
        int err, code;
    } cases[] = {{ERR_OK, 0}, {ERR_USAGE, 64}, {ERR_DATA, 65}, {ERR_NOINPUT, 66}, {ERR_UNAVAILABLE, 69},
        {ERR_INTERNAL, 70}, {ERR_NOMEM, 70}, {ERR_IO, 74}, {ERR_PERM, 77}, {ERR_CONFIG, 78}, {-1, 70},
        {-200, 70}, {5, 70}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(err_exit(cases[i].err), cases[i].code);
        assert_true(strlen(err_str(cases[i].err)) > 0);
    }
    assert_string_equal(err_str(-1), err_str(ERR_INTERNAL));
}

static void a_note_is_cut_and_may_hold_itself(void **state)
{
    struct err_note note = {.text = "line 7: no such key"};
    (void)state;
    assert_int_equal(err_set(&note, ERR_DATA, "plan.yaml: %s", note.text), ERR_DATA);
    assert_string_equal(note.text, "plan.yaml: line 7: no such key");
    assert_int_equal(err_set(&note, ERR_IO, "%0600d", 0), ERR_IO);
    assert_int_equal(strlen(note.text), sizeof note.text - 1);
    assert_int_equal(err_set(NULL, ERR_PERM, "%s", "nobody reads this"), ERR_PERM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_become_exit_codes),
        cmocka_unit_test(a_note_is_cut_and_may_hold_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

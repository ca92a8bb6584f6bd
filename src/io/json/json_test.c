#include "io/json/json.h"

#include "base/utc.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void writes_in_order(void **state)
{
    struct json *root = json_new_object();
    json_set_string(root, "z", "a\"b\xff");
    json_set_int(root, "a", INT64_MIN);
    json_set_real(root, "half", 0.5);
    json_set_real(root, "nan", NAN);
    json_set_bool(root, "yes", true);
    json_set_string(root, "none", NULL);
    json_set_time(root, "t", 0);
    json_set_time(root, "open", UTC_OPEN);
    struct json *list = json_set_array(root, "list");
    json_add_int(list, 7);
    json_add_string(list, "x");
    json_set_int(json_add_object(list), "n", 1);
    json_add_array(list);
    json_set_null(json_set_object(root, "o"), "k");
    json_set_int(NULL, "ignored", 1);
    struct text text;
    text_start(&text);
    assert_int_equal(json_write(root, false, &text), 0);
    assert_string_equal(text.string,
        "{\"z\":\"a\\\"b\xEF\xBF\xBD\",\"a\":-9223372036854775808,\"half\":0.5,\"nan\":null,"
        "\"yes\":true,\"none\":null,\"t\":\"1970-01-01T00:00:00Z\",\"open\":null,"
        "\"list\":[7,\"x\",{\"n\":1},[]],\"o\":{\"k\":null}}\n");
    text_free(&text);
    json_free(root);
}

static void reads(void **state)
{
    static const char document[] = "{\"a\": [1, true, \"\\u00e9\", null, 2.5], \"b\": {\"c\": -3}}";
    struct json *root;
    struct err_note note;
    const struct json *value;
    int64_t number;
    double real;
    bool boolean;
    assert_int_equal(json_read(document, strlen(document), &root, &note), 0);
    const struct json *a = json_get(root, "a");
    assert_int_equal(json_count(a), 5);
    assert_true(json_int(json_at(a, 0), &number) && number == 1);
    assert_true(json_bool(json_at(a, 1), &boolean) && boolean);
    assert_string_equal(json_text(json_at(a, 2)), "\xc3\xa9");
    assert_true(json_none(json_at(a, 3)));
    assert_true(json_number(json_at(a, 4), &real) && real == 2.5);
    assert_false(json_int(json_at(a, 4), &number));
    assert_null(json_at(a, 5));
    assert_null(json_get(a, "x"));
    assert_null(json_text(a));
    assert_string_equal(json_member(root, 1, &value), "b");
    assert_true(json_int(json_get(value, "c"), &number) && number == -3);
    assert_null(json_member(root, 2, &value));
    json_free(root);
}

static void refuses(void **state)
{
    static const struct {
        const char *document, *where;
    } rows[] = {
        {"", "1:0: "},
        {"{\n\"a\": 1,\n\"a\": 2}", "3:"}, /* a name twice */
        {"{\"a\": 1} x", "1:"},            /* something after the end */
        {"[\"\\u0000\"]", "1:"},
        {"[\"\xff\"]", "1:"},
        {"[99999999999999999999]", "1:"},
        {"{\"a\": 1", "1:"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct json *root;
        struct err_note note = {""};
        assert_int_equal(json_read(rows[i].document, strlen(rows[i].document), &root, &note), ERR_DATA);
        assert_memory_equal(note.text, rows[i].where, strlen(rows[i].where));
    }
}

/* The deepest that is taken, and one more. */
static void depth(void **state)
{
    char deep[2 * (JSON_MAX_DEPTH + 2)];
    for (size_t levels = JSON_MAX_DEPTH + 1; levels <= JSON_MAX_DEPTH + 2; levels++) {
        struct json *root;
        struct err_note note;
        memset(deep, '[', levels);
        memset(deep + levels, ']', levels);
        int rc = json_read(deep, 2 * levels, &root, &note);
        assert_int_equal(rc, levels == JSON_MAX_DEPTH + 1 ? 0 : ERR_DATA);
        if (!rc)
            json_free(root);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_in_order),
        cmocka_unit_test(reads),
        cmocka_unit_test(refuses),
        cmocka_unit_test(depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

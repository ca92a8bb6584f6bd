#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void a_text_grows(void **state)
{
    struct text text;
    (void)state;
    text_start(&text);
    assert_string_equal(text.string, "");
    text_add(&text, "");
    text_add_bytes(&text, NULL, 0);
    assert_string_equal(text.string, "");
    for (int i = 0; i < 10000; i++)
        text_printf(&text, "%d,", i % 10);
    text_add_bytes(&text, "a\0b", 3); /* bytes may hold zeros */
    assert_int_equal(text.length, 20003);
    assert_int_equal(strlen(text.string), 20001);
    assert_int_equal(text.string[text.length], '\0');
    assert_false(text.failed);
    text_free(&text);
    assert_string_equal(text.string, "");
    text_add(&text, "used again");
    assert_string_equal(text.string, "used again");
    text_free(&text);
    text_free(&text); /* twice is harmless */
}

static void short_memory_keeps_what_there_is(void **state)
{
    struct text text;
    (void)state;
    text_start(&text);
    text_add(&text, "kept");
    text_add_bytes(&text, "x", SIZE_MAX / 2); /* more than there can be: refused before it is read */
    assert_true(text.failed);
    assert_string_equal(text.string, "kept");
    text_add(&text, " and ignored");
    text_printf(&text, "%d", 1);
    assert_string_equal(text.string, "kept");
    text_free(&text);
}

struct pair {
    const char *given, *expected;
};

static void compare(void (*add)(struct text *, const char *), const struct pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct text text;
        text_start(&text);
        add(&text, pairs[i].given);
        assert_string_equal(text.string, pairs[i].expected);
        text_free(&text);
    }
}

static void what_strangers_write_is_safe_on_a_terminal(void **state)
{
    static const struct pair pairs[] = {
        {"", ""},
        {"plain, with ümläut, Ελλάδα and 日本 🙂",
            "plain, with ümläut, Ελλάδα and 日本 🙂"},
        {"\\", "\\\\"}, {"\\x41", "\\\\x41"},           /* cannot be mistaken for an escape of ours */
        {"a\nb\tc\rd", "a\\x0ab\\x09c\\x0dd"},          /* a line of a log stays one line */
        {"\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"}, /* colours */
        {"\x7f", "\\x7f"},                              /* DEL */
        {"\xc2\x9b"
         "31m",
            "\\xc2\\x9b31m"}, /* CSI as a C1 control */
        {"\xe2\x80\xae"
         "evil",
            "\\xe2\\x80\\xaeevil"},                   /* right-to-left override */
        {"\xe2\x81\xa6", "\\xe2\\x81\\xa6"},          /* isolate */
        {"\xe2\x80\x8b", "\\xe2\\x80\\x8b"},          /* zero width space */
        {"\xef\xbb\xbf", "\\xef\\xbb\\xbf"},          /* byte order mark */
        {"\xf3\xa0\x80\xa0", "\\xf3\\xa0\\x80\\xa0"}, /* a tag character */
        {"\xff", "\\xff"},                            /* never in UTF-8 */
        {"\x80", "\\x80"},                            /* a continuation alone */
        {"\xc3", "\\xc3"},                            /* cut short */
        {"\xe2\x82", "\\xe2\\x82"},                   /* cut short */
        {"\xc3(", "\\xc3("},                          /* the next character is not eaten */
        {"\xc0\xaf", "\\xc0\\xaf"},                   /* '/' written too long */
        {"\xe0\x80\xaf", "\\xe0\\x80\\xaf"},          /* … longer */
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"},          /* a surrogate */
        {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}, /* beyond Unicode */
    };
    (void)state;
    compare(text_add_safe, pairs, sizeof pairs / sizeof *pairs);
}

static void what_strangers_write_is_text_in_html(void **state)
{
    static const struct pair pairs[] = {
        {"<script>alert(1)</script>", "&#60;script&#62;alert(1)&#60;/script&#62;"},
        {"\" onload='x' &amp;", "&#34; onload=&#39;x&#39; &#38;amp;"},
        {"\\", "\\"},
        {"ümläut 日本", "ümläut 日本"},
        {"two\nlines", "two\nlines"},
        {"\x1b\x01", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xff", "\xef\xbf\xbd"},
        {"\xe2\x80\xae", "\xef\xbf\xbd"},
    };
    (void)state;
    compare(text_add_html, pairs, sizeof pairs / sizeof *pairs);
}

static void utf8_is_read_in_its_shortest_form_only(void **state)
{
    static const struct {
        const char *bytes;
        size_t left, length;
        unsigned code;
    } cases[] = {
        {"", 0, 0, 0}, {"a", 1, 1, 'a'}, {"\x7f", 1, 1, 0x7f}, {"\xc2\x80", 2, 2, 0x80},
        {"\xc1\xbf", 2, 0, 0}, {"\xdf\xbf", 2, 2, 0x7ff}, {"\xe0\xa0\x80", 3, 3, 0x800},
        {"\xe0\x9f\xbf", 3, 0, 0}, {"\xef\xbf\xbf", 3, 3, 0xffff}, {"\xf0\x90\x80\x80", 4, 4, 0x10000},
        {"\xf0\x8f\xbf\xbf", 4, 0, 0}, {"\xf4\x8f\xbf\xbf", 4, 4, 0x10ffff}, {"\xf4\x90\x80\x80", 4, 0, 0},
        {"\xf8\x88\x80\x80\x80", 5, 0, 0}, {"\xe2\x82\xac", 2, 0, 0}, /* whole, but not within `left` */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned code = 0;
        assert_int_equal(text_utf8(cases[i].bytes, cases[i].left, &code), cases[i].length);
        assert_int_equal(code, cases[i].code);
    }
}

static void columns_count_characters(void **state)
{
    (void)state;
    assert_int_equal(text_columns(""), 0);
    assert_int_equal(text_columns("abc"), 3);
    assert_int_equal(text_columns("é→"), 2);
}

static void numbers_come_in_groups_of_three(void **state)
{
    static const struct {
        int64_t number;
        const char *text;
    } cases[] = {{0, "0"}, {999, "999"}, {1000, "1,000"}, {-999, "-999"}, {-1000, "-1,000"},
        {-123456, "-123,456"}, {1234567, "1,234,567"}, {INT64_MAX, "9,223,372,036,854,775,807"},
        {INT64_MIN, "-9,223,372,036,854,775,808"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text text;
        text_start(&text);
        text_add_number(&text, cases[i].number);
        assert_string_equal(text.string, cases[i].text);
        text_free(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_grows),
        cmocka_unit_test(short_memory_keeps_what_there_is),
        cmocka_unit_test(what_strangers_write_is_safe_on_a_terminal),
        cmocka_unit_test(what_strangers_write_is_text_in_html),
        cmocka_unit_test(utf8_is_read_in_its_shortest_form_only),
        cmocka_unit_test(columns_count_characters),
        cmocka_unit_test(numbers_come_in_groups_of_three),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

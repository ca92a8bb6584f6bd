/* Templates: what is read, what is refused and where, and what becomes of the fields. */
#include "app/report/letters/template.h"

#include "app/report/letters/wrap.h"
#include "base/utc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BEFORE, DATED, USERS_KNOWN, CONDITIONS };
static const struct template_condition conditions[CONDITIONS] = {
    [BEFORE] = {"before", DATED},
    [DATED] = {"dated", TEMPLATE_ALWAYS},
    [USERS_KNOWN] = {"users-known", TEMPLATE_ALWAYS},
};

enum { NAME, COUNT, NETWORKS, USERS, ROLL, LIST, FIELDS };
static const struct template_field fields[FIELDS] = {
    [NAME] = {"name", TEMPLATE_TEXT, TEMPLATE_ALWAYS},
    [COUNT] = {"count", TEMPLATE_NUMBER, TEMPLATE_ALWAYS},
    [NETWORKS] = {"networks", TEMPLATE_BOUNDS, TEMPLATE_ALWAYS},
    [USERS] = {"users", TEMPLATE_BOUNDS, USERS_KNOWN},
    [ROLL] = {"roll", TEMPLATE_MOMENT, DATED},
    [LIST] = {"list", TEMPLATE_BLOCK, TEMPLATE_ALWAYS},
};
static const struct template_terms terms = {"rollcall.test/1", fields, FIELDS, conditions, CONDITIONS};

static const struct template_value values[FIELDS] = {
    [NAME] = {.text = "Ana\x1b[2J\nBcc: x@example \xe2\x80\xae\\"},
    [COUNT] = {.number = 1234567},
    [NETWORKS] = {.number = 12, .high = 1111},
    [USERS] = {.number = 999, .high = 999},
    [ROLL] = {.number = INT64_C(1539273600) * UTC_SECOND}, /* 2018-10-11T16:00:00Z */
    [LIST] = {.text = "192.0.2.1   x\n\n    198.51.100.1 - a line that is longer than seventy-two columns, "
                      "and stays whole\n"},
};
enum { ALL = 1 << BEFORE | 1 << DATED | 1 << USERS_KNOWN };

#define HEAD "format: rollcall.test/1\nlanguage: en\nsubject: S\n"

static int parse(
    const char *text, size_t length, struct arena *arena, struct template *ret, struct err_note *note)
{
    note->text[0] = '\0';
    return template_parse(&terms, "t.txt", text, length, arena, ret, note);
}

static void expect_letter(const char *text, uint32_t holds, const char *want)
{
    struct arena *arena = arena_new();
    struct template template;
    struct err_note note;
    struct text letter;
    text_start(&letter);
    if (parse(text, strlen(text), arena, &template, &note))
        fail_msg("%s\n%s", note.text, text);
    assert_int_equal(template_write(&template, values, holds, &letter), 0);
    assert_string_equal(letter.string, want);
    text_free(&letter);
    arena_free(arena);
}

static void test_header(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct template t;
    struct err_note note;
    static const char text[] =
        "\xef\xbb\xbf# of a test\r\nsubject:\tA b \r\nformat: rollcall.test/1\r\nlanguage: zh-Hant-TW\r\n"
        "direction: rtl\r\ncountries: TW * HK\r\nthousands: narrow-space\r\n"
        "months: a,b, c ,d,e,f,g,h,i,j,k,l m\r\ndate-long: {{day}} {{month}}\r\n\r\nText\r\n";
    if (parse(text, sizeof text - 1, arena, &t, &note))
        fail_msg("%s", note.text);
    assert_string_equal(t.language, "zh-Hant-TW");
    assert_true(t.rtl && t.for_others);
    assert_int_equal(t.country_count, 2);
    assert_string_equal(t.countries[0], "TW");
    assert_string_equal(t.countries[1], "HK");
    assert_int_equal(t.countries_line, 6);
    assert_string_equal(t.separator, "\u202f");
    assert_string_equal(t.months[2], "c");
    assert_string_equal(t.months[11], "l m");
    if (parse(HEAD "\n", sizeof HEAD, arena, &t, &note))
        fail_msg("%s", note.text);
    assert_false(t.rtl || t.for_others || t.country_count || t.countries_line || t.months[0]);
    assert_string_equal(t.separator, "");
    arena_free(arena);
}

static void test_fields(void **state)
{
    (void)state;
    expect_letter(HEAD "\n{{count}} {{ networks-proved }} {{networks-not-disproved}} {{networks-at-risk}}\n",
        ALL, "Subject: S\n\n1234567 12 1111 12\u20131111\n");
    expect_letter(HEAD "thousands: point\n\n{{count}} "
                       "{{networks-at-risk}}\n{{#users-known}}{{users-at-risk}}{{/users-known}}",
        ALL, "Subject: S\n\n1.234.567 12\u20131.111\n999\n");
    expect_letter(HEAD
        "months: 1,2,3,4,5,6,7,8,9,Oct,11,12\ndate-long: {{day}} {{month}} {{year}} ({{month-number}})\n\n"
        "{{#before}}{{roll-date}} {{roll-time}} {{roll-date-long}}{{/before}}",
        ALL, "Subject: S\n\n2018-10-11 16:00 11 Oct 2018 (10)\n");
    expect_letter("language: ar\ndirection: rtl\nsubject: {{count}}!\nformat: "
                  "rollcall.test/1\n\n{{count}}.\n{{list}}\n",
        ALL,
        "Subject: \u20681234567\u2069!\n\n\u200f\u20681234567\u2069.\n\u2068192.0.2.1   x\u2069\n\n"
        "\u2068    198.51.100.1 - a line that is longer than seventy-two columns, and stays whole\u2069\n");
}

/* A value is no template, no line of its own, no escape and turns nothing. */
static void test_hostile_values(void **state)
{
    (void)state;
    static const struct template_value hostile[FIELDS] = {
        [NAME] = {.text = "{{count}}\r\nBcc: a\x01\xff\u2069\u202e"}};
    struct arena *arena = arena_new();
    struct template template;
    struct err_note note;
    struct text letter;
    static const char text[] = "format: rollcall.test/1\nlanguage: en\nsubject: {{name}}\n\nDear {{name}}\n";
    static const char want[] = "{{count}}\\x0d\\x0aBcc: a\\x01\\xff\\xe2\\x81\\xa9\\xe2\\x80\\xae\n";
    char whole[256];
    text_start(&letter);
    assert_int_equal(parse(text, sizeof text - 1, arena, &template, &note), 0);
    assert_int_equal(template_write(&template, hostile, 0, &letter), 0);
    snprintf(whole, sizeof whole, "Subject: %s\nDear %s", want, want);
    assert_string_equal(letter.string, whole);
    text_free(&letter);
    arena_free(arena);
}

static void test_sections(void **state)
{
    (void)state;
    static const char text[] =
        HEAD "\n\n{{#before}}\nOne\n{{#users-known}}\n\nTwo\n\n{{/users-known}}\n{{/before}}\n"
             "{{^before}}\nThree{{#users-known}}, known{{/users-known}}\n{{/before}}\n\nEnd\n\n\n";
    expect_letter(text, ALL, "Subject: S\n\nOne\n\nTwo\n\nEnd\n");
    expect_letter(text, 1 << BEFORE, "Subject: S\n\nOne\n\nEnd\n");
    expect_letter(text, 1 << USERS_KNOWN, "Subject: S\n\nThree, known\n\nEnd\n");
    expect_letter(text, 0, "Subject: S\n\nThree\n\nEnd\n");
    expect_letter(HEAD "\na {{#before}}b\n{{/before}}\n{{list}}\nc", 0,
        "Subject: S\n\na\n192.0.2.1   x\n\n    198.51.100.1 - a line that is longer than seventy-two "
        "columns, and stays whole\nc\n");
    expect_letter(
        "format: rollcall.test/1\nlanguage: en\nsubject: {{#before}}A{{/before}}{{^before}}B{{/before}}\n\nx",
        0, "Subject: B\n\nx\n");
}

static const struct {
    const char *text, *where, *word;
} refused[] = {
    {"", "1:1", "format"},
    {"\n\ntext", "1:1", "format"},
    {"format: rollcall.test/1\nlanguage: en\n\nx", "3:1", "'subject'"},
    {"format: rollcall.test/1\nsubject: x\n\nx", "3:1", "'language'"},
    {"format: rollcall.test/2\n", "1:9", "rollcall.test/1"},
    {HEAD, "4:1", "blank line"},
    {HEAD "no colon\n\n", "4:1", "name: value"},
    {HEAD "colour: red\n\n", "4:1", "colour"},
    {HEAD "subject: again\n\n", "4:1", "line 3"},
    {"format: rollcall.test/1\nlanguage:\n", "2:10", "value"},
    {"format: rollcall.test/1\nlanguage: e\n", "2:11", "language"},
    {"format: rollcall.test/1\nlanguage: ../en\n", "2:11", "language"},
    {"format: rollcall.test/1\nlanguage: en--x\n", "2:11", "language"},
    {"format: rollcall.test/1\nlanguage: en-abcdefghi\n", "2:11", "language"},
    {HEAD "direction: up\n\n", "4:12", "rtl"},
    {HEAD "countries: FR fr\n\n", "4:15", "capital"},
    {HEAD "countries: FR * FR\n\n", "4:17", "FR"},
    {HEAD "countries: FRA\n\n", "4:12", "two capital"},
    {HEAD "thousands: ;\n\n", "4:12", "comma"},
    {HEAD "months: a,b\n\n", "4:9", "there are 2"},
    {HEAD "months: a,b,c,d,e,f,g,h,,j,k,l\n\n", "4:25", "twelve"},
    {HEAD "months: a,b,c,d,e,f,g,h,i,j,k,l,m\n\n", "4:33", "twelve"},
    {HEAD "date-long: {{month}}\n\n", "4:12", "months"},
    {HEAD "date-long: {{hour}}\n\n", "4:12", "hour"},
    {HEAD "\n{{#dated}}{{roll-date-long}}{{/dated}}", "5:11", "date-long"},
    {HEAD "\nä {{nobody}}", "5:3", "'nobody'"},
    {HEAD "\n{{networks}}", "5:1", "'networks'"},
    {HEAD "\n{{count-date}}", "5:1", "'count-date'"},
    {HEAD "\n{{#nobody}}", "5:1", "'nobody'"},
    {HEAD "\n{{count", "5:1", "'}}'"},
    {HEAD "\n{{count\n}}", "5:1", "'}}'"},
    {HEAD "\n{{}}", "5:1", "name"},
    {HEAD "\n{{{count}}}", "5:1", "name"},
    {HEAD "\n{{Count}}", "5:1", "name"},
    {HEAD "\nx\n  {{#before}}\n", "6:3", "never closed"},
    {HEAD "\n{{/before}}", "5:1", "no section"},
    {HEAD "\n{{#before}}\n{{#dated}}{{/before}}", "6:11", "'dated', opened on line 6"},
    {HEAD "\n{{users-proved}}", "5:1", "{{#users-known}}"},
    {HEAD "\n{{^users-known}}{{users-proved}}{{/users-known}}", "5:17", "{{#users-known}}"},
    {HEAD "\n{{#users-known}}{{/users-known}}{{users-proved}}", "5:33", "{{#users-known}}"},
    {HEAD "\n{{#dated}}{{#users-known}}{{/users-known}}{{users-proved}}", "5:43", "{{#users-known}}"},
    {HEAD "\nx {{list}}", "5:3", "alone"},
    {"format: rollcall.test/1\nlanguage: en\nsubject: {{list}}\n\nx", "3:10", "subject"},
    {HEAD "\na\x07", "5:2", "U+0007"},
    {HEAD "\nx\r\ry", "5:2", "U+000D"},
    {HEAD "\nx\u2028y", "5:2", "U+2028"},
    {HEAD "\nx\x01", "5:2", "U+0001"},
    {HEAD "\nä\xc3(", "5:2", "UTF-8"},
    {HEAD "\n{{#before}}{{#before}}{{#before}}{{#before}}{{#before}}{{#before}}{{#before}}{{#before}}{{#"
          "before}}",
        "5:89", "8 sections"},
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct arena *arena = arena_new();
        struct template template;
        struct err_note note;
        char where[64];
        snprintf(where, sizeof where, "t.txt:%s: ", refused[i].where);
        if (parse(refused[i].text, strlen(refused[i].text), arena, &template, &note) != ERR_DATA ||
            strncmp(note.text, where, strlen(where)) || !strstr(note.text, refused[i].word))
            fail_msg("'%s', not '%s…%s', of\n%s", note.text, where, refused[i].word, refused[i].text);
        arena_free(arena);
    }
}

static void test_size(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct template template;
    struct err_note note;
    char *text = malloc(TEMPLATE_MAX_SIZE + 1);
    memset(text, 'x', TEMPLATE_MAX_SIZE + 1);
    memcpy(text, HEAD "\n", sizeof HEAD);
    assert_int_equal(parse(text, TEMPLATE_MAX_SIZE, arena, &template, &note), 0);
    assert_int_equal(parse(text, TEMPLATE_MAX_SIZE + 1, arena, &template, &note), ERR_DATA);
    assert_int_equal(parse(text, strlen(HEAD), arena, &template, &note), ERR_DATA);
    memcpy(text + 4, "\0", 1);
    assert_int_equal(parse(text, 100, arena, &template, &note), ERR_DATA);
    assert_string_equal(note.text, "t.txt:1:5: a control character, U+0000");
    free(text);
    arena_free(arena);
}

static void test_wrap(void **state)
{
    (void)state;
    static const struct {
        const char *line, *want;
    } cases[] = {
        {"", "\n"},
        {"one two", "one two\n"},
        {"1234567890", "1234567890\n"},
        {"12345 7890", "12345 7890\n"},
        {"12345 78901", "12345\n78901\n"},
        {"123456  901  ", "123456\n901\n"},
        {"12345678901 x", "12345678901\nx\n"},
        {"x 12345678901234 y", "x\n12345678901234\ny\n"},
        {"- one two three", "- one two\n  three\n"},
        {"  one two three", "  one two\n  three\n"},
        {"12. one two six", "12. one\n    two\n    six\n"},
        {"one twos :x", "one\ntwos :x\n"}, /* French */
        {"one deuxx » x", "one\ndeuxx » x\n"},
        {"-one two three", "-one two\nthree\n"},
        {"a\u00a0b\u00a0c\u00a0d\u00a0e f", "a\u00a0b\u00a0c\u00a0d\u00a0e\nf\n"},
        {"鍵は一つ、鍵は二つ", "鍵は一つ、\n鍵は二つ\n"},
        {"鍵鍵は一つ。二つ", "鍵鍵は一\nつ。二つ\n"}, /* the stop begins no line */
        {"鍵鍵鍵鍵「鍵」", "鍵鍵鍵鍵\n「鍵」\n"},     /* the bracket ends none */
        {"鍵20326番38696番", "鍵20326番\n38696番\n"}, /* numbers stay whole */
        {"éééé éééé éé", "éééé éééé\néé\n"},          /* marks are no columns */
        {"ab \u2068c d e f g h\u2069 i", "ab\n\u2068c d e f g h\u2069\ni\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text text;
        text_start(&text);
        wrap_line(cases[i].line, strlen(cases[i].line), 10, "", &text);
        assert_string_equal(text.string, cases[i].want);
        text_free(&text);
    }
    char line[3000];
    struct text text;
    memset(line, 'x', sizeof line);
    text_start(&text);
    wrap_line(line, sizeof line, 72, "", &text);
    for (char *at = text.string, *end; *at; at = end + 1) {
        end = strchr(at, '\n');
        assert_true(end - at < 998);
    }
    text_free(&text);
}

int main(void)
{
    const struct CMUnitTest all[] = {
        cmocka_unit_test(test_header),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_hostile_values),
        cmocka_unit_test(test_sections),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_wrap),
    };
    return cmocka_run_group_tests(all, NULL, NULL);
}

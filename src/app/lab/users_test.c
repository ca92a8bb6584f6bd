/* Broken configurations of users: one error, with file and line. What an older version wants to be told
 * otherwise. */
#include "app/lab/user.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MAIN "/nonexistent/main"

static const struct {
    const char *product, *text;
    int error;
    const char *note;
} cases[] = {
    {"named", "options {\n\tlisten-on { any; };\n", ERR_CONFIG, MAIN ":1: a { has no }"},
    {"named", "// a\n/* open\n", ERR_CONFIG, MAIN ":2: a remark does not end"},
    {"named", "options { directory \"/x; };\n", ERR_CONFIG, MAIN ":1: a string does not end"},
    {"named", "\n\ninclude \"/nonexistent/other\";\n", ERR_CONFIG,
        MAIN ":3: include: /nonexistent/other: there is no such file"},
    {"named", "trust-anchors { . initial-key 257 3 8 \"AwEAAQ==\" };\n", ERR_CONFIG,
        MAIN ":1: a trust anchor is not ended"},
    {"unbound", "server:\n  interface 127.0.0.1\n", ERR_CONFIG, MAIN ":2: \"interface\" is no option"},
    {"unbound", "server:\n  port:\n  verbosity: 1\n", ERR_CONFIG, MAIN ":2: port: has no value"},
    {"unbound", "include: \"/nonexistent/other\"\n", ERR_CONFIG, MAIN ":1: include: /nonexistent/other"},
    {"unbound", "server:\n trust-anchor-file: \"/nonexistent/key\"\n", ERR_NOINPUT, "/nonexistent/key"},
    {"kresd", "net.listen('127.0.0.1)\n", ERR_CONFIG, MAIN ":1: a string does not end"},
    {"kresd", "--[[ a\n", ERR_CONFIG, MAIN ":1: a remark does not end"},
    {"kresd", "trust_anchors.add_file('/nonexistent/key', true)", ERR_CONFIG,
        MAIN ":1: /nonexistent/key: there is no such file"},
    {"kresd", "# 6\nworkers: 2\n", ERR_CONFIG, MAIN ":2: this is YAML"},
    {"kresd", "modules:load('stats')\n", 0, ""}, /* this is Lua */
    {"pdns_recursor", "dnssec:\n  validation: validate\n", ERR_CONFIG, MAIN ":1: this is YAML"},
    {"dnsmasq", "dnssec\ntrust-anchor=.,x\n", ERR_CONFIG, MAIN ":2: trust-anchor: \".,x\" is none"},
    {"dnsmasq", "conf-file=/nonexistent/other\n", ERR_CONFIG,
        MAIN ":1: /nonexistent/other: there is no such file"},
    {"dnsmasq", "conf-file=" MAIN "\nserver=10.0.0.1\n", 0, ""}, /* itself: read once */
};

static void test_broken(void **state)
{
    static const struct lab_anchor anchor = {"1 8 2 AA", "257 3 8 AwEAAQ==", 20326};
    const struct lab_setup setup = {.config = MAIN,
        .directory = "/nonexistent/lab",
        .program = "/nonexistent/program",
        .address = "127.0.0.1",
        .anchors = &anchor,
        .anchor_count = 1,
        .forward_to = "198.18.0.53"};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct draft draft = {.setup = &setup, .arena = arena_new()};
        struct draft_file *file;
        struct lab_start start = {.argv = NULL};
        struct product_words words = {.count = 0};
        struct err_note note = {""};
        assert_int_equal(draft_give(&draft, MAIN, cases[i].text, strlen(cases[i].text), &file, &note), 0);
        int rc = lab_product(cases[i].product)->functions->users(&draft, &words, &start, &note);
        if (rc != cases[i].error || strncmp(note.text, cases[i].note, strlen(cases[i].note)) != 0)
            fail_msg("case %zu: %d \"%s\"", i, rc, note.text);
        arena_free(draft.arena);
    }
}

static void test_versions(void **state)
{
    static const struct lab_anchor anchor = {"1 8 2 AA", "257 3 8 AwEAAQ==", 20326};
    static const struct {
        const char *version;
        bool follow;
        const char *text;
    } rows[] = {
        {"9.11.5-P4", true, "managed-keys {\n    \".\" initial-key 257 3 8 \"AwEAAQ==\";\n};\n"},
        {"9.14.12", false, "trusted-keys {\n    \".\" 257 3 8 \"AwEAAQ==\";\n};\n"},
        {"9.16.50-Debian", true, "trust-anchors {\n    \".\" initial-key 257 3 8 \"AwEAAQ==\";\n};\n"},
        {"9.20.30", false, "trust-anchors {\n    \".\" static-key 257 3 8 \"AwEAAQ==\";\n};\n"},
        {NULL, false, "trust-anchors {\n    \".\" static-key 257 3 8 \"AwEAAQ==\";\n};\n"},
        {"unknown", false, "trust-anchors {\n    \".\" static-key 257 3 8 \"AwEAAQ==\";\n};\n"},
        {"10.0", false, "trust-anchors {\n    \".\" static-key 257 3 8 \"AwEAAQ==\";\n};\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct lab_setup setup = {.version = rows[i].version, .anchors = &anchor, .anchor_count = 1};
        struct text text;
        text_start(&text);
        product_anchors(&setup, rows[i].follow, &text);
        assert_string_equal(text.string, rows[i].text);
        text_free(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_broken), cmocka_unit_test(test_versions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

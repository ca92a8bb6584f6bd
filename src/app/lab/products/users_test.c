/* Broken configurations of users: one error, with file and line. What an older version wants to be told
 * otherwise. */
#include "app/lab/products/user.h"

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

#define KEY                                                                                                  \
    "AwEAAaz/tAm8yTn4Mfeh5eyI96WSVexTBAvkMgJzkKTOiW1vkIbzxeF3+/"                                             \
    "4RgWOq7HrxRixHlFlExOLAJr5emLvN7SWXgnLh4+"                                                               \
    "B5xQlNVz8Og8kvArMtNROxVQuCaSnIDdD5LKyWbRd2n9WGe2R8PzgCmr3EgVLrjyBxWezF0jLHwVN8efS3rCj/"                 \
    "EWgvIWgb9tarpVUDK/b58Da+sqqls3eNbuv7pr+eoZG+SrDK6nWeL3c6H5Apxz7LjVc1uTIdsIXxuOLYA4/"                    \
    "ilBmSVIzuDWfdRUfhHdY6+cn8HFRm+2hM8AnXGXws9555KrUB5qihylGa8subX2Nn6UwNR1AkUTV74bU="
#define DS17 "20326 8 2 AA"
#define DS24 "38696 8 2 BB"
#define OPTIONS(validation) "options { dnssec-validation " validation "; };\n"

/* What a configuration trusts at first, and whether that changes by RFC 5011; what is said; what it becomes.
 */
static const struct {
    const char *product, *text;
    bool follows;
    uint16_t tags[3];
    const char *said, *becomes; /* parts, or NULL */
} trusts[] = {
    /* BIND: "auto" is bind.keys (here what an installation has), "yes" is what is written */
    {"named", OPTIONS("auto"), true, {20326}, NULL, NULL},
    {"named", "options { };", true, {20326}, NULL, NULL},
    {"named", OPTIONS("no"), false, {0}, NULL, NULL},
    {"named", OPTIONS("yes"), false, {0}, NULL, NULL},
    {"named", OPTIONS("yes") "trust-anchors { . static-key 257 3 8 \"" KEY "\"; };", false, {20326}, NULL,
        NULL},
    {"named", OPTIONS("yes") "trusted-keys { \".\" 257 3 8 \"" KEY "\"; };", false, {20326}, NULL,
        "AwEAAQ=="},
    {"named", OPTIONS("yes") "managed-keys { . initial-key 257 3 8 \"" KEY "\"; };", true, {20326}, NULL,
        NULL},
    {"named", OPTIONS("yes") "trust-anchors { . static-ds 20326 8 2 \"AA\"; . static-ds 38696 8 2 \"BB\"; };",
        false, {20326, 38696}, NULL, "static-ds 2 8 2 \"BB\""},
    {"named", OPTIONS("yes") "trust-anchors { example. static-ds 20326 8 2 \"AA\"; };", false, {0}, NULL,
        NULL},
    /* … of several views the one that is worst off; who does not recurse is not asked */
    {"named",
        OPTIONS("auto") "view a { match-clients { 10.0.0.0/8; }; }; view b { dnssec-validation yes;"
                        " trust-anchors { . static-ds 20326 8 2 \"AA\"; }; }; view c { recursion no; };",
        false, {20326}, "its view c is not asked: it does not recurse",
        "match-clients { 127.0.1.1; !127.0.1.0/24; 127.0.0.0/8; 10.0.0.0/8;"},
    {"named", "view a { dnssec-validation no; }; view b { };", true, {20326}, "its view a is not asked",
        NULL},
    {"named", "options { forwarders port 853 tls t { 192.0.2.1; }; };", true, {20326}, "without TLS",
        "forwarders { 198.18.0.53; }"},
    {"unbound", "server:\n auto-trust-anchor-file: /nonexistent/root.key\n", true, {20326},
        "does not start without it", NULL},
    {"unbound", "server:\n trust-anchor: \". DS " DS17 "\"\n trust-anchor: '. IN DS " DS24 "'\n", false,
        {20326, 38696}, NULL, ". IN DS 2 8 2 BB"},
    {"unbound", "server:\n verbosity:1\n ipsecmod-hook:/usr/libexec/hook\n", false, {0}, NULL, NULL},
    {"unbound", "server: verbosity: 1\nauth-zone:\n name: \".\"\n zonefile: x\nforward-zone:\n name: a\n",
        false, {0}, "its own copy of the root zone", "verbosity: 1\nforward-zone:\n name: a"},
    {"unbound", "auth-zone:\n name: example\n zonefile: x\n", false, {0}, NULL, "auth-zone:\n name: example"},
    /* kresd: what comes last takes the place of what was; a file is managed unless it says true */
    {"kresd", "trust_anchors.remove('.')\n", false, {0}, NULL, NULL},
    {"kresd", "trust_anchors.add('. IN DS " DS17 "')\ntrust_anchors.add('. IN DS " DS24 "')", false, {38696},
        "takes the place of all anchors", NULL},
    {"kresd", "trust_anchors.add([[. IN DS " DS17 "\n. IN DS " DS24 "]])", false, {20326, 38696},
        "takes the place", NULL},
    {"kresd", "trust_anchors.add_file('/nonexistent/root.keys')", true, {20326}, "is not there", NULL},
    {"kresd", "modules = { 'http', 'stats' }", false, {20326}, "the module http is left out",
        "net.ipv6 = false"},
    /* the Recursor: what is compiled in until it is cleared */
    {"pdns_recursor", "quiet=yes\n", false, {20326}, "which anchors are compiled into it", "clearTA('.')"},
    {"dnsmasq", "dnssec\ntrust-anchor=.,20326,8,2,AA\ntrust-anchor=.,IN,38696,8,2,BB\n", false,
        {20326, 38696}, "it forwards to the servers of resolv.conf", "trust-anchor=.,2,8,2,BB"},
    {"dnsmasq", "server=10.0.0.1\nserver=10.0.0.2\nserver=/a/10.0.0.3\n", false, {0},
        "it forwards to 10.0.0.1", "server=198.18.0.53\nserver=/a/10.0.0.3"},
};

static void check_trust(size_t i, const struct draft *draft)
{
    const struct lab_trust *trust = &draft->trust;
    struct text text;
    size_t count = 0;
    text_start(&text);
    text_printf(&text, "%s %s", draft->limited ? draft->limited : "", draft->noted ? draft->noted : "");
    while (count < 3 && trusts[i].tags[count])
        count++;
    bool right = trust->known && trust->count == count && (count == 0 || trust->follows == trusts[i].follows);
    for (size_t k = 0; k < count && right; k++)
        right = trust->tags[k] == trusts[i].tags[k];
    if (!right)
        fail_msg(
            "case %zu: %zu keys, the first %u, follows %d", i, trust->count, trust->tags[0], trust->follows);
    if (trusts[i].said ? !strstr(text.string, trusts[i].said) : text.length > 1)
        fail_msg("case %zu: \"%s\" is said", i, text.string);
    for (size_t f = 0; f < draft->file_count; f++)
        draft_text(draft->files[f], &text);
    if (trusts[i].becomes && !strstr(text.string, trusts[i].becomes))
        fail_msg("case %zu: no \"%s\" in %s", i, trusts[i].becomes, text.string);
    text_free(&text);
}

static void test_trust(void **state)
{
    static const struct lab_anchor twins[] = {
        {"1 8 2 AA", "257 3 8 AwEAAQ==", 20326}, {"2 8 2 BB", "257 3 8 AwEAAg==", 38696}};
    static const struct lab_setup setup = {.config = MAIN,
        .directory = "/nonexistent/lab",
        .program = "/nonexistent/program",
        .address = "127.0.0.1",
        .anchors = twins,
        .anchor_count = 1,
        .twins = twins,
        .twin_count = 2,
        .forward_to = "198.18.0.53"};
    (void)state;
    for (size_t i = 0; i < sizeof trusts / sizeof *trusts; i++) {
        struct draft draft = {.setup = &setup, .arena = arena_new()};
        struct draft_file *file;
        struct lab_start start = {.argv = NULL};
        struct product_words words = {.count = 0};
        struct err_note note = {""};
        assert_int_equal(draft_give(&draft, MAIN, trusts[i].text, strlen(trusts[i].text), &file, &note), 0);
        if (lab_product(trusts[i].product)->functions->users(&draft, &words, &start, &note))
            fail_msg("case %zu: \"%s\"", i, note.text);
        check_trust(i, &draft);
        arena_free(draft.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_broken), cmocka_unit_test(test_versions), cmocka_unit_test(test_trust)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

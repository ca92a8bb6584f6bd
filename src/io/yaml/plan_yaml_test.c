/* plan files: round trips of every built-in plan and of operated ones, places of faults, edits that keep
 * comments. */
#include "io/yaml/plan_yaml.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct plan *builtin(const char *name)
{
    struct plan *plan;
    assert_int_equal(plan_builtin(name, &plan), 0);
    return plan;
}

static int64_t at(const char *text)
{
    int64_t us;
    assert_int_equal(utc_parse(text, &us), 0);
    return us;
}

static void assert_round_trip(const struct plan *plan)
{
    struct text text;
    struct plan *again;
    struct err_note note = {""};
    text_start(&text);
    assert_int_equal(plan_yaml_write(plan, &text), 0);
    if (plan_yaml_read("again", text.string, text.length, &again, &note))
        fail_msg("%s: %s\n%s", plan->name, note.text, text.string);
    assert_true(plan_equal(plan, again));
    plan_free(again);
    text_free(&text);
}

static void builtins_round_trip(void **state)
{
    for (size_t i = 0; i < plan_builtin_count(); i++) {
        struct plan *plan = builtin(plan_builtin_name(i)), *started;
        assert_round_trip(plan);
        if (plan->relative) {
            assert_int_equal(
                plan_start(plan, at("2026-11-24T22:00:00.000001Z"), "x.example.", 172800, &started, NULL), 0);
            assert_round_trip(started);
            plan_free(started);
        }
        plan_free(plan);
    }
}

static void operated_round_trip(void **state)
{
    struct plan *plan = builtin("root-2018"), *back, *again;
    struct plan_decision by = {
        .now_us = at("2018-10-14T08:00:00.5Z"), .who = "A \"B\": #C", .reason = "two\nlines: yes"};
    assert_int_equal(plan_back_out(plan, by, &back, NULL), 0);
    assert_round_trip(back);
    by.now_us = at("2018-11-01");
    by.who = NULL;
    assert_int_equal(plan_resume(back, at("2018-12-11T16:00:00Z"), by, &again, NULL), 0);
    assert_round_trip(again);
    plan_free(again);
    plan_free(back);
    plan_free(plan);
}

#define HEAD "format: rollcall.plan/1\nname: x\nzone: x.\ndnskey-ttl: 60\nsignature-validity: 7d\n"
#define KEYS HEAD "keys:\n"
#define KEY KEYS "  - id: A\n    algorithm: 13\n"
#define GOOD KEY "    steps:\n      - publish: 2020-01-01\n      - sign: 2020-01-01\n"

/* Each fault at its line and column. */
static const struct {
    const char *document, *says;
} bad_rows[] = {
    {"name: x\n", "f:1:1: format is missing in a plan"},
    {"format: rollcall.plan/2\n", "f:1:9: format: only rollcall.plan/1 is known here"},
    {"- a\n", "f:1:1: a plan expected: lines of NAME: VALUE"},
    {HEAD, "f:1:1: keys is missing in a plan"},
    {HEAD "color: red\n", "f:6:1: 'color' has no meaning here; what has: format, name, title"},
    {HEAD "keys: none\n", "f:6:7: a list of keys expected"},
    {HEAD "keys: []\n", "f:1:1: a plan has 1 to 32 keys"},
    {KEYS "  - A\n", "f:7:5: a key expected"},
    {KEYS "  - id: A\n", "f:7:5: algorithm is missing in a key"},
    {KEYS "  - id: A\n    algorithm: RSA\n", "f:8:16: an algorithm expected"},
    {KEYS "  - id: A\n    algorithm: 8\n    steps: [{publish: 2020-01-01}]\n",
        "f:7:5: key A: bits are 512 to 4096 for RSA"},
    {KEY "    tag: 65536\n", "f:9:10: a number from 0 to 65535 expected"},
    {KEY "    tag: -1\n", "f:9:10: a number from 0 to 65535 expected"},
    {KEY "    role: both\n", "f:9:11: ksk or zsk expected"},
    {KEY "    ds-sha256: 00\n    steps: [{publish: 2020-01-01}]\n", "f:7:5: key A: a SHA-256 digest"},
    {KEY "    steps: []\n", "f:7:5: key A: a key has 1 to 64 steps"},
    {KEY "    steps:\n      - publish: 2020-13-01\n", "f:10:18: a date expected"},
    {KEY "    steps:\n      - publish: soon\n", "f:10:18: a date expected"},
    {KEY "    steps:\n      - planned: true\n",
        "f:10:9: a step is one of publish, sign, stop, revoke, withdraw; here are 0"},
    {KEY "    steps:\n      - publish: 2020-01-01\n        sign: 2020-01-01\n",
        "f:10:9: a step is one of publish, sign, stop, revoke, withdraw; here are 2"},
    {KEY "    steps:\n      - publish: 2020-01-01\n        planned: maybe\n",
        "f:11:18: true or false expected"},
    {KEY "    steps:\n      - sign: 2020-01-01\n", "f:10:9: key A, step 1 (sign): it is not published"},
    {GOOD "      - stop: 2019-12-31\n", "f:12:9: key A, step 3 (stop): it comes before the step before it"},
    {GOOD "      - stop: 2021-01-01\n", "f:12:9: at 2021-01-01: no published key that is not revoked signs"},
    {GOOD "      - sign: 2021-01-01\n", "f:12:9: key A, step 3 (sign): it signs already"},
    {GOOD "      - stop: open\n      - sign: 2022-01-01\n",
        "f:13:9: key A, step 4 (sign): it has a date, but the step before it is open"},
    {GOOD "        was: 2020-01-01\n", "f:11:9: key A, step 2 (sign): only an open step"},
    {GOOD "  - id: A\n    algorithm: 13\n    steps: [{publish: 2020-01-01}]\n",
        "f:12:5: key A: two keys have this id"},
    {GOOD "  - id: B\n    algorithm: 15\n    steps: [{publish: 2020-01-01}]\n",
        "f:14:13: at 2020-01-01: key B is published, but nothing signs the DNSKEY RRset with its "
        "algorithm 15"},
    {GOOD "  - id: Z\n    role: zsk\n    algorithm: 13\n    steps: [{publish: 2020-01-01}]\n",
        "f:15:13: at 2020-01-01: no published zone-signing key signs"},
    {GOOD "history:\n  - operation: postpone\n    at: 2020-02-01\n",
        "f:13:5: reason is missing in an operation"},
    {GOOD "history:\n  - operation: undo\n    at: 2020-02-01\n    reason: x\n",
        "f:13:5: history 1: an operation is postpone"},
    {GOOD "history:\n  - operation: note\n    at: 2020-02-01\n    reason: x\n  - operation: note\n    "
          "at: 2020-01-01\n    reason: x\n",
        "f:16:5: history 2: it is older"},
    {GOOD "history:\n  - operation: note\n    at: 2020-02-01\n    reason: x\n    changes: [{key: B, "
          "step: sign, from: open, to: open}]\n",
        "f:13:5: history 1: there is no key B"},
    {GOOD "template: true\n", "f:10:18: a span of time expected"},
    {GOOD "start: 2020-01-01\ntemplate: true\n", "f:10:18: a span of time expected"},
    {KEY "    steps: [{publish: 2020-01-01}]\n", "f:1:1: no key-signing key ever signs"},
    {"format: rollcall.plan/1\nname: x y\n", "f:1:1: zone is missing"},
    {"format: rollcall.plan/1\nname: \"\"\n", "f:2:7: a text that is empty"},
    {"format: rollcall.plan/1\ndnskey-ttl: 1.5s\n", "f:2:13: whole seconds expected"},
    {"format: rollcall.plan/1\ndnskey-ttl: P1M\n", "f:2:13: a span of time expected"},
    {"format: rollcall.plan/1\nadd-hold-down: -P1D\n", "f:2:16: a span of time expected"},
    {"format: rollcall.plan/1\nname: [x\n", "f:3:1: "},
};

static void bad_files(void **state)
{
    for (size_t i = 0; i < sizeof bad_rows / sizeof *bad_rows; i++) {
        struct plan *plan = NULL;
        struct err_note note = {""};
        assert_int_equal(
            plan_yaml_read("f", bad_rows[i].document, strlen(bad_rows[i].document), &plan, &note), ERR_DATA);
        assert_null(plan);
        if (strncmp(note.text, bad_rows[i].says, strlen(bad_rows[i].says)) != 0)
            fail_msg("row %zu: %s", i, note.text);
    }
}

static const char commented[] = "# Our plan. Ask Ana before changing it.\n"
                                "\n"
                                "format: rollcall.plan/1\n"
                                "name: ours\n"
                                "zone: example.net.   # the private root\n"
                                "dnskey-ttl: 2d\n"
                                "signature-validity: 14d\n"
                                "keys:\n"
                                "  - steps:                 # the old one\n"
                                "    - {publish: 2020-01-01, note: first}\n"
                                "    - sign: 2020-01-01\n"
                                "    # both on one day\n"
                                "    - stop: 2026-06-01     # see ticket 12\n"
                                "    - revoke: 2026-07-01T12:00:00+02:00\n"
                                "      note: with care\n"
                                "    - withdraw: \"2026-09-01\"\n"
                                "    id: OLD\n"
                                "    algorithm: ECDSAP256SHA256\n"
                                "  - id: NEW\n"
                                "    algorithm: 13\n"
                                "    steps:\n"
                                "      - publish: 2026-02-01\n"
                                "      - sign: 2026-06-01 # \xc3\xa9\n"
                                "# the end\n";

static const char commented_and_held[] =
    "# Our plan. Ask Ana before changing it.\n"
    "\n"
    "format: rollcall.plan/1\n"
    "name: ours\n"
    "zone: example.net.   # the private root\n"
    "dnskey-ttl: 2d\n"
    "signature-validity: 14d\n"
    "keys:\n"
    "  - steps:                 # the old one\n"
    "    - {publish: 2020-01-01, note: first}\n"
    "    - sign: 2020-01-01\n"
    "    # both on one day\n"
    "    - stop: open     # see ticket 12\n"
    "      was: 2026-06-01\n"
    "    - revoke: open\n"
    "      was: 2026-07-01T10:00:00Z\n"
    "      note: with care\n"
    "    - withdraw: open\n"
    "      was: 2026-09-01\n"
    "    id: OLD\n"
    "    algorithm: ECDSAP256SHA256\n"
    "  - id: NEW\n"
    "    algorithm: 13\n"
    "    steps:\n"
    "      - publish: 2026-02-01\n"
    "      - sign: open # \xc3\xa9\n"
    "        was: 2026-06-01\n"
    "history:\n"
    "  - operation: postpone\n"
    "    at: 2026-05-01\n"
    "    who: Ana\n"
    "    reason: not ready\n"
    "    changes:\n"
    "      - {key: OLD, step: stop, from: 2026-06-01, to: open}\n"
    "      - {key: OLD, step: revoke, from: 2026-07-01T10:00:00Z, to: open}\n"
    "      - {key: OLD, step: withdraw, from: 2026-09-01, to: open}\n"
    "      - {key: NEW, step: sign, from: 2026-06-01, to: open}\n"
    "# the end\n";

static struct plan *read_text(const char *text)
{
    struct plan *plan;
    struct err_note note = {""};
    if (plan_yaml_read("f", text, strlen(text), &plan, &note))
        fail_msg("%s\n%s", note.text, text);
    return plan;
}

static void assert_edit(const char *text, const struct plan *after, bool rewritten, struct text *ret)
{
    bool was_rewritten;
    text_start(ret);
    assert_int_equal(plan_yaml_edit(text, strlen(text), after, ret, &was_rewritten), 0);
    if (was_rewritten != rewritten)
        fail_msg("rewritten: %d\n%s", was_rewritten, ret->string);
    struct plan *again = read_text(ret->string);
    assert_true(plan_equal(again, after));
    plan_free(again);
}

/* Postponed, resumed and backed out: dates change where they stand, and every comment is still there. */
static void edits_keep_comments(void **state)
{
    struct plan *plan = read_text(commented), *held, *resumed, *back;
    struct plan_decision by = {.now_us = at("2026-05-01"), .who = "Ana", .reason = "not ready"};
    struct text one, two, three;
    assert_int_equal(plan_postpone(plan, UTC_OPEN, by, &held, NULL), 0);
    assert_edit(commented, held, false, &one);
    assert_string_equal(one.string, commented_and_held);
    by.now_us = at("2026-08-01");
    assert_int_equal(plan_resume(held, at("2026-10-01"), by, &resumed, NULL), 0);
    assert_edit(one.string, resumed, false, &two);
    assert_non_null(strstr(two.string,
        "    - stop: 2026-10-01     # see ticket 12\n    - revoke: 2026-10-31T10:00:00Z\n      note"));
    by.now_us = at("2026-10-02");
    assert_int_equal(plan_back_out(resumed, by, &back, NULL), 0);
    assert_edit(two.string, back, false, &three);
    assert_non_null(strstr(three.string, "    - stop: 2026-10-01     # see ticket 12\n"
                                         "    - sign: 2026-10-02\n"
                                         "    - stop: open\n"
                                         "      was: 2026-10-01\n"
                                         "    - revoke: open\n"));
    for (const char *const *word = (const char *const[]){"Ask Ana", "private root", "old one", "both on",
             "ticket 12", "\xc3\xa9", "the end", NULL};
         *word; word++)
        assert_non_null(strstr(three.string, *word));
    text_free(&one);
    text_free(&two);
    text_free(&three);
    plan_free(plan);
    plan_free(held);
    plan_free(resumed);
    plan_free(back);
}

/* Flow style cannot be edited by lines: the whole is written anew, with the comments at its head. */
static void flow_style_is_rewritten(void **state)
{
    static const char flow[] =
        "# head\nformat: rollcall.plan/1\nname: x\nzone: x.\ndnskey-ttl: 60\nsignature-validity: 7d # lost\n"
        "keys: [{id: A, algorithm: 13, steps: [{publish: 2020-01-01}, {sign: 2020-01-01}]},\n"
        " {id: B, algorithm: 13, steps: [{publish: 2030-01-01}]}]\n";
    struct plan *plan = read_text(flow), *held;
    struct plan_decision by = {.now_us = at("2026-05-01"), .reason = "r"};
    struct text text;
    assert_int_equal(plan_postpone(plan, UTC_OPEN, by, &held, NULL), 0);
    assert_edit(flow, held, true, &text);
    assert_memory_equal(text.string, "# head\nformat:", 14);
    assert_null(strstr(text.string, "lost"));
    text_free(&text);
    plan_free(held);
    plan_free(plan);
}

/* A file whose last line has no end. */
static void last_line_without_end(void **state)
{
    static const char text[] = GOOD "  - id: B\n    algorithm: 13\n    steps:\n      - publish: 2030-01-01";
    struct plan *plan = read_text(text), *held;
    struct plan_decision by = {.now_us = at("2026-05-01"), .reason = "r"};
    struct text out;
    assert_int_equal(plan_postpone(plan, UTC_OPEN, by, &held, NULL), 0);
    assert_edit(text, held, false, &out);
    text_free(&out);
    plan_free(held);
    plan_free(plan);
}

/* Lines that end with CR LF, a document that is begun and ended, and an older history in a list of its own
 * indentation. */
static void other_forms(void **state)
{
    static const char text[] =
        "%YAML 1.1\r\n---\r\nformat: rollcall.plan/1\r\nname: x\r\nzone: x.\r\ndnskey-ttl: 60\r\n"
        "signature-validity: 7d\r\nhistory: # old\r\n- operation: note\r\n  at: 2020-01-01\r\n  reason: "
        "|\r\n    two\r\n    lines\r\n"
        "keys:\r\n- id: A\r\n  algorithm: 13\r\n  steps:\r\n  - publish: 2020-01-01\r\n  - sign: "
        "2020-01-01\r\n"
        "  - note: 'kept'\r\n    \"stop\" : '2030-01-01' # why\r\n"
        "- id: B\r\n  algorithm: 13\r\n  steps:\r\n  - publish: 2025-01-01\r\n  - sign: "
        "2030-01-01\r\n...\r\n";
    struct plan *plan = read_text(text), *held;
    struct plan_decision by = {.now_us = at("2026-05-01"), .reason = "r"};
    struct text out;
    assert_int_equal(plan_postpone(plan, UTC_OPEN, by, &held, NULL), 0);
    assert_edit(text, held, false, &out);
    assert_non_null(strstr(out.string, "\"stop\" : open # why"));
    assert_non_null(strstr(out.string, "    lines\r\n- operation: postpone\n"));
    text_free(&out);
    plan_free(held);
    plan_free(plan);
}

static void finds(void **state)
{
    struct plan *plan;
    struct err_note note = {""};
    assert_int_equal(plan_yaml_find("testzone", &plan, &note), 0);
    assert_true(plan->builtin);
    plan_free(plan);
    assert_int_equal(plan_yaml_find("no-such-plan", &plan, &note), ERR_NOINPUT);
    assert_non_null(strstr(note.text, "root-2018"));
    assert_int_equal(plan_yaml_find("/", &plan, &note), ERR_NOINPUT);
    assert_non_null(strstr(note.text, "directory"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(builtins_round_trip),
        cmocka_unit_test(operated_round_trip),
        cmocka_unit_test(bad_files),
        cmocka_unit_test(edits_keep_comments),
        cmocka_unit_test(flow_style_is_rewritten),
        cmocka_unit_test(last_line_without_end),
        cmocka_unit_test(other_forms),
        cmocka_unit_test(finds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

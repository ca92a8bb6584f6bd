#include "app/report/gate/gate_file.h"

#include "base/utc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAD "format: rollcall.gate/1\nname: g\ntitle: T\ndecides: D\n"
#define ONE                                                                                                  \
    "criteria:\n- id: a\n  measure: old-only-users\n  at-most: 1 %\n  window: 14d\n  on-fail: postpone\n  "  \
    "why: W\n"
/* A criterion with other fields in the place of measure and bound, which are lines 7 and on. */
#define WITH(fields) HEAD "criteria:\n- id: a\n" fields "  window: 14d\n  on-fail: postpone\n  why: W\n"
#define BOUND(measure, bound) WITH("  measure: " measure "\n  " bound "\n")

static int parse(const char *text, struct arena *arena, struct gate_file *ret, struct err_note *note)
{
    note->text[0] = '\0';
    return gate_file_parse("g.yaml", text, strlen(text), arena, ret, note);
}

static void test_whole(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct gate_file file;
    struct err_note note;
    static const char text[] =
        HEAD "example: true\n" ONE "  unknown: allow\n  source: S\n"
             "- {id: b, measure: trend, at-least: -0.5, window: PT72H, on-fail: back-out, why: W2}\n"
             "dissent:\n- who: Ana\n  at: 2018-09-01T10:00:00Z\n  text: No.\n";
    assert_int_equal(parse(text, arena, &file, &note), 0);
    const struct gate *g = &file.gate;
    assert_string_equal(g->name, "g");
    assert_string_equal(g->title, "T");
    assert_string_equal(g->decides, "D");
    assert_true(g->example);
    assert_int_equal(g->count, 2);
    const struct gate_criterion *a = &g->criteria[0], *b = &g->criteria[1];
    assert_string_equal(a->id, "a");
    assert_string_equal(a->measure, "old-only-users");
    assert_string_equal(a->why, "W");
    assert_string_equal(a->source, "S");
    assert_true(a->bound == GATE_AT_MOST && a->threshold == 0.01 && a->window_us == 14 * UTC_DAY);
    assert_true(a->on_fail == GATE_POSTPONE && a->allow_unknown);
    assert_true(b->bound == GATE_AT_LEAST && b->threshold == -0.5 && b->window_us == 3 * UTC_DAY);
    assert_true(b->on_fail == GATE_BACK_OUT && !b->allow_unknown && !b->source);
    assert_int_equal(g->dissent_count, 1);
    assert_string_equal(g->dissent[0].who, "Ana");
    assert_string_equal(g->dissent[0].text, "No.");
    assert_int_equal(g->dissent[0].at_us, INT64_C(1535796000) * UTC_SECOND);
    assert_int_equal(strlen(file.sha256), 64);
    char before[SHA256_HEX];
    memcpy(before, file.sha256, sizeof before);
    assert_int_equal(parse(HEAD ONE, arena, &file, &note), 0);
    assert_string_not_equal(before, file.sha256);
    assert_true(!file.gate.example && !file.gate.dissent_count);
    arena_free(arena);
}

static void test_thresholds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double threshold; /* below -1000: refused */
    } rows[] = {
        {BOUND("old-only-users", "at-most: 0.5 %"), 0.005}, {BOUND("old-only-users", "at-most: 5%"), 0.05},
        {BOUND("old-only-users", "at-most: 0.05"), 0.05}, {BOUND("old-only-users", "at-most: 0"), 0},
        {BOUND("old-only-users", "at-most: 100 %"), 1}, {BOUND("old-only-users", "at-most: 0.999"), 0.999},
        {BOUND("old-only-users", "at-most: 1"), -9999}, /* 1 % or all? */
        {BOUND("old-only-users", "at-most: 5"), -9999}, {BOUND("old-only-users", "at-most: 100.1 %"), -9999},
        {BOUND("old-only-users", "at-most: -0.1"), -9999}, {BOUND("old-only-users", "at-most: 5 %%"), -9999},
        {BOUND("old-only-users", "at-most: 5  %"), -9999}, {BOUND("old-only-users", "at-most: nan"), -9999},
        {BOUND("old-only-users", "at-most: .inf"), -9999}, {BOUND("old-only-users", "at-most: 0x0p0"), -9999},
        {BOUND("old-only-users", "at-most: 1e-2"), -9999}, {BOUND("old-only-users", "at-most: .5"), -9999},
        {BOUND("old-only-users", "at-most: 0."), -9999}, {BOUND("old-only-users", "at-most: ' 0.5'"), -9999},
        {BOUND("old-only-users", "at-most: 0,5"), -9999}, {BOUND("old-only-users", "at-most: ''"), -9999},
        {BOUND("old-only-users", "at-most: [0.5]"), -9999},
        {BOUND("old-only-users", "at-most: 0.000000000000000000000000000000001"), -9999}, /* absurdly long */
        {BOUND("coverage-days", "at-least: 28"), 28}, {BOUND("coverage-days", "at-least: 27.5"), -9999},
        {BOUND("coverage-days", "at-least: 5 %"), -9999}, {BOUND("coverage-days", "at-least: -1"), -9999},
        {BOUND("coverage-gap-hours", "at-most: 1.5"), 1.5}, {BOUND("dnskey-factor", "at-most: 10"), 10},
        {BOUND("dnskey-factor", "at-most: 99999999999999"), -9999}, {BOUND("trend", "at-most: -0.25"), -0.25},
        {BOUND("trend", "at-most: 101"), -9999},
        {BOUND("trend", "at-most: 0.5 %"), -9999}, /* points are meant */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena *arena = arena_new();
        struct gate_file file;
        struct err_note note;
        int rc = parse(rows[i].text, arena, &file, &note);
        if (rows[i].threshold < -1000 ? rc != ERR_DATA || strncmp(note.text, "g.yaml:8:", 9) != 0
                                      : rc != 0 || file.gate.criteria[0].threshold != rows[i].threshold)
            fail_msg("row %zu: %d %s", i, rc, note.text);
        arena_free(arena);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *at, *says;
    } rows[] = {
        {"", "", ""},
        {"[]", "g.yaml:1:1: ", "a map is wanted here, of format, name"},
        {"format: rollcall.gate/2\n", "g.yaml:1:9: ", "'rollcall.gate/1' is wanted"},
        {HEAD, "g.yaml:1:1: ", "'criteria' is missing"},
        {HEAD "criterions: []\n", "g.yaml:5:1: ", "no field 'criterions' is known; there are format, name"},
        {HEAD "criteria: []\n", "g.yaml:5:11: ", "1 to 64 criteria"},
        {HEAD "criteria: x\n", "g.yaml:5:11: ", "1 to 64 criteria"},
        {HEAD "criteria: [x]\n", "g.yaml:5:12: ", "a map is wanted here, of id, measure, at-most"},
        {HEAD "example: yes\n" ONE, "g.yaml:5:10: ", "true or false"},
        {HEAD "name: h\n" ONE, "g.yaml:5:1: ", ""},
        {"name: -x\n", "g.yaml:1:7: ", "a name is wanted"},
        {"name: a/b\n", "g.yaml:1:7: ", "a name is wanted"},
        {"title: ''\n", "g.yaml:1:8: ", "a text is wanted"},
        {"title: {}\n", "g.yaml:1:8: ", "a text is wanted"},
        {HEAD ONE "  unknown: pass\n", "g.yaml:12:12: ", "'postpone' or 'allow'"},
        {HEAD ONE "  treshold: 5\n", "g.yaml:12:3: ", "no field 'treshold' is known; there are id, measure"},
        {HEAD ONE "- {id: a, measure: trend, at-most: 0, window: 1d, on-fail: postpone, why: w}\n",
            "g.yaml:12:8: ", "criterion 'a' stands already in line 6"},
        {BOUND("old-only", "at-most: 1 %"), "g.yaml:7:12: ",
            "no measure 'old-only' is known; there are old-only-sources, old-only-networks, old-only-users"},
        {BOUND("old-only", "at-most: 1 %"), "g.yaml:7:12: ", "dnskey-factor, trend"}, /* all of them */
        {WITH("  measure: trend\n"), "g.yaml:6:3: ", "either 'at-most' or 'at-least'"},
        {WITH("  measure: trend\n  at-most: 1\n  at-least: 0\n"), "g.yaml:6:3: ", "and not both"},
        {WITH("  at-most: 1\n"), "g.yaml:6:3: ", "'measure' is missing"},
        {HEAD ONE "dissent: no\n", "g.yaml:12:10: ", "a list"},
        {HEAD ONE "dissent: [{who: A, text: t}]\n", "g.yaml:12:11: ", "'at' is missing"},
        {HEAD ONE "dissent: [{who: A, at: soon, text: t}]\n", "g.yaml:12:24: ", "a time is wanted"},
        {HEAD ONE "dissent: [{who: A, at: 2018-01-01, text: t, vote: no}]\n",
            "g.yaml:12:45: ", "no field 'vote' is known; there are who, at, text"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena *arena = arena_new();
        struct gate_file file;
        struct err_note note;
        int rc = parse(rows[i].text, arena, &file, &note);
        if (rc != ERR_DATA || !note.text[0] || strncmp(note.text, rows[i].at, strlen(rows[i].at)) != 0 ||
            !strstr(note.text, rows[i].says))
            fail_msg("row %zu: %d %s", i, rc, note.text);
        arena_free(arena);
    }
}

static void test_windows(void **state)
{
    (void)state;
    static const struct {
        const char *window;
        int64_t us; /* 0: refused */
    } rows[] = {{"14d", 14 * UTC_DAY}, {"PT1H", UTC_HOUR}, {"59m", 0}, {"3650d", 3650 * UTC_DAY},
        {"3651d", 0}, {"-P1D", 0}, {"0d", 0}, {"7", 0}, {"P1M", 0}, {"[1d]", 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[400];
        struct arena *arena = arena_new();
        struct gate_file file;
        struct err_note note;
        snprintf(text, sizeof text,
            HEAD "criteria: [{id: a, measure: trend, at-most: 0, on-fail: postpone, why: w, window: %s}]\n",
            rows[i].window);
        int rc = parse(text, arena, &file, &note);
        if (rows[i].us ? rc != 0 || file.gate.criteria[0].window_us != rows[i].us
                       : rc != ERR_DATA || strncmp(note.text, "g.yaml:5:", 9) != 0)
            fail_msg("%s: %d %s", rows[i].window, rc, note.text);
        arena_free(arena);
    }
}

/* The example that is shipped is whole, says that it is one, and gives each criterion its source. */
static void test_example(void **state)
{
    (void)state;
    char path[4096];
    const char *top = getenv("ROLLCALL_SOURCE");
    struct arena *arena = arena_new();
    struct gate_file file;
    struct err_note note = {""};
    snprintf(path, sizeof path, "%s/share/gates/example.yaml", top ? top : ".");
    if (gate_file_read(path, arena, &file, &note))
        fail_msg("%s", note.text);
    assert_true(file.gate.example);
    assert_true(file.gate.count >= 8 && file.gate.dissent_count == 1);
    for (size_t i = 0; i < file.gate.count; i++)
        assert_non_null(file.gate.criteria[i].source);
    snprintf(path, sizeof path, "%s/share/gates/none.yaml", top ? top : ".");
    assert_int_equal(gate_file_read(path, arena, &file, &note), ERR_NOINPUT);
    snprintf(path, sizeof path, "%s/share/gates", top ? top : ".");
    assert_int_equal(gate_file_read(path, arena, &file, &note), ERR_NOINPUT);
    arena_free(arena);
}

/* The example of the manual page is a gate, too. */
static void test_manual(void **state)
{
    (void)state;
    char path[4096];
    static char page[32768];
    const char *top = getenv("ROLLCALL_SOURCE");
    struct arena *arena = arena_new();
    struct gate_file file;
    struct err_note note = {""};
    snprintf(path, sizeof path, "%s/docs/man/rollcall-gate.5", top ? top : ".");
    FILE *stream = fopen(path, "re");
    assert_non_null(stream);
    page[fread(page, 1, sizeof page - 1, stream)] = '\0';
    fclose(stream);
    for (size_t i = 0; i < gate_measure_count(); i++) { /* and it lists every measure */
        snprintf(path, sizeof path, ".It Cm %s\n", gate_measure(i)->name);
        if (!strstr(page, path))
            fail_msg("%s is not in the manual", gate_measure(i)->name);
    }
    const char *begin = strstr(page, "\n.Bd -literal\n"), *end = begin ? strstr(begin, "\n.Ed") : NULL;
    assert_non_null(end);
    begin += strlen("\n.Bd -literal\n");
    if (gate_file_parse("manual", begin, (size_t)(end - begin), arena, &file, &note))
        fail_msg("%s", note.text);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_thresholds),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_example),
        cmocka_unit_test(test_manual),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The built-in scenarios over the plans that they are for, dates as a person would reckon them; and what is
 * refused, with its place. */
#include "io/yaml/scenario.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct arena *arena;

static int setup(void **state)
{
    arena = arena_new();
    return !arena;
}

static int teardown(void **state)
{
    arena_free(arena);
    return 0;
}

static struct scenario_schedule schedule(
    const char *name, const char *plan_name, const char *from, const char *to)
{
    struct scenario *scenario;
    struct scenario_schedule s;
    struct err_note note = {""};
    struct plan *plan = NULL;
    int64_t from_us = INT64_MIN, to_us = UTC_OPEN;
    if (scenario_find(name, arena, &scenario, &note))
        fail_msg("%s", note.text);
    if (plan_name)
        assert_int_equal(plan_builtin(plan_name, &plan), 0);
    if (from)
        assert_int_equal(utc_parse(from, &from_us), 0);
    if (to)
        assert_int_equal(utc_parse(to, &to_us), 0);
    if (scenario_schedule(scenario, plan, from_us, to_us, arena, &s, &note))
        fail_msg("%s over %s: %s", name, plan_name ? plan_name : "its own", note.text);
    plan_free(plan);
    return s;
}

/* One line for each thing that happens: "2025-01-01 install", … and in front the plan, the window and the
 * anchors. */
static const char *told(const struct scenario_schedule *s)
{
    static char out[2000];
    char text[2][UTC_TEXT];
    size_t n = (size_t)snprintf(out, sizeof out, "%s %s..%s", s->plan->name,
        utc_format_short(s->from_us, text[0]), utc_format_short(s->to_us, text[1]));
    for (size_t i = 0; i < s->anchor_count; i++)
        n += (size_t)snprintf(out + n, sizeof out - n, " %s", s->anchors[i]->id);
    for (size_t i = 0; i < s->step_count; i++)
        n += (size_t)snprintf(out + n, sizeof out - n, "; %s %s",
            utc_format_short(s->steps[i].at_us, text[0]), scenario_do_name(s->steps[i].what));
    return out;
}

static void dates(void **state)
{
    static const struct {
        const char *scenario, *plan, *from, *to, *expected;
    } rows[] = {
        {"full", NULL, NULL, NULL, "root-2024 2025-01-01..2027-04-01 KSK-2017; 2025-01-01 install"},
        /* a template begins on 2025-01-01, or where it is told to */
        {"full", "root-180", NULL, NULL, "root-180 2025-01-01..2025-05-21 KSK-2017; 2025-01-01 install"},
        {"full", "root-180", "2026-01-01", NULL,
            "root-180 2026-01-01..2026-05-21 KSK-2017; 2026-01-01 install"},
        /* a part of the calendar: who followed knows both keys by then; a day before the hold-down ends it
         * does not */
        {"full", "root-2024", "2026-09-01", "2027-03-01",
            "root-2024 2026-09-01..2027-03-01 KSK-2017 KSK-2024; 2026-09-01 install"},
        {"full", "root-2024", "2025-02-09", "2027-03-01",
            "root-2024 2025-02-09..2027-03-01 KSK-2017; 2025-02-09 install"},
        {"full", "root-2024", "2025-02-10", "2027-03-01",
            "root-2024 2025-02-10..2027-03-01 KSK-2017 KSK-2024; 2025-02-10 install"},
        /* after the revocation the old key is no anchor any more */
        {"full", "root-2024", "2027-02-01", "2027-03-01",
            "root-2024 2027-02-01..2027-03-01 KSK-2024; 2027-02-01 install"},
        {"static", NULL, NULL, NULL, "root-2024 2026-10-01..2027-01-21 KSK-2017; 2026-10-01 install"},
        {"static", "root-2017", NULL, NULL, "root-2017 2017-10-01..2018-01-21 KSK-2010; 2017-10-01 install"},
        {"late-install", NULL, NULL, NULL, "root-2024 2026-09-11..2027-01-21 KSK-2017; 2026-09-21 install"},
        {"offline", "root-180", NULL, NULL,
            "root-180 2025-01-01..2025-05-21 KSK-2017; 2025-01-01 install; 2025-01-09 stop; 2025-03-04 "
            "start"},
        /* a fault that began before is in force from the start; at one moment it comes before the
         * installation, and a stop after it */
        {"state-read-only", NULL, NULL, NULL,
            "root-2024 2025-01-01..2027-04-01 KSK-2017; 2025-01-01 state-read-only; 2025-01-01 install"},
        {"offline", "root-2024", "2026-10-01", "2026-12-01",
            "root-2024 2026-10-01..2026-12-01 KSK-2017 KSK-2024; 2026-10-01 install; 2026-10-01 stop; "
            "2026-10-13 start"},
        {"state-turns-read-only", "root-180", "2025-01-01", NULL,
            "root-180 2025-01-01..2025-05-21 KSK-2017; 2025-01-01 install; 2025-01-09 state-read-only"},
        /* the phases of the algorithm; a plan without them gives way */
        {"algorithm", "root-180", NULL, NULL,
            "root-algorithm 2027-12-13..2030-07-21 KSK-2024; 2027-12-13 install"},
        {"algorithm-back-out-ee", NULL, NULL, NULL,
            "root-algorithm 2028-04-01..2028-10-18 KSK-2024; 2028-04-01 install"},
        /* two weeks before the roll of 2017 it moves by a year, revocation and withdrawal with it */
        {"postponed", "root-2017", NULL, NULL,
            "root-2017 2017-07-01..2019-04-01 KSK-2010; 2017-07-01 install"},
        {"early-roll", "root-180", NULL, NULL,
            "root-180 2025-01-01..2025-04-16 KSK-2017; 2025-01-01 install"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct scenario_schedule s = schedule(rows[i].scenario, rows[i].plan, rows[i].from, rows[i].to);
        assert_string_equal(told(&s), rows[i].expected);
    }
}

/* Every built-in scenario runs over every plan of the root and the templates, and expects something for each
 * profile. */
static void all(void **state)
{
    static const char *const plans[] = {
        NULL, "root-2024", "root-180", "root-2017", "root-2018", "root-algorithm"};
    for (size_t i = 0; i < scenario_count(); i++)
        for (size_t p = 0; p < sizeof plans / sizeof *plans; p++) {
            struct scenario_schedule s = schedule(scenario_name(i), plans[p], NULL, NULL);
            assert_string_equal(s.scenario->name, scenario_name(i));
            assert_true(s.anchor_count >= 1);
            assert_int_equal(plan_check(s.plan, NULL), 0);
            for (size_t k = 0; k + 1 < s.step_count; k++)
                assert_true(s.steps[k].at_us <= s.steps[k + 1].at_us);
            assert_non_null(scenario_expected(s.scenario, "knot", true));
            assert_string_equal(scenario_expected(s.scenario, "pdns", false)->profile,
                scenario_expected(s.scenario, "static", false)->profile);
        }
    assert_null(scenario_name(scenario_count()));
}

/* The keys of the changed plan at the moments that matter. */
static void changes(void **state)
{
    struct scenario_schedule s = schedule("key-withdrawn-and-back", "root-180", NULL, NULL);
    const struct plan_key *new_key = plan_key(s.plan, "KSK-2024");
    int64_t publish = s.events_us[SCENARIO_AT_PUBLISH];
    assert_int_equal(publish, s.from_us + 10 * UTC_DAY);
    assert_true(plan_key_at(new_key, publish).published);
    assert_false(plan_key_at(new_key, publish + 5 * UTC_DAY).published);
    assert_true(plan_key_at(new_key, publish + 12 * UTC_DAY).published);
    assert_int_equal(s.events_us[SCENARIO_AT_TRUST], publish + 42 * UTC_DAY);

    s = schedule("back-out", "root-180", NULL, NULL);
    int64_t roll = s.events_us[SCENARIO_AT_ROLL];
    assert_int_equal(roll, s.from_us + 60 * UTC_DAY);
    assert_true(plan_key_at(plan_key(s.plan, "KSK-2017"), roll + 5 * UTC_DAY).signing);
    assert_false(plan_key_at(plan_key(s.plan, "KSK-2017"), roll + 45 * UTC_DAY).signing);
    assert_true(plan_key_at(plan_key(s.plan, "KSK-2024"), roll + 45 * UTC_DAY).signing);

    s = schedule("algorithm-back-out-dd", NULL, NULL, NULL);
    assert_null(plan_key(s.plan, "KSK-ECDSA"));
    s = schedule("algorithm-back-out-ee", NULL, NULL, NULL);
    const struct plan_key *zsk = plan_key(s.plan, "ZSK-ECDSA");
    int64_t out = s.events_us[SCENARIO_AT_PUBLISH] + 60 * UTC_DAY; /* its signatures outlive it by two TTLs */
    assert_true(plan_key_at(zsk, out - 1).published);
    assert_false(plan_key_at(zsk, out).published);
    assert_true(plan_key_at(zsk, out + 4 * UTC_DAY - 1).signing);
    assert_false(plan_key_at(zsk, out + 4 * UTC_DAY).signing);
    s = schedule("algorithm-unsupported", NULL, NULL, NULL);
    assert_int_equal(plan_key(s.plan, "KSK-ECDSA")->algorithm, 16);
    s = schedule("algorithm-held-ff", NULL, NULL, NULL);
    assert_true(plan_key_at(plan_key(s.plan, "KSK-2024"), s.to_us).revoked);
}

static const char head[] = "format: rollcall.scenario/1\nname: x\ntitle: T\nanchor: managed\nrfc5011: W\n";
static const char tail[] = "expect:\n- of: rfc\n  outcome: survives\n";

static void refused(void **state)
{
    static const struct {
        const char *middle, *error; /* read: between head and tail */
    } rows[] = {
        {"steps:\n- stop: noon\n", "f:7:9: a moment expected"},
        {"steps:\n- stop: roll--2d\n", "f:7:9: a moment expected"},
        {"steps:\n- stop: rolling\n", "f:7:9: a moment expected"},
        {"steps:\n- stop: roll+2months\n", "f:7:9: a moment expected"},
        {"steps:\n- stop: roll\n  start: roll\n", "f:7:3: a step is one verb with its moment; here are 2"},
        {"steps:\n- root: a\n", "f:7:3: a step is one verb with its moment; here are 0"},
        {"steps:\n- stop: roll\n  off: true\n", "f:8:3: 'off' does not belong to 'stop'"},
        {"steps:\n- servers: roll\n  root: n\n", "f:8:9: a root server expected, a to m, or all"},
        {"steps:\n- clock: roll\n", "f:7:3: by is missing"},
        {"steps:\n- clock: roll\n  by: soon\n", "f:8:7: a span expected"},
        {"steps:\n- tamper: roll\n  with: water\n", "f:8:9: none, replay, revoked-unsigned or colliding"},
        {"steps:\n- tamper: roll\n  with: replay\n", "f:7:3: as-of belongs to 'with: replay'"},
        {"steps: soon\n", "f:6:8: a list of steps expected"},
        {"changes:\n- move: roll\n", "f:7:3: to is missing"},
        {"changes:\n- move: roll+1d\n  to: roll\n", "f:7:9: the name of an event alone"},
        {"changes:\n- resume: roll\n  to: open\n", "f:7:3: 'resume' leads to a moment, not to an open date"},
        {"changes:\n- back-out: roll\n  to: roll\n", "f:8:3: 'to' does not belong to 'back-out'"},
        {"plan: root-1999\n", "f:6:7: no built-in plan is named 'root-1999'"},
        {"plan: testzone\nfrom: start\n", "f:7:7: from counts from an event of the plan"},
        {"anchors: new\n", "f:6:10: followed or old expected"},
        {"colour: red\n", "f:6:1: 'colour' has no meaning here; what has: format, name"},
        {"name: y\n", "f:6:1: 'name' stands here a second time"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[600];
        struct scenario *scenario;
        struct err_note note = {""};
        int n = snprintf(text, sizeof text, "%s%s%s", head, rows[i].middle, tail);
        assert_int_equal(scenario_read("f", text, (size_t)n, arena, &scenario, &note), ERR_DATA);
        if (strncmp(note.text, rows[i].error, strlen(rows[i].error)) != 0)
            fail_msg("'%s', expected '%s'", note.text, rows[i].error);
    }
}

/* What only the plan shows. */
static void does_not_fit(void **state)
{
    static const struct {
        const char *middle, *plan, *error;
    } rows[] = {
        {"steps:\n- stop: roll\n- install: roll+1d\n", "root-180",
            "f:8:3: 'stop' comes before the installation"},
        {"steps:\n- install: roll\n- install: roll+1d\n", "root-180", "f:8:3: it is installed a second time"},
        {"steps:\n- install: end+1d\n", "root-180", "f:7:3: it is installed when all is over"},
        {"changes:\n- move: publish\n  to: roll+1d\n", "root-180", ""}, /* all move: a plan still */
        {"changes:\n- move: revoke\n  to: roll-1d\n", "root-180", "f:7:3: move: key KSK-2017"},
        {"changes:\n- back-out: roll-1d\n", "root-180", "f:7:3: back-out: the roll has not happened"},
        {"changes:\n- absent: roll\n  to: roll+1d\n", "root-180", "f:7:3: absent: "},
        {"changes:\n- drop-algorithm: roll\n", "root-180", "plan root-180 has no roll of the algorithm"},
        {"changes:\n- drop-algorithm: revoke\n", "root-algorithm",
            "f:7:3: drop-algorithm: the old key is revoked"},
        {"changes:\n- postpone: roll-1d\n  to: open\nsteps:\n- stop: revoke\n", "root-180",
            "f:10:3: the plan has no date for 'revoke'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[600];
        struct scenario *scenario;
        struct scenario_schedule s;
        struct plan *plan;
        struct err_note note = {""};
        int n = snprintf(text, sizeof text, "%s%s%s", head, rows[i].middle, tail);
        assert_int_equal(scenario_read("f", text, (size_t)n, arena, &scenario, &note), 0);
        assert_int_equal(plan_builtin(rows[i].plan, &plan), 0);
        int rc = scenario_schedule(scenario, plan, INT64_MIN, UTC_OPEN, arena, &s, &note);
        plan_free(plan);
        assert_int_equal(rc, *rows[i].error ? ERR_DATA : 0);
        if (strncmp(note.text, rows[i].error, strlen(rows[i].error)) != 0)
            fail_msg("'%s', expected '%s'", note.text, rows[i].error);
    }
}

static void window(void **state)
{
    struct scenario *scenario;
    struct scenario_schedule s;
    struct err_note note;
    assert_int_equal(scenario_find("full", arena, &scenario, &note), 0);
    assert_int_equal(scenario_schedule(scenario, NULL, UTC_DAY, UTC_DAY, arena, &s, &note), ERR_USAGE);
    assert_int_equal(scenario_schedule(scenario, NULL, UTC_FIRST, UTC_LAST, arena, &s, &note), ERR_USAGE);
    assert_int_equal(scenario_find("fill", arena, &scenario, &note), ERR_NOINPUT);
    assert_non_null(strstr(note.text, "there are full, static, late-install"));
    assert_non_null(strstr(note.text, "algorithm-held-ff"));
}

/* A moment is read back as it was written. */
static void times(void **state)
{
    static const struct {
        const char *in, *out;
    } rows[] = {{"roll", "roll"}, {"roll-2d", "roll-P2D"}, {"publish+PT12H", "publish+PT12H"},
        {"first-signature-1d", "first-signature-P1D"}, {"end+0s", "end"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct scenario_time time;
        char text[SCENARIO_TIME_TEXT];
        assert_int_equal(scenario_time_parse(rows[i].in, &time), 0);
        assert_string_equal(scenario_time_format(time, text), rows[i].out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(dates, setup, teardown),
        cmocka_unit_test_setup_teardown(all, setup, teardown),
        cmocka_unit_test_setup_teardown(changes, setup, teardown),
        cmocka_unit_test_setup_teardown(refused, setup, teardown),
        cmocka_unit_test_setup_teardown(does_not_fit, setup, teardown),
        cmocka_unit_test_setup_teardown(window, setup, teardown), cmocka_unit_test(times)};
    return cmocka_run_group_tests_name("scenarios", tests, NULL, NULL);
}

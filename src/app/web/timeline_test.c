/* Every built-in plan, at every moment that matters, and after every operation: the drawing is well-formed,
 * says what the plan says, and nothing lies outside of it. */
#include "base/markup_check.h"
#include "base/moment.h"
#include "app/web/timeline.h"
#include "core/roll/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* last */
#include <cmocka.h>

/* Every x that is drawn lies between the edges. */
static void check_inside(const char *svg)
{
    for (const char *at = svg; (at = strstr(at, " x=\"")); at++) {
        double x = atof(at + 4);
        assert_true(x >= -0.5 && x <= 920.5);
    }
    for (const char *at = svg; (at = strstr(at, "width=\"")); at++)
        assert_true(atof(at + 7) >= 0);
}

static void draw(const struct plan *plan, int64_t now_us)
{
    struct text text;
    text_start(&text);
    timeline_svg(&text, plan, now_us, "t");
    assert_false(text.failed);
    assert_null(markup_check(text.string));
    check_inside(text.string);
    for (size_t i = 0; i < plan->key_count; i++)
        assert_non_null(strstr(text.string, plan->keys[i].id));
    assert_non_null(strstr(text.string, "<title id=\"t-t\">"));
    assert_true(plan->relative == !strstr(text.string, "tl-nowtext"));
    text_free(&text);
}

static void draw_always(const struct plan *plan)
{
    draw(plan, UTC_FIRST);
    draw(plan, UTC_LAST);
    int count = 0;
    for (int64_t at_us = plan_next_change(plan, INT64_MIN); at_us != UTC_OPEN;
         at_us = plan_next_change(plan, at_us)) {
        draw(plan, at_us - 1);
        draw(plan, at_us);
        draw(plan, at_us + UTC_SECOND);
        assert_true(++count < 500);
    }
}

/* What may be done to it, at each moment at which it may. */
static void operate_always(const struct plan *plan)
{
    struct err_note note;
    for (int64_t at_us = plan_next_change(plan, INT64_MIN); at_us != UTC_OPEN;
         at_us = plan_next_change(plan, at_us)) {
        struct plan *open = NULL, *moved = NULL, *resumed = NULL, *back = NULL;
        struct plan_decision by = {
            .now_us = at_us + UTC_SECOND, .who = "<b>\"A&B\"", .reason = "because </svg> \xe2\x80\xae"};
        struct plan_roll roll = plan_roll_at(plan, by.now_us);
        if (plan_postpone(plan, UTC_OPEN, by, &open, &note) == 0)
            draw_always(open);
        if (roll.sign_us != UTC_OPEN &&
            plan_postpone(plan, roll.sign_us + 90 * UTC_DAY, by, &moved, &note) == 0)
            draw_always(moved);
        struct plan_decision later = by;
        later.now_us += 10 * UTC_DAY;
        later.force = true;
        if (open && plan_resume(open, later.now_us + 400 * UTC_DAY, later, &resumed, &note) == 0)
            draw_always(resumed);
        if (plan_back_out(plan, by, &back, &note) == 0)
            draw_always(back);
        plan_free(open);
        plan_free(moved);
        plan_free(resumed);
        plan_free(back);
    }
}

static void every_plan(void **state)
{
    for (size_t i = 0; i < plan_builtin_count(); i++) {
        struct plan *plan = NULL, *started = NULL;
        struct err_note note;
        assert_int_equal(plan_builtin(plan_builtin_name(i), &plan), 0);
        if (plan->relative) {
            draw(plan, 0);
            int64_t start_us;
            utc_parse("2026-11-24T22:00:00Z", &start_us);
            assert_int_equal(plan_start(plan, start_us, "a.test.", 0, &started, &note), 0);
            draw_always(started);
            operate_always(started);
        } else {
            draw_always(plan);
            operate_always(plan);
        }
        plan_free(started);
        plan_free(plan);
    }
}

static char *drawing_of(const char *name, const char *now)
{
    struct plan *plan = NULL;
    struct text text;
    int64_t now_us = 0;
    assert_int_equal(plan_builtin(name, &plan), 0);
    assert_int_equal(utc_parse(now, &now_us), 0);
    text_start(&text);
    timeline_svg(&text, plan, now_us, "t");
    plan_free(plan);
    return text.string;
}

static void says_what_happened(void **state)
{
    char *svg = drawing_of("root-2018", "2018-01-15");
    assert_non_null(strstr(svg, "postponed 2017-09-27"));
    assert_non_null(strstr(svg, "tl-was\"")); /* 2017-10-11, struck out */
    assert_non_null(strstr(svg, "2017-10-11"));
    assert_non_null(strstr(svg, "signs 2018-10-11"));
    assert_non_null(strstr(svg, "KSK-2017"));
    assert_non_null(strstr(svg, "tag 20326"));
    assert_non_null(strstr(svg, "class=\"tl-now\""));
    free(svg);
    svg = drawing_of("root-2018", "2026-01-01"); /* long after: no line, but a word */
    assert_null(strstr(svg, "class=\"tl-now\""));
    assert_non_null(strstr(svg, "now \xe2\x86\x92"));
    free(svg);
    svg = drawing_of("testzone", "2026-01-01");
    assert_non_null(strstr(svg, "published +7 days"));
    free(svg);
}

static void moments(void **state)
{
    char out[UTC_TEXT];
    int64_t us, from, to, ticks[16];
    utc_parse("2018-10-11T16:00:05Z", &us);
    assert_string_equal(moment_date(us, out), "2018-10-11");
    assert_string_equal(moment_clock(us, out), "16:00:05");
    assert_string_equal(moment_offset(0, out), "at the start");
    assert_string_equal(moment_offset(7 * UTC_DAY, out), "+7 days");
    utc_parse("2017-05-20", &from);
    utc_parse("2019-04-01", &to);
    size_t count = moment_ticks(from, to, false, ticks, 8);
    assert_true(count >= 3 && count <= 8);
    assert_string_equal(moment_tick_text(ticks, count, 0, false, out), "Jul 2017");
    for (size_t i = 0; i < count; i++)
        assert_true(ticks[i] >= from && ticks[i] <= to);
    utc_parse("2026-11-24T22:00:00Z", &from);
    count = moment_ticks(from, from + 260 * UTC_SECOND, false, ticks, 8);
    assert_string_equal(moment_tick_text(ticks, count, 1, false, out), "22:01");
    count = moment_ticks(0, 90 * UTC_DAY, true, ticks, 8);
    assert_true(count >= 3 && count <= 8);
    assert_string_equal(moment_tick_text(ticks, count, 0, true, out), "start");
    /* Spans from a second to all of time. */
    for (int64_t span = UTC_SECOND; span < UTC_LAST / 2; span *= 3) {
        assert_true(moment_ticks(us, us + span, true, ticks, 8) <= 8);
        if (us + span < UTC_LAST)
            assert_true(moment_ticks(us, us + span, false, ticks, 8) <= 8);
    }
}

int main(void)
{
    const struct CMUnitTest all[] = {
        cmocka_unit_test(every_plan), cmocka_unit_test(says_what_happened), cmocka_unit_test(moments)};
    return cmocka_run_group_tests_name("app/web/timeline", all, NULL, NULL);
}

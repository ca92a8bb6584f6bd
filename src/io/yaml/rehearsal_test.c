/* The judgement of rehearsals of the built-in scenarios, which core cannot read by itself: over evidence of
 * made-up resolvers (rehearsal_fixture.h), and over evidence that was bent. */
#include "core/roll/rehearsal.h"

#include "core/roll/rehearsal_fixture.h"
#include "io/yaml/scenario.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

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

static struct scenario_schedule schedule_of(const char *name, const char *plan_name)
{
    struct scenario *scenario;
    struct scenario_schedule schedule;
    struct err_note note;
    struct plan *plan;
    assert_int_equal(scenario_find(name, arena, &scenario, &note), 0);
    assert_int_equal(plan_builtin(plan_name, &plan), 0);
    if (scenario_schedule(scenario, plan, INT64_MIN, UTC_OPEN, arena, &schedule, &note))
        fail_msg("%s", note.text);
    plan_free(plan);
    return schedule;
}

static const struct fixture_product *product(const char *name)
{
    for (size_t i = 0; i < sizeof fixture_products / sizeof *fixture_products; i++)
        if (strcmp(fixture_products[i].name, name) == 0)
            return &fixture_products[i];
    fail_msg("no product %s", name);
    return NULL;
}

static struct rehearsal_result judge(const struct scenario_schedule *schedule,
    const struct fixture_product *what, const struct rehearsal_evidence *seen)
{
    struct rehearsal_result result;
    struct err_note note;
    if (rehearsal_judge(schedule, rfc5011_profile(what->profile), seen, arena, &result, &note))
        fail_msg("%s", note.text);
    return result;
}

static int day_of(const struct scenario_schedule *schedule, int64_t us)
{
    return us == UTC_OPEN ? -1 : (int)((us - schedule->from_us) / UTC_DAY);
}

static bool found(const struct rehearsal_result *result, const char *rule)
{
    for (size_t i = 0; i < result->finding_count; i++)
        if (strcmp(result->findings[i].rule, rule) == 0)
            return true;
    return false;
}

/* What products do in rehearsals of the template's 180 days: verdict, interval of the first failure, heal and
 * end as days, the rule of the cause, and a part of its sentence. */
static const struct {
    const char *scenario, *product;
    enum verdict verdict;
    int from, to, healed, died;
    const char *rule, *cause;
} cells[] = {
    {"full", "named", VERDICT_READY, -1, -1, -1, -1, NULL, "It trusts KSK-2024 (38696) since 2025-02-"},
    {"full", "unbound", VERDICT_READY, -1, -1, -1, -1, NULL, "It trusts KSK-2024 (38696) since 2025-02-"},
    {"full", "kresd", VERDICT_READY, -1, -1, -1, -1, NULL, "It trusts KSK-2024 (38696) since 2025-02-"},
    {"full", "pdns_recursor", VERDICT_NOT_READY, 60, 62, -1, -1, "FM06",
        "Its anchor does not change and is KSK-2017 (20326) alone, while since 2025-03-02 only KSK-2024"},
    {"static", "named", VERDICT_NOT_READY, 10, 12, -1, -1, "FM01", "Its anchor does not change"},
    {"static", "unbound", VERDICT_NOT_READY, 10, 12, -1, -1, "FM17", "Its anchor does not change"},
    {"static", "kresd", VERDICT_NOT_READY, 10, 12, -1, -1, "FM14", "Its anchor does not change"},
    {"state-read-only", "named", VERDICT_NOT_READY, 0, 0, -1, -1, "FM22", "It did not start on 2025-01-01"},
    {"state-read-only", "unbound", VERDICT_NOT_READY, 0, 0, -1, 0, "FM20",
        "It ended by itself on 2025-01-01"},
    {"state-read-only", "kresd", VERDICT_NOT_READY, 0, 0, -1, -1, "FM20", "It did not start on 2025-01-01"},
    {"state-turns-read-only", "named", VERDICT_NOT_READY, 60, 62, -1, -1, "FM22",
        "Its state cannot be written since 2025-01-09, and it did not come to trust KSK-2024"},
    {"state-turns-read-only", "unbound", VERDICT_NOT_READY, 8, 8, -1, 8, "FM20",
        "It ended by itself on 2025-01-09 (exit code 1), while its state cannot be written; its last "
        "words: "
        "fatal error"},
    {"state-turns-read-only", "kresd", VERDICT_NOT_READY, 8, 8, -1, 8, "FM20",
        "It ended by itself on 2025-01-09"},
    {"offline", "named", VERDICT_NOT_READY, 62, 62, -1, -1, "FM30",
        "Switched off from 2025-01-09 to 2025-03-04, it never saw KSK-2024 (38696)"},
    {"offline", "unbound", VERDICT_NOT_READY, 62, 62, -1, -1, "FM30",
        ", and since 2025-04-11 it fails open."},
    {"offline", "kresd", VERDICT_NOT_READY, 62, 62, -1, -1, "FM30", "Switched off from 2025-01-09"},
    {"early-roll", "named", VERDICT_NOT_READY, 25, 27, -1, -1, "FM31",
        "KSK-2024 (38696), which it saw first on 2025-01-11, was still in its hold-down of 30 days"},
    {"early-roll", "unbound", VERDICT_NOT_READY, 25, 27, 40, -1, "FM31",
        "KSK-2024 (38696), which it saw first"},
    {"early-roll", "kresd", VERDICT_NOT_READY, 25, 27, -1, -1, "FM31",
        "KSK-2024 (38696), which it saw first"},
    {"early-roll", "pdns_recursor", VERDICT_NOT_READY, 25, 27, -1, -1, "FM06", "Its anchor does not change"},
    {"late-install", "named", VERDICT_READY, -1, -1, -1, -1, NULL, "It trusts KSK-2024"},
    {"late-install", "unbound", VERDICT_NOT_READY, 30, 32, 40, -1, "FM31",
        "KSK-2024 (38696), which it saw first"},
    {"late-install", "kresd", VERDICT_NOT_READY, 30, 32, -1, -1, "FM31",
        "KSK-2024 (38696), which it saw first"},
    {"state-lost", "named", VERDICT_READY, -1, -1, -1, -1, NULL, "It trusts KSK-2024"},
    {"state-lost", "unbound", VERDICT_NOT_READY, 60, 62, 80, -1, "FM29", "Its state was lost on 2025-02-20"},
    {"state-lost", "kresd", VERDICT_NOT_READY, 60, 62, -1, -1, "FM29", "Its state was lost on 2025-02-20"},
    {"postponed", "unbound", VERDICT_READY, -1, -1, -1, -1, NULL, "It trusts KSK-2024"},
    {"back-out", "named", VERDICT_READY, -1, -1, -1, -1, NULL, "It trusts KSK-2024"},
    {"restart-in-hold-down", "kresd", VERDICT_READY, -1, -1, -1, -1, NULL, "It trusts KSK-2024"},
    {"revoked-without-self-signature", "named", VERDICT_READY, -1, -1, -1, -1, NULL, "It trusts KSK-2024"},
    {"colliding-tags", "unbound", VERDICT_READY, -1, -1, -1, -1, NULL, "It trusts KSK-2024"},
    {"clock-wrong", "unbound", VERDICT_READY, -1, -1, -1, -1, NULL, "It trusts KSK-2024"},
    {"stale-secondary", "kresd", VERDICT_READY, -1, -1, -1, -1, NULL, "It trusts KSK-2024"},
};

static void products_and_scenarios(void **state)
{
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        struct scenario_schedule schedule = schedule_of(cells[i].scenario, "root-180");
        struct rehearsal_evidence seen = fixture_run(&schedule, product(cells[i].product), arena);
        struct rehearsal_result r = judge(&schedule, product(cells[i].product), &seen);
        char got[400], expected[400];
        snprintf(expected, sizeof expected, "%s %s: %s from %d to %d healed %d died %d", cells[i].scenario,
            cells[i].product, verdict_name(cells[i].verdict), cells[i].from, cells[i].to, cells[i].healed,
            cells[i].died);
        snprintf(got, sizeof got, "%s %s: %s from %d to %d healed %d died %d", cells[i].scenario,
            cells[i].product, verdict_name(r.verdict), day_of(&schedule, r.broke_from_us),
            day_of(&schedule, r.broke_to_us), day_of(&schedule, r.healed_us), day_of(&schedule, r.died_us));
        if (strcmp(got, expected) != 0)
            print_error("%s\n", r.cause);
        assert_string_equal(got, expected);
        if (!strstr(r.cause, cells[i].cause))
            fail_msg("%s: '%s' lacks '%s'", got, r.cause, cells[i].cause);
        if (cells[i].rule && !found(&r, cells[i].rule))
            fail_msg("%s: no finding %s", got, cells[i].rule);
        if (!r.as_expected)
            fail_msg("%s: not as expected", got);
        if (r.difference_count)
            fail_msg("%s: differs from its own model on day %d, tag %u: %u, %u", got,
                day_of(&schedule, r.differences[0].at_us), r.differences[0].tag, r.differences[0].program,
                r.differences[0].model);
    }
}

/* "root-2024 static must give not-ready, breaks between 2026-10-11 and 2026-10-13." */
static void root_2024_static(void **state)
{
    struct scenario_schedule schedule = schedule_of("static", "root-2024");
    int64_t from_us = 0, to_us = 0;
    assert_int_equal(utc_parse("2026-10-11", &from_us), 0);
    assert_int_equal(utc_parse("2026-10-13", &to_us), 0);
    for (size_t i = 0; i < 4; i++) {
        struct rehearsal_evidence seen = fixture_run(&schedule, &fixture_products[i], arena);
        struct rehearsal_result r = judge(&schedule, &fixture_products[i], &seen);
        assert_int_equal(r.verdict, VERDICT_NOT_READY);
        assert_true(r.broke_from_us == from_us && r.broke_to_us == to_us);
        assert_true(r.as_expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(products_and_scenarios, setup, teardown),
        cmocka_unit_test_setup_teardown(root_2024_static, setup, teardown)};
    return cmocka_run_group_tests_name("rehearsals", tests, NULL, NULL);
}

/* plan: states at every boundary, rolls, checks, built-in plans. */
#include "core/roll/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
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

static struct plan *start(const char *name, int64_t start_us)
{
    struct plan *template = builtin(name), *plan;
    struct err_note note = {""};
    assert_int_equal(plan_start(template, start_us, NULL, 0, &plan, &note), 0);
    plan_free(template);
    return plan;
}

static void every_builtin_holds(void **state)
{
    assert_int_equal(plan_builtin_count(), 7);
    for (size_t i = 0; i < plan_builtin_count(); i++) {
        struct plan *plan = builtin(plan_builtin_name(i));
        struct err_note note = {""};
        if (plan_check(plan, &note))
            fail_msg("%s: %s", plan->name, note.text);
        assert_true(plan->builtin);
        plan_free(plan);
    }
}

/* One letter a key: . not published, p published, S signs, R revoked, s signs unpublished. */
static void states(const struct plan *plan, int64_t t_us, char *out)
{
    for (size_t i = 0; i < plan->key_count; i++) {
        struct plan_key_state s = plan_key_at(&plan->keys[i], t_us);
        *out++ = s.revoked ? 'R' : s.published ? (s.signing ? 'S' : 'p') : s.signing ? 's' : '.';
    }
    *out = '\0';
}

/* The fast test zone, to the microsecond: just before, at and just after each step. */
static void fast_states(void **state)
{
    static const struct {
        int64_t s;
        const char *before, *from, *phase_before, *phase;
    } rows[] = {
        {0, "...", "S.S", "before", "steady"},
        {30, "S.S", "SpS", "steady", "hold-down"},
        {95, "SpS", "SpS", "hold-down", "waiting"}, /* 30 + 60 + TTL/2 */
        {150, "SpS", "pSS", "waiting", "sign"},
        {190, "pSS", "RSS", "sign", "revoke"},
        {240, "RSS", ".SS", "revoke", "done"},
    };
    int64_t t0 = at("2026-11-24T22:00:00Z");
    struct plan *plan = start("testzone-fast", t0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char seen[8];
        int64_t t = t0 + rows[i].s * UTC_SECOND;
        states(plan, t - 1, seen);
        assert_string_equal(seen, rows[i].before);
        assert_string_equal(plan_phase_at(plan, t - 1), rows[i].phase_before);
        for (int64_t us = 0; us < 2; us++) {
            states(plan, t + us, seen);
            assert_string_equal(seen, rows[i].from);
            assert_string_equal(plan_phase_at(plan, t + us), rows[i].phase);
        }
        if (rows[i].s != 95)
            assert_int_equal(plan_next_change(plan, t - 1), t);
    }
    assert_int_equal(plan_next_change(plan, t0 + 240 * UTC_SECOND), UTC_OPEN);
    plan_free(plan);
}

static void root_2018(void **state)
{
    struct plan *plan = builtin("root-2018");
    char seen[8];
    states(plan, at("2018-10-12"), seen);
    assert_string_equal(seen, "pS");
    states(plan, at("2019-02-01"), seen);
    assert_string_equal(seen, "RS");
    states(plan, at("2019-03-22"), seen);
    assert_string_equal(seen, ".S");
    struct plan_roll roll = plan_roll_at(plan, at("2018-10-12"));
    assert_string_equal(roll.old_key->id, "KSK-2010");
    assert_string_equal(roll.new_key->id, "KSK-2017");
    assert_int_equal(roll.sign_us, at("2018-10-11T16:00:00Z"));
    assert_int_equal(roll.trust_us, at("2017-08-11")); /* 30 days and a refresh of one day */
    plan_free(plan);
}

/* Both algorithms sign for a while: the roll is the day on which the old key stops. */
static void root_algorithm(void **state)
{
    struct plan *plan = builtin("root-algorithm");
    char seen[8];
    states(plan, at("2028-05-01"), seen);
    assert_string_equal(seen, "S..Ss"); /* DD */
    states(plan, at("2029-01-01"), seen);
    assert_string_equal(seen, "SS.SS"); /* EE */
    states(plan, at("2029-08-01"), seen);
    assert_string_equal(seen, "RS.SS"); /* FF */
    states(plan, at("2030-02-01"), seen);
    assert_string_equal(seen, ".S.sS"); /* GG */
    states(plan, at("2030-08-01"), seen);
    assert_string_equal(seen, ".S..S"); /* HH */
    assert_int_equal(plan_roll_at(plan, at("2029-01-01")).sign_us, at("2029-07-11"));
    assert_string_equal(plan_phase_at(plan, at("2029-01-01")), "waiting");
    plan_free(plan);
}

/* Two keys that sign from the start are no roll; the one that comes later is, from the last before it. */
static void two_signers(void **state)
{
    struct plan_step both[] = {{.what = PLAN_PUBLISH, .at_us = at("2020-01-01")},
        {.what = PLAN_SIGN, .at_us = at("2020-01-01")}, {.what = PLAN_STOP, .at_us = at("2026-01-01")}};
    struct plan_step new_steps[] = {
        {.what = PLAN_PUBLISH, .at_us = at("2025-10-01")}, {.what = PLAN_SIGN, .at_us = at("2026-01-01")}};
    struct plan_key keys[] = {{.id = "A", .algorithm = 13, .tag = -1, .steps = both, .step_count = 3},
        {.id = "B", .algorithm = 13, .tag = -1, .steps = both, .step_count = 3},
        {.id = "C", .algorithm = 13, .tag = -1, .steps = new_steps, .step_count = 2}};
    struct plan plan = {
        .name = "two", .zone = ".", .dnskey_ttl_s = 60, .signature_s = 60, .keys = keys, .key_count = 3};
    struct err_note note = {""};
    assert_int_equal(plan_check(&plan, &note), 0);
    assert_string_equal(plan_phase_at(&plan, at("2024-01-01")), "steady");
    assert_string_equal(plan_roll_at(&plan, at("2024-01-01")).new_key->id, "C");
    assert_string_equal(plan_roll_at(&plan, at("2024-01-01")).old_key->id, "B");
    plan.key_count = 2;
    assert_null(plan_roll_at(&plan, at("2024-01-01")).new_key);
    assert_string_equal(plan_phase_at(&plan, at("2024-01-01")), "steady");
}

/* A started template is the template shifted; what cannot be started is refused. */
static void starts(void **state)
{
    struct plan *template = builtin("testzone-fast"), *plan = NULL;
    struct err_note note = {""};
    int64_t t0 = at("2026-11-24T22:00:00.000001Z");
    assert_int_equal(plan_start(template, t0, "a.b.example", 172800, &plan, &note), 0);
    assert_false(plan->relative);
    assert_false(plan->builtin);
    assert_int_equal(plan->start_us, t0);
    assert_string_equal(plan->zone, "a.b.example");
    assert_int_equal(plan->dnskey_ttl_s, 172800);
    for (size_t k = 0; k < plan->key_count; k++)
        for (size_t j = 0; j < plan->keys[k].step_count; j++)
            assert_int_equal(plan->keys[k].steps[j].at_us, t0 + template->keys[k].steps[j].at_us);
    struct plan *again = NULL;
    assert_int_equal(plan_start(plan, t0, NULL, 0, &again, &note), ERR_DATA);
    assert_int_equal(plan_start(template, t0, "a..b", 0, &again, &note), ERR_DATA);
    assert_int_equal(plan_start(template, UTC_LAST, NULL, 0, &again, &note), ERR_DATA);
    assert_int_equal(plan_start(template, UTC_OPEN, NULL, 0, &again, &note), ERR_DATA);
    assert_null(again);
    plan_free(plan);
    plan_free(template);
    assert_int_equal(plan_builtin("root", &plan), ERR_NOINPUT);
    assert_null(plan_builtin_name(plan_builtin_count()));
}

/* Every step of every dated plan: nothing changes a microsecond before it, and the key's state is that of the
 * step from it on. */
static void every_boundary(void **state)
{
    for (size_t i = 0; i < plan_builtin_count(); i++) {
        struct plan *template = builtin(plan_builtin_name(i)), *plan = template;
        if (template->relative)
            assert_int_equal(plan_start(template, at("2026-01-01"), NULL, 0, &plan, NULL), 0);
        for (size_t k = 0; k < plan->key_count; k++)
            for (size_t j = 0; j < plan->keys[k].step_count; j++) {
                const struct plan_key *key = &plan->keys[k];
                int64_t t = key->steps[j].at_us;
                assert_true(plan_key_at(key, t - 1).since_us < t);
                assert_int_equal(plan_key_at(key, t).since_us, t);
                assert_int_equal(plan_key_at(key, t + 1).since_us, t);
                assert_int_equal(plan_next_change(plan, t - 1), t);
                assert_true(plan_next_change(plan, t) > t);
            }
        if (plan != template)
            plan_free(template);
        plan_free(plan);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_builtin_holds),
        cmocka_unit_test(fast_states),
        cmocka_unit_test(root_2018),
        cmocka_unit_test(root_algorithm),
        cmocka_unit_test(two_signers),
        cmocka_unit_test(starts),
        cmocka_unit_test(every_boundary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

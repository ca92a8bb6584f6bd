/* Operations on plans: what they change, what they refuse, and that they never change what has happened. */
#include "core/roll/plan.h"

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
    if (strcmp(text, "open") == 0)
        return UTC_OPEN;
    assert_int_equal(utc_parse(text, &us), 0);
    return us;
}

static struct plan_decision decide(const char *now)
{
    return (struct plan_decision){.now_us = at(now), .who = "someone", .reason = "a reason"};
}

/* Steps of a key as text: "publish 2010-07-15, sign 2010-07-15, stop open". */
static void assert_steps(const struct plan *plan, const char *id, const char *expected)
{
    char seen[1024] = "", when[UTC_TEXT];
    const struct plan_key *key = plan_key(plan, id);
    for (size_t i = 0; i < key->step_count; i++) {
        strcat(seen, i ? ", " : "");
        strcat(seen, plan_do_name(key->steps[i].what));
        strcat(seen, " ");
        strcat(seen, utc_format_short(key->steps[i].at_us, when));
    }
    assert_string_equal(seen, expected);
}

/* The autumn of 2017 with the dates of the plan of 2016: what is published stays, the old key goes on
 * signing. */
static void postpone_without_date(void **state)
{
    struct plan *plan = builtin("root-2017"), *held;
    struct err_note note = {""};
    assert_int_equal(plan_postpone(plan, UTC_OPEN, decide("2017-09-27"), &held, &note), 0);
    assert_steps(
        held, "KSK-2010", "publish 2010-07-15, sign 2010-07-15, stop open, revoke open, withdraw open");
    assert_steps(held, "KSK-2017", "publish 2017-07-11, sign open");
    assert_int_equal(plan_next_change(held, at("2017-09-27")), UTC_OPEN);
    for (const char *const *day = (const char *const[]){"2017-10-12", "2018-02-01", "2030-01-01", NULL}; *day;
         day++) {
        assert_string_equal(plan_phase_at(held, at(*day)), "postponed");
        assert_true(plan_key_at(plan_key(held, "KSK-2010"), at(*day)).signing);
        struct plan_key_state new_state = plan_key_at(plan_key(held, "KSK-2017"), at(*day));
        assert_true(new_state.published && !new_state.signing);
    }
    struct plan_roll roll = plan_roll_at(held, at("2017-10-12"));
    assert_true(roll.open && roll.postponed && !roll.backed_out);
    assert_int_equal(roll.sign_us, UTC_OPEN);
    assert_string_equal(roll.last_operation->reason, "a reason");
    assert_int_equal(held->history[0].change_count, 4);

    struct plan *resumed;
    assert_int_equal(plan_resume(held, at("2018-10-11"), decide("2018-09-16"), &resumed, &note), 0);
    assert_steps(resumed, "KSK-2010",
        "publish 2010-07-15, sign 2010-07-15, stop 2018-10-11, revoke 2019-01-11, withdraw 2019-03-22");
    assert_steps(resumed, "KSK-2017", "publish 2017-07-11, sign 2018-10-11");
    assert_int_equal(resumed->history_count, 2);
    plan_free(plan);
    plan_free(held);
    plan_free(resumed);
}

static void postpone_to_a_date(void **state)
{
    struct plan *plan = builtin("root-2017"), *moved;
    struct err_note note = {""};
    assert_int_equal(plan_postpone(plan, at("2017-10-21"), decide("2017-09-27"), &moved, &note), 0);
    assert_steps(moved, "KSK-2010",
        "publish 2010-07-15, sign 2010-07-15, stop 2017-10-21, revoke 2018-01-21, withdraw 2018-04-01");
    assert_steps(moved, "KSK-2017", "publish 2017-07-11, sign 2017-10-21");
    assert_true(plan_roll_at(moved, at("2017-10-01")).postponed);
    assert_false(plan_roll_at(moved, at("2017-10-01")).open);
    assert_string_equal(plan_phase_at(moved, at("2017-10-12")), "waiting");
    plan_free(plan);
    plan_free(moved);
}

/* A roll that has not begun: --to keeps its publication, an open date holds it too. */
static void postpone_before_publication(void **state)
{
    struct plan *plan = builtin("root-2017"), *made;
    struct err_note note = {""};
    assert_int_equal(plan_postpone(plan, at("2017-10-21"), decide("2017-07-01"), &made, &note), 0);
    assert_steps(made, "KSK-2017", "publish 2017-07-11, sign 2017-10-21");
    plan_free(made);
    assert_int_equal(plan_postpone(plan, UTC_OPEN, decide("2017-07-01"), &made, &note), 0);
    assert_steps(made, "KSK-2017", "publish open, sign open");
    struct plan *resumed;
    /* 92 days between publication and roll must fit behind the day of the decision. */
    assert_int_equal(plan_resume(made, at("2018-04-03"), decide("2017-12-31"), &resumed, &note), 0);
    assert_steps(resumed, "KSK-2017", "publish 2018-01-01, sign 2018-04-03");
    plan_free(resumed);
    plan_free(made);
    plan_free(plan);
}

/* After the roll the next step, a revocation, is what is postponed. */
static void postpone_the_revocation(void **state)
{
    struct plan *plan = builtin("root-2018"), *held, *resumed;
    struct err_note note = {""};
    assert_int_equal(plan_postpone(plan, UTC_OPEN, decide("2018-12-01"), &held, &note), 0);
    assert_steps(held, "KSK-2010",
        "publish 2010-07-15, sign 2010-07-15, stop 2018-10-11T16:00:00Z, revoke open, withdraw open");
    assert_string_equal(plan_phase_at(held, at("2019-02-01")), "postponed");
    assert_int_equal(plan_resume(held, at("2019-04-11T14:00:00Z"), decide("2019-02-01"), &resumed, &note), 0);
    assert_steps(resumed, "KSK-2010",
        "publish 2010-07-15, sign 2010-07-15, stop 2018-10-11T16:00:00Z, revoke 2019-04-11T14:00:00Z, "
        "withdraw 2019-06-20");
    plan_free(plan);
    plan_free(held);
    plan_free(resumed);
}

static void back_out_and_roll_again(void **state)
{
    struct plan *plan = builtin("root-2018"), *back, *again;
    struct err_note note = {""};
    int64_t now = at("2018-10-14T08:00:00Z");
    assert_int_equal(plan_back_out(plan, decide("2018-10-14T08:00:00Z"), &back, &note), 0);
    assert_steps(back, "KSK-2010",
        "publish 2010-07-15, sign 2010-07-15, stop 2018-10-11T16:00:00Z, sign 2018-10-14T08:00:00Z, stop "
        "open, revoke "
        "open, withdraw open");
    assert_steps(back, "KSK-2017",
        "publish 2017-07-11, sign 2018-10-11T16:00:00Z, stop 2018-10-14T08:00:00Z, sign open");
    assert_false(plan_key_at(plan_key(back, "KSK-2010"), now - 1).signing);
    assert_true(plan_key_at(plan_key(back, "KSK-2010"), now).signing);
    assert_true(plan_key_at(plan_key(back, "KSK-2017"), now - 1).signing);
    assert_false(plan_key_at(plan_key(back, "KSK-2017"), now).signing);
    assert_true(plan_key_at(plan_key(back, "KSK-2017"), now).published);
    struct plan_roll roll = plan_roll_at(back, now);
    assert_true(roll.backed_out && roll.open && roll.sign_us == UTC_OPEN);
    assert_string_equal(plan_phase_at(back, now), "backed-out");

    assert_int_equal(plan_resume(back, at("2018-12-11T16:00:00Z"), decide("2018-11-01"), &again, &note), 0);
    roll = plan_roll_at(again, at("2018-11-01"));
    assert_int_equal(roll.sign_us, at("2018-12-11T16:00:00Z"));
    assert_int_equal(
        roll.revoke_us, at("2019-03-13T14:00:00Z")); /* 92 days less two hours after, as before */
    assert_string_equal(plan_phase_at(again, at("2018-12-12")), "sign");
    plan_free(plan);
    plan_free(back);
    plan_free(again);
}

enum op { POSTPONE, RESUME, BACK_OUT };

static int operate(const struct plan *plan, enum op op, int64_t to_us, struct plan_decision by,
    struct plan **ret, struct err_note *note)
{
    return op == POSTPONE ? plan_postpone(plan, to_us, by, ret, note)
           : op == RESUME ? plan_resume(plan, to_us, by, ret, note)
                          : plan_back_out(plan, by, ret, note);
}

static void refusals(void **state)
{
    static const struct {
        const char *plan, *held_at; /* NULL: not held before */
        enum op op;
        const char *to, *now, *says;
    } rows[] = {
        {"root-2018", NULL, POSTPONE, "open", "2019-03-22", "nothing is to come after 2019-03-22"},
        {"root-2017", NULL, POSTPONE, "2017-10-11", "2017-09-27", "2017-10-11 is not later than 2017-10-11"},
        {"root-2017", NULL, POSTPONE, "2017-10-10", "2017-09-27", "is not later than"},
        {"root-2017", NULL, POSTPONE, "9999-12-31", "2017-09-27", "after the year 9999"},
        {"root-2017", "2017-09-27", POSTPONE, "open", "2017-10-01", "held without a date already"},
        {"root-2017", "2017-09-27", POSTPONE, "2018-01-01", "2017-10-01", "resume it"},
        {"root-2017", NULL, RESUME, "2018-01-01", "2017-10-01", "nothing is held"},
        {"root-2017", "2017-09-27", RESUME, "2017-10-01", "2017-10-01", "allowed after 2017-10-01"},
        {"root-2017", "2017-07-20", RESUME, "2017-08-10T23:59:59.999999Z", "2017-07-21",
            "allowed from 2017-08-11"},
        {"root-2017", "2017-07-01", RESUME, "2017-10-01", "2017-07-02", "allowed after 2017-10-02"},
        {"root-2017", "2017-09-27", RESUME, "2018-01-01", "2017-09-26", "was recorded at 2017-09-27"},
        {"root-2017", NULL, BACK_OUT, NULL, "2017-09-27", "has not happened"},
        {"root-2018", NULL, BACK_OUT, NULL, "2019-01-11T14:00:00Z", "was revoked at 2019-01-11T14:00:00Z"},
        {"root-2018", NULL, BACK_OUT, NULL, "2019-03-22", "withdrawn at 2019-03-22"},
        {"testzone", NULL, POSTPONE, "open", "2019-03-22", "template"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct plan *plan = builtin(rows[i].plan), *made = NULL;
        struct err_note note = {""};
        if (rows[i].held_at) {
            struct plan *held;
            assert_int_equal(plan_postpone(plan, UTC_OPEN, decide(rows[i].held_at), &held, &note), 0);
            plan_free(plan);
            plan = held;
        }
        int64_t to = rows[i].to ? at(rows[i].to) : 0;
        assert_int_equal(operate(plan, rows[i].op, to, decide(rows[i].now), &made, &note), ERR_DATA);
        if (!strstr(note.text, rows[i].says))
            fail_msg("row %zu: '%s' does not say '%s'", i, note.text, rows[i].says);
        assert_null(made);
        plan_free(plan);
    }
    struct plan *plan = builtin("root-2017"), *made;
    struct plan_decision silent = decide("2017-09-27");
    silent.reason = "";
    assert_int_equal(plan_postpone(plan, UTC_OPEN, silent, &made, NULL), ERR_USAGE);
    plan_free(plan);
}

/* The first moment that is allowed, one before it, and one before it by force. */
static void hold_down_boundary(void **state)
{
    struct plan *plan = builtin("root-2017"), *held, *made;
    struct err_note note = {""};
    assert_int_equal(plan_postpone(plan, UTC_OPEN, decide("2017-07-20"), &held, &note), 0);
    struct plan_decision by = decide("2017-07-21");
    int64_t trust = plan_roll_at(held, by.now_us).trust_us;
    assert_int_equal(trust, at("2017-08-11"));
    assert_int_equal(plan_resume(held, trust - 1, by, &made, &note), ERR_DATA);
    assert_int_equal(plan_resume(held, trust, by, &made, &note), 0);
    assert_false(made->history[1].forced);
    plan_free(made);
    by.force = true;
    assert_int_equal(plan_resume(held, trust - 1, by, &made, &note), 0);
    assert_true(made->history[1].forced);
    plan_free(made);
    assert_int_equal(plan_resume(held, trust, by, &made, &note), 0);
    assert_false(made->history[1].forced); /* nothing had to be forced */
    plan_free(made);
    plan_free(plan);
    plan_free(held);
}

static bool same_state(struct plan_key_state a, struct plan_key_state b)
{
    return a.published == b.published && a.signing == b.signing && a.revoked == b.revoked &&
           a.ever_published == b.ever_published && a.since_us == b.since_us;
}

/* All states of all keys until and at `until_us` are the same, looked at around every step and at random. */
static void assert_same_past(const struct plan *a, const struct plan *b, int64_t until_us)
{
    assert_int_equal(a->key_count, b->key_count);
    for (size_t k = 0; k < a->key_count; k++)
        for (size_t i = 0; i < a->key_count; i++)
            for (size_t j = 0; j < a->keys[i].step_count; j++)
                for (int64_t off = -1; off <= 1; off++) {
                    int64_t t = a->keys[i].steps[j].at_us;
                    t = t == UTC_OPEN || t + off > until_us ? until_us : t + off;
                    assert_true(same_state(plan_key_at(&a->keys[k], t), plan_key_at(&b->keys[k], t)));
                }
}

static uint64_t random_next(uint64_t *seed) /* xorshift64 */
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    return *seed ^= *seed << 17;
}

/* Random operations one after the other: never is the past changed, always the check holds, and the plan as
 * of any earlier decision is the plan as it was then. */
static void random_operations(void **state)
{
    enum { RUNS = 400, OPERATIONS = 12 };
    unsigned done[3] = {0};
    for (uint64_t run = 1; run <= RUNS; run++) {
        uint64_t seed = run * 0x9E3779B97F4A7C15u;
        struct plan *template = builtin(run % 2 ? "testzone" : "testzone-fast"), *plans[OPERATIONS + 1];
        int64_t moments[OPERATIONS + 1], span = run % 2 ? UTC_DAY : UTC_SECOND * 3;
        moments[0] = at("2026-01-01");
        assert_int_equal(plan_start(template, moments[0], NULL, 0, &plans[0], NULL), 0);
        plan_free(template);
        size_t count = 0;
        for (size_t i = 0; i < OPERATIONS; i++) {
            struct plan_decision by = {.reason = "r", .force = random_next(&seed) % 2};
            by.now_us = moments[count] + (int64_t)(random_next(&seed) % (uint64_t)(30 * span)) + 1;
            int64_t to = random_next(&seed) % 2
                             ? UTC_OPEN
                             : by.now_us + (int64_t)(random_next(&seed) % (uint64_t)(90 * span));
            enum op op = (enum op)(random_next(&seed) % 3);
            struct err_note note = {""};
            if (operate(plans[count], op, to, by, &plans[count + 1], &note))
                continue;
            done[op]++;
            moments[++count] = by.now_us;
            assert_int_equal(plan_check(plans[count], &note), 0);
            assert_same_past(plans[count - 1], plans[count], by.now_us - 1);
            for (size_t j = 0; j < count; j++) {
                struct plan *then;
                assert_int_equal(plan_as_of(plans[count], moments[j + 1] - 1, &then), 0);
                assert_true(plan_equal(then, plans[j]));
                plan_free(then);
            }
        }
        for (size_t i = 0; i <= count; i++)
            plan_free(plans[i]);
    }
    assert_true(done[POSTPONE] > 100 && done[RESUME] > 100 && done[BACK_OUT] > 20);
}

/* root-2018 as it stood is root-2017, but for titles and what was learnt later. */
static void as_of_2017(void **state)
{
    struct plan *plan = builtin("root-2018"), *then;
    assert_int_equal(plan_as_of(plan, at("2017-09-26"), &then), 0);
    assert_steps(then, "KSK-2017", "publish 2017-07-11, sign 2017-10-11");
    assert_int_equal(then->history_count, 0);
    plan_free(then);
    assert_int_equal(plan_as_of(plan, at("2017-09-27"), &then), 0);
    assert_steps(
        then, "KSK-2010", "publish 2010-07-15, sign 2010-07-15, stop open, revoke open, withdraw open");
    assert_string_equal(plan_phase_at(then, at("2017-09-27")), "postponed");
    plan_free(then);
    plan_free(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(postpone_without_date),
        cmocka_unit_test(postpone_to_a_date),
        cmocka_unit_test(postpone_before_publication),
        cmocka_unit_test(postpone_the_revocation),
        cmocka_unit_test(back_out_and_roll_again),
        cmocka_unit_test(refusals),
        cmocka_unit_test(hold_down_boundary),
        cmocka_unit_test(random_operations),
        cmocka_unit_test(as_of_2017),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

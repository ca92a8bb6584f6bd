#include "core/roll/gate.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define P GATE_PASS
#define F GATE_FAIL
#define U GATE_UNKNOWN

static void test_outcome(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        enum gate_bound bound;
        double low, high;
        enum gate_outcome outcome;
    } rows[] = {
        {"well below", GATE_AT_MOST, 0.01, 0.02, P},
        {"its high end on the bound keeps it", GATE_AT_MOST, 0.04, 0.05, P},
        {"a point on the bound", GATE_AT_MOST, 0.05, 0.05, P},
        {"straddles", GATE_AT_MOST, 0.04, 0.06, U},
        {"its low end on the bound is not broken for sure", GATE_AT_MOST, 0.05, 0.06, U},
        {"the next number above breaks it", GATE_AT_MOST, 0.050000000000000010, 0.06, F},
        {"well above", GATE_AT_MOST, 0.06, 0.07, F},
        {"without an upper end", GATE_AT_MOST, 0.01, INFINITY, U},
        {"above, without an upper end", GATE_AT_MOST, 0.06, INFINITY, F},
        {"nothing is known", GATE_AT_MOST, 0, 1, U},
        {"turned round", GATE_AT_MOST, 0.02, 0.01, U},
        {"beyond all numbers", GATE_AT_MOST, INFINITY, INFINITY, U},
        {"below all numbers", GATE_AT_MOST, -INFINITY, -INFINITY, U},
        {"without a lower end", GATE_AT_MOST, -INFINITY, 0.05, P},
        {"no number at the high end", GATE_AT_MOST, 0.01, NAN, U},
        {"no number at the low end", GATE_AT_MOST, NAN, 0.01, U},
        {"well above", GATE_AT_LEAST, 0.07, 0.08, P},
        {"its low end on the bound keeps it", GATE_AT_LEAST, 0.05, 0.06, P},
        {"a point on the bound", GATE_AT_LEAST, 0.05, 0.05, P},
        {"straddles", GATE_AT_LEAST, 0.04, 0.06, U},
        {"its high end on the bound is not broken for sure", GATE_AT_LEAST, 0.04, 0.05, U},
        {"the next number below breaks it", GATE_AT_LEAST, 0.04, 0.049999999999999996, F},
        {"well below", GATE_AT_LEAST, 0.01, 0.02, F},
        {"turned round", GATE_AT_LEAST, 0.08, 0.07, U},
        {"no number", GATE_AT_LEAST, NAN, NAN, U},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct gate_criterion criterion = {.bound = rows[i].bound, .threshold = 0.05};
        struct gate_measured measured = {
            .has_value = true, .interval = {rows[i].low, rows[i].low, rows[i].high}};
        if (gate_outcome_of(&criterion, &measured) != rows[i].outcome)
            fail_msg("%s %s: %s", gate_bound_name(rows[i].bound), rows[i].what,
                gate_outcome_name(gate_outcome_of(&criterion, &measured)));
        measured.has_value = false; /* whatever the rest holds */
        assert_int_equal(gate_outcome_of(&criterion, &measured), U);
        measured.has_value = true;
        criterion.threshold = NAN;
        assert_int_equal(gate_outcome_of(&criterion, &measured), U);
    }
}

/* A criterion that comes out as is wanted: at most 5, and values around it. */
static void set(struct gate_criterion *criterion, struct gate_measured *measured, enum gate_outcome outcome,
    enum gate_decision on_fail, bool allow)
{
    static const struct interval values[] = {{1, 0, 2}, {8, 7, 9}, {5, 4, 6}};
    *criterion = (struct gate_criterion){
        .bound = GATE_AT_MOST, .threshold = 5, .on_fail = on_fail, .allow_unknown = allow};
    *measured = (struct gate_measured){.has_value = true, .interval = values[outcome]};
}

#define POSTPONE GATE_POSTPONE
#define BACK GATE_BACK_OUT

static void test_decision(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        size_t count;
        struct {
            enum gate_outcome outcome;
            enum gate_decision on_fail;
            bool allow;
        } of[3];
        enum gate_decision before, after;
    } rows[] = {
        {"no criterion", 0, {{0}}, GATE_GO, GATE_GO},
        {"all pass", 2, {{P, POSTPONE, false}, {P, BACK, false}}, GATE_GO, GATE_GO},
        {"one fails", 2, {{P, POSTPONE, false}, {F, POSTPONE, false}}, POSTPONE, GATE_GO},
        {"one fails, and the order does not matter", 2, {{F, POSTPONE, false}, {P, POSTPONE, false}},
            POSTPONE, GATE_GO},
        {"one would take the roll back", 2, {{P, POSTPONE, false}, {F, BACK, false}}, POSTPONE, BACK},
        {"one is unknown", 2, {{P, POSTPONE, false}, {U, POSTPONE, false}}, POSTPONE, GATE_GO},
        {"one is unknown and may be", 2, {{P, POSTPONE, false}, {U, POSTPONE, true}}, GATE_GO, GATE_GO},
        {"may be unknown is not may fail", 1, {{F, POSTPONE, true}}, POSTPONE, GATE_GO},
        {"may be unknown is not may fail after the roll", 1, {{F, BACK, true}}, POSTPONE, BACK},
        {"unknown never backs out", 1, {{U, BACK, false}}, POSTPONE, GATE_GO},
        {"unknown, allowed, for backing out", 1, {{U, BACK, true}}, GATE_GO, GATE_GO},
        {"a failed one outweighs the rest", 3, {{U, POSTPONE, true}, {F, BACK, false}, {P, BACK, false}},
            POSTPONE, BACK},
        {"after the roll a failure to postpone is past", 2, {{F, POSTPONE, false}, {U, BACK, false}},
            POSTPONE, GATE_GO},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct gate_criterion criteria[3];
        struct gate_measured measured[3];
        enum gate_outcome outcomes[3];
        struct gate gate = {.criteria = criteria, .count = rows[i].count};
        struct gate_result result = {.outcomes = outcomes};
        for (size_t k = 0; k < rows[i].count; k++)
            set(&criteria[k], &measured[k], rows[i].of[k].outcome, rows[i].of[k].on_fail,
                rows[i].of[k].allow);
        gate_judge(&gate, measured, false, &result);
        if (result.decision != rows[i].before)
            fail_msg("%s, before: %s", rows[i].what, gate_decision_name(result.decision));
        for (size_t k = 0; k < rows[i].count; k++)
            assert_int_equal(outcomes[k], rows[i].of[k].outcome);
        gate_judge(&gate, measured, true, &result);
        if (result.decision != rows[i].after)
            fail_msg("%s, after: %s", rows[i].what, gate_decision_name(result.decision));
    }
}

static void test_missing(void **state)
{
    (void)state;
    struct gate_criterion criterion = {.bound = GATE_AT_LEAST, .threshold = 0, .on_fail = POSTPONE};
    struct gate gate = {.criteria = &criterion, .count = 1};
    struct gate_measured measured = {.has_value = false, .interval = {1, 1, 1}, .reason = "no users file"};
    enum gate_outcome outcome;
    struct gate_result result = {.outcomes = &outcome};
    gate_judge(&gate, &measured, false, &result); /* even a bound that all values keep */
    assert_int_equal(outcome, U);
    assert_int_equal(result.decision, POSTPONE);
    assert_int_equal(gate_demand(&criterion, outcome, false), POSTPONE);
    assert_int_equal(gate_demand(&criterion, GATE_PASS, false), GATE_GO);
}

static void test_measures(void **state)
{
    (void)state;
    assert_true(gate_measure_count() >= 14);
    for (size_t i = 0; i < gate_measure_count(); i++) {
        const struct gate_measure *m = gate_measure(i);
        assert_ptr_equal(gate_measure_find(m->name), m); /* and so no name stands twice */
        assert_true(*m->meaning && *m->unit);
    }
    assert_int_equal(gate_measure_find("trend")->kind, GATE_POINTS);
    assert_int_equal(gate_measure_find("old-only-users")->kind, GATE_SHARE);
    assert_null(gate_measure_find("old-only"));
    assert_null(gate_measure_find(""));
    assert_string_equal(gate_decision_name(BACK), "back-out");
    assert_string_equal(gate_outcome_name(U), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outcome),
        cmocka_unit_test(test_decision),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_measures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

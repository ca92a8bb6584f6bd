/* Recordings of real resolvers, replayed and judged every second. docs/verdicts.md has the table of them. The
 * times below are what was reached, rounded up: they may become smaller, never greater. Each recording is
 * judged twice: with what the resolver's clients saw (an agent's reports), and without. */
#include "core/roll/evidence_fixture.h"
#include "core/roll/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { NEVER = 1000 };

struct row {
    const char *file;
    double bad_from, bad_by;     /* first not-ready: not before, not after; NEVER: at no moment */
    double ready_by;             /* ready from then on, to the end; NEVER: no promise */
    double broke_from, broke_to; /* the moment told as the first sign of failure; NEVER: none */
    enum verdict end, end_alone; /* with and without clients' reports */
};

static const struct row rows[] = {
    /* followers: at no moment not-ready */
    {"named-managed", NEVER, NEVER, 101, NEVER, NEVER, VERDICT_READY, VERDICT_READY},
    {"unbound-auto", NEVER, NEVER, 106, NEVER, NEVER, VERDICT_READY, VERDICT_READY},
    {"named-managed-5", NEVER, NEVER, 101, NEVER, NEVER, VERDICT_READY, VERDICT_READY},
    {"named-managed-7", NEVER, NEVER, 101, NEVER, NEVER, VERDICT_READY, VERDICT_READY},
    {"named-managed-25", NEVER, NEVER, 101, NEVER, NEVER, VERDICT_READY, VERDICT_READY},
    {"unbound-auto-25", NEVER, NEVER, 106, NEVER, NEVER, VERDICT_READY, VERDICT_READY},
    {"named-managed-0", NEVER, NEVER, 101, NEVER, NEVER, VERDICT_READY, VERDICT_READY},
    {"unbound-auto-0", NEVER, NEVER, 106, NEVER, NEVER, VERDICT_READY, VERDICT_READY},
    {"named-restart", NEVER, NEVER, 106, NEVER, NEVER, VERDICT_READY, VERDICT_READY},
    {"unbound-restart", NEVER, NEVER, 106, NEVER, NEVER, VERDICT_READY, VERDICT_READY},
    {"unbound-lost", NEVER, NEVER, 142, NEVER, NEVER, VERDICT_READY, VERDICT_READY},
    {"unbound-dual", NEVER, NEVER, 111, NEVER, NEVER, VERDICT_READY, VERDICT_READY},
    {"named-managed-4", NEVER, NEVER, 97, NEVER, NEVER, VERDICT_READY, VERDICT_READY},
    {"unbound-auto-4", NEVER, NEVER, 97, NEVER, NEVER, VERDICT_READY, VERDICT_READY},
    {"named-managed-20", NEVER, NEVER, 106, NEVER, NEVER, VERDICT_READY, VERDICT_READY},
    {"unbound-auto-20", NEVER, NEVER, 106, NEVER, NEVER, VERDICT_READY, VERDICT_READY},
    {"unbound-auto-long", NEVER, NEVER, 136, NEVER, NEVER, VERDICT_READY, VERDICT_READY},
    {"named-late", NEVER, NEVER, 165, NEVER, NEVER, VERDICT_READY, VERDICT_READY},
    {"demo-named-managed", NEVER, NEVER, 102, NEVER, NEVER, VERDICT_READY, VERDICT_READY},
    {"demo-unbound-auto", NEVER, NEVER, 106, NEVER, NEVER, VERDICT_READY, VERDICT_READY},
    /* static anchors: foretold before the roll at 150 s, and the moment of the break */
    {"named-static", 20, 50, NEVER, 150, 153, VERDICT_NOT_READY, VERDICT_NOT_READY},
    {"unbound-static", 20, 50, NEVER, 150, 162, VERDICT_NOT_READY, VERDICT_NOT_READY},
    {"named-static-7", 20, 60, NEVER, 150, 240, VERDICT_NOT_READY, VERDICT_NOT_READY},
    {"unbound-static-7", 20, 60, NEVER, 150, 160, VERDICT_NOT_READY, VERDICT_NOT_READY},
    {"named-static-25", 20, 130, NEVER, 150, 205, VERDICT_NOT_READY, VERDICT_NOT_READY},
    {"unbound-static-25", 20, 130, NEVER, 150, 160, VERDICT_NOT_READY, VERDICT_NOT_READY},
    {"named-static-4", 10, 60, NEVER, 150, 155, VERDICT_NOT_READY, VERDICT_NOT_READY},
    {"named-static-20", 20, 110, NEVER, 150, 172, VERDICT_NOT_READY, VERDICT_NOT_READY},
    {"unbound-static-20", 20, 110, NEVER, 150, 172, VERDICT_NOT_READY, VERDICT_NOT_READY},
    {"unbound-prefetch", 20, 60, NEVER, 150, 162, VERDICT_NOT_READY, VERDICT_NOT_READY},
    {"unbound-short", 60, 110, NEVER, 150, 162, VERDICT_NOT_READY, VERDICT_NOT_READY},
    {"pdns", 20, 50, NEVER, 150, 165, VERDICT_NOT_READY, VERDICT_UNKNOWN},
    {"kresd-static", 20, 60, NEVER, 150, 165, VERDICT_NOT_READY, VERDICT_NOT_READY},
    {"demo-named-static", 20, 60, NEVER, 150, 165, VERDICT_NOT_READY, VERDICT_NOT_READY},
    /* too little to foretell: unknown until it shows */
    {"unbound-long", 150, 200, NEVER, 150, 195, VERDICT_NOT_READY, VERDICT_NOT_READY},
    {"named-static-60", 150, NEVER, NEVER, 150, NEVER, VERDICT_UNKNOWN, VERDICT_UNKNOWN},
    /* mended in time */
    {"named-mended", 20, 50, 145, NEVER, NEVER, VERDICT_READY, VERDICT_READY},
    {"unbound-mended", 20, 50, 148, NEVER, NEVER, VERDICT_READY, VERDICT_READY},
    {"named-postponed", 20, 50, 145, NEVER, NEVER, VERDICT_READY, VERDICT_READY},
    {"unbound-postponed", 20, 50, 150, NEVER, NEVER, VERDICT_READY, VERDICT_READY},
    {"demo-postponed", 20, 60, 115, NEVER, NEVER, VERDICT_READY, VERDICT_READY},
    /* late, by its own word; Unbound heals when its hold-down ends */
    {"unbound-late", 110, 120, 195, 150, 153, VERDICT_READY, VERDICT_READY},
    /* several resolvers behind one zone: the worst decides */
    {"farm", 30, 60, NEVER, 150, 162, VERDICT_NOT_READY, VERDICT_NOT_READY},
    {"forwarder", 30, 120, NEVER, 150, 165, VERDICT_NOT_READY, VERDICT_NOT_READY},
    /* not set up */
    {"unbound-none", NEVER, NEVER, NEVER, NEVER, NEVER, VERDICT_UNKNOWN, VERDICT_UNKNOWN},
    {"named-parent", 0, 70, NEVER, NEVER, NEVER, VERDICT_NOT_READY, VERDICT_NOT_READY},
    /* static, with both keys: it will survive, which only its own word or the outcome can tell */
    {"unbound-both", NEVER, NEVER, 40, NEVER, NEVER, VERDICT_READY, VERDICT_READY},
    {"named-both", 20, 60, NEVER, NEVER, NEVER, VERDICT_READY, VERDICT_UNKNOWN},
};

struct seen {
    double first_bad, ready_since, broke;
    struct verdict_result last;
};

static void judge(struct arena *arena, const struct fixture_plan *plan, const struct evidence *evidence,
    const uint16_t tags[2], int64_t now_us, struct seen *seen)
{
    struct verdict_input input = {
        .plan = &plan->plan, .evidence = evidence, .old_tag = tags[0], .new_tag = tags[1], .now_us = now_us};
    double now = (double)now_us / 1e6;
    arena_reset(arena);
    assert_int_equal(verdict_judge(&input, arena, &seen->last), 0);
    if (seen->last.verdict == VERDICT_NOT_READY && seen->first_bad >= NEVER)
        seen->first_bad = now;
    if (seen->last.verdict != VERDICT_READY)
        seen->ready_since = NEVER;
    else if (seen->ready_since >= NEVER)
        seen->ready_since = now;
    if (seen->last.broke_us != UTC_OPEN) {
        double broke = (double)seen->last.broke_us / 1e6;
        seen->broke = broke < seen->broke ? broke : seen->broke;
    }
}

static void replay(const char *name, bool answers, struct arena *arena, struct seen *seen)
{
    char path[512], line[512];
    const char *source = getenv("ROLLCALL_SOURCE");
    snprintf(path, sizeof path, "%s/tests/golden/evidence/%s.txt", source ? source : ".", name);
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("%s cannot be read", path);
    struct evidence *evidence = evidence_new();
    struct fixture_plan plan;
    uint16_t tags[2];
    int64_t next_us = 0;
    *seen = (struct seen){.first_bad = NEVER, .ready_since = NEVER, .broke = NEVER};
    while (fgets(line, sizeof line, file)) {
        struct evidence_event event;
        if (line[0] == '#' || fixture_plan_read(line, &plan, &tags[0], &tags[1]))
            continue;
        int64_t at_us = (int64_t)(strtod(line, NULL) * 1e6);
        for (; next_us < at_us; next_us += UTC_SECOND)
            judge(arena, &plan, evidence, tags, next_us, seen);
        if (!fixture_event(line, &event))
            fixture_operation(line, &plan);
        else if (answers || event.kind != EVIDENCE_ANSWER)
            assert_int_equal(evidence_add(evidence, &plan.plan, &event), 0);
    }
    for (; next_us < 285 * UTC_SECOND; next_us += UTC_SECOND)
        judge(arena, &plan, evidence, tags, next_us, seen);
    fclose(file);
    evidence_free(evidence);
}

static void check(const struct row *row, bool answers)
{
    struct arena *arena = arena_new();
    struct seen seen;
    replay(row->file, answers, arena, &seen);
    enum verdict end = answers ? row->end : row->end_alone;
    const char *with = answers ? "with reports" : "alone";
    if (seen.last.verdict != end)
        fail_msg("%s, %s, ends %s: %s", row->file, with, verdict_name(seen.last.verdict), seen.last.summary);
    if (seen.first_bad < row->bad_from || (row->bad_by < NEVER && seen.first_bad > row->bad_by))
        fail_msg("%s, %s, first not-ready at %.0f", row->file, with, seen.first_bad);
    if (row->ready_by < NEVER && seen.ready_since > row->ready_by)
        fail_msg("%s, %s, ready since %.0f", row->file, with, seen.ready_since);
    if (row->broke_from >= NEVER ? seen.broke < NEVER
                                 : answers && (seen.broke < row->broke_from || seen.broke > row->broke_to))
        fail_msg("%s, %s, broke at %.1f", row->file, with, seen.broke);
    if (getenv("ROLLCALL_GOLDEN"))
        printf("%-20s %-12s not-ready %4.0f  ready %4.0f  broke %6.1f  %s\n", row->file, with, seen.first_bad,
            seen.ready_since, seen.broke, verdict_name(seen.last.verdict));
    arena_free(arena);
}

static void test_with_reports(void **state)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check(&rows[i], true);
}

static void test_alone(void **state)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check(&rows[i], false);
}

/* Evidence is rebuilt from the store with the plan as it stands by then: postponed and resumed, it must come
 * to the same as it did live. */
static struct evidence *fold(
    const char *name, const struct fixture_plan *final, struct fixture_plan *ret_plan)
{
    char path[512], line[512];
    const char *source = getenv("ROLLCALL_SOURCE");
    snprintf(path, sizeof path, "%s/tests/golden/evidence/%s.txt", source ? source : ".", name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    struct evidence *evidence = evidence_new();
    struct evidence_event event;
    uint16_t tags[2];
    while (fgets(line, sizeof line, file)) {
        if (line[0] == '#')
            continue;
        if (fixture_plan_read(line, ret_plan, &tags[0], &tags[1])) {
            if (final)
                fixture_plan_set(ret_plan, final->new_steps[1].at_us, final->old_steps[3].at_us,
                    final->old_steps[4].at_us);
        } else if (fixture_event(line, &event)) {
            assert_int_equal(evidence_add(evidence, &ret_plan->plan, &event), 0);
        } else if (!final) {
            fixture_operation(line, ret_plan);
        }
    }
    fclose(file);
    return evidence;
}

static void test_rebuilt(void **state)
{
    static const char *const names[] = {"demo-postponed", "named-postponed", "unbound-postponed"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct fixture_plan live, later;
        struct evidence *first = fold(names[i], NULL, &live), *again = fold(names[i], &live, &later);
        assert_int_equal(first->source_count, again->source_count);
        assert_memory_equal(first->sources, again->sources, first->source_count * sizeof *first->sources);
        assert_memory_equal(&first->whole, &again->whole, sizeof first->whole);
        evidence_free(first);
        evidence_free(again);
    }
}

int main(void)
{
    const struct CMUnitTest all[] = {
        cmocka_unit_test(test_with_reports), cmocka_unit_test(test_alone), cmocka_unit_test(test_rebuilt)};
    return cmocka_run_group_tests_name("verdicts on recordings", all, NULL, NULL);
}

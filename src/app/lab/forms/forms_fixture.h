/* forms_fixture: for tests: rehearsals as they could have been, of every kind. */
#ifndef APP_LAB_FORMS_FIXTURE_H
#define APP_LAB_FORMS_FIXTURE_H

#include "app/lab/forms/forms.h"
#include "core/roll/sighting.h"
#include "io/yaml/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How a resolver fares. */
enum fixture_kind {
    FIXTURE_READY,   /* follows, and storms a little when the old key is revoked */
    FIXTURE_BREAKS,  /* SERVFAIL from a day after the roll */
    FIXTURE_HEALS,   /* … for 13 days */
    FIXTURE_OPEN,    /* answers without AD from the revocation on */
    FIXTURE_DIES,    /* ends a day after the publication */
    FIXTURE_UNKNOWN, /* the clock does not reach it */
    FIXTURE_KINDS,
};

#define FIXTURE_EVIL "\"><script>alert(1)</script>&\x1b[31m\xff=cmd|' /C calc'!A0"

struct fixture_made {
    struct arena *arena;
    struct forms_run run;
    struct rehearsal_evidence *evidence;
    struct rehearsal_result *result;
    const struct plan_roll *roll;
    enum fixture_kind kind;
};

/* A plan that never comes so far has no such day. */
static inline int64_t fixture_after(int64_t at_us, int days)
{
    return at_us == UTC_OPEN ? UTC_OPEN : at_us + days * UTC_DAY;
}

static inline struct rehearsal_look fixture_look(const struct fixture_made *made, int64_t at_us)
{
    struct rehearsal_look look = {at_us, REHEARSAL_AD, REHEARSAL_SERVFAIL, REHEARSAL_PLAIN};
    const struct rehearsal_result *result = made->result;
    if (made->kind == FIXTURE_DIES && at_us > result->died_us)
        return (struct rehearsal_look){at_us, REHEARSAL_NOTHING, REHEARSAL_NOTHING, REHEARSAL_NOTHING};
    if (result->broke_to_us == UTC_OPEN || at_us < result->broke_to_us || at_us >= result->healed_us)
        return look;
    if (made->kind == FIXTURE_OPEN)
        look.secure = look.bogus = REHEARSAL_PLAIN;
    else
        look.secure = REHEARSAL_SERVFAIL;
    return look;
}

static inline void fixture_looks(struct fixture_made *made)
{
    struct rehearsal_evidence *e = made->evidence;
    size_t days = (size_t)((e->to_us - e->from_us) / UTC_DAY);
    e->looks = arena_alloc(made->arena, days * sizeof *e->looks);
    for (size_t i = 0; i < days; i++)
        e->looks[e->look_count++] = fixture_look(made, e->from_us + (int64_t)i * UTC_DAY + UTC_DAY / 2);
}

static inline uint32_t fixture_queries(const struct fixture_made *made, int64_t at_us)
{
    bool revoked = at_us >= made->roll->revoke_us && at_us < made->roll->withdraw_us;
    if (made->kind == FIXTURE_DIES && at_us > made->result->died_us)
        return 0;
    return made->kind == FIXTURE_BREAKS && revoked ? 96 : revoked ? 4 : at_us / UTC_DAY % 2 ? 2 : 1;
}

static inline void fixture_fetches(struct fixture_made *made)
{
    struct rehearsal_evidence *e = made->evidence;
    size_t room = (size_t)((e->to_us - e->from_us) / UTC_DAY + 1) * 100;
    e->fetches = arena_alloc(made->arena, room * sizeof *e->fetches);
    e->signals = arena_alloc(made->arena, room * sizeof *e->signals);
    for (int64_t at_us = e->from_us; at_us < e->to_us; at_us += UTC_DAY) {
        uint32_t queries = fixture_queries(made, at_us);
        for (uint32_t i = 0; i < queries; i++)
            e->fetches[e->fetch_count++] =
                (struct rehearsal_fetch){at_us + i * UTC_MINUTE, i % 2 ? 1432 : 1199, i % 2, false, 3};
        bool both = at_us > fixture_after(made->roll->publish_us, 31) && made->kind != FIXTURE_BREAKS;
        if (queries)
            e->signals[e->signal_count++] = (struct rehearsal_signal){
                at_us + UTC_HOUR, SIGHTING_TA_NULL, both ? 2 : 1, {20326, both ? 38696 : 0}};
    }
}

static inline void fixture_state(struct fixture_made *made, int64_t at_us, uint16_t tag, uint8_t state)
{
    struct rehearsal_evidence *e = made->evidence;
    if (!e->states)
        e->states = arena_alloc(made->arena, 16 * sizeof *e->states);
    if (at_us >= e->from_us && at_us < e->to_us)
        e->states[e->state_count++] = (struct rehearsal_state){at_us, tag, state};
}

static inline void fixture_event(
    struct fixture_made *made, int64_t at_us, enum rehearsal_what what, const char *text)
{
    struct rehearsal_evidence *e = made->evidence;
    if (!e->events)
        e->events = arena_alloc(made->arena, 16 * sizeof *e->events);
    struct rehearsal_event *event = &e->events[e->event_count++];
    *event = (struct rehearsal_event){.at_us = at_us, .what = (uint8_t)what};
    snprintf(event->text, sizeof event->text, "%s", text);
}

static inline void fixture_states(struct fixture_made *made)
{
    int64_t seen_us = fixture_after(made->roll->publish_us, 1);
    fixture_state(made, made->evidence->from_us, 20326, RFC5011_VALID);
    if (made->kind == FIXTURE_BREAKS || made->kind == FIXTURE_DIES)
        return;
    fixture_state(made, seen_us, 38696, RFC5011_ADD_PEND);
    fixture_state(made, fixture_after(seen_us, 30), 38696, RFC5011_VALID);
    fixture_state(made, fixture_after(made->roll->revoke_us, 1), 20454, RFC5011_REVOKED);
    fixture_state(made, fixture_after(made->roll->withdraw_us, 1), 20454, RFC5011_REMOVED);
}

/* What a judge would say. */
static inline void fixture_result(struct fixture_made *made)
{
    static const struct {
        enum verdict verdict;
        const char *cause;
    } kinds[FIXTURE_KINDS] = {
        [FIXTURE_READY] = {VERDICT_READY, "It trusted key 38696 before the roll, and nothing broke."},
        [FIXTURE_BREAKS] = {VERDICT_NOT_READY,
            "It holds key 20326 alone, which signs nothing since the roll: signed names fail with SERVFAIL."},
        [FIXTURE_HEALS] = {VERDICT_AT_RISK, "Its hold-down ended after the roll."},
        [FIXTURE_OPEN] = {VERDICT_NOT_READY, "Its trust point was deleted: nothing is validated any more."},
        [FIXTURE_DIES] = {VERDICT_NOT_READY, "It ended by itself when it could not write its state."},
        [FIXTURE_UNKNOWN] = {VERDICT_UNKNOWN,
            "The virtual clock does not reach it: it is statically linked."},
    };
    struct rehearsal_result *r = made->result;
    *r = (struct rehearsal_result){.verdict = kinds[made->kind].verdict,
        .cause = kinds[made->kind].cause,
        .broke_from_us = UTC_OPEN,
        .broke_to_us = UTC_OPEN,
        .healed_us = UTC_OPEN,
        .died_us = UTC_OPEN};
    if (made->kind == FIXTURE_BREAKS || made->kind == FIXTURE_HEALS) {
        r->broke_from_us = made->roll->sign_us;
        r->broke_to_us = fixture_after(made->roll->sign_us, 1);
        r->healed_us = made->kind == FIXTURE_HEALS ? fixture_after(made->roll->sign_us, 14) : UTC_OPEN;
    } else if (made->kind == FIXTURE_OPEN) {
        r->broke_from_us = r->broke_to_us = made->roll->revoke_us;
    } else if (made->kind == FIXTURE_DIES) {
        r->broke_from_us = r->broke_to_us = r->died_us = fixture_after(made->roll->publish_us, 1);
    }
}

static inline void fixture_finding(struct fixture_made *made)
{
    if (made->kind != FIXTURE_BREAKS)
        return;
    made->result->findings = arena_alloc(made->arena, sizeof *made->result->findings);
    made->result->finding_count = 1;
    made->result->findings[0] = (struct verdict_finding){.rule = "FM01",
        .text = "Its anchor is static.",
        .means = "It breaks at every roll.",
        .mend = "use auto-trust-anchor-file",
        .count = 1,
        .first_us = made->roll->sign_us,
        .last_us = made->roll->sign_us,
        .harmful = true};
    made->result->differences = arena_alloc(made->arena, sizeof *made->result->differences);
    made->result->difference_count = 1;
    made->result->differences[0] = (struct rehearsal_difference){
        .at_us = made->roll->publish_us, .tag = 38696, .program = RFC5011_START, .model = RFC5011_ADD_PEND};
}

/* A run of a scenario over root-2024; all in the arena. Ends the test program where that cannot be. */
static inline struct forms_run fixture_run(
    struct arena *arena, const char *resolver, const char *scenario_name, enum fixture_kind kind)
{
    static const struct lab_cost cost = {.wall_us = 4500000,
        .phase_us = {100000, 200000, 1250000, 2500000, 300000, 150000},
        .programs_us = 1500000,
        .own_us = 2000000,
        .jumps = 20000,
        .answers = 5000};
    struct err_note note = {""};
    struct scenario *scenario = NULL;
    struct plan *plan = NULL;
    struct scenario_schedule *schedule = arena_alloc(arena, sizeof *schedule);
    if (scenario_find(scenario_name, arena, &scenario, &note) || plan_builtin("root-2024", &plan) ||
        scenario_schedule(scenario, plan, INT64_MIN, UTC_OPEN, arena, schedule, &note)) {
        fprintf(stderr, "%s: %s\n", scenario_name, note.text);
        abort();
    }
    plan_free(plan);
    scenario->expect_text = "as the scenario says";
    struct rehearsal_evidence *evidence = arena_alloc(arena, sizeof *evidence);
    struct rehearsal_result *result = arena_alloc(arena, sizeof *result);
    *evidence = (struct rehearsal_evidence){
        .from_us = schedule->from_us, .to_us = schedule->to_us, .reached = kind != FIXTURE_UNKNOWN};
    struct fixture_made made = {
        .arena = arena, .evidence = evidence, .result = result, .roll = &schedule->roll, .kind = kind};
    fixture_result(&made);
    fixture_finding(&made);
    if (kind == FIXTURE_UNKNOWN) {
        snprintf(evidence->why_not, sizeof evidence->why_not, "statically linked");
    } else {
        fixture_event(&made, schedule->from_us, REHEARSAL_STARTED, "");
        fixture_looks(&made);
        fixture_states(&made);
        fixture_fetches(&made);
        if (kind == FIXTURE_DIES)
            fixture_event(
                &made, result->died_us, REHEARSAL_ENDED, "fatal error: could not open autotrust file");
    }
    return (struct forms_run){.resolver = resolver,
        .product = "unbound",
        .version = "1.17.1",
        .schedule = schedule,
        .evidence = evidence,
        .result = result,
        .cost = &cost};
}

#endif

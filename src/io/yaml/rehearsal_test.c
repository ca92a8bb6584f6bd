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
    {"clock-wrong", "unbound", VERDICT_NOT_READY, 54, 55, 94, -1, "FM57",
        "Its clock was ahead until 2025-02-24"},
    {"clock-wrong", "kresd", VERDICT_READY, -1, -1, -1, -1, NULL, "It trusts KSK-2024"},
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

/* Every built-in scenario, product and plan of one algorithm: what comes out is what the scenario says. */
static void all_as_expected(void **state)
{
    static const char *const plans[] = {"root-180", "root-2024", "root-2017"};
    for (size_t i = 0; i < scenario_count(); i++)
        for (size_t p = 0; p < 3; p++)
            for (size_t k = 0; k < 4; k++) {
                struct arena *keep = arena;
                arena = arena_new();
                struct scenario_schedule schedule = schedule_of(scenario_name(i), plans[p]);
                struct rehearsal_evidence seen = fixture_run(&schedule, &fixture_products[k], arena);
                struct rehearsal_result r = judge(&schedule, &fixture_products[k], &seen);
                if (!r.as_expected || r.difference_count)
                    fail_msg(
                        "%s over %s, %s: %s", scenario_name(i), plans[p], fixture_products[k].name, r.cause);
                arena_free(arena);
                arena = keep;
            }
}

/* --- bent evidence: a full roll over root-180 with what would be ready, and one thing changed --- */

struct bent {
    struct scenario_schedule schedule;
    struct rehearsal_evidence seen;
};

static struct bent seen_of(const char *scenario, const char *name)
{
    struct bent b = {.schedule = schedule_of(scenario, "root-180")};
    b.seen = fixture_run(&b.schedule, product(name), arena);
    return b;
}

static struct bent good(const char *scenario)
{
    return seen_of(scenario, "unbound");
}

static int64_t at_day(const struct bent *b, int day)
{
    return b->schedule.from_us + day * UTC_DAY;
}

/* The looks of [from, to) days, as they are to be. */
static void set_looks(
    struct bent *b, int from, int to, enum rehearsal_answer secure, enum rehearsal_answer bogus)
{
    for (size_t i = 0; i < b->seen.look_count; i++)
        if (b->seen.looks[i].at_us >= at_day(b, from) && b->seen.looks[i].at_us < at_day(b, to)) {
            b->seen.looks[i].secure = (uint8_t)secure;
            b->seen.looks[i].bogus = (uint8_t)bogus;
        }
}

#define DROP(b, array, count, from, to)                                                                      \
    do {                                                                                                     \
        size_t left = 0;                                                                                     \
        for (size_t i = 0; i < (b)->seen.count; i++)                                                         \
            if ((b)->seen.array[i].at_us < at_day(b, from) || (b)->seen.array[i].at_us >= at_day(b, to))     \
                (b)->seen.array[left++] = (b)->seen.array[i];                                                \
        (b)->seen.count = left;                                                                              \
    } while (0)

static void expect(struct bent *b, enum verdict verdict, const char *rule, const char *cause)
{
    struct rehearsal_result r = judge(&b->schedule, product("unbound"), &b->seen);
    if (r.verdict != verdict || !strstr(r.cause, cause))
        fail_msg(
            "%s: '%s', expected %s, '%s'", verdict_name(r.verdict), r.cause, verdict_name(verdict), cause);
    if (rule && !found(&r, rule))
        fail_msg("%s: no finding %s", r.cause, rule);
    if (verdict == VERDICT_UNKNOWN && (r.as_expected || r.broke_from_us != UTC_OPEN))
        fail_msg("%s: what is unknown is not as expected, and did not break", r.cause);
}

/* A configuration of the user's is judged as what it is, whatever the scenario would install. */
static void configured(void **state)
{
    struct bent b = good("full");
    b.seen.configured = true; /* static, with both keys: the fixture's users noticed nothing */
    b.seen.anchors[0] = 20326;
    b.seen.anchors[1] = 38696;
    b.seen.anchor_count = 2;
    b.seen.state_count = 0;
    b.seen.signal_count = 0;
    strcpy(b.seen.noted, "dnstap is left out");
    struct rehearsal_result r = judge(&b.schedule, product("pdns_recursor"), &b.seen);
    assert_int_equal(r.verdict, VERDICT_READY);
    assert_true(found(&r, "RH03") && found(&r, "RH13") && !found(&r, "RH02"));
    b.seen.anchor_count = 1; /* with the old key alone, seen in one view only */
    strcpy(b.seen.views[1], "vpn");
    set_looks(&b, 62, 200, REHEARSAL_SERVFAIL, REHEARSAL_SERVFAIL);
    for (size_t i = 62; i < b.seen.look_count; i++)
        b.seen.looks[i].view = 2;
    r = judge(&b.schedule, product("pdns_recursor"), &b.seen);
    assert_int_equal(r.verdict, VERDICT_NOT_READY);
    assert_true(strncmp(r.cause, "In its view vpn: Its anchor does not change and is KSK-2017 (20326) alone",
                    70) == 0);
    assert_true(found(&r, "FM17") && !found(&r, "RH03"));
    b = good("static"); /* a scenario of a static anchor, and one that follows all the same */
    b.seen.configured = true;
    b.seen.anchors[0] = 20326;
    b.seen.anchor_count = 1;
    r = judge(&b.schedule, product("named"), &b.seen);
    assert_true(strcmp(r.expected->profile, "static") != 0);
}

static void unknown(void **state)
{
    struct bent b = good("full");
    b.seen.reached = false;
    strcpy(b.seen.why_not, "a static binary");
    set_looks(&b, 60, 180, REHEARSAL_SERVFAIL, REHEARSAL_SERVFAIL);
    expect(&b, VERDICT_UNKNOWN, NULL, "The virtual clock does not reach it: a static binary.");
    b = good("full");
    b.seen.refused = true;
    strcpy(b.seen.why_not, "unbound.conf:3: no such file");
    expect(&b, VERDICT_UNKNOWN, NULL, "It was not rehearsed: unbound.conf:3: no such file.");
    b = good("full"); /* no validation, ever */
    set_looks(&b, 0, 200, REHEARSAL_PLAIN, REHEARSAL_PLAIN);
    expect(&b, VERDICT_UNKNOWN, "FM60", "It does not validate");
    b = good("full"); /* never an answer, though the model has some */
    set_looks(&b, 0, 200, REHEARSAL_SERVFAIL, REHEARSAL_SERVFAIL);
    expect(&b, VERDICT_UNKNOWN, NULL, "It never gave a validated answer");
    b = good("full");
    b.seen.look_count = 0;
    expect(&b, VERDICT_UNKNOWN, NULL, "Its users were never looked at.");
    b = good("full");
    DROP(&b, looks, look_count, 20, 23);
    expect(&b, VERDICT_UNKNOWN, NULL, "Its users were not looked at between 2025-01-20 and 2025-01-24.");
    b = good("full"); /* two days are within what a look a day leaves open */
    DROP(&b, looks, look_count, 20, 22);
    expect(&b, VERDICT_READY, NULL, "It trusts KSK-2024 (38696) since 2025-02-10");
    b = good("full"); /* a program that is asked once a week */
    b.seen.look_days = 7;
    DROP(&b, looks, look_count, 20, 28);
    expect(&b, VERDICT_READY, NULL, "It trusts KSK-2024 (38696) since 2025-02-10");
    DROP(&b, looks, look_count, 28, 29);
    expect(&b, VERDICT_UNKNOWN, NULL, "Its users were not looked at between 2025-01-20 and 2025-01-30.");
    b = good("full");
    DROP(&b, looks, look_count, 130, 200);
    expect(&b, VERDICT_UNKNOWN, NULL, "Its users were not looked at between 2025-05-10 and 2025-05-21.");
    b = good("full"); /* it was not gone through to its end */
    b.seen.to_us = at_day(&b, 90);
    DROP(&b, looks, look_count, 90, 200);
    expect(&b, VERDICT_UNKNOWN, NULL, "Its users were not looked at between 2025-03-31 and 2025-05-21.");
    b = good("full");
    b.seen.limited = true;
    strcpy(b.seen.why_not, "a forwarder outside");
    expect(
        &b, VERDICT_UNKNOWN, "RH08", "Nothing broke, but a part of its configuration could not be rehearsed");
    b = good("full");
    b.seen.events[b.seen.event_count++] =
        (struct rehearsal_event){.at_us = at_day(&b, 90), .what = REHEARSAL_LAB, .text = "no room"};
    expect(&b, VERDICT_UNKNOWN, NULL, "The rehearsal could not go on on 2025-04-01: no room.");
    b = good(
        "full"); /* without a fault of the scenario, it is its configuration that is at fault, or we are */
    b.seen.events[0] = (struct rehearsal_event){
        .at_us = at_day(&b, 0), .what = REHEARSAL_COULD_NOT_START, .text = "syntax error"};
    expect(&b, VERDICT_UNKNOWN, "RH04", "It did not start on 2025-01-01; its last words: syntax error.");
}

/* What the plan says of others' hold-downs is not what programs keep to. A run that ends ahead of the roll
 * says nothing of what was expected at it; one that begins after it, and never had an answer, is not the
 * lab's fault. */
static void calendars(void **state)
{
    struct bent b = good("early-roll");
    ((struct plan *)b.schedule.plan)->add_hold_us = 10 * UTC_DAY; /* of the arena */
    expect(&b, VERDICT_NOT_READY, "FM31", "still in its hold-down of 30 days");
    b = seen_of("full", "pdns_recursor");
    b.seen.to_us = b.schedule.to_us = at_day(&b, 55);
    DROP(&b, looks, look_count, 56, 200);
    struct rehearsal_result r = judge(&b.schedule, product("pdns_recursor"), &b.seen);
    assert_false(found(&r, "RH03"));
}

/* It was to break, and may yet have: no news. */
static void cut_short(void **state)
{
    struct bent b = good("static");
    b.seen.events[b.seen.event_count++] =
        (struct rehearsal_event){.at_us = at_day(&b, 5), .what = REHEARSAL_LAB, .text = "no room"};
    DROP(&b, looks, look_count, 5, 200);
    expect(&b, VERDICT_UNKNOWN, NULL, "The rehearsal could not go on on");
    struct rehearsal_result r = judge(&b.schedule, product("unbound"), &b.seen);
    assert_false(found(&r, "RH03"));
}

static void harm(void **state)
{
    struct bent b = good("full"); /* AD goes, and nothing was revoked */
    set_looks(&b, 70, 200, REHEARSAL_PLAIN, REHEARSAL_SERVFAIL);
    expect(&b, VERDICT_NOT_READY, "FM61", "It fails open since 2025-03-");
    expect(&b, VERDICT_NOT_READY, "RH03", "It fails open since 2025-03-");
    b = good("full");
    set_looks(&b, 70, 200, REHEARSAL_AD, REHEARSAL_PLAIN);
    expect(&b, VERDICT_NOT_READY, "FM61", "It fails open since 2025-03-");
    b = good("full"); /* who never shows AD is good as long as bogus names have no answer … */
    set_looks(&b, 0, 200, REHEARSAL_PLAIN, REHEARSAL_SERVFAIL);
    expect(&b, VERDICT_READY, NULL, "It trusts KSK-2024");
    set_looks(&b, 70, 200, REHEARSAL_PLAIN, REHEARSAL_PLAIN); /* … and fails open when they have */
    expect(&b, VERDICT_NOT_READY, NULL, "It fails open since");
    b = good("full");
    set_looks(&b, 70, 72, REHEARSAL_ODD, REHEARSAL_ODD);
    expect(&b, VERDICT_NOT_READY, "RH05", "nothing in the scenario explains why");
    b = good("full"); /* half a day, and all is well again */
    set_looks(&b, 70, 71, REHEARSAL_NOTHING, REHEARSAL_NOTHING);
    expect(&b, VERDICT_AT_RISK, "RH05", "nothing in the scenario explains why");
    b = good("full"); /* … unless it happens at the very end */
    set_looks(&b, 140, 200, REHEARSAL_SERVFAIL, REHEARSAL_SERVFAIL);
    expect(&b, VERDICT_NOT_READY, "RH05", "nothing in the scenario explains why");
    b = good("full"); /* a gap does not hide what was seen */
    set_looks(&b, 70, 75, REHEARSAL_SERVFAIL, REHEARSAL_SERVFAIL);
    DROP(&b, looks, look_count, 90, 110);
    expect(&b, VERDICT_NOT_READY, "RH02", "nothing in the scenario explains why");
    b = good("full");
    b.seen.events[b.seen.event_count++] = (struct rehearsal_event){
        .at_us = at_day(&b, 90), .what = REHEARSAL_ENDED, .code = 256 + 11, .text = "assertion"};
    set_looks(&b, 90, 200, REHEARSAL_NOTHING, REHEARSAL_NOTHING);
    expect(&b, VERDICT_NOT_READY, "RH04",
        "It ended by itself on 2025-04-01 (signal 11); its last words: assertion.");
}

static void risk(void **state)
{
    struct bent b = good("full");
    DROP(&b, fetches, fetch_count, 70, 73);
    expect(
        &b, VERDICT_AT_RISK, "RH01", "No DNSKEY query for more than two intervals, 1 time; the longest from");
    b = good("full"); /* forty queries a day after the revocation */
    size_t old = b.seen.fetch_count, kept = 0;
    struct rehearsal_fetch *fetches = b.seen.fetches;
    b.seen.fetches = arena_alloc(arena, 40 * old * sizeof *fetches);
    for (size_t i = 0; i < old; i++)
        for (int k = 0; k < (fetches[i].at_us >= at_day(&b, 100) && !fetches[i].tcp ? 39 : 1); k++)
            b.seen.fetches[kept++] = fetches[i];
    b.seen.fetch_count = kept;
    expect(&b, VERDICT_AT_RISK, "FM65", "Its DNSKEY queries for the root rose from 1.0 to 39.");
    b = good("full"); /* unsigned names */
    b.seen.looks[300].plain = REHEARSAL_SERVFAIL;
    expect(&b, VERDICT_AT_RISK, "RH11", "Unsigned names had no answer in 1 look from 2025-03-17");
    b = good("full"); /* it says that it trusts the new key ten days late: news, and no harm */
    for (size_t i = 0; i < b.seen.state_count; i++)
        if (b.seen.states[i].tag == 38696 && b.seen.states[i].state == RFC5011_VALID)
            b.seen.states[i].at_us += 10 * UTC_DAY;
    expect(&b, VERDICT_READY, "RH02", "It trusts KSK-2024 (38696) since 2025-02-20");
    b = good("early-roll"); /* its own state never named the key: the model's hold-down is no cause */
    DROP(&b, states, state_count, 5, 200);
    expect(
        &b, VERDICT_NOT_READY, "RH02", "It does not trust KSK-2024 (38696), the key that signs, and nothing");
    b = good("full"); /* a run that ends before the roll, and an own state that has not learned the key */
    b.seen.to_us = b.schedule.to_us = at_day(&b, 55);
    DROP(&b, looks, look_count, 56, 200);
    DROP(&b, states, state_count, 30, 200);
    expect(&b, VERDICT_AT_RISK, "RH06", "On 2025-02-25 it does not trust KSK-2024 (38696)");
}

/* One that ends while it is asked: no answer is what follows from its end. */
static void ends_at_a_look(void **state)
{
    struct bent b = good("full");
    b.seen.events[b.seen.event_count++] = (struct rehearsal_event){
        .at_us = at_day(&b, 90) + 5, .what = REHEARSAL_ENDED, .code = 1, .text = "panic"};
    set_looks(&b, 90, 400, REHEARSAL_NOTHING, REHEARSAL_NOTHING);
    expect(&b, VERDICT_NOT_READY, "RH04",
        "It ended by itself on 2025-04-01 (exit code 1); its last words: panic");
    struct rehearsal_result r = judge(&b.schedule, product("unbound"), &b.seen);
    assert_false(found(&r, "RH05") || found(&r, "RH02"));
}

/* Signals that name the old key alone, though the new one is trusted, and the other way round. */
static void signals(void **state)
{
    static const struct {
        int day;
        uint16_t tag;
        bool finds;
    } rows[] = {{20, 20326, false}, {41, 20326, false}, {45, 20326, true}, {45, 38696, false},
        {20, 38696, true}, {39, 38696, false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bent b = good("full");
        struct rehearsal_signal signal = {
            .at_us = at_day(&b, rows[i].day), .kind = 1, .count = 1, .tags = {rows[i].tag}};
        b.seen.signals = &signal;
        b.seen.signal_count = 1;
        struct rehearsal_result r = judge(&b.schedule, product("unbound"), &b.seen);
        assert_int_equal(r.verdict, VERDICT_READY);
        assert_int_equal(found(&r, "RH09"), rows[i].finds);
        assert_true(found(&r, "RH10")); /* the revocation's answers came by TCP */
    }
}

/* A kind that follows RFC 5011 and a program that does not: no state, and signals of the old key alone. */
static void holds_still(void **state)
{
    static const struct {
        int day;
        uint16_t tag;
        bool still;
    } rows[] = {{45, 20326, true}, {42, 20326, false}, {45, 38696, false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bent b = seen_of("full", "named");
        struct rehearsal_signal signal = {
            .at_us = at_day(&b, rows[i].day), .kind = 1, .count = 1, .tags = {rows[i].tag}};
        b.seen.signals = &signal;
        b.seen.signal_count = 1;
        b.seen.state_count = 0;
        for (size_t k = 0; k < b.seen.look_count; k++)
            if (b.seen.looks[k].at_us >= at_day(&b, 62))
                b.seen.looks[k].secure = REHEARSAL_SERVFAIL;
        struct rehearsal_result r = judge(&b.schedule, product("named"), &b.seen);
        assert_int_equal(r.verdict, VERDICT_NOT_READY);
        bool told =
            strstr(r.cause, "It keeps no state of trust anchors and learns none: it holds KSK-2017") != NULL;
        assert_int_equal(told, rows[i].still);
        assert_int_equal(found(&r, "FM01"), rows[i].still);
        assert_false(rows[i].still && found(&r, "RH09"));
    }
}

/* One that ends is broken from then on, also where nobody looked afterwards. The last RSA key is revoked, and
 * one that does not know the new algorithm is left without. */
static void ends_and_algorithms(void **state)
{
    struct bent b = good("full");
    b.seen.events[b.seen.event_count++] =
        (struct rehearsal_event){.at_us = at_day(&b, 90), .what = REHEARSAL_ENDED, .code = 1};
    DROP(&b, looks, look_count, 90, 200);
    b.seen.to_us = at_day(&b, 90);
    struct rehearsal_result r = judge(&b.schedule, product("unbound"), &b.seen);
    assert_int_equal(r.verdict, VERDICT_NOT_READY);
    assert_true(r.broke_from_us == at_day(&b, 90) && r.broke_to_us == at_day(&b, 90));

    b = good("algorithm-unsupported");
    int single = day_of(&b.schedule, b.schedule.events_us[SCENARIO_AT_ROLL]);
    set_looks(&b, single + 2, 10000, REHEARSAL_PLAIN, REHEARSAL_PLAIN);
    b.seen.state_count = 0;
    expect(&b, VERDICT_NOT_READY, "FM68", "It fails open since 2029-07-11, when only algorithm 16 signs");
}

/* A revocation that the key did not sign is none: who trusts the old key still is right. Knot Resolver takes
 * it for one, and so does its profile. */
static void revoked_unsigned(void **state)
{
    static const char *const names[] = {"named", "unbound", "kresd"};
    struct scenario_schedule schedule = schedule_of("revoked-without-self-signature", "root-180");
    for (size_t i = 0; i < 3; i++) {
        struct rehearsal_evidence seen = fixture_run(&schedule, product(names[i]), arena);
        struct rehearsal_result r = judge(&schedule, product(names[i]), &seen);
        bool revoked = false;
        for (size_t k = 0; k < seen.state_count; k++)
            revoked |= seen.states[k].state == RFC5011_REVOKED;
        assert_int_equal(revoked, i == 2);
        assert_false(found(&r, "FM45") || found(&r, "RH02"));
    }
}

/* What the scenario does is not held against it, as long as it is over soon. */
static void excused(void **state)
{
    struct bent b = seen_of("clock-wrong", "kresd");
    expect(&b, VERDICT_READY, "RH07", "It trusts KSK-2024");
    set_looks(&b, 46, 47, REHEARSAL_SERVFAIL, REHEARSAL_SERVFAIL); /* right since day 46 */
    expect(&b, VERDICT_READY, "RH07", "It trusts KSK-2024");
    set_looks(&b, 46, 49, REHEARSAL_SERVFAIL, REHEARSAL_SERVFAIL);
    expect(&b, VERDICT_NOT_READY, "RH05", "nothing in the scenario explains why");
}

/* A program may need a while after a start, but not longer than until the next day. */
static void starting(void **state)
{
    struct bent b = good("full");
    set_looks(&b, 0, 1, REHEARSAL_SERVFAIL, REHEARSAL_SERVFAIL);
    expect(&b, VERDICT_READY, "RH12", "It trusts KSK-2024");
    set_looks(&b, 0, 3, REHEARSAL_SERVFAIL, REHEARSAL_SERVFAIL);
    expect(&b, VERDICT_NOT_READY, "RH05", "nothing in the scenario explains why");
    b = good("restart-in-hold-down"); /* restarted on days 13, 25 and 39 */
    set_looks(&b, 25, 26, REHEARSAL_NOTHING, REHEARSAL_NOTHING);
    expect(&b, VERDICT_READY, "RH12", "It trusts KSK-2024");
    set_looks(&b, 26, 28, REHEARSAL_NOTHING, REHEARSAL_NOTHING);
    expect(&b, VERDICT_NOT_READY, "RH05", "nothing in the scenario explains why");
    b = good("restart-in-hold-down"); /* and what is not seen to be over is not */
    b.schedule.to_us = b.seen.to_us = at_day(&b, 26);
    set_looks(&b, 25, 26, REHEARSAL_NOTHING, REHEARSAL_NOTHING);
    DROP(&b, looks, look_count, 26, 200);
    expect(&b, VERDICT_NOT_READY, "RH05", "nothing in the scenario explains why");
}

/* Who ends before the roll shows nothing, unless he trusts the new key by then. */
static void ends_before_the_roll(void **state)
{
    struct bent b = good("full");
    b.schedule.cut = true;
    b.schedule.to_us = b.seen.to_us = at_day(&b, 30);
    DROP(&b, looks, look_count, 30, 200);
    DROP(&b, states, state_count, 30, 200);
    expect(&b, VERDICT_UNKNOWN, NULL,
        "These days end on 2025-01-31, before the roll, and until then it does not trust KSK-2024 (38696).");
    b = good("full");
    b.schedule.cut = true;
    b.schedule.to_us = b.seen.to_us = at_day(&b, 50);
    DROP(&b, looks, look_count, 50, 200);
    DROP(&b, states, state_count, 50, 200);
    expect(&b, VERDICT_READY, NULL, "It trusts KSK-2024 (38696) since 2025-02-10");
}

static void no_events(void **state)
{
    struct scenario *scenario;
    struct err_note note;
    struct bent b;
    struct plan *plan;
    assert_int_equal(scenario_find("full", arena, &scenario, &note), 0);
    assert_int_equal(plan_builtin("root-2024", &plan), 0);
    assert_int_equal(scenario_schedule(scenario, plan, INT64_C(1780272000) * UTC_SECOND,
                         INT64_C(1785542400) * UTC_SECOND, arena, &b.schedule, &note),
        0); /* 2026-06-01 to 2026-08-01 */
    plan_free(plan);
    b.seen = fixture_run(&b.schedule, product("unbound"), arena);
    expect(&b, VERDICT_UNKNOWN, NULL,
        "Between 2026-06-01 and 2026-08-01 nothing happens that could show anything.");
}

static void no_evidence(void **state)
{
    struct err_note note;
    struct rehearsal_result result;
    for (int what = 0; what < 7; what++) {
        struct bent b = good("full");
        switch (what) {
        case 0:
            b.seen.looks[5].at_us = b.seen.looks[7].at_us;
            break;
        case 1:
            b.seen.looks[5].plain = REHEARSAL_ANSWERS;
            break;
        case 2:
            b.seen.states[0].state = RFC5011_STATES;
            break;
        case 3:
            b.seen.fetches[0].root = REHEARSAL_FORWARD + 1;
            break;
        case 4:
            b.seen.events[0].what = REHEARSAL_WHATS;
            break;
        case 5:
            memset(b.seen.events[0].text, 'x', sizeof b.seen.events[0].text);
            break;
        case 6:
            memset(b.seen.why_not, 'x', sizeof b.seen.why_not);
            break;
        }
        assert_int_equal(
            rehearsal_judge(&b.schedule, rfc5011_profile("bind"), &b.seen, arena, &result, &note), ERR_DATA);
        assert_memory_equal(note.text, "evidence: ", 10);
    }
}

static uint32_t draw(uint32_t *seed)
{
    return *seed = *seed * 1664525u + 1013904223u;
}

/* Users failed for five days at least. Whatever is lost of the evidence, the verdict is not `ready`. */
static void gaps_never_make_ready(void **state)
{
    static const struct {
        const char *scenario, *product;
    } rows[] = {{"full", "pdns_recursor"}, {"static", "named"}, {"offline", "unbound"},
        {"early-roll", "kresd"}, {"late-install", "unbound"}, {"state-turns-read-only", "kresd"},
        {"back-out", "pdns_recursor"}};
    uint32_t seed = 5011;
    unsigned unknowns = 0, not_readies = 0;
    for (unsigned round = 0; round < 700; round++) {
        struct arena *keep = arena;
        arena = arena_new();
        size_t row = round % (sizeof rows / sizeof *rows);
        struct scenario_schedule schedule = schedule_of(rows[row].scenario, "root-180");
        struct bent b = {schedule, fixture_run(&schedule, product(rows[row].product), arena)};
        unsigned gaps = 1 + draw(&seed) / 65536 % 4;
        for (unsigned g = 0; g < gaps; g++) {
            int from = (int)(draw(&seed) / 65536 % 140), to = from + 1 + (int)(draw(&seed) / 65536 % 120);
            if (draw(&seed) & 0x10000)
                DROP(&b, looks, look_count, from, to);
            if (draw(&seed) & 0x10000)
                DROP(&b, fetches, fetch_count, from, to);
            if (draw(&seed) & 0x10000)
                DROP(&b, states, state_count, from, to);
            if (draw(&seed) & 0x10000)
                DROP(&b, events, event_count, from, to);
        }
        struct rehearsal_result r = judge(&schedule, product(rows[row].product), &b.seen);
        if (r.verdict == VERDICT_READY)
            fail_msg("round %u, %s %s: %s", round, rows[row].scenario, rows[row].product, r.cause);
        unknowns += r.verdict == VERDICT_UNKNOWN;
        not_readies += r.verdict == VERDICT_NOT_READY;
        arena_free(arena);
        arena = keep;
    }
    assert_true(unknowns > 20 && not_readies > 300); /* both happen */
}

/* The same evidence gives the same result, to the last finding. */
static void same_twice(void **state)
{
    struct bent b = good("offline");
    struct rehearsal_result one = judge(&b.schedule, product("unbound"), &b.seen);
    struct rehearsal_result two = judge(&b.schedule, product("unbound"), &b.seen);
    assert_string_equal(one.cause, two.cause);
    assert_int_equal(one.finding_count, two.finding_count);
    for (size_t i = 0; i < one.finding_count; i++)
        assert_string_equal(one.findings[i].text, two.findings[i].text);
}

/* Whom one forwards to has what the root has, faults of all servers too. */
static void forwarded(void **state)
{
    static const char *const scenarios[] = {"full", "static", "offline", "no-tcp", "early-roll"};
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        struct bent b = good(scenarios[i]);
        struct rehearsal_result root = judge(&b.schedule, product("unbound"), &b.seen);
        for (size_t k = 0; k < b.seen.fetch_count; k++)
            b.seen.fetches[k].root = REHEARSAL_FORWARD;
        struct rehearsal_result other = judge(&b.schedule, product("unbound"), &b.seen);
        assert_int_equal(other.verdict, root.verdict);
        assert_string_equal(other.cause, root.cause);
        assert_int_equal(other.difference_count, root.difference_count);
        assert_true(other.rate.baseline > 0 && other.rate.baseline == root.rate.baseline);
    }
    struct bent b = seen_of("stale-secondary", "unbound"); /* one server lags: not this one */
    for (size_t k = 0; k < b.seen.fetch_count; k++)
        b.seen.fetches[k].root = REHEARSAL_FORWARD;
    expect(&b, VERDICT_READY, NULL, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(products_and_scenarios), TEST(root_2024_static),
        TEST(all_as_expected), TEST(configured), TEST(unknown), TEST(harm), TEST(risk), TEST(signals),
        TEST(holds_still), TEST(ends_at_a_look), TEST(revoked_unsigned), TEST(ends_and_algorithms),
        TEST(cut_short), TEST(calendars), TEST(excused), TEST(starting), TEST(ends_before_the_roll),
        TEST(no_events), TEST(no_evidence), TEST(gaps_never_make_ready), TEST(forwarded), TEST(same_twice)};
    return cmocka_run_group_tests_name("rehearsals", tests, NULL, NULL);
}

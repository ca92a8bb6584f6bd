/* Streams of queries made by hand, and the verdict at every second. Recordings of real resolvers:
 * verdict_golden_test.c. */
#include "core/roll/evidence_fixture.h"
#include "core/roll/verdict.h"
#include "core/roll/verdict_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define S(seconds) ((int64_t)((seconds)*1e6))
enum { OLD = 1000, NEW = 2000 };

struct bench {
    struct fixture_plan plan;
    struct evidence *evidence;
    struct arena *arena;
    struct verdict_result result;
};

static int setup(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    b->evidence = evidence_new();
    b->arena = arena_new();
    fixture_plan_make(&b->plan, 10, S(5), S(60), S(30));
    fixture_plan_set(&b->plan, S(150), S(190), S(240));
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;
    evidence_free(b->evidence);
    arena_free(b->arena);
    free(b);
    return 0;
}

static void add_event(struct bench *b, struct evidence_event event, uint8_t host)
{
    event.source[10] = event.source[11] = 0xff;
    event.source[12] = 192, event.source[14] = 2, event.source[15] = host;
    assert_int_equal(evidence_add(b->evidence, &b->plan.plan, &event), 0);
}

static void add(struct bench *b, double at, enum evidence_kind kind, uint8_t host)
{
    add_event(b, (struct evidence_event){.at_us = S(at), .kind = kind}, host);
}

static void signal_tags(struct bench *b, double at, bool old_tag, bool new_tag, uint8_t host)
{
    struct evidence_event event = {.at_us = S(at), .kind = EVIDENCE_SIGNAL};
    if (old_tag)
        event.tags[event.tag_count++] = OLD;
    if (new_tag)
        event.tags[event.tag_count++] = NEW;
    add_event(b, event, host);
}

static void answer(struct bench *b, double at, enum evidence_answer what)
{
    struct evidence_event event = {.at_us = S(at), .kind = EVIDENCE_ANSWER, .answer = (uint8_t)what};
    assert_int_equal(evidence_add(b->evidence, &b->plan.plan, &event), 0);
}

static void proof(struct bench *b, double at, bool through, bool reversed, uint8_t host)
{
    struct evidence_event event = {.at_us = S(at), .kind = EVIDENCE_PROOF};
    snprintf(event.nonce, sizeof event.nonce, "n%u", (unsigned)(at * 100));
    add_event(b, event, host);
    if (!through)
        return;
    const enum evidence_kind kinds[] = {EVIDENCE_PROOF_TARGET,
        reversed ? EVIDENCE_PROOF_DNSKEY : EVIDENCE_PROOF_DS,
        reversed ? EVIDENCE_PROOF_DS : EVIDENCE_PROOF_DNSKEY};
    for (int i = 0; i < 3; i++) {
        event.kind = kinds[i];
        event.at_us += 1000;
        add_event(b, event, host);
    }
}

static const struct verdict_result *judge(struct bench *b, double at)
{
    struct verdict_input input = {
        .plan = &b->plan.plan, .evidence = b->evidence, .old_tag = OLD, .new_tag = NEW, .now_us = S(at)};
    arena_reset(b->arena);
    assert_int_equal(verdict_judge(&input, b->arena, &b->result), 0);
    return &b->result;
}

#define expect(b, at, v, s)                                                                                  \
    do {                                                                                                     \
        const struct verdict_result *r_ = judge(b, at);                                                      \
        if (r_->verdict != (v) || r_->state != (s))                                                          \
            fail_msg("at %.1f: %s %s: %s", (double)(at), verdict_name(r_->verdict),                          \
                verdict_state_name(r_->state), r_->summary);                                                 \
    } while (0)

static const struct verdict_finding *find(const struct verdict_result *result, const char *rule)
{
    for (size_t i = 0; i < result->finding_count; i++)
        if (strcmp(result->findings[i].rule, rule) == 0)
            return &result->findings[i];
    return NULL;
}

/* A static validator whose clients ask every `every` seconds: a DNSKEY query when the cached one is older
 * than the TTL. */
static void run_static(struct bench *b, double from, double to, double every, uint8_t host)
{
    double cached = -1000;
    for (double at = from; at < to; at += every) {
        add(b, at, EVIDENCE_NAME, host);
        if (at - cached > 10) {
            cached = at + 0.01;
            add(b, cached, EVIDENCE_DNSKEY, host);
        }
    }
}

/* A follower: a DNSKEY query each 5 s, at a phase of its own. */
static void run_follower(struct bench *b, double from, double to, double every, uint8_t host)
{
    double refresh = from + 1.23, name = from;
    while (refresh < to || name < to) {
        if (refresh < name) {
            add(b, refresh, EVIDENCE_DNSKEY, host);
            refresh += 5;
        } else {
            if (every > 0)
                add(b, name, EVIDENCE_NAME, host);
            name = every > 0 ? name + every : to + 1e6;
        }
        if (refresh >= to && name >= to)
            break;
    }
}

static void test_nothing(void **state)
{
    expect(*state, 10, VERDICT_UNKNOWN, STATE_WAITING);
    expect(*state, 1000, VERDICT_UNKNOWN, STATE_WAITING);
}

static void test_static_foretold(void **state)
{
    struct bench *b = *state;
    run_static(b, 0, 60, 2, 1);
    expect(b, 60, VERDICT_NOT_READY, STATE_FAILED);
    assert_int_equal(b->result.break_us, S(150));
    assert_int_equal(b->result.broke_us, UTC_OPEN);
    const struct verdict_finding *finding = find(&b->result, "RC03");
    assert_non_null(finding);
    assert_true(finding->harmful && finding->mend && finding->count >= 4);
    assert_non_null(strstr(b->result.summary, "1970-01-01T00:02:30Z"));
    assert_int_equal(b->result.sources_not_ready, 1);
}

static void test_static_without_date(void **state)
{
    struct bench *b = *state;
    run_static(b, 0, 60, 2, 1);
    fixture_plan_set(&b->plan, UTC_OPEN, UTC_OPEN, UTC_OPEN);
    expect(b, 60, VERDICT_NOT_READY, STATE_FAILED);
    assert_int_equal(b->result.break_us, UTC_OPEN);
    assert_non_null(strstr(b->result.summary, "no date"));
}

static void test_follower_all_the_way(void **state)
{
    struct bench *b = *state;
    static const double every[] = {0, 2, 7, 25};
    for (size_t i = 0; i < sizeof every / sizeof *every; i++) {
        evidence_free(b->evidence);
        b->evidence = evidence_new();
        for (int at = 0; at < 280; at += 5) {
            run_follower(b, at, at + 5, every[i] > 0 && every[i] < 5 ? every[i] : 0, 1);
            if (every[i] >= 5 && at % (int)every[i] < 5)
                add(b, at + 4.9, EVIDENCE_NAME, 1);
            for (double now = at + 5; now < at + 10; now += 0.5) {
                judge(b, now);
                if (b->result.verdict == VERDICT_NOT_READY || b->result.verdict == VERDICT_AT_RISK)
                    fail_msg("every %.0f at %.1f: %s", every[i], now, b->result.summary);
            }
            if (at == 60)
                expect(b, 65, VERDICT_UNKNOWN, STATE_LEARNING);
            if (at >= 100 && at < 145)
                expect(b, at + 5, VERDICT_READY, STATE_LEARNED);
            if (at == 185)
                expect(b, 190, VERDICT_READY, STATE_SURVIVED);
        }
        expect(b, 280, VERDICT_READY, STATE_DONE);
    }
}

/* Static, then restarted with a managed anchor: the foretelling is withdrawn within tens of seconds, and the
 * new key learned a hold-down later. */
static void test_mended(void **state)
{
    struct bench *b = *state;
    fixture_plan_set(&b->plan, UTC_OPEN, UTC_OPEN, UTC_OPEN);
    run_static(b, 0, 80, 2, 1);
    expect(b, 80, VERDICT_NOT_READY, STATE_FAILED);
    run_follower(b, 80, 95, 2, 1);
    expect(b, 95, VERDICT_UNKNOWN, STATE_LEARNING);
    run_follower(b, 95, 200, 2, 1);
    expect(b, 130, VERDICT_READY, STATE_LEARNED); /* as of the evidence until 200 */
    run_static(b, 200, 350, 2, 1);                /* and back */
    expect(b, 350, VERDICT_NOT_READY, STATE_FAILED);
}

static void test_signals(void **state)
{
    struct bench *b = *state;
    signal_tags(b, 5, true, false, 1);
    add(b, 5, EVIDENCE_DNSKEY, 1);
    expect(b, 10, VERDICT_UNKNOWN, STATE_JOINED);
    for (int at = 31; at < 100; at += 5) {
        signal_tags(b, at, true, false, 1);
        add(b, at, EVIDENCE_DNSKEY, 1);
        expect(b, at, VERDICT_UNKNOWN, at < 31 ? STATE_JOINED : STATE_LEARNING);
    }
    signal_tags(b, 101, true, true, 1);
    expect(b, 102, VERDICT_READY, STATE_LEARNED);
    assert_non_null(find(&b->result, "RC05"));
    signal_tags(b, 161, true, true, 1);
    expect(b, 162, VERDICT_READY, STATE_SURVIVED);
    signal_tags(b, 241, false, true, 1);
    expect(b, 242, VERDICT_READY, STATE_DONE);
}

/* By its own word it has not learned the key, though the hold-down is over: foretold without a look at the
 * rhythm. */
static void test_signals_old_only(void **state)
{
    struct bench *b = *state;
    for (double at = 1; at < 130; at += 25) {
        add(b, at - 0.01, EVIDENCE_NAME, 1);
        signal_tags(b, at, true, false, 1);
        add(b, at, EVIDENCE_DNSKEY, 1);
    }
    expect(b, 129, VERDICT_NOT_READY, STATE_FAILED);
    assert_int_equal(b->result.break_us, S(150));
    assert_true(find(&b->result, "RC06")->harmful);
}

static void test_signals_mixed(void **state)
{
    struct bench *b = *state;
    for (int i = 0; i < 6; i++) {
        signal_tags(b, 100 + i, true, i % 2, 1);
        add(b, 100 + i, EVIDENCE_DNSKEY, 1);
    }
    expect(b, 106, VERDICT_AT_RISK, STATE_LEARNING);
    assert_non_null(find(&b->result, "RC07"));
}

static void test_late(void **state)
{
    struct bench *b = *state;
    for (int at = 110; at < 125; at += 5) { /* says that it lacks the key: no product gets over that */
        signal_tags(b, at, true, false, 1);
        add(b, at, EVIDENCE_DNSKEY, 1);
    }
    expect(b, 125, VERDICT_NOT_READY, STATE_FAILED);
    assert_int_equal(b->result.trust_us, S(110 + 60 + 5));
    assert_int_equal(b->result.break_us, S(150));
    fixture_plan_set(&b->plan, UTC_OPEN, UTC_OPEN, UTC_OPEN); /* postponed: time enough */
    expect(b, 125, VERDICT_UNKNOWN, STATE_LEARNING);
}

static void test_late_without_word(void **state)
{
    struct bench *b = *state;
    run_follower(b, 110, 148, 2, 1); /* BIND would trust the key at first contact: not certain */
    expect(b, 148, VERDICT_AT_RISK, STATE_LEARNING);
    assert_int_equal(b->result.break_us, S(150));
}

/* The roll comes inside the hold-down: all who were there before know it, BIND too. */
static void test_roll_inside_hold_down(void **state)
{
    struct bench *b = *state;
    fixture_plan_set(&b->plan, S(70), S(110), S(160));
    run_follower(b, 0, 60, 2, 1);
    expect(b, 60, VERDICT_NOT_READY, STATE_FAILED);
    assert_int_equal(b->result.break_us, S(70));
    assert_true(b->result.trust_us > S(90));
}

/* Away from shortly after the publication until after the roll: it never refreshed between hold-down and
 * roll, so nothing is inferred. */
static void test_away(void **state)
{
    struct bench *b = *state;
    run_follower(b, 0, 45, 0, 1);
    run_follower(b, 155, 250, 0, 1);
    judge(b, 250);
    assert_int_not_equal(b->result.verdict, VERDICT_READY);
}

static void test_proofs(void **state)
{
    struct bench *b = *state;
    for (int at = 2; at < 150; at += 10)
        proof(b, at, true, false, 1), add(b, at + 0.1, EVIDENCE_DNSKEY, 1);
    assert_non_null(find(judge(b, 149), "RC10"));
    assert_int_not_equal(b->result.verdict, VERDICT_READY); /* a right anchor is not the new key */
    proof(b, 155, true, false, 1);                          /* may be a cached key */
    judge(b, 157);
    assert_int_not_equal(b->result.state, STATE_SURVIVED);
    proof(b, 165, true, false, 1);
    expect(b, 166, VERDICT_READY, STATE_SURVIVED);
    proof(b, 245, true, false, 1);
    expect(b, 246, VERDICT_READY, STATE_DONE);
}

static void test_proofs_stop(void **state)
{
    struct bench *b = *state;
    for (int at = 2; at < 150; at += 10)
        proof(b, at, true, true, 1), add(b, at + 0.1, EVIDENCE_DNSKEY, 1);
    proof(b, 152, false, false, 1);
    proof(b, 160, false, false, 1);
    judge(b, 170);
    assert_int_equal(b->result.broke_us, UTC_OPEN); /* two are not enough */
    proof(b, 173, false, false, 1);
    expect(b, 183, VERDICT_NOT_READY, STATE_FAILED);
    assert_int_equal(b->result.broke_us, S(152));
    for (int at = 190; at < 240; at += 10) /* the anchor is mended */
        proof(b, at, true, false, 1);
    expect(b, 239, VERDICT_READY, STATE_SURVIVED);
}

/* DNSKEY before DS, and no rhythm of a follower: PowerDNS does that with a wrong anchor too. */
static void test_proofs_of_powerdns(void **state)
{
    struct bench *b = *state;
    for (int at = 2; at < 200; at += 12) {
        proof(b, at, true, true, 1);
        add(b, at + 0.05, EVIDENCE_DNSKEY, 1);
    }
    judge(b, 199);
    assert_int_not_equal(b->result.verdict, VERDICT_READY);
    assert_non_null(find(&b->result, "RC12"));
}

static void test_agents(void **state)
{
    struct bench *b = *state;
    for (int at = 0; at < 152; at += 2)
        answer(b, at, ANSWER_AD);
    expect(b, 149, VERDICT_UNKNOWN, STATE_WAITING); /* never ready on an agent's word before the roll */
    answer(b, 153, ANSWER_SERVFAIL);
    answer(b, 155, ANSWER_TIMEOUT);
    answer(b, 157, ANSWER_SERVFAIL);
    judge(b, 158);
    assert_int_equal(b->result.broke_us, UTC_OPEN);
    answer(b, 159, ANSWER_SERVFAIL);
    expect(b, 160, VERDICT_NOT_READY, STATE_FAILED);
    assert_int_equal(b->result.broke_us, S(153));
    answer(b, 170, ANSWER_AD);
    expect(b, 171, VERDICT_READY, STATE_SURVIVED);
}

static void test_agent_timeouts(void **state)
{
    struct bench *b = *state;
    for (int at = 0; at < 200; at += 2)
        answer(b, at, ANSWER_TIMEOUT);
    expect(b, 200, VERDICT_UNKNOWN, STATE_WAITING);
}

static void test_agent_wrong_setup(void **state)
{
    struct bench *b = *state;
    for (int at = 0; at < 10; at += 2)
        answer(b, at, ANSWER_SERVFAIL);
    expect(b, 10, VERDICT_NOT_READY, STATE_JOINED);
    for (int at = 10; at < 20; at += 2)
        answer(b, at, ANSWER_NO_AD);
    expect(b, 20, VERDICT_UNKNOWN, STATE_WAITING);
}

static void test_broken_marks(void **state)
{
    struct bench *b = *state;
    run_static(b, 0, 155, 2, 1);
    for (int at = 156; at < 290; at += 60) /* Unbound: seven at once, each minute */
        for (int i = 0; i < 7; i++)
            add(b, at + i * 0.001, EVIDENCE_DNSKEY, 1);
    expect(b, 230, VERDICT_NOT_READY, STATE_FAILED);
    assert_int_equal(b->result.broke_us / UTC_SECOND, 156);
    assert_non_null(find(&b->result, "RC14"));
}

static void test_broken_asks_ds(void **state)
{
    struct bench *b = *state;
    run_static(b, 0, 150, 2, 1);
    for (int at = 151; at < 240; at += 30) { /* BIND */
        add(b, at, EVIDENCE_DNSKEY, 1);
        add(b, at + 0.1, EVIDENCE_DS, 1);
    }
    expect(b, 240, VERDICT_NOT_READY, STATE_FAILED);
    assert_int_equal(b->result.broke_us, S(151.1));
}

static void test_farm(void **state)
{
    struct bench *b = *state;
    for (int at = 0; at < 90; at += 1) { /* in step: both kinds of source */
        if (at % 5 == 1)
            add(b, at + 0.23, EVIDENCE_DNSKEY, 1);
        if (at % 2 == 0)
            add(b, at + 0.5, EVIDENCE_NAME, 1);
        if (at % 12 == 0) {
            add(b, at + 0.7, EVIDENCE_NAME, 2);
            add(b, at + 0.71, EVIDENCE_DNSKEY, 2);
        } else if (at % 3 == 0) {
            add(b, at + 0.7, EVIDENCE_NAME, 2);
        }
    }
    expect(b, 90, VERDICT_NOT_READY, STATE_FAILED);
    assert_int_equal(b->result.source_count, 2);
    assert_int_equal(b->result.sources_not_ready, 1);
    assert_int_equal(b->result.sources[0].source[15], 2);
    assert_non_null(strstr(b->result.summary, "1 of 2 addresses are not-ready; the worst does not follow"));
    assert_non_null(find(&b->result, "FM63"));
    assert_non_null(strstr(find(&b->result, "RC03")->text, " from 192.0.2.2"));
    assert_null(strstr(b->result.summary, "192.0.2"));
}

/* One follower with two addresses: refreshes and names leave by either. The one that refreshes seldom is not
 * static. */
static void test_two_addresses(void **state)
{
    struct bench *b = *state;
    for (int at = 0; at < 140; at += 1) {
        if (at % 5 == 1)
            add(b, at + 0.23, EVIDENCE_DNSKEY, at % 20 == 1 ? 2 : 1);
        if (at % 2 == 0)
            add(b, at + 0.5, EVIDENCE_NAME, at % 6 == 0 ? 1 : 2);
        judge(b, at + 0.9);
        if (b->result.verdict == VERDICT_NOT_READY || b->result.verdict == VERDICT_AT_RISK)
            fail_msg("at %d: %s", at, b->result.summary);
    }
    expect(b, 139, VERDICT_READY, STATE_LEARNED);
}

static void test_silent(void **state)
{
    struct bench *b = *state;
    run_follower(b, 0, 110, 2, 1);
    expect(b, 110, VERDICT_READY, STATE_LEARNED);
    expect(b, 145, VERDICT_UNKNOWN, STATE_LEARNING);
    assert_non_null(strstr(b->result.summary, "silent"));
}

static void test_left(void **state)
{
    struct bench *b = *state;
    run_follower(b, 0, 110, 2, 1);
    struct verdict_input input = {.plan = &b->plan.plan,
        .evidence = b->evidence,
        .old_tag = OLD,
        .new_tag = NEW,
        .now_us = S(300),
        .left_us = S(111)};
    assert_int_equal(verdict_judge(&input, b->arena, &b->result), 0);
    assert_int_equal(b->result.verdict, VERDICT_READY);
    assert_non_null(strstr(b->result.summary, "left at"));
}

static void test_no_validation(void **state)
{
    struct bench *b = *state;
    for (int at = 0; at < 100; at += 2)
        add(b, at, EVIDENCE_NAME, 1);
    expect(b, 100, VERDICT_UNKNOWN, STATE_WAITING);
    assert_non_null(find(&b->result, "FM60"));
}

static void test_storm(void **state)
{
    struct bench *b = *state;
    run_follower(b, 0, 190, 2, 1);
    for (double at = 190.5; at < 230; at += 0.6)
        add(b, at, EVIDENCE_DNSKEY, 1);
    judge(b, 230);
    assert_non_null(find(&b->result, "FM65"));
    assert_int_equal(verdict_worse(b->result.verdict, VERDICT_AT_RISK), b->result.verdict);
}

static void test_many_sources(void **state)
{
    struct bench *b = *state;
    for (int host = 0; host < 200; host++) {
        struct evidence_event event = {.at_us = S(1), .kind = EVIDENCE_NAME};
        event.source[0] = 0x20, event.source[15] = (uint8_t)host;
        assert_int_equal(evidence_add(b->evidence, &b->plan.plan, &event), 0);
    }
    assert_int_equal(b->evidence->source_count, EVIDENCE_SOURCES);
    run_static(b, 2, 60, 2, 1); /* it takes the place of one that only asked a name: once it asks for keys */
    expect(b, 60, VERDICT_NOT_READY, STATE_FAILED);
    assert_non_null(find(&b->result, "RC22"));
}

/* The same events give the same evidence and the same words, whatever is judged in between. */
static void test_same_again(void **state)
{
    struct bench *b = *state, *c;
    setup((void **)&c);
    run_static(b, 0, 200, 2, 1);
    for (int at = 0; at < 200; at += 10) {
        run_static(c, at, at, 2, 1);
    }
    evidence_free(c->evidence);
    c->evidence = evidence_new();
    run_static(c, 0, 200, 2, 1);
    judge(b, 200), judge(c, 200);
    assert_string_equal(b->result.summary, c->result.summary);
    assert_int_equal(b->result.finding_count, c->result.finding_count);
    assert_memory_equal(b->evidence->sources, c->evidence->sources, sizeof *b->evidence->sources);
    teardown((void **)&c);
}

static void test_addresses(void **state)
{
    static const struct {
        uint8_t address[EVIDENCE_SOURCE];
        const char *text;
    } rows[] = {
        {{[10] = 0xff, [11] = 0xff, 192, 0, 2, 1}, "192.0.2.1"},
        {{0}, "::"},
        {{[15] = 1}, "::1"},
        {{0x20, 0x01, 0x0d, 0xb8, [15] = 1}, "2001:db8::1"},
        {{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 1}, "2001:db8:0:1:0:1:1:1"},
        {{0x20, 0x01, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1}, "2001:0:0:1::1"},
        {{0xfe, 0x80}, "fe80::"},
    };
    struct bench *b = *state;
    struct judging j = {.arena = b->arena};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(judge_address(&j, rows[i].address), rows[i].text);
    assert_string_equal(judge_at(&j, UTC_OPEN), "on an open date");
    assert_string_equal(judge_at(&j, UTC_DAY), "on 1970-01-02");
    assert_string_equal(judge_at(&j, S(1.5)), "at 1970-01-01T00:00:02Z");
}

static void test_words(void **state)
{
    assert_string_equal(verdict_name(VERDICT_NOT_READY), "not-ready");
    assert_string_equal(verdict_state_name(STATE_SURVIVED), "survived");
    assert_int_equal(verdict_worse(VERDICT_UNKNOWN, VERDICT_READY), VERDICT_UNKNOWN);
    assert_int_equal(verdict_worse(VERDICT_UNKNOWN, VERDICT_AT_RISK), VERDICT_AT_RISK);
    assert_int_equal(verdict_worse(VERDICT_NOT_READY, VERDICT_AT_RISK), VERDICT_NOT_READY);
}

#define with(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
int main(void)
{
    const struct CMUnitTest all[] = {with(test_nothing), with(test_static_foretold),
        with(test_static_without_date), with(test_follower_all_the_way), with(test_mended),
        with(test_signals), with(test_signals_old_only), with(test_signals_mixed), with(test_late),
        with(test_late_without_word), with(test_roll_inside_hold_down), with(test_away), with(test_proofs),
        with(test_proofs_stop), with(test_proofs_of_powerdns), with(test_agents), with(test_agent_timeouts),
        with(test_agent_wrong_setup), with(test_broken_marks), with(test_broken_asks_ds), with(test_farm),
        with(test_two_addresses), with(test_silent), with(test_left), with(test_no_validation),
        with(test_storm), with(test_many_sources), with(test_same_again), with(test_addresses),
        with(test_words)};
    return cmocka_run_group_tests_name("verdict", all, NULL, NULL);
}

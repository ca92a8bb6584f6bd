/* A field of modelled resolvers in real time: the plan `testzone`, TTL 60 s (hourly refresh) and 172,800 s
 * (daily), each product's way to ask, clients of many habits, lost datagrams, outages, one address or two,
 * many seeds. What must hold:
 *
 *   no follower is ever not-ready;
 *   no static anchor is ever ready before the roll;
 *   a static anchor whose clients ask enough is foretold before the roll.
 *
 * ROLLCALL_FIELD=SEEDS makes the run longer and prints the rates. */
#include "core/roll/plan.h"
#include "core/roll/rfc5011.h"
#include "core/roll/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { OLD = 1000, NEW = 2000 };

struct product {
    const char *name, *profile;
    int64_t cache_most_us; /* its own limit on TTLs */
    bool signals_daily, signals_primes;
    bool own_timer; /* what the cache fetches is no refresh */
};
static const struct product products[] = {
    {"BIND managed", "bind", 7 * UTC_DAY, true, false, true},
    {"BIND managed, signals off", "bind", 7 * UTC_DAY, false, false, true},
    {"Unbound auto", "unbound", UTC_DAY, false, true},
    {"Unbound auto, signals off", "unbound", UTC_DAY, false, false},
    {"Knot managed", "knot", UTC_DAY, false, true, true},
    {"BIND static", "static", 7 * UTC_DAY, true, false},
    {"BIND static, signals off", "static", 7 * UTC_DAY, false, false},
    {"Unbound static", "static", UTC_DAY, false, true},
    {"Unbound static, signals off", "static", UTC_DAY, false, false},
    {"static, cache of 5 min", "static", 300 * UTC_SECOND, false, false},
};

enum habit { CLOCKWORK, POISSON, OFFICE, NONE };
struct traffic {
    const char *name;
    enum habit habit;
    int64_t every_us;
};
static const struct traffic traffics[] = {
    {"each minute by the clock", CLOCKWORK, UTC_MINUTE},
    {"about each minute", POISSON, UTC_MINUTE},
    {"about each 10 minutes", POISSON, 10 * UTC_MINUTE},
    {"hourly by the clock", CLOCKWORK, UTC_HOUR},
    {"about each 2 hours", POISSON, 2 * UTC_HOUR},
    {"each 5 minutes in office hours", OFFICE, 5 * UTC_MINUTE},
    {"about once a day", POISSON, UTC_DAY},
    {"never", NONE, 0},
};

struct rand {
    uint64_t state;
};

static double uniform(struct rand *r)
{
    r->state = r->state * 6364136223846793005u + 1442695040888963407u;
    uint64_t x = r->state ^ (r->state >> 29);
    x *= 0xbf58476d1ce4e5b9u;
    return (double)(x >> 11) / 9007199254740992.0;
}

/* About exponential: halves of what is left, and evenly within. */
static int64_t exponential(struct rand *r, int64_t mean_us)
{
    unsigned halves = 0;
    while (uniform(r) < 0.5 && halves < 40)
        halves++;
    return (int64_t)(0.693 * (halves + uniform(r)) * (double)mean_us);
}

/* One resolver under way. */
struct resolver {
    const struct product *product;
    const struct traffic *traffic;
    const struct plan *plan;
    struct rand rand;
    struct evidence *evidence;
    struct rfc5011_point point;
    int64_t now_us, cached_us; /* until when the DNSKEY RRset is cached */
    int64_t name_us, refresh_us, signal_us, outage_us, back_us;
    bool two;
    double share; /* of the second address */
};

static void emit(struct resolver *r, enum evidence_kind kind, int64_t at_us, bool with_new)
{
    struct evidence_event event = {.at_us = at_us, .kind = kind, .source = {[10] = 0xff, 0xff, 192, 0, 2, 1}};
    if (r->two && uniform(&r->rand) < r->share)
        event.source[15] = 2;
    if (kind == EVIDENCE_SIGNAL) {
        event.tags[event.tag_count++] = OLD;
        if (with_new)
            event.tags[event.tag_count++] = NEW;
    }
    assert_int_equal(evidence_add(r->evidence, r->plan, &event), 0);
}

/* The DNSKEY RRset at a moment, as a validator sees it. */
static void look(struct resolver *r, int64_t at_us)
{
    struct rfc5011_seen keys[2];
    struct rfc5011_rrset rrset = {.at_us = at_us,
        .answered = true,
        .ttl_s = r->plan->dnskey_ttl_s,
        .expires_us = at_us + (int64_t)r->plan->signature_s * UTC_SECOND,
        .keys = keys};
    struct plan_roll roll = plan_roll_at(r->plan, at_us);
    const struct plan_key *both[] = {roll.old_key, roll.new_key};
    for (uint64_t i = 0; i < 2; i++) {
        struct plan_key_state state = plan_key_at(both[i], at_us);
        if (state.published)
            keys[rrset.count++] = (struct rfc5011_seen){.id = i,
                .tag = i ? NEW : OLD,
                .sep = true,
                .revoked = state.revoked,
                .signs = state.signing || state.revoked};
    }
    rfc5011_see(&r->point, &rrset, NULL);
}

static void fetch(struct resolver *r, int64_t at_us, bool refresh)
{
    int64_t ttl = (int64_t)r->plan->dnskey_ttl_s * UTC_SECOND;
    while (uniform(&r->rand) < 0.01) /* lost on the way: sent again */
        at_us += (int64_t)((0.4 + 3 * uniform(&r->rand)) * 1e6);
    emit(r, EVIDENCE_DNSKEY, at_us, false);
    if (uniform(&r->rand) < 0.01) /* the answer was lost */
        emit(r, EVIDENCE_DNSKEY, at_us += (int64_t)((0.4 + uniform(&r->rand)) * 1e6), false);
    r->cached_us = at_us + (ttl < r->product->cache_most_us ? ttl : r->product->cache_most_us);
    if (r->product->signals_primes)
        emit(r, EVIDENCE_SIGNAL, at_us + 1000, rfc5011_trusts(&r->point, 1));
    if (!refresh && r->product->own_timer)
        return;
    look(r, at_us);
    r->refresh_us = rfc5011_next_us(&r->point, (unsigned)(900 + uniform(&r->rand) * 100));
}

static void ask(struct resolver *r)
{
    const struct traffic *traffic = r->traffic;
    int64_t at = r->now_us, day_us = at % UTC_DAY;
    bool asks =
        traffic->habit != OFFICE || (at / UTC_DAY % 7 < 5 && day_us > 8 * UTC_HOUR && day_us < 18 * UTC_HOUR);
    r->name_us +=
        traffic->habit == CLOCKWORK ? traffic->every_us : exponential(&r->rand, traffic->every_us) + 1;
    if (!asks)
        return;
    emit(r, EVIDENCE_NAME, at, false);
    if (at >= r->cached_us)
        fetch(r, at + (int64_t)((0.005 + 0.25 * uniform(&r->rand) * uniform(&r->rand)) * 1e6), false);
}

/* Down for minutes to a day; up again with an empty cache, and a follower refreshes. */
static void outage(struct resolver *r)
{
    int64_t length = 4 * UTC_MINUTE << (unsigned)(uniform(&r->rand) * 9);
    r->now_us += length;
    r->cached_us = INT64_MIN;
    r->outage_us = r->now_us + exponential(&r->rand, 15 * UTC_DAY);
    while (r->name_us < r->now_us && r->traffic->habit != NONE)
        r->name_us += r->traffic->habit == CLOCKWORK ? r->traffic->every_us
                                                     : exponential(&r->rand, r->traffic->every_us) + 1;
    if (r->point.profile->follows && r->refresh_us < r->now_us + UTC_SECOND)
        r->refresh_us = r->now_us + UTC_SECOND;
    if (r->signal_us < r->now_us)
        r->signal_us = r->now_us + 10 * UTC_SECOND;
}

static void run_until(struct resolver *r, int64_t to_us)
{
    for (;;) {
        int64_t next = r->name_us < r->refresh_us ? r->name_us : r->refresh_us;
        next = r->signal_us < next ? r->signal_us : next;
        next = r->outage_us < next ? r->outage_us : next;
        if (next >= to_us)
            return;
        r->now_us = next > r->now_us ? next : r->now_us;
        if (next == r->outage_us) {
            outage(r);
        } else if (next == r->signal_us) {
            emit(r, EVIDENCE_SIGNAL, r->now_us, rfc5011_trusts(&r->point, 1));
            r->signal_us += UTC_DAY;
        } else if (next == r->refresh_us) {
            fetch(r, r->now_us, true);
        } else {
            ask(r);
        }
    }
}

static void start(struct resolver *r, const struct product *product, const struct traffic *traffic,
    const struct plan *plan, uint64_t seed)
{
    static const struct rfc5011_seen old = {.id = 0, .tag = OLD, .sep = true};
    *r = (struct resolver){.product = product,
        .traffic = traffic,
        .plan = plan,
        .rand = {seed * 7919 + 1},
        .evidence = evidence_new()};
    for (int i = 0; i < 8; i++)
        uniform(&r->rand);
    rfc5011_start(&r->point, rfc5011_profile(product->profile),
        (struct rfc5011_timers){plan->add_hold_us, plan->remove_hold_us, plan->refresh_us, plan->retry_us},
        &old, 1, 0);
    int64_t begin = (int64_t)(uniform(&r->rand) * (double)UTC_DAY);
    r->now_us = begin;
    r->cached_us = INT64_MIN;
    r->name_us =
        traffic->habit == NONE ? UTC_OPEN : begin + (int64_t)(uniform(&r->rand) * (double)traffic->every_us);
    r->refresh_us = r->point.profile->follows ? begin + UTC_SECOND : UTC_OPEN;
    r->signal_us = product->signals_daily ? begin + (int64_t)(uniform(&r->rand) * (double)UTC_DAY) : UTC_OPEN;
    r->outage_us = begin + exponential(&r->rand, 15 * UTC_DAY);
    r->two = seed % 3 == 2;
    r->share = seed % 2 ? 0.5 : 0.05;
}

struct outcome {
    unsigned runs, wrong, foretold, ready, roll_ready;
    double foretold_day; /* sum */
};

/* One resolver from the beginning to the roll, judged four times a day. */
static void one(const struct product *product, const struct traffic *traffic, const struct plan *plan,
    uint64_t seed, struct outcome *out)
{
    struct resolver r;
    struct arena *arena = arena_new();
    int64_t sign_us = plan_roll_at(plan, 0).sign_us, foretold_us = UTC_OPEN;
    bool follows = rfc5011_profile(product->profile)->follows, wrong = false;
    struct verdict_result result = {0};
    start(&r, product, traffic, plan, seed);
    for (int64_t at = UTC_DAY; at <= sign_us; at += UTC_DAY / 4) {
        run_until(&r, at);
        struct verdict_input input = {
            .plan = plan, .evidence = r.evidence, .old_tag = OLD, .new_tag = NEW, .now_us = at - 1};
        arena_reset(arena);
        assert_int_equal(verdict_judge(&input, arena, &result), 0);
        bool bad = follows ? result.verdict == VERDICT_NOT_READY : result.verdict == VERDICT_READY;
        if (bad && !wrong && getenv("ROLLCALL_FIELD"))
            printf("  seed %llu, day %.2f, %s, %s, TTL %u%s: %s\n", (unsigned long long)seed,
                (double)at / (double)UTC_DAY, product->name, traffic->name, plan->dnskey_ttl_s,
                r.two ? ", two addresses" : "", result.summary);
        wrong |= bad;
        if (result.verdict == VERDICT_NOT_READY && foretold_us == UTC_OPEN)
            foretold_us = at;
    }
    out->runs++;
    out->wrong += wrong;
    out->foretold += result.verdict == VERDICT_NOT_READY;
    out->roll_ready += result.verdict == VERDICT_READY;
    if (foretold_us != UTC_OPEN)
        out->foretold_day += (double)foretold_us / (double)UTC_DAY;
    evidence_free(r.evidence);
    arena_free(arena);
}

static void field(uint32_t ttl_s)
{
    struct plan *template, *plan;
    struct err_note note;
    const char *wanted = getenv("ROLLCALL_FIELD");
    uint64_t seeds = wanted ? strtoull(wanted, NULL, 10) : 3;
    assert_int_equal(plan_builtin("testzone", &template), 0);
    assert_int_equal(plan_start(template, 0, "z.example.", ttl_s, &plan, &note), 0);
    for (size_t p = 0; p < sizeof products / sizeof *products; p++)
        for (size_t t = 0; t < sizeof traffics / sizeof *traffics; t++) {
            struct outcome out = {0};
            for (uint64_t seed = 1; seed <= seeds; seed++)
                one(&products[p], &traffics[t], plan, seed, &out);
            if (wanted)
                printf(
                    "TTL %6u  %-28s %-31s wrong %3u  not-ready %3u  ready %3u of %u; foretold on day %.1f\n",
                    ttl_s, products[p].name, traffics[t].name, out.wrong, out.foretold, out.roll_ready,
                    out.runs, out.foretold ? out.foretold_day / out.foretold : 0);
            else
                assert_int_equal(out.wrong, 0);
        }
    plan_free(plan);
    plan_free(template);
}

static void test_hourly(void **state)
{
    field(60);
}

static void test_daily(void **state)
{
    field(172800);
}

int main(void)
{
    const struct CMUnitTest all[] = {cmocka_unit_test(test_hourly), cmocka_unit_test(test_daily)};
    return cmocka_run_group_tests_name("verdict in the field", all, NULL, NULL);
}

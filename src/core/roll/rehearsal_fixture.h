/* Evidence of made-up resolvers: each keeps its anchors by a profile of rfc5011.h over the schedule's world,
 * has a cache, is asked four times a day, and does what rehearsals of real products showed them to do when
 * their state cannot be written or their last anchor is revoked. For tests of the judgement. */
#ifndef CORE_ROLL_REHEARSAL_FIXTURE_H
#define CORE_ROLL_REHEARSAL_FIXTURE_H

#include "core/roll/rehearsal_inside.h"

#include <stdlib.h>
#include <string.h>

enum fixture_unwritable { FIXTURE_LOGS, FIXTURE_DIES, FIXTURE_DOES_NOT_START };

struct fixture_product {
    const char *name, *profile;
    enum fixture_unwritable at_start, later; /* what it does when its state cannot be written */
    bool fails_open;                         /* without any anchor it answers all */
    bool tells;                              /* it has a state that can be read */
    bool keeps_time; /* what it stored while its clock was ahead lasts until that time comes again */
};

static const struct fixture_product fixture_products[] = {
    {"named", "bind", FIXTURE_DOES_NOT_START, FIXTURE_LOGS, false, true, true},
    {"unbound", "unbound", FIXTURE_DIES, FIXTURE_DIES, true, true, true},
    {"kresd", "knot", FIXTURE_DOES_NOT_START, FIXTURE_DIES, false, true, false},
    {"pdns_recursor", "static", FIXTURE_LOGS, FIXTURE_LOGS, false, false, false},
};

enum { FIXTURE_ROOM = 40000 };

struct fixture {
    const struct scenario_schedule *schedule;
    const struct fixture_product *product;
    struct trial trial; /* only what trial_rrset() looks at */
    struct trial_world world;
    struct rfc5011_point point;
    bool running, dead;
    int64_t cached_us; /* until when the RRset at hand is good */
    int64_t stuck_us;  /* until when it has no answers, as its clock was set back */
    uint8_t told[RFC5011_KEYS];
    struct rehearsal_evidence seen;
};

static void fixture_event(struct fixture *f, int64_t at_us, enum rehearsal_what what, const char *text)
{
    struct rehearsal_event *event = &f->seen.events[f->seen.event_count++];
    *event = (struct rehearsal_event){.at_us = at_us, .what = (uint8_t)what, .code = what == REHEARSAL_ENDED};
    strncpy(event->text, text, sizeof event->text - 1);
}

static void fixture_start(struct fixture *f, int64_t at_us, bool anew)
{
    const struct plan *plan = f->schedule->plan;
    struct rfc5011_seen anchors[SCENARIO_MAX_ANCHORS];
    struct rfc5011_timers timers = {plan->add_hold_us, plan->remove_hold_us, 0, 0};
    bool managed = f->schedule->scenario->managed && rfc5011_profile(f->product->profile)->follows;
    const struct plan_key *installed[SCENARIO_MAX_ANCHORS];
    size_t count = scenario_installed(f->schedule, managed, installed);
    if (managed && f->world.read_only && f->product->at_start == FIXTURE_DOES_NOT_START) {
        fixture_event(f, at_us, REHEARSAL_COULD_NOT_START, "directory is not writable");
        f->dead = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        anchors[i] = (struct rfc5011_seen){
            .id = (uint64_t)(installed[i] - plan->keys), .tag = (uint16_t)installed[i]->tag, .sep = true};
    }
    if (anew)
        rfc5011_start(&f->point, rfc5011_profile(managed ? f->product->profile : "static"), timers, anchors,
            count, at_us);
    fixture_event(f, at_us, REHEARSAL_STARTED, "");
    f->running = true;
    f->cached_us = INT64_MIN;
}

/* Whether a revoked key signs too. */
static bool fixture_big(const struct trial *t, int64_t at_us)
{
    for (size_t i = 0; i < t->schedule->plan->key_count; i++)
        if (plan_key_at(&t->schedule->plan->keys[i], at_us).revoked)
            return true;
    return false;
}

/* Returns whether it validates. `probe`: by the timer of RFC 5011, which writes the state. */
static bool fixture_fetch(struct fixture *f, int64_t at_us, bool probe)
{
    struct rfc5011_seen keys[RFC5011_KEYS];
    uint8_t root = (uint8_t)(at_us / UTC_HOUR % TRIAL_ROOTS);
    size_t count = trial_rrset(&f->trial, &f->world, root, at_us, keys);
    struct rfc5011_rrset rrset = {at_us, !f->world.servers[root].off, f->schedule->plan->dnskey_ttl_s,
        at_us + (int64_t)f->schedule->plan->signature_s * UTC_SECOND, keys, count};
    struct rfc5011_point unwritten = f->point;
    if (probe && f->world.read_only && f->product->later == FIXTURE_DIES) {
        fixture_event(f, at_us, REHEARSAL_ENDED, "fatal error: could not open autotrust file for writing");
        f->running = false;
        f->dead = true;
        return false;
    }
    /* Sizes of the real root; with a second signature the answer does not fit into UDP. */
    bool big = fixture_big(&f->trial, at_us), cut = big && f->world.servers[root].no_tcp;
    f->seen.fetches[f->seen.fetch_count++] =
        (struct rehearsal_fetch){.at_us = at_us, .size = big ? 28 : 1139, .truncated = big, .root = root};
    if (big && !cut)
        f->seen.fetches[f->seen.fetch_count++] =
            (struct rehearsal_fetch){.at_us = at_us, .size = 1425, .tcp = true, .root = root};
    rrset.answered = rrset.answered && !cut;
    bool valid = rfc5011_see(f->world.read_only ? &unwritten : &f->point, &rrset, NULL);
    if (f->world.read_only)
        f->point.last_query_us = at_us, f->point.interval_us = unwritten.interval_us;
    if (valid)
        f->cached_us = at_us + f->trial.ttl_us;
    return valid;
}

static void fixture_look(struct fixture *f, int64_t at_us)
{
    struct rehearsal_look *look = &f->seen.looks[f->seen.look_count++];
    *look = (struct rehearsal_look){at_us, REHEARSAL_AD, REHEARSAL_SERVFAIL, REHEARSAL_PLAIN};
    if (!f->running)
        look->secure = look->bogus = look->plain = REHEARSAL_NOTHING;
    else if (f->point.deleted && f->product->fails_open)
        look->secure = look->bogus = REHEARSAL_PLAIN;
    else if (at_us < f->stuck_us || (at_us >= f->cached_us && !fixture_fetch(f, at_us, false)))
        look->secure = look->plain = REHEARSAL_SERVFAIL;
}

static void fixture_tell(struct fixture *f, int64_t at_us)
{
    for (size_t i = 0; i < f->point.key_count && f->product->tells && f->running; i++) {
        const struct rfc5011_key *key = &f->point.keys[i];
        if (key->state == f->told[i] || key->id == TRIAL_OTHER)
            continue;
        f->told[i] = key->state;
        f->seen.states[f->seen.state_count++] = (struct rehearsal_state){at_us, key->tag, key->state};
    }
}

static void fixture_step(struct fixture *f, const struct scenario_step *step)
{
    if (step->what == SCENARIO_CLOCK && f->world.clock_us > 0 && f->product->keeps_time)
        f->stuck_us = step->at_us + f->world.clock_us;
    trial_step(&f->world, step);
    switch (step->what) {
    case SCENARIO_INSTALL:
    case SCENARIO_STATE_LOST:
        fixture_start(f, step->at_us, true);
        break;
    case SCENARIO_START:
    case SCENARIO_RESTART:
        fixture_start(f, step->at_us, false);
        break;
    case SCENARIO_STOP:
        f->running = false;
        fixture_event(f, step->at_us, REHEARSAL_STOPPED, "");
        break;
    default:
        break;
    }
}

/* Everything is in the arena. */
static inline struct rehearsal_evidence fixture_run(
    const struct scenario_schedule *schedule, const struct fixture_product *product, struct arena *arena)
{
    struct fixture f = {.schedule = schedule, .product = product, .stuck_us = INT64_MIN};
    f.trial =
        (struct trial){.schedule = schedule, .ttl_us = (int64_t)schedule->plan->dnskey_ttl_s * UTC_SECOND};
    f.seen = (struct rehearsal_evidence){.looks = arena_alloc(arena, FIXTURE_ROOM * sizeof *f.seen.looks),
        .states = arena_alloc(arena, 1000 * sizeof *f.seen.states),
        .fetches = arena_alloc(arena, FIXTURE_ROOM * sizeof *f.seen.fetches),
        .events = arena_alloc(arena, 1000 * sizeof *f.seen.events),
        .from_us = schedule->from_us,
        .to_us = schedule->to_us,
        .reached = true,
        .product = product->name};
    size_t step = 0;
    for (int64_t t = schedule->from_us; t <= schedule->to_us; t += UTC_HOUR) {
        for (; step < schedule->step_count && schedule->steps[step].at_us <= t; step++)
            if (!f.dead)
                fixture_step(&f, &schedule->steps[step]);
        if (f.running && t >= f.stuck_us && rfc5011_next_us(&f.point, 1000) <= t)
            fixture_fetch(&f, t, true);
        if (t % (6 * UTC_HOUR) == 0)
            fixture_look(&f, t);
        fixture_tell(&f, t);
    }
    return f.seen;
}

#endif

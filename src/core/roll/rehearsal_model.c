/* The RFC 5011 model of the product's profile is given every DNSKEY RRset that the program fetched, in the
 * moment in which it did. Where its state is then another than what the program says of itself, or it would
 * have answers where users got none, either the model is wrong or the product deviates: both are worth a
 * look.
 *
 * The model's timers run by true time, also while the program's clock is wrong: what is fetched then does not
 * validate anyway. */
#include "core/roll/rehearsal_inside.h"

#include <string.h>

#define SIGNAL_LATE_US (3 * UTC_DAY) /* until a signal names what is trusted */

/* A run of the model. */
struct run {
    struct trial *t;
    struct trial_world world;
    struct rfc5011_point point;
    bool started;
    size_t step;
};

static const struct plan_key *key_of(const struct trial *t, uint64_t id)
{
    return id < t->schedule->plan->key_count ? &t->schedule->plan->keys[id] : NULL;
}

static void record(struct trial *t, const struct plan_key *key, enum rfc5011_state state, int64_t at_us)
{
    if (!trial_grow(t, &t->changes, t->change_count, sizeof *t->changes))
        return;
    t->changes[t->change_count++] = (struct trial_change){at_us, key, (uint8_t)state};
}

static void start(struct run *run, int64_t at_us)
{
    struct trial *t = run->t;
    const struct plan *plan = t->schedule->plan;
    struct rfc5011_seen anchors[SCENARIO_MAX_ANCHORS];
    struct rfc5011_timers timers = {TRIAL_HOLD_US, TRIAL_HOLD_US, plan->refresh_us, plan->retry_us};
    for (size_t i = 0; i < run->point.key_count && run->started; i++) /* its state is lost */
        if (run->point.keys[i].state != RFC5011_START)
            record(t, key_of(t, run->point.keys[i].id), RFC5011_START, at_us);
    for (size_t i = 0; i < t->anchor_count; i++) {
        anchors[i] = (struct rfc5011_seen){
            .id = (uint64_t)(t->anchors[i] - plan->keys), .tag = (uint16_t)t->anchors[i]->tag, .sep = true};
        record(t, t->anchors[i], RFC5011_VALID, at_us);
    }
    rfc5011_start(&run->point, t->profile, timers, anchors, t->anchor_count, at_us);
    run->started = true;
}

static void step(struct run *run, const struct scenario_step *step)
{
    trial_step(&run->world, step);
    if (step->what == SCENARIO_INSTALL || (step->what == SCENARIO_STATE_LOST && run->started))
        start(run, step->at_us);
}

static void set_health(struct trial *t, int64_t at_us, bool ok)
{
    if (t->health_count && t->health[t->health_count - 1].ok == ok)
        return;
    if (trial_grow(t, &t->health, t->health_count, sizeof *t->health))
        t->health[t->health_count++] = (struct trial_health){at_us, ok};
}

static void see(struct run *run, const struct rehearsal_fetch *fetch)
{
    struct trial *t = run->t;
    struct rfc5011_seen keys[RFC5011_KEYS];
    struct rfc5011_changes changes;
    const struct plan *plan = t->schedule->plan;
    const struct scenario_servers *server = &run->world.servers[fetch->root];
    if (!run->started || (fetch->truncated && !server->no_tcp)) /* what was truncated is asked again by TCP */
        return;
    bool lost = server->fragment_above && !fetch->tcp && fetch->size > server->fragment_above;
    struct rfc5011_rrset rrset = {.at_us = fetch->at_us,
        .answered = fetch->size && !server->off && !lost && !fetch->truncated,
        .ttl_s = plan->dnskey_ttl_s,
        .expires_us = fetch->at_us + (int64_t)plan->signature_s * UTC_SECOND,
        .keys = keys,
        .count = trial_rrset(t, &run->world, fetch->root, fetch->at_us, keys)};
    struct rfc5011_point unwritten = run->point; /* what cannot be written down is not learned */
    bool valid = rfc5011_see(run->world.read_only ? &unwritten : &run->point, &rrset, &changes);
    for (size_t i = 0; i < changes.count && !run->world.read_only; i++)
        if (changes.change[i].from != changes.change[i].to) /* a timer that begins anew is none */
            record(t, key_of(t, changes.change[i].id), changes.change[i].to, fetch->at_us);
    set_health(t, fetch->at_us, valid);
}

void trial_model(struct trial *t)
{
    const struct scenario_schedule *s = t->schedule;
    struct run run = {.t = t};
    t->change_count = t->health_count = 0;
    for (size_t i = 0; i < t->seen->fetch_count && !t->failed; i++) {
        for (; run.step < s->step_count && s->steps[run.step].at_us <= t->seen->fetches[i].at_us; run.step++)
            step(&run, &s->steps[run.step]);
        see(&run, &t->seen->fetches[i]);
    }
    for (; run.step < s->step_count && !t->failed; run.step++)
        step(&run, &s->steps[run.step]);
}

bool trial_model_ok(const struct trial *t, int64_t at_us)
{
    bool ok = true;
    for (size_t i = 0; i < t->health_count && t->health[i].at_us <= at_us; i++)
        ok = t->health[i].ok;
    return ok;
}

static bool is_key(const struct plan_key *key, uint16_t tag)
{
    return !key->zsk && (key->tag == tag || key->revoked_tag == tag);
}

static enum rfc5011_state model_state(const struct trial *t, const struct plan_key *key, int64_t at_us)
{
    enum rfc5011_state state = RFC5011_START;
    for (size_t i = 0; i < t->change_count && t->changes[i].at_us <= at_us; i++)
        if (t->changes[i].key == key)
            state = (enum rfc5011_state)t->changes[i].state;
    return state;
}

static bool is_anchor(const struct trial *t, uint16_t tag)
{
    for (size_t i = 0; i < t->anchor_count; i++)
        if (is_key(t->anchors[i], tag))
            return true;
    return false;
}

bool trial_holds_still(const struct trial *t)
{
    const struct rehearsal_signal *last = NULL;
    if (!t->follows || t->seen->state_count || !t->anchor_count)
        return false;
    for (size_t i = 0; i < t->seen->signal_count; i++) {
        last = &t->seen->signals[i];
        for (size_t k = 0; k < last->count && k < REHEARSAL_TAGS; k++)
            if (!is_anchor(t, last->tags[k]))
                return false;
    }
    const struct plan *plan = t->schedule->plan;
    for (size_t i = 0; last && i < plan->key_count; i++)
        if (plan->keys[i].tag >= 0 && !is_anchor(t, (uint16_t)plan->keys[i].tag) &&
            model_state(t, &plan->keys[i], last->at_us - SIGNAL_LATE_US) == RFC5011_VALID)
            return true;
    return false;
}

/* What the program said last of the key; false: nothing yet. */
static bool own_state(
    const struct trial *t, const struct plan_key *key, int64_t at_us, enum rfc5011_state *ret_state)
{
    bool any = false;
    for (size_t i = 0; i < t->seen->state_count && t->seen->states[i].at_us <= at_us; i++)
        if (is_key(key, t->seen->states[i].tag)) {
            *ret_state = (enum rfc5011_state)t->seen->states[i].state;
            any = true;
        }
    return any;
}

enum rfc5011_state trial_state(const struct trial *t, const struct plan_key *key, int64_t at_us)
{
    enum rfc5011_state state;
    if (own_state(t, key, at_us, &state))
        return state;
    /* One that tells its state does not know a key that it does not name. */
    bool tells = key->tag >= 0 && t->seen->state_count && t->seen->states[0].at_us <= at_us;
    return tells ? RFC5011_START : model_state(t, key, at_us);
}

bool trial_trusts(const struct trial *t, const struct plan_key *key, int64_t at_us)
{
    enum rfc5011_state state = trial_state(t, key, at_us);
    return state == RFC5011_VALID || state == RFC5011_MISSING;
}

/* What products tell apart: not all show every state of the RFC. A revoked key may be shown or be gone. */
enum kind { NOT_TRUSTED, PENDING, TRUSTED };
static enum kind kind_of(enum rfc5011_state state)
{
    return state == RFC5011_VALID || state == RFC5011_MISSING ? TRUSTED
           : state == RFC5011_ADD_PEND                        ? PENDING
                                                              : NOT_TRUSTED;
}

/* Whether one of the two was of the kind at any time within the tolerance around the moment. */
static bool was(const struct trial *t, const struct plan_key *key, bool own, enum kind kind, int64_t at_us,
    int64_t tolerance_us)
{
    enum rfc5011_state state = RFC5011_START;
    if (own && !own_state(t, key, at_us - tolerance_us, &state))
        state = model_state(t, key, at_us - tolerance_us);
    else if (!own)
        state = model_state(t, key, at_us - tolerance_us);
    if (kind_of(state) == kind)
        return true;
    for (size_t i = 0; own && i < t->seen->state_count; i++) {
        const struct rehearsal_state *seen = &t->seen->states[i];
        if (is_key(key, seen->tag) && seen->at_us >= at_us - tolerance_us &&
            seen->at_us <= at_us + tolerance_us && kind_of((enum rfc5011_state)seen->state) == kind)
            return true;
    }
    for (size_t i = 0; !own && i < t->change_count; i++) {
        const struct trial_change *change = &t->changes[i];
        if (change->key == key && change->at_us >= at_us - tolerance_us &&
            change->at_us <= at_us + tolerance_us && kind_of((enum rfc5011_state)change->state) == kind)
            return true;
    }
    return false;
}

static void differ(
    struct trial *t, int64_t at_us, uint16_t tag, uint8_t program, uint8_t model, bool validates)
{
    struct rehearsal_result *r = &t->result;
    if (trial_grow(t, &r->differences, r->difference_count, sizeof *r->differences))
        r->differences[r->difference_count++] =
            (struct rehearsal_difference){at_us, tag, program, model, validates};
}

/* Whether a difference of the key is known from just before. */
static bool known(const struct trial *t, const struct plan_key *key, int64_t at_us, int64_t tolerance_us)
{
    for (size_t i = 0; i < t->result.difference_count; i++) {
        const struct rehearsal_difference *d = &t->result.differences[i];
        if (!d->validates && is_key(key, d->tag) && at_us - d->at_us <= 2 * tolerance_us)
            return true;
    }
    return false;
}

static void compare_key(struct trial *t, const struct plan_key *key, int64_t tolerance_us)
{
    enum rfc5011_state own = RFC5011_START;
    for (size_t i = 0; i < t->seen->state_count; i++) {
        const struct rehearsal_state *seen = &t->seen->states[i];
        enum rfc5011_state state = (enum rfc5011_state)seen->state;
        if (is_key(key, seen->tag) && !was(t, key, false, kind_of(state), seen->at_us, tolerance_us))
            differ(t, seen->at_us, seen->tag, seen->state, (uint8_t)model_state(t, key, seen->at_us), false);
    }
    for (size_t i = 0; i < t->change_count; i++) {
        const struct trial_change *change = &t->changes[i];
        enum rfc5011_state state = (enum rfc5011_state)change->state;
        int64_t until_us = change->at_us + tolerance_us;
        /* What the model leaves again at once, or what comes too late to be seen, tells nothing. */
        if (change->key != key || until_us > t->end_us || model_state(t, key, until_us) != state ||
            !own_state(t, key, until_us, &own) || known(t, key, change->at_us, tolerance_us))
            continue;
        if (!was(t, key, true, kind_of(state), change->at_us, tolerance_us))
            differ(t, change->at_us, (uint16_t)key->tag, (uint8_t)own, change->state, false);
    }
}

/* Users who got nothing where the model would have had answers, and the other way round. */
static void compare_answers(struct trial *t)
{
    for (size_t i = 0; i < t->result.outage_count; i++) {
        const struct rehearsal_outage *outage = &t->result.outages[i];
        int64_t first_us = outage->first_us + UTC_HOUR, last_us = outage->last_us + UTC_HOUR; /* when the
            queries that these looks made are known */
        if (!outage->excused && !trial_ended_by(t, outage->first_us) &&
            (trial_model_ok(t, first_us) || trial_model_ok(t, last_us)))
            differ(t, outage->first_us, 0, 0, 1, true);
    }
    for (size_t i = 0; i < t->health_count; i++) {
        int64_t from_us = t->health[i].at_us + t->ttl_us;
        int64_t to_us = i + 1 < t->health_count ? t->health[i + 1].at_us : t->end_us;
        bool good = false, bad = false;
        for (size_t k = 0; k < t->seen->look_count && !t->health[i].ok; k++) {
            const struct rehearsal_look *look = &t->seen->looks[k];
            if (look->at_us < from_us || look->at_us >= to_us)
                continue;
            good |= look->secure == REHEARSAL_AD;
            bad |= look->secure != REHEARSAL_AD;
        }
        if (good && !bad)
            differ(t, t->health[i].at_us, 0, 1, 0, true);
    }
}

void trial_differences(struct trial *t)
{
    /* A program's state is read once a day, and written when it likes. */
    int64_t tolerance_us = 2 * UTC_DAY < 2 * plan_refresh(t->schedule->plan) + UTC_DAY
                               ? 2 * plan_refresh(t->schedule->plan) + UTC_DAY
                               : 2 * UTC_DAY;
    struct rehearsal_result *r = &t->result;
    const struct plan *plan = t->schedule->plan;
    bool collides = trial_world_at(t, t->end_us).tamper == SCENARIO_TAMPER_COLLIDING;
    for (size_t i = 0; t->follows && t->seen->fetch_count && i < plan->key_count; i++)
        if (plan->keys[i].tag >= 0 && !plan->keys[i].zsk &&
            !(collides && &plan->keys[i] == t->schedule->roll.old_key))
            compare_key(t, &plan->keys[i], tolerance_us);
    if (t->seen->fetch_count)
        compare_answers(t);
    r->model = arena_alloc(t->arena, t->change_count * sizeof *r->model);
    t->failed |= !r->model;
    for (size_t i = 0; r->model && i < t->change_count; i++)
        if (t->changes[i].key && t->changes[i].key->tag >= 0)
            r->model[r->model_count++] = (struct rehearsal_model_change){
                t->changes[i].at_us, (uint16_t)t->changes[i].key->tag, t->changes[i].state};
}

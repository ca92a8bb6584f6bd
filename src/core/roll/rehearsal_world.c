/* The world of a rehearsal as the schedule makes it: what is in force at a moment, when users cannot get what
 * they should because the scenario wants it so, and the DNSKEY RRset that a root server gave. */
#include "core/roll/rehearsal_inside.h"

#include <string.h>

void trial_step(struct trial_world *world, const struct scenario_step *step)
{
    switch (step->what) {
    case SCENARIO_INSTALL:
        world->installed = true;
        break;
    case SCENARIO_STOP:
        world->stopped = true;
        break;
    case SCENARIO_START:
    case SCENARIO_RESTART:
    case SCENARIO_STATE_LOST:
        world->stopped = false;
        break;
    case SCENARIO_STATE_READ_ONLY:
    case SCENARIO_STATE_WRITABLE:
        world->read_only = step->what == SCENARIO_STATE_READ_ONLY;
        break;
    case SCENARIO_SERVERS:
        for (int root = 0; root < TRIAL_SERVERS; root++)
            if (step->root < 0 || step->root == root)
                world->servers[root] = step->servers;
        world->servers[REHEARSAL_FORWARD].lag_us = 0;
        break;
    case SCENARIO_TAMPER:
        world->tamper = step->tamper;
        world->as_of_us = step->as_of_us;
        break;
    case SCENARIO_CLOCK:
        world->clock_us = step->by_us;
        break;
    case SCENARIO_DOS:
        break;
    }
}

struct trial_world trial_world_at(const struct trial *t, int64_t at_us)
{
    struct trial_world world = {0};
    for (size_t i = 0; i < t->schedule->step_count && t->schedule->steps[i].at_us <= at_us; i++)
        trial_step(&world, &t->schedule->steps[i]);
    return world;
}

static bool is_off(const struct trial_world *world)
{
    for (int root = 0; root < TRIAL_ROOTS; root++)
        if (!world->servers[root].off)
            return false;
    return true;
}

bool trial_spans(struct trial *t)
{
    const struct scenario_schedule *s = t->schedule;
    struct trial_world world = {0};
    struct trial_span *open[TRIAL_WHYS] = {NULL};
    t->spans = arena_alloc(t->arena, (s->step_count + 1) * TRIAL_WHYS * sizeof *t->spans);
    if (!t->spans)
        return false;
    for (size_t i = 0; i < s->step_count; i++) {
        trial_step(&world, &s->steps[i]);
        bool now[TRIAL_WHYS] = {world.stopped, is_off(&world), world.clock_us != 0};
        for (int why = 0; why < TRIAL_WHYS; why++)
            if (now[why] && !open[why]) {
                open[why] = &t->spans[t->span_count++];
                *open[why] = (struct trial_span){s->steps[i].at_us, UTC_OPEN, (enum trial_why)why};
            } else if (!now[why] && open[why]) {
                open[why]->to_us = s->steps[i].at_us;
                open[why] = NULL;
            }
    }
    return true;
}

/* Whether a span of the kind covers the moment. */
static bool covered(const struct trial *t, int64_t at_us, int64_t *ret_until_us)
{
    for (size_t i = 0; i < t->span_count; i++)
        if (t->spans[i].why != TRIAL_CLOCK && at_us >= t->spans[i].from_us && at_us < t->spans[i].to_us) {
            *ret_until_us = t->spans[i].to_us;
            return true;
        }
    return false;
}

int64_t trial_running(const struct trial *t, int64_t from_us, int64_t to_us)
{
    int64_t sum = 0;
    while (from_us < to_us) {
        int64_t until = to_us;
        bool off = covered(t, from_us, &until);
        for (size_t i = 0; i < t->span_count && !off; i++)
            if (t->spans[i].why != TRIAL_CLOCK && t->spans[i].from_us > from_us &&
                t->spans[i].from_us < until)
                until = t->spans[i].from_us;
        until = until < to_us ? until : to_us;
        sum += off ? 0 : until - from_us;
        from_us = until;
    }
    return sum;
}

size_t trial_rrset(const struct trial *t, const struct trial_world *world, unsigned root, int64_t at_us,
    struct rfc5011_seen keys[RFC5011_KEYS])
{
    const struct plan *plan = t->schedule->plan;
    const struct scenario_servers *server = &world->servers[root < TRIAL_SERVERS ? root : 0];
    int64_t life = (int64_t)plan->signature_s * UTC_SECOND, as_of = at_us - server->lag_us;
    if (world->tamper == SCENARIO_TAMPER_REPLAY)
        as_of = world->as_of_us;
    /* Signatures are made when they are asked for; how far back they are valid is not known here: a clock
     * that is wrong by less than their life is taken for right. */
    bool valid = at_us - as_of < life && world->clock_us < life && world->clock_us > -life;
    size_t count = 0;
    for (size_t i = 0; i < plan->key_count && count < RFC5011_KEYS - 1; i++) {
        const struct plan_key *key = &plan->keys[i];
        struct plan_key_state state = plan_key_at(key, as_of);
        if (key->zsk || !state.published)
            continue;
        bool self = state.revoked && world->tamper != SCENARIO_TAMPER_REVOKED_UNSIGNED;
        keys[count++] = (struct rfc5011_seen){.id = i,
            .tag = (uint16_t)(state.revoked ? key->revoked_tag : key->tag),
            .sep = true,
            .revoked = state.revoked,
            .signs = valid && (state.signing || self)};
    }
    if (world->tamper == SCENARIO_TAMPER_COLLIDING && t->schedule->roll.old_key)
        keys[count++] = (struct rfc5011_seen){
            .id = TRIAL_OTHER, .tag = (uint16_t)t->schedule->roll.old_key->tag, .sep = true};
    return count;
}

/* A scenario changes a plan as its owner could: by the operations that plans have, and by editing dates,
 * which nobody does to a real plan. Each change sees the plan as the one before it left it, and the result of
 * each must be a plan. */
#include "core/roll/scenario_inside.h"

#include "core/roll/plan_parts.h"

#include <string.h>

/* One change under way. */
struct changing {
    const struct scenario *scenario;
    const struct scenario_change *change;
    const struct plan *before;
    struct plan_roll roll;
    int64_t at_us, to_us, what_us;
    struct err_note *note;
};

static int fail(const struct changing *c, const char *why)
{
    return scenario_error(c->scenario, c->change->line, c->change->column, c->note, "%s: %s",
        scenario_change_name(c->change->kind), why);
}

static int out_of_memory(const struct changing *c)
{
    return err_set(c->note, ERR_NOMEM, "out of memory");
}

/* Hands out a plan that was edited, if it still is one. */
static int finish(const struct changing *c, struct plan *plan, struct plan **ret_plan)
{
    struct err_note why;
    int rc = plan_check(plan, &why);
    if (rc) {
        plan_free(plan);
        return rc == ERR_DATA ? fail(c, why.text) : err_set(c->note, rc, "%s", why.text);
    }
    *ret_plan = plan;
    return 0;
}

static int move(const struct changing *c, struct plan **ret_plan)
{
    int64_t span = c->to_us - c->what_us;
    struct plan *plan = plan_copy(c->before);
    if (!plan)
        return out_of_memory(c);
    for (size_t i = 0; i < plan->key_count; i++)
        for (size_t j = 0; j < plan->keys[i].step_count; j++) {
            struct plan_step *step = &plan->keys[i].steps[j];
            if (step->at_us != UTC_OPEN && step->at_us >= c->what_us)
                step->at_us += span;
        }
    return finish(c, plan, ret_plan);
}

/* The steps of a key anew: `count` of them, of which the caller fills those that are not copied. */
static bool make_room(struct plan *plan, struct plan_key *key, size_t count)
{
    struct plan_step *steps = arena_alloc(plan->arena, count * sizeof *steps);
    if (steps)
        memcpy(steps, key->steps, (key->step_count < count ? key->step_count : count) * sizeof *steps);
    key->steps = steps;
    return steps != NULL;
}

static int absent(const struct changing *c, struct plan **ret_plan)
{
    struct plan *plan = plan_copy(c->before);
    struct plan_key *key = plan ? plan_key_of(plan, c->roll.new_key->id) : NULL;
    if (!key || !make_room(plan, key, key->step_count + 2)) {
        plan_free(plan);
        return out_of_memory(c);
    }
    size_t at = 0;
    while (at < key->step_count && key->steps[at].at_us <= c->at_us)
        at++;
    memmove(key->steps + at + 2, key->steps + at, (key->step_count - at) * sizeof *key->steps);
    key->steps[at] = (struct plan_step){.what = PLAN_WITHDRAW, .at_us = c->at_us};
    key->steps[at + 1] = (struct plan_step){.what = PLAN_PUBLISH, .at_us = c->to_us};
    key->step_count += 2;
    return finish(c, plan, ret_plan);
}

/* Ends a key of the algorithm that is given up. "The signatures outlive the keys" (RFC 6840 §5.11): those of
 * a ZSK end two TTLs after its DNSKEY, when no cache holds that. */
static bool give_up(struct plan *plan, struct plan_key *key, int64_t at_us)
{
    struct plan_key_state state = plan_key_at(key, at_us);
    size_t kept = 0;
    while (kept < key->step_count && key->steps[kept].at_us <= at_us)
        kept++;
    if (!make_room(plan, key, kept + 2))
        return false;
    key->step_count = kept;
    if (state.published)
        key->steps[key->step_count++] = (struct plan_step){.what = PLAN_WITHDRAW, .at_us = at_us};
    if (state.signing && key->zsk)
        key->steps[key->step_count++] = (struct plan_step){.what = PLAN_STOP,
            .at_us = at_us + (state.published ? 2 * (int64_t)plan->dnskey_ttl_s * UTC_SECOND : 0)};
    return true;
}

/* The keys of the new algorithm end, a key that is not to come at all leaves the plan, and the old ones stay
 * as they are. */
static int drop(const struct changing *c, struct plan **ret_plan)
{
    uint8_t gone = c->roll.new_key->algorithm;
    if (plan_key_at(c->roll.old_key, c->at_us).revoked || !plan_key_at(c->roll.old_key, c->at_us).signing)
        return fail(c, "the old key is revoked or gone by then (RFC 5011 §2.1): there is no way back");
    struct plan *plan = plan_copy(c->before);
    if (!plan)
        return out_of_memory(c);
    size_t kept = 0;
    for (size_t i = 0; i < plan->key_count; i++) {
        struct plan_key *key = &plan->keys[i];
        bool ok = true;
        if (key->algorithm == gone)
            ok = give_up(plan, key, c->at_us);
        else
            while (key->step_count && key->steps[key->step_count - 1].at_us > c->at_us)
                key->step_count--;
        if (!ok) {
            plan_free(plan);
            return out_of_memory(c);
        }
        if (key->step_count)
            plan->keys[kept++] = *key;
    }
    plan->key_count = kept;
    return finish(c, plan, ret_plan);
}

static int replace_algorithm(const struct changing *c, struct plan **ret_plan)
{
    struct plan *plan = plan_copy(c->before);
    if (!plan)
        return out_of_memory(c);
    for (size_t i = 0; i < plan->key_count; i++)
        if (plan->keys[i].algorithm == c->roll.new_key->algorithm) {
            plan->keys[i].algorithm = c->change->algorithm;
            plan->keys[i].bits = 0;
            plan->keys[i].tag = plan->keys[i].revoked_tag = -1;
            plan->keys[i].ds_sha256 = NULL;
        }
    return finish(c, plan, ret_plan);
}

static int operate(const struct changing *c, struct plan **ret_plan)
{
    struct err_note why = {""};
    struct plan_decision by = {.now_us = c->at_us, .reason = c->scenario->title, .force = true};
    int rc = c->change->kind == SCENARIO_POSTPONE ? plan_postpone(c->before, c->to_us, by, ret_plan, &why)
             : c->change->kind == SCENARIO_RESUME ? plan_resume(c->before, c->to_us, by, ret_plan, &why)
                                                  : plan_back_out(c->before, by, ret_plan, &why);
    return rc == 0 ? 0 : rc == ERR_NOMEM ? out_of_memory(c) : fail(c, why.text);
}

static int change(const struct changing *c, struct plan **ret_plan)
{
    static int (*const how[SCENARIO_CHANGES])(const struct changing *, struct plan **) = {
        [SCENARIO_MOVE] = move,
        [SCENARIO_POSTPONE] = operate,
        [SCENARIO_RESUME] = operate,
        [SCENARIO_BACK_OUT] = operate,
        [SCENARIO_ABSENT] = absent,
        [SCENARIO_DROP] = drop,
        [SCENARIO_ALGORITHM] = replace_algorithm,
    };
    return how[c->change->kind](c, ret_plan);
}

/* The dates of a change: by the plan as it stands before. */
static int date(struct changing *c, const int64_t events_us[SCENARIO_EVENTS])
{
    const struct scenario_change *change = c->change;
    struct scenario_time what = {.event = change->what, .set = true};
    int rc = 0;
    c->to_us = UTC_OPEN;
    if (change->at.set)
        rc = scenario_date(
            c->scenario, change->at, change->line, change->column, events_us, &c->at_us, c->note);
    if (!rc && change->to.set)
        rc = scenario_date(
            c->scenario, change->to, change->line, change->column, events_us, &c->to_us, c->note);
    if (!rc && change->kind == SCENARIO_MOVE)
        rc = scenario_date(c->scenario, what, change->line, change->column, events_us, &c->what_us, c->note);
    return rc;
}

int scenario_change(const struct scenario *scenario, const struct plan *plan, int64_t from_us, int64_t to_us,
    struct plan **ret_plan, struct err_note *note)
{
    struct plan *now = plan_copy(plan);
    if (!now)
        return err_set(note, ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < scenario->change_count; i++) {
        int64_t events_us[SCENARIO_EVENTS];
        struct plan *after = NULL;
        struct changing c = {.scenario = scenario,
            .change = &scenario->changes[i],
            .before = now,
            .roll = scenario_events(now, from_us, to_us, events_us),
            .note = note};
        int rc = date(&c, events_us);
        rc = rc ? rc : change(&c, &after);
        plan_free(now);
        if (rc)
            return rc;
        now = after;
    }
    *ret_plan = now;
    return 0;
}

/* The state of a key is what its steps up to the moment made of it, so nothing has to be remembered. A roll
 * is read out of the same steps: a KSK that comes to sign while another signs, and that other's way out. */
#include "core/roll/plan_parts.h"

#include "core/roll/rfc5011.h"

#include <string.h>

static const char *const do_names[] = {"publish", "sign", "stop", "revoke", "withdraw"};

const char *plan_do_name(enum plan_do what)
{
    return do_names[what];
}

/* RFC 6840 §5.11: the signatures of an algorithm outlive its DNSKEYs. A ZSK with a stop to come signs until
 * then. */
static bool signs_on(const struct plan_key *key, size_t step)
{
    return key->zsk && step + 1 < key->step_count && key->steps[step + 1].what == PLAN_STOP;
}

void plan_key_apply(const struct plan_key *key, size_t step, struct plan_key_state *state)
{
    state->since_us = key->steps[step].at_us;
    state->planned = key->steps[step].planned;
    switch (key->steps[step].what) {
    case PLAN_PUBLISH:
        state->published = state->ever_published = true;
        break;
    case PLAN_SIGN:
        state->signing = true;
        break;
    case PLAN_STOP:
        state->signing = false;
        break;
    case PLAN_REVOKE:
        state->revoked = true;
        state->signing = false;
        break;
    case PLAN_WITHDRAW:
        state->published = state->revoked = false;
        state->signing = state->signing && signs_on(key, step);
        break;
    }
}

struct plan_key_state plan_key_at(const struct plan_key *key, int64_t t_us)
{
    struct plan_key_state state = {.since_us = INT64_MIN};
    for (size_t i = 0; i < key->step_count && key->steps[i].at_us <= t_us && key->steps[i].at_us != UTC_OPEN;
         i++)
        plan_key_apply(key, i, &state);
    return state;
}

const struct plan_key *plan_key(const struct plan *plan, const char *id)
{
    for (size_t i = 0; i < plan->key_count; i++)
        if (strcmp(plan->keys[i].id, id) == 0)
            return &plan->keys[i];
    return NULL;
}

int64_t plan_next_change(const struct plan *plan, int64_t t_us)
{
    int64_t next = UTC_OPEN;
    for (size_t i = 0; i < plan->key_count; i++)
        for (size_t j = 0; j < plan->keys[i].step_count; j++) {
            int64_t at = plan->keys[i].steps[j].at_us;
            if (at > t_us && at < next)
                next = at;
        }
    return next;
}

int64_t plan_refresh(const struct plan *plan)
{
    return plan->refresh_us ? plan->refresh_us
                            : rfc5011_query_interval(plan->dnskey_ttl_s, plan->signature_s * UTC_SECOND);
}

int64_t plan_retry(const struct plan *plan)
{
    return plan->retry_us ? plan->retry_us
                          : rfc5011_retry_time(plan->dnskey_ttl_s, plan->signature_s * UTC_SECOND);
}

/* Sums of moments: what is not dated stays so, what would leave the calendar has no date. */
static int64_t later(int64_t us, int64_t span)
{
    int64_t sum;
    return us == UTC_OPEN || __builtin_add_overflow(us, span, &sum) || sum > UTC_LAST ? UTC_OPEN : sum;
}

/* When the step comes in the order of the plan: an open one by the date that it had, after all that are
 * dated. */
static int64_t first_at(const struct plan_key *key, enum plan_do what)
{
    for (size_t i = 0; i < key->step_count; i++)
        if (key->steps[i].what == what)
            return key->steps[i].at_us == UTC_OPEN && key->steps[i].was_us ? key->steps[i].was_us
                                                                           : key->steps[i].at_us;
    return UTC_OPEN;
}

static bool has(const struct plan_key *key, enum plan_do what)
{
    for (size_t i = 0; i < key->step_count; i++)
        if (key->steps[i].what == what)
            return true;
    return false;
}

/* The last moment of the kind, a held one included; UTC_OPEN if there is none. */
static int64_t last_at(const struct plan_key *key, enum plan_do what)
{
    for (size_t i = key->step_count; i-- > 0;)
        if (key->steps[i].what == what)
            return key->steps[i].at_us;
    return UTC_OPEN;
}

/* Whom a key follows: of the KSKs that signed before it did, the last. NULL: it is among the first. */
static const struct plan_key *predecessor(const struct plan *plan, const struct plan_key *key)
{
    const struct plan_key *best = NULL;
    int64_t own = first_at(key, PLAN_SIGN);
    for (size_t i = 0; i < plan->key_count; i++) {
        const struct plan_key *other = &plan->keys[i];
        int64_t at = first_at(other, PLAN_SIGN);
        if (other->zsk || other == key || !has(other, PLAN_SIGN) || at >= own)
            continue;
        if (!best || at >= first_at(best, PLAN_SIGN))
            best = other;
    }
    return best;
}

/* The end of a roll: the old key's last step, but not before the new key signs. */
static int64_t roll_end(const struct plan_key *old_key, const struct plan_key *new_key)
{
    int64_t old_last = old_key->step_count ? old_key->steps[old_key->step_count - 1].at_us : INT64_MIN;
    int64_t sign = last_at(new_key, PLAN_SIGN);
    return old_last > sign ? old_last : sign;
}

/* The first roll in the order of signing that has not ended at t_us, else the last; false if there is none.
 */
static bool find_roll(
    const struct plan *plan, int64_t t_us, const struct plan_key **ret_old, const struct plan_key **ret_new)
{
    const struct plan_key *best = NULL, *last = NULL;
    for (size_t i = 0; i < plan->key_count; i++) {
        const struct plan_key *key = &plan->keys[i], *old_key;
        if (key->zsk || !has(key, PLAN_SIGN) || !(old_key = predecessor(plan, key)))
            continue;
        int64_t at = first_at(key, PLAN_SIGN);
        if (!last || at >= first_at(last, PLAN_SIGN))
            last = key;
        if (roll_end(old_key, key) > t_us && (!best || at < first_at(best, PLAN_SIGN)))
            best = key;
    }
    best = best ? best : last;
    if (!best)
        return false;
    *ret_new = best;
    *ret_old = predecessor(plan, best);
    return true;
}

/* The signing that counts at t_us: the one in force, else the next, else the last. */
static int64_t sign_at(const struct plan_key *key, int64_t t_us)
{
    int64_t in_force = UTC_OPEN, last = UTC_OPEN;
    for (size_t i = 0; i < key->step_count; i++) {
        const struct plan_step *step = &key->steps[i];
        if (step->what == PLAN_SIGN) {
            last = step->at_us;
            if (step->at_us > t_us)
                return in_force != UTC_OPEN ? in_force : step->at_us;
            in_force = step->at_us;
        } else if (step->what != PLAN_PUBLISH && step->at_us <= t_us) {
            in_force = UTC_OPEN;
        }
    }
    return in_force != UTC_OPEN ? in_force : last;
}

/* The roll's next step is held: no step of either key is dated after t_us, and one is open. */
static bool is_held(const struct plan_key *old_key, const struct plan_key *new_key, int64_t t_us)
{
    bool open = false;
    const struct plan_key *both[] = {old_key, new_key};
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; both[k] && i < both[k]->step_count; i++) {
            if (both[k]->steps[i].at_us == UTC_OPEN)
                open = true;
            else if (both[k]->steps[i].at_us > t_us)
                return false;
        }
    return open;
}

/* When the key's signing that began at `sign_us`, or is in force then, ends; UTC_OPEN if it does not. */
static int64_t signing_ends(const struct plan_key *key, int64_t sign_us)
{
    for (size_t i = 0; i < key->step_count; i++)
        if (key->steps[i].what >= PLAN_STOP && key->steps[i].at_us >= sign_us)
            return key->steps[i].at_us;
    return UTC_OPEN;
}

/* When the new key signs alone: both may sign for a while, and nobody is lost before the old one ends. */
static int64_t alone_at(const struct plan_key *old_key, const struct plan_key *new_key, int64_t t_us)
{
    int64_t sign = sign_at(new_key, t_us);
    if (sign == UTC_OPEN || !plan_key_at(old_key, sign - 1).signing)
        return sign;
    return signing_ends(old_key, sign);
}

static const struct plan_entry *operation_before(const struct plan *plan, int64_t t_us)
{
    for (size_t i = plan->history_count; i-- > 0;)
        if (plan->history[i].at_us <= t_us && strcmp(plan->history[i].operation, "note") != 0)
            return &plan->history[i];
    return NULL;
}

/* Whether the operation moved a step that is still to come. */
static bool moved_coming(const struct plan_entry *entry, int64_t t_us)
{
    for (size_t i = 0; i < entry->change_count; i++)
        if (entry->changes[i].to_us > t_us)
            return true;
    return false;
}

static bool has_signed(const struct plan_key *key, int64_t t_us)
{
    for (size_t i = 0; i < key->step_count; i++)
        if (key->steps[i].what == PLAN_SIGN && key->steps[i].at_us <= t_us)
            return true;
    return false;
}

static bool was_backed_out(const struct plan_key *old_key, const struct plan_key *new_key, int64_t t_us)
{
    return has_signed(new_key, t_us) && !plan_key_at(new_key, t_us).signing &&
           plan_key_at(old_key, t_us).signing;
}

struct plan_roll plan_roll_at(const struct plan *plan, int64_t t_us)
{
    struct plan_roll roll = {.publish_us = UTC_OPEN,
        .trust_us = UTC_OPEN,
        .safe_us = UTC_OPEN,
        .sign_us = UTC_OPEN,
        .revoke_us = UTC_OPEN,
        .withdraw_us = UTC_OPEN,
        .last_operation = operation_before(plan, t_us)};
    if (!find_roll(plan, t_us, &roll.old_key, &roll.new_key)) {
        for (size_t i = 0; i < plan->key_count && !roll.old_key; i++)
            roll.old_key = plan->keys[i].zsk ? NULL : &plan->keys[i];
        return roll;
    }
    int64_t hold = plan->add_hold_us, refresh = plan_refresh(plan);
    int64_t ttl = plan->dnskey_ttl_s * UTC_SECOND;
    roll.publish_us = last_at(roll.new_key, PLAN_PUBLISH);
    roll.trust_us = later(later(roll.publish_us, hold > ttl ? hold : ttl), refresh);
    roll.safe_us = later(later(roll.trust_us, plan->signature_s * UTC_SECOND), plan_retry(plan));
    roll.sign_us = alone_at(roll.old_key, roll.new_key, t_us);
    roll.revoke_us = last_at(roll.old_key, PLAN_REVOKE);
    roll.withdraw_us = last_at(roll.old_key, PLAN_WITHDRAW);
    roll.open = is_held(roll.old_key, roll.new_key, t_us);
    roll.postponed =
        roll.open || (roll.sign_us > t_us && roll.last_operation && moved_coming(roll.last_operation, t_us));
    roll.backed_out = was_backed_out(roll.old_key, roll.new_key, t_us);
    return roll;
}

/* A plan begins with the first signature of its first key: before, keys that are not in it may sign. */
static bool has_begun(const struct plan *plan, int64_t t_us)
{
    for (size_t i = 0; i < plan->key_count; i++)
        if (!plan->keys[i].zsk && has_signed(&plan->keys[i], t_us))
            return true;
    return false;
}

const char *plan_phase_at(const struct plan *plan, int64_t t_us)
{
    if (!has_begun(plan, t_us))
        return "before";
    struct plan_roll roll = plan_roll_at(plan, t_us);
    if (!roll.new_key)
        return "steady";
    if (roll.backed_out)
        return "backed-out";
    if (roll.open)
        return "postponed";
    struct plan_key_state old_state = plan_key_at(roll.old_key, t_us);
    struct plan_key_state new_state = plan_key_at(roll.new_key, t_us);
    if (!new_state.published)
        return "steady";
    if (!new_state.signing || old_state.signing)
        return t_us < roll.trust_us ? "hold-down" : "waiting";
    return old_state.revoked ? "revoke" : old_state.published ? "sign" : "done";
}

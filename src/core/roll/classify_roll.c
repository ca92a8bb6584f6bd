/* Which roll sources are judged against, and from when on the old key alone is too little: as a plan says. */
#include "core/roll/classify.h"

static struct classify_roll dates_of(const struct plan_roll *roll)
{
    return (struct classify_roll){.publish_us = roll->publish_us,
        .trust_us = roll->trust_us,
        .sign_us = roll->sign_us,
        .revoke_us = roll->revoke_us,
        .withdraw_us = roll->withdraw_us};
}

static int check(const struct plan *plan, const struct plan_roll *roll, struct err_note *note)
{
    return roll->old_key && roll->new_key
               ? 0
               : err_set(note, ERR_DATA, "the plan %s has no roll from one key to another", plan->name);
}

static int fill(
    const struct plan *plan, int64_t now_us, struct classify_roll *ret_roll, struct err_note *note)
{
    struct plan_roll roll = plan_roll_at(plan, now_us);
    int err = check(plan, &roll, note);
    if (err)
        return err;
    if (roll.old_key->tag < 0 || roll.new_key->tag < 0)
        return err_set(note, ERR_DATA,
            "the plan %s does not tell the key tag of %s: signals cannot be read by it", plan->name,
            roll.old_key->tag < 0 ? roll.old_key->id : roll.new_key->id);
    if (roll.old_key->tag == roll.new_key->tag)
        return err_set(note, ERR_DATA,
            "%s and %s of the plan %s have the same key tag: signals cannot tell them apart",
            roll.old_key->id, roll.new_key->id, plan->name);
    *ret_roll = dates_of(&roll);
    ret_roll->old_tag = (uint16_t)roll.old_key->tag;
    ret_roll->new_tag = (uint16_t)roll.new_key->tag;
    ret_roll->has_old_revoked = roll.old_key->revoked_tag >= 0;
    ret_roll->old_revoked_tag = (uint16_t)(roll.old_key->revoked_tag >= 0 ? roll.old_key->revoked_tag : 0);
    return 0;
}

static int plan_then(const struct plan *plan, int64_t now_us, struct plan **ret_then, struct err_note *note)
{
    if (plan->relative)
        return err_set(note, ERR_DATA, "the plan %s is a template without dates", plan->name);
    return plan_as_of(plan, now_us, ret_then) ? err_set(note, ERR_NOMEM, "out of memory") : 0;
}

int classify_roll_of(
    const struct plan *plan, int64_t now_us, struct classify_roll *ret_roll, struct err_note *note)
{
    struct plan *then;
    int err = plan_then(plan, now_us, &then, note);
    if (err)
        return err;
    err = fill(then, now_us, ret_roll, note);
    plan_free(then);
    return err;
}

int classify_dates_of(const struct plan *plan, int64_t now_us, struct classify_roll *ret_roll,
    const char **ret_old_key, const char **ret_new_key, struct err_note *note)
{
    struct plan *then;
    int err = plan_then(plan, now_us, &then, note);
    if (err)
        return err;
    struct plan_roll roll = plan_roll_at(then, now_us);
    err = check(plan, &roll, note);
    if (!err) { /* an operation moves steps, and leaves the keys */
        *ret_roll = dates_of(&roll);
        *ret_old_key = plan_key(plan, roll.old_key->id)->id;
        *ret_new_key = plan_key(plan, roll.new_key->id)->id;
    }
    plan_free(then);
    return err;
}

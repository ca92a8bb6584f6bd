/* Which roll sources are judged against, and from when on the old key alone is too little: as a plan says. */
#include "core/roll/classify.h"

static int fill(
    const struct plan *plan, int64_t now_us, struct classify_roll *ret_roll, struct err_note *note)
{
    struct plan_roll roll = plan_roll_at(plan, now_us);
    if (!roll.old_key || !roll.new_key)
        return err_set(note, ERR_DATA, "the plan %s has no roll from one key to another", plan->name);
    if (roll.old_key->tag < 0 || roll.new_key->tag < 0)
        return err_set(note, ERR_DATA,
            "the plan %s does not tell the key tag of %s: signals cannot be read by it", plan->name,
            roll.old_key->tag < 0 ? roll.old_key->id : roll.new_key->id);
    if (roll.old_key->tag == roll.new_key->tag)
        return err_set(note, ERR_DATA,
            "%s and %s of the plan %s have the same key tag: signals cannot tell them apart",
            roll.old_key->id, roll.new_key->id, plan->name);
    *ret_roll = (struct classify_roll){.old_tag = (uint16_t)roll.old_key->tag,
        .new_tag = (uint16_t)roll.new_key->tag,
        .has_old_revoked = roll.old_key->revoked_tag >= 0,
        .old_revoked_tag = (uint16_t)(roll.old_key->revoked_tag >= 0 ? roll.old_key->revoked_tag : 0),
        .publish_us = roll.publish_us,
        .trust_us = roll.trust_us,
        .sign_us = roll.sign_us,
        .revoke_us = roll.revoke_us,
        .withdraw_us = roll.withdraw_us};
    return 0;
}

int classify_roll_of(
    const struct plan *plan, int64_t now_us, struct classify_roll *ret_roll, struct err_note *note)
{
    if (plan->relative)
        return err_set(note, ERR_DATA, "the plan %s is a template without dates", plan->name);
    struct plan *then;
    int err = plan_as_of(plan, now_us, &then);
    if (err)
        return err_set(note, err, "out of memory");
    err = fill(then, now_us, ret_roll, note);
    plan_free(then);
    return err;
}

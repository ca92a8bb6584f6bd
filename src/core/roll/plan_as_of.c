/* The history is enough to go back: each entry says from where it moved what. Entries decided after the
 * moment are undone, the last one first. */
#include "core/roll/plan_parts.h"

#include <string.h>

/* The step that a change left behind. Of several open ones, that which had the date; else the first. */
static struct plan_step *changed_step(struct plan_key *key, const struct plan_change *change)
{
    struct plan_step *found = NULL;
    for (size_t i = 0; i < key->step_count; i++) {
        struct plan_step *step = &key->steps[i];
        if (step->what != change->what || step->at_us != change->to_us)
            continue;
        if (change->to_us != UTC_OPEN || step->was_us == change->from_us)
            return step;
        found = found ? found : step;
    }
    return found;
}

/* The date that a step had before the hold that a later operation ended; 0 if the history does not tell. */
static int64_t date_before(const struct plan *plan, const struct plan_change *change)
{
    for (size_t i = plan->history_count; i-- > 0;)
        for (size_t j = plan->history[i].change_count; j-- > 0;) {
            const struct plan_change *older = &plan->history[i].changes[j];
            if (older->what == change->what && older->to_us == UTC_OPEN &&
                strcmp(older->key, change->key) == 0)
                return older->from_us == UTC_OPEN ? 0 : older->from_us;
        }
    return 0;
}

static void undo(struct plan *plan, const struct plan_entry *entry)
{
    for (size_t i = entry->change_count; i-- > 0;) {
        const struct plan_change *change = &entry->changes[i];
        struct plan_key *key = plan_key_of(plan, change->key);
        struct plan_step *step = key ? changed_step(key, change) : NULL;
        if (!step)
            continue; /* a file edited by hand: what cannot be undone stays */
        if (change->added) {
            size_t after = (size_t)(key->steps + key->step_count - (step + 1));
            memmove(step, step + 1, after * sizeof *step);
            key->step_count--;
            continue;
        }
        step->at_us = change->from_us;
        step->was_us = change->from_us == UTC_OPEN ? date_before(plan, change) : 0;
    }
}

int plan_as_of(const struct plan *plan, int64_t t_us, struct plan **ret_plan)
{
    struct plan *made = plan_copy(plan);
    if (!made)
        return ERR_NOMEM;
    made->builtin = plan->builtin;
    while (made->history_count && made->history[made->history_count - 1].at_us > t_us)
        undo(made, &made->history[--made->history_count]);
    *ret_plan = made;
    return 0;
}

/* plan_parts: what the files of `plan` share and nobody else needs. */
#ifndef CORE_ROLL_PLAN_PARTS_H
#define CORE_ROLL_PLAN_PARTS_H

#include "core/roll/plan.h"

enum { /* limits of one plan; a file that goes beyond is refused */
    PLAN_MAX_KEYS = 32,
    PLAN_MAX_STEPS = 64, /* of one key */
    PLAN_MAX_HISTORY = 1000,
    PLAN_MAX_ID = 63,
};

/* What step number `step` makes of the key's state. */
void plan_key_apply(const struct plan_key *key, size_t step, struct plan_key_state *state);

/* plan_key() of a plan that is being made. */
struct plan_key *plan_key_of(struct plan *plan, const char *id);

/* An empty plan with its arena, or NULL. */
struct plan *plan_new(void);

/* A deep copy of strings and steps into the plan's arena; false when memory is short. */
bool plan_take_key(struct plan *plan, const struct plan_key *from, struct plan_key *to);
bool plan_take_entry(struct plan *plan, const struct plan_entry *from, struct plan_entry *to);

#endif

/* rolls: plans in the store. A roll is a plan that has a start; participants share it. */
#ifndef IO_STORE_ROLLS_H
#define IO_STORE_ROLLS_H

#include "core/roll/plan.h"
#include "io/store/store.h"

/* The plan of a roll, and the changed_us that rolls_write() wants back. ERR_NOINPUT if there is no such roll.
 */
int rolls_read(
    struct store *store, int64_t id, struct plan **ret_plan, int64_t *ret_changed_us, struct err_note *note);

/* Stores the plan after an operation (plan_postpone() …). ERR_DATA if somebody else changed it since
 * rolls_read(): read it again. */
int rolls_write(struct store *store, int64_t id, const struct plan *plan, int64_t was_changed_us,
    int64_t now_us, struct err_note *note);

/* What the operator offers besides the built-in plans: the names of all, and the documents of templates.
 * (Dated ones are rolls in the store.) Takes the place of what was offered before. */
int rolls_offer(struct store *store, const struct plan *const *plans, size_t count, struct err_note *note);
int rolls_offered(struct store *store, struct arena *arena, const char ***ret_names, size_t *ret_count,
    struct err_note *note);

/* A plan by its name: a built-in template, a template that is or was offered, the plan of the newest roll of
 * that name, a built-in dated plan. ERR_NOINPUT if there is none. */
int rolls_find(struct store *store, const char *name, struct plan **ret_plan, struct err_note *note);

/* Whether test zones can follow the plan. ERR_USAGE, with the reason: more than 8 keys or 64 steps, keys with
 * tags or digests (a test zone's keys are made anew). */
int rolls_can_follow(const struct plan *plan, struct err_note *note);

/* What a participant wishes to follow. */
struct rolls_wish {
    const char *plan_name; /* as of rolls_find(); or NULL … */
    const char *document;  /* … and then a plan document (YAML) of `length` octets, from a stranger */
    size_t length;
    uint32_t ttl_s; /* 60 or 172,800; 0: the plan's own */
};

/* Reads and judges the wish. Refused with ERR_USAGE: no such plan, a document with a fault (line and column
 * are named), more than 8 keys or 64 steps, keys with tags or digests (a test zone's keys are made anew), a
 * history, another TTL. */
int rolls_template(
    struct store *store, const struct rolls_wish *wish, struct plan **ret_template, struct err_note *note);

/* The roll to join: one of the same plan and TTL, undisturbed, with at least half of the time before its new
 * key is published still to come, so that a resolver can be set up; else a new one that starts now. Adds
 * nothing: `id` 0 is a roll to be added, with `document` in the arena. A dated plan is joined as it is,
 * postponed or not; ERR_USAGE if the new key would be trusted only after it signs. */
struct rolls_choice {
    int64_t id, start_us;
    const char *document;
};
int rolls_choose(struct store *store, const struct plan *template, const char *parent, uint32_t ttl_s,
    int64_t now_us, struct arena *arena, struct rolls_choice *ret_choice, struct err_note *note);

#endif

/* All is read and judged first; then written. */
#include "app/serve/plans.h"

#include "app/serve/served.h"
#include "base/log.h"
#include "base/text.h"
#include "io/store/rolls.h"
#include "io/yaml/plan_yaml.h"

#include <string.h>

/* A plan of the configuration, and the roll that it takes the place of. */
struct taken {
    const char *file;
    struct plan *plan;
    int64_t roll_id, roll_changed_us; /* 0: a new roll */
    struct plan *old;
};

/* --- judging --- */

/* The date of the same step of the same key in another plan: `index` counts the key's steps of that kind.
 * INT64_MIN: there is none. */
static int64_t date_in(const struct plan *plan, const char *key_id, enum plan_do what, size_t index)
{
    const struct plan_key *key = plan_key(plan, key_id);
    for (size_t i = 0; key && i < key->step_count; i++)
        if (key->steps[i].what == what && index-- == 0)
            return key->steps[i].at_us;
    return INT64_MIN;
}

/* Everything of `old` that is dated until now has the same date in `plan`. */
static bool keeps_past(const struct plan *old, const struct plan *plan, int64_t now_us, const char **ret_key,
    enum plan_do *ret_what)
{
    for (size_t i = 0; i < old->key_count; i++) {
        size_t seen[PLAN_WITHDRAW + 1] = {0};
        for (size_t j = 0; j < old->keys[i].step_count; j++) {
            const struct plan_step *step = &old->keys[i].steps[j];
            int64_t at_us = date_in(plan, old->keys[i].id, step->what, seen[step->what]++);
            if (step->at_us > now_us || at_us == step->at_us)
                continue;
            *ret_key = old->keys[i].id;
            *ret_what = step->what;
            return false;
        }
    }
    return true;
}

/* Whether `plan` is `old` with operations after it, and nothing else. */
static bool is_continuation(const struct plan *old, const struct plan *plan)
{
    struct plan *then;
    if (plan->history_count <= old->history_count)
        return false;
    int64_t before_us = plan->history[old->history_count].at_us - 1;
    if (plan_as_of(plan, before_us, &then))
        return false;
    bool same = plan_equal(then, old);
    plan_free(then);
    return same;
}

static int judge_change(const struct taken *t, bool running, int64_t now_us, struct err_note *note)
{
    const char *key;
    enum plan_do what;
    bool continues = is_continuation(t->old, t->plan);
    if (!served_same_keys(t->old, t->plan))
        return err_set(note, ERR_CONFIG,
            "%s: the plan %s has other keys than the zones that follow it; another plan needs another name",
            t->file, t->plan->name);
    if (continues && !running)
        return 0;
    if (!keeps_past(t->old, t->plan, now_us, &key, &what) ||
        (!continues && !keeps_past(t->plan, t->old, now_us, &key, &what)))
        return err_set(note, ERR_CONFIG,
            "%s: the plan %s has another past than the zones that follow it (key %s, step %s), and what has "
            "happened cannot change; another plan needs another name",
            t->file, t->plan->name, key, plan_do_name(what));
    return 0;
}

/* The newest roll of that name. */
static int find_roll(struct store *store, struct taken *t, struct arena *arena, struct err_note *note)
{
    struct store_roll *rolls;
    size_t count;
    int rc = store_rolls(store, arena, &rolls, &count, note);
    while (rc == 0 && count > 0 && strcmp(rolls[count - 1].plan_name, t->plan->name) != 0)
        count--;
    if (rc || count == 0)
        return rc;
    t->roll_id = rolls[count - 1].id;
    return rolls_read(store, t->roll_id, &t->old, &t->roll_changed_us, note);
}

static int judge_name(const struct taken *all, size_t index, struct err_note *note)
{
    struct plan *builtin;
    const struct taken *t = &all[index];
    for (size_t i = 0; i < index; i++)
        if (strcmp(all[i].plan->name, t->plan->name) == 0)
            return err_set(note, ERR_CONFIG, "%s: %s has a plan of the name %s already", t->file, all[i].file,
                t->plan->name);
    if (plan_builtin(t->plan->name, &builtin))
        return 0;
    bool template = builtin->relative;
    plan_free(builtin);
    return template ? err_set(note, ERR_CONFIG,
                          "%s: %s is the name of a built-in plan that rolls begin by; choose another",
                          t->file, t->plan->name)
                    : 0;
}

static int judge(struct store *store, struct taken *all, size_t index, const struct signer *signer,
    bool running, int64_t now_us, struct err_note *note)
{
    struct taken *t = &all[index];
    int rc = judge_name(all, index, note);
    if (rc || t->plan->relative)
        return rc;
    struct arena *arena = arena_new();
    rc = arena ? find_roll(store, t, arena, note) : err_set(note, ERR_NOMEM, "out of memory");
    arena_free(arena);
    if (rc == 0 && t->old && signer_crowd(signer, t->roll_id))
        rc = judge_change(t, running, now_us, note);
    return rc;
}

/* --- doing --- */

static int add_roll(struct store *store, const struct plan *plan, int64_t now_us, struct err_note *note)
{
    struct text document;
    int64_t id;
    text_start(&document);
    int rc = plan_yaml_write(plan, &document);
    struct store_roll roll = {.plan_name = plan->name,
        .document = document.string,
        .start_us = plan->start_us,
        .changed_us = now_us};
    rc = rc || document.failed ? err_set(note, ERR_NOMEM, "out of memory")
                               : store_roll_add(store, &roll, &id, note);
    text_free(&document);
    return rc;
}

/* What is new in the history is said, since somebody decided it. */
static void tell_operations(const struct plan *old, const struct plan *plan)
{
    for (size_t i = old->history_count; i < plan->history_count; i++) {
        const struct plan_entry *entry = &plan->history[i];
        log_info("plan %s: %s%s%s: %s", plan->name, entry->operation, entry->who ? " by " : "",
            entry->who ? entry->who : "", entry->reason ? entry->reason : "no reason given");
    }
}

static int take(struct store *store, const struct taken *t, int64_t now_us, struct err_note *note)
{
    struct err_note why;
    if (rolls_can_follow(t->plan, &why))
        log_warning("%s: nobody can take part in this plan: %s", t->file, why.text);
    if (t->plan->relative || (t->old && plan_equal(t->old, t->plan)))
        return 0;
    if (!t->old)
        return add_roll(store, t->plan, now_us, note);
    int rc = rolls_write(store, t->roll_id, t->plan, t->roll_changed_us, now_us, note);
    if (rc == 0)
        tell_operations(t->old, t->plan);
    return rc;
}

int plans_take(struct store *store, const struct serve_config *config, const struct signer *signer,
    bool running, int64_t now_us, struct err_note *note)
{
    struct taken all[CONFIG_MAX_PLANS] = {{0}};
    const struct plan *plans[CONFIG_MAX_PLANS] = {NULL};
    size_t count = config->plan_count;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        all[i].file = config->plans[i];
        rc = plan_yaml_read_file(all[i].file, &all[i].plan, note);
        rc = rc == ERR_DATA ? ERR_CONFIG : rc;
        if (rc == 0)
            rc = judge(store, all, i, signer, running, now_us, note);
        plans[i] = all[i].plan;
    }
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = take(store, &all[i], now_us, note);
    if (rc == 0)
        rc = rolls_offer(store, plans, count, note);
    for (size_t i = 0; i < count; i++) {
        plan_free(all[i].plan);
        plan_free(all[i].old);
    }
    return rc;
}

/* The built-in plans as tables of text: what a person can check against a source. plan_builtin_tables.c holds
 * them. */
#include "core/roll/plan_builtin.h"

#include <string.h>

size_t plan_builtin_count(void)
{
    return plan_builtin_table_count;
}

const char *plan_builtin_name(size_t index)
{
    return index < plan_builtin_table_count ? plan_builtin_tables[index].name : NULL;
}

/* A date, or a distance from the start of a template. The tables hold no other text: the tests read them all.
 */
static bool read_time(bool relative, const char *text, int64_t *ret_us)
{
    return (relative ? utc_parse_span(text, ret_us) : utc_parse(text, ret_us)) == 0;
}

static bool make_key(struct plan *plan, const struct builtin_plan *from, const struct builtin_key *key)
{
    struct plan_key *to = &plan->keys[plan->key_count++];
    *to = (struct plan_key){.id = key->id,
        .zsk = key->zsk,
        .algorithm = key->algorithm,
        .bits = key->bits,
        .tag = key->tag ? key->tag : -1,
        .revoked_tag = key->revoked_tag ? key->revoked_tag : -1,
        .ds_sha256 = key->ds_sha256};
    while (to->step_count < BUILTIN_STEPS && key->steps[to->step_count].at)
        to->step_count++;
    to->steps = arena_alloc(plan->arena, to->step_count * sizeof *to->steps);
    for (size_t i = 0; to->steps && i < to->step_count; i++) {
        const struct builtin_step *step = &key->steps[i];
        to->steps[i] = (struct plan_step){.what = step->what, .planned = step->planned, .note = step->note};
        if (!read_time(from->relative, step->at, &to->steps[i].at_us))
            return false;
    }
    return to->steps != NULL;
}

static bool read_change_time(const char *text, int64_t *ret_us)
{
    *ret_us = UTC_OPEN;
    return strcmp(text, "open") == 0 || utc_parse(text, ret_us) == 0;
}

static bool make_entry(struct plan *plan, const struct builtin_entry *from)
{
    struct plan_entry *to = &plan->history[plan->history_count++];
    *to = (struct plan_entry){.operation = from->operation, .who = from->who, .reason = from->reason};
    while (to->change_count < BUILTIN_CHANGES && from->changes[to->change_count].key)
        to->change_count++;
    to->changes = arena_alloc(plan->arena, to->change_count * sizeof *to->changes);
    if (!to->changes || utc_parse(from->at, &to->at_us))
        return false;
    for (size_t i = 0; i < to->change_count; i++) {
        const struct builtin_change *change = &from->changes[i];
        to->changes[i] = (struct plan_change){.key = change->key, .what = change->what};
        if (!read_change_time(change->from, &to->changes[i].from_us) ||
            !read_change_time(change->to, &to->changes[i].to_us))
            return false;
    }
    return true;
}

static bool make(struct plan *plan, const struct builtin_plan *from)
{
    plan->name = from->name;
    plan->title = from->title;
    plan->zone = from->zone;
    plan->builtin = true;
    plan->relative = from->relative;
    plan->dnskey_ttl_s = from->dnskey_ttl_s;
    plan->signature_s = from->signature_s;
    plan->add_hold_us = from->hold_s * UTC_SECOND;
    plan->remove_hold_us = from->hold_s * UTC_SECOND;
    plan->refresh_us = from->refresh_s * UTC_SECOND;
    plan->retry_us = from->retry_s * UTC_SECOND;
    plan->keys = arena_alloc(plan->arena, BUILTIN_KEYS * sizeof *plan->keys);
    plan->history = arena_alloc(plan->arena, BUILTIN_HISTORY * sizeof *plan->history);
    if (!plan->keys || !plan->history)
        return false;
    for (size_t i = 0; i < BUILTIN_KEYS && from->keys[i].id; i++)
        if (!make_key(plan, from, &from->keys[i]))
            return false;
    for (size_t i = 0; i < BUILTIN_HISTORY && from->history[i].operation; i++)
        if (!make_entry(plan, &from->history[i]))
            return false;
    return true;
}

int plan_builtin(const char *name, struct plan **ret_plan)
{
    size_t i = 0;
    while (i < plan_builtin_table_count && strcmp(plan_builtin_tables[i].name, name) != 0)
        i++;
    if (i == plan_builtin_table_count)
        return ERR_NOINPUT;
    struct plan *plan = plan_new();
    if (!plan)
        return ERR_NOMEM;
    if (!make(plan, &plan_builtin_tables[i])) {
        plan_free(plan);
        return ERR_NOMEM;
    }
    *ret_plan = plan;
    return 0;
}

/* A plan lives in its arena: a copy is a new arena with everything copied into it, and freeing is freeing
 * that. */
#include "core/roll/plan_parts.h"

#include "core/dns/name.h"

#include <string.h>

struct plan *plan_new(void)
{
    struct arena *arena = arena_new();
    struct plan *plan = arena ? arena_alloc(arena, sizeof *plan) : NULL;
    if (!plan) {
        arena_free(arena);
        return NULL;
    }
    plan->arena = arena;
    return plan;
}

void plan_free(struct plan *plan)
{
    if (plan)
        arena_free(plan->arena);
}

struct plan_key *plan_key_of(struct plan *plan, const char *id)
{
    for (size_t i = 0; i < plan->key_count; i++)
        if (strcmp(plan->keys[i].id, id) == 0)
            return &plan->keys[i];
    return NULL;
}

/* A copy of an optional string. */
static bool take(struct plan *plan, const char *from, const char **to)
{
    *to = from ? arena_string(plan->arena, from) : NULL;
    return !from || *to;
}

bool plan_take_key(struct plan *plan, const struct plan_key *from, struct plan_key *to)
{
    *to = *from;
    to->steps = arena_copy(plan->arena, from->steps, from->step_count * sizeof *from->steps);
    if (!to->steps || !take(plan, from->id, &to->id) || !take(plan, from->ds_sha256, &to->ds_sha256))
        return false;
    for (size_t i = 0; i < to->step_count; i++)
        if (!take(plan, from->steps[i].note, &to->steps[i].note))
            return false;
    return true;
}

bool plan_take_entry(struct plan *plan, const struct plan_entry *from, struct plan_entry *to)
{
    *to = *from;
    to->changes = arena_copy(plan->arena, from->changes, from->change_count * sizeof *from->changes);
    if (!to->changes || !take(plan, from->operation, &to->operation) || !take(plan, from->who, &to->who) ||
        !take(plan, from->reason, &to->reason))
        return false;
    for (size_t i = 0; i < to->change_count; i++)
        if (!take(plan, from->changes[i].key, &to->changes[i].key))
            return false;
    return true;
}

/* The content of a plan into another, which has its arena; false when memory is short. */
static bool take_plan(struct plan *copy, const struct plan *plan)
{
    struct arena *arena = copy->arena;
    *copy = *plan;
    copy->arena = arena;
    copy->builtin = false;
    copy->keys = arena_alloc(arena, plan->key_count * sizeof *plan->keys);
    copy->history = arena_alloc(arena, plan->history_count * sizeof *plan->history);
    bool ok = copy->keys && copy->history && take(copy, plan->name, &copy->name) &&
              take(copy, plan->title, &copy->title) && take(copy, plan->zone, &copy->zone);
    for (size_t i = 0; ok && i < plan->key_count; i++)
        ok = plan_take_key(copy, &plan->keys[i], &copy->keys[i]);
    for (size_t i = 0; ok && i < plan->history_count; i++)
        ok = plan_take_entry(copy, &plan->history[i], &copy->history[i]);
    return ok;
}

struct plan *plan_copy(const struct plan *plan)
{
    struct plan *copy = plan_new();
    if (!copy || take_plan(copy, plan))
        return copy;
    plan_free(copy);
    return NULL;
}

struct plan *plan_copy_into(const struct plan *plan, struct arena *arena)
{
    struct plan *copy = arena_alloc(arena, sizeof *copy);
    if (!copy)
        return NULL;
    copy->arena = arena;
    return take_plan(copy, plan) ? copy : NULL;
}

static bool same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool key_equal(const struct plan_key *a, const struct plan_key *b)
{
    if (!same(a->id, b->id) || a->zsk != b->zsk || a->algorithm != b->algorithm || a->bits != b->bits ||
        a->tag != b->tag || a->revoked_tag != b->revoked_tag || !same(a->ds_sha256, b->ds_sha256) ||
        a->step_count != b->step_count)
        return false;
    for (size_t i = 0; i < a->step_count; i++) {
        const struct plan_step *s = &a->steps[i], *t = &b->steps[i];
        if (s->what != t->what || s->at_us != t->at_us || s->was_us != t->was_us ||
            s->planned != t->planned || !same(s->note, t->note))
            return false;
    }
    return true;
}

static bool entry_equal(const struct plan_entry *a, const struct plan_entry *b)
{
    if (!same(a->operation, b->operation) || a->at_us != b->at_us || !same(a->who, b->who) ||
        !same(a->reason, b->reason) || a->forced != b->forced || a->change_count != b->change_count)
        return false;
    for (size_t i = 0; i < a->change_count; i++) {
        const struct plan_change *c = &a->changes[i], *d = &b->changes[i];
        if (!same(c->key, d->key) || c->what != d->what || c->from_us != d->from_us || c->to_us != d->to_us ||
            c->added != d->added)
            return false;
    }
    return true;
}

bool plan_equal(const struct plan *a, const struct plan *b)
{
    bool equal = same(a->name, b->name) && same(a->title, b->title) && same(a->zone, b->zone) &&
                 a->relative == b->relative && a->start_us == b->start_us &&
                 a->dnskey_ttl_s == b->dnskey_ttl_s && a->signature_s == b->signature_s &&
                 a->add_hold_us == b->add_hold_us && a->remove_hold_us == b->remove_hold_us &&
                 a->refresh_us == b->refresh_us && a->retry_us == b->retry_us &&
                 a->key_count == b->key_count && a->history_count == b->history_count;
    for (size_t i = 0; equal && i < a->key_count; i++)
        equal = key_equal(&a->keys[i], &b->keys[i]);
    for (size_t i = 0; equal && i < a->history_count; i++)
        equal = entry_equal(&a->history[i], &b->history[i]);
    return equal;
}

int plan_start(const struct plan *template, int64_t start_us, const char *zone, uint32_t dnskey_ttl_s,
    struct plan **ret_plan, struct err_note *note)
{
    struct name name;
    if (!template->relative)
        return err_set(
            note, ERR_DATA, "plan %s has dates already: only a template can be started", template->name);
    if (start_us < UTC_FIRST || start_us > UTC_LAST)
        return err_set(note, ERR_DATA, "a plan cannot start outside the years 1 to 9999");
    if (zone && name_from_text(zone, &name, note))
        return ERR_DATA;
    struct plan *plan = plan_copy(template);
    if (!plan || (zone && !take(plan, zone, &plan->zone))) {
        plan_free(plan);
        return err_set(note, ERR_NOMEM, "out of memory");
    }
    plan->relative = false;
    plan->start_us = start_us;
    if (dnskey_ttl_s)
        plan->dnskey_ttl_s = dnskey_ttl_s;
    for (size_t i = 0; i < plan->key_count; i++)
        for (size_t j = 0; j < plan->keys[i].step_count; j++)
            if (plan->keys[i].steps[j].at_us != UTC_OPEN)
                plan->keys[i].steps[j].at_us += start_us;
    int rc = plan_check(plan, note);
    if (rc) {
        plan_free(plan);
        return rc;
    }
    *ret_plan = plan;
    return 0;
}

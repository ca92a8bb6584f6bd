/* A plan file is maps of fields (fields.h). Faults that only the whole plan shows (plan_check_place) are told
 * at the key, step or entry in which they lie. */
#include "io/yaml/plan_yaml.h"

#include "io/yaml/fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char format_name[] = "rollcall.plan/1";

static int read_format(struct fields_source *s, const struct yaml_node *value, void *target)
{
    if (value->kind != YAML_SCALAR || strcmp(value->scalar, format_name) != 0)
        return yaml_error(s->note, s->file, value, "format: only %s is known here", format_name);
    return 0;
}

static int read_tag(struct fields_source *s, const struct yaml_node *value, void *target)
{
    uint16_t tag = 0;
    int rc = fields_u16(s, value, &tag);
    if (!rc)
        *(int32_t *)target = tag;
    return rc;
}

static int read_role(struct fields_source *s, const struct yaml_node *value, void *target)
{
    bool zsk = value->kind == YAML_SCALAR && strcmp(value->scalar, "zsk") == 0;
    if (!zsk && (value->kind != YAML_SCALAR || strcmp(value->scalar, "ksk") != 0))
        return yaml_error(s->note, s->file, value, "ksk or zsk expected");
    *(bool *)target = zsk;
    return 0;
}

static int read_seconds(struct fields_source *s, const struct yaml_node *value, void *target)
{
    long number;
    int64_t span = 0;
    if (!fields_number(value, INT32_MAX, &number)) {
        int rc = fields_span(s, value, &span);
        if (rc)
            return rc;
        if (span % UTC_SECOND || span / UTC_SECOND > INT32_MAX)
            return yaml_error(s->note, s->file, value, "whole seconds expected, at most 2^31-1");
        number = (long)(span / UTC_SECOND);
    }
    *(uint32_t *)target = (uint32_t)number;
    return 0;
}

static int read_date(struct fields_source *s, const struct yaml_node *value, void *target)
{
    int64_t us;
    if (value->kind != YAML_SCALAR || utc_parse(value->scalar, &us))
        return yaml_error(s->note, s->file, value, "a date expected, as 2018-10-11 or 2018-10-11T16:00:00Z");
    *(int64_t *)target = us;
    return 0;
}

static bool is_open(const struct yaml_node *value)
{
    return value->kind == YAML_SCALAR && strcmp(value->scalar, "open") == 0;
}

static int read_date_or_open(struct fields_source *s, const struct yaml_node *value, void *target)
{
    if (!is_open(value))
        return read_date(s, value, target);
    *(int64_t *)target = UTC_OPEN;
    return 0;
}

/* The moment of a step: in a template, a span from its start. */
static int read_moment(struct fields_source *s, const struct yaml_node *value, void *target)
{
    return s->relative ? fields_span(s, value, target) : read_date_or_open(s, value, target);
}

static bool find_do(const char *name, enum plan_do *ret)
{
    for (enum plan_do what = PLAN_PUBLISH; what <= PLAN_WITHDRAW; what++)
        if (strcmp(plan_do_name(what), name) == 0) {
            *ret = what;
            return true;
        }
    return false;
}

static int read_do(struct fields_source *s, const struct yaml_node *value, void *target)
{
    if (value->kind != YAML_SCALAR || !find_do(value->scalar, target))
        return yaml_error(s->note, s->file, value, "publish, sign, stop, revoke or withdraw expected");
    return 0;
}

/* A step: one verb with its moment, and remarks. */
static int read_step(struct fields_source *s, const struct yaml_node *map, struct plan_step *step)
{
    static const struct field fields[] = {
        FIELD(struct plan_step, "publish", at_us, read_moment, false),
        FIELD(struct plan_step, "sign", at_us, read_moment, false),
        FIELD(struct plan_step, "stop", at_us, read_moment, false),
        FIELD(struct plan_step, "revoke", at_us, read_moment, false),
        FIELD(struct plan_step, "withdraw", at_us, read_moment, false),
        FIELD(struct plan_step, "was", was_us, read_date, false),
        FIELD(struct plan_step, "planned", planned, fields_bool, false),
        FIELD(struct plan_step, "note", note, fields_string, false),
    };
    int rc = fields_map(s, map, "a step", fields, FIELDS_COUNT(fields), step);
    unsigned verbs = 0;
    for (size_t i = 0; !rc && i < map->count; i++)
        verbs += find_do(map->keys[i]->scalar, &step->what);
    if (!rc && verbs != 1)
        return yaml_error(s->note, s->file, map,
            "a step is one of publish, sign, stop, revoke, withdraw; here are %u", verbs);
    return rc;
}

static int read_steps(struct fields_source *s, const struct yaml_node *list, void *target)
{
    struct plan_key *key = target;
    int rc = fields_list(s, list, "steps", sizeof *key->steps, &key->steps);
    for (; !rc && key->step_count < list->count; key->step_count++)
        rc = read_step(s, list->values[key->step_count], &key->steps[key->step_count]);
    return rc;
}

static int read_key(struct fields_source *s, const struct yaml_node *map, struct plan_key *key)
{
    static const struct field fields[] = {
        FIELD(struct plan_key, "id", id, fields_string, true),
        FIELD(struct plan_key, "role", zsk, read_role, false),
        FIELD(struct plan_key, "algorithm", algorithm, fields_algorithm, true),
        FIELD(struct plan_key, "bits", bits, fields_u16, false),
        FIELD(struct plan_key, "tag", tag, read_tag, false),
        FIELD(struct plan_key, "revoked-tag", revoked_tag, read_tag, false),
        FIELD(struct plan_key, "ds-sha256", ds_sha256, fields_string, false),
        {"steps", read_steps, 0, true},
    };
    key->tag = key->revoked_tag = -1;
    return fields_map(s, map, "a key", fields, FIELDS_COUNT(fields), key);
}

static int read_keys(struct fields_source *s, const struct yaml_node *list, void *target)
{
    struct plan *plan = target;
    int rc = fields_list(s, list, "keys", sizeof *plan->keys, &plan->keys);
    for (; !rc && plan->key_count < list->count; plan->key_count++)
        rc = read_key(s, list->values[plan->key_count], &plan->keys[plan->key_count]);
    return rc;
}

static int read_changes(struct fields_source *s, const struct yaml_node *list, void *target)
{
    static const struct field fields[] = {
        FIELD(struct plan_change, "key", key, fields_string, true),
        FIELD(struct plan_change, "step", what, read_do, true),
        FIELD(struct plan_change, "from", from_us, read_date_or_open, true),
        FIELD(struct plan_change, "to", to_us, read_date_or_open, true),
        FIELD(struct plan_change, "added", added, fields_bool, false),
    };
    struct plan_entry *entry = target;
    int rc = fields_list(s, list, "changes", sizeof *entry->changes, &entry->changes);
    for (; !rc && entry->change_count < list->count; entry->change_count++)
        rc = fields_map(s, list->values[entry->change_count], "a change", fields, FIELDS_COUNT(fields),
            &entry->changes[entry->change_count]);
    return rc;
}

static int read_history(struct fields_source *s, const struct yaml_node *list, void *target)
{
    static const struct field fields[] = {
        FIELD(struct plan_entry, "operation", operation, fields_string, true),
        FIELD(struct plan_entry, "at", at_us, read_date, true),
        FIELD(struct plan_entry, "who", who, fields_string, false),
        FIELD(struct plan_entry, "reason", reason, fields_string, true),
        FIELD(struct plan_entry, "forced", forced, fields_bool, false),
        {"changes", read_changes, 0, false},
    };
    struct plan *plan = target;
    int rc = fields_list(s, list, "operations", sizeof *plan->history, &plan->history);
    for (; !rc && plan->history_count < list->count; plan->history_count++)
        rc = fields_map(s, list->values[plan->history_count], "an operation", fields, FIELDS_COUNT(fields),
            &plan->history[plan->history_count]);
    return rc;
}

static int read_plan(struct fields_source *s, const struct yaml_node *root, struct plan *plan)
{
    static const struct field fields[] = {
        {"format", read_format, 0, true},
        FIELD(struct plan, "name", name, fields_string, true),
        FIELD(struct plan, "title", title, fields_string, false),
        FIELD(struct plan, "zone", zone, fields_string, true),
        FIELD(struct plan, "template", relative, fields_bool, false),
        FIELD(struct plan, "start", start_us, read_date, false),
        FIELD(struct plan, "dnskey-ttl", dnskey_ttl_s, read_seconds, true),
        FIELD(struct plan, "signature-validity", signature_s, read_seconds, true),
        FIELD(struct plan, "add-hold-down", add_hold_us, fields_span, false),
        FIELD(struct plan, "remove-hold-down", remove_hold_us, fields_span, false),
        FIELD(struct plan, "refresh", refresh_us, fields_span, false),
        FIELD(struct plan, "retry", retry_us, fields_span, false),
        {"keys", read_keys, 0, true},
        {"history", read_history, 0, false},
    };
    plan->add_hold_us = plan->remove_hold_us = 30 * UTC_DAY; /* RFC 5011 §2.4 */
    const struct yaml_node *template = yaml_get(root, "template");
    int rc = template ? fields_bool(s, template, &s->relative) : 0;
    return rc ? rc : fields_map(s, root, "a plan", fields, FIELDS_COUNT(fields), plan);
}

/* The node of a fault. Everything has been read, so that all nodes are there. */
static const struct yaml_node *node_of(const struct yaml_node *root, struct plan_place place)
{
    if (place.entry >= 0)
        return yaml_get(root, "history")->values[place.entry];
    if (place.key < 0)
        return root;
    const struct yaml_node *key = yaml_get(root, "keys")->values[place.key];
    return place.step < 0 ? key : yaml_get(key, "steps")->values[place.step];
}

static int check(struct fields_source *s, const struct yaml_node *root, const struct plan *plan)
{
    struct plan_place place;
    struct err_note why;
    if (plan->relative && plan->start_us)
        return yaml_error(s->note, s->file, yaml_get(root, "start"), "a template has no start");
    if (plan->relative && plan->history_count)
        return yaml_error(s->note, s->file, yaml_get(root, "history"), "a template has no history");
    int rc = plan_check_place(plan, &place, &why);
    return rc == ERR_DATA ? yaml_error(s->note, s->file, node_of(root, place), "%s", why.text)
           : rc           ? err_set(s->note, rc, "%s", why.text)
                          : 0;
}

int plan_yaml_read(
    const char *file, const char *bytes, size_t length, struct plan **ret_plan, struct err_note *note)
{
    struct yaml_node *root;
    struct arena *tree = arena_new(), *arena = arena_new();
    struct plan *plan = arena ? arena_alloc(arena, sizeof *plan) : NULL;
    struct fields_source source = {.file = file, .arena = arena, .note = note};
    int rc = tree && plan ? yaml_read(file, bytes, length, tree, &root, note) : fields_no_memory(&source);
    rc = rc ? rc : read_plan(&source, root, plan);
    rc = rc ? rc : check(&source, root, plan);
    arena_free(tree);
    if (rc) {
        arena_free(arena);
        return rc;
    }
    plan->arena = arena;
    *ret_plan = plan;
    return 0;
}

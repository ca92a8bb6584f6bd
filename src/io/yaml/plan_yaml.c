/* A plan file is maps of fields, and each map has a table: the field's name, how its value is read, where it
 * goes. What is not in a table is refused with the names that are. Faults that only the whole plan shows
 * (plan_check_place) are told at the key, step or entry in which they lie. */
#include "io/yaml/plan_yaml.h"

#include "core/dns/dnskey.h"
#include "io/yaml/yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char format_name[] = "rollcall.plan/1";

struct source {
    const char *file;
    struct arena *arena; /* of the plan */
    bool relative;
    struct err_note *note;
};

struct field {
    const char *name;
    int (*read)(struct source *source, const struct yaml_node *value, void *target);
    size_t offset;
    bool required;
};

static int out_of_memory(struct source *s)
{
    return err_set(s->note, ERR_NOMEM, "%s: out of memory", s->file);
}

static int check_scalar(struct source *s, const struct yaml_node *value, const char *what)
{
    return value->kind == YAML_SCALAR ? 0 : yaml_error(s->note, s->file, value, "%s expected", what);
}

static int read_string(struct source *s, const struct yaml_node *value, void *target)
{
    int rc = check_scalar(s, value, "text");
    if (rc)
        return rc;
    if (!*value->scalar)
        return yaml_error(s->note, s->file, value, "a text that is empty");
    const char *copy = arena_string(s->arena, value->scalar);
    if (!copy)
        return out_of_memory(s);
    *(const char **)target = copy;
    return 0;
}

static int read_format(struct source *s, const struct yaml_node *value, void *target)
{
    if (value->kind != YAML_SCALAR || strcmp(value->scalar, format_name) != 0)
        return yaml_error(s->note, s->file, value, "format: only %s is known here", format_name);
    return 0;
}

static int read_bool(struct source *s, const struct yaml_node *value, void *target)
{
    bool yes = value->kind == YAML_SCALAR && strcmp(value->scalar, "true") == 0;
    if (!yes && (value->kind != YAML_SCALAR || strcmp(value->scalar, "false") != 0))
        return yaml_error(s->note, s->file, value, "true or false expected");
    *(bool *)target = yes;
    return 0;
}

static bool is_number(const struct yaml_node *value, long most, long *ret)
{
    size_t length = value->kind == YAML_SCALAR ? strlen(value->scalar) : 0;
    if (length < 1 || length > 10 || strspn(value->scalar, "0123456789") != length)
        return false;
    *ret = strtol(value->scalar, NULL, 10);
    return *ret <= most;
}

static int read_u16(struct source *s, const struct yaml_node *value, void *target)
{
    long number;
    if (!is_number(value, UINT16_MAX, &number))
        return yaml_error(s->note, s->file, value, "a number from 0 to 65535 expected");
    *(uint16_t *)target = (uint16_t)number;
    return 0;
}

static int read_tag(struct source *s, const struct yaml_node *value, void *target)
{
    uint16_t tag = 0;
    int rc = read_u16(s, value, &tag);
    if (!rc)
        *(int32_t *)target = tag;
    return rc;
}

static int read_algorithm(struct source *s, const struct yaml_node *value, void *target)
{
    int algorithm = value->kind == YAML_SCALAR ? dnskey_algorithm_from_text(value->scalar) : -1;
    if (algorithm < 0)
        return yaml_error(
            s->note, s->file, value, "an algorithm expected: its number, or its name as RSASHA256");
    *(uint8_t *)target = (uint8_t)algorithm;
    return 0;
}

static int read_role(struct source *s, const struct yaml_node *value, void *target)
{
    bool zsk = value->kind == YAML_SCALAR && strcmp(value->scalar, "zsk") == 0;
    if (!zsk && (value->kind != YAML_SCALAR || strcmp(value->scalar, "ksk") != 0))
        return yaml_error(s->note, s->file, value, "ksk or zsk expected");
    *(bool *)target = zsk;
    return 0;
}

static int read_span(struct source *s, const struct yaml_node *value, void *target)
{
    int64_t span;
    if (value->kind != YAML_SCALAR || utc_parse_span(value->scalar, &span) || span < 0)
        return yaml_error(s->note, s->file, value, "a span of time expected, as P30D, PT1H30M, 45d or 90s");
    *(int64_t *)target = span;
    return 0;
}

static int read_seconds(struct source *s, const struct yaml_node *value, void *target)
{
    long number;
    int64_t span = 0;
    if (!is_number(value, INT32_MAX, &number)) {
        int rc = read_span(s, value, &span);
        if (rc)
            return rc;
        if (span % UTC_SECOND || span / UTC_SECOND > INT32_MAX)
            return yaml_error(s->note, s->file, value, "whole seconds expected, at most 2^31-1");
        number = (long)(span / UTC_SECOND);
    }
    *(uint32_t *)target = (uint32_t)number;
    return 0;
}

static int read_date(struct source *s, const struct yaml_node *value, void *target)
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

static int read_date_or_open(struct source *s, const struct yaml_node *value, void *target)
{
    if (!is_open(value))
        return read_date(s, value, target);
    *(int64_t *)target = UTC_OPEN;
    return 0;
}

/* The moment of a step: in a template, a span from its start. */
static int read_moment(struct source *s, const struct yaml_node *value, void *target)
{
    return s->relative ? read_span(s, value, target) : read_date_or_open(s, value, target);
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

static int read_do(struct source *s, const struct yaml_node *value, void *target)
{
    if (value->kind != YAML_SCALAR || !find_do(value->scalar, target))
        return yaml_error(s->note, s->file, value, "publish, sign, stop, revoke or withdraw expected");
    return 0;
}

static int unknown_field(
    struct source *s, const struct yaml_node *key, const struct field *fields, size_t count)
{
    char names[256] = "";
    for (size_t i = 0; i < count; i++)
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", i ? ", " : "", fields[i].name);
    return yaml_error(s->note, s->file, key, "'%.60s' has no meaning here; what has: %s", key->scalar, names);
}

static int read_map(struct source *s, const struct yaml_node *map, const char *what,
    const struct field *fields, size_t count, void *target)
{
    if (map->kind != YAML_MAP)
        return yaml_error(s->note, s->file, map, "%s expected: lines of NAME: VALUE", what);
    for (size_t i = 0; i < map->count; i++) {
        size_t f = 0;
        while (f < count && strcmp(fields[f].name, map->keys[i]->scalar) != 0)
            f++;
        if (f == count)
            return unknown_field(s, map->keys[i], fields, count);
        int rc = fields[f].read(s, map->values[i], (char *)target + fields[f].offset);
        if (rc)
            return rc;
    }
    for (size_t f = 0; f < count; f++)
        if (fields[f].required && !yaml_get(map, fields[f].name))
            return yaml_error(s->note, s->file, map, "%s is missing in %s", fields[f].name, what);
    return 0;
}

/* Room for the elements of a list, each to be read by the caller. */
static int begin_list(
    struct source *s, const struct yaml_node *list, const char *what, size_t size, void *ret_array)
{
    if (list->kind != YAML_LIST)
        return yaml_error(
            s->note, s->file, list, "a list of %s expected: lines that begin with a hyphen", what);
    void *array = arena_alloc(s->arena, list->count * size);
    if (!array)
        return out_of_memory(s);
    *(void **)ret_array = array;
    return 0;
}

#define FIELD(type, name, member, read, required)                                                            \
    {                                                                                                        \
        name, read, offsetof(type, member), required                                                         \
    }
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A step: one verb with its moment, and remarks. */
static int read_step(struct source *s, const struct yaml_node *map, struct plan_step *step)
{
    static const struct field fields[] = {
        FIELD(struct plan_step, "publish", at_us, read_moment, false),
        FIELD(struct plan_step, "sign", at_us, read_moment, false),
        FIELD(struct plan_step, "stop", at_us, read_moment, false),
        FIELD(struct plan_step, "revoke", at_us, read_moment, false),
        FIELD(struct plan_step, "withdraw", at_us, read_moment, false),
        FIELD(struct plan_step, "was", was_us, read_date, false),
        FIELD(struct plan_step, "planned", planned, read_bool, false),
        FIELD(struct plan_step, "note", note, read_string, false),
    };
    int rc = read_map(s, map, "a step", fields, COUNT(fields), step);
    unsigned verbs = 0;
    for (size_t i = 0; !rc && i < map->count; i++)
        verbs += find_do(map->keys[i]->scalar, &step->what);
    if (!rc && verbs != 1)
        return yaml_error(s->note, s->file, map,
            "a step is one of publish, sign, stop, revoke, withdraw; here are %u", verbs);
    return rc;
}

static int read_steps(struct source *s, const struct yaml_node *list, void *target)
{
    struct plan_key *key = target;
    int rc = begin_list(s, list, "steps", sizeof *key->steps, &key->steps);
    for (; !rc && key->step_count < list->count; key->step_count++)
        rc = read_step(s, list->values[key->step_count], &key->steps[key->step_count]);
    return rc;
}

static int read_key(struct source *s, const struct yaml_node *map, struct plan_key *key)
{
    static const struct field fields[] = {
        FIELD(struct plan_key, "id", id, read_string, true),
        FIELD(struct plan_key, "role", zsk, read_role, false),
        FIELD(struct plan_key, "algorithm", algorithm, read_algorithm, true),
        FIELD(struct plan_key, "bits", bits, read_u16, false),
        FIELD(struct plan_key, "tag", tag, read_tag, false),
        FIELD(struct plan_key, "revoked-tag", revoked_tag, read_tag, false),
        FIELD(struct plan_key, "ds-sha256", ds_sha256, read_string, false),
        {"steps", read_steps, 0, true},
    };
    key->tag = key->revoked_tag = -1;
    return read_map(s, map, "a key", fields, COUNT(fields), key);
}

static int read_keys(struct source *s, const struct yaml_node *list, void *target)
{
    struct plan *plan = target;
    int rc = begin_list(s, list, "keys", sizeof *plan->keys, &plan->keys);
    for (; !rc && plan->key_count < list->count; plan->key_count++)
        rc = read_key(s, list->values[plan->key_count], &plan->keys[plan->key_count]);
    return rc;
}

static int read_changes(struct source *s, const struct yaml_node *list, void *target)
{
    static const struct field fields[] = {
        FIELD(struct plan_change, "key", key, read_string, true),
        FIELD(struct plan_change, "step", what, read_do, true),
        FIELD(struct plan_change, "from", from_us, read_date_or_open, true),
        FIELD(struct plan_change, "to", to_us, read_date_or_open, true),
        FIELD(struct plan_change, "added", added, read_bool, false),
    };
    struct plan_entry *entry = target;
    int rc = begin_list(s, list, "changes", sizeof *entry->changes, &entry->changes);
    for (; !rc && entry->change_count < list->count; entry->change_count++)
        rc = read_map(s, list->values[entry->change_count], "a change", fields, COUNT(fields),
            &entry->changes[entry->change_count]);
    return rc;
}

static int read_history(struct source *s, const struct yaml_node *list, void *target)
{
    static const struct field fields[] = {
        FIELD(struct plan_entry, "operation", operation, read_string, true),
        FIELD(struct plan_entry, "at", at_us, read_date, true),
        FIELD(struct plan_entry, "who", who, read_string, false),
        FIELD(struct plan_entry, "reason", reason, read_string, true),
        FIELD(struct plan_entry, "forced", forced, read_bool, false),
        {"changes", read_changes, 0, false},
    };
    struct plan *plan = target;
    int rc = begin_list(s, list, "operations", sizeof *plan->history, &plan->history);
    for (; !rc && plan->history_count < list->count; plan->history_count++)
        rc = read_map(s, list->values[plan->history_count], "an operation", fields, COUNT(fields),
            &plan->history[plan->history_count]);
    return rc;
}

static int read_plan(struct source *s, const struct yaml_node *root, struct plan *plan)
{
    static const struct field fields[] = {
        {"format", read_format, 0, true},
        FIELD(struct plan, "name", name, read_string, true),
        FIELD(struct plan, "title", title, read_string, false),
        FIELD(struct plan, "zone", zone, read_string, true),
        FIELD(struct plan, "template", relative, read_bool, false),
        FIELD(struct plan, "start", start_us, read_date, false),
        FIELD(struct plan, "dnskey-ttl", dnskey_ttl_s, read_seconds, true),
        FIELD(struct plan, "signature-validity", signature_s, read_seconds, true),
        FIELD(struct plan, "add-hold-down", add_hold_us, read_span, false),
        FIELD(struct plan, "remove-hold-down", remove_hold_us, read_span, false),
        FIELD(struct plan, "refresh", refresh_us, read_span, false),
        FIELD(struct plan, "retry", retry_us, read_span, false),
        {"keys", read_keys, 0, true},
        {"history", read_history, 0, false},
    };
    plan->add_hold_us = plan->remove_hold_us = 30 * UTC_DAY; /* RFC 5011 §2.4 */
    const struct yaml_node *template = yaml_get(root, "template");
    int rc = template ? read_bool(s, template, &s->relative) : 0;
    return rc ? rc : read_map(s, root, "a plan", fields, COUNT(fields), plan);
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

static int check(struct source *s, const struct yaml_node *root, const struct plan *plan)
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
    struct source source = {.file = file, .arena = arena, .note = note};
    int rc = tree && plan ? yaml_read(file, bytes, length, tree, &root, note) : out_of_memory(&source);
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

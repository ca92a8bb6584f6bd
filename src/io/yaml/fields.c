/* A map is walked in the order of the document, so that the first fault is told that a reader meets. */
#include "io/yaml/fields.h"

#include "base/utc.h"
#include "core/dns/dnskey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int fields_no_memory(struct fields_source *s)
{
    return err_set(s->note, ERR_NOMEM, "%s: out of memory", s->file);
}

bool fields_is(const struct yaml_node *value, const char *word)
{
    return value->kind == YAML_SCALAR && strcmp(value->scalar, word) == 0;
}

int fields_string(struct fields_source *s, const struct yaml_node *value, void *target)
{
    if (value->kind != YAML_SCALAR)
        return yaml_error(s->note, s->file, value, "text expected");
    if (!*value->scalar)
        return yaml_error(s->note, s->file, value, "a text that is empty");
    const char *copy = arena_string(s->arena, value->scalar);
    if (!copy)
        return fields_no_memory(s);
    *(const char **)target = copy;
    return 0;
}

int fields_bool(struct fields_source *s, const struct yaml_node *value, void *target)
{
    if (!fields_is(value, "true") && !fields_is(value, "false"))
        return yaml_error(s->note, s->file, value, "true or false expected");
    *(bool *)target = fields_is(value, "true");
    return 0;
}

bool fields_number(const struct yaml_node *value, long most, long *ret)
{
    size_t length = value->kind == YAML_SCALAR ? strlen(value->scalar) : 0;
    if (length < 1 || length > 10 || strspn(value->scalar, "0123456789") != length)
        return false;
    *ret = strtol(value->scalar, NULL, 10);
    return *ret <= most;
}

int fields_u16(struct fields_source *s, const struct yaml_node *value, void *target)
{
    long number;
    if (!fields_number(value, UINT16_MAX, &number))
        return yaml_error(s->note, s->file, value, "a number from 0 to 65535 expected");
    *(uint16_t *)target = (uint16_t)number;
    return 0;
}

int fields_span(struct fields_source *s, const struct yaml_node *value, void *target)
{
    int64_t span;
    if (value->kind != YAML_SCALAR || utc_parse_span(value->scalar, &span) || span < 0)
        return yaml_error(s->note, s->file, value, "a span of time expected, as P30D, PT1H30M, 45d or 90s");
    *(int64_t *)target = span;
    return 0;
}

int fields_algorithm(struct fields_source *s, const struct yaml_node *value, void *target)
{
    int algorithm = value->kind == YAML_SCALAR ? dnskey_algorithm_from_text(value->scalar) : -1;
    if (algorithm < 0)
        return yaml_error(
            s->note, s->file, value, "an algorithm expected: its number, or its name as RSASHA256");
    *(uint8_t *)target = (uint8_t)algorithm;
    return 0;
}

int fields_word(struct fields_source *s, const struct yaml_node *value, const char *const *words,
    size_t count, size_t *ret_index)
{
    char names[256] = "";
    for (size_t i = 0; i < count; i++) {
        if (fields_is(value, words[i])) {
            *ret_index = i;
            return 0;
        }
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s",
            i == 0          ? ""
            : i + 1 < count ? ", "
                            : " or ",
            words[i]);
    }
    return yaml_error(s->note, s->file, value, "%s expected", names);
}

static int unknown_field(
    struct fields_source *s, const struct yaml_node *key, const struct field *fields, size_t count)
{
    char names[320] = "";
    for (size_t i = 0; i < count; i++)
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", i ? ", " : "", fields[i].name);
    return yaml_error(s->note, s->file, key, "'%.60s' has no meaning here; what has: %s", key->scalar, names);
}

int fields_map(struct fields_source *s, const struct yaml_node *map, const char *what,
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

int fields_list(
    struct fields_source *s, const struct yaml_node *list, const char *what, size_t size, void *ret_array)
{
    if (list->kind != YAML_LIST)
        return yaml_error(
            s->note, s->file, list, "a list of %s expected: lines that begin with a hyphen", what);
    void *array = arena_alloc(s->arena, list->count * size);
    if (!array)
        return fields_no_memory(s);
    *(void **)ret_array = array;
    return 0;
}

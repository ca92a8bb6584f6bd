/* A map is read by a table of its fields, each with the function that reads its value; so the list of what is
 * allowed, which an error shows, cannot differ from what is read. */
#include "app/report/gate/gate_file.h"

#include "base/utc.h"
#include "io/file/file.h"
#include "io/yaml/yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char format_name[] = "rollcall.gate/1";

struct source {
    const char *file;
    struct arena *arena;
    struct err_note *note;
};

struct field {
    const char *name;
    bool required;
    int (*set)(const struct source *, const struct yaml_node *, void *into);
};

static int wrong(const struct source *s, const struct yaml_node *at, const char *what)
{
    return yaml_error(s->note, s->file, at, "%s", what);
}

static int no_memory(const struct source *s)
{
    return err_set(s->note, ERR_NOMEM, "%s: out of memory", s->file);
}

/* ---- values ---- */

static int read_text(const struct source *s, const struct yaml_node *value, const char **ret)
{
    if (value->kind != YAML_SCALAR || !*value->scalar)
        return wrong(s, value, "a text is wanted here");
    if (strlen(value->scalar) > GATE_FILE_MAX_TEXT)
        return yaml_error(s->note, s->file, value, "the text is longer than %d octets", GATE_FILE_MAX_TEXT);
    *ret = value->scalar;
    return 0;
}

static int read_name(const struct source *s, const struct yaml_node *value, const char **ret)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.+";
    const char *name = value->kind == YAML_SCALAR ? value->scalar : "";
    if (!*name || *name == '-' || strlen(name) > GATE_FILE_MAX_NAME || name[strspn(name, allowed)])
        return wrong(s, value, "a name is wanted here: 1 to 63 letters, digits and - _ . +, no hyphen first");
    *ret = name;
    return 0;
}

static int read_bool(const struct source *s, const struct yaml_node *value, bool *ret)
{
    const char *word = value->kind == YAML_SCALAR && !value->quoted ? value->scalar : "";
    *ret = strcmp(word, "true") == 0;
    return *ret || strcmp(word, "false") == 0 ? 0 : wrong(s, value, "true or false is wanted here");
}

/* One of two words: *ret says whether it is the second. */
static int read_choice(
    const struct source *s, const struct yaml_node *value, const char *first, const char *second, bool *ret)
{
    const char *word = value->kind == YAML_SCALAR ? value->scalar : "";
    *ret = strcmp(word, second) == 0;
    return *ret || strcmp(word, first) == 0
               ? 0
               : yaml_error(s->note, s->file, value, "'%s' or '%s' is wanted here", first, second);
}

static void list_fields(const struct field *fields, char out[256])
{
    size_t length = 0;
    out[0] = '\0';
    for (const struct field *f = fields; f->name && length < 255; f++)
        length += (size_t)snprintf(out + length, 256 - length, "%s%s", f == fields ? "" : ", ", f->name);
}

static int read_map(
    const struct source *s, const struct yaml_node *map, const struct field *fields, void *into)
{
    char names[256];
    int rc = 0;
    list_fields(fields, names);
    if (map->kind != YAML_MAP)
        return yaml_error(s->note, s->file, map, "a map is wanted here, of %s", names);
    for (size_t i = 0; i < map->count && rc == 0; i++) {
        const struct field *f = fields;
        while (f->name && strcmp(f->name, map->keys[i]->scalar) != 0)
            f++;
        if (!f->name)
            return yaml_error(s->note, s->file, map->keys[i], "no field '%.40s' is known; there are %s",
                map->keys[i]->scalar, names);
        if (f->set)
            rc = f->set(s, map->values[i], into);
    }
    for (const struct field *f = fields; f->name && rc == 0; f++)
        if (f->required && !yaml_get(map, f->name))
            rc = yaml_error(s->note, s->file, map, "'%s' is missing", f->name);
    return rc;
}

/* ---- thresholds ---- */

static const struct {
    double least, most;
    bool whole;
    const char *wanted;
} units[] = {
    [GATE_SHARE] = {0, 1, false, "a share is wanted here: per cent (5 %), or a fraction below 1 (0.05)"},
    [GATE_COUNT] = {0, 1e12, true, "a whole number is wanted here, 0 or more"},
    [GATE_AMOUNT] = {0, 1e12, false, "a number is wanted here, 0 or more"},
    [GATE_FACTOR] = {0, 1e12, false, "a factor is wanted here, 0 or more (2: twice as many)"},
    [GATE_POINTS] = {-100, 100, false, "percentage points are wanted here, -100 to 100"},
};

/* [-]DIGITS[.DIGITS][[ ]%]: none of the other forms that strtod() takes. *ret_rest: what is behind the
 * number.
 */
static bool parse_number(const char *text, double *ret, const char **ret_rest)
{
    static const char digits[] = "0123456789";
    const char *p = text + (*text == '-');
    size_t before = strspn(p, digits), after = 0;
    p += before;
    if (*p == '.') {
        after = strspn(p + 1, digits);
        p += 1 + after;
    }
    if (!before || (p[-1] == '.') || p - text > 32)
        return false;
    *ret = strtod(text, NULL);
    *ret_rest = p;
    return true;
}

/* A bare 1 would be read as 1 % by one and as all by another: it is refused. */
static int read_threshold(
    const struct source *s, const struct yaml_node *value, enum gate_unit unit, double *ret)
{
    double number;
    const char *rest;
    if (value->kind != YAML_SCALAR || !parse_number(value->scalar, &number, &rest))
        return wrong(s, value, units[unit].wanted);
    bool percent = unit == GATE_SHARE && (strcmp(rest, "%") == 0 || strcmp(rest, " %") == 0);
    if (percent) { /* 0.3 % is 0.003 to the last bit, as a division in binary would not have it */
        char exponent[48];
        snprintf(exponent, sizeof exponent, "%.*se-2", (int)(rest - value->scalar), value->scalar);
        number = strtod(exponent, NULL);
    } else if (*rest || (unit == GATE_SHARE && number >= 1))
        return wrong(s, value, units[unit].wanted);
    if (number < units[unit].least || number > units[unit].most ||
        (units[unit].whole && strchr(value->scalar, '.')))
        return wrong(s, value, units[unit].wanted);
    *ret = number;
    return 0;
}

/* ---- a criterion ---- */

static int set_id(const struct source *s, const struct yaml_node *v, void *into)
{
    return read_name(s, v, &((struct gate_criterion *)into)->id);
}

static int set_measure(const struct source *s, const struct yaml_node *v, void *into)
{
    const char *name = v->kind == YAML_SCALAR ? v->scalar : "";
    char names[360] = "";
    size_t length = 0;
    if (gate_measure_find(name)) {
        ((struct gate_criterion *)into)->measure = name;
        return 0;
    }
    for (size_t i = 0; i < gate_measure_count() && length < sizeof names; i++)
        length += (size_t)snprintf(
            names + length, sizeof names - length, "%s%s", i ? ", " : "", gate_measure(i)->name);
    return yaml_error(s->note, s->file, v, "no measure '%.30s' is known; there are %s", name, names);
}

static int set_window(const struct source *s, const struct yaml_node *v, void *into)
{
    int64_t *window = &((struct gate_criterion *)into)->window_us;
    if (v->kind != YAML_SCALAR || utc_parse_span(v->scalar, window) || *window < UTC_HOUR ||
        *window > 3650 * UTC_DAY)
        return wrong(s, v, "a span of one hour to ten years is wanted here, as 14d or P14D");
    return 0;
}

static int set_on_fail(const struct source *s, const struct yaml_node *v, void *into)
{
    bool back_out = false;
    int rc = read_choice(s, v, "postpone", "back-out", &back_out);
    ((struct gate_criterion *)into)->on_fail = back_out ? GATE_BACK_OUT : GATE_POSTPONE;
    return rc;
}

static int set_unknown(const struct source *s, const struct yaml_node *v, void *into)
{
    return read_choice(s, v, "postpone", "allow", &((struct gate_criterion *)into)->allow_unknown);
}

static int set_why(const struct source *s, const struct yaml_node *v, void *into)
{
    return read_text(s, v, &((struct gate_criterion *)into)->why);
}

static int set_source(const struct source *s, const struct yaml_node *v, void *into)
{
    return read_text(s, v, &((struct gate_criterion *)into)->source);
}

/* The bounds are read once the measure is known: its unit says what they may be. */
static const struct field criterion_fields[] = {
    {"id", true, set_id},
    {"measure", true, set_measure},
    {"at-most", false, NULL},
    {"at-least", false, NULL},
    {"window", true, set_window},
    {"on-fail", true, set_on_fail},
    {"unknown", false, set_unknown},
    {"why", true, set_why},
    {"source", false, set_source},
    {NULL, false, NULL},
};

static int read_criterion(
    const struct source *s, const struct yaml_node *value, struct gate_criterion *criterion)
{
    int rc = read_map(s, value, criterion_fields, criterion);
    if (rc)
        return rc;
    const struct yaml_node *most = yaml_get(value, "at-most"), *least = yaml_get(value, "at-least");
    if (!most == !least)
        return wrong(s, value, "either 'at-most' or 'at-least' is wanted in a criterion, and not both");
    criterion->bound = most ? GATE_AT_MOST : GATE_AT_LEAST;
    return read_threshold(
        s, most ? most : least, gate_measure_find(criterion->measure)->kind, &criterion->threshold);
}

static int set_criteria(const struct source *s, const struct yaml_node *v, void *into)
{
    struct gate *gate = into;
    if (v->kind != YAML_LIST || !v->count || v->count > GATE_FILE_MAX_CRITERIA)
        return yaml_error(
            s->note, s->file, v, "a list of 1 to %d criteria is wanted here", GATE_FILE_MAX_CRITERIA);
    gate->criteria = arena_alloc(s->arena, v->count * sizeof *gate->criteria);
    if (!gate->criteria)
        return no_memory(s);
    for (size_t i = 0; i < v->count; i++) {
        int rc = read_criterion(s, v->values[i], &gate->criteria[i]);
        if (rc)
            return rc;
        for (size_t k = 0; k < i; k++)
            if (strcmp(gate->criteria[k].id, gate->criteria[i].id) == 0)
                return yaml_error(s->note, s->file, yaml_get(v->values[i], "id"),
                    "criterion '%s' stands already in line %u", gate->criteria[i].id, v->values[k]->line);
    }
    gate->count = v->count;
    return 0;
}

/* ---- dissent ---- */

static int set_who(const struct source *s, const struct yaml_node *v, void *into)
{
    return read_text(s, v, &((struct gate_dissent *)into)->who);
}

static int set_said(const struct source *s, const struct yaml_node *v, void *into)
{
    return read_text(s, v, &((struct gate_dissent *)into)->text);
}

static int set_at(const struct source *s, const struct yaml_node *v, void *into)
{
    if (v->kind != YAML_SCALAR || utc_parse(v->scalar, &((struct gate_dissent *)into)->at_us))
        return wrong(s, v, "a time is wanted here, as 2018-09-01 or 2018-09-01T16:00:00Z");
    return 0;
}

static const struct field dissent_fields[] = {
    {"who", true, set_who},
    {"at", true, set_at},
    {"text", true, set_said},
    {NULL, false, NULL},
};

static int set_dissent(const struct source *s, const struct yaml_node *v, void *into)
{
    struct gate *gate = into;
    if (v->kind != YAML_LIST || v->count > GATE_FILE_MAX_DISSENT)
        return yaml_error(
            s->note, s->file, v, "a list of at most %d entries is wanted here", GATE_FILE_MAX_DISSENT);
    gate->dissent = arena_alloc(s->arena, (v->count + 1) * sizeof *gate->dissent);
    if (!gate->dissent)
        return no_memory(s);
    for (size_t i = 0; i < v->count; i++) {
        int rc = read_map(s, v->values[i], dissent_fields, &gate->dissent[i]);
        if (rc)
            return rc;
    }
    gate->dissent_count = v->count;
    return 0;
}

/* ---- the gate ---- */

static int set_format(const struct source *s, const struct yaml_node *v, void *into)
{
    (void)into;
    if (v->kind != YAML_SCALAR || strcmp(v->scalar, format_name) != 0)
        return yaml_error(s->note, s->file, v, "'%s' is wanted here", format_name);
    return 0;
}

static int set_name(const struct source *s, const struct yaml_node *v, void *into)
{
    return read_name(s, v, &((struct gate *)into)->name);
}

static int set_title(const struct source *s, const struct yaml_node *v, void *into)
{
    return read_text(s, v, &((struct gate *)into)->title);
}

static int set_decides(const struct source *s, const struct yaml_node *v, void *into)
{
    return read_text(s, v, &((struct gate *)into)->decides);
}

static int set_example(const struct source *s, const struct yaml_node *v, void *into)
{
    return read_bool(s, v, &((struct gate *)into)->example);
}

static const struct field gate_fields[] = {
    {"format", true, set_format},
    {"name", true, set_name},
    {"title", true, set_title},
    {"decides", true, set_decides},
    {"example", false, set_example},
    {"criteria", true, set_criteria},
    {"dissent", false, set_dissent},
    {NULL, false, NULL},
};

int gate_file_parse(const char *file, const char *bytes, size_t length, struct arena *arena,
    struct gate_file *ret_file, struct err_note *note)
{
    struct source s = {.file = file, .arena = arena, .note = note};
    struct gate_file read = {.sha256 = ""};
    struct yaml_node *root;
    int rc = yaml_read(file, bytes, length, arena, &root, note);
    rc = rc ? rc : read_map(&s, root, gate_fields, &read.gate);
    if (rc)
        return rc;
    if (sha256_hex(bytes, length, read.sha256))
        return err_set(note, ERR_INTERNAL, "%s: its SHA-256 cannot be had", file);
    *ret_file = read;
    return 0;
}

int gate_file_read(const char *path, struct arena *arena, struct gate_file *ret_file, struct err_note *note)
{
    char *bytes;
    size_t length;
    int rc = file_read_all(path, YAML_MAX_SIZE, &bytes, &length, note);
    if (rc)
        return rc;
    rc = gate_file_parse(path, bytes, length, arena, ret_file, note);
    free(bytes);
    return rc;
}

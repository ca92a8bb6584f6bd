/* A scenario file is maps of fields (fields.h). A step or change is one verb with its moment, and what
 * belongs to that verb: a table says which verb takes what. */
#include "io/yaml/scenario.h"

#include "core/roll/rfc5011.h"
#include "io/yaml/fields.h"

#include <string.h>

static const char format_name[] = "rollcall.scenario/1";

static int read_format(struct fields_source *s, const struct yaml_node *value, void *target)
{
    return fields_is(value, format_name)
               ? 0
               : yaml_error(s->note, s->file, value, "format: only %s is known here", format_name);
}

static int read_time(struct fields_source *s, const struct yaml_node *value, void *target)
{
    if (value->kind != YAML_SCALAR || scenario_time_parse(value->scalar, target))
        return yaml_error(s->note, s->file, value,
            "a moment expected: start, end, publish, trust, roll, revoke, withdraw, first-signature or "
            "last-signature, and a distance, as roll-2d or publish+PT12H");
    return 0;
}

static int read_time_or_open(struct fields_source *s, const struct yaml_node *value, void *target)
{
    return fields_is(value, "open") ? 0 : read_time(s, value, target);
}

static int read_event(struct fields_source *s, const struct yaml_node *value, void *target)
{
    struct scenario_time time;
    int rc = read_time(s, value, &time);
    if (!rc && time.offset_us)
        return yaml_error(s->note, s->file, value, "the name of an event alone is expected, as roll");
    if (!rc)
        *(enum scenario_event *)target = time.event;
    return rc;
}

static int read_anchor(struct fields_source *s, const struct yaml_node *value, void *target)
{
    static const char *const words[] = {"static", "managed"};
    size_t index = 0;
    int rc = fields_word(s, value, words, 2, &index);
    if (!rc)
        *(bool *)target = index;
    return rc;
}

static int read_anchors(struct fields_source *s, const struct yaml_node *value, void *target)
{
    static const char *const words[] = {[SCENARIO_FOLLOWED] = "followed", [SCENARIO_OLD] = "old"};
    size_t index = 0;
    int rc = fields_word(s, value, words, 2, &index);
    if (!rc)
        *(enum scenario_anchors *)target = (enum scenario_anchors)index;
    return rc;
}

/* a to m, or all. */
static int read_root(struct fields_source *s, const struct yaml_node *value, void *target)
{
    char letter = value->kind == YAML_SCALAR ? *value->scalar : '\0';
    if (fields_is(value, "all"))
        *(int *)target = -1;
    else if (letter >= 'a' && letter <= 'm' && !value->scalar[1])
        *(int *)target = letter - 'a';
    else
        return yaml_error(s->note, s->file, value, "a root server expected, a to m, or all");
    return 0;
}

static int read_tamper(struct fields_source *s, const struct yaml_node *value, void *target)
{
    const char *words[SCENARIO_TAMPERS];
    size_t index = 0;
    for (size_t i = 0; i < SCENARIO_TAMPERS; i++)
        words[i] = scenario_tamper_name((enum scenario_tamper)i);
    int rc = fields_word(s, value, words, SCENARIO_TAMPERS, &index);
    if (!rc)
        *(enum scenario_tamper *)target = (enum scenario_tamper)index;
    return rc;
}

/* A span with a sign: behind is negative. */
static int read_wrong(struct fields_source *s, const struct yaml_node *value, void *target)
{
    if (value->kind != YAML_SCALAR || utc_parse_span(value->scalar, target))
        return yaml_error(s->note, s->file, value, "a span expected, as P3D, or -P3D for behind");
    return 0;
}

/* Exactly one of the verbs is a key of the map; which. */
static int find_verb(struct fields_source *s, const struct yaml_node *map, const char *what, size_t count,
    const char *(*name)(size_t), size_t *ret_verb)
{
    unsigned verbs = 0;
    for (size_t i = 0; i < count; i++)
        if (yaml_get(map, name(i))) {
            *ret_verb = i;
            verbs++;
        }
    return verbs == 1 ? 0
                      : yaml_error(s->note, s->file, map, "%s is one verb with its moment; here are %u", what,
                            verbs);
}

/* A field that belongs to other verbs. */
static int check_verb(struct fields_source *s, const struct yaml_node *map, const char *verb,
    const char *const *fields, size_t count, bool allowed)
{
    for (size_t i = 0; i < map->count && !allowed; i++)
        for (size_t f = 0; f < count; f++)
            if (strcmp(map->keys[i]->scalar, fields[f]) == 0)
                return yaml_error(
                    s->note, s->file, map->keys[i], "'%s' does not belong to '%s'", fields[f], verb);
    return 0;
}

static const char *do_word(size_t index)
{
    return scenario_do_name((enum scenario_do)index);
}

static int check_order(
    struct fields_source *s, const struct yaml_node *map, const struct scenario_order *order)
{
    static const char *const servers[] = {"root", "off", "lag", "no-tcp", "udp-size", "fragment-above"};
    static const char *const tamper[] = {"with", "as-of"}, *const clock[] = {"by"};
    const char *verb = scenario_do_name(order->what);
    int rc = check_verb(s, map, verb, servers, FIELDS_COUNT(servers), order->what == SCENARIO_SERVERS);
    rc = rc ? rc : check_verb(s, map, verb, tamper, FIELDS_COUNT(tamper), order->what == SCENARIO_TAMPER);
    rc = rc ? rc : check_verb(s, map, verb, clock, FIELDS_COUNT(clock), order->what == SCENARIO_CLOCK);
    if (rc)
        return rc;
    if (order->what == SCENARIO_TAMPER && !yaml_get(map, "with"))
        return yaml_error(s->note, s->file, map, "with is missing: what the RRset is to be");
    if (order->what == SCENARIO_CLOCK && !yaml_get(map, "by"))
        return yaml_error(s->note, s->file, map, "by is missing: how wrong the clock is to be");
    if ((order->tamper == SCENARIO_TAMPER_REPLAY) != order->as_of.set)
        return yaml_error(s->note, s->file, map, "as-of belongs to 'with: replay', and that needs it");
    return 0;
}

static int read_order(struct fields_source *s, const struct yaml_node *map, struct scenario_order *order)
{
    static const struct field fields[] = {
        FIELD(struct scenario_order, "install", at, read_time, false),
        FIELD(struct scenario_order, "start", at, read_time, false),
        FIELD(struct scenario_order, "stop", at, read_time, false),
        FIELD(struct scenario_order, "restart", at, read_time, false),
        FIELD(struct scenario_order, "state-lost", at, read_time, false),
        FIELD(struct scenario_order, "state-read-only", at, read_time, false),
        FIELD(struct scenario_order, "state-writable", at, read_time, false),
        FIELD(struct scenario_order, "servers", at, read_time, false),
        FIELD(struct scenario_order, "tamper", at, read_time, false),
        FIELD(struct scenario_order, "clock", at, read_time, false),
        FIELD(struct scenario_order, "root", root, read_root, false),
        FIELD(struct scenario_order, "off", servers.off, fields_bool, false),
        FIELD(struct scenario_order, "lag", servers.lag_us, fields_span, false),
        FIELD(struct scenario_order, "no-tcp", servers.no_tcp, fields_bool, false),
        FIELD(struct scenario_order, "udp-size", servers.udp_size, fields_u16, false),
        FIELD(struct scenario_order, "fragment-above", servers.fragment_above, fields_u16, false),
        FIELD(struct scenario_order, "with", tamper, read_tamper, false),
        FIELD(struct scenario_order, "as-of", as_of, read_time, false),
        FIELD(struct scenario_order, "by", by_us, read_wrong, false),
    };
    size_t verb = 0;
    order->root = -1;
    int rc = fields_map(s, map, "a step", fields, FIELDS_COUNT(fields), order);
    rc = rc ? rc : find_verb(s, map, "a step", SCENARIO_DOS, do_word, &verb);
    if (rc)
        return rc;
    order->what = (enum scenario_do)verb;
    order->line = map->line;
    order->column = map->column;
    return check_order(s, map, order);
}

static int check_count(struct fields_source *s, const struct yaml_node *list, const char *what, size_t most)
{
    return list->kind != YAML_LIST || list->count <= most
               ? 0
               : yaml_error(s->note, s->file, list, "more than %zu %s", most, what);
}

static int read_orders(struct fields_source *s, const struct yaml_node *list, void *target)
{
    struct scenario *scenario = target;
    int rc = check_count(s, list, "steps", SCENARIO_MAX_ORDERS);
    rc = rc ? rc : fields_list(s, list, "steps", sizeof *scenario->orders, &scenario->orders);
    for (; !rc && scenario->order_count < list->count; scenario->order_count++)
        rc = read_order(s, list->values[scenario->order_count], &scenario->orders[scenario->order_count]);
    return rc;
}

static const char *change_word(size_t index)
{
    return scenario_change_name((enum scenario_change_kind)index);
}

/* Which change takes `to`, and which takes it open too (or left out). */
static int check_change(
    struct fields_source *s, const struct yaml_node *map, const struct scenario_change *change)
{
    static const struct {
        bool to, open;
    } rules[SCENARIO_CHANGES] = {
        [SCENARIO_MOVE] = {true, false},
        [SCENARIO_POSTPONE] = {true, true},
        [SCENARIO_RESUME] = {true, false},
        [SCENARIO_ABSENT] = {true, false},
    };
    static const char *const to[] = {"to"};
    const char *verb = scenario_change_name(change->kind);
    int rc = check_verb(s, map, verb, to, 1, rules[change->kind].to);
    if (!rc && rules[change->kind].to && !yaml_get(map, "to"))
        return yaml_error(s->note, s->file, map, "to is missing: the moment that '%s' leads to", verb);
    if (!rc && rules[change->kind].to && !rules[change->kind].open && !change->to.set)
        return yaml_error(s->note, s->file, map, "'%s' leads to a moment, not to an open date", verb);
    return rc;
}

static int read_change(struct fields_source *s, const struct yaml_node *map, struct scenario_change *change)
{
    static const struct field fields[] = {
        FIELD(struct scenario_change, "move", what, read_event, false),
        FIELD(struct scenario_change, "postpone", at, read_time, false),
        FIELD(struct scenario_change, "resume", at, read_time, false),
        FIELD(struct scenario_change, "back-out", at, read_time, false),
        FIELD(struct scenario_change, "absent", at, read_time, false),
        FIELD(struct scenario_change, "drop-algorithm", at, read_time, false),
        FIELD(struct scenario_change, "algorithm", algorithm, fields_algorithm, false),
        FIELD(struct scenario_change, "to", to, read_time_or_open, false),
    };
    size_t verb = 0;
    int rc = fields_map(s, map, "a change", fields, FIELDS_COUNT(fields), change);
    rc = rc ? rc : find_verb(s, map, "a change", SCENARIO_CHANGES, change_word, &verb);
    if (rc)
        return rc;
    change->kind = (enum scenario_change_kind)verb;
    change->line = map->line;
    change->column = map->column;
    return check_change(s, map, change);
}

static int read_changes(struct fields_source *s, const struct yaml_node *list, void *target)
{
    struct scenario *scenario = target;
    int rc = check_count(s, list, "changes", SCENARIO_MAX_CHANGES);
    rc = rc ? rc : fields_list(s, list, "changes", sizeof *scenario->changes, &scenario->changes);
    for (; !rc && scenario->change_count < list->count; scenario->change_count++)
        rc = read_change(s, list->values[scenario->change_count], &scenario->changes[scenario->change_count]);
    return rc;
}

static int read_outcome(struct fields_source *s, const struct yaml_node *value, void *target)
{
    const char *words[SCENARIO_OUTCOMES];
    size_t index = 0;
    for (size_t i = 0; i < SCENARIO_OUTCOMES; i++)
        words[i] = scenario_outcome_name((enum scenario_outcome)i);
    int rc = fields_word(s, value, words, SCENARIO_OUTCOMES, &index);
    if (!rc)
        *(enum scenario_outcome *)target = (enum scenario_outcome)index;
    return rc;
}

static int read_profile(struct fields_source *s, const struct yaml_node *value, void *target)
{
    if (value->kind != YAML_SCALAR || !rfc5011_profile(value->scalar))
        return yaml_error(s->note, s->file, value, "rfc, bind, unbound, knot or static expected");
    *(const char **)target = rfc5011_profile(value->scalar)->name;
    return 0;
}

static int read_expect(struct fields_source *s, const struct yaml_node *map, const struct scenario *scenario,
    struct scenario_expect *expect)
{
    static const struct field fields[] = {
        FIELD(struct scenario_expect, "of", profile, read_profile, true),
        FIELD(struct scenario_expect, "outcome", outcome, read_outcome, true),
        FIELD(struct scenario_expect, "at", breaks, read_time, false),
        FIELD(struct scenario_expect, "heals", heals, read_time, false),
        FIELD(struct scenario_expect, "why", why, fields_string, false),
    };
    int rc = fields_map(s, map, "an expectation", fields, FIELDS_COUNT(fields), expect);
    if (rc)
        return rc;
    if ((expect->outcome != SCENARIO_SURVIVES) != expect->breaks.set)
        return yaml_error(
            s->note, s->file, map, "at is the moment of an outcome other than survives, and those need it");
    if (expect->heals.set && !expect->breaks.set)
        return yaml_error(s->note, s->file, map, "what survives has nothing to heal");
    for (size_t i = 0; i < scenario->expect_count; i++)
        if (strcmp(scenario->expects[i].profile, expect->profile) == 0)
            return yaml_error(s->note, s->file, map, "of: %s stands here a second time", expect->profile);
    return 0;
}

static int read_expects(struct fields_source *s, const struct yaml_node *list, void *target)
{
    struct scenario *scenario = target;
    int rc = check_count(s, list, "expectations", SCENARIO_MAX_EXPECTS);
    rc = rc ? rc : fields_list(s, list, "expectations", sizeof *scenario->expects, &scenario->expects);
    for (; !rc && scenario->expect_count < list->count; scenario->expect_count++)
        rc = read_expect(
            s, list->values[scenario->expect_count], scenario, &scenario->expects[scenario->expect_count]);
    if (!rc && (!scenario->expect_count || strcmp(scenario->expects[0].profile, "rfc") != 0))
        return yaml_error(s->note, s->file, list, "the first expectation is that of RFC 5011 (of: rfc)");
    return rc;
}

static int read_scenario(struct fields_source *s, const struct yaml_node *root, struct scenario *scenario)
{
    static const struct field fields[] = {
        {"format", read_format, 0, true},
        FIELD(struct scenario, "name", name, fields_string, true),
        FIELD(struct scenario, "title", title, fields_string, true),
        FIELD(struct scenario, "plan", plan, fields_string, false),
        FIELD(struct scenario, "anchor", managed, read_anchor, true),
        FIELD(struct scenario, "anchors", anchors, read_anchors, false),
        FIELD(struct scenario, "from", from, read_time, false),
        FIELD(struct scenario, "to", to, read_time, false),
        {"changes", read_changes, 0, false},
        {"steps", read_orders, 0, false},
        FIELD(struct scenario, "rfc5011", expect_text, fields_string, true),
        {"expect", read_expects, 0, true},
    };
    return fields_map(s, root, "a scenario", fields, FIELDS_COUNT(fields), scenario);
}

static bool is_builtin(const char *plan)
{
    for (size_t i = 0; i < plan_builtin_count(); i++)
        if (strcmp(plan_builtin_name(i), plan) == 0)
            return true;
    return false;
}

static int check(struct fields_source *s, const struct yaml_node *root, const struct scenario *scenario)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    if (strlen(scenario->name) > 63 || strspn(scenario->name, allowed) != strlen(scenario->name) ||
        *scenario->name == '-' || strcmp(scenario->name, "all") == 0)
        return yaml_error(s->note, s->file, yaml_get(root, "name"),
            "a scenario's name is 1 to 63 letters, digits and - _ . and not 'all'");
    if (scenario->from.set && scenario->from.event <= SCENARIO_AT_END)
        return yaml_error(s->note, s->file, yaml_get(root, "from"), "from counts from an event of the plan");
    if (scenario->to.set && scenario->to.event == SCENARIO_AT_END)
        return yaml_error(s->note, s->file, yaml_get(root, "to"), "to cannot count from itself");
    if (scenario->plan && !is_builtin(scenario->plan))
        return yaml_error(
            s->note, s->file, yaml_get(root, "plan"), "no built-in plan is named '%.60s'", scenario->plan);
    return 0;
}

int scenario_read(const char *file, const char *bytes, size_t length, struct arena *arena,
    struct scenario **ret_scenario, struct err_note *note)
{
    struct yaml_node *root;
    struct arena *tree = arena_new();
    struct scenario *scenario = arena_alloc(arena, sizeof *scenario);
    struct fields_source source = {.file = file, .arena = arena, .note = note};
    int rc = tree && scenario ? yaml_read(file, bytes, length, tree, &root, note) : fields_no_memory(&source);
    rc = rc ? rc : read_scenario(&source, root, scenario);
    rc = rc ? rc : check(&source, root, scenario);
    arena_free(tree);
    if (rc)
        return rc;
    scenario->file = arena_string(arena, file);
    if (!scenario->file)
        return fields_no_memory(&source);
    *ret_scenario = scenario;
    return 0;
}

/* A scenario is laid over a plan in four steps: the plan is dated and changed, the events of its roll are
 * found, the window of the run is set, and each order gets its date. Where the window begins in the middle,
 * what was in force by then is in force from the start. */
#include "core/roll/scenario_inside.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int scenario_error(const struct scenario *scenario, unsigned line, unsigned column, struct err_note *note,
    const char *format, ...)
{
    char message[400];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return err_set(note, ERR_DATA, "%s:%u:%u: %s", scenario->file ? scenario->file : scenario->name, line,
        column, message);
}

static int64_t first_step(const struct plan_key *key, enum plan_do what)
{
    for (size_t i = 0; i < key->step_count; i++)
        if (key->steps[i].what == what)
            return key->steps[i].at_us;
    return UTC_OPEN;
}

/* When the first key of an algorithm begins to sign. */
static int64_t first_signature(const struct plan *plan, uint8_t algorithm)
{
    int64_t first = UTC_OPEN;
    for (size_t i = 0; i < plan->key_count; i++)
        if (plan->keys[i].algorithm == algorithm && first_step(&plan->keys[i], PLAN_SIGN) < first)
            first = first_step(&plan->keys[i], PLAN_SIGN);
    return first;
}

/* When the last key of an algorithm has ended to sign; UTC_OPEN: one does not. */
static int64_t last_signature(const struct plan *plan, uint8_t algorithm)
{
    int64_t last = INT64_MIN;
    for (size_t i = 0; i < plan->key_count; i++) {
        const struct plan_key *key = &plan->keys[i];
        int64_t end = INT64_MIN;
        if (key->algorithm != algorithm)
            continue;
        for (size_t j = 0; j < key->step_count; j++)
            if (key->steps[j].what == PLAN_SIGN)
                end = UTC_OPEN;
            else if (key->steps[j].what == PLAN_STOP || (key->steps[j].what == PLAN_REVOKE && !key->zsk))
                end = end == UTC_OPEN ? key->steps[j].at_us : end;
        last = end > last ? end : last;
    }
    return last == INT64_MIN ? UTC_OPEN : last;
}

static bool rolls_algorithm(const struct plan_roll *roll)
{
    return roll->old_key && roll->new_key && roll->old_key->algorithm != roll->new_key->algorithm;
}

static int64_t later(int64_t us, int64_t span)
{
    int64_t sum;
    return us == UTC_OPEN || __builtin_add_overflow(us, span, &sum) || sum > UTC_LAST ? UTC_OPEN : sum;
}

struct plan_roll scenario_events(
    const struct plan *plan, int64_t from_us, int64_t to_us, int64_t ret_us[SCENARIO_EVENTS])
{
    struct plan_roll roll = plan_roll_at(plan, from_us == UTC_OPEN ? INT64_MIN : from_us);
    if (roll.new_key && from_us != UTC_OPEN) /* as it looks ahead of the first signature */
        roll.sign_us = plan_roll_at(plan, first_step(roll.new_key, PLAN_SIGN) - 1).sign_us;
    for (size_t i = 0; i < SCENARIO_EVENTS; i++)
        ret_us[i] = UTC_OPEN;
    ret_us[SCENARIO_AT_START] = from_us;
    ret_us[SCENARIO_AT_END] = to_us;
    if (!roll.new_key)
        return roll;
    ret_us[SCENARIO_AT_PUBLISH] = first_step(roll.new_key, PLAN_PUBLISH);
    ret_us[SCENARIO_AT_TRUST] = later(roll.publish_us, plan->add_hold_us);
    ret_us[SCENARIO_AT_ROLL] = roll.sign_us;
    ret_us[SCENARIO_AT_REVOKE] = roll.revoke_us;
    ret_us[SCENARIO_AT_WITHDRAW] = roll.withdraw_us;
    ret_us[SCENARIO_AT_FIRST_SIGNATURE] = rolls_algorithm(&roll)
                                              ? first_signature(plan, roll.new_key->algorithm)
                                              : first_step(roll.new_key, PLAN_SIGN);
    ret_us[SCENARIO_AT_LAST_SIGNATURE] =
        rolls_algorithm(&roll) ? last_signature(plan, roll.old_key->algorithm) : roll.sign_us;
    return roll;
}

int scenario_date(const struct scenario *scenario, struct scenario_time time, unsigned line, unsigned column,
    const int64_t events_us[SCENARIO_EVENTS], int64_t *ret_us, struct err_note *note)
{
    int64_t at = events_us[time.event], sum;
    if (at == UTC_OPEN)
        return scenario_error(
            scenario, line, column, note, "the plan has no date for '%s'", scenario_event_name(time.event));
    if (__builtin_add_overflow(at, time.offset_us, &sum) || sum < UTC_FIRST || sum > UTC_LAST)
        return scenario_error(scenario, line, column, note, "a date outside the years 1 to 9999");
    *ret_us = sum;
    return 0;
}

static bool changes(const struct scenario *scenario, enum scenario_change_kind kind)
{
    for (size_t i = 0; i < scenario->change_count; i++)
        if (scenario->changes[i].kind == kind)
            return true;
    return false;
}

bool scenario_fits(const struct scenario *scenario, const struct plan *plan)
{
    struct plan_roll roll = plan_roll_at(plan, INT64_MIN);
    if (!roll.new_key)
        return false;
    /* A scenario made for a plan of another algorithm looks at its phases, which others do not have. */
    struct plan *own;
    bool algorithm = changes(scenario, SCENARIO_DROP) || changes(scenario, SCENARIO_ALGORITHM);
    if (scenario->plan && plan_builtin(scenario->plan, &own) == 0) {
        struct plan_roll own_roll = plan_roll_at(own, INT64_MIN);
        algorithm = algorithm || rolls_algorithm(&own_roll);
        plan_free(own);
    }
    if (changes(scenario, SCENARIO_BACK_OUT) && roll.sign_us == roll.revoke_us)
        return false; /* the revocation is final: there is no time for a way back */
    if (changes(scenario, SCENARIO_ABSENT) && rolls_algorithm(&roll))
        return false; /* the first key of an algorithm signs as soon as it is published */
    return !algorithm || rolls_algorithm(&roll);
}

/* A copy of the plan that is used, dated. */
static int take_plan(const struct scenario *scenario, const struct plan *plan, int64_t from_us,
    struct plan **ret_plan, struct err_note *note)
{
    static const int64_t template_start_us = INT64_C(1735689600) * UTC_SECOND; /* 2025-01-01 */
    struct plan *own = NULL;
    if (!plan || (scenario->plan && !scenario_fits(scenario, plan))) {
        int rc = plan_builtin(scenario->plan ? scenario->plan : "root-2024", &own);
        if (rc)
            return rc == ERR_NOINPUT ? err_set(note, ERR_DATA, "%s: no built-in plan is named '%.80s'",
                                           scenario->file ? scenario->file : scenario->name, scenario->plan)
                                     : err_set(note, rc, "out of memory");
        plan = own;
    }
    int rc = 0;
    if (!scenario_fits(scenario, plan))
        rc = err_set(note, ERR_DATA, "plan %s has no roll%s for the scenario %s", plan->name,
            plan_roll_at(plan, INT64_MIN).new_key ? " of the algorithm" : "", scenario->name);
    else if (plan->relative)
        rc = plan_start(plan, from_us == INT64_MIN ? template_start_us : from_us, NULL, 0, ret_plan, note);
    else if (!(*ret_plan = plan_copy(plan)))
        rc = err_set(note, ERR_NOMEM, "out of memory");
    plan_free(own);
    return rc;
}

/* The events, by the plan as it was changed. A roll that was given up before its key was published is none
 * any more: only how it began is known, by the plan before. */
static void set_events(struct scenario_schedule *s, const struct plan *before, int64_t from_us, int64_t to_us)
{
    int64_t before_us[SCENARIO_EVENTS];
    scenario_events(before, from_us, to_us, before_us);
    s->roll = scenario_events(s->plan, from_us, to_us, s->events_us);
    if (!s->roll.new_key)
        s->events_us[SCENARIO_AT_FIRST_SIGNATURE] = before_us[SCENARIO_AT_FIRST_SIGNATURE];
}

/* The last dated moment of the roll. */
static int64_t last_event(const int64_t events_us[SCENARIO_EVENTS])
{
    int64_t last = INT64_MIN;
    for (size_t i = SCENARIO_AT_PUBLISH; i < SCENARIO_EVENTS; i++)
        if (events_us[i] != UTC_OPEN && events_us[i] > last)
            last = events_us[i];
    return last;
}

/* From and to: as given, else as the scenario says, else ten days around the roll. */
static int set_window(struct scenario_schedule *s, int64_t from_us, int64_t to_us, struct err_note *note)
{
    const struct scenario *scenario = s->scenario;
    char from[UTC_TEXT], to[UTC_TEXT];
    int rc = 0;
    s->from_us = from_us != INT64_MIN ? from_us : s->events_us[SCENARIO_AT_PUBLISH] - 10 * UTC_DAY;
    if (from_us == INT64_MIN && scenario->from.set)
        rc = scenario_date(scenario, scenario->from, 1, 1, s->events_us, &s->from_us, note);
    s->events_us[SCENARIO_AT_START] = s->from_us;
    s->to_us = later(last_event(s->events_us), 10 * UTC_DAY);
    if (!rc && scenario->to.set)
        rc = scenario_date(scenario, scenario->to, 1, 1, s->events_us, &s->to_us, note);
    s->cut = to_us < s->to_us;
    s->to_us = to_us != UTC_OPEN ? to_us : s->to_us;
    s->events_us[SCENARIO_AT_END] = s->to_us;
    if (!rc && (s->from_us < UTC_FIRST || s->to_us > UTC_LAST || s->from_us >= s->to_us ||
                   s->to_us - s->from_us > 100 * 366 * UTC_DAY))
        return err_set(note, ERR_USAGE,
            "a rehearsal from %s to %s: it ends after it begins, and within 100 years",
            utc_format_short(s->from_us, from), utc_format_short(s->to_us, to));
    return rc;
}

/* What lasts until it is changed, and is therefore looked at also where the run begins later. */
static bool lasts(const struct scenario_step *step)
{
    return step->what == SCENARIO_STATE_READ_ONLY || step->what == SCENARIO_STATE_WRITABLE ||
           step->what == SCENARIO_SERVERS || step->what == SCENARIO_TAMPER || step->what == SCENARIO_CLOCK ||
           step->what == SCENARIO_STOP || step->what == SCENARIO_START;
}

/* At one moment faults come first, then the installation, then what is done to the resolver. */
static int rank(enum scenario_do what)
{
    return what == SCENARIO_INSTALL ? 1
           : what == SCENARIO_START || what == SCENARIO_STOP || what == SCENARIO_RESTART ||
                   what == SCENARIO_STATE_LOST
               ? 2
               : 0;
}

static bool comes_after(const struct scenario_step *a, const struct scenario_step *b)
{
    return a->at_us != b->at_us ? a->at_us > b->at_us : rank(a->what) > rank(b->what);
}

/* In its place; what is of one moment and rank keeps its order. */
static void insert(struct scenario_schedule *s, struct scenario_step step)
{
    size_t at = s->step_count++;
    for (; at > 0 && comes_after(&s->steps[at - 1], &step); at--)
        s->steps[at] = s->steps[at - 1];
    s->steps[at] = step;
}

/* The dated step of an order. */
static int date_order(const struct scenario_schedule *s, const struct scenario_order *order,
    struct scenario_step *ret_step, struct err_note *note)
{
    struct scenario_step step = {.what = order->what,
        .root = order->root,
        .servers = order->servers,
        .tamper = order->tamper,
        .by_us = order->by_us};
    int rc =
        scenario_date(s->scenario, order->at, order->line, order->column, s->events_us, &step.at_us, note);
    if (!rc && order->as_of.set)
        rc = scenario_date(
            s->scenario, order->as_of, order->line, order->column, s->events_us, &step.as_of_us, note);
    if (!rc)
        *ret_step = step;
    return rc;
}

/* Puts a step into the run: one that lies before it begins counts from there, if it lasts. */
static void place(struct scenario_schedule *s, struct scenario_step step)
{
    if (step.at_us > s->to_us || (step.at_us < s->from_us && !lasts(&step) && step.what != SCENARIO_INSTALL))
        return;
    if (step.at_us < s->from_us)
        step.at_us = s->from_us;
    insert(s, step);
}

static const struct scenario_step *find(const struct scenario_schedule *s, enum scenario_do what)
{
    for (size_t i = 0; i < s->step_count; i++)
        if (s->steps[i].what == what)
            return &s->steps[i];
    return NULL;
}

static int set_steps(struct scenario_schedule *s, struct arena *arena, struct err_note *note)
{
    const struct scenario *scenario = s->scenario;
    const struct scenario_order *installs = NULL;
    s->steps = arena_alloc(arena, (scenario->order_count + 1) * sizeof *s->steps);
    if (!s->steps)
        return err_set(note, ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < scenario->order_count; i++) {
        struct scenario_step step;
        const struct scenario_order *order = &scenario->orders[i];
        int rc = date_order(s, order, &step, note);
        if (rc)
            return rc;
        if (order->what == SCENARIO_INSTALL && installs)
            return scenario_error(
                scenario, order->line, order->column, note, "it is installed a second time");
        if (order->what == SCENARIO_INSTALL && step.at_us > s->to_us)
            return scenario_error(
                scenario, order->line, order->column, note, "it is installed when all is over");
        installs = order->what == SCENARIO_INSTALL ? order : installs;
        place(s, step);
    }
    if (!installs)
        insert(s, (struct scenario_step){.what = SCENARIO_INSTALL, .at_us = s->from_us});
    int64_t install_us = find(s, SCENARIO_INSTALL)->at_us;
    for (size_t i = 0; i < s->step_count && s->steps[i].at_us < install_us; i++)
        if (rank(s->steps[i].what) == 2)
            return scenario_error(scenario, installs->line, installs->column, note,
                "'%s' comes before the installation", scenario_do_name(s->steps[i].what));
    return 0;
}

/* Whether one who followed until then trusts the key: it was there for the hold-down, without REVOKE. */
static bool followed(const struct plan *plan, const struct plan_key *key, int64_t at_us)
{
    int64_t published_us = UTC_OPEN;
    for (size_t i = 0; i < key->step_count && key->steps[i].at_us <= at_us; i++)
        if (key->steps[i].what == PLAN_PUBLISH)
            published_us = key->steps[i].at_us;
    return !key->zsk && plan_key_at(key, at_us).published && !plan_key_at(key, at_us).revoked &&
           published_us != UTC_OPEN && at_us - published_us >= plan->add_hold_us;
}

static void add_anchor(struct scenario_schedule *s, const struct plan_key *key)
{
    if (s->anchor_count < SCENARIO_MAX_ANCHORS)
        s->anchors[s->anchor_count++] = key;
}

/* Where nobody can have followed for long, the keys that sign are the anchors: a zone begins with them. */
static void set_anchors(struct scenario_schedule *s)
{
    int64_t at_us = find(s, SCENARIO_INSTALL)->at_us;
    if (s->scenario->anchors == SCENARIO_OLD) {
        add_anchor(s, s->roll.old_key);
        return;
    }
    for (size_t i = 0; i < s->plan->key_count; i++)
        if (followed(s->plan, &s->plan->keys[i], at_us))
            add_anchor(s, &s->plan->keys[i]);
    for (size_t i = 0; i < s->plan->key_count && s->anchor_count == 0; i++)
        if (!s->plan->keys[i].zsk && plan_key_at(&s->plan->keys[i], at_us).signing)
            add_anchor(s, &s->plan->keys[i]);
    if (s->anchor_count == 0)
        add_anchor(s, s->roll.old_key);
}

int scenario_schedule(const struct scenario *scenario, const struct plan *plan, int64_t from_us,
    int64_t to_us, struct arena *arena, struct scenario_schedule *ret_schedule, struct err_note *note)
{
    struct scenario_schedule s = {.scenario = scenario};
    struct plan *taken = NULL, *changed = NULL;
    int64_t roll_from_us = from_us == INT64_MIN ? UTC_OPEN : from_us;
    int rc = take_plan(scenario, plan, from_us, &taken, note);
    rc = rc ? rc : scenario_change(scenario, taken, roll_from_us, to_us, &changed, note);
    if (!rc && !(s.plan = plan_copy_into(changed, arena)))
        rc = err_set(note, ERR_NOMEM, "out of memory");
    if (!rc)
        set_events(&s, taken, roll_from_us, to_us);
    plan_free(taken);
    plan_free(changed);
    if (rc)
        return rc;
    rc = set_window(&s, from_us, to_us, note);
    rc = rc ? rc : set_steps(&s, arena, note);
    if (rc)
        return rc;
    set_anchors(&s);
    *ret_schedule = s;
    return 0;
}

size_t scenario_installed(const struct scenario_schedule *schedule, bool follows,
    const struct plan_key *ret_keys[SCENARIO_MAX_ANCHORS])
{
    if (!follows && schedule->roll.old_key) {
        ret_keys[0] = schedule->roll.old_key;
        return 1;
    }
    memcpy(ret_keys, schedule->anchors, sizeof schedule->anchors);
    return schedule->anchor_count;
}

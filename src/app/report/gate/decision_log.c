/* A line is written with all that is needed to judge anew, so reading does: bounds, ends of intervals and
 * outcomes are put into a gate again, and the decision must follow. That finds what a chain cannot: a line
 * that was forged before it was chained. */
#include "app/report/gate/decision_log.h"
#include "app/report/inside.h"

#include "base/utc.h"
#include "io/json/json.h"

#include <math.h>
#include <string.h>

/* ---- writing ---- */

static void set_real(struct json *object, const char *name, double value)
{
    if (isfinite(value))
        json_set_real(object, name, value);
    else
        json_set_null(object, name);
}

static void set_count(struct json *object, const char *name, uint64_t value)
{
    json_set_int(object, name, value > INT64_MAX ? INT64_MAX : (int64_t)value);
}

static void set_measured(struct json *object, const struct gate_measured *measured)
{
    static const char *const names[] = {"value", "low", "high", "numerator", "denominator"};
    if (!gate_has_interval(measured)) {
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            json_set_null(object, names[i]);
        json_set_string(object, "missing",
            !measured->has_value && measured->reason ? measured->reason : "there is no interval");
        return;
    }
    set_real(object, "value", measured->interval.value);
    set_real(object, "low", measured->interval.low);
    set_real(object, "high", measured->interval.high);
    set_count(object, "numerator", measured->numerator);
    set_count(object, "denominator", measured->denominator);
    json_set_null(object, "missing");
}

static void set_criterion(struct json *object, const struct decision *d, size_t index)
{
    char window[UTC_TEXT];
    const struct gate_criterion *c = &d->file->gate.criteria[index];
    const struct gate_measure *measure = gate_measure_find(c->measure);
    enum gate_outcome outcome = d->result->outcomes[index];
    enum gate_decision demand = gate_demand(c, outcome, d->rolled);
    json_set_string(object, "id", c->id);
    json_set_string(object, "measure", c->measure);
    json_set_string(object, "bound", gate_bound_name(c->bound));
    json_set_real(object, "threshold", c->threshold);
    json_set_string(object, "unit", measure ? measure->unit : NULL);
    json_set_string(object, "window", utc_format_span(c->window_us, window));
    json_set_string(object, "on_fail", gate_decision_name(c->on_fail));
    json_set_string(object, "unknown", c->allow_unknown ? "allow" : "postpone");
    json_set_string(object, "why", c->why);
    json_set_string(object, "source", c->source);
    json_set_string(object, "outcome", gate_outcome_name(outcome));
    json_set_bool(object, "reason", demand != GATE_GO && demand == d->result->decision);
    set_measured(object, &d->measured[index]);
}

static void set_gate(struct json *object, const struct gate_file *file)
{
    json_set_string(object, "name", file->gate.name);
    json_set_string(object, "title", file->gate.title);
    json_set_string(object, "decides", file->gate.decides);
    json_set_bool(object, "example", file->gate.example);
    json_set_string(object, "sha256", file->sha256);
}

void decision_log_set(struct json *object, const struct decision *decision)
{
    const struct gate *gate = &decision->file->gate;
    json_set_time(object, "at", decision->at_us);
    json_set_string(object, "plan", decision->plan);
    json_set_string(object, "store", decision->store);
    json_set_bool(object, "rolled", decision->rolled);
    json_set_string(object, "decision", gate_decision_name(decision->result->decision));
    set_gate(json_set_object(object, "gate"), decision->file);
    struct json *criteria = json_set_array(object, "criteria");
    for (size_t i = 0; i < gate->count; i++)
        set_criterion(json_add_object(criteria), decision, i);
    struct json *dissent = json_set_array(object, "dissent");
    for (size_t i = 0; i < gate->dissent_count; i++) {
        struct json *one = json_add_object(dissent);
        json_set_string(one, "who", gate->dissent[i].who);
        json_set_time(one, "at", gate->dissent[i].at_us);
        json_set_string(one, "text", gate->dissent[i].text);
    }
}

/* ---- reading ---- */

static int find_word(const char *word, const char *const *words, int count)
{
    for (int i = 0; i < count; i++)
        if (word && strcmp(word, words[i]) == 0)
            return i;
    return -1;
}

static const char *const outcome_words[] = {"pass", "fail", "unknown"};
static const char *const decision_words[] = {"go", "postpone", "back-out"};
static const char *const bound_words[] = {"at-most", "at-least"};
static const char *const unknown_words[] = {"postpone", "allow"};

/* What has no end was written as null. */
static bool read_end(const struct json *object, const char *name, double none, double *ret)
{
    const struct json *value = json_get(object, name);
    *ret = none;
    return json_number(value, ret) || (value && json_none(value));
}

static bool read_criterion(const struct json *object, struct gate_criterion *ret_criterion,
    struct gate_measured *ret_measured, enum gate_outcome *ret_outcome)
{
    struct gate_criterion c = {.id = json_text(json_get(object, "id"))};
    struct gate_measured m = {.reason = json_text(json_get(object, "missing"))};
    int bound = find_word(json_text(json_get(object, "bound")), bound_words, 2);
    int on_fail = find_word(json_text(json_get(object, "on_fail")), decision_words, 3);
    int unknown = find_word(json_text(json_get(object, "unknown")), unknown_words, 2);
    int outcome = find_word(json_text(json_get(object, "outcome")), outcome_words, 3);
    if (!c.id || bound < 0 || on_fail < 1 || unknown < 0 || outcome < 0 ||
        !json_number(json_get(object, "threshold"), &c.threshold) ||
        !read_end(object, "low", -INFINITY, &m.interval.low) ||
        !read_end(object, "high", INFINITY, &m.interval.high))
        return false;
    c.bound = (enum gate_bound)bound;
    c.on_fail = (enum gate_decision)on_fail;
    c.allow_unknown = unknown == 1;
    m.has_value = !m.reason;
    *ret_criterion = c;
    *ret_measured = m;
    *ret_outcome = (enum gate_outcome)outcome;
    return true;
}

/* Numbers are written with 15 digits: an end that is the bound by these may have been on either side of it.
 */
static bool is_on_bound(const struct gate_criterion *criterion, const struct gate_measured *measured)
{
    return measured->has_value && (measured->interval.low == criterion->threshold ||
                                      measured->interval.high == criterion->threshold);
}

static int check_criteria(const char *where, const struct json *criteria, bool rolled,
    enum gate_decision *ret_decision, struct err_note *note)
{
    *ret_decision = GATE_GO;
    for (size_t i = 0; i < json_count(criteria); i++) {
        struct gate_criterion criterion;
        struct gate_measured measured;
        enum gate_outcome told;
        if (!read_criterion(json_at(criteria, i), &criterion, &measured, &told))
            return err_set(
                note, ERR_DATA, "%s: criterion %zu lacks what a decision is made of", where, i + 1);
        enum gate_outcome follows = gate_outcome_of(&criterion, &measured);
        if (follows != told && !is_on_bound(&criterion, &measured))
            return err_set(note, ERR_DATA,
                "%s: criterion '%.63s' is told as %s, but by its own values it is %s", where, criterion.id,
                gate_outcome_name(told), gate_outcome_name(follows));
        enum gate_decision demand = gate_demand(&criterion, told, rolled);
        if (demand > *ret_decision)
            *ret_decision = demand;
    }
    return 0;
}

int decision_log_check(const char *where, const struct json *object, struct err_note *note)
{
    int64_t at_us;
    bool rolled;
    enum gate_decision follows;
    const char *schema = json_text(json_get(object, "schema")), *at = json_text(json_get(object, "at"));
    const char *hash = json_text(json_get(json_get(object, "gate"), "sha256"));
    int told = find_word(json_text(json_get(object, "decision")), decision_words, 3);
    if (!schema || strcmp(schema, DECISION_LOG_SCHEMA) != 0)
        return err_set(note, ERR_DATA, "%s: 'schema' is not %s", where, DECISION_LOG_SCHEMA);
    if (!at || utc_parse(at, &at_us) || !json_bool(json_get(object, "rolled"), &rolled) || told < 0 ||
        !json_text(json_get(object, "plan")) || !hash || !json_count(json_get(object, "criteria")))
        return err_set(note, ERR_DATA,
            "%s: is no decision: one of at, plan, rolled, decision, gate, criteria is missing or wrong",
            where);
    int rc = check_criteria(where, json_get(object, "criteria"), rolled, &follows, note);
    if (rc == 0 && told != (int)follows)
        rc = err_set(note, ERR_DATA, "%s: the decision is told as %s, but %s follows from its criteria",
            where, decision_words[told], decision_words[follows]);
    return rc;
}

struct reading {
    chain_each *each;
    void *context;
};

static int read_line(void *context, const char *where, const struct json *object, struct err_note *note)
{
    struct reading *reading = context;
    int rc = decision_log_check(where, object, note);
    return rc || !reading->each ? rc : reading->each(reading->context, where, object, note);
}

int decision_log_read(
    const char *path, chain_each *each, void *context, struct chain_end *ret_end, struct err_note *note)
{
    return chain_read(path, read_line, &(struct reading){each, context}, ret_end, note);
}

/* ---- adding ---- */

struct adding {
    const struct decision *decision;
    struct text last; /* the line before the new one, if it is of the same moment */
};

static int check_line(void *context, const char *where, const struct json *object, struct err_note *note)
{
    struct adding *adding = context;
    int64_t at_us;
    int rc = decision_log_check(where, object, note);
    text_clear(&adding->last);
    if (rc || utc_parse(json_text(json_get(object, "at")), &at_us) || at_us != adding->decision->at_us)
        return rc;
    return json_write(object, false, &adding->last) ? err_set(note, ERR_NOMEM, "out of memory") : 0;
}

/* Of a line: what stands behind its number and the digest. */
static const char *content(const struct text *line)
{
    const char *found = strstr(line->string, "\"schema\"");
    return found ? found : "";
}

/* Who asks again, as after a failure further on, adds no second line. */
static bool set_line(void *context, struct json *object)
{
    struct adding *adding = context;
    struct text line;
    json_set_string(object, "schema", DECISION_LOG_SCHEMA);
    decision_log_set(object, adding->decision);
    text_start(&line);
    bool again = object && json_write(object, false, &line) == 0 &&
                 strcmp(content(&line), content(&adding->last)) == 0;
    text_free(&line);
    return !again;
}

int decision_log_append(
    const char *path, const struct decision *decision, struct chain_end *ret_end, struct err_note *note)
{
    struct adding adding = {.decision = decision};
    text_start(&adding.last);
    int rc = chain_append(path, check_line, set_line, &adding, ret_end, note);
    text_free(&adding.last);
    return rc;
}

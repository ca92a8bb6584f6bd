/* Each criterion asks for something by itself, and the gravest demand is the decision: so the reasons for a
 * decision can be named, and no order of criteria matters. Comparisons are written so that what is no number
 * neither passes nor fails. */
#include "core/roll/gate.h"

#include <math.h>
#include <string.h>

bool gate_has_interval(const struct gate_measured *measured)
{
    const struct interval *i = &measured->interval;
    return measured->has_value && i->low <= i->high && i->low < INFINITY && i->high > -INFINITY;
}

enum gate_outcome gate_outcome_of(
    const struct gate_criterion *criterion, const struct gate_measured *measured)
{
    const struct interval *i = &measured->interval;
    double bound = criterion->threshold;
    if (!gate_has_interval(measured))
        return GATE_UNKNOWN;
    if (criterion->bound == GATE_AT_MOST)
        return i->high <= bound ? GATE_PASS : i->low > bound ? GATE_FAIL : GATE_UNKNOWN;
    return i->low >= bound ? GATE_PASS : i->high < bound ? GATE_FAIL : GATE_UNKNOWN;
}

enum gate_decision gate_demand(const struct gate_criterion *criterion, enum gate_outcome outcome, bool rolled)
{
    /* "After the roll: a failed criterion with `back-out` → back-out; unknown never backs out." */
    if (rolled)
        return outcome == GATE_FAIL && criterion->on_fail == GATE_BACK_OUT ? GATE_BACK_OUT : GATE_GO;
    /* "Before the roll: any failed criterion → postpone; else any unknown, unless it is allowed." */
    if (outcome == GATE_FAIL || (outcome == GATE_UNKNOWN && !criterion->allow_unknown))
        return GATE_POSTPONE;
    return GATE_GO;
}

void gate_judge(const struct gate *gate, const struct gate_measured *measured, bool rolled,
    struct gate_result *ret_result)
{
    ret_result->decision = GATE_GO;
    for (size_t i = 0; i < gate->count; i++) {
        enum gate_outcome outcome = gate_outcome_of(&gate->criteria[i], &measured[i]);
        enum gate_decision demand = gate_demand(&gate->criteria[i], outcome, rolled);
        ret_result->outcomes[i] = outcome;
        if (demand > ret_result->decision)
            ret_result->decision = demand;
    }
}

const char *gate_outcome_name(enum gate_outcome outcome)
{
    static const char *const names[] = {"pass", "fail", "unknown"};
    return names[outcome];
}

const char *gate_decision_name(enum gate_decision decision)
{
    static const char *const names[] = {"go", "postpone", "back-out"};
    return names[decision];
}

const char *gate_bound_name(enum gate_bound bound)
{
    return bound == GATE_AT_MOST ? "at-most" : "at-least";
}

static const struct gate_measure measures[] = {
    {"old-only-sources", "sources that are proved to know only the old key, of those whose word is known",
        "share of sources", GATE_SHARE},
    {"old-only-networks",
        "networks with a source that is proved to know only the old key, of those with one whose word is "
        "known",
        "share of networks", GATE_SHARE},
    {"old-only-users",
        "users behind sources that are proved to know only the old key, of those behind sources whose word "
        "is "
        "known: the lower bound of risk",
        "share of users", GATE_SHARE},
    {"at-risk-networks-upper",
        "networks with an old-only source or a validator that says nothing: the upper bound of risk",
        "share of networks", GATE_SHARE},
    {"at-risk-users-upper",
        "users behind old-only sources and validators that say nothing: the upper bound of risk",
        "share of users", GATE_SHARE},
    {"ready-sources", "sources whose last word names the new key, of those whose word is known",
        "share of sources", GATE_SHARE},
    {"ready-networks",
        "networks all of whose known sources name the new key, of those with one whose word is known",
        "share of networks", GATE_SHARE},
    {"failing-sources",
        "sources that repeat themselves as one that cannot validate does, of all that validate",
        "share of sources", GATE_SHARE},
    {"failing-users",
        "users behind sources that repeat themselves as one that cannot validate does, of those behind all "
        "that validate",
        "share of users", GATE_SHARE},
    {"regressions", "times that a source went back from the new key to the old one alone", "times",
        GATE_COUNT},
    {"coverage-days", "days on which at least one collector was at work", "days", GATE_COUNT, true},
    {"coverage-collectors", "collectors that were at work throughout", "collectors", GATE_COUNT, true},
    {"coverage-gap-hours", "the longest time in which no collector was at work", "hours", GATE_AMOUNT, true},
    {"dnskey-factor", "DNSKEY queries a day against the window of the same length before it", "times as many",
        GATE_FACTOR},
    {"trend", "change of the share of old-only sources, on the collectors that were at work throughout",
        "percentage points a week", GATE_POINTS},
};

size_t gate_measure_count(void)
{
    return sizeof measures / sizeof *measures;
}

const struct gate_measure *gate_measure(size_t index)
{
    return &measures[index];
}

const struct gate_measure *gate_measure_find(const char *name)
{
    for (size_t i = 0; i < gate_measure_count(); i++)
        if (strcmp(measures[i].name, name) == 0)
            return &measures[i];
    return NULL;
}

/* gate: go, postpone or back out, from declared criteria and measured values. Pure: the same input gives the
 * same decision and reasons.
 *
 * A gate is declared before the data are seen (a YAML file: rollcall-gate(5)). Each criterion names a
 * measure, a bound, the window that it is measured over and what follows if it fails. A criterion passes only
 * if the whole interval of the measure keeps the bound, fails only if the whole interval breaks it, and is
 * unknown otherwise or if the measure could not be had. No criterion that is unknown counts as passed. A
 * value on the bound keeps it.
 *
 * Before the roll: any failed criterion → postpone (one for backing out too: it would take the roll back as
 * soon as it is made); else any unknown → postpone (with that reason: it is not known) unless the criterion
 * says `unknown: allow`; else go. After the roll (the plan's new key signs): a failed criterion with
 * `back-out` → back-out; else go (stay); unknown never backs out. */
#ifndef CORE_ROLL_GATE_H
#define CORE_ROLL_GATE_H

#include "core/roll/interval.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum gate_outcome { GATE_PASS, GATE_FAIL, GATE_UNKNOWN };
enum gate_decision { GATE_GO, GATE_POSTPONE, GATE_BACK_OUT };
enum gate_bound { GATE_AT_MOST, GATE_AT_LEAST };

struct gate_criterion {
    const char *id, *measure, *why; /* why: for people */
    const char *source;             /* who asked for it, or what it rests on; NULL if not told */
    enum gate_bound bound;
    double threshold;           /* shares as 0 … 1 */
    int64_t window_us;          /* back from now */
    enum gate_decision on_fail; /* POSTPONE or BACK_OUT */
    bool allow_unknown;
};

struct gate_dissent {
    const char *who, *text;
    int64_t at_us;
};

struct gate {
    const char *name, *title, *decides; /* who decides */
    bool example;
    struct gate_criterion *criteria;
    size_t count;
    struct gate_dissent *dissent;
    size_t dissent_count;
};

/* A value that was measured for one criterion (by index). has_value false: it could not be had, `reason` says
 * why. */
struct gate_measured {
    bool has_value;
    struct interval interval;
    uint64_t numerator, denominator;
    const char *reason;
};

struct gate_result {
    enum gate_outcome *outcomes; /* one a criterion, in the caller's array */
    enum gate_decision decision;
};

void gate_judge(const struct gate *gate, const struct gate_measured *measured, bool rolled,
    struct gate_result *ret_result);

/* There is a value, and its interval is one: its low end not above its high one, and both not beyond the same
 * end of the numbers. */
bool gate_has_interval(const struct gate_measured *measured);

/* Of one criterion. What has no interval is unknown. */
enum gate_outcome gate_outcome_of(
    const struct gate_criterion *criterion, const struct gate_measured *measured);

/* What one criterion by itself asks for, given its outcome: the decision is the gravest of these. A criterion
 * whose answer is the decision, and not GATE_GO, is a reason for it. */
enum gate_decision gate_demand(
    const struct gate_criterion *criterion, enum gate_outcome outcome, bool rolled);

const char *gate_outcome_name(enum gate_outcome outcome);    /* "pass", "fail", "unknown" */
const char *gate_decision_name(enum gate_decision decision); /* "go", "postpone", "back-out" */
const char *gate_bound_name(enum gate_bound bound);          /* "at-most", "at-least" */

/* ---- what can be measured ---- */

enum gate_unit {
    GATE_SHARE,  /* 0 … 1 */
    GATE_COUNT,  /* 0 and more, whole */
    GATE_AMOUNT, /* 0 and more: hours */
    GATE_FACTOR, /* 0 and more, 1: as before */
    GATE_POINTS, /* percentage points a week; negative: it falls */
};

struct gate_measure {
    const char *name;    /* "old-only-users" */
    const char *meaning; /* one sentence for people */
    const char *unit;    /* "share of users", "days", … */
    enum gate_unit kind;
    bool of_coverage; /* of how much was seen: where it fails something is not known, and nothing proved */
};

size_t gate_measure_count(void);
const struct gate_measure *gate_measure(size_t index);
const struct gate_measure *gate_measure_find(const char *name); /* NULL: there is none of that name */

#endif

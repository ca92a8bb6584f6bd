/* What the files of `scenario` share. Not for others. */
#ifndef CORE_ROLL_SCENARIO_INSIDE_H
#define CORE_ROLL_SCENARIO_INSIDE_H

#include "core/roll/scenario.h"

/* The roll that a scenario's events are of, and the events. From and to may still be unset: UTC_OPEN. */
struct plan_roll scenario_events(
    const struct plan *plan, int64_t from_us, int64_t to_us, int64_t ret_us[SCENARIO_EVENTS]);

/* ERR_DATA with the place where the event has no date. */
int scenario_date(const struct scenario *scenario, struct scenario_time time, unsigned line, unsigned column,
    const int64_t events_us[SCENARIO_EVENTS], int64_t *ret_us, struct err_note *note);

/* "FILE:LINE:COLUMN: …", ERR_DATA. */
int scenario_error(const struct scenario *scenario, unsigned line, unsigned column, struct err_note *note,
    const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Whether the scenario can use a plan: it holds a roll, and one of the algorithm where that matters. */
bool scenario_fits(const struct scenario *scenario, const struct plan *plan);

/* The plan with every change of the scenario; the caller frees it. */
int scenario_change(const struct scenario *scenario, const struct plan *plan, int64_t from_us, int64_t to_us,
    struct plan **ret_plan, struct err_note *note);

#endif

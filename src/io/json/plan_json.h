/* plan_json: a plan, and where it stands at a moment, as JSON; what `rollcall plan show --json` prints and
 * the API gives. */
#ifndef IO_JSON_PLAN_JSON_H
#define IO_JSON_PLAN_JSON_H

#include "core/roll/plan.h"
#include "io/json/json.h"

#define PLAN_JSON_SCHEMA "rollcall.plan/1"

/* Sets in `object`: name, title, zone, …, keys with their steps, history; and what is true at t_us: phase,
 * dnskey (the RRset), signers, roll, next. The plan is shown as it stood at t_us (plan_as_of); entries of the
 * history after it are marked `later`. In a template, steps have `offset_s` in the place of `at`, and t_us is
 * an offset; INT64_MIN: no moment. */
void plan_json_set(struct json *object, const struct plan *plan, int64_t t_us);

#endif

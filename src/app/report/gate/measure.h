/* measure: what the criteria of a gate ask about, out of a store: core/roll/gate's measures, each over its
 * window up to one moment. docs/man/rollcall-gate.5 says what they mean. */
#ifndef APP_REPORT_MEASURE_H
#define APP_REPORT_MEASURE_H

#include "app/report/readiness.h"
#include "core/roll/gate.h"

struct measure_wish {
    const struct classify_roll *roll;
    const struct classify_limits *limits;
    const struct networks *networks;
    const char *zone, *collector; /* collector NULL: all */
    int64_t now_us;
};

/* Sets ret_measured[i] for each criterion. What cannot be had has a reason; only a store or memory that fails
 * is an error. *ret_missing: which part of the store did not answer, or NULL; then nothing has a value.
 * Strings live in the arena or for ever. */
int measure_all(struct sightings *store, const struct gate *gate, const struct measure_wish *wish,
    struct arena *arena, struct gate_measured *ret_measured, const char **ret_missing, struct err_note *note);

#endif

/* dump: a zone in presentation form as the platform would serve it at a moment, for checkers of zones. */
#ifndef APP_SERVE_DUMP_H
#define APP_SERVE_DUMP_H

#include "app/serve/config.h"
#include "core/roll/plan.h"

struct text;

/* A participant's zone by this (dated) plan, with keys made for the occasion. `zone` NULL: the plan's own. */
int dump_plan(
    const struct plan *plan, const char *zone, int64_t at_us, struct text *ret_text, struct err_note *note);

/* A zone of a platform (a participant's, the parent, the probe zone or one of its children) with its kept
 * keys. The state is only read. ERR_NOINPUT if there is no such zone. */
int dump_state(const struct serve_config *config, const char *zone, int64_t at_us, struct text *ret_text,
    struct err_note *note);

#endif

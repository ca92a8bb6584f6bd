/* decision_log: every decision of a gate, with all that it rests on, in a chain (io/keys/chain.h): one line
 * each, which nobody can change, drop or move without a trace. Dissent that the gate file holds is in every
 * line. The same data and criteria at the same moment give the same members:
 *
 *     {"line", "previous", "schema": "rollcall.decision/1", "at", "plan", "store", "rolled", "decision",
 *      "gate": {"name", "title", "decides", "example", "sha256"},
 *      "criteria": [{"id", "measure", "bound": "at-most", "threshold", "unit", "window", "on_fail",
 *                    "unknown": "postpone" or "allow", "why", "source", "outcome", "reason", "value", "low",
 *                    "high", "numerator", "denominator", "missing"}],
 *      "dissent": [{"who", "at", "text"}]}
 *
 * "reason": the criterion is one for which the decision was made. "missing": why there is no value; then
 * "value" to "denominator" are null. An end of an interval that has none is null. */
#ifndef APP_REPORT_DECISION_LOG_H
#define APP_REPORT_DECISION_LOG_H

#include "app/report/gate/gate_file.h"
#include "io/keys/chain.h"

#define DECISION_LOG_SCHEMA "rollcall.decision/1"

struct decision {
    int64_t at_us;     /* the moment that was judged for */
    const char *plan;  /* its name */
    const char *store; /* as the user named it, without a password; or NULL */
    bool rolled;
    const struct gate_file *file;
    const struct gate_measured *measured; /* one a criterion */
    const struct gate_result *result;
};

/* Sets "at" to "dissent" in an object: what a line holds, and what a report shows of a decision. */
void decision_log_set(struct json *object, const struct decision *decision);

/* Verifies the log, or begins one, and adds the decision, unless it is the last one there in every member.
 * Errors are those of chain_append(). */
int decision_log_append(
    const char *path, const struct decision *decision, struct chain_end *ret_end, struct err_note *note);

/* Verifies the whole, and shows each decision to `each` (NULL: nobody). ERR_DATA with "FILE:LINE: what". */
int decision_log_read(
    const char *path, chain_each *each, void *context, struct chain_end *ret_end, struct err_note *note);

/* One line for decision_log_read(): it is a decision, whole enough to be shown, and follows from what it says
 * of its criteria. */
int decision_log_check(const char *where, const struct json *object, struct err_note *note);

#endif

/* decision_list: a log of decisions as people and programs read it, verified as a whole. Schema
 * "rollcall.decisions/1": {"log", "lines", "sha256": of the last line, "decisions": [{"line", "at",
 * "decision", "plan", "rolled", "gate", "gate_sha256", "reasons": [id of a criterion], "dissent": how
 * many}]}. */
#ifndef APP_REPORT_DECISION_LIST_H
#define APP_REPORT_DECISION_LIST_H

#include "base/err.h"
#include "base/text.h"

#include <stdbool.h>

/* Nothing is written of a log that does not verify. ERR_DATA with "FILE:LINE: what", ERR_NOINPUT, ERR_NOMEM
 * and those of chain_read(). `columns`: of the screen. */
int decision_list_write(
    const char *path, bool json, size_t columns, struct text *ret_text, struct err_note *note);

#endif

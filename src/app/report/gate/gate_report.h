/* gate_report: a decision of a gate as people and programs read it. Schema "rollcall.gate/1": the members of
 * decision_log.h beside "verdict": `ready` to go, `not-ready` where a criterion failed, `unknown` where the
 * roll is put off only because something is not known, or too little was seen (a criterion of coverage). */
#ifndef APP_REPORT_GATE_REPORT_H
#define APP_REPORT_GATE_REPORT_H

#include "app/report/gate/decision_log.h"
#include "base/text.h"

/* 0 ready, 2 not ready, 3 unknown: exit codes as well. */
int gate_report_verdict(const struct decision *decision);

/* Why, for a plan's history: "gate NAME: ID, ID"; of a decision to go only the name. */
void gate_report_reason(const struct decision *decision, struct text *text);

/* Whether the decision was made for this criterion. */
bool gate_report_is_reason(const struct decision *decision, size_t i);

/* "2.54 % (95 %: 1.46 % to 4.39 %), 12 of 472; at-most 1.00 %" */
void gate_report_value(
    const struct gate_criterion *criterion, const struct gate_measured *measured, struct text *text);

/* ERR_NOMEM. `columns`: of the screen. */
int gate_report_write(const struct decision *decision, bool json, size_t columns, struct text *ret_text);

#endif

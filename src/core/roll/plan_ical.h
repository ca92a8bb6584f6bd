/* plan_ical: a dated plan as a calendar, RFC 5545. One event for each step, one for each operation of the
 * history. */
#ifndef CORE_ROLL_PLAN_ICAL_H
#define CORE_ROLL_PLAN_ICAL_H

#include "base/text.h"
#include "core/roll/plan.h"

/* `now_us` is the DTSTAMP. A step keeps its UID whatever happens to its date, and counts its changes in
 * SEQUENCE, so that a calendar that is read again moves its events; a held step is a cancelled event at the
 * date that it had. What lies at midnight UTC is a day, not a moment. ERR_DATA for a template. */
int plan_ical_write(const struct plan *plan, int64_t now_us, struct text *ret_text);

#endif

/* rollcall report --trend: readiness step by step. */
#include "app/report/trend.h"
#include "cmd/report_parts.h"

int report_step(const struct report_options *o, int64_t *ret_us, struct err_note *note)
{
    int64_t days = 0;
    if (o->step && cmd_number(o->step, 1, CLASSIFY_MAX_DAYS, &days))
        return err_set(
            note, ERR_USAGE, "--step: a number of days from 1 to %d, not '%s'", CLASSIFY_MAX_DAYS, o->step);
    *ret_us = days * UTC_DAY;
    return 0;
}

int report_trend(const struct report_options *o, struct arena *arena)
{
    struct err_note note = {"out of memory"};
    struct report_judging j = {.plan = NULL};
    struct trend trend = {.partial = false};
    struct text text;
    int64_t step_us = 0;
    int rc = report_step(o, &step_us, &note);
    rc = rc ? rc : report_judging_begin(o, arena, &j, &note);
    const struct trend_wish wish = {.plan = j.plan,
        .limits = &j.limits,
        .networks = j.networks,
        .zone = j.question.zone,
        .collector = o->collector,
        .from_us = j.question.from_us,
        .to_us = j.question.to_us,
        .step_us = step_us};
    rc = rc ? rc : trend_make(j.store, &wish, arena, &trend, &note);
    text_start(&text);
    rc = rc ? rc : trend_write(&trend, report_form(o), cmd_screen().columns, &text);
    int code = report_print(&text, rc, &note, trend.partial, trend.missing);
    report_judging_end(&j);
    return code;
}

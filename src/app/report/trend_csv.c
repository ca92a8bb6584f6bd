/* RFC 4180: a line for each step. What is not known is empty. */
#include "app/report/inside.h"
#include "app/report/readiness_inside.h"
#include "app/report/trend_inside.h"

#include "base/utc.h"

#include <inttypes.h>

static const char head[] =
    "from,to,judged,reason,old_key,new_key,old_only,told,share,share_low,share_high,at_risk_low,at_risk_high,"
    "validators,naive_old_only,naive_signalling,collectors,feeds_changed,broken,like_collectors,like_before,"
    "like_now,change_points,change_low,change_high,no_like,complete\r\n";

static const char *yes_no(bool yes)
{
    return yes ? "yes" : "no";
}

static void add_share(const struct trend *trend, const struct trend_step *step, struct text *text)
{
    const uint64_t *sources = step->total.sources;
    uint64_t part, whole;
    text_printf(text, "%" PRIu64 ",%" PRIu64 ",", sources[CLASSIFY_OLD_ONLY], readiness_told(sources));
    if (step->is_judged)
        text_printf(text, "%.6f,%.6f,%.6f,", step->share.value, step->share.low, step->share.high);
    else
        text_add(text, ",,,");
    trend_naive(trend, step, &part, &whole);
    text_printf(text, "%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",",
        sources[CLASSIFY_OLD_ONLY], readiness_upper(sources), readiness_validators(sources), part, whole);
}

static void add_like(const struct trend_step *step, struct text *text)
{
    text_printf(text, "%zu,%s,%s,", step->collectors, yes_no(step->feeds_changed), yes_no(step->is_broken));
    if (step->has_like)
        text_printf(text, "%zu,%.6f,%.6f,%.4f,%.4f,%.4f,", step->like_collectors,
            step->like_before.share.value, step->like_now.share.value, step->like_change, step->like_low,
            step->like_high);
    else
        text_add(text, ",,,,,,");
}

void trend_csv(const struct trend *trend, struct text *text)
{
    char from[UTC_TEXT], to[UTC_TEXT];
    text_add(text, head);
    for (size_t i = 0; i < trend->step_count; i++) {
        const struct trend_step *step = &trend->steps[i];
        text_printf(text, "%s,%s,%s,", utc_format_short(step->from_us, from),
            utc_format_short(step->to_us, to), yes_no(step->is_judged));
        report_add_cell(text, step->reason ? step->reason : "");
        text_printf(text, "%u,%u,", step->roll.old_tag, step->roll.new_tag);
        add_share(trend, step, text);
        add_like(step, text);
        report_add_cell(text, step->no_like ? step->no_like : "");
        text_add(text, trend->partial ? "no\r\n" : "yes\r\n");
    }
}

/* The decision first, then each criterion with what it rests on, the reasons marked, and who does not agree.
 */
#include "app/report/gate/gate_report.h"

#include "app/report/inside.h"

#include "base/utc.h"
#include "core/roll/verdict.h"
#include "io/json/json.h"

#include <inttypes.h>
#include <math.h>

bool gate_report_is_reason(const struct decision *decision, size_t i)
{
    enum gate_decision demand =
        gate_demand(&decision->file->gate.criteria[i], decision->result->outcomes[i], decision->rolled);
    return demand != GATE_GO && demand == decision->result->decision;
}

int gate_report_verdict(const struct decision *decision)
{
    const struct gate *gate = &decision->file->gate;
    bool proved = decision->result->decision == GATE_BACK_OUT;
    for (size_t i = 0; i < gate->count; i++) {
        const struct gate_measure *measure = gate_measure_find(gate->criteria[i].measure);
        proved |= gate_report_is_reason(decision, i) && decision->result->outcomes[i] == GATE_FAIL &&
                  !(measure && measure->of_coverage);
    }
    return decision->result->decision == GATE_GO ? 0 : proved ? 2 : 3;
}

void gate_report_reason(const struct decision *decision, struct text *text)
{
    bool any = false;
    text_printf(text, "gate %s", decision->file->gate.name);
    for (size_t i = 0; i < decision->file->gate.count; i++) {
        if (!gate_report_is_reason(decision, i))
            continue;
        text_printf(text, "%s%s %s", any ? ", " : ": ", decision->file->gate.criteria[i].id,
            gate_outcome_name(decision->result->outcomes[i]));
        any = true;
    }
}

/* ---- for people ---- */

static void add_number(struct text *text, double value, enum gate_unit kind)
{
    switch (kind) {
    case GATE_SHARE:
        text_printf(text, "%.2f %%", 100 * value);
        return;
    case GATE_COUNT:
        text_printf(text, "%.0f", value);
        return;
    case GATE_AMOUNT:
    case GATE_FACTOR:
    case GATE_POINTS:
        text_printf(text, "%.2f", fabs(value) < 0.005 ? 0 : value); /* no "-0.00" */
        return;
    }
}

void gate_report_value(
    const struct gate_criterion *criterion, const struct gate_measured *measured, struct text *text)
{
    const struct gate_measure *measure = gate_measure_find(criterion->measure);
    enum gate_unit kind = measure ? measure->kind : GATE_AMOUNT;
    if (!measured->has_value) {
        text_printf(text, "not known: %s", measured->reason);
    } else {
        add_number(text, measured->interval.value, kind);
        if (measured->interval.low != measured->interval.high) {
            text_add(text, " (95 %: ");
            add_number(text, measured->interval.low, kind);
            text_add(text, " to ");
            add_number(text, measured->interval.high, kind);
            text_add(text, ")");
        }
        if (measured->denominator)
            text_printf(text, ", %" PRIu64 " of %" PRIu64, measured->numerator, measured->denominator);
    }
    text_printf(text, "; %s ", gate_bound_name(criterion->bound));
    add_number(text, criterion->threshold, kind);
    if (measure && kind != GATE_SHARE)
        text_printf(text, " %s", measure->unit);
}

static void add_criterion(const struct decision *decision, size_t i, size_t columns, struct text *text)
{
    const struct gate_criterion *criterion = &decision->file->gate.criteria[i];
    struct text words;
    char window[UTC_TEXT];
    text_start(&words);
    text_printf(&words, "%-8s%c ", gate_outcome_name(decision->result->outcomes[i]),
        gate_report_is_reason(decision, i) ? '*' : ' ');
    text_add_safe(&words, criterion->id);
    text_printf(&words, " (%s, %s): ", criterion->measure, utc_format_words(criterion->window_us, window));
    gate_report_value(criterion, &decision->measured[i], &words);
    text_add_wrapped(text, &words, 10, columns);
}

static void add_head(const struct decision *decision, size_t columns, struct text *text)
{
    static const char *const words_of[] = {
        [GATE_GO] = "GO", [GATE_POSTPONE] = "POSTPONE", [GATE_BACK_OUT] = "BACK OUT"};
    const struct gate *gate = &decision->file->gate;
    struct text words;
    char when[UTC_TEXT];
    text_start(&words);
    text_printf(&words, "%s as of %s, plan ", words_of[decision->result->decision],
        utc_format_short(decision->at_us, when));
    text_add_safe(&words, decision->plan);
    text_printf(&words, " (%s), by gate ", decision->rolled ? "the new key signs" : "before the roll");
    text_add_safe(&words, gate->name);
    text_add_wrapped(text, &words, 2, columns);
    if (gate->example)
        text_add(text, "The gate is an EXAMPLE: it decides nothing for anybody.\n");
    text_start(&words);
    text_add(&words, "Decides: ");
    text_add_safe(&words, gate->decides);
    text_add_wrapped(text, &words, 2, columns);
    text_add(text, "\n");
}

static void add_table(const struct decision *decision, size_t columns, struct text *text)
{
    const struct gate *gate = &decision->file->gate;
    char when[UTC_TEXT];
    add_head(decision, columns, text);
    for (size_t i = 0; i < gate->count; i++)
        add_criterion(decision, i, columns, text);
    if (decision->result->decision != GATE_GO)
        text_add(text, "\n* is a reason for the decision.\n");
    for (size_t i = 0; i < gate->dissent_count; i++) {
        struct text words;
        text_start(&words);
        text_add(&words, "Dissent, ");
        text_add_safe(&words, gate->dissent[i].who);
        text_printf(&words, ", %s: ", utc_format_short(gate->dissent[i].at_us, when));
        text_add_safe(&words, gate->dissent[i].text);
        text_add(text, i ? "" : "\n");
        text_add_wrapped(text, &words, 2, columns);
    }
}

int gate_report_write(const struct decision *decision, bool json, size_t columns, struct text *ret_text)
{
    if (!json) {
        add_table(decision, columns, ret_text);
        return ret_text->failed ? ERR_NOMEM : 0;
    }
    struct json *root = json_new_object();
    json_set_string(root, "schema", "rollcall.gate/1");
    json_set_string(root, "verdict", verdict_name((enum verdict)gate_report_verdict(decision)));
    decision_log_set(root, decision);
    int err = json_write(root, true, ret_text);
    json_free(root);
    return err;
}

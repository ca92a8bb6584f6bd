/* rollcall report --gate: go, postpone or back out; logged, and carried out on a plan, if that is asked for.
 */
#include "app/report/gate/gate_report.h"
#include "app/report/inside.h"
#include "app/report/gate/measure.h"
#include "cmd/plan_parts.h"
#include "cmd/report_parts.h"

#include "io/yaml/plan_yaml.h"

static int measure(const struct report_options *o, const struct report_judging *j, const struct gate *gate,
    struct arena *arena, struct gate_measured *ret_measured, const char **ret_missing, struct err_note *note)
{
    const struct measure_wish wish = {
        &j->roll, &j->limits, j->networks, j->question.zone, o->collector, j->question.to_us};
    return measure_all(j->store, gate, &wish, arena, ret_measured, ret_missing, note);
}

/* Whether the plan file has a roll that can still be held. */
static int can_postpone(const char *path, int64_t now_us, bool *ret_can, struct err_note *note)
{
    struct plan *plan;
    if (plan_builtin(path, &plan) == 0) {
        plan_free(plan);
        return err_set(
            note, ERR_USAGE, "--apply: a built-in plan is never changed; export it to a file first");
    }
    int rc = plan_yaml_find(path, &plan, note);
    if (rc)
        return rc;
    *ret_can = !plan_roll_at(plan, now_us).open;
    plan_free(plan);
    return 0;
}

/* A decision to postpone is carried out on the plan file, once; what is held already stays so. */
static int apply(const struct report_options *o, const struct decision *decision)
{
    struct err_note note = {""};
    bool can = false;
    int rc = o->apply ? can_postpone(o->apply, decision->at_us, &can, &note) : 0;
    if (rc)
        return cmd_fail("report", rc, "%s", note.text);
    if (!can || decision->result->decision != GATE_POSTPONE)
        return 0;
    struct text reason;
    text_start(&reason);
    gate_report_reason(decision, &reason);
    const struct plan_args args = {.command = "report",
        .plan = o->apply,
        .reason = reason.string,
        .who = decision->file->gate.decides,
        .now_us = decision->at_us,
        .quiet = true};
    int code = reason.failed ? cmd_fail("report", ERR_NOMEM, "out of memory") : plan_postpone_command(&args);
    text_free(&reason);
    return code;
}

static int write_decision(const struct report_options *o, const struct decision *decision)
{
    struct text text;
    text_start(&text);
    int rc = gate_report_write(decision, o->format == REPORT_JSON, cmd_screen().columns, &text);
    int code = rc ? cmd_fail("report", rc, "%s", err_str(rc)) : cmd_print("report", text.string, text.length);
    text_free(&text);
    return code ? code : gate_report_verdict(decision);
}

/* What is decided is logged before it is done or told. */
static int decide(const struct report_options *o, const struct report_judging *j,
    const struct gate_file *file, const struct gate_measured *measured, struct arena *arena)
{
    struct gate_result result = {
        .outcomes = arena_alloc(arena, (file->gate.count + 1) * sizeof *result.outcomes)};
    struct err_note note = {"out of memory"};
    struct text store;
    text_start(&store);
    report_add_store(&store, o->store);
    const struct decision decision = {.at_us = j->question.to_us,
        .plan = j->plan->name,
        .store = store.string,
        .rolled = j->roll.sign_us <= j->question.to_us,
        .file = file,
        .measured = measured,
        .result = &result};
    int rc = store.failed || !result.outcomes ? ERR_NOMEM : 0;
    if (!rc)
        gate_judge(&file->gate, measured, decision.rolled, &result);
    struct chain_end end;
    if (!rc && o->log)
        rc = decision_log_append(o->log, &decision, &end, &note);
    int code = rc ? cmd_fail("report", rc, "%s", note.text) : apply(o, &decision);
    if (!code && (o->page || o->html))
        code = report_page_of(o, j, &decision, arena);
    if (!code)
        code = o->page ? gate_report_verdict(&decision) : write_decision(o, &decision);
    text_free(&store);
    return code;
}

int report_gate(const struct report_options *o, struct arena *arena)
{
    struct err_note note = {"out of memory"};
    struct report_judging j = {.plan = NULL};
    struct gate_file file;
    struct gate_measured *measured = NULL;
    const char *missing = NULL;
    int rc = arena ? gate_file_read(o->gate, arena, &file, &note) : ERR_NOMEM;
    rc = rc ? rc : report_judging_begin(o, arena, &j, &note);
    if (!rc && !(measured = arena_alloc(arena, (file.gate.count + 1) * sizeof *measured)))
        rc = ERR_NOMEM;
    rc = rc ? rc : measure(o, &j, &file.gate, arena, measured, &missing, &note);
    if (!rc && missing)
        rc = err_set(
            &note, ERR_UNAVAILABLE, "nothing is decided on a part of the store: %s does not answer", missing);
    int code = rc ? cmd_fail("report", rc, "%s", note.text) : decide(o, &j, &file, measured, arena);
    report_judging_end(&j);
    return code;
}

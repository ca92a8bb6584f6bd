/* Any bytes: an error, or a plan that is written and read again without loss, also after an operation. */
#include "io/yaml/plan_yaml.h"

#include "base/text.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check_again(const struct plan *plan, const struct text *text)
{
    struct plan *again;
    struct err_note note;
    if (plan_yaml_read("again", text->string, text->length, &again, &note) || !plan_equal(plan, again))
        abort();
    plan_free(again);
}

/* The file is edited to hold what the operation made of its plan. */
static void check_edit(const struct plan *after, const uint8_t *bytes, size_t length)
{
    struct text text;
    bool rewritten;
    text_start(&text);
    if (plan_yaml_edit((const char *)bytes, length, after, &text, &rewritten))
        abort();
    check_again(after, &text);
    text_free(&text);
}

/* What was true before the decision still is, and the plan before it can be had back. */
static void check_past(const struct plan *before, const struct plan *after, int64_t now_us)
{
    struct plan *then;
    for (size_t i = 0; i < before->key_count; i++) {
        struct plan_key_state a = plan_key_at(&before->keys[i], now_us - 1);
        struct plan_key_state b = plan_key_at(&after->keys[i], now_us - 1);
        if (a.published != b.published || a.signing != b.signing || a.revoked != b.revoked)
            abort();
    }
    if (before->history_count)
        return; /* what a stranger wrote there need not fit the steps */
    if (plan_as_of(after, now_us - 1, &then) || !plan_equal(then, before))
        abort();
    plan_free(then);
}

static void check_operations(const struct plan *plan, const uint8_t *bytes, size_t length, int64_t now_us)
{
    struct plan *held, *resumed, *back;
    struct plan_decision by = {.now_us = now_us, .reason = "fuzz", .force = now_us % 2};
    if (plan_back_out(plan, by, &back, NULL) == 0) {
        check_edit(back, bytes, length);
        check_past(plan, back, now_us);
        plan_free(back);
    }
    if (plan_postpone(plan, UTC_OPEN, by, &held, NULL))
        return;
    check_edit(held, bytes, length);
    check_past(plan, held, now_us);
    if (plan_resume(held, now_us / 2 + UTC_LAST / 2, by, &resumed, NULL) == 0) {
        check_edit(resumed, bytes, length);
        check_past(plan, resumed, now_us);
        plan_free(resumed);
    }
    plan_free(held);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct plan *plan;
    struct err_note note;
    struct text text;
    if (plan_yaml_read("fuzz", (const char *)bytes, length, &plan, &note))
        return 0;
    text_start(&text);
    if (plan_yaml_write(plan, &text))
        abort();
    check_again(plan, &text);
    text_free(&text);
    for (size_t i = 0; i < plan->key_count && i < 4; i++)
        for (size_t j = 0; j < plan->keys[i].step_count && j < 4; j++)
            check_operations(plan, bytes, length, plan->keys[i].steps[j].at_us);
    plan_phase_at(plan, 0);
    plan_free(plan);
    return 0;
}

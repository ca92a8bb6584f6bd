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

static void check_edit(const struct plan *plan, const uint8_t *bytes, size_t length)
{
    struct plan *held;
    struct text text;
    bool rewritten;
    int64_t now = plan->history_count ? plan->history[plan->history_count - 1].at_us : 0;
    struct plan_decision by = {.now_us = now, .reason = "fuzz"};
    if (plan_postpone(plan, UTC_OPEN, by, &held, NULL))
        return;
    text_start(&text);
    if (plan_yaml_edit((const char *)bytes, length, held, &text, &rewritten))
        abort();
    check_again(held, &text);
    text_free(&text);
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
    check_edit(plan, bytes, length);
    plan_phase_at(plan, 0);
    plan_free(plan);
    return 0;
}

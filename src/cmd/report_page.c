/* rollcall report --html: the readiness of a store as one page, with a gate's decision if there is one. */
#include "app/report/page/page.h"
#include "cmd/report_parts.h"
#include "io/file/file.h"

static int tell(const struct report_options *o, const struct text *text)
{
    struct err_note note = {"out of memory"};
    if (!o->html)
        return cmd_print("report", text->string, text->length);
    int rc = file_replace(o->html, text->string, text->length, &note);
    return rc ? cmd_fail("report", rc, "%s", note.text) : 0;
}

int report_page_of(const struct report_options *o, const struct report_judging *j,
    const struct decision *decision, struct arena *arena)
{
    struct err_note note = {"out of memory"};
    const struct readiness_wish wish = {.by = READINESS_BY_CLASS,
        .roll = &j->roll,
        .limits = &j->limits,
        .question = &j->question,
        .networks = j->networks};
    struct trend_wish trend_wish = {.plan = j->plan,
        .limits = &j->limits,
        .networks = j->networks,
        .zone = j->question.zone,
        .collector = o->collector,
        .from_us = o->from ? j->question.from_us : INT64_MIN, /* from where the store begins */
        .to_us = j->question.to_us};
    struct readiness readiness = {.wish = NULL};
    struct trend trend;
    struct text text;
    text_start(&text);
    int rc = readiness_make(j->store, &wish, arena, &readiness, &note);
    struct page page = {.store = o->store,
        .plan_name = j->plan->name,
        .zone = j->question.zone,
        .readiness = &readiness,
        .decision = decision,
        .now_us = j->question.to_us};
    rc = rc ? rc : report_step(o, &trend_wish.step_us, &note);
    rc = rc ? rc : page_add_trend(&page, j->store, &trend_wish, arena, &trend, &note);
    rc = rc ? rc : page_write(&page, arena, &text);
    int code = rc ? cmd_fail("report", rc, "%s", note.text) : tell(o, &text);
    if (code == 0 && readiness.partial)
        code = cmd_fail("report", ERR_UNAVAILABLE, "the page is partial, there is more than this: %s",
            readiness.missing ? readiness.missing : "part of the store does not answer");
    readiness_free(&readiness);
    text_free(&text);
    return code;
}

int report_page(const struct report_options *o, struct arena *arena)
{
    struct err_note note = {"out of memory"};
    struct report_judging j = {.plan = NULL};
    int rc = report_judging_begin(o, arena, &j, &note);
    int code = rc ? cmd_fail("report", rc, "%s", note.text) : report_page_of(o, &j, NULL, arena);
    report_judging_end(&j);
    return code;
}

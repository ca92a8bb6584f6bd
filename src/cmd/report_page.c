/* rollcall report --html: the readiness of a store as one page, with a gate's decision if there is one. */
#include "app/report/page.h"
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

/* From where the store begins, if --from does not say otherwise. A page without a trend is one all the same.
 */
static int add_trend(const struct report_judging *j, const struct trend_wish *wish, struct arena *arena,
    struct trend *trend, struct page *page, struct err_note *note)
{
    int rc = trend_make(j->store, wish, arena, trend, note);
    if (rc == 0)
        page->trend = trend;
    else if (rc == ERR_USAGE || rc == ERR_NOINPUT)
        page->no_trend = arena_string(arena, note->text);
    return page->trend || page->no_trend ? 0 : rc;
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
        .from_us = o->from ? j->question.from_us : INT64_MIN,
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
    rc = rc ? rc : add_trend(j, &trend_wish, arena, &trend, &page, &note);
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

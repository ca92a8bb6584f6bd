/* The steps of a participant's roll as a calendar that a mail program can subscribe to. */
#include "app/web/inside.h"
#include "app/web/view.h"
#include "core/roll/plan_ical.h"

void calendar_get(struct ask *ask)
{
    struct view_one one;
    if (!ask_one(ask, &one))
        return;
    if (!one.plan || plan_ical_write(one.plan, ask->request->now_us, &ask->answer->body) != 0) {
        ask_fail(ask, 503, "The plan of this roll cannot be read.");
    } else {
        ask->answer->status = 200;
        ask->answer->type = "text/calendar; charset=utf-8";
        ask->answer->file_name = "rollcall.ics";
    }
    view_one_free(&one);
}

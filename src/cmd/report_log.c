/* rollcall report --log, by itself: the decisions of a log, verified. */
#include "app/report/gate/decision_list.h"
#include "cmd/report_parts.h"

int report_log(const struct report_options *o)
{
    struct err_note note = {"out of memory"};
    struct text text;
    text_start(&text);
    int rc = decision_list_write(o->log, o->format == REPORT_JSON, cmd_screen().columns, &text, &note);
    return report_print(&text, rc, &note, false, NULL);
}

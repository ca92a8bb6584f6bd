/* The steps of a participant's roll as a calendar (RFC 5545). */
#include "app/web/inside.h"
#include "app/web/route.h"
#include "app/web/view.h"

void calendar_get(struct ask *ask)
{
    ask_fail(ask, 404, "There is no calendar.");
}

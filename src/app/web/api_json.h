/* api_json: plans and participants as JSON, the same for every document of the API. */
#ifndef APP_WEB_API_JSON_H
#define APP_WEB_API_JSON_H

#include "app/web/view.h"

struct json;

/* Name, title, keys with their steps and states now, history, the roll and its moments. */
void api_json_plan(struct json *object, const struct plan *plan, int64_t now_us);

/* What is public of a participant. */
void api_json_participant(struct json *object, const struct view_participant *participant);

#endif

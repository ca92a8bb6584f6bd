/* inside: what the files of app/web share. */
#ifndef APP_WEB_INSIDE_H
#define APP_WEB_INSIDE_H

#include "app/web/web.h"
#include "base/arena.h"
#include "base/text.h"
#include "io/http/form.h"
#include "io/http/http.h"
#include "io/http/rate.h"
#include "io/store/store.h"

struct web {
    struct web_config config;
    struct arena *arena; /* the configuration's strings */
    struct http_server *http;
    struct store *store; /* of the serving thread */
    struct store *news;  /* of the thread that waits for news */
    struct rate_table *enrolments;
    int64_t news_version, news_us; /* what was told last, and when; of that thread alone */
    struct {
        int64_t version, at_us; /* of the store, and when it was made */
        struct text page;
    } home;                /* the overview that was made last: many look at it in the same second */
    int64_t tried_us;      /* when /readyz last wrote; INT64_MIN: never */
    const char *not_ready; /* why, by the last attempt; NULL: ready */
};

/* One request being answered. */
struct ask {
    struct web *web;
    const struct http_request *request;
    struct http_answer *answer;
    struct arena *arena;
    const char *part; /* what stands for the * of the route, or "" */
};

/* Answers a request; `web` is a struct web with a store. What http calls. */
void web_handle(void *web, const struct http_request *request, struct http_answer *answer);

/* Ends a request with an error: JSON below /api, else a page. `message` is plain text, escaped here. */
void ask_fail(struct ask *ask, unsigned status, const char *message);
/* The same for one of our error codes: 404 for ERR_NOINPUT, 400 for ERR_DATA …, 503 for what the store says.
 */
void ask_fail_store(struct ask *ask, int err, const struct err_note *note);

/* What the store holds, or of the participant that the route names; false: the request was ended with an
 * error. Freed by view_free(), view_one_free(). */
struct view;
struct view_one;
bool ask_view(struct ask *ask, struct view *ret_view);
bool ask_one(struct ask *ask, struct view_one *ret_one);

/* Writes a JSON document and frees it. */
struct json;
void ask_json(struct ask *ask, unsigned status, struct json *document);

/* The answer's body as an HTML page in the making. */
struct text *ask_page(struct ask *ask, unsigned status);

/* The names of the built-in plans and of those that the operator offers; a plan of one of them, or NULL.
 * Freed by the caller. */
size_t ask_plan_names(struct ask *ask, const char *const **ret_names);
struct plan *ask_plan(struct ask *ask, const char *name);

/* The handlers, by route. */
void home_get(struct ask *ask);
void join_get(struct ask *ask);
void participant_get(struct ask *ask);
void readiness_get(struct ask *ask);
void plans_get(struct ask *ask);
void plan_get(struct ask *ask);
void calendar_get(struct ask *ask);
void asset_get(struct ask *ask);
void events_get(struct ask *ask);
void api_index_get(struct ask *ask);
void api_overview_get(struct ask *ask);
void api_participant_get(struct ask *ask);
void api_readiness_get(struct ask *ask);
void api_plans_get(struct ask *ask);
void api_plan_get(struct ask *ask);
void enrol_post(struct ask *ask);
void observe_post(struct ask *ask);
void metrics_get(struct ask *ask);
void health_get(struct ask *ask);
void ready_get(struct ask *ask);

#endif

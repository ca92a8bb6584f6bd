/* For machines that watch: metrics, alive, ready. */
#include "app/web/inside.h"
#include "app/web/view.h"
#include "base/log.h"

#include <string.h>
#include <sys/statvfs.h>

enum { TRY_EACH_S = 10, LEAST_FREE = 4 << 20, MAX_METRICS = 32 };

void health_get(struct ask *ask)
{
    ask->answer->status = 200;
    text_add(&ask->answer->body, "ok\n");
}

/* Reads and really writes, but not for every question: each write is news to the pages. Why it fails is for
 * the log; the answer holds no path. */
static void try_store(struct ask *ask)
{
    struct web *web = ask->web;
    struct err_note note = {""};
    char now[UTC_TEXT];
    struct store_roll *rolls;
    size_t count;
    struct statvfs disk;
    const char *fault = NULL;
    if (store_rolls(web->store, ask->arena, &rolls, &count, &note) != 0)
        fault = "the store cannot be read";
    else if (store_setting_set(web->store, "web.ready", utc_format(ask->request->now_us, now), &note) != 0)
        fault = "the store cannot be written";
    else if (statvfs(web->config.state, &disk) == 0 && disk.f_bavail * disk.f_frsize < LEAST_FREE)
        fault = "the disk is nearly full";
    if (fault && !web->not_ready)
        log_error("not ready: %s; %s", fault, note.text);
    if (!fault && web->not_ready)
        log_info("ready again");
    web->not_ready = fault;
    web->tried_us = ask->request->now_us;
}

void ready_get(struct ask *ask)
{
    struct web *web = ask->web;
    int64_t since_us = web->tried_us == INT64_MIN ? -1 : ask->request->now_us - web->tried_us;
    if (since_us < 0 || since_us >= TRY_EACH_S * UTC_SECOND || web->not_ready)
        try_store(ask);
    ask->answer->status = web->not_ready ? 503 : 200;
    text_printf(&ask->answer->body, web->not_ready ? "not ready: %s\n" : "ready\n", web->not_ready);
}

/* --- metrics: Prometheus text format 0.0.4 --- */

static void head(struct text *out, const char *name, const char *type, const char *help)
{
    text_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void one(struct text *out, const char *name, const char *type, const char *help, int64_t value)
{
    head(out, name, type, help);
    text_printf(out, "%s %lld\n", name, (long long)value);
}

static void by_verdict(struct text *out, const struct view *view, bool users)
{
    const char *name = users ? "rollcall_users" : "rollcall_participants";
    head(out, name, "gauge", users ? "Users behind participants, by verdict." : "Participants, by verdict.");
    for (int v = 0; v < VIEW_VERDICTS; v++) {
        int64_t sum = 0;
        for (size_t i = 0; i < view->roll_count; i++)
            sum += users ? view->rolls[i].totals[v].users : (int64_t)view->rolls[i].totals[v].participants;
        text_printf(out, "%s{verdict=\"%s\"} %lld\n", name, verdict_name((enum verdict)v), (long long)sum);
    }
}

static void http_metrics(struct text *out, struct http_server *http)
{
    struct http_counters counters = http_count(http);
    one(out, "rollcall_http_requests_total", "counter", "HTTP requests.", (int64_t)counters.requests);
    one(out, "rollcall_http_rate_limited_total", "counter", "HTTP requests refused with 429.",
        (int64_t)counters.refused_rate);
    one(out, "rollcall_http_slow_closed_total", "counter", "HTTP connections closed for being slow.",
        (int64_t)counters.closed_slow);
    one(out, "rollcall_http_connections", "gauge", "HTTP connections open.", counters.connections);
    one(out, "rollcall_http_streams", "gauge", "Event streams open.", counters.streams);
}

void metrics_get(struct ask *ask)
{
    struct view view;
    if (!ask_view(ask, &view))
        return;
    struct text *out = &ask->answer->body;
    ask->answer->status = 200;
    ask->answer->type = "text/plain; version=0.0.4; charset=utf-8";
    head(out, "rollcall_build_info", "gauge", "The program's version; always 1.");
    text_add(out, "rollcall_build_info{version=\"" ROLLCALL_VERSION "\"} 1\n");
    by_verdict(out, &view, false);
    by_verdict(out, &view, true);
    one(out, "rollcall_rolls", "gauge", "Rolls, those that are over included.", (int64_t)view.roll_count);
    if (ask->web->http)
        http_metrics(out, ask->web->http);
    struct web_metric more[MAX_METRICS];
    const struct web_config *config = &ask->web->config;
    size_t count = config->metrics ? config->metrics(config->context, more, MAX_METRICS) : 0;
    for (size_t i = 0; i < count && i < MAX_METRICS; i++)
        one(out, more[i].name, more[i].gauge ? "gauge" : "counter", more[i].help, more[i].value);
    view_free(&view);
}

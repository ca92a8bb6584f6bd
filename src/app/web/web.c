/* Starting and stopping, and the way from a request to the function that answers it. */
#include "app/web/inside.h"
#include "app/web/part.h"
#include "app/web/route.h"
#include "base/log.h"
#include "io/json/json.h"
#include "io/proc/clock.h"

#include <stdlib.h>
#include <string.h>

enum { NEWS_EACH_US = 1000000 }; /* at most, however fast counts grow */

static const char *status_word(unsigned status)
{
    static const struct {
        unsigned status;
        const char *word;
    } words[] = {{400, "Bad request"}, {403, "Forbidden"}, {404, "Not found"}, {405, "Method not allowed"},
        {413, "Too long"}, {415, "Unsupported type"}, {429, "Too many requests"}, {500, "A fault of ours"},
        {503, "Not available now"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i].status == status)
            return words[i].word;
    return "Error";
}

struct text *ask_page(struct ask *ask, unsigned status)
{
    ask->answer->status = status;
    ask->answer->type = "text/html; charset=utf-8";
    return &ask->answer->body;
}

void ask_json(struct ask *ask, unsigned status, struct json *document)
{
    ask->answer->status = status;
    ask->answer->type = "application/json";
    if (json_write(document, true, &ask->answer->body) != 0)
        ask->answer->status = 500;
    json_free(document);
}

void ask_fail(struct ask *ask, unsigned status, const char *message)
{
    const char *path = ask->request->path;
    if (strcmp(path, "/api") == 0 || strncmp(path, "/api/", 5) == 0) {
        struct json *root = json_new_object();
        json_set_string(root, "error", message);
        ask_json(ask, status, root);
        return;
    }
    struct text *out = ask_page(ask, status);
    part_open(out, &(struct part_frame){status_word(status), NULL, 0, true});
    text_printf(out, "<section class=\"card narrow\"><h1>%s</h1><p>", status_word(status));
    text_add_html(out, message);
    text_add(out, "</p><p><a href=\"/\">To the overview</a></p></section>\n");
    part_close(out);
}

void ask_fail_store(struct ask *ask, int err, const struct err_note *note)
{
    if (err == ERR_NOINPUT)
        ask_fail(ask, 404, "There is no such participant.");
    else if (err == ERR_USAGE)
        ask_fail(ask, 400, note->text);
    else {
        log_error("web: %s", note->text[0] ? note->text : err_str(err));
        ask_fail(ask, err == ERR_NOMEM || err == ERR_INTERNAL ? 500 : 503,
            "The platform\xe2\x80\x99s store cannot be used now; its log says why.");
    }
}

bool ask_view(struct ask *ask, struct view *ret_view)
{
    struct err_note note = {""};
    int err = view_load(ask->web->store, ask->request->now_us, ask->arena, ret_view, &note);
    if (err)
        ask_fail_store(ask, err, &note);
    return !err;
}

bool ask_one(struct ask *ask, struct view_one *ret_one)
{
    struct err_note note = {""};
    int err = route_is_token(ask->part) ? view_one_load(ask->web->store, ask->part, ask->request->now_us,
                                              ask->arena, ret_one, &note)
                                        : ERR_NOINPUT;
    if (err)
        ask_fail_store(ask, err, &note);
    return !err;
}

/* --- from a request to its function --- */

static const char *fault_message(unsigned status)
{
    switch (status) {
    case 413:
        return "The body is too long: 16 KiB at most.";
    case 429:
        return "Too many requests from your address: wait as Retry-After says.";
    case 405:
        return "This method is not known here.";
    }
    return "The request cannot be answered.";
}

static const char *methods_of(const struct route *route)
{
    return route->get && route->post ? "GET, HEAD, POST" : route->get ? "GET, HEAD" : "POST";
}

static void dispatch(struct ask *ask)
{
    char part[ROUTE_PART + 1];
    const struct http_request *request = ask->request;
    const struct route *route = route_find(request->path, part);
    ask->part = part;
    if (route && request->fault == 405)
        ask->answer->allow = methods_of(route);
    if (request->fault) {
        ask_fail(ask, request->fault, fault_message(request->fault));
    } else if (!route) {
        ask_fail(ask, 404, "There is nothing here.");
    } else if (request->method == HTTP_POST ? !route->post : !route->get) {
        ask->answer->allow = methods_of(route);
        ask_fail(ask, 405, "This method is not known here.");
    } else if (request->method == HTTP_POST) {
        route->post(ask);
    } else {
        route->get(ask);
    }
}

void web_handle(void *context, const struct http_request *request, struct http_answer *answer)
{
    struct ask ask = {.web = context, .request = request, .answer = answer, .arena = arena_new(), .part = ""};
    if (ask.arena)
        dispatch(&ask);
    arena_free(ask.arena);
}

static int64_t news(void *context)
{
    struct web *web = context;
    int64_t version = store_version(web->news), now_us = clock_mono_us();
    if (version != web->news_version && now_us - web->news_us >= NEWS_EACH_US) {
        web->news_version = version;
        web->news_us = now_us;
    }
    return web->news_version;
}

/* --- from the beginning to the end --- */

static struct web_config with_defaults(const struct web_config *given)
{
    struct web_config config = *given;
    struct http_config http = http_defaults();
    config.max_participants = config.max_participants ? config.max_participants : 10000;
    config.rate = config.rate ? config.rate : http.rate;
    config.burst = config.burst ? config.burst : http.burst;
    config.enrol_each_s = config.enrol_each_s ? config.enrol_each_s : 30;
    config.enrol_burst = config.enrol_burst ? config.enrol_burst : 10;
    config.connections = config.connections ? config.connections : http.connections;
    config.address_connections =
        config.address_connections ? config.address_connections : http.address_connections;
    config.streams = config.streams ? config.streams : http.streams;
    return config;
}

static int keep_config(struct web *web, const struct web_config *given)
{
    web->config = with_defaults(given);
    web->config.state = arena_string(web->arena, given->state);
    web->config.parent = arena_string(web->arena, given->parent);
    const char **dns = arena_alloc(web->arena, (given->dns_count + 1) * sizeof *dns);
    if (!web->config.state || !web->config.parent || !dns)
        return ERR_NOMEM;
    for (size_t i = 0; i < given->dns_count; i++)
        if (!(dns[i] = arena_string(web->arena, given->dns[i])))
            return ERR_NOMEM;
    web->config.dns = dns;
    return 0;
}

static int bind_http(struct web *web, const struct web_config *given, struct err_note *note)
{
    const struct web_config *config = &web->config;
    struct http_config http = http_defaults();
    http.listen = given->listen;
    http.proxy = given->proxy;
    http.connections = config->connections;
    http.address_connections = config->address_connections;
    http.streams = config->streams;
    http.rate = config->rate;
    http.burst = config->burst;
    http.handle = web_handle;
    http.news = news;
    http.context = web;
    web->config.listen = web->config.proxy = NULL;
    return http_bind(&http, &web->http, note);
}

int web_bind(const struct web_config *config, struct web **ret_web, struct err_note *note)
{
    struct web *web = calloc(1, sizeof *web);
    if (!web)
        return ERR_NOMEM;
    web->tried_us = INT64_MIN;
    text_start(&web->home.page);
    web->arena = arena_new();
    int err = web->arena ? keep_config(web, config) : ERR_NOMEM;
    if (!err) {
        web->enrolments = rate_new(1.0 / web->config.enrol_each_s, web->config.enrol_burst);
        err = web->enrolments ? bind_http(web, config, note) : ERR_NOMEM;
    }
    if (err)
        web_stop(web);
    else
        *ret_web = web;
    return err;
}

const char *web_address(const struct web *web)
{
    return http_address(web->http);
}

int web_start(struct web *web, struct err_note *note)
{
    int err = store_open(web->config.state, false, &web->store, note);
    if (!err)
        err = store_open(web->config.state, false, &web->news, note);
    return err ? err : http_start(web->http, note);
}

void web_stop(struct web *web)
{
    if (!web)
        return;
    http_stop(web->http);
    store_close(web->store);
    store_close(web->news);
    rate_free(web->enrolments);
    text_free(&web->home.page);
    arena_free(web->arena);
    free(web);
}

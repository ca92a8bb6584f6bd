/* Every page as JSON. What is public and what is not is as on the pages. */
#include "app/web/inside.h"
#include "app/web/snippet.h"
#include "io/json/json.h"
#include "io/json/plan_json.h"
#include "io/json/verdict_json.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *method, *path, *what;
} endpoints[] = {
    {"GET", "/api/", "this list"},
    {"GET", "/api/overview",
        "rolls, participants, users by verdict, changes; ?roll=ID&from=N for more participants"},
    {"GET", "/api/readiness", "what the signals of resolvers tell, by class (rollcall.report/1)"},
    {"GET", "/api/readiness/ID", "the same of one roll"},
    {"GET", "/api/plans", "the built-in plans and those of the configuration"},
    {"GET", "/api/plans/NAME", "one of them"},
    {"POST", "/api/participants", "take part: label, contact, country, users, plan, ttl"},
    {"GET", "/api/participants/TOKEN", "one participant: verdict, evidence, keys, configuration"},
    {"POST", "/api/participants/TOKEN/observations",
        "report what the resolver answered: answer, source, at, name"},
    {"GET", "/events", "server-sent events: one whenever there is news"},
    {"GET", "/p/TOKEN/calendar.ics", "the steps of the roll as a calendar"},
    {"GET", "/metrics", "figures for Prometheus"},
    {"GET", "/healthz", "alive"},
    {"GET", "/readyz", "able to read and write the store"},
};

void api_index_get(struct ask *ask)
{
    struct json *root = json_new_object();
    json_set_string(root, "schema", "rollcall.index/1");
    json_set_string(root, "version", ROLLCALL_VERSION);
    struct json *list = json_set_array(root, "endpoints");
    for (size_t i = 0; i < sizeof endpoints / sizeof *endpoints; i++) {
        struct json *one = json_add_object(list);
        json_set_string(one, "method", endpoints[i].method);
        json_set_string(one, "path", endpoints[i].path);
        json_set_string(one, "what", endpoints[i].what);
    }
    ask_json(ask, 200, root);
}

/* --- overview --- */

/* What is public. */
static void set_participant(struct json *object, const struct view_participant *p)
{
    json_set_int(object, "number", p->row.id);
    json_set_string(object, "label", p->row.label);
    json_set_string(object, "country", *p->row.country ? p->row.country : NULL);
    if (p->row.users < 0)
        json_set_null(object, "users");
    else
        json_set_int(object, "users", p->row.users);
    json_set_time(object, "joined", p->row.joined_us);
    json_set_string(object, "verdict", verdict_name(p->verdict));
    json_set_string(object, "state", verdict_state_name(p->state));
    json_set_string(object, "summary", p->summary);
    json_set_time(object, "trust", p->trust_us);
    json_set_time(object, "breaks", p->break_us);
    json_set_time(object, "broke", p->broke_us);
}

static void set_totals(struct json *object, const struct view_roll *roll)
{
    for (int v = 0; v < VIEW_VERDICTS; v++) {
        struct json *one = json_set_object(object, verdict_name((enum verdict)v));
        json_set_int(one, "participants", (int64_t)roll->totals[v].participants);
        json_set_int(one, "users", roll->totals[v].users);
    }
}

static void set_roll(
    struct ask *ask, struct json *object, const struct view *view, struct view_roll *roll, size_t from)
{
    json_set_int(object, "id", roll->row.id);
    json_set_string(object, "plan", roll->row.plan_name);
    json_set_time(object, "start", roll->row.start_us);
    json_set_string(object, "phase", roll->phase);
    json_set_string(object, "verdict", verdict_name(roll->worst));
    if (roll->plan)
        plan_json_set(json_set_object(object, "document"), roll->plan, view->now_us);
    else
        json_set_null(object, "document");
    set_totals(json_set_object(object, "totals"), roll);
    json_set_int(object, "users_not_told", (int64_t)roll->users_untold);
    json_set_int(object, "participant_count", (int64_t)roll->count);
    json_set_int(object, "from", (int64_t)from);
    struct json *list = json_set_array(object, "participants");
    for (size_t i = from; i < roll->count && i < from + VIEW_PAGE; i++) {
        view_dates(&roll->participants[i], ask->arena);
        set_participant(json_add_object(list), &roll->participants[i]);
    }
}

static void set_changes(struct json *list, const struct view *view)
{
    for (size_t i = 0; i < view->change_count; i++) {
        struct json *one = json_add_object(list);
        const struct store_verdict *verdict = &view->changes[i].verdict;
        json_set_time(one, "at", verdict->at_us);
        json_set_int(one, "number", view->changes[i].participant->row.id);
        json_set_string(one, "label", view->changes[i].participant->row.label);
        json_set_string(one, "verdict", verdict_name(view_verdict(verdict->verdict)));
        json_set_string(one, "summary", verdict->summary);
    }
}

static size_t query_number(struct ask *ask, const char *name)
{
    struct form query;
    if (form_read(ask->request->query, strlen(ask->request->query), ask->arena, &query) != 0)
        return 0;
    const char *text = form_get(&query, name);
    return text && *text && strlen(text) < 12 && text[strspn(text, "0123456789")] == '\0'
               ? strtoul(text, NULL, 10)
               : 0;
}

static enum verdict worst_of(const struct view *view)
{
    bool any = false;
    enum verdict worst = VERDICT_UNKNOWN;
    for (size_t i = 0; i < view->roll_count; i++)
        if (view->rolls[i].count) {
            worst = any ? verdict_worse(worst, view->rolls[i].worst) : view->rolls[i].worst;
            any = true;
        }
    return worst;
}

void api_overview_get(struct ask *ask)
{
    struct view view;
    if (!ask_view(ask, &view))
        return;
    size_t wanted = query_number(ask, "roll"), from = query_number(ask, "from");
    struct json *root = json_new_object();
    json_set_string(root, "schema", "rollcall.overview/1");
    json_set_time(root, "now", view.now_us);
    json_set_string(root, "verdict", verdict_name(worst_of(&view)));
    struct json *rolls = json_set_array(root, "rolls");
    for (size_t i = 0; i < view.roll_count; i++)
        set_roll(ask, json_add_object(rolls), &view, &view.rolls[i],
            wanted == (size_t)view.rolls[i].row.id && from < view.rolls[i].count ? from : 0);
    set_changes(json_set_array(root, "changes"), &view);
    ask_json(ask, 200, root);
    view_free(&view);
}

/* --- one participant --- */

static void set_keys(struct json *list, const struct view_one *one)
{
    for (size_t i = 0; i < one->key_count; i++) {
        struct json *key = json_add_object(list);
        json_set_string(key, "id", one->keys[i].id);
        json_set_int(key, "flags", one->keys[i].flags);
        json_set_int(key, "tag", one->keys[i].tag);
        json_set_string(key, "dnskey", one->keys[i].dnskey);
        json_set_string(key, "ds", one->keys[i].ds);
        json_set_bool(key, "anchor", &one->keys[i] == one->anchor);
    }
}

static void set_snippets(struct ask *ask, struct json *object, const struct view_one *one)
{
    for (enum snippet_product p = 0; p < SNIPPET_PRODUCTS; p++) {
        struct json *product = json_set_object(object, snippet_key(p));
        struct text plain;
        text_start(&plain);
        snippet_write(&plain, p, &ask->web->config, one);
        json_set_string(product, "configuration", plain.string);
        json_set_string(product, "mind", snippet_warning(p));
        json_set_string(product, "remove", snippet_remove(p));
        text_free(&plain);
    }
}

static void set_history(struct json *list, const struct view_one *one)
{
    for (size_t i = 0; i < one->history_count; i++) {
        struct json *change = json_add_object(list);
        json_set_time(change, "at", one->history[i].at_us);
        json_set_string(change, "verdict", verdict_name(view_verdict(one->history[i].verdict)));
        json_set_string(change, "state", verdict_state_name(view_state(one->history[i].state)));
        json_set_string(change, "summary", one->history[i].summary);
    }
}

static void set_verdict(struct json *object, const struct view_one *one)
{
    struct verdict_result result = one->result;
    if (!one->judged)
        result = (struct verdict_result){.verdict = one->participant.verdict,
            .state = one->participant.state,
            .summary = one->participant.summary,
            .trust_us = UTC_OPEN,
            .break_us = UTC_OPEN,
            .broke_us = UTC_OPEN};
    verdict_json_set(object, &result);
}

void api_participant_get(struct ask *ask)
{
    struct view_one one;
    if (!ask_one(ask, &one))
        return;
    const struct store_participant *row = &one.participant.row;
    struct json *root = json_new_object();
    json_set_string(root, "schema", "rollcall.participant/1");
    json_set_time(root, "now", one.now_us);
    set_verdict(root, &one);
    json_set_int(root, "number", row->id);
    json_set_string(root, "label", row->label);
    json_set_string(root, "contact", *row->contact ? row->contact : NULL);
    json_set_string(root, "country", *row->country ? row->country : NULL);
    if (row->users < 0)
        json_set_null(root, "users");
    else
        json_set_int(root, "users", row->users);
    json_set_string(root, "zone", row->zone);
    json_set_int(root, "ttl", row->ttl_s);
    json_set_time(root, "joined", row->joined_us);
    json_set_time(root, "left", row->left_us ? row->left_us : UTC_OPEN);
    set_keys(json_set_array(root, "keys"), &one);
    if (one.plan)
        plan_json_set(json_set_object(root, "plan"), one.plan, one.now_us);
    else
        json_set_null(root, "plan");
    set_snippets(ask, json_set_object(root, "snippets"), &one);
    set_history(json_set_array(root, "history"), &one);
    ask_json(ask, 200, root);
    view_one_free(&one);
}

/* --- plans --- */

void api_plans_get(struct ask *ask)
{
    struct json *root = json_new_object();
    json_set_string(root, "schema", "rollcall.plans/1");
    struct json *list = json_set_array(root, "plans");
    const char *const *names;
    size_t count = ask_plan_names(ask, &names);
    for (size_t i = 0; i < count; i++) {
        struct plan *plan = ask_plan(ask, names[i]);
        if (!plan)
            continue;
        struct json *one = json_add_object(list);
        json_set_string(one, "name", plan->name);
        json_set_string(one, "title", plan->title);
        json_set_bool(one, "template", plan->relative);
        if (!plan->relative)
            json_set_string(one, "phase", plan_phase_at(plan, ask->request->now_us));
        plan_free(plan);
    }
    ask_json(ask, 200, root);
}

void api_plan_get(struct ask *ask)
{
    struct plan *plan = ask_plan(ask, ask->part);
    if (!plan) {
        ask_fail(ask, 404, "There is no such plan.");
        return;
    }
    struct json *root = json_new_object();
    json_set_string(root, "schema", PLAN_JSON_SCHEMA);
    plan_json_set(root, plan, plan->relative ? INT64_MIN : ask->request->now_us);
    ask_json(ask, 200, root);
    plan_free(plan);
}

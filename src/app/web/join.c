/* Taking part: the form, and what comes of it. A form is answered by a page, JSON by JSON. The form has a
 * page of its own because the overview reloads itself where there is no JavaScript, and would wipe what is
 * being typed. */
#include "app/web/inside.h"
#include "app/web/part.h"
#include "app/web/view.h"
#include "app/web/wish.h"
#include "io/json/json.h"
#include "io/store/enrol.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static void field(struct text *out, const char *name, const char *title, const char *attributes,
    const char *value, const char *hint)
{
    text_printf(out,
        "<p class=\"field\"><label for=\"f-%s\">%s</label>\n<input id=\"f-%s\" name=\"%s\" %s "
        "aria-describedby=\"h-%s\" value=\"",
        name, title, name, name, attributes, name);
    text_add_html(out, value);
    text_printf(out, "\">\n<span class=\"hint\" id=\"h-%s\">%s</span></p>\n", name, hint);
}

static void option(struct text *out, const char *value, const char *title, bool chosen)
{
    text_printf(out, "<option value=\"%s\"%s>", value, chosen ? " selected" : "");
    text_add_html(out, title);
    text_add(out, "</option>\n");
}

/* Templates, and dated plans of the operator that test zones can follow. */
static void plan_field(struct ask *ask, struct text *out, const char *chosen)
{
    text_add(out, "<p class=\"field\"><label for=\"f-plan\">Plan</label>\n<select id=\"f-plan\" "
                  "name=\"plan\" aria-describedby=\"h-plan\">\n");
    const char *const *names;
    size_t count = ask_plan_names(ask, &names);
    for (size_t i = 0; i < count; i++) {
        struct plan *plan = ask_plan(ask, names[i]);
        if (plan && (plan->relative || !plan->builtin) && rolls_can_follow(plan, NULL) == 0)
            option(out, plan->name, plan->name, strcmp(chosen, plan->name) == 0);
        plan_free(plan);
    }
    text_add(out,
        "</select>\n<span class=\"hint\" id=\"h-plan\">What the zone\xe2\x80\x99s keys will do, and when: <a "
        "href=\"/plans\">the plans</a>. Take testzone for a resolver in service; testzone-fast needs "
        "shortened timers.</span></p>\n");
}

static void ttl_field(struct text *out, uint32_t chosen)
{
    text_add(out, "<p class=\"field\"><label for=\"f-ttl\">TTL of the keys</label>\n<select id=\"f-ttl\" "
                  "name=\"ttl\" aria-describedby=\"h-ttl\">\n");
    option(out, "", "the plan\xe2\x80\x99s own", chosen == 0);
    option(out, "60", "60 s: looked at every hour", chosen == 60);
    option(out, "172800", "2 days, as the root: looked at every day", chosen == 172800);
    text_add(out, "</select>\n<span class=\"hint\" id=\"h-ttl\">It decides how often a resolver looks for "
                  "new keys (RFC 5011).</span></p>\n");
}

static void form_page(struct ask *ask, unsigned status, const struct wish *wish, const char *error)
{
    struct text *out = ask_page(ask, status);
    char users[24] = "";
    if (wish->users >= 0)
        snprintf(users, sizeof users, "%lld", (long long)wish->users);
    part_open(out, &(struct part_frame){"Take part", "/join", 0, false});
    text_add(out, "<section class=\"card narrow\"><h1>Take part with a resolver</h1>\n<p>You get a zone of "
                  "your own and a page "
                  "that tells what to configure. The label, the country and the number of users are shown to "
                  "everyone; the "
                  "contact, the zone and the evidence only to you.</p>\n");
    if (error) {
        text_add(out, "<p class=\"notice notice-error\" role=\"alert\">");
        text_add_html(out, error);
        text_add(out, "</p>\n");
    }
    text_add(out, "<form method=\"post\" action=\"/api/participants\" accept-charset=\"utf-8\">\n");
    field(out, "label", "Name of the resolver", "required maxlength=\"80\" autocomplete=\"off\"", wish->label,
        "As people should see it, 80 characters at most.");
    field(out, "contact", "Contact", "maxlength=\"254\" autocomplete=\"email\"", wish->contact,
        "An e-mail address; not shown to others. May be left empty.");
    field(out, "country", "Country",
        "maxlength=\"2\" size=\"4\" pattern=\"[A-Za-z]{2}\" autocomplete=\"off\"", wish->country,
        "Two letters, as NL or BR. May be left empty.");
    field(out, "users", "Users behind it", "inputmode=\"numeric\" pattern=\"[0-9]*\" autocomplete=\"off\"",
        users, "How many people would be offline with it. May be left empty.");
    plan_field(ask, out, wish->plan);
    ttl_field(out, wish->ttl_s);
    text_add(out, "<p><button class=\"button\" type=\"submit\">Take part</button></p>\n</form></section>\n");
    part_close(out);
}

void join_get(struct ask *ask)
{
    form_page(ask, 200,
        &(struct wish){.label = "", .contact = "", .country = "", .plan = "testzone", .users = -1}, NULL);
}

/* --- what was sent --- */

static bool is_type(const char *type, const char *wanted)
{
    size_t length = strlen(wanted);
    return strncasecmp(type, wanted, length) == 0 && strchr("; \t", type[length]) != NULL;
}

static void refuse(struct ask *ask, bool form, unsigned status, const struct wish *wish, const char *message)
{
    if (form)
        form_page(ask, status, wish, message);
    else
        ask_fail(ask, status, message);
}

static void tell_json(struct ask *ask, const struct enrol_result *result)
{
    struct view_one one;
    struct err_note note = {""};
    int err = view_one_load(ask->web->store, result->token, ask->request->now_us, ask->arena, &one, &note);
    if (err) { /* it is enrolled all the same, and the token must not be lost */
        one = (struct view_one){.key_count = 0};
    }
    struct json *root = json_new_object();
    json_set_string(root, "schema", "rollcall.enrolment/1");
    json_set_string(root, "token", result->token);
    json_set_string(root, "zone", result->zone);
    json_set_int(root, "roll", result->roll_id);
    json_set_time(root, "start", result->start_us);
    json_set_string(root, "page", arena_printf(ask->arena, "/p/%s", result->token));
    json_set_string(root, "api", arena_printf(ask->arena, "/api/participants/%s", result->token));
    struct json *anchor = json_set_object(root, "anchor");
    json_set_string(anchor, "key", one.anchor ? one.anchor->id : NULL);
    json_set_string(anchor, "ds",
        one.anchor ? arena_printf(ask->arena, "%s IN DS %s", result->zone, one.anchor->ds) : NULL);
    json_set_string(anchor, "dnskey",
        one.anchor ? arena_printf(ask->arena, "%s IN DNSKEY %s", result->zone, one.anchor->dnskey) : NULL);
    snprintf(ask->answer->location, sizeof ask->answer->location, "/api/participants/%s", result->token);
    ask_json(ask, 201, root);
    if (!err)
        view_one_free(&one);
}

static void tell(struct ask *ask, bool form, const struct enrol_result *result)
{
    if (!form) {
        tell_json(ask, result);
        return;
    }
    ask->answer->status = 303;
    snprintf(ask->answer->location, sizeof ask->answer->location, "/p/%s?new", result->token);
}

static unsigned status_of(int err)
{
    return err == ERR_USAGE ? 400 : err == ERR_INTERNAL || err == ERR_NOMEM ? 500 : 503;
}

static void enrol(struct ask *ask, bool form, const struct wish *wish)
{
    struct err_note note = {""};
    struct enrol_result result;
    struct enrol_wish enrolment = {.label = wish->label,
        .contact = wish->contact,
        .country = wish->country,
        .users = wish->users,
        .roll = {.plan_name = wish->plan, .ttl_s = wish->ttl_s}};
    struct enrol_terms terms = {.parent = ask->web->config.parent,
        .now_us = ask->request->now_us,
        .most = ask->web->config.max_participants};
    char country[3];
    int err = enrol_check(&enrolment, country, &note); /* a slip of the pen costs no place in the rate */
    if (!err) {
        unsigned wait_s = rate_take(ask->web->enrolments, ask->request->client, ask->request->now_us);
        if (wait_s) {
            ask->answer->retry_after_s = wait_s;
            refuse(ask, form, 429, wish, "Too many enrolments from your address: try again later.");
            return;
        }
        err = enrol_participant(ask->web->store, &enrolment, &terms, &result, &note);
    }
    if (err)
        refuse(ask, form, status_of(err), wish, note.text[0] ? note.text : err_str(err));
    else
        tell(ask, form, &result);
}

void enrol_post(struct ask *ask)
{
    const struct http_request *request = ask->request;
    bool form = is_type(request->type, "application/x-www-form-urlencoded");
    struct wish wish = {.label = "", .contact = "", .country = "", .plan = "testzone", .users = -1};
    struct err_note note = {""};
    if (!form && !is_type(request->type, "application/json")) {
        ask_fail(ask, 415, "Send application/json or application/x-www-form-urlencoded.");
        return;
    }
    if (strcmp(request->fetch_site, "cross-site") == 0) {
        refuse(
            ask, form, 403, &wish, "This came from another site\xe2\x80\x99s page. Fill in the form here.");
        return;
    }
    int err = form ? wish_from_form(request->body, request->body_length, ask->arena, &wish, &note)
                   : wish_from_json(request->body, request->body_length, ask->arena, &wish, &note);
    if (err)
        refuse(ask, form, status_of(err), &wish, note.text[0] ? note.text : err_str(err));
    else
        enrol(ask, form, &wish);
}

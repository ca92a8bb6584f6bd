/* Every route, asked as http asks it, over a store in a directory of its own: what is shown, what is kept
 * back, what is refused; hostile words in every field; JSON against golden files (ROLLCALL_GOLDEN=write
 * writes them anew). */
#include "app/web/inside.h"
#include "base/markup_check.h"
#include "core/roll/plan.h"
#include "core/roll/verdict.h"
#include "io/json/json.h"
#include "io/json/verdict_json.h"
#include "io/store/enrol.h"
#include "io/store/store_test_dir.h"
#include "io/yaml/plan_yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* last */
#include <cmocka.h>

struct fixture {
    char directory[64];
    struct web web;
    struct http_answer answer;
    int64_t now_us;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct err_note note = {""};
    static const char *const dns[] = {"127.0.0.1:5300"};
    utc_parse("2018-01-15T12:00:00Z", &f->now_us);
    test_dir(f->directory);
    f->web = (struct web){.tried_us = INT64_MIN,
        .config = {.state = f->directory,
            .parent = "rolls.lab.",
            .dns = dns,
            .dns_count = 1,
            .max_participants = 100}};
    f->web.enrolments = rate_new(1, 5);
    text_start(&f->web.home.page);
    *state = f;
    return store_open(f->directory, false, &f->web.store, &note);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    text_free(&f->answer.body);
    text_free(&f->web.home.page);
    store_close(f->web.store);
    rate_free(f->web.enrolments);
    test_dir_remove(f->directory);
    free(f);
    return 0;
}

static const char *ask_with(struct fixture *f, struct http_request request)
{
    text_free(&f->answer.body);
    f->answer = (struct http_answer){.status = 0};
    text_start(&f->answer.body);
    request.now_us = f->now_us;
    const char **strings[] = {&request.path, &request.query, &request.type, &request.accept, &request.host,
        &request.fetch_site, &request.body};
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
        if (!*strings[i])
            *strings[i] = "";
    request.body_length = strlen(request.body);
    web_handle(&f->web, &request, &f->answer);
    return f->answer.body.string;
}

static const char *get(struct fixture *f, const char *path)
{
    return ask_with(f, (struct http_request){.path = path});
}

static const char *post(struct fixture *f, const char *path, const char *type, const char *body)
{
    return ask_with(f, (struct http_request){.method = HTTP_POST, .path = path, .type = type, .body = body});
}

#define JSON "application/json"
#define FORM "application/x-www-form-urlencoded"

/* --- rows --- */

static int64_t add_roll(struct fixture *f, const struct plan *plan)
{
    struct text document;
    struct err_note note;
    int64_t id;
    text_start(&document);
    assert_int_equal(plan_yaml_write(plan, &document), 0);
    struct store_roll roll = {.plan_name = plan->name,
        .document = document.string,
        .start_us = f->now_us - UTC_DAY,
        .changed_us = f->now_us};
    assert_int_equal(store_roll_add(f->web.store, &roll, &id, &note), 0);
    text_free(&document);
    return id;
}

static struct plan *root_2018(int64_t now_us)
{
    struct plan *plan, *then;
    assert_int_equal(plan_builtin("root-2018", &plan), 0);
    assert_int_equal(plan_as_of(plan, now_us, &then), 0);
    plan_free(plan);
    return then;
}

/* A participant all of whose words are `word`. */
static int64_t add_words(struct fixture *f, int64_t roll, const char *token, const char *zone,
    const char *word, const char *contact)
{
    struct err_note note;
    int64_t id;
    struct store_participant row = test_participant(roll, token, zone);
    row.label = word;
    row.contact = contact;
    row.country = strlen(word) <= 16 ? word : "NL";
    row.joined_us = f->now_us - UTC_HOUR;
    assert_int_equal(store_participant_add(f->web.store, &row, &id, &note), 0);
    struct verdict_finding finding = {
        word, word, word, word, 3, f->now_us - UTC_MINUTE, f->now_us - UTC_SECOND, true};
    struct verdict_source source = {.source = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 53},
        .verdict = VERDICT_NOT_READY,
        .state = STATE_FAILED,
        .summary = word,
        .queries = 12,
        .first_us = f->now_us - UTC_HOUR,
        .last_us = f->now_us - UTC_SECOND};
    struct verdict_result result = {.verdict = VERDICT_NOT_READY,
        .state = STATE_LEARNING,
        .summary = word,
        .would_change = word,
        .trust_us = UTC_OPEN,
        .break_us = f->now_us + 30 * UTC_DAY,
        .broke_us = UTC_OPEN,
        .findings = &finding,
        .finding_count = 1,
        .sources = &source,
        .source_count = 1,
        .sources_not_ready = 1};
    struct text document;
    text_start(&document);
    assert_int_equal(verdict_json_write(&result, &document), 0);
    struct store_verdict verdict = {
        id, f->now_us - UTC_MINUTE, result.verdict, result.state, word, document.string};
    assert_int_equal(store_verdict_add(f->web.store, &verdict, &note), 0);
    text_free(&document);
    return id;
}

/* --- what is shown --- */

static void hostile_words(void **state)
{
    struct fixture *f = *state;
    static const char *const words[] = {"<script>window.evil=1</script>", "\"><img src=x onerror=evil()>",
        "' onload='evil()", "</td></table></main>", "<!-- ", "]]>", "&lt;b&gt;", "a\x01\x1b[31m\x7f",
        "\xe2\x80\xaegnp.exe", "\xff\xfe\xc3", "%s%n", "\r\nSet-Cookie: a=b"};
    char token[] = TOKEN_A, zone[32];
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct plan *plan = root_2018(f->now_us), *held = NULL;
        struct err_note note = {""};
        struct plan_decision by = {.now_us = f->now_us, .who = words[i], .reason = words[i]};
        int64_t roll = plan_resume(plan, f->now_us + 200 * UTC_DAY, by, &held, &note) == 0
                           ? add_roll(f, held)
                           : add_roll(f, plan);
        plan_free(held);
        plan_free(plan);
        token[31] = (char)('a' + i);
        snprintf(zone, sizeof zone, "z%zu.rolls.lab.", i);
        add_words(f, roll, token, zone, words[i], words[i]);
        char path[64];
        snprintf(path, sizeof path, "/p/%s", token);
        const char *page = get(f, path);
        assert_int_equal(f->answer.status, 200);
        const char *fault = markup_check(page);
        if (fault)
            fail_msg("/p of \"%s\": %s", words[i], fault);
        snprintf(path, sizeof path, "/api/participants/%s", token);
        struct json *json = NULL;
        page = get(f, path);
        assert_int_equal(json_read(page, strlen(page), &json, &note), 0);
        json_free(json);
    }
    const char *page = get(f, "/");
    assert_int_equal(f->answer.status, 200);
    const char *fault = markup_check(page);
    if (fault)
        fail_msg("/: %s", fault);
    assert_non_null(strstr(page, "&#60;script&#62;window.evil=1&#60;/script&#62;")); /* shown, as text */
    assert_null(strstr(page, "<script>"));
    assert_null(strstr(page, "<img"));
    assert_null(strchr(page, '\x1b'));
    assert_null(strstr(page, "\xe2\x80\xae"));
}

static void what_is_public(void **state)
{
    struct fixture *f = *state;
    struct plan *plan = root_2018(f->now_us);
    add_words(
        f, add_roll(f, plan), TOKEN_A, "zone-of-a.rolls.lab.", "The public label", "secret@contact.example");
    plan_free(plan);
    static const char *const paths[] = {
        "/", "/api/overview", "/metrics", "/join", "/plans", "/api/", "/readyz"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        const char *page = get(f, paths[i]);
        assert_int_equal(f->answer.status, 200);
        assert_null(strstr(page, TOKEN_A));
        assert_null(strstr(page, "zone-of-a"));
        assert_null(strstr(page, "secret@contact"));
        assert_null(strstr(page, "192.0.2.53"));
    }
    assert_non_null(strstr(get(f, "/"), "The public label"));
    const char *page = get(f, "/p/" TOKEN_A);
    assert_non_null(strstr(page, "zone-of-a.rolls.lab."));
    assert_non_null(strstr(page, "192.0.2.53"));
    assert_non_null(strstr(page, "noindex"));
}

static void postponed(void **state)
{
    struct fixture *f = *state;
    struct plan *plan = root_2018(f->now_us);
    add_words(f, add_roll(f, plan), TOKEN_A, "a.rolls.lab.", "A resolver", "");
    plan_free(plan);
    const char *page = get(f, "/");
    assert_non_null(strstr(page, "<strong>Postponed</strong> on <time datetime=\"2017-09-27T00:00:00Z\">"));
    assert_non_null(strstr(page, "ICANN"));
    assert_non_null(strstr(page, "RFC 8145"));
    assert_non_null(strstr(page, "There is no new date."));
    assert_non_null(strstr(page, "no date yet"));
    assert_non_null(strstr(page, "postponed, and nothing happens until there is a date"));
}

/* A page is kept for a second, but never beyond a change of the store. */
static void fresh(void **state)
{
    struct fixture *f = *state;
    struct plan *plan = root_2018(f->now_us);
    int64_t roll = add_roll(f, plan);
    plan_free(plan);
    assert_non_null(strstr(get(f, "/"), "Nobody takes part yet."));
    assert_non_null(strstr(get(f, "/"), "Nobody takes part yet."));
    add_words(f, roll, TOKEN_A, "a.rolls.lab.", "The newest resolver", "");
    assert_non_null(strstr(get(f, "/"), "The newest resolver"));
    assert_non_null(strstr(get(f, "/"), "in 30 days"));
    f->now_us += 10 * UTC_DAY;
    assert_non_null(strstr(get(f, "/"), "in 20 days"));
    f->now_us -= 20 * UTC_DAY; /* the clock is set back */
    assert_non_null(strstr(get(f, "/"), "in 40 days"));
}

static void plans(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < plan_builtin_count(); i++) {
        char path[80];
        struct json *json = NULL;
        struct err_note note = {""};
        snprintf(path, sizeof path, "/plans/%s", plan_builtin_name(i));
        assert_null(markup_check(get(f, path)));
        assert_int_equal(f->answer.status, 200);
        snprintf(path, sizeof path, "/api/plans/%s", plan_builtin_name(i));
        const char *page = get(f, path);
        assert_int_equal(json_read(page, strlen(page), &json, &note), 0);
        assert_string_equal(json_text(json_get(json, "schema")), "rollcall.plan/1");
        assert_string_equal(json_text(json_get(json, "name")), plan_builtin_name(i));
        json_free(json);
    }
    assert_null(markup_check(get(f, "/plans")));
}

/* --- golden: the shape of each document: its members and their types, plans left to those who write them ---
 */

static void add_line(struct text *out, const char *path, const char *type)
{
    char line[300];
    snprintf(line, sizeof line, "\n%s: %s\n", path, type);
    if (out->length == 0)
        text_add(out, "\n");
    if (!strstr(out->string, line))
        text_add(out, line + 1);
}

static void add_shape(struct text *out, const struct json *value, const char *path)
{
    char below[256];
    const struct json *member;
    const char *name;
    int64_t number;
    bool truth;
    if (json_text(value))
        add_line(out, path, "string");
    else if (json_int(value, &number))
        add_line(out, path, "integer");
    else if (json_bool(value, &truth))
        add_line(out, path, "boolean");
    else if (json_none(value))
        add_line(out, path, "null");
    else if (json_member(value, 0, &member)) {
        add_line(out, path, "object");
        bool plan = strstr(path, "document") || strcmp(path, ".plan") == 0;
        for (size_t i = 0; !plan && (name = json_member(value, i, &member)); i++) {
            snprintf(below, sizeof below, "%s.%s", path, name);
            add_shape(out, member, below);
        }
    } else {
        add_line(out, path, "array");
        snprintf(below, sizeof below, "%s[]", path);
        for (size_t i = 0; i < json_count(value); i++)
            add_shape(out, json_at(value, i), below);
    }
}

static void golden(struct fixture *f, const char *name, const char *body)
{
    char file[512];
    static char wanted[1 << 16];
    const char *source = getenv("ROLLCALL_SOURCE"), *mode = getenv("ROLLCALL_GOLDEN");
    struct json *json = NULL;
    struct err_note note = {""};
    struct text shape;
    text_start(&shape);
    assert_int_equal(json_read(body, strlen(body), &json, &note), 0);
    add_line(&shape, ".schema",
        json_text(json_get(json, "schema")) ? json_text(json_get(json, "schema")) : "none");
    add_shape(&shape, json, "");
    json_free(json);
    snprintf(file, sizeof file, "%s/tests/golden/web/%s", source ? source : ".", name);
    FILE *stream = fopen(file, mode ? "w" : "r");
    assert_non_null(stream);
    if (mode)
        fputs(shape.string, stream);
    else
        wanted[fread(wanted, 1, sizeof wanted - 1, stream)] = '\0';
    fclose(stream);
    if (!mode)
        assert_string_equal(shape.string, wanted);
    text_free(&shape);
}

static void golden_json(void **state)
{
    struct fixture *f = *state;
    struct plan *plan = root_2018(f->now_us);
    int64_t roll = add_roll(f, plan);
    plan_free(plan);
    add_words(f, roll, TOKEN_A, "a.rolls.lab.", "A resolver", "noc@example.net");
    golden(f, "index", get(f, "/api/"));
    golden(f, "overview", get(f, "/api/overview"));
    golden(f, "participant", get(f, "/api/participants/" TOKEN_A));
    golden(f, "plans", get(f, "/api/plans"));
    golden(f, "observations",
        post(f, "/api/participants/" TOKEN_A "/observations", JSON, "{\"answer\": \"ad\"}"));
    golden(f, "error", post(f, "/api/participants", JSON, "{}"));
    golden(f, "enrolment", post(f, "/api/participants", JSON, "{\"label\": \"a\"}"));
}

/* --- what is refused --- */

static void no_such_thing(void **state)
{
    struct fixture *f = *state;
    static const char *const paths[] = {"/nothing", "/p/", "/p/short", "/p/" TOKEN_A,
        "/p/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "/p/../../etc/passwd", "/p/%2e%2e/x", "/plans/../x",
        "/plans/nothing", "/api/plans/nothing", "/api/participants/" TOKEN_A, "/api/participants/x/y",
        "/assets/../web.c", "/assets/none.css", "", "//", "/%00", "http://example.com/", "*"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        const char *page = get(f, paths[i]);
        assert_int_equal(f->answer.status, 404);
        bool api = strncmp(paths[i], "/api/", 5) == 0;
        assert_true(api ? strncmp(page, "{\n  \"error\": \"", 14) == 0 : markup_check(page) == NULL);
    }
}

static void methods(void **state)
{
    struct fixture *f = *state;
    assert_non_null(strstr(get(f, "/api/participants"), "\"error\""));
    assert_int_equal(f->answer.status, 405);
    assert_string_equal(f->answer.allow, "POST");
    assert_null(markup_check(post(f, "/", FORM, "a=b")));
    assert_int_equal(f->answer.status, 405);
    assert_string_equal(f->answer.allow, "GET, HEAD");
    ask_with(f, (struct http_request){.method = HTTP_OTHER, .fault = 405, .path = "/api/participants"});
    assert_string_equal(f->answer.allow, "POST");
    static const unsigned faults[] = {405, 413, 429};
    for (size_t i = 0; i < 3; i++) {
        assert_null(markup_check(ask_with(f, (struct http_request){.fault = faults[i], .path = "/"})));
        assert_non_null(strstr(
            ask_with(f, (struct http_request){.fault = faults[i], .path = "/api/overview"}), "\"error\""));
    }
}

static const struct {
    const char *type, *body;
    unsigned status;
    const char *error;
} bad_wishes[] = {
    {"text/plain", "label=a", 415, "Send application/json"},
    {"", "{}", 415, "Send application/json"},
    {"application/jsonx", "{\"label\": \"a\"}", 415, "Send application/json"},
    {JSON, "", 400, ""},
    {JSON, "{", 400, "1:1: "},
    {JSON, "[]", 400, "at least a label"},
    {JSON, "\"label\"", 400, ""},
    {JSON, "{\"label\": 5}", 400, "label is not a string"},
    {JSON, "{\"label\": \"a\", \"label\": \"b\"}", 400, ""},
    {JSON, "{\"label\": \"a\", \"user\": 1}", 400, "\\\"user\\\" is no member"},
    {JSON, "{\"label\": \"a\", \"users\": -1}", 400, "users"},
    {JSON, "{\"label\": \"a\", \"users\": 1.5}", 400, "users"},
    {JSON, "{\"label\": \"a\", \"users\": 99999999999999}", 400, ""},
    {JSON, "{\"label\": \"a\", \"ttl\": 61}", 400, ""},
    {JSON, "{\"label\": \"a\", \"ttl\": 99999999999}", 400, "ttl"},
    {JSON, "{\"label\": \"a\", \"plan\": \"none\"}", 400, ""},
    {JSON, "{\"label\": \"a\", \"plan\": \"/etc/passwd\"}", 400, ""},
    {JSON, "{\"label\": \"a\", \"country\": \"Germany\"}", 400, "country"},
    {JSON, "{\"label\": \"  \"}", 400, "blank"},
    {JSON, "{\"contact\": \"a\"}", 400, "label"},
    {JSON, "{\"label\": \"a\\u0000b\"}", 400, ""},
    {FORM, "", 400, "label is missing"},
    {FORM, "label=%", 400, "malformed"},
    {FORM, "label=a&users=many", 400, "users"},
    {FORM, "label=%3Cscript%3E&country=XX1", 400, "country"},
};

static void refuses_wishes(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof bad_wishes / sizeof *bad_wishes; i++) {
        const char *page = post(f, "/api/participants", bad_wishes[i].type, bad_wishes[i].body);
        if (f->answer.status != bad_wishes[i].status || !strstr(page, bad_wishes[i].error))
            fail_msg("%s: %u %s", bad_wishes[i].body, f->answer.status, page);
        if (strcmp(bad_wishes[i].type, FORM) == 0)
            assert_null(markup_check(page)); /* the form again */
        else
            assert_memory_equal(page, "{\n  \"error\"", 11);
    }
    post(f, "/api/participants", FORM, "label=My+%22resolver%22&country=ZZ");
    assert_non_null(
        strstr(f->answer.body.string, "value=\"My &#34;resolver&#34;\"")); /* nothing typed is lost */
    ask_with(f, (struct http_request){.method = HTTP_POST,
                    .path = "/api/participants",
                    .type = FORM,
                    .fetch_site = "cross-site",
                    .body = "label=a"});
    assert_int_equal(f->answer.status, 403);
    struct arena *arena = arena_new();
    struct store_participant *rows;
    size_t count;
    struct err_note note;
    assert_int_equal(store_participants(f->web.store, arena, &rows, &count, &note), 0);
    assert_int_equal(count, 0);
    arena_free(arena);
}

static void enrols(void **state)
{
    struct fixture *f = *state;
    struct json *json = NULL;
    struct err_note note = {""};
    const char *body = post(f, "/api/participants", JSON "; charset=utf-8",
        "{\"label\": \"Uni\", \"contact\": \"a@b.example\", \"country\": \"nl\", \"users\": 5000, \"plan\": "
        "\"testzone\", \"ttl\": 172800}");
    assert_int_equal(f->answer.status, 201);
    assert_int_equal(json_read(body, strlen(body), &json, &note), 0);
    char path[128];
    assert_int_equal(strlen(json_text(json_get(json, "token"))), 32);
    assert_string_equal(f->answer.location, json_text(json_get(json, "api")));
    assert_non_null(strstr(json_text(json_get(json_get(json, "anchor"), "ds")), " IN DS "));
    assert_non_null(strstr(json_text(json_get(json_get(json, "anchor"), "dnskey")), " IN DNSKEY 257 3 13 "));
    snprintf(path, sizeof path, "%s", json_text(json_get(json, "page")));
    body = get(f, json_text(json_get(json, "api")));
    assert_non_null(strstr(body, "\"KSK-1\",\n      \"flags\": 257"));
    assert_null(strstr(body, "\"KSK-2\",\n      \"flags\"")); /* still to come: to be learned from the zone */
    json_free(json);
    const char *page = get(f, path);
    assert_int_equal(f->answer.status, 200);
    assert_null(markup_check(page));
    assert_non_null(strstr(page, "initial-key 257 3 13 &#34;"));
    assert_non_null(strstr(page, "auto-trust-anchor-file"));
    assert_non_null(strstr(page, "forwarders { 127.0.0.1 port 5300; }"));
    assert_null(strstr(page, "mkeytimers")); /* in real time: no timers to shorten */

    post(f, "/api/participants", FORM, "label=Home&plan=testzone-fast&users=&ttl=");
    assert_int_equal(f->answer.status, 303);
    assert_memory_equal(f->answer.location, "/p/", 3);
    snprintf(path, sizeof path, "%s", f->answer.location);
    char *question = strchr(path, '?');
    *question = '\0';
    page = ask_with(f, (struct http_request){.path = path, .query = question + 1});
    assert_non_null(strstr(page, "Keep the address of this page"));
    assert_non_null(strstr(page, "mkeytimers=2/20/60"));
    assert_non_null(strstr(page, "permit-small-holddown: yes"));
    assert_null(strstr(get(f, path), "Keep the address"));

    for (int i = 0; i < 3; i++)
        post(f, "/api/participants", JSON, "{\"label\": \"more\"}");
    assert_int_equal(f->answer.status, 201);
    post(f, "/api/participants", JSON, "{\"label\": \"one too many\"}"); /* the burst is five */
    assert_int_equal(f->answer.status, 429);
    assert_true(f->answer.retry_after_s >= 1);
    f->web.config.max_participants = 5;
    f->now_us += UTC_MINUTE;
    body = post(f, "/api/participants", JSON, "{\"label\": \"no place\"}");
    assert_int_equal(f->answer.status, 503);
    assert_non_null(strstr(body, "no place left"));
}

/* --- observations --- */

static int count_rows(void *context, const struct store_query *row)
{
    struct store_query *last = context;
    last->participant_id++;
    last->event = row->event;
    return 0;
}

static void observations(void **state)
{
    struct fixture *f = *state;
    struct plan *plan = root_2018(f->now_us);
    int64_t id = add_words(f, add_roll(f, plan), TOKEN_A, "a.rolls.lab.", "A resolver", "");
    plan_free(plan);
    const char *path = "/api/participants/" TOKEN_A "/observations";
    static const struct {
        const char *body;
        unsigned status;
    } cases[] = {{"{\"answer\": \"ad\"}", 202},
        {"[{\"answer\": \"servfail\", \"source\": \"192.0.2.1\"}, {\"answer\": \"timeout\", \"source\": "
         "\"2001:db8::1\"}]",
            202},
        {"{\"answer\": \"no-ad\", \"at\": \"2018-01-15T11:30:00Z\", \"name\": \"proof-1.a.rolls.lab.\"}",
            202},
        {"{}", 400}, {"[]", 400}, {"[1]", 400}, {"3", 400}, {"{\"answer\": \"AD\"}", 400},
        {"{\"answer\": \"ad\", \"source\": \"here\"}", 400},
        {"{\"answer\": \"ad\", \"at\": \"yesterday\"}", 400},
        {"{\"answer\": \"ad\", \"at\": \"2018-01-15T10:59:59Z\"}", 400}, /* before it took part */
        {"{\"answer\": \"ad\", \"at\": \"2018-01-15T12:06:00Z\"}", 400}, /* in the future */
        {"{\"answer\": \"ad\", \"more\": 1}", 400}, {"[{\"answer\": \"ad\"}, {}]", 400} /* all or none */};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        post(f, path, JSON, cases[i].body);
        if (f->answer.status != cases[i].status)
            fail_msg("%s: %u %s", cases[i].body, f->answer.status, f->answer.body.string);
    }
    struct store_query last = {.participant_id = 0};
    struct err_note note;
    assert_int_equal(store_queries_each(f->web.store, id, count_rows, &last, &note), 0);
    assert_int_equal(last.participant_id, 4);
    assert_int_equal(last.event.kind, EVIDENCE_ANSWER);

    char many[101 * 18 + 3] = "[";
    for (int i = 0; i < 101; i++)
        strcat(many, i ? ",{\"answer\":\"ad\"}" : "{\"answer\":\"ad\"}");
    strcat(many, "]");
    post(f, path, JSON, many);
    assert_int_equal(f->answer.status, 400);
    post(f, path, FORM, "answer=ad");
    assert_int_equal(f->answer.status, 415);
    post(f, "/api/participants/" TOKEN_B "/observations", JSON, "{\"answer\": \"ad\"}");
    assert_int_equal(f->answer.status, 404);
}

/* --- for machines --- */

static void machines(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(get(f, "/healthz"), "ok\n");
    assert_string_equal(get(f, "/readyz"), "ready\n");
    struct plan *plan = root_2018(f->now_us);
    add_words(f, add_roll(f, plan), TOKEN_A, "a.rolls.lab.", "A resolver", "");
    plan_free(plan);
    const char *metrics = get(f, "/metrics");
    assert_string_equal(f->answer.type, "text/plain; version=0.0.4; charset=utf-8");
    assert_non_null(strstr(metrics, "rollcall_build_info{version=\"" ROLLCALL_VERSION "\"} 1\n"));
    assert_non_null(
        strstr(metrics, "# TYPE rollcall_participants gauge\nrollcall_participants{verdict=\"ready\"} 0\n"));
    assert_non_null(strstr(metrics, "rollcall_participants{verdict=\"not-ready\"} 1\n"));
    assert_non_null(strstr(metrics, "rollcall_users{verdict=\"not-ready\"} 12\n"));
    /* Read-only: not ready, but read. */
    struct err_note note;
    store_close(f->web.store);
    assert_int_equal(store_open(f->directory, true, &f->web.store, &note), 0);
    f->now_us += UTC_MINUTE;
    assert_non_null(strstr(get(f, "/readyz"), "not ready: "));
    assert_int_equal(f->answer.status, 503);
    get(f, "/");
    assert_int_equal(f->answer.status, 200);
    post(f, "/api/participants", JSON, "{\"label\": \"a\"}");
    assert_int_equal(f->answer.status, 503);
    post(f, "/api/participants/" TOKEN_A "/observations", JSON, "{\"answer\": \"ad\"}");
    assert_int_equal(f->answer.status, 503);
}

static void calendar(void **state)
{
    struct fixture *f = *state;
    struct plan *plan = root_2018(f->now_us);
    add_words(f, add_roll(f, plan), TOKEN_A, "a.rolls.lab.", "A resolver", "");
    plan_free(plan);
    const char *calendar = get(f, "/p/" TOKEN_A "/calendar.ics");
    assert_int_equal(f->answer.status, 200);
    assert_string_equal(f->answer.type, "text/calendar; charset=utf-8");
    assert_string_equal(f->answer.file_name, "rollcall.ics");
    assert_memory_equal(calendar, "BEGIN:VCALENDAR\r\n", 17);
    assert_non_null(strstr(calendar, "KSK-2017"));
    get(f, "/p/" TOKEN_B "/calendar.ics");
    assert_int_equal(f->answer.status, 404);
}

static void assets(void **state)
{
    struct fixture *f = *state;
    const char *css = get(f, "/assets/site.css");
    assert_string_equal(f->answer.type, "text/css; charset=utf-8");
    assert_string_equal(f->answer.cache, "no-cache");
    assert_null(strstr(css, "http")); /* nothing from elsewhere */
    assert_null(strstr(css, "@import"));
    const char *js = get(f, "/assets/site.js");
    assert_null(strstr(js, "http"));
    get(f, "/favicon.ico");
    assert_string_equal(f->answer.type, "image/svg+xml");
    get(f, "/robots.txt");
    assert_int_equal(f->answer.status, 200);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest all[] = {TEST(hostile_words), TEST(what_is_public), TEST(postponed), TEST(fresh),
        TEST(plans), TEST(golden_json), TEST(no_such_thing), TEST(methods), TEST(refuses_wishes),
        TEST(enrols), TEST(observations), TEST(machines), TEST(calendar), TEST(assets)};
    return cmocka_run_group_tests_name("app/web/page", all, NULL, NULL);
}

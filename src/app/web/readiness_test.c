/* /readiness, with somebody who has a page, or none yet, or never: status, headers, links, and which paths
 * make anybody work. */
#include "app/web/inside.h"
#include "base/markup_check.h"
#include "io/store/store_test_dir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
/* last */
#include <cmocka.h>

struct fixture {
    char directory[64];
    struct web web;
    struct http_answer answer;
    int64_t roll_id;
    int err; /* what the callback returns */
    unsigned asked;
    int64_t asked_id;
};

static int make(void *context, int64_t roll_id, bool json, struct text *out)
{
    struct fixture *f = context;
    f->asked++;
    f->asked_id = roll_id;
    if (!f->err)
        text_add(out, json ? "{}" : "<!doctype html><p>the report</p>");
    return f->err;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct err_note note = {""};
    test_dir(f->directory);
    f->web = (struct web){.tried_us = INT64_MIN,
        .config = {.state = f->directory, .parent = "rolls.lab.", .readiness = make, .context = f}};
    text_start(&f->web.home.page);
    text_start(&f->answer.body);
    *state = f;
    assert_int_equal(store_open(f->directory, false, &f->web.store, &note), 0);
    const struct store_roll roll = {.plan_name = "p", .document = "no plan", .start_us = 5, .changed_us = 5};
    return store_roll_add(f->web.store, &roll, &f->roll_id, &note);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    text_free(&f->answer.body);
    text_free(&f->web.home.page);
    store_close(f->web.store);
    test_dir_remove(f->directory);
    free(f);
    return 0;
}

static const char *get(struct fixture *f, const char *path)
{
    const struct http_request request = {.path = path,
        .query = "",
        .type = "",
        .accept = "",
        .host = "",
        .fetch_site = "",
        .body = "",
        .now_us = 1000 * UTC_SECOND};
    text_free(&f->answer.body);
    f->answer = (struct http_answer){.status = 0};
    text_start(&f->answer.body);
    web_handle(&f->web, &request, &f->answer);
    return f->answer.body.string;
}

static void there(void **state)
{
    struct fixture *f = *state;
    char path[40];
    assert_string_equal(get(f, "/readiness"), "<!doctype html><p>the report</p>");
    assert_int_equal(f->answer.status, 200);
    assert_string_equal(f->answer.type, "text/html; charset=utf-8");
    assert_int_equal(f->asked_id, 0);
    snprintf(path, sizeof path, "/readiness/%lld", (long long)f->roll_id);
    get(f, path);
    assert_int_equal(f->answer.status, 200);
    assert_int_equal(f->asked_id, f->roll_id);
    assert_string_equal(get(f, "/api/readiness"), "{}");
    assert_string_equal(f->answer.type, "application/json");
    snprintf(path, sizeof path, "/api/readiness/%lld", (long long)f->roll_id);
    assert_string_equal(get(f, path), "{}");
    assert_non_null(strstr(get(f, "/plans"), "<a href=\"/readiness\">"));
}

static void not_yet(void **state)
{
    static const struct {
        int err;
        unsigned status, retry_after_s;
        const char *words, *again;
    } cases[] = {
        {ERR_UNAVAILABLE, 503, 2, "being made", "http-equiv=\"refresh\" content=\"2\""},
        {ERR_NOINPUT, 200, 0, "Nothing to report yet", "http-equiv=\"refresh\" content=\"10\""},
        {ERR_IO, 503, 30, "its log says why", "http-equiv=\"refresh\" content=\"30\""},
        {ERR_DATA, 503, 30, "its log says why", "http-equiv=\"refresh\" content=\"30\""},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        f->err = cases[i].err;
        const char *page = get(f, "/readiness");
        assert_int_equal(f->answer.status, cases[i].status);
        assert_int_equal(f->answer.retry_after_s, cases[i].retry_after_s);
        assert_non_null(strstr(page, cases[i].words));
        assert_non_null(strstr(page, cases[i].again));
        assert_non_null(strstr(page, "<a href=\"/readiness\" aria-current=\"page\">"));
        assert_null(markup_check(page));
        const char *json = get(f, "/api/readiness");
        assert_int_equal(f->answer.status, cases[i].status == 200 ? 404 : cases[i].status);
        assert_int_not_equal(f->answer.retry_after_s, 0);
        assert_string_equal(f->answer.type, "application/json");
        assert_non_null(strstr(json, "\"error\""));
    }
}

/* Whoever makes paths up makes no work. */
static void made_up(void **state)
{
    static const char *const paths[] = {"/readiness/999", "/readiness/0", "/readiness/01", "/readiness/1x",
        "/readiness/-1", "/readiness/9999999999999999999999", "/readiness/plan", "/readiness/",
        "/readiness/1/2"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        get(f, paths[i]);
        if (f->answer.status != 404)
            fail_msg("%s: %u", paths[i], f->answer.status);
    }
    assert_int_equal(f->asked, 0);
}

/* A platform without counts has no such page, and links to none of its rolls. */
static void none(void **state)
{
    struct fixture *f = *state;
    f->web.config.readiness = NULL;
    get(f, "/readiness");
    assert_int_equal(f->answer.status, 404);
    assert_null(strstr(get(f, "/"), "/readiness/"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest all[] = {TEST(there), TEST(not_yet), TEST(made_up), TEST(none)};
    return cmocka_run_group_tests_name("app/web/readiness", all, NULL, NULL);
}

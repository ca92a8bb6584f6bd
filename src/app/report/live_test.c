/* The pages of a platform as who asks sees them: first none, then one that stays for a while; what cannot be
 * read is told in no more than an error; nobody waits. */
#include "app/report/live.h"

#include "base/log.h"
#include "core/dns/dnskey.h"
#include "io/proc/clock.h"
#include "io/store/enrol.h"
#include "io/store/sightings_fixture.h"
#include "io/store/store_test_dir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

enum { PATIENCE_MS = 20000 };

struct fixture {
    char directory[64], sightings[200];
    struct store *store;
    struct arena *arena;
    struct networks *networks;
    struct plan *plan;
    struct live *live;
    struct text page;
    struct err_note note;
    uint8_t inputs;
    enum live_form form;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    test_dir(f->directory);
    log_set_level(LOG_ERROR);
    snprintf(f->sightings, sizeof f->sightings, "%s/observed.db", f->directory);
    f->arena = arena_new();
    text_start(&f->page);
    assert_int_equal(networks_new(&f->networks), 0);
    return store_open(f->directory, false, &f->store, &f->note);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    live_stop(f->live);
    store_close(f->store);
    networks_free(f->networks);
    plan_free(f->plan);
    text_free(&f->page);
    test_dir_remove(f->directory);
    arena_free(f->arena);
    free(f);
    return 0;
}

static void start(struct fixture *f)
{
    struct live_config config = {
        .state = f->directory, .sightings = f->sightings, .networks = f->networks, .plan = f->plan};
    assert_int_equal(live_start(&config, &f->live, &f->note), 0);
}

static struct enrol_result enrol(struct fixture *f, const char *plan, int64_t at_us)
{
    struct enrol_wish wish = {.label = "<script>alert(1)</script>", .users = -1, .roll = {.plan_name = plan}};
    struct enrol_terms terms = {.parent = "rolls.test.", .now_us = at_us, .most = 100};
    struct enrol_result result;
    if (enrol_participant(f->store, &wish, &terms, &result, &f->note))
        fail_msg("%s", f->note.text);
    return result;
}

/* One resolver asks for keys of a zone at a moment, and says that it has such ones. */
static void observe(struct fixture *f, const char *zone, int64_t at_us, const char *tags)
{
    struct sightings *store;
    int64_t hour_us = at_us - at_us % UTC_HOUR;
    static const uint8_t source[16] = {[10] = 0xff, [11] = 0xff, [12] = 203, [13] = 0, [14] = 113, [15] = 77};
    struct tally_row row = {.hour_us = hour_us,
        .zone = zone,
        .kind = SIGHTING_TA_NULL,
        .tags = tags,
        .count = 1,
        .first_us = at_us,
        .last_us = at_us};
    struct tally_traffic traffic = {
        .hour_us = hour_us, .queries = 50, .dnssec_ok = 50, .first_us = at_us, .last_us = at_us};
    struct fixture_rows all = {&row, 1, &traffic, 1};
    memcpy(row.source, source, sizeof source);
    memcpy(traffic.source, source, sizeof source);
    struct sightings_span span = {at_us - UTC_SECOND, at_us + UTC_SECOND, 1};
    struct sightings_segment segment = fixture_segment("host-in-our-cellar", ++f->inputs, 0, 100);
    segment.from_us = span.from_us;
    segment.to_us = span.to_us;
    segment.spans = &span;
    segment.span_count = 1;
    struct tally_rows tally = fixture_tally(&all);
    assert_int_equal(sightings_open(f->sightings, false, &store, &f->note), 0);
    assert_int_equal(sightings_commit(store, &segment, &tally, &f->note), 0);
    sightings_close(store);
}

static int ask(struct fixture *f, int64_t id)
{
    text_free(&f->page);
    text_start(&f->page);
    return live_page(f->live, id, f->form, &f->page);
}

/* Asks until it is made. */
static int wait_for(struct fixture *f, int64_t id)
{
    int err;
    for (int waited = 0; (err = ask(f, id)) == ERR_UNAVAILABLE && waited < PATIENCE_MS; waited++)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    return err;
}

static void has(struct fixture *f, const char *words)
{
    if (!strstr(f->page.string, words))
        fail_msg("no '%s' in\n%s", words, f->page.string);
}

static void has_not(struct fixture *f, const char *words)
{
    if (strstr(f->page.string, words))
        fail_msg("'%s' in\n%s", words, f->page.string);
}

static void a_roll(void **state)
{
    struct fixture *f = *state;
    int64_t now_us = clock_now_us();
    struct enrol_result fast = enrol(f, "testzone-fast", now_us - 20 * UTC_SECOND);
    observe(f, fast.zone, now_us - 10 * UTC_SECOND, "0001");
    start(f);
    assert_int_equal(ask(f, 0), ERR_UNAVAILABLE); /* nobody waits */
    assert_int_equal(f->page.length, 0);
    assert_int_equal(wait_for(f, 0), 0);
    has(f, "1 zone of a participant, with keys of its own");
    has(f, "testzone-fast");
    has(f, "<a href=\"/\">");
    has_not(f, "<script");
    has_not(f, "key 0");
    has_not(f, fast.zone); /* who knows it can spoil a verdict */
    has_not(f, "203.0.113.");
    has_not(f, "host-in-our-cellar");
    has_not(f, f->directory);
    f->form = LIVE_JSON;
    assert_int_equal(ask(f, 0), 0); /* made together */
    has(f, "\"schema\": \"rollcall.report/1\"");
    has(f, "\"zones\": 1,");
    has_not(f, "203.0.113.");
    has_not(f, "host-in-our-cellar");
    f->form = LIVE_HTML;
    assert_int_equal(ask(f, 0), 0);
    char *first = arena_string(f->arena, f->page.string);
    assert_int_equal(wait_for(f, fast.roll_id), 0); /* the same by its number */
    has(f, "1 zone of a participant");
    observe(f, fast.zone, now_us - 5 * UTC_SECOND, "0002");
    assert_int_equal(ask(f, 0), 0); /* it stays for some seconds */
    assert_string_equal(f->page.string, first);
}

static void nothing(void **state)
{
    struct fixture *f = *state;
    start(f);
    assert_int_equal(wait_for(f, 0), ERR_NOINPUT); /* nobody takes part */
    assert_int_equal(f->page.length, 0);
    struct enrol_result fast = enrol(f, "testzone-fast", clock_now_us() - UTC_SECOND);
    assert_int_equal(wait_for(f, fast.roll_id), ERR_NOINPUT); /* nothing was observed */
    assert_int_equal(wait_for(f, 4711), ERR_NOINPUT);
}

/* A plan that the operator names, by its own zone. */
static void a_plan(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(plan_builtin("root-2024", &f->plan), 0);
    observe(f, ".", clock_now_us() - UTC_MINUTE, "4f66-9728");
    struct enrol_result fast = enrol(f, "testzone-fast", clock_now_us() - 20 * UTC_SECOND);
    start(f);
    assert_int_equal(wait_for(f, 0), 0);
    has(f, "root-2024");
    has(f, "38696");
    has_not(f, "203.0.113.");
    assert_int_equal(wait_for(f, fast.roll_id), 0);
    has(f, "testzone-fast");
}

static void damaged(void **state)
{
    struct fixture *f = *state;
    struct enrol_result fast = enrol(f, "testzone-fast", clock_now_us() - 20 * UTC_SECOND);
    FILE *file = fopen(f->sightings, "w");
    assert_non_null(file);
    fputs("this is no database at all, and longer than its header would be, by far ...............\n", file);
    fclose(file);
    start(f);
    assert_int_equal(wait_for(f, 0), ERR_IO);
    assert_int_equal(f->page.length, 0);
    assert_int_equal(wait_for(f, fast.roll_id), ERR_IO);
}

/* More pages than there are shelves, asked for by many at once, and an end in the midst of it. */
static void many(void **state)
{
    struct fixture *f = *state;
    int64_t now_us = clock_now_us();
    struct enrol_result fast = enrol(f, "testzone-fast", now_us - 20 * UTC_SECOND);
    observe(f, fast.zone, now_us - 10 * UTC_SECOND, "0001");
    start(f);
    for (int64_t id = 1000; id < 1200; id++)
        ask(f, id);
    assert_int_equal(wait_for(f, fast.roll_id), 0);
    for (int64_t id = 1; id < 200; id++)
        ask(f, id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_roll, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_plan, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damaged, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

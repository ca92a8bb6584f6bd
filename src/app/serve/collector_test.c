/* What a collector took is in its store when it is asked to write it, once; a store that cannot be written is
 * told, and what waits is not lost. */
#include "app/serve/collector.h"

#include "base/log.h"
#include "base/utc.h"
#include "io/store/sightings.h"
#include "io/store/store_test_dir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

enum { WAIT_US = 20 * UTC_SECOND };

static const int64_t now_us = 1790000000 * UTC_SECOND;

struct fixture {
    char directory[64], store[200];
    struct collector *collector;
    struct err_note note;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    log_set_level(LOG_ERROR);
    test_dir(f->directory);
    snprintf(f->store, sizeof f->store, "%s/made-later/observed.db", f->directory);
    const struct collector_options options = {f->store, "here", 86400 * UTC_SECOND};
    return collector_start(&options, &f->collector, &f->note);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char room[100];
    collector_stop(f->collector);
    snprintf(room, sizeof room, "%s/made-later", f->directory);
    test_dir_remove(room);
    test_dir_remove(f->directory);
    free(f);
    return 0;
}

/* Questions of `count` resolvers, one each, that say what they trust. */
static void ask(struct fixture *f, unsigned first, unsigned count)
{
    for (unsigned i = first; i < first + count; i++) {
        struct zone_event event = {.record = true,
            .event = {.at_us = now_us + i, .kind = EVIDENCE_SIGNAL, .port = 53, .qtype = 10, .edns = true}};
        event.event.source[10] = event.event.source[11] = 0xff;
        event.event.source[15] = (uint8_t)i;
        assert_int_equal(name_from_text("_ta-4f66.a.rolls.test.", &event.qname, NULL), 0);
        collector_take(f->collector, &event, 1, 0);
    }
}

static void make_room(const struct fixture *f)
{
    char path[200];
    snprintf(path, sizeof path, "%s/made-later", f->directory);
    assert_int_equal(mkdir(path, 0700), 0);
}

/* Sources and signals of the zone that are stored. */
static void expect(struct fixture *f, uint64_t sources, uint64_t signals)
{
    struct sightings *store;
    struct sightings_answer answer;
    struct arena *arena = arena_new();
    const struct sightings_question question = {
        .by = SIGHTINGS_BY_TAGSET, .from_us = INT64_MIN, .to_us = INT64_MAX, .zone = "a.rolls.test."};
    if (sightings_open(f->store, true, &store, &f->note))
        fail_msg("%s", f->note.text);
    assert_int_equal(sightings_ask(store, &question, arena, &answer, &f->note), 0);
    assert_int_equal(answer.sources, sources);
    assert_int_equal(answer.line_count, 1);
    assert_int_equal(answer.lines[0].signals, signals);
    assert_string_equal(answer.lines[0].tags, "4f66");
    sightings_close(store);
    arena_free(arena);
}

static void writes_when_asked(void **state)
{
    struct fixture *f = *state;
    make_room(f);
    ask(f, 0, 3);
    assert_int_equal(collector_flush(f->collector, WAIT_US, &f->note), 0);
    expect(f, 3, 3);
    ask(f, 2, 3); /* one of them again */
    assert_int_equal(collector_flush(f->collector, WAIT_US, &f->note), 0);
    expect(f, 5, 6);
    assert_int_equal(collector_flush(f->collector, WAIT_US, &f->note), 0); /* nothing new */
    expect(f, 5, 6);
}

/* No such directory; then it is there. What waited comes with what came since, each once. */
static void waits_for_its_store(void **state)
{
    struct fixture *f = *state;
    ask(f, 0, 2);
    assert_int_equal(collector_flush(f->collector, WAIT_US, &f->note), ERR_UNAVAILABLE);
    ask(f, 2, 2);
    assert_int_equal(collector_flush(f->collector, WAIT_US, &f->note), ERR_UNAVAILABLE);
    make_room(f);
    assert_int_equal(collector_flush(f->collector, WAIT_US, &f->note), 0);
    expect(f, 4, 4);
}

/* Whoever asks does not wait for ever. */
static void in_no_time(void **state)
{
    struct fixture *f = *state;
    ask(f, 0, 1);
    int err = collector_flush(f->collector, 0, &f->note);
    assert_true(err == 0 || err == ERR_UNAVAILABLE);
}

static void at_the_end(void **state)
{
    struct fixture *f = *state;
    make_room(f);
    ask(f, 0, 4);
    collector_stop(f->collector);
    f->collector = NULL;
    expect(f, 4, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(writes_when_asked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(waits_for_its_store, set_up, tear_down),
        cmocka_unit_test_setup_teardown(in_no_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(at_the_end, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

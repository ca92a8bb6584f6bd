/* What is pushed is in the store and was handed to the callback; a store that fails stops neither, and
 * recovers. */
#include "app/serve/recorder.h"

#include "io/proc/clock.h"
#include "io/store/store.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cmocka.h>

struct fixture {
    char directory[64];
    struct recorder *recorder;
    atomic_long handed;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    strcpy(f->directory, "/tmp/rollcall-recorder-XXXXXX");
    return mkdtemp(f->directory) ? 0 : -1;
}

static void remove_files(const char *directory)
{
    static const char *const files[] = {"state.db", "state.db-wal", "state.db-shm", "queries.db",
        "queries.db-wal", "queries.db-shm", "broken.db"};
    char path[128];
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", directory, files[i]);
        unlink(path);
    }
    rmdir(directory);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    recorder_stop(f->recorder);
    remove_files(f->directory);
    free(f);
    return 0;
}

static void hand(void *context, const struct zone_event *events, size_t count)
{
    struct fixture *f = context;
    (void)events;
    atomic_fetch_add(&f->handed, (long)count);
}

static void start(struct fixture *f, struct recorder_options options)
{
    struct err_note note = {""};
    options.directory = f->directory;
    options.events = hand;
    options.context = f;
    options.most_s = 1000000;
    if (!options.most_of_source_s)
        options.most_of_source_s = 1000000;
    options.retry_us = options.retry_us ? options.retry_us : 50000;
    if (recorder_start(&options, &f->recorder, &note) != 0)
        fail_msg("%s", note.text);
}

static struct zone_event event_of(int64_t tag, int64_t at_us)
{
    struct zone_event event = {
        .record = true, .tag = tag, .rcode = 2, .qname = {.length = 5, .wire = "\3abc"}};
    event.event =
        (struct evidence_event){.at_us = at_us, .kind = EVIDENCE_DNSKEY, .qtype = 48, .udp_size = 1232};
    return event;
}

struct tally {
    long count;
    int64_t last_us;
    bool in_order;
};

static int tally_one(void *context, const struct store_query *query)
{
    struct tally *tally = context;
    tally->in_order = tally->in_order && query->event.at_us >= tally->last_us &&
                      strcmp(query->qname, "abc.") == 0 && query->rcode == 2 && query->event.qtype == 48;
    tally->last_us = query->event.at_us;
    tally->count++;
    return 0;
}

static long stored(struct fixture *f, int64_t participant)
{
    struct store *store = NULL;
    struct tally tally = {.in_order = true};
    assert_int_equal(store_open(f->directory, true, &store, NULL), 0);
    assert_int_equal(store_queries_each(store, participant, tally_one, &tally, NULL), 0);
    assert_true(tally.in_order);
    store_close(store);
    return tally.count;
}

static void push_many(struct fixture *f, int64_t tag, int64_t from, int64_t count, bool probe)
{
    for (int64_t i = from; i < from + count; i++) {
        struct zone_event event = event_of(tag, i);
        event.probe = probe;
        recorder_push(f->recorder, &event);
    }
}

static void records(void **state)
{
    struct fixture *f = *state;
    start(f, (struct recorder_options){0});
    push_many(f, 7, 0, 3000, false);
    push_many(f, 9, 0, 5, true); /* a probe's tag is no participant */
    struct zone_event ignored = event_of(7, 1);
    ignored.record = false;
    recorder_push(f->recorder, &ignored);
    recorder_flush(f->recorder);
    assert_int_equal(stored(f, 7), 3000);
    assert_int_equal(stored(f, 0), 5);
    assert_int_equal(stored(f, 9), 0);
    assert_int_equal(atomic_load(&f->handed), 3005);
    struct recorder_counters counters = recorder_counters(f->recorder);
    assert_int_equal(counters.taken, 3005);
    assert_int_equal(counters.written, 3005);
    assert_int_equal(counters.dropped + counters.failed, 0);
    push_many(f, 7, 3000, 100, false);
    recorder_stop(f->recorder); /* writes what is left */
    f->recorder = NULL;
}

static void full_ring_drops_and_counts(void **state)
{
    struct fixture *f = *state;
    start(f, (struct recorder_options){.capacity = 16});
    push_many(f, 1, 0, 5000, false);
    recorder_flush(f->recorder);
    struct recorder_counters counters = recorder_counters(f->recorder);
    assert_int_equal(counters.taken + counters.dropped, 5000);
    assert_true(counters.dropped > 0);
    assert_int_equal(counters.written, counters.taken);
    assert_int_equal(stored(f, 1), (long)counters.taken);
}

struct pusher {
    struct fixture *f;
    int64_t tag;
};

static void *push_in_thread(void *context)
{
    struct pusher *pusher = context;
    push_many(pusher->f, pusher->tag, 0, 3000, false);
    return NULL;
}

static void many_threads(void **state)
{
    struct fixture *f = *state;
    start(f, (struct recorder_options){0});
    struct pusher pushers[3];
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) {
        pushers[i] = (struct pusher){f, i + 1};
        pthread_create(&threads[i], NULL, push_in_thread, &pushers[i]);
    }
    recorder_flush(f->recorder); /* meanwhile */
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    recorder_flush(f->recorder);
    struct recorder_counters counters = recorder_counters(f->recorder);
    assert_int_equal(counters.taken + counters.dropped, 9000);
    assert_int_equal(stored(f, 1) + stored(f, 2) + stored(f, 3), (long)counters.written);
    assert_int_equal(atomic_load(&f->handed), (long)counters.taken);
}

/* A file that may not grow is what a full disk looks like: RLIMIT_FSIZE, in this process, for a while. */
static void full_disk_and_recovery(void **state)
{
    struct fixture *f = *state;
    start(f, (struct recorder_options){.capacity = 65536});
    push_many(f, 1, 0, 10, false);
    recorder_flush(f->recorder);
    struct rlimit before, tight = {.rlim_cur = 4096};
    getrlimit(RLIMIT_FSIZE, &before);
    tight.rlim_max = before.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &tight);
    push_many(f, 1, 10, 20000, false);
    recorder_flush(f->recorder);
    struct recorder_counters counters = recorder_counters(f->recorder);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(counters.written, 10);
    assert_true(counters.failed > 0); /* more than is kept waiting */
    assert_int_equal(counters.dropped, 0);
    assert_int_equal(atomic_load(&f->handed), 20010); /* the evidence missed nothing */
    int64_t until_us = clock_mono_us() + 10 * UTC_SECOND;
    do {
        usleep(20000);
        counters = recorder_counters(f->recorder);
    } while (counters.written + counters.failed < 20010 && clock_mono_us() < until_us);
    assert_int_equal(counters.written + counters.failed, 20010);
    assert_true(counters.written > 10); /* what waited is there */
    push_many(f, 1, 20010, 7, false);
    recorder_flush(f->recorder);
    assert_int_equal(stored(f, 1), (long)counters.written + 7);
}

static void floods_are_thinned(void **state)
{
    struct fixture *f = *state;
    start(f, (struct recorder_options){.most_of_source_s = 50});
    push_many(f, 1, 0, 3000, false); /* all within one second */
    push_many(f, 2, UTC_SECOND, 10, false);
    recorder_flush(f->recorder);
    struct recorder_counters counters = recorder_counters(f->recorder);
    assert_int_equal(counters.taken, 3010);
    assert_int_equal(counters.thinned, 2950);
    assert_int_equal(counters.written, 60);
    assert_int_equal(stored(f, 1), 50);
    assert_int_equal(stored(f, 2), 10);
    assert_int_equal(atomic_load(&f->handed), 60); /* the evidence holds what the store holds */
}

static void refuses_a_damaged_file(void **state)
{
    struct fixture *f = *state;
    char path[128], junk[8192];
    struct err_note note = {""};
    struct recorder_options options = {.directory = f->directory};
    start(f, options);
    recorder_stop(f->recorder);
    f->recorder = NULL;
    snprintf(path, sizeof path, "%s/queries.db", f->directory);
    memset(junk, 0x5a, sizeof junk);
    int fd = open(path, O_WRONLY);
    assert_int_equal(pwrite(fd, junk, sizeof junk, 0), sizeof junk);
    close(fd);
    assert_int_equal(recorder_start(&options, &f->recorder, &note), ERR_DATA);
    assert_non_null(strstr(note.text, path));
}

static void forgets_what_is_old(void **state)
{
    struct fixture *f = *state;
    start(f, (struct recorder_options){.keep_us = UTC_SECOND});
    int64_t now_us = clock_now_us();
    struct zone_event old = event_of(1, now_us - 5 * UTC_SECOND), young = event_of(1, now_us + UTC_HOUR);
    recorder_push(f->recorder, &old);
    recorder_push(f->recorder, &young);
    recorder_flush(f->recorder);
    for (int i = 0; stored(f, 1) > 1 && i < 300; i++)
        usleep(20000);
    assert_int_equal(stored(f, 1), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(records, set_up, tear_down),
        cmocka_unit_test_setup_teardown(full_ring_drops_and_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_threads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(full_disk_and_recovery, set_up, tear_down),
        cmocka_unit_test_setup_teardown(floods_are_thinned, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_a_damaged_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(forgets_what_is_old, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("recorder", tests, NULL, NULL);
}

/* The writer looks at the ring fifty times a second and takes all there is, in batches: one transaction each.
 * It is not woken by producers, since a wake-up is a system call. What it could not write waits in `pending`;
 * nothing else does. */
#include "app/serve/recorder.h"

#include "app/serve/ring.h"
#include "app/serve/thin.h"
#include "base/log.h"
#include "io/proc/clock.h"
#include "io/store/store.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    DEFAULT_CAPACITY = 16384,
    DEFAULT_MOST_OF_SOURCE_S = 50,
    DEFAULT_MOST_S = 5000,
    BATCH = 1024,
    PENDING = 8 * BATCH,
    LOOK_MS = 20,
};
static const int64_t prune_every_us = 10 * UTC_MINUTE;

struct recorder {
    struct recorder_options options;
    struct ring *ring;
    struct thin *thin; /* the writer's own, as what is below */
    _Atomic uint64_t dropped, thinned, written, failed;

    pthread_t thread;
    pthread_mutex_t mutex; /* for the condition and what follows; no producer takes it */
    pthread_cond_t changed;
    bool stopping, thread_runs;
    unsigned flushes_wanted, flushes_done;

    /* The writer's own. */
    struct store *store;
    struct arena *arena;
    struct zone_event batch[BATCH], pending[PENDING];
    struct store_query rows[PENDING];
    size_t pending_count;
    uint64_t popped;
    bool failing;
    int64_t retry_at_us, prune_at_us; /* CLOCK_MONOTONIC */
    uint64_t failed_before;           /* when it began to fail */
    char directory[];
};

static void count(_Atomic uint64_t *counter, uint64_t more)
{
    atomic_fetch_add_explicit(counter, more, memory_order_relaxed);
}

void recorder_push(struct recorder *recorder, const struct zone_event *event)
{
    if (event->record && !ring_push(recorder->ring, event))
        count(&recorder->dropped, 1);
}

struct recorder_counters recorder_counters(const struct recorder *recorder)
{
    return (struct recorder_counters){.taken = ring_pushed(recorder->ring),
        .dropped = atomic_load_explicit(&recorder->dropped, memory_order_relaxed),
        .thinned = atomic_load_explicit(&recorder->thinned, memory_order_relaxed),
        .written = atomic_load_explicit(&recorder->written, memory_order_relaxed),
        .failed = atomic_load_explicit(&recorder->failed, memory_order_relaxed)};
}

static void say_failing(struct recorder *recorder, const struct err_note *note)
{
    if (recorder->failing)
        return;
    recorder->failing = true;
    recorder->failed_before = atomic_load(&recorder->failed);
    log_error("queries are not recorded: %s; answers go on, trying again", note->text);
}

static void say_well(struct recorder *recorder)
{
    if (!recorder->failing)
        return;
    recorder->failing = false;
    log_info("queries are recorded again; %llu were lost",
        (unsigned long long)(atomic_load(&recorder->failed) - recorder->failed_before));
}

static int make_rows(struct recorder *recorder, struct err_note *note)
{
    char text[NAME_MAX_TEXT];
    arena_reset(recorder->arena);
    for (size_t i = 0; i < recorder->pending_count; i++) {
        const struct zone_event *event = &recorder->pending[i];
        recorder->rows[i] = (struct store_query){.participant_id = event->probe ? 0 : event->tag,
            .qname = arena_string(recorder->arena, name_to_text(&event->qname, text)),
            .rcode = event->rcode,
            .event = event->event};
        if (!recorder->rows[i].qname)
            return err_set(note, ERR_NOMEM, "no memory");
    }
    return 0;
}

/* After a failure the store is opened anew: its file may have been mended or replaced meanwhile. */
static int write_rows(struct recorder *recorder, struct err_note *note)
{
    int err = make_rows(recorder, note);
    if (!err && !recorder->store)
        err = store_open(recorder->directory, false, &recorder->store, note);
    if (!err)
        err = store_queries_add(recorder->store, recorder->rows, recorder->pending_count, note);
    if (err) {
        store_close(recorder->store);
        recorder->store = NULL;
    }
    return err;
}

static void write_pending(struct recorder *recorder, bool last)
{
    int64_t now_us = clock_mono_us();
    if (recorder->pending_count == 0 || (recorder->failing && !last && now_us < recorder->retry_at_us))
        return;
    struct err_note note = {""};
    if (write_rows(recorder, &note) != 0) {
        say_failing(recorder, &note);
        recorder->retry_at_us = now_us + recorder->options.retry_us;
        return;
    }
    count(&recorder->written, recorder->pending_count);
    recorder->pending_count = 0;
    say_well(recorder);
}

static void keep(struct recorder *recorder, size_t taken)
{
    size_t room = PENDING - recorder->pending_count, kept = taken < room ? taken : room;
    memcpy(recorder->pending + recorder->pending_count, recorder->batch, kept * sizeof *recorder->batch);
    recorder->pending_count += kept;
    count(&recorder->failed, taken - kept);
}

static void prune(struct recorder *recorder)
{
    int64_t now_us = clock_mono_us();
    if (!recorder->options.keep_us || !recorder->store || now_us < recorder->prune_at_us)
        return;
    struct err_note note = {""};
    bool more = false;
    if (store_queries_prune_some(recorder->store, clock_now_us() - recorder->options.keep_us, &more, &note) !=
        0)
        log_warning("old queries could not be forgotten: %s", note.text);
    if (!more)
        recorder->prune_at_us =
            now_us +
            (recorder->options.keep_us < prune_every_us ? recorder->options.keep_us : prune_every_us);
}

/* Moves what is kept to the front of the batch; tells how many. */
static size_t leave_out(struct recorder *recorder, size_t taken)
{
    size_t kept = 0;
    for (size_t i = 0; i < taken; i++) {
        if (!thin_keep(recorder->thin, &recorder->batch[i]))
            continue;
        if (kept != i)
            recorder->batch[kept] = recorder->batch[i];
        kept++;
    }
    count(&recorder->thinned, taken - kept);
    return kept;
}

/* Takes all that was pushed before now. A producer may be about to fill a slot that it has claimed: it is
 * given the time. */
static void drain(struct recorder *recorder, bool last)
{
    uint64_t end = ring_pushed(recorder->ring);
    while (recorder->popped < end) {
        size_t taken = ring_pop(recorder->ring, recorder->batch, BATCH);
        if (taken == 0) {
            sched_yield();
            continue;
        }
        recorder->popped += taken;
        if (recorder->options.all_events)
            recorder->options.all_events(recorder->options.all_context, recorder->batch, taken,
                atomic_load_explicit(&recorder->dropped, memory_order_relaxed));
        taken = leave_out(recorder, taken);
        if (taken && recorder->options.events)
            recorder->options.events(recorder->options.context, recorder->batch, taken);
        keep(recorder, taken);
        write_pending(recorder, false);
    }
    write_pending(recorder, last);
}

static void wait_a_little(struct recorder *recorder)
{
    int64_t until_us = clock_mono_us() + LOOK_MS * 1000;
    struct timespec until = {.tv_sec = until_us / UTC_SECOND, .tv_nsec = until_us % UTC_SECOND * 1000};
    pthread_cond_timedwait(&recorder->changed, &recorder->mutex, &until);
}

static void *write_until_stopped(void *context)
{
    struct recorder *recorder = context;
    pthread_mutex_lock(&recorder->mutex);
    for (bool stopping = false; !stopping;) {
        if (!recorder->stopping && recorder->flushes_wanted == recorder->flushes_done)
            wait_a_little(recorder);
        unsigned wanted = recorder->flushes_wanted;
        stopping = recorder->stopping;
        pthread_mutex_unlock(&recorder->mutex);
        drain(recorder, stopping);
        prune(recorder);
        pthread_mutex_lock(&recorder->mutex);
        recorder->flushes_done = wanted;
        pthread_cond_broadcast(&recorder->changed);
    }
    pthread_mutex_unlock(&recorder->mutex);
    count(&recorder->failed, recorder->pending_count);
    return NULL;
}

static int start_thread(struct recorder *recorder, struct err_note *note)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&recorder->mutex, NULL);
    pthread_cond_init(&recorder->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    sigset_t all, before; /* signals are for the main thread */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int number = pthread_create(&recorder->thread, NULL, write_until_stopped, recorder);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    recorder->thread_runs = number == 0;
    return number ? err_set(note, ERR_INTERNAL, "cannot start the recorder's thread: %s", strerror(number))
                  : 0;
}

int recorder_start(
    const struct recorder_options *options, struct recorder **ret_recorder, struct err_note *note)
{
    size_t length = strlen(options->directory) + 1;
    struct recorder *recorder = calloc(1, sizeof *recorder + length);
    if (!recorder)
        return err_set(note, ERR_NOMEM, "no memory for the recorder");
    memcpy(recorder->directory, options->directory, length);
    recorder->options = *options;
    recorder->options.directory = recorder->directory;
    if (recorder->options.retry_us <= 0)
        recorder->options.retry_us = UTC_SECOND;
    recorder->ring = ring_new(options->capacity ? options->capacity : DEFAULT_CAPACITY);
    recorder->thin =
        thin_new(options->most_of_source_s ? options->most_of_source_s : DEFAULT_MOST_OF_SOURCE_S,
            options->most_s ? options->most_s : DEFAULT_MOST_S);
    recorder->arena = arena_new();
    int err = recorder->ring && recorder->thin && recorder->arena
                  ? 0
                  : err_set(note, ERR_NOMEM, "no memory for the recorder");
    if (!err)
        err = store_open(recorder->directory, false, &recorder->store, note);
    if (!err)
        err = start_thread(recorder, note);
    if (err)
        recorder_stop(recorder);
    else
        *ret_recorder = recorder;
    return err;
}

void recorder_flush(struct recorder *recorder)
{
    pthread_mutex_lock(&recorder->mutex);
    unsigned wanted = ++recorder->flushes_wanted;
    pthread_cond_broadcast(&recorder->changed);
    while ((int)(recorder->flushes_done - wanted) < 0)
        pthread_cond_wait(&recorder->changed, &recorder->mutex);
    pthread_mutex_unlock(&recorder->mutex);
}

void recorder_stop(struct recorder *recorder)
{
    if (!recorder)
        return;
    if (recorder->thread_runs) {
        pthread_mutex_lock(&recorder->mutex);
        recorder->stopping = true;
        pthread_cond_broadcast(&recorder->changed);
        pthread_mutex_unlock(&recorder->mutex);
        pthread_join(recorder->thread, NULL);
        pthread_cond_destroy(&recorder->changed);
        pthread_mutex_destroy(&recorder->mutex);
    }
    store_close(recorder->store);
    arena_free(recorder->arena);
    thin_free(recorder->thin);
    ring_free(recorder->ring);
    free(recorder);
}

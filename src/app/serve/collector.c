/* Two tallies: one counts while the other is written. If that cannot be written it waits, and the one that
 * counts goes on; only when it is full too are events lost, and the next segment says how many. */
#include "app/serve/collector.h"

#include "base/log.h"
#include "core/roll/tally.h"
#include "io/proc/clock.h"
#include "io/store/sightings.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

struct part {
    struct tally *tally;
    uint64_t first, end; /* events, counted since the start */
    uint64_t lost;
    uint64_t invalid_before; /* of the tally's counters */
    int64_t from_us, to_us;  /* covered */
};

struct collector {
    struct collector_options options;
    uint8_t id[SIGHTINGS_ID];
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    pthread_t thread;
    bool thread_runs, stopping;
    unsigned wanted, done; /* flushes; under the mutex */
    bool written;          /* whether the last of them left nothing that waits */
    struct part parts[2];
    struct part *counting; /* under the mutex; the other belongs to the thread */
    bool waiting;          /* the other one is not written yet */
    struct sightings *store;
    bool failing;
    uint64_t dropped; /* as it was told last */
};

/* ---- an event becomes a sighting ---- */

static void read_event(const struct zone_event *event, struct sighting *sighting)
{
    const struct evidence_event *e = &event->event;
    sighting_of_question(&event->qname, e->qtype, sighting);
    sighting->flags = (uint8_t)((e->edns ? SIGHTING_EDNS : 0) | (e->dnssec_ok ? SIGHTING_DO : 0) |
                                (e->checking_disabled ? SIGHTING_CD : 0));
    sighting->rcode = event->rcode;
    sighting->udp_size = e->udp_size;
    if (sighting->kind == SIGHTING_DNSKEY) {
        sighting->has_option = e->kind == EVIDENCE_KEYTAG && e->tag_count > 0;
        sighting->option_count = e->tag_count;
        memcpy(sighting->option_tags, e->tags, e->tag_count * sizeof *e->tags);
    }
}

static int take(struct part *part, const struct zone_event *event)
{
    static const uint8_t nowhere[16] = {0};
    struct sighting sighting;
    struct sighting_message message = {.time_us = event->event.at_us,
        .source = event->event.source,
        .destination = nowhere,
        .source_port = event->event.port,
        .destination_port = 53,
        .transport = event->event.tcp ? SIGHTING_TCP : SIGHTING_UDP};
    read_event(event, &sighting);
    return tally_sighting(part->tally, &message, &sighting);
}

void collector_take(
    struct collector *collector, const struct zone_event *events, size_t count, uint64_t dropped)
{
    pthread_mutex_lock(&collector->mutex);
    struct part *part = collector->counting;
    part->lost += dropped - collector->dropped;
    collector->dropped = dropped;
    for (size_t i = 0; i < count; i++) {
        if (events[i].event.kind == EVIDENCE_ANSWER)
            continue; /* an agent's report, no question */
        if (tally_full(part->tally) || take(part, &events[i]) != 0) {
            part->lost++;
            continue;
        }
        part->end++;
        part->to_us = events[i].event.at_us > part->to_us ? events[i].event.at_us : part->to_us;
    }
    pthread_mutex_unlock(&collector->mutex);
}

/* ---- the thread ---- */

static void say(struct collector *collector, int err, const struct err_note *note)
{
    if (err && !collector->failing)
        log_error("what was observed is not written: %s; it waits in memory", note->text);
    else if (!err && collector->failing)
        log_info("what was observed is written again");
    collector->failing = err != 0;
}

static int write_part(struct collector *collector, struct part *part, struct err_note *note)
{
    struct tally_counters counters = tally_counters(part->tally);
    struct sightings_span span = {part->from_us, part->to_us, part->end - part->first};
    struct sightings_segment segment = {.collector = collector->options.name,
        .input = "rollcall serve",
        .first_record = part->first,
        .end_record = part->end,
        .from_us = part->from_us,
        .to_us = part->to_us,
        .written_us = clock_now_us(),
        .packets = part->end - part->first,
        .messages = part->end - part->first,
        .invalid = counters.kinds[SIGHTING_INVALID] - part->invalid_before,
        .dropped = part->lost,
        .spans = &span,
        .span_count = 1};
    struct tally_rows rows;
    memcpy(segment.input_id, collector->id, sizeof segment.input_id);
    tally_rows(part->tally, &rows);
    int err = collector->store ? 0 : sightings_open(collector->options.store, false, &collector->store, note);
    if (!err)
        err = sightings_commit(collector->store, &segment, &rows, note);
    if (err) { /* opened anew the next time: it may have been mended or replaced */
        sightings_close(collector->store);
        collector->store = NULL;
    }
    return err;
}

static void begin_part(struct part *part, uint64_t first, int64_t now_us)
{
    tally_reset(part->tally);
    part->invalid_before = tally_counters(part->tally).kinds[SIGHTING_INVALID];
    part->first = part->end = first;
    part->lost = 0;
    part->from_us = part->to_us = now_us;
}

/* Under the mutex: the part that counts is handed over, if the other is free. */
static void swap(struct collector *collector)
{
    struct part *full = collector->counting, *fresh = &collector->parts[full == collector->parts];
    if (collector->waiting || (full->end == full->first && !full->lost))
        return;
    int64_t now_us = clock_now_us();
    full->to_us = now_us > full->to_us ? now_us : full->to_us;
    begin_part(fresh, full->end, now_us);
    collector->counting = fresh;
    collector->waiting = true;
}

/* False if it waits still. */
static bool commit(struct collector *collector)
{
    struct err_note note = {""};
    pthread_mutex_lock(&collector->mutex);
    swap(collector);
    struct part *part = &collector->parts[collector->counting == collector->parts];
    bool waiting = collector->waiting;
    pthread_mutex_unlock(&collector->mutex);
    if (!waiting)
        return true;
    int err = write_part(collector, part, &note);
    say(collector, err, &note);
    if (!err)
        collector->waiting = false; /* only this thread looks at it, and swap(), which it calls */
    return !err;
}

/* Under the mutex, until it is time, or somebody asks. */
static void sleep_until(struct collector *collector, const struct timespec *end)
{
    while (!collector->stopping && collector->wanted == collector->done &&
           pthread_cond_timedwait(&collector->changed, &collector->mutex, end) == 0)
        ;
}

static struct timespec in_time(int64_t wait_us)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t end_us = now.tv_sec * UTC_SECOND + now.tv_nsec / 1000 + wait_us;
    return (struct timespec){.tv_sec = end_us / UTC_SECOND, .tv_nsec = end_us % UTC_SECOND * 1000};
}

static void *run(void *context)
{
    struct collector *collector = context;
    pthread_mutex_lock(&collector->mutex);
    while (!collector->stopping) {
        struct timespec end = in_time(collector->options.every_us);
        sleep_until(collector, &end);
        unsigned wanted = collector->wanted;
        pthread_mutex_unlock(&collector->mutex);
        bool written = commit(collector) && (wanted == collector->done || commit(collector));
        pthread_mutex_lock(&collector->mutex);
        collector->done = wanted;
        collector->written = written;
        pthread_cond_broadcast(&collector->changed);
    }
    pthread_mutex_unlock(&collector->mutex);
    commit(collector); /* what was counted while the last one waited */
    return NULL;
}

static int start_thread(struct collector *collector, struct err_note *note)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&collector->mutex, NULL);
    pthread_cond_init(&collector->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    int number = pthread_create(&collector->thread, NULL, run, collector);
    collector->thread_runs = number == 0;
    return number ? err_set(note, ERR_INTERNAL, "cannot start the collector's thread: %s", strerror(number))
                  : 0;
}

int collector_start(
    const struct collector_options *options, struct collector **ret_collector, struct err_note *note)
{
    struct collector *collector = calloc(1, sizeof *collector);
    uint64_t seed = 0;
    if (!collector)
        return err_set(note, ERR_NOMEM, "no memory for the collector");
    collector->options = *options;
    int err = 0;
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed ||
        getrandom(collector->id, sizeof collector->id, 0) != (ssize_t)sizeof collector->id)
        err = err_set(note, ERR_INTERNAL, "no random numbers");
    for (size_t i = 0; i < 2 && !err; i++) {
        collector->parts[i].tally = tally_new(seed);
        if (!collector->parts[i].tally)
            err = err_set(note, ERR_NOMEM, "no memory for the collector");
    }
    if (!err) {
        collector->counting = &collector->parts[0];
        begin_part(collector->counting, 0, clock_now_us());
        err = start_thread(collector, note);
    }
    if (err)
        collector_stop(collector);
    else
        *ret_collector = collector;
    return err;
}

int collector_flush(struct collector *collector, int64_t wait_us, struct err_note *note)
{
    struct timespec end = in_time(wait_us);
    pthread_mutex_lock(&collector->mutex);
    unsigned wanted = ++collector->wanted;
    pthread_cond_broadcast(&collector->changed);
    while ((int)(collector->done - wanted) < 0 &&
           pthread_cond_timedwait(&collector->changed, &collector->mutex, &end) == 0)
        ;
    bool written = (int)(collector->done - wanted) >= 0 && collector->written;
    pthread_mutex_unlock(&collector->mutex);
    return written ? 0 : err_set(note, ERR_UNAVAILABLE, "what was observed is not written yet");
}

void collector_stop(struct collector *collector)
{
    if (!collector)
        return;
    if (collector->thread_runs) {
        pthread_mutex_lock(&collector->mutex);
        collector->stopping = true;
        pthread_cond_broadcast(&collector->changed);
        pthread_mutex_unlock(&collector->mutex);
        pthread_join(collector->thread, NULL);
        pthread_cond_destroy(&collector->changed);
        pthread_mutex_destroy(&collector->mutex);
    }
    sightings_close(collector->store);
    for (size_t i = 0; i < 2; i++)
        tally_free(collector->parts[i].tally);
    free(collector);
}

/* recorder: what was asked, from the threads that answer to the store, by way of one writer thread.
 *
 * recorder_push() never waits: what does not fit is dropped and counted. The writer hands every event it
 * takes to a callback (the evidence in memory) and then writes it. While the store fails (disk full, say)
 * service goes on: the events of the last moments are kept and tried again, what is more than that is counted
 * as failed; it is said once, and said again when all is well. */
#ifndef APP_SERVE_RECORDER_H
#define APP_SERVE_RECORDER_H

#include "base/err.h"
#include "core/zone/zone.h"

#include <stddef.h>
#include <stdint.h>

struct recorder;

struct recorder_options {
    const char *directory;     /* of the store; the recorder opens it for itself */
    size_t capacity;           /* events in the ring; 0: 16,384 (7 MiB) */
    unsigned most_of_source_s; /* kept a second of one zone, source and kind; 0: 50 */
    unsigned most_s;           /* kept a second of all; 0: 5,000 */
    int64_t keep_us;           /* queries older than this are forgotten; 0: never */
    int64_t retry_us;          /* between attempts at a store that fails; 0: a second */
    /* Called by the writer thread, in the order of the ring; or NULL. */
    void (*events)(void *context, const struct zone_event *events, size_t count);
    /* The same, before floods are thinned; or NULL. `dropped` as in the counters. */
    void (*all_events)(void *context, const struct zone_event *events, size_t count, uint64_t dropped);
    void *context, *all_context;
};

/* Errors as of store_open(). */
int recorder_start(
    const struct recorder_options *options, struct recorder **ret_recorder, struct err_note *note);

/* From any thread. Events without `record` are ignored. */
void recorder_push(struct recorder *recorder, const struct zone_event *event);

/* Returns when all that was pushed before has been handed to the callback and written, or could not be
 * written. */
void recorder_flush(struct recorder *recorder);

/* Writes what is left (one last attempt if the store fails), ends the thread. No thread may push any more.
 * NULL is allowed. */
void recorder_stop(struct recorder *recorder);

struct recorder_counters {
    uint64_t taken;   /* went into the ring */
    uint64_t dropped; /* did not: the ring was full */
    uint64_t written; /* are in the store */
    uint64_t thinned; /* were more than are kept of one source, or of all */
    uint64_t failed;  /* could not be written and are lost */
};
struct recorder_counters recorder_counters(const struct recorder *recorder);

#endif

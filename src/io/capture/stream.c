/* A file that is neither compressed nor a pipe is read by its consumer itself: what was just read lies in the
 * cache of its own processor, which saves more than a second one could do. Otherwise there is a thread.
 *
 * A ring with one writer (the thread) and one reader. A block belongs to the thread until it is filled, then
 * to the consumer until that goes on to the next one. The lock is taken once for each block. What costs is to
 * wake the other side, so the thread that sleeps because the ring is full is woken when half of it is free:
 * with that a capture is walked through in the time that cat takes, without in twice that. */
#include "io/capture/stream.h"

#include "io/capture/layer.h"

#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    RING_BLOCKS = 12,
    BLOCK_SIZE = 128 << 10,
    BLOCK_FILLED = 128 << 10, /* of a block, where a decompressor is the slower one and needs memory itself */
    ALIGNMENT = 4096,
    WAIT_MS = 200, /* of a pipe, before the consumer may do something else */
};

struct block {
    uint8_t *room; /* STREAM_MOST octets before the data */
    size_t length;
    uint64_t batch; /* the last one that looks at it */
};

struct stream_ring {
    struct source *source;
    struct layer *top; /* of the thread */
    char *name;
    size_t block_size, block_count;
    struct block blocks[RING_BLOCKS];
    bool begun; /* of the thread: the layers are there */
    bool threaded, may_thread;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t filled, freed;
    /* Under the lock: */
    uint64_t produced, released;
    bool ended, closing;
    int fault;
    struct err_note why;
    const char *filter;
    /* Of the consumer: */
    uint64_t taken;
    enum stream_status status;
};

/* ---- filling ---- */

/* Fills a block: whole, or as far as there is something without waiting. Returns 0 with a length of 0 at the
 * end. A fault comes with the block that was filled before it. */
static int ring_fill(struct stream_ring *ring, struct block *block, struct err_note *note)
{
    uint8_t *data = block->room + STREAM_MOST;
    size_t length = 0, got = 1;
    int err = ring->begun ? 0 : layer_unpack(&ring->top, note);
    ring->begun = true;
    size_t room = ring->top->below && ring->block_size > BLOCK_FILLED ? BLOCK_FILLED : ring->block_size;
    while (!err && got > 0 && length < room && (length == 0 || source_ready(ring->source))) {
        err = layer_read(ring->top, data + length, room - length, &got, note);
        length += err ? 0 : got;
    }
    block->length = length;
    return err;
}

/* Hands a filled block over, or the end. */
static void ring_put(
    struct stream_ring *ring, const struct block *block, int fault, const struct err_note *why)
{
    pthread_mutex_lock(&ring->lock);
    ring->produced += block->length > 0;
    ring->ended = block->length == 0 || fault;
    ring->fault = fault;
    ring->why = *why;
    struct layer *outermost = ring->top;
    while (outermost->below && outermost->below->below)
        outermost = outermost->below;
    ring->filter = outermost->name;
    pthread_cond_signal(&ring->filled);
    pthread_mutex_unlock(&ring->lock);
}

static void ring_step(struct stream_ring *ring, uint64_t number)
{
    struct err_note why = {""};
    struct block *block = &ring->blocks[number % ring->block_count];
    int fault = ring_fill(ring, block, &why);
    ring_put(ring, block, fault, &why);
}

static void *ring_thread(void *context)
{
    struct stream_ring *ring = context;
    for (;;) {
        pthread_mutex_lock(&ring->lock);
        while (!ring->closing && !ring->ended && ring->produced - ring->released == ring->block_count)
            pthread_cond_wait(&ring->freed, &ring->lock);
        bool stop = ring->closing || ring->ended;
        uint64_t number = ring->produced;
        pthread_mutex_unlock(&ring->lock);
        if (stop)
            return NULL;
        ring_step(ring, number);
    }
}

/* ---- consuming ---- */

/* Signals are for the program's other threads, whose waiting they are to end. */
static bool ring_start(struct stream_ring *ring)
{
    sigset_t all, kept;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &kept);
    int failed = pthread_create(&ring->thread, NULL, ring_thread, ring);
    pthread_sigmask(SIG_SETMASK, &kept, NULL);
    return failed == 0;
}

/* Fills the next block. What turns out to be compressed is worth a thread from then on. */
static void ring_fill_next(struct stream_ring *ring)
{
    ring_step(ring, ring->produced);
    if (ring->may_thread && ring->top->below && !ring->ended)
        ring->threaded = ring_start(ring);
    ring->may_thread = false;
}

/* Whether there is another block; waits for it, for a pipe WAIT_MS at most. */
static bool ring_wait(struct stream_ring *ring)
{
    if (!ring->threaded && ring->produced == ring->taken && !ring->ended)
        ring_fill_next(ring);
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += WAIT_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    bool late = false;
    pthread_mutex_lock(&ring->lock);
    while (ring->produced == ring->taken && !ring->ended && !late) {
        if (ring->source->waits)
            late = pthread_cond_timedwait(&ring->filled, &ring->lock, &until) != 0;
        else
            pthread_cond_wait(&ring->filled, &ring->lock);
    }
    bool is_there = ring->produced != ring->taken;
    if (!is_there)
        ring->status = atomic_load(&ring->source->stopped) && ring->ended ? STREAM_STOPPED
                       : !ring->ended                                     ? STREAM_WAITS
                       : ring->fault                                      ? STREAM_FAULT
                                                                          : STREAM_ENDED;
    pthread_mutex_unlock(&ring->lock);
    return is_there;
}

/* Blocks before the one at hand may be filled again, save some that others may still look at. */
static void ring_release(struct stream *stream)
{
    struct stream_ring *ring = stream->ring;
    uint64_t kept = stream->reuse && ring->block_count > 2 ? ring->block_count / 2 : 0;
    uint64_t end = ring->taken > kept ? ring->taken - 1 - kept : 0;
    if (stream->reuse && end > 0)
        stream->reuse(stream->reuse_context, ring->blocks[(end - 1) % ring->block_count].batch);
    pthread_mutex_lock(&ring->lock);
    ring->released = end;
    if (ring->produced - ring->taken <= (ring->block_count - kept - 1) / 2)
        pthread_cond_signal(&ring->freed);
    pthread_mutex_unlock(&ring->lock);
}

/* Goes on to the next block, with what is left of this one put before it. */
static bool stream_advance(struct stream *stream)
{
    struct stream_ring *ring = stream->ring;
    if (!ring_wait(ring))
        return false;
    struct block *block = &ring->blocks[ring->taken % ring->block_count];
    size_t rest = (size_t)(stream->end - stream->at);
    uint8_t *data = block->room + STREAM_MOST;
    if (rest > 0)
        memcpy(data - rest, stream->at, rest);
    stream->at = data - rest;
    stream->end = data + block->length;
    stream->end_offset += block->length;
    if (ring->taken > 0)
        ring->blocks[(ring->taken - 1) % ring->block_count].batch = stream->batch - (stream->batch > 0);
    ring->taken++;
    ring_release(stream);
    return true;
}

/* Skips what is there of what is to be skipped. */
static void stream_pass(struct stream *stream)
{
    uint64_t ready = (uint64_t)(stream->end - stream->at);
    uint64_t now = stream->to_skip < ready ? stream->to_skip : ready;
    stream->at += now;
    stream->to_skip -= now;
}

const uint8_t *stream_more(struct stream *stream, size_t size)
{
    stream_pass(stream);
    while (stream->to_skip || (size_t)(stream->end - stream->at) < size) {
        if (size > STREAM_MOST || !stream_advance(stream)) {
            stream->wanted = size;
            return NULL;
        }
        stream_pass(stream);
    }
    return stream->at;
}

enum stream_status stream_status(const struct stream *stream)
{
    return stream->ring->status;
}

/* ---- telling ---- */

const char *stream_name(const struct stream *stream)
{
    return stream->ring->name;
}

/* "offset 12", and of which octets where that could be mistaken. */
static const char *stream_kind(const struct stream *stream)
{
    struct stream_ring *ring = stream->ring;
    pthread_mutex_lock(&ring->lock);
    const char *filter = ring->filter;
    pthread_mutex_unlock(&ring->lock);
    return *filter ? " (uncompressed)" : "";
}

int stream_error(const struct stream *stream, struct err_note *note, const char *format, ...)
{
    char what[sizeof note->text];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    return err_set(note, ERR_DATA, "%s: offset %llu%s: %s", stream->ring->name,
        (unsigned long long)stream_offset(stream), stream_kind(stream), what);
}

int stream_fault(const struct stream *stream, struct err_note *note)
{
    struct stream_ring *ring = stream->ring;
    const char *kind = stream_kind(stream);
    pthread_mutex_lock(&ring->lock);
    int fault = ring->fault;
    struct err_note why = ring->why;
    pthread_mutex_unlock(&ring->lock);
    return err_set(note, fault, "%s: offset %llu%s: %s", ring->name, (unsigned long long)stream->end_offset,
        kind, why.text);
}

void stream_progress(
    const struct stream *stream, const char **ret_filter, uint64_t *ret_size, uint64_t *ret_offset)
{
    struct stream_ring *ring = stream->ring;
    pthread_mutex_lock(&ring->lock);
    *ret_filter = ring->filter;
    pthread_mutex_unlock(&ring->lock);
    *ret_size = ring->source->size;
    *ret_offset = atomic_load(&ring->source->offset);
}

/* ---- opening and closing ---- */

static void ring_free(struct stream_ring *ring)
{
    for (size_t i = 0; i < ring->block_count; i++)
        free(ring->blocks[i].room);
    layer_close(ring->top);
    pthread_cond_destroy(&ring->filled);
    pthread_cond_destroy(&ring->freed);
    pthread_mutex_destroy(&ring->lock);
    free(ring->name);
    free(ring);
}

/* Takes over the source on success. */
static int ring_new(struct source *source, const char *name, size_t block_size, size_t block_count,
    struct stream_ring **ret_ring)
{
    struct stream_ring *ring = calloc(1, sizeof *ring);
    if (!ring)
        return ERR_NOMEM;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&ring->lock, NULL);
    pthread_cond_init(&ring->filled, &monotonic);
    pthread_cond_init(&ring->freed, NULL);
    pthread_condattr_destroy(&monotonic);
    ring->filter = "";
    ring->block_size = block_size;
    ring->name = strdup(name);
    bool all = ring->name != NULL;
    for (; all && ring->block_count < block_count; ring->block_count++) {
        size_t size = (STREAM_MOST + block_size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        all = (ring->blocks[ring->block_count].room = aligned_alloc(ALIGNMENT, size)) != NULL;
    }
    if (!all) {
        ring_free(ring);
        return ERR_NOMEM;
    }
    ring->source = source;
    ring->top = &source->layer;
    *ret_ring = ring;
    return 0;
}

static int stream_new(struct source *source, const char *name, size_t block_size, size_t block_count,
    struct stream **ret_stream, struct err_note *note)
{
    struct stream *stream = calloc(1, sizeof *stream);
    int err = stream ? ring_new(source, name, block_size, block_count, &stream->ring) : ERR_NOMEM;
    if (err) {
        free(stream);
        layer_close(&source->layer);
        return err_set(note, err, "%s: out of memory", name);
    }
    stream->at = stream->end = stream->ring->blocks[0].room;
    *ret_stream = stream;
    return 0;
}

int stream_open_file(const char *path, struct stream **ret_stream, struct err_note *note)
{
    struct source *source;
    struct stream *stream;
    int err = source_open(path, &source, note);
    if (err)
        return err;
    const char *name = source->keeps_open ? "standard input" : path;
    err = stream_new(source, name, BLOCK_SIZE, RING_BLOCKS, &stream, note);
    if (err)
        return err;
    struct stream_ring *ring = stream->ring;
    ring->threaded = source->waits && ring_start(ring);
    ring->may_thread = !source->waits;
    if (source->waits && !ring->threaded) {
        stream_close(stream);
        return err_set(note, ERR_NOMEM, "%s: no thread can be started to read it", name);
    }
    *ret_stream = stream;
    return 0;
}

int stream_open_memory(const void *bytes, size_t length, size_t block, const char *name,
    struct stream **ret_stream, struct err_note *note)
{
    struct source *source;
    int err = source_open_memory(bytes, length, &source, note);
    return err ? err : stream_new(source, name, block, 2, ret_stream, note);
}

void stream_stop(struct stream *stream)
{
    source_stop(stream->ring->source);
}

void stream_close(struct stream *stream)
{
    if (!stream)
        return;
    struct stream_ring *ring = stream->ring;
    if (ring->threaded) {
        source_stop(ring->source);
        pthread_mutex_lock(&ring->lock);
        ring->closing = true;
        pthread_cond_signal(&ring->freed);
        pthread_mutex_unlock(&ring->lock);
        pthread_join(ring->thread, NULL);
    }
    ring_free(ring);
    free(stream);
}

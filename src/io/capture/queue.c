#include "io/capture/queue.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_NS = 200000000, SECOND_NS = 1000000000 };

void queue_start(struct queue *queue, int wake)
{
    pthread_condattr_t attributes;
    pthread_mutex_init(&queue->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&queue->news, &attributes);
    pthread_condattr_destroy(&attributes);
    queue->wake = wake;
}

void queue_free(struct queue *queue)
{
    pthread_cond_destroy(&queue->news);
    pthread_mutex_destroy(&queue->lock);
}

/* Each message has room of its own, so that a block fits into what it was asked for. */
static bool fits(const struct queue_block *block, const struct dnstap_frame *frame, unsigned first)
{
    size_t octets = block->octets;
    for (unsigned i = first; i < frame->count; i++)
        octets += frame->messages[i].length;
    return octets <= QUEUE_OCTETS && block->count + (frame->count - first) <= CAPTURE_BATCH;
}

bool queue_put(struct queue *queue, const struct dnstap_frame *frame, unsigned first)
{
    pthread_mutex_lock(&queue->lock);
    struct queue_block *block = &queue->blocks[queue->filled];
    bool fitted = fits(block, frame, first);
    queue->full = !fitted;
    if (fitted) {
        struct capture_peer *peer = &block->peers[block->count];
        if (first < frame->count)
            *peer = frame->peer;
        for (unsigned i = first; i < frame->count; i++) {
            const struct dnstap_message *message = &frame->messages[i];
            uint8_t *copy = block->bytes + block->octets;
            memcpy(copy, message->bytes, message->length);
            block->octets += message->length;
            block->records[block->count++] = (struct capture_record){.time_us = message->time_us,
                .bytes = copy,
                .length = message->length,
                .wire_length = message->length,
                .what = CAPTURE_MESSAGE,
                .peer = peer};
        }
    }
    pthread_mutex_unlock(&queue->lock);
    return fitted;
}

void queue_flush(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    if (queue->blocks[queue->filled].count > 0)
        pthread_cond_signal(&queue->news);
    pthread_mutex_unlock(&queue->lock);
}

void queue_count(struct queue *queue, uint64_t skipped, uint64_t dropped)
{
    pthread_mutex_lock(&queue->lock);
    queue->skipped += skipped;
    queue->dropped += dropped;
    pthread_mutex_unlock(&queue->lock);
}

void queue_finish(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->finished = true;
    pthread_cond_signal(&queue->news);
    pthread_mutex_unlock(&queue->lock);
}

static void wait_for_news(struct queue *queue)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += WAIT_NS;
    if (until.tv_nsec >= SECOND_NS) {
        until.tv_nsec -= SECOND_NS;
        until.tv_sec++;
    }
    while (queue->blocks[queue->filled].count == 0 && !queue->finished)
        if (pthread_cond_timedwait(&queue->news, &queue->lock, &until) != 0)
            break;
}

void queue_take(struct queue *queue, struct capture_batch *ret_batch)
{
    pthread_mutex_lock(&queue->lock);
    wait_for_news(queue);
    struct queue_block *taken = &queue->blocks[queue->filled], *next = &queue->blocks[!queue->filled];
    if (taken->count > 0) {
        next->count = next->octets = 0; /* was looked at until now */
        queue->filled = !queue->filled;
        ret_batch->records = taken->records;
        ret_batch->count = taken->count;
    }
    ret_batch->end = queue->finished;
    bool wake = queue->full;
    queue->full = false;
    pthread_mutex_unlock(&queue->lock);
    uint64_t one = 1;
    if (wake && write(queue->wake, &one, sizeof one) < 0)
        (void)0; /* full: it is readable anyway */
}

void queue_counted(struct queue *queue, uint64_t *ret_skipped, uint64_t *ret_dropped)
{
    pthread_mutex_lock(&queue->lock);
    *ret_skipped = queue->skipped;
    *ret_dropped = queue->dropped;
    pthread_mutex_unlock(&queue->lock);
}

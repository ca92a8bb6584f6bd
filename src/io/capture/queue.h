/* queue: DNS messages from a thread that receives them to the one that calls capture_next(): two blocks, one
 * that is filled while the other is looked at. When it is full the filler is told to wait, and is woken when
 * there is room: nothing is lost, nothing grows. */
#ifndef IO_CAPTURE_QUEUE_H
#define IO_CAPTURE_QUEUE_H

#include "io/capture/dnstap.h"

#include <pthread.h>

enum { QUEUE_OCTETS = 512 << 10 };

struct queue_block {
    size_t count, octets;
    struct capture_record records[CAPTURE_BATCH];
    struct capture_peer peers[CAPTURE_BATCH];
    uint8_t bytes[QUEUE_OCTETS];
};

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t news;
    int wake;                  /* eventfd of the filler, owned by the caller */
    bool full;                 /* the filler waits */
    bool finished;             /* nothing will be put any more */
    uint64_t skipped, dropped; /* as in capture_state */
    unsigned filled;           /* which block */
    struct queue_block blocks[2];
};

void queue_start(struct queue *queue, int wake);
void queue_free(struct queue *queue);

/* ---- the filler ---- */

/* Copies the messages from `first` on. False: there is no room; `wake` becomes readable when there is. */
bool queue_put(struct queue *queue, const struct dnstap_frame *frame, unsigned first);

/* Wakes the reader if there is something for it. */
void queue_flush(struct queue *queue);

void queue_count(struct queue *queue, uint64_t skipped, uint64_t dropped);

/* After the last queue_put(). */
void queue_finish(struct queue *queue);

/* ---- the reader ---- */

/* What is there, or after 200 ms nothing. Valid until the next call. */
void queue_take(struct queue *queue, struct capture_batch *ret_batch);
void queue_counted(struct queue *queue, uint64_t *ret_skipped, uint64_t *ret_dropped);

#endif

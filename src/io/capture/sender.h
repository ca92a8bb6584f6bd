/* sender: one connection to a dnstap socket: octets in, messages into the queue, answers of the handshake
 * out. Only the socket's thread uses it; no clock of its own, nothing waits. */
#ifndef IO_CAPTURE_SENDER_H
#define IO_CAPTURE_SENDER_H

#include "io/capture/frames.h"
#include "io/capture/queue.h"
#include "io/capture/repeats.h"

enum {
    SENDER_ROOM = 32 << 10,       /* octets of each one's buffer */
    SENDERS_EXTRA = 8 << 20,      /* and of all buffers together that a longer frame may take beyond that */
    SENDER_PATIENCE_US = 30000000 /* for the rest of a frame, and for the handshake */
};

/* What the senders of a socket share. */
struct senders {
    struct queue *queue;
    size_t extra; /* taken of SENDERS_EXTRA */
    struct repeats repeats;
};

struct sender {
    int fd, pid; /* pid: of the process that connected, 0: not known; for messages */
    struct frames frames;
    uint8_t *buffer;
    size_t room, begin, end;
    int64_t since_us; /* since when it owes something: the rest of a frame, or START */
    uint64_t messages;
};

enum sender_word {
    SENDER_GOES_ON,
    SENDER_FULL,  /* the queue is: try again when it is not */
    SENDER_ENDED, /* closed by its other end, in good order or not */
    SENDER_BAD,   /* dropped: frames.fault says why */
};

/* Takes over `fd`. False: memory is short, and fd is closed. */
bool sender_open(struct sender *sender, int fd, int64_t now_us);

/* Reads once, what fits. Only while everything read before was put into the queue. SENDER_GOES_ON (*ret_read
 * may be 0), SENDER_ENDED or SENDER_BAD. */
enum sender_word sender_read(
    struct sender *sender, struct senders *senders, int64_t now_us, size_t *ret_read);

/* Puts what was read into the queue. SENDER_GOES_ON, SENDER_FULL or SENDER_BAD. */
enum sender_word sender_put(struct sender *sender, struct senders *senders, int64_t now_us);

bool sender_in_a_frame(const struct sender *sender);

/* It owes something for too long. */
bool sender_is_late(const struct sender *sender, int64_t now_us);

/* It could not go on, because we did not read: its time begins anew. */
void sender_forgive(struct sender *sender, int64_t now_us);

void sender_close(struct sender *sender, struct senders *senders);

#endif

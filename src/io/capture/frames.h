/* frames: Frame Streams, what dnstap comes in, as files and over sockets.
 *
 *     data frame      length (4 octets, not 0), that many octets
 *     control frame   0 (4 octets), length (4 octets), that many octets, read by libfstrm
 *
 * A file, and a sender that does not wait for us (unidirectional), has START, data frames, STOP. A sender
 * over a socket (bidirectional) says READY, gets ACCEPT, then START … STOP, and gets FINISH. */
#ifndef IO_CAPTURE_FRAMES_H
#define IO_CAPTURE_FRAMES_H

#include "io/capture/capture.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FRAMES_LENGTH = 4,        /* octets before a data frame */
    FRAMES_CONTROL_HEAD = 8,  /* octets before a control frame */
    FRAMES_CONTROL_MOST = 512 /* octets of a control frame, as libfstrm has it */
};

/* Where a stream is. */
enum frames_state { FRAMES_BEGIN, FRAMES_READY, FRAMES_OPEN };

struct frames {
    bool socket;   /* not a file: READY is allowed */
    bool answered; /* there was a READY: STOP wants FINISH */
    enum frames_state state;
    char fault[160]; /* why ERR_DATA */
};

/* Whether these are the first octets of a file of Frame Streams (12 are enough): a control frame START. */
bool frames_is(const uint8_t *head, size_t length);

/* The size with its header of the frame that begins at `bytes`, of which `ready` octets are there: what can
 * be told by them, so it may be the size of a header first. Never more than CAPTURE_MAX_RECORD + 4.
 * 0: a fault. */
size_t frames_size(struct frames *frames, const uint8_t *bytes, size_t ready);

static inline uint32_t frames_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

enum { FRAMES_ANSWER_ROOM = FRAMES_CONTROL_HEAD + FRAMES_CONTROL_MOST };

/* Takes a whole frame of `size` octets, header included. A data frame: *ret_data and *ret_length tell where
 * its contents are. A control frame: *ret_data is NULL, *ret_length the length of the answer put into
 * `answer`, 0 for none. ERR_DATA: not what may come here. */
int frames_take(struct frames *frames, const uint8_t *bytes, size_t size, const uint8_t **ret_data,
    size_t *ret_length, uint8_t answer[FRAMES_ANSWER_ROOM]);

#endif

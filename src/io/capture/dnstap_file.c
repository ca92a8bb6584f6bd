/* The idea: the stream gives the frames, in place; each gives its messages, in place too. Only who asked whom
 * is written down, one place for each record of a batch. */
#include "io/capture/capture_inside.h"
#include "io/capture/dnstap.h"
#include "io/capture/frames.h"
#include "io/capture/repeats.h"

#include <stdlib.h>
#include <string.h>

enum { AHEAD = 4 };

struct dnstap_file {
    struct frames frames;
    struct repeats repeats;
};

static void *open_reader(void)
{
    return calloc(1, sizeof(struct dnstap_file));
}

static void close_reader(void *reader)
{
    free(reader);
}

/* By the pieces in which it was just written. */
static inline void copy_peer(struct capture_peer *to, const struct capture_peer *from)
{
    memcpy(to->client, from->client, 8);
    memcpy(to->client + 8, from->client + 8, 8);
    memcpy(to->server, from->server, 8);
    memcpy(to->server + 8, from->server + 8, 8);
    to->client_port = from->client_port;
    to->server_port = from->server_port;
    to->transport = from->transport;
}

/* Adds what the frame holds. */
static void add(struct dnstap_file *file, struct capture_fill *fill, const struct dnstap_frame *frame)
{
    unsigned first = repeats_first(&file->repeats, frame);
    if (first == frame->count) {
        fill->skipped++;
        return;
    }
    struct capture_peer *peer = &fill->peers[fill->count];
    __builtin_prefetch(&peer[AHEAD], 1); /* which others have read */
    __builtin_prefetch(&fill->records[fill->count + AHEAD], 1);
    copy_peer(peer, &frame->peer);
    for (unsigned i = first; i < frame->count; i++)
        fill->records[fill->count++] = (struct capture_record){.time_us = frame->messages[i].time_us,
            .bytes = frame->messages[i].bytes,
            .length = frame->messages[i].length,
            .wire_length = frame->messages[i].length,
            .what = CAPTURE_MESSAGE,
            .peer = peer};
}

/* The frame that comes next, whole, or NULL: there is none yet, or *ret_rc. */
static const uint8_t *next_frame(struct dnstap_file *file, struct stream *stream, bool keep, size_t *ret_size,
    int *ret_rc, struct err_note *note)
{
    size_t size = FRAMES_LENGTH, had;
    const uint8_t *at;
    do {
        had = size;
        if (keep && stream_ready(stream) < size)
            return NULL;
        at = stream_need(stream, size);
        if (!at)
            return NULL;
        size = frames_size(&file->frames, at, size);
        if (size == 0) {
            *ret_rc = stream_error(stream, note, "%s", file->frames.fault);
            return NULL;
        }
    } while (size > had);
    *ret_size = size;
    return at;
}

static int fill_batch(void *reader, struct stream *stream, struct capture_fill *fill, struct err_note *note)
{
    struct dnstap_file *file = reader;
    int rc = 0;
    while (fill->count + DNSTAP_MESSAGES <= CAPTURE_BATCH) {
        size_t size = 0, length = 0;
        const uint8_t *data, *at = next_frame(file, stream, fill->count > 0, &size, &rc, note);
        uint8_t answer[FRAMES_ANSWER_ROOM]; /* a file wants none */
        if (!at)
            return rc;
        if (frames_take(&file->frames, at, size, &data, &length, answer) != 0)
            return stream_error(stream, note, "%s", file->frames.fault);
        if (data) {
            struct dnstap_frame frame;
            const char *fault;
            if (dnstap_parse(data, length, &frame, &fault) != 0)
                return stream_error(stream, note, "a frame is no dnstap: %s", fault);
            add(file, fill, &frame);
        }
        stream_take(stream, size);
    }
    return 0;
}

const struct capture_reader capture_dnstap = {
    .format = "dnstap",
    .is = frames_is,
    .open = open_reader,
    .fill = fill_batch,
    .close = close_reader,
};

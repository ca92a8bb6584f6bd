/* stream: the octets of a file or pipe, uncompressed, in place and in order.
 *
 * Blocks of a ring are filled, by a thread where that pays; the consumer looks at them where they lie. Before
 * each block there is room for STREAM_MOST octets: what is left of the block before it, when a record crosses
 * from one to the next, is copied there, so that every record is contiguous.
 *
 * One consumer. Pointers that stream_need() gave stay valid until a call of stream_need() has to go on to the
 * next block: never while what it is asked for is ready. */
#ifndef IO_CAPTURE_STREAM_H
#define IO_CAPTURE_STREAM_H

#include "base/err.h"
#include "io/capture/capture.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STREAM_MOST = CAPTURE_MAX_RECORD + 4096 }; /* that can be needed at once */

struct stream_ring;

/* Fields are of stream.c and of the inline functions. */
struct stream {
    const uint8_t *at, *end; /* of the block that is looked at */
    uint64_t end_offset;     /* of `end` in the input */
    uint64_t to_skip;
    size_t wanted; /* by the last call of stream_need() that gave NULL */
    struct stream_ring *ring;
    /* Of the caller: */
    uint64_t batch; /* that is being filled, from 1 */
    void (*reuse)(void *context,
        uint64_t batch); /* as capture_keep(); NULL: nobody looks at octets of batches before it */
    void *reuse_context;
};

/* "-" is standard input. Errors as capture_open_file(), save what it says of contents. */
int stream_open_file(const char *path, struct stream **ret_stream, struct err_note *note);

/* Octets in memory, which stay the caller's; without a thread. `block`: size of blocks. */
int stream_open_memory(const void *bytes, size_t length, size_t block, const char *name,
    struct stream **ret_stream, struct err_note *note);

/* Ends the input where it is; what was read still comes. May be called in a signal handler. */
void stream_stop(struct stream *stream);

void stream_close(struct stream *stream); /* NULL is allowed; promptly, whatever the thread waits for */

const uint8_t *stream_more(struct stream *stream, size_t size);

/* Octets that are there, contiguous, without waiting. */
static inline size_t stream_ready(const struct stream *stream)
{
    return stream->to_skip ? 0 : (size_t)(stream->end - stream->at);
}

/* The next `size` octets (at most STREAM_MOST), contiguous, or NULL: stream_status() tells why. */
static inline const uint8_t *stream_need(struct stream *stream, size_t size)
{
    return stream_ready(stream) >= size && !stream->to_skip ? stream->at : stream_more(stream, size);
}

/* Goes on by `size` octets, which are ready. */
static inline void stream_take(struct stream *stream, size_t size)
{
    stream->at += size;
}

/* Goes on by any number of octets, which need not be there yet: none of them is buffered. */
static inline void stream_skip(struct stream *stream, uint64_t size)
{
    uint64_t ready = (uint64_t)(stream->end - stream->at);
    uint64_t now = size < ready && !stream->to_skip ? size : 0;
    stream->at += now;
    stream->to_skip += size - now;
}

/* Where in the (uncompressed) input the consumer is. */
static inline uint64_t stream_offset(const struct stream *stream)
{
    return stream->end_offset - (uint64_t)(stream->end - stream->at) + stream->to_skip;
}

enum stream_status {
    STREAM_WAITS,   /* a pipe gave nothing for 200 ms: ask again */
    STREAM_ENDED,   /* the input ended; what is ready is what was left of it */
    STREAM_STOPPED, /* stream_stop() ended it */
    STREAM_FAULT,   /* reading or decompressing failed: stream_fault() */
};

/* Why stream_need() gave NULL. */
enum stream_status stream_status(const struct stream *stream);

/* The fault, as "FILE: offset N: …". */
int stream_fault(const struct stream *stream, struct err_note *note);

/* Fills the note with "FILE: offset N: …", N being where the consumer is, and returns ERR_DATA. */
int stream_error(const struct stream *stream, struct err_note *note, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

const char *stream_name(const struct stream *stream); /* the path, or "standard input" */

/* For capture_state(): outermost compression or "", size on disk (0: not known), octets read from there. */
void stream_progress(
    const struct stream *stream, const char **ret_filter, uint64_t *ret_size, uint64_t *ret_offset);

#endif

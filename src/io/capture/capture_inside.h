/* capture_inside: what the kinds of capture share, for the sources of this folder only.
 *
 * Each open function makes a structure that begins with `struct capture` and is driven through its table.
 * Files and pipes are one such kind (file.c): it owns a stream and one of the readers below, which turn the
 * stream's octets into records. */
#ifndef IO_CAPTURE_CAPTURE_INSIDE_H
#define IO_CAPTURE_CAPTURE_INSIDE_H

#include "io/capture/capture.h"
#include "io/capture/stream.h"

/* ---- a kind of capture ---- */

struct capture_kind {
    /* As capture_next(), and not called again after an error or `end`. *ret_batch is empty at the call. */
    int (*next)(struct capture *capture, struct capture_batch *ret_batch, struct err_note *note);
    void (*stop)(struct capture *capture);                                     /* safe in a signal handler */
    void (*state)(const struct capture *capture, struct capture_state *state); /* zeroed; records is set */
    void (*close)(struct capture *capture);                                    /* frees the capture too */
    bool keeps; /* calls `reuse` itself, when it must */
};

struct capture {
    const struct capture_kind *kind;
    uint64_t batches;                             /* asked for */
    void (*reuse)(void *context, uint64_t batch); /* as capture_keep() */
    void *reuse_context;
    bool done;        /* there was an error or the end */
    uint64_t records; /* handed out */
};

/* ---- a reader of one format of files ---- */

enum { CAPTURE_HEAD = 32 }; /* first octets by which formats are told apart */

/* Where a reader puts a batch. */
struct capture_fill {
    struct capture_record *records; /* room for CAPTURE_BATCH */
    struct capture_peer *peers;     /* likewise, for records that need one */
    size_t count;
    bool end;         /* the format says that nothing follows */
    uint64_t skipped; /* cumulative: blocks and frames without a record */
    uint64_t dropped; /* cumulative: packets that the file says were lost */
};

/* `fill` parses as many records as there are, in place, up to CAPTURE_BATCH:
 *
 *     while (fill->count < CAPTURE_BATCH) {
 *         if (fill->count > 0 && stream_ready(stream) < size) break;     (records must stay valid)
 *         const uint8_t *at = stream_need(stream, size);
 *         if (!at) break;                                                (end, fault, or not yet: 0)
 *         …
 *         stream_take(stream, size);
 *     }
 *     return 0;
 *
 * So a unit is taken whole or not at all, and the next call begins with it again. The end of the input in the
 * middle of a unit, and faults of the stream, are told by file.c. Own faults: return stream_error(…); the
 * records before it are handed out first, then `fill` is called once more and must find the same fault. */
struct capture_reader {
    const char *format;
    bool (*is)(const uint8_t *head, size_t length); /* CAPTURE_HEAD octets, or all if there are fewer */
    void *(*open)(void);                            /* NULL when memory is short */
    int (*fill)(void *reader, struct stream *stream, struct capture_fill *fill, struct err_note *note);
    void (*close)(void *reader);
};

/* A reader enters itself in the table of file.c. */
extern const struct capture_reader capture_pcap, capture_pcapng, capture_dnstap, capture_log;

/* For tests and fuzz targets: reads octets in memory as a file of that name, without a thread, in blocks of
 * `block` octets. `as_log`: as capture_open_log(). The octets stay the caller's. */
int capture_open_memory(const void *bytes, size_t length, size_t block, bool as_log,
    struct capture **ret_capture, struct err_note *note);

#endif

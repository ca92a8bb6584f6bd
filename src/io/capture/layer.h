/* layer: what input goes through before it is a capture: the file at the bottom, decompressors on it.
 *
 * Reading the topmost gives the uncompressed octets. Used by one thread at a time, save where said. */
#ifndef IO_CAPTURE_LAYER_H
#define IO_CAPTURE_LAYER_H

#include "base/err.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LAYER_HEAD = 16, /* octets by which compression is recognised */
    LAYER_DEPTH = 4, /* decompressors on each other */
};

struct layer {
    const char *name; /* "gzip"; of the file "" */
    struct layer *below;
    /* Up to `room` octets, at least one; 0 at the end. An error only with none: what was good before it comes
     * first. The note says what, not in which file. */
    int (*read)(struct layer *layer, uint8_t *into, size_t room, size_t *ret_got, struct err_note *note);
    void (*close)(struct layer *layer);
    uint8_t head[LAYER_HEAD]; /* looked at, still to be read */
    size_t head_at, head_end;
};

int layer_read(struct layer *layer, uint8_t *into, size_t room, size_t *ret_got, struct err_note *note);

/* Puts decompressors on *top as long as its first octets are those of a compression. ERR_DATA: too many on
 * each other; else what reading gives. *top is to be closed whatever the result. */
int layer_unpack(struct layer **top, struct err_note *note);

void layer_close(struct layer *layer); /* with those below; NULL is allowed */

/* ---- the bottom ---- */

struct source {
    struct layer layer;
    int fd;          /* -1: memory */
    int wake;        /* eventfd */
    bool keeps_open; /* standard input */
    bool waits;      /* may have nothing to read for a time: a pipe, a terminal */
    const uint8_t *bytes;
    size_t left;
    uint64_t size; /* of the file; 0: not known */
    atomic_bool stopped;
    atomic_uint_fast64_t offset; /* octets read */
};

/* Opens a file or pipe; "-" is standard input. ERR_NOINPUT, ERR_PERM, ERR_IO, ERR_NOMEM. */
int source_open(const char *path, struct source **ret_source, struct err_note *note);

int source_open_memory(const void *bytes, size_t length, struct source **ret_source, struct err_note *note);

/* From now on reading gives the end, also for whoever waits for a pipe. From any thread, in signal handlers.
 */
void source_stop(struct source *source);

/* False: reading would have to wait. */
bool source_ready(const struct source *source);

/* ---- decompressors: they take over `below` on success. NULL when memory is short ---- */

struct layer *gunzip_open(struct layer *below);
struct layer *unxz_open(struct layer *below);
struct layer *unzstd_open(struct layer *below);
struct layer *unlz4_open(struct layer *below);
struct layer *unbzip2_open(struct layer *below);

#endif

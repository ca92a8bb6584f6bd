/* gzip by zlib itself: libarchive's filter does not check the sum of what it unpacks, so that a damaged file
 * would give records that were never there. RFC 1952; members one after another are one file (§2.2). */
#include "io/capture/layer.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { INPUT = 64 << 10, GZIP_ONLY = MAX_WBITS + 16 };

struct gunzip {
    struct layer layer;
    z_stream zlib;
    bool between; /* a member ended, and nothing of another was seen */
    int failed;   /* what inflate() said, when it failed */
    bool pending; /* the room was full: there may be more without more input */
    uint8_t input[INPUT];
};

/* More input; false at its end. */
static int gunzip_refill(struct gunzip *gunzip, bool *ret_more, struct err_note *note)
{
    size_t got;
    int err = layer_read(gunzip->layer.below, gunzip->input, sizeof gunzip->input, &got, note);
    if (err)
        return err;
    gunzip->zlib.next_in = gunzip->input;
    gunzip->zlib.avail_in = (uInt)got;
    *ret_more = got > 0;
    return 0;
}

/* After a member: zeros are padding (tapes end so), anything else must be another member. */
static int gunzip_next_member(struct gunzip *gunzip, struct err_note *note)
{
    z_stream *zlib = &gunzip->zlib;
    while (zlib->avail_in > 0 && *zlib->next_in == 0) {
        zlib->next_in++;
        zlib->avail_in--;
    }
    if (zlib->avail_in == 0)
        return 0;
    if (*zlib->next_in != 0x1f)
        return err_set(note, ERR_DATA, "gzip: what follows after its end is no gzip");
    gunzip->between = false;
    return inflateReset(zlib) == Z_OK ? 0 : err_set(note, ERR_INTERNAL, "gzip: cannot go on");
}

static int gunzip_fault(const struct gunzip *gunzip, int code, struct err_note *note)
{
    if (code == Z_MEM_ERROR)
        return err_set(note, ERR_NOMEM, "out of memory");
    const char *what = gunzip->zlib.msg ? gunzip->zlib.msg : "malformed";
    return err_set(note, ERR_DATA, "gzip: %s",
        strcmp(what, "incorrect data check") == 0 || strcmp(what, "incorrect length check") == 0
            ? "its sum is wrong: the file is damaged"
            : what);
}

/* Sees to it that there is input, unless what was taken in may give more by itself. *ret_end: the end, where
 * one may be. */
static int gunzip_feed(struct gunzip *gunzip, bool *ret_end, struct err_note *note)
{
    bool more = true;
    int err = 0;
    if (gunzip->zlib.avail_in == 0 && !gunzip->pending)
        err = gunzip_refill(gunzip, &more, note);
    if (err)
        return err;
    if (!more && !gunzip->between)
        return err_set(note, ERR_DATA, "gzip: truncated");
    *ret_end = !more;
    return 0;
}

/* Gives what one filling of the input holds, so that a slow pipe's data is not kept back. */
static int gunzip_read(
    struct layer *layer, uint8_t *into, size_t room, size_t *ret_got, struct err_note *note)
{
    struct gunzip *gunzip = (struct gunzip *)layer;
    z_stream *zlib = &gunzip->zlib;
    zlib->next_out = into;
    zlib->avail_out = room < UINT32_MAX ? (uInt)room : UINT32_MAX;
    int err = gunzip->failed ? gunzip_fault(gunzip, gunzip->failed, note) : 0;
    bool end = false;
    while (!err && zlib->avail_out > 0 && (zlib->avail_in > 0 || gunzip->pending || zlib->next_out == into)) {
        if ((err = gunzip_feed(gunzip, &end, note)) || end)
            break;
        if (gunzip->between && (err = gunzip_next_member(gunzip, note)))
            break;
        if (gunzip->between)
            continue;
        int code = inflate(zlib, Z_NO_FLUSH);
        gunzip->pending = zlib->avail_out == 0 && code != Z_STREAM_END;
        gunzip->between = code == Z_STREAM_END;
        if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) {
            gunzip->failed = code;
            err = gunzip_fault(gunzip, code, note);
        }
    }
    *ret_got = (size_t)(zlib->next_out - into);
    return *ret_got > 0 ? 0 : err;
}

static void gunzip_close(struct layer *layer)
{
    struct gunzip *gunzip = (struct gunzip *)layer;
    inflateEnd(&gunzip->zlib);
    free(gunzip);
}

struct layer *gunzip_open(struct layer *below)
{
    struct gunzip *gunzip = calloc(1, sizeof *gunzip);
    if (!gunzip || inflateInit2(&gunzip->zlib, GZIP_ONLY) != Z_OK) {
        free(gunzip);
        return NULL;
    }
    gunzip->layer =
        (struct layer){.name = "gzip", .below = below, .read = gunzip_read, .close = gunzip_close};
    return &gunzip->layer;
}

/* xz by liblzma itself: through libarchive a file of a few octets could ask for a window of a gigabyte, and
 * the last 64 KiB before a cut would be lost. Streams one after another are one file. */
#include "io/capture/layer.h"

#include <lzma.h>
#include <stdlib.h>

enum { INPUT = 64 << 10, MEMORY = 128 << 20 /* `xz -9` asks for 65 MiB */ };

struct unxz {
    struct layer layer;
    lzma_stream lzma;
    bool input_ended;
    lzma_ret code; /* LZMA_OK, or how it ended */
    uint8_t input[INPUT];
};

static int unxz_refill(struct unxz *unxz, struct err_note *note)
{
    size_t got;
    int err = layer_read(unxz->layer.below, unxz->input, sizeof unxz->input, &got, note);
    if (err)
        return err;
    unxz->lzma.next_in = unxz->input;
    unxz->lzma.avail_in = got;
    unxz->input_ended = got == 0;
    return 0;
}

static int unxz_fault(lzma_ret code, struct err_note *note)
{
    static const struct {
        lzma_ret code;
        int err;
        const char *what;
    } words[] = {
        {LZMA_BUF_ERROR, ERR_DATA, "xz: truncated"},
        {LZMA_MEMLIMIT_ERROR, ERR_DATA, "xz: compressed so that unpacking takes more than 128 MiB of memory"},
        {LZMA_FORMAT_ERROR, ERR_DATA, "xz: what follows after its end is no xz"},
        {LZMA_OPTIONS_ERROR, ERR_DATA, "xz: compressed in a way that is not known"},
        {LZMA_MEM_ERROR, ERR_NOMEM, "out of memory"},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i].code == code)
            return err_set(note, words[i].err, "%s", words[i].what);
    return err_set(note, ERR_DATA, "xz: the file is damaged");
}

/* Gives what one filling of the input holds, as gunzip_read() does. */
static int unxz_read(struct layer *layer, uint8_t *into, size_t room, size_t *ret_got, struct err_note *note)
{
    struct unxz *unxz = (struct unxz *)layer;
    lzma_stream *lzma = &unxz->lzma;
    lzma->next_out = into;
    lzma->avail_out = room;
    bool full = true; /* the last time: there may be more without more input */
    int err = 0;
    while (!err && unxz->code == LZMA_OK && lzma->avail_out > 0) {
        if (lzma->avail_in == 0 && !full) {
            if (lzma->avail_out < room)
                break;
            err = unxz->input_ended ? 0 : unxz_refill(unxz, note);
        }
        if (!err)
            unxz->code = lzma_code(lzma, unxz->input_ended ? LZMA_FINISH : LZMA_RUN);
        if (unxz->code == LZMA_BUF_ERROR && !unxz->input_ended)
            unxz->code = LZMA_OK; /* it had no input: now it gets some */
        full = false;
    }
    if (!err && unxz->code != LZMA_OK && unxz->code != LZMA_STREAM_END && lzma->avail_out == room)
        err = unxz_fault(unxz->code, note);
    *ret_got = room - lzma->avail_out;
    return *ret_got > 0 ? 0 : err;
}

static void unxz_close(struct layer *layer)
{
    struct unxz *unxz = (struct unxz *)layer;
    lzma_end(&unxz->lzma);
    free(unxz);
}

struct layer *unxz_open(struct layer *below)
{
    struct unxz *unxz = calloc(1, sizeof *unxz);
    if (!unxz)
        return NULL;
    unxz->lzma = (lzma_stream)LZMA_STREAM_INIT;
    unxz->code = LZMA_OK;
    if (lzma_stream_decoder(&unxz->lzma, MEMORY, LZMA_CONCATENATED) != LZMA_OK) {
        free(unxz);
        return NULL;
    }
    unxz->layer = (struct layer){.name = "xz", .below = below, .read = unxz_read, .close = unxz_close};
    return &unxz->layer;
}

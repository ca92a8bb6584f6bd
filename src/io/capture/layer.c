/* The first octets of a layer are looked at and kept for the reader; if they are those of a compression, its
 * decompressor becomes the layer above, and is looked at in its turn. */
#include "io/capture/layer.h"

#include <string.h>

static const struct {
    struct layer *(*open)(struct layer *below);
    size_t length;
    uint8_t magic[LAYER_HEAD], mask[LAYER_HEAD];
} compressions[] = {
    {gunzip_open, 3, {0x1f, 0x8b, 8}, {0xff, 0xff, 0xff}},
    {unxz_open, 6, {0xfd, '7', 'z', 'X', 'Z', 0}, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
    {unzstd_open, 4, {0x28, 0xb5, 0x2f, 0xfd}, {0xff, 0xff, 0xff, 0xff}},
    {unzstd_open, 4, {0x50, 0x2a, 0x4d, 0x18},
        {0xf0, 0xff, 0xff, 0xff}}, /* a frame to skip, as pzstd begins */
    {unlz4_open, 4, {0x04, 0x22, 0x4d, 0x18}, {0xff, 0xff, 0xff, 0xff}},
    {unlz4_open, 4, {0x02, 0x21, 0x4c, 0x18}, {0xff, 0xff, 0xff, 0xff}},         /* before 2013 */
    {unbzip2_open, 10, {'B', 'Z', 'h', '0', 0x17, 0x72, 0x45, 0x38, 0x50, 0x90}, /* empty */
        {0xff, 0xff, 0xff, 0xf0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
    {unbzip2_open, 10, {'B', 'Z', 'h', '0', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59},
        {0xff, 0xff, 0xff, 0xf0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
};

int layer_read(struct layer *layer, uint8_t *into, size_t room, size_t *ret_got, struct err_note *note)
{
    size_t kept = layer->head_end - layer->head_at;
    if (kept == 0)
        return layer->read(layer, into, room, ret_got, note);
    size_t got = kept < room ? kept : room;
    memcpy(into, layer->head + layer->head_at, got);
    layer->head_at += got;
    *ret_got = got;
    return 0;
}

/* Fills the head, unless the input ends before. */
static int layer_look(struct layer *layer, struct err_note *note)
{
    while (layer->head_end < LAYER_HEAD) {
        size_t got;
        int err = layer->read(layer, layer->head + layer->head_end, LAYER_HEAD - layer->head_end, &got, note);
        if (err && layer->head_end > 0)
            return 0; /* what was good comes first; the error comes again */
        if (err || got == 0)
            return err;
        layer->head_end += got;
    }
    return 0;
}

/* The index of its compression; -1: none. */
static int layer_compression(const struct layer *layer)
{
    for (size_t i = 0; i < sizeof compressions / sizeof *compressions; i++) {
        size_t same = 0;
        while (same < compressions[i].length && same < layer->head_end &&
               (layer->head[same] & compressions[i].mask[same]) == compressions[i].magic[same])
            same++;
        if (same == compressions[i].length)
            return (int)i;
    }
    return -1;
}

int layer_unpack(struct layer **top, struct err_note *note)
{
    for (int depth = 0;; depth++) {
        int err = layer_look(*top, note);
        int which = err ? -1 : layer_compression(*top);
        if (which < 0)
            return err;
        if (depth == LAYER_DEPTH)
            return err_set(note, ERR_DATA, "compressed more than %d times over", LAYER_DEPTH);
        struct layer *above = compressions[which].open(*top);
        if (!above)
            return err_set(note, ERR_NOMEM, "out of memory");
        *top = above;
    }
}

void layer_close(struct layer *layer)
{
    while (layer) {
        struct layer *below = layer->below;
        layer->close(layer);
        layer = below;
    }
}

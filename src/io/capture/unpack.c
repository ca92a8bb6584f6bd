/* zstd, lz4 and bzip2 by libarchive, each as the one filter of a "raw" archive. The filter is named, not
 * guessed: what was recognised is what is unpacked. Where a file is cut off, libarchive gives as much of it
 * as their own programs do. */
#include "io/capture/layer.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { INPUT = 64 << 10 };

struct unpack {
    struct layer layer;
    int filter; /* ARCHIVE_FILTER_… */
    struct archive *archive;
    bool begun, ended, input_ended;
    const uint8_t *ready; /* in libarchive's memory */
    size_t ready_length;
    int fault; /* of this layer or one below; stays */
    struct err_note why;
    uint8_t input[INPUT];
};

static la_ssize_t unpack_input(struct archive *archive, void *context, const void **ret_buffer)
{
    struct unpack *unpack = context;
    size_t got = 0;
    int err = layer_read(unpack->layer.below, unpack->input, sizeof unpack->input, &got, &unpack->why);
    if (err) {
        unpack->fault = err;
        archive_set_error(archive, EIO, "%s", unpack->why.text);
        return -1;
    }
    unpack->input_ended = got == 0;
    *ret_buffer = unpack->input;
    return (la_ssize_t)got;
}

/* Keeps what libarchive says, unless the fault came from below. It has as many words for a file that is cut
 * off as it has filters, "no progress is possible" among them. */
static int unpack_fault(struct unpack *unpack)
{
    const char *what = unpack->input_ended ? "truncated" : archive_error_string(unpack->archive);
    if (!unpack->fault)
        unpack->fault =
            err_set(&unpack->why, ERR_DATA, "%s: %s", unpack->layer.name, what ? what : "malformed");
    return unpack->fault;
}

/* What cannot even be begun libarchive takes for empty, with an error set beside. */
static int unpack_begin(struct unpack *unpack)
{
    struct archive_entry *entry;
    unpack->begun = true;
    if (archive_read_support_format_raw(unpack->archive) != ARCHIVE_OK ||
        archive_read_support_format_empty(unpack->archive) != ARCHIVE_OK ||
        archive_read_append_filter(unpack->archive, unpack->filter) != ARCHIVE_OK ||
        archive_read_open2(unpack->archive, unpack, NULL, unpack_input, NULL, NULL) != ARCHIVE_OK ||
        archive_error_string(unpack->archive))
        return unpack_fault(unpack);
    int code = archive_read_next_header(unpack->archive, &entry);
    unpack->ended = code == ARCHIVE_EOF;
    return code == ARCHIVE_OK || code == ARCHIVE_EOF ? 0 : unpack_fault(unpack);
}

static int unpack_more(struct unpack *unpack)
{
    const void *block;
    size_t length;
    la_int64_t offset;
    int code = archive_read_data_block(unpack->archive, &block, &length, &offset);
    if (code == ARCHIVE_EOF) {
        unpack->ended = true;
        return 0;
    }
    if (code != ARCHIVE_OK)
        return unpack_fault(unpack);
    unpack->ready = block;
    unpack->ready_length = length;
    return 0;
}

static int unpack_read(
    struct layer *layer, uint8_t *into, size_t room, size_t *ret_got, struct err_note *note)
{
    struct unpack *unpack = (struct unpack *)layer;
    int err = unpack->fault;
    if (!err && !unpack->begun)
        err = unpack_begin(unpack);
    while (!err && !unpack->ended && unpack->ready_length == 0)
        err = unpack_more(unpack);
    if (err)
        return err_set(note, err, "%s", unpack->why.text);
    size_t got = unpack->ready_length < room ? unpack->ready_length : room;
    if (got > 0) {
        memcpy(into, unpack->ready, got);
        unpack->ready += got;
        unpack->ready_length -= got;
    }
    *ret_got = got;
    return 0;
}

static void unpack_close(struct layer *layer)
{
    struct unpack *unpack = (struct unpack *)layer;
    archive_read_free(unpack->archive);
    free(unpack);
}

static struct layer *unpack_open(struct layer *below, const char *name, int filter)
{
    struct unpack *unpack = calloc(1, sizeof *unpack);
    if (!unpack || !(unpack->archive = archive_read_new())) {
        free(unpack);
        return NULL;
    }
    unpack->filter = filter;
    unpack->layer = (struct layer){.name = name, .below = below, .read = unpack_read, .close = unpack_close};
    return &unpack->layer;
}

struct layer *unzstd_open(struct layer *below)
{
    return unpack_open(below, "zstd", ARCHIVE_FILTER_ZSTD);
}

struct layer *unlz4_open(struct layer *below)
{
    return unpack_open(below, "lz4", ARCHIVE_FILTER_LZ4);
}

struct layer *unbzip2_open(struct layer *below)
{
    return unpack_open(below, "bzip2", ARCHIVE_FILTER_BZIP2);
}

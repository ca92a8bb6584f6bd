/* A file or pipe: a stream, and the reader of its format, which its first octets tell. What is none of ours
 * is named, for a person who gave the wrong file wants to know which. */
#include "io/capture/capture_inside.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

struct capture_file {
    struct capture capture;
    struct stream *stream;
    bool as_log;
    const struct capture_reader *reader; /* NULL: a pipe that has said nothing yet */
    void *parser;                        /* of the reader */
    int fault;                           /* met with records before it */
    struct err_note why;
    struct capture_fill fill;
    struct capture_record records[CAPTURE_STANDS][CAPTURE_BATCH]; /* by turns */
    struct capture_peer peers[CAPTURE_STANDS][CAPTURE_BATCH];
};

static const struct capture_reader *const readers[] = {&capture_pcapng, &capture_pcap, &capture_dnstap};

/* ---- what it is ---- */

static const struct {
    const char *what;
    size_t at, length;
    uint8_t magic[16];
} others[] = {
    {"C-DNS (RFC 8618), which is not read yet", 0, 7, {0x83, 0x65, 'C', '-', 'D', 'N', 'S'}},
    {"a program (ELF)", 0, 4, {0x7f, 'E', 'L', 'F'}},
    {"a database of SQLite", 0, 15, "SQLite format 3"},
    {"a snoop capture (RFC 1761)", 0, 8, "snoop\0\0\0"},
    {"a capture of Network Monitor", 0, 4, "GMBU"},
    {"a capture of Network Monitor", 0, 4, "RTSS"},
    {"a zip archive", 0, 4, {'P', 'K', 3, 4}},
    {"a 7z archive", 0, 6, {'7', 'z', 0xbc, 0xaf, 0x27, 0x1c}},
    {"compressed with LZW (.Z)", 0, 2, {0x1f, 0x9d}},
    {"compressed with lzip", 0, 4, "LZIP"},
    {"compressed with Snappy", 0, 10, {0xff, 6, 0, 0, 's', 'N', 'a', 'P', 'p', 'Y'}},
    {"a PDF document", 0, 5, "%PDF-"},
    {"Parquet", 0, 4, "PAR1"},
    {"XML", 0, 5, "<?xml"},
};

/* UTF-8 without control characters; the last character may be cut off by the end of the head. */
static bool file_is_text(const uint8_t *head, size_t length)
{
    for (size_t at = 0; at < length;) {
        unsigned ignored;
        size_t size = text_utf8((const char *)head + at, length - at, &ignored);
        bool is_control = (head[at] < ' ' && !(head[at] >= '\t' && head[at] <= '\r')) || head[at] == 0x7f;
        if (is_control || (size == 0 && (at == 0 || length - at > 3)))
            return false;
        at += size ? size : length - at;
    }
    return true;
}

static bool file_is_zero(const uint8_t *head, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (head[i])
            return false;
    return true;
}

static const char *file_other(const uint8_t *head, size_t length)
{
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (length >= others[i].at + others[i].length &&
            memcmp(head + others[i].at, others[i].magic, others[i].length) == 0)
            return others[i].what;
    return NULL;
}

static int file_refuse(const struct stream *stream, const uint8_t *head, size_t length, struct err_note *note)
{
    const char *name = stream_name(stream), *other = file_other(head, length);
    if (length == 0)
        return err_set(note, ERR_DATA, "%s: empty", name);
    if (other)
        return err_set(note, ERR_DATA, "%s: not a capture: it seems to be %s", name, other);
    if (file_is_text(head, length))
        return err_set(note, ERR_DATA,
            "%s: not a capture: it seems to be text; a log of named is read with --named-log", name);
    if (file_is_zero(head, length))
        return err_set(note, ERR_DATA, "%s: not a capture: it begins with zeros", name);
    if (length < 4)
        return err_set(note, ERR_DATA, "%s: only %zu octets: too short to be a capture", name, length);
    return err_set(note, ERR_DATA,
        "%s: not a capture: begins with %02x %02x %02x %02x, not with the octets of pcap, pcapng "
        "or dnstap",
        name, head[0], head[1], head[2], head[3]);
}

/* Finds the reader for the first octets: CAPTURE_HEAD of them, or all there are. */
static int file_choose(struct capture_file *file, const uint8_t *head, size_t length, struct err_note *note)
{
    const struct capture_reader *reader = NULL;
    for (size_t i = 0; i < sizeof readers / sizeof *readers && !reader; i++)
        if (readers[i]->is(head, length))
            reader = readers[i];
    if (!file->as_log) {
        file->reader = reader;
        return reader ? 0 : file_refuse(file->stream, head, length, note);
    }
    const char *other = reader ? reader->format : file_other(head, length);
    if (other)
        return err_set(
            note, ERR_DATA, "%s: not a log of named: it seems to be %s", stream_name(file->stream), other);
    file->reader = &capture_log;
    return 0;
}

/* Looks what it is, unless it is a pipe that has said nothing yet. */
static int file_recognise(struct capture_file *file, struct err_note *note)
{
    struct stream *stream = file->stream;
    bool is_whole = stream_need(stream, CAPTURE_HEAD) != NULL;
    enum stream_status status = stream_status(stream);
    if (!is_whole && (status == STREAM_WAITS || status == STREAM_STOPPED))
        return 0;
    if (!is_whole && status == STREAM_FAULT && stream_ready(stream) == 0)
        return stream_fault(stream, note);
    int err = file_choose(file, stream->at, is_whole ? CAPTURE_HEAD : stream_ready(stream), note);
    if (!err && !(file->parser = file->reader->open()))
        err = err_set(note, ERR_NOMEM, "%s: out of memory", stream_name(stream));
    return err;
}

/* ---- the capture ---- */

/* The reader wants more than there is: the end, or a fault, or only a pause. */
static int file_no_more(struct capture_file *file, bool *ret_end, struct err_note *note)
{
    struct stream *stream = file->stream;
    size_t left = stream_ready(stream);
    switch (stream_status(stream)) {
    case STREAM_WAITS:
        return 0;
    case STREAM_FAULT:
        return stream_fault(stream, note);
    case STREAM_ENDED:
        if (stream->to_skip > 0)
            return stream_error(stream, note, "truncated: the input ends %llu octets before",
                (unsigned long long)stream->to_skip);
        if (left > 0)
            return stream_error(
                stream, note, "truncated: %zu octets of at least %zu are there", left, stream->wanted);
        break;
    case STREAM_STOPPED:
        break;
    }
    *ret_end = true;
    return 0;
}

static int file_next(struct capture *capture, struct capture_batch *ret_batch, struct err_note *note)
{
    struct capture_file *file = (struct capture_file *)capture;
    struct capture_fill *fill = &file->fill;
    fill->count = 0;
    fill->records = file->records[capture->batches % CAPTURE_STANDS];
    fill->peers = file->peers[capture->batches % CAPTURE_STANDS];
    file->stream->batch = capture->batches;
    file->stream->reuse = capture->reuse;
    file->stream->reuse_context = capture->reuse_context;
    if (file->fault)
        return err_set(note, file->fault, "%s", file->why.text);
    int err = file->parser ? 0 : file_recognise(file, note);
    if (err || !file->parser) {
        ret_batch->end = !err && stream_status(file->stream) == STREAM_STOPPED;
        return err;
    }
    err = file->reader->fill(file->parser, file->stream, fill, &file->why);
    if (err && fill->count == 0)
        return err_set(note, err, "%s", file->why.text);
    file->fault = err;
    bool end = fill->end && !err;
    if (fill->count == 0 && !end && (err = file_no_more(file, &end, note)))
        return err;
    *ret_batch = (struct capture_batch){.records = fill->records, .count = fill->count, .end = end};
    return 0;
}

static void file_stop(struct capture *capture)
{
    stream_stop(((struct capture_file *)capture)->stream);
}

static void file_state(const struct capture *capture, struct capture_state *state)
{
    const struct capture_file *file = (const struct capture_file *)capture;
    if (file->reader)
        state->format = file->reader->format;
    stream_progress(file->stream, &state->filter, &state->size, &state->offset);
    state->uncompressed = stream_offset(file->stream);
    state->skipped = file->fill.skipped;
    state->dropped = file->fill.dropped;
}

static void file_close(struct capture *capture)
{
    struct capture_file *file = (struct capture_file *)capture;
    if (file->parser)
        file->reader->close(file->parser);
    stream_close(file->stream);
    free(file);
}

/* Takes the stream over, whatever the result. */
static int file_open(struct stream *stream, bool as_log, struct capture **ret_capture, struct err_note *note)
{
    static const struct capture_kind kind = {file_next, file_stop, file_state, file_close, .keeps = true};
    struct capture_file *file = calloc(1, sizeof *file);
    if (!file) {
        stream_close(stream);
        return err_set(note, ERR_NOMEM, "out of memory");
    }
    file->capture.kind = &kind;
    file->stream = stream;
    file->as_log = as_log;
    int err = file_recognise(file, note);
    if (err) {
        file_close(&file->capture);
        return err;
    }
    *ret_capture = &file->capture;
    return 0;
}

int capture_open_file(const char *path, struct capture **ret_capture, struct err_note *note)
{
    struct stream *stream;
    int err = stream_open_file(path, &stream, note);
    return err ? err : file_open(stream, false, ret_capture, note);
}

int capture_open_log(const char *path, struct capture **ret_capture, struct err_note *note)
{
    struct stream *stream;
    int err = stream_open_file(path, &stream, note);
    return err ? err : file_open(stream, true, ret_capture, note);
}

int capture_open_memory(const void *bytes, size_t length, size_t block, bool as_log,
    struct capture **ret_capture, struct err_note *note)
{
    struct stream *stream;
    int err = stream_open_memory(bytes, length, block, "memory", &stream, note);
    return err ? err : file_open(stream, as_log, ret_capture, note);
}

/* A log of named: lines with "trust-anchor-telemetry" in them. They are few among many, so the word is looked
 * for in all lines that lie in the block at once, and its line's ends only where it is found. */
#include "io/capture/capture_inside.h"

#include <stdlib.h>
#include <string.h>

static const char word[] = "trust-anchor-telemetry";

struct log_file {
    bool passing; /* in the middle of a line that is too long */
};

static bool log_is(const uint8_t *head, size_t length)
{
    return false; /* a log is what is opened as one */
}

static void *log_open(void)
{
    return calloc(1, sizeof(struct log_file));
}

static void log_close(void *reader)
{
    free(reader);
}

/* Octets of a line that is too long are looked at as far as any line may go; those with the word in them are
 * counted. */
static void log_too_long(struct capture_fill *fill, const uint8_t *line)
{
    fill->skipped += memmem(line, CAPTURE_MAX_RECORD, word, sizeof word - 1) != NULL;
}

static void log_line(struct capture_fill *fill, const uint8_t *line, size_t length)
{
    if (length > CAPTURE_MAX_RECORD) {
        log_too_long(fill, line);
        return;
    }
    if (length > 0 && line[length - 1] == '\r')
        length--;
    fill->records[fill->count++] = (struct capture_record){
        .bytes = line, .length = (uint32_t)length, .wire_length = (uint32_t)length, .what = CAPTURE_LINE};
}

/* Whole lines, `length` octets: takes them up to the first with the word in it. Returns how many octets. */
static size_t log_find(struct capture_fill *fill, const uint8_t *at, size_t length)
{
    const uint8_t *found = memmem(at, length, word, sizeof word - 1);
    if (!found)
        return length;
    const uint8_t *before = memrchr(at, '\n', (size_t)(found - at));
    const uint8_t *line = before ? before + 1 : at;
    const uint8_t *end = memchr(found, '\n', length - (size_t)(found - at));
    log_line(fill, line, (size_t)(end - line));
    return (size_t)(end + 1 - at);
}

/* There is no end of a line in what is ready: gets more. False: there is none now. */
static bool log_wait(struct log_file *log, struct stream *stream, struct capture_fill *fill)
{
    size_t ready = stream_ready(stream);
    if (ready > CAPTURE_MAX_RECORD || (log->passing && ready > 0)) {
        if (!log->passing)
            log_too_long(fill, stream->at);
        log->passing = true;
        stream_take(stream, ready);
        return true;
    }
    if (fill->count > 0)
        return false;
    if (stream_need(stream, ready + 1))
        return true;
    ready = stream_ready(stream);
    if (stream_status(stream) == STREAM_ENDED && ready > 0) { /* the last line, without its end */
        if (memmem(stream->at, ready, word, sizeof word - 1))
            log_line(fill, stream->at, ready);
        stream_take(stream, ready);
    }
    return false;
}

static int log_fill(void *reader, struct stream *stream, struct capture_fill *fill, struct err_note *note)
{
    struct log_file *log = reader;
    while (fill->count < CAPTURE_BATCH) {
        size_t ready = stream_ready(stream);
        const uint8_t *at = stream->at;
        const uint8_t *last = ready > 0 ? memrchr(at, '\n', ready) : NULL;
        if (!last) {
            if (!log_wait(log, stream, fill))
                break;
        } else if (log->passing) {
            log->passing = false;
            stream_take(stream, (size_t)((const uint8_t *)memchr(at, '\n', ready) + 1 - at));
        } else {
            stream_take(stream, log_find(fill, at, (size_t)(last + 1 - at)));
        }
    }
    return 0;
}

const struct capture_reader capture_log = {"log", log_is, log_open, log_fill, log_close};

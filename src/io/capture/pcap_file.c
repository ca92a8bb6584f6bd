/* pcap: a header, then records of a header and octets. The magic tells byte order and unit of time. */
#include "io/capture/pcap_file.h"

#include "io/capture/capture_inside.h"

#include <stdlib.h>

enum {
    MICRO = 0xa1b2c3d4,
    NANO = 0xa1b23c4d,
    MODIFIED = 0xa1b2cd34, /* Kuznetzov's, of the nineties: eight octets more in each record's header */
    FILE_HEADER = 24,
    RECORD_HEADER = 16,
    MODIFIED_HEADER = 24,
    LINE = 64, /* of the cache */
    AHEAD = 4, /* records */
};

struct pcap_file {
    bool begun, swapped;
    bool lengths_swapped; /* versions up to 2.3 wrote them the other way round, some of 2.3 did not */
    bool lengths_guessed;
    uint32_t per_micro; /* units of the fraction in a microsecond: 1 or 1000 */
    size_t header;      /* of a record */
    uint16_t link;
};

static bool pcap_magic(const uint8_t *at, struct pcap_file *ret)
{
    static const struct {
        uint32_t magic, per_micro;
        size_t header;
    } magics[] = {{MICRO, 1, RECORD_HEADER}, {NANO, 1000, RECORD_HEADER}, {MODIFIED, 1, MODIFIED_HEADER}};
    for (size_t i = 0; i < 2 * (sizeof magics / sizeof *magics); i++) {
        if (pcap_u32(at, i % 2) != magics[i / 2].magic)
            continue;
        ret->swapped = i % 2;
        ret->per_micro = magics[i / 2].per_micro;
        ret->header = magics[i / 2].header;
        return true;
    }
    return false;
}

static bool pcap_is(const uint8_t *head, size_t length)
{
    struct pcap_file ignored;
    return length >= 4 && pcap_magic(head, &ignored);
}

static void *pcap_open(void)
{
    return calloc(1, sizeof(struct pcap_file));
}

static void pcap_close(void *reader)
{
    free(reader);
}

static int pcap_begin(struct pcap_file *pcap, struct stream *stream, struct err_note *note)
{
    const uint8_t *at = stream_need(stream, FILE_HEADER);
    if (!at)
        return 0;
    pcap_magic(at, pcap);
    unsigned major = pcap_u16(at + 4, pcap->swapped), minor = pcap_u16(at + 6, pcap->swapped);
    if (major != 2)
        return stream_error(stream, note, "pcap of version %u.%u, which is not known", major, minor);
    pcap->lengths_swapped = minor < 3;
    pcap->lengths_guessed = minor == 3;
    pcap->link = pcap_link(pcap_u32(at + 20, pcap->swapped));
    pcap->begun = true;
    stream_take(stream, FILE_HEADER);
    return 0;
}

/* The record of this header, in *ret. Returns its octets, header and all. */
static inline size_t pcap_record(const struct pcap_file *pcap, const uint8_t *at, struct capture_record *ret)
{
    uint32_t seconds = pcap_u32(at, pcap->swapped), fraction = pcap_u32(at + 4, pcap->swapped);
    uint32_t length = pcap_u32(at + 8, pcap->swapped), wire = pcap_u32(at + 12, pcap->swapped);
    if (pcap->lengths_swapped || (pcap->lengths_guessed && length > wire)) {
        uint32_t kept = length;
        length = wire;
        wire = kept;
    }
    ret->time_us = (int64_t)seconds * 1000000 + (pcap->per_micro == 1 ? fraction : fraction / 1000);
    ret->bytes = at + pcap->header;
    ret->length = length;
    ret->wire_length = wire > length ? wire : length;
    ret->link = pcap->link;
    ret->what = CAPTURE_PACKET;
    ret->peer = NULL;
    return pcap->header + length;
}

/* As many records as are whole in what is ready. Their packets' headers are looked at later: they are asked
 * for, as the thread has just written them on another processor. */
static inline __attribute__((always_inline)) void pcap_walk(
    const struct pcap_file pcap, struct stream *stream, struct capture_fill *fill)
{
    const uint8_t *at = stream->at;
    size_t ready = stream_ready(stream), count = fill->count;
    while (count < CAPTURE_BATCH && ready >= pcap.header) {
        size_t size = pcap_record(&pcap, at, &fill->records[count]);
        if (fill->records[count].length > CAPTURE_MAX_RECORD || ready < size)
            break;
        __builtin_prefetch(&fill->records[count + AHEAD], 1); /* which others have read */
        __builtin_prefetch(at + LINE);
        __builtin_prefetch(at + 2 * LINE);
        at += size;
        ready -= size;
        count++;
    }
    stream_take(stream, (size_t)(at - stream->at));
    fill->count = count;
}

/* Nearly all files are of this kind, which the compiler then knows. */
static void pcap_run(const struct pcap_file *pcap, struct stream *stream, struct capture_fill *fill)
{
    const struct pcap_file usual = {.header = RECORD_HEADER, .per_micro = 1, .link = pcap->link};
    if (!pcap->swapped && !pcap->lengths_swapped && !pcap->lengths_guessed && pcap->per_micro == 1 &&
        pcap->header == RECORD_HEADER)
        pcap_walk(usual, stream, fill);
    else
        pcap_walk(*pcap, stream, fill);
}

static int pcap_fill(void *reader, struct stream *stream, struct capture_fill *fill, struct err_note *note)
{
    struct pcap_file *pcap = reader;
    struct capture_record record;
    int err = pcap->begun ? 0 : pcap_begin(pcap, stream, note);
    if (err || !pcap->begun)
        return err;
    pcap_run(pcap, stream, fill);
    if (fill->count > 0)
        return 0;
    /* What is ready ends within this record, or is too long for one. */
    const uint8_t *at = stream_need(stream, pcap->header);
    if (!at)
        return 0;
    size_t size = pcap_record(pcap, at, &record);
    if (record.length > CAPTURE_MAX_RECORD)
        return stream_error(stream, note, "a packet that claims to be of %u octets", record.length);
    if (stream_need(stream, size))
        pcap_run(pcap, stream, fill);
    return 0;
}

const struct capture_reader capture_pcap = {"pcap", pcap_is, pcap_open, pcap_fill, pcap_close};

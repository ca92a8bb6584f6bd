/* Nearly all packets are told at a glance; a plain wire takes the others apart, and what it does not tell is
 * left for the other wire. */
#include "app/observe/digest.h"

#include "app/observe/prints.h"
#include "app/observe/wire.h"

#include <stdlib.h>

enum { AHEAD = 6 };

struct digester {
    struct wire *wire;
    struct digest *digest;
    bool taken; /* the record at hand */
};

static inline void look(struct digester *digester, const struct sighting_message *message)
{
    digester->taken = tally_batch_add(&digester->digest->ordinary, message);
    if (digester->taken)
        digester->digest->cut += message->length < message->wire_length;
}

static void take_message(void *context, const struct sighting_message *message)
{
    look(context, message);
}

static void take_error(void *context, int64_t time_us, enum sighting_kind kind, const uint8_t client[16])
{
    (void)context, (void)time_us, (void)kind, (void)client; /* a plain wire tells none */
}

struct digester *digester_new(const uint16_t *ports, size_t port_count)
{
    struct digester *digester = calloc(1, sizeof *digester);
    if (!digester)
        return NULL;
    struct wire_sink sink = {digester, take_message, take_error};
    digester->wire = wire_new_plain(ports, port_count, &sink);
    if (!digester->wire) {
        free(digester);
        return NULL;
    }
    return digester;
}

void digester_free(struct digester *digester)
{
    if (!digester)
        return;
    wire_free(digester->wire);
    free(digester);
}

void digest_time_lines(struct capture_record *lines, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct tatlog line;
        int err = tatlog_parse((const char *)lines[i].bytes, lines[i].length, &line, NULL);
        lines[i].time_us = err ? -1 : line.time_us;
    }
}

struct sighting_message digest_message(const struct capture_record *record)
{
    const struct capture_peer *peer = record->peer;
    bool answer = record->length > 2 && record->bytes[2] & 0x80;
    return (struct sighting_message){.time_us = record->time_us,
        .bytes = record->bytes,
        .length = record->length,
        .wire_length = record->wire_length,
        .source = answer ? peer->server : peer->client,
        .destination = answer ? peer->client : peer->server,
        .source_port = answer ? peer->server_port : peer->client_port,
        .destination_port = answer ? peer->client_port : peer->server_port,
        .transport = peer->transport};
}

/* Octets were read into the second cache, not into the first. */
static inline void fetch(const struct capture_record *records, size_t i, size_t count)
{
    if (i >= count)
        return;
    __builtin_prefetch(records[i].bytes);
    __builtin_prefetch(records[i].bytes + DIGEST_LINE);
}

/* Whether it is in digest->ordinary now. */
static inline bool take(struct digester *digester, const struct capture_record *record)
{
    struct sighting_message message;
    digester->taken = false;
    if (record->what == CAPTURE_PACKET) {
        if (wire_glance(digester->wire, record, &message))
            look(digester, &message);
        else
            wire_packet(digester->wire, record);
        digester->digest->packets += digester->taken;
    } else if (record->what == CAPTURE_MESSAGE) {
        message = digest_message(record);
        look(digester, &message);
    }
    return digester->taken;
}

void digest_records(
    struct digester *digester, const struct capture_record *records, size_t count, struct digest *ret_digest)
{
    int64_t least_us = records[0].time_us, most_us = least_us;
    uint32_t others = 0;
    digester->digest = ret_digest;
    tally_batch_begin(&ret_digest->ordinary);
    ret_digest->packets = ret_digest->cut = 0;
    for (size_t i = 0; i < count; i++) {
        const struct capture_record *record = &records[i];
        fetch(records, i + AHEAD, count);
        ret_digest->prints[i] = prints_of(record);
        least_us = record->time_us < least_us ? record->time_us : least_us;
        most_us = record->time_us > most_us ? record->time_us : most_us;
        if (!take(digester, record))
            ret_digest->others[others++] = (uint16_t)i;
    }
    ret_digest->other_count = others;
    ret_digest->least_us = least_us;
    ret_digest->most_us = most_us;
}

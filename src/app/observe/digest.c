/* A plain wire takes packets apart: what it does not tell is left for the other wire. */
#include "app/observe/digest.h"

#include "app/observe/prints.h"
#include "app/observe/wire.h"

#include <stdlib.h>

enum { AHEAD = 6, DIGESTS_AHEAD = 4 };

struct digester {
    struct wire *wire;
    struct digest *digest; /* of the record at hand */
};

static void look(struct digest *digest, const struct sighting_message *message)
{
    digest->word = (uint8_t)tally_look(message, &digest->ordinary);
    digest->is_cut = message->length < message->wire_length;
}

static void take_message(void *context, const struct sighting_message *message)
{
    struct digester *digester = context;
    look(digester->digest, message);
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

void digest_records(
    struct digester *digester, const struct capture_record *records, size_t count, struct digest *ret_digests)
{
    for (size_t i = 0; i < count; i++) {
        const struct capture_record *record = &records[i];
        struct digest *digest = &ret_digests[i];
        fetch(records, i + AHEAD, count);
        __builtin_prefetch(&digest[DIGESTS_AHEAD], 1); /* the other processor has it */
        digest->print = prints_of(record);
        digest->ordinary.time_us = record->time_us;
        digest->word = TALLY_OTHER;
        digest->is_packet = record->what == CAPTURE_PACKET;
        if (digest->is_packet) {
            digester->digest = digest;
            wire_packet(digester->wire, record);
        } else if (record->what == CAPTURE_MESSAGE) {
            struct sighting_message message = digest_message(record);
            look(digest, &message);
        }
    }
}

/* Packets: the first octet chooses the link; then for each packet two octets of length (the highest bit: cut
 * by a snap length), one of seconds since the one before, and its octets. What the wire keeps after each
 * input must survive being written and read. */
#include "app/observe/wire.h"
#include "base/bytes.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static const uint16_t links[] = {CAPTURE_LINK_ETHERNET, CAPTURE_LINK_NULL, CAPTURE_LINK_PPP,
    CAPTURE_LINK_PPP_ETHER, CAPTURE_LINK_RAW, CAPTURE_LINK_LOOP, CAPTURE_LINK_SLL, CAPTURE_LINK_IPV4,
    CAPTURE_LINK_IPV6, CAPTURE_LINK_SLL2, 60000};

static void look(void *context, const struct sighting_message *message)
{
    uint64_t *sum = context;
    if (message->length > message->wire_length || message->transport > SIGHTING_TCP)
        abort();
    for (uint32_t i = 0; i < message->length; i++)
        *sum += message->bytes[i];
    for (int i = 0; i < 16; i++)
        *sum += message->source[i] + (uint64_t)message->destination[i];
}

static void look_at_error(void *context, int64_t time_us, enum sighting_kind kind, const uint8_t client[16])
{
    *(uint64_t *)context += client[0] + (uint64_t)client[15];
}

static void play(struct wire *wire, struct reader reader, uint16_t link)
{
    int64_t time_us = 0;
    while (reader_left(&reader) >= 3) {
        uint16_t head = reader_u16(&reader);
        time_us += reader_u8(&reader) * INT64_C(1000000);
        uint32_t size = head & 0x7fff;
        size = size < reader_left(&reader) ? size : (uint32_t)reader_left(&reader);
        uint8_t *copy = malloc(size ? size : 1); /* of exactly its size */
        const uint8_t *from = reader_bytes(&reader, size);
        if (!copy || !from)
            abort();
        if (size)
            memcpy(copy, from, size);
        struct capture_record record = {
            .time_us = time_us,
            .bytes = copy,
            .length = size,
            .wire_length = head & 0x8000 ? size + 100 : size,
            .link = link,
        };
        wire_packet(wire, &record);
        free(copy);
    }
}

static void save(const struct wire *wire, uint8_t **ret_bytes, size_t *ret_length)
{
    if (wire_save(wire, ret_bytes, ret_length) != 0)
        abort();
}

static void load(struct wire *wire, const uint8_t *bytes, size_t length)
{
    if (wire_load(wire, bytes, length) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct wire *one, *other;
    static uint8_t *nothing;
    static size_t nothing_length;
    static uint64_t sum;
    if (!one) {
        struct wire_sink sink = {&sum, look, look_at_error};
        one = wire_new(NULL, 0, 1, &sink);
        other = wire_new(NULL, 0, 2, &sink);
        save(one, &nothing, &nothing_length);
    }
    struct reader reader = reader_over(bytes, length);
    uint16_t link = links[reader_u8(&reader) % (sizeof links / sizeof *links)];
    load(one, nothing, nothing_length);
    play(one, reader, link);

    uint8_t *state, *again;
    size_t state_length, again_length;
    save(one, &state, &state_length);
    load(other, state, state_length);
    save(other, &again, &again_length);
    if (state_length != again_length || memcmp(state, again, state_length) != 0)
        abort();
    free(state);
    free(again);
    return 0;
}

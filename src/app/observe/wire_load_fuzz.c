/* What a store keeps of a wire, as a stranger would have written it; then packets, which must find it sound:
 * segments and fragments, each of them where a saved one may wait for it. */
#include "app/observe/wire.h"
#include "base/bytes.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void look(void *context, const struct sighting_message *message)
{
    uint64_t *sum = context;
    if (message->length > message->wire_length)
        abort();
    for (uint32_t i = 0; i < message->length; i++)
        *sum += message->bytes[i];
}

static void look_at_error(void *context, int64_t time_us, enum sighting_kind kind, const uint8_t client[16])
{
    *(uint64_t *)context += client[0];
}

/* An IPv4 packet without options: to port 53 from 1000, or the fragment of one. */
static void play(struct wire *wire, uint8_t protocol, uint16_t bits, uint32_t sequence, uint32_t octets)
{
    uint8_t packet[40 + 1500] = {0x45, [9] = protocol, [12] = 192, 0, 2, 1, 192, 0, 2, 53};
    uint8_t *at = packet + 20;
    uint32_t size = 40 + octets;
    bytes_put_u16(packet + 2, (uint16_t)size);
    bytes_put_u16(packet + 6, bits);
    if (protocol == 6) {
        bytes_put_u16(at, 1000);
        bytes_put_u16(at + 2, 53);
        bytes_put_u16(at + 4, (uint16_t)(sequence >> 16));
        bytes_put_u16(at + 6, (uint16_t)sequence);
        at[12] = 5 << 4;
    }
    struct capture_record record = {
        .time_us = 1000000, .bytes = packet, .length = size, .wire_length = size, .link = CAPTURE_LINK_RAW};
    wire_packet(wire, &record);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct wire *wire;
    static uint64_t sum;
    if (!wire) {
        struct wire_sink sink = {&sum, look, look_at_error};
        wire = wire_new(NULL, 0, 1, &sink);
    }
    if (!wire || wire_load(wire, bytes, length) != 0)
        return 0;
    for (uint32_t i = 0; i < 40; i++) {
        play(wire, 6, 0, i * 331, i % 4 ? 300 : 1460);
        play(wire, 17, (uint16_t)(i * 37 % 150 | (i % 5 ? 0x2000 : 0)), 0, 100 + 4 * (i % 3));
    }
    uint8_t *state;
    size_t state_length;
    if (wire_save(wire, &state, &state_length) != 0 || wire_load(wire, state, state_length) != 0)
        abort();
    free(state);
    return 0;
}

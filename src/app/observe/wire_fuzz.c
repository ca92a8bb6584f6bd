/* Packets: the first octet chooses the link; then for each packet two octets of length (the highest bit: cut
 * by a snap length), one of seconds since the one before, and its octets. What the wire keeps after each
 * input must survive being written and read; what a plain wire tells of a packet, it must tell too, and no
 * more. */
#include "app/observe/wire.h"
#include "base/bytes.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static const uint16_t links[] = {CAPTURE_LINK_ETHERNET, CAPTURE_LINK_NULL, CAPTURE_LINK_PPP,
    CAPTURE_LINK_PPP_ETHER, CAPTURE_LINK_RAW, CAPTURE_LINK_LOOP, CAPTURE_LINK_SLL, CAPTURE_LINK_IPV4,
    CAPTURE_LINK_IPV6, CAPTURE_LINK_SLL2, 60000};

/* What was told last, and how often. */
struct told {
    uint64_t sum;
    unsigned messages, errors;
    struct sighting_message message;
    uint8_t source[16], destination[16];
};

static void look(void *context, const struct sighting_message *message)
{
    struct told *told = context;
    if (message->length > message->wire_length || message->transport > SIGHTING_TCP)
        abort();
    for (uint32_t i = 0; i < message->length; i++)
        told->sum += message->bytes[i];
    for (int i = 0; i < 16; i++)
        told->sum += message->source[i] + (uint64_t)message->destination[i];
    told->messages++;
    told->message = *message;
    memcpy(told->source, message->source, 16);
    memcpy(told->destination, message->destination, 16);
}

static void look_at_error(void *context, int64_t time_us, enum sighting_kind kind, const uint8_t client[16])
{
    struct told *told = context;
    told->sum += client[0] + (uint64_t)client[15];
    told->errors++;
}

static bool same(const struct told *a, const struct told *b)
{
    const struct sighting_message *x = &a->message, *y = &b->message;
    return a->messages == b->messages && a->errors == b->errors && x->time_us == y->time_us &&
           x->bytes == y->bytes && x->length == y->length && x->wire_length == y->wire_length &&
           x->source_port == y->source_port && x->destination_port == y->destination_port &&
           x->transport == y->transport && memcmp(a->source, b->source, 16) == 0 &&
           memcmp(a->destination, b->destination, 16) == 0;
}

/* The packet alone, by a plain wire and by a whole one, which has counted it `before`. */
static void compare(struct wire *wire, struct told *told, const struct capture_record *record)
{
    struct told plain_told = {.messages = 0};
    struct wire_sink sink = {&plain_told, look, look_at_error};
    static struct wire *plain;
    static struct told *to;
    struct wire_counters before = wire_counters(wire), after;
    if (!plain) {
        sink.context = to = malloc(sizeof *to);
        if (!to || !(plain = wire_new_plain(NULL, 0, &sink)))
            abort();
    }
    *to = plain_told;
    told->messages = told->errors = 0;
    wire_packet(plain, record);
    wire_packet(wire, record);
    if (to->messages == 0 && to->errors == 0)
        return;
    after = wire_counters(wire);
    before.packets++, before.messages++;
    before.cut += to->message.length < to->message.wire_length;
    if (to->messages != 1 || !same(to, told) || memcmp(&before, &after, sizeof before) != 0)
        abort();
}

/* What is told at a glance is what a wire tells. */
static void compare_glance(struct wire *wire, struct told *told, const struct capture_record *record)
{
    struct told glanced = {.messages = 0};
    struct sighting_message message;
    if (!wire_glance(wire, record, &message))
        return;
    look(&glanced, &message);
    told->messages = told->errors = 0;
    wire_packet(wire, record);
    if (!same(&glanced, told))
        abort();
}

static void play(struct wire *wire, struct told *told, struct reader reader, uint16_t link)
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
        compare(wire, told, &record);
        compare_glance(wire, told, &record);
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
    static struct told told;
    if (!one) {
        struct wire_sink sink = {&told, look, look_at_error};
        one = wire_new(NULL, 0, 1, &sink);
        other = wire_new(NULL, 0, 2, &sink);
        save(one, &nothing, &nothing_length);
    }
    struct reader reader = reader_over(bytes, length);
    uint16_t link = links[reader_u8(&reader) % (sizeof links / sizeof *links)];
    load(one, nothing, nothing_length);
    play(one, &told, reader, link);

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

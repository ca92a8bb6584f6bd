/* A stream is one direction of a connection: DNS messages, each behind its length in two octets (RFC 7766
 * §8). Of each that was seen lately is known which octet comes next, so that what is sent again is not
 * counted again; no more than that, for nearly every segment holds whole messages and is the next one. Those
 * are handed out from where they lie. All else goes to wire_weave().
 *
 * Streams end when others need their slots, not when they are closed: segments may be sent again after FIN.
 */
#include "app/observe/wire_stream.h"

enum { HEAD = 20, WINDOW = 256 << 10, BY_TCP = 1 };

/* What waited in a stream is of no use any more. */
static void lose(struct wire *wire, struct shelf_slot *slot)
{
    wire->counters.tcp_lost += shelf_holds(&wire->streams, slot) > 0;
    shelf_clear(&wire->streams, slot);
}

/* The stream goes on at `at`, inside of a message or between two: nobody knows. */
static void begin_anywhere(struct wire *wire, struct shelf_slot *slot, uint32_t at)
{
    lose(wire, slot);
    slot->flags = 0;
    slot->at = at;
}

/* SYN: a new connection, unless it is the same SYN again. */
static struct shelf_slot *begin(struct wire *wire, struct shelf_slot *slot, uint64_t key, uint32_t base)
{
    if (!slot)
        slot = shelf_make(&wire->streams, key);
    else if ((slot->flags & WIRE_BASED) && slot->base == base)
        return slot;
    lose(wire, slot);
    slot->flags = WIRE_SYNCED | WIRE_BASED;
    slot->at = slot->base = base;
    return slot;
}

/* The segment begins where a message does, and nothing waits. Leaves in the layer what is no whole message.
 */
static void read_in_place(
    struct wire *wire, struct wire_layer *layer, struct shelf_slot *slot, struct wire_ports ports)
{
    while (layer->have >= 2) {
        uint32_t length = bytes_u16(layer->at);
        if (length > layer->have - 2)
            break;
        if ((slot->flags & WIRE_GUESSED) && !wire_stream_fits(layer->at, layer->have))
            break;
        if (length > 0)
            wire_tell(wire, layer, ports, SIGHTING_TCP, layer->at + 2, length, length);
        wire_skip(layer, length + 2);
        slot->at += length + 2;
    }
}

/* One message after another in many segments: the common case of what must wait. True if the segment only
 * makes longer what waits, and the message is still not whole. */
static bool extend(
    struct wire *wire, struct shelf_slot *slot, const struct wire_layer *layer, uint32_t sequence)
{
    if (!(slot->flags & WIRE_SYNCED) || slot->pieces != 1 || layer->have < layer->length)
        return false;
    struct shelf_piece piece = shelf_piece(&wire->streams, slot->first);
    if (piece.told || piece.have < piece.length || piece.begin != slot->at ||
        piece.begin + piece.length != sequence || piece.have < WIRE_STREAM_HEAD)
        return false;
    uint8_t head[WIRE_STREAM_HEAD];
    shelf_read(&wire->streams, slot->first, head, sizeof head);
    if ((slot->flags & WIRE_GUESSED) && !wire_stream_fits(head, sizeof head))
        return false;
    return piece.have + layer->length < 2U + bytes_u16(head) &&
           shelf_append(&wire->streams, slot, layer->at, layer->length);
}

/* Too far from what is known of the stream to belong to it. */
static bool is_far(const struct wire *wire, const struct shelf_slot *slot, uint32_t sequence)
{
    int32_t ahead = (int32_t)(sequence - slot->at);
    if (ahead > WINDOW || ahead < -WINDOW)
        return true;
    if (ahead >= 0 || slot->pieces == 0 || (slot->flags & WIRE_SYNCED))
        return false;
    struct shelf_piece last = shelf_piece(&wire->streams, slot->last);
    return last.begin + last.length - sequence > 2 * WINDOW;
}

static void take(struct wire *wire, struct wire_layer *layer, struct shelf_slot *slot,
    struct wire_ports ports, uint32_t sequence)
{
    int32_t ahead = (int32_t)(sequence - slot->at);
    if (is_far(wire, slot, sequence) || ((slot->flags & WIRE_CLOSED) && ahead >= 0)) {
        begin_anywhere(wire, slot, sequence);
        ahead = 0;
    }
    if ((slot->flags & WIRE_SYNCED) && ahead < 0) {
        uint32_t past = (uint32_t)-ahead;
        if (past >= layer->length || (slot->flags & WIRE_CLOSED)) {
            wire->counters.tcp_repeated++;
            return;
        }
        layer->at += past < layer->have ? past : layer->have;
        layer->have -= past < layer->have ? past : layer->have;
        layer->length -= past;
        sequence = slot->at;
    }
    if ((slot->flags & WIRE_SYNCED) && slot->pieces == 0 && sequence == slot->at) {
        read_in_place(wire, layer, slot, ports);
        sequence = slot->at;
    }
    if (layer->length > 0 && !extend(wire, slot, layer, sequence))
        wire_weave(wire, layer, slot, ports, sequence);
}

/* `end`: the octet behind the last. A stream with a hole stays as it is: its octets may still come. */
static void end(struct wire *wire, struct shelf_slot *slot, uint8_t flags, uint32_t end)
{
    bool is_done = slot->pieces == 0 ? slot->at == end
                                     : !(slot->flags & WIRE_SYNCED) && !shelf_holds(&wire->streams, slot);
    if (flags & WIRE_RST)
        lose(wire, slot);
    else if (!is_done)
        return;
    shelf_clear(&wire->streams, slot);
    slot->at = (int32_t)(end - slot->at) > 0 ? end : slot->at;
    slot->flags |= WIRE_CLOSED | WIRE_SYNCED;
}

void wire_tcp(struct wire *wire, struct wire_layer *layer)
{
    const uint8_t *at = layer->at;
    if (layer->have < HEAD) {
        wire_missing(wire, layer);
        return;
    }
    struct wire_ports ports = {bytes_u16(at), bytes_u16(at + 2)};
    if (!wire_is_ours(wire, ports.source) && !wire_is_ours(wire, ports.destination)) {
        wire->counters.other++;
        return;
    }
    uint32_t head = (at[12] >> 4) * 4U, sequence = (uint32_t)bytes_u16(at + 4) << 16 | bytes_u16(at + 6);
    uint8_t flags = at[13] & (WIRE_SYN | WIRE_FIN | WIRE_RST);
    if (head < HEAD || head > layer->length) {
        wire->counters.malformed++;
        return;
    }
    wire->counters.tcp_segments++;
    layer->at += head < layer->have ? head : layer->have;
    layer->have -= head < layer->have ? head : layer->have;
    layer->length -= head;
    if (!flags && layer->length == 0)
        return;
    uint32_t length = layer->length;
    uint64_t key =
        wire_key(wire, layer, (uint64_t)BY_TCP << 32 | (uint32_t)ports.source << 16 | ports.destination);
    struct shelf_slot *slot = shelf_find(&wire->streams, key);
    if (flags & WIRE_SYN)
        slot = begin(wire, slot, key, ++sequence);
    if (!slot && length == 0)
        return;
    if (!slot) {
        slot = shelf_make(&wire->streams, key);
        slot->at = sequence;
    }
    shelf_touch(&wire->streams, slot);
    if (length > 0)
        take(wire, layer, slot, ports, sequence);
    if (flags & (WIRE_FIN | WIRE_RST))
        end(wire, slot, flags, sequence + length);
}

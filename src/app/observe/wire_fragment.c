/* Fragments wait until the sum of their lengths is the length of their datagram. That is enough, for they
 * never overlap:
 *
 *   - the same fragment again, octet by octet, is ignored (RFC 8200 §4.5 allows it);
 *   - IPv6: another overlap ends the datagram, and all that follows of it is dropped (RFC 5722 §4);
 *   - IPv4: another overlap drops what waited, and the newer fragment begins anew. Identifications of 16 bits
 *     come again soon, so that this is a new datagram after one of which something was lost. RFC 791 would
 *     have the newer octets overwrite the older: deviation, lest two datagrams be mixed.
 *
 * A datagram waits for 30 s of packet time, whatever way the clock goes; then its identification is free. */
#include "app/observe/wire_inside.h"

enum { PATIENCE_US = 30 * 1000000 };

/* What waited, and does no longer. */
static void lose(struct wire *wire, struct shelf_slot *slot)
{
    wire->counters.fragments_lost += slot->pieces;
    shelf_clear(&wire->datagrams, slot);
    slot->flags = 0;
}

static bool is_stale(const struct shelf_slot *slot, int64_t time_us)
{
    uint64_t passed = time_us > slot->time_us ? (uint64_t)time_us - (uint64_t)slot->time_us
                                              : (uint64_t)slot->time_us - (uint64_t)time_us;
    return passed > PATIENCE_US;
}

static struct shelf_slot *find_slot(
    struct wire *wire, const struct wire_layer *layer, const struct wire_piece *piece)
{
    /* RFC 791: addresses, identification and protocol; RFC 8200 §4.5: addresses and identification. */
    uint64_t more =
        (uint64_t)piece->identification << 16 | (layer->version == 4 ? piece->protocol | 0x400U : 0x600U);
    uint64_t key = wire_key(wire, layer, more);
    struct shelf_slot *slot = shelf_find(&wire->datagrams, key);
    if (slot && is_stale(slot, layer->time_us))
        lose(wire, slot);
    if (!slot)
        slot = shelf_make(&wire->datagrams, key);
    if (slot->pieces == 0 && !(slot->flags & WIRE_REFUSED))
        slot->time_us = layer->time_us;
    shelf_touch(&wire->datagrams, slot);
    return slot;
}

enum fit { FITS, AGAIN, CONFLICT };

static bool is_same(
    struct wire *wire, int32_t at, const struct shelf_piece *piece, const struct wire_layer *layer)
{
    uint32_t have = piece->have < layer->have ? piece->have : layer->have;
    if (piece->length != layer->length)
        return false;
    shelf_read(&wire->datagrams, at, wire->datagram, have);
    return memcmp(wire->datagram, layer->at, have) == 0;
}

static enum fit look(struct wire *wire, const struct shelf_slot *slot, const struct wire_layer *layer,
    const struct wire_piece *piece)
{
    uint32_t begin = piece->offset, end = begin + layer->length;
    if ((slot->flags & WIRE_ENDS) && (end > slot->base || (!piece->more && end != slot->base)))
        return CONFLICT;
    for (int32_t at = slot->first; at != SHELF_NONE; at = shelf_next(&wire->datagrams, at)) {
        struct shelf_piece other = shelf_piece(&wire->datagrams, at);
        if (other.begin == begin && is_same(wire, at, &other, layer))
            return AGAIN;
        if (begin < other.begin + other.length && other.begin < end)
            return CONFLICT;
        if (!piece->more && other.begin >= end)
            return CONFLICT;
    }
    return FITS;
}

/* The datagram goes on as if it had come whole. What a snap length cut of one fragment cuts all that follows.
 */
static void complete(struct wire *wire, struct wire_layer *layer, struct shelf_slot *slot)
{
    uint32_t have = slot->base;
    for (int32_t at = slot->first; at != SHELF_NONE; at = shelf_next(&wire->datagrams, at)) {
        struct shelf_piece piece = shelf_piece(&wire->datagrams, at);
        shelf_read(&wire->datagrams, at, wire->datagram + piece.begin, piece.have);
        if (piece.have < piece.length && piece.begin + piece.have < have)
            have = piece.begin + piece.have;
    }
    uint8_t protocol = slot->protocol;
    layer->at = wire->datagram;
    layer->have = have;
    layer->length = slot->base;
    layer->whole = true;
    shelf_drop(&wire->datagrams, slot);
    if (layer->version == 4)
        wire_transport(wire, layer, protocol);
    else
        wire_headers(wire, layer, protocol);
}

static void take(struct wire *wire, struct shelf_slot *slot, const struct wire_layer *layer,
    const struct wire_piece *piece)
{
    struct shelf_piece kept = {piece->offset, layer->length, layer->have, false};
    if (!shelf_add(&wire->datagrams, slot, &kept, layer->at)) {
        wire->counters.fragments_lost++;
        lose(wire, slot);
        return;
    }
    if (piece->offset == 0)
        slot->protocol = piece->protocol;
    if (!piece->more) {
        slot->flags |= WIRE_ENDS;
        slot->base = piece->offset + layer->length;
    }
}

void wire_fragment(struct wire *wire, struct wire_layer *layer, const struct wire_piece *piece)
{
    if (wire->plain)
        return;
    /* Nobody makes fragments of what is put together already, or of less than eight octets. */
    if (layer->whole || layer->by_frame || layer->length == 0 || (piece->more && layer->length % 8 != 0) ||
        piece->offset + layer->length > WIRE_MAX_DATAGRAM) {
        wire->counters.malformed++;
        return;
    }
    wire->counters.fragments++;
    struct shelf_slot *slot = find_slot(wire, layer, piece);
    if (slot->flags & WIRE_REFUSED) {
        wire->counters.fragments_lost++;
        return;
    }
    enum fit fit = look(wire, slot, layer, piece);
    if (fit == AGAIN)
        return;
    if (fit == CONFLICT) {
        lose(wire, slot);
        if (layer->version == 6) {
            wire->counters.fragments_lost++;
            slot->flags = WIRE_REFUSED;
            return;
        }
        slot->time_us = layer->time_us;
    }
    take(wire, slot, layer, piece);
    if ((slot->flags & WIRE_ENDS) && slot->octets == slot->base)
        complete(wire, layer, slot);
}

/* IPv4 (RFC 791) and IPv6 (RFC 8200), down to the ports. The length that IP tells bounds the packet, so that
 * padding of the link is none of it. */
#include "app/observe/wire_inside.h"

enum {
    HEAD4 = 20,
    HEAD6 = 40,
    OFFSET4 = 0x1fff, /* in units of eight octets */
    MORE4 = 0x2000,
    MAX_HEADERS = 32,
};

/* ::ffff:a.b.c.d, whose first octets are there. Eight are written at once, for that is how whoever is called
 * reads them: a read of more than was just written has to wait for it. */
static inline void map(uint8_t *to, const uint8_t *from)
{
    static const uint8_t head[4] = {0, 0, 0xff, 0xff};
    uint8_t octets[8];
    memcpy(octets, head, 4);
    memcpy(octets + 4, from, 4);
    memcpy(to + 8, octets, 8);
}

static void read_ip4(struct wire *wire, struct wire_layer *layer)
{
    const uint8_t *at = layer->at;
    if (layer->have < HEAD4) {
        wire_missing(wire, layer);
        return;
    }
    uint32_t head = (at[0] & 15U) * 4, total = bytes_u16(at + 2);
    if (total == 0) {
        layer->by_frame = true;
        total = layer->length;
    }
    if (head < HEAD4 || total < head || total > layer->length) {
        wire->counters.malformed++;
        return;
    }
    uint32_t have = layer->have < total ? layer->have : total;
    if (have < head) {
        layer->length = total;
        wire_missing(wire, layer);
        return;
    }
    layer->at = at + head;
    layer->have = have - head;
    layer->length = total - head;
    map(wire->source, at + 12);
    map(wire->destination, at + 16);
    layer->source = wire->source;
    layer->destination = wire->destination;
    layer->version = 4;
    uint32_t bits = bytes_u16(at + 6);
    if (bits & (OFFSET4 | MORE4)) {
        struct wire_piece piece = {bytes_u16(at + 4), (bits & OFFSET4) * 8, bits & MORE4, at[9]};
        wire_fragment(wire, layer, &piece);
        return;
    }
    wire_transport(wire, layer, at[9]);
}

static void read_ip6(struct wire *wire, struct wire_layer *layer)
{
    const uint8_t *at = layer->at;
    if (layer->have < HEAD6) {
        wire_missing(wire, layer);
        return;
    }
    uint32_t length = bytes_u16(at + 4);
    if (length == 0) {
        layer->by_frame = true;
        length = layer->length - HEAD6;
    }
    if (length > layer->length - HEAD6) {
        wire->counters.malformed++;
        return;
    }
    wire_trim(layer, HEAD6 + length);
    layer->source = at + 8;
    layer->destination = at + 24;
    layer->version = 6;
    wire_skip(layer, HEAD6);
    if (at[6] == WIRE_UDP)
        wire_transport(wire, layer, WIRE_UDP);
    else
        wire_headers(wire, layer, at[6]);
}

void wire_ip(struct wire *wire, struct wire_layer *layer)
{
    if (layer->have == 0)
        wire_missing(wire, layer);
    else if (layer->at[0] >> 4 == 4)
        read_ip4(wire, layer);
    else if (layer->at[0] >> 4 == 6)
        read_ip6(wire, layer);
    else
        wire->counters.not_ip++;
}

/* RFC 8200 §4.2 and §4.4 to §4.6, RFC 4302 §2.2, RFC 6275 §6.1.1. */
uint32_t wire_header_length(uint8_t protocol, const uint8_t *at, uint32_t length)
{
    uint32_t size = 0;
    switch (protocol) {
    case WIRE_HOP_BY_HOP:
    case WIRE_ROUTING:
    case WIRE_DESTINATION:
    case WIRE_MOBILITY:
        size = (at[1] + 1U) * 8;
        break;
    case WIRE_AH:
        size = (at[1] + 2U) * 4;
        break;
    case WIRE_FRAGMENT:
        size = 8;
        break;
    }
    return size <= length ? size : 0;
}

static bool is_header(uint8_t protocol)
{
    return protocol == WIRE_HOP_BY_HOP || protocol == WIRE_ROUTING || protocol == WIRE_DESTINATION ||
           protocol == WIRE_MOBILITY || protocol == WIRE_AH || protocol == WIRE_FRAGMENT;
}

void wire_headers(struct wire *wire, struct wire_layer *layer, uint8_t protocol)
{
    for (int i = 0; is_header(protocol); i++) {
        const uint8_t *at = layer->at;
        if (layer->have < 8) {
            wire_missing(wire, layer);
            return;
        }
        uint32_t size = wire_header_length(protocol, at, layer->length);
        if (size == 0 || i == MAX_HEADERS) {
            wire->counters.malformed++;
            return;
        }
        if (layer->have < size) {
            wire_missing(wire, layer);
            return;
        }
        wire_skip(layer, size);
        if (protocol == WIRE_FRAGMENT) {
            uint16_t bits = bytes_u16(at + 2);
            struct wire_piece piece = {
                (uint32_t)bytes_u16(at + 4) << 16 | bytes_u16(at + 6), bits & 0xfff8U, bits & 1, at[0]};
            /* RFC 6946: one that is the whole datagram has nothing to do with others. */
            if (piece.offset || piece.more) {
                wire_fragment(wire, layer, &piece);
                return;
            }
        }
        protocol = at[0];
    }
    wire_transport(wire, layer, protocol);
}

/* RFC 768. A length of 0 is that of a datagram too long for the field. */
static void read_udp(struct wire *wire, struct wire_layer *layer)
{
    const uint8_t *at = layer->at;
    if (layer->have < 8) {
        wire_missing(wire, layer);
        return;
    }
    struct wire_ports ports = {bytes_u16(at), bytes_u16(at + 2)};
    if (ports.source != wire->port && ports.destination != wire->port &&
        !(wire->more_ports && (wire_is_ours(wire, ports.source) || wire_is_ours(wire, ports.destination)))) {
        wire->counters.other++;
        return;
    }
    uint32_t size = bytes_u16(at + 4);
    if (size == 0 && layer->by_frame)
        size = layer->length;
    if (size < 8 || size > layer->length) {
        wire->counters.malformed++;
        return;
    }
    wire_trim(layer, size);
    wire_tell(wire, layer, ports, SIGHTING_UDP, at + 8, layer->have - 8, size - 8);
}

enum { FRAME = 14, HEAD_UDP = 8, HEAD4_ALONE = 0x45 };

/* The UDP header, and the octets that IP has room for from there on; NULL: it is not so simple. */
static inline const uint8_t *glance_ip(
    struct wire *wire, const uint8_t *at, uint32_t have, struct sighting_message *ret, uint32_t *ret_room)
{
    uint32_t type = bytes_u16(at + FRAME - 2), total;
    const uint8_t *ip = at + FRAME;
    if (type == 0x0800 && ip[0] == HEAD4_ALONE && ip[9] == WIRE_UDP &&
        !(bytes_u16(ip + 6) & (OFFSET4 | MORE4))) {
        total = bytes_u16(ip + 2);
        if (total < HEAD4 + HEAD_UDP)
            return NULL;
        map(wire->source, ip + 12);
        map(wire->destination, ip + 16);
        ret->source = wire->source;
        ret->destination = wire->destination;
        *ret_room = total - HEAD4;
        return ip + HEAD4;
    }
    if (type != 0x86dd || have < FRAME + HEAD6 + HEAD_UDP || ip[0] >> 4 != 6 || ip[6] != WIRE_UDP)
        return NULL;
    ret->source = ip + 8;
    ret->destination = ip + 24;
    *ret_room = bytes_u16(ip + 4);
    return ip + HEAD6;
}

bool wire_glance(struct wire *wire, const struct capture_record *record, struct sighting_message *ret)
{
    const uint8_t *at = record->bytes;
    uint32_t have = record->length, length = record->wire_length > have ? record->wire_length : have, room;
    if (record->link != CAPTURE_LINK_ETHERNET || have < FRAME + HEAD4 + HEAD_UDP)
        return false;
    const uint8_t *udp = glance_ip(wire, at, have, ret, &room);
    if (!udp)
        return false;
    uint32_t before = (uint32_t)(udp - at), size = bytes_u16(udp + 4);
    ret->source_port = bytes_u16(udp);
    ret->destination_port = bytes_u16(udp + 2);
    if ((ret->source_port != wire->port && ret->destination_port != wire->port) || size < HEAD_UDP ||
        size > room || room > length - before)
        return false;
    ret->time_us = record->time_us;
    ret->bytes = udp + HEAD_UDP;
    ret->wire_length = size - HEAD_UDP;
    uint32_t left = have - before - HEAD_UDP;
    ret->length = left < ret->wire_length ? left : ret->wire_length;
    ret->transport = SIGHTING_UDP;
    return true;
}

void wire_transport(struct wire *wire, struct wire_layer *layer, uint8_t protocol)
{
    if (protocol == WIRE_UDP)
        read_udp(wire, layer);
    else if (wire->plain)
        return;
    else if (protocol == WIRE_TCP)
        wire_tcp(wire, layer);
    else if (protocol == (layer->version == 4 ? WIRE_ICMP4 : WIRE_ICMP6))
        wire_icmp(wire, layer);
    else
        wire->counters.other++;
}

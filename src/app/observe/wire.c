/* An ordinary packet, a datagram of UDP, passes from its link header to the callback without anything being
 * allocated, copied (but eight octets of IPv4 addresses) or looked up. What must wait for others goes to one
 * of two shelves, streams and datagrams, apart so that a flood of one does not push out the other.
 *
 * Checksums are not verified: captures on a sending host hold packets whose checksums its network card was
 * still to fill in. Neither is a stream's window or acknowledgement: who sees the packets of both sides may
 * see them in any order. */
#include "app/observe/wire_inside.h"

#include <stdlib.h>

enum { DNS = 53 };

_Static_assert(sizeof(struct wire) +
                       (WIRE_STREAMS + WIRE_DATAGRAMS) * (sizeof(struct shelf_slot) + 2 * sizeof(int32_t)) +
                       (WIRE_STREAM_BLOCKS + WIRE_DATAGRAM_BLOCKS) * 512 <=
                   WIRE_MAX_MEMORY,
    "what waits is bounded");

static struct wire *make(const uint16_t *ports, size_t port_count, const struct wire_sink *sink)
{
    static const uint16_t usual = DNS;
    struct wire *wire = calloc(1, sizeof *wire);
    if (!wire)
        return NULL;
    if (port_count == 0) {
        ports = &usual;
        port_count = 1;
    }
    wire->sink = *sink;
    wire->port = ports[0];
    wire->more_ports = port_count > 1;
    for (size_t i = 0; i < port_count; i++)
        wire->ports[ports[i] / 64] |= UINT64_C(1) << (ports[i] % 64);
    memset(wire->source + 10, 0xff, 2);
    memset(wire->destination + 10, 0xff, 2);
    return wire;
}

struct wire *wire_new_plain(const uint16_t *ports, size_t port_count, const struct wire_sink *sink)
{
    struct wire *wire = make(ports, port_count, sink);
    if (wire)
        wire->plain = true;
    return wire;
}

struct wire *wire_new(const uint16_t *ports, size_t port_count, uint64_t seed, const struct wire_sink *sink)
{
    struct wire *wire = make(ports, port_count, sink);
    if (!wire)
        return NULL;
    wire->seed = seed;
    if (!shelf_begin(&wire->streams, WIRE_STREAMS, WIRE_STREAM_BLOCKS) ||
        !shelf_begin(&wire->datagrams, WIRE_DATAGRAMS, WIRE_DATAGRAM_BLOCKS)) {
        wire_free(wire);
        return NULL;
    }
    return wire;
}

void wire_free(struct wire *wire)
{
    if (!wire)
        return;
    shelf_end(&wire->streams);
    shelf_end(&wire->datagrams);
    free(wire);
}

void wire_packet(struct wire *wire, const struct capture_record *record)
{
    uint32_t have = record->length, length = record->wire_length;
    struct wire_layer layer = {
        .time_us = record->time_us,
        .at = record->bytes,
        .have = have,
        .length = length > have ? length : have, /* some writers leave it zero */
    };
    wire->counters.packets++;
    wire_link(wire, &layer, record->link);
}

void wire_told(struct wire *wire, uint32_t packets, uint32_t cut)
{
    wire->counters.packets += packets;
    wire->counters.messages += packets;
    wire->counters.cut += cut;
}

struct wire_counters wire_counters(const struct wire *wire)
{
    struct wire_counters counters = wire->counters;
    counters.fragments_lost += wire->datagrams.lost_pieces;
    counters.tcp_lost += wire->streams.lost_slots;
    return counters;
}

/* wire_inside: what the parts of wire share. A packet goes down through them: wire_link() takes the headers
 * of the link off, wire_ip() those of IP (perhaps by way of wire_fragment()), wire_transport() looks at the
 * ports. Each has the rest of the packet as a `struct wire_layer`, bounded by the lengths that were told so
 * far. */
#ifndef APP_OBSERVE_WIRE_INSIDE_H
#define APP_OBSERVE_WIRE_INSIDE_H

#include "app/observe/wire.h"
#include "app/observe/wire_shelf.h"
#include "base/bytes.h"
#include "base/hash.h"

enum {
    WIRE_STREAMS = 40960,
    WIRE_STREAM_BLOCKS = 4096,
    WIRE_DATAGRAMS = 4096,
    WIRE_DATAGRAM_BLOCKS = 4608,
    WIRE_MAX_DATAGRAM = 65535,
    WIRE_MAX_HELD =
        80 << 10,          /* octets of a stream that wait: a message, and some that came before their turn */
    WIRE_CHUNK = 16 << 10, /* of a segment that is put in its place at once */
    WIRE_MAX_PIECES = 64,  /* of a stream */
    WIRE_FARTHEST = 1 << 20, /* octets of sequence that the pieces of a stream span, at most */
};

enum wire_protocol {
    WIRE_HOP_BY_HOP = 0,
    WIRE_ICMP4 = 1,
    WIRE_TCP = 6,
    WIRE_UDP = 17,
    WIRE_ROUTING = 43,
    WIRE_FRAGMENT = 44,
    WIRE_AH = 51,
    WIRE_ICMP6 = 58,
    WIRE_DESTINATION = 60,
    WIRE_MOBILITY = 135,
};

enum { WIRE_FIN = 1, WIRE_SYN = 2, WIRE_RST = 4 }; /* TCP flags */

/* The rest of a packet, below the headers that were read. */
struct wire_layer {
    int64_t time_us;
    const uint8_t *at;
    uint32_t have, length; /* octets that are there, and that were on the wire: have <= length */
    const uint8_t *source, *destination; /* 16 octets each, once IP was read */
    uint8_t version;                     /* of IP */
    bool by_frame; /* the length is that of the frame, for IP told none: the packet of a network card that
                      segments */
    bool whole;    /* was put together from fragments */
};

struct wire {
    struct wire_sink sink;
    uint16_t port; /* the first, asked first */
    bool more_ports;
    bool plain;    /* wire_new_plain() */
    uint16_t link; /* the last one, and how it is read */
    int (*read_link)(struct wire_layer *layer);
    uint64_t seed;
    struct wire_counters counters;
    uint8_t source[16], destination[16]; /* of IPv4, mapped; the first 12 octets never change */
    struct shelf streams, datagrams;
    uint64_t ports[65536 / 64]; /* a bit for each */
    uint8_t datagram[WIRE_MAX_DATAGRAM];
    uint8_t held[WIRE_MAX_HELD + WIRE_CHUNK];
};

/* IPv4 as IPv6 writes it. */
enum { WIRE_MAPPED = 12 };

static inline void wire_skip(struct wire_layer *layer, uint32_t octets)
{
    layer->at += octets;
    layer->have -= octets;
    layer->length -= octets;
}

/* The layer ends after so many octets; not more than it has. */
static inline void wire_trim(struct wire_layer *layer, uint32_t length)
{
    layer->length = length;
    layer->have = layer->have < length ? layer->have : length;
}

/* A header is not all there: cut by the snap length, or it never was. */
static inline void wire_missing(struct wire *wire, const struct wire_layer *layer)
{
    if (layer->have < layer->length)
        wire->counters.cut++;
    else
        wire->counters.malformed++;
}

static inline bool wire_is_ours(const struct wire *wire, uint16_t port)
{
    return wire->ports[port / 64] >> (port % 64) & 1;
}

/* The key of what two addresses and some more identify. */
static inline uint64_t wire_key(const struct wire *wire, const struct wire_layer *layer, uint64_t more)
{
    uint64_t key = hash_mix(wire->seed, more);
    key = hash_mix(key, hash_load(layer->source));
    key = hash_mix(key, hash_load(layer->source + 8));
    key = hash_mix(key, hash_load(layer->destination));
    return hash_mix(key, hash_load(layer->destination + 8));
}

struct wire_ports {
    uint16_t source, destination;
};

/* Hands a message out: `have` of `length` octets are there. */
static inline void wire_tell(struct wire *wire, const struct wire_layer *layer, struct wire_ports ports,
    uint8_t transport, const uint8_t *bytes, uint32_t have, uint32_t length)
{
    wire->counters.messages++;
    wire->counters.cut += have < length;
    const struct sighting_message message = {layer->time_us, bytes, have, length, layer->source,
        layer->destination, ports.source, ports.destination, transport};
    wire->sink.message(wire->sink.context, &message);
}

void wire_link(struct wire *wire, struct wire_layer *layer, uint16_t link);
void wire_ip(struct wire *wire, struct wire_layer *layer);

/* What follows the headers of IPv6, and the extension headers before it. */
void wire_headers(struct wire *wire, struct wire_layer *layer, uint8_t protocol);
void wire_transport(struct wire *wire, struct wire_layer *layer, uint8_t protocol);

struct wire_piece {
    uint32_t identification, offset;
    bool more;
    uint8_t protocol; /* what its datagram holds; IPv6: true of the first fragment only */
};
void wire_fragment(struct wire *wire, struct wire_layer *layer, const struct wire_piece *piece);

void wire_tcp(struct wire *wire, struct wire_layer *layer);
void wire_icmp(struct wire *wire, struct wire_layer *layer);

/* Steps over one extension header: its length, 0 if `protocol` is none that can be stepped over, or if it
 * takes more octets than `length`. At least two must be there. */
uint32_t wire_header_length(uint8_t protocol, const uint8_t *at, uint32_t length);

/* Slots of streams (flags). */
enum {
    WIRE_SYNCED = 1,  /* a message begins at `at` */
    WIRE_BASED = 2,   /* SYN was seen; `base` is its first octet */
    WIRE_GUESSED = 4, /* where messages begin was guessed once: each that follows must look like one, else it
                         is guessed again */
    WIRE_CLOSED =
        8, /* nothing more is expected; known only so that what is sent again is not counted again */
};

/* Slots of datagrams. */
enum {
    WIRE_REFUSED = 1, /* its fragments overlapped: what follows of it is dropped */
    WIRE_ENDS = 2,    /* `base` is its length */
};

#endif

/* wire: from captured packets to DNS messages.
 *
 * Link layers (Ethernet with VLAN tags and QinQ, SLL, SLL2, raw, loopback, PPP, PPPoE), IPv4 and IPv6 with
 * extension headers, fragments put together, UDP, TCP streams put together: whole messages, split, pipelined,
 * retransmitted, out of order, begun in the middle. Every length is bounded by the one around it, so Ethernet
 * padding is no payload. ICMP and ICMPv6 errors are told as such; DNS inside of them is not a message.
 *
 *   - Checksums are not verified: on a sending host, network cards fill them in behind the capture.
 *   - Fragments wait for 30 s of packet time. Overlaps: IPv6 drops the datagram (RFC 5722), IPv4 what came
 *     first.
 *   - A message in a TCP stream that comes before its turn is handed out at once, so that what the capture
 *     lost holds nothing up. Each is handed out once, however often it is sent.
 *   - A message that the snap length cut is handed out as far as it is there, over TCP too.
 *
 * Memory is bounded: WIRE_MAX_MEMORY for all that waits; what does not fit is forgotten, oldest first, and
 * counted. All state but the counters can be written out and read back, so that a reader can go on later
 * where it was. No clock: time is that of the packets. */
#ifndef APP_OBSERVE_WIRE_H
#define APP_OBSERVE_WIRE_H

#include "core/roll/sighting.h"
#include "io/capture/capture.h"

enum { WIRE_MAX_PORTS = 16, WIRE_MAX_MEMORY = 8 << 20 };

struct wire_sink {
    void *context;
    void (*message)(void *context, const struct sighting_message *message); /* valid during the call */
    /* An ICMP error, SIGHTING_TOO_BIG or SIGHTING_REASSEMBLY, about a UDP or TCP packet (or a fragment) that
     * `server` had sent to `client`. */
    void (*error)(void *context, int64_t time_us, enum sighting_kind kind, const uint8_t client[16]);
};

/* Cumulative. */
struct wire_counters {
    uint64_t packets, messages;
    uint64_t not_ip, unknown_link, malformed; /* malformed: lengths that lie, at any layer */
    uint64_t other;                           /* IP, but neither of our ports nor an error */
    uint64_t cut;                             /* by the snap length */
    uint64_t fragments, fragments_lost;       /* lost: of datagrams that never became whole */
    uint64_t tcp_segments, tcp_repeated, tcp_gaps,
        tcp_lost; /* lost: streams forgotten in the middle of a message */
    uint64_t icmp_too_big, icmp_reassembly;
};

struct wire;

/* `ports`: those of the name server, in host order (53 if none). `seed`: random, keys the tables. NULL when
 * memory is short. */
struct wire *wire_new(const uint16_t *ports, size_t port_count, uint64_t seed, const struct wire_sink *sink);

/* One that tells messages in UDP which are whole in one packet, and nothing else: what a packet says by
 * itself, whatever came before it. It holds nothing. The other wire need not see such a packet: wire_told().
 */
struct wire *wire_new_plain(const uint16_t *ports, size_t port_count, const struct wire_sink *sink);

/* Counts packets of which a plain wire told a message; `cut`: of these, by the snap length. */
void wire_told(struct wire *wire, uint32_t packets, uint32_t cut);

/* The message of a packet of the simplest kind, as nearly all are: Ethernet, IP without options and extension
 * headers, UDP, of the first port, with lengths that fit. Its addresses are good until the next call. False:
 * it is for wire_packet(). */
bool wire_glance(struct wire *wire, const struct capture_record *record, struct sighting_message *ret);

/* Takes CAPTURE_PACKET records. */
void wire_packet(struct wire *wire, const struct capture_record *record);

struct wire_counters wire_counters(const struct wire *wire);

/* What waits (fragments, streams) as bytes, for wire_load() of the same version of the program. *ret_bytes is
 * freed by the caller. ERR_NOMEM. */
int wire_save(const struct wire *wire, uint8_t **ret_bytes, size_t *ret_length);

/* ERR_DATA if the bytes are not what wire_save() wrote: they come from a file and are not trusted. */
int wire_load(struct wire *wire, const uint8_t *bytes, size_t length);

void wire_free(struct wire *wire); /* NULL is allowed */

#endif

/* wire_try: packets made from the inside out, and what a wire says of them, as text: for the tests of wire.
 */
#ifndef APP_OBSERVE_WIRE_TRY_H
#define APP_OBSERVE_WIRE_TRY_H

#include "app/observe/wire.h"

enum { TRY_ROOM = 200 << 10, TRY_SAID = 1 << 20 };

/* Octets are put before those that are there: payload, then UDP, then IP, then the link. */
struct try_packet {
    uint8_t room[TRY_ROOM];
    uint8_t *at;
    size_t length;
    const char *source, *destination; /* addresses; IPv4 where there is no colon */
    int64_t time_us;
    uint16_t link; /* LINKTYPE_RAW unless told */
    size_t snap;   /* octets that are captured; 0: all */
};

void try_begin(struct try_packet *packet, const char *source, const char *destination);
void try_put(struct try_packet *packet, const void *bytes, size_t length); /* before the rest */
void try_put_u16(struct try_packet *packet, unsigned value);
void try_tail(struct try_packet *packet, const void *bytes, size_t length); /* behind it */

/* A DNS query: header, "q.example." (or `octets` in a record of the additional section), class IN. */
enum { TRY_QUERY = 12 + 11 + 4 };
size_t try_query(uint8_t *to, unsigned id, size_t octets);

void try_udp(struct try_packet *packet, unsigned source, unsigned destination);
void try_tcp(
    struct try_packet *packet, unsigned source, unsigned destination, uint32_t sequence, unsigned flags);
void try_ip(struct try_packet *packet, unsigned protocol);
void try_ip4_bits(struct try_packet *packet, unsigned protocol, unsigned identification, unsigned bits);

/* A whole packet: a query over UDP from port 1000 to 53. */
void try_ask(struct try_packet *packet, const char *source, const char *destination, unsigned id);

/* One fragment, octets [from, to) of the datagram `packet`, which is without IP header; `more` after it. */
void try_fragment(struct try_packet *ret, const struct try_packet *packet, unsigned protocol,
    uint32_t identification, size_t from, size_t to, bool more);

/* What was said: a word for each message, "u1" or "t1" with its id, "u1(60/90)" if it is cut; "big ADDRESS"
 * and "late ADDRESS" for errors. */
struct try_said {
    char text[TRY_SAID];
    size_t length;
    bool with_ends; /* messages also with their ends: "u1[192.0.2.1#1000>192.0.2.53#53]" */
};

struct wire_sink try_sink(struct try_said *said);
void try_forget(struct try_said *said); /* nothing was said yet */

/* Takes the packet; its octets are in a block of their own, so that a sanitizer sees what reads beyond. */
void try_take(struct wire *wire, const struct try_packet *packet);

#endif

/* wire_stream: what is put in its place in a TCP stream, and where messages begin in it. */
#ifndef APP_OBSERVE_WIRE_STREAM_H
#define APP_OBSERVE_WIRE_STREAM_H

#include "app/observe/wire_inside.h"

enum { WIRE_STREAM_HEAD = 14 }; /* octets of length and DNS header */

/* Puts a segment's octets (those that are new) among those that wait and hands out what became whole. */
void wire_weave(struct wire *wire, const struct wire_layer *layer, struct shelf_slot *slot,
    struct wire_ports ports, uint32_t sequence);

/* May a message with its length begin here? Opcode QUERY, QDCOUNT 1, a name without compression; what is not
 * there is not held against it. */
bool wire_stream_fits(const uint8_t *at, size_t have);

/* A whole message that fits, with type and class. */
bool wire_stream_is_whole(const uint8_t *at, size_t have);

/* Where in the middle of a segment messages begin that end where it ends: an offset above 0, 0 if nowhere. */
size_t wire_stream_seek(const uint8_t *at, size_t have);

#endif

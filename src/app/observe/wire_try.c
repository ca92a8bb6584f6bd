/* Checksums are left zero: wire does not look at them. */
#include "app/observe/wire_try.h"

#include "base/bytes.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { PROTOCOL_UDP = 17, TAIL_ROOM = 4096 };

void try_begin(struct try_packet *packet, const char *source, const char *destination)
{
    packet->at = packet->room + TRY_ROOM - TAIL_ROOM;
    packet->length = 0;
    packet->source = source;
    packet->destination = destination;
    packet->time_us = 1000000;
    packet->link = CAPTURE_LINK_RAW;
    packet->snap = 0;
}

void try_put(struct try_packet *packet, const void *bytes, size_t length)
{
    if ((size_t)(packet->at - packet->room) < length)
        abort();
    packet->at -= length;
    packet->length += length;
    if (length)
        memcpy(packet->at, bytes, length);
}

void try_put_u16(struct try_packet *packet, unsigned value)
{
    try_put(packet, (uint8_t[]){(uint8_t)(value >> 8), (uint8_t)value}, 2);
}

void try_tail(struct try_packet *packet, const void *bytes, size_t length)
{
    memcpy(packet->at + packet->length, bytes, length);
    packet->length += length;
}

size_t try_query(uint8_t *to, unsigned id, size_t octets)
{
    static const uint8_t question[] = "\1q\7example\0\0\1\0\1";
    uint8_t *at = to;
    memset(to, 0, 12);
    bytes_put_u16(to, (uint16_t)id);
    to[5] = 1;
    memcpy(to + 12, question, sizeof question - 1);
    at += 12 + sizeof question - 1;
    if (octets > 0) {
        to[11] = 1;
        memset(at, 0, 11);
        at[2] = 99; /* a type that nobody knows */
        bytes_put_u16(at + 9, (uint16_t)octets);
        memset(at + 11, 0x99, octets);
        at += 11 + octets;
    }
    return (size_t)(at - to);
}

void try_udp(struct try_packet *packet, unsigned source, unsigned destination)
{
    size_t length = packet->length + 8;
    try_put_u16(packet, 0);
    try_put_u16(packet, (unsigned)length);
    try_put_u16(packet, destination);
    try_put_u16(packet, source);
}

void try_tcp(
    struct try_packet *packet, unsigned source, unsigned destination, uint32_t sequence, unsigned flags)
{
    uint8_t head[20] = {0};
    bytes_put_u16(head, (uint16_t)source);
    bytes_put_u16(head + 2, (uint16_t)destination);
    bytes_put_u16(head + 4, (uint16_t)(sequence >> 16));
    bytes_put_u16(head + 6, (uint16_t)sequence);
    head[12] = 5 << 4;
    head[13] = (uint8_t)flags;
    try_put(packet, head, sizeof head);
}

void try_ip4_bits(struct try_packet *packet, unsigned protocol, unsigned identification, unsigned bits)
{
    uint8_t head[20] = {0x45};
    bytes_put_u16(head + 2, (uint16_t)(packet->length + sizeof head));
    bytes_put_u16(head + 4, (uint16_t)identification);
    bytes_put_u16(head + 6, (uint16_t)bits);
    head[8] = 64;
    head[9] = (uint8_t)protocol;
    if (inet_pton(AF_INET, packet->source, head + 12) != 1 ||
        inet_pton(AF_INET, packet->destination, head + 16) != 1)
        abort();
    try_put(packet, head, sizeof head);
}

void try_ip(struct try_packet *packet, unsigned protocol)
{
    if (!strchr(packet->source, ':')) {
        try_ip4_bits(packet, protocol, 0, 0);
        return;
    }
    uint8_t head[40] = {0x60};
    bytes_put_u16(head + 4, (uint16_t)packet->length);
    head[6] = (uint8_t)protocol;
    head[7] = 64;
    if (inet_pton(AF_INET6, packet->source, head + 8) != 1 ||
        inet_pton(AF_INET6, packet->destination, head + 24) != 1)
        abort();
    try_put(packet, head, sizeof head);
}

void try_ask(struct try_packet *packet, const char *source, const char *destination, unsigned id)
{
    uint8_t query[TRY_QUERY];
    try_begin(packet, source, destination);
    try_put(packet, query, try_query(query, id, 0));
    try_udp(packet, 1000, 53);
    try_ip(packet, PROTOCOL_UDP);
}

void try_fragment(struct try_packet *ret, const struct try_packet *packet, unsigned protocol,
    uint32_t identification, size_t from, size_t to, bool more)
{
    try_begin(ret, packet->source, packet->destination);
    ret->time_us = packet->time_us;
    try_put(ret, packet->at + from, to - from);
    if (!strchr(packet->source, ':')) {
        try_ip4_bits(ret, protocol, identification & 0xffff, (more ? 0x2000U : 0) | (unsigned)from / 8);
        return;
    }
    uint8_t head[8] = {(uint8_t)protocol};
    bytes_put_u16(head + 2, (uint16_t)(from | more));
    bytes_put_u16(head + 4, (uint16_t)(identification >> 16));
    bytes_put_u16(head + 6, (uint16_t)identification);
    try_put(ret, head, sizeof head);
    try_ip(ret, 44);
}

/* ---- what was said ---- */

static void __attribute__((format(printf, 2, 3))) add(struct try_said *said, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    said->length +=
        (size_t)vsnprintf(said->text + said->length, sizeof said->text - said->length, format, list);
    va_end(list);
    if (said->length >= sizeof said->text)
        abort();
}

static const char *text_of(const uint8_t address[16], char out[INET6_ADDRSTRLEN])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    bool is_four = memcmp(address, mapped, sizeof mapped) == 0;
    return inet_ntop(is_four ? AF_INET : AF_INET6, is_four ? address + 12 : address, out, INET6_ADDRSTRLEN);
}

static void say_message(void *context, const struct sighting_message *message)
{
    struct try_said *said = context;
    char source[INET6_ADDRSTRLEN], destination[INET6_ADDRSTRLEN];
    add(said, "%s%c", said->length ? " " : "", message->transport == SIGHTING_UDP ? 'u' : 't');
    if (message->length >= 2)
        add(said, "%u", bytes_u16(message->bytes));
    if (message->length != message->wire_length)
        add(said, "(%u/%u)", message->length, message->wire_length);
    if (said->with_ends)
        add(said, "[%s#%u>%s#%u]", text_of(message->source, source), message->source_port,
            text_of(message->destination, destination), message->destination_port);
}

static void say_error(void *context, int64_t time_us, enum sighting_kind kind, const uint8_t client[16])
{
    struct try_said *said = context;
    char address[INET6_ADDRSTRLEN];
    add(said, "%s%s %s", said->length ? " " : "", kind == SIGHTING_TOO_BIG ? "big" : "late",
        text_of(client, address));
}

struct wire_sink try_sink(struct try_said *said)
{
    return (struct wire_sink){said, say_message, say_error};
}

void try_forget(struct try_said *said)
{
    said->length = 0;
    said->text[0] = 0;
}

void try_take(struct wire *wire, const struct try_packet *packet)
{
    size_t have = packet->snap && packet->snap < packet->length ? packet->snap : packet->length;
    uint8_t *bytes = malloc(have ? have : 1);
    if (!bytes)
        abort();
    memcpy(bytes, packet->at, have);
    struct capture_record record = {
        .time_us = packet->time_us,
        .bytes = bytes,
        .length = (uint32_t)have,
        .wire_length = (uint32_t)packet->length,
        .link = packet->link,
        .what = CAPTURE_PACKET,
    };
    wire_packet(wire, &record);
    free(bytes);
}

/* Every frame is made where it is written from: room for it is taken in a buffer, the headers are put before
 * the copied message, then the record's header, as its length is known. */
#include "capture_writer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BUFFER = 1 << 20, ROOM = 4096, ETHERNET = 14, LEAST_FRAME = 60, IPV4 = 20, IPV6 = 40 };

static const uint8_t server_v4[4] = {192, 0, 2, 53};
static const uint8_t server_v6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 0x53};

struct writer {
    int fd, error;
    enum writer_format format;
    uint64_t packets, bytes;
    uint16_t ip_id;
    size_t used;
    uint8_t buffer[BUFFER + ROOM];
};

static void flush(struct writer *writer)
{
    for (size_t done = 0; done < writer->used && !writer->error;) {
        ssize_t n = write(writer->fd, writer->buffer + done, writer->used - done);
        if (n < 0 && errno != EINTR)
            writer->error = errno;
        done += n > 0 ? (size_t)n : 0;
    }
    writer->bytes += writer->used;
    writer->used = 0;
}

static uint8_t *put_le32(uint8_t *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (8 * i));
    return at + 4;
}

static void put_be16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put_be32(uint8_t *at, uint32_t value)
{
    put_be16(at, value >> 16);
    put_be16(at + 2, value & 0xffff);
}

/* ---- records ---- */

static size_t record_header(const struct writer *writer)
{
    return writer->format == WRITER_PCAP ? 16 : 28;
}

/* Where a frame is to be made. */
static uint8_t *frame_room(struct writer *writer)
{
    if (writer->used >= BUFFER)
        flush(writer);
    return writer->buffer + writer->used + record_header(writer);
}

/* The frame is there, `length` octets: puts its record around it. */
static void frame_done(struct writer *writer, int64_t time_us, uint8_t *frame, size_t length, bool answer)
{
    if (!answer && length < LEAST_FRAME) {
        memset(frame + length, 0, LEAST_FRAME - length);
        length = LEAST_FRAME;
    }
    uint8_t *at = writer->buffer + writer->used;
    uint32_t size = (uint32_t)length;
    if (writer->format == WRITER_PCAP) {
        at = put_le32(at, (uint32_t)(time_us / 1000000));
        at = put_le32(at, (uint32_t)(time_us % 1000000));
        at = put_le32(at, size);
        put_le32(at, size);
        writer->used += 16 + length;
    } else {
        uint32_t padded = (size + 3) & ~3U;
        at = put_le32(at, 6);
        at = put_le32(at, 32 + padded);
        at = put_le32(at, 0);
        at = put_le32(at, (uint32_t)(time_us >> 32));
        at = put_le32(at, (uint32_t)time_us);
        at = put_le32(at, size);
        at = put_le32(at, size);
        memset(at + length, 0, padded - length);
        put_le32(at + padded, 32 + padded);
        writer->used += 32 + padded;
    }
    writer->packets++;
}

/* ---- headers ---- */

static uint16_t fold(uint64_t sum)
{
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static void put_fold(uint8_t *at, uint64_t sum)
{
    uint16_t checksum = fold(sum); /* in the order of memory, as the words were summed */
    memcpy(at, &checksum, 2);
}

/* Ethernet and IP before `length` octets of `protocol`. Returns the octets; the sum of the pseudo header. */
static size_t put_ip(struct writer *writer, uint8_t *frame, const struct writer_client *client, bool answer,
    uint8_t protocol, size_t length, uint64_t *ret_sum)
{
    static const uint8_t there[12] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
    static const uint8_t back[12] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};
    size_t size = client->v6 ? 16 : 4;
    const uint8_t *server = client->v6 ? server_v6 : server_v4;
    uint8_t *ip = frame + ETHERNET, *addresses = ip + (client->v6 ? 8 : 12);
    memcpy(frame, answer ? back : there, 12);
    put_be16(frame + 12, client->v6 ? 0x86dd : 0x0800);
    memcpy(addresses, answer ? server : client->address, size);
    memcpy(addresses + size, answer ? client->address : server, size);
    uint8_t ttl = answer ? 64 : (uint8_t)(48 + client->address[3] % 12);
    if (client->v6) {
        put_be32(ip, 0x60000000);
        put_be16(ip + 4, (unsigned)length);
        ip[6] = protocol;
        ip[7] = ttl;
    } else {
        put_be32(ip, 0x45000000 | (uint32_t)(IPV4 + length));
        put_be16(ip + 4, writer->ip_id++);
        put_be16(ip + 6, 0x4000);
        ip[8] = ttl;
        ip[9] = protocol;
        put_be16(ip + 10, 0);
        put_fold(ip + 10, topics_sum(ip, IPV4));
    }
    *ret_sum = topics_sum(addresses, 2 * size) + htons((uint16_t)length) + htons(protocol);
    return ETHERNET + (client->v6 ? IPV6 : IPV4);
}

static void put_ports(uint8_t *at, const struct writer_client *client, bool answer)
{
    put_be16(at, answer ? 53 : client->port);
    put_be16(at + 2, answer ? client->port : 53);
}

/* The message, and its sum. */
static uint64_t put_message(uint8_t *at, const struct writer_message *message)
{
    static const char alphabet[33] = "abcdefghijklmnopqrstuvwxyz-01234";
    const struct topics_message *made = message->message;
    memcpy(at, made->bytes, made->length);
    put_be16(at, message->id);
    put_be16(at + 2, message->flags | made->flags);
    uint64_t bits = message->label;
    for (unsigned i = 0; i < message->label_length; i++, bits >>= 5)
        at[TOPICS_LABEL_AT + i] = (uint8_t)alphabet[bits & 31];
    return made->sum + topics_sum(at, 4) + topics_sum(at + 12, made->window);
}

/* ---- dnstap ---- */

static uint8_t *put_varint(uint8_t *at, uint64_t value)
{
    for (; value >= 128; value >>= 7)
        *at++ = (uint8_t)(value | 128);
    *at++ = (uint8_t)value;
    return at;
}

static uint8_t *put_field(uint8_t *at, unsigned field, uint64_t value)
{
    *at++ = (uint8_t)(field << 3);
    return put_varint(at, value);
}

static uint8_t *put_octets(uint8_t *at, unsigned field, const void *octets, size_t length)
{
    *at++ = (uint8_t)(field << 3 | 2);
    at = put_varint(at, length);
    memcpy(at, octets, length);
    return at + length;
}

/* AUTH_QUERY or AUTH_RESPONSE, as Unbound, BIND and NSD write them. */
static uint8_t *put_dnstap(uint8_t *at, int64_t time_us, const struct writer_client *client, bool answer,
    bool tcp, const struct writer_message *message)
{
    size_t size = client->v6 ? 16 : 4;
    at = put_field(at, 1, answer ? 2 : 1);
    at = put_field(at, 2, client->v6 ? 2 : 1);
    at = put_field(at, 3, tcp ? 2 : 1);
    at = put_octets(at, 4, client->address, size);
    at = put_octets(at, 5, client->v6 ? server_v6 : server_v4, size);
    at = put_field(at, 6, client->port);
    at = put_field(at, 7, 53);
    at = put_field(at, answer ? 12 : 8, (uint64_t)time_us / 1000000);
    *at++ = (uint8_t)((answer ? 13 : 9) << 3 | 5);
    at = put_le32(at, (uint32_t)(time_us % 1000000 * 1000));
    *at++ = (uint8_t)((answer ? 14 : 10) << 3 | 2);
    at = put_varint(at, message->message->length);
    put_message(at, message);
    return at + message->message->length;
}

static void dnstap_frame(struct writer *writer, int64_t time_us, const struct writer_client *client,
    bool answer, bool tcp, const struct writer_message *message)
{
    if (writer->used >= BUFFER)
        flush(writer);
    uint8_t *frame = writer->buffer + writer->used, *at = frame + 4;
    at = put_octets(at, 1, "ns1.bench", 9);
    at = put_octets(at, 2, "bench 1.0", 9);
    *at++ = 14 << 3 | 2;
    /* The length goes before what it is the length of: always as two octets. */
    uint8_t *inner = at + 2, *end = put_dnstap(inner, time_us, client, answer, tcp, message);
    size_t length = (size_t)(end - inner);
    at[0] = (uint8_t)(length | 128);
    at[1] = (uint8_t)(length >> 7);
    end = put_field(end, 15, 1);
    put_be32(frame, (uint32_t)(end - frame - 4));
    writer->used += (size_t)(end - frame);
    writer->packets++;
}

/* ---- packets ---- */

void writer_udp(struct writer *writer, int64_t time_us, const struct writer_client *client, bool answer,
    const struct writer_message *message)
{
    if (writer->format == WRITER_DNSTAP) {
        dnstap_frame(writer, time_us, client, answer, false, message);
        return;
    }
    enum { UDP = 8, PROTOCOL = 17 };
    uint64_t sum;
    uint8_t *frame = frame_room(writer);
    size_t length = UDP + message->message->length;
    uint8_t *udp = frame + put_ip(writer, frame, client, answer, PROTOCOL, length, &sum);
    put_ports(udp, client, answer);
    put_be16(udp + 4, (unsigned)length);
    put_be16(udp + 6, 0);
    sum += topics_sum(udp, UDP) + put_message(udp + UDP, message);
    put_fold(udp + 6, sum);
    if (!udp[6] && !udp[7])
        udp[6] = udp[7] = 255; /* zero means none */
    frame_done(writer, time_us, frame, (size_t)(udp - frame) + length, answer);
}

void writer_tcp(struct writer *writer, int64_t time_us, const struct writer_client *client, bool answer,
    const struct writer_segment *segment)
{
    if (writer->format == WRITER_DNSTAP) { /* whole messages, with their last segment */
        if (segment->message && segment->to == segment->message->message->length + 2U)
            dnstap_frame(writer, time_us, client, answer, true, segment->message);
        return;
    }
    enum { TCP = 20, PROTOCOL = 6 };
    static const uint8_t options[12] = {2, 4, 5, 180, 1, 1, 4, 2, 1, 3, 3, 7}; /* MSS, SACK, window scale */
    uint8_t whole[ROOM / 2];
    uint64_t sum;
    uint8_t *frame = frame_room(writer);
    size_t header = TCP + (segment->flags & WRITER_SYN ? sizeof options : 0);
    size_t payload = segment->message ? segment->to - segment->from : 0, length = header + payload;
    uint8_t *tcp = frame + put_ip(writer, frame, client, answer, PROTOCOL, length, &sum);
    put_ports(tcp, client, answer);
    put_be32(tcp + 4, segment->sequence);
    put_be32(tcp + 8, segment->acknowledged);
    put_be16(tcp + 12, (unsigned)(header / 4) << 12 | segment->flags);
    put_be16(tcp + 14, 64240);
    put_be32(tcp + 16, 0);
    memcpy(tcp + TCP, options, header - TCP);
    if (payload) {
        put_be16(whole, segment->message->message->length);
        put_message(whole + 2, segment->message);
        memcpy(tcp + header, whole + segment->from, payload);
    }
    put_fold(tcp + 16, sum + topics_sum(tcp, length));
    frame_done(writer, time_us, frame, (size_t)(tcp - frame) + length, answer);
}

static const struct {
    uint8_t type4, code4, type6, code6;
    uint32_t word4, word6; /* the second one of the ICMP header */
} errors[] = {
    [WRITER_TOO_BIG] = {3, 4, 2, 0, 1400, 1280},
    [WRITER_REASSEMBLY] = {11, 1, 3, 1, 0, 0},
    [WRITER_UNREACHABLE] = {3, 3, 1, 4, 0, 0},
};

/* The beginning of the answer as it went out, IP header and all; of a fragment where one is missing. */
static size_t put_quoted(struct writer *writer, uint8_t *at, const struct writer_client *client,
    enum writer_error error, const struct writer_message *message)
{
    enum { QUOTED = 96, FRAGMENT = 8, UDP = 8 };
    uint8_t frame[ROOM];
    uint64_t sum;
    size_t length = UDP + message->message->length;
    uint8_t *udp = frame + put_ip(writer, frame, client, true, 17, length, &sum);
    put_ports(udp, client, true);
    put_be16(udp + 4, (unsigned)length);
    put_be16(udp + 6, 0);
    put_fold(udp + 6, sum + topics_sum(udp, UDP) + put_message(udp + UDP, message));
    uint8_t *ip = frame + ETHERNET;
    if (error != WRITER_REASSEMBLY) {
        memcpy(at, ip, QUOTED);
    } else if (client->v6) {
        memcpy(at, ip, IPV6);
        at[6] = 44;
        put_be16(at + 4, (unsigned)(length + FRAGMENT));
        memcpy(at + IPV6, "\21\0\0\1\0\0\52\52", FRAGMENT); /* UDP, offset 0, more fragments */
        memcpy(at + IPV6 + FRAGMENT, udp, QUOTED - IPV6 - FRAGMENT);
    } else {
        put_be16(ip + 6, 0x2000); /* more fragments */
        put_be16(ip + 10, 0);
        put_fold(ip + 10, topics_sum(ip, IPV4));
        memcpy(at, ip, QUOTED);
    }
    return QUOTED;
}

void writer_icmp(struct writer *writer, int64_t time_us, const struct writer_client *client,
    enum writer_error error, const struct writer_message *message)
{
    if (writer->format == WRITER_DNSTAP)
        return;
    uint8_t body[256] = {0};
    uint64_t sum;
    body[0] = client->v6 ? errors[error].type6 : errors[error].type4;
    body[1] = client->v6 ? errors[error].code6 : errors[error].code4;
    put_be32(body + 4, client->v6 ? errors[error].word6 : errors[error].word4);
    size_t length = 8 + put_quoted(writer, body + 8, client, error, message);
    uint8_t *frame = frame_room(writer);
    uint8_t *icmp = frame + put_ip(writer, frame, client, false, client->v6 ? 58 : 1, length, &sum);
    memcpy(icmp, body, length);
    put_fold(icmp + 2, topics_sum(icmp, length) + (client->v6 ? sum : 0));
    frame_done(writer, time_us, frame, (size_t)(icmp - frame) + length, false);
}

/* ---- begin and end ---- */

static void put_control(struct writer *writer, uint32_t type, const char *content)
{
    size_t length = content ? strlen(content) : 0;
    uint8_t *at = writer->buffer + writer->used;
    put_be32(at, 0);
    put_be32(at + 4, (uint32_t)(content ? 12 + length : 4));
    put_be32(at + 8, type);
    if (content) {
        put_be32(at + 12, 1);
        put_be32(at + 16, (uint32_t)length);
        memcpy(at + 20, content, length);
    }
    writer->used += content ? 20 + length : 12;
}

struct writer *writer_new(int fd, enum writer_format format)
{
    static const uint32_t pcap[] = {0xa1b2c3d4, 2 | 4 << 16, 0, 0, 262144, 1};
    static const uint32_t pcapng[] = {
        0x0a0d0d0a, 28, 0x1a2b3c4d, 1, UINT32_MAX, UINT32_MAX, 28, 1, 20, 1, 262144, 20};
    struct writer *writer = malloc(sizeof *writer);
    if (!writer)
        return NULL;
    *writer = (struct writer){.fd = fd, .format = format};
    const uint32_t *words = format == WRITER_PCAP ? pcap : pcapng;
    size_t count = format == WRITER_PCAP ? 6 : format == WRITER_PCAPNG ? 12 : 0;
    for (size_t i = 0; i < count; i++, writer->used += 4)
        put_le32(writer->buffer + writer->used, words[i]);
    if (format == WRITER_DNSTAP)
        put_control(writer, 2, "protobuf:dnstap.Dnstap");
    return writer;
}

bool writer_end(struct writer *writer)
{
    if (writer->format == WRITER_DNSTAP)
        put_control(writer, 3, NULL);
    flush(writer);
    errno = writer->error;
    return !writer->error;
}

uint64_t writer_packets(const struct writer *writer)
{
    return writer->packets;
}

uint64_t writer_bytes(const struct writer *writer)
{
    return writer->bytes;
}

void writer_free(struct writer *writer)
{
    free(writer);
}

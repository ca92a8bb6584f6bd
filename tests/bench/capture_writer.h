/* capture_writer: generated packets into a pcap, pcapng or dnstap file.
 *
 * Frames are Ethernet, IPv4 or IPv6, with right checksums; what comes to the server is padded to 60 octets,
 * as network cards hand it over. A dnstap file has messages only: packets without one are left out. */
#ifndef BENCH_CAPTURE_WRITER_H
#define BENCH_CAPTURE_WRITER_H

#include "capture_topics.h"

enum writer_format { WRITER_PCAP, WRITER_PCAPNG, WRITER_DNSTAP };

/* A resolver's side of a conversation. IPv4: the first 4 octets. */
struct writer_client {
    bool v6;
    uint8_t address[16];
    uint16_t port;
};

/* A DNS message as it goes out: what differs from its topic. */
struct writer_message {
    const struct topics_message *message;
    uint64_t label; /* TOPICS_LABEL_MOST characters of it, 5 bits each */
    unsigned label_length;
    uint16_t id, flags;
};

enum { WRITER_FIN = 1, WRITER_SYN = 2, WRITER_PUSH = 8, WRITER_ACK = 16 };

/* A TCP segment; `message` NULL: without payload. Of the message with its length octets, [from, to). */
struct writer_segment {
    uint32_t sequence, acknowledged;
    unsigned flags;
    const struct writer_message *message;
    unsigned from, to;
};

struct writer;

/* To the file descriptor, which is not closed. NULL when memory is short. */
struct writer *writer_new(int fd, enum writer_format format);

/* Times are microseconds since 1970, and do not go back. `answer`: from the server. */
void writer_udp(struct writer *writer, int64_t time_us, const struct writer_client *client, bool answer,
    const struct writer_message *message);
void writer_tcp(struct writer *writer, int64_t time_us, const struct writer_client *client, bool answer,
    const struct writer_segment *segment);

/* The client (or a router, who cares) tells that the answer was too big, or that a fragment of it is missing.
 */
enum writer_error { WRITER_TOO_BIG, WRITER_REASSEMBLY, WRITER_UNREACHABLE };
void writer_icmp(struct writer *writer, int64_t time_us, const struct writer_client *client,
    enum writer_error error, const struct writer_message *message);

/* Ends the file. False: it could not be written (errno). */
bool writer_end(struct writer *writer);
uint64_t writer_packets(const struct writer *writer);
uint64_t writer_bytes(const struct writer *writer);
void writer_free(struct writer *writer);

#endif

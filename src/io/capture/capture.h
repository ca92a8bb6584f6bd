/* capture: what a name server saw, whatever it comes in, as batches of records.
 *
 * Files and pipes of pcap, pcapng and dnstap, plain or compressed (gz, xz, zst, lz4, bz2; also several times
 * over), are told apart by their first octets, never by name; a log of named by being opened as one. C-DNS
 * (RFC 8618) is recognised and refused: its reader would be another one beside these. A thread reads
 * pipes and decompresses ahead; records are parsed in place, in the blocks that were read. Memory is bounded
 * whatever the input: 12 MiB at most, beside the window that a compression asks for: 8 MiB for `xz -6` and
 * `zstd -19`; what asks for more than 128 MiB is refused.
 *
 * What is handed out before a fault is good; the fault comes with the next call, named with file and offset
 * (in the uncompressed input). */
#ifndef IO_CAPTURE_CAPTURE_H
#define IO_CAPTURE_CAPTURE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CAPTURE_BATCH = 512,            /* records in a batch, at most */
    CAPTURE_STANDS = 8,             /* batches: capture_keep() */
    CAPTURE_MAX_RECORD = 256 << 10, /* octets of one packet, frame or line; what claims more is a fault */
};

/* LINKTYPE_ numbers of pcap files (www.tcpdump.org/linktypes.html) that app/observe can take apart. */
enum capture_link {
    CAPTURE_LINK_NULL = 0,
    CAPTURE_LINK_ETHERNET = 1,
    CAPTURE_LINK_PPP = 9,
    CAPTURE_LINK_PPP_ETHER = 51, /* PPPoE without Ethernet header */
    CAPTURE_LINK_RAW = 101,
    CAPTURE_LINK_LOOP = 108,
    CAPTURE_LINK_SLL = 113,
    CAPTURE_LINK_IPV4 = 228,
    CAPTURE_LINK_IPV6 = 229,
    CAPTURE_LINK_SLL2 = 276,
};

enum capture_what {
    CAPTURE_PACKET,  /* begins with the header of `link` */
    CAPTURE_MESSAGE, /* a DNS message, between the ends of `peer` (dnstap) */
    CAPTURE_LINE,    /* a line of a log, without its end */
};

/* Of a dnstap message: who asked whom. Addresses of 16 octets, IPv4 as ::ffff:a.b.c.d; zeros if not told. */
struct capture_peer {
    uint8_t client[16], server[16];
    uint16_t client_port, server_port;
    uint8_t transport; /* enum sighting_transport */
};

struct capture_record {
    /* Since 1970, UTC, rounded down, as it was written: may be 0 or go back. Between UTC_FIRST and UTC_LAST.
     * Of a packet that pcapng holds without a time, that of the one before it; of a line 0, it tells itself.
     */
    int64_t time_us;
    const uint8_t *bytes;
    uint32_t length;      /* octets that are there */
    uint32_t wire_length; /* octets that there were, before a snap length cut; never less than `length` */
    uint16_t link;        /* LINKTYPE_ number, also unknown ones */
    uint8_t what;         /* enum capture_what */
    const struct capture_peer *peer;
};

/* Valid until the next call of capture_next() or capture_close(); see capture_keep(). */
struct capture_batch {
    const struct capture_record *records;
    size_t count;
    bool end; /* nothing comes after this batch (which may be empty) */
};

struct capture;

/* "-" is standard input. ERR_NOINPUT, ERR_PERM, ERR_IO: it cannot be opened. ERR_DATA: it is nothing that we
 * read (what it seems to be is said). An empty file is ERR_DATA. The contents are looked at here already;
 * those of a pipe that says nothing for 200 ms by capture_next(), with the same errors. */
int capture_open_file(const char *path, struct capture **ret_capture, struct err_note *note);

/* A log of named, one record a line, plain or compressed; lines without "trust-anchor-telemetry" are left
 * out, and those longer than CAPTURE_MAX_RECORD. The last line need not have an end. An empty log is none the
 * less one. Captures and other binary files are ERR_DATA. */
int capture_open_log(const char *path, struct capture **ret_capture, struct err_note *note);

/* Packets of an interface ("any" too), by TPACKET_V3: UDP and TCP of these ports (53 if none; 16 at most),
 * all fragments, packets with IPv6 extension headers, ICMP errors; also in one or two VLAN tags and in PPPoE.
 * Promiscuous, for mirrored ports. A loopback interface shows each packet once; on "any" one that passes
 * through several interfaces (a bridge and its port) is seen on each. An interface that goes down or away is
 * ERR_IO. ERR_NOINPUT no such interface; ERR_PERM with what is missing (CAP_NET_RAW); ERR_IO it is down.
 * `buffer`: octets of the ring, 0: 64 MiB, outside of the bound above. */
int capture_open_live(const char *interface, const uint16_t *ports, size_t port_count, size_t buffer,
    struct capture **ret_capture, struct err_note *note);

/* A UNIX socket that name servers connect to and send dnstap over Frame Streams (bidirectional: READY,
 * ACCEPT, START, … STOP, FINISH; or START … STOP alone). Makes the socket (mode 0660), replaces one that
 * nobody listens on, removes it at the end. Any number of senders up to 64; one that sends rubbish or stalls
 * in the middle of a frame for 30 s is dropped and said in the log. When capture_next() is not called,
 * senders have to wait. Frames are in no order of time: servers send those of each of their threads once in a
 * second. ERR_UNAVAILABLE: somebody listens there, or it is no socket. ERR_USAGE: the path is empty or too
 * long (107 octets). ERR_NOINPUT: no such directory. ERR_PERM, ERR_IO. */
int capture_open_dnstap(const char *socket_path, struct capture **ret_capture, struct err_note *note);

/* The next records. Pipe, live and socket: comes back with an empty batch after 200 ms without any, and when
 * capture_stop() was called. 0, or ERR_DATA (malformed or truncated: file and offset), ERR_IO, ERR_NOMEM;
 * after an error there is nothing more. */
int capture_next(struct capture *capture, struct capture_batch *ret_batch, struct err_note *note);

/* Lets a batch stand while the next one is made: its records until the second call of capture_next() after
 * it, and the octets of records until `reuse` was called with the number of their batch or a later one.
 * Batches are numbered from 1, empty ones too. `reuse` is called by capture_next(), and comes back when
 * nobody looks at those octets (and, of what is no file, records) any more. */
void capture_keep(struct capture *capture, void (*reuse)(void *context, uint64_t batch), void *context);

/* Ends a capture of any kind: what is buffered still comes, then `end`, without a fault for what was cut by
 * it. May be called in a signal handler. */
void capture_stop(struct capture *capture);

struct capture_state {
    const char *format;    /* "pcap", "pcapng", "dnstap", "log", "live", "dnstap socket" */
    const char *filter;    /* "gzip", "xz", "zstd", "lz4", or "" */
    uint64_t size, offset; /* of the file as it is on disk, for progress; size 0: not known */
    uint64_t uncompressed; /* octets read of what was in it */
    uint64_t records;      /* handed out */
    uint64_t dropped;      /* live: by kernel and interface; socket: frames that were lost with a sender */
    uint64_t skipped;      /* blocks and frames without a packet or DNS message */
};
struct capture_state capture_state(const struct capture *capture);

void capture_close(struct capture *capture); /* NULL is allowed */

#endif

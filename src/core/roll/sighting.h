/* sighting: what one DNS message, seen in passing, says about trust anchors. RFC 8145, RFC 8509.
 *
 * Made for millions of messages a second of which few matter: an ordinary one costs its header, the first
 * label, and the walk to QTYPE and OPT. Nothing is allocated; pointers lead into the message. */
#ifndef CORE_ROLL_SIGHTING_H
#define CORE_ROLL_SIGHTING_H

#include "core/dns/name.h"
#include "core/roll/tasignal.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the question is about. The numbers are stored: never change one. */
enum sighting_kind {
    SIGHTING_NONE = 0,
    SIGHTING_TA_NULL = 1, /* key tag query, RFC 8145 §5.1 */
    SIGHTING_TA_A = 2,    /* the same asked with type A, as some resolvers do */
    SIGHTING_OPTION = 3,  /* edns-key-tag option in a DNSKEY query, §4.1 */
    SIGHTING_IS_TA = 4,   /* root-key-sentinel-is-ta-NNNNN, RFC 8509; one tag */
    SIGHTING_NOT_TA = 5,  /* root-key-sentinel-not-ta-NNNNN */
    SIGHTING_INVALID = 6, /* begins with "_ta-", type NULL or A, but is malformed; or a malformed option */
    SIGHTING_DNSKEY = 7,  /* a DNSKEY question */
    SIGHTING_DNSKEY_ANSWER = 8, /* its answer: octets */
    SIGHTING_TOO_BIG = 9,       /* ICMP: an answer to this source was too big for the path */
    SIGHTING_REASSEMBLY = 10,   /* ICMP: this source did not get all fragments of an answer in time */
    SIGHTING_KINDS = 11,
};

/* "ta-null", "ta-a", "option", "is-ta", "not-ta", "invalid", "dnskey", "dnskey-answer", "too-big",
 * "reassembly"; NULL for none. */
const char *sighting_kind_name(enum sighting_kind kind);

enum {
    SIGHTING_RESPONSE = 1,
    SIGHTING_EDNS = 2,
    SIGHTING_DO = 4, /* DNSSEC answer OK */
    SIGHTING_RD = 8,
    SIGHTING_CD = 16,
    SIGHTING_TC = 32,
    SIGHTING_CUT = 64, /* the message is not all there; what was read before the cut holds */
};

/* A DNS message that somebody saw, between whom. */
struct sighting_message {
    int64_t time_us;
    const uint8_t *bytes;
    uint32_t length, wire_length;        /* octets that are there, and that the DNS message has */
    const uint8_t *source, *destination; /* of the packet; 16 octets each, IPv4 as ::ffff:a.b.c.d */
    uint16_t source_port, destination_port;
    uint8_t transport; /* enum sighting_transport */
};

/* Stored as well. */
enum sighting_transport {
    SIGHTING_UDP,
    SIGHTING_TCP,
    SIGHTING_OTHER,   /* DoT, DoH, DoQ */
    SIGHTING_UNKNOWN, /* a log does not tell */
};

/* A set of key tags as it is stored: sorted, each once, "4f66-9728"; "" for none. */
enum { SIGHTING_MAX_TAGS_TEXT = TASIGNAL_MAX_OPTION * 5 };

struct sighting {
    uint8_t flags; /* SIGHTING_RESPONSE … */
    uint8_t kind;  /* enum sighting_kind of the question; never OPTION, which comes beside it */
    uint8_t rcode; /* of responses, without the extended part */
    uint16_t id, qtype;
    uint16_t udp_size; /* of OPT, else 0 */
    uint32_t
        names_hash; /* of the last two labels of the name, without regard to case; never changes: stored */
    /* Only where kind is not NONE: */
    uint64_t question_hash; /* of name, type and class, without regard to case */
    const uint8_t *zone;    /* wire, not compressed, case as it came: the name without its first label where
                               that is the signal, else the whole name */
    uint16_t zone_length;
    uint16_t tags[TASIGNAL_MAX_TAGS];
    uint8_t tag_count;
    const char *fault; /* of SIGHTING_INVALID: why, a constant string */
    /* Of a DNSKEY query with the option: */
    bool has_option;
    const char *option_fault; /* why it is malformed, or NULL */
    uint8_t option_count;
    uint16_t option_tags[TASIGNAL_MAX_OPTION]; /* of all instances of the option together, as a set */
};

/* Reads a DNS message of which `length` octets are there and `wire_length` were. False: no DNS message that
 * we look at (shorter than a header, opcode not QUERY, QDCOUNT not 1, a malformed or compressed name, class
 * not IN); *ret is then not to be looked at. Where the capture cut the message, what lies before the cut
 * holds; a cut before the end of QTYPE leaves nothing.
 *
 * OPT is read in queries, and in responses whose kind is not NONE (they repeat DO). The option counts only in
 * DNSKEY queries (RFC 8145 §4.1: "MUST NOT" elsewhere), never in responses (§4.2.1). A label "_ta-…" is a
 * signal with type NULL, or A, and as first label only (§5.1); a sentinel with type A or AAAA (RFC 8509
 * §2.1). */
bool sighting_read(const uint8_t *message, size_t length, size_t wire_length, struct sighting *ret);

/* What an ordinary message says. */
struct sighting_brief {
    uint32_t names_hash;
    uint16_t udp_size;
    uint8_t flags;
};

/* The same in a third of the time, for nearly all messages. False: it is not so simple, and sighting_read()
 * has to tell. True: that would say SIGHTING_NONE, and this. */
bool sighting_glance(const uint8_t *message, size_t length, size_t wire_length, struct sighting_brief *ret);

/* For one who knows the question and has no message: fills kind, qtype, names_hash, and all that depends on
 * kind; the rest (flags, id, option) is zero. `name`: wire, not compressed; `zone` leads into it. */
void sighting_of_question(const struct name *name, uint16_t qtype, struct sighting *ret);

/* Writes a tag set as it is stored. Returns `out`. */
char *sighting_tags_text(const uint16_t *tags, size_t count, char out[SIGHTING_MAX_TAGS_TEXT]);

/* Reads it back: ERR_DATA if it is none. "" is the empty set. */
int sighting_tags_parse(const char *text, uint16_t ret_tags[TASIGNAL_MAX_OPTION], unsigned *ret_count);

#endif

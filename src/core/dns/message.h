/* message: a query as a name server reads it, strictly, without allocation. RFC 1035 §4.1, RFC 6891 §6, RFC
 * 9619.
 *
 * What does not fit is told apart by what the answer must be: none at all, FORMERR, NOTIMP or BADVERS.
 * Pointers in the result point into the message, which must outlive it. */
#ifndef CORE_DNS_MESSAGE_H
#define CORE_DNS_MESSAGE_H

#include "core/dns/name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MESSAGE_HEADER = 12,
    MESSAGE_MAX_LABELS = 127, /* of a name of 255 octets, without the root */
    MESSAGE_MAX_KEYTAGS =
        4, /* instances of option 14 that are kept; a resolver sends one or two (RFC 8145 §4.1) */
    MESSAGE_MIN_UDP = 512, /* RFC 6891 §6.2.3: smaller values mean 512 */
};

/* Header flags, RFC 1035 §4.1.1 and RFC 4035. */
enum {
    MESSAGE_QR = 0x8000,
    MESSAGE_OPCODE = 0x7800,
    MESSAGE_AA = 0x0400,
    MESSAGE_TC = 0x0200,
    MESSAGE_RD = 0x0100,
    MESSAGE_RA = 0x0080,
    MESSAGE_AD = 0x0020,
    MESSAGE_CD = 0x0010,
};

enum rcode {
    RCODE_NOERROR = 0,
    RCODE_FORMERR = 1,
    RCODE_SERVFAIL = 2,
    RCODE_NXDOMAIN = 3,
    RCODE_NOTIMP = 4,
    RCODE_REFUSED = 5,
    RCODE_NOTAUTH = 9,
    RCODE_BADVERS = 16, /* needs OPT */
};

enum edns_option { EDNS_NSID = 3, EDNS_SUBNET = 8, EDNS_COOKIE = 10, EDNS_KEYTAG = 14, EDNS_ERROR = 15 };

struct message_option {
    const uint8_t *bytes; /* NULL: the option is not there */
    uint16_t length;
};

struct message_query {
    uint16_t id, flags;
    const uint8_t *question; /* the question section as it came, for the echo; NULL if it did not parse */
    uint16_t question_length;
    uint16_t type, class;
    bool tsig;      /* signed in the way of RFC 8945, which is not checked here */
    uint8_t labels; /* of the name, without the root */
    bool edns;      /* an OPT record was there, the fields below are its */
    bool dnssec_ok, nsid;
    uint8_t version;
    uint16_t udp_size; /* at least 512 */
    uint8_t keytag_count;
    struct message_option keytag[MESSAGE_MAX_KEYTAGS];
    struct message_option subnet; /* RFC 7871, not acted upon */
    uint8_t
        label[MESSAGE_MAX_LABELS + 1]; /* where each label begins in the name; the last is the root's octet */
    uint8_t length;                    /* of the name */
    uint8_t name[NAME_MAX_WIRE + 9];   /* in lower case, with room for loads of eight octets */
};

/* Returns how the message is to be answered: 0 (RCODE_NOERROR) if it is a query that can be, another rcode
 * for an error, -1 for no answer at all: shorter than a header, or itself a response. Whatever the result,
 * id, flags, question and edns tell how far it got. */
int message_parse(const uint8_t *message, size_t length, struct message_query *ret_query);

/* Whether anything that is not lower case was in the name as it came: the mixed case of
 * draft-vixie-dnsext-dns0x20. */
bool message_mixed_case(const struct message_query *query);

#endif

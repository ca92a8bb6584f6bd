/* evidence: what a zone's own server saw of the resolvers behind it, folded from events into counters by source and phase. Pure: the same events in the
 * same order give the same evidence, so that it can be rebuilt from the store at any time. */
#ifndef CORE_ROLL_EVIDENCE_H
#define CORE_ROLL_EVIDENCE_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum evidence_kind {
    EVIDENCE_DNSKEY,       /* DNSKEY asked at the zone's apex */
    EVIDENCE_DS,           /* DS of the zone asked (from its parent) */
    EVIDENCE_SIGNAL,       /* _ta-XXXX…, type NULL or A (RFC 8145 §5) */
    EVIDENCE_KEYTAG,       /* EDNS option 14 in a DNSKEY query (RFC 8145 §4) */
    EVIDENCE_NAME,         /* any other name of the zone asked */
    EVIDENCE_PROOF,        /* proof-N asked: a CNAME into k-N */
    EVIDENCE_PROOF_TARGET, /* w.k-N asked */
    EVIDENCE_PROOF_DNSKEY, /* DNSKEY of k-N asked: the zone's keys were validated */
    EVIDENCE_PROOF_DS,     /* DS of k-N asked */
    EVIDENCE_GAP_FIRST,    /* first absent name of gap N */
    EVIDENCE_GAP_SECOND,   /* second: the first's NSEC was not used (RFC 8198) */
    EVIDENCE_ANSWER,       /* an agent reports what a resolver answered */
    EVIDENCE_KINDS,
};

enum evidence_answer { ANSWER_AD = 1, ANSWER_NO_AD, ANSWER_SERVFAIL, ANSWER_OTHER, ANSWER_TIMEOUT };

enum { EVIDENCE_MAX_TAGS = 12, EVIDENCE_NONCE = 32, EVIDENCE_SOURCE = 16 };

struct evidence_event {
    int64_t at_us;
    enum evidence_kind kind;
    uint8_t source[EVIDENCE_SOURCE]; /* IPv6, or IPv4 mapped; all zero: an agent's report without address */
    uint16_t port, qtype;
    bool tcp, edns, dnssec_ok, checking_disabled;
    uint16_t udp_size;
    uint16_t tags[EVIDENCE_MAX_TAGS]; /* of a signal or option: sorted, without duplicates */
    uint8_t tag_count;
    uint8_t answer;               /* enum evidence_answer, of EVIDENCE_ANSWER */
    char nonce[EVIDENCE_NONCE + 1]; /* N of a proof or gap name, else "" */
};

#endif

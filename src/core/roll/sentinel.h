/* sentinel: names by which anybody may ask a validating resolver which root keys it trusts. RFC 8509.
 *
 * Three sides: the label, what a validator must answer to it, and what a client may conclude from answers. */
#ifndef CORE_ROLL_SENTINEL_H
#define CORE_ROLL_SENTINEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sentinel_kind { SENTINEL_NONE, SENTINEL_IS_TA, SENTINEL_NOT_TA };

enum { SENTINEL_MAX_LABEL = 30 };

/* Reads a leftmost label (without its length octet), in any case: "root-key-sentinel-is-ta-20326". Exactly
 * five decimal digits, at most 65535; all else is an ordinary name, SENTINEL_NONE (§2.1). */
enum sentinel_kind sentinel_parse(const uint8_t *label, size_t length, uint16_t *ret_tag);

/* Writes the label, terminated. Returns its length, 0 for SENTINEL_NONE. */
size_t sentinel_label(enum sentinel_kind kind, uint16_t tag, char out[SENTINEL_MAX_LABEL + 1]);

/* ---- the validator's side, §2.2 ---- */

struct sentinel_query {
    uint16_t qtype; /* of the original query */
    uint8_t opcode;
    bool checking_disabled; /* CD */
    bool secure;            /* the answer was validated, and the result is Secure */
};

/* True if the answer must be SERVFAIL with an empty answer section; false: the original answer. `trusted`: a
 * root key of that tag is a trust anchor now. A key that is pending (AddPend) or revoked is not, one that is
 * missing is (RFC 5011 §4). */
bool sentinel_must_fail(enum sentinel_kind kind, bool trusted, const struct sentinel_query *query);

/* ---- the client's side, §3 ---- */

enum sentinel_answer {
    SENTINEL_ANSWERED, /* A or AAAA records */
    SENTINEL_SERVFAIL,
    SENTINEL_STRANGE, /* anything else: NXDOMAIN, no data, REFUSED, no answer in time. It is not SERVFAIL */
};

enum sentinel_class {
    SENTINEL_VNEW,  /* trusts the key */
    SENTINEL_VOLD,  /* does not trust it (yet) */
    SENTINEL_VIND,  /* validates, and tells nothing: no sentinel there */
    SENTINEL_NONV,  /* does not validate */
    SENTINEL_OTHER, /* no conclusion: resolvers that differ behind one address, a forwarder between, an outage
                     */
};

/* One resolver and one key: answers for is-ta, not-ta, and a name with a bogus signature (§3.1). */
enum sentinel_class sentinel_classify(
    enum sentinel_answer is_ta, enum sentinel_answer not_ta, enum sentinel_answer bogus);

enum sentinel_set {
    SENTINEL_SET_UNAFFECTED, /* one of them does not validate and will answer */
    SENTINEL_SET_UNKNOWN,    /* one of them has no sentinel, or answers made no sense */
    SENTINEL_SET_SAFE,       /* one of them trusts the new key */
    SENTINEL_SET_BREAKS,     /* none does: nothing will resolve after the roll */
};

/* All the resolvers of a host at once, a stub trying the next one upon SERVFAIL (§4): answers for a bogus
 * name, not-ta of the *current* key, is-ta of the *new* key. */
enum sentinel_set sentinel_classify_set(
    enum sentinel_answer bogus, enum sentinel_answer not_ta_current, enum sentinel_answer is_ta_new);

const char *sentinel_class_name(enum sentinel_class class); /* "Vnew", … as the RFC has them */
const char *sentinel_class_meaning(enum sentinel_class class);
const char *sentinel_set_name(enum sentinel_set set); /* "unaffected", "unknown", "safe", "breaks" */
const char *sentinel_set_meaning(enum sentinel_set set);

#endif

/* rrset: a set of records, and its signature made or checked at a given time. RFC 4034 §3, §6; RFC 4035 §5.3.
 */
#ifndef CORE_DNS_RRSET_H
#define CORE_DNS_RRSET_H

#include "core/dns/dnskey.h"
#include "core/dns/name.h"

enum rr_type {
    RR_A = 1,
    RR_NS = 2,
    RR_CNAME = 5,
    RR_SOA = 6,
    RR_NULL = 10,
    RR_PTR = 12,
    RR_MX = 15,
    RR_TXT = 16,
    RR_AAAA = 28,
    RR_OPT = 41,
    RR_DS = 43,
    RR_RRSIG = 46,
    RR_NSEC = 47,
    RR_DNSKEY = 48,
    RR_CDS = 59,
    RR_CDNSKEY = 60,
    RR_AXFR = 252,
    RR_IXFR = 251,
    RR_ANY = 255,
};
enum { RR_CLASS_IN = 1, RR_CLASS_CH = 3, RR_CLASS_NONE = 254, RR_CLASS_ANY = 255 };

struct rdata {
    const uint8_t *bytes; /* not owned; names within are uncompressed and lower case */
    uint16_t length;
};

struct rrset {
    struct name owner;
    uint16_t type, class;
    uint32_t ttl;
    size_t count;
    struct rdata *rdata; /* not owned */
};

/* When a signature is valid: POSIX seconds mod 2^32, compared by serial arithmetic (RFC 4034 §3.1.5). */
struct rrsig_window {
    uint32_t inception, expiration;
};

/* Puts records in canonical order and drops duplicates (RFC 4034 §6.3). */
void rrset_sort(struct rrset *set);

/* Signs. `set` is in canonical order. The labels field is that of the owner, without a leading "*" (RFC 4034
 * §3.1.3). Writes the whole RRSIG RDATA. RSA and EdDSA signatures are the same bytes each time; ECDSA's hold
 * a nonce that the crypto library draws. */
enum { RRSIG_MAX_RDATA = 18 + NAME_MAX_WIRE + DNSKEY_MAX_SIGNATURE };
int rrset_sign(const struct rrset *set, const struct dnskey *key, const struct name *signer,
    struct rrsig_window window, uint8_t out[RRSIG_MAX_RDATA], size_t *ret_length, struct err_note *note);

/* Checks one RRSIG RDATA over the set with one key at a moment. 0 if it verifies; ERR_DATA with the reason in
 * `note` if not. The set may be the expansion of a wildcard (labels < owner's). `now` is a POSIX second. */
int rrset_verify(const struct rrset *set, const uint8_t *rrsig, size_t length, const struct dnskey *key,
    const struct name *signer, uint32_t now, struct err_note *note);

/* One record in presentation form (RFC 1035 §5, RFC 3597 for unknown types), with a final newline. */
struct text;
int rrset_to_text(const struct rrset *set, struct text *ret_text);

const char *rr_type_name(uint16_t type, char out[16]); /* "DNSKEY", "TYPE65280" */

#endif

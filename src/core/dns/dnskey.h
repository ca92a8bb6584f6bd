/* dnskey: a DNSSEC key, public or with its private half. RFC 4034 §2, RFC 5011 §7, RFC 6605, RFC 8080.
 * Immutable once made, so that threads may share it. Algorithms 5, 7, 8, 10, 13, 14, 15, 16 sign. */
#ifndef CORE_DNS_DNSKEY_H
#define CORE_DNS_DNSKEY_H

#include "base/err.h"
#include "core/dns/name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DNSKEY_ZONE = 0x0100,   /* RFC 4034 §2.1.1 */
    DNSKEY_REVOKE = 0x0080, /* RFC 5011 §7 */
    DNSKEY_SEP = 0x0001,    /* RFC 4034 §2.1.1 */
    DNSKEY_ZSK = DNSKEY_ZONE,
    DNSKEY_KSK = DNSKEY_ZONE | DNSKEY_SEP,
    DNSKEY_PROTOCOL = 3,
    DNSKEY_MAX_RDATA = 4 + 2592, /* RSA-4096, and the post-quantum keys that are proposed, fit */
    DNSKEY_MAX_SIGNATURE = 1024,
};

struct dnskey {
    uint16_t flags;
    uint8_t protocol, algorithm;
    uint16_t tag; /* RFC 4034 App. B, of this form: it changes with REVOKE */
    uint16_t public_length;
    uint8_t *public_key;
    void *private_key; /* a counted EVP_PKEY, or NULL */
    void *signer;      /* an EVP_MD_CTX ready to sign, copied for each signature; NULL without private half */
};

/* From DNSKEY RDATA (flags, protocol, algorithm, key). Any flags, protocol and algorithm are taken, and the
 * key is only looked at when it is used: what is in a zone can be told of. ERR_DATA if there is no key, or
 * one beyond DNSKEY_MAX_RDATA. */
int dnskey_from_rdata(const uint8_t *rdata, size_t length, struct dnskey **ret_key, struct err_note *note);

/* From an EVP_PKEY (a reference is taken). */
int dnskey_from_private(
    uint16_t flags, uint8_t algorithm, void *evp_pkey, struct dnskey **ret_key, struct err_note *note);

/* Reads and writes the text of a `.private` file as BIND and ldns write it (Private-key-format: v1.2 or
 * v1.3). Errors name the line. The written text holds the secret: the caller wipes it. */
int dnskey_from_private_text(
    const char *text, size_t length, uint16_t flags, struct dnskey **ret_key, struct err_note *note);
struct text;
int dnskey_private_text(const struct dnskey *key, struct text *ret_text, struct err_note *note);

/* Reads a `.key` file: one DNSKEY record in presentation form, comments allowed. */
int dnskey_from_public_text(
    const char *text, size_t length, struct name *ret_owner, struct dnskey **ret_key, struct err_note *note);

/* One DNSKEY record in presentation form without a TTL, as `.key` files hold it, with a final newline. */
int dnskey_public_text(const struct name *owner, const struct dnskey *key, struct text *ret_text);

/* The size by which people know a key: bits of an RSA modulus (2048), of a curve (256, 384, 456); 0 if the
 * algorithm is unknown or the key none of it. */
unsigned dnskey_bits(const struct dnskey *key);

/* The same key with other flags (REVOKE set, say); shares the private half. */
int dnskey_with_flags(const struct dnskey *key, uint16_t flags, struct dnskey **ret_key);

void dnskey_free(struct dnskey *key); /* NULL is allowed */

/* True if the private half is there and what it signs the public half verifies. */
bool dnskey_is_pair(const struct dnskey *key);

/* Writes the RDATA; returns its length, 0 if it does not fit. */
size_t dnskey_rdata(const struct dnskey *key, uint8_t *out, size_t capacity);

/* RFC 4034 App. B over RDATA. Algorithm 1 has a rule of its own (App. B.1). */
uint16_t dnskey_tag(const uint8_t *rdata, size_t length);

/* The tag that the key has with other flags. */
uint16_t dnskey_tag_with(const struct dnskey *key, uint16_t flags);

/* The same key in the sense of RFC 5011: algorithm, protocol and public key, whatever its flags. */
bool dnskey_same(const struct dnskey *a, const struct dnskey *b);

/* DS RDATA (tag, algorithm, digest type, digest) with digest 1, 2 or 4 (RFC 4034 §5.1.4, 4509, 6605). Returns
 * its length, 0 if the digest is not supported. */
enum { DNSKEY_MAX_DS = 4 + 48 };
size_t dnskey_ds(
    const struct name *owner, const struct dnskey *key, uint8_t digest_type, uint8_t out[DNSKEY_MAX_DS]);

/* The digest of such a DS alone, in hexadecimal of upper case, as zone files have it. False: not supported.
 */
enum { DNSKEY_DIGEST_TEXT = 2 * (DNSKEY_MAX_DS - 4) + 1 };
bool dnskey_digest_text(const struct name *owner, const struct dnskey *key, uint8_t digest_type,
    char ret_text[DNSKEY_DIGEST_TEXT]);

/* "RSASHA256", …, or NULL; and back, also from the number as text. -1 when unknown. */
const char *dnskey_algorithm_name(uint8_t algorithm);
int dnskey_algorithm_from_text(const char *text);

/* Octets of public key and of signature that a key of this algorithm and size (bits; RSA only) has in DNS; 0
 * if unknown. */
size_t dnskey_public_size(uint8_t algorithm, unsigned bits);
size_t dnskey_signature_size(uint8_t algorithm, unsigned bits);

#endif

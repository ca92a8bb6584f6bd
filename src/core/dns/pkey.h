/* pkey: between the key and signature bytes of DNSSEC and those of libcrypto. For the files of this folder,
 * and io/keys for what it makes. RSA: RFC 3110, 5702. ECDSA: RFC 6605. EdDSA: RFC 8080. Keys and signatures
 * may come from anybody: sizes are limited before any arithmetic. */
#ifndef CORE_DNS_PKEY_H
#define CORE_DNS_PKEY_H

#include "base/err.h"

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PKEY_RSA_MIN_BITS = 512,  /* RFC 5702 §2; SHA-512 needs 1024 */
    PKEY_RSA_MAX_BITS = 4096, /* RFC 3110 §2 */
    PKEY_RSA_MAX_EXPONENT_BITS = 64,
};

enum pkey_kind { PKEY_RSA, PKEY_ECDSA, PKEY_EDDSA };

/* What is fixed for an algorithm that signs. */
struct pkey_algorithm {
    uint8_t number;
    enum pkey_kind kind;
    const char *type;              /* libcrypto's name of the key type */
    const char *group;             /* ECDSA: the curve */
    const EVP_MD *(*digest)(void); /* NULL: the algorithm hashes by itself */
    uint16_t half;                 /* octets of a coordinate (ECDSA) or of the key (EdDSA); 0 for RSA */
    uint16_t public_size, signature_size; /* 0 for RSA */
    uint16_t min_bits;                    /* RSA */
};

/* NULL for an algorithm that rollcall neither signs with nor checks. */
const struct pkey_algorithm *pkey_algorithm(uint8_t number);

/* From the public key field of a DNSKEY. ERR_DATA if it is no key of the algorithm, or beyond the limits. */
int pkey_from_public(const struct pkey_algorithm *algorithm, const uint8_t *bytes, size_t length,
    EVP_PKEY **ret_pkey, struct err_note *note);

/* Whether RSA numbers are within the limits above; ERR_DATA if not. */
int pkey_check_rsa(
    const struct pkey_algorithm *algorithm, const BIGNUM *n, const BIGNUM *e, struct err_note *note);

/* The public key field, in allocated memory. ERR_DATA if the key is of another kind. */
int pkey_public(const struct pkey_algorithm *algorithm, const EVP_PKEY *pkey, uint8_t **ret_bytes,
    size_t *ret_length, struct err_note *note);

/* A context ready to sign. It is only ever copied, which costs less than making it and may be done by many
 * threads at once. NULL when memory is short. */
EVP_MD_CTX *pkey_signer(const struct pkey_algorithm *algorithm, EVP_PKEY *pkey);

/* Signs; the signature in DNS form. `out` holds DNSKEY_MAX_SIGNATURE octets. */
int pkey_sign(const struct pkey_algorithm *algorithm, const EVP_MD_CTX *signer, const uint8_t *data,
    size_t length, uint8_t *out, size_t *ret_length);

/* True if the signature (DNS form) is the key's over the data. */
bool pkey_verify(const struct pkey_algorithm *algorithm, EVP_PKEY *pkey, const uint8_t *data, size_t length,
    const uint8_t *signature, size_t signature_length);

/* Private keys from their numbers as `.private` files hold them; the public half is computed. ERR_DATA if the
 * numbers do not belong together. */
enum pkey_rsa_part { RSA_N, RSA_E, RSA_D, RSA_P, RSA_Q, RSA_DP, RSA_DQ, RSA_QINV, RSA_PARTS };
struct pkey_bytes {
    uint8_t *bytes;
    size_t length;
};
int pkey_from_rsa_parts(const struct pkey_algorithm *algorithm, const struct pkey_bytes part[RSA_PARTS],
    EVP_PKEY **ret_pkey, struct err_note *note);
int pkey_from_secret(const struct pkey_algorithm *algorithm, struct pkey_bytes secret, EVP_PKEY **ret_pkey,
    struct err_note *note);

/* And back, in allocated memory that the caller wipes and frees. */
int pkey_rsa_parts(const EVP_PKEY *pkey, struct pkey_bytes ret_part[RSA_PARTS]);
int pkey_secret(const struct pkey_algorithm *algorithm, const EVP_PKEY *pkey, struct pkey_bytes *ret_secret);

#endif

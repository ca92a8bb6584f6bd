/* A key is its four fields and one allocation; everything that can be told from them (tag, DS, sizes) is
 * computed. Only pkey.c knows what the bytes of a public key mean. */
#include "core/dns/dnskey.h"

#include "core/dns/pkey.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- key tags ---- */

static uint32_t tag_sum(const uint8_t *bytes, size_t length)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < length; i++)
        sum += i & 1 ? bytes[i] : (uint32_t)bytes[i] << 8;
    return sum;
}

static uint16_t tag_fold(uint32_t sum)
{
    return (uint16_t)(sum + (sum >> 16));
}

uint16_t dnskey_tag(const uint8_t *rdata, size_t length)
{
    /* RSA/MD5, App. B.1: the upper 16 of the modulus's lowest 24 bits. */
    if (length >= 4 + 3 && rdata[3] == 1)
        return bytes_u16(rdata + length - 3);
    return tag_fold(tag_sum(rdata, length));
}

static uint16_t tag_of(const struct dnskey *key)
{
    if (key->algorithm == 1 && key->public_length >= 3)
        return bytes_u16(key->public_key + key->public_length - 3);
    /* The four octets before the key are an even number, so the sums add up. */
    return tag_fold(key->flags + ((uint32_t)key->protocol << 8) + key->algorithm +
                    tag_sum(key->public_key, key->public_length));
}

uint16_t dnskey_tag_with(const struct dnskey *key, uint16_t flags)
{
    struct dnskey other = *key;
    other.flags = flags;
    return tag_of(&other);
}

/* ---- making ---- */

static int make(uint16_t flags, uint8_t protocol, uint8_t algorithm, const uint8_t *bytes, size_t length,
    struct dnskey **ret_key)
{
    struct dnskey *key = malloc(sizeof *key + length);
    if (!key)
        return ERR_NOMEM;
    *key = (struct dnskey){.flags = flags,
        .protocol = protocol,
        .algorithm = algorithm,
        .public_length = (uint16_t)length,
        .public_key = (uint8_t *)(key + 1)};
    memcpy(key->public_key, bytes, length);
    key->tag = tag_of(key);
    *ret_key = key;
    return 0;
}

int dnskey_from_rdata(const uint8_t *rdata, size_t length, struct dnskey **ret_key, struct err_note *note)
{
    if (length < 4 + 1)
        return err_set(note, ERR_DATA, "DNSKEY of %zu octets holds no key", length);
    if (length > DNSKEY_MAX_RDATA)
        return err_set(
            note, ERR_DATA, "DNSKEY of %zu octets (at most %d are read)", length, DNSKEY_MAX_RDATA);
    return make(bytes_u16(rdata), rdata[2], rdata[3], rdata + 4, length - 4, ret_key);
}

/* Gives a key its private half. */
static int arm(struct dnskey *key, const struct pkey_algorithm *how, EVP_PKEY *pkey)
{
    key->signer = pkey_signer(how, pkey);
    if (!key->signer)
        return ERR_NOMEM;
    EVP_PKEY_up_ref(pkey);
    key->private_key = pkey;
    return 0;
}

int dnskey_from_private(
    uint16_t flags, uint8_t algorithm, void *evp_pkey, struct dnskey **ret_key, struct err_note *note)
{
    const struct pkey_algorithm *how = pkey_algorithm(algorithm);
    struct dnskey *key = NULL;
    uint8_t *bytes = NULL;
    size_t length = 0;
    if (!how)
        return err_set(note, ERR_DATA, "algorithm %u cannot sign here", algorithm);
    int rc = pkey_public(how, evp_pkey, &bytes, &length, note);
    if (rc)
        return rc;
    rc = length > DNSKEY_MAX_RDATA - 4 ? err_set(note, ERR_DATA, "the public key is too long")
                                       : make(flags, DNSKEY_PROTOCOL, algorithm, bytes, length, &key);
    free(bytes);
    if (rc == 0)
        rc = arm(key, how, evp_pkey);
    if (rc)
        dnskey_free(key);
    else
        *ret_key = key;
    return rc;
}

int dnskey_with_flags(const struct dnskey *key, uint16_t flags, struct dnskey **ret_key)
{
    struct dnskey *other = NULL;
    int rc = make(flags, key->protocol, key->algorithm, key->public_key, key->public_length, &other);
    if (rc == 0 && key->private_key)
        rc = arm(other, pkey_algorithm(key->algorithm), key->private_key);
    if (rc)
        dnskey_free(other);
    else
        *ret_key = other;
    return rc;
}

void dnskey_free(struct dnskey *key)
{
    if (!key)
        return;
    EVP_MD_CTX_free(key->signer);
    EVP_PKEY_free(key->private_key); /* libcrypto wipes it with its last reference */
    free(key);
}

bool dnskey_is_pair(const struct dnskey *key)
{
    const struct pkey_algorithm *how = pkey_algorithm(key->algorithm);
    uint8_t signature[DNSKEY_MAX_SIGNATURE];
    size_t length;
    EVP_PKEY *public = NULL;
    bool ok = key->signer &&
              pkey_sign(how, key->signer, key->public_key, key->public_length, signature, &length) == 0 &&
              pkey_from_public(how, key->public_key, key->public_length, &public, NULL) == 0 &&
              pkey_verify(how, public, key->public_key, key->public_length, signature, length);
    EVP_PKEY_free(public);
    return ok;
}

/* ---- telling ---- */

static void put_head(const struct dnskey *key, uint8_t out[4])
{
    bytes_put_u16(out, key->flags);
    out[2] = key->protocol;
    out[3] = key->algorithm;
}

size_t dnskey_rdata(const struct dnskey *key, uint8_t *out, size_t capacity)
{
    size_t length = 4U + key->public_length;
    if (length > capacity)
        return 0;
    put_head(key, out);
    memcpy(out + 4, key->public_key, key->public_length);
    return length;
}

bool dnskey_same(const struct dnskey *a, const struct dnskey *b)
{
    return a->algorithm == b->algorithm && a->protocol == b->protocol &&
           a->public_length == b->public_length &&
           memcmp(a->public_key, b->public_key, a->public_length) == 0;
}

size_t dnskey_ds(
    const struct name *owner, const struct dnskey *key, uint8_t digest_type, uint8_t out[DNSKEY_MAX_DS])
{
    const EVP_MD *digest = digest_type == 1   ? EVP_sha1()
                           : digest_type == 2 ? EVP_sha256()
                           : digest_type == 4 ? EVP_sha384()
                                              : NULL;
    struct name lower = *owner;
    uint8_t head[4], ds[4 + EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (!digest)
        return 0;
    name_lower(&lower);
    put_head(key, head);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok = context && EVP_DigestInit_ex(context, digest, NULL) &&
              EVP_DigestUpdate(context, lower.wire, lower.length) &&
              EVP_DigestUpdate(context, head, sizeof head) &&
              EVP_DigestUpdate(context, key->public_key, key->public_length) &&
              EVP_DigestFinal_ex(context, ds + 4, &length);
    EVP_MD_CTX_free(context);
    if (!ok)
        return 0;
    bytes_put_u16(ds, key->tag);
    ds[2] = key->algorithm;
    ds[3] = digest_type;
    memcpy(out, ds, 4 + length);
    return 4 + length;
}

bool dnskey_digest_text(const struct name *owner, const struct dnskey *key, uint8_t digest_type,
    char ret_text[DNSKEY_DIGEST_TEXT])
{
    uint8_t ds[DNSKEY_MAX_DS];
    size_t length = dnskey_ds(owner, key, digest_type, ds);
    ret_text[0] = '\0';
    for (size_t i = 4; i < length; i++)
        snprintf(ret_text + 2 * (i - 4), 3, "%02X", ds[i]);
    return length > 0;
}

/* ---- algorithms ---- */

struct algorithm_name {
    uint8_t number;
    const char *name;
};

/* The first name of a number is the one that is written: BIND's, which ldns reads as well. The others are
 * IANA's, or older. */
static const struct algorithm_name names[] = {
    {1, "RSAMD5"},
    {2, "DH"},
    {3, "DSA"},
    {5, "RSASHA1"},
    {6, "NSEC3DSA"},
    {7, "NSEC3RSASHA1"},
    {8, "RSASHA256"},
    {10, "RSASHA512"},
    {12, "ECCGOST"},
    {13, "ECDSAP256SHA256"},
    {14, "ECDSAP384SHA384"},
    {15, "ED25519"},
    {16, "ED448"},
    {17, "SM2SM3"},
    {23, "ECC-GOST12"},
    {252, "INDIRECT"},
    {253, "PRIVATEDNS"},
    {254, "PRIVATEOID"},
    {6, "DSA-NSEC3-SHA1"},
    {7, "RSASHA1-NSEC3-SHA1"},
    {12, "ECC-GOST"},
};
enum { NAMES = sizeof names / sizeof *names };

const char *dnskey_algorithm_name(uint8_t algorithm)
{
    for (size_t i = 0; i < NAMES; i++)
        if (names[i].number == algorithm)
            return names[i].name;
    return NULL;
}

int dnskey_algorithm_from_text(const char *text)
{
    for (size_t i = 0; i < NAMES; i++)
        if (strcasecmp(names[i].name, text) == 0)
            return names[i].number;
    int value = 0;
    for (const char *at = text; *at; at++) {
        if (*at < '0' || *at > '9' || at - text > 2)
            return -1;
        value = value * 10 + (*at - '0');
    }
    return *text && value <= 255 ? value : -1;
}

size_t dnskey_public_size(uint8_t algorithm, unsigned bits)
{
    const struct pkey_algorithm *how = pkey_algorithm(algorithm);
    /* RSA: one octet, 65537 in three, the modulus. */
    return !how ? 0 : how->kind == PKEY_RSA ? (bits ? 4 + (bits + 7) / 8 : 0) : how->public_size;
}

size_t dnskey_signature_size(uint8_t algorithm, unsigned bits)
{
    const struct pkey_algorithm *how = pkey_algorithm(algorithm);
    return !how ? 0 : how->kind == PKEY_RSA ? (bits + 7) / 8 : how->signature_size;
}

unsigned dnskey_bits(const struct dnskey *key)
{
    const struct pkey_algorithm *how = pkey_algorithm(key->algorithm);
    const uint8_t *at = key->public_key;
    if (!how)
        return 0;
    if (how->kind != PKEY_RSA)
        return key->public_length == how->public_size ? how->half * 8U : 0;
    /* RFC 3110 §2: the modulus is what follows the exponent. */
    size_t skip = key->public_length < 3 ? 0 : at[0] ? 1U + at[0] : 3U + bytes_u16(at + 1);
    while (skip < key->public_length && at[skip] == 0)
        skip++;
    if (skip == 0 || skip >= key->public_length)
        return 0;
    unsigned bits = (unsigned)(key->public_length - skip - 1) * 8;
    for (unsigned top = at[skip]; top; top >>= 1)
        bits++;
    return bits;
}

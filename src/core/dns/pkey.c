/* DNSSEC strips keys and signatures to their numbers; libcrypto wants them dressed: parameters for keys, DER
 * for ECDSA signatures. Each algorithm is a row of a table, each kind of algorithm a function in each
 * direction. */
#include "core/dns/pkey.h"

#include "core/dns/dnskey.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>
#include <stdlib.h>
#include <string.h>

static const struct pkey_algorithm algorithms[] = {
    {5, PKEY_RSA, "RSA", NULL, EVP_sha1, 0, 0, 0, 512},
    {7, PKEY_RSA, "RSA", NULL, EVP_sha1, 0, 0, 0, 512},
    {8, PKEY_RSA, "RSA", NULL, EVP_sha256, 0, 0, 0, 512},
    {10, PKEY_RSA, "RSA", NULL, EVP_sha512, 0, 0, 0, 1024},
    {13, PKEY_ECDSA, "EC", "P-256", EVP_sha256, 32, 64, 64, 0},
    {14, PKEY_ECDSA, "EC", "P-384", EVP_sha384, 48, 96, 96, 0},
    {15, PKEY_EDDSA, "ED25519", NULL, NULL, 32, 32, 64, 0},
    {16, PKEY_EDDSA, "ED448", NULL, NULL, 57, 57, 114, 0},
};

const struct pkey_algorithm *pkey_algorithm(uint8_t number)
{
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++)
        if (algorithms[i].number == number)
            return &algorithms[i];
    return NULL;
}

/* ---- public keys ---- */

static int from_params(const char *type, int selection, OSSL_PARAM *params, EVP_PKEY **ret_pkey)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    bool made = context && params && EVP_PKEY_fromdata_init(context) > 0 &&
                EVP_PKEY_fromdata(context, ret_pkey, selection, params) > 0;
    EVP_PKEY_CTX_free(context);
    ERR_clear_error();
    return made ? 0 : ERR_DATA;
}

/* RFC 3110 §2: the exponent's length in one octet, or 0 and two octets; exponent; modulus. */
static bool split_rsa(const uint8_t *bytes, size_t length, struct pkey_bytes *ret_e, struct pkey_bytes *ret_n)
{
    if (length < 3)
        return false;
    size_t head = bytes[0] ? 1 : 3, e = bytes[0] ? bytes[0] : (size_t)bytes[1] << 8 | bytes[2];
    if (e == 0 || length - head <= e)
        return false;
    *ret_e = (struct pkey_bytes){(uint8_t *)bytes + head, e};
    *ret_n = (struct pkey_bytes){(uint8_t *)bytes + head + e, length - head - e};
    return true;
}

int pkey_check_rsa(
    const struct pkey_algorithm *algorithm, const BIGNUM *n, const BIGNUM *e, struct err_note *note)
{
    int bits = BN_num_bits(n), exponent = BN_num_bits(e);
    if (bits < algorithm->min_bits || bits > PKEY_RSA_MAX_BITS)
        return err_set(note, ERR_DATA, "RSA modulus of %d bits (%d to %d are used)", bits,
            algorithm->min_bits, PKEY_RSA_MAX_BITS);
    if (exponent > PKEY_RSA_MAX_EXPONENT_BITS)
        return err_set(note, ERR_DATA, "RSA exponent of %d bits (at most %d are used)", exponent,
            PKEY_RSA_MAX_EXPONENT_BITS);
    if (!BN_is_odd(n) || !BN_is_odd(e) || exponent < 2)
        return err_set(note, ERR_DATA, "RSA modulus or exponent is no such number");
    return 0;
}

static int rsa_from_public(const struct pkey_algorithm *algorithm, const uint8_t *bytes, size_t length,
    EVP_PKEY **ret_pkey, struct err_note *note)
{
    struct pkey_bytes e, n;
    if (!split_rsa(bytes, length, &e, &n))
        return err_set(note, ERR_DATA, "RSA public key is cut short");
    if (e.length > 512 || n.length > 1024)
        return err_set(note, ERR_DATA, "RSA public key is too long");
    BIGNUM *modulus = BN_bin2bn(n.bytes, (int)n.length, NULL),
           *exponent = BN_bin2bn(e.bytes, (int)e.length, NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    int rc = ERR_NOMEM;
    if (!modulus || !exponent || !build)
        goto out;
    rc = pkey_check_rsa(algorithm, modulus, exponent, note);
    if (rc)
        goto out;
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus);
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent);
    params = OSSL_PARAM_BLD_to_param(build);
    rc = from_params("RSA", EVP_PKEY_PUBLIC_KEY, params, ret_pkey);
    if (rc)
        err_set(note, rc, "RSA public key is refused by the crypto library");
out:
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    BN_free(modulus);
    BN_free(exponent);
    return rc;
}

static int ecdsa_from_public(
    const struct pkey_algorithm *algorithm, const uint8_t *bytes, EVP_PKEY **ret_pkey, struct err_note *note)
{
    uint8_t point[1 + 2 * 48] = {4}; /* SEC 1: an uncompressed point */
    memcpy(point + 1, bytes, algorithm->public_size);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)algorithm->group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, 1U + algorithm->public_size),
        OSSL_PARAM_construct_end(),
    };
    int rc = from_params("EC", EVP_PKEY_PUBLIC_KEY, params, ret_pkey);
    return rc ? err_set(note, rc, "ECDSA public key is no point of curve %s", algorithm->group) : 0;
}

int pkey_from_public(const struct pkey_algorithm *algorithm, const uint8_t *bytes, size_t length,
    EVP_PKEY **ret_pkey, struct err_note *note)
{
    EVP_PKEY *pkey = NULL;
    int rc = 0;
    if (algorithm->kind != PKEY_RSA && length != algorithm->public_size)
        return err_set(note, ERR_DATA, "public key of %zu octets (algorithm %u has %u)", length,
            algorithm->number, algorithm->public_size);
    if (algorithm->kind == PKEY_RSA)
        rc = rsa_from_public(algorithm, bytes, length, &pkey, note);
    else if (algorithm->kind == PKEY_ECDSA)
        rc = ecdsa_from_public(algorithm, bytes, &pkey, note);
    else if (!(pkey = EVP_PKEY_new_raw_public_key_ex(NULL, algorithm->type, NULL, bytes, length)))
        rc = err_set(note, ERR_DATA, "%s public key is refused by the crypto library", algorithm->type);
    if (rc == 0)
        *ret_pkey = pkey;
    return rc;
}

static int rsa_public(const EVP_PKEY *pkey, uint8_t **ret_bytes, size_t *ret_length)
{
    BIGNUM *n = NULL, *e = NULL;
    uint8_t *bytes = NULL;
    int rc = ERR_DATA;
    if (!EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n) ||
        !EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e))
        goto out;
    size_t e_length = (size_t)BN_num_bytes(e), n_length = (size_t)BN_num_bytes(n),
           head = e_length > 255 ? 3 : 1;
    bytes = malloc(head + e_length + n_length);
    rc = ERR_NOMEM;
    if (!bytes)
        goto out;
    bytes[0] = head == 1 ? (uint8_t)e_length : 0;
    if (head == 3)
        bytes_put_u16(bytes + 1, (uint16_t)e_length);
    BN_bn2bin(e, bytes + head);
    BN_bn2bin(n, bytes + head + e_length);
    *ret_bytes = bytes;
    *ret_length = head + e_length + n_length;
    rc = 0;
out:
    BN_free(n);
    BN_free(e);
    return rc;
}

/* The coordinates one after the other, whatever form libcrypto would write the point in. */
static int ecdsa_public(const struct pkey_algorithm *algorithm, const EVP_PKEY *pkey, uint8_t *bytes)
{
    BIGNUM *x = NULL, *y = NULL;
    bool ok = EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_EC_PUB_X, &x) &&
              EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_EC_PUB_Y, &y) &&
              BN_bn2binpad(x, bytes, algorithm->half) > 0 &&
              BN_bn2binpad(y, bytes + algorithm->half, algorithm->half) > 0;
    BN_free(x);
    BN_free(y);
    return ok ? 0 : ERR_DATA;
}

static bool is_of(const struct pkey_algorithm *algorithm, const EVP_PKEY *pkey)
{
    char group[32];
    if (!EVP_PKEY_is_a(pkey, algorithm->type))
        return false;
    return !algorithm->group || (EVP_PKEY_get_group_name(pkey, group, sizeof group, NULL) &&
                                    OBJ_txt2nid(group) == EC_curve_nist2nid(algorithm->group));
}

int pkey_public(const struct pkey_algorithm *algorithm, const EVP_PKEY *pkey, uint8_t **ret_bytes,
    size_t *ret_length, struct err_note *note)
{
    int rc = ERR_DATA;
    if (!is_of(algorithm, pkey))
        return err_set(note, ERR_DATA, "key is not of algorithm %u", algorithm->number);
    if (algorithm->kind == PKEY_RSA) {
        rc = rsa_public(pkey, ret_bytes, ret_length);
    } else {
        size_t length = algorithm->public_size;
        uint8_t *bytes = malloc(length);
        if (!bytes)
            return ERR_NOMEM;
        rc = algorithm->kind == PKEY_ECDSA                       ? ecdsa_public(algorithm, pkey, bytes)
             : EVP_PKEY_get_raw_public_key(pkey, bytes, &length) ? 0
                                                                 : ERR_DATA;
        if (rc) {
            free(bytes);
        } else {
            *ret_bytes = bytes;
            *ret_length = length;
        }
    }
    ERR_clear_error();
    return rc ? err_set(note, rc, "the key has no public half that can be read") : 0;
}

/* ---- signatures ---- */

/* DER to r | s, each of fixed length (RFC 6605 §4). */
static int ecdsa_raw(const uint8_t *der, size_t length, size_t half, uint8_t *out)
{
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &der, (long)length);
    bool ok = signature && BN_bn2binpad(ECDSA_SIG_get0_r(signature), out, (int)half) > 0 &&
              BN_bn2binpad(ECDSA_SIG_get0_s(signature), out + half, (int)half) > 0;
    ECDSA_SIG_free(signature);
    return ok ? 0 : ERR_INTERNAL;
}

static size_t ecdsa_der(const uint8_t *raw, size_t half, uint8_t **ret_der)
{
    ECDSA_SIG *signature = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw, (int)half, NULL), *s = BN_bin2bn(raw + half, (int)half, NULL);
    int length = 0;
    if (signature && r && s && ECDSA_SIG_set0(signature, r, s)) {
        r = s = NULL;
        length = i2d_ECDSA_SIG(signature, ret_der);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(signature);
    return length > 0 ? (size_t)length : 0;
}

EVP_MD_CTX *pkey_signer(const struct pkey_algorithm *algorithm, EVP_PKEY *pkey)
{
    EVP_MD_CTX *signer = EVP_MD_CTX_new();
    const EVP_MD *digest = algorithm->digest ? algorithm->digest() : NULL;
    if (signer && EVP_DigestSignInit(signer, NULL, digest, NULL, pkey) > 0)
        return signer;
    EVP_MD_CTX_free(signer);
    ERR_clear_error();
    return NULL;
}

int pkey_sign(const struct pkey_algorithm *algorithm, const EVP_MD_CTX *signer, const uint8_t *data,
    size_t length, uint8_t *out, size_t *ret_length)
{
    uint8_t signature[DNSKEY_MAX_SIGNATURE];
    size_t signature_length = sizeof signature;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok = context && EVP_MD_CTX_copy_ex(context, signer) > 0 &&
              EVP_DigestSign(context, signature, &signature_length, data, length) > 0;
    EVP_MD_CTX_free(context);
    if (!ok) {
        ERR_clear_error();
        return ERR_INTERNAL;
    }
    if (algorithm->kind == PKEY_ECDSA) {
        *ret_length = algorithm->signature_size;
        return ecdsa_raw(signature, signature_length, algorithm->half, out);
    }
    memcpy(out, signature, signature_length);
    *ret_length = signature_length;
    return 0;
}

bool pkey_verify(const struct pkey_algorithm *algorithm, EVP_PKEY *pkey, const uint8_t *data, size_t length,
    const uint8_t *signature, size_t signature_length)
{
    uint8_t *der = NULL;
    if (algorithm->signature_size && signature_length != algorithm->signature_size)
        return false;
    if (algorithm->kind == PKEY_ECDSA) {
        signature_length = ecdsa_der(signature, algorithm->half, &der);
        signature = der;
    }
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    const EVP_MD *digest = algorithm->digest ? algorithm->digest() : NULL;
    bool ok = context && signature_length && EVP_DigestVerifyInit(context, NULL, digest, NULL, pkey) > 0 &&
              EVP_DigestVerify(context, signature, signature_length, data, length) == 1;
    EVP_MD_CTX_free(context);
    OPENSSL_free(der);
    ERR_clear_error();
    return ok;
}

/* Private keys as the numbers of a `.private` file. What does not belong together is refused, since a wrong
 * CRT value makes signatures that nobody can verify, or that give a prime away. Whether the primes are prime
 * is not asked: a false one signs nothing that verifies. */
#include "core/dns/pkey.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <stdlib.h>
#include <string.h>

static const char *const rsa_names[RSA_PARTS] = {OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_E,
    OSSL_PKEY_PARAM_RSA_D, OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_FACTOR2,
    OSSL_PKEY_PARAM_RSA_EXPONENT1, OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1};

/* d mod (prime - 1) is the given exponent, and undoes e. */
static bool exponent_fits(
    BIGNUM *const x[RSA_PARTS], enum pkey_rsa_part prime, enum pkey_rsa_part exponent, BN_CTX *context)
{
    BN_CTX_start(context);
    BIGNUM *less = BN_CTX_get(context), *t = BN_CTX_get(context);
    bool ok = t && BN_sub(less, x[prime], BN_value_one()) && !BN_is_zero(less) &&
              BN_mod(t, x[RSA_D], less, context) && BN_cmp(t, x[exponent]) == 0 &&
              BN_mod_mul(t, t, x[RSA_E], less, context) && BN_is_one(t);
    BN_CTX_end(context);
    return ok;
}

static bool rsa_fits(BIGNUM *const x[RSA_PARTS], BN_CTX *context)
{
    BN_CTX_start(context);
    BIGNUM *t = BN_CTX_get(context);
    bool ok = t && BN_is_odd(x[RSA_P]) && BN_is_odd(x[RSA_Q]) && BN_mul(t, x[RSA_P], x[RSA_Q], context) &&
              BN_cmp(t, x[RSA_N]) == 0 && exponent_fits(x, RSA_P, RSA_DP, context) &&
              exponent_fits(x, RSA_Q, RSA_DQ, context) && BN_cmp(x[RSA_QINV], x[RSA_P]) < 0 &&
              BN_mod_mul(t, x[RSA_QINV], x[RSA_Q], x[RSA_P], context) && BN_is_one(t);
    BN_CTX_end(context);
    return ok;
}

/* OSSL_PARAM_free() does not wipe. */
static void free_wiped(OSSL_PARAM *params)
{
    for (OSSL_PARAM *p = params; p && p->key; p++)
        OPENSSL_cleanse(p->data, p->data_size);
    OSSL_PARAM_free(params);
}

static EVP_PKEY *rsa_from_numbers(BIGNUM *const x[RSA_PARTS])
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    OSSL_PARAM *params = NULL;
    EVP_PKEY *pkey = NULL;
    bool ok = build && context;
    for (size_t i = 0; ok && i < RSA_PARTS; i++)
        ok = OSSL_PARAM_BLD_push_BN(build, rsa_names[i], x[i]);
    params = ok ? OSSL_PARAM_BLD_to_param(build) : NULL;
    if (!params || EVP_PKEY_fromdata_init(context) <= 0 ||
        EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_KEYPAIR, params) <= 0)
        pkey = NULL;
    free_wiped(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(context);
    return pkey;
}

static int check_rsa_sizes(
    const struct pkey_algorithm *algorithm, BIGNUM *const x[RSA_PARTS], struct err_note *note)
{
    int rc = pkey_check_rsa(algorithm, x[RSA_N], x[RSA_E], note);
    if (rc)
        return rc;
    for (size_t i = RSA_D; i < RSA_PARTS; i++)
        if (BN_is_zero(x[i]) || BN_cmp(x[i], x[RSA_N]) >= 0)
            return err_set(note, ERR_DATA, "a number of the RSA key is out of range");
    return 0;
}

int pkey_from_rsa_parts(const struct pkey_algorithm *algorithm, const struct pkey_bytes part[RSA_PARTS],
    EVP_PKEY **ret_pkey, struct err_note *note)
{
    BIGNUM *x[RSA_PARTS] = {NULL};
    BN_CTX *context = BN_CTX_secure_new();
    int rc = context ? 0 : ERR_NOMEM;
    for (size_t i = 0; rc == 0 && i < RSA_PARTS; i++) {
        if (part[i].length > PKEY_RSA_MAX_BITS / 8 + 1)
            rc = err_set(note, ERR_DATA, "a number of the RSA key is too long");
        else if (!(x[i] = BN_bin2bn(part[i].bytes, (int)part[i].length, NULL)))
            rc = ERR_NOMEM;
        else if (i >= RSA_D)
            BN_set_flags(x[i], BN_FLG_CONSTTIME);
    }
    if (rc == 0)
        rc = check_rsa_sizes(algorithm, x, note);
    if (rc == 0 && !rsa_fits(x, context))
        rc = err_set(note, ERR_DATA, "the numbers of the RSA key do not belong together");
    if (rc == 0) {
        EVP_PKEY *pkey = rsa_from_numbers(x);
        if (pkey)
            *ret_pkey = pkey;
        else
            rc = err_set(note, ERR_DATA, "RSA key is refused by the crypto library");
    }
    for (size_t i = 0; i < RSA_PARTS; i++)
        BN_clear_free(x[i]);
    BN_CTX_free(context);
    ERR_clear_error();
    return rc;
}

/* The public point is the secret number times the curve's generator. */
static EVP_PKEY *ecdsa_from_number(const struct pkey_algorithm *algorithm, const BIGNUM *secret)
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(EC_curve_nist2nid(algorithm->group));
    EC_POINT *point = group ? EC_POINT_new(group) : NULL;
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    OSSL_PARAM *params = NULL;
    EVP_PKEY *pkey = NULL;
    uint8_t bytes[1 + 2 * 48];
    if (point && build && context && BN_cmp(secret, EC_GROUP_get0_order(group)) < 0 && !BN_is_zero(secret) &&
        EC_POINT_mul(group, point, secret, NULL, NULL, NULL) &&
        EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, bytes, sizeof bytes, NULL) ==
            1U + algorithm->public_size &&
        OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, algorithm->group, 0) &&
        OSSL_PARAM_BLD_push_octet_string(
            build, OSSL_PKEY_PARAM_PUB_KEY, bytes, 1U + algorithm->public_size) &&
        OSSL_PARAM_BLD_push_BN_pad(build, OSSL_PKEY_PARAM_PRIV_KEY, secret, algorithm->half))
        params = OSSL_PARAM_BLD_to_param(build);
    if (!params || EVP_PKEY_fromdata_init(context) <= 0 ||
        EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_KEYPAIR, params) <= 0)
        pkey = NULL;
    free_wiped(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(context);
    EC_POINT_free(point);
    EC_GROUP_free(group);
    return pkey;
}

int pkey_from_secret(const struct pkey_algorithm *algorithm, struct pkey_bytes secret, EVP_PKEY **ret_pkey,
    struct err_note *note)
{
    EVP_PKEY *pkey = NULL;
    /* ldns writes an ECDSA number without its leading zeros, so it may be shorter than a coordinate. */
    bool fits = algorithm->kind == PKEY_ECDSA ? secret.length > 0 && secret.length <= algorithm->half
                                              : secret.length == algorithm->half;
    if (!fits)
        return err_set(note, ERR_DATA, "private key of %zu octets (algorithm %u has %u)", secret.length,
            algorithm->number, algorithm->half);
    if (algorithm->kind == PKEY_ECDSA) {
        BIGNUM *number = BN_bin2bn(secret.bytes, (int)secret.length, NULL);
        if (number) {
            BN_set_flags(number, BN_FLG_CONSTTIME);
            pkey = ecdsa_from_number(algorithm, number);
        }
        BN_clear_free(number);
    } else {
        pkey = EVP_PKEY_new_raw_private_key_ex(NULL, algorithm->type, NULL, secret.bytes, secret.length);
    }
    ERR_clear_error();
    if (!pkey)
        return err_set(note, ERR_DATA, "private key is no key of algorithm %u", algorithm->number);
    *ret_pkey = pkey;
    return 0;
}

int pkey_rsa_parts(const EVP_PKEY *pkey, struct pkey_bytes ret_part[RSA_PARTS])
{
    struct pkey_bytes part[RSA_PARTS] = {{NULL, 0}};
    bool ok = true;
    for (size_t i = 0; ok && i < RSA_PARTS; i++) {
        BIGNUM *x = NULL;
        ok = EVP_PKEY_get_bn_param(pkey, rsa_names[i], &x);
        if (ok) {
            part[i].length = (size_t)BN_num_bytes(x);
            part[i].bytes = malloc(part[i].length + 1);
            ok = part[i].bytes && BN_bn2bin(x, part[i].bytes) >= 0;
        }
        BN_clear_free(x);
    }
    ERR_clear_error();
    for (size_t i = 0; !ok && i < RSA_PARTS; i++) {
        if (part[i].bytes)
            OPENSSL_cleanse(part[i].bytes, part[i].length);
        free(part[i].bytes);
    }
    if (ok)
        memcpy(ret_part, part, sizeof part);
    return ok ? 0 : ERR_DATA;
}

int pkey_secret(const struct pkey_algorithm *algorithm, const EVP_PKEY *pkey, struct pkey_bytes *ret_secret)
{
    size_t length = algorithm->half;
    uint8_t *bytes = calloc(1, length);
    bool ok = false;
    if (bytes && algorithm->kind == PKEY_ECDSA) {
        BIGNUM *number = NULL;
        ok = EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_PRIV_KEY, &number) &&
             BN_bn2binpad(number, bytes, (int)length) > 0;
        BN_clear_free(number);
    } else if (bytes) {
        ok = EVP_PKEY_get_raw_private_key(pkey, bytes, &length) > 0;
    }
    ERR_clear_error();
    if (!ok) {
        free(bytes);
        return ERR_DATA;
    }
    *ret_secret = (struct pkey_bytes){bytes, length};
    return 0;
}

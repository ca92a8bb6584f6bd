#include "io/keys/twin.h"

#include "base/text.h"
#include "core/dns/pkey.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/core_names.h>

static struct dnskey *make(
    uint8_t algorithm, unsigned bits, uint16_t flags, uint16_t tag, int32_t revoked_tag)
{
    struct dnskey *key = NULL;
    struct err_note note = {""};
    if (twin_make(algorithm, bits, flags, tag, revoked_tag, &key, &note))
        fail_msg("%u-%u, tag %u: %s", algorithm, bits, tag, note.text);
    assert_int_equal(key->algorithm, algorithm);
    assert_int_equal(key->protocol, 3);
    assert_int_equal(key->flags, flags);
    assert_int_equal(key->tag, tag);
    if (revoked_tag >= 0)
        assert_int_equal(dnskey_tag_with(key, flags | DNSKEY_REVOKE), revoked_tag);
    assert_true(dnskey_is_pair(key));
    return key;
}

static BIGNUM *number(const struct dnskey *key, const char *name)
{
    BIGNUM *x = NULL;
    assert_true(EVP_PKEY_get_bn_param(key->private_key, name, &x));
    return x;
}

/* What makes an RSA key sound, asked of the library and of the numbers. */
static void check_rsa(const struct dnskey *key, unsigned bits)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key->private_key, NULL);
    BN_CTX *bn = BN_CTX_new();
    BIGNUM *p = number(key, OSSL_PKEY_PARAM_RSA_FACTOR1), *q = number(key, OSSL_PKEY_PARAM_RSA_FACTOR2),
           *d = number(key, OSSL_PKEY_PARAM_RSA_D), *e = number(key, OSSL_PKEY_PARAM_RSA_E),
           *between = BN_new();
    assert_int_equal(dnskey_bits(key), bits);
    assert_true(EVP_PKEY_check(context) > 0); /* also that p and q are prime */
    assert_true(BN_is_word(e, 65537));
    assert_int_equal(BN_num_bits(p), bits - bits / 2);
    assert_in_range(BN_num_bits(q), bits / 2, bits - bits / 2);
    assert_true(BN_num_bits(d) > (int)bits / 2);
    assert_true(BN_cmp(p, q) > 0);
    assert_true(BN_sub(between, p, q) && BN_num_bits(between) > (int)bits / 2 - 100);
    BN_free(p);
    BN_free(q);
    BN_free(d);
    BN_free(e);
    BN_free(between);
    BN_CTX_free(bn);
    EVP_PKEY_CTX_free(context);
}

/* The real ones, with the tags that they have when revoked. */
static void test_root_tags(void **state)
{
    (void)state;
    static const uint16_t tags[][2] = {{19036, 19164}, {20326, 20454}, {38696, 38824}};
    for (size_t i = 0; i < 3; i++) {
        struct dnskey *key = make(8, 0, DNSKEY_KSK, tags[i][0], tags[i][1]), *another;
        check_rsa(key, 2048);
        another = make(8, 2048, DNSKEY_KSK, tags[i][0], -1);
        assert_false(dnskey_same(key, another));
        dnskey_free(key);
        dnskey_free(another);
    }
}

/* Other sizes: octets that are odd in number, halves of unequal size, algorithms with other hashes. */
static void test_rsa_sizes(void **state)
{
    (void)state;
    static const struct {
        uint8_t algorithm;
        uint16_t bits, flags, tag;
        int32_t revoked_tag;
    } rows[] = {
        {8, 1024, DNSKEY_ZSK, 20326, 20454},
        {5, 1025, DNSKEY_KSK, 20326, -1},
        {8, 1032, DNSKEY_KSK, 38696, 38824},
        {8, 1033, DNSKEY_KSK, 19036, -1},
        {7, 1280, DNSKEY_KSK, 30001, -1},
        {10, 1536, DNSKEY_ZSK, 40000, 40128},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dnskey *key = NULL;
        struct err_note note = {""};
        uint16_t tag = rows[i].tag;
        /* Half of the tags cannot be had: the next one that can. */
        while (twin_make(rows[i].algorithm, rows[i].bits, rows[i].flags, tag,
                   rows[i].revoked_tag < 0 ? -1 : tag + 128, &key, &note) == ERR_USAGE)
            tag++;
        assert_non_null(key);
        assert_in_range(tag, rows[i].tag, rows[i].tag + 40);
        assert_int_equal(key->tag, tag);
        check_rsa(key, rows[i].bits);
        dnskey_free(key);
    }
}

/* Small tags come from a carry as large as the tag: which are to be had follows from another class. And +129
 * where the low half of the sum is near its end. */
static void test_carry(void **state)
{
    (void)state;
    unsigned made = 0, refused = 0, more = 0;
    for (uint16_t tag = 0; tag < 80; tag += 1) {
        struct dnskey *key = NULL;
        struct err_note note = {""};
        int rc = twin_make(8, 1024, DNSKEY_KSK, tag, -1, &key, &note);
        if (rc == ERR_USAGE) {
            refused++;
            continue;
        }
        assert_int_equal(rc, 0);
        assert_int_equal(key->tag, tag);
        more += dnskey_tag_with(key, DNSKEY_KSK | DNSKEY_REVOKE) == tag + 129;
        made++;
        dnskey_free(key);
    }
    assert_in_range(made, 25, 60);
    assert_in_range(more, 5, made - 5);
    assert_int_equal(made + refused, 80);
    dnskey_free(make(13, 0, DNSKEY_KSK, 3, 132)); /* 32 words: the carry is about 16 */
    dnskey_free(make(13, 0, DNSKEY_KSK, 300, 428));
    /* Where the carry decides, either is to be had: in ECDSA by drawing on, in RSA within one class too. */
    static const uint16_t either[][2] = {{16, 144}, {16, 145}, {65424, 16}, {65424, 17}};
    for (size_t i = 0; i < 4; i++)
        dnskey_free(make(13, 0, DNSKEY_KSK, either[i][0], either[i][1]));
    made = 0;
    for (uint16_t tag = 65436; tag < 65446; tag++)
        for (uint16_t step = 128; step <= 129; step++) {
            struct dnskey *key = NULL;
            if (twin_make(8, 1024, DNSKEY_KSK, tag, (uint16_t)(tag + step), &key, NULL) == 0) {
                assert_int_equal((uint16_t)(dnskey_tag_with(key, DNSKEY_KSK | DNSKEY_REVOKE) - tag), step);
                made++;
            }
            dnskey_free(key);
        }
    assert_in_range(made, 6, 18);
}

/* About half of all tags; those that fail are told so at once, and why. */
static void test_unreachable(void **state)
{
    (void)state;
    static const struct {
        uint8_t algorithm;
        uint16_t bits, flags, tag;
        int32_t revoked_tag;
        const char *says;
    } rows[] = {
        {8, 2048, DNSKEY_KSK, 65535, -1, "half of all tags"},
        {8, 2048, DNSKEY_KSK, 38696, 38825, "once revoked, 38825"},
        {8, 2048, DNSKEY_KSK, 38696, 38696, "once revoked"},
        {8, 2048, DNSKEY_KSK, 38696, 70000, "once revoked"},
        {13, 0, DNSKEY_KSK, 38696, 1, "once revoked, 1"},
        {15, 0, DNSKEY_KSK, 38696, 38825, "once revoked"},
        {8, 1023, DNSKEY_KSK, 38696, -1, "1024 to 4096"},
        {8, 4097, DNSKEY_KSK, 38696, -1, "1024 to 4096"},
        {8, 2048, DNSKEY_KSK | DNSKEY_REVOKE, 38696, -1, "revoked then"},
        {1, 2048, DNSKEY_KSK, 38696, -1, "not made here"},
        {16, 0, DNSKEY_KSK, 38696, -1, "not made here"},
        {253, 2048, DNSKEY_KSK, 38696, -1, "not made here"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dnskey *key = NULL;
        struct err_note note = {""};
        assert_int_equal(twin_make(rows[i].algorithm, rows[i].bits, rows[i].flags, rows[i].tag,
                             rows[i].revoked_tag, &key, &note),
            ERR_USAGE);
        assert_null(key);
        if (!strstr(note.text, rows[i].says))
            fail_msg("%zu: '%s' without '%s'", i, note.text, rows[i].says);
    }
}

static void test_curves(void **state)
{
    (void)state;
    static const struct {
        uint8_t algorithm;
        uint16_t flags, tag;
        int32_t revoked_tag;
    } rows[] = {
        {13, DNSKEY_KSK, 20326, 20454},
        {13, DNSKEY_ZSK, 0, -1},
        {13, DNSKEY_KSK, 65535, -1},
        {13, DNSKEY_KSK, 38697, 38825},
        {14, DNSKEY_KSK, 38696, 38824},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        dnskey_free(make(rows[i].algorithm, 0, rows[i].flags, rows[i].tag, rows[i].revoked_tag));
}

/* Text and back: what a file would hold is the same key. */
static void test_files(void **state)
{
    (void)state;
    struct dnskey *key = make(8, 1024, DNSKEY_KSK, 20326, -1), *back = NULL;
    struct text text;
    text_start(&text);
    assert_int_equal(dnskey_private_text(key, &text, NULL), 0);
    assert_int_equal(dnskey_from_private_text(text.string, text.length, DNSKEY_KSK, &back, NULL), 0);
    assert_true(dnskey_same(key, back));
    assert_true(dnskey_is_pair(back));
    text_free(&text);
    dnskey_free(key);
    dnskey_free(back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_root_tags),
        cmocka_unit_test(test_rsa_sizes),
        cmocka_unit_test(test_carry),
        cmocka_unit_test(test_unreachable),
        cmocka_unit_test(test_curves),
        cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

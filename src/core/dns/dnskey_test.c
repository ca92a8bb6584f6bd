#include "core/dns/dnskey.h"

#include "base/text.h"

#include <openssl/rsa.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <ldns/ldns.h>

static struct dnskey *key_from(const char *text, struct name *ret_owner)
{
    struct dnskey *key = NULL;
    struct err_note note = {""};
    struct name owner;
    if (dnskey_from_public_text(text, strlen(text), ret_owner ? ret_owner : &owner, &key, &note))
        fail_msg("%s: %s", text, note.text);
    return key;
}

static char *hex(const uint8_t *bytes, size_t length)
{
    static char out[256];
    for (size_t i = 0; i < length; i++)
        sprintf(out + 2 * i, "%02x", bytes[i]);
    return out;
}

static char *fixture(const char *name)
{
    static char content[16384];
    char path[1024];
    const char *source = getenv("ROLLCALL_SOURCE");
    snprintf(path, sizeof path, "%s/tests/fixtures/keys/%s", source ? source : ".", name);
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("no %s", path);
    content[fread(content, 1, sizeof content - 1, file)] = '\0';
    fclose(file);
    return content;
}

/* The root's keys: tags, tags of the revoked forms, DS of both (failure-modes and IANA's own file agree on
 * them). */
static void test_root(void **state)
{
    (void)state;
    static const struct {
        const char *file, *ds, *revoked_ds;
        uint16_t tag, revoked;
    } rows[] = {
        {"K.+008+19036.key", "49aac11d7b6f6446702e54a1607371607a1a41855200fd2ce1cdde32f24e8fb5", NULL, 19036,
            19164},
        {"K.+008+20326.key", "e06d44b80b8f1d39a95c0b0d7c65d08458e880409bbc683457104237c7f8ec8d",
            "95f424c531b10e2bf303998eb6064c520694e6b1e356c957c4e8792a7f2be217", 20326, 20454},
        {"K.+008+38696.key", "683d2d0acb8c9b712a1948b27f741219298d0a450d612c483af444a4c0fb2b16", NULL, 38696,
            38824},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct name owner;
        struct dnskey *key = key_from(fixture(rows[i].file), &owner), *revoked;
        uint8_t ds[DNSKEY_MAX_DS];
        assert_int_equal(owner.length, 1);
        assert_int_equal(key->tag, rows[i].tag);
        assert_int_equal(dnskey_bits(key), 2048);
        assert_int_equal(dnskey_ds(&owner, key, 2, ds), 36);
        assert_string_equal(hex(ds + 4, 32), rows[i].ds);
        assert_int_equal(bytes_u16(ds), rows[i].tag);
        assert_memory_equal(ds + 2, "\10\2", 2);
        assert_int_equal(dnskey_with_flags(key, DNSKEY_KSK | DNSKEY_REVOKE, &revoked), 0);
        assert_int_equal(revoked->tag, rows[i].revoked);
        assert_int_equal(revoked->flags, 385);
        assert_true(dnskey_same(key, revoked));
        dnskey_ds(&owner, revoked, 2, ds);
        assert_string_not_equal(hex(ds + 4, 32), rows[i].ds);
        if (rows[i].revoked_ds)
            assert_string_equal(hex(ds + 4, 32), rows[i].revoked_ds);
        dnskey_free(key);
        dnskey_free(revoked);
    }
}

static void test_carry(void **state)
{
    (void)state;
    struct dnskey *key = key_from(fixture("Kcarry.example.+013+00016.key"), NULL), *revoked, *back;
    assert_int_equal(key->tag, 16);
    assert_int_equal(dnskey_with_flags(key, key->flags | DNSKEY_REVOKE, &revoked), 0);
    assert_int_equal(revoked->tag, 16 + 129);
    assert_int_equal(dnskey_with_flags(revoked, DNSKEY_KSK, &back), 0);
    assert_int_equal(back->tag, 16);
    dnskey_free(key);
    dnskey_free(revoked);
    dnskey_free(back);
}

/* Our tag beside that of ldns, on random RDATA of every length up to 600, and the share of +129 among them.
 */
static void test_tags(void **state)
{
    (void)state;
    unsigned seed = 7, more = 0, count = 0;
    uint8_t rdata[600];
    for (size_t length = 5; length <= sizeof rdata; length++)
        for (int round = 0; round < 40; round++) {
            for (size_t i = 0; i < length; i++)
                rdata[i] = (uint8_t)rand_r(&seed);
            bytes_put_u16(rdata, DNSKEY_KSK);
            rdata[3] = rdata[3] == 1 ? 8 : rdata[3];
            struct dnskey *key, *revoked;
            assert_int_equal(dnskey_from_rdata(rdata, length, &key, NULL), 0);
            assert_int_equal(key->tag, dnskey_tag(rdata, length));
            assert_int_equal(key->tag, ldns_calc_keytag_raw(rdata, length));
            assert_int_equal(dnskey_with_flags(key, DNSKEY_KSK | DNSKEY_REVOKE, &revoked), 0);
            uint16_t step = (uint16_t)(revoked->tag - key->tag);
            assert_true(step == 128 || step == 129);
            more += step == 129;
            count++;
            dnskey_free(key);
            dnskey_free(revoked);
        }
    assert_in_range(more, count / 1024, count / 256); /* one in 512 */
    /* RSA/MD5, RFC 4034 App. B.1: the two octets before the last. */
    assert_int_equal(dnskey_tag((const uint8_t *)"\1\1\3\1\1\3aaaa\x12\x34\x56", 13), 0x1234);
}

/* RFC 6605 §6, RFC 8080 §6: private key, what follows from it, DS. */
static const struct {
    const char *private_key, *record, *ds;
    uint8_t algorithm, digest;
    uint16_t tag;
} vectors[] = {
    {"GU6SnQ/Ou+xC5RumuIUIuJZteXT2z0O/ok1s38Et6mQ=",
        "example.net. 3600 IN DNSKEY 257 3 13 ( GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edb ; a comment\n"
        " krSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA== )",
        "b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17", 13, 2, 55648},
    {"WURgWHCcYIYUPWgeLmiPY2DJJk02vgrmTfitxgqcL4vwW7BOrbawVmVe0d9V94SR",
        "example.net. 3600 IN DNSKEY 257 3 14 ( xKYaNhWdGOfJ+nPrL8/arkwf2EY3MDJ+SErKivBVSum1\n"
        "w/egsXvSADtNJhyem5RCOpgQ6K8X1DRSEkrbYQ+OB+v8\n/uX45NBwY8rp65F6Glur8I/mlVNgF6W/qTI37m40 )",
        "72d7b62976ce06438e9c0bf319013cf801f09ecc84b8d7e9495f27e305c6a9b0563a9b5f4d288405c3008a946df983d6",
        14, 4, 10771},
    {"ODIyNjAzODQ2MjgwODAxMjI2NDUxOTAyMDQxNDIyNjI=",
        "example.com. 3600 IN DNSKEY 257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=",
        "3aa5ab37efce57f737fc1627013fee07bdf241bd10f3b1964ab55c78e79a304b", 15, 2, 3613},
    {"DSSF3o0s0f+ElWzj9E/Osxw8hLpk55chkmx0LYN5WiY=",
        "example.com. 3600 IN DNSKEY 257 3 15 zPnZ/QwEe7S8C5SPz2OfS5RR40ATk2/rYnE9xHIEijs=",
        "401781b934e392de492ec77ae2e15d70f6575a1c0bc59c5275c04ebe80c6614c", 15, 2, 35217},
    {"xZ+5Cgm463xugtkY5B0Jx6erFTXp13rYegst0qRtNsOYnaVpMx0Z/c5EiA9x8wWbDDct/U3FhYWA",
        "example.com. 3600 IN DNSKEY 257 3 16 "
        "3kgROaDjrh0H2iuixWBrc8g2EpBBLCdGzHmn+G2MpTPhpj/OiBVHHSfPodx1FYYUcJKm1MDpJtIA",
        "6ccf18d5bc5d7fc2fceb1d59d17321402f2aa8d368048db93dd811f5cb2b19c7", 16, 2, 9713},
};

static void test_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        struct name owner;
        struct dnskey *public = key_from(vectors[i].record, &owner), *private;
        struct err_note note = {""};
        char text[512];
        uint8_t ds[DNSKEY_MAX_DS];
        snprintf(text, sizeof text, "Private-key-format: v1.2\nAlgorithm: %u (NAME)\nPrivateKey: %s\n",
            vectors[i].algorithm, vectors[i].private_key);
        if (dnskey_from_private_text(text, strlen(text), DNSKEY_KSK, &private, &note))
            fail_msg("%zu: %s", i, note.text);
        assert_true(dnskey_same(public, private));
        assert_int_equal(public->tag, vectors[i].tag);
        size_t length = dnskey_ds(&owner, public, vectors[i].digest, ds);
        assert_string_equal(hex(ds + 4, length - 4), vectors[i].ds);
        dnskey_free(public);
        dnskey_free(private);
    }
}

/* Halves of one key, and halves that are not; a key with other flags has the tag that is told before. */
static void test_pair(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        struct dnskey *public = key_from(vectors[i].record, NULL), *private, *revoked;
        char text[512];
        snprintf(text, sizeof text, "Private-key-format: v1.2\nAlgorithm: %u\nPrivateKey: %s\n",
            vectors[i].algorithm, vectors[i].private_key);
        assert_int_equal(dnskey_from_private_text(text, strlen(text), DNSKEY_KSK, &private, NULL), 0);
        assert_true(dnskey_is_pair(private));
        assert_false(dnskey_is_pair(public));
        assert_int_equal(dnskey_with_flags(private, DNSKEY_KSK | DNSKEY_REVOKE, &revoked), 0);
        assert_true(dnskey_is_pair(revoked));
        assert_int_equal(dnskey_tag_with(private, DNSKEY_KSK | DNSKEY_REVOKE), revoked->tag);
        assert_int_equal(dnskey_tag_with(revoked, DNSKEY_KSK), private->tag);
        private->public_key[3] ^= 1;
        assert_false(dnskey_is_pair(private));
        dnskey_free(public);
        dnskey_free(private);
        dnskey_free(revoked);
    }
}

static void test_private_round_trip(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors + 1; i++) {
        struct dnskey *key, *back;
        struct text text, again;
        bool rsa = i == sizeof vectors / sizeof *vectors;
        EVP_PKEY *pkey = rsa ? EVP_RSA_gen(1024) : NULL;
        char private[512];
        snprintf(private, sizeof private,
            "Private-key-format: v1.3\r\nAlgorithm: %u\r\n\r\nCreated: 20100101000000\r\nPrivateKey: %s",
            rsa ? 0 : vectors[i].algorithm,
            rsa ? "" : vectors[i].private_key); /* CR LF, no name, no final newline */
        if (rsa)
            assert_int_equal(dnskey_from_private(DNSKEY_KSK, 8, pkey, &key, NULL), 0);
        else
            assert_int_equal(dnskey_from_private_text(private, strlen(private), DNSKEY_KSK, &key, NULL), 0);
        text_start(&text);
        text_start(&again);
        assert_int_equal(dnskey_private_text(key, &text, NULL), 0);
        assert_int_equal(dnskey_from_private_text(text.string, text.length, DNSKEY_KSK, &back, NULL), 0);
        assert_true(dnskey_same(key, back));
        assert_int_equal(dnskey_private_text(back, &again, NULL), 0);
        assert_string_equal(text.string, again.string);
        text_free(&text);
        text_free(&again);
        dnskey_free(key);
        dnskey_free(back);
        EVP_PKEY_free(pkey);
    }
}

#define V13 "Private-key-format: v1.3\n"
static const struct {
    const char *text, *why;
} bad_private[] = {
    {"", "missing"},
    {"\n\n", "missing"},
    {"Algorithm: 13\n", "line 1"},
    {"Private-key-format: v2.0\n", "line 1"},
    {V13, "missing"},
    {V13 "Algorithm: 13\n", "PrivateKey"},
    {V13 "Algorithm: 13\nPrivateKey: ====\n", "line 3"},
    {V13 "Algorithm: 13\nPrivateKey:\n", "line 3"},
    {V13 "Algorithm: 13\nPrivateKey: AA==\nPrivateKey: AA==\n", "line 4"},
    {V13 "Algorithm: 13\nPrivateKey: AA==\n", "no key"}, /* zero */
    {V13 "Algorithm: 13\nPrivateKey: /////wAAAAD//////////7zm+q2nF56E87nKwvxjJVE=\n",
        "no key"}, /* the order */
    {V13 "Algorithm: 13\nPrivateKey: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "octets"}, /* too long */
    {V13 "Algorithm: 15\nPrivateKey: AAAA\n", "octets"},
    {V13 "Algorithm: 13x\n", "line 2"},
    {V13 "Algorithm: 13\nAlgorithm: 13\n", "line 3"},
    {V13 "Algorithm: 3 (DSA)\n", "cannot sign"},
    {V13 "Algorithm: 269\n", "line 2"},
    {V13 "Algorithm: 8\nModulus: AQAB\n", "PublicExponent"},
    {V13 "Algorithm: 8\nLabel: pkcs11:object=x\n", "kept elsewhere"},
    {V13 "nonsense\n", "line 2"},
    /* Numbers of RSA that do not belong together. */
    {V13 "Algorithm: 8\nModulus: AQAB\nPublicExponent: AQAB\nPrivateExponent: AQAB\nPrime1: AQAB\nPrime2: "
         "AQAB\nExponent1: AQAB\n"
         "Exponent2: AQAB\nCoefficient: AQAB\n",
        "modulus"},
};

static void test_bad_private(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad_private / sizeof *bad_private; i++) {
        struct dnskey *key = NULL;
        struct err_note note = {""};
        assert_int_equal(dnskey_from_private_text(
                             bad_private[i].text, strlen(bad_private[i].text), DNSKEY_KSK, &key, &note),
            ERR_DATA);
        if (!strstr(note.text, bad_private[i].why))
            fail_msg("%zu: %s, not '%s'", i, note.text, bad_private[i].why);
    }
}

/* One number of a good RSA key changed by one: each is seen. */
static void test_bad_rsa_numbers(void **state)
{
    (void)state;
    struct dnskey *key, *none;
    struct text text;
    EVP_PKEY *pkey = EVP_RSA_gen(1024);
    assert_int_equal(dnskey_from_private(DNSKEY_KSK, 8, pkey, &key, NULL), 0);
    text_start(&text);
    assert_int_equal(dnskey_private_text(key, &text, NULL), 0);
    static const char *const fields[] = {"Modulus: ", "PublicExponent: ", "PrivateExponent: ", "Prime1: ",
        "Prime2: ", "Exponent1: ", "Exponent2: ", "Coefficient: "};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        char *value = strstr(text.string, fields[i]) + strlen(fields[i]), kept = value[2];
        value[2] = kept == 'A' ? 'B' : 'A';
        struct err_note note = {""};
        if (dnskey_from_private_text(text.string, text.length, DNSKEY_KSK, &none, &note) != ERR_DATA)
            fail_msg("%swas not seen", fields[i]);
        value[2] = kept;
    }
    dnskey_free(key);
    text_free(&text);
    EVP_PKEY_free(pkey);
}

#define K13 "GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA=="
static const struct {
    const char *text;
    int tag; /* -1: refused */
    const char *why;
} public_texts[] = {
    {"example.net. IN DNSKEY 257 3 13 " K13, 55648, NULL},
    {"example.net. DNSKEY 257 3 13 " K13, 55648, NULL}, /* neither TTL nor class */
    {"example.net. IN 60 dnskey 257 3 ECDSAP256SHA256 " K13 "\n", 55648,
        NULL}, /* the other order, the algorithm's name */
    {"; c\n\n \t\n; c2\nexample.net IN DNSKEY 257 3 13 (\n" K13 "\n)\n; {id = 1}\n", 55648, NULL},
    {"example.net.\tIN\tDNSKEY\t257 3 13 " K13 " ;{id = 55648 (ksk), size = 256b}\r\n", 55648, NULL},
    {"", -1, "no DNSKEY"},
    {"; only a comment", -1, "no DNSKEY"},
    {"example.net. IN A 192.0.2.1", -1, "line 1"},
    {"example.net. CH DNSKEY 257 3 13 " K13, -1, "line 1"},
    {"example.net. IN DNSKEY 65536 3 13 " K13, -1, "flags"},
    {"example.net. IN DNSKEY 99999999999999999999 3 13 " K13, -1, "flags"},
    {"example.net. IN DNSKEY -1 3 13 " K13, -1, "flags"},
    {"example.net. IN DNSKEY 257 256 13 " K13, -1, "protocol"},
    {"example.net. IN DNSKEY 257 3 X " K13, -1, "algorithm"},
    {"example.net. IN DNSKEY 257 3 256 " K13, -1, "algorithm"},
    {"example.net. IN DNSKEY 257 3 13", -1, "base64"},
    {"example.net. IN DNSKEY 257 3 13 AAA", -1, "base64"},
    {"example.net. IN DNSKEY 257 3 13 " K13 "=", -1, "base64"},
    {"example.net. IN DNSKEY", -1, "flags"},
    {"example.net. IN DNSKEY 257 3 13 (" K13, -1, "parenthesis"},
    {"example.net. IN DNSKEY 257 3 13 " K13 "\nexample.net. IN DNSKEY 257 3 13 " K13, -1, "more than one"},
    {"\n\na..b. IN DNSKEY 257 3 13 " K13, -1, "line 3"},
};

static void test_public_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof public_texts / sizeof *public_texts; i++) {
        struct dnskey *key = NULL;
        struct name owner;
        struct err_note note = {""};
        int rc =
            dnskey_from_public_text(public_texts[i].text, strlen(public_texts[i].text), &owner, &key, &note);
        if (rc != (public_texts[i].tag < 0 ? ERR_DATA : 0) || (rc && !strstr(note.text, public_texts[i].why)))
            fail_msg("%zu: %d, %s", i, rc, note.text);
        if (rc == 0)
            assert_int_equal(key->tag, public_texts[i].tag);
        dnskey_free(key);
    }
    struct dnskey *key;
    struct name owner;
    assert_int_equal(dnskey_from_public_text("a.\0IN", 5, &owner, &key, NULL), ERR_DATA);
}

static void test_algorithms(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int number;
    } rows[] = {{"13", 13}, {"ECDSAP256SHA256", 13}, {"ecdsap256sha256", 13}, {"NSEC3RSASHA1", 7},
        {"RSASHA1-NSEC3-SHA1", 7}, {"0", 0}, {"255", 255}, {"256", -1}, {"", -1}, {"-1", -1}, {"13 ", -1},
        {"0013", -1}, {"RSA", -1}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(dnskey_algorithm_from_text(rows[i].text), rows[i].number);
    assert_string_equal(dnskey_algorithm_name(7), "NSEC3RSASHA1");
    assert_null(dnskey_algorithm_name(200));
    assert_int_equal(dnskey_public_size(8, 2048), 260);
    assert_int_equal(dnskey_signature_size(8, 2048), 256);
    assert_int_equal(dnskey_public_size(13, 0), 64);
    assert_int_equal(dnskey_signature_size(16, 0), 114);
    assert_int_equal(dnskey_public_size(3, 1024), 0);
}

static void test_rdata_limits(void **state)
{
    (void)state;
    static uint8_t rdata[DNSKEY_MAX_RDATA + 1] = {1, 1, 3, 13};
    struct dnskey *key;
    assert_int_equal(dnskey_from_rdata(rdata, 4, &key, NULL), ERR_DATA);
    assert_int_equal(dnskey_from_rdata(rdata, sizeof rdata, &key, NULL), ERR_DATA);
    assert_int_equal(dnskey_from_rdata(rdata, sizeof rdata - 1, &key, NULL), 0);
    uint8_t out[DNSKEY_MAX_RDATA];
    assert_int_equal(dnskey_rdata(key, out, sizeof out - 1), 0);
    assert_int_equal(dnskey_rdata(key, out, sizeof out), sizeof out);
    assert_memory_equal(out, rdata, sizeof out);
    assert_int_equal(dnskey_ds(&(struct name){1, {0}}, key, 3, out), 0);
    dnskey_free(key);
    /* Sizes of RSA keys that are none. */
    static const struct {
        const char *rdata;
        size_t length;
        unsigned bits;
    } rows[] = {{"\1\1\3\10\1\3\377", 7, 8}, {"\1\1\3\10\1\3", 6, 0}, {"\1\1\3\10\0\0\1\3\1", 9, 1},
        {"\1\1\3\10\0\377\377\1", 8, 0}, {"\1\1\3\10\1\3\0\0", 8, 0}, {"\1\1\3\10\1\3\0\1\0", 9, 9},
        {"\1\1\3\10\0", 5, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(dnskey_from_rdata((const uint8_t *)rows[i].rdata, rows[i].length, &key, NULL), 0);
        assert_int_equal(dnskey_bits(key), rows[i].bits);
        dnskey_free(key);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_root),
        cmocka_unit_test(test_carry),
        cmocka_unit_test(test_tags),
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_pair),
        cmocka_unit_test(test_private_round_trip),
        cmocka_unit_test(test_bad_private),
        cmocka_unit_test(test_bad_rsa_numbers),
        cmocka_unit_test(test_public_text),
        cmocka_unit_test(test_algorithms),
        cmocka_unit_test(test_rdata_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

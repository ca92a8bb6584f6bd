#include "core/dns/rrset.h"

#include "base/text.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <ldns/ldns.h>

static const uint8_t algorithms[] = {5, 7, 8, 10, 13, 14, 15, 16};
enum { ALGORITHMS = sizeof algorithms, NOW = 1700000000 };
static const struct rrsig_window window = {NOW - 100, NOW + 100};

static struct name named(const char *text)
{
    struct name name;
    assert_int_equal(name_from_text(text, &name, NULL), 0);
    return name;
}

/* Keys are slow to make: each once. */
static struct dnskey *key_of(uint8_t algorithm)
{
    static struct dnskey *keys[256];
    if (keys[algorithm])
        return keys[algorithm];
    EVP_PKEY *pkey = algorithm == 13   ? EVP_EC_gen("P-256")
                     : algorithm == 14 ? EVP_EC_gen("P-384")
                     : algorithm == 15 ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
                     : algorithm == 16 ? EVP_PKEY_Q_keygen(NULL, NULL, "ED448")
                                       : EVP_RSA_gen(1024);
    assert_non_null(pkey);
    assert_int_equal(dnskey_from_private(DNSKEY_KSK, algorithm, pkey, &keys[algorithm], NULL), 0);
    EVP_PKEY_free(pkey);
    return keys[algorithm];
}

static void free_keys(void)
{
    for (size_t i = 0; i < ALGORITHMS; i++)
        dnskey_free(key_of(algorithms[i]));
}

/* Three TXT records out of order, one twice. */
static struct rdata txt[4];
static struct rrset txt_set(const char *owner)
{
    const struct rdata all[] = {{(const uint8_t *)"\1b", 2}, {(const uint8_t *)"\2ab", 3},
        {(const uint8_t *)"\1b", 2}, {(const uint8_t *)"\1b\0", 3}};
    memcpy(txt, all, sizeof txt);
    return (struct rrset){
        .owner = named(owner), .type = RR_TXT, .class = RR_CLASS_IN, .ttl = 3600, .count = 4, .rdata = txt};
}

static void test_sort(void **state)
{
    (void)state;
    struct rrset set = txt_set("a.");
    rrset_sort(&set);
    assert_int_equal(set.count, 3);
    assert_int_equal(set.rdata[0].length, 2); /* 01 62 */
    assert_int_equal(set.rdata[1].length, 3); /* 01 62 00: a longer one that begins alike */
    assert_memory_equal(set.rdata[2].bytes, "\2ab", 3);
    struct rrset empty = {.count = 0};
    rrset_sort(&empty);
    assert_int_equal(empty.count, 0);
}

static void test_round_trip(void **state)
{
    (void)state;
    struct name signer = named("Example.");
    for (size_t i = 0; i < ALGORITHMS; i++) {
        struct dnskey *key = key_of(algorithms[i]);
        struct rrset set = txt_set("WWW.example.");
        uint8_t sig[RRSIG_MAX_RDATA];
        size_t length = 0;
        struct err_note note = {""};
        rrset_sort(&set);
        assert_int_equal(rrset_sign(&set, key, &signer, window, sig, &length, &note), 0);
        assert_int_equal(length, 18 + 9 + dnskey_signature_size(key->algorithm, 1024));
        struct rrset other =
            txt_set("www.EXAMPLE."); /* another case, unsorted, a smaller TTL: the same set */
        other.ttl = 5;
        if (rrset_verify(&other, sig, length, key, &signer, NOW, &note))
            fail_msg("algorithm %u: %s", key->algorithm, note.text);
        for (size_t bit = 0; bit < length * 8; bit += 7) { /* every octet of it counts */
            sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
            if (bit / 8 < 18 || bit / 8 >= 27) /* the signer's case does not count */
                assert_int_equal(rrset_verify(&other, sig, length, key, &signer, NOW, &note), ERR_DATA);
            sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        for (size_t cut = 0; cut < length; cut++)
            assert_int_equal(rrset_verify(&other, sig, cut, key, &signer, NOW, &note), ERR_DATA);
        other.count = 2;
        assert_int_equal(rrset_verify(&other, sig, length, key, &signer, NOW, &note), ERR_DATA);
    }
}

/* ldns as judge: our records and signature, its verification. */
static ldns_rr *wire_rr(const struct rrset *set, uint16_t type, const uint8_t *bytes, size_t length)
{
    uint8_t wire[4096];
    struct writer w = writer_over(wire, sizeof wire);
    size_t at = 0;
    ldns_rr *rr = NULL;
    writer_bytes(&w, set->owner.wire, set->owner.length);
    writer_u16(&w, type);
    writer_u16(&w, set->class);
    writer_u32(&w, set->ttl);
    writer_u16(&w, (uint16_t)length);
    writer_bytes(&w, bytes, length);
    assert_int_equal(ldns_wire2rr(&rr, wire, writer_used(&w), &at, LDNS_SECTION_ANSWER), LDNS_STATUS_OK);
    return rr;
}

static void test_ldns_verifies(void **state)
{
    (void)state;
    struct name signer = named("example.");
    for (size_t i = 0; i < 2 * ALGORITHMS; i++) {
        struct dnskey *key = key_of(algorithms[i / 2]);
        struct rrset set = txt_set(i % 2 ? "*.example." : "a.b.example.");
        uint8_t sig[RRSIG_MAX_RDATA], rdata[DNSKEY_MAX_RDATA];
        size_t length = 0;
        rrset_sort(&set);
        assert_int_equal(rrset_sign(&set, key, &signer, window, sig, &length, NULL), 0);
        ldns_rr_list *list = ldns_rr_list_new();
        for (size_t j = 0; j < set.count; j++)
            ldns_rr_list_push_rr(list, wire_rr(&set, RR_TXT, set.rdata[j].bytes, set.rdata[j].length));
        struct rrset apex = {.owner = signer, .class = RR_CLASS_IN, .ttl = 3600};
        ldns_rr *rrsig = wire_rr(&set, RR_RRSIG, sig, length);
        ldns_rr *dnskey = wire_rr(&apex, RR_DNSKEY, rdata, dnskey_rdata(key, rdata, sizeof rdata));
        ldns_status status = ldns_verify_rrsig_time(list, rrsig, dnskey, NOW);
        if (status != LDNS_STATUS_OK)
            fail_msg("algorithm %u: %s", key->algorithm, ldns_get_errorstr_by_id(status));
        assert_int_equal(ldns_calc_keytag(dnskey), key->tag);
        ldns_rr_free(rrsig);
        ldns_rr_free(dnskey);
        ldns_rr_list_deep_free(list);
    }
}

/* One key, several threads: what they share is only read. Returns the number of signatures that did not
 * verify. */
static void *sign_often(void *argument)
{
    const struct dnskey *key = argument;
    struct rdata rdata = {(const uint8_t *)"\1x", 2};
    struct name signer;
    uintptr_t bad = name_from_text("example.", &signer, NULL) != 0;
    struct rrset set = {signer, RR_TXT, RR_CLASS_IN, 60, 1, &rdata};
    for (uint32_t i = 0; i < 200; i++) {
        uint8_t sig[RRSIG_MAX_RDATA];
        size_t length;
        set.ttl = i;
        bad += rrset_sign(&set, key, &signer, window, sig, &length, NULL) != 0 ||
               rrset_verify(&set, sig, length, key, &signer, NOW, NULL) != 0;
    }
    return (void *)bad;
}

static void test_threads(void **state)
{
    (void)state;
    static const uint8_t each[] = {8, 13, 15};
    for (size_t i = 0; i < sizeof each; i++) {
        pthread_t threads[4];
        struct dnskey *key = key_of(each[i]);
        for (size_t j = 0; j < 4; j++)
            assert_int_equal(pthread_create(&threads[j], NULL, sign_often, key), 0);
        for (size_t j = 0; j < 4; j++) {
            void *bad;
            assert_int_equal(pthread_join(threads[j], &bad), 0);
            assert_null(bad);
        }
    }
}

static void test_text(void **state)
{
    (void)state;
    static const struct {
        uint16_t type;
        const char *bytes;
        uint16_t length;
        const char *text;
    } rows[] = {
        {RR_A, "\177\0\0\1", 4, "127.0.0.1"},
        {RR_NS, "\2ns\1a\0", 6, "ns.a."},
        {RR_TXT, "\3a\"b\1c", 6, "\"a\\\"b\" \"c\""},
        {RR_MX, "\0\12\1m\0", 5, "10 m."},
        {RR_NULL, "", 0, "\\# 0"},
        {RR_A, "\177\0\0", 3, "\\# 3 7f0000"}, /* no address: shown all the same */
        {65280, "\1\2", 2, "\\# 2 0102"},
        {RR_NSEC, "\1b\0\0\1\100", 6, "b. A "},
        {RR_RRSIG, "\0\20\15\2\0\0\16\20\377\377\377\377\0\0\0\0\4\322\1a\0\1\2\3", 24,
            "TXT 13 2 3600 21060207062815 19700101000000 1234 a. AQID"},
        {RR_RRSIG, "\0\20\15", 3, "\\# 3 00100d"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rdata rdata = {(const uint8_t *)rows[i].bytes, rows[i].length};
        struct rrset set = {.owner = named("X.a."),
            .type = rows[i].type,
            .class = RR_CLASS_IN,
            .ttl = 60,
            .count = 1,
            .rdata = &rdata};
        struct text text;
        char expected[256], type[16];
        text_start(&text);
        snprintf(
            expected, sizeof expected, "X.a.\t60\tIN\t%s\t%s\n", rr_type_name(set.type, type), rows[i].text);
        assert_int_equal(rrset_to_text(&set, &text), 0);
        assert_string_equal(text.string, expected);
        text_free(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sort),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_ldns_verifies),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_threads),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free_keys();
    return failed;
}

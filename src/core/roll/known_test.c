#include "core/roll/known.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct name root = {.length = 1};

static struct dnskey *fixture(unsigned tag)
{
    char path[1024], text[4096];
    const char *source = getenv("ROLLCALL_SOURCE");
    struct name owner;
    struct dnskey *key;
    snprintf(path, sizeof path, "%s/tests/fixtures/keys/K.+008+%05u.key", source ? source : ".", tag);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t length = fread(text, 1, sizeof text, file);
    fclose(file);
    assert_int_equal(dnskey_from_public_text(text, length, &owner, &key, NULL), 0);
    return key;
}

static struct dnskey *with_flags(const struct dnskey *key, uint16_t flags)
{
    struct dnskey *other;
    assert_int_equal(dnskey_with_flags(key, flags, &other), 0);
    return other;
}

static const struct {
    uint16_t tag, revoked_tag;
    const char *id;
} keys[] = {{19036, 19164, "KSK-2010"}, {20326, 20454, "KSK-2017"}, {38696, 38824, "KSK-2024"}};
enum { KEYS = sizeof keys / sizeof *keys };

static void test_by_tag(void **state)
{
    (void)state;
    struct known known;
    for (size_t i = 0; i < KEYS; i++) {
        assert_true(known_by_tag(keys[i].tag, &known));
        assert_string_equal(known.id, keys[i].id);
        assert_int_equal(known.revoked_tag, keys[i].revoked_tag);
        assert_int_equal(known.algorithm, 8);
        assert_int_equal(known.bits, 2048);
        assert_false(known_by_tag(keys[i].revoked_tag, &known));
    }
    assert_false(known_by_tag(0, &known)); /* keys of plans that have no tag yet are nobody's */
}

/* The real keys, plain and revoked; and in another zone, where they are nothing. */
static void test_real(void **state)
{
    (void)state;
    struct name other;
    assert_int_equal(name_from_text("example.", &other, NULL), 0);
    for (size_t i = 0; i < KEYS; i++) {
        struct dnskey *key = fixture(keys[i].tag), *revoked = with_flags(key, DNSKEY_KSK | DNSKEY_REVOKE);
        struct known known = {0};
        assert_int_equal(known_key(&root, key, &known), KNOWN_REAL);
        assert_string_equal(known.id, keys[i].id);
        known = (struct known){0};
        assert_int_equal(known_key(&root, revoked, &known), KNOWN_REAL);
        assert_string_equal(known.id, keys[i].id);
        assert_int_equal(known_key(&root, key, NULL), KNOWN_REAL);
        assert_int_equal(known_key(&other, key, &known), KNOWN_OTHER);
        dnskey_free(key);
        dnskey_free(revoked);
    }
}

/* A key of two octets of payload that bring the tag to what is wanted; one octet of a real key changed. */
static void test_twins(void **state)
{
    (void)state;
    static const struct {
        uint16_t tag, flags;
        enum known_kind kind;
        const char *id;
    } rows[] = {
        {20326, DNSKEY_KSK, KNOWN_TWIN, "KSK-2017"}, {20326, DNSKEY_ZSK, KNOWN_TWIN, "KSK-2017"},
        {20454, DNSKEY_KSK | DNSKEY_REVOKE, KNOWN_TWIN, "KSK-2017"}, /* was 20326 */
        {20454, DNSKEY_KSK, KNOWN_TWIN, "KSK-2017"},                 /* reads as the revoked one */
        {38696, DNSKEY_KSK | DNSKEY_REVOKE, KNOWN_TWIN, "KSK-2024"}, {20325, DNSKEY_KSK, KNOWN_OTHER, NULL},
        {20327, DNSKEY_KSK, KNOWN_OTHER, NULL},
        {20582, DNSKEY_KSK, KNOWN_OTHER, NULL}, /* tag of the real one + 256 */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t rdata[] = {(uint8_t)(rows[i].flags >> 8), (uint8_t)rows[i].flags, 3, 13, 0, 0};
        struct dnskey *key;
        struct known known = {0};
        bytes_put_u16(rdata + 4, (uint16_t)(rows[i].tag - dnskey_tag(rdata, sizeof rdata)));
        assert_int_equal(dnskey_from_rdata(rdata, sizeof rdata, &key, NULL), 0);
        assert_int_equal(key->tag, rows[i].tag);
        assert_int_equal(known_key(&root, key, &known), rows[i].kind);
        if (rows[i].id)
            assert_string_equal(known.id, rows[i].id);
        else
            assert_null(known.id);
        dnskey_free(key);
    }
    struct dnskey *real = fixture(20326), *changed = with_flags(real, DNSKEY_KSK);
    changed->public_key[100] ^= 1;
    assert_int_equal(known_key(&root, changed, NULL), KNOWN_TWIN); /* the DS decides */
    dnskey_free(real);
    dnskey_free(changed);
    assert_string_equal(known_kind_name(KNOWN_TWIN), "twin");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_tag),
        cmocka_unit_test(test_real),
        cmocka_unit_test(test_twins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

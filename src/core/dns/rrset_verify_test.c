#include "core/dns/rrset.h"

#include "base/base64.h"

#include <openssl/ec.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <ldns/ldns.h>

static struct name named(const char *text)
{
    struct name name;
    assert_int_equal(name_from_text(text, &name, NULL), 0);
    return name;
}

static struct dnskey *key_from(const char *text)
{
    struct dnskey *key = NULL;
    struct name owner;
    struct err_note note = {""};
    if (dnskey_from_public_text(text, strlen(text), &owner, &key, &note))
        fail_msg("%s: %s", text, note.text);
    return key;
}

/* The RDATA of a record in zone text, by ldns. */
static size_t rdata_of(
    const char *record, uint8_t *out, size_t capacity, struct name *ret_owner, uint16_t *ret_type)
{
    ldns_rr *rr = NULL;
    uint8_t *wire = NULL;
    size_t length = 0, at;
    if (ldns_rr_new_frm_str(&rr, record, 0, NULL, NULL) != LDNS_STATUS_OK ||
        ldns_rr2wire(&wire, rr, LDNS_SECTION_ANSWER, &length))
        fail_msg("%s", record);
    at = name_from_wire(wire, length, ret_owner);
    *ret_type = bytes_u16(wire + at);
    assert_true(length - at - 10 <= capacity);
    memcpy(out, wire + at + 10, length - at - 10);
    free(wire);
    ldns_rr_free(rr);
    return length - at - 10;
}

/* RFC 5702 §6, 6605 §6, 8080 §6. */
static const struct {
    const char *key, *record, *rrsig;
} vectors[] = {
    {"example.net. DNSKEY 256 3 8 "
     "AwEAAcFcGsaxxdgiuuGmCkVImy4h99CqT7jwY3pexPGcnUFtR2Fh36BponcwtkZ4cAgtvd4Qs8PkxUdp6p/DlUmObdk=",
        "www.example.net. 3600 IN A 192.0.2.91",
        "www.example.net. 3600 IN RRSIG A 8 3 3600 20300101000000 20000101000000 9033 example.net. "
        "kRCOH6u7l0QGy9qpC9l1sLncJcOKFLJ7GhiUOibu4teYp5VE9RncriShZNz85mwlMgNEacFYK/lPtPiVYP4bwg=="},
    {"example.net. DNSKEY 256 3 10 "
     "AwEAAdHoNTOW+et86KuJOWRDp1pndvwb6Y83nSVXXyLA3DLroROUkN6X0O6pnWnjJQujX/AyhqFDxj13tOnD9u/"
     "1kTg7cV6rklMrZDtJ"
     "CQ5PCl/D7QNPsgVsMu1J2Q8gpMpztNFLpPBz1bWXjDtaR7ZQBlZ3PFY12ZTSncorffcGmhOL",
        "www.example.net. 3600 IN A 192.0.2.91",
        "www.example.net. 3600 IN RRSIG A 10 3 3600 20300101000000 20000101000000 3740 example.net. "
        "tsb4wnjRUDnB1BUi+t6TMTXThjVnG+eCkWqjvvjhzQL1d0YRoOe0CbxrVDYd0xDtsuJRaeUw1ep94PzEWzr0iGYgZBWm/"
        "zpq+9fOuagYJRfDqfReKBzMweOLDiNa8iP5"
        "g9vMhpuv6OPlvpXwm9Sa9ZXIbNl1MBGk0fthPgxdDLw="},
    {"example.net. DNSKEY 257 3 13 "
     "GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==",
        "www.example.net. 3600 IN A 192.0.2.1",
        "www.example.net. 3600 IN RRSIG A 13 3 3600 20100909100439 20100812100439 55648 example.net. "
        "qx6wLYqmh+l9oCKTN6qIc+bw6ya+KJ8oMz0YP107epXAyGmt+3SNruPFKG7tZoLBLlUzGGus7ZwmwWep666VCw=="},
    {"example.net. DNSKEY 257 3 14 "
     "xKYaNhWdGOfJ+nPrL8/arkwf2EY3MDJ+SErKivBVSum1w/egsXvSADtNJhyem5RCOpgQ6K8X1DRSEkrbYQ+OB+v8/"
     "uX45NBwY8rp65F6"
     "Glur8I/mlVNgF6W/qTI37m40",
        "www.example.net. 3600 IN A 192.0.2.1",
        "www.example.net. 3600 IN RRSIG A 14 3 3600 20100909102025 20100812102025 10771 example.net. "
        "/L5hDKIvGDyI1fcARX3z65qrmPsVz73QD1Mr5CEqOiLP95hxQouuroGCeZOvzFaxsT8Glr74hbavRKayJNuydCuzWTSSPdz7wnqX"
        "L5bdcJzusdnI0RSMROxxwGipWcJm"},
    {"example.com. DNSKEY 257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=",
        "example.com. 3600 IN MX 10 mail.example.com.",
        "example.com. 3600 IN RRSIG MX 15 2 3600 1440021600 1438207200 3613 example.com. "
        "oL9krJun7xfBOIWcGHi7mag5/hdZrKWw15jPGrHpjQeRAvTdszaPD+QLs3fx8A4M3e23mRZ9VrbpMngwcrqNAg=="},
    {"example.com. DNSKEY 257 3 15 zPnZ/QwEe7S8C5SPz2OfS5RR40ATk2/rYnE9xHIEijs=",
        "example.com. 3600 IN MX 10 mail.example.com.",
        "example.com. 3600 IN RRSIG MX 15 2 3600 1440021600 1438207200 35217 example.com. "
        "zXQ0bkYgQTEFyfLyi9QoiY6D8ZdYo4wyUhVioYZXFdT410QPRITQSqJSnzQoSm5poJ7gD7AQR0O7KuI5k2pcBg=="},
    {"example.com. DNSKEY 257 3 16 "
     "3kgROaDjrh0H2iuixWBrc8g2EpBBLCdGzHmn+G2MpTPhpj/OiBVHHSfPodx1FYYUcJKm1MDpJtIA",
        "example.com. 3600 IN MX 10 mail.example.com.",
        "example.com. 3600 IN RRSIG MX 16 2 3600 1440021600 1438207200 9713 example.com. "
        "3cPAHkmlnxcDHMyg7vFC34l0blBhuG1qpwLmjInI8w1CMB29FkEAIJUA0amxWndkmnBZ6SKiwZSAxGILn/"
        "NBtOXft0+Gj7FSvOKxE/07+4RQvE581N3Aj/JtIyaiYVdn"
        "YtyMWbSNyGEY2213WKsJlwEA"},
};

static void test_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        struct dnskey *key = key_from(vectors[i].key);
        struct name owner, ignored, signer = named(i < 4 ? "example.net." : "example.com.");
        uint16_t type, rrsig_type;
        uint8_t bytes[512], rrsig[1024];
        struct err_note note = {""};
        struct rdata rdata = {
            bytes, (uint16_t)rdata_of(vectors[i].record, bytes, sizeof bytes, &owner, &type)};
        size_t length = rdata_of(vectors[i].rrsig, rrsig, sizeof rrsig, &ignored, &rrsig_type);
        struct rrset set = {owner, type, RR_CLASS_IN, 3600, 1, &rdata};
        uint32_t expiration = (uint32_t)bytes_u16(rrsig + 8) << 16 | bytes_u16(rrsig + 10);
        if (rrset_verify(&set, rrsig, length, key, &signer, expiration, &note))
            fail_msg("%zu: %s", i, note.text);
        assert_int_equal(rrset_verify(&set, rrsig, length, key, &signer, expiration + 1, &note), ERR_DATA);
        assert_non_null(strstr(note.text, "expired 1 s ago"));
        dnskey_free(key);
    }
}

/* ---- what must be refused, each thing alone ---- */

enum { NOW = 2000000000 };

struct trial {
    struct rrset set;
    struct rdata rdata;
    struct dnskey *key;
    struct name signer;
    struct rrsig_window window;
    uint32_t now;
    uint8_t rrsig[RRSIG_MAX_RDATA];
    size_t length;
};

static struct dnskey *new_key(uint16_t flags)
{
    struct dnskey *key;
    EVP_PKEY *pkey = EVP_EC_gen("P-256");
    assert_int_equal(dnskey_from_private(flags, 13, pkey, &key, NULL), 0);
    EVP_PKEY_free(pkey);
    return key;
}

static void sign_trial(struct trial *t)
{
    assert_int_equal(rrset_sign(&t->set, t->key, &t->signer, t->window, t->rrsig, &t->length, NULL), 0);
}

static struct trial new_trial(void)
{
    static const uint8_t address[4] = {192, 0, 2, 1};
    struct trial t = {
        .key = new_key(DNSKEY_ZSK), .signer = named("example."), .window = {NOW - 10, NOW + 10}, .now = NOW};
    t.rdata = (struct rdata){address, 4};
    t.set = (struct rrset){named("a.b.example."), RR_A, RR_CLASS_IN, 60, 1, &t.rdata};
    return t;
}

static void expect(struct trial *t, const char *why)
{
    struct err_note note = {""};
    t->set.rdata = &t->rdata;
    int rc = rrset_verify(&t->set, t->rrsig, t->length, t->key, &t->signer, t->now, &note);
    if (rc != (why ? ERR_DATA : 0) || (why && !strstr(note.text, why)))
        fail_msg("%d '%s', not '%s'", rc, note.text, why ? why : "verified");
}

static void test_refused(void **state)
{
    (void)state;
    struct trial good = new_trial();
    good.set.rdata = &good.rdata;
    sign_trial(&good);
    expect(&good, NULL);
    struct trial t = good;
    t.set.type = RR_TXT;
    expect(&t, "covers A, not TXT");
    t = good, t.signer = named("b.example.");
    expect(&t, "signer is not");
    t = good, t.set.owner = named("a.b.other.");
    expect(&t, "outside");
    t = good, t.set.owner = named("b.example."); /* fewer labels than were signed */
    expect(&t, "3 labels, the owner has 2");
    t = good, t.set.owner = named("*.b.example."); /* the star does not count */
    expect(&t, "3 labels, the owner has 2");
    t = good, t.rrsig[3] = 0; /* a wildcard at the root, in a signature of example. */
    expect(&t, "above the zone");
    t = good, t.set.count = 0;
    expect(&t, "no records");
    t = good, t.set.class = RR_CLASS_CH;
    expect(&t, "does not verify");
    t = good, t.key = new_key(DNSKEY_ZSK);
    expect(&t, "key tag");
    t.rrsig[16] = (uint8_t)(t.key->tag >> 8),
    t.rrsig[17] = (uint8_t)t.key->tag; /* the tag is right, the key is not */
    expect(&t, "does not verify");
    dnskey_free(t.key);
    t = good, t.rrsig[2] = 8;
    expect(&t, "algorithm 8, the key of 13");
    dnskey_free(good.key);
}

static void test_key_not_for_zones(void **state)
{
    (void)state;
    struct trial t = new_trial();
    dnskey_free(t.key);
    t.key = new_key(0);
    t.set.rdata = &t.rdata;
    sign_trial(&t);
    expect(&t, "no zone key");
    dnskey_free(t.key);
    t.key = new_key(DNSKEY_ZSK);
    t.key->protocol = 2;
    sign_trial(&t);
    expect(&t, "protocol 2");
    t.key->protocol = 3;
    t.key->algorithm = 12;
    t.rrsig[2] = 12;
    expect(&t, "not supported");
    dnskey_free(t.key);
    t.key = new_key(
        DNSKEY_KSK | DNSKEY_REVOKE); /* a revoked key signs itself, RFC 5011 §2.1: judging it is not ours */
    sign_trial(&t);
    expect(&t, NULL);
    dnskey_free(t.key);
}

static void test_times(void **state)
{
    (void)state;
    static const struct {
        uint32_t inception, expiration, now;
        const char *why;
    } rows[] = {
        {100, 200, 100, NULL}, /* both ends belong to it */
        {100, 200, 200, NULL},
        {100, 200, 99, "not yet valid: it begins 1 s later"},
        {100, 200, 201, "expired 1 s ago"},
        {200, 100, 150, "before it begins"},
        {UINT32_MAX - 10, 10, UINT32_MAX, NULL}, /* across the turn of 2106 */
        {UINT32_MAX - 10, 10, 0, NULL},
        {UINT32_MAX - 10, 10, 11, "expired"},
        {UINT32_MAX - 10, 10, UINT32_MAX - 11, "not yet"},
        {0, UINT32_C(0x7fffffff), 5, NULL},               /* the longest that there is */
        {0, UINT32_C(0x80000001), 5, "before it begins"}, /* more than half the circle */
        {100, 200, UINT32_C(0x80000064), "not yet"},      /* half the circle away: undefined, so refused */
        {150, 150, 150, NULL},
    };
    struct trial t = new_trial();
    t.set.rdata = &t.rdata;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        t.window = (struct rrsig_window){rows[i].inception, rows[i].expiration};
        t.now = rows[i].now;
        sign_trial(&t);
        expect(&t, rows[i].why);
    }
    dnskey_free(t.key);
}

static void test_wildcard(void **state)
{
    (void)state;
    struct trial t = new_trial();
    t.set.rdata = &t.rdata;
    t.set.owner = named("*.Example.");
    sign_trial(&t);
    assert_int_equal(t.rrsig[3], 1);
    expect(&t, NULL); /* the wildcard itself */
    t.set.owner = named("x.example.");
    expect(&t, NULL);
    t.set.owner = named("Q.w.e.r.t.y.EXAMPLE.");
    expect(&t, NULL);
    t.set.owner = named("example."); /* the wildcard does not cover its parent */
    expect(&t, "does not verify");
    t.set.owner = named("*.x.example."); /* an asked-for star is expanded as any other label */
    expect(&t, NULL);
    dnskey_free(t.key);
}

/* Keys and signatures that are none: refused, quickly, whatever they hold. */
static void test_hostile_keys(void **state)
{
    (void)state;
    static const struct {
        uint8_t algorithm;
        unsigned exponent, modulus; /* octets, all 0xff */
        const char *why;
    } rows[] = {
        {8, 3, 1024, "8192 bits"},
        {8, 3, 513, "bits"},
        {8, 9, 256, "exponent of 72 bits"},
        {8, 300, 256, "exponent of 2400 bits"},
        {8, 600, 256, "too long"},
        {8, 3, 2000, "too long"},
        {8, 3, 63, "modulus of 504 bits"},
        {10, 3, 127, "modulus of 1016 bits"},
        {8, 3, 0, "cut short"},
        {8, 8, 512, "does not verify"}, /* the largest that is tried */
        {13, 0, 60, "public key of"},
        {13, 0, 63, "no point"},
        {14, 0, 95, "no point"},
        {15, 0, 30, "public key of"},
        {16, 0, 58, "public key of"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t rdata[DNSKEY_MAX_RDATA] = {1, 0, 3, rows[i].algorithm}, *at = rdata + 4;
        struct trial t = new_trial();
        dnskey_free(t.key);
        if (rows[i].exponent > 255)
            *at++ = 0, *at++ = (uint8_t)(rows[i].exponent >> 8), *at++ = (uint8_t)rows[i].exponent;
        else
            *at++ = rows[i].exponent ? (uint8_t)rows[i].exponent : 255;
        memset(at, 255, rows[i].exponent + rows[i].modulus);
        at += rows[i].exponent + rows[i].modulus;
        assert_int_equal(dnskey_from_rdata(rdata, (size_t)(at - rdata), &t.key, NULL), 0);
        struct writer w = writer_over(t.rrsig, sizeof t.rrsig);
        writer_u16(&w, RR_A);
        writer_u8(&w, rows[i].algorithm);
        writer_u8(&w, 3);
        writer_u32(&w, 60);
        writer_u32(&w, NOW + 5);
        writer_u32(&w, NOW - 5);
        writer_u16(&w, t.key->tag);
        writer_bytes(&w, t.signer.wire, t.signer.length);
        size_t size = rows[i].algorithm == 8 ? 256 : dnskey_signature_size(rows[i].algorithm, 1024);
        memset(writer_room(&w, size), 1, size);
        t.length = writer_used(&w);
        expect(&t, rows[i].why);
        dnskey_free(t.key);
    }
}

/* A signer of one octet more than the RDATA, one with a pointer, and none. */
static void test_hostile_rrsig(void **state)
{
    (void)state;
    static const struct {
        const char *tail;
        size_t length;
        const char *why;
    } rows[] = {{"", 0, "cut short"}, {"\7example", 8, "cut short"}, {"\300\14x", 3, "cut short"},
        {"\7example\0", 9, "0 octets"}, {"\7example\0x", 10, "does not verify"}, {"\0x", 2, "signer is not"}};
    struct trial t = new_trial();
    t.set.rdata = &t.rdata;
    sign_trial(&t);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        memcpy(t.rrsig + 18, rows[i].tail, rows[i].length);
        t.length = 18 + rows[i].length;
        expect(&t, rows[i].why);
    }
    dnskey_free(t.key);
}

static void test_sign_refused(void **state)
{
    (void)state;
    struct trial t = new_trial();
    struct err_note note = {""};
    t.set.rdata = &t.rdata;
    t.set.count = 0;
    assert_int_equal(rrset_sign(&t.set, t.key, &t.signer, t.window, t.rrsig, &t.length, &note), ERR_DATA);
    t.set.count = 1;
    struct name other = named("other.");
    assert_int_equal(rrset_sign(&t.set, t.key, &other, t.window, t.rrsig, &t.length, &note), ERR_DATA);
    struct dnskey *public = key_from(vectors[0].key);
    assert_int_equal(rrset_sign(&t.set, public, &t.signer, t.window, t.rrsig, &t.length, &note), ERR_DATA);
    dnskey_free(public);
    dnskey_free(t.key);
}

/* ---- the root's own signatures: every one in the Signed Key Responses that IANA published ---- */

static char *between(char **at, const char *from, const char *to)
{
    char *start = strstr(*at, from);
    if (!start)
        return NULL;
    start += strlen(from);
    char *end = strstr(start, to);
    assert_non_null(end);
    *end = '\0';
    *at = end + 1;
    return start;
}

static uint32_t number_in(char *text, const char *from)
{
    char *start = strstr(text, from);
    assert_non_null(start);
    return (uint32_t)strtoul(start + strlen(from), NULL, 10);
}

static uint32_t time_in(char *text, const char *from)
{
    struct tm t = {0};
    char *start = strstr(text, from);
    assert_non_null(start);
    start += strlen(from);
    assert_int_equal(sscanf(start, "%d-%d-%dT%d:%d:%d", &t.tm_year, &t.tm_mon, &t.tm_mday, &t.tm_hour,
                         &t.tm_min, &t.tm_sec),
        6);
    t.tm_year -= 1900, t.tm_mon -= 1;
    return (uint32_t)ldns_mktime_from_utc(&t);
}

static size_t base64_in(char *text, const char *from, const char *to, uint8_t *out, size_t capacity)
{
    char *start = strstr(text, from), packed[2048];
    assert_non_null(start);
    start += strlen(from);
    size_t length = 0;
    for (char *end = strstr(start, to); start < end; start++)
        if (!strchr(" \t\r\n", *start))
            packed[length++] = *start;
    ssize_t size = base64_read(packed, length, out, capacity);
    assert_true(size > 0);
    return (size_t)size;
}

/* One <ResponseBundle>. Returns the number of signatures, all of which verified. */
static unsigned check_bundle(char *bundle)
{
    static uint8_t bytes[16][512];
    struct rdata rdata[16];
    struct dnskey *keys[16];
    size_t count = 0;
    unsigned verified = 0;
    char *at = bundle, *part;
    struct name root = named(".");
    while ((part = between(&at, "<Key ", "</Key>"))) {
        uint8_t *b = bytes[count];
        bytes_put_u16(b, (uint16_t)number_in(part, "<Flags>"));
        b[2] = (uint8_t)number_in(part, "<Protocol>");
        b[3] = (uint8_t)number_in(part, "<Algorithm>");
        rdata[count] = (struct rdata){b, (uint16_t)(4 + base64_in(part, "<PublicKey>", "<", b + 4, 500))};
        assert_int_equal(dnskey_from_rdata(b, rdata[count].length, &keys[count], NULL), 0);
        assert_int_equal(keys[count]->tag, number_in(part, "keyTag=\""));
        count++;
    }
    struct rrset set = {root, RR_DNSKEY, RR_CLASS_IN, 172800, count, rdata};
    /* Canonical order would move what the keys stand beside: the set to verify is a copy of its own, made by
     * rrset_verify(). */
    while ((part = between(&at, "<Signature ", "</Signature>"))) {
        uint8_t rrsig[1024];
        struct writer w = writer_over(rrsig, sizeof rrsig);
        uint16_t tag = (uint16_t)number_in(part, "<KeyTag>");
        uint32_t inception = time_in(part, "<SignatureInception>");
        writer_u16(&w, RR_DNSKEY);
        writer_u8(&w, (uint8_t)number_in(part, "<Algorithm>"));
        writer_u8(&w, (uint8_t)number_in(part, "<Labels>"));
        writer_u32(&w, number_in(part, "<OriginalTTL>"));
        writer_u32(&w, time_in(part, "<SignatureExpiration>"));
        writer_u32(&w, inception);
        writer_u16(&w, tag);
        writer_u8(&w, 0);
        w.at += base64_in(part, "<SignatureData>", "<", w.at, 900);
        size_t i = 0;
        while (i < count && keys[i]->tag != tag)
            i++;
        assert_true(i < count);
        struct err_note note = {""};
        if (rrset_verify(&set, rrsig, writer_used(&w), keys[i], &root, inception, &note))
            fail_msg("key %u: %s", tag, note.text);
        verified++;
    }
    for (size_t i = 0; i < count; i++)
        dnskey_free(keys[i]);
    return verified;
}

static void test_root_responses(void **state)
{
    (void)state;
    static const char *const names[] = {"skr-root-2017-q1-0.xml", "skr-root-2017-q2-0.xml",
        "skr-root-2017-q3-0-c_to_d.xml", "skr-root-2018-q1-0-d_to_e.xml"};
    static char content[512 * 1024];
    unsigned verified = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[1024];
        const char *source = getenv("ROLLCALL_SOURCE");
        snprintf(path, sizeof path, "%s/../shared/data/ksr/%s", source ? source : ".", names[i]);
        FILE *file = fopen(path, "r");
        if (!file) {
            print_message("skipped: no %s (../shared is not part of the project)\n", path);
            skip();
        }
        content[fread(content, 1, sizeof content - 1, file)] = '\0';
        fclose(file);
        char *at = content, *bundle;
        while ((bundle = between(&at, "<ResponseBundle ", "</ResponseBundle>")))
            verified += check_bundle(bundle);
    }
    print_message("%u signatures of the root's key verified\n", verified);
    assert_true(verified >= 4 * 9); /* nine slots a quarter, one signature at least */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_key_not_for_zones),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_wildcard),
        cmocka_unit_test(test_hostile_keys),
        cmocka_unit_test(test_hostile_rrsig),
        cmocka_unit_test(test_sign_refused),
        cmocka_unit_test(test_root_responses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

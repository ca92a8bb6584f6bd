/* Zones signed by dnssec-signzone and ldns-signzone: rrset_verify() accepts each of their signatures,
 * whatever the type, owner and algorithm, and only with the key that made it. */
#include "core/dns/rrset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <ldns/ldns.h>

static const struct {
    uint8_t number;
    const char *bind, *ldns, *size;
} algorithms[] = {
    {5, "RSASHA1", "RSASHA1", "-b 1024"},
    {7, "NSEC3RSASHA1", "RSASHA1-NSEC3-SHA1", "-b 1024"},
    {8, "RSASHA256", "RSASHA256", "-b 1024"},
    {10, "RSASHA512", "RSASHA512", "-b 1024"},
    {13, "ECDSAP256SHA256", "ECDSAP256SHA256", ""},
    {14, "ECDSAP384SHA384", "ECDSAP384SHA384", ""},
    {15, "ED25519", "ED25519", ""},
    {16, "ED448", "ED448", ""},
};
enum { ALGORITHMS = sizeof algorithms / sizeof *algorithms, MAX_RRS = 64 };

static const char zone_text[] =
    "$TTL 300\n"
    "@ SOA ns.Example. Hostmaster.example. 1 3600 900 86400 60\n"
    "@ NS NS.example.\n@ NS a.ns.Other.\n@ MX 10 Mail.Example.\n"
    "ns A 192.0.2.53\nns AAAA 2001:db8::53\n"
    "*.Wild TXT \"b\" \"\" \"\\255\\000\"\n*.Wild TXT \"a\"\n*.Wild 300 TXT \"aa\"\n"
    "a\\.b\\001 CNAME *.wild\nsrv SRV 0 5 5060 Sip.example.\nptr PTR WWW.Example.\n"
    "unknown TYPE65280 \\# 3 0a0B0c\n";

struct record {
    struct name owner;
    uint16_t type, class;
    uint32_t ttl;
    uint8_t bytes[1200];
    uint16_t length;
};

static bool shell(const char *directory, const char *format, ...)
{
    char command[1024], whole[1400];
    va_list args;
    va_start(args, format);
    vsnprintf(command, sizeof command, format, args);
    va_end(args);
    snprintf(whole, sizeof whole, "cd '%s' && { %s; } >/dev/null 2>&1", directory, command);
    return system(whole) == 0;
}

static bool have(const char *program)
{
    return shell("/tmp", "command -v %s", program);
}

/* Servers that were fetched come before those of the system. */
static void set_path(void)
{
    char path[4096];
    const char *servers = getenv("ROLLCALL_SERVERS"), *old = getenv("PATH");
    snprintf(path, sizeof path, "%s/bin:%s", servers ? servers : "/nonexistent", old ? old : "/usr/bin:/bin");
    setenv("PATH", path, 1);
}

static size_t read_zone(const char *directory, struct record *records)
{
    char path[256];
    size_t count = 0;
    ldns_zone *zone = NULL;
    snprintf(path, sizeof path, "%s/zone.signed", directory);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(ldns_zone_new_frm_fp(&zone, file, NULL, 0, LDNS_RR_CLASS_IN), LDNS_STATUS_OK);
    fclose(file);
    ldns_rr_list *list = ldns_zone_rrs(zone);
    ldns_rr_list_push_rr(list, ldns_rr_clone(ldns_zone_soa(zone)));
    for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
        struct record *r = &records[count++];
        uint8_t *wire = NULL;
        size_t length = 0;
        assert_in_range(count, 1, MAX_RRS);
        ldns_rr *rr = ldns_rr_list_rr(list, i);
        ldns_rr2canonical(rr); /* names in RDATA in lower case, as a set wants them */
        assert_int_equal(ldns_rr2wire(&wire, rr, LDNS_SECTION_ANSWER, &length), LDNS_STATUS_OK);
        size_t at = name_from_wire(wire, length, &r->owner);
        struct reader in = reader_over(wire + at, length - at);
        r->type = reader_u16(&in);
        r->class = reader_u16(&in);
        r->ttl = reader_u32(&in);
        r->length = reader_u16(&in);
        assert_in_range(r->length, 0, sizeof r->bytes);
        memcpy(r->bytes, reader_bytes(&in, r->length), r->length);
        free(wire);
    }
    ldns_zone_deep_free(zone);
    return count;
}

static void check_rrsig(
    const struct record *records, size_t count, const struct record *rrsig, const struct name *apex)
{
    struct rdata rdata[MAX_RRS];
    struct rrset set = {
        .owner = rrsig->owner, .type = bytes_u16(rrsig->bytes), .class = RR_CLASS_IN, .rdata = rdata};
    unsigned verified = 0;
    for (size_t i = 0; i < count; i++)
        if (records[i].type == set.type && name_equal(&records[i].owner, &set.owner)) {
            set.ttl = records[i].ttl;
            rdata[set.count++] = (struct rdata){records[i].bytes, records[i].length};
        }
    for (size_t i = 0; i < count; i++) {
        struct dnskey *key;
        struct err_note note = {""};
        if (records[i].type != RR_DNSKEY)
            continue;
        assert_int_equal(dnskey_from_rdata(records[i].bytes, records[i].length, &key, NULL), 0);
        bool made_it = key->tag == bytes_u16(rrsig->bytes + 16);
        int rc = rrset_verify(&set, rrsig->bytes, rrsig->length, key, apex, (uint32_t)time(NULL), &note);
        if (rc != (made_it ? 0 : ERR_DATA))
            fail_msg("type %u, algorithm %u: %s", set.type, key->algorithm,
                rc ? note.text : "verified with another key");
        verified += rc == 0;
        dnskey_free(key);
    }
    assert_int_equal(verified, 1);
}

static void check_zone(const char *directory)
{
    static struct record records[MAX_RRS];
    struct name apex;
    unsigned rrsigs = 0;
    size_t count = read_zone(directory, records);
    assert_int_equal(name_from_text("example.", &apex, NULL), 0);
    for (size_t i = 0; i < count; i++)
        if (records[i].type == RR_RRSIG) {
            check_rrsig(records, count, &records[i], &apex);
            rrsigs++;
        }
    assert_true(rrsigs >= 18); /* ten sets of the zone, NSEC of its names, DNSKEY */
}

static void with_directory(void (*function)(const char *directory, size_t algorithm))
{
    for (size_t i = 0; i < ALGORITHMS; i++) {
        char directory[] = "/tmp/rollcall-peers-test.XXXXXX", path[64];
        assert_non_null(mkdtemp(directory));
        snprintf(path, sizeof path, "%s/zone", directory);
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fprintf(file, "$ORIGIN example.\n%s", zone_text);
        fclose(file);
        function(directory, i);
        assert_true(shell("/", "rm -rf '%s'", directory));
    }
}

static void sign_with_bind(const char *directory, size_t i)
{
    assert_true(
        shell(directory, "dnssec-keygen -q -a %s %s -f KSK example && dnssec-keygen -q -a %s %s example",
            algorithms[i].bind, algorithms[i].size, algorithms[i].bind, algorithms[i].size));
    if (!shell(directory, "dnssec-signzone -S -P -o example -f zone.signed zone"))
        fail_msg("dnssec-signzone failed for %s", algorithms[i].bind);
    check_zone(directory);
}

static void sign_with_ldns(const char *directory, size_t i)
{
    if (!shell(directory,
            "k=$(ldns-keygen -k -a %s %s example) && z=$(ldns-keygen -a %s %s example) && ldns-signzone -o "
            "example zone $z $k",
            algorithms[i].ldns, algorithms[i].size, algorithms[i].ldns, algorithms[i].size))
        fail_msg("ldns-signzone failed for %s", algorithms[i].ldns);
    check_zone(directory);
}

static void test_bind(void **state)
{
    (void)state;
    if (!have("dnssec-signzone") || !have("dnssec-keygen")) {
        print_message("skipped: no dnssec-signzone here\n");
        skip();
    }
    with_directory(sign_with_bind);
}

static void test_ldns(void **state)
{
    (void)state;
    if (!have("ldns-signzone") || !have("ldns-keygen")) {
        print_message("skipped: no ldns-signzone here\n");
        skip();
    }
    with_directory(sign_with_ldns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bind), cmocka_unit_test(test_ldns)};
    set_path();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "io/networks/networks.h"

#include "base/address.h"
#include "io/networks/mmdb_try.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

typedef int reader(struct networks *, const char *, struct err_note *);

static int read_bytes(
    reader *read, struct networks *networks, const char *bytes, size_t size, struct err_note *note)
{
    char path[64];
    int fd = mmdb_try_file(bytes, size, path);
    int rc = read(networks, path, note);
    close(fd);
    return rc;
}

static struct networks *fresh(void)
{
    struct networks *networks = NULL;
    assert_int_equal(networks_new(&networks), 0);
    return networks;
}

static void read_text(reader *read, struct networks *networks, const char *text)
{
    struct err_note note = {""};
    if (read_bytes(read, networks, text, strlen(text), &note) != 0)
        fail_msg("%s", note.text);
}

static void check(
    const struct networks *networks, const char *address, uint32_t as, const char *country, unsigned prefix)
{
    uint8_t octets[16];
    struct network found;
    assert_true(address_parse(address, strlen(address), octets));
    networks_find(networks, octets, &found);
    if (found.as != as || strcmp(found.country, country) != 0 || found.prefix != prefix)
        fail_msg("%s: AS %u %s /%u, wanted AS %u %s /%u", address, found.as, found.country, found.prefix, as,
            country, prefix);
}

/* ---- the examples of the documentation ---- */

static void example(reader *read, struct networks *networks, const char *name)
{
    char path[1024];
    struct err_note note = {""};
    snprintf(path, sizeof path, "%s/docs/examples/networks/%s", getenv("ROLLCALL_SOURCE"), name);
    if (read(networks, path, &note) != 0)
        fail_msg("%s", note.text);
}

static void examples_are_read(void **state)
{
    (void)state;
    struct networks *networks = fresh();
    example(networks_read_pfx2as, networks, "pfx2as.txt");
    check(networks, "192.0.2.1", 64496, "", 96 + 24);
    example(networks_read_delegated, networks, "delegated.txt");
    example(networks_read_users, networks, "users.csv");
    check(networks, "192.0.2.127", 64496, "NL", 96 + 24);
    check(networks, "192.0.2.128", 64497, "NL", 96 + 25); /* the longer prefix */
    check(networks, "192.0.3.0", 0, "", 0);
    check(networks, "192.0.1.255", 0, "", 0);
    check(networks, "198.51.100.191", 64498, "SE", 96 + 24);
    check(networks, "198.51.100.192", 64498, "", 96 + 24); /* available: in no country, nor is its AS */
    check(networks, "203.0.113.255", 64500, "BR", 96 + 24);
    check(networks, "2001:db8:7fff::1", 64496, "NL", 32);
    check(networks, "2001:db8:8000::1", 64502, "JP", 33); /* by the country of the AS */
    check(networks, "3fff:fff:ffff::", 64503, "JP", 20);
    check(networks, "::c000:201", 0, "", 0); /* not 192.0.2.1 */
    check(networks, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 0, "", 0);
    assert_true(networks_as_users(networks, 64496) == 1250000 && networks_as_users(networks, 64499) == -1);
    assert_true(
        networks_country_users(networks, "NL") == 1500000 && networks_country_users(networks, "BE") == 50000);
    assert_true(networks_country_users(networks, "FR") == -1 && networks_country_users(networks, "") == -1);
    assert_true(networks_users(networks) == 15300000 && networks_conflicts(networks) == 0);
    assert_string_equal(networks_as_name(networks, 64496), "Example Net, Amsterdam");
    assert_null(networks_as_name(networks, 64499));
    networks_free(networks);
}

static void nothing_is_told_of_nothing(void **state)
{
    (void)state;
    struct networks *networks = fresh();
    check(networks, "192.0.2.1", 0, "", 0);
    check(networks, "::", 0, "", 0);
    assert_true(networks_users(networks) == -1 && networks_as_users(networks, 1) == -1);
    assert_null(networks_as_name(networks, 1));
    networks_free(networks);
    networks_free(NULL);
}

/* ---- what is read, though it looks odd ---- */

static void odd_but_right(void **state)
{
    (void)state;
    struct networks *networks = fresh();
    read_text(networks_read_pfx2as, networks,
        "\xef\xbb\xbf# a mark, CRLF, blanks, no newline at the end\r\n\r\n  \t\r\n 192.0.2.0  24   64496 \r\n"
        "198.51.100.7\t32\t4294967295\n203.0.113.0 24 1_{2,3}_4\n2001:DB8:: 128 {7}\n0.0.0.0\t1\t9");
    check(networks, "192.0.2.9", 64496, "", 120);
    check(networks, "198.51.100.7", 4294967295U, "", 128);
    check(networks, "198.51.100.8", 0, "", 0);
    check(networks, "203.0.113.1", 1, "", 120);
    check(networks, "2001:db8::", 7, "", 128);
    check(networks, "127.255.255.255", 9, "", 97);
    networks_free(networks);
}

static void odd_delegations(void **state)
{
    (void)state;
    struct networks *networks = fresh();
    read_text(networks_read_delegated, networks,
        "2|arin|20260101|4|19830705|20260101|-0500\r\n"
        "arin|US|ipv4|0.0.0.0|4294967296|19830101|allocated|x\r\n" /* everything, and within it … */
        "arin|ca|ipv4|10.0.0.5|3||ASSIGNED\r\n"                    /* … three that begin anywhere */
        "arin|EU|ipv4|255.255.255.255|1|00000000|assigned\r\n"
        "2.3|nro|20260101|4|19830705|20260101|+0000\n" /* files put one after another */
        "iana|ZZ|asn|0|1||reserved|iana\n"
        "apnic||ipv6|2001:db8::|32||available|\n"
        "apnic|AU|asn|4294967295|1|20200101|allocated");
    check(networks, "10.0.0.4", 0, "US", 0);
    check(networks, "10.0.0.5", 0, "CA", 0);
    check(networks, "10.0.0.7", 0, "CA", 0);
    check(networks, "10.0.0.8", 0, "US", 0);
    check(networks, "255.255.255.255", 0, "EU", 0);
    check(networks, "2001:db8::1", 0, "", 0);
    networks_free(networks);
}

static void odd_users(void **state)
{
    (void)state;
    struct networks *networks = fresh();
    read_text(networks_read_users, networks,
        "Rank,\"AS\",AS Name,CC,Users (est.),Samples\r\n"
        "1,AS64496,\"A \"\"quoted\"\" name, with a comma\",NL,10000000000,5\r\n"
        "2,64497,Caf\xe9 \xff,,0,\r\n"
        "2,64497,again,,0,\r\n" /* the same once more is not counted twice */
        "3,,,be, 7 ,\r\n");
    assert_true(networks_as_users(networks, 64496) == 10000000000 && networks_as_users(networks, 64497) == 0);
    assert_true(networks_country_users(networks, "be") == 7 && networks_users(networks) == 10000000000);
    assert_string_equal(networks_as_name(networks, 64496), "A \"quoted\" name, with a comma");
    assert_string_equal(networks_as_name(networks, 64497), "Caf\xef\xbf\xbd \xef\xbf\xbd");
    networks_free(networks);
    networks = fresh();
    read_text(networks_read_users, networks, "country,users\nNL,5\nDE,6\nNL,5\nNL,5\n");
    assert_true(networks_users(networks) == 11 && networks_country_users(networks, "NL") == 5);
    networks_free(networks);
}

/* ---- several files ---- */

static void later_files_fill_what_is_missing(void **state)
{
    (void)state;
    struct networks *networks = fresh();
    read_text(networks_read_pfx2as, networks, "192.0.2.0 25 1\n");
    read_text(networks_read_pfx2as, networks, "192.0.2.0 24 2\n192.0.2.64 26 3\n");
    check(networks, "192.0.2.64", 1, "", 96 + 25); /* not 3, though that prefix is longer */
    check(networks, "192.0.2.128", 2, "", 96 + 24);
    read_text(networks_read_delegated, networks, "arin|US|ipv4|192.0.2.0|128||assigned\n");
    read_text(networks_read_delegated, networks, "arin|CA|ipv4|192.0.2.0|512||assigned\n");
    check(networks, "192.0.2.127", 1, "US", 96 + 25);
    check(networks, "192.0.3.0", 0, "CA", 0);
    read_text(networks_read_users, networks, "as,users,name\n1,10,\n2,20,Two\n");
    read_text(networks_read_users, networks, "as,users,name\n1,11,One\n3,30,Three\n2,1,Zwei\n");
    assert_true(networks_as_users(networks, 1) == 10 && networks_as_users(networks, 3) == 30);
    assert_true(networks_users(networks) == 60);
    assert_string_equal(networks_as_name(networks, 1), "One");
    assert_string_equal(networks_as_name(networks, 2), "Two");
    networks_free(networks);
}

static void the_first_of_a_contradiction_counts(void **state)
{
    (void)state;
    struct networks *networks = fresh();
    read_text(networks_read_pfx2as, networks, "192.0.2.0 24 1\n192.0.2.0 24 2\n192.0.2.0 24 1\n");
    check(networks, "192.0.2.1", 1, "", 120);
    assert_int_equal(networks_conflicts(networks), 1);
    networks_free(networks);
}

/* ---- bad lines ---- */

static const struct {
    reader *read;
    const char *text, *line, *what;
} bad[] = {
    {networks_read_pfx2as, "192.0.2.0 24\n", ":1:", "form PREFIX LENGTH AS"},
    {networks_read_pfx2as, "# x\n192.0.2.0 24 1 2\n", ":2:", "form"},
    {networks_read_pfx2as, "192.0.2.0/24 1\n", ":1:", "form"},
    {networks_read_pfx2as, "192.0.2 24 1\n", ":1:", "not an address: 192.0.2"},
    {networks_read_pfx2as, "192.0.2.256 24 1\n", ":1:", "not an address"},
    {networks_read_pfx2as, "2001:db8:::1 128 1\n", ":1:", "not an address"},
    {networks_read_pfx2as, "1.0.0.0 8 1\r\n1.0.0.1 24 1\r\n", ":2:", "1.0.0.1/24 has bits beyond its length"},
    {networks_read_pfx2as, "2001:db8::1 127 1\n", ":1:", "bits beyond"},
    {networks_read_pfx2as, "192.0.2.0 33 1\n", ":1:", "not a length from 0 to 32: 33"},
    {networks_read_pfx2as, "2001:db8:: 129 1\n", ":1:", "0 to 128"},
    {networks_read_pfx2as, "192.0.2.0 -1 1\n", ":1:", "not a length"},
    {networks_read_pfx2as, "192.0.2.0 18446744073709551640 1\n", ":1:", "not a length"}, /* 2^64 + 24 */
    {networks_read_pfx2as, "::ffff:192.0.2.0 120 1\n", ":1:", "as IPv4"},
    {networks_read_pfx2as, "192.0.2.0 24 0\n", ":1:", "not an AS"},
    {networks_read_pfx2as, "192.0.2.0 24 -1\n", ":1:", "not an AS"},
    {networks_read_pfx2as, "192.0.2.0 24 4294967296\n", ":1:", "not an AS"},
    {networks_read_pfx2as, "192.0.2.0 24 1.10\n", ":1:", "not an AS"},
    {networks_read_pfx2as, "192.0.2.0 24 1_\n", ":1:", "not an AS"},
    {networks_read_pfx2as, "192.0.2.0 24 {1,2\n", ":1:", "not an AS"},
    {networks_read_pfx2as, "192.0.2.0 24 1,2}\n", ":1:", "not an AS"},
    {networks_read_pfx2as, "192.0.2.0 24 {{1}}\n", ":1:", "not an AS"},
    {networks_read_pfx2as, "192.0.2.0 24 {}\n", ":1:", "not an AS"},
    {networks_read_pfx2as, "\x1f\x8b\x08 x\n", ":", "gzip"},
    {networks_read_pfx2as,
        "\xff\xfe"
        "1",
        ":", "UTF-16"},
    {networks_read_delegated, "ripencc|NL|ipv4|192.0.2.0|256|20200101\n", ":1:", "form registry"},
    {networks_read_delegated, "a|b|c|d|e|f|g|h|i|j|k|l|m\n", ":1:", "form registry"},
    {networks_read_delegated,
        "ripe|NL|ipv4|192.0.2.0|256|20200101|allocated\nmine|NL|ipv4|192.0.2.0|256||assigned\n",
        ":2:", "no such registry: mine"},
    {networks_read_delegated, "arin|USA|ipv4|192.0.2.0|256||assigned\n", ":1:", "two letters: USA"},
    {networks_read_delegated, "arin|U1|ipv4|192.0.2.0|256||assigned\n", ":1:", "two letters"},
    {networks_read_delegated, "arin|US|ipx|192.0.2.0|256||assigned\n", ":1:", "ipv4, ipv6 nor asn"},
    {networks_read_delegated, "arin|US|ipv4|192.0.2.0|256||sold\n", ":1:", "status: sold"},
    {networks_read_delegated, "arin|US|ipv4|192.0.2.0|256|2020|assigned\n", ":1:", "date"},
    {networks_read_delegated, "arin|US|ipv4|2001:db8::|256||assigned\n", ":1:", "not an IPv4"},
    {networks_read_delegated, "arin|US|ipv6|192.0.2.0|24||assigned\n", ":1:", "not an IPv6"},
    {networks_read_delegated, "arin|US|ipv4|192.0.2.0|0||assigned\n", ":1:", "number of addresses: 0"},
    {networks_read_delegated, "arin|US|ipv4|192.0.2.0|-256||assigned\n", ":1:", "number of addresses"},
    {networks_read_delegated, "arin|US|ipv4|255.255.255.0|257||available\n", ":1:", "beyond 255.255.255.255"},
    {networks_read_delegated, "arin|US|ipv4|192.0.2.0|4294967297||assigned\n", ":1:", "number of addresses"},
    {networks_read_delegated, "arin|US|ipv6|2001:db8::1|64||assigned\n", ":1:", "bits beyond"},
    {networks_read_delegated, "arin|US|ipv6|2001:db8::|129||assigned\n", ":1:", "length"},
    {networks_read_delegated, "arin|US|asn|x|1||assigned\n", ":1:", "not an AS number"},
    {networks_read_delegated, "arin|US|asn|4294967295|2||assigned\n", ":1:", "number of AS numbers"},
    {networks_read_users, "", ":", "empty"},
    {networks_read_users, "64496,5\n", ":1:", "header"},
    {networks_read_users, "as,name\n1,x\n", ":1:", "header"},
    {networks_read_users, "users\n1\n", ":1:", "header"},
    {networks_read_users, "as,users,asn\n1,2,3\n", ":1:", "two columns"},
    {networks_read_users, "as,users\n1\n", ":2:", "1 fields"},
    {networks_read_users, "as,users\n1,2,3\n", ":2:", "3 fields"},
    {networks_read_users, "as,users\n1,-5\n", ":2:", "users from 0 to 10000000000: -5"},
    {networks_read_users, "as,users\n1,10000000001\n", ":2:", "users"},
    {networks_read_users, "as,users\n1,1e6\n", ":2:", "users"},
    {networks_read_users, "as,users\n1,\n", ":2:", "users"},
    {networks_read_users, "as,users\n0,5\n", ":2:", "not an AS number: 0"},
    {networks_read_users, "as,users\nASX,5\n", ":2:", "not an AS"},
    {networks_read_users, "as,users\n,5\n", ":2:", "neither"},
    {networks_read_users, "country,users\nNLD,5\n", ":2:", "two letters"},
    {networks_read_users, "as,users\n1,\"5\n", ":2:", "quote"},
    {networks_read_users, "as,users\n1,\"5\"x\n", ":2:", "quote"},
    {networks_read_users, "as,users\n2,1\n1,5\n3,1\n1,6\n", ":5:", "6 users, but 5 in line 3"},
    {networks_read_users, "as,users\n1,5\n1,5\n1,6\n", ":4:", "6 users, but 5 in line 2"},
};

static void bad_lines_are_named_and_nothing_is_kept(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct networks *networks = fresh();
        struct err_note note = {""};
        int rc = read_bytes(bad[i].read, networks, bad[i].text, strlen(bad[i].text), &note);
        if (rc != ERR_DATA || !strstr(note.text, bad[i].line) || !strstr(note.text, bad[i].what))
            fail_msg("%zu: %d %s", i, rc, note.text);
        check(networks, "192.0.2.1", 0, "", 0);
        check(networks, "1.0.0.0", 0, "", 0);
        assert_true(networks_users(networks) == -1);
        networks_free(networks);
    }
}

static void lines_have_a_limit(void **state)
{
    (void)state;
    struct networks *networks = fresh();
    struct err_note note;
    enum { LONG = 1 << 20 };
    char *text = malloc(LONG);
    memset(text, ' ', LONG);
    memcpy(text, "192.0.2.0 24 1", 14);
    assert_int_equal(
        read_bytes(networks_read_pfx2as, networks, text, 4096, &note), 0); /* as long as may be */
    check(networks, "192.0.2.1", 1, "", 120);
    assert_int_equal(read_bytes(networks_read_pfx2as, networks, text, 4097, &note), ERR_DATA);
    assert_int_equal(read_bytes(networks_read_pfx2as, networks, text, LONG, &note), ERR_DATA);
    assert_non_null(strstr(note.text, ":1: a line longer than 4096"));
    assert_int_equal(read_bytes(networks_read_pfx2as, networks, "192.0.2.0 24 1\0\n", 16, &note), ERR_DATA);
    assert_non_null(strstr(note.text, "NUL"));
    free(text);
    networks_free(networks);
}

static void files_that_are_none(void **state)
{
    (void)state;
    static reader *const readers[] = {
        networks_read_pfx2as, networks_read_delegated, networks_read_mmdb, networks_read_users};
    struct networks *networks = fresh();
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++) {
        struct err_note note = {""};
        assert_int_equal(readers[i](networks, "/nonexistent/file", &note), ERR_NOINPUT);
        assert_non_null(strstr(note.text, "/nonexistent/file"));
        assert_int_equal(readers[i](networks, "/", &note), ERR_NOINPUT);
    }
    networks_free(networks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_are_read),
        cmocka_unit_test(nothing_is_told_of_nothing),
        cmocka_unit_test(odd_but_right),
        cmocka_unit_test(odd_delegations),
        cmocka_unit_test(odd_users),
        cmocka_unit_test(later_files_fill_what_is_missing),
        cmocka_unit_test(the_first_of_a_contradiction_counts),
        cmocka_unit_test(bad_lines_are_named_and_nothing_is_kept),
        cmocka_unit_test(lines_have_a_limit),
        cmocka_unit_test(files_that_are_none),
    };
    return cmocka_run_group_tests_name("io/networks/networks", tests, NULL, NULL);
}

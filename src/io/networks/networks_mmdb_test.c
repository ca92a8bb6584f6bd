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

static const struct mmdb_try_entry entries[] = {
    {"192.0.2.0", 24, .country = "NL", .as = 64496, .organization = "Example Net"},
    {"192.0.2.128", 25, .registered = "de", .as = 64497, .organization = "Caf\xc3\xa9"},
    {"198.51.100.0", 24, .country = "SE", .registered = "US"},
    {"198.51.101.0", 24, .country = "", .registered = "CH"},
    {"203.0.113.77", 32, .as = 4294967295U},
    {"2001:db8::", 32, .country = "JP", .as = 64498, .organization = "Example Net Six"},
    {"2001:db8:8000::", 33, .as = 64499},
};
enum { ENTRIES = sizeof entries / sizeof *entries, ENTRIES_FOUR = 5 };

static int read_bytes(struct networks *networks, const uint8_t *bytes, size_t size, struct err_note *note)
{
    char path[64];
    int fd = mmdb_try_file(bytes, size, path);
    int rc = networks_read_mmdb(networks, path, note);
    close(fd);
    return rc;
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

static void check_four(const struct networks *networks)
{
    check(networks, "192.0.2.0", 64496, "NL", 96 + 25); /* a tree holds what is left of it: two of /25 */
    check(networks, "192.0.2.127", 64496, "NL", 96 + 25);
    check(networks, "192.0.2.128", 64497, "DE", 96 + 25);
    check(networks, "192.0.3.0", 0, "", 0);
    check(networks, "198.51.100.255", 0, "SE", 0);
    check(networks, "198.51.101.1", 0, "CH", 0); /* an empty code is none */
    check(networks, "203.0.113.77", 4294967295U, "", 128);
    check(networks, "203.0.113.78", 0, "", 0);
    assert_string_equal(networks_as_name(networks, 64496), "Example Net");
    assert_string_equal(networks_as_name(networks, 64497), "Caf\xc3\xa9");
    assert_null(networks_as_name(networks, 4294967295U));
    assert_true(networks_users(networks) == -1 && networks_as_users(networks, 64496) == -1);
}

static void every_form_is_read(void **state)
{
    (void)state;
    for (unsigned form = 0; form < 9; form++) {
        bool is_six = form >= 3, aliases = form >= 6;
        unsigned record_bits = 24 + 4 * (form % 3);
        size_t size;
        struct err_note note = {""};
        struct networks *networks;
        uint8_t *bytes = mmdb_try_make(
            entries, is_six ? ENTRIES : ENTRIES_FOUR, is_six ? 6 : 4, record_bits, aliases, &size);
        assert_int_equal(networks_new(&networks), 0);
        if (read_bytes(networks, bytes, size, &note) != 0)
            fail_msg("form %u: %s", form, note.text);
        check_four(networks);
        check(networks, "2001:db8:7fff::", is_six ? 64498 : 0, is_six ? "JP" : "", is_six ? 33 : 0);
        check(networks, "2001:db8:8000::", is_six ? 64499 : 0, "", is_six ? 33 : 0);
        check(networks, "2002:c000:201::", 0, "", 0); /* 6to4 is an alias, and left out */
        networks_free(networks);
        free(bytes);
    }
}

/* What a file tells earlier stays; the users file names networks better, if it comes first. */
static void fills_what_is_missing(void **state)
{
    (void)state;
    static const struct mmdb_try_entry more[] = {
        {"192.0.0.0", 16, .country = "FR", .as = 1, .organization = "One"},
        {"10.0.0.0", 8, .as = 64496, .organization = "Other"},
    };
    size_t size, more_size;
    struct err_note note;
    struct networks *networks;
    uint8_t *bytes = mmdb_try_make(entries, ENTRIES, 6, 28, true, &size);
    uint8_t *more_bytes = mmdb_try_make(more, 2, 4, 24, false, &more_size);
    assert_int_equal(networks_new(&networks), 0);
    assert_int_equal(read_bytes(networks, bytes, size, &note), 0);
    assert_int_equal(read_bytes(networks, more_bytes, more_size, &note), 0);
    check(networks, "192.0.2.128", 64497, "DE", 96 + 25);
    check(networks, "192.0.3.0", 1, "FR", 96 + 16);
    check(networks, "10.1.1.1", 64496, "", 96 + 8);
    assert_string_equal(networks_as_name(networks, 64496), "Example Net");
    networks_free(networks);
    free(bytes);
    free(more_bytes);
}

/* Cut anywhere: an error or (in what is not needed) none, and never a wrong answer. */
static void cut_files(void **state)
{
    (void)state;
    size_t size;
    uint8_t *bytes = mmdb_try_make(entries, ENTRIES, 6, 24, true, &size);
    for (size_t cut = 0; cut < size; cut += 1 + cut / 40) {
        struct networks *networks;
        struct err_note note = {""};
        assert_int_equal(networks_new(&networks), 0);
        int rc = read_bytes(networks, bytes, cut, &note);
        if (rc != ERR_DATA || note.text[0] == '\0')
            fail_msg("%zu: %d %s", cut, rc, note.text);
        check(networks, "192.0.2.0", 0, "", 0);
        networks_free(networks);
    }
    free(bytes);
}

/* Each octet of the file another: no crash, no endless walk, all or nothing. */
static void changed_files(void **state)
{
    (void)state;
    size_t size;
    unsigned refused = 0;
    uint8_t *bytes = mmdb_try_make(entries, ENTRIES, 6, 24, false, &size);
    for (size_t at = 0; at < size; at++) {
        struct networks *networks;
        struct err_note note = {""};
        uint8_t before = bytes[at];
        bytes[at] = (uint8_t)(before ^ (1U << at % 8));
        assert_int_equal(networks_new(&networks), 0);
        int rc = read_bytes(networks, bytes, size, &note);
        refused += rc != 0;
        assert_true(rc == 0 || (rc == ERR_DATA && note.text[0]));
        if (rc)
            check(networks, "192.0.2.0", 0, "", 0);
        networks_free(networks);
        bytes[at] = before;
    }
    assert_true(refused > 50);
    free(bytes);
}

/* Both branches of the last node lead to itself: 2^112 ways. */
static void loops_end(void **state)
{
    (void)state;
    size_t size;
    struct err_note note;
    struct networks *networks;
    static const struct mmdb_try_entry entry = {"ffff::", 16, .as = 1};
    uint8_t *bytes = mmdb_try_make(&entry, 1, 6, 24, false, &size);
    memcpy(bytes + 15 * 6, (const uint8_t[]){0, 0, 15, 0, 0, 15}, 6);
    assert_int_equal(networks_new(&networks), 0);
    assert_int_equal(read_bytes(networks, bytes, size, &note), ERR_DATA);
    assert_non_null(strstr(note.text, "loop"));
    networks_free(networks);
    free(bytes);
}

static void other_content_is_said(void **state)
{
    (void)state;
    static const struct mmdb_try_entry nothing[] = {{"192.0.2.0", 24}};
    static const struct mmdb_try_entry wrong[] = {{"192.0.2.0", 24, .country = "NLD"}};
    size_t size;
    struct err_note note;
    struct networks *networks;
    assert_int_equal(networks_new(&networks), 0);
    uint8_t *bytes = mmdb_try_make(nothing, 1, 4, 24, false, &size);
    assert_int_equal(read_bytes(networks, bytes, size, &note), ERR_DATA);
    assert_non_null(strstr(note.text, "neither countries nor AS"));
    free(bytes);
    bytes = mmdb_try_make(wrong, 1, 4, 24, false, &size);
    assert_int_equal(read_bytes(networks, bytes, size, &note), ERR_DATA);
    assert_non_null(strstr(note.text, "iso_code"));
    free(bytes);
    assert_int_equal(read_bytes(networks, (const uint8_t *)"192.0.2.0 24 1\n", 15, &note), ERR_DATA);
    assert_non_null(strstr(note.text, "no MaxMind DB"));
    networks_free(networks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_is_read),
        cmocka_unit_test(fills_what_is_missing),
        cmocka_unit_test(cut_files),
        cmocka_unit_test(changed_files),
        cmocka_unit_test(loops_end),
        cmocka_unit_test(other_content_is_said),
    };
    return cmocka_run_group_tests_name("io/networks/mmdb", tests, NULL, NULL);
}

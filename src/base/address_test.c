#include "base/address.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *const texts[] = {
    "192.0.2.1", "0.0.0.0", "255.255.255.255", /* good */
    "256.0.2.1", "192.0.2", "192.0.2.1.5", "192.0.2.", ".192.0.2", "192.0.02.1", "192.0.2.1x", "1920.0.2.1",
    "192..2.1", "", ".", "1", /* bad */
    "::", "::1", "1::", "2001:db8::1", "2001:db8:0:0:1:0:0:1", "fe80::1:2:3:4", "::ffff:192.0.2.1",
    "64:ff9b::192.0.2.33", "1:2:3:4:5:6:192.0.2.1", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8",
    "ABCD:ef01::", "1:2:3:4:5:6:7:8", /* good */
    ":", ":::", "1:", ":1", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "12345::", "g::", "1:2:3:4:5:6:7:192.0.2.1", "::192.0.2.1:1",
    "::192.0.2", "1:::2", "::1%lo", "::1 ", "1::2:", /* bad */
};

/* inet_pton() is what the C library says. */
static void test_as_the_c_library(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        uint8_t ours[16] = {0}, theirs[16] = {0};
        bool is_six = strchr(texts[i], ':') != NULL;
        int good = inet_pton(is_six ? AF_INET6 : AF_INET, texts[i], is_six ? theirs : theirs + 12);
        if (!is_six && good == 1)
            theirs[10] = theirs[11] = 0xff;
        if (address_parse(texts[i], strlen(texts[i]), ours) != (good == 1))
            fail_msg("%s: %d", texts[i], good);
        if (good == 1)
            assert_memory_equal(ours, theirs, 16);
    }
}

/* Every pattern of zeros, as inet_ntop() writes it. */
static void test_every_gap(void **state)
{
    (void)state;
    for (unsigned pattern = 0; pattern < 256; pattern++) {
        uint8_t octets[16] = {0}, ours[16];
        char text[INET6_ADDRSTRLEN];
        for (unsigned i = 0; i < 8; i++)
            octets[2 * i + 1] = pattern >> i & 1 ? (uint8_t)(i + 1) : 0;
        inet_ntop(AF_INET6, octets, text, sizeof text);
        assert_true(address_parse(text, strlen(text), ours));
        assert_memory_equal(ours, octets, 16);
    }
}

/* Only `length` octets count. */
static void test_length(void **state)
{
    (void)state;
    uint8_t ours[16];
    assert_true(address_parse("192.0.2.15 20326", 9, ours));
    assert_int_equal(ours[15], 1);
    assert_true(address_parse("2001:db8::1%eth0", 11, ours));
    assert_int_equal(ours[15], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_as_the_c_library),
        cmocka_unit_test(test_every_gap), cmocka_unit_test(test_length)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

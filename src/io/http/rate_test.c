#include "io/http/rate.h"

#include "base/utc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
/* last */
#include <cmocka.h>

static void four(uint8_t address[16], uint32_t host)
{
    memset(address, 0, 16);
    address[10] = address[11] = 0xff;
    memcpy(address + 12, &host, 4);
}

static void burst_and_refill(void **state)
{
    struct rate_table *table = rate_new(2, 3);
    uint8_t a[16], b[16];
    four(a, 1);
    four(b, 2);
    int64_t now_us = 1000 * UTC_SECOND;
    for (int i = 0; i < 3; i++)
        assert_int_equal(rate_take(table, a, now_us), 0);
    assert_int_equal(rate_take(table, a, now_us), 1);
    assert_int_equal(rate_take(table, b, now_us), 0); /* another's bucket */
    assert_int_equal(rate_take(table, a, now_us + UTC_SECOND / 2 - 1), 1);
    assert_int_equal(rate_take(table, a, now_us + UTC_SECOND / 2 + 10), 0); /* two a second */
    assert_int_equal(rate_take(table, a, now_us - UTC_DAY), 1);             /* the clock goes back */
    assert_int_equal(rate_take(table, a, now_us), 0); /* … which refills, but never beyond the burst */
    rate_free(table);

    table = rate_new(1.0 / 60, 1);
    assert_int_equal(rate_take(table, a, now_us), 0);
    assert_in_range(rate_take(table, a, now_us), 60, 61);
    rate_free(table);
    rate_free(NULL);
}

static void networks(void **state)
{
    struct rate_table *table = rate_new(1, 1);
    uint8_t a[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 1}, b[16];
    memcpy(b, a, 16);
    b[15] = 9; /* the same /64 */
    assert_int_equal(rate_take(table, a, 0), 0);
    assert_int_not_equal(rate_take(table, b, 0), 0);
    b[7] = 2; /* another */
    assert_int_equal(rate_take(table, b, 0), 0);
    rate_free(table);
}

/* More addresses than places: nobody new is refused. */
static void crowd(void **state)
{
    struct rate_table *table = rate_new(1, 1);
    uint8_t address[16];
    for (uint32_t i = 0; i < 50000; i++) {
        four(address, i);
        assert_int_equal(rate_take(table, address, 0), 0);
    }
    rate_free(table);
}

int main(void)
{
    const struct CMUnitTest all[] = {
        cmocka_unit_test(burst_and_refill), cmocka_unit_test(networks), cmocka_unit_test(crowd)};
    return cmocka_run_group_tests_name("io/http/rate", all, NULL, NULL);
}

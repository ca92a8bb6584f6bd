#include "base/utc.h"

#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { UNTOUCHED = 42 };

static void moments_are_read(void **state)
{
    static const struct {
        const char *text;
        int64_t second, micro;
    } cases[] = {
        {"1970-01-01", 0, 0},
        {"1970-01-01T00:00:00Z", 0, 0},
        {"1969-12-31T23:59:59.999999Z", -1, 999999},
        {"2018-10-11", 1539216000, 0},
        {"2018-10-11T16:00:00Z", 1539273600, 0},
        {"2018-10-11 16:00:00Z", 1539273600, 0},
        {"2018-10-11t16:00:00z", 1539273600, 0},
        {"2018-10-11T16:00Z", 1539273600, 0},
        {"2018-10-11T18:00:00+02:00", 1539273600, 0},
        {"2018-10-11T10:30:00-05:30", 1539273600, 0},
        {"2018-10-11T16:00:00.5Z", 1539273600, 500000},
        {"2018-10-11T16:00:00.000001Z", 1539273600, 1},
        {"2018-10-11T16:00:00.123456789Z", 1539273600, 123456}, /* nanoseconds are cut off */
        {"2000-02-29", 951782400, 0},                           /* a leap year by the rule of 400 */
        {"2024-02-29T23:59:59Z", 1709251199, 0},
        {"2016-12-31T23:59:60Z", 1483228800, 0}, /* a leap second, and the same one elsewhere */
        {"2016-12-31T15:59:60-08:00", 1483228800, 0},
        {"2017-01-01T05:29:60+05:30", 1483228800, 0},
        {"0001-01-01", -62135596800, 0},
        {"9999-12-31T23:59:59.999999Z", 253402300799, 999999},
        {"2038-01-19T03:14:08Z", INT64_C(1) << 31, 0},
        {"2106-02-07T06:28:16Z", INT64_C(1) << 32, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t us = UNTOUCHED;
        if (utc_parse(cases[i].text, &us) != ERR_OK)
            fail_msg("%s is refused", cases[i].text);
        if (us != cases[i].second * UTC_SECOND + cases[i].micro)
            fail_msg("%s is read as %lld", cases[i].text, (long long)us);
    }
}

static void what_is_no_moment_is_refused(void **state)
{
    static const char *const cases[] = {
        "",
        " ",
        "now",
        "open",
        "2018",
        "2018-10",
        "2018-10-",
        "2018-10-1",
        "18-10-11",
        "+2018-10-11",
        "-2018-10-11",
        "02018-10-11",
        "2018-10-11T",
        "2018-10-11 ",
        "2018-10-11T16",
        "2018-10-11T16Z",
        "2018-10-11T16:00",
        "2018-10-11T16:00:00", /* no zone */
        "2018-10-11T16:00:Z",
        "2018-10-11T16:00:00.Z",
        "2018-10-11T16:00:00.1234567890Z",
        "2018-10-11T16:00:00Zx",
        "2018-10-11T16:00:00ZZ",
        "2018-10-11x16:00:00Z",
        "2018-10-11T24:00:00Z",
        "2018-10-11T16:60:00Z",
        "2018-10-11T16:00:61Z",
        "2018-10-11T16:00:60Z", /* no leap second comes then */
        "2018-10-11T23:59:60+01:00",
        "2018-10-11T16:00:00+24:00",
        "2018-10-11T16:00:00+01:60",
        "2018-10-11T16:00:00+0100",
        "2018-10-11T16:00:00+1",
        "2018-00-11",
        "2018-13-11",
        "2018-10-00",
        "2018-10-32",
        "2018-02-29",
        "1900-02-29", /* no leap year by the rule of 100 */
        "0000-01-01",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01", /* outside by their zone */
        "2018-1o-11",
        "2018/10/11",
        "20181011",
        "2018-10-11T16:00:00\xc2\xa0Z",
        "１９７０-01-01",
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t us = UNTOUCHED;
        if (utc_parse(cases[i], &us) != ERR_DATA || us != UNTOUCHED)
            fail_msg("'%s' is taken, or its output touched", cases[i]);
    }
}

static void moments_are_written(void **state)
{
    static const struct {
        int64_t us;
        const char *text, *brief;
    } cases[] = {
        {0, "1970-01-01T00:00:00Z", "1970-01-01"},
        {1, "1970-01-01T00:00:00.000001Z", "1970-01-01T00:00:00.000001Z"},
        {-1, "1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"},
        {500000, "1970-01-01T00:00:00.5Z", "1970-01-01T00:00:00.5Z"},
        {-UTC_DAY, "1969-12-31T00:00:00Z", "1969-12-31"},
        {1539273600 * UTC_SECOND, "2018-10-11T16:00:00Z", "2018-10-11T16:00:00Z"},
        {UTC_FIRST, "0001-01-01T00:00:00Z", "0001-01-01"},
        {UTC_LAST, "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"},
        {UTC_OPEN, "open", "open"},
        {UTC_OPEN - 1, "294247-01-10T04:00:54.775806Z",
            "294247-01-10T04:00:54.775806Z"}, /* beyond the years, not beyond the text */
        {INT64_MIN, "-290308-12-21T19:59:05.224192Z", "-290308-12-21T19:59:05.224192Z"},
    };
    char out[UTC_TEXT];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_string_equal(utc_format(cases[i].us, out), cases[i].text);
        assert_string_equal(utc_format_short(cases[i].us, out), cases[i].brief);
    }
}

static void every_day_is_written_and_read_back(void **state)
{
    int64_t days = 0;
    (void)state;
    for (int64_t us = UTC_FIRST; us <= UTC_LAST; us += UTC_DAY, days++) {
        char out[UTC_TEXT];
        int64_t again = UNTOUCHED;
        if (utc_parse(utc_format_short(us, out), &again) != ERR_OK || again != us)
            fail_msg("%s comes back as another moment", out);
    }
    assert_int_equal(days, 3652059); /* of the years 1 to 9999 */
}

static void spans_are_read(void **state)
{
    static const struct {
        const char *text;
        int64_t us;
    } cases[] = {
        {"P30D", 30 * UTC_DAY},
        {"P1DT12H", 36 * UTC_HOUR},
        {"PT1H30M", 90 * UTC_MINUTE},
        {"PT30S", 30 * UTC_SECOND},
        {"PT0S", 0},
        {"P0D", 0},
        {"PT0.5S", 500000},
        {"PT0.000001S", 1},
        {"P0.5D", 12 * UTC_HOUR},
        {"P2W", 14 * UTC_DAY},
        {"P1DT1H1M1.5S", UTC_DAY + UTC_HOUR + UTC_MINUTE + 1500000},
        {"-P30D", -30 * UTC_DAY},
        {"-PT1S", -UTC_SECOND},
        {"250ms", 250000},
        {"30s", 30 * UTC_SECOND},
        {"1.5s", 1500000},
        {"15m", 15 * UTC_MINUTE},
        {"15min", 15 * UTC_MINUTE},
        {"12h", 12 * UTC_HOUR},
        {"0.5h", 30 * UTC_MINUTE},
        {"45d", 45 * UTC_DAY},
        {"2w", 14 * UTC_DAY},
        {"-2h", -2 * UTC_HOUR},
        {"0s", 0},
        {"PT1000000000000S", 1000000000000 * UTC_SECOND},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t us = UNTOUCHED;
        if (utc_parse_span(cases[i].text, &us) != ERR_OK || us != cases[i].us)
            fail_msg("%s is refused or read as %lld", cases[i].text, (long long)us);
    }
}

static void what_is_no_span_is_refused(void **state)
{
    static const char *const cases[] = {
        "",
        "-",
        "P",
        "PT",
        "P1DT",
        "T1H",
        "30",
        "s",
        "1x",
        "1.s",
        ".5s",
        "1 s",
        "+1s",
        "--1s",
        "-",
        "- 1s",
        "1s ",
        "1s1s",
        "0.5ms",
        "P1Y",
        "P1M",
        "P1H",
        "PT1D",
        "PT1W",
        "P1D1W",
        "PT1S1M",
        "PT1M1H",
        "P1D2D",
        "P1.5DT1H",
        "PTT1S",
        "p1d",
        "P-1D",
        "P1",
        "P1DT1",
        "1e3s",
        "0x10s",
        "PT1000000000001S",
        "10000000000000s",
        "99999999999999999999d", /* too large, and too large for a number */
        "P999999999999D",
        "P30D\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t us = UNTOUCHED;
        if (utc_parse_span(cases[i], &us) != ERR_DATA || us != UNTOUCHED)
            fail_msg("'%s' is taken, or its output touched", cases[i]);
    }
}

static void spans_are_written(void **state)
{
    static const struct {
        int64_t us;
        const char *iso, *words;
    } cases[] = {
        {0, "PT0S", "0 s"},
        {1, "PT0.000001S", "0 ms"},
        {250000, "PT0.25S", "250 ms"},
        {1500000, "PT1.5S", "1.5 s"},
        {9990000, "PT9.99S", "9.9 s"},
        {10500000, "PT10.5S", "10 s"},
        {59 * UTC_SECOND, "PT59S", "59 s"},
        {60 * UTC_SECOND, "PT1M", "1 min"},
        {150 * UTC_SECOND, "PT2M30S", "2 min 30 s"},
        {UTC_HOUR, "PT1H", "1 h"},
        {UTC_HOUR + 59 * UTC_SECOND, "PT1H59S", "1 h"},
        {25 * UTC_HOUR + UTC_MINUTE, "P1DT1H1M", "1 day 1 h"},
        {30 * UTC_DAY, "P30D", "30 days"},
        {-30 * UTC_DAY, "-P30D", "-30 days"},
        {INT64_MAX, "P106751991DT4H54.775807S", "106751991 days 4 h"},
        {INT64_MIN, "-P106751991DT4H54.775808S", "-106751991 days 4 h"},
    };
    char out[UTC_TEXT];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_string_equal(utc_format_span(cases[i].us, out), cases[i].iso);
        assert_string_equal(utc_format_words(cases[i].us, out), cases[i].words);
    }
}

static void seconds_of_dnssec_wrap(void **state)
{
    (void)state;
    assert_int_equal(utc_second32(1539273600 * UTC_SECOND + 999999), 1539273600);
    assert_int_equal(utc_second32(-1), 0xffffffff); /* rounded down, not towards zero */
    assert_int_equal(utc_second32((INT64_C(1) << 32) * UTC_SECOND), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_are_read),
        cmocka_unit_test(what_is_no_moment_is_refused),
        cmocka_unit_test(moments_are_written),
        cmocka_unit_test(every_day_is_written_and_read_back),
        cmocka_unit_test(spans_are_read),
        cmocka_unit_test(what_is_no_span_is_refused),
        cmocka_unit_test(spans_are_written),
        cmocka_unit_test(seconds_of_dnssec_wrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

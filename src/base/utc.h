/* utc: moments and spans. A moment is an int64_t of microseconds since 1970-01-01T00:00:00Z, without leap
 * seconds (POSIX). Years 1 to 9999. Nothing here asks what time it is. */
#ifndef BASE_UTC_H
#define BASE_UTC_H

#include <stdbool.h>
#include <stdint.h>

#define UTC_SECOND INT64_C(1000000)
#define UTC_MINUTE (60 * UTC_SECOND)
#define UTC_HOUR (3600 * UTC_SECOND)
#define UTC_DAY (86400 * UTC_SECOND)

/* A date that is not set: later than every moment. "open" in plans. */
#define UTC_OPEN INT64_MAX

/* 0001-01-01T00:00:00Z and 9999-12-31T23:59:59.999999Z: what utc_parse() gives lies between. */
#define UTC_FIRST (INT64_C(-62135596800) * UTC_SECOND)
#define UTC_LAST (INT64_C(253402300800) * UTC_SECOND - 1)

enum { UTC_TEXT = 40 };

/* Reads a date (2018-10-11), or an RFC 3339 date-time: 2018-10-11T16:00:00Z, seconds and their fraction (up
 * to nine digits, what is below a microsecond is cut off) optional, `T` may be a space, an offset (+02:00)
 * allowed. A date without zone is UTC midnight. A date-time without zone is refused. Returns ERR_DATA for
 * anything else. */
int utc_parse(const char *string, int64_t *ret_us);

/* RFC 3339 in UTC: "2018-10-11T16:00:00Z", with a fraction only if there is one; "open" for UTC_OPEN.
 * Returns `out`. */
char *utc_format(int64_t us, char out[UTC_TEXT]);

/* Like utc_format(), but a midnight is only its date. */
char *utc_format_short(int64_t us, char out[UTC_TEXT]);

/* Reads a span in ISO 8601 (P30D, PT1H30M, P1DT12H, PT0.5S; weeks P2W; a leading - for a negative one) or one
 * number with a unit: 250ms, 30s, 15m or 15min, 12h, 45d, 2w. Months and years have no fixed length and are
 * refused. */
int utc_parse_span(const char *string, int64_t *ret_us);

/* ISO 8601, shortest: "P30D", "PT30S", "PT0S". Returns `out`. */
char *utc_format_span(int64_t us, char out[UTC_TEXT]);

/* For people: "30 days", "2 min 30 s", "1.5 s", "250 ms"; at most two units, what is smaller is cut off.
 * Returns `out`. */
char *utc_format_words(int64_t us, char out[UTC_TEXT]);

/* The calendar date of a moment. */
struct utc_date {
    int year, month, day, hour, minute, second, micro;
};
struct utc_date utc_date_of(int64_t us);

/* The POSIX second of a moment as DNSSEC writes it in 32 bits (RFC 4034 §3.1.5). */
static inline uint32_t utc_second32(int64_t us)
{
    int64_t seconds = us / UTC_SECOND - (us % UTC_SECOND < 0);
    return (uint32_t)seconds;
}

#endif

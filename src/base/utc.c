/* The proleptic Gregorian calendar is counted in days of 400-year eras that begin on a first of March, so
 * that the leap day is the last day of its year. */
#include "base/utc.h"

#include "base/err.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int64_t days_from_date(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400, year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

struct utc_date utc_date_of(int64_t us)
{
    int64_t days = us / UTC_DAY, rest = us % UTC_DAY;
    if (rest < 0) {
        rest += UTC_DAY;
        days--;
    }
    int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097, doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    int month = (int)(mp < 10 ? mp + 3 : mp - 9);
    return (struct utc_date){.year = (int)(yoe + era * 400 + (month <= 2)),
        .month = month,
        .day = (int)(doy - (153 * mp + 2) / 5 + 1),
        .hour = (int)(rest / UTC_HOUR),
        .minute = (int)(rest / UTC_MINUTE % 60),
        .second = (int)(rest / UTC_SECOND % 60),
        .micro = (int)(rest % UTC_SECOND)};
}

/* Exactly `digits` decimal digits. */
static bool take_number(const char **at, int digits, int *ret)
{
    int value = 0;
    for (int i = 0; i < digits; i++) {
        if ((*at)[i] < '0' || (*at)[i] > '9')
            return false;
        value = value * 10 + ((*at)[i] - '0');
    }
    *at += digits;
    *ret = value;
    return true;
}

static bool take(const char **at, char c)
{
    if (**at != c)
        return false;
    ++*at;
    return true;
}

/* A fraction after its point, in millionths: one to nine digits, of which six count. */
static bool take_fraction(const char **at, int64_t *ret_us)
{
    int64_t value = 0, scale = UTC_SECOND;
    int digits = 0;
    for (; **at >= '0' && **at <= '9'; ++*at, digits++) {
        if (digits == 9)
            return false;
        if (digits < 6) {
            value = value * 10 + (**at - '0');
            scale /= 10;
        }
    }
    *ret_us = value * scale;
    return digits > 0;
}

static bool take_zone(const char **at, int64_t *ret_us)
{
    int hours, minutes;
    if (take(at, 'Z') || take(at, 'z')) {
        *ret_us = 0;
        return true;
    }
    int64_t sign = **at == '-' ? -1 : 1;
    if (!take(at, '+') && !take(at, '-'))
        return false;
    if (!take_number(at, 2, &hours) || !take(at, ':') || !take_number(at, 2, &minutes) || hours > 23 ||
        minutes > 59)
        return false;
    *ret_us = sign * (hours * UTC_HOUR + minutes * UTC_MINUTE);
    return true;
}

/* Days since 1970. */
static bool take_date(const char **at, int64_t *ret_days)
{
    int year, month, day;
    if (!take_number(at, 4, &year) || !take(at, '-') || !take_number(at, 2, &month) || !take(at, '-') ||
        !take_number(at, 2, &day))
        return false;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
        return false;
    *ret_days = days_from_date(year, month, day);
    return true;
}

/* Time of day with its zone, as microseconds since midnight UTC of the same date: may be negative, or more
 * than a day. A leap second (RFC 3339 §5.7: only at 23:59:60 UTC) counts as the second after it, as in POSIX.
 */
static bool take_time(const char **at, int64_t *ret_us)
{
    int hour, minute, second = 0;
    int64_t fraction = 0, zone;
    if (!take_number(at, 2, &hour) || !take(at, ':') || !take_number(at, 2, &minute))
        return false;
    if (take(at, ':') && (!take_number(at, 2, &second) || (take(at, '.') && !take_fraction(at, &fraction))))
        return false;
    if (!take_zone(at, &zone) || hour > 23 || minute > 59 || second > 60)
        return false;
    int64_t start_of_minute = hour * UTC_HOUR + minute * UTC_MINUTE - zone;
    if (second == 60 && (start_of_minute + UTC_DAY) % UTC_DAY != UTC_DAY - UTC_MINUTE)
        return false;
    *ret_us = start_of_minute + second * UTC_SECOND + fraction;
    return true;
}

int utc_parse(const char *string, int64_t *ret_us)
{
    int64_t days, time = 0;
    const char *at = string;
    if (!take_date(&at, &days))
        return ERR_DATA;
    if (*at && !((take(&at, 'T') || take(&at, 't') || take(&at, ' ')) && take_time(&at, &time) && !*at))
        return ERR_DATA;
    int64_t us = days * UTC_DAY + time;
    if (us < UTC_FIRST || us > UTC_LAST)
        return ERR_DATA;
    *ret_us = us;
    return ERR_OK;
}

char *utc_format(int64_t us, char out[UTC_TEXT])
{
    if (us == UTC_OPEN)
        return strcpy(out, "open");
    struct utc_date d = utc_date_of(us);
    int n = snprintf(
        out, UTC_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d", d.year, d.month, d.day, d.hour, d.minute, d.second);
    if (d.micro) {
        n += snprintf(out + n, (size_t)(UTC_TEXT - n), ".%06d", d.micro);
        while (out[n - 1] == '0')
            n--;
    }
    strcpy(out + n, "Z");
    return out;
}

char *utc_format_short(int64_t us, char out[UTC_TEXT])
{
    utc_format(us, out);
    if (us != UTC_OPEN && us % UTC_DAY == 0)
        out[strlen(out) - strlen("T00:00:00Z")] = '\0';
    return out;
}

struct span_unit {
    const char *name;
    int64_t us;
};

/* A decimal number, its fraction allowed, times a unit. Overflow is refused. */
static bool span_part(const char **at, int64_t *ret_whole, int64_t *ret_fraction_us)
{
    int64_t whole = 0;
    if (**at < '0' || **at > '9')
        return false;
    for (; **at >= '0' && **at <= '9'; ++*at) {
        whole = whole * 10 + (**at - '0');
        if (whole > INT64_C(1000000000000))
            return false;
    }
    *ret_fraction_us = 0;
    *ret_whole = whole;
    return !take(at, '.') || take_fraction(at, ret_fraction_us);
}

static bool span_add(int64_t *sum, int64_t whole, int64_t fraction, int64_t unit)
{
    int64_t part;
    return !__builtin_mul_overflow(whole, unit, &part) && !__builtin_add_overflow(*sum, part, sum) &&
           !__builtin_add_overflow(*sum, fraction * (unit / UTC_SECOND), sum) && *sum < UTC_OPEN / 4;
}

static int span_words(const char *at, int64_t *ret_us)
{
    static const struct span_unit units[] = {{"ms", 1000}, {"s", UTC_SECOND}, {"min", UTC_MINUTE},
        {"m", UTC_MINUTE}, {"h", UTC_HOUR}, {"d", UTC_DAY}, {"w", 7 * UTC_DAY}};
    int64_t whole, fraction, sum = 0;
    if (!span_part(&at, &whole, &fraction))
        return ERR_DATA;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(at, units[i].name) == 0 && (fraction == 0 || units[i].us >= UTC_SECOND) &&
            span_add(&sum, whole, fraction, units[i].us)) {
            *ret_us = sum;
            return ERR_OK;
        }
    return ERR_DATA;
}

static int span_iso(const char *at, int64_t *ret_us)
{
    static const struct span_unit units[] = {
        {"W", 7 * UTC_DAY}, {"D", UTC_DAY}, {"T", 0}, {"H", UTC_HOUR}, {"M", UTC_MINUTE}, {"S", UTC_SECOND}};
    enum { TIME_MARK = 2, COUNT = 6 };
    int64_t sum = 0;
    bool any = false;
    for (size_t next = 0; *at;) {
        if (next <= TIME_MARK && take(&at, 'T')) {
            next = TIME_MARK + 1;
            any = false;
            continue;
        }
        int64_t whole, fraction;
        if (!span_part(&at, &whole, &fraction))
            return ERR_DATA;
        size_t end = next <= TIME_MARK ? TIME_MARK : COUNT;
        while (next < end && *at != units[next].name[0])
            next++;
        if (next == end || !span_add(&sum, whole, fraction, units[next].us))
            return ERR_DATA;
        at++;
        if (fraction && *at)
            return ERR_DATA; /* only the smallest unit may have one */
        next++;
        any = true;
    }
    if (!any)
        return ERR_DATA;
    *ret_us = sum;
    return ERR_OK;
}

int utc_parse_span(const char *string, int64_t *ret_us)
{
    bool negative = *string == '-';
    string += negative;
    int64_t us;
    int rc = *string == 'P' ? span_iso(string + 1, &us) : span_words(string, &us);
    if (rc == ERR_OK)
        *ret_us = negative ? -us : us;
    return rc;
}

char *utc_format_span(int64_t us, char out[UTC_TEXT])
{
    char *at = out;
    if (us < 0)
        *at++ = '-';
    uint64_t left = us < 0 ? -(uint64_t)us : (uint64_t)us, days = left / (uint64_t)UTC_DAY;
    left %= (uint64_t)UTC_DAY;
    uint64_t hours = left / (uint64_t)UTC_HOUR, minutes = left / (uint64_t)UTC_MINUTE % 60,
             seconds = left / (uint64_t)UTC_SECOND % 60, micro = left % (uint64_t)UTC_SECOND;
    *at++ = 'P';
    if (days)
        at += sprintf(at, "%" PRIu64 "D", days);
    if (left || !days)
        *at++ = 'T';
    if (hours)
        at += sprintf(at, "%" PRIu64 "H", hours);
    if (minutes)
        at += sprintf(at, "%" PRIu64 "M", minutes);
    if (micro) {
        at += sprintf(at, "%" PRIu64 ".%06" PRIu64, seconds, micro);
        while (at[-1] == '0')
            at--;
        *at++ = 'S';
    } else if (seconds || (!days && !left)) {
        at += sprintf(at, "%" PRIu64 "S", seconds);
    }
    *at = '\0';
    return out;
}

char *utc_format_words(int64_t us, char out[UTC_TEXT])
{
    static const struct span_unit units[] = {
        {"day", UTC_DAY}, {"h", UTC_HOUR}, {"min", UTC_MINUTE}, {"s", UTC_SECOND}};
    enum { DAYS, SECONDS = 3 };
    char *at = out;
    if (us < 0)
        *at++ = '-';
    uint64_t left = us < 0 ? -(uint64_t)us : (uint64_t)us;
    if (left > 0 && left < UTC_SECOND) {
        sprintf(at, "%" PRIu64 " ms", left / 1000);
        return out;
    }
    if (left < 10 * UTC_SECOND && left % UTC_SECOND) {
        sprintf(at, "%" PRIu64 ".%" PRIu64 " s", left / UTC_SECOND, left % UTC_SECOND / (UTC_SECOND / 10));
        return out;
    }
    size_t unit = DAYS;
    while (unit < SECONDS && left < (uint64_t)units[unit].us)
        unit++;
    uint64_t count = left / (uint64_t)units[unit].us, rest = left % (uint64_t)units[unit].us;
    at += sprintf(at, "%" PRIu64 " %s%s", count, units[unit].name, unit == DAYS && count != 1 ? "s" : "");
    if (unit < SECONDS && rest / (uint64_t)units[unit + 1].us)
        sprintf(at, " %" PRIu64 " %s", rest / (uint64_t)units[unit + 1].us, units[unit + 1].name);
    return out;
}

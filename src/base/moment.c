#include "base/moment.h"

#include <stdio.h>
#include <string.h>

const char *moment_date(int64_t us, char out[UTC_TEXT])
{
    struct utc_date date = utc_date_of(us);
    snprintf(out, UTC_TEXT, "%04d-%02d-%02d", date.year, date.month, date.day);
    return out;
}

const char *moment_clock(int64_t us, char out[UTC_TEXT])
{
    struct utc_date date = utc_date_of(us);
    snprintf(out, UTC_TEXT, "%02d:%02d:%02d", date.hour, date.minute, date.second);
    return out;
}

const char *moment_offset(int64_t us, char out[UTC_TEXT])
{
    char words[UTC_TEXT];
    if (us == 0)
        return "at the start";
    utc_format_words(us, words);
    snprintf(out, UTC_TEXT, "%s%.30s", us > 0 ? "+" : "", words);
    return out;
}

/* --- marks --- */

/* The first moment of a month; months count from year 0. */
static int64_t month_start(long month)
{
    char text[UTC_TEXT];
    int64_t us;
    snprintf(text, sizeof text, "%04ld-%02ld-01", month / 12, month % 12 + 1);
    return utc_parse(text, &us) == 0 ? us : UTC_OPEN;
}

static long month_of(int64_t us)
{
    struct utc_date date = utc_date_of(us);
    return date.year * 12L + date.month - 1;
}

static size_t month_ticks(int64_t from_us, int64_t to_us, int64_t *ret_ticks, size_t most)
{
    static const long steps[] = {1, 2, 3, 6, 12, 24, 60, 120, 600, 2400};
    long first = month_of(from_us), last = month_of(to_us);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        long at = (first / steps[i] + 1) * steps[i];
        if ((last - at) / steps[i] + 1 > (long)most)
            continue;
        size_t count = 0;
        for (; at <= last && count < most; at += steps[i])
            ret_ticks[count++] = month_start(at);
        return count;
    }
    return 0;
}

size_t moment_ticks(int64_t from_us, int64_t to_us, bool relative, int64_t *ret_ticks, size_t most)
{
    static const int64_t steps[] = {UTC_SECOND, 5 * UTC_SECOND, 10 * UTC_SECOND, 30 * UTC_SECOND, UTC_MINUTE,
        2 * UTC_MINUTE, 5 * UTC_MINUTE, 10 * UTC_MINUTE, 30 * UTC_MINUTE, UTC_HOUR, 3 * UTC_HOUR,
        6 * UTC_HOUR, 12 * UTC_HOUR, UTC_DAY, 2 * UTC_DAY, 7 * UTC_DAY, 14 * UTC_DAY, 30 * UTC_DAY,
        90 * UTC_DAY, 360 * UTC_DAY, 3600 * UTC_DAY, 36000 * UTC_DAY, 360000 * UTC_DAY};
    size_t count = 0;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (!relative && steps[i] > 14 * UTC_DAY)
            return month_ticks(from_us, to_us, ret_ticks, most);
        int64_t at = from_us / steps[i] * steps[i];
        at = at < from_us ? at + steps[i] : at;
        if ((to_us - at) / steps[i] + 1 > (int64_t)most)
            continue;
        for (; at <= to_us && count < most; at += steps[i])
            ret_ticks[count++] = at;
        break;
    }
    return count;
}

const char *moment_tick_text(
    const int64_t *ticks, size_t count, size_t index, bool relative, char out[UTC_TEXT])
{
    static const char *const months[] = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    if (relative)
        return ticks[index] == 0 ? "start" : moment_offset(ticks[index], out);
    struct utc_date date = utc_date_of(ticks[index]);
    int64_t apart_us = count > 1 ? ticks[1] - ticks[0] : UTC_DAY;
    if (apart_us < UTC_MINUTE)
        moment_clock(ticks[index], out);
    else if (apart_us < UTC_DAY)
        snprintf(out, UTC_TEXT, "%02d:%02d", date.hour, date.minute);
    else if (apart_us < 28 * UTC_DAY)
        snprintf(out, UTC_TEXT, "%d %s", date.day, months[date.month - 1]);
    else if (apart_us < 360 * UTC_DAY)
        snprintf(out, UTC_TEXT, "%s %d", months[date.month - 1], date.year);
    else
        snprintf(out, UTC_TEXT, "%d", date.year);
    return out;
}

/* --- in HTML --- */

static void write_html(struct text *out, int64_t us, bool date, bool seconds)
{
    char whole[UTC_TEXT], text[UTC_TEXT];
    text_printf(out, "<time datetime=\"%s\">", utc_format(us, whole));
    if (date)
        text_printf(out, "%s ", moment_date(us, text));
    text_printf(out, "%.*s\xc2\xa0UTC</time>", seconds ? 8 : 5, moment_clock(us, text));
}

void moment_html(struct text *out, int64_t us, bool seconds)
{
    if (us == UTC_OPEN)
        text_add(out, "no date");
    else
        write_html(out, us, true, seconds);
}

void moment_html_from(struct text *out, int64_t us, int64_t now_us, bool seconds)
{
    if (us == UTC_OPEN) {
        text_add(out, "no date");
        return;
    }
    char words[UTC_TEXT];
    int64_t away_us = us > now_us ? us - now_us : now_us - us;
    away_us -= away_us % UTC_SECOND; /* nobody counts less */
    write_html(out, us, !seconds || away_us >= 12 * UTC_HOUR, seconds);
    if (away_us == 0)
        text_add(out, " (now)");
    else if (us > now_us)
        text_printf(out, " (in %s)", utc_format_words(away_us, words));
    else
        text_printf(out, " (%s ago)", utc_format_words(away_us, words));
}

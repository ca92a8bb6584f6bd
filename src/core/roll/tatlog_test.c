#include "core/roll/tatlog.h"

#include "base/utc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TAT "trust-anchor-telemetry"
#define FROM TAT " '_ta-4f66/IN' from 192.0.2.1"

/* ---- times ---- */

static const struct {
    const char *before, *time; /* NULL: none */
} times[] = {
    {"25-Nov-2026 01:02:03.456 " TAT ": info: ", "2026-11-25T01:02:03.456Z"},
    {"25-Nov-2026 01:02:03.456 ", "2026-11-25T01:02:03.456Z"}, /* without category and severity */
    {"01-Jan-1999 00:00:00.000 info: ", "1999-01-01T00:00:00Z"},
    {"2026-11-25T01:02:03.456 " TAT ": info: ", "2026-11-25T01:02:03.456Z"},       /* iso8601 */
    {"2026-11-25T01:02:03.456Z " TAT ": info: ", "2026-11-25T01:02:03.456Z"},      /* iso8601-utc */
    {"2026-11-25T01:02:03.456+01:00 " TAT ": info: ", "2026-11-25T00:02:03.456Z"}, /* iso8601-tzinfo */
    {"<30>1 2026-11-25T01:02:03.456789+02:00 ns1 named 812 - - " TAT ": info: ",
        "2026-11-24T23:02:03.456789Z"}, /* RFC 5424 */
    {"2026-11-25T01:02:03.123456+01:00 ns1 named[812]: ", "2026-11-25T00:02:03.123456Z"},
    {"2026-11-25T01:02:03+0100 ns1 named[812]: ", "2026-11-25T00:02:03Z"}, /* journalctl -o short-iso */
    {"2026-11-25T01:02:03-0330 ns1 named[812]: ", "2026-11-25T04:32:03Z"},
    {"2026-11-25 01:02:03.5 ns1 named[812]: ", "2026-11-25T01:02:03.500Z"},
    {"Nov 25 01:02:03 ns1 named[812]: 25-Nov-2026 01:02:03.456 ", "2026-11-25T01:02:03.456Z"},
    {"25-Nov-2026 02:02:03.456 2026-11-25T02:02:03.456+01:00 ", "2026-11-25T01:02:03.456Z"}, /* the zoned */
    {"2026-11-25T01:02:03Z ns1 named[1]: 25-Nov-2026 09:02:03.456 ", "2026-11-25T01:02:03Z"},
    {"29-Feb-2024 23:59:59.999 ", "2024-02-29T23:59:59.999Z"},
    {"29-Feb-2026 01:02:03.456 ", NULL}, /* there is no such day */
    {"25-Nov-2026 25:02:03.456 ", NULL},
    {"25-Now-2026 01:02:03.456 ", NULL},
    {"25-Nov-26 01:02:03.456 ", NULL},
    {"25-Nov-2026 ", NULL},
    {"2026-11-25 ", NULL},
    {"Nov 25 01:02:03 ns1 named[812]: ", NULL}, /* no year */
    {"", NULL},
};

static void test_times(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        char line[512];
        struct tatlog log;
        struct err_note note = {""};
        int64_t want = 0;
        int length = snprintf(line, sizeof line, "%s" FROM, times[i].before);
        int err = tatlog_parse(line, (size_t)length, &log, &note);
        if (err != (times[i].time ? 0 : ERR_DATA))
            fail_msg("%s: %d %s", line, err, note.text);
        if (err) {
            assert_non_null(strstr(note.text, "year"));
            continue;
        }
        assert_int_equal(utc_parse(times[i].time, &want), 0);
        if (log.time_us != want)
            fail_msg("%s: %lld us away", line, (long long)(log.time_us - want));
    }
}

/* ---- messages ---- */

static const struct {
    const char *line;
    int err;
    uint8_t kind;
    const char *zone, *tags, *source; /* the last two octets of the source in hexadecimal */
    const char *said;                 /* in the fault or in the note */
} lines[] = {
    {TAT " '_ta-4f66/IN' from 192.0.2.1", 0, SIGHTING_TA_NULL, ".", "4f66", "0201", NULL},
    {TAT " '_ta-9728-4f66-4f66/IN' from 192.0.2.1", 0, SIGHTING_TA_NULL, ".", "4f66 9728", "0201", NULL},
    {TAT " '_TA-4F66-9728.Example.COM/IN' from 2001:db8::35", 0, SIGHTING_TA_NULL, "example.com.",
        "4f66 9728", "0035", NULL},
    {TAT " './IN' from 192.0.2.1 20326 38696", 0, SIGHTING_OPTION, ".", "4f66 9728", "0201", NULL},
    {TAT " './IN' from 192.0.2.1 38696 20326 38696", 0, SIGHTING_OPTION, ".", "4f66 9728", "0201", NULL},
    {TAT " 'example.com/IN' from fe80::1:2%eth0 0 65535", 0, SIGHTING_OPTION, "example.com.", "0000 ffff",
        "0002", NULL},
    {TAT " './IN' from 192.0.2.1 20326\r\n", 0, SIGHTING_OPTION, ".", "4f66", "0201", NULL},
    {TAT " '_ta-4f66/IN' from 192.0.2.1 20326", 0, SIGHTING_OPTION, "_ta-4f66.", "4f66", "0201", NULL},
    {TAT " './IN' from 192.0.2.1 1 2 3 4 5 6 7 8 9 10 11 12 13", 0, SIGHTING_OPTION, ".",
        "0001 0002 0003 0004 0005 0006 0007 0008 0009 000a 000b 000c 000d", "0201", NULL},
    /* malformed signals are signals */
    {TAT " './IN' from 192.0.2.1", 0, SIGHTING_INVALID, ".", "", "0201", "without a key tag"},
    {TAT " 'example/IN' from 192.0.2.1", 0, SIGHTING_INVALID, "example.", "", "0201", "without a key tag"},
    {TAT " '_ta-4f6.example/IN' from 192.0.2.1", 0, SIGHTING_INVALID, "example.", "", "0201", "fewer"},
    {TAT " '_ta-zz66/IN' from 192.0.2.1", 0, SIGHTING_INVALID, ".", "", "0201", "hexadecimal"},
    {TAT " '_ta-4f66\\032' from 192.0.2.9/IN' from 192.0.2.1", ERR_DATA, 0, "", "", "", "no name"},
    /* A stranger's name cannot end the name: its spaces are escaped. */
    {TAT " '_ta-4f66\\032.a'\\032from\\032192.0.2.9/IN' from 192.0.2.1", 0, SIGHTING_INVALID,
        "a'\\032from\\032192.0.2.9.", "", "0201", "more"},
    {TAT " '_ta-4f66.a/b/IN' from 192.0.2.1", 0, SIGHTING_TA_NULL, "a/b.", "4f66", "0201", NULL},
    /* other lines */
    {"client @0x7f 192.0.2.1#53 (" TAT "): query: " TAT " IN A +", ERR_NOINPUT, 0, "", "", "", ""},
    {TAT ": info: something else", ERR_NOINPUT, 0, "", "", "", ""},
    {TAT " \"./IN\" from 192.0.2.1", ERR_NOINPUT, 0, "", "", "", ""},
    {"", ERR_NOINPUT, 0, "", "", "", ""},
    /* malformed lines */
    {TAT " '", ERR_DATA, 0, "", "", "", "cut off"},
    {TAT " '_ta-4f66/IN'", ERR_DATA, 0, "", "", "", "cut off"},
    {TAT " '_ta-4f66/IN' from ", ERR_DATA, 0, "", "", "", "cut off"}, /* the spaces at the end go first */
    {TAT " '_ta-4f66/IN' from  1", ERR_DATA, 0, "", "", "", "no address"},
    {TAT " '_ta-4f66/IN' from 192.0.2.", ERR_DATA, 0, "", "", "", "no address"},
    {TAT " '_ta-4f66/IN' from %eth0", ERR_DATA, 0, "", "", "", "no address"},
    {TAT " '_ta-4f66/IN' from 192.0.2.1#53", ERR_DATA, 0, "", "", "", "no address"},
    {TAT " './IN' from 192.0.2.1 65536", ERR_DATA, 0, "", "", "", "no key tag"},
    {TAT " './IN' from 192.0.2.1 4f66", ERR_DATA, 0, "", "", "", "no key tag"},
    {TAT " './IN' from 192.0.2.1 -1", ERR_DATA, 0, "", "", "", "no key tag"},
    {TAT " './IN' from 192.0.2.1 000020326", ERR_DATA, 0, "", "", "", "no key tag"},
    {TAT " './CH' from 192.0.2.1 20326", ERR_DATA, 0, "", "", "", "class IN"},
    {TAT " '.' from 192.0.2.1 20326", ERR_DATA, 0, "", "", "", "no name and class"},
    {TAT " '/IN' from 192.0.2.1 20326", ERR_DATA, 0, "", "", "", "malformed"},
    {TAT " 'a..b/IN' from 192.0.2.1 20326", ERR_DATA, 0, "", "", "", "malformed"},
};

static void check_line(size_t i, const struct tatlog *log)
{
    char zone[NAME_MAX_TEXT], tags[512] = "", source[8];
    for (unsigned j = 0; j < log->tag_count; j++)
        snprintf(tags + strlen(tags), sizeof tags - strlen(tags), "%s%04x", j ? " " : "", log->tags[j]);
    snprintf(source, sizeof source, "%02x%02x", log->source[14], log->source[15]);
    if (log->kind != lines[i].kind || strcmp(name_to_text(&log->zone, zone), lines[i].zone) != 0 ||
        strcmp(tags, lines[i].tags) != 0 || strcmp(source, lines[i].source) != 0)
        fail_msg("%s: %d %s [%s] %s", lines[i].line, log->kind, zone, tags, source);
    if (lines[i].said ? !log->fault || !strstr(log->fault, lines[i].said) : log->fault != NULL)
        fail_msg("%s: %s", lines[i].line, log->fault ? log->fault : "no fault");
}

static void test_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char line[1024];
        struct tatlog log;
        struct err_note note = {""};
        int length = snprintf(line, sizeof line, "25-Nov-2026 01:02:03.456 info: %s", lines[i].line);
        int err = tatlog_parse(line, (size_t)length, &log, &note);
        if (err != lines[i].err)
            fail_msg("%s: %d %s", line, err, note.text);
        if (err)
            assert_non_null(strstr(note.text, lines[i].said));
        else
            check_line(i, &log);
    }
}

/* As many tags as are read, and one more. */
static void test_many_tags(void **state)
{
    (void)state;
    char line[1024] = "25-Nov-2026 01:02:03.456 " TAT " './IN' from 192.0.2.1";
    struct tatlog log;
    struct err_note note;
    size_t length = strlen(line);
    for (unsigned i = 0; i < TASIGNAL_MAX_OPTION; i++)
        length += (size_t)snprintf(line + length, sizeof line - length, " %u", 1000 - i);
    assert_int_equal(tatlog_parse(line, length, &log, &note), 0);
    assert_int_equal(log.kind, SIGHTING_OPTION);
    assert_int_equal(log.tag_count, TASIGNAL_MAX_OPTION);
    assert_int_equal(log.tags[0], 1000 - TASIGNAL_MAX_OPTION + 1);
    length += (size_t)snprintf(line + length, sizeof line - length, " 7");
    assert_int_equal(tatlog_parse(line, length, &log, &note), 0);
    assert_int_equal(log.kind, SIGHTING_INVALID);
    assert_non_null(log.fault);
}

/* Nothing is read past the end, and no part of a line is mistaken for the whole: a shorter line gives an
 * error or what it says itself. */
static void test_every_cut(void **state)
{
    (void)state;
    static const char whole[] = "2026-11-25T01:02:03.456+01:00 n " TAT " '_ta-4f66.x/IN' from 2001:db8::1%lo";
    for (size_t length = 0; length < sizeof whole; length++) {
        char copy[sizeof whole];
        struct tatlog log;
        struct err_note note;
        memcpy(copy, whole, length);
        memset(copy + length, '\'', sizeof copy - length);
        int err = tatlog_parse(copy, length, &log, &note);
        assert_true(err == 0 || err == ERR_DATA || err == ERR_NOINPUT);
        if (err == 0)
            assert_true(length > strlen(whole) - strlen("2001:db8::1%lo"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_times), cmocka_unit_test(test_lines),
        cmocka_unit_test(test_many_tags), cmocka_unit_test(test_every_cut)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

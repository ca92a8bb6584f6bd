/* What rollcall and ClickHouse say to each other, without a ClickHouse: rows, SQL, URLs, errors, chains. */
#include "io/store/click_error.h"
#include "io/store/click_row.h"
#include "io/store/click_sql.h"
#include "io/store/click_url.h"
#include "io/store/sightings_click.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- rows ---- */

static void rows_are_those_of_the_format(void **state)
{
    (void)state;
    struct click_rows rows = {0};
    char long_one[300];
    memset(long_one, 'x', sizeof long_one);
    click_row_number(&rows, 0x0102, 2);
    click_row_string(&rows, "ab");
    click_row_bytes(&rows, long_one, sizeof long_one); /* 300 = 0xac 0x02 */
    static const uint8_t head[] = {2, 1, 2, 'a', 'b', 0xac, 0x02, 'x'};
    assert_int_equal(rows.length, 5 + 2 + 300);
    assert_memory_equal(rows.bytes, head, sizeof head);
    click_rows_free(&rows);
}

static const char types[] = "1248ifsa";

static void write_row(struct click_rows *rows)
{
    click_row_number(rows, 0xfe, 1);
    click_row_number(rows, 0xfedc, 2);
    click_row_number(rows, 0xfedcba98, 4);
    click_row_number(rows, 0xfedcba9876543210, 8);
    click_row_number(rows, (uint64_t)INT64_MIN, 8);
    click_row_fixed(rows, "0123456789abcdef", 16);
    click_row_string(rows, "");
    click_row_length(rows, 2);
    click_row_number(rows, 7, 8);
    click_row_number(rows, (uint64_t)-8, 8);
}

static void a_row_is_read_as_it_was_written(void **state)
{
    (void)state;
    struct click_rows rows = {0};
    struct click_value values[CLICK_ROW_MAX_VALUES];
    write_row(&rows);
    size_t one = rows.length;
    write_row(&rows);
    assert_int_equal(click_row_read(rows.bytes, rows.length, types, values), one);
    assert_int_equal(values[0].number, 0xfe);
    assert_int_equal(values[1].number, 0xfedc);
    assert_int_equal(values[2].number, 0xfedcba98);
    assert_true(values[3].number == 0xfedcba9876543210);
    assert_true((int64_t)values[4].number == INT64_MIN);
    assert_memory_equal(values[5].bytes, "0123456789abcdef", 16);
    assert_int_equal(values[6].length, 0);
    assert_int_equal(values[7].length, 2);
    assert_true((int64_t)click_row_element(&values[7], 1) == -8);
    click_rows_free(&rows);
}

/* Cut anywhere it is not all there: never a row, never an error. */
static void a_row_that_is_cut_waits(void **state)
{
    (void)state;
    struct click_rows rows = {0};
    struct click_value values[CLICK_ROW_MAX_VALUES];
    write_row(&rows);
    for (size_t length = 0; length < rows.length; length++) {
        uint8_t *cut = malloc(length + 1); /* so that a read beyond it is seen */
        memcpy(cut, rows.bytes, length);
        assert_int_equal(click_row_read(cut, length, types, values), 0);
        free(cut);
    }
    click_rows_free(&rows);
}

static void lengths_that_lie(void **state)
{
    (void)state;
    static const uint8_t huge[] = {0xff, 0xff, 0xff, 0xff, 0x0f},
                         endless[] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80}, most[] = {0x80, 0x80, 0x80, 0x18},
                         more[] = {0x81, 0x80, 0x80, 0x18};
    struct click_value values[CLICK_ROW_MAX_VALUES];
    assert_int_equal(click_row_read(huge, sizeof huge, "s", values), ERR_DATA);
    assert_int_equal(click_row_read(endless, sizeof endless, "s", values), ERR_DATA);
    assert_int_equal(click_row_read(endless, sizeof endless, "a", values), ERR_DATA);
    assert_int_equal(click_row_read(most, sizeof most, "s", values), 0); /* 48 MiB: it may come yet */
    assert_int_equal(click_row_read(more, sizeof more, "s", values), ERR_DATA);
}

/* ---- SQL ---- */

static void values_stay_values(void **state)
{
    (void)state;
    static const uint8_t id[16] = {0xab, [15] = 1};
    const struct click_sql_value values[] = {{"n", CLICK_SQL_NAME, .text = "a`b\\"},
        {"s", CLICK_SQL_STRING, .text = "it's\n\\{n}"}, {"i", CLICK_SQL_NUMBER, .number = -5},
        {"id", CLICK_SQL_ID, .id = id}, {"p", CLICK_SQL_PART, .text = "({i})"}, {0}};
    struct text sql;
    text_start(&sql);
    click_sql_add(&sql, "{n} {s} {p} {id}", values);
    assert_false(sql.failed);
    assert_string_equal(sql.string,
        "`a\\`b\\\\` 'it\\'s\\x0A\\\\{n}' (-5) toFixedString(unhex('ab000000000000000000000000000001'), 16)");
    text_free(&sql);
}

static void sql_without_its_value_is_none(void **state)
{
    (void)state;
    const struct click_sql_value values[] = {{"loop", CLICK_SQL_PART, .text = "{loop}"}, {0}};
    static const char *const bad[] = {"{x}", "{loo}", "{loop", "{loop}", "{}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct text sql;
        text_start(&sql);
        click_sql_add(&sql, bad[i], values);
        assert_true(sql.failed);
        text_free(&sql);
    }
}

/* ---- URLs ---- */

static void urls_are_read(void **state)
{
    (void)state;
    struct click_url url;
    struct err_note note;
    assert_int_equal(
        click_url_parse(
            "clickhouse://u%40x:p%3a%2f@h1:1,[::1]:65535,h-3/db_1?cluster=a-b.c&timeout=7", &url, &note),
        0);
    assert_string_equal(url.user, "u@x");
    assert_string_equal(url.password, "p:/");
    assert_int_equal(url.host_count, 3);
    assert_string_equal(url.hosts[0].name, "h1");
    assert_int_equal(url.hosts[0].port, 1);
    assert_string_equal(url.hosts[1].name, "::1");
    assert_int_equal(url.hosts[1].port, 65535);
    assert_string_equal(url.hosts[2].name, "h-3");
    assert_int_equal(url.hosts[2].port, 8123);
    assert_string_equal(url.database, "db_1");
    assert_string_equal(url.cluster, "a-b.c");
    assert_int_equal(url.timeout_s, 7);
    assert_int_equal(click_url_parse("clickhouse://h/d", &url, &note), 0);
    assert_string_equal(url.user, "");
    assert_string_equal(url.cluster, "");
    assert_int_equal(url.timeout_s, CLICK_URL_TIMEOUT_S);
}

static void urls_that_are_none(void **state)
{
    (void)state;
    static const char *const bad[] = {"http://h/d", "clickhouse://", "clickhouse:///d", "clickhouse://h",
        "clickhouse://h/", "clickhouse://h:0/d", "clickhouse://h:65536/d", "clickhouse://h:/d",
        "clickhouse://h:1x/d", "clickhouse://[::1/d", "clickhouse://[::1]x/d", "clickhouse://h,/d",
        "clickhouse://h h/d", "clickhouse://h/d.e", "clickhouse://h/1d", "clickhouse://h/d'",
        "clickhouse://h/d/e", "clickhouse://:secret@h/d", "clickhouse://u:secret%0a@h/d",
        "clickhouse://u:secret%4@h/d", "clickhouse://u:secret%zz@h/d", "clickhouse://u%3a:secret@h/d",
        "clickhouse://h/d?cluster=", "clickhouse://h/d?cluster=a'b", "clickhouse://h/d?timeout=0",
        "clickhouse://h/d?timeout=86401", "clickhouse://h/d?other=1", "clickhouse://h/d?cluster"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct click_url url = {.host_count = 99};
        struct err_note note = {""};
        assert_int_equal(click_url_parse(bad[i], &url, &note), ERR_USAGE);
        assert_int_equal(url.host_count, 99); /* untouched */
        assert_true(note.text[0]);
        assert_null(strstr(note.text, "secret"));
    }
}

static void names_have_limits(void **state)
{
    (void)state;
    char where[600];
    struct click_url url;
    struct err_note note;
    for (int length = 63; length <= 66; length++) {
        snprintf(where, sizeof where, "clickhouse://h/%.*s", length,
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
        assert_int_equal(click_url_parse(where, &url, &note), length <= 64 ? 0 : ERR_USAGE);
    }
    strcpy(where, "clickhouse://h");
    for (int hosts = 1; hosts < CLICK_URL_MAX_HOSTS; hosts++)
        strcat(where, ",h");
    strcat(where, "/d");
    assert_int_equal(click_url_parse(where, &url, &note), 0);
    assert_int_equal(url.host_count, CLICK_URL_MAX_HOSTS);
    snprintf(where, sizeof where, "clickhouse://h");
    for (int hosts = 1; hosts <= CLICK_URL_MAX_HOSTS; hosts++)
        strcat(where, ",h");
    strcat(where, "/d");
    assert_int_equal(click_url_parse(where, &url, &note), ERR_USAGE);
}

/* ---- errors ---- */

static void errors_in_our_terms(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        long status;
        int err;
        bool shard;
        const char *said;
    } cases[] = {
        {"Code: 60, e.displayText() = DB::Exception: Table d.t doesn't exist., e.what() = DB::Exception\n",
            404, ERR_NOINPUT, false, "ClickHouse at h:1: Table d.t doesn't exist. (code 60)"},
        {"Code: 60. DB::Exception: Table d.t doesn't exist. (UNKNOWN_TABLE) (version 24.8.1.1 (official "
         "build))\n",
            404, ERR_NOINPUT, false,
            "ClickHouse at h:1: Table d.t doesn't exist. (UNKNOWN_TABLE) (version 24.8.1.1 (official build)) "
            "(code 60)"},
        {"Code: 279, e.displayText() = DB::NetException: All connection tries failed. Log: \n\n"
         "Code: 210, e.displayText() = DB::NetException: Connection refused (127.0.0.1:9), e.what() = "
         "DB::NetException\n",
            500, ERR_UNAVAILABLE, true, "ClickHouse at h:1: Connection refused (127.0.0.1:9) (code 279)"},
        {"Code: 279, e.displayText() = DB::NetException: All connection tries failed. Log: \n\nThere is no "
         "table d.t on server: "
         "127.0.0.1:9\n\n, e.what() = DB::NetException\n",
            500, ERR_NOINPUT, false,
            "ClickHouse at h:1: There is no table d.t on server: 127.0.0.1:9 (code 279)"},
        {"Code: 516. DB::Exception: u: Authentication failed", 401, ERR_PERM, false,
            "ClickHouse at h:1: u: Authentication failed (code 516)"},
        {"Code: 241, whatever", 500, ERR_UNAVAILABLE, false,
            "ClickHouse at h:1: Code: 241, whatever (code 241)"},
        {"<html>\x1b[2J\nmore", 502, ERR_UNAVAILABLE, false,
            "what answers at h:1 as ClickHouse: HTTP status 502: <html>\\x1b[2J"},
        {"", 403, ERR_PERM, false, "what answers at h:1 as ClickHouse: HTTP status 403"},
        {"Code: 999999999999999999999", 500, ERR_UNAVAILABLE, false,
            "what answers at h:1 as ClickHouse: HTTP status 500: Code: 999999999999999999999"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err_note note;
        bool shard = !cases[i].shard;
        assert_int_equal(click_error(cases[i].words, "h:1", cases[i].status, &shard, &note), cases[i].err);
        assert_int_equal(shard, cases[i].shard);
        assert_string_equal(note.text, cases[i].said);
    }
}

/* ---- chains ---- */

struct chain_case {
    const char *links; /* "id:first-end …"; an id is one letter */
    uint64_t end;
    const char *counts;
};

static void what_counts(void **state)
{
    (void)state;
    static const struct chain_case cases[] = {
        {"", 0, ""},
        {"a:0-10", 10, "a"},
        {"b:10-20 a:0-10", 20, "ab"},
        {"a:5-10", 0, ""},                   /* nothing begins at 0 */
        {"a:0-10 b:11-20", 10, "a"},         /* a hole */
        {"b:0-10 a:0-10", 10, "a"},          /* the same: the smaller id */
        {"a:0-10 b:0-12", 12, "b"},          /* the longer */
        {"b:0-10 a:0-12 c:10-20", 20, "bc"}, /* the one from which it comes farther */
        {"a:0-10 b:10-20 c:0-5 d:5-25", 25, "cd"},
        {"a:0-10 b:0-10 c:10-20 d:10-20", 20, "ac"},
        {"a:0-0 b:0-10 c:10-10 d:10-5", 10, "b"}, /* lengths that are none */
        {"a:0-18446744073709551615", UINT64_MAX, "a"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sightings_click_link links[8] = {0};
        size_t count = 0;
        for (const char *at = cases[i].links; *at; at += strspn(at, " ")) {
            links[count].id[0] = (uint8_t)*at;
            char *end;
            links[count].first = strtoull(at + 2, &end, 10);
            links[count++].end = strtoull(end + 1, &end, 10);
            at = end;
        }
        assert_true(sightings_click_chain(links, count) == cases[i].end);
        for (size_t j = 0; j < count; j++)
            assert_int_equal(links[j].counts, strchr(cases[i].counts, links[j].id[0]) != NULL);
    }
}

/* However segments are added, a record that has counted counts on, and each once. */
static void what_has_counted_counts_for_ever(void **state)
{
    (void)state;
    srand(8145);
    for (int round = 0; round < 300; round++) {
        struct sightings_click_link links[24], sorted[24];
        uint64_t before = 0;
        for (size_t count = 1; count <= 24; count++) {
            struct sightings_click_link *link = &links[count - 1];
            memset(link, 0, sizeof *link);
            link->id[0] = (uint8_t)rand();
            link->id[1] = (uint8_t)count;
            link->first = (uint64_t)rand() % 12;
            link->end = link->first + 1 + (uint64_t)rand() % 4;
            memcpy(sorted, links, count * sizeof *links);
            uint64_t end = sightings_click_chain(sorted, count), at = 0;
            assert_true(end >= before);
            before = end;
            for (size_t i = 0; i < count; i++) {
                if (!sorted[i].counts)
                    continue;
                assert_true(sorted[i].first == at);
                at = sorted[i].end;
            }
            assert_true(at == end);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_those_of_the_format),
        cmocka_unit_test(a_row_is_read_as_it_was_written),
        cmocka_unit_test(a_row_that_is_cut_waits),
        cmocka_unit_test(lengths_that_lie),
        cmocka_unit_test(values_stay_values),
        cmocka_unit_test(sql_without_its_value_is_none),
        cmocka_unit_test(urls_are_read),
        cmocka_unit_test(urls_that_are_none),
        cmocka_unit_test(names_have_limits),
        cmocka_unit_test(errors_in_our_terms),
        cmocka_unit_test(what_counts),
        cmocka_unit_test(what_has_counted_counts_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

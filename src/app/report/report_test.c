/* What a report says in each of its forms, and what strangers' strings cannot do to it. */
#include "app/report/report.h"

#include "base/utc.h"
#include "io/json/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const int64_t day = INT64_C(1791158400) * UTC_SECOND; /* 2026-10-05 */

static struct sightings_line line_of(const char *zone, const char *tags, uint64_t sources, uint64_t signals)
{
    return (struct sightings_line){.zone = zone,
        .tags = tags,
        .sources = sources,
        .signals = signals,
        .ta_null = signals,
        .first_us = day + 11,
        .last_us = day + UTC_HOUR};
}

static char *written(const struct report *report, enum report_format format)
{
    struct text text;
    text_start(&text);
    assert_int_equal(report_write(report, format, &text), 0);
    char *copy = strdup(text.string);
    text_free(&text);
    return copy;
}

static void expect(const struct report *report, enum report_format format, const char *words)
{
    char *text = written(report, format);
    if (!strstr(text, words))
        fail_msg("no '%s' in\n%s", words, text);
    free(text);
}

static void expect_not(const struct report *report, enum report_format format, const char *words)
{
    char *text = written(report, format);
    if (strstr(text, words))
        fail_msg("'%s' in\n%s", words, text);
    free(text);
}

static const struct json *read_json(const struct report *report, struct json **ret_root)
{
    struct err_note note = {""};
    char *text = written(report, REPORT_JSON);
    if (json_read(text, strlen(text), ret_root, &note))
        fail_msg("%s:\n%s", note.text, text);
    free(text);
    return *ret_root;
}

static int64_t number_at(const struct json *object, const char *name)
{
    int64_t value = -1;
    if (!json_int(json_get(object, name), &value))
        fail_msg("no number %s", name);
    return value;
}

static void all_forms_of_a_set(void **state)
{
    struct sightings_line lines[] = {line_of(".", "4f66-9728", 10, 24), line_of(".", "odd length", 1, 40)};
    lines[1].invalid = true;
    struct sightings_coverage coverage = {.collector = "lax",
        .from_us = day,
        .to_us = day + UTC_HOUR,
        .inputs = 2,
        .packets = 600,
        .dropped = 7,
        .gaps = 2,
        .gap_us = 200 * UTC_SECOND};
    struct sightings_question question = {SIGHTINGS_BY_TAGSET, day, INT64_MAX, ".", NULL};
    struct sightings_answer answer = {lines, 2, &coverage, 1, 10, 40, false, NULL};
    struct report report = {"s.db", &question, &answer, 200};
    struct json *root;
    const struct json *document = read_json(&report, &root);
    assert_string_equal(json_text(json_get(document, "schema")), "rollcall.report/1");
    assert_string_equal(json_text(json_get(document, "from")), "2026-10-05T00:00:00Z");
    assert_true(json_none(json_get(document, "to")));
    assert_null(json_get(document, "verdict"));
    assert_int_equal(number_at(document, "sources"), 10);
    assert_int_equal(number_at(document, "observed"), 40);
    const struct json *rows = json_get(document, "rows"), *row = json_at(rows, 0);
    assert_int_equal(json_count(rows), 1);
    assert_string_equal(json_text(json_get(row, "label")), "_ta-4f66-9728");
    assert_int_equal(json_count(json_get(row, "tags")), 2);
    assert_int_equal(number_at(row, "signals"), 24);
    assert_string_equal(json_text(json_get(row, "first")), "2026-10-05T00:00:00.000011Z");
    const struct json *bad = json_at(json_get(document, "malformed"), 0);
    assert_string_equal(json_text(json_get(bad, "reason")), "odd length");
    assert_int_equal(number_at(bad, "signals"), 40);
    const struct json *covers = json_at(json_get(document, "coverage"), 0);
    double gap_s = 0;
    assert_int_equal(number_at(covers, "dropped"), 7);
    assert_true(json_number(json_get(covers, "gap_s"), &gap_s) && gap_s > 199.9 && gap_s < 200.1);
    json_free(root);
    expect(&report, REPORT_CSV,
        "zone,tags,label,reason,sources,signals,ta_null,ta_a,options,first,last,complete\r\n"
        ".,20326 38696,_ta-4f66-9728,,10,24,24,0,0,2026-10-05T00:00:00.000011Z,2026-10-05T01:00:00Z,yes\r\n"
        ".,,,odd length,1,40,");
    expect(&report, REPORT_TABLE, "100.0 %");
    expect(&report, REPORT_TABLE, "20326 38696\n");
    expect(&report, REPORT_TABLE, "10 of 40 sources seen (25.0 %)");
    expect(&report, REPORT_TABLE, "the other 30 trust");
    expect(&report, REPORT_TABLE, "2 pauses, together 3 min 20 s");
    expect(&report, REPORT_TABLE, "odd length\n");
}

static void each_by_has_its_field(void **state)
{
    static const struct {
        enum sightings_by by;
        const char *json, *csv, *table;
    } cases[] = {
        {SIGHTINGS_BY_KEY, "{\"zone\":\".\",\"key\":20326,", "zone,key,reason,", "KEY\n"},
        {SIGHTINGS_BY_DAY, "{\"day\":\"2026-10-05\",\"zone\":\".\",\"label\"", "\r\n2026-10-05,.,20326,",
            "DAY "},
        {SIGHTINGS_BY_SOURCE, "{\"source\":\"192.0.2.1\",", "source,zone,", "192.0.2.1 "},
        {SIGHTINGS_BY_COLLECTOR, "{\"collector\":\"lax\",\"zone\"", "\r\nlax,.,20326,", "COLLECTOR"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sightings_line line = line_of(".", "4f66", 1, 1);
        static const uint8_t address[16] = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 1};
        line.day_us = day;
        line.collector = "lax";
        line.key = 20326;
        memcpy(line.source, address, sizeof address);
        struct sightings_question question = {cases[i].by, INT64_MIN, INT64_MAX, NULL, NULL};
        struct sightings_answer answer = {.lines = &line, .line_count = 1, .sources = 1, .observed = 1};
        struct report report = {"s.db", &question, &answer, 80};
        enum sightings_by by;
        expect(&report, REPORT_JSON, cases[i].json);
        expect(&report, REPORT_CSV, cases[i].csv);
        expect(&report, REPORT_TABLE, cases[i].table);
        expect_not(&report, REPORT_TABLE, "Not known: what"); /* all told */
        assert_int_equal(report_by("tagset", &by), 0);
    }
}

/* Names that come out of a store which somebody else wrote. */
static void strangers_strings(void **state)
{
    static const struct {
        const char *zone, *csv;
    } cases[] = {
        {"=1+1.", "\r\n'=1+1.,"},
        {"+x.", "\r\n'+x.,"},
        {"-x.", "\r\n'-x.,"},
        {"@x.", "\r\n'@x.,"},
        {"a,b.", "\r\n\"a,b.\","},
        {"a\"b.", "\r\n\"a\"\"b.\","},
        {"=a,\"b.", "\r\n\"'=a,\"\"b.\","},
        {"\ta.", "\r\n\\009a.,"},
        {"a\r\nb.", "\r\na\\013\\010b.,"},
        {"\x1b[31m.", "\r\n\\027[31m.,"},
        {"caf\xc3\xa9.", "\r\ncaf\\195\\169.,"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sightings_line line = line_of(cases[i].zone, "4f66", 1, 1);
        struct sightings_question question = {SIGHTINGS_BY_TAGSET, INT64_MIN, INT64_MAX, NULL, NULL};
        struct sightings_answer answer = {.lines = &line, .line_count = 1, .sources = 1, .observed = 1};
        struct report report = {"s\x1b.db", &question, &answer, 80};
        expect(&report, REPORT_CSV, cases[i].csv);
        expect_not(&report, REPORT_TABLE, "\x1b");
        expect_not(&report, REPORT_TABLE, "\r");
        struct json *root;
        read_json(&report, &root);
        json_free(root);
    }
}

/* An option may hold more tags than a label (RFC 8145 §4.1 and §5.1). */
static void sets_without_a_label(void **state)
{
    char tags[SIGHTING_MAX_TAGS_TEXT];
    uint16_t numbers[TASIGNAL_MAX_OPTION];
    for (uint16_t i = 0; i < TASIGNAL_MAX_OPTION; i++)
        numbers[i] = i;
    struct sightings_line line = line_of(".", sighting_tags_text(numbers, TASIGNAL_MAX_OPTION, tags), 1, 1);
    struct sightings_question question = {SIGHTINGS_BY_TAGSET, INT64_MIN, INT64_MAX, NULL, NULL};
    struct sightings_answer answer = {.lines = &line, .line_count = 1, .sources = 1, .observed = 1};
    struct report report = {"s.db", &question, &answer, 20};
    struct json *root;
    const struct json *row = json_at(json_get(read_json(&report, &root), "rows"), 0);
    assert_true(json_none(json_get(row, "label")));
    assert_int_equal(json_count(json_get(row, "tags")), TASIGNAL_MAX_OPTION);
    json_free(root);
    expect(&report, REPORT_CSV, " 62 63,,,1,1,");
    expect(&report, REPORT_TABLE, " 62 63\n");
}

static void partial_is_said_everywhere(void **state)
{
    struct sightings_line line = line_of(".", "4f66", 1, 1);
    struct sightings_question question = {SIGHTINGS_BY_TAGSET, INT64_MIN, INT64_MAX, NULL, NULL};
    struct sightings_answer answer = {
        .lines = &line, .line_count = 1, .partial = true, .missing = "shard 2 is away"};
    struct report report = {"s.db", &question, &answer, 80};
    expect(&report, REPORT_TABLE, "PARTIAL: there is more than this. shard 2 is away\n");
    expect(&report, REPORT_JSON, "\"partial\": true,\n  \"missing\": \"shard 2 is away\"");
    expect(&report, REPORT_CSV, ",no\r\n");
    answer.missing = NULL;
    expect(&report, REPORT_TABLE, "PARTIAL");
    expect(&report, REPORT_JSON, "\"missing\": null");
}

static void nothing_at_all(void **state)
{
    struct sightings_question question = {SIGHTINGS_BY_TAGSET, INT64_MIN, INT64_MAX, NULL, NULL};
    struct sightings_answer answer = {0};
    struct report report = {"s.db", &question, &answer, 80};
    struct json *root;
    assert_int_equal(json_count(json_get(read_json(&report, &root), "rows")), 0);
    json_free(root);
    expect(&report, REPORT_TABLE, "No signal.\n");
    expect(&report, REPORT_TABLE, "0 of 0 sources seen (0.0 %)");
    char *csv = written(&report, REPORT_CSV);
    assert_string_equal(
        csv, "zone,tags,label,reason,sources,signals,ta_null,ta_a,options,first,last,complete\r\n");
    free(csv);
}

static void passwords_are_not_shown(void **state)
{
    static const struct {
        const char *store, *shown;
    } cases[] = {
        {"clickhouse://h:8123/d", "\"clickhouse://h:8123/d\""},
        {"clickhouse://u@h:8123/d", "\"clickhouse://u@h:8123/d\""},
        {"clickhouse://u:secret@h:8123/d", "\"clickhouse://u:***@h:8123/d\""},
        {"clickhouse://u:sec@ret@h:8123/d", "\"clickhouse://u:***@h:8123/d\""},
        {"clickhouse://u:@h:8123/d?cluster=x", "\"clickhouse://u:***@h:8123/d?cluster=x\""},
        {"/data/u:secret@h", "\"/data/u:secret@h\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sightings_question question = {SIGHTINGS_BY_TAGSET, INT64_MIN, INT64_MAX, NULL, NULL};
        struct sightings_answer answer = {0};
        struct report report = {cases[i].store, &question, &answer, 80};
        expect(&report, REPORT_JSON, cases[i].shown);
        if (*cases[i].store == 'c')
            expect_not(&report, REPORT_TABLE, "sec");
    }
}

static void words(void **state)
{
    enum report_format format;
    enum sightings_by by;
    assert_int_equal(report_format("csv", &format), 0);
    assert_int_equal(format, REPORT_CSV);
    assert_int_equal(report_format("xml", &format), ERR_USAGE);
    assert_int_equal(report_by("collector", &by), 0);
    assert_int_equal(by, SIGHTINGS_BY_COLLECTOR);
    assert_int_equal(report_by("", &by), ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_forms_of_a_set),
        cmocka_unit_test(each_by_has_its_field),
        cmocka_unit_test(strangers_strings),
        cmocka_unit_test(sets_without_a_label),
        cmocka_unit_test(partial_is_said_everywhere),
        cmocka_unit_test(nothing_at_all),
        cmocka_unit_test(passwords_are_not_shown),
        cmocka_unit_test(words),
    };
    return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}

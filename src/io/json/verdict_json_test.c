#include "io/json/verdict_json.h"

#include "base/text.h"
#include "base/utc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
/* last */
#include <cmocka.h>

static struct verdict_finding findings[] = {
    {"RC01", "it asks", "it follows", NULL, 3, 10 * UTC_SECOND, 20 * UTC_SECOND, false},
    {"FM01", "\"static\" <key>", NULL, "mend it", 1, 30 * UTC_SECOND, 30 * UTC_SECOND, true}};
static struct verdict_source sources[] = {{{[10] = 0xff, [11] = 0xff, 192, 0, 2, 1}, VERDICT_AT_RISK,
                                              STATE_LEARNING, "slow", 7, UTC_SECOND, 2 * UTC_SECOND},
    {{0x20, 0x01, 0x0d, 0xb8, [15] = 1}, VERDICT_READY, STATE_LEARNED, "good", 9, UTC_SECOND,
        3 * UTC_SECOND}};

static char *write_one(const struct verdict_result *result)
{
    struct text text;
    text_start(&text);
    assert_int_equal(verdict_json_write(result, &text), 0);
    return text.string;
}

static void there_and_back(void **state)
{
    for (int v = VERDICT_READY; v <= VERDICT_UNKNOWN; v++) {
        for (int s = STATE_WAITING; s <= STATE_FAILED; s++) {
            struct verdict_result result = {.verdict = (enum verdict)v,
                .state = (enum verdict_state)s,
                .summary = "why",
                .would_change = s % 2 ? "this" : NULL,
                .trust_us = 5 * UTC_SECOND,
                .break_us = UTC_OPEN,
                .broke_us = 7 * UTC_SECOND + 1,
                .findings = findings,
                .finding_count = 2,
                .sources = sources,
                .source_count = 2,
                .sources_not_ready = 1};
            struct verdict_result read;
            struct arena *arena = arena_new();
            struct err_note note;
            char *first = write_one(&result);
            assert_int_equal(verdict_json_read(first, arena, &read, &note), 0);
            char *second = write_one(&read);
            assert_string_equal(first, second); /* nothing is lost */
            assert_int_equal(read.verdict, v);
            assert_int_equal(read.state, s);
            assert_int_equal(read.broke_us, result.broke_us);
            assert_memory_equal(read.sources[1].source, sources[1].source, EVIDENCE_SOURCE);
            free(first);
            free(second);
            arena_free(arena);
        }
    }
}

static void what_is_none(void **state)
{
    static const char *const documents[] = {
        "", "{", "[]", "3", "{}", "{\"verdict\": 3}", "{\"state\": \"done\"}"};
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        struct verdict_result read;
        struct arena *arena = arena_new();
        struct err_note note;
        assert_int_equal(verdict_json_read(documents[i], arena, &read, &note), ERR_DATA);
        arena_free(arena);
    }
}

/* Members that are missing or of another type are as empty. */
static void forgives(void **state)
{
    struct verdict_result read;
    struct arena *arena = arena_new();
    struct err_note note;
    const char *document = "{\"verdict\": \"splendid\", \"state\": 7, \"trust\": \"soon\", \"findings\": [1, "
                           "{\"count\": -4}], \"sources\": "
                           "{\"address\": 1}, \"sources_not_ready\": -1}";
    assert_int_equal(verdict_json_read(document, arena, &read, &note), 0);
    assert_int_equal(read.verdict, VERDICT_UNKNOWN); /* a word of a later version: not known */
    assert_int_equal(read.state, STATE_WAITING);
    assert_true(read.trust_us == UTC_OPEN);
    assert_int_equal(read.finding_count, 2);
    assert_int_equal(read.findings[1].count, 0);
    assert_int_equal(read.sources_not_ready, 0);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest all[] = {
        cmocka_unit_test(there_and_back), cmocka_unit_test(what_is_none), cmocka_unit_test(forgives)};
    return cmocka_run_group_tests_name("io/json/verdict_json", all, NULL, NULL);
}

#include "app/report/gate/decision_log.h"

#include "app/report/gate/decision_list.h"
#include "app/report/gate/gate_report.h"

#include "base/text.h"
#include "base/utc.h"
#include "io/json/json.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char gate_text[] =
    "format: rollcall.gate/1\nname: g\ntitle: T\ndecides: The \"board\"\ncriteria:\n"
    "- {id: users, measure: old-only-users, at-most: 1 %, window: 14d, on-fail: postpone, why: W, source: "
    "S}\n"
    "- {id: seen, measure: coverage-days, at-least: 14, window: 14d, on-fail: postpone, unknown: allow, why: "
    "W}\n"
    "- {id: storm, measure: dnskey-factor, at-most: 10, window: 3d, on-fail: back-out, why: W}\n"
    "dissent:\n- {who: Ana, at: 2018-09-01, text: Too soon.}\n";

/* A decision with its arena; the three values are the caller's. */
struct made {
    struct arena *arena;
    struct gate_file file;
    struct gate_measured measured[3];
    enum gate_outcome outcomes[3];
    struct gate_result result;
    struct decision decision;
};

static void make(struct made *made, const struct gate_measured measured[3], bool rolled)
{
    struct err_note note;
    *made = (struct made){.arena = arena_new()};
    if (gate_file_parse("g", gate_text, strlen(gate_text), made->arena, &made->file, &note))
        fail_msg("%s", note.text);
    memcpy(made->measured, measured, sizeof made->measured);
    made->result.outcomes = made->outcomes;
    gate_judge(&made->file.gate, made->measured, rolled, &made->result);
    made->decision = (struct decision){.at_us = INT64_C(1536000000) * UTC_SECOND,
        .plan = "root-2018",
        .store = "observed.db",
        .rolled = rolled,
        .file = &made->file,
        .measured = made->measured,
        .result = &made->result};
}

static const struct gate_measured good[3] = {
    {true, {0.004, 0.002, 0.008}, 4, 1000, NULL},
    {true, {14, 14, 14}, 14, 14, NULL},
    {true, {1.1, 1.0, 1.2}, 11, 10, NULL},
};

static struct text read_file(const char *path)
{
    char buffer[4096];
    size_t size;
    struct text text;
    text_start(&text);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    while ((size = fread(buffer, 1, sizeof buffer, file)) > 0)
        text_add_bytes(&text, buffer, size);
    fclose(file);
    return text;
}

static void remove_log(const char *path)
{
    char head[128];
    snprintf(head, sizeof head, "%s.head", path);
    unlink(path);
    unlink(head);
}

static int append_new(const char *path, const struct gate_measured measured[3], bool rolled)
{
    struct made made;
    struct chain_end end;
    struct err_note note = {""};
    make(&made, measured, rolled);
    int rc = decision_log_append(path, &made.decision, &end, &note);
    arena_free(made.arena);
    if (rc)
        fail_msg("%s", note.text);
    return rc;
}

static void test_line(void **state)
{
    (void)state;
    char directory[] = "/tmp/decision_log_test.XXXXXX", path[64];
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/log", directory);
    struct gate_measured measured[3] = {good[0], {.reason = "no coverage is told"}, good[2]};
    measured[0].interval = (struct interval){0.03, 0.02, INFINITY};
    append_new(path, measured, false);
    struct text first = read_file(path);
    static const char *const parts[] = {"{\"line\":1,\"previous\":\"0000",
        "\"schema\":\"rollcall.decision/1\",\"at\":\"2018-09-03T18:40:00Z\",\"plan\":\"root-2018\",",
        "\"store\":\"observed.db\",\"rolled\":false,\"decision\":\"postpone\",\"gate\":{\"name\":\"g\",",
        "\"decides\":\"The \\\"board\\\"\",\"example\":false,\"sha256\":\"",
        "\"bound\":\"at-most\",\"threshold\":0.01,\"unit\":\"share of users\",\"window\":\"P14D\","
        "\"on_fail\":\"postpone\",\"unknown\":\"postpone\",\"why\":\"W\",\"source\":\"S\","
        "\"outcome\":\"fail\",\"reason\":true,\"value\":0.03,\"low\":0.02,\"high\":null,"
        "\"numerator\":4,\"denominator\":1000,\"missing\":null}",
        "\"unknown\":\"allow\",\"why\":\"W\",\"source\":null,\"outcome\":\"unknown\",\"reason\":false,"
        "\"value\":null,\"low\":null,\"high\":null,\"numerator\":null,\"denominator\":null,"
        "\"missing\":\"no coverage is told\"}",
        "\"dissent\":[{\"who\":\"Ana\",\"at\":\"2018-09-01T00:00:00Z\",\"text\":\"Too soon.\"}]}\n"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!strstr(first.string, parts[i]))
            fail_msg("no %s in %s", parts[i], first.string);
    remove_log(path);
    append_new(path, measured, false); /* the same, the same bytes */
    struct text again = read_file(path);
    assert_string_equal(first.string, again.string);
    text_free(&first);
    text_free(&again);
    remove_log(path);
    assert_int_equal(rmdir(directory), 0);
}

/* Every outcome at and around its bound is written so that it reads back as what was decided. */
static void test_follows(void **state)
{
    (void)state;
    static const double ends[] = {
        0, 0.01, 0.010000000000000002, 0.0099999999999999985, 0.02, 0.1 / 3, INFINITY, -INFINITY, NAN};
    enum { ENDS = sizeof ends / sizeof *ends };
    for (size_t i = 0; i < 2 * ENDS * ENDS; i++) {
        double low = ends[i / 2 % ENDS], high = ends[i / 2 / ENDS];
        struct gate_measured measured[3] = {good[0], good[1], good[2]};
        struct made made;
        struct text text;
        struct json *object = json_new_object(), *back = NULL;
        struct err_note note = {""};
        measured[0].interval = (struct interval){low, low, high};
        measured[2].interval = (struct interval){low * 1000, low * 1000, high * 1000};
        make(&made, measured, i % 2);
        json_set_string(object, "schema", DECISION_LOG_SCHEMA);
        decision_log_set(object, &made.decision);
        text_start(&text);
        assert_int_equal(json_write(object, false, &text), 0);
        assert_int_equal(json_read(text.string, text.length, &back, &note), 0);
        if (decision_log_check("line", back, &note))
            fail_msg("%g %g: %s", low, high, note.text);
        text_free(&text);
        json_free(object);
        json_free(back);
        arena_free(made.arena);
    }
}

static int count(void *context, const char *where, const struct json *object, struct err_note *note)
{
    (void)where, (void)note;
    char *seen = context;
    const char *decision = json_text(json_get(object, "decision"));
    seen[strlen(seen)] = decision[0];
    return 0;
}

static void test_log(void **state)
{
    (void)state;
    char directory[] = "/tmp/decision_log_test.XXXXXX", path[64], seen[8] = "";
    struct chain_end end;
    struct err_note note;
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/log", directory);
    struct gate_measured unknown[3] = {{.reason = "no users file"}, good[1], good[2]};
    struct gate_measured storm[3] = {good[0], good[1], {true, {80, 75, 85}, 80, 1, NULL}};
    append_new(path, unknown, false);
    append_new(path, good, false);
    append_new(path, storm, true);
    assert_int_equal(decision_log_read(path, count, seen, &end, &note), 0);
    assert_string_equal(seen, "pgb");
    assert_int_equal(end.lines, 3);
    struct text list;
    text_start(&list);
    assert_int_equal(decision_list_write(path, false, 80, &list, &note), 0);
    assert_non_null(strstr(list.string, "   1  2018-09-03T18:40:00Z  postpone  root-2018  g\n"));
    assert_non_null(strstr(list.string, "\n3, because of: storm\n"));
    assert_non_null(strstr(list.string, end.sha256));
    text_free(&list);
    text_start(&list);
    assert_int_equal(decision_list_write(path, true, 80, &list, &note), 0);
    assert_non_null(strstr(list.string, "\"schema\": \"rollcall.decisions/1\""));
    assert_non_null(strstr(list.string, "\"lines\": 3"));
    text_free(&list);

    /* A decision made better than its values, by one who chains it as it ought to be. */
    struct text log = read_file(path);
    char *word = strstr(log.string, "\"decision\":\"back-out\""), hash[SHA256_HEX], head[96];
    memcpy(word, "\"decision\":\"go\"      ", strlen("\"decision\":\"back-out\""));
    char *line = strstr(log.string, "{\"line\":3");
    assert_int_equal(sha256_hex(line, strlen(line), hash), 0);
    FILE *file = fopen(path, "we");
    assert_int_equal(fwrite(log.string, 1, log.length, file), log.length);
    fclose(file);
    snprintf(head, sizeof head, "%s.head", path);
    file = fopen(head, "we");
    fprintf(file, "3 %s\n", hash);
    fclose(file);
    assert_int_equal(decision_log_read(path, NULL, NULL, &end, &note), ERR_DATA);
    assert_non_null(strstr(note.text, "log:3: the decision is told as go, but back-out follows"));
    text_start(&list);
    assert_int_equal(decision_list_write(path, false, 80, &list, &note), ERR_DATA);
    assert_int_equal(list.length, 0);
    text_free(&list);
    struct made made;
    make(&made, good, false);
    assert_int_equal(decision_log_append(path, &made.decision, &end, &note), ERR_DATA);
    arena_free(made.arena);
    text_free(&log);
    remove_log(path);
    assert_int_equal(rmdir(directory), 0);
}

/* Who asks again for the same adds nothing; anything else adds a line. */
static void test_again(void **state)
{
    (void)state;
    char directory[] = "/tmp/decision_log_test.XXXXXX", path[64], head[96];
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/log", directory);
    snprintf(head, sizeof head, "%s.head", path);
    struct gate_measured other[3] = {good[0], good[1], good[2]};
    other[0].numerator++;
    struct chain_end end;
    struct err_note note = {""};
    const struct {
        const struct gate_measured *measured;
        bool rolled;
        size_t lines;
    } rows[] = {{good, false, 1}, {good, false, 1}, {other, false, 2}, {other, false, 2}, {other, true, 3},
        {good, false, 4}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        append_new(path, rows[i].measured, rows[i].rolled);
        assert_int_equal(decision_log_read(path, NULL, NULL, &end, &note), 0);
        assert_int_equal(end.lines, rows[i].lines);
    }
    /* A crash between the line and its head, and then again: the head is brought up to it. */
    struct text log = read_file(path), whole = read_file(head);
    char *last = strstr(log.string, "{\"line\":4"), *before = strstr(log.string, "{\"line\":3"),
         hash[SHA256_HEX];
    assert_int_equal(sha256_hex(before, (size_t)(last - before), hash), 0);
    FILE *file = fopen(head, "we");
    fprintf(file, "3 %s\n", hash);
    fclose(file);
    append_new(path, good, false);
    struct text log_after = read_file(path), head_after = read_file(head);
    assert_string_equal(log_after.string, log.string);
    assert_string_equal(head_after.string, whole.string);
    struct text *const texts[] = {&log, &whole, &log_after, &head_after};
    for (size_t i = 0; i < 4; i++)
        text_free(texts[i]);
    remove_log(path);
    assert_int_equal(rmdir(directory), 0);
}

/* What failed is proof only if it was measured of the sources: too little coverage is something not known. */
static void test_verdict(void **state)
{
    (void)state;
    const struct gate_measured bad = {true, {0.05, 0.03, 0.08}, 50, 1000, NULL},
                               few = {true, {3, 3, 3}, 3, 14, NULL}, none = {.reason = "no users file"},
                               storm = {true, {80, 75, 85}, 80, 1, NULL};
    const struct {
        struct gate_measured measured[3];
        bool rolled;
        int verdict;
    } rows[] = {{{good[0], good[1], good[2]}, false, 0}, {{bad, good[1], good[2]}, false, 2},
        {{good[0], few, good[2]}, false, 3}, {{none, few, good[2]}, false, 3},
        {{bad, few, good[2]}, false, 2}, {{good[0], good[1], storm}, false, 2}, {{none, few, storm}, true, 2},
        {{bad, few, good[2]}, true, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct made made;
        make(&made, rows[i].measured, rows[i].rolled);
        if (gate_report_verdict(&made.decision) != rows[i].verdict)
            fail_msg("row %zu: %d", i, gate_report_verdict(&made.decision));
        arena_free(made.arena);
    }
}

static void test_check(void **state)
{
    (void)state;
    struct made made;
    make(&made, good, false);
    struct json *object = json_new_object();
    json_set_string(object, "schema", DECISION_LOG_SCHEMA);
    decision_log_set(object, &made.decision);
    struct text text;
    text_start(&text);
    assert_int_equal(json_write(object, false, &text), 0);
    static const struct {
        const char *from, *to, *says;
    } rows[] = {
        {"decision/1", "decision/2", "'schema' is not"},
        {"\"outcome\":\"pass\"", "\"outcome\":\"fail\"",
            "'users' is told as fail, but by its own values it is pass"},
        {"\"low\":0.002", "\"low\":\"0.2\"", "criterion 1 lacks"},
        {"\"threshold\":0.01", "\"threshold\":null", "criterion 1 lacks"},
        {"\"bound\":\"at-most\"", "\"bound\":\"at-best\"", "criterion 1 lacks"},
        {"\"bound\":\"at-most\"", "\"bound\":\"at-least\"", "by its own values it is fail"},
        {"\"threshold\":0.01", "\"threshold\":0.0001", "by its own values it is fail"},
        {"\"decision\":\"go\"", "\"decision\":\"postpone\"", "told as postpone, but go follows"},
        {"\"decision\":\"go\"", "\"decision\":\"maybe\"", "is no decision"},
        {"\"rolled\":false", "\"rolled\":\"no\"", "is no decision"},
        {"\"at\":\"2018-09-03T18:40:00Z\"", "\"at\":\"soon\"", "is no decision"},
        {"\"criteria\":", "\"Criteria\":", "is no decision"},
        {"\"gate\":", "\"fence\":", "is no decision"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct text changed;
        struct json *back = NULL;
        struct err_note note = {""};
        const char *at = strstr(text.string, rows[i].from);
        assert_non_null(at);
        text_start(&changed);
        text_add_bytes(&changed, text.string, (size_t)(at - text.string));
        text_add(&changed, rows[i].to);
        text_add(&changed, at + strlen(rows[i].from));
        assert_int_equal(json_read(changed.string, changed.length, &back, &note), 0);
        if (decision_log_check("f:1", back, &note) != ERR_DATA || !strstr(note.text, rows[i].says) ||
            strncmp(note.text, "f:1: ", 5) != 0)
            fail_msg("row %zu: %s", i, note.text);
        json_free(back);
        text_free(&changed);
    }
    text_free(&text);
    json_free(object);
    arena_free(made.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line),
        cmocka_unit_test(test_follows),
        cmocka_unit_test(test_log),
        cmocka_unit_test(test_again),
        cmocka_unit_test(test_verdict),
        cmocka_unit_test(test_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

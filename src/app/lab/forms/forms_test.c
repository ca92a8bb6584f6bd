/* Each form of each kind of run: what it must say, what it must never let through, and how large it may grow.
 */
#include "app/lab/forms/forms_days.h"
#include "app/lab/forms/forms_fixture.h"
#include "app/lab/forms/forms_inside.h"

#include "base/markup_check.h"
#include "io/file/file.h"
#include "io/json/json.h"

#include <setjmp.h>
#include <stdarg.h>
/* last */
#include <cmocka.h>

struct fixture {
    struct arena *arena;
    struct text text;
};

static const struct forms_screen plain = {false, false, 80};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->arena = arena_new();
    text_start(&f->text);
    *state = f;
    return !f->arena;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    text_free(&f->text);
    arena_free(f->arena);
    free(f);
    return 0;
}

static void expect(const char *text, const char *words)
{
    if (!strstr(text, words))
        fail_msg("'%s' is not in:\n%.3000s", words, text);
}

static void expect_not(const char *text, const char *words)
{
    const char *at = strstr(text, words);
    if (at)
        fail_msg("'%s' is there: %.80s", words, at);
}

static const char *table_of(
    struct fixture *f, const struct forms_run *runs, size_t count, struct forms_screen screen)
{
    const struct forms_report report = {runs, count};
    text_clear(&f->text);
    assert_int_equal(forms_table(&report, screen, &f->text), 0);
    return f->text.string;
}

static const char *page_of(struct fixture *f, const struct forms_run *runs, size_t count)
{
    const struct forms_report report = {runs, count};
    text_clear(&f->text);
    assert_int_equal(forms_html(&report, &f->text), 0);
    const char *fault = markup_check(f->text.string);
    if (fault)
        fail_msg("%s", fault);
    assert_true(f->text.length < 1000000);
    return f->text.string;
}

/* ---- the parts ---- */

static void the_worst_of_a_day_counts(void **state)
{
    struct fixture *f = *state;
    struct rehearsal_look looks[] = {
        {10 * UTC_DAY, REHEARSAL_AD, REHEARSAL_SERVFAIL, REHEARSAL_PLAIN},
        {10 * UTC_DAY + UTC_HOUR, REHEARSAL_SERVFAIL, REHEARSAL_SERVFAIL, REHEARSAL_PLAIN},
        {11 * UTC_DAY - 1, REHEARSAL_PLAIN, REHEARSAL_PLAIN, REHEARSAL_AD}, /* the last moment of the day */
        {12 * UTC_DAY, REHEARSAL_AD, REHEARSAL_SERVFAIL, REHEARSAL_PLAIN},
    };
    struct rehearsal_fetch fetches[] = {
        {11 * UTC_DAY, 1200, false, true, 0}, {11 * UTC_DAY + 1, 1500, true, false, 0}};
    const struct rehearsal_evidence evidence = {.looks = looks,
        .look_count = 4,
        .fetches = fetches,
        .fetch_count = 2,
        .from_us = 10 * UTC_DAY + UTC_HOUR / 2, /* not at midnight */
        .to_us = 12 * UTC_DAY + 1};
    struct forms_days days;
    assert_int_equal(forms_days_make(&evidence, evidence.from_us, evidence.to_us, f->arena, &days), 0);
    assert_int_equal(days.count, 3);
    assert_true(days.first_us == 10 * UTC_DAY);
    assert_int_equal(days.days[0].worst[FORMS_SIGNED], REHEARSAL_SERVFAIL);
    assert_int_equal(days.days[0].worst[FORMS_BOGUS], REHEARSAL_PLAIN);
    assert_int_equal(days.days[0].worst[FORMS_UNSIGNED], REHEARSAL_AD);
    assert_int_equal(days.days[1].worst[FORMS_SIGNED], FORMS_NO_LOOK);
    assert_int_equal(days.days[2].worst[FORMS_SIGNED], REHEARSAL_AD);
    assert_true(days.bad[FORMS_SIGNED] && days.bad[FORMS_BOGUS] && days.bad[FORMS_UNSIGNED]);
    assert_int_equal(days.days[1].fetches, 2);
    assert_int_equal(days.days[1].tcp, 1);
    assert_int_equal(days.days[1].truncated, 1);
    assert_int_equal(days.days[1].largest, 1500);
    assert_int_equal(days.most, 2);
    assert_int_equal(days.most_day, 1);
}

/* A run of nothing has a day all the same. */
static void no_time_is_a_day(void **state)
{
    struct fixture *f = *state;
    const struct rehearsal_evidence evidence = {.from_us = 5 * UTC_DAY, .to_us = 5 * UTC_DAY};
    struct forms_days days;
    assert_int_equal(forms_days_make(&evidence, evidence.from_us, evidence.to_us, f->arena, &days), 0);
    assert_int_equal(days.count, 1);
}

static void signals_alike_are_one(void **state)
{
    struct rehearsal_signal signals[] = {
        {0, SIGHTING_TA_NULL, 1, {20326}},
        {UTC_HOUR, SIGHTING_TA_A, 1, {20326}}, /* beside it, another kind */
        {UTC_DAY, SIGHTING_TA_NULL, 1, {20326}},
        {2 * UTC_DAY, SIGHTING_TA_NULL, 2, {20326, 38696}},      /* says something else */
        {6 * UTC_DAY, SIGHTING_TA_NULL, 2, {20326, 38696}},      /* four days: no pause */
        {10 * UTC_DAY + 1, SIGHTING_TA_NULL, 2, {20326, 38696}}, /* a pause */
    };
    const struct rehearsal_evidence evidence = {.signals = signals, .signal_count = 6};
    static const struct {
        size_t first, count;
    } expected[] = {{0, 2}, {1, 1}, {3, 2}, {5, 1}};
    struct forms_signals told;
    size_t at = 0, i = 0;
    for (; forms_next_signals(&evidence, &at, &told); i++) {
        assert_true(i < 4);
        assert_ptr_equal(told.first, &signals[expected[i].first]);
        assert_int_equal(told.count, expected[i].count);
    }
    assert_int_equal(i, 4);
}

static void steps_are_told_in_words(void **state)
{
    struct fixture *f = *state;
    static const struct {
        struct scenario_step step;
        const char *words;
    } steps[] = {
        {{.what = SCENARIO_STATE_READ_ONLY}, "state read-only"},
        {{.what = SCENARIO_SERVERS, .root = -1}, "root servers well"},
        {{.what = SCENARIO_SERVERS, .root = 3, .servers = {.lag_us = 40 * UTC_DAY}},
            "d.root-servers.net 40 days behind"},
        {{.what = SCENARIO_SERVERS, .root = -1, .servers = {.no_tcp = true, .udp_size = 512}},
            "root servers without TCP, truncate above 512 octets"},
        {{.what = SCENARIO_TAMPER, .tamper = SCENARIO_TAMPER_REPLAY, .as_of_us = 365 * UTC_DAY},
            "DNSKEY RRset of 1971-01-01 replayed"},
        {{.what = SCENARIO_CLOCK, .by_us = -2 * UTC_DAY}, "clock 2 days behind"},
        {{.what = SCENARIO_CLOCK, .by_us = UTC_HOUR}, "clock 1 h ahead"},
        {{.what = SCENARIO_CLOCK}, "clock right"},
    };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        text_clear(&f->text);
        forms_add_step(&f->text, &steps[i].step);
        assert_string_equal(f->text.string, steps[i].words);
    }
}

/* ---- the table ---- */

static void the_table_says_when_and_why(void **state)
{
    struct fixture *f = *state;
    const struct forms_run runs[] = {
        fixture_run(f->arena, "unbound", "full", FIXTURE_READY),
        fixture_run(f->arena, "unbound", "static", FIXTURE_BREAKS),
        fixture_run(f->arena, "unbound", "early-roll", FIXTURE_HEALS),
        fixture_run(f->arena, "unbound=/opt/u", "full", FIXTURE_UNKNOWN),
    };
    const char *table = table_of(f, runs, 4, plain);
    expect(table, "2 resolvers, 4 rehearsals");
    expect(table, "1 ready, 1 at-risk, 1 not-ready, 1 unknown");
    expect(table, "RESOLVER                SCENARIO    VERDICT    BROKE\n"
                  "unbound 1.17.1          full        ready      -\n"
                  "  It trusted key 38696 before the roll, and nothing broke.\n"
                  "unbound 1.17.1          static      not-ready  2026-10-11 to 10-12\n"
                  "  It holds key 20326 alone, which signs nothing since the roll: signed names\n"
                  "  fail with SERVFAIL.\n"
                  "unbound 1.17.1          early-roll  at-risk    2025-01-26 to 01-27\n"
                  "  Healed 2025-02-09. Its hold-down ended after the roll.\n"
                  "unbound 1.17.1 =/opt/u  full        unknown    -\n"
                  "  The virtual clock does not reach it: it is statically linked.\n");
    expect(table, "FM01      Its anchor is static. It breaks at every roll. To do: use");
    table = table_of(f, runs, 4, (struct forms_screen){false, false, 100});
    expect(table, "BROKE                HEALED\n");
    expect(table, "at-risk    2025-01-26 to 01-27  2025-02-09\n  Its hold-down ended after the roll.\n");
}

static size_t lines_beyond(const char *text, size_t columns)
{
    size_t count = 0;
    for (const char *at = text, *end; *at; at = end + 1) {
        char line[600] = "";
        end = strchr(at, '\n');
        memcpy(line, at, (size_t)(end - at) < sizeof line ? (size_t)(end - at) : sizeof line - 1);
        if (text_columns(line) > columns && count++ == 0)
            print_message("%zu: %s\n", columns, line);
    }
    return count;
}

static void timelines_fit_on_the_screen(void **state)
{
    struct fixture *f = *state;
    struct forms_run runs[FIXTURE_KINDS];
    for (int kind = 0; kind < FIXTURE_KINDS; kind++)
        runs[kind] = fixture_run(f->arena, "unbound", "full", (enum fixture_kind)kind);
    for (size_t columns = 72; columns < 200; columns += 9)
        for (int utf8 = 0; utf8 < 2; utf8++)
            assert_int_equal(
                lines_beyond(
                    table_of(f, runs, FIXTURE_KINDS, (struct forms_screen){false, utf8, columns}), columns),
                0);
    const char *table = table_of(f, runs, FIXTURE_KINDS, plain);
    expect(table, "\n            2025-01-01");
    expect(table, "program   2025-01-12T00:00:00Z ended: fatal error: could not open");
    expect(table, "signals   20326 (NULL), 42 times from 2025-01-01 to 2025-02-11\n"
                  "            20326 38696 (NULL), ");
    for (const char *at = table; *at; at++)
        assert_true((unsigned char)*at < 0x80); /* "·" and such only where the screen has them */
    expect_not(table, "\x1b");
    expect(table_of(f, runs, 1, (struct forms_screen){true, true, 80}), "\x1b[32mready\x1b[0m");
}

/* The calendar is that of the plan, however early the run ended. */
static void a_run_that_ended_early_keeps_its_calendar(void **state)
{
    struct fixture *f = *state;
    struct forms_run run = fixture_run(f->arena, "unbound", "full", FIXTURE_READY);
    struct rehearsal_evidence *evidence = (struct rehearsal_evidence *)run.evidence;
    evidence->to_us = evidence->from_us + 3 * UTC_DAY;
    evidence->look_count = evidence->state_count = evidence->fetch_count = evidence->signal_count = 1;
    const char *table = table_of(f, &run, 1, plain);
    expect(table, "  signed    -                                          ");
    expect(table, "signals   20326 (NULL), once, on 2025-01-01\n");
    expect(page_of(f, &run, 1), "<title>AD 2025-01-01 to 2025-01-02</title>");
}

static void many_timelines_are_left_out(void **state)
{
    struct fixture *f = *state;
    struct forms_run runs[13];
    for (int i = 0; i < 13; i++)
        runs[i] = fixture_run(f->arena, "unbound", "full", FIXTURE_READY);
    expect_not(table_of(f, runs, 13, plain), "DNSKEY/d");
    expect(f->text.string, "--html and --json have them all");
    expect(table_of(f, runs, 12, plain), "DNSKEY/d");
}

static void nothing_is_unknown(void **state)
{
    struct fixture *f = *state;
    const struct forms_report none = {NULL, 0};
    assert_int_equal(forms_verdict(&none), VERDICT_UNKNOWN);
    assert_string_equal(table_of(f, NULL, 0, plain), "Nothing was rehearsed.\n");
    expect(page_of(f, NULL, 0), "Nothing was rehearsed");
}

static void the_worst_is_the_verdict(void **state)
{
    struct fixture *f = *state;
    struct forms_run runs[] = {fixture_run(f->arena, "a", "full", FIXTURE_READY),
        fixture_run(f->arena, "a", "static", FIXTURE_UNKNOWN),
        fixture_run(f->arena, "a", "offline", FIXTURE_BREAKS)};
    assert_int_equal(forms_verdict(&(struct forms_report){runs, 1}), VERDICT_READY);
    assert_int_equal(forms_verdict(&(struct forms_report){runs, 2}), VERDICT_UNKNOWN);
    assert_int_equal(forms_verdict(&(struct forms_report){runs, 3}), VERDICT_NOT_READY);
}

/* ---- strangers ---- */

static struct forms_run evil(struct fixture *f)
{
    struct forms_run run = fixture_run(f->arena, "unbound:" FIXTURE_EVIL, "full", FIXTURE_DIES);
    struct rehearsal_result *result = (struct rehearsal_result *)run.result;
    struct scenario_schedule *schedule = (struct scenario_schedule *)run.schedule;
    struct scenario *scenario = arena_copy(f->arena, schedule->scenario, sizeof *scenario);
    struct plan *plan = (struct plan *)schedule->plan;
    scenario->name = scenario->title = scenario->expect_text = FIXTURE_EVIL;
    schedule->scenario = scenario;
    plan->name = plan->keys[0].id = FIXTURE_EVIL;
    result->cause = FIXTURE_EVIL;
    run.version = run.config = FIXTURE_EVIL;
    for (size_t i = 0; i < run.evidence->event_count; i++)
        snprintf(run.evidence->events[i].text, REHEARSAL_TEXT, "%s", FIXTURE_EVIL);
    struct verdict_finding *finding = arena_alloc(f->arena, sizeof *finding);
    *finding = (struct verdict_finding){
        .rule = "FM01", .text = FIXTURE_EVIL, .means = FIXTURE_EVIL, .mend = FIXTURE_EVIL};
    result->findings = finding;
    result->finding_count = 1;
    return run;
}

static void strangers_words_stay_words(void **state)
{
    struct fixture *f = *state;
    const struct forms_run run = evil(f);
    const char *table = table_of(f, &run, 1, plain);
    for (const char *at = table; *at; at++)
        assert_true(*at == '\n' || ((unsigned char)*at >= ' ' && (unsigned char)*at < 0x7f));
    expect(table, "\\x1b[31m\\xff");
    const char *page = page_of(f, &run, 1);
    expect_not(page, "<script");
    expect_not(page, "\x1b");
    expect(page, "&#60;script&#62;alert(1)");
    text_clear(&f->text);
    assert_int_equal(forms_jsonl(&run, &f->text), 0);
    struct json *read = NULL;
    struct err_note note = {""};
    assert_int_equal(json_read(f->text.string, f->text.length, &read, &note), 0);
    json_free(read);
}

/* ---- JSON ---- */

static void json_holds_all_of_it(void **state)
{
    struct fixture *f = *state;
    const struct forms_run runs[] = {fixture_run(f->arena, "unbound", "static", FIXTURE_BREAKS),
        fixture_run(f->arena, "unbound", "full", FIXTURE_READY)};
    const struct forms_report report = {runs, 2};
    struct json *root = NULL;
    struct err_note note = {""};
    assert_int_equal(forms_json(&report, &f->text), 0);
    assert_int_equal(json_read(f->text.string, f->text.length, &root, &note), 0);
    assert_string_equal(json_text(json_get(root, "schema")), "rollcall.rehearse/1");
    assert_string_equal(json_text(json_get(root, "verdict")), "not-ready");
    const struct json *run = json_at(json_get(root, "runs"), 0);
    assert_string_equal(json_text(json_get(run, "verdict")), "not-ready");
    assert_string_equal(json_text(json_get(json_get(run, "broke"), "from")), "2026-10-11T00:00:00Z");
    assert_string_equal(json_text(json_get(json_get(run, "broke"), "to")), "2026-10-12T00:00:00Z");
    assert_true(json_none(json_get(run, "healed")));
    const struct json *users = json_get(run, "users");
    assert_int_equal(json_count(users), 2); /* well, then not */
    assert_string_equal(json_text(json_get(json_at(users, 1), "signed")), "SERVFAIL");
    assert_string_equal(json_text(json_get(json_at(users, 1), "from")), "2026-10-12T12:00:00Z");
    assert_string_equal(json_text(json_get(json_at(json_get(run, "differences"), 0), "model")), "AddPend");
    assert_string_equal(json_text(json_get(json_at(json_get(run, "findings"), 0), "rule")), "FM01");
    const struct json *other = json_at(json_get(root, "runs"), 1);
    assert_true(json_none(json_get(other, "broke")));
    assert_int_equal(json_count(json_get(other, "signals")), 2);
    assert_int_equal(json_count(json_get(other, "states")), 5);
    assert_true(json_count(json_get(other, "dnskey_days")) > 800);
    assert_string_equal(json_text(json_get(json_at(json_get(other, "dnskey_days"), 0), "day")), "2025-01-01");
    json_free(root);
}

static void a_line_is_a_line(void **state)
{
    struct fixture *f = *state;
    for (int kind = 0; kind < FIXTURE_KINDS; kind++) {
        const struct forms_run run = fixture_run(f->arena, "unbound", "full", (enum fixture_kind)kind);
        text_clear(&f->text);
        assert_int_equal(forms_jsonl(&run, &f->text), 0);
        assert_true(f->text.length > 0);
        assert_ptr_equal(strchr(f->text.string, '\n'), f->text.string + f->text.length - 1);
    }
}

/* ---- the page ---- */

static void the_page_shows_every_kind(void **state)
{
    struct fixture *f = *state;
    struct forms_run runs[FIXTURE_KINDS];
    for (int kind = 0; kind < FIXTURE_KINDS; kind++)
        runs[kind] = fixture_run(f->arena, "unbound", "full", (enum fixture_kind)kind);
    const char *page = page_of(f, runs, FIXTURE_KINDS);
    expect(page, "is the worst of 6 rehearsals");
    expect(page, "1 ready, 1 at-risk, 3 not-ready, 1 unknown");
    expect(page, "<section class=\"card verdict vb-unknown run\" id=\"run-6\"");
    expect_not(page, "<title id=\"p6-t\">"); /* nothing was seen of it: no picture */
    expect(page, "<title id=\"p5-t\">unbound, full: day by day</title>");
    expect(page, "<title>SERVFAIL 2026-10-12 to ");
    expect(page, "<title>AddPend 2025-01-12 to 2025-02-11</title>");
    expect(page, "20326 38696 (NULL), ");
    expect(page, "<li>2026-10-11 KSK-2017 (20326) stops signing, KSK-2024 (38696) signs</li>");
    expect(page, "could not open autotrust file");
}

static void the_matrix_has_a_cell_for_each(void **state)
{
    struct fixture *f = *state;
    const struct forms_run runs[] = {fixture_run(f->arena, "unbound", "full", FIXTURE_READY),
        fixture_run(f->arena, "unbound", "early-roll", FIXTURE_HEALS),
        fixture_run(f->arena, "unbound=/opt/u", "full", FIXTURE_UNKNOWN)};
    const char *page = page_of(f, runs, 3);
    expect(page, "<th scope=\"col\">Scenario</th><th scope=\"col\">unbound 1.17.1</th>"
                 "<th scope=\"col\">unbound 1.17.1 =/opt/u</th>");
    expect(page, "<a href=\"#run-2\"><span class=\"v v-at-risk\">");
    expect(page, ", healed ");
    expect(page, "<td data-th=\"unbound 1.17.1 =/opt/u\"></td></tr>"); /* not rehearsed */
}

/* Every built-in scenario, nine resolvers: the last of the details that fits is shown. */
static void the_page_stays_small(void **state)
{
    struct fixture *f = *state;
    static const char *const resolvers[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i"};
    size_t count = 0, most = 9 * scenario_count();
    struct forms_run *runs = calloc(most, sizeof *runs);
    for (size_t r = 0; r < 9; r++)
        for (size_t s = 0; s < scenario_count(); s++)
            runs[count++] = fixture_run(
                f->arena, resolvers[r], scenario_name(s), (enum fixture_kind)((r + s) % FIXTURE_KINDS));
    page_of(f, runs, count);
    for (size_t i = 1; i <= count; i += 37) { /* all of them are there */
        char id[32];
        snprintf(id, sizeof id, "id=\"run-%zu\"", i);
        expect(f->text.string, id);
    }
    expect_not(f->text.string, "left out here");
    free(runs);
}

static void the_same_gives_the_same(void **state)
{
    struct fixture *f = *state;
    const struct forms_run run = fixture_run(f->arena, "unbound", "full", FIXTURE_HEALS);
    char *first = strdup(page_of(f, &run, 1));
    assert_string_equal(first, page_of(f, &run, 1));
    free(first);
}

/* ---- golden: ROLLCALL_GOLDEN=write makes them anew ---- */

static void golden(struct fixture *f, const char *name)
{
    const char *source = getenv("ROLLCALL_SOURCE"), *mode = getenv("ROLLCALL_GOLDEN");
    struct err_note note = {""};
    char path[512], *bytes = NULL;
    size_t length = 0;
    snprintf(path, sizeof path, "%s/tests/golden/rehearse/%s", source ? source : ".", name);
    if (mode && strcmp(mode, "write") == 0) {
        if (file_replace(path, f->text.string, f->text.length, &note))
            fail_msg("%s", note.text);
        return;
    }
    if (file_read_all(path, 1 << 20, &bytes, &length, &note))
        fail_msg("%s", note.text);
    assert_string_equal(f->text.string, bytes);
    free(bytes);
}

static void the_forms_are_as_they_were(void **state)
{
    struct fixture *f = *state;
    static const char *const scenarios[FIXTURE_KINDS] = {
        "full", "static", "early-roll", "offline", "state-turns-read-only", "full"};
    struct forms_run runs[FIXTURE_KINDS];
    for (int kind = 0; kind < FIXTURE_KINDS; kind++)
        runs[kind] = fixture_run(f->arena, kind == FIXTURE_UNKNOWN ? "unbound=/opt/u" : "unbound",
            scenarios[kind], (enum fixture_kind)kind);
    table_of(f, runs, FIXTURE_KINDS, (struct forms_screen){false, true, 100});
    golden(f, "table.txt");
    text_clear(&f->text);
    assert_int_equal(forms_json(&(struct forms_report){&runs[FIXTURE_BREAKS], 1}, &f->text), 0);
    golden(f, "runs.json");
    const char *page = page_of(f, &runs[FIXTURE_BREAKS], 1); /* sheets and version may change */
    const char *body = strstr(page, "<main"), *end = strstr(page, "<footer");
    assert_true(body && end && body < end);
    char *copy = strndup(body, (size_t)(end - body));
    text_clear(&f->text);
    text_add(&f->text, copy);
    free(copy);
    golden(f, "page.html");
}

int main(void)
{
    const struct CMUnitTest all[] = {
        cmocka_unit_test_setup_teardown(the_worst_of_a_day_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(no_time_is_a_day, setup, teardown),
        cmocka_unit_test_setup_teardown(signals_alike_are_one, setup, teardown),
        cmocka_unit_test_setup_teardown(steps_are_told_in_words, setup, teardown),
        cmocka_unit_test_setup_teardown(the_table_says_when_and_why, setup, teardown),
        cmocka_unit_test_setup_teardown(timelines_fit_on_the_screen, setup, teardown),
        cmocka_unit_test_setup_teardown(a_run_that_ended_early_keeps_its_calendar, setup, teardown),
        cmocka_unit_test_setup_teardown(many_timelines_are_left_out, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_is_unknown, setup, teardown),
        cmocka_unit_test_setup_teardown(the_worst_is_the_verdict, setup, teardown),
        cmocka_unit_test_setup_teardown(strangers_words_stay_words, setup, teardown),
        cmocka_unit_test_setup_teardown(json_holds_all_of_it, setup, teardown),
        cmocka_unit_test_setup_teardown(a_line_is_a_line, setup, teardown),
        cmocka_unit_test_setup_teardown(the_page_shows_every_kind, setup, teardown),
        cmocka_unit_test_setup_teardown(the_matrix_has_a_cell_for_each, setup, teardown),
        cmocka_unit_test_setup_teardown(the_page_stays_small, setup, teardown),
        cmocka_unit_test_setup_teardown(the_same_gives_the_same, setup, teardown),
        cmocka_unit_test_setup_teardown(the_forms_are_as_they_were, setup, teardown),
    };
    return cmocka_run_group_tests_name("app/lab/forms/forms", all, NULL, NULL);
}

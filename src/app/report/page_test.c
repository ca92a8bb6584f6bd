/* The page is well-formed, holds what is known, lets nobody's words run, and stays small whatever the store
 * holds. */
#include "app/report/page.h"

#include "base/markup_check.h"
#include "io/store/sightings_fixture.h"
#include "io/store/store_test_dir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
/* last */
#include <cmocka.h>

enum { DAYS = 3 };

#define EVIL "\"><script>alert(1)</script>&\x1b[31m\xff"
#define EVIL_HTML "&#34;&#62;&#60;script&#62;alert(1)&#60;/script&#62;&#38;\xef\xbf\xbd[31m\xef\xbf\xbd"

struct fixture {
    char directory[64], file[200];
    struct sightings *sightings;
    struct networks *networks;
    struct arena *arena;
    struct classify_roll roll;
    struct classify_limits limits;
    struct sightings_question question;
    struct readiness_wish wish;
    struct readiness readiness;
    struct page page;
    struct text text;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct err_note note = {""};
    *state = f;
    test_dir(f->directory);
    snprintf(f->file, sizeof f->file, "%s/s.db", f->directory);
    f->arena = arena_new();
    text_start(&f->text);
    classify_limits_usual(&f->limits);
    f->roll = (struct classify_roll){.old_tag = 20326,
        .new_tag = 38696,
        .publish_us = FIXTURE_DAY - 90 * UTC_DAY,
        .trust_us = FIXTURE_DAY - 60 * UTC_DAY,
        .sign_us = FIXTURE_DAY + 30 * UTC_DAY,
        .revoke_us = UTC_OPEN,
        .withdraw_us = UTC_OPEN};
    f->question = (struct sightings_question){
        .from_us = FIXTURE_DAY, .to_us = FIXTURE_DAY + DAYS * UTC_DAY, .zone = "."};
    f->wish = (struct readiness_wish){
        .by = READINESS_BY_CLASS, .roll = &f->roll, .limits = &f->limits, .question = &f->question};
    f->page = (struct page){.store = f->file,
        .plan_name = "root-2024",
        .zone = ".",
        .readiness = &f->readiness,
        .now_us = f->question.to_us};
    return sightings_open(f->file, false, &f->sightings, &note) || networks_new(&f->networks);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    text_free(&f->text);
    readiness_free(&f->readiness);
    networks_free(f->networks);
    arena_free(f->arena);
    sightings_close(f->sightings);
    test_dir_remove(f->directory);
    free(f);
    return 0;
}

/* One source: on each day a query for the keys, traffic, and its word (NULL: it says nothing). */
static void see(
    struct fixture *f, const char *collector, uint8_t input, const uint8_t address[4], const char *tags)
{
    struct tally_row rows[2 * DAYS];
    struct tally_traffic traffic[DAYS];
    struct fixture_rows all = {rows, 0, traffic, 0};
    for (int day = 0; day < DAYS; day++) {
        int64_t hour_us = FIXTURE_DAY + day * UTC_DAY;
        struct tally_row row = {.hour_us = hour_us,
            .source = {[10] = 0xff, [11] = 0xff},
            .zone = ".",
            .tags = "",
            .count = 1,
            .dnssec_ok = 1,
            .first_us = hour_us + 5,
            .last_us = hour_us + 5};
        memcpy(row.source + 12, address, 4);
        row.kind = SIGHTING_DNSKEY;
        rows[all.count++] = row;
        row.kind = SIGHTING_TA_NULL;
        row.tags = tags;
        if (tags)
            rows[all.count++] = row;
        struct tally_traffic *one = &traffic[all.traffic_count++];
        *one = (struct tally_traffic){.hour_us = hour_us,
            .queries = 100,
            .edns = 100,
            .dnssec_ok = 100,
            .dnskey = 1,
            .names = ~UINT64_C(0),
            .ports = ~0U,
            .first_us = hour_us,
            .last_us = hour_us + 9};
        memcpy(one->source, row.source, 16);
    }
    struct sightings_segment segment = fixture_segment(collector, input, 0, 100);
    struct tally_rows tally = fixture_tally(&all);
    struct err_note note = {""};
    if (sightings_commit(f->sightings, &segment, &tally, &note))
        fail_msg("%s", note.text);
}

/* The page of what the store holds now. */
static const char *page_of(struct fixture *f)
{
    struct err_note note = {""};
    readiness_free(&f->readiness);
    f->wish.networks = f->networks;
    if (readiness_make(f->sightings, &f->wish, f->arena, &f->readiness, &note))
        fail_msg("%s", note.text);
    f->text.length = 0;
    assert_int_equal(page_write(&f->page, f->arena, &f->text), 0);
    const char *fault = markup_check(f->text.string);
    if (fault)
        fail_msg("%s", fault);
    assert_true(f->text.length < 1000000);
    return f->text.string;
}

static void expect(const char *page, const char *words)
{
    if (!strstr(page, words))
        fail_msg("'%s' is not on the page", words);
}

static void expect_not(const char *page, const char *words)
{
    const char *at = strstr(page, words);
    if (at)
        fail_msg("'%s' is on the page: %.60s", words, at);
}

static void an_empty_store_is_unknown(void **state)
{
    struct fixture *f = *state;
    const char *page = page_of(f);
    assert_int_equal(page_verdict_of(&f->page), PAGE_UNKNOWN);
    expect(page, "Nothing was seen in this time");
    expect(page, "0 of 0 sources whose word is known");
    expect(page, "How many users stand behind anything here: no file told");
}

static void words_follow_what_is_proved(void **state)
{
    struct fixture *f = *state;
    see(f, "a", 1, (uint8_t[]){192, 0, 2, 1}, "4f66-9728");
    expect(page_of(f), "Every validator that was seen says that it has the new key");
    assert_int_equal(page_verdict_of(&f->page), PAGE_READY);
    f->readiness.partial = true;
    assert_int_equal(page_verdict_of(&f->page), PAGE_UNKNOWN);
    see(f, "a", 2, (uint8_t[]){192, 0, 2, 2}, NULL);
    expect(page_of(f), "Nobody is proved to hold only the old key, and not everybody says");
    assert_int_equal(page_verdict_of(&f->page), PAGE_UNKNOWN);
    see(f, "a", 3, (uint8_t[]){192, 0, 2, 3}, "4f66");
    const char *page = page_of(f);
    assert_int_equal(page_verdict_of(&f->page), PAGE_AT_RISK);
    expect(page, "1 of 2 sources whose word is known are proved");
    expect(page, "<strong>1</strong> proved (33.3&#160;%), <strong>2</strong> not disproved (66.7&#160;%), "
                 "of 3 that validate");
}

/* Before the hold-down's end, who names only the old key proves nothing. */
static void too_early_is_said(void **state)
{
    struct fixture *f = *state;
    f->roll.trust_us = f->question.to_us + UTC_DAY;
    see(f, "a", 1, (uint8_t[]){192, 0, 2, 1}, "4f66");
    expect(page_of(f), "Too early: the hold-down of the new key has not ended");
    assert_int_equal(page_verdict_of(&f->page), PAGE_UNKNOWN);
}

static void what_is_missing_is_said(void **state)
{
    struct fixture *f = *state;
    page_of(f);
    f->readiness.partial = true;
    f->readiness.missing = EVIL;
    f->text.length = 0;
    assert_int_equal(page_write(&f->page, f->arena, &f->text), 0);
    assert_null(markup_check(f->text.string));
    expect(f->text.string, "<strong>Partial.</strong>");
    expect(f->text.string, EVIL_HTML);
}

/* A file of the user's, read by one of the readers of networks. */
static void tell(
    struct fixture *f, int (*read)(struct networks *, const char *, struct err_note *), const char *text)
{
    char path[100];
    struct err_note note = {""};
    snprintf(path, sizeof path, "%s/file", f->directory);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    if (read(f->networks, path, &note))
        fail_msg("%s", note.text);
}

#define DELEGATED(cc, start) "ripencc|" cc "|ipv4|" start "|256|20100101|allocated\n"

/* Germany has a shape, Singapore a dot, XX neither; what is proved comes before what is only not disproved,
 * whatever its users. */
static void countries_and_networks(void **state)
{
    struct fixture *f = *state;
    see(f, "a", 1, (uint8_t[]){192, 0, 2, 1}, "4f66");
    see(f, "a", 2, (uint8_t[]){192, 0, 2, 2}, "4f66-9728");
    see(f, "a", 3, (uint8_t[]){198, 51, 100, 1}, NULL);
    see(f, "a", 4, (uint8_t[]){203, 0, 113, 1}, NULL);
    const char *page = page_of(f);
    expect(page, "No file told which country an address belongs to.");
    expect(page, "No file told which networks there are.");
    expect_not(page, "<th scope=\"col\" class=\"n\">Users at risk</th>");
    tell(f, networks_read_delegated,
        "2|ripencc|20260101|3|20100101|20260101|+0000\n" DELEGATED("DE", "192.0.2.0")
            DELEGATED("SG", "198.51.100.0") DELEGATED("XX", "203.0.113.0"));
    tell(f, networks_read_pfx2as, "192.0.2.0\t24\t64500\n198.51.100.0\t24\t64501\n203.0.113.0\t24\t64502\n");
    page = page_of(f);
    expect(page, "<title>Germany: 1 of 2 sources that validate at risk</title>");
    tell(f, networks_read_users,
        "as,users,name\n64500,1000,\""
        "<b>'Evil"
        "\"\n64501,7000000,Big\n64502,10,Small\n");
    page = page_of(f);
    expect(page, "<title>Germany: 500 of 1,000 users at risk</title>");
    expect(page, "<title>Singapore: 0 to 7,000,000 of 7,000,000 users at risk</title>");
    expect(page, "<th scope=\"row\">XX</th>");
    expect(page, "<th scope=\"row\"><bdi>AS64500 &#60;b&#62;&#39;Evil</bdi></th>");
    assert_true(strstr(page, ">AS64500 ") < strstr(page, ">AS64501 Big"));
    assert_true(strstr(page, ">AS64501 Big") < strstr(page, ">AS64502 Small"));
    expect(page, "class=\"code\"");
}

static void coverage_shows_pauses(void **state)
{
    struct fixture *f = *state;
    see(f, "north", 1, (uint8_t[]){192, 0, 2, 1}, NULL);
    const char *page = page_of(f);
    expect(page, "<th scope=\"row\"><bdi>north</bdi></th>");
    struct sightings_span work[] = {{FIXTURE_DAY, FIXTURE_DAY + UTC_DAY, 0},
        {FIXTURE_DAY + 2 * UTC_DAY, FIXTURE_DAY + DAYS * UTC_DAY, 0}};
    struct sightings_coverage rows[70];
    for (size_t i = 0; i < 70; i++)
        rows[i] = (struct sightings_coverage){.collector = "a-name-that-is-longer-than-fits-beside-a-bar",
            .from_us = work[0].from_us,
            .to_us = work[1].to_us,
            .gaps = 1,
            .gap_us = UTC_DAY,
            .work = work,
            .work_count = 2};
    f->readiness.coverage = rows;
    f->readiness.coverage_count = 70;
    f->text.length = 0;
    assert_int_equal(page_write(&f->page, f->arena, &f->text), 0);
    page = f->text.string;
    assert_null(markup_check(page));
    expect(page, "<td class=\"n\" data-th=\"At work in the time that is judged\">66.7&#160;%</td>");
    expect(page, "1 (1 day)");
    expect(page, "<text class=\"name\" x=\"0.0\" y=\"17.0\">a-name-that-is-longer\xe2\x80\xa6</text>");
    expect(page, "6 more collectors are left out.");
    /* 724 wide, a third of it missing */
    expect(page, "<path class=\"work\" d=\"M170.0 6.0h241.3v14.0h-241.3zM652.7 6.0h241.3v14.0h-241.3z\"/>");
}

static void a_gate_comes_with_its_reasons(void **state)
{
    struct fixture *f = *state;
    struct gate_criterion criteria[] = {{.id = "fine",
                                            .measure = "old-only-sources",
                                            .why = EVIL,
                                            .threshold = 0.05,
                                            .window_us = 14 * UTC_DAY},
        {.id = "users",
            .measure = "old-only-users",
            .why = "users are hurt",
            .source = EVIL,
            .threshold = 0.01,
            .window_us = 14 * UTC_DAY,
            .on_fail = GATE_POSTPONE}};
    struct gate_dissent dissent = {EVIL, EVIL, FIXTURE_DAY};
    struct gate_file file = {.gate = {.name = EVIL,
                                 .title = EVIL,
                                 .decides = EVIL,
                                 .example = true,
                                 .criteria = criteria,
                                 .count = 2,
                                 .dissent = &dissent,
                                 .dissent_count = 1}};
    const struct gate_measured measured[] = {
        {true, {.value = 0.02, .low = 0.01, .high = 0.03}, 2, 100, NULL}, {.reason = "no users were told"}};
    enum gate_outcome outcomes[2];
    struct gate_result result = {.outcomes = outcomes};
    gate_judge(&file.gate, measured, false, &result);
    const struct decision decision = {
        .at_us = FIXTURE_DAY, .plan = "p", .file = &file, .measured = measured, .result = &result};
    f->page.decision = &decision;
    const char *page = page_of(f);
    assert_int_equal(page_verdict_of(&f->page), PAGE_UNKNOWN);
    expect(page, "<strong>Postpone</strong>, by the gate");
    expect(page, "it decides nothing for anybody");
    expect(page, "2.00 % (95 %: 1.00 % to 3.00 %), 2 of 100; at-most 5.00 %");
    expect(page, "not known: no users were told");
    expect_not(page, "<script");
    assert_true(strstr(page, ">users<") < strstr(page, ">fine<"));
}

static void hostile_names_are_text(void **state)
{
    struct fixture *f = *state;
    f->page.store = f->page.plan_name = f->page.zone = EVIL;
    f->wish.question = &f->question;
    const char *page = page_of(f);
    expect_not(page, "<script");
    expect_not(page, "\x1b");
    expect(page, EVIL_HTML);
    f->page.store = "clickhouse://user:secret@127.0.0.1:8123/x";
    expect_not(page_of(f), "secret");
}

/* Nothing is asked for: not even an icon, a sheet or a letter shape. */
static void it_is_whole(void **state)
{
    struct fixture *f = *state;
    const char *page = page_of(f);
    static const char *const asks[] = {
        " src=", "<link", "<script", "@import", "@font-face", "url(http", "http://", "https://"};
    for (size_t i = 0; i < sizeof asks / sizeof *asks; i++)
        expect_not(page, asks[i]);
    expect(page, "<style>");
    f->page.live = true;
    page = page_of(f);
    expect_not(page, "<style>");
    expect(page, "<link rel=\"stylesheet\" href=\"/assets/readiness.css?v=");
}

static void the_same_data_give_the_same_bytes(void **state)
{
    struct fixture *f = *state;
    see(f, "a", 1, (uint8_t[]){192, 0, 2, 1}, "4f66");
    char *first = strdup(page_of(f));
    assert_string_equal(page_of(f), first);
    free(first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(an_empty_store_is_unknown),
        TEST(words_follow_what_is_proved),
        TEST(too_early_is_said),
        TEST(what_is_missing_is_said),
        TEST(countries_and_networks),
        TEST(coverage_shows_pauses),
        TEST(a_gate_comes_with_its_reasons),
        TEST(hostile_names_are_text),
        TEST(it_is_whole),
        TEST(the_same_data_give_the_same_bytes),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

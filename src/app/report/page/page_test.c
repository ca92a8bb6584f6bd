/* The page is well-formed, holds what is known, lets nobody's words run, and stays small whatever the store
 * holds. */
#include "app/report/page/page.h"
#include "app/report/page/page_countries.h"

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

/* On each day a query for the keys, traffic, and its word (NULL: it says nothing). */
static void add_source(struct fixture_rows *all, const uint8_t address[4], const char *tags)
{
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
        all->rows[all->count++] = row;
        row.kind = SIGHTING_TA_NULL;
        row.tags = tags;
        if (tags)
            all->rows[all->count++] = row;
        struct tally_traffic *one = &all->traffic[all->traffic_count++];
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
}

static void commit(struct fixture *f, const char *collector, uint8_t input, struct fixture_rows *rows)
{
    struct sightings_segment segment = fixture_segment(collector, input, 0, 100);
    struct tally_rows tally = fixture_tally(rows);
    struct err_note note = {""};
    if (sightings_commit(f->sightings, &segment, &tally, &note))
        fail_msg("%s", note.text);
}

static void see(
    struct fixture *f, const char *collector, uint8_t input, const uint8_t address[4], const char *tags)
{
    struct tally_row rows[2 * DAYS];
    struct tally_traffic traffic[DAYS];
    struct fixture_rows all = {rows, 0, traffic, 0};
    add_source(&all, address, tags);
    commit(f, collector, input, &all);
}

/* One source in each of many networks, seen once by one collector: one segment. */
static void see_many(struct fixture *f, int count)
{
    struct tally_row *rows = calloc((size_t)count * DAYS * 2, sizeof *rows);
    struct tally_traffic *traffic = calloc((size_t)count * DAYS, sizeof *traffic);
    struct fixture_rows all = {rows, 0, traffic, 0};
    for (int i = 0; i < count; i++)
        add_source(&all, (uint8_t[]){(uint8_t)(11 + i / 65536), (uint8_t)(i / 256), (uint8_t)i, 1},
            i % 3 ? "4f66" : NULL);
    commit(f, "many", 9, &all);
    free(rows);
    free(traffic);
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
    assert_int_equal(page_verdict_of(&f->page), VERDICT_UNKNOWN);
    expect(page, "Nothing was seen in this time");
    expect(page, "0 of 0 sources whose word is known");
    expect(page, "How many users stand behind anything here: no file told");
    expect(page, "What those who were not seen in this time trust");
    expect_not(page, "silent validator");
}

static void words_follow_what_is_proved(void **state)
{
    struct fixture *f = *state;
    see(f, "a", 1, (uint8_t[]){192, 0, 2, 1}, "4f66-9728");
    expect(page_of(f), "Every validator that was seen says that it has the new key");
    assert_int_equal(page_verdict_of(&f->page), VERDICT_READY);
    f->readiness.partial = true;
    assert_int_equal(page_verdict_of(&f->page), VERDICT_UNKNOWN);
    see(f, "a", 2, (uint8_t[]){192, 0, 2, 2}, NULL);
    expect(page_of(f), "Nobody is proved to hold only the old key, and not everybody says");
    expect(f->text.string, "<li>What 1 silent validator trusts: it never says.</li>");
    assert_int_equal(page_verdict_of(&f->page), VERDICT_UNKNOWN);
    see(f, "a", 3, (uint8_t[]){192, 0, 2, 3}, "4f66");
    const char *page = page_of(f);
    assert_int_equal(page_verdict_of(&f->page), VERDICT_AT_RISK);
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
    assert_int_equal(page_verdict_of(&f->page), VERDICT_UNKNOWN);
}

static void the_day_is_told(void **state)
{
    struct fixture *f = *state;
    expect(page_of(f), " The new key signs from <strong><time datetime=\"2026-11-04T00:00:00Z\">2026-11-04 "
                       "00:00\xc2\xa0UTC</time> (in 27 days)");
    f->roll.sign_us = f->question.to_us - 2 * UTC_DAY;
    expect(page_of(f), " The new key signs since <strong><time datetime=\"2026-10-06T00:00:00Z\">2026-10-06 "
                       "00:00\xc2\xa0UTC</time> (2 days ago)");
    f->roll.sign_us = UTC_OPEN;
    expect(page_of(f), " The roll has <strong>no date</strong>.");
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

static size_t count_of(const char *page, const char *words)
{
    size_t count = 0;
    for (; (page = strstr(page, words)); page += strlen(words))
        count++;
    return count;
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
    see(f, "a", 5, (uint8_t[]){203, 0, 114, 1}, "4f66"); /* less proved than Evil, and more at risk */
    for (uint8_t i = 2; i < 11; i++)
        see(f, "a", 5 + i, (uint8_t[]){203, 0, 114, i}, NULL);
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
    tell(f, networks_read_pfx2as,
        "192.0.2.0\t24\t64500\n198.51.100.0\t24\t64501\n203.0.113.0\t24\t64502\n203.0.114.0\t24\t64503\n");
    page = page_of(f);
    expect(page, "<title>Germany: 1 of 2 sources that validate at risk</title>");
    tell(f, networks_read_users,
        "as,users,name\n64500,1000,\""
        "<b>'Evil"
        "\"\n64501,7000000,Big\n64502,10,Small\n64503,2000,Least\n");
    page = page_of(f);
    expect(page, "<title>Germany: 500 of 1,000 users at risk</title>");
    expect(page, "<title>Singapore: 0 to 7,000,000 of 7,000,000 users at risk</title>");
    /* 500 and all 7,000,000 of them are not disproved: half or more; Singapore is a dot */
    assert_int_equal(count_of(page, "<path class=\"land q5\""), 2);
    expect(
        page, "<path class=\"land q5\" d=\"M1577 472m-6 0a6 6 0 1 0 12 0a6 6 0 1 0-12 0z\"><title>Singapore");
    assert_int_equal(count_of(page, "<circle class=\"disc\" cx=\"1"), 1);
    expect(page, "<th scope=\"row\">XX</th>");
    expect(page, "<th scope=\"row\"><bdi>AS64500 &#60;b&#62;&#39;Evil</bdi></th>");
    assert_true(strstr(page, ">AS64500 ") < strstr(page, ">AS64503 Least"));
    assert_true(strstr(page, ">AS64503 Least") < strstr(page, ">AS64501 Big"));
    assert_true(strstr(page, ">AS64501 Big") < strstr(page, ">AS64502 Small"));
    expect(page, "class=\"code\"");
}

/* A country of whose networks no file tells the users is dotted; one in which a tenth is not disproved has
 * the tint for it. */
static void tints_follow_shares(void **state)
{
    struct fixture *f = *state;
    see(f, "a", 1, (uint8_t[]){192, 0, 2, 1}, NULL);
    for (uint8_t i = 2; i < 11; i++)
        see(f, "a", i, (uint8_t[]){192, 0, 2, i}, "4f66-9728");
    see(f, "a", 11, (uint8_t[]){198, 51, 100, 1}, "4f66-9728");
    see(f, "a", 12, (uint8_t[]){203, 0, 113, 1}, "4f66-9728");
    tell(f, networks_read_delegated,
        "2|ripencc|20260101|3|20100101|20260101|+0000\n" DELEGATED("DE", "192.0.2.0")
            DELEGATED("FR", "198.51.100.0") DELEGATED("JP", "203.0.113.0"));
    tell(f, networks_read_pfx2as, "192.0.2.0\t24\t64500\n198.51.100.0\t24\t64501\n203.0.113.0\t24\t64502\n");
    tell(f, networks_read_users, "as,users,name\n64500,1000,a\n64501,1000,b\n");
    const char *page = page_of(f);
    static const char *const classes[] = {"land q0", "land q3", "land untold"}, *const names[] = {"France",
                                                                                    "Germany", "Japan"};
    for (size_t i = 0; i < 3; i++) {
        char begin[40], title[40];
        snprintf(begin, sizeof begin, "<path class=\"%s\"", classes[i]);
        snprintf(title, sizeof title, "<title>%s: ", names[i]);
        const char *at = strstr(page, begin);
        assert_non_null(at);
        assert_ptr_equal(strstr(at, "<title>"), strstr(at, title));
    }
    expect(page, "<title>Japan: users were not told</title>");
    expect_not(page, "class=\"disc\" cx=\"1");
}

/* Every country of the table has what the map needs of it. */
static void the_table_of_countries_is_whole(void **state)
{
    struct page_country country;
    const char *at = NULL;
    char last[3] = "";
    size_t count = 0, shapes = 0;
    (void)state;
    for (; page_countries_next(&at, &country); count++) {
        assert_true(strcmp(last, country.code) < 0 && strlen(country.code) == 2);
        memcpy(last, country.code, 3);
        assert_true(country.x >= 0 && country.x <= PAGE_COUNTRIES_WIDTH && country.y >= 0 &&
                    country.y <= PAGE_COUNTRIES_HEIGHT);
        unsigned code;
        for (size_t i = 0, step; country.name[i]; i += step)
            assert_true((step = text_utf8(country.name + i, strlen(country.name + i), &code)) > 0);
        for (size_t i = 0; i < country.shape_length; i++)
            assert_non_null(strchr("Mlz -0123456789", country.shape[i]));
        shapes += country.shape_length > 0;
    }
    assert_int_equal(count, 250);
    assert_int_equal(shapes, 174);
    char name[PAGE_COUNTRIES_NAME];
    page_countries_name("CI", name);
    assert_string_equal(name, "C\xc3\xb4te d'Ivoire");
    page_countries_name("ZZ", name);
    assert_string_equal(name, "");
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
    expect(page, "<td class=\"n\" data-th=\"At work when judged\">66.7&#160;%</td>");
    expect(page, "1 (1 day)");
    expect(page, "<text class=\"name\" x=\"0.0\" y=\"17.0\">a-name-that-is-longer-\xe2\x80\xa6</text>");
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
    assert_int_equal(page_verdict_of(&f->page), VERDICT_UNKNOWN);
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

/* The steps of a trend as it is drawn; one that is not judged, one at which feeds change. */
static struct trend trend_of(struct trend_step *steps, size_t count, struct trend_wish *wish)
{
    for (size_t i = 0; i < count; i++) {
        steps[i] = (struct trend_step){.from_us = FIXTURE_DAY + (int64_t)i * 7 * UTC_DAY,
            .to_us = FIXTURE_DAY + (int64_t)(i + 1) * 7 * UTC_DAY,
            .is_judged = true,
            .collectors = 2,
            .has_like = i > 0,
            .like_change = 1.5};
        steps[i].total.sources[CLASSIFY_READY] = 90;
        steps[i].total.sources[CLASSIFY_OLD_ONLY] = 10;
        steps[i].share = interval_share(10, 100);
    }
    steps[count / 2].is_judged = false;
    steps[count / 2].reason = "nobody was at work";
    steps[count / 2].is_broken = true;
    steps[count / 2 + 1].is_broken = true;
    return (struct trend){.wish = wish,
        .from_us = FIXTURE_DAY,
        .to_us = steps[count - 1].to_us,
        .step_us = 7 * UTC_DAY,
        .steps = steps,
        .step_count = count};
}

static void a_trend_is_broken_where_feeds_change(void **state)
{
    struct fixture *f = *state;
    struct trend_step steps[9];
    struct trend_wish wish = {.zone = "."};
    struct trend trend = trend_of(steps, 9, &wish);
    struct trend_day day = {.day_us = FIXTURE_DAY, .old_only = 3, .signalling = 4};
    struct feeds_change feeds[] = {{FIXTURE_DAY + UTC_DAY, EVIL, true}, {FIXTURE_DAY + UTC_DAY, "b", true},
        {FIXTURE_DAY + 2 * UTC_DAY, "c", false}};
    struct trend_event events[] = {{.at_us = FIXTURE_DAY + 3 * UTC_DAY, .what = "sign", .key = 38696},
        {.at_us = FIXTURE_DAY + 4 * UTC_DAY,
            .what = "postpone",
            .key = -1,
            .sign_us = UTC_OPEN,
            .who = EVIL,
            .reason = EVIL}};
    trend.feeds = feeds;
    trend.feed_count = 3;
    trend.events = events;
    trend.event_count = 2;
    trend.days = &day;
    trend.day_count = 1;
    const char *page = page_of(f);
    expect_not(page, "id=\"trend\"");
    f->page.trend = &trend;
    page = page_of(f);
    /* two stretches of four steps, in two panels, on two screens */
    assert_int_equal(count_of(page, "<path class=\"band old\""), 4);
    assert_int_equal(count_of(page, "<path class=\"line new\""), 4);
    assert_int_equal(count_of(page, "<circle class=\"point old\""), 16);
    assert_int_equal(count_of(page, "<path class=\"feedmark\""), 6);
    expect(page, ">38696 signs</text>");
    expect(page, "<strong>postponed</strong>: the new key signs without a date, by <bdi>" EVIL_HTML
                 "</bdi>: <bdi>" EVIL_HTML);
    expect(page, "<bdi>" EVIL_HTML "</bdi>, <bdi>b</bdi> begin</li>");
    expect(page, "<bdi>c</bdi> ends</li>");
    expect(page, "<bdi>nobody was at work</bdi>");
    expect(page, "naive count: misleading");
    expect(page, "75.0&#160;%"); /* of the first step */
    steps[3].is_broken = true;
    page = page_of(f);
    assert_int_equal(count_of(page, "<path class=\"band old\""), 6);
    f->page.trend = NULL;
    f->page.no_trend = EVIL;
    expect(page_of(f), "No trend: <bdi>" EVIL_HTML "</bdi>.");
}

/* As many criteria and as much dissent as a gate may have, each text as long as may be, all of it markup. */
static struct decision worst_gate(struct arena *arena)
{
    struct gate_file *file = arena_alloc(arena, sizeof *file);
    struct gate_measured *measured = arena_alloc(arena, GATE_FILE_MAX_CRITERIA * sizeof *measured);
    struct gate_result *result = arena_alloc(arena, sizeof *result);
    struct gate *gate = &file->gate;
    char *words = arena_alloc(arena, GATE_FILE_MAX_TEXT + 1);
    memset(words, '<', GATE_FILE_MAX_TEXT);
    *gate = (struct gate){.name = words,
        .title = words,
        .decides = words,
        .criteria = arena_alloc(arena, GATE_FILE_MAX_CRITERIA * sizeof *gate->criteria),
        .count = GATE_FILE_MAX_CRITERIA,
        .dissent = arena_alloc(arena, GATE_FILE_MAX_DISSENT * sizeof *gate->dissent),
        .dissent_count = GATE_FILE_MAX_DISSENT};
    for (size_t i = 0; i < gate->count; i++) {
        gate->criteria[i] = (struct gate_criterion){.id = "criterion",
            .measure = "old-only-users",
            .why = words,
            .source = words,
            .window_us = UTC_DAY};
        measured[i].reason = "no users were told";
    }
    for (size_t i = 0; i < gate->dissent_count; i++)
        gate->dissent[i] = (struct gate_dissent){words, words, FIXTURE_DAY};
    result->outcomes = arena_alloc(arena, gate->count * sizeof *result->outcomes);
    gate_judge(gate, measured, false, result);
    return (struct decision){.plan = words, .file = file, .measured = measured, .result = result};
}

/* Networks in 260 countries, some with names of the longest kind. */
static void tell_many(struct fixture *f, int count)
{
    struct text users, routes, delegated;
    struct text *texts[] = {&users, &routes, &delegated};
    char name[NETWORKS_MAX_NAME + 1];
    memset(name, '<', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    for (size_t i = 0; i < 3; i++)
        text_start(texts[i]);
    text_add(&users, "as,users,name\n");
    text_printf(&delegated, "2|ripencc|20260101|%d|20100101|20260101|+0000\n", count);
    for (int i = 0; i < count; i++) {
        int a = 11 + i / 65536, b = i / 256 % 256, c = i % 256;
        text_printf(&users, "%d,%d,%s\n", 64500 + i, 1000 + i, i + 200 > count ? name : "x");
        text_printf(&routes, "%d.%d.%d.0\t24\t%d\n", a, b, c, 64500 + i);
        text_printf(&delegated, "ripencc|%c%c|ipv4|%d.%d.%d.0|256|20100101|allocated\n", 'A' + i % 26,
            'A' + i / 26 % 10, a, b, c);
    }
    tell(f, networks_read_users, users.string);
    tell(f, networks_read_pfx2as, routes.string);
    tell(f, networks_read_delegated, delegated.string);
    for (size_t i = 0; i < 3; i++)
        text_free(texts[i]);
}

/* Collectors with names of the longest kind, that pause each hour. */
static struct sightings_coverage *cover_many(struct arena *arena, size_t count, size_t pauses)
{
    struct sightings_coverage *coverage = arena_alloc(arena, count * sizeof *coverage);
    struct sightings_span *work = arena_alloc(arena, pauses * sizeof *work);
    for (size_t i = 0; i < pauses; i++) {
        int64_t from_us = FIXTURE_DAY + (int64_t)i * UTC_HOUR;
        work[i] = (struct sightings_span){from_us, from_us + UTC_MINUTE, 1};
    }
    for (size_t i = 0; i < count; i++)
        coverage[i] = (struct sightings_coverage){
            .collector = "a-collector-with-a-name-of-sixty-four-octets-that-is-the-longest",
            .from_us = work[0].from_us,
            .to_us = work[pauses - 1].to_us,
            .packets = UINT64_MAX / 2,
            .gaps = pauses - 1,
            .gap_us = (int64_t)(pauses - 1) * 59 * UTC_MINUTE,
            .work = work,
            .work_count = pauses};
    return coverage;
}

/* 70,000 networks, 200 collectors with a thousand pauses each, a thousand steps, 5,000 changes of feeds, and
 * a gate with all that it may have: below a million octets. */
static void it_stays_small(void **state)
{
    struct fixture *f = *state;
    static struct trend_step steps[TREND_MOST_STEPS];
    static struct feeds_change feeds[5000];
    struct trend_wish wish = {.zone = "."};
    struct trend trend = trend_of(steps, TREND_MOST_STEPS, &wish);
    struct decision decision = worst_gate(f->arena);
    for (size_t i = 0; i < 5000; i++)
        feeds[i] = (struct feeds_change){FIXTURE_DAY + (int64_t)(i / 20) * UTC_HOUR, EVIL, i % 2 == 0};
    trend.feeds = feeds;
    trend.feed_count = 5000;
    tell_many(f, 70000);
    see_many(f, 70000);
    page_of(f);
    f->page.trend = &trend;
    f->page.decision = &decision;
    f->readiness.coverage = cover_many(f->arena, 200, 1000);
    f->readiness.coverage_count = 200;
    f->text.length = 0;
    assert_int_equal(page_write(&f->page, f->arena, &f->text), 0);
    assert_null(markup_check(f->text.string));
    assert_true(f->text.length < 1000000);
    expect(f->text.string, "networks with less at risk are left out");
    expect(f->text.string, "136 more collectors are left out");
    expect(f->text.string, "880 earlier steps are left out");
    expect(f->text.string, "236 more are left out");
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
        TEST(the_day_is_told),
        TEST(what_is_missing_is_said),
        TEST(countries_and_networks),
        TEST(tints_follow_shares),
        cmocka_unit_test(the_table_of_countries_is_whole),
        TEST(coverage_shows_pauses),
        TEST(a_gate_comes_with_its_reasons),
        TEST(hostile_names_are_text),
        TEST(a_trend_is_broken_where_feeds_change),
        TEST(it_stays_small),
        TEST(it_is_whole),
        TEST(the_same_data_give_the_same_bytes),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

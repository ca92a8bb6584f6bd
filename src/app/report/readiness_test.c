/* What stands behind the classes: networks, queries and users, and between which bounds. */
#include "app/report/readiness.h"

#include "io/json/json.h"
#include "io/store/sightings_fixture.h"
#include "io/store/store_test_dir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { DAYS = 3, SOURCES = 5 };

/* Each day every source asks, and some say what they trust. Users: 1,000 in AS64500, 500 in AS64501. */
static const struct {
    uint8_t address[4];
    const char *tags; /* NULL: silent */
    uint64_t queries; /* a day */
    enum classify_class class;
} sources[SOURCES] = {
    {{192, 0, 2, 1}, "4f66-9728", 300, CLASSIFY_READY},
    {{192, 0, 2, 2}, "4f66", 100, CLASSIFY_OLD_ONLY},
    {{192, 0, 2, 3}, NULL, 100, CLASSIFY_SILENT},
    {{198, 51, 100, 1}, "9728", 50, CLASSIFY_READY},
    {{203, 0, 113, 1}, "4f66", 50, CLASSIFY_OLD_ONLY},
};

static const char pfx2as[] = "192.0.2.0\t24\t64500\n198.51.100.0\t24\t64501\n";
static const char delegated[] = "2|apnic|20200101|2|19700101|20200101|+0000\n"
                                "apnic|XA|ipv4|192.0.2.0|2|20200101|allocated\n"
                                "apnic|XA|ipv4|192.0.2.2|1|20200101|allocated\n"
                                "apnic|XB|ipv4|192.0.2.3|1|20200101|allocated\n";
static const char users[] = "as,users,name\n64500,1000,\"=Evil\x1b[31m, Inc\"\n64501,500,Quiet\n";

struct fixture {
    char directory[64], store[200];
    struct sightings *sightings;
    struct networks *networks;
    struct arena *arena;
    struct classify_roll roll;
    struct classify_limits limits;
    struct sightings_question question;
    struct readiness_wish wish;
    struct readiness readiness;
};

static void address_of(size_t i, uint8_t out[16])
{
    memset(out, 0, 16);
    memset(out + 10, 0xff, 2);
    memcpy(out + 12, sources[i].address, 4);
}

/* What a collector saw of the first `count` sources. */
static void fill(struct fixture *f, const char *collector, uint8_t input, size_t count)
{
    struct tally_row rows[2 * DAYS * SOURCES];
    struct tally_traffic traffic[DAYS * SOURCES];
    struct fixture_rows all = {rows, 0, traffic, 0};
    for (int day = 0; day < DAYS; day++)
        for (size_t i = 0; i < count; i++) {
            int64_t hour_us = FIXTURE_DAY + day * UTC_DAY;
            struct tally_row row = {.hour_us = hour_us,
                .zone = ".",
                .tags = "",
                .count = 1,
                .dnssec_ok = 1,
                .first_us = hour_us + 5,
                .last_us = hour_us + 5};
            address_of(i, row.source);
            row.kind = SIGHTING_DNSKEY;
            rows[all.count++] = row;
            row.kind = SIGHTING_TA_NULL;
            row.tags = sources[i].tags;
            if (sources[i].tags)
                rows[all.count++] = row;
            struct tally_traffic *one = &traffic[all.traffic_count++];
            uint64_t queries = sources[i].queries + 1 + (sources[i].tags != NULL); /* with the rows above */
            *one = (struct tally_traffic){.hour_us = hour_us,
                .queries = queries,
                .edns = queries,
                .dnssec_ok = queries,
                .dnskey = 1,
                .udp_size_least = 1232,
                .udp_size_most = 1232,
                .names = ~UINT64_C(0),
                .ports = ~0U,
                .first_us = hour_us,
                .last_us = hour_us + 9};
            address_of(i, one->source);
        }
    struct sightings_segment segment = fixture_segment(collector, input, 0, 100);
    struct tally_rows tally = fixture_tally(&all);
    struct err_note note = {""};
    if (sightings_commit(f->sightings, &segment, &tally, &note))
        fail_msg("%s", note.text);
}

static void write_file(const struct fixture *f, const char *name, const char *content, char path[200])
{
    snprintf(path, 200, "%s/%s", f->directory, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(content, 1, strlen(content), file), strlen(content));
    fclose(file);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct err_note note = {""};
    char path[200];
    assert_non_null(test_dir(f->directory));
    snprintf(f->store, sizeof f->store, "%s/s.db", f->directory);
    f->arena = arena_new();
    assert_int_equal(sightings_open(f->store, false, &f->sightings, &note), 0);
    fill(f, "a", 1, SOURCES);
    fill(f, "b", 2, SOURCES - 1);
    assert_int_equal(networks_new(&f->networks), 0);
    write_file(f, "pfx2as", pfx2as, path);
    if (networks_read_pfx2as(f->networks, path, &note))
        fail_msg("%s", note.text);
    write_file(f, "delegated", delegated, path);
    if (networks_read_delegated(f->networks, path, &note))
        fail_msg("%s", note.text);
    write_file(f, "users", users, path);
    if (networks_read_users(f->networks, path, &note))
        fail_msg("%s", note.text);
    f->roll = (struct classify_roll){.old_tag = 20326,
        .new_tag = 38696,
        .publish_us = FIXTURE_DAY - 600 * UTC_DAY,
        .trust_us = FIXTURE_DAY - 560 * UTC_DAY,
        .sign_us = FIXTURE_DAY + 6 * UTC_DAY,
        .revoke_us = UTC_OPEN,
        .withdraw_us = UTC_OPEN};
    classify_limits_usual(&f->limits);
    f->question = (struct sightings_question){
        .from_us = FIXTURE_DAY, .to_us = FIXTURE_DAY + DAYS * UTC_DAY, .zone = "."};
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    readiness_free(&f->readiness);
    networks_free(f->networks);
    sightings_close(f->sightings);
    arena_free(f->arena);
    test_dir_remove(f->directory);
    free(f);
    return 0;
}

static void judge(struct fixture *f, enum readiness_by by)
{
    struct err_note note = {""};
    f->wish = (struct readiness_wish){by, &f->roll, &f->limits, &f->question, f->networks};
    if (readiness_make(f->sightings, &f->wish, f->arena, &f->readiness, &note))
        fail_msg("%s", note.text);
}

static char *written(struct fixture *f, enum readiness_form form)
{
    struct text text;
    text_start(&text);
    assert_int_equal(readiness_write(&f->readiness, form, 100, &text), 0);
    char *copy = arena_string(f->arena, text.string);
    text_free(&text);
    return copy;
}

static void has(const char *text, const char *words)
{
    if (!strstr(text, words))
        fail_msg("no '%s' in\n%s", words, text);
}

static void total(void **state)
{
    struct fixture *f = *state;
    judge(f, READINESS_BY_CLASS);
    const struct readiness_group *all = &f->readiness.total;
    assert_int_equal(classify_count(f->readiness.classify), SOURCES);
    assert_int_equal(all->sources[CLASSIFY_READY], 2);
    assert_int_equal(all->sources[CLASSIFY_OLD_ONLY], 2);
    assert_int_equal(all->sources[CLASSIFY_SILENT], 1);
    assert_int_equal(readiness_told(all->sources), 4);
    assert_int_equal(readiness_validators(all->sources), 5);
    assert_int_equal(readiness_upper(all->sources), 3);
    /* Two collectors saw all of it but the last source. */
    assert_int_equal(all->queries[CLASSIFY_OLD_ONLY], DAYS * (2 * 102 + 52));
    assert_int_equal(all->ordinary[CLASSIFY_OLD_ONLY], DAYS * (2 * 100 + 50));
    assert_int_equal(all->network_count, 3);
    assert_int_equal(all->networks[CLASSIFY_READY], 2);
    assert_int_equal(all->networks_low, 2);
    assert_int_equal(all->networks_high, 2);
    assert_int_equal(all->users, 1500);
    assert_true(all->users_low > 199.9 && all->users_low < 200.1);   /* 1000 * 100 / 500 */
    assert_true(all->users_high > 399.9 && all->users_high < 400.1); /* and those of the silent one */
    assert_true(f->readiness.has_total);
    char *text = written(f, READINESS_TABLE);
    has(text, "2 of 4 sources whose word is known (50.00 %");
    has(text, "users from 200 to 400 of 1500");
    has(text, "what 1 silent validators trust");
}

static void by_network(void **state)
{
    struct fixture *f = *state;
    judge(f, READINESS_BY_AS);
    assert_int_equal(f->readiness.group_count, 3);
    assert_int_equal(f->readiness.groups[0].as, 64500); /* most users at risk */
    assert_int_equal(f->readiness.groups[1].as, 0);     /* then a source at risk */
    assert_int_equal(f->readiness.groups[1].users, -1);
    assert_int_equal(f->readiness.groups[2].as, 64501);
    assert_int_equal(f->readiness.groups[2].users, 500);
    assert_true(f->readiness.groups[2].users_high == 0);
    char *text = written(f, READINESS_TABLE);
    has(text, "AS64500 =Evil\\027[31m, Inc");
    has(written(f, READINESS_CSV), "\"AS64500 =Evil\\027[31m, Inc\",1,0,1,");
    struct json *root;
    struct err_note note = {""};
    text = written(f, READINESS_JSON);
    if (json_read(text, strlen(text), &root, &note))
        fail_msg("%s\n%s", note.text, text);
    assert_int_equal(json_count(json_get(root, "rows")), 3);
    json_free(root);
}

static void by_prefix(void **state)
{
    struct fixture *f = *state;
    judge(f, READINESS_BY_PREFIX);
    assert_int_equal(f->readiness.group_count, 3);
    has(written(f, READINESS_CSV), "203.0.113.0/24,0,0,1,");
}

/* 192.0.2.9: the new key, the old one, the new one again; and DNSKEY queries beside. */
static void goes_back(struct fixture *f)
{
    static const char *const said[DAYS] = {"4f66-9728", "4f66", "4f66-9728"};
    struct tally_row rows[2 * DAYS];
    struct tally_traffic traffic[DAYS];
    struct fixture_rows all = {rows, 0, traffic, 0};
    struct err_note note = {""};
    for (int day = 0; day < DAYS; day++) {
        int64_t hour_us = FIXTURE_DAY + day * UTC_DAY;
        struct tally_row row = {.hour_us = hour_us,
            .kind = SIGHTING_TA_NULL,
            .zone = ".",
            .tags = said[day],
            .count = 1,
            .first_us = hour_us + 5,
            .last_us = hour_us + 5};
        address_of(0, row.source);
        row.source[15] = 9;
        rows[all.count++] = row;
        row.kind = SIGHTING_DNSKEY;
        row.tags = "";
        row.count = 7;
        rows[all.count++] = row;
    }
    struct sightings_segment segment = fixture_segment("c", 3, 0, 100);
    struct tally_rows tally = fixture_tally(&all);
    if (sightings_commit(f->sightings, &segment, &tally, &note))
        fail_msg("%s", note.text);
}

static void regressions(void **state)
{
    struct fixture *f = *state;
    struct err_note note = {""};
    struct text text;
    uint8_t address[16];
    judge(f, READINESS_BY_CLASS);
    assert_int_equal(f->readiness.regressions, 0);
    assert_int_equal(f->readiness.dnskey, DAYS * (2 * SOURCES - 1));
    readiness_free(&f->readiness);
    goes_back(f);
    judge(f, READINESS_BY_CLASS);
    assert_int_equal(f->readiness.regressions, 1);
    assert_int_equal(f->readiness.regressed_sources, 1);
    assert_int_equal(f->readiness.dnskey, DAYS * (2 * SOURCES - 1 + 7));
    has(written(f, READINESS_TABLE), "1 source whose word is known, 1 time.");
    has(written(f, READINESS_JSON), "\"regressions\": {\n    \"sources\": 1,\n    \"times\": 1");
    address_of(0, address);
    address[15] = 9;
    text_start(&text);
    assert_int_equal(readiness_explain(&f->readiness, address, false, &text, &note), 0);
    has(text.string, "It went back from the new key to the old one alone, times: 1.");
    text_free(&text);
}

static void coverage(void **state)
{
    struct fixture *f = *state;
    const char *const only[] = {"b"};
    struct err_note note = {""};
    judge(f, READINESS_BY_CLASS);
    assert_int_equal(f->readiness.coverage_count, 2);
    assert_string_equal(f->readiness.coverage[0].collector, "a");
    assert_string_equal(f->readiness.coverage[1].collector, "b");
    assert_int_equal(f->readiness.coverage[0].inputs, 1);
    readiness_free(&f->readiness);
    f->wish.only = only;
    f->wish.only_count = 1;
    assert_int_equal(readiness_make(f->sightings, &f->wish, f->arena, &f->readiness, &note), 0);
    assert_int_equal(f->readiness.coverage_count, 1);
    assert_string_equal(f->readiness.coverage[0].collector, "b");
    assert_int_equal(classify_count(f->readiness.classify), SOURCES - 1);
}

struct walk {
    size_t count, sources;
    struct readiness_network networks[4];
};

static int take_network(void *context, const struct readiness_network *network)
{
    struct walk *walk = context;
    walk->networks[walk->count++] = *network;
    for (size_t i = 0; i < network->source_count; i++)
        walk->sources += network->sources[i];
    return walk->count == 4 ? ERR_IO : 0;
}

static void networks(void **state)
{
    struct fixture *f = *state;
    struct walk walk = {.count = 0};
    const uint8_t prefix[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 203, 0, 113, 0};
    judge(f, READINESS_BY_CLASS);
    assert_int_equal(readiness_networks(&f->readiness, take_network, &walk), 0);
    assert_int_equal(walk.count, 3);
    assert_int_equal(walk.networks[0].as, 64500);
    assert_int_equal(walk.networks[0].source_count, 3);
    assert_string_equal(walk.networks[0].country, "XA"); /* two of them; the third is XB's */
    assert_int_equal(walk.networks[1].as, 64501);
    assert_int_equal(walk.networks[2].as, 0);
    assert_memory_equal(walk.networks[2].prefix, prefix, sizeof prefix);
    assert_string_equal(walk.networks[2].country, "");
    assert_int_equal(walk.sources, 0 + 1 + 2 + 3 + 4); /* each once */
    walk.count = 3;
    assert_int_equal(readiness_networks(&f->readiness, take_network, &walk), ERR_IO);
}

/* Half of a network is in another country: each has the users of its own sources. */
static void shared_users(void **state)
{
    struct fixture *f = *state;
    struct readiness_group *groups;
    size_t count;
    judge(f, READINESS_BY_CLASS);
    assert_int_equal(readiness_group_by(&f->readiness, READINESS_BY_COUNTRY, f->arena, &groups, &count), 0);
    assert_int_equal(count, 3);
    assert_string_equal(groups[0].country, "XA");
    assert_int_equal(groups[0].users, 800); /* 400 of 500 queries a day */
    assert_true(groups[0].users_low > 199.9 && groups[0].users_low < 200.1);
    assert_string_equal(groups[1].country, "XB"); /* the silent one */
    assert_int_equal(groups[1].users, 200);
    assert_true(groups[1].users_low == 0 && groups[1].users_high > 199.9 && groups[1].users_high < 200.1);
    assert_string_equal(groups[2].country, "");
    assert_int_equal(groups[2].users, 500);
    assert_int_equal(readiness_group_by(&f->readiness, READINESS_BY_AS, f->arena, &groups, &count), 0);
    assert_string_equal(groups[0].country, "XA");
    assert_int_equal(groups[0].users, 1000);
    assert_int_equal(readiness_group_by(&f->readiness, READINESS_BY_CLASS, f->arena, &groups, &count), 0);
    assert_int_equal(count, 1);
    assert_memory_equal(groups, &f->readiness.total, sizeof *groups);
}

/* Told for countries alone, they are in the total all the same. */
static void country_users(void **state)
{
    struct fixture *f = *state;
    struct err_note note = {""};
    char path[200];
    networks_free(f->networks);
    assert_int_equal(networks_new(&f->networks), 0);
    write_file(f, "delegated", delegated, path);
    if (networks_read_delegated(f->networks, path, &note))
        fail_msg("%s", note.text);
    write_file(f, "users", "country,users\nXA,4000\nXB,100\nXC,7\n", path);
    if (networks_read_users(f->networks, path, &note))
        fail_msg("%s", note.text);
    judge(f, READINESS_BY_CLASS);
    assert_int_equal(f->readiness.total.users, 4100); /* nobody was seen in XC */
    assert_true(f->readiness.total.users_low > 999.9 && f->readiness.total.users_low < 1000.1);
    assert_true(f->readiness.total.users_high > 1099.9 && f->readiness.total.users_high < 1100.1);
}

static void nothing_at_all(void **state)
{
    struct fixture *f = *state;
    f->question.from_us -= 30 * UTC_DAY;
    f->question.to_us -= 30 * UTC_DAY;
    judge(f, READINESS_BY_COUNTRY);
    assert_int_equal(f->readiness.group_count, 0);
    assert_false(f->readiness.has_total);
    has(written(f, READINESS_TABLE), "0 of 0 sources whose word is known.");
    written(f, READINESS_CSV);
    written(f, READINESS_JSON);
}

static void explains(void **state)
{
    struct fixture *f = *state;
    struct err_note note = {""};
    struct text text;
    uint8_t address[16];
    judge(f, READINESS_BY_CLASS);
    for (size_t i = 0; i < SOURCES; i++) {
        struct classify_source source;
        size_t at;
        address_of(i, address);
        assert_true(classify_find(f->readiness.classify, address, &at));
        classify_source(f->readiness.classify, at, &source);
        assert_int_equal(source.class, sources[i].class);
    }
    address_of(1, address);
    for (int json = 0; json < 2; json++) {
        text_start(&text);
        assert_int_equal(readiness_explain(&f->readiness, address, json, &text, &note), 0);
        has(text.string, "192.0.2.2");
        has(text.string, "old-only");
        has(text.string, "confirm-days");
        text_free(&text);
    }
    address[15] = 99;
    text_start(&text);
    assert_int_equal(readiness_explain(&f->readiness, address, false, &text, &note), ERR_NOINPUT);
    has(note.text, "192.0.2.99");
    text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(total, set_up, tear_down),
        cmocka_unit_test_setup_teardown(by_network, set_up, tear_down),
        cmocka_unit_test_setup_teardown(by_prefix, set_up, tear_down),
        cmocka_unit_test_setup_teardown(regressions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(coverage, set_up, tear_down),
        cmocka_unit_test_setup_teardown(networks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(shared_users, set_up, tear_down),
        cmocka_unit_test_setup_teardown(country_users, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_at_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(explains, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

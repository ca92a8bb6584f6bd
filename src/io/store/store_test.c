/* What goes in comes out, in order, also after closing; rules hold; hostile text stays text. */
#include "io/store/store.h"

#include "io/store/store_test_dir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <cmocka.h>

struct fixture {
    char directory[64];
    struct store *store;
    struct arena *arena;
    struct err_note note;
};

#define must(f, call) assert_ok(f, (call), __LINE__)

static void assert_ok(struct fixture *f, int err, int line)
{
    if (err)
        fail_msg("line %d: %s: %s", line, err_str(err), f->note.text);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    test_dir(f->directory);
    f->arena = arena_new();
    return store_open(f->directory, false, &f->store, &f->note);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    store_close(f->store);
    test_dir_remove(f->directory);
    arena_free(f->arena);
    free(f);
    return 0;
}

static void reopen(struct fixture *f, bool read_only)
{
    store_close(f->store);
    f->store = NULL;
    must(f, store_open(f->directory, read_only, &f->store, &f->note));
}

static int64_t add_roll(struct fixture *f)
{
    int64_t id = 0;
    struct store_roll roll = {
        .plan_name = "testzone", .document = "name: testzone\n", .start_us = 5, .changed_us = 5};
    must(f, store_roll_add(f->store, &roll, &id, &f->note));
    return id;
}

static int64_t add_participant(struct fixture *f, int64_t roll, const char *token, const char *zone)
{
    int64_t id = 0;
    struct store_participant participant = test_participant(roll, token, zone);
    must(f, store_participant_add(f->store, &participant, &id, &f->note));
    return id;
}

static void makes_private_files(void **state)
{
    struct fixture *f = *state;
    static const char *const files[] = {"state.db", "queries.db"};
    for (size_t i = 0; i < 2; i++) {
        char path[128];
        struct stat status;
        snprintf(path, sizeof path, "%s/%s", f->directory, files[i]);
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600); /* private keys are in there */
        strcat(path, ".new");
        assert_int_not_equal(stat(path, &status), 0);
    }
    must(f, store_check(f->store, &f->note));
}

static void keeps_rolls(void **state)
{
    struct fixture *f = *state;
    int64_t first = add_roll(f), second = add_roll(f);
    assert_true(second > first);
    must(f, store_roll_change(f->store, first, "changed\n", 5, 90, &f->note));
    assert_int_equal(
        store_roll_change(f->store, first, "lost\n", 5, 91, &f->note), ERR_DATA); /* somebody was faster */
    assert_non_null(strstr(f->note.text, "somebody else"));
    assert_int_equal(store_roll_change(f->store, 77, "x", 5, 91, &f->note), ERR_NOINPUT);
    must(f, store_roll_change(f->store, first, "earlier\n", 90, 20, &f->note)); /* the clock went back */
    reopen(f, true);
    struct store_roll *rolls;
    size_t count;
    must(f, store_rolls(f->store, f->arena, &rolls, &count, &f->note));
    assert_int_equal(count, 2);
    assert_int_equal(rolls[0].id, first);
    assert_string_equal(rolls[0].document, "earlier\n");
    assert_int_equal(rolls[0].changed_us, 91);
    assert_int_equal(rolls[1].changed_us, 5);
    assert_string_equal(rolls[1].plan_name, "testzone");
    struct store_roll one;
    must(f, store_roll(f->store, second, f->arena, &one, &f->note));
    assert_string_equal(one.document, "name: testzone\n");
    assert_int_equal(store_roll(f->store, 77, f->arena, &one, &f->note), ERR_NOINPUT);
}

static void keeps_participants(void **state)
{
    struct fixture *f = *state;
    int64_t roll = add_roll(f), id = add_participant(f, roll, TOKEN_A, "one.rolls.test.");
    struct store_participant again = test_participant(roll, TOKEN_A, "two.rolls.test.");
    assert_int_equal(store_participant_add(f->store, &again, NULL, &f->note), ERR_DATA); /* the token twice */
    again = test_participant(roll, TOKEN_B, "ONE.Rolls.test.");
    assert_int_equal(store_participant_add(f->store, &again, NULL, &f->note),
        ERR_DATA); /* the zone twice, in other case */
    again = test_participant(roll + 9, TOKEN_B, "two.rolls.test.");
    assert_int_equal(store_participant_add(f->store, &again, NULL, &f->note), ERR_DATA); /* no such roll */
    reopen(f, false);
    struct store_participant *all, found;
    size_t count;
    must(f, store_participants(f->store, f->arena, &all, &count, &f->note));
    assert_int_equal(count, 1);
    must(f, store_participant_find(f->store, TOKEN_A, f->arena, &found, &f->note));
    assert_int_equal(found.id, id);
    assert_int_equal(found.users, 12);
    assert_int_equal(found.ttl_s, 60);
    assert_int_equal(found.left_us, 0);
    assert_string_equal(found.zone, "one.rolls.test.");
    assert_string_equal(found.country, "NL");
    static const char *const wrong[] = {"", "aaaaaaaa", TOKEN_B, TOKEN_A "a",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", "%", "aaaaaaaa%", "' OR 1=1 --aaaaaaaaaaaaaaaaaaaaaa"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(store_participant_find(f->store, wrong[i], f->arena, &found, &f->note), ERR_NOINPUT);
}

static void keeps_hostile_text(void **state)
{
    struct fixture *f = *state;
    int64_t roll = add_roll(f);
    static const char *const labels[] = {"<script>alert(1)</script>", "'); DROP TABLE participant;--",
        "\x1b[31m\x07",
        "\xe2\x80\xae"
        "cod",
        "\xff\xfe\x80", "", "%s%n%x", "?1", "\"", "\\"};
    size_t count, labels_count = sizeof labels / sizeof *labels;
    for (size_t i = 0; i < labels_count; i++) {
        char token[40], zone[40];
        snprintf(token, sizeof token, "token%027zu", i);
        snprintf(zone, sizeof zone, "z%zu.test.", i);
        struct store_participant participant = test_participant(roll, token, zone);
        participant.label = participant.contact = labels[i];
        must(f, store_participant_add(f->store, &participant, NULL, &f->note));
    }
    struct store_participant *all;
    must(f, store_participants(f->store, f->arena, &all, &count, &f->note));
    assert_int_equal(count, labels_count);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(all[i].label, labels[i]);
        assert_string_equal(all[i].contact, labels[i]);
    }
    char *big = malloc(3 << 20);
    memset(big, 'x', 3 << 20);
    big[(3 << 20) - 1] = '\0';
    struct store_participant participant = test_participant(roll, TOKEN_B, "big.test.");
    participant.label = big;
    assert_int_equal(store_participant_add(f->store, &participant, NULL, &f->note), ERR_DATA);
    assert_string_equal(f->note.text, "the label is longer than 1024 octets");
    struct store_roll too_big = {.plan_name = "x", .document = big};
    assert_int_equal(store_roll_add(f->store, &too_big, NULL, &f->note), ERR_DATA);
    assert_int_equal(store_setting_set(f->store, "big", big, &f->note), ERR_DATA);
    assert_int_equal(store_setting_set(f->store, "none", NULL, &f->note), ERR_INTERNAL);
    free(big);
    must(f, store_check(f->store, &f->note));
}

static void keeps_keys(void **state)
{
    struct fixture *f = *state;
    struct store_key key = {"one.test.", "ksk-2", 257, "Private-key-format: v1.3\n", 8}, other = key;
    must(f, store_key_add(f->store, &key, &f->note));
    other.id = "ksk-1";
    other.made_us = 7; /* the clock went back: order is of adding */
    must(f, store_key_add(f->store, &other, &f->note));
    assert_int_equal(store_key_add(f->store, &key, &f->note), ERR_DATA); /* never replaced */
    reopen(f, true);
    struct store_key *keys;
    size_t count;
    must(f, store_keys(f->store, "ONE.test.", f->arena, &keys, &count, &f->note));
    assert_int_equal(count, 2);
    assert_string_equal(keys[0].id, "ksk-2");
    assert_string_equal(keys[1].id, "ksk-1");
    assert_int_equal(keys[0].flags, 257);
    assert_string_equal(keys[0].private_text, "Private-key-format: v1.3\n");
    must(f, store_keys(f->store, "two.test.", f->arena, &keys, &count, &f->note));
    assert_int_equal(count, 0);
}

static void keeps_verdicts(void **state)
{
    struct fixture *f = *state;
    int64_t roll = add_roll(f), a = add_participant(f, roll, TOKEN_A, "a.test."),
            b = add_participant(f, roll, TOKEN_B, "b.test.");
    struct store_verdict verdict = {a, 100, 3, 0, "nothing seen", "{}"};
    assert_int_equal(store_verdict_refresh(f->store, &verdict, &f->note), ERR_NOINPUT);
    must(f, store_verdict_add(f->store, &verdict, &f->note));
    verdict = (struct store_verdict){
        a, 50, 2, 6, "will break", "{\"n\":1}"}; /* an earlier time, yet a later change */
    must(f, store_verdict_add(f->store, &verdict, &f->note));
    verdict = (struct store_verdict){b, 70, 0, 3, "learned", "{}"};
    must(f, store_verdict_add(f->store, &verdict, &f->note));
    verdict = (struct store_verdict){a, 120, 2, 6, "will break", "{\"n\":2}"};
    must(f, store_verdict_refresh(f->store, &verdict, &f->note));
    verdict.participant_id = 99;
    assert_int_equal(store_verdict_add(f->store, &verdict, &f->note), ERR_DATA);
    reopen(f, false);
    struct store_verdict *verdicts;
    size_t count;
    must(f, store_verdicts(f->store, a, f->arena, &verdicts, &count, &f->note));
    assert_int_equal(count, 2);
    assert_int_equal(verdicts[0].at_us, 100);
    assert_int_equal(verdicts[1].at_us, 50);
    assert_string_equal(verdicts[1].document, "{\"n\":2}");
    must(f, store_verdicts_latest(f->store, f->arena, &verdicts, &count, &f->note));
    assert_int_equal(count, 2);
    assert_int_equal(verdicts[0].participant_id, a);
    assert_int_equal(verdicts[0].verdict, 2);
    assert_string_equal(verdicts[1].summary, "learned");
    must(f, store_verdicts_recent(f->store, 2, f->arena, &verdicts, &count, &f->note));
    assert_int_equal(count, 2);
    assert_string_equal(verdicts[0].summary, "learned"); /* by the order in which they came */
    assert_string_equal(verdicts[1].summary, "will break");
}

struct seen {
    struct store_query rows[16];
    char names[16][64];
    int count, stop_after;
};

static int see(void *context, const struct store_query *query)
{
    struct seen *seen = context;
    seen->rows[seen->count] = *query;
    snprintf(seen->names[seen->count++], 64, "%s", query->qname);
    return seen->count == seen->stop_after;
}

static void keeps_queries(void **state)
{
    struct fixture *f = *state;
    int64_t roll = add_roll(f), a = add_participant(f, roll, TOKEN_A, "a.test.");
    struct store_query full = {a, "_ta-356d-f652.a.test.", 3,
        {.at_us = 10,
            .kind = EVIDENCE_SIGNAL,
            .source = {0x20, 1, 0xd, 0xb8, [15] = 9},
            .port = 65535,
            .qtype = 10,
            .tcp = true,
            .edns = true,
            .dnssec_ok = true,
            .checking_disabled = true,
            .udp_size = 1232,
            .tags = {0x356d, 0xf652},
            .tag_count = 2,
            .nonce = "n123"}};
    struct store_query probe = {0, "good.probe.test.", 0, {.at_us = 20, .kind = EVIDENCE_NAME}};
    struct store_query plain = {a, "a.test.", 0, {.at_us = 5, .kind = EVIDENCE_DNSKEY, .qtype = 48}};
    struct store_query report = {
        a, "www.a.test.", 2, {.at_us = 8, .kind = EVIDENCE_ANSWER, .answer = ANSWER_SERVFAIL}};
    struct store_query batch[] = {full, probe, plain};
    must(f, store_queries_add(f->store, batch, 3, &f->note));
    must(f, store_observations_add(f->store, &report, 1, &f->note));
    reopen(f, true);
    struct seen seen = {.count = 0};
    must(f, store_queries_each(f->store, a, see, &seen, &f->note));
    assert_int_equal(seen.count, 3);
    assert_int_equal(
        seen.rows[0].event.kind, EVIDENCE_ANSWER); /* 8, before 10; then as added, though 5 is earlier */
    assert_int_equal(seen.rows[0].event.answer, ANSWER_SERVFAIL);
    assert_int_equal(seen.rows[0].rcode, 2);
    assert_memory_equal(seen.rows[1].event.source, full.event.source, 16);
    assert_int_equal(seen.rows[1].event.port, 65535);
    assert_true(seen.rows[1].event.tcp && seen.rows[1].event.edns && seen.rows[1].event.dnssec_ok);
    assert_true(seen.rows[1].event.checking_disabled);
    assert_int_equal(seen.rows[1].event.tag_count, 2);
    assert_int_equal(seen.rows[1].event.tags[1], 0xf652);
    assert_string_equal(seen.rows[1].event.nonce, "n123");
    assert_string_equal(seen.names[1], "_ta-356d-f652.a.test.");
    assert_false(seen.rows[2].event.tcp || seen.rows[2].event.edns);
    assert_int_equal(seen.rows[2].event.at_us, 5);
    seen = (struct seen){.stop_after = 1};
    must(f, store_queries_each(f->store, a, see, &seen, &f->note));
    assert_int_equal(seen.count, 1);
}

static void forgets_queries(void **state)
{
    struct fixture *f = *state;
    enum { MANY = 12000 };
    struct store_query *batch = calloc(MANY, sizeof *batch);
    for (int i = 0; i < MANY; i++) /* times fall: rows are not in the order of time */
        batch[i] = (struct store_query){0, "x.", 0, {.at_us = MANY - i, .kind = EVIDENCE_NAME}};
    must(f, store_queries_add(f->store, batch, MANY, &f->note));
    must(f, store_queries_prune(f->store, MANY - 2, &f->note));
    struct seen seen = {.count = 0};
    must(f, store_queries_each(f->store, 0, see, &seen, &f->note));
    assert_int_equal(seen.count, 3);
    assert_int_equal(seen.rows[2].event.at_us, MANY - 2); /* not older than the moment: kept */
    free(batch);
}

static void batch_is_whole_or_not(void **state)
{
    struct fixture *f = *state;
    char name[2000];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    struct store_query batch[] = {{0, "good.", 0, {.at_us = 1}}, {0, name, 0, {.at_us = 2}}};
    assert_int_equal(store_queries_add(f->store, batch, 2, &f->note), ERR_DATA);
    struct seen seen = {.count = 0};
    must(f, store_queries_each(f->store, 0, see, &seen, &f->note));
    assert_int_equal(seen.count, 0);
    must(f, store_queries_add(f->store, batch, 1, &f->note)); /* and no transaction was left open */
}

static void tells_news(void **state)
{
    struct fixture *f = *state;
    struct store *other = NULL;
    must(f, store_open(f->directory, false, &other, &f->note));
    int64_t mine = store_version(f->store), others = store_version(other), news = store_news(f->store);
    assert_int_equal(store_version(f->store), mine);
    must(f, store_setting_set(f->store, "a", "1", &f->note));
    assert_true(store_version(f->store) > mine);
    assert_int_equal(store_news(f->store), news); /* its own change */
    assert_true(store_version(other) > others);
    mine = store_version(f->store);
    must(f, store_setting_set(other, "a", "2", &f->note));
    assert_true(store_version(f->store) > mine);
    assert_true(store_news(f->store) > news);
    mine = store_version(f->store);
    struct store_query query = {0, "x.", 0, {.at_us = 1}};
    must(f, store_queries_add(other, &query, 1, &f->note)); /* queries are no news */
    assert_int_equal(store_version(f->store), mine);
    store_close(other);
}

static void keeps_settings(void **state)
{
    struct fixture *f = *state;
    const char *value = NULL;
    assert_int_equal(store_setting(f->store, "parent", f->arena, &value, &f->note), ERR_NOINPUT);
    must(f, store_setting_set(f->store, "parent", "rolls.test.", &f->note));
    must(f, store_setting_set(f->store, "parent", "", &f->note));
    reopen(f, true);
    must(f, store_setting(f->store, "parent", f->arena, &value, &f->note));
    assert_string_equal(value, "");
    assert_int_equal(store_setting_set(f->store, "parent", "x", &f->note), ERR_PERM);
}

/* state.db comes back from an older backup: a participant that joins now must not inherit another's queries.
 */
static void never_gives_an_id_twice(void **state)
{
    struct fixture *f = *state;
    struct store_query query = {41, "x.", 0, {.at_us = 1}};
    must(f, store_queries_add(f->store, &query, 1, &f->note));
    reopen(f, false);
    int64_t roll = add_roll(f);
    assert_int_equal(add_participant(f, roll, TOKEN_A, "a.test."), 42);
    query.participant_id = 50;
    must(f, store_queries_add(f->store, &query, 1, &f->note));
    reopen(f, false);
    assert_int_equal(add_participant(f, roll, TOKEN_B, "b.test."), 51);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(makes_private_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_rolls, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_participants, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_hostile_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_keys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_verdicts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_queries, set_up, tear_down),
        cmocka_unit_test_setup_teardown(forgets_queries, set_up, tear_down),
        cmocka_unit_test_setup_teardown(batch_is_whole_or_not, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tells_news, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_settings, set_up, tear_down),
        cmocka_unit_test_setup_teardown(never_gives_an_id_twice, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}

/* Who is taken in, with what; what is refused, in words for people; and that a failure leaves nothing. */
#include "io/store/enrol.h"

#include "base/text.h"
#include "core/dns/dnskey.h"
#include "io/store/store_test_dir.h"
#include "io/yaml/plan_yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sqlite3.h>
#include <cmocka.h>

static const int64_t now_us = 1700000000 * UTC_SECOND;

struct fixture {
    char directory[64];
    struct store *store;
    struct arena *arena;
    struct err_note note;
};

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

static struct enrol_wish wish_of(const char *plan)
{
    return (struct enrol_wish){.label = "Our resolver",
        .contact = "ops@example.net",
        .country = "nl",
        .users = 1000,
        .roll = {.plan_name = plan}};
}

static struct enrol_terms terms_at(int64_t at_us)
{
    return (struct enrol_terms){.parent = "Rolls.Test.", .now_us = at_us, .most = 100};
}

static struct enrol_result enrol_or_fail(struct fixture *f, struct enrol_wish wish, int64_t at_us, int line)
{
    struct enrol_result result = {.id = 0};
    struct enrol_terms terms = terms_at(at_us);
    int err = enrol_participant(f->store, &wish, &terms, &result, &f->note);
    if (err)
        fail_msg("line %d: %s: %s", line, err_str(err), f->note.text);
    return result;
}
#define enrol(f, wish, at_us) enrol_or_fail(f, wish, at_us, __LINE__)

static size_t count_participants(struct fixture *f)
{
    struct store_participant *all;
    size_t count = 0;
    assert_int_equal(store_participants(f->store, f->arena, &all, &count, NULL), 0);
    return count;
}

static size_t count_rolls(struct fixture *f)
{
    struct store_roll *all;
    size_t count = 0;
    assert_int_equal(store_rolls(f->store, f->arena, &all, &count, NULL), 0);
    return count;
}

static void takes_in(void **state)
{
    struct fixture *f = *state;
    struct enrol_result result = enrol(f, wish_of("testzone-fast"), now_us);
    assert_true(result.new_roll);
    assert_int_equal(result.start_us, now_us);
    assert_int_equal(strlen(result.token), ENROL_TOKEN);
    assert_int_equal(strspn(result.token, "abcdefghijklmnopqrstuvwxyz234567"), ENROL_TOKEN);
    assert_int_equal(strcspn(result.zone, "."), ENROL_ZONE_LABEL);
    assert_string_equal(result.zone + ENROL_ZONE_LABEL, ".rolls.test.");
    struct store_participant found;
    assert_int_equal(store_participant_find(f->store, result.token, f->arena, &found, NULL), 0);
    assert_int_equal(found.id, result.id);
    assert_int_equal(found.roll_id, result.roll_id);
    assert_string_equal(found.country, "NL");
    assert_int_equal(found.joined_us, now_us);
    struct plan *plan = NULL;
    struct store_key *keys;
    size_t count;
    int64_t changed_us;
    assert_int_equal(rolls_read(f->store, result.roll_id, &plan, &changed_us, &f->note), 0);
    assert_int_equal(found.ttl_s, plan->dnskey_ttl_s);
    assert_int_equal(store_keys(f->store, result.zone, f->arena, &keys, &count, NULL), 0);
    assert_int_equal(count, plan->key_count);
    for (size_t i = 0; i < count; i++) {
        struct dnskey *key = NULL;
        assert_string_equal(keys[i].id, plan->keys[i].id);
        assert_int_equal(keys[i].flags, plan->keys[i].zsk ? DNSKEY_ZSK : DNSKEY_KSK);
        assert_int_equal(dnskey_from_private_text(keys[i].private_text, strlen(keys[i].private_text),
                             keys[i].flags, &key, &f->note),
            0);
        assert_int_equal(key->algorithm, plan->keys[i].algorithm);
        dnskey_free(key);
    }
    plan_free(plan);
    assert_int_equal(store_check(f->store, &f->note), 0);
}

/* Two of one plan and TTL share a roll while it is young; another TTL, an old roll or one that was touched is
 * not joined. */
static void shares_rolls(void **state)
{
    struct fixture *f = *state;
    struct enrol_wish wish = wish_of("testzone");
    struct enrol_result first = enrol(f, wish, now_us), second = enrol(f, wish, now_us + UTC_DAY);
    assert_int_equal(second.roll_id, first.roll_id);
    assert_false(second.new_roll);
    assert_int_equal(second.start_us, now_us);
    assert_string_not_equal(second.token, first.token);
    assert_string_not_equal(second.zone, first.zone);
    wish.roll.ttl_s = 60;
    struct enrol_result quick = enrol(f, wish, now_us + UTC_DAY);
    wish.roll.ttl_s = 172800;
    struct enrol_result slow = enrol(f, wish, now_us + UTC_DAY);
    assert_int_not_equal(quick.roll_id, slow.roll_id);
    assert_int_equal(count_rolls(f), 2); /* one of the two is the plan's own */
    struct enrol_result late =
        enrol(f, wish, now_us + 5 * UTC_DAY); /* the new key comes on day 7: too little time to set up */
    assert_true(late.new_roll);
    struct enrol_result fast = enrol(f, wish_of("testzone-fast"), now_us + 5 * UTC_DAY);
    assert_true(fast.new_roll);
}

static void leaves_touched_rolls_alone(void **state)
{
    struct fixture *f = *state;
    struct enrol_wish wish = wish_of("testzone");
    struct enrol_result first = enrol(f, wish, now_us);
    struct plan *plan = NULL, *postponed = NULL, *again = NULL;
    int64_t changed_us = 0, later_us = 0;
    struct plan_decision by = {.now_us = now_us + UTC_HOUR, .who = "the board", .reason = "not ready"};
    assert_int_equal(rolls_read(f->store, first.roll_id, &plan, &changed_us, &f->note), 0);
    assert_int_equal(plan_postpone(plan, UTC_OPEN, by, &postponed, &f->note), 0);
    assert_int_equal(rolls_write(f->store, first.roll_id, postponed, changed_us, by.now_us, &f->note), 0);
    assert_int_equal(rolls_write(f->store, first.roll_id, plan, changed_us, by.now_us, &f->note),
        ERR_DATA); /* read before */
    assert_int_equal(rolls_read(f->store, first.roll_id, &again, &later_us, &f->note), 0);
    assert_int_equal(again->history_count, 1);
    assert_int_equal(later_us, by.now_us);
    assert_true(enrol(f, wish, now_us + 2 * UTC_HOUR).new_roll);
    plan_free(plan);
    plan_free(postponed);
    plan_free(again);
    assert_int_equal(rolls_read(f->store, 999, &plan, &changed_us, &f->note), ERR_NOINPUT);
}

static void refuse(struct fixture *f, struct enrol_wish wish, int err, const char *words)
{
    struct enrol_result result;
    struct enrol_terms terms = terms_at(now_us);
    f->note.text[0] = '\0';
    int got = enrol_participant(f->store, &wish, &terms, &result, &f->note);
    if (got != err || !strstr(f->note.text, words))
        fail_msg("got %d '%s', expected %d with '%s'", got, f->note.text, err, words);
}

static void refuses_bad_wishes(void **state)
{
    struct fixture *f = *state;
    char long_label[400], long_contact[300], wide[400] = "";
    memset(long_label, 'x', sizeof long_label - 1);
    long_label[sizeof long_label - 1] = '\0';
    memset(long_contact, 'x', sizeof long_contact - 1);
    long_contact[255] = '\0';
    for (int i = 0; i < 81; i++)
        strcat(wide, "é");
    const struct {
        const char *label, *words;
    } labels[] = {{NULL, "missing"}, {"", "missing"}, {" \xc2\xa0 ", "blank"}, {"\xe2\x80\x8b", "blank"},
        {"a\nb", "control"}, {"a\x1b[31m", "control"}, {"a\x7f", "control"}, {"a\xc2\x85", "control"},
        {"\xff\xfe", "UTF-8"}, {"\xc0\x80", "UTF-8"}, {"\xed\xa0\x80", "UTF-8"}, {"cut\xe2\x82", "UTF-8"},
        {long_label, "longer than 80"}, {wide, "longer than 80"}};
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        struct enrol_wish wish = wish_of("testzone");
        wish.label = labels[i].label;
        refuse(f, wish, ERR_USAGE, labels[i].words);
    }
    struct enrol_wish wish = wish_of("testzone");
    wish.contact = long_contact;
    refuse(f, wish, ERR_USAGE, "longer than 254");
    wish.contact = "a\r\nBcc: x";
    refuse(f, wish, ERR_USAGE, "control");
    static const char *const countries[] = {
        "N", "NLD", "XX", "ZZ", "12", "N ", " NL", "E\xc3\x89", "--", "EU", "UK"};
    for (size_t i = 0; i < sizeof countries / sizeof *countries; i++) {
        wish = wish_of("testzone");
        wish.country = countries[i];
        refuse(f, wish, ERR_USAGE, "ISO 3166");
    }
    wish = wish_of("testzone");
    wish.users = INT64_C(10000000001);
    refuse(f, wish, ERR_USAGE, "users");
    wish.users = -2;
    refuse(f, wish, ERR_USAGE, "users");
    assert_int_equal(count_participants(f) + count_rolls(f), 0);
}

static void refuses_bad_zones_and_plans(void **state)
{
    struct fixture *f = *state;
    static const char *const zones[] = {"", "-a", "a-", "A", "a.b", "a_b", "xn--abc", "ab--c", "é", "a b",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
        struct enrol_wish wish = wish_of("testzone");
        wish.zone_label = zones[i];
        refuse(f, wish, ERR_USAGE, "label is not");
    }
    struct enrol_wish wish = wish_of("testzone");
    wish.zone_label = "ns1";
    refuse(f, wish, ERR_USAGE, "platform itself");
    refuse(f, wish_of("testzon"), ERR_USAGE, "no plan 'testzon'");
    refuse(f, wish_of("<script>"), ERR_USAGE, "no plan");
    refuse(f, wish_of("root-2018"), ERR_USAGE, "made anew");
    refuse(f, wish_of(NULL), ERR_USAGE, "no plan is named");
    wish = wish_of(NULL);
    wish.roll.document = "keys: [\n";
    wish.roll.length = strlen(wish.roll.document);
    refuse(f, wish, ERR_USAGE, "plan:"); /* file, line and column */
    wish.roll.length = 1 << 20;
    refuse(f, wish, ERR_USAGE, "longer than");
    wish = wish_of("testzone");
    wish.roll.ttl_s = 61;
    refuse(f, wish, ERR_USAGE, "60 or 172800");
    struct enrol_terms terms = terms_at(now_us);
    struct enrol_result result;
    wish = wish_of("testzone");
    terms.parent = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
                   "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb."
                   "cccccccccccccccccccccccccccccccccccccccccccccccccc.";
    assert_int_equal(enrol_participant(f->store, &wish, &terms, &result, &f->note), ERR_USAGE);
    assert_int_equal(count_participants(f) + count_rolls(f), 0);
}

static void keeps_odd_but_harmless_text(void **state)
{
    struct fixture *f = *state;
    static const char *const labels[] = {"<script>alert(1)</script>", "\"'`$(x)",
        "\xe2\x80\xae"
        "abc",
        "日本語のリゾルバ", "é", "x", "%s", "&amp;"};
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        struct enrol_wish wish = wish_of("testzone");
        struct store_participant found;
        wish.label = labels[i];
        wish.contact = NULL;
        wish.country = i % 2 ? "" : NULL;
        wish.users = -1;
        struct enrol_result result = enrol(f, wish, now_us);
        assert_int_equal(store_participant_find(f->store, result.token, f->arena, &found, NULL), 0);
        assert_string_equal(found.label, labels[i]);
        assert_string_equal(found.contact, "");
        assert_string_equal(found.country, "");
        assert_int_equal(found.users, -1);
    }
}

static void takes_a_plan_document(void **state)
{
    struct fixture *f = *state;
    struct enrol_result model = enrol(f, wish_of("testzone-fast"), now_us);
    struct store_roll roll;
    assert_int_equal(store_roll(f->store, model.roll_id, f->arena, &roll, NULL), 0);
    struct enrol_wish wish = wish_of(NULL); /* that dated plan, as a stranger would send it */
    wish.roll.document = roll.document;
    wish.roll.length = strlen(roll.document);
    struct enrol_result result = enrol(f, wish, now_us + UTC_SECOND);
    assert_int_equal(result.roll_id, model.roll_id); /* the same plan: the same roll */
    struct enrol_terms terms = terms_at(now_us + UTC_DAY);
    assert_int_equal(enrol_participant(f->store, &wish, &terms, &result, &f->note), ERR_USAGE);
    assert_non_null(strstr(f->note.text, "too late to join"));
}

/* A plan file of the operator's is a roll in the store: it is joined by its name, also when it was postponed.
 */
static void joins_an_offered_plan(void **state)
{
    struct fixture *f = *state;
    static const char *const keys[] = {"KSK-1", "KSK-2"};
    struct plan *template = NULL, *dated = NULL, *held = NULL;
    struct plan_decision by = {.now_us = now_us, .reason = "not ready"};
    struct text document;
    int64_t roll_id = 0;
    assert_int_equal(plan_builtin("testzone", &template), 0);
    assert_int_equal(plan_start(template, now_us - UTC_DAY, "corp.test.", 0, &dated, &f->note), 0);
    dated->name = "corp-2027";
    assert_int_equal(plan_postpone(dated, UTC_OPEN, by, &held, &f->note), 0);
    text_start(&document);
    assert_int_equal(plan_yaml_write(held, &document), 0);
    struct store_roll roll = {.plan_name = "corp-2027",
        .document = document.string,
        .start_us = dated->start_us,
        .changed_us = now_us};
    refuse(f, wish_of("corp-2027"), ERR_USAGE, "no plan 'corp-2027'");
    assert_int_equal(store_roll_add(f->store, &roll, &roll_id, &f->note), 0);
    struct enrol_result result = enrol(f, wish_of("corp-2027"), now_us);
    assert_false(result.new_roll);
    assert_int_equal(result.roll_id, roll_id);
    struct store_key *rows;
    size_t count;
    assert_int_equal(store_keys(f->store, result.zone, f->arena, &rows, &count, NULL), 0);
    assert_true(count >= 2);
    for (size_t i = 0; i < 2; i++)
        assert_string_equal(rows[i].id, keys[i]);
    text_free(&document);
    plan_free(template);
    plan_free(dated);
    plan_free(held);
}

static void clock_set_back(void **state)
{
    struct fixture *f = *state;
    struct enrol_result future = enrol(f, wish_of("testzone"), now_us + 3 * UTC_DAY),
                        now = enrol(f, wish_of("testzone"), now_us);
    assert_true(now.new_roll); /* not one that has yet to begin */
    assert_int_equal(now.start_us, now_us);
    assert_true(now.id > future.id);
    assert_int_equal(enrol(f, wish_of("testzone"), now_us + UTC_HOUR).roll_id, now.roll_id);
}

static void keeps_to_the_limit(void **state)
{
    struct fixture *f = *state;
    struct enrol_terms terms = terms_at(now_us);
    struct enrol_wish wish = wish_of("testzone");
    struct enrol_result first, second;
    terms.most = 1;
    wish.zone_label = "mine";
    assert_int_equal(enrol_participant(f->store, &wish, &terms, &first, &f->note), 0);
    assert_string_equal(first.zone, "mine.rolls.test.");
    wish.zone_label = NULL;
    assert_int_equal(enrol_participant(f->store, &wish, &terms, &second, &f->note), ERR_UNAVAILABLE);
    assert_string_equal(f->note.text, "there is no place left: 1 take part already");
    assert_int_equal(
        store_leave(f->store, "nobodynobodynobodynobodynobodyno", now_us, &f->note), ERR_NOINPUT);
    assert_int_equal(
        store_leave(f->store, first.token, now_us - UTC_DAY, &f->note), 0); /* the clock went back */
    assert_int_equal(store_leave(f->store, first.token, now_us + UTC_DAY, &f->note), 0); /* changes nothing */
    struct store_participant found;
    assert_int_equal(store_participant_find(f->store, first.token, f->arena, &found, NULL), 0);
    assert_int_equal(found.left_us, now_us);
    wish.zone_label = "mine"; /* was somebody's: resolvers may still hold its keys */
    assert_int_equal(enrol_participant(f->store, &wish, &terms, &second, &f->note), ERR_USAGE);
    assert_string_equal(f->note.text, "the zone mine.rolls.test. is taken");
    wish.zone_label = NULL;
    assert_int_equal(enrol_participant(f->store, &wish, &terms, &second, &f->note), 0);
}

/* The last of the rows is refused by a trigger: nothing of the others may stay. */
static void leaves_nothing_after_a_failure(void **state)
{
    struct fixture *f = *state;
    char path[96];
    sqlite3 *other;
    snprintf(path, sizeof path, "%s/state.db", f->directory);
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other,
                         "CREATE TRIGGER t BEFORE INSERT ON zone_key WHEN NEW.seq IS NOT NULL AND "
                         "(SELECT count(*) FROM zone_key) >= 1 BEGIN SELECT RAISE(ABORT, 'no room'); END",
                         NULL, NULL, NULL),
        SQLITE_OK);
    struct enrol_terms terms = terms_at(now_us);
    struct enrol_wish wish = wish_of("testzone");
    struct enrol_result result = {.id = 77};
    assert_int_equal(enrol_participant(f->store, &wish, &terms, &result, &f->note), ERR_DATA);
    assert_non_null(strstr(f->note.text, "no room"));
    assert_int_equal(result.id, 77); /* written only on success */
    assert_int_equal(count_participants(f) + count_rolls(f), 0);
    assert_int_equal(sqlite3_exec(other, "DROP TRIGGER t", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
    enrol(f, wish, now_us);
    store_close(f->store);
    assert_int_equal(store_open(f->directory, true, &f->store, &f->note), 0);
    assert_int_equal(enrol_participant(f->store, &wish, &terms, &result, &f->note), ERR_PERM);
}

static void tokens_and_zones_differ(void **state)
{
    struct fixture *f = *state;
    enum { MANY = 60 };
    struct enrol_result results[MANY];
    for (int i = 0; i < MANY; i++) {
        results[i] = enrol(f, wish_of("testzone"), now_us);
        assert_null(strstr(results[i].token, "rolls"));
        for (int j = 0; j < i; j++) {
            assert_string_not_equal(results[i].token, results[j].token);
            assert_string_not_equal(results[i].zone, results[j].zone);
        }
        for (int part = 0; part + 4 <= ENROL_ZONE_LABEL;
             part++) { /* no piece of the name is a piece of the token */
            char piece[6] = "";
            memcpy(piece, results[i].zone + part, 5);
            assert_null(strstr(results[i].token, piece));
        }
    }
    assert_int_equal(count_rolls(f), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(takes_in, set_up, tear_down),
        cmocka_unit_test_setup_teardown(shares_rolls, set_up, tear_down),
        cmocka_unit_test_setup_teardown(leaves_touched_rolls_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_bad_wishes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_bad_zones_and_plans, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_odd_but_harmless_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(takes_a_plan_document, set_up, tear_down),
        cmocka_unit_test_setup_teardown(joins_an_offered_plan, set_up, tear_down),
        cmocka_unit_test_setup_teardown(clock_set_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_to_the_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(leaves_nothing_after_a_failure, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tokens_and_zones_differ, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("enrol", tests, NULL, NULL);
}

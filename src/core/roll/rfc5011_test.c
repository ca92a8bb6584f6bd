/* Every cell of the table, every deviation of every profile, edges to the microsecond. */
#include "core/roll/rfc5011.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { TTL = 172800 };
static const struct rfc5011_timers month = {.add_hold_us = 30 * UTC_DAY, .remove_hold_us = 30 * UTC_DAY};

/* An RRset in shorthand: "a" key A present, "A" present and signing, "!A" with REVOKE and signed by itself,
 * "!a" with REVOKE only, "z" lower: not SEP after '-'. */
static size_t keys_of(const char *text, struct rfc5011_seen *out)
{
    size_t count = 0;
    bool revoked = false, zone = false;
    for (const char *c = text; *c; c++) {
        if (*c == '!') {
            revoked = true;
            continue;
        }
        if (*c == '-') {
            zone = true;
            continue;
        }
        bool signs = *c >= 'A' && *c <= 'Z';
        uint64_t id = (uint64_t)(signs ? *c : *c - 32);
        out[count++] = (struct rfc5011_seen){.id = id,
            .tag = (uint16_t)(id + (revoked ? 128 : 0)),
            .sep = !zone,
            .revoked = revoked,
            .signs = signs};
        revoked = zone = false;
    }
    return count;
}

static bool see_ttl(struct rfc5011_point *point, int64_t at_us, const char *text, uint32_t ttl_s,
    struct rfc5011_changes *changes)
{
    struct rfc5011_seen keys[32];
    struct rfc5011_rrset rrset = {
        .at_us = at_us, .answered = text != NULL, .ttl_s = ttl_s, .expires_us = UTC_OPEN, .keys = keys};
    if (text)
        rrset.count = keys_of(text, keys);
    return rfc5011_see(point, &rrset, changes);
}

static bool see(struct rfc5011_point *point, int64_t at_us, const char *text)
{
    return see_ttl(point, at_us, text, TTL, NULL);
}

static struct rfc5011_point begin(const char *profile, const char *anchors)
{
    struct rfc5011_seen keys[32];
    struct rfc5011_point point;
    rfc5011_start(&point, rfc5011_profile(profile), month, keys, keys_of(anchors, keys), 0);
    return point;
}

static int state(const struct rfc5011_point *point, char id)
{
    const struct rfc5011_key *key = rfc5011_find(point, (uint64_t)id);
    return key ? key->state : -1;
}

static void test_table(void **context)
{
    static const int8_t expected[RFC5011_STATES][RFC5011_EVENTS] = {{1, -1, -1, -1, -1, -1},
        {-1, -1, 0, 2, -1, -1}, {-1, -1, 3, -1, 4, -1}, {-1, 2, -1, -1, 4, -1}, {-1, -1, -1, -1, -1, 5},
        {-1, -1, -1, -1, -1, -1}};
    for (int from = 0; from < RFC5011_STATES; from++)
        for (int event = 0; event < RFC5011_EVENTS; event++)
            assert_int_equal(rfc5011_next_state((enum rfc5011_state)from, (enum rfc5011_event)event),
                expected[from][event]);
    assert_int_equal(rfc5011_next_state(RFC5011_STATES, RFC5011_NEW_KEY), -1);
    assert_int_equal(rfc5011_next_state(RFC5011_START, RFC5011_RESTART), -1);
}

/* Each cell again, through observations: key B is brought into a state, then shown. Columns: present, absent,
 * revoked and self-signed, revoked only. */
static void test_cells(void **context)
{
    static const struct {
        enum rfc5011_state from, present, absent, revoked, revoked_only;
    } rows[] = {
        {RFC5011_ADD_PEND, RFC5011_ADD_PEND, RFC5011_START, RFC5011_START, RFC5011_START},
        {RFC5011_VALID, RFC5011_VALID, RFC5011_MISSING, RFC5011_REVOKED, RFC5011_VALID},
        {RFC5011_MISSING, RFC5011_VALID, RFC5011_MISSING, RFC5011_REVOKED, RFC5011_MISSING},
        {RFC5011_REVOKED, RFC5011_REVOKED, RFC5011_REVOKED, RFC5011_REVOKED, RFC5011_REVOKED},
        {RFC5011_REMOVED, RFC5011_REMOVED, RFC5011_REMOVED, RFC5011_REMOVED, RFC5011_REMOVED},
    };
    static const char *const shown[] = {"Ab", "A", "A!B", "A!b"};
    for (size_t row = 0; row < sizeof rows / sizeof *rows; row++) {
        const enum rfc5011_state to[] = {
            rows[row].present, rows[row].absent, rows[row].revoked, rows[row].revoked_only};
        for (size_t column = 0; column < 4; column++) {
            struct rfc5011_point point = begin("rfc", rows[row].from == RFC5011_ADD_PEND ? "a" : "ab");
            int64_t at = 0;
            if (rows[row].from == RFC5011_ADD_PEND)
                see(&point, at, "Ab");
            if (rows[row].from == RFC5011_MISSING)
                see(&point, at, "A");
            if (rows[row].from >= RFC5011_REVOKED)
                see(&point, at, "A!B");
            if (rows[row].from == RFC5011_REMOVED)
                rfc5011_tick(&point, at += 30 * UTC_DAY, NULL);
            assert_int_equal(state(&point, 'B'), rows[row].from);
            assert_true(see(&point, at + UTC_DAY, shown[column]));
            assert_int_equal(state(&point, 'B'), to[column]);
        }
    }
}

static void test_add_hold_edges(void **context)
{
    struct rfc5011_point point = begin("rfc", "a");
    struct rfc5011_changes changes;
    assert_true(see_ttl(&point, 5, "Ab", TTL, &changes));
    assert_int_equal(changes.count, 1);
    assert_int_equal(changes.change[0].event, RFC5011_NEW_KEY);
    assert_true(see(&point, 30 * UTC_DAY + 4, "Ab")); /* one microsecond early */
    assert_false(rfc5011_trusts(&point, 'B'));
    rfc5011_tick(&point, 40 * UTC_DAY, NULL); /* time alone does nothing */
    assert_false(rfc5011_trusts(&point, 'B'));
    struct rfc5011_point exact = point;
    exact.last_query_us = 6;
    assert_true(see_ttl(&exact, 30 * UTC_DAY + 5, "Ab", TTL, &changes));
    assert_int_equal(state(&exact, 'B'), RFC5011_VALID);
    assert_int_equal(changes.change[0].event, RFC5011_ADD_TIME);
    assert_int_equal(changes.change[0].from, RFC5011_ADD_PEND);
    assert_true(see(&exact, 31 * UTC_DAY, "aB")); /* and it counts */
}

static void test_hold_and_ttl(void **context)
{
    static const struct {
        const char *profile;
        bool trusts;
    } rows[] = {{"rfc", false}, {"bind", true}, {"unbound", true}, {"knot", true}};
    for (size_t i = 0; i < 4; i++) {
        struct rfc5011_point point = begin(rows[i].profile, "a");
        see_ttl(&point, 0, "A", 86400 * 40, NULL);
        see_ttl(&point, 1, "Ab", 86400 * 40, NULL);
        see_ttl(&point, 30 * UTC_DAY + 1, "Ab", 86400 * 40, NULL);
        assert_int_equal(rfc5011_trusts(&point, 'B'), rows[i].trusts);
        see_ttl(&point, 40 * UTC_DAY + 1, "Ab", 86400 * 40, NULL);
        assert_true(rfc5011_trusts(&point, 'B'));
    }
}

/* Unbound promotes before it looks: an RRset signed by the new key alone, or no answer at all, will do, but
 * not a single sighting. */
static void test_promotes_on_time(void **context)
{
    static const char *const shown[] = {"aB", NULL};
    for (size_t i = 0; i < 2; i++) {
        struct rfc5011_point rfc = begin("rfc", "a"), unbound = begin("unbound", "a"),
                             once = begin("unbound", "a");
        see(&rfc, 0, "Ab"), see(&unbound, 0, "Ab"), see(&once, 0, "Ab");
        see(&rfc, UTC_DAY, "Ab"), see(&unbound, UTC_DAY, "Ab");
        see(&rfc, 30 * UTC_DAY, shown[i]), see(&unbound, 30 * UTC_DAY, shown[i]),
            see(&once, 30 * UTC_DAY, shown[i]);
        assert_false(rfc5011_trusts(&rfc, 'B'));
        assert_true(rfc5011_trusts(&unbound, 'B'));
        assert_false(rfc5011_trusts(&once, 'B'));
    }
}

static void test_pending_missing(void **context)
{
    static const struct {
        const char *profile;
        int state;
        int64_t trusts_us; /* if it is back a day later and stays */
    } rows[] = {{"rfc", RFC5011_START, 41 * UTC_DAY}, {"bind", RFC5011_ADD_PEND, 40 * UTC_DAY},
        {"unbound", RFC5011_START, 41 * UTC_DAY}, {"knot", RFC5011_START, 41 * UTC_DAY}};
    for (size_t i = 0; i < 4; i++) {
        struct rfc5011_point point = begin(rows[i].profile, "a");
        see(&point, -1, "A");
        see(&point, 0, "Ab");
        see(&point, 10 * UTC_DAY, "A");
        assert_int_equal(state(&point, 'B'), rows[i].state);
        int64_t trusts = UTC_OPEN;
        for (int64_t at = 11 * UTC_DAY; at < 60 * UTC_DAY; at += UTC_DAY) {
            see(&point, at, "Ab");
            if (rfc5011_trusts(&point, 'B') && trusts == UTC_OPEN)
                trusts = at;
        }
        assert_int_equal(trusts, rows[i].trusts_us);
    }
}

static void test_unvalidated(void **context)
{
    static const struct {
        const char *profile;
        int64_t trusts_us;
    } rows[] = {
        {"rfc", 30 * UTC_DAY}, {"bind", 40 * UTC_DAY}, {"unbound", 30 * UTC_DAY}, {"knot", 30 * UTC_DAY}};
    for (size_t i = 0; i < 4; i++) {
        struct rfc5011_point point = begin(rows[i].profile, "a");
        see(&point, -1, "A");
        int64_t trusts = UTC_OPEN;
        for (int64_t at = 0; at < 60 * UTC_DAY; at += UTC_DAY) {
            bool bogus = at == 10 * UTC_DAY;
            assert_int_equal(see(&point, at, bogus ? "ab" : "Ab"), !bogus);
            if (rfc5011_trusts(&point, 'B') && trusts == UTC_OPEN)
                trusts = at;
        }
        assert_int_equal(trusts, rows[i].trusts_us);
    }
    struct rfc5011_point point = begin("bind", "a"); /* no answer is no event for anybody */
    see(&point, -1, "A"), see(&point, 0, "Ab");
    for (int64_t at = UTC_DAY; at < 30 * UTC_DAY; at += UTC_DAY)
        see(&point, at, at == 10 * UTC_DAY ? NULL : "Ab");
    see(&point, 30 * UTC_DAY, "Ab");
    assert_true(rfc5011_trusts(&point, 'B'));
}

/* A valid key that is missing stays trusted; Unbound and Knot Resolver drop it after a time. */
static void test_missing_kept(void **context)
{
    static const struct {
        const char *profile;
        int64_t dropped_us;
    } rows[] = {{"rfc", UTC_OPEN}, {"bind", UTC_OPEN}, {"unbound", 366 * UTC_DAY}, {"knot", 120 * UTC_DAY}};
    for (size_t i = 0; i < 4; i++) {
        struct rfc5011_point point = begin(rows[i].profile, "ab"), alone = begin(rows[i].profile, "a");
        see(&point, 0, "A");
        assert_int_equal(state(&point, 'B'), RFC5011_MISSING);
        assert_true(rfc5011_trusts(&point, 'B'));
        int64_t edge = rows[i].dropped_us == UTC_OPEN ? 1000 * UTC_DAY : rows[i].dropped_us;
        rfc5011_tick(&point, edge - 1, NULL);
        assert_true(rfc5011_trusts(&point, 'B'));
        assert_int_equal(rfc5011_next_us(&point, 1000) <= edge, true);
        rfc5011_tick(&point, edge, NULL);
        assert_int_equal(rfc5011_trusts(&point, 'B'), rows[i].dropped_us == UTC_OPEN);
        assert_true(rfc5011_trusts(&alone, 'A'));
    }
    struct rfc5011_point last = begin("unbound", "a"); /* no other valid key: kept */
    last.keys[0].state = RFC5011_MISSING;
    rfc5011_tick(&last, 2000 * UTC_DAY, NULL);
    assert_true(rfc5011_trusts(&last, 'A'));
}

static void test_revocation(void **context)
{
    static const struct {
        const char *profile;
        bool unsigned_revokes;
    } rows[] = {{"rfc", false}, {"bind", false}, {"unbound", false}, {"knot", true}};
    for (size_t i = 0; i < 4; i++) {
        struct rfc5011_point point = begin(rows[i].profile, "ab");
        assert_true(see(&point, 0, "!aB"));
        assert_int_equal(state(&point, 'A') == RFC5011_REVOKED, rows[i].unsigned_revokes);
        /* The only anchor, and nothing else that is trusted signs: Knot Resolver does not look at it. */
        point = begin(rows[i].profile, "a");
        assert_false(see(&point, 0, "!AB"));
        assert_int_equal(state(&point, 'A') == RFC5011_REVOKED, strcmp(rows[i].profile, "knot") != 0);
        point = begin(rows[i].profile, "ab");
        assert_true(see(&point, 0, "!AB"));
        assert_int_equal(state(&point, 'A'), RFC5011_REVOKED);
        assert_false(rfc5011_trusts(&point, 'A'));
        assert_false(see(&point, 1, "Ab")); /* permanent: it validates nothing any more */
        rfc5011_tick(&point, 30 * UTC_DAY - 1, NULL);
        assert_int_equal(state(&point, 'A'), RFC5011_REVOKED);
        rfc5011_tick(&point, 30 * UTC_DAY, NULL);
        assert_int_equal(state(&point, 'A'), RFC5011_REMOVED);
        assert_true(see(&point, 31 * UTC_DAY, "aB")); /* it comes back: BIND begins anew */
        assert_int_equal(
            state(&point, 'A'), strcmp(rows[i].profile, "bind") == 0 ? RFC5011_ADD_PEND : RFC5011_REMOVED);
    }
}

/* The revocation needs no other signature: a key vouches for its own. All revoked: the trust point is gone,
 * for good. */
static void test_all_revoked(void **context)
{
    struct rfc5011_point point = begin("rfc", "ab");
    assert_false(see(&point, 0, "!A!B"));
    assert_int_equal(rfc5011_trusted(&point), 0);
    assert_true(point.deleted);
    assert_int_equal(rfc5011_next_us(&point, 1000), UTC_OPEN);
    assert_false(see(&point, UTC_DAY, "AB"));
}

/* A pending key whose validators are all revoked starts anew; with one left it goes on. Products forget who
 * vouched. */
static void test_validators(void **context)
{
    struct rfc5011_point point = begin("rfc", "abc");
    see(&point, 0, "ABcd");
    see(&point, UTC_DAY, "!Abcd"); /* not valid without B or C signing, but A is revoked */
    assert_int_equal(state(&point, 'A'), RFC5011_REVOKED);
    assert_int_equal(state(&point, 'D'), RFC5011_ADD_PEND);
    struct rfc5011_changes changes;
    assert_true(see_ttl(&point, 2 * UTC_DAY, "!BCd", TTL, &changes));
    assert_int_equal(changes.change[1].event, RFC5011_RESET);
    assert_int_equal(
        state(&point, 'D'), RFC5011_ADD_PEND); /* seen anew in the same RRset, vouched for by C */
    const struct rfc5011_key *key = rfc5011_find(&point, 'D');
    assert_int_equal(key->timer_us, 32 * UTC_DAY);
    struct rfc5011_point bind = begin("bind", "abc");
    see(&bind, -1, "ABc"), see(&bind, 0, "ABcd"), see(&bind, 2 * UTC_DAY, "!A!BCd");
    key = rfc5011_find(&bind, 'D');
    assert_int_equal(key->timer_us, 30 * UTC_DAY);
}

static void test_initial(void **context)
{
    struct rfc5011_point bind = begin("bind", "a"), rfc = begin("rfc", "a");
    assert_false(see(&bind, 0, "abc")); /* not valid: not the first */
    see(&bind, 1, "Abc-d"), see(&rfc, 1, "Abc-d");
    assert_true(rfc5011_trusts(&bind, 'B') && rfc5011_trusts(&bind, 'C'));
    assert_int_equal(state(&bind, 'D'), -1); /* a ZSK is no candidate */
    assert_false(rfc5011_trusts(&rfc, 'B'));
    see(&bind, 2, "Abce");
    assert_int_equal(state(&bind, 'E'), RFC5011_ADD_PEND);
}

static void test_replay(void **context)
{
    /* An old RRset that still validates is a KeyRem like any other: that is what a replay can do to a pending
     * key, and no more. */
    struct rfc5011_point point = begin("rfc", "a");
    see(&point, 0, "Ab");
    see(&point, 29 * UTC_DAY, "A");
    assert_int_equal(state(&point, 'B'), RFC5011_START);
    see(&point, 29 * UTC_DAY + 1, "Ab");
    see(&point, 59 * UTC_DAY, "Ab");
    assert_false(rfc5011_trusts(&point, 'B'));
    see(&point, 59 * UTC_DAY + 1, "Ab");
    assert_true(rfc5011_trusts(&point, 'B'));
    assert_false(see(&point, 3, "A")); /* an observation from before is ignored */
    assert_int_equal(state(&point, 'B'), RFC5011_VALID);
    see(&point, 60 * UTC_DAY, "A"); /* trusted by now: a replay only makes it Missing */
    assert_true(rfc5011_trusts(&point, 'B'));
}

static void test_many_keys(void **context)
{
    struct rfc5011_point point = begin("rfc", "a");
    see(&point, 0, "Abcdefgh");
    see(&point, 30 * UTC_DAY, "Abcdefgh");
    assert_int_equal(rfc5011_trusted(&point), 8);
    see(&point, 31 * UTC_DAY, "Abcdefghijklmnopqrstuvw");
    assert_int_equal(point.key_count, RFC5011_KEYS);
    assert_int_equal(point.overflow, 23 - RFC5011_KEYS);
    see(&point, 32 * UTC_DAY, "Abcdefgh"); /* the pending ones go and leave room */
    see(&point, 33 * UTC_DAY, "Abcdefghxyz");
    assert_int_equal(state(&point, 'Z'), RFC5011_ADD_PEND);
    assert_int_equal(point.overflow, 23 - RFC5011_KEYS);
}

static void test_timers(void **context)
{
    static const struct {
        uint32_t ttl_s;
        int64_t signature_us, query_us, retry_us;
    } rows[] = {
        {172800, 21 * UTC_DAY, UTC_DAY, 17280 * UTC_SECOND},
        {172800, UTC_OPEN, UTC_DAY, 17280 * UTC_SECOND},
        {172800, UTC_DAY, UTC_DAY / 2, 8640 * UTC_SECOND},
        {60, UTC_OPEN, UTC_HOUR, UTC_HOUR},
        {86400 * 60, UTC_OPEN, 15 * UTC_DAY, UTC_DAY},
        {7200, UTC_OPEN, UTC_HOUR, UTC_HOUR},
        {7202, UTC_OPEN, UTC_HOUR + UTC_SECOND, UTC_HOUR},
        {172800, -5, UTC_HOUR, UTC_HOUR},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(rfc5011_query_interval(rows[i].ttl_s, rows[i].signature_us), rows[i].query_us);
        assert_int_equal(rfc5011_retry_time(rows[i].ttl_s, rows[i].signature_us), rows[i].retry_us);
    }
}

static void test_next(void **context)
{
    struct rfc5011_seen keys[2];
    struct rfc5011_rrset rrset = {.at_us = 0,
        .answered = true,
        .ttl_s = TTL,
        .expires_us = UTC_DAY,
        .keys = keys,
        .count = keys_of("A", keys)};
    static const struct {
        const char *profile;
        unsigned permille;
        int64_t next_us;
    } rows[] = {{"rfc", 1000, UTC_DAY / 2}, {"bind", 1000, UTC_DAY / 2}, {"unbound", 1000, UTC_DAY / 2},
        {"unbound", 0, UTC_DAY / 2 / 10 * 9}, {"rfc", 0, UTC_DAY / 2}, {"knot", 1000, UTC_DAY},
        {"static", 1000, UTC_OPEN}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rfc5011_point point = begin(rows[i].profile, "a");
        assert_int_equal(rfc5011_next_us(&point, 1000), i == 6 ? UTC_OPEN : INT64_MIN);
        assert_true(rfc5011_see(&point, &rrset, NULL));
        assert_int_equal(rfc5011_next_us(&point, rows[i].permille), rows[i].next_us);
    }
    struct rfc5011_point bind =
        begin("bind", "ab"); /* a trusted key is missing: BIND asks again in an hour */
    see(&bind, 0, "A");
    assert_int_equal(rfc5011_next_us(&bind, 1000), UTC_HOUR);
    struct rfc5011_point failed = begin("rfc", "a");
    see(&failed, 0, "a");
    assert_int_equal(rfc5011_next_us(&failed, 1000), 17280 * UTC_SECOND);
    assert_int_equal(failed.failures, 1);
    struct rfc5011_point quick = begin("rfc", "a");
    quick.timers.refresh_us = 5 * UTC_SECOND;
    quick.timers.retry_us = UTC_SECOND;
    see(&quick, 0, "A");
    assert_int_equal(rfc5011_next_us(&quick, 1000), 5 * UTC_SECOND);
    see(&quick, 5 * UTC_SECOND, NULL);
    assert_int_equal(rfc5011_next_us(&quick, 1000), 6 * UTC_SECOND);
}

static void test_static(void **context)
{
    struct rfc5011_point point = begin("static", "a");
    struct rfc5011_changes changes;
    for (int64_t at = 0; at < 90 * UTC_DAY; at += UTC_DAY)
        assert_true(see_ttl(&point, at, "Ab", TTL, &changes));
    assert_int_equal(changes.count, 0);
    assert_false(see(&point, 90 * UTC_DAY, "aB"));
    assert_true(rfc5011_trusts(&point, 'A')); /* it does not even notice a revocation … */
    see(&point, 91 * UTC_DAY, "!AB");
    assert_true(rfc5011_trusts(&point, 'A'));
    assert_false(see(&point, 92 * UTC_DAY, "!AB")); /* … but never validates with a key that has REVOKE */
}

static void test_names(void **context)
{
    assert_null(rfc5011_profile("windows"));
    assert_null(rfc5011_profile_at(rfc5011_profile_count()));
    for (size_t i = 0; i < rfc5011_profile_count(); i++)
        assert_ptr_equal(rfc5011_profile(rfc5011_profile_at(i)->name), rfc5011_profile_at(i));
    assert_string_equal(rfc5011_state_name(RFC5011_ADD_PEND), "AddPend");
    assert_string_equal(rfc5011_event_name(RFC5011_RESET), "Reset");
    assert_string_equal(rfc5011_event_name((enum rfc5011_event)99), "?");
}

int main(void)
{
    const struct CMUnitTest all[] = {cmocka_unit_test(test_table), cmocka_unit_test(test_cells),
        cmocka_unit_test(test_add_hold_edges), cmocka_unit_test(test_hold_and_ttl),
        cmocka_unit_test(test_promotes_on_time), cmocka_unit_test(test_pending_missing),
        cmocka_unit_test(test_unvalidated), cmocka_unit_test(test_missing_kept),
        cmocka_unit_test(test_revocation), cmocka_unit_test(test_all_revoked),
        cmocka_unit_test(test_validators), cmocka_unit_test(test_initial), cmocka_unit_test(test_replay),
        cmocka_unit_test(test_many_keys), cmocka_unit_test(test_timers), cmocka_unit_test(test_next),
        cmocka_unit_test(test_static), cmocka_unit_test(test_names)};
    return cmocka_run_group_tests_name("rfc5011", all, NULL, NULL);
}

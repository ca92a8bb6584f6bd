/* Whole built-in plans through every profile, refresh by refresh: who trusts what when, and whether names
 * validate at each moment. */
#include "core/roll/plan.h"
#include "core/roll/rfc5011.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { KEYS = 8 };

/* A validator that fetches when it wants to, from a plan as its zone. */
struct walk {
    const struct plan *plan;
    struct rfc5011_point point;
    int64_t trusts_us[KEYS]; /* first moment of trust in each key */
    int64_t fails_us,
        heals_us; /* the first fetch that did not validate, and the first that did after it; UTC_OPEN: none */
};

static size_t rrset_at(const struct plan *plan, int64_t t_us, struct rfc5011_seen *out)
{
    size_t count = 0;
    for (size_t i = 0; i < plan->key_count; i++) {
        const struct plan_key *key = &plan->keys[i];
        struct plan_key_state state = plan_key_at(key, t_us);
        if (!key->zsk && state.published)
            out[count++] = (struct rfc5011_seen){.id = i,
                .tag = (uint16_t)(state.revoked ? key->revoked_tag : key->tag),
                .sep = true,
                .revoked = state.revoked,
                .signs = state.signing || state.revoked};
    }
    return count;
}

static void fetch(struct walk *walk, int64_t t_us)
{
    struct rfc5011_seen keys[KEYS];
    struct rfc5011_rrset rrset = {.at_us = t_us,
        .answered = true,
        .ttl_s = walk->plan->dnskey_ttl_s,
        .expires_us = t_us + (int64_t)walk->plan->signature_s * UTC_SECOND,
        .keys = keys,
        .count = rrset_at(walk->plan, t_us, keys)};
    bool valid = rfc5011_see(&walk->point, &rrset, NULL);
    if (!valid && walk->fails_us == UTC_OPEN)
        walk->fails_us = t_us;
    if (valid && walk->fails_us != UTC_OPEN && walk->heals_us == UTC_OPEN)
        walk->heals_us = t_us;
    for (size_t i = 0; i < walk->plan->key_count; i++)
        if (walk->trusts_us[i] == UTC_OPEN && rfc5011_trusts(&walk->point, i))
            walk->trusts_us[i] = t_us;
}

/* From the first moment to the last, with the anchors that are published at its beginning. A static one
 * fetches each TTL. */
static void walk_plan(
    struct walk *walk, const struct plan *plan, const char *profile, int64_t from_us, int64_t to_us)
{
    struct rfc5011_seen anchors[KEYS];
    struct rfc5011_timers timers = {
        plan->add_hold_us, plan->remove_hold_us, plan->refresh_us, plan->retry_us};
    *walk = (struct walk){.plan = plan, .fails_us = UTC_OPEN, .heals_us = UTC_OPEN};
    for (size_t i = 0; i < KEYS; i++)
        walk->trusts_us[i] = UTC_OPEN;
    rfc5011_start(
        &walk->point, rfc5011_profile(profile), timers, anchors, rrset_at(plan, from_us, anchors), from_us);
    for (int64_t t = from_us; t < to_us;) {
        fetch(walk, t);
        int64_t next = rfc5011_next_us(&walk->point, 950);
        t = next == UTC_OPEN ? t + (int64_t)plan->dnskey_ttl_s * UTC_SECOND : next > t ? next : t + 1;
    }
}

static size_t index_of(const struct plan *plan, const char *id)
{
    for (size_t i = 0; i < plan->key_count; i++)
        if (strcmp(plan->keys[i].id, id) == 0)
            return i;
    fail_msg("no key %s", id);
    return 0;
}

static int64_t date(const char *text)
{
    int64_t us = 0;
    assert_int_equal(utc_parse(text, &us), 0);
    return us;
}

/* Each followed roll of the root: when the new key is trusted, and that nothing ever fails; the static anchor
 * fails at the roll. */
static void test_root(void **state)
{
    static const struct {
        const char *plan, *from, *to, *new_key, *trusted_from, *trusted_to, *roll;
    } rows[] = {
        {"root-2018", "2017-06-01", "2019-06-01", "KSK-2017", "2017-08-10", "2017-08-13", "2018-10-11"},
        {"root-2017", "2017-06-01", "2018-06-01", "KSK-2017", "2017-08-10", "2017-08-13", "2017-10-11"},
        {"root-2024", "2024-12-01", "2027-06-01", "KSK-2024", "2025-02-10", "2025-02-13", "2026-10-11"},
    };
    static const char *const followers[] = {"rfc", "bind", "unbound", "knot"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct plan *plan;
        struct walk walk;
        assert_int_equal(plan_builtin(rows[i].plan, &plan), 0);
        size_t key = index_of(plan, rows[i].new_key);
        for (size_t f = 0; f < 4; f++) {
            walk_plan(&walk, plan, followers[f], date(rows[i].from), date(rows[i].to));
            assert_int_equal(walk.fails_us, UTC_OPEN);
            assert_in_range(walk.trusts_us[key], date(rows[i].trusted_from), date(rows[i].trusted_to));
            assert_int_equal(rfc5011_trusted(&walk.point), 1); /* the old key was revoked in time */
        }
        walk_plan(&walk, plan, "static", date(rows[i].from), date(rows[i].to));
        assert_in_range(walk.fails_us, date(rows[i].roll), date(rows[i].roll) + 3 * UTC_DAY);
        assert_int_equal(walk.heals_us, UTC_OPEN);
        plan_free(plan);
    }
}

static void test_zones(void **state)
{
    static const char *const names[] = {"testzone", "testzone-fast"};
    static const char *const followers[] = {"rfc", "bind", "unbound", "knot"};
    for (size_t i = 0; i < 2; i++) {
        struct plan *template, *plan;
        struct walk walk;
        assert_int_equal(plan_builtin(names[i], &template), 0);
        assert_int_equal(plan_start(template, 0, NULL, 0, &plan, NULL), 0);
        struct plan_roll roll = plan_roll_at(plan, 0);
        size_t key = index_of(plan, roll.new_key->id);
        for (size_t f = 0; f < 4; f++) {
            walk_plan(&walk, plan, followers[f], 0, roll.withdraw_us + plan->add_hold_us);
            assert_int_equal(walk.fails_us, UTC_OPEN);
            assert_in_range(walk.trusts_us[key], roll.publish_us + plan->add_hold_us,
                roll.publish_us + plan->add_hold_us + 2 * plan_refresh(plan));
            assert_true(walk.trusts_us[key] < roll.sign_us);
        }
        walk_plan(&walk, plan, "static", 0, roll.withdraw_us);
        assert_in_range(walk.fails_us, roll.sign_us, roll.sign_us + (int64_t)plan->dnskey_ttl_s * UTC_SECOND);
        plan_free(plan);
        plan_free(template);
    }
}

/* Who comes in the middle of the hold-down: BIND trusts what it finds, the others are late; Unbound promotes
 * by time alone and heals. */
static void test_late_joiner(void **state)
{
    static const struct {
        const char *profile;
        bool fails, heals;
    } rows[] = {{"bind", false, false}, {"rfc", true, false}, {"unbound", true, true}, {"knot", true, false}};
    struct plan *template, *plan;
    assert_int_equal(plan_builtin("testzone-fast", &template), 0);
    assert_int_equal(plan_start(template, 0, NULL, 0, &plan, NULL), 0);
    struct plan_roll roll = plan_roll_at(plan, 0);
    for (size_t i = 0; i < 4; i++) {
        struct walk walk = {.plan = plan, .fails_us = UTC_OPEN, .heals_us = UTC_OPEN};
        struct rfc5011_seen old = {.id = index_of(plan, roll.old_key->id), .sep = true};
        memset(walk.trusts_us, 0x7f, sizeof walk.trusts_us);
        rfc5011_start(&walk.point, rfc5011_profile(rows[i].profile),
            (struct rfc5011_timers){
                plan->add_hold_us, plan->remove_hold_us, plan->refresh_us, plan->retry_us},
            &old, 1, 0);
        for (int64_t t = 110 * UTC_SECOND; t < roll.withdraw_us; t = rfc5011_next_us(&walk.point, 1000))
            fetch(&walk, t);
        assert_int_equal(walk.fails_us != UTC_OPEN, rows[i].fails);
        assert_int_equal(walk.heals_us != UTC_OPEN, rows[i].heals);
    }
    plan_free(plan);
    plan_free(template);
}

/* An algorithm roll is a roll: whatever the plan does, a follower is never left without a key that signs. */
static void test_algorithm(void **state)
{
    struct plan *plan;
    struct walk walk;
    static const char *const followers[] = {"rfc", "bind", "unbound", "knot"};
    assert_int_equal(plan_builtin("root-algorithm", &plan), 0);
    for (size_t f = 0; f < 4; f++) {
        walk_plan(&walk, plan, followers[f], date("2026-12-01"), date("2032-01-01"));
        assert_int_equal(walk.fails_us, UTC_OPEN);
    }
    plan_free(plan);
}

int main(void)
{
    const struct CMUnitTest all[] = {cmocka_unit_test(test_root), cmocka_unit_test(test_zones),
        cmocka_unit_test(test_late_joiner), cmocka_unit_test(test_algorithm)};
    return cmocka_run_group_tests_name("RFC 5011 through plans", all, NULL, NULL);
}

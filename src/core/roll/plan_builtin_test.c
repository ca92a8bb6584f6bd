/* The built-in plans against what can be checked: tags and digests against the keys themselves, what is
 * published and signs against the signed key responses of the root, margins against the replay-safe rule, and
 * that nothing of the future is given out as known. */
#include "core/roll/plan.h"

#include "core/dns/dnskey.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <cmocka.h>

static struct plan *builtin(const char *name)
{
    struct plan *plan;
    assert_int_equal(plan_builtin(name, &plan), 0);
    return plan;
}

static int64_t at(const char *text)
{
    int64_t us;
    assert_int_equal(utc_parse(text, &us), 0);
    return us;
}

/* A file below the checkout, or NULL; to be freed. */
static char *content_of(const char *name)
{
    enum { MOST = 1 << 20 };
    char path[1024];
    const char *source = getenv("ROLLCALL_SOURCE");
    snprintf(path, sizeof path, "%s/%s", source ? source : ".", name);
    FILE *file = fopen(path, "r");
    char *content = file ? calloc(1, MOST) : NULL;
    if (content)
        assert_true(fread(content, 1, MOST - 1, file) > 0);
    if (file)
        fclose(file);
    else
        print_message("skipped: no %s\n", path);
    return content;
}

static void check_key(const struct plan_key *plan_key, const struct name *owner, const struct dnskey *key)
{
    struct dnskey *revoked;
    uint8_t ds[DNSKEY_MAX_DS];
    char hex[65];
    assert_int_equal(plan_key->algorithm, key->algorithm);
    assert_int_equal(plan_key->bits, dnskey_bits(key));
    assert_int_equal(dnskey_with_flags(key, DNSKEY_KSK | DNSKEY_REVOKE, &revoked), 0);
    assert_int_equal(plan_key->revoked_tag, revoked->tag);
    dnskey_free(revoked);
    assert_int_equal(dnskey_ds(owner, key, 2, ds), 36);
    for (size_t i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02X", ds[4 + i]);
    assert_string_equal(plan_key->ds_sha256, hex);
}

/* Every key of a built-in plan that has a tag is a key of the root, and its other numbers are those of that
 * key. */
static void tags_and_digests(void **state)
{
    unsigned found = 0;
    for (size_t i = 0; i < plan_builtin_count(); i++) {
        struct plan *plan = builtin(plan_builtin_name(i));
        for (size_t k = 0; k < plan->key_count; k++) {
            char name[64];
            struct name owner;
            struct dnskey *key;
            struct err_note note;
            if (plan->keys[k].tag < 0)
                continue;
            snprintf(name, sizeof name, "tests/fixtures/keys/K.+008+%05d.key", plan->keys[k].tag);
            char *text = content_of(name);
            assert_non_null(text);
            assert_int_equal(dnskey_from_public_text(text, strlen(text), &owner, &key, &note), 0);
            check_key(&plan->keys[k], &owner, key);
            dnskey_free(key);
            free(text);
            found++;
        }
        plan_free(plan);
    }
    assert_int_equal(found, 9);
}

/* The KSKs of one bundle: tags that are published, and that sign. */
static void check_bundle(const struct plan *plan, const char *bundle, const char *end)
{
    char inception[32];
    assert_int_equal(sscanf(strstr(bundle, "<Inception>"), "<Inception>%19[^<+Z]", inception), 1);
    strcat(inception, "Z");
    for (size_t k = 0; k < plan->key_count; k++) {
        struct plan_key_state expected = plan_key_at(&plan->keys[k], at(inception));
        char tag[32], signer[40];
        snprintf(tag, sizeof tag, "keyTag=\"%d\"", plan->keys[k].tag);
        snprintf(signer, sizeof signer, "<KeyTag>%d</KeyTag>", plan->keys[k].tag);
        const char *published = strstr(bundle, tag), *signs = strstr(bundle, signer);
        if ((published && published < end) != expected.published ||
            (signs && signs < end) != expected.signing)
            fail_msg("%s at %s is not as the root's keys were", plan->keys[k].id, inception);
    }
}

static void signed_key_responses(void **state)
{
    static const char *const files[] = {
        "skr-root-2017-q1-0.xml", "skr-root-2017-q2-0.xml", "skr-root-2017-q3-0-c_to_d.xml"};
    struct plan *plan = builtin("root-2018");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char name[128];
        snprintf(name, sizeof name, "../shared/data/ksr/%s", files[i]);
        char *content = content_of(name);
        unsigned bundles = 0;
        for (const char *bundle = content; bundle && (bundle = strstr(bundle, "<ResponseBundle"));
             bundles++) {
            const char *end = strstr(bundle, "</ResponseBundle>");
            assert_non_null(end);
            check_bundle(plan, bundle, end);
            bundle = end;
        }
        assert_true(!content || bundles == 9);
        free(content);
    }
    plan_free(plan);
}

/* The newest source is of 2026-10-09: whatever lies after it is a plan. */
static void future_is_planned(void **state)
{
    for (size_t i = 0; i < plan_builtin_count(); i++) {
        struct plan *plan = builtin(plan_builtin_name(i));
        for (size_t k = 0; k < plan->key_count; k++)
            for (size_t j = 0; j < plan->keys[k].step_count; j++) {
                const struct plan_step *step = &plan->keys[k].steps[j];
                if (!plan->relative && step->at_us > at("2026-10-09"))
                    assert_true(step->planned);
                assert_true(!step->planned || step->note);
            }
        plan_free(plan);
    }
}

/* A test zone rolls when no replay can hold a follower back, with either TTL; and its revocation outlives the
 * remove hold-down. */
static void testzone_margins(void **state)
{
    static const uint32_t ttls[] = {60, 172800};
    struct plan *template = builtin("testzone");
    for (size_t i = 0; i < 2; i++) {
        struct plan *plan;
        assert_int_equal(plan_start(template, at("2027-01-04"), NULL, ttls[i], &plan, NULL), 0);
        struct plan_roll roll = plan_roll_at(plan, at("2027-01-04"));
        assert_true(roll.sign_us >= roll.safe_us + 2 * UTC_DAY);
        assert_true(roll.revoke_us - roll.sign_us >= plan_refresh(plan) + ttls[i] * UTC_SECOND);
        assert_true(roll.withdraw_us - roll.revoke_us >= plan->remove_hold_us + plan_refresh(plan));
        for (size_t j = 0; j < plan->keys[0].step_count; j++) /* all on one weekday */
            assert_int_equal((plan->keys[0].steps[j].at_us - plan->start_us) % (7 * UTC_DAY), 0);
        plan_free(plan);
    }
    plan_free(template);
}

/* Each roll of the root, by its decisive moments. */
static void rolls(void **state)
{
    static const struct {
        const char *plan, *old_key, *new_key, *publish, *sign, *revoke, *withdraw;
    } rows[] = {
        {"root-2017", "KSK-2010", "KSK-2017", "2017-07-11", "2017-10-11", "2018-01-11", "2018-03-22"},
        {"root-2018", "KSK-2010", "KSK-2017", "2017-07-11", "2018-10-11T16:00:00Z", "2019-01-11T14:00:00Z",
            "2019-03-22"},
        {"root-2024", "KSK-2017", "KSK-2024", "2025-01-11", "2026-10-11", "2027-01-11", "2027-03-22"},
        {"root-algorithm", "KSK-2024", "KSK-ECDSA", "2028-07-11", "2029-07-11", "2029-07-11", "2030-01-11"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct plan *plan = builtin(rows[i].plan);
        struct plan_roll roll = plan_roll_at(plan, at(rows[i].publish));
        assert_string_equal(roll.old_key->id, rows[i].old_key);
        assert_string_equal(roll.new_key->id, rows[i].new_key);
        assert_int_equal(roll.publish_us, at(rows[i].publish));
        assert_int_equal(roll.sign_us, at(rows[i].sign));
        assert_int_equal(roll.revoke_us, at(rows[i].revoke));
        assert_int_equal(roll.withdraw_us, at(rows[i].withdraw));
        assert_true(roll.sign_us >= roll.safe_us);
        plan_free(plan);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tags_and_digests),
        cmocka_unit_test(signed_key_responses),
        cmocka_unit_test(future_is_planned),
        cmocka_unit_test(testzone_margins),
        cmocka_unit_test(rolls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

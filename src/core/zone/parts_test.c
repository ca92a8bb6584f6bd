/* The parts of a view and of a set, each against a plain model of it. */
#include "core/zone/late.h"
#include "core/zone/set.h"
#include "core/zone/testzone.h"
#include "core/zone/zone_try.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int tear_down(void **state)
{
    try_keys_free();
    return 0;
}

/* A name of labels from few octets, the difficult ones among them, so that names are close to each other. */
static struct name random_name(const char *apex, unsigned most)
{
    static const uint8_t octets[] = {0, 1, 2, '*', '-', '0', '@', 'a', 'b', 'z', '[', 0xff, 0xfe};
    struct name name = try_name(apex);
    for (unsigned i = (unsigned)rand() % (most + 1); i > 0; i--) {
        uint8_t label[63];
        size_t length = rand() % 10 ? 1U + (unsigned)rand() % 4 : 63U - (unsigned)rand() % 2;
        for (size_t j = 0; j < length; j++)
            label[j] = octets[(unsigned)rand() % sizeof octets];
        struct name longer;
        if (name_prepend(label, length, &name, &longer))
            name = longer;
    }
    return name;
}

static size_t key_of(const struct name *name, unsigned apex_labels, uint8_t *key)
{
    uint8_t wire[NAME_MAX_WIRE + HASH_ROOM] = {0}, label[MESSAGE_MAX_LABELS + 1];
    struct name lower = *name;
    name_lower(&lower);
    memcpy(wire, lower.wire, lower.length);
    unsigned labels = view_labels(wire, label);
    return view_key(wire, label, labels, apex_labels, key);
}

static int sign_of(int number)
{
    return (number > 0) - (number < 0);
}

static void sort_keys_have_the_canonical_order(void **state)
{
    srand(1);
    for (unsigned i = 0; i < 20000; i++) {
        struct name a = random_name("example.", 3), b = random_name("example.", 3);
        uint8_t x[VIEW_MAX_KEY + 8], y[VIEW_MAX_KEY + 8];
        size_t m = key_of(&a, 1, x), n = key_of(&b, 1, y);
        int order = memcmp(x, y, m < n ? m : n);
        order = order ? order : (m > n) - (m < n);
        assert_int_equal(sign_of(order), sign_of(name_compare(&a, &b)));
    }
}

/* RFC 4470: the cover denies the name and what is below it, and next to nothing else. */
static void narrow_covers_are_narrow(void **state)
{
    srand(2);
    for (unsigned i = 0; i < 20000; i++) {
        struct name name = random_name("example.", 3), other = random_name("example.", 3), below;
        struct late_nsec nsec;
        if (name_labels(&name) < 2 || name.length > 250)
            continue;
        name_lower(&name);
        narrow_cover(&name, &nsec);
        assert_true(name_compare(&nsec.owner, &name) < 0);
        assert_true(name_compare(&name, &nsec.next) < 0);
        if (name_prepend("\xff\xff", 2, &name, &below))
            assert_true(name_compare(&below, &nsec.next) < 0);
        bool host =
            true; /* only names of octets that no host has may stand in between, beside those below it */
        for (size_t j = 0; j < other.length; j++)
            host &= other.wire[j] != 0 && other.wire[j] < 0xfe;
        if (host && other.length < 200 && name.wire[name.wire[0]] != 0 && name.wire[0] < 62 &&
            !name_is_below(&other, &name))
            assert_false(name_compare(&nsec.owner, &other) < 0 && name_compare(&other, &nsec.next) < 0);
        narrow_match(&name, (const uint16_t[]){RR_A}, 1, &nsec);
        assert_true(name_equal(&nsec.owner, &name));
        assert_true(name_compare(&name, &nsec.next) < 0 && name_is_below(&nsec.next, &name));
        narrow_match(&name, NULL, 0, &nsec); /* an empty non-terminal: the next name is below it */
        assert_true(name_compare(&nsec.owner, &name) < 0 && name_is_below(&nsec.next, &name));
    }
}

/* Puts and removals at random: what is found is what a list says. */
static void a_set_finds_the_longest_apex(void **state)
{
    enum { ZONES = 64 };
    static const char *const bottoms[] = {".", "a.", "b.a.", "c.", "d.c.b.a."};
    struct zone_set *set = zone_set_new();
    struct zone_view *views[ZONES];
    struct name apex[ZONES];
    bool in[ZONES] = {false};
    size_t count = 0;
    srand(3);
    for (size_t i = 0; i < ZONES; i++) {
        char text[64];
        const char *bottom = bottoms[i % 5];
        snprintf(text, sizeof text, "%c%zu.%s", 'x', i, strcmp(bottom, ".") ? bottom : "");
        apex[i] = try_name(i < 5 ? bottom : text);
        assert_int_equal(zone_view_unready(&apex[i], &views[i]), 0);
    }
    for (unsigned round = 0; round < 20000; round++) {
        size_t i = (size_t)rand() % ZONES;
        int rc;
        if (rand() % 2) {
            assert_ptr_equal(zone_set_put(set, &apex[i], views[i], (int64_t)i, &rc), in[i] ? views[i] : NULL);
            count += !in[i];
            in[i] = true;
        } else {
            assert_ptr_equal(zone_set_remove(set, &apex[i]), in[i] ? views[i] : NULL);
            count -= in[i];
            in[i] = false;
        }
        assert_int_equal(zone_set_count(set), count);
        struct name asked = apex[(size_t)rand() % ZONES];
        if (rand() % 2)
            name_prepend("q", 1, &asked, &asked);
        uint8_t wire[NAME_MAX_WIRE + HASH_ROOM] = {0}, label[MESSAGE_MAX_LABELS + 1];
        memcpy(wire, asked.wire, asked.length);
        unsigned labels = view_labels(wire, label), longest = 0;
        const struct zone_view *best = NULL;
        for (size_t j = 0; j < ZONES; j++) {
            if (in[j] && name_is_below(&asked, &apex[j]) && (!best || name_labels(&apex[j]) > longest)) {
                best = views[j];
                longest = name_labels(&apex[j]);
            }
        }
        struct look look;
        look_start(&look, wire, asked.length, label, labels);
        const struct set_slot *slot = set_find(set, &look, labels);
        assert_ptr_equal(slot ? slot->view : NULL, best);
    }
    zone_set_free(set);
    for (size_t i = 0; i < ZONES; i++)
        zone_view_free(views[i]);
}

static void a_view_must_be_put_at_its_apex(void **state)
{
    struct name apex = try_name("a.example."), other = try_name("b.example.");
    struct zone_set *set = zone_set_new();
    struct zone_view *view;
    int rc;
    zone_view_unready(&apex, &view);
    assert_null(zone_set_put(set, &other, view, 0, &rc));
    assert_int_equal(rc, ERR_DATA);
    assert_int_equal(zone_set_count(set), 0);
    zone_set_free(set);
    zone_view_free(view);
}

/* Who is in the DNSKEY RRset and who signs it, through the roll of try_rolling_plan(). */
static void signers_follow_the_plan(void **state)
{
    static const struct {
        int64_t at_s;
        unsigned keys, revoked, dnskey, zone;
        enum try_key zone_key;
    } cases[] = {{0, 1, 0, 1, 1, KEY_A}, {99, 1, 0, 1, 1, KEY_A}, {100, 2, 0, 1, 1, KEY_A},
        {199, 2, 0, 1, 1, KEY_A}, {200, 2, 0, 1, 1, KEY_B}, {300, 2, 1, 2, 1, KEY_B},
        {399, 2, 1, 2, 1, KEY_B}, {400, 1, 0, 1, 1, KEY_B}, {100000, 1, 0, 1, 1, KEY_B}};
    struct name apex = try_name("example.");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct signers *signers;
        int64_t t_us = TRY_NOW + cases[i].at_s * UTC_SECOND;
        assert_int_equal(
            signers_at(&(struct zone_spec){.apex = apex, .plan = try_rolling_plan(), .keys = try_zone_keys()},
                t_us, &signers, NULL),
            0);
        unsigned revoked = 0;
        for (size_t j = 0; j < signers->key_count; j++)
            revoked += signers->key[j]->flags == (DNSKEY_KSK | DNSKEY_REVOKE);
        assert_int_equal(signers->key_count, cases[i].keys);
        assert_int_equal(revoked, cases[i].revoked);
        assert_int_equal(signers->dnskey_count, cases[i].dnskey);
        assert_int_equal(signers->zone_count, cases[i].zone);
        assert_true(dnskey_same(signers->zone[0], try_key(cases[i].zone_key)));
        /* The window holds now, and for at least three quarters of its life; and a view lasts to the next
         * step at most. */
        uint32_t now = utc_second32(t_us), life = try_rolling_plan()->signature_s;
        assert_true(signers->windows.keys.inception + 3600 <= now);
        assert_true(signers->windows.keys.expiration <= now + life &&
                    signers->windows.keys.expiration >= now + life * 3 / 4);
        assert_true(
            signers->until_us > t_us && signers->until_us <= plan_next_change(try_rolling_plan(), t_us));
        signers_free(signers);
    }
}

static void every_algorithm_signs_everything(void **state)
{
    struct plan_step now[] = {{.what = PLAN_PUBLISH}, {.what = PLAN_SIGN}};
    struct plan_step shown[] = {{.what = PLAN_PUBLISH}};
    struct plan_key keys[] = {{.id = "rsa", .algorithm = 8, .steps = now, .step_count = 2},
        {.id = "ed", .zsk = true, .algorithm = 15, .steps = now, .step_count = 2}};
    struct plan plan = {.name = "two", .keys = keys, .key_count = 2, .signature_s = 3600};
    struct zone_keys held = {.count = 2, .entry = calloc(2, sizeof *held.entry)};
    struct name apex = try_name("example.");
    struct signers *signers;
    struct err_note note = {""};
    held.entry[0].id = "rsa";
    held.entry[0].key = try_key(KEY_RSA);
    held.entry[1].id = "ed";
    held.entry[1].key = try_key(KEY_ED25519);
    assert_int_equal(
        signers_at(&(struct zone_spec){.apex = apex, .plan = &plan, .keys = &held}, TRY_NOW, &signers, NULL),
        0);
    assert_int_equal(signers->dnskey_count, 2); /* the ZSK's algorithm has no KSK */
    assert_int_equal(signers->zone_count, 2);   /* the KSK's has no ZSK */
    signers_free(signers);
    keys[1].steps =
        shown; /* published and not signing: a plan that plan_check() would refuse asks for nothing here */
    keys[1].step_count = 1;
    assert_int_equal(
        signers_at(&(struct zone_spec){.apex = apex, .plan = &plan, .keys = &held}, TRY_NOW, &signers, NULL),
        0);
    assert_int_equal(signers->key_count, 2);
    assert_int_equal(signers->zone_count, 1);
    signers_free(signers);
    keys[0].steps = shown;
    keys[0].step_count = 1;
    assert_int_equal(
        signers_at(&(struct zone_spec){.apex = apex, .plan = &plan, .keys = &held}, TRY_NOW, &signers, &note),
        ERR_CONFIG);
    assert_non_null(strstr(note.text, "two"));
    held.count = 1;
    assert_int_equal(
        signers_at(&(struct zone_spec){.apex = apex, .plan = &plan, .keys = &held}, TRY_NOW, &signers, &note),
        ERR_CONFIG);
    assert_non_null(strstr(note.text, "ed"));
    free(held.entry);
}

static void what_makes_no_zone_is_refused(void **state)
{
    static const char good[] = "@ 60 SOA ns h 1 1 1 1 60\n@ 60 NS ns\n";
    static const struct {
        const char *records, *says;
    } cases[] = {
        {"@ 60 NS ns\n", "SOA"},
        {"@ 60 SOA ns h 1 1 1 1 60\n", "NS"},
        {"@ 60 SOA ns h 1 1 1 1 60\n@ 60 SOA ns h 2 1 1 1 60\n@ 60 NS ns\n", "SOA"},
        {"www.other. 60 A 192.0.2.1\n", "outside"},
        {"a 60 CNAME b\na 60 A 192.0.2.1\n", "CNAME"},
        {"a 60 CNAME b\na 60 CNAME c\n", "CNAME"},
        {"a 60 DS 1 13 2 00\n", "DS"},
        {"a 60 SOA ns h 1 1 1 1 60\n", "SOA"},
        {"*.a 60 NS ns\n", "wildcard"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena *arena = arena_new();
        char text[400];
        struct err_note note = {""};
        struct zone_spec spec = {.apex = try_name("example.")};
        struct zone_view *view;
        snprintf(text, sizeof text, "%s%s", i < 3 ? "" : good, cases[i].records);
        spec.records = try_records(arena, "example.", text, &spec.record_count);
        assert_int_equal(zone_view_make(&spec, TRY_NOW, &view, &note), ERR_DATA);
        if (!strstr(note.text, cases[i].says))
            fail_msg("%s: %s", cases[i].records, note.text);
        arena_free(arena);
    }
}

/* One more among 10,000 children costs a few signatures, and two views of the same moment are the same text.
 */
static void a_large_parent_changes_cheaply(void **state)
{
    enum { CHILDREN = 10000 };
    struct testzone_server ns = {.name = try_name("ns1.rolls.lab."), .has_a = true};
    struct testzone_config config = {.servers = &ns, .server_count = 1, .contact = try_name("h.rolls.lab.")};
    struct testzone_child *children = calloc(CHILDREN + 1, sizeof *children);
    struct zone_signatures *signatures = zone_signatures_new();
    struct name apex = try_name("rolls.lab.");
    struct text text[3];
    size_t made[4] = {0};
    for (size_t i = 0; i <= CHILDREN; i++) {
        char name[64];
        snprintf(name, sizeof name, "p%zu.rolls.lab.", (i + 1) * 2654435761U % 1000000007U);
        children[i] = (struct testzone_child){.apex = try_name(name), .algorithm = 13, .ttl_s = 60};
    }
    for (size_t round = 0; round < 3; round++) {
        struct arena *arena = arena_new();
        struct zone_spec spec;
        struct zone_view *view;
        size_t count = round == 1 ? CHILDREN + 1 : CHILDREN;
        assert_int_equal(testzone_parent(&config, &apex, children, count, arena, &spec), 0);
        spec.plan = try_plan();
        spec.keys = try_zone_keys();
        spec.signatures = signatures;
        spec.soa_serial = 1;
        assert_int_equal(zone_view_make(&spec, TRY_NOW + (int64_t)round * UTC_SECOND, &view, NULL), 0);
        text_start(&text[round]);
        assert_int_equal(zone_view_print(view, &text[round]), 0);
        zone_view_free(view);
        arena_free(arena);
        made[round + 1] = zone_signatures_made(signatures);
    }
    assert_true(made[1] > 2 * CHILDREN);
    assert_true(made[2] - made[1] <= 3); /* its DS, its NSEC, that of the name before it */
    assert_int_equal(made[3] - made[2], 0);
    assert_string_equal(text[0].string, text[2].string);
    for (size_t i = 0; i < 3; i++)
        text_free(&text[i]);
    zone_signatures_free(signatures);
    free(children);
}

/* What is past its use goes when room is wanted. */
static void old_signatures_are_forgotten(void **state)
{
    struct zone_signatures *signatures = zone_signatures_new();
    struct arena *arena = arena_new();
    struct name owner = try_name("a.example."), signer = try_name("example.");
    for (uint32_t i = 0; i < 2000; i++) {
        uint8_t bytes[4] = {192, 0, (uint8_t)(i >> 8), (uint8_t)i};
        struct rdata rdata = {bytes, 4}, first, again;
        struct rrset set = {
            .owner = owner, .type = RR_A, .class = RR_CLASS_IN, .ttl = 60, .count = 1, .rdata = &rdata};
        struct signatures_when when = {.window = {1, 2}, .t_us = i, .until_us = i + 10};
        assert_int_equal(
            zone_signatures_sign(signatures, &set, try_key(KEY_A), &signer, when, arena, &first, NULL), 0);
        assert_int_equal(
            zone_signatures_sign(signatures, &set, try_key(KEY_A), &signer, when, arena, &again, NULL), 0);
        assert_int_equal(first.length, again.length);
        assert_memory_equal(first.bytes, again.bytes, first.length); /* ECDSA: two made would differ */
    }
    assert_int_equal(zone_signatures_made(signatures), 2000);
    assert_true(zone_signatures_count(signatures) < 400);
    arena_free(arena);
    zone_signatures_free(signatures);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sort_keys_have_the_canonical_order),
        cmocka_unit_test(narrow_covers_are_narrow),
        cmocka_unit_test(a_set_finds_the_longest_apex),
        cmocka_unit_test(a_view_must_be_put_at_its_apex),
        cmocka_unit_test(signers_follow_the_plan),
        cmocka_unit_test(every_algorithm_signs_everything),
        cmocka_unit_test(what_makes_no_zone_is_refused),
        cmocka_unit_test(a_large_parent_changes_cheaply),
        cmocka_unit_test(old_signatures_are_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down);
}

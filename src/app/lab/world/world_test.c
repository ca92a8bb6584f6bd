#include "app/lab/world/world_try.h"
#include "core/dns/message.h"
#include "core/zone/zone_try.h"
#include "io/proc/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define at world_try_at

/* Its keys take a while: all tests have them together. */
static int setup(void **state)
{
    return world_try_setup(state, "2024-11-01", "2027-05-01");
}

static struct lab_world *make(const struct world_try *f)
{
    struct lab_world *world = NULL;
    struct err_note note = {""};
    int rc = lab_world_new(&f->spec, &world, &note);
    if (rc)
        print_message("%s\n", note.text);
    assert_int_equal(rc, 0);
    return world;
}

static void go(struct lab_world *world, int64_t t_us)
{
    struct err_note note = {""};
    int rc = lab_world_at(world, t_us, &note);
    if (rc)
        print_message("%s\n", note.text);
    assert_int_equal(rc, 0);
    assert_true(lab_world_until(world) > t_us);
}

struct question {
    enum lab_place place;
    int64_t lag_us;
    const char *name;
    uint16_t type;
};

static const struct try_answer *ask(struct lab_world *world, struct question q)
{
    static struct try_answer answer;
    static uint8_t out[65535];
    uint8_t query[512];
    const struct zone_set *set;
    struct zone_client client = {.tcp = true};
    struct zone_server server = {.udp_size = 1232};
    size_t length = try_query(
        (struct try_ask){.name = q.name, .type = q.type, .edns = true, .dnssec_ok = true, .udp_size = 4096},
        query);
    bool keys = q.type == RR_DNSKEY && !strcmp(q.name, ".");
    assert_int_equal(lab_world_zones(world, q.place, q.lag_us, keys, &set, NULL), 0);
    length = zones_answer(set, &server, &client, query, length, out, sizeof out, NULL);
    const char *wrong = try_parse(out, length, &answer);
    if (wrong)
        print_message("%s %u: %s\n", q.name, q.type, wrong);
    assert_null(wrong);
    return &answer;
}

static const struct try_answer *ask_keys(struct lab_world *world, int64_t lag_us)
{
    return ask(world, (struct question){LAB_PLACE_ROOT, lag_us, ".", RR_DNSKEY});
}

/* The tags of the keys that the answer shows, or of those that sign, sorted. */
static const char *tags(const struct try_answer *answer, bool signers)
{
    static char text[2][200];
    uint16_t tag[16];
    size_t count = 0;
    for (size_t i = 0; i < answer->records; i++) {
        const struct try_record *record = &answer->record[i];
        uint16_t one = 0;
        if (record->section || record->type != (signers ? RR_RRSIG : RR_DNSKEY))
            continue;
        if (signers)
            one = bytes_u16(record->rdata + 16);
        else if (record->rdata[1] & 1)
            one = dnskey_tag(record->rdata, record->rdlength);
        else
            continue; /* a ZSK */
        size_t place = count++;
        for (; place > 0 && tag[place - 1] > one; place--)
            tag[place] = tag[place - 1];
        tag[place] = one;
    }
    text[signers][0] = '\0';
    for (size_t i = 0; i < count; i++)
        sprintf(text[signers] + strlen(text[signers]), "%s%u", i ? " " : "", tag[i]);
    return text[signers];
}

/* Sizes of the real root's answers; facts: KSR, §2 and §3.4. */
static void sizes_of_the_real_root(void **state)
{
    static const struct {
        const char *at;
        size_t octets;
        const char *shown, *signers;
    } cases[] = {
        {"2024-11-15", 864, "20326", "20326"},
        {"2024-12-19T23:59:59Z", 864, "20326", "20326"},
        {"2024-12-20", 1139, "20326", "20326"}, /* slot 9: the next ZSK */
        {"2025-01-01", 1139, "20326", "20326"}, /* slot 1: the last ZSK is still there */
        {"2025-01-11", 1139, "20326 38696", "20326"},
        {"2025-03-22", 1414, "20326 38696", "20326"},
        {"2025-04-10T23:59:59Z", 1414, "20326 38696", "20326"},
        {"2025-04-11", 1139, "20326 38696", "20326"},
        {"2026-10-05", 1414, "20326 38696", "20326"},
        {"2026-10-10T23:59:59Z", 1414, "20326 38696", "20326"},
        {"2026-10-11", 1139, "20326 38696", "38696"},
        {"2027-01-05", 1414, "20326 38696", "38696"},
        {"2027-01-11", 1425, "20454 38696", "20454 38696"},
        {"2027-03-21", 1425, "20454 38696", "20454 38696"},
        {"2027-03-22", 1139, "38696", "38696"},
        {"2027-04-15", 864, "38696", "38696"},
    };
    struct lab_world *world = make(*state);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        go(world, at(cases[i].at));
        const struct try_answer *answer = ask_keys(world, 0);
        if (answer->length != cases[i].octets)
            print_message("%s: %zu octets\n", cases[i].at, answer->length);
        assert_int_equal(answer->length, cases[i].octets);
        assert_string_equal(tags(answer, false), cases[i].shown);
        assert_string_equal(tags(answer, true), cases[i].signers);
    }
    lab_world_free(world);
}

/* The keys that a DNSKEY answer shows; the caller frees them. */
static size_t keys_of(const struct try_answer *answer, struct dnskey *keys[16])
{
    size_t count = 0;
    for (size_t i = 0; i < answer->records; i++)
        if (answer->record[i].type == RR_DNSKEY)
            assert_int_equal(
                dnskey_from_rdata(answer->record[i].rdata, answer->record[i].rdlength, &keys[count++], NULL),
                0);
    return count;
}

/* Every signature of what the zone answers verifies with the keys that it shows. */
static const char *verify(struct lab_world *world, enum lab_place place, const char *apex, const char *name,
    uint16_t type, int64_t t_us)
{
    struct dnskey *keys[16];
    size_t count = keys_of(ask(world, (struct question){place, 0, apex, RR_DNSKEY}), keys);
    assert_true(count > 0);
    const char *wrong = try_verify(ask(world, (struct question){place, 0, name, type}),
        (const struct dnskey *const *)keys, count, apex, t_us, true);
    for (size_t i = 0; i < count; i++)
        dnskey_free(keys[i]);
    return wrong;
}

/* What lasts for ten days or less is asked each five days, of the whole roll. */
static void all_verifies_all_the_time(void **state)
{
    static const struct {
        enum lab_place place;
        const char *apex, *name;
        uint16_t type;
    } cases[] = {
        {LAB_PLACE_ROOT, ".", ".", RR_DNSKEY},
        {LAB_PLACE_ROOT, ".", ".", RR_SOA},
        {LAB_PLACE_ROOT, ".", ".", RR_NS},
        {LAB_PLACE_ROOT, ".", "lab.", RR_DS},
        {LAB_PLACE_ROOT, ".", "_ta-4f66-9728.", RR_NULL},
        {LAB_PLACE_TLD, "lab.", "ok.lab.", RR_DS},
        {LAB_PLACE_TLD, "zone.", "zone.", RR_SOA},
        {LAB_PLACE_LEAF, "ok.lab.", "d17.ok.lab.", RR_A},
        {LAB_PLACE_LEAF, "ok.lab.", "root-key-sentinel-is-ta-20326.ok.lab.", RR_A},
        {LAB_PLACE_LEAF, "ok.zone.", "ok.zone.", RR_AAAA},
        {LAB_PLACE_LEAF, "bogus.lab.", "bogus.lab.", RR_DNSKEY},
        {LAB_PLACE_ALL, "ok.lab.", "d17.ok.lab.", RR_A},
    };
    struct lab_world *world = make(*state);
    int64_t began_us = clock_mono_us(), spent_us = 0;
    for (int64_t t_us = at("2024-11-01"); t_us < at("2027-05-01"); t_us += 5 * UTC_DAY - UTC_HOUR) {
        int64_t before_us = clock_mono_us();
        go(world, t_us);
        spent_us += clock_mono_us() - before_us;
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            const char *wrong =
                verify(world, cases[i].place, cases[i].apex, cases[i].name, cases[i].type, t_us);
            if (wrong)
                print_message("%s: %s\n", cases[i].name, wrong);
            assert_null(wrong);
        }
        assert_non_null(verify(world, LAB_PLACE_LEAF, "bogus.lab.", "x.bogus.lab.", RR_A, t_us));
    }
    print_message("%zu signatures; lab_world_at() %lld ms of %lld\n", lab_world_signatures(world),
        (long long)spent_us / 1000, (long long)(clock_mono_us() - began_us) / 1000);
    lab_world_free(world);
}

static void nothing_due_costs_nothing(void **state)
{
    struct lab_world *world = make(*state);
    go(world, at("2026-01-01T00:00:01Z"));
    size_t made = lab_world_signatures(world);
    int64_t until_us = lab_world_until(world), began_us = clock_mono_us();
    enum { CALLS = 100000 };
    for (int i = 0; i < CALLS; i++)
        assert_int_equal(lab_world_at(world, until_us - 1 - CALLS + i, NULL), 0);
    assert_int_equal(lab_world_signatures(world), made);
    assert_true(clock_mono_us() - began_us < CALLS); /* a microsecond each is far more than it takes */
    /* Slot 2: the DNSKEY RRset is signed, and what shows that the zone has a new serial. */
    go(world, at("2026-01-10T23:59:59Z"));
    made = lab_world_signatures(world);
    go(world, at("2026-01-11"));
    assert_int_equal(lab_world_signatures(world), made + 2);
    lab_world_free(world);
}

/* Inceptions and expirations of the DNSKEY RRset, and of all else. */
static void signatures_live_as_the_roots(void **state)
{
    static const struct {
        const char *at, *inception;
    } cases[] = {{"2026-10-01", "2026-10-01"}, {"2026-10-10T23:59:59Z", "2026-10-01"},
        {"2026-10-11", "2026-10-11"}, {"2026-12-31T12:00:00Z", "2026-12-20"}};
    struct lab_world *world = make(*state);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        go(world, at(cases[i].at));
        const struct try_answer *answer = ask_keys(world, 0);
        for (size_t j = 0; j < answer->records; j++) {
            if (answer->record[j].type != RR_RRSIG)
                continue;
            struct reader times = reader_over(answer->record[j].rdata + 8, 8);
            uint32_t inception = utc_second32(at(cases[i].inception));
            assert_int_equal(reader_u32(&times), inception + 21 * 86400);
            assert_int_equal(reader_u32(&times), inception);
        }
        answer = ask(world, (struct question){LAB_PLACE_ROOT, 0, ".", RR_SOA});
        for (size_t j = 0; j < answer->records; j++) {
            if (answer->record[j].type != RR_RRSIG)
                continue;
            struct reader times = reader_over(answer->record[j].rdata + 8, 8);
            uint32_t expiration = reader_u32(&times), inception = reader_u32(&times),
                     now = utc_second32(at(cases[i].at));
            assert_int_equal(expiration - inception, 13 * 86400 + 3600);
            assert_true(expiration > now + 7 * 86400);
        }
    }
    lab_world_free(world);
}

static void a_server_that_lags(void **state)
{
    struct lab_world *world = make(*state);
    go(world, at("2026-10-13"));
    assert_string_equal(tags(ask_keys(world, 0), true), "38696");
    const struct try_answer *answer = ask_keys(world, 5 * UTC_DAY);
    assert_string_equal(tags(answer, true), "20326");
    assert_int_equal(answer->length, 1414); /* 2026-10-08 */
    struct dnskey *keys[16];
    size_t count = keys_of(answer, keys);
    assert_null(try_verify(ask_keys(world, 5 * UTC_DAY), (const struct dnskey *const *)keys, count, ".",
        at("2026-10-13"), true));
    for (size_t i = 0; i < count; i++)
        dnskey_free(keys[i]);
    /* It comes behind, by and by; and many can lag, each by its own. */
    go(world, at("2026-10-16"));
    assert_string_equal(tags(ask_keys(world, 5 * UTC_DAY), true), "38696");
    for (int i = 1; i <= 3 * LAB_ROOTS; i++)
        assert_string_equal(tags(ask_keys(world, i * UTC_DAY), true), i > 5 ? "20326" : "38696");
    assert_string_equal(tags(ask_keys(world, 0), true), "38696");
    /* Time goes back. */
    go(world, at("2026-10-10"));
    assert_string_equal(tags(ask_keys(world, 0), true), "20326");
    lab_world_free(world);
}

static void spoilt_keys(void **state)
{
    struct lab_world *world = make(*state);
    struct err_note note = {""};
    go(world, at("2027-02-01"));
    assert_string_equal(tags(ask_keys(world, 0), true), "20454 38696");
    assert_int_equal(lab_world_tamper(world, LAB_TAMPER_REVOKED_UNSIGNED, 0, &note), 0);
    const struct try_answer *answer = ask_keys(world, 0);
    assert_string_equal(tags(answer, false), "20454 38696");
    assert_string_equal(tags(answer, true), "38696");
    assert_null(verify(world, LAB_PLACE_ROOT, ".", "lab.", RR_DS, at("2027-02-01")));
    go(world, at("2026-12-01")); /* not revoked: as it always is */
    assert_string_equal(tags(ask_keys(world, 0), false), "20326 38696");
    assert_string_equal(tags(ask_keys(world, 0), true), "38696");
    go(world, at("2027-01-12"));
    assert_string_equal(tags(ask_keys(world, 3 * UTC_DAY), false), "20326 38696");
    assert_string_equal(tags(ask_keys(world, 0), false), "20454 38696");

    go(world, at("2026-11-01"));
    assert_int_equal(lab_world_tamper(world, LAB_TAMPER_REPLAY, at("2026-10-05"), &note), 0);
    assert_string_equal(tags(ask_keys(world, 0), true), "20326");
    answer = ask(world, (struct question){LAB_PLACE_ALL, 0, ".", RR_DNSKEY});
    assert_string_equal(tags(answer, true), "20326");
    assert_int_equal(answer->length, 1414);
    struct dnskey *keys[16];
    size_t count = keys_of(answer, keys);
    assert_non_null(try_verify(
        ask_keys(world, 0), (const struct dnskey *const *)keys, count, ".", at("2026-11-01"), true));
    assert_null(try_verify(
        ask_keys(world, 0), (const struct dnskey *const *)keys, count, ".", at("2026-10-21"), true));
    for (size_t i = 0; i < count; i++)
        dnskey_free(keys[i]);

    assert_int_equal(lab_world_tamper(world, LAB_TAMPER_COLLIDING, 0, &note), 0);
    go(world, at("2026-11-20"));
    answer = ask_keys(world, 0);
    assert_string_equal(tags(answer, false), "20326 20326 38696");
    assert_string_equal(tags(answer, true), "38696");
    assert_null(verify(world, LAB_PLACE_ROOT, ".", ".", RR_DNSKEY, at("2026-11-20")));

    assert_int_equal(lab_world_tamper(world, LAB_TAMPER_NONE, 0, &note), 0);
    assert_string_equal(tags(ask_keys(world, 0), false), "20326 38696");
    lab_world_free(world);
}

/* What each server says; and that one who follows referrals is not led astray. */
static void referrals(void **state)
{
    struct lab_world *world = make(*state);
    const struct try_answer *answer = ask(world, (struct question){LAB_PLACE_ROOT, 0, ".", RR_NS});
    assert_int_equal(try_count(answer, 0, ".", RR_NS), 13);
    assert_int_equal(answer->count[3] - 1, 26); /* addresses of both families, and OPT */
    assert_true(answer->length <= 1232);
    answer = ask(world, (struct question){LAB_PLACE_ROOT, 0, "m.root-servers.net.", RR_AAAA});
    assert_int_equal(try_count(answer, 0, "m.root-servers.net.", RR_AAAA), 1);
    answer = ask(world, (struct question){LAB_PLACE_ROOT, 0, "x.ok.lab.", RR_A});
    assert_int_equal(try_count(answer, 1, "lab.", RR_NS), 2);
    assert_int_equal(try_count(answer, 1, "lab.", RR_DS), 1);
    assert_int_equal(try_count(answer, 2, "ns1.lab.", RR_A), 1);
    answer = ask(world, (struct question){LAB_PLACE_TLD, 0, "x.plain.lab.", RR_A});
    assert_int_equal(try_count(answer, 1, "plain.lab.", RR_NS), 2);
    assert_int_equal(try_count(answer, 1, "plain.lab.", RR_DS), 0);
    assert_int_equal(try_count(answer, 1, "plain.lab.", RR_NSEC), 1);
    answer = ask(world, (struct question){LAB_PLACE_LEAF, 0, "x.plain.lab.", RR_A});
    assert_int_equal(try_count(answer, 0, "x.plain.lab.", RR_A), 1);
    assert_int_equal(try_count(answer, 0, "x.plain.lab.", RR_RRSIG), 0);
    answer = ask(world, (struct question){LAB_PLACE_ALL, 0, "ok.lab.", RR_DS});
    assert_int_equal(try_count(answer, 0, "ok.lab.", RR_DS), 1);
    answer = ask(world, (struct question){LAB_PLACE_ALL, 0, "www.example.com.", RR_A});
    assert_int_equal(answer->rcode, RCODE_NXDOMAIN);
    lab_world_free(world);
}

static void what_it_cannot_be_made_of(void **state)
{
    const struct world_try *f = *state;
    struct lab_world_spec spec = f->spec;
    struct lab_world *world;
    struct err_note note = {""};
    spec.other_keys[LAB_KEY_BOGUS_USED] = NULL;
    assert_int_equal(lab_world_new(&spec, &world, &note), ERR_CONFIG);
    assert_string_equal(note.text, "a key for a zone below the root is missing");
    struct zone_keys none = {.count = 0};
    spec = f->spec;
    spec.keys = &none;
    assert_int_equal(lab_world_new(&spec, &world, &note), ERR_CONFIG);
    assert_string_equal(note.text, "the plan wants key KSK-2017, which is not there");
}

/* Each algorithm of a plan signs; a plan that has ZSKs gets no others. */
static void the_roll_of_the_algorithm(void **state)
{
    struct world_try try;
    struct err_note note = {""};
    assert_int_equal(world_try_make(&try, "root-algorithm", "2027-05-01", "2030-12-01", &note), 0);
    struct lab_world *world = make(&try);
    for (int64_t t_us = try.spec.from_us; t_us < try.spec.to_us; t_us += 9 * UTC_DAY) {
        go(world, t_us);
        assert_null(verify(world, LAB_PLACE_ROOT, ".", ".", RR_DNSKEY, t_us));
        /* Signatures come before their DNSKEYs: not what is shown verifies them, but what there is. */
        assert_null(try_verify(ask(world, (struct question){LAB_PLACE_ROOT, 0, "lab.", RR_DS}),
            (const struct dnskey *const *)try.key, try.key_count, ".", t_us, true));
    }
    lab_world_free(world);
    world_try_free(&try);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_of_the_real_root),
        cmocka_unit_test(all_verifies_all_the_time),
        cmocka_unit_test(nothing_due_costs_nothing),
        cmocka_unit_test(signatures_live_as_the_roots),
        cmocka_unit_test(a_server_that_lags),
        cmocka_unit_test(spoilt_keys),
        cmocka_unit_test(referrals),
        cmocka_unit_test(what_it_cannot_be_made_of),
        cmocka_unit_test(the_roll_of_the_algorithm),
    };
    return cmocka_run_group_tests(tests, setup, world_try_teardown);
}

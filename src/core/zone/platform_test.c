/* The zones of the platform: what is made at the moment verifies, proves what it should, and is told to the
 * recorder. */
#include "core/zone/testzone.h"
#include "core/zone/zone_try.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct zone_server server = {.nsid = "ns1", .version = "rollcall", .udp_size = 1232};
static struct zone_event event;

static int set_up(void **state)
{
    static struct try_world world;
    try_world_make(&world, TRY_NOW);
    *state = &world;
    return 0;
}

static int tear_down(void **state)
{
    try_world_free(*state);
    try_keys_free();
    return 0;
}

static struct zone_client client_of(bool tcp, bool ipv6)
{
    struct zone_client client = {
        .address = {[10] = 0xff, 0xff, 192, 0, 2, 77}, .port = 5353, .tcp = tcp, .now_us = TRY_NOW};
    if (ipv6)
        memcpy(client.address, "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\x77", 16);
    return client;
}

static struct try_answer *ask_as(
    const struct try_world *world, struct try_ask question, struct zone_client client)
{
    static struct try_answer answer;
    static uint8_t out[65535];
    uint8_t query[512];
    size_t length = try_query(question, query);
    size_t got = zones_answer(
        world->set, &server, &client, query, length, out, client.tcp ? sizeof out : 4096, &event);
    const char *wrong = try_parse(out, got, &answer);
    if (wrong)
        fail_msg("%s: %s", question.name, wrong);
    return &answer;
}

static struct try_answer *ask(const struct try_world *world, const char *name, uint16_t type)
{
    return ask_as(
        world, (struct try_ask){.name = name, .type = type, .dnssec_ok = true}, client_of(true, false));
}

static void verify(const struct try_answer *answer, enum try_key key, const char *signer)
{
    const struct dnskey *keys[] = {try_key(key)};
    const char *wrong = try_verify(answer, keys, 1, signer, TRY_NOW, true);
    if (wrong)
        fail_msg("%s", wrong);
}

struct expect {
    const char *name;
    uint16_t type, rcode;
    unsigned answers, authority; /* records, signatures included */
    const char *signer;
    enum try_key key;
    enum evidence_kind kind;
    const char *nonce;
};

#define ZONE "p1.rolls.lab."
static const struct expect participant[] = {
    {"www." ZONE, RR_A, 0, 2, 0, ZONE, KEY_A, EVIDENCE_NAME, ""},
    {"status." ZONE, RR_TXT, 0, 2, 0, ZONE, KEY_A, EVIDENCE_NAME, ""},
    {"x.fresh." ZONE, RR_AAAA, 0, 2, 2, ZONE, KEY_A, EVIDENCE_NAME, ""},
    {ZONE, RR_DNSKEY, 0, 2, 0, ZONE, KEY_A, EVIDENCE_DNSKEY, ""},
    {ZONE, RR_SOA, 0, 2, 0, ZONE, KEY_A, EVIDENCE_NAME, ""},
    {ZONE, RR_DS, 0, 2, 0, "rolls.lab.", KEY_A, EVIDENCE_DS, ""},
    {"_ta-4f66-9728." ZONE, RR_NULL, 3, 0, 4, ZONE, KEY_A, EVIDENCE_SIGNAL, ""},
    {"_TA-9728." ZONE, RR_A, 3, 0, 4, ZONE, KEY_A, EVIDENCE_SIGNAL, ""},
    {"_ta-4f6." ZONE, RR_NULL, 3, 0, 4, ZONE, KEY_A, EVIDENCE_NAME, ""},
    {"_ta-4f66." ZONE, RR_MX, 3, 0, 4, ZONE, KEY_A, EVIDENCE_NAME, ""},
    {"x._ta-4f66." ZONE, RR_NULL, 3, 0, 4, ZONE, KEY_A, EVIDENCE_NAME, ""},
    {"proof-abc123." ZONE, RR_A, 0, 2, 0, ZONE, KEY_A, EVIDENCE_PROOF, "abc123"},
    {"PROOF-AbC." ZONE, RR_AAAA, 0, 2, 0, ZONE, KEY_A, EVIDENCE_PROOF, "abc"},
    {"proof-abcdefghijklmnopqrstuvwxyz012345." ZONE, RR_A, 0, 2, 0, ZONE, KEY_A, EVIDENCE_PROOF,
        "abcdefghijklmnopqrstuvwxyz012345"},
    {"proof-abcdefghijklmnopqrstuvwxyz0123456." ZONE, RR_A, 3, 0, 6, ZONE, KEY_A, EVIDENCE_NAME,
        ""}, /* 33 characters */
    {"proof-a_c." ZONE, RR_A, 3, 0, 6, ZONE, KEY_A, EVIDENCE_NAME, ""},
    {"proof-." ZONE, RR_A, 0, 0, 4, ZONE, KEY_A, EVIDENCE_NAME, ""},
    {"x.proof-abc." ZONE, RR_A, 3, 0, 6, ZONE, KEY_A, EVIDENCE_NAME, ""},
    {"proof-abc." ZONE, RR_NSEC, 0, 2, 0, ZONE, KEY_A, EVIDENCE_PROOF, "abc"},
    {"w.k-abc." ZONE, RR_A, 0, 2, 0, "k-abc." ZONE, KEY_CHILD, EVIDENCE_PROOF_TARGET, "abc"},
    {"w.k-abc." ZONE, RR_AAAA, 0, 2, 0, "k-abc." ZONE, KEY_CHILD, EVIDENCE_PROOF_TARGET, "abc"},
    {"w.k-abc." ZONE, RR_TXT, 0, 0, 4, "k-abc." ZONE, KEY_CHILD, EVIDENCE_PROOF_TARGET, "abc"},
    {"k-abc." ZONE, RR_DNSKEY, 0, 2, 0, "k-abc." ZONE, KEY_CHILD, EVIDENCE_PROOF_DNSKEY, "abc"},
    {"k-abc." ZONE, RR_DS, 0, 2, 0, ZONE, KEY_A, EVIDENCE_PROOF_DS, "abc"},
    {"k-abc." ZONE, RR_SOA, 0, 2, 0, "k-abc." ZONE, KEY_CHILD, EVIDENCE_NAME, ""},
    {"k-abc." ZONE, RR_NS, 0, 3, 0, "k-abc." ZONE, KEY_CHILD, EVIDENCE_NAME, ""},
    {"k-abc." ZONE, RR_A, 0, 0, 4, "k-abc." ZONE, KEY_CHILD, EVIDENCE_NAME, ""},
    {"x.k-abc." ZONE, RR_A, 3, 0, 6, "k-abc." ZONE, KEY_CHILD, EVIDENCE_PROOF_TARGET, "abc"},
    {"x.w.k-abc." ZONE, RR_A, 3, 0, 6, "k-abc." ZONE, KEY_CHILD, EVIDENCE_NAME, ""},
    {"k-." ZONE, RR_MX, 0, 0, 4, ZONE, KEY_A, EVIDENCE_NAME, ""},
    {"k-!." ZONE, RR_A, 3, 0, 6, ZONE, KEY_A, EVIDENCE_NAME, ""},
    {"gap-abc-1." ZONE, RR_A, 3, 0, 6, ZONE, KEY_A, EVIDENCE_GAP_FIRST, "abc"},
    {"gap-abc-2." ZONE, RR_A, 3, 0, 6, ZONE, KEY_A, EVIDENCE_GAP_SECOND, "abc"},
    {"gap-abc-0." ZONE, RR_TXT, 0, 2, 0, ZONE, KEY_A, EVIDENCE_NAME, ""},
    {"gap-abc-3." ZONE, RR_A, 0, 0, 4, ZONE, KEY_A, EVIDENCE_NAME, ""},
    {"gap-abc-4." ZONE, RR_A, 3, 0, 6, ZONE, KEY_A, EVIDENCE_NAME, ""},
    {"nothing." ZONE, RR_A, 3, 0, 6, ZONE, KEY_A, EVIDENCE_NAME, ""},
};

static void participants_names(void **state)
{
    for (size_t i = 0; i < sizeof participant / sizeof *participant; i++) {
        const struct expect *expect = &participant[i];
        print_message("%s %u\n", expect->name, expect->type);
        struct try_answer *answer = ask(*state, expect->name, expect->type);
        assert_int_equal(answer->rcode, expect->rcode);
        assert_int_equal(answer->count[1], expect->answers);
        assert_int_equal(answer->count[2], expect->authority);
        assert_true(answer->flags & 0x400);
        verify(answer, expect->key, expect->signer);
        assert_true(event.record && !event.probe);
        assert_int_equal(event.tag, 1);
        assert_int_equal(event.rcode, expect->rcode);
        assert_int_equal(event.event.kind, expect->kind);
        assert_string_equal(event.event.nonce, expect->nonce);
    }
}

/* No NSEC that any question brings out of a participant's zone may cover a name that is made at the moment.
 * RFC 8198. */
static void no_nsec_denies_what_is_made(void **state)
{
    static const char *const labels[] = {"a", "b.c", "fresh", "gap-", "gap-abc-1", "gap-zz-2", "gap-zz",
        "gap0", "h", "k-", "k-!", "k-abc-d", "k-_", "k0", "k/", "m", "proof-", "proof-x_x", "proof0",
        "proof\\.", "q", "status", "www", "x.www", "zz", "*", "\\000", "k-\\000", "k-a\\000"};
    static const char *const made[] = {"k-abc", "w.k-abc", "k-0", "k-zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
        "proof-abc", "proof-0", "proof-zzzzzzzzzzzzzzzz", "k-a"};
    static const uint16_t types[] = {RR_A, RR_MX, RR_NSEC, RR_DS, RR_RRSIG};
    size_t covers = 0;
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        for (size_t j = 0; j < sizeof types / sizeof *types; j++) {
            char name[128];
            snprintf(name, sizeof name, "%s." ZONE, labels[i]);
            struct try_answer *answer = ask(*state, name, types[j]);
            for (size_t k = 0; k < answer->records; k++) {
                struct reader reader = reader_over(answer->record[k].rdata, answer->record[k].rdlength);
                struct name next, owner = answer->record[k].owner;
                if (answer->record[k].type != RR_NSEC)
                    continue;
                name_read(&reader, &next);
                for (size_t m = 0; m < sizeof made / sizeof *made; m++) {
                    snprintf(name, sizeof name, "%s." ZONE, made[m]);
                    struct name mine = try_name(name);
                    bool last = name_compare(&next, &owner) <= 0; /* to the end of the zone */
                    if (name_compare(&owner, &mine) < 0 && (last || name_compare(&mine, &next) < 0))
                        fail_msg("%s type %u brings an NSEC that denies %s", labels[i], types[j], made[m]);
                }
                covers++;
            }
        }
    }
    assert_true(covers > 100);
}

static void the_parents_ds_is_wrong(void **state)
{
    struct try_answer *answer = ask(*state, ZONE, RR_DS);
    struct name apex = try_name(ZONE);
    uint8_t right[DNSKEY_MAX_DS];
    size_t length = dnskey_ds(&apex, try_key(KEY_A), 2, right);
    assert_int_equal(answer->record[0].type, RR_DS);
    assert_int_equal(answer->record[0].rdlength, length);
    assert_int_equal(answer->record[0].rdata[2],
        13); /* an algorithm and digest that validators know, or they would take the zone for unsigned */
    assert_int_equal(answer->record[0].rdata[3], 2);
    assert_memory_not_equal(answer->record[0].rdata + 4, right + 4, 32);
    answer = ask(*state, "probe.rolls.lab.", RR_DS);
    apex = try_name("probe.rolls.lab.");
    dnskey_ds(&apex, try_key(KEY_B), 2, right);
    assert_memory_equal(answer->record[0].rdata, right, length);
}

static void option_14_is_told(void **state)
{
    const struct try_world *world = *state;
    uint8_t query[512], out[4096];
    size_t length = try_query((struct try_ask){.name = ZONE, .type = RR_DNSKEY, .edns = true}, query);
    static const uint8_t options[] = "\0\x0e\0\4\x97\x28\x4f\x66\0\x0e\0\4\x4f\x66\0\x01";
    struct zone_client client = client_of(false, true);
    memcpy(query + length, options, sizeof options - 1);
    query[length - 1] = sizeof options - 1;
    assert_true(zones_answer(world->set, &server, &client, query, length + sizeof options - 1, out,
                    sizeof out, &event) > 12);
    assert_int_equal(event.event.kind, EVIDENCE_KEYTAG);
    assert_int_equal(event.event.tag_count, 3);
    assert_int_equal(event.event.tags[0], 1);
    assert_int_equal(event.event.tags[1], 0x4f66);
    assert_int_equal(event.event.tags[2], 0x9728);
    assert_memory_equal(event.event.source, client.address, 16);
    assert_int_equal(event.event.port, 5353);
    assert_int_equal(event.event.at_us, TRY_NOW);
    assert_int_equal(event.event.udp_size, 1232);
    assert_true(event.event.edns && !event.event.tcp && !event.event.dnssec_ok);
}

static void what_nobody_watches_is_not_told(void **state)
{
    ask(*state, "www.example.", RR_A);
    assert_false(event.record);
    ask(*state, "rolls.lab.", RR_DNSKEY);
    assert_false(event.record);
    ask(*state, "elsewhere.", RR_A);
    assert_false(event.record);
    ask(*state, "n.who.probe.rolls.lab.", RR_TXT);
    assert_true(event.record && event.probe);
    ask(*state, "n.alg8.probe.rolls.lab.", RR_A);
    assert_true(event.record && event.probe);
}

#define PROBE "probe.rolls.lab."
static const struct {
    const char *name;
    uint16_t type;
    unsigned answers, authority;
    bool verifies;
} probes[] = {
    {"n1.good." PROBE, RR_A, 2, 2, true},
    {"a.b.good." PROBE, RR_AAAA, 2, 2, true},
    {"n1.bogus." PROBE, RR_A, 2, 2, false},
    {"n1.bogus-wrong." PROBE, RR_AAAA, 2, 2, false},
    {"n1.bogus-missing." PROBE, RR_A, 1, 0, false},
    {"n1.bogus-expired." PROBE, RR_A, 2, 2, false},
    {"n1.expired-10m." PROBE, RR_A, 2, 2, false},
    {"n1.expired-30d." PROBE, RR_A, 2, 2, false},
    {"n1.future-10m." PROBE, RR_A, 2, 2, false},
    {"n1.future-1d." PROBE, RR_A, 2, 2, false},
    {"n1.bogus." PROBE, RR_MX, 0, 4, true},
    {"n1.expired-1d." PROBE, RR_MX, 0, 4, true},
    {"root-key-sentinel-is-ta-20326." PROBE, RR_A, 2, 2, true},
    {"root-key-sentinel-is-ta-20326.n1." PROBE, RR_A, 2, 2, true},
    {"root-key-sentinel-not-ta-38696.n1.n2.n3." PROBE, RR_AAAA, 2, 2, true},
    {"n1." PROBE, RR_MX, 0, 6, true},
    {"good." PROBE, RR_A, 0, 4, true},
    {"who." PROBE, RR_TXT, 2, 0, true},
    {"n1.who." PROBE, RR_TXT, 2, 0, true},
    {"n1.who." PROBE, RR_A, 0, 4, true},
    {"tc.n1." PROBE, RR_A, 2, 2, true},
};

static void probe_names(void **state)
{
    const struct dnskey *keys[] = {try_key(KEY_B)};
    for (size_t i = 0; i < sizeof probes / sizeof *probes; i++) {
        print_message("%s %u\n", probes[i].name, probes[i].type);
        struct try_answer *answer = ask(*state, probes[i].name, probes[i].type);
        assert_int_equal(answer->rcode, 0);
        assert_int_equal(answer->count[1], probes[i].answers);
        assert_int_equal(answer->count[2], probes[i].authority);
        const char *wrong = try_verify(answer, keys, 1, PROBE, TRY_NOW, true);
        if (!wrong != probes[i].verifies)
            fail_msg("%s", wrong ? wrong : "it verifies");
        assert_true(event.probe);
    }
}

/* An answer that does not verify now does so at the moment at which its signature is valid. */
static void shifted_windows_are_exact(void **state)
{
    static const struct {
        const char *name;
        int64_t edge_s;
    } cases[] = {{"expired-10m", -600}, {"expired-1h", -3600}, {"expired-1d", -86400},
        {"expired-30d", -30 * 86400}, {"future-10m", 600}, {"future-1h", 3600}, {"future-1d", 86400}};
    const struct dnskey *keys[] = {try_key(KEY_B)};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char name[100];
        snprintf(name, sizeof name, "n.%s." PROBE, cases[i].name);
        struct try_answer *answer = ask(*state, name, RR_A);
        answer->records = 2; /* the answer section */
        int64_t edge_us = TRY_NOW + cases[i].edge_s * UTC_SECOND, past = cases[i].edge_s < 0 ? 1 : -1;
        assert_null(try_verify(answer, keys, 1, PROBE, edge_us, true));
        assert_non_null(try_verify(answer, keys, 1, PROBE, edge_us + past * UTC_SECOND, true));
    }
}

/* Sizes are exact for every nonce that leaves room for padding. */
static void sizes_are_exact(void **state)
{
    static const unsigned sizes[] = {1139, 1414, 1425, 1700};
    const struct dnskey *keys[] = {try_key(KEY_CHILD)};
    for (size_t i = 0; i < 4; i++) {
        for (int length = 1; length <= 63; length++) {
            char name[200], signer[200];
            snprintf(signer, sizeof signer, "s%u.%.*s." PROBE, sizes[i], length,
                "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn");
            struct try_answer *answer = ask_as(*state,
                (struct try_ask){.name = signer, .type = RR_DNSKEY, .dnssec_ok = true, .udp_size = 4096},
                client_of(false, false));
            assert_int_equal(answer->length, sizes[i]);
            assert_false(answer->flags & 0x200);
            const char *wrong = try_verify(answer, keys, 1, signer, TRY_NOW, true);
            if (wrong)
                fail_msg("%s", wrong);
            answer = ask_as(*state,
                (struct try_ask){.name = signer,
                    .type = RR_DNSKEY,
                    .dnssec_ok = true,
                    .udp_size = (uint16_t)(sizes[i] - 1)},
                client_of(false, false));
            assert_true(answer->flags & 0x200);
            snprintf(name, sizeof name, "%s", signer);
            assert_int_equal(ask(*state, name, RR_A)->rcode, 0);
        }
    }
    verify(ask(*state, "s1414.n." PROBE, RR_A), KEY_CHILD, "s1414.n." PROBE);
    verify(ask(*state, "s1414.n." PROBE, RR_DS), KEY_B, PROBE);
    struct try_answer *answer = ask(*state, "x.s1414.n." PROBE, RR_A);
    assert_int_equal(answer->rcode, 3);
    verify(answer, KEY_CHILD, "s1414.n." PROBE);
}

static void tc_is_told_over_udp_alone(void **state)
{
    struct try_answer *answer = ask_as(*state,
        (struct try_ask){.name = "tc.n." PROBE, .type = RR_A, .dnssec_ok = true}, client_of(false, false));
    assert_true(answer->flags & 0x200 && answer->flags & 0x400);
    assert_int_equal(answer->records, 0);
    answer = ask(*state, "tc.n." PROBE, RR_A);
    assert_false(answer->flags & 0x200);
    assert_int_equal(try_count(answer, 0, "tc.n." PROBE, RR_A), 1);
}

/* Only one address family sees into these; the other is referred to name servers that it has no address for.
 */
static void families_are_kept_apart(void **state)
{
    for (int ipv6 = 0; ipv6 < 2; ipv6++) {
        struct try_ask question = {.name = "n.v4only." PROBE, .type = RR_A, .dnssec_ok = true};
        struct try_answer *answer = ask_as(*state, question, client_of(false, ipv6));
        assert_int_equal(try_count(answer, 0, question.name, RR_A), !ipv6);
        assert_int_equal(try_count(answer, 1, "v4only." PROBE, RR_NS), ipv6);
        assert_int_equal(try_count(answer, 2, "ns-v4." PROBE, RR_A), ipv6 * 2);
        assert_int_equal(try_count(answer, 2, "ns-v4." PROBE, RR_AAAA), 0);
        question.name = "n.v6only." PROBE;
        answer = ask_as(*state, question, client_of(false, ipv6));
        assert_int_equal(try_count(answer, 0, question.name, RR_A), ipv6);
        assert_int_equal(try_count(answer, 2, "ns-v6." PROBE, RR_AAAA), !ipv6);
        assert_int_equal(try_count(answer, 2, "ns-v6." PROBE, RR_A), 0);
    }
}

static bool has_string(const struct try_record *record, const char *string)
{
    for (size_t at = 0; at < record->rdlength; at += 1U + record->rdata[at])
        if (record->rdata[at] == strlen(string) && !memcmp(record->rdata + at + 1, string, record->rdata[at]))
            return true;
    return false;
}

static void who_says_what_was_seen(void **state)
{
    struct try_answer *answer = ask_as(*state,
        (struct try_ask){
            .name = "nOnce.who." PROBE, .type = RR_TXT, .dnssec_ok = true, .udp_size = 1400, .flags = 0x10},
        client_of(false, true));
    static const char *const seen[] = {"address=2001:db8::77", "port=5353", "transport=udp", "edns=1400",
        "do=1", "cd=1", "case=mixed", "ecs=none"};
    for (size_t i = 0; i < sizeof seen / sizeof *seen; i++)
        if (!has_string(&answer->record[0], seen[i]))
            fail_msg("%s is not told", seen[i]);
    answer = ask_as(*state, (struct try_ask){.name = "n.who." PROBE, .type = RR_TXT}, client_of(true, false));
    static const char *const plain[] = {
        "address=192.0.2.77", "transport=tcp", "edns=none", "do=0", "cd=0", "case=lower"};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (!has_string(&answer->record[0], plain[i]))
            fail_msg("%s is not told", plain[i]);
}

static void children_are_signed_with_their_algorithm(void **state)
{
    const struct try_world *world = *state;
    for (size_t i = 0; i < testzone_probe_count; i++) {
        char name[120], apex[100];
        struct zone_client client = client_of(false, testzone_probes[i].only_ipv6);
        if (!world->keys[i])
            continue;
        snprintf(apex, sizeof apex, "%s." PROBE, testzone_probes[i].label);
        snprintf(name, sizeof name, "n.%s", apex);
        const struct dnskey *keys[] = {world->keys[i]};
        struct try_answer *answer =
            ask_as(world, (struct try_ask){.name = name, .type = RR_A, .dnssec_ok = true}, client);
        const char *wrong = try_verify(answer, keys, 1, apex, TRY_NOW, true);
        if (wrong)
            fail_msg("%s", wrong);
        answer = ask_as(world, (struct try_ask){.name = apex, .type = RR_DS, .dnssec_ok = true}, client);
        struct name child = try_name(apex);
        uint8_t ds[DNSKEY_MAX_DS];
        size_t length = dnskey_ds(&child, keys[0], testzone_probes[i].digest, ds);
        assert_int_equal(answer->record[0].rdlength, length);
        assert_memory_equal(answer->record[0].rdata, ds, length);
        verify(answer, KEY_B, PROBE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(participants_names),
        cmocka_unit_test(no_nsec_denies_what_is_made),
        cmocka_unit_test(the_parents_ds_is_wrong),
        cmocka_unit_test(option_14_is_told),
        cmocka_unit_test(what_nobody_watches_is_not_told),
        cmocka_unit_test(probe_names),
        cmocka_unit_test(shifted_windows_are_exact),
        cmocka_unit_test(sizes_are_exact),
        cmocka_unit_test(tc_is_told_over_udp_alone),
        cmocka_unit_test(families_are_kept_apart),
        cmocka_unit_test(who_says_what_was_seen),
        cmocka_unit_test(children_are_signed_with_their_algorithm),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

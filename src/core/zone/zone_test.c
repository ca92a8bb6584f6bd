#include "core/zone/zone_try.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct zone_server server = {.nsid = "ns1", .version = "rollcall", .udp_size = 1232};
static struct zone_client client = {
    .address = {[10] = 0xff, 0xff, 127, 0, 0, 1}, .port = 5353, .now_us = TRY_NOW};

struct world {
    struct zone_set *set;
    struct zone_view *view;
    const struct dnskey *keys[2];
};

static int set_up(void **state)
{
    static struct world world;
    int rc;
    world.set = zone_set_new();
    world.view = try_view(
        (struct zone_spec){.plan = try_plan(), .keys = try_zone_keys()}, "example.", try_zone_text, TRY_NOW);
    struct name apex = try_name("example.");
    assert_null(zone_set_put(world.set, &apex, world.view, 0, &rc));
    assert_int_equal(rc, 0);
    world.keys[0] = try_key(KEY_A);
    *state = &world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    zone_set_free(world->set);
    zone_view_free(world->view);
    try_keys_free();
    return 0;
}

static struct try_answer *ask(const struct world *world, struct try_ask question)
{
    static struct try_answer answer;
    static uint8_t out[65535];
    uint8_t query[512];
    struct zone_event event;
    client.tcp = question.tcp;
    size_t length = try_query(question, query);
    size_t got = zones_answer(
        world->set, &server, &client, query, length, out, question.tcp ? sizeof out : 4096, &event);
    assert_true(got >= length - (question.edns || question.dnssec_ok ? 11 : 0));
    const char *wrong = try_parse(out, got, &answer);
    if (wrong)
        fail_msg("%s: %s", question.name, wrong);
    assert_int_equal(answer.id, 0x1234);
    assert_memory_equal(out + 12, query + 12, length - 12 - (question.edns || question.dnssec_ok ? 11 : 0));
    return &answer;
}

struct expect {
    const char *name;
    uint16_t type;
    uint16_t rcode;
    bool aa;
    unsigned answers, authority,
        authority_do; /* records without DNSSEC; answers with DO are checked by their signatures */
};

static const struct expect cases[] = {
    {"example.", RR_SOA, 0, true, 1, 0, 0},
    {"example.", RR_NS, 0, true, 3, 0, 0},
    {"example.", RR_DNSKEY, 0, true, 1, 0, 0},
    {"example.", RR_ANY, 0, true, 1, 0, 0},
    {"eXample.", RR_A, 0, true, 1, 0, 0},
    {"www.example.", RR_A, 0, true, 2, 0, 0},
    {"www.example.", RR_MX, 0, true, 0, 1, 4}, /* SOA, NSEC */
    {"www.example.", RR_CNAME, 0, true, 0, 1, 4},
    {"nothing.example.", RR_A, 3, true, 0, 1, 6}, /* SOA, two NSEC */
    {"_zzz.example.", RR_A, 3, true, 0, 1, 6},
    {"x.www.example.", RR_A, 3, true, 0, 1, 4}, /* the NSEC of www covers the name and the wildcard */
    {"x.y.www.example.", RR_A, 3, true, 0, 1, 4},
    {"alias.example.", RR_A, 0, true, 3, 0, 0},
    {"alias2.example.", RR_AAAA, 0, true, 3, 0, 0},
    {"alias.example.", RR_CNAME, 0, true, 1, 0, 0},
    {"alias.example.", RR_MX, 0, true, 1, 1, 4}, /* CNAME, then NODATA */
    {"loop1.example.", RR_A, 0, true, 2, 0, 0},
    {"away.example.", RR_A, 0, true, 1, 0, 0},
    {"dangling.example.", RR_A, 3, true, 1, 1, 6},
    {"towild.example.", RR_A, 0, true, 2, 0, 2},
    {"down.example.", RR_A, 0, true, 1, 2, 4},   /* CNAME into a delegation: a referral follows */
    {"x.wild.example.", RR_A, 0, true, 1, 0, 2}, /* NSEC: nothing closer */
    {"x.y.wild.example.", RR_TXT, 0, true, 1, 0, 2},
    {"x.wild.example.", RR_MX, 0, true, 0, 1, 6}, /* SOA, the wildcard's NSEC, nothing closer */
    {"*.wild.example.", RR_A, 0, true, 1, 0, 0},
    {"known.wild.example.", RR_TXT, 0, true, 0, 1, 4},
    {"x.known.wild.example.", RR_A, 3, true, 0, 1, 4},
    {"wild.example.", RR_A, 0, true, 0, 1, 4}, /* empty non-terminal */
    {"x.cwild.example.", RR_A, 0, true, 3, 0, 2},
    {"deep.empty.example.", RR_A, 0, true, 0, 1, 4},
    {"empty.example.", RR_A, 0, true, 0, 1, 4},
    {"x.empty.example.", RR_A, 3, true, 0, 1, 6},
    {"insecure.example.", RR_A, 0, false, 0, 3, 5}, /* referral with NSEC: no DS */
    {"www.insecure.example.", RR_A, 0, false, 0, 3, 5},
    {"ns1.insecure.example.", RR_A, 0, false, 0, 3, 5}, /* glue is no answer */
    {"insecure.example.", RR_DS, 0, true, 0, 1, 4},
    {"www.insecure.example.", RR_DS, 0, false, 0, 3, 5},
    {"secure.example.", RR_NS, 0, false, 0, 2, 4},
    {"a.b.secure.example.", RR_A, 0, false, 0, 2, 4},
    {"secure.example.", RR_DS, 0, true, 1, 0, 0},
    {"_ta-1234.example.", RR_NULL, 0, true, 0, 1, 4},
    {"other.test.", RR_A, 5, false, 0, 0, 0},
    {".", RR_A, 5, false, 0, 0, 0},
};

static unsigned data_records(const struct try_answer *answer, unsigned section)
{
    unsigned count = 0;
    for (size_t i = 0; i < answer->records; i++)
        count += answer->record[i].section == section && answer->record[i].type != RR_RRSIG;
    return count;
}

static void test_table(void **state)
{
    struct world *world = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct expect *expect = &cases[i];
        print_message("%s %u\n", expect->name, expect->type);
        struct try_answer *plain =
            ask(world, (struct try_ask){.name = expect->name, .type = expect->type, .tcp = true});
        assert_int_equal(plain->rcode, expect->rcode);
        assert_int_equal(!!(plain->flags & 0x400), expect->aa);
        assert_int_equal(plain->count[1], expect->answers);
        assert_int_equal(plain->count[2], expect->authority);
        assert_false(plain->edns);
        struct try_answer *secure =
            ask(world, (struct try_ask){.name = expect->name, .type = expect->type, .dnssec_ok = true});
        assert_int_equal(secure->rcode, expect->rcode);
        assert_int_equal(data_records(secure, 0), expect->answers);
        assert_int_equal(secure->count[2], expect->authority_do);
        assert_true(secure->edns && secure->dnssec_ok);
        assert_int_equal(secure->ede, expect->rcode == 5 ? 20 : 0xffff);
        const char *wrong = try_verify(secure, world->keys, 1, "example.", TRY_NOW, true);
        if (wrong)
            fail_msg("%s", wrong);
    }
}

/* A zone without a view, below one that answers: its names fail, its DS is the parent's, and the event asks
 * for it. */
static void test_unready(void **state)
{
    struct world *world = *state;
    struct name apex = try_name("Secure.example.");
    struct zone_view *unready;
    struct zone_event event;
    uint8_t query[512], out[4096];
    int rc;
    assert_int_equal(zone_view_unready(&apex, &unready), 0);
    assert_null(zone_set_put(world->set, &apex, unready, 42, &rc));
    assert_int_equal(rc, 0);
    static const char *const names[] = {"secure.example.", "www.secure.example.", "a.b.secure.example."};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct try_answer *answer =
            ask(world, (struct try_ask){.name = names[i], .type = RR_A, .dnssec_ok = true});
        assert_int_equal(answer->rcode, 2);
        assert_int_equal(answer->ede, 14);
        assert_int_equal(answer->count[1] + answer->count[2], 0);
        size_t length = try_query((struct try_ask){.name = names[i], .type = RR_DNSKEY}, query);
        assert_true(zones_answer(world->set, &server, &client, query, length, out, sizeof out, &event) > 0);
        assert_true(event.unready && !event.record && event.tag == 42);
    }
    assert_int_equal(ask(world, (struct try_ask){.name = names[0], .type = RR_DS})->count[1], 1);
    assert_int_equal(ask(world, (struct try_ask){.name = "www.example.", .type = RR_A})->rcode, 0);
    assert_ptr_equal(zone_set_remove(world->set, &apex), unready);
    zone_view_free(unready);
}

/* Before the plan begins: nothing signs, or what will sign first does, with signatures that are valid now. */
static void test_before_start(void **state)
{
    struct world *world = *state;
    struct zone_spec spec = {.plan = try_rolling_plan(), .keys = try_zone_keys(), .from_start = true};
    int64_t early_us = TRY_NOW - 400 * UTC_DAY;
    struct name apex = try_name("example.");
    int rc;
    struct zone_view *view = try_view(spec, "example.", try_zone_text, early_us);
    assert_ptr_equal(zone_set_put(world->set, &apex, view, 0, &rc), world->view);
    struct try_answer *answer =
        ask(world, (struct try_ask){.name = "example.", .type = RR_DNSKEY, .dnssec_ok = true, .tcp = true});
    const char *wrong = try_verify(answer, world->keys, 1, "example.", early_us, true);
    if (wrong)
        fail_msg("%s", wrong);
    assert_ptr_equal(zone_set_put(world->set, &apex, world->view, 0, &rc), view);
    zone_view_free(view);
}

/* The root: the apex is one octet, and shorter than a pointer to it. */
static void test_root(void **state)
{
    static const char text[] = "@ 86400 SOA a.servers.net. nstld.verisign.com. 1 1800 900 604800 86400\n"
                               "@ 518400 NS a.servers.net.\n@ 518400 NS b.servers.net.\n"
                               "a.servers.net. 3600 A 192.0.2.1\nb.servers.net. 3600 A 192.0.2.2\n"
                               "net. 3600 NS a.servers.net.\nnet. 3600 DS 1 13 2 00\n"
                               "org. 3600 NS ns.org.\nns.org. 3600 A 192.0.2.3\n*.test. 60 A 192.0.2.4\n";
    static const struct {
        const char *name;
        uint16_t type, rcode;
        bool aa;
        unsigned answers, authority, additional;
    } asked[] = {
        {".", RR_SOA, 0, true, 2, 0, 1},
        {".", RR_NS, 0, true, 3, 0, 3},
        {".", RR_DNSKEY, 0, true, 2, 0, 1},
        {".", RR_DS, 0, true, 0, 4, 1},
        {".", RR_NSEC, 0, true, 2, 0, 1},
        {".", RR_A, 0, true, 0, 4, 1},
        {"absent.", RR_A, 3, true, 0, 4, 1}, /* the apex's NSEC covers the name and the wildcard */
        {"zz.zz.", RR_A, 3, true, 0, 6, 1},
        {"a.b.c.d.e.test.", RR_A, 0, true, 2, 2, 1},
        {"www.net.", RR_A, 0, false, 0, 3, 2},
        {"www.org.", RR_A, 0, false, 0, 3, 2},
        {"net.", RR_DS, 0, true, 2, 0, 1},
    };
    const struct dnskey *keys[] = {try_key(KEY_A)};
    struct world root = {.set = zone_set_new()};
    struct name apex = try_name(".");
    int rc;
    root.view = try_view((struct zone_spec){.plan = try_plan(), .keys = try_zone_keys()}, ".", text, TRY_NOW);
    assert_null(zone_set_put(root.set, &apex, root.view, 0, &rc));
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        print_message("%s %u\n", asked[i].name, asked[i].type);
        struct try_answer *answer =
            ask(&root, (struct try_ask){.name = asked[i].name, .type = asked[i].type, .dnssec_ok = true});
        assert_int_equal(answer->rcode, asked[i].rcode);
        assert_int_equal(!!(answer->flags & 0x400), asked[i].aa);
        assert_int_equal(answer->count[1], asked[i].answers);
        assert_int_equal(answer->count[2], asked[i].authority);
        assert_int_equal(answer->count[3], asked[i].additional);
        const char *wrong = try_verify(answer, keys, 1, ".", TRY_NOW, true);
        if (wrong)
            fail_msg("%s", wrong);
    }
    zone_set_free(root.set);
    zone_view_free(root.view);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_unready),
        cmocka_unit_test(test_root),
        cmocka_unit_test(test_before_start),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

/* What a response looks like around its records: header, EDNS (the cases of ISC's compliance tests), sizes,
 * errors, the server's own names. */
#include "core/zone/zone_try.h"

#include "core/dns/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct zone_server server = {.nsid = "ns1.test", .version = "rollcall 0", .udp_size = 1232};
static uint8_t out[65535];

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

static struct try_answer *send(const struct try_world *world, const uint8_t *message, size_t length, bool tcp)
{
    static struct try_answer answer;
    struct zone_client client = {.address = {[10] = 0xff, 0xff, 127, 0, 0, 1}, .tcp = tcp, .now_us = TRY_NOW};
    size_t got =
        zones_answer(world->set, &server, &client, message, length, out, tcp ? sizeof out : 4096, NULL);
    if (!got)
        return NULL;
    const char *wrong = try_parse(out, got, &answer);
    if (wrong)
        fail_msg("%s", wrong);
    assert_memory_equal(out, message, 2);
    assert_true(answer.flags & MESSAGE_QR);
    return &answer;
}

/* A message by its parts: octets of options and of what else stands behind OPT. */
struct parts {
    const char *name;
    uint16_t type, class, flags;
    bool opt;
    uint16_t size, edns_flags;
    uint8_t version;
    const char *options;
    size_t options_length;
};

static size_t build(const struct parts *parts, uint8_t *message)
{
    struct writer w = writer_over(message, 512);
    struct name name = try_name(parts->name);
    writer_u16(&w, 0x4711);
    writer_u16(&w, parts->flags);
    writer_u32(&w, 0x10000);
    writer_u32(&w, parts->opt);
    writer_bytes(&w, name.wire, name.length);
    writer_u16(&w, parts->type);
    writer_u16(&w, parts->class ? parts->class : RR_CLASS_IN);
    if (parts->opt) {
        writer_u8(&w, 0);
        writer_u16(&w, RR_OPT);
        writer_u16(&w, parts->size);
        writer_u8(&w, 0);
        writer_u8(&w, parts->version);
        writer_u16(&w, parts->edns_flags);
        writer_u16(&w, (uint16_t)parts->options_length);
        writer_bytes(&w, parts->options, parts->options_length);
    }
    return writer_used(&w);
}

#define OPTIONS(text) .options = text, .options_length = sizeof(text) - 1
#define UNKNOWN_OPTION "\0\x64\0\0"
#define NSID_OPTION "\0\3\0\0"
#define COOKIE_OPTION                                                                                        \
    "\0\x0a\0\x08"                                                                                           \
    "\1\2\3\4\5\6\7\x08"
#define SUBNET_OPTION "\0\x08\0\4\0\1\0\0"
#define EXPIRE_OPTION "\0\x09\0\0"
#define PADDING_OPTION "\0\x0c\0\4\0\0\0\0"

static const struct {
    const char *what;
    struct parts parts;
    uint16_t rcode;
    bool soa, opt, dnssec_ok;
    bool tcp;
} edns[] = {
    {"dns", {.name = "example.", .type = RR_SOA}, 0, true, false, false, false},
    {"aa", {.name = "example.", .type = RR_SOA, .flags = MESSAGE_AA}, 0, true, false, false, false},
    {"ad", {.name = "example.", .type = RR_SOA, .flags = MESSAGE_AD}, 0, true, false, false, false},
    {"cd", {.name = "example.", .type = RR_SOA, .flags = MESSAGE_CD}, 0, true, false, false, false},
    {"ra", {.name = "example.", .type = RR_SOA, .flags = MESSAGE_RA}, 0, true, false, false, false},
    {"rd", {.name = "example.", .type = RR_SOA, .flags = MESSAGE_RD}, 0, true, false, false, false},
    {"tc", {.name = "example.", .type = RR_SOA, .flags = MESSAGE_TC}, 0, true, false, false, false},
    {"zflag", {.name = "example.", .type = RR_SOA, .flags = 0x40}, 0, true, false, false, false},
    {"opcode", {.name = "example.", .type = RR_SOA, .flags = 0x7800}, RCODE_NOTIMP, false, false, false,
        false},
    {"opcodeflg", {.name = "example.", .type = RR_SOA, .flags = 0x7ff0}, RCODE_NOTIMP, false, false, false,
        false},
    {"type666", {.name = "example.", .type = 666}, 0, false, false, false, false},
    {"tcp", {.name = "example.", .type = RR_SOA}, 0, true, false, false, true},
    {"edns", {.name = "example.", .type = RR_SOA, .opt = true, .size = 4096}, 0, true, true, false, false},
    {"edns@512", {.name = "example.", .type = RR_SOA, .opt = true, .size = 512}, 0, true, true, false, false},
    {"edns, size 0", {.name = "example.", .type = RR_SOA, .opt = true, .size = 0}, 0, true, true, false,
        false},
    {"edns1", {.name = "example.", .type = RR_SOA, .opt = true, .size = 4096, .version = 1}, RCODE_BADVERS,
        false, true, false, false},
    {"ednsopt", {.name = "example.", .type = RR_SOA, .opt = true, .size = 4096, OPTIONS(UNKNOWN_OPTION)}, 0,
        true, true, false, false},
    {"edns1opt",
        {.name = "example.",
            .type = RR_SOA,
            .opt = true,
            .size = 4096,
            .version = 1,
            OPTIONS(UNKNOWN_OPTION)},
        RCODE_BADVERS, false, true, false, false},
    {"do", {.name = "example.", .type = RR_SOA, .opt = true, .size = 4096, .edns_flags = 0x8000}, 0, true,
        true, true, false},
    {"dnssec@512", {.name = "example.", .type = RR_SOA, .opt = true, .size = 512, .edns_flags = 0x8000}, 0,
        true, true, true, false},
    {"ednsflags", {.name = "example.", .type = RR_SOA, .opt = true, .size = 4096, .edns_flags = 0x0080}, 0,
        true, true, false, false},
    {"edns1flags",
        {.name = "example.", .type = RR_SOA, .opt = true, .size = 4096, .version = 1, .edns_flags = 0x0080},
        RCODE_BADVERS, false, true, false, false},
    {"edns1do",
        {.name = "example.", .type = RR_SOA, .opt = true, .size = 4096, .version = 1, .edns_flags = 0x8000},
        RCODE_BADVERS, false, true, true, false},
    {"nsid", {.name = "example.", .type = RR_SOA, .opt = true, .size = 4096, OPTIONS(NSID_OPTION)}, 0, true,
        true, false, false},
    {"cookie", {.name = "example.", .type = RR_SOA, .opt = true, .size = 4096, OPTIONS(COOKIE_OPTION)}, 0,
        true, true, false, false},
    {"docookie",
        {.name = "example.",
            .type = RR_SOA,
            .opt = true,
            .size = 4096,
            .edns_flags = 0x8000,
            OPTIONS(COOKIE_OPTION)},
        0, true, true, true, false},
    {"subnet", {.name = "example.", .type = RR_SOA, .opt = true, .size = 4096, OPTIONS(SUBNET_OPTION)}, 0,
        true, true, false, false},
    {"expire", {.name = "example.", .type = RR_SOA, .opt = true, .size = 4096, OPTIONS(EXPIRE_OPTION)}, 0,
        true, true, false, false},
    {"padding", {.name = "example.", .type = RR_SOA, .opt = true, .size = 4096, OPTIONS(PADDING_OPTION)}, 0,
        true, true, false, false},
    {"optlist",
        {.name = "example.",
            .type = RR_SOA,
            .opt = true,
            .size = 4096,
            OPTIONS(NSID_OPTION SUBNET_OPTION COOKIE_OPTION EXPIRE_OPTION PADDING_OPTION)},
        0, true, true, false, false},
    {"edns512tcp", {.name = "example.", .type = RR_DNSKEY, .opt = true, .size = 512, .edns_flags = 0x8000}, 0,
        false, true, true, true},
};

static void edns_is_as_isc_wants_it(void **state)
{
    for (size_t i = 0; i < sizeof edns / sizeof *edns; i++) {
        uint8_t message[512];
        struct try_answer *answer = send(*state, message, build(&edns[i].parts, message), edns[i].tcp);
        print_message("%s\n", edns[i].what);
        assert_non_null(answer);
        assert_int_equal(answer->rcode, edns[i].rcode);
        assert_int_equal(try_count(answer, 0, "example.", RR_SOA), edns[i].soa);
        assert_int_equal(answer->edns, edns[i].opt);
        assert_int_equal(answer->dnssec_ok, edns[i].dnssec_ok);
        assert_int_equal(answer->count[0], 1);
        /* RD and opcode come back; RA, AD, CD and Z stay clear (RFC 4035 §3.1.6), TC means nothing in a
         * query. */
        uint16_t kept = MESSAGE_RD | MESSAGE_OPCODE;
        assert_int_equal(answer->flags & kept, edns[i].parts.flags & kept);
        assert_int_equal(answer->flags & (MESSAGE_RA | MESSAGE_AD | MESSAGE_CD | 0x40 | MESSAGE_TC), 0);
        if (answer->edns) {
            assert_int_equal(answer->udp_size, 1232);
            bool nsid = edns[i].parts.options && !memcmp(edns[i].parts.options, NSID_OPTION, 4);
            assert_int_equal(memmem(out, answer->length, "\0\3\0\x08ns1.test", 12) != NULL, nsid);
        }
    }
}

static void errors_are_told(void **state)
{
    static const struct {
        struct parts parts;
        uint16_t rcode, ede;
    } cases[] = {
        {{.name = "other.test.", .type = RR_A, .opt = true, .size = 1232}, RCODE_REFUSED, 20},
        {{.name = "other.test.", .type = RR_A}, RCODE_REFUSED, 0xffff},
        {{.name = "example.", .type = RR_AXFR, .opt = true, .size = 1232}, RCODE_REFUSED, 0xffff},
        {{.name = "example.", .type = RR_IXFR}, RCODE_REFUSED, 0xffff},
        {{.name = "example.", .type = 254}, RCODE_NOTIMP, 0xffff},
        {{.name = "example.", .type = 253}, RCODE_NOTIMP, 0xffff},
        {{.name = "example.", .type = 249}, RCODE_NOTIMP, 0xffff},
        {{.name = "example.", .type = RR_OPT}, RCODE_FORMERR, 0xffff},
        {{.name = "example.", .type = RR_A, .class = RR_CLASS_ANY}, RCODE_REFUSED, 0xffff},
        {{.name = "example.", .type = RR_A, .class = RR_CLASS_NONE}, RCODE_REFUSED, 0xffff},
        {{.name = "example.", .type = RR_A, .class = 4}, RCODE_REFUSED, 0xffff},
        {{.name = "example.", .type = RR_TXT, .class = RR_CLASS_CH}, RCODE_REFUSED, 0xffff},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t message[512];
        struct try_answer *answer = send(*state, message, build(&cases[i].parts, message), true);
        assert_int_equal(answer->rcode, cases[i].rcode);
        assert_int_equal(answer->ede, cases[i].ede);
        assert_int_equal(answer->count[1] + answer->count[2], 0);
        assert_int_equal(answer->flags & MESSAGE_AA, 0);
    }
}

static void the_server_says_its_name(void **state)
{
    static const struct {
        const char *name, *says;
    } cases[] = {{"version.bind.", "\x0arollcall 0"}, {"VERSION.server.", "\x0arollcall 0"},
        {"hostname.bind.", "\x08ns1.test"}, {"id.server.", "\x08ns1.test"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t message[512];
        struct parts parts = {.name = cases[i].name, .type = RR_TXT, .class = RR_CLASS_CH};
        struct try_answer *answer = send(*state, message, build(&parts, message), false);
        assert_int_equal(answer->rcode, 0);
        assert_int_equal(answer->count[1], 1);
        assert_int_equal(answer->record[0].class, RR_CLASS_CH);
        assert_int_equal(answer->record[0].rdlength, strlen(cases[i].says));
        assert_memory_equal(answer->record[0].rdata, cases[i].says, strlen(cases[i].says));
        parts.type = RR_A;
        answer = send(*state, message, build(&parts, message), false);
        assert_int_equal(answer->rcode, 0);
        assert_int_equal(answer->count[1], 0);
    }
}

static void what_cannot_be_answered_is_not(void **state)
{
    uint8_t message[512];
    struct parts parts = {.name = "example.", .type = RR_SOA};
    size_t length = build(&parts, message);
    for (size_t i = 0; i < 12; i++)
        assert_null(send(*state, message, i, false));
    for (size_t i = 12; i < length; i++)
        assert_int_equal(send(*state, message, i, false)->rcode, RCODE_FORMERR);
    message[2] |= 0x80;
    assert_null(send(*state, message, length, false));
}

static void signed_messages_are_refused(void **state)
{
    static const uint8_t tsig[] = "\3key\0\0\xfa\0\xff\0\0\0\0\0\0";
    uint8_t message[512];
    struct parts parts = {.name = "example.", .type = RR_SOA};
    size_t length = build(&parts, message);
    message[11] = 1;
    memcpy(message + length, tsig, sizeof tsig - 1);
    assert_int_equal(send(*state, message, length + sizeof tsig - 1, false)->rcode, RCODE_NOTAUTH);
}

/* An answer of any size: whole, without what may be left out, or TC and nothing. RFC 2181 §9, RFC 9471. */
static void what_does_not_fit_is_told(void **state)
{
    static const char *const names[] = {"big.example.", "x.insecure.example.", "nothing.example.",
        "alias2.example.", "x.wild.example.", "example.", "proof-abc.p1.rolls.lab.", "w.k-abc.p1.rolls.lab.",
        "gap-abc-1.p1.rolls.lab."};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        uint8_t message[512];
        struct parts parts = {.name = names[i],
            .type = i == 0   ? RR_TXT
                    : i == 5 ? RR_NS
                             : RR_A,
            .opt = true,
            .edns_flags = 0x8000,
            .size = 1232};
        struct try_answer *answer = send(*state, message, build(&parts, message), true);
        size_t whole = answer->length;
        bool cut = false, dropped = false;
        unsigned required = answer->count[1] + answer->count[2];
        for (parts.size = 512; parts.size <= 1232; parts.size++) {
            answer = send(*state, message, build(&parts, message), false);
            assert_true(answer->length <= parts.size);
            assert_true(answer->edns);
            if (answer->flags & MESSAGE_TC) {
                cut = true;
                assert_int_equal(answer->records, 0);
            } else {
                dropped |= answer->length < whole;
                assert_int_equal(answer->count[1] + answer->count[2], required);
                if (parts.size >= whole)
                    assert_int_equal(answer->length, whole);
            }
        }
        assert_int_equal(cut, whole > 512 && i != 5 && !dropped);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edns_is_as_isc_wants_it),
        cmocka_unit_test(errors_are_told),
        cmocka_unit_test(the_server_says_its_name),
        cmocka_unit_test(what_cannot_be_answered_is_not),
        cmocka_unit_test(signed_messages_are_refused),
        cmocka_unit_test(what_does_not_fit_is_told),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

#include "core/dns/message.h"

#include "core/dns/rrset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ID "\xab\xcd"
#define PLAIN_COUNTS "\0\1\0\0\0\0\0\0"
#define OPT_COUNTS "\0\1\0\0\0\0\0\1"
#define WWW "\3WwW\7ExAmple\0"
#define A_IN "\0\1\0\1"
#define OPT(size, version, flags, length) "\0\0\x29" size "\0" version flags length

struct expect {
    const char *what;
    const char *message;
    size_t length;
    int result;
    bool question, edns;
};
#define MESSAGE(text) text, sizeof(text) - 1

static const struct expect cases[] = {
    {"a plain query", MESSAGE(ID "\1\0" PLAIN_COUNTS WWW A_IN), 0, true, false},
    {"shorter than a header", MESSAGE(ID "\1\0\0\1\0\0\0\0\0"), -1, false, false},
    {"nothing", MESSAGE(""), -1, false, false},
    {"a response", MESSAGE(ID "\x80\0" PLAIN_COUNTS WWW A_IN), -1, false, false},
    {"a header alone", MESSAGE(ID "\0\0\0\0\0\0\0\0\0\0"), RCODE_FORMERR, false, false},
    {"no question, OPT", MESSAGE(ID "\0\0\0\0\0\0\0\0\0\1" OPT("\4\xd0", "\0", "\0\0", "\0\0")),
        RCODE_FORMERR, false, false},
    {"two questions", MESSAGE(ID "\0\0\0\2\0\0\0\0\0\0" WWW A_IN WWW A_IN), RCODE_FORMERR, false, false},
    {"a question that is not there", MESSAGE(ID "\0\0" PLAIN_COUNTS), RCODE_FORMERR, false, false},
    {"a question without class", MESSAGE(ID "\0\0" PLAIN_COUNTS WWW "\0\1"), RCODE_FORMERR, false, false},
    {"a name without end", MESSAGE(ID "\0\0" PLAIN_COUNTS "\3www"), RCODE_FORMERR, false, false},
    {"a pointer in the question", MESSAGE(ID "\0\0" PLAIN_COUNTS "\xc0\x0c" A_IN), RCODE_FORMERR, false,
        false},
    {"a label of 64", MESSAGE(ID "\0\0" PLAIN_COUNTS "\x40" WWW A_IN), RCODE_FORMERR, false, false},
    {"octets behind the end", MESSAGE(ID "\0\0" PLAIN_COUNTS WWW A_IN "x"), RCODE_FORMERR, true, false},
    {"a count that lies", MESSAGE(ID "\0\0" OPT_COUNTS WWW A_IN), RCODE_FORMERR, true, false},
    {"an answer in a query", MESSAGE(ID "\0\0\0\1\0\1\0\0\0\0" WWW A_IN "\xc0\x0c" A_IN "\0\0\0\0\0\0"),
        RCODE_FORMERR, true, false},
    {"authority in a query", MESSAGE(ID "\0\0\0\1\0\0\0\1\0\0" WWW A_IN "\xc0\x0c" A_IN "\0\0\0\0\0\0"),
        RCODE_FORMERR, true, false},
    {"IXFR brings its SOA",
        MESSAGE(ID "\0\0\0\1\0\0\0\1\0\0" WWW "\0\xfb\0\1"
                   "\xc0\x0c"
                   "\0\6\0\1"
                   "\0\0\0\0\0\0"),
        0, true, false},
    {"another record beside", MESSAGE(ID "\0\0" OPT_COUNTS WWW A_IN "\xc0\x0c" A_IN "\0\0\0\0\0\4\1\2\3\4"),
        0, true, false},
    {"a pointer forward", MESSAGE(ID "\0\0" OPT_COUNTS WWW A_IN "\xc0\x50" A_IN "\0\0\0\0\0\4\1\2\3\4"),
        RCODE_FORMERR, true, false},
    {"a pointer to itself", MESSAGE(ID "\0\0" OPT_COUNTS WWW A_IN "\xc0\x1d" A_IN "\0\0\0\0\0\4\1\2\3\4"),
        RCODE_FORMERR, true, false},
    {"OPT", MESSAGE(ID "\0\0" OPT_COUNTS WWW A_IN OPT("\4\xd0", "\0", "\x80\0", "\0\0")), 0, true, true},
    {"OPT, unknown flags", MESSAGE(ID "\0\0" OPT_COUNTS WWW A_IN OPT("\4\xd0", "\0", "\x7f\xff", "\0\0")), 0,
        true, true},
    {"OPT, unknown version", MESSAGE(ID "\0\0" OPT_COUNTS WWW A_IN OPT("\4\xd0", "\1", "\0\0", "\0\0")),
        RCODE_BADVERS, true, true},
    {"OPT, unknown version, options of another shape",
        MESSAGE(ID "\0\0" OPT_COUNTS WWW A_IN OPT("\4\xd0", "\x64", "\0\0", "\0\1") "x"), RCODE_BADVERS, true,
        true},
    {"OPT, unknown option",
        MESSAGE(ID "\0\0" OPT_COUNTS WWW A_IN OPT("\4\xd0", "\0", "\0\0", "\0\4") "\0\x64\0\0"), 0, true,
        true},
    {"OPT, option cut short",
        MESSAGE(ID "\0\0" OPT_COUNTS WWW A_IN OPT("\4\xd0", "\0", "\0\0", "\0\4") "\0\3\0\1"), RCODE_FORMERR,
        true, true},
    {"OPT, half an option", MESSAGE(ID "\0\0" OPT_COUNTS WWW A_IN OPT("\4\xd0", "\0", "\0\0", "\0\2") "\0\3"),
        RCODE_FORMERR, true, true},
    {"OPT longer than the message",
        MESSAGE(ID "\0\0" OPT_COUNTS WWW A_IN OPT("\4\xd0", "\0", "\0\0", "\0\4")), RCODE_FORMERR, true,
        false},
    {"two OPT",
        MESSAGE(ID "\0\0\0\1\0\0\0\0\0\2" WWW A_IN OPT("\4\xd0", "\0", "\0\0", "\0\0")
                OPT("\4\xd0", "\0", "\0\0", "\0\0")),
        RCODE_FORMERR, true, true},
    {"OPT not at the root", MESSAGE(ID "\0\0" OPT_COUNTS WWW A_IN "\1x" OPT("\4\xd0", "\0", "\0\0", "\0\0")),
        RCODE_FORMERR, true, false},
    {"OPT at a pointer to the root",
        MESSAGE(ID "\0\0" OPT_COUNTS WWW A_IN "\xc0\x18\0\x29\4\xd0\0\0\0\0\0\0"), RCODE_FORMERR, true,
        false},
    {"TSIG last", MESSAGE(ID "\0\0" OPT_COUNTS WWW A_IN "\1k\0\0\xfa\0\xff\0\0\0\0\0\0"), 0, true, false},
    {"TSIG not last",
        MESSAGE(ID "\0\0\0\1\0\0\0\0\0\2" WWW A_IN
                   "\1k\0\0\xfa\0\xff\0\0\0\0\0\0" OPT("\4\xd0", "\0", "\0\0", "\0\0")),
        RCODE_FORMERR, true, false},
    {"opcode 4", MESSAGE(ID "\x20\0" PLAIN_COUNTS WWW A_IN), RCODE_NOTIMP, true, false},
    {"opcode 15, a header", MESSAGE(ID "\x78\0\0\0\0\0\0\0\0\0"), RCODE_NOTIMP, false, false},
    {"opcode 5 with OPT", MESSAGE(ID "\x28\0" OPT_COUNTS WWW "\0\6\0\1" OPT("\4\xd0", "\0", "\0\0", "\0\0")),
        RCODE_NOTIMP, true, true},
};

static void messages_are_read_strictly(void **state)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct expect *expect = &cases[i];
        struct message_query query;
        uint8_t *copy =
            malloc(expect->length + 1); /* of the exact size, so that a sanitizer sees a read past the end */
        memcpy(copy, expect->message, expect->length);
        uint8_t *exact = realloc(copy, expect->length ? expect->length : 1);
        int result = message_parse(exact, expect->length, &query);
        if (result != expect->result || (query.question != NULL) != expect->question ||
            query.edns != expect->edns)
            fail_msg("%s: result %d, question %d, edns %d", expect->what, result, query.question != NULL,
                query.edns);
        free(exact);
    }
}

static void a_question_is_kept_as_it_came(void **state)
{
    static const char message[] = ID "\1\x10" OPT_COUNTS WWW A_IN OPT("\0\x10", "\0", "\x80\0", "\0\0");
    struct message_query query;
    assert_int_equal(message_parse((const uint8_t *)message, sizeof message - 1, &query), 0);
    assert_int_equal(query.id, 0xabcd);
    assert_int_equal(query.flags, MESSAGE_RD | MESSAGE_CD);
    assert_memory_equal(query.question, WWW A_IN, 17);
    assert_int_equal(query.question_length, 17);
    assert_memory_equal(query.name, "\3www\7example", 13);
    assert_int_equal(query.length, 13);
    assert_int_equal(query.labels, 2);
    assert_int_equal(query.label[0], 0);
    assert_int_equal(query.label[1], 4);
    assert_int_equal(query.label[2], 12);
    assert_int_equal(query.type, RR_A);
    assert_int_equal(query.class, RR_CLASS_IN);
    assert_int_equal(query.udp_size, 512); /* RFC 6891 §6.2.3: 16 means 512 */
    assert_true(query.dnssec_ok);
    assert_true(message_mixed_case(&query));
}

/* The longest name, of the most labels, and one octet more. */
static void names_have_a_limit(void **state)
{
    for (size_t labels = 126; labels <= 128; labels++) {
        uint8_t message[12 + 2 * 128 + 5];
        struct writer out = writer_over(message, sizeof message);
        struct message_query query;
        writer_bytes(&out, ID "\0\0" PLAIN_COUNTS, 12);
        for (size_t i = 0; i < labels; i++)
            writer_bytes(&out, "\1Z", 2);
        writer_bytes(&out, "\0" A_IN, 5);
        int result = message_parse(message, writer_used(&out), &query);
        assert_int_equal(result, labels > 127 ? RCODE_FORMERR : 0);
        if (!result)
            assert_int_equal(query.length, 2 * labels + 1);
        if (!result)
            assert_int_equal(query.name[253 - 2 * (127 - labels)], 'z');
    }
}

static void options_are_found(void **state)
{
    static const char message[] = ID
        "\0\0" OPT_COUNTS WWW "\0\x30\0\1" OPT("\4\xd0", "\0", "\0\0", "\0\x24") "\0\3\0\0"
                                                                                 "\0\x0e\0\4\x4f\x66\x97\x28"
                                                                                 "\0\x0a\0\4"
                                                                                 "cook"
                                                                                 "\0\x0e\0\2\x4f\x66"
                                                                                 "\0\x08\0\4\0\1\0\0"
                                                                                 "\0\x09\0\0";
    struct message_query query;
    assert_int_equal(message_parse((const uint8_t *)message, sizeof message - 1, &query),
        RCODE_FORMERR); /* one option too many for the length */
    char mended[sizeof message];
    memcpy(mended, message, sizeof message);
    mended[12 + 17 + 10] = 0x26;
    assert_int_equal(message_parse((const uint8_t *)mended, sizeof mended - 1, &query), 0);
    assert_true(query.nsid);
    assert_int_equal(query.keytag_count, 2);
    assert_int_equal(query.keytag[0].length, 4);
    assert_memory_equal(query.keytag[0].bytes, "\x4f\x66\x97\x28", 4);
    assert_int_equal(query.keytag[1].length, 2);
    assert_int_equal(query.subnet.length, 4);
}

/* Every octet in lower case, at every place within the eight that are done at once. */
static void case_is_folded(void **state)
{
    for (size_t length = 1; length <= 20; length++) {
        for (unsigned octet = 0; octet < 256; octet++) {
            uint8_t message[64] = ID "\0\0" PLAIN_COUNTS;
            struct message_query query;
            message[12] = (uint8_t)length;
            memset(message + 13, (int)octet, length);
            memcpy(message + 13 + length, "\0" A_IN, 5);
            assert_int_equal(message_parse(message, 18 + length, &query), 0);
            bool upper = octet >= 'A' && octet <= 'Z';
            for (size_t i = 0; i < length; i++)
                assert_int_equal(query.name[1 + i], upper ? octet + 32 : octet);
            assert_int_equal(query.name[1 + length], 0);
            assert_int_equal(message_mixed_case(&query), upper);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_read_strictly),
        cmocka_unit_test(a_question_is_kept_as_it_came),
        cmocka_unit_test(names_have_a_limit),
        cmocka_unit_test(options_are_found),
        cmocka_unit_test(case_is_folded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

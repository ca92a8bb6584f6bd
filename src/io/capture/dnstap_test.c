/* One frame of dnstap: what is taken, what is not, and what is no frame. */
#include "core/roll/sighting.h"
#include "io/capture/dnstap.h"
#include "io/capture/dnstap_try.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t V4[4] = {192, 0, 2, 1}, SERVER4[4] = {198, 51, 100, 53};
static const uint8_t V6[16] = {0x20, 0x01, 0x0d, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

static const struct dnstap_try_frame AUTH_QUERY_FRAME = {
    .type = 1,
    .family = 1,
    .protocol = 1,
    .client = V4,
    .server = SERVER4,
    .client_port = 40000,
    .server_port = 53,
    .query_sec = 1700000000,
    .query_nsec = 123456789,
    .query = "question",
};

static int parse_as(struct dnstap_try *made, struct dnstap_frame *ret)
{
    uint8_t *exact = malloc(made->length ? made->length : 1); /* so that a read past the end is seen */
    assert_non_null(exact);
    memcpy(exact, made->bytes, made->length);
    const char *fault = NULL;
    int rc = dnstap_parse(exact, made->length, ret, &fault);
    assert_true(rc == 0 ? fault == NULL : fault != NULL);
    for (unsigned i = 0; rc == 0 && i < ret->count; i++) { /* into `made`, for the caller to look at */
        assert_true(ret->messages[i].bytes >= exact);
        assert_true(ret->messages[i].bytes + ret->messages[i].length <= exact + made->length);
        ret->messages[i].bytes = made->bytes + (ret->messages[i].bytes - exact);
    }
    free(exact);
    return rc;
}

static int parse_frame(const struct dnstap_try_frame *frame, struct dnstap_frame *ret)
{
    static struct dnstap_try made;
    made.length = 0;
    dnstap_try_frame(&made, frame);
    return parse_as(&made, ret);
}

/* A frame with a Message of these fields and type MESSAGE. */
static int parse_message(const struct dnstap_try *message, struct dnstap_frame *ret)
{
    static struct dnstap_try made;
    made.length = 0;
    dnstap_try_bytes(&made, 14, message->bytes, message->length);
    dnstap_try_number(&made, 15, 1);
    return parse_as(&made, ret);
}

static void assert_message(const struct dnstap_message *message, const char *text, int64_t time_us)
{
    assert_int_equal(message->length, strlen(text));
    assert_memory_equal(message->bytes, text, strlen(text));
    assert_int_equal(message->time_us, time_us);
}

static void test_query_of_a_server(void **state)
{
    struct dnstap_frame got;
    assert_int_equal(parse_frame(&AUTH_QUERY_FRAME, &got), 0);
    assert_int_equal(got.count, 1);
    assert_false(got.repeated);
    assert_message(&got.messages[0], "question", 1700000000123456);
    static const uint8_t client[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};
    static const uint8_t server[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 198, 51, 100, 53};
    assert_memory_equal(got.peer.client, client, 16);
    assert_memory_equal(got.peer.server, server, 16);
    assert_int_equal(got.peer.client_port, 40000);
    assert_int_equal(got.peer.server_port, 53);
    assert_int_equal(got.peer.transport, SIGHTING_UDP);
}

static void test_response_over_ipv6(void **state)
{
    struct dnstap_frame got;
    const struct dnstap_try_frame frame = {.type = 2,
        .family = 2,
        .protocol = 2,
        .client = V6,
        .client_port = 65535,
        .query_sec = 1700000000,
        .response_sec = 1700000001,
        .response_nsec = 999999999,
        .response = "answer"};
    assert_int_equal(parse_frame(&frame, &got), 0);
    assert_int_equal(got.count, 1);
    assert_message(&got.messages[0], "answer", 1700000001999999);
    assert_memory_equal(got.peer.client, V6, 16);
    static const uint8_t nothing[16];
    assert_memory_equal(got.peer.server, nothing, 16); /* not told */
    assert_int_equal(got.peer.server_port, 0);
    assert_int_equal(got.peer.transport, SIGHTING_TCP);
}

static void test_both_halves_in_one(void **state)
{
    struct dnstap_frame got;
    struct dnstap_try_frame frame = AUTH_QUERY_FRAME;
    frame.type = 2;
    frame.response_sec = 1700000002;
    frame.response = "answer";
    assert_int_equal(parse_frame(&frame, &got), 0);
    assert_int_equal(got.count, 2);
    assert_true(got.repeated);
    assert_message(&got.messages[0], "question", 1700000000123456);
    assert_message(&got.messages[1], "answer", 1700000002000000);
}

/* Each half may lack its time: that of the other then holds. */
static void test_times(void **state)
{
    static const struct {
        uint64_t query_sec, response_sec;
        uint32_t nsec;
        int64_t query_us, response_us;
    } cases[] = {
        {5, 0, 0, 5000000, 5000000},
        {0, 6, 0, 6000000, 6000000},
        {0, 0, 0, 0, 0},
        {5, 6, 999, 5000000, 6000000},
        {5, 6, 1000, 5000001, 6000001},
        {5, 6, 1000000000, 0, 0},                                                /* no fraction of a second */
        {253402300799, 253402300800, 0, 253402300799000000, 253402300799000000}, /* the end of 9999 */
        {UINT64_MAX, 6, 0, 6000000, 6000000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dnstap_try_frame frame = AUTH_QUERY_FRAME;
        frame.response = "answer";
        frame.query_sec = cases[i].query_sec;
        frame.response_sec = cases[i].response_sec;
        frame.query_nsec = frame.response_nsec = cases[i].nsec;
        struct dnstap_frame got;
        assert_int_equal(parse_frame(&frame, &got), 0);
        assert_int_equal(got.messages[0].time_us, cases[i].query_us);
        assert_int_equal(got.messages[1].time_us, cases[i].response_us);
    }
}

static void test_types(void **state)
{
    for (unsigned type = 0; type < 20; type++) {
        struct dnstap_try_frame frame = AUTH_QUERY_FRAME;
        frame.type = type;
        frame.response = "answer";
        struct dnstap_frame got;
        assert_int_equal(parse_frame(&frame, &got), 0);
        bool taken = type == 1 || type == 2 || type == 5 || type == 6;
        assert_int_equal(got.count, taken ? 2 : 0);
    }
}

static void test_transports(void **state)
{
    static const uint8_t want[] = {SIGHTING_UNKNOWN, SIGHTING_UDP, SIGHTING_TCP, SIGHTING_OTHER,
        SIGHTING_OTHER, SIGHTING_OTHER, SIGHTING_OTHER, SIGHTING_OTHER, SIGHTING_UNKNOWN};
    for (unsigned protocol = 0; protocol < sizeof want; protocol++) {
        struct dnstap_try_frame frame = AUTH_QUERY_FRAME;
        frame.protocol = protocol;
        struct dnstap_frame got;
        assert_int_equal(parse_frame(&frame, &got), 0);
        assert_int_equal(got.peer.transport, want[protocol]);
    }
}

/* Anonymisers leave out addresses or their ends. */
static void test_addresses(void **state)
{
    static const struct {
        unsigned family;
        size_t length;
        unsigned count; /* messages */
        bool v4;
    } cases[] = {
        {1, 4, 1, true}, {1, 3, 1, true}, {1, 1, 1, true}, {1, 0, 0, false},
        {0, 4, 1, true}, /* the length decides */
        {0, 3, 1, true}, {0, 6, 1, false}, {0, 16, 1, false}, {2, 16, 1, false}, {2, 8, 1, false},
        {2, 4, 1, false},                    /* a /32 of IPv6 */
        {2, 0, 0, false}, {1, 16, 1, false}, /* a dual-stack socket, said wrongly: the address is not IPv4 */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static struct dnstap_try message;
        message.length = 0;
        dnstap_try_number(&message, 1, 1);
        dnstap_try_bytes(&message, 4, V6, cases[i].length);
        dnstap_try_bytes(&message, 10, "q", 1);
        if (cases[i].family)
            dnstap_try_number(&message, 2, cases[i].family); /* after the address: the order is free */
        struct dnstap_frame got;
        assert_int_equal(parse_message(&message, &got), 0);
        assert_int_equal(got.count, cases[i].count);
        if (!got.count)
            continue;
        uint8_t want[16] = {0};
        if (cases[i].v4)
            want[10] = want[11] = 0xff;
        memcpy(want + (cases[i].v4 ? 12 : 0), V6, cases[i].length);
        assert_memory_equal(got.peer.client, want, 16);
    }
}

/* A frame that says nothing to us is no fault. */
static void test_skipped(void **state)
{
    static struct dnstap_try made;
    struct dnstap_frame got;
    made.length = 0;
    assert_int_equal(parse_as(&made, &got), 0); /* empty */
    assert_int_equal(got.count, 0);

    dnstap_try_number(&made, 15, 2); /* a type that is not known */
    dnstap_try_bytes(&made, 14, "\x08\x01", 2);
    assert_int_equal(parse_as(&made, &got), 0);
    assert_int_equal(got.count, 0);

    struct dnstap_try_frame frame = AUTH_QUERY_FRAME;
    frame.client = NULL;
    assert_int_equal(parse_frame(&frame, &got), 0);
    assert_int_equal(got.count, 0);

    frame = AUTH_QUERY_FRAME;
    frame.query = NULL;
    assert_int_equal(parse_frame(&frame, &got), 0);
    assert_int_equal(got.count, 0);

    frame.query = ""; /* there, but empty */
    assert_int_equal(parse_frame(&frame, &got), 0);
    assert_int_equal(got.count, 0);
}

/* Fields of tomorrow, of another wire type, twice; a message in two parts: as protobuf has it. */
static void test_rules_of_protobuf(void **state)
{
    static struct dnstap_try first, second, made;
    struct dnstap_frame got;
    first.length = second.length = made.length = 0;
    dnstap_try_number(&first, 1, 3);
    dnstap_try_bytes(&first, 4, V4, 4);
    dnstap_try_bytes(&first, 10, "old", 3);
    dnstap_try_number(&second, 1, 1); /* the last one counts */
    dnstap_try_fixed64(&second, 16, 7);
    dnstap_try_bytes(&second, 15, "policy", 6);
    dnstap_try_bytes(&second, 11, "zone", 4);
    dnstap_try_number(&second, 536870911, 1);
    dnstap_try_fixed32(&second, 10, 7); /* no query_message */
    dnstap_try_bytes(&second, 10, "new", 3);
    dnstap_try_raw(&second, "\x98\x00\x01", 3); /* field 3 in a key of two octets, longer than it need be */
    dnstap_try_number(&made, 15, 9);
    dnstap_try_bytes(&made, 14, first.bytes, first.length);
    dnstap_try_fixed32(&made, 20, 7);
    dnstap_try_bytes(&made, 14, second.bytes, second.length);
    dnstap_try_number(&made, 14, 1); /* no message */
    dnstap_try_number(&made, 15, 1);
    assert_int_equal(parse_as(&made, &got), 0);
    assert_int_equal(got.count, 1);
    assert_message(&got.messages[0], "new", 0);
    assert_int_equal(got.peer.transport, SIGHTING_UDP);
    assert_int_equal(got.peer.client[12], 192);
}

/* Numbers of every length, longer than they need be as well, in the middle of a frame and at its end. */
static void test_numbers(void **state)
{
    static const uint64_t values[] = {0, 1, 127, 128, 16383, 16384, 2097151, 2097152, 268435455, 268435456,
        34359738367, 34359738368, 253402300799};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        for (unsigned octets = 1; octets <= 10; octets++)
            for (unsigned last = 0; last < 2; last++) {
                static struct dnstap_try message;
                uint8_t number[10];
                if (octets < 10 && values[i] >> (7 * octets))
                    continue;
                for (unsigned k = 0; k < octets; k++)
                    number[k] = (uint8_t)((values[i] >> (7 * k) & 0x7f) | (k + 1 < octets ? 0x80 : 0));
                message.length = 0;
                dnstap_try_number(&message, 1, 1);
                dnstap_try_bytes(&message, 4, V4, 4);
                if (last)
                    dnstap_try_bytes(&message, 10, "q", 1);
                dnstap_try_varint(&message, 8 << 3);
                dnstap_try_raw(&message, number, octets);
                if (!last)
                    dnstap_try_bytes(&message, 10, "a longer query", 14);
                struct dnstap_frame got;
                assert_int_equal(parse_message(&message, &got), 0);
                assert_int_equal(got.count, 1);
                assert_int_equal(got.messages[0].time_us, values[i] * 1000000);
            }
}

static void test_malformed_protobuf(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
    } cases[] = {
        {"\x80", 1},                                          /* a key that does not end */
        {"\x78", 1},                                          /* no value */
        {"\x72\x05\x08\x01", 4},                              /* 5 octets claimed, 2 there */
        {"\x72\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11}, /* 2^64 - 1 octets */
        {"\x72\xff\xff\xff\xff\x0f\x08\x01", 8},              /* 4 GiB - 1 */
        {"\x7d\x01\x02\x03", 4},                              /* three octets of four */
        {"\x79\x01\x02\x03\x04\x05\x06\x07", 8},              /* seven of eight */
        {"\x00\x01", 2},                                      /* field 0 */
        {"\x80\x80\x80\x80\x10\x01", 6},                      /* field 2^29 */
        {"\x7b", 1},                                          /* a group begins */
        {"\x7c", 1},                                          /* and ends */
        {"\x7e\x01", 2},                                      /* wire types that do not exist */
        {"\x7f\x01", 2}, {"\x78\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11}, /* 65 bits */
        {"\x78\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 12},              /* 11 octets */
        {"\x72\x02\x0a\x05\x78\x01", 6}, /* inside of the message: a field beyond its end */
        {"\x72\x01\x08\x78\x01", 5},     /* a number that would lie outside of it */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static struct dnstap_try made;
        made.length = 0;
        dnstap_try_raw(&made, cases[i].bytes, cases[i].length);
        struct dnstap_frame got;
        assert_int_equal(parse_as(&made, &got), ERR_DATA);
    }
}

static void test_malformed_message(void **state)
{
    static const uint8_t zeros[DNSTAP_MAX_MESSAGE + 1];
    static const struct {
        unsigned field;
        uint64_t number;
        size_t length;
        int want;
    } cases[] = {
        {6, 65535, 0, 0},
        {6, 65536, 0, ERR_DATA},
        {7, 65536, 0, ERR_DATA},
        {6, UINT64_MAX, 0, ERR_DATA},
        {4, 0, 16, 0},
        {4, 0, 17, ERR_DATA},
        {5, 0, 17, ERR_DATA},
        {10, 0, 65535, 0},
        {10, 0, 65536, ERR_DATA},
        {14, 0, 65536, ERR_DATA},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static struct dnstap_try message;
        message.length = 0;
        dnstap_try_number(&message, 1, 1);
        dnstap_try_bytes(&message, 4, V4, 4);
        if (cases[i].length)
            dnstap_try_bytes(&message, cases[i].field, zeros, cases[i].length);
        else
            dnstap_try_number(&message, cases[i].field, cases[i].number);
        struct dnstap_frame got;
        assert_int_equal(parse_message(&message, &got), cases[i].want);
    }
}

/* Cut anywhere, a frame is a fault, or whole without what was cut off. */
static void test_cut_anywhere(void **state)
{
    static struct dnstap_try made;
    made.length = 0;
    dnstap_try_frame(&made, &AUTH_QUERY_FRAME);
    size_t whole = made.length;
    for (size_t length = 0; length < whole; length++) {
        made.length = length;
        struct dnstap_frame got;
        if (parse_as(&made, &got) == 0)
            assert_int_equal(got.count, 0); /* the type comes last */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_query_of_a_server),
        cmocka_unit_test(test_response_over_ipv6),
        cmocka_unit_test(test_both_halves_in_one),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_transports),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_skipped),
        cmocka_unit_test(test_rules_of_protobuf),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_malformed_protobuf),
        cmocka_unit_test(test_malformed_message),
        cmocka_unit_test(test_cut_anywhere),
    };
    return cmocka_run_group_tests_name("io/capture/dnstap", tests, NULL, NULL);
}

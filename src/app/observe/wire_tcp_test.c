/* Streams: by a table of segments, by every cut, and by chance. */
#include "app/observe/wire_try.h"
#include "base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

enum {
    FIN = 1,
    SYN = 2,
    RST = 4,
    ACK = 16,
    FRAMED = TRY_QUERY + 2,
    MESSAGES = 8,
    LENGTH = MESSAGES * FRAMED
};

static struct try_packet packet;
static struct try_said said;
static uint8_t stream[300 << 10];         /* framed queries with the ids 1, 2, … */
static uint32_t first_octet = 0xffffff80; /* wraps around in the middle of the messages */

static struct wire *fresh(void)
{
    struct wire_sink sink = try_sink(&said);
    try_forget(&said);
    struct wire *wire = wire_new(NULL, 0, 1, &sink);
    assert_non_null(wire);
    for (unsigned i = 0; i < MESSAGES; i++) {
        bytes_put_u16(stream + i * FRAMED, TRY_QUERY);
        try_query(stream + i * FRAMED + 2, i + 1, 0);
    }
    return wire;
}

/* Octets [from, to) of the stream; with SYN, its sequence number is the one before. */
static void make_segment(unsigned flags, size_t from, size_t to)
{
    try_begin(&packet, "192.0.2.1", "192.0.2.53");
    try_put(&packet, stream + from, to - from);
    try_tcp(&packet, 1000, 53, first_octet + (uint32_t)from - (flags & SYN ? 1 : 0), flags | ACK);
    try_ip(&packet, 6);
}

static void send_segment(struct wire *wire, unsigned flags, size_t from, size_t to)
{
    make_segment(flags, from, to);
    try_take(wire, &packet);
}

struct step {
    unsigned flags, from, to;
    unsigned snap; /* octets of payload that are captured, and one more; 0: all */
};

/* Of message number n, from 1: its first octet, and the one behind its last. */
#define B(n) (((n)-1) * FRAMED)
#define E(n) ((n)*FRAMED)
#define OPEN                                                                                                 \
    {                                                                                                        \
        SYN, 0, 0, 0                                                                                         \
    }

static const struct {
    const char *name;
    struct step steps[12]; /* ends with a step of zeros */
    const char *want;
    int repeated, gaps, lost;
} cases[] = {
    {"whole", {OPEN, {0, B(1), E(1)}}, "t1", 0, 0, 0},
    {"two in one segment", {OPEN, {0, B(1), E(2)}}, "t1 t2", 0, 0, 0},
    {"split in two", {OPEN, {0, B(1), 15}, {0, 15, E(1)}}, "t1", 0, 0, 0},
    {"split within the length", {OPEN, {0, B(1), 1}, {0, 1, E(1)}}, "t1", 0, 0, 0},
    {"split, then whole ones", {OPEN, {0, B(1), 15}, {0, 15, E(3)}, {0, B(4), E(4)}}, "t1 t2 t3 t4", 0, 0, 0},
    {"the whole again", {OPEN, {0, B(1), E(1)}, {0, B(1), E(1)}, {0, B(2), E(2)}}, "t1 t2", 1, 0, 0},
    {"half of it again", {OPEN, {0, B(1), 15}, {0, B(1), 15}, {0, 15, E(1)}}, "t1", 1, 0, 0},
    {"with what went before", {OPEN, {0, B(1), 15}, {0, B(1), E(2)}, {0, B(2), E(3)}}, "t1 t2 t3", 0, 0, 0},
    {"keep-alives", {OPEN, {0, B(1), E(1)}, {0, E(1) - 1, E(1)}, {0, B(2), 40}, {0, 39, 40}, {0, 40, E(2)}},
        "t1 t2", 2, 0, 0},
    {"out of order, message by message",
        {OPEN, {0, B(2), E(2)}, {0, B(3), E(3)}, {0, B(1), E(1)}, {0, B(4), E(4)}}, "t2 t3 t1 t4", 0, 1, 0},
    {"out of order, in pieces", {OPEN, {0, 20, 35}, {0, 35, 50}, {0, 0, 20}, {0, 50, E(3)}}, "t1 t2 t3", 0, 0,
        0},
    {"out of order and again", {OPEN, {0, B(2), E(2)}, {0, B(2), E(2)}, {0, B(1), E(2)}, {0, B(1), E(3)}},
        "t2 t1 t3", 1, 1, 0},
    {"a hole of one octet", {OPEN, {0, 0, 10}, {0, 11, E(1)}, {0, 10, 11}}, "t1", 0, 0, 0},
    {"a lost segment", {OPEN, {0, B(1), E(1)}, {0, B(3), E(3)}, {0, B(4), E(4)}}, "t1 t3 t4", 0, 1, 0},
    {"its head lost", {OPEN, {0, B(1), E(1)}, {0, B(2) + 9, E(2)}, {0, B(3), E(3)}}, "t1 t3", 0, 1, 0},
    {"its tail lost", {OPEN, {0, B(1), E(1)}, {0, B(2), B(2) + 9}, {0, B(3), E(3)}, {0, B(4), E(4)}},
        "t1 t3 t4", 0, 1, 0},
    {"lost, then a split one", {OPEN, {0, B(2), B(2) + 9}, {0, B(2) + 9, E(2)}, {0, B(1), E(1)}}, "t2 t1", 0,
        1, 0},
    {"lost, then the end of one and a whole", {OPEN, {0, B(1), E(1)}, {0, B(2) + 9, E(4)}}, "t1 t3 t4", 0, 1,
        0},
    {"that end comes late", {OPEN, {0, B(1) + 9, E(3)}, {0, B(1), B(1) + 9}, {0, B(4), E(4)}}, "t2 t3 t1 t4",
        0, 1, 0},
    {"begun in the middle, at a message", {{0, B(2), E(2)}, {0, B(3), E(3)}}, "t2 t3", 0, 0, 0},
    {"begun in the middle of one", {{0, B(2) + 5, E(2)}, {0, B(3), E(3)}, {0, B(4), E(5)}}, "t3 t4 t5", 0, 0,
        0},
    {"begun in the middle of one, with more", {{0, B(2) + 5, E(3)}, {0, B(4), E(5)}}, "t3 t4 t5", 0, 0, 0},
    {"begun at the end of a name", {{0, E(2) - 5, E(2)}, {0, B(3), E(3)}}, "t3", 0, 0, 0},
    {"begun with a keep-alive", {{0, B(2) - 1, B(2)}, {0, B(2), E(2)}, {0, B(2), E(2)}}, "t2", 1, 0, 0},
    {"begun in the middle, out of order", {{0, B(3), E(3)}, {0, B(2), E(2)}, {0, B(3), E(4)}}, "t3 t2 t4", 0,
        1, 0},
    {"begun in the middle, split", {{0, B(2), 40}, {0, 40, E(2)}, {0, B(3), E(3)}}, "t2 t3", 0, 0, 0},
    {"begun in the middle, again", {{0, B(2), E(2)}, {0, B(2), E(2)}}, "t2", 1, 0, 0},
    {"data with SYN", {{SYN, B(1), E(1), 0}, {0, B(2), E(2)}}, "t1 t2", 0, 0, 0},
    {"data with SYN, again without", {{SYN, B(1), 20, 0}, {0, B(1), E(1)}, {0, B(2), E(2)}}, "t1 t2", 0, 0,
        0},
    {"data with SYN, again with", {{SYN, B(1), E(1), 0}, {SYN, B(1), E(1)}, {0, B(2), E(2)}}, "t1 t2", 1, 0,
        0},
    {"SYN again, in the middle", {OPEN, {0, B(1), 20}, OPEN, {0, 20, E(1)}}, "t1", 0, 0, 0},
    {"FIN with the last", {OPEN, {FIN, B(1), E(1)}, {0, B(1), E(1)}, {FIN, B(1), E(1)}}, "t1", 2, 0, 0},
    {"FIN before its turn", {OPEN, {0, 0, 9}, {FIN, 20, E(1)}, {0, 9, 20}, {0, B(1), E(1)}}, "t1", 1, 0, 0},
    {"RST in the middle", {OPEN, {0, 0, 20}, {RST, 20, 20}, {0, 0, 20}}, "", 1, 0, 1},
    {"after FIN, another without SYN", {OPEN, {FIN, B(1), E(1)}, {0, B(3), E(3)}}, "t1 t3", 0, 0, 0},
    {"cut in the second", {OPEN, {0, B(1), E(2), FRAMED + 21}, {0, B(3), E(3)}}, "t1 t2(18/27) t3", 0, 0, 0},
    {"cut, and the rest in another", {OPEN, {0, B(1), 25, 21}, {0, 25, E(1)}, {0, B(2), E(2)}},
        "t1(18/27) t2", 1, 0, 0},
    {"cut before the second", {OPEN, {0, B(1), E(2), FRAMED + 2}, {0, B(3), E(3)}}, "t1 t3", 0, 1, 0},
    {"cut in the header", {OPEN, {0, B(1), E(1), 9}, {0, B(2), E(2)}}, "t2", 0, 1, 0},
    {"nothing captured", {OPEN, {0, B(1), E(1), 1}, {0, B(2), E(2)}}, "t2", 0, 1, 0},
    {"begun with a cut one", {{0, B(2), E(2), 21}, {0, B(3), E(3)}}, "t2(18/27) t3", 0, 0, 0},
};

static void streams_by_table(void **state)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wire *wire = fresh();
        for (const struct step *step = cases[i].steps; step->flags || step->to; step++) {
            make_segment(step->flags, step->from, step->to);
            packet.snap = step->snap ? 40 + step->snap - 1 : 0;
            try_take(wire, &packet);
        }
        struct wire_counters now = wire_counters(wire);
        if (strcmp(said.text, cases[i].want) != 0 || now.tcp_repeated != (unsigned)cases[i].repeated ||
            now.tcp_gaps != (unsigned)cases[i].gaps || now.tcp_lost != (unsigned)cases[i].lost)
            fail_msg("%s: \"%s\", %lu repeated, %lu gaps, %lu lost", cases[i].name, said.text,
                now.tcp_repeated, now.tcp_gaps, now.tcp_lost);
        wire_free(wire);
    }
}

static void a_new_connection_takes_the_ports_over(void **state)
{
    struct wire *wire = fresh();
    send_segment(wire, SYN, 0, 0);
    send_segment(wire, 0, 0, 20);
    first_octet += 5000; /* near to the old one, so that only SYN tells */
    send_segment(wire, SYN, 0, 0);
    send_segment(wire, 0, 0, E(2));
    first_octet -= 10000;
    send_segment(wire, SYN, 0, 0);
    send_segment(wire, FIN, 0, E(1));
    first_octet += 5000;
    assert_string_equal(said.text, "t1 t2 t1");
    assert_int_equal(wire_counters(wire).tcp_lost, 1);
    wire_free(wire);
}

static void directions_and_ends_are_apart(void **state)
{
    struct wire *wire = fresh();
    for (unsigned i = 0; i < 4; i++) {
        try_begin(&packet, i & 1 ? "192.0.2.53" : "192.0.2.1", i & 1 ? "192.0.2.1" : "192.0.2.53");
        try_put(&packet, stream + (i < 2 ? 0 : 20), i < 2 ? 20 : FRAMED - 20);
        try_tcp(&packet, i & 1 ? 53 : 1000, i & 1 ? 1000 : 53, i < 2 ? 100 : 120, ACK);
        try_ip(&packet, 6);
        try_take(wire, &packet);
    }
    assert_string_equal(said.text, "t1 t1");
    wire_free(wire);
}

static void every_cut_in_three(void **state)
{
    for (size_t a = 1; a < E(2); a++) {
        for (size_t b = a; b < E(2); b += 3) {
            struct wire *wire = fresh();
            send_segment(wire, SYN, 0, 0);
            send_segment(wire, 0, 0, a);
            send_segment(wire, 0, a, b);
            send_segment(wire, FIN, b, E(2));
            if (strcmp(said.text, "t1 t2") != 0)
                fail_msg("cut at %zu and %zu: \"%s\"", a, b, said.text);
            wire_free(wire);
        }
    }
}

static void octet_by_octet(void **state)
{
    for (int from_syn = 0; from_syn < 2; from_syn++) {
        struct wire *wire = fresh();
        if (from_syn)
            send_segment(wire, SYN, 0, 0);
        for (size_t at = 0; at < E(2); at++)
            send_segment(wire, 0, at, at + 1);
        assert_string_equal(said.text, "t1 t2");
        wire_free(wire);
    }
}

/* A message of the greatest length, in order and, but for its first segment, backwards. */
static void the_longest_message(void **state)
{
    enum { SEGMENT = 1400, WHOLE = 2 + 65535 };
    for (int way = 0; way < 4; way++) {
        struct wire *wire = fresh();
        bytes_put_u16(stream, 65535);
        try_query(stream + 2, 9, 65535 - TRY_QUERY - 11);
        bytes_put_u16(stream + WHOLE, TRY_QUERY);
        try_query(stream + WHOLE + 2, 10, 0);
        if (way != 2)
            send_segment(wire, SYN, 0, 0);
        if (way < 3) {
            size_t count = (WHOLE + FRAMED + SEGMENT - 1) / SEGMENT;
            for (size_t i = 0; i < count; i++) {
                size_t from = (way == 1 ? count - 1 - i : i) * SEGMENT;
                size_t to = from + SEGMENT < WHOLE + FRAMED ? from + SEGMENT : WHOLE + FRAMED;
                send_segment(wire, 0, from, to);
            }
        } else { /* one segment, which the card was to cut: total length 0 */
            make_segment(0, 0, WHOLE + FRAMED);
            packet.at[2] = packet.at[3] = 0;
            try_take(wire, &packet);
        }
        assert_string_equal(said.text, way == 1 ? "t10 t9" : "t9 t10");
        wire_free(wire);
    }
}

/* Segments of all sizes in an order that is a little wrong, many twice, with other bounds: each message once.
 */
static void by_chance(void **state)
{
    srand(4711);
    for (int round = 0; round < 3000; round++) {
        struct wire *wire = fresh();
        bool seen[MESSAGES + 1] = {false};
        if (round % 3)
            send_segment(wire, SYN, 0, 0);
        struct {
            size_t from, to;
        } parts[64];
        size_t count = 0;
        for (size_t at = 0; at < LENGTH;) {
            size_t size = 1 + (size_t)rand() % 50;
            parts[count].from = at;
            parts[count++].to = at + size < LENGTH ? at + size : LENGTH;
            if (rand() % 3)
                at = parts[count - 1].to;
            else if (count > 50)
                break;
            else
                at = parts[count - 1].to - (size_t)rand() % size;
        }
        if (parts[count - 1].to < LENGTH || count > 60)
            parts[count - 1].to = LENGTH;
        for (size_t i = 0; i + 1 < count; i++) {
            size_t other = i + (size_t)rand() % (count - i < 5 ? count - i : 5);
            size_t from = parts[i].from, to = parts[i].to;
            parts[i] = parts[other];
            parts[other].from = from;
            parts[other].to = to;
        }
        for (size_t i = 0; i < count; i++) {
            send_segment(wire, 0, parts[i].from, parts[i].to);
            size_t again = parts[rand() % (int)(i + 1)].from;
            if (rand() % 4 == 0 && again < parts[i].to)
                send_segment(wire, 0, again, parts[i].to);
        }
        int found = 0;
        for (const char *word = said.text; word && *word; word = strchr(word + 1, 't'), found++) {
            int id = atoi(word + 1);
            if (id < 1 || id > MESSAGES || seen[id])
                fail_msg("round %d: \"%s\"", round, said.text);
            seen[id] = true;
        }
        if (found != MESSAGES)
            fail_msg("round %d: \"%s\"", round, said.text);
        wire_free(wire);
    }
}

/* A hole that is never filled does not hold a stream up, nor its memory. */
static void a_hole_is_given_up(void **state)
{
    struct wire *wire = fresh();
    uint32_t first = first_octet;
    size_t messages = 0;
    send_segment(wire, SYN, 0, 0);
    first_octet += 1; /* one octet is missing */
    for (int i = 0; i < 2000; i++, first_octet += LENGTH) {
        try_forget(&said);
        send_segment(wire, 0, 0, LENGTH);
        assert_string_equal(said.text, "t1 t2 t3 t4 t5 t6 t7 t8");
        messages += MESSAGES;
    }
    uint8_t *bytes;
    size_t length;
    assert_int_equal(wire_save(wire, &bytes, &length), 0);
    assert_true(length < 100); /* nothing waits any more */
    free(bytes);
    assert_int_equal(wire_counters(wire).messages, messages);
    first_octet = first;
    wire_free(wire);
}

/* What is no DNS at all, and begun in the middle, takes little and says nothing. */
static void noise_is_quiet(void **state)
{
    struct wire *wire = fresh();
    uint32_t first = first_octet;
    for (size_t i = 0; i < LENGTH; i++)
        stream[i] = (uint8_t)(0x41 + i * 7 % 26);
    for (int i = 0; i < 2000; i++, first_octet += LENGTH)
        send_segment(wire, 0, 0, LENGTH);
    assert_string_equal(said.text, "");
    uint8_t *bytes;
    size_t length;
    assert_int_equal(wire_save(wire, &bytes, &length), 0);
    assert_true(length < 10000);
    free(bytes);
    first_octet = first;
    wire_free(wire);
}

static void headers_that_lie(void **state)
{
    static const struct {
        int offset;
        unsigned malformed;
    } table[] = {{5, 0}, {4, 1}, {0, 1}, {15, 1}, {12, 1}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct wire *wire = fresh();
        make_segment(0, 0, 20);
        packet.at[20 + 12] = (uint8_t)(table[i].offset << 4);
        try_take(wire, &packet);
        assert_int_equal(wire_counters(wire).malformed, table[i].malformed);
        wire_free(wire);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_by_table),
        cmocka_unit_test(a_new_connection_takes_the_ports_over),
        cmocka_unit_test(directions_and_ends_are_apart),
        cmocka_unit_test(every_cut_in_three),
        cmocka_unit_test(octet_by_octet),
        cmocka_unit_test(the_longest_message),
        cmocka_unit_test(by_chance),
        cmocka_unit_test(a_hole_is_given_up),
        cmocka_unit_test(noise_is_quiet),
        cmocka_unit_test(headers_that_lie),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Fragments: by a table, in every order, and by floods. */
#include "app/observe/wire_try.h"
#include "base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static struct try_packet packet, whole;
static struct try_said said;

static struct wire *fresh(void)
{
    struct wire_sink sink = try_sink(&said);
    try_forget(&said);
    struct wire *wire = wire_new(NULL, 0, 1, &sink);
    assert_non_null(wire);
    return wire;
}

/* A datagram without its IP header: a query of 98 octets, in all 106 with the UDP header. */
enum { DATAGRAM = 8 + TRY_QUERY + 11 + 60, SECOND = 1000000 };

static void make_whole(bool six, unsigned id)
{
    uint8_t query[DATAGRAM];
    try_begin(&whole, six ? "2001:db8::1" : "192.0.2.1", six ? "2001:db8::53" : "192.0.2.53");
    try_put(&whole, query, try_query(query, id, 60));
    try_udp(&whole, 1000, 53);
    assert_int_equal(whole.length, DATAGRAM);
}

struct step {
    unsigned from, to;
    int more;                               /* -1: as `to` tells */
    unsigned after_s, identification, flip; /* flip: the last octet is another one */
    unsigned snap;                          /* octets of the fragment that are captured; 0: all */
};

static const struct {
    const char *name;
    struct step steps[8];
    const char *want4, *want6;
    unsigned lost4, lost6;
} cases[] = {
    {"in order", {{0, 48, -1}, {48, 106, -1}}, "u1", "u1", 0, 0},
    {"backwards", {{48, 106, -1}, {0, 48, -1}}, "u1", "u1", 0, 0},
    {"of eight", {{0, 8, -1}, {16, 106, -1}, {8, 16, -1}}, "u1", "u1", 0, 0},
    {"twice each", {{0, 48, -1}, {0, 48, -1}, {96, 106, -1}, {96, 106, -1}, {48, 96, -1}}, "u1", "u1", 0, 0},
    {"interleaved", {{0, 48, -1}, {0, 48, -1, 0, 5}, {48, 106, -1, 0, 5}, {48, 106, -1}}, "u1 u1", "u1 u1", 0,
        0},
    {"never whole", {{0, 48, -1}, {56, 106, -1}}, "", "", 0, 0},
    {"one late by 30 s", {{0, 48, -1}, {48, 106, -1, 30}}, "u1", "u1", 0, 0},
    {"one late by 31 s", {{0, 48, -1}, {48, 106, -1, 31}}, "", "", 1, 1},
    {"overlap", {{0, 48, -1}, {40, 106, -1}, {48, 106, -1}}, "", "", 2, 3},
    {"overlap within", {{0, 48, -1}, {8, 16, -1}, {48, 106, -1}}, "", "", 1, 3},
    {"overlap, then the whole anew", {{0, 48, -1}, {40, 106, -1}, {0, 40, -1}}, "u1", "", 1, 3},
    {"overlap, then 31 s later anew", {{0, 48, -1}, {40, 106, -1}, {48, 106, -1, 31}, {0, 48, -1}}, "u1",
        "u1", 2, 2},
    {"the same place, other octets", {{0, 48, -1, 0, 0, 1}, {0, 48, -1}, {48, 106, -1}}, "u1", "", 1, 3},
    {"two ends", {{48, 106, -1}, {48, 96, 0}, {0, 48, -1}}, "", "", 1, 3},
    {"behind the end", {{48, 96, 0}, {96, 106, -1}, {0, 48, -1}}, "", "", 1, 3},
    {"an end before others", {{56, 104, 1}, {48, 56, 0}, {0, 48, -1}}, "", "", 1, 3},
    {"not of eight", {{0, 47, 1}, {48, 106, -1}}, "", "", 0, 0},
    {"no octet", {{0, 0, 1}, {0, 48, -1}, {48, 106, -1}}, "u1", "u1", 0, 0},
    {"the first cut by the snap length", {{0, 48, -1, 0, 0, 0, 30}, {48, 106, -1}}, "u1(22/98)", "u1(22/98)",
        0, 0},
    {"the second cut by the snap length", {{0, 48, -1}, {48, 106, -1, 0, 0, 0, 4}}, "u1(44/98)", "u1(44/98)",
        0, 0},
};

static void take(struct wire *wire, const struct step *step, int64_t time_us)
{
    whole.time_us = time_us;
    size_t to = step->to < whole.length ? step->to : whole.length;
    bool more = step->more < 0 ? to < whole.length : step->more;
    try_fragment(&packet, &whole, 17, 4711 + step->identification, step->from, to, more);
    if (step->flip)
        packet.at[packet.length - 1] ^= 0xff;
    packet.snap = step->snap ? packet.length - (to - step->from) + step->snap : 0;
    try_take(wire, &packet);
}

static void fragments_by_table(void **state)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int six = 0; six < 2; six++) {
            struct wire *wire = fresh();
            int64_t time_us = 5 * SECOND;
            make_whole(six, 1);
            for (const struct step *step = cases[i].steps; step->more || step->to; step++) {
                time_us += step->after_s * (int64_t)SECOND;
                take(wire, step, time_us);
            }
            const char *want = six ? cases[i].want6 : cases[i].want4;
            unsigned lost = six ? cases[i].lost6 : cases[i].lost4;
            if (strcmp(said.text, want) != 0 || wire_counters(wire).fragments_lost != lost)
                fail_msg("%s, %s: \"%s\", %lu lost", cases[i].name, six ? "IPv6" : "IPv4", said.text,
                    wire_counters(wire).fragments_lost);
            wire_free(wire);
        }
    }
}

/* Seven pieces in each of 5040 orders. */
static void in_every_order(void **state)
{
    for (unsigned order = 0; order < 5040; order++) {
        struct wire *wire = fresh();
        unsigned left[7] = {0, 1, 2, 3, 4, 5, 6}, count = 7, rest = order;
        make_whole(order & 1, 1);
        while (count > 0) {
            unsigned pick = rest % count, piece = left[pick];
            rest /= count;
            left[pick] = left[--count];
            take(wire, &(struct step){piece * 16, piece == 6 ? DATAGRAM : piece * 16 + 16, -1}, SECOND);
        }
        assert_string_equal(said.text, "u1");
        wire_free(wire);
    }
}

static void the_greatest_datagram(void **state)
{
    static uint8_t query[65535];
    for (int six = 0; six < 2; six++) {
        struct wire *wire = fresh();
        make_whole(six, 1);
        try_begin(&whole, whole.source, whole.destination);
        size_t room = (six ? 65535U : 65515U) - 8 - TRY_QUERY - 11;
        try_put(&whole, query, try_query(query, 3, room));
        try_udp(&whole, 1000, 53);
        for (unsigned from = 0; from < whole.length; from += 1280)
            take(wire, &(struct step){from, from + 1280, -1}, SECOND);
        assert_string_equal(said.text, "u3");
        try_forget(&said);
        /* One that ends behind the greatest: nothing is written there. */
        try_begin(&packet, whole.source, whole.destination);
        try_put(&packet, query, 1000);
        if (six) {
            try_put(&packet, "\x11\0\xff\xf8\0\0\0\1", 8);
            try_ip(&packet, 44);
        } else {
            try_ip4_bits(&packet, 17, 1, 0x1fff);
        }
        try_take(wire, &packet);
        assert_int_equal(wire_counters(wire).malformed, 1);
        wire_free(wire);
    }
}

/* IPv6: the first fragment says what the datagram holds, extension headers are in the datagram; an atomic one
 * with the same identification has nothing to do with it (RFC 6946). TCP may be in fragments as well. */
static void what_a_datagram_holds(void **state)
{
    struct wire *wire = fresh();
    make_whole(true, 1);
    try_put(&whole, (uint8_t[]){17, 0, 1, 4, 0, 0, 0, 0}, 8);
    try_fragment(&packet, &whole, 99, 8, 64, whole.length, false);
    try_take(wire, &packet);
    make_whole(true, 2);
    try_fragment(&packet, &whole, 17, 8, 0, whole.length, false);
    try_take(wire, &packet);
    assert_string_equal(said.text, "u2");
    make_whole(true, 1);
    try_put(&whole, (uint8_t[]){17, 0, 1, 4, 0, 0, 0, 0}, 8);
    try_fragment(&packet, &whole, 60, 8, 0, 64, true);
    try_take(wire, &packet);
    assert_string_equal(said.text, "u2 u1");

    uint8_t query[2 + DATAGRAM];
    size_t length = try_query(query + 2, 3, 60);
    bytes_put_u16(query, (uint16_t)length);
    try_begin(&whole, "192.0.2.1", "192.0.2.53");
    try_put(&whole, query, length + 2);
    try_tcp(&whole, 1000, 53, 1, 0x18);
    try_fragment(&packet, &whole, 6, 8, 0, 64, true);
    try_take(wire, &packet);
    try_fragment(&packet, &whole, 6, 8, 64, whole.length, false);
    try_take(wire, &packet);
    assert_string_equal(said.text, "u2 u1 t3");

    /* A fragment in fragments: nobody makes that. */
    make_whole(true, 4);
    try_put(&whole, (uint8_t[]){17, 0, 0, 1, 0, 0, 0, 7}, 8);
    try_fragment(&packet, &whole, 44, 9, 0, 64, true);
    try_take(wire, &packet);
    try_fragment(&packet, &whole, 44, 9, 64, whole.length, false);
    try_take(wire, &packet);
    assert_string_equal(said.text, "u2 u1 t3");
    assert_int_equal(wire_counters(wire).malformed, 1);
    wire_free(wire);
}

/* Half datagrams from everywhere: the oldest are forgotten, and none that came since. */
static void a_flood_pushes_out_the_oldest(void **state)
{
    enum { FLOOD = 20000 };
    struct wire *wire = fresh();
    make_whole(true, 1);
    for (unsigned i = 0; i < FLOOD; i++)
        take(wire, &(struct step){0, 48, -1, 0, i}, SECOND);
    for (unsigned i = FLOOD - 1000; i < FLOOD; i++)
        take(wire, &(struct step){48, DATAGRAM, -1, 0, i}, SECOND);
    assert_int_equal(wire_counters(wire).messages, 1000);
    for (unsigned i = 0; i < 100; i++)
        take(wire, &(struct step){48, DATAGRAM, -1, 0, i}, SECOND);
    assert_int_equal(wire_counters(wire).messages, 1000);
    assert_true(wire_counters(wire).fragments_lost >= FLOOD - 1000 - 4096);
    wire_free(wire);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fragments_by_table),
        cmocka_unit_test(in_every_order),
        cmocka_unit_test(the_greatest_datagram),
        cmocka_unit_test(what_a_datagram_holds),
        cmocka_unit_test(a_flood_pushes_out_the_oldest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A run that is stopped at any packet and gone on with by another wire gives the same messages, and the same
 * state; bytes that are no state are refused, whatever they are. */
#include "app/observe/wire_try.h"
#include "base/bytes.h"
#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

enum { SYN = 2, FIN = 1, RST = 4, ACK = 16, MOST = 800 };

/* ---- a trace of everything at once ---- */

struct record {
    uint8_t *bytes;
    size_t length, snap;
    int64_t time_us;
};

struct trace {
    struct record records[MOST];
    size_t count;
    int64_t now_us;
};

static struct try_packet packet, whole;
static struct try_said said, said_again;

static void keep(struct trace *trace, const struct try_packet *made, size_t snap)
{
    struct record *record = &trace->records[trace->count];
    assert_true(trace->count < MOST);
    trace->now_us += rand() % 20000;
    *record = (struct record){test_malloc(made->length), made->length, snap, trace->now_us};
    memcpy(record->bytes, made->at, made->length);
    trace->count++;
}

static void add_ask(struct trace *trace, unsigned id)
{
    try_ask(&packet, id & 1 ? "2001:db8::1" : "192.0.2.1", id & 1 ? "2001:db8::53" : "192.0.2.53", id);
    keep(trace, &packet, rand() % 5 ? 0 : packet.length - 5);
}

/* Fragments in a wrong order, now and then one of them twice, not at all, or cut; mixed with what is there.
 */
static void add_fragments(struct trace *trace, unsigned id)
{
    uint8_t query[1200];
    bool six = id & 1;
    size_t length = try_query(query, id, 900);
    try_begin(&whole, six ? "2001:db8::2" : "192.0.2.2", six ? "2001:db8::53" : "192.0.2.53");
    try_put(&whole, query, length);
    try_udp(&whole, 1000, 53);
    for (size_t from = 0; from < whole.length; from += 304) {
        size_t to = from + 304 < whole.length ? from + 304 : whole.length;
        try_fragment(&packet, &whole, 17, id, from, to, to < whole.length);
        int chance = rand() % 10;
        for (int i = 0; i < (chance == 0 ? 0 : chance == 1 ? 2 : 1); i++)
            keep(trace, &packet, chance == 2 ? packet.length - 100 : 0);
    }
}

static void add_stream(struct trace *trace, unsigned port)
{
    uint8_t stream[2000];
    size_t length = 0;
    uint32_t first = (uint32_t)rand() * 2U;
    for (unsigned i = 0; i < 6; i++) {
        size_t octets = try_query(stream + length + 2, port * 10 + i, (size_t)rand() % 200);
        bytes_put_u16(stream + length, (uint16_t)octets);
        length += octets + 2;
    }
    for (size_t from = 0; from < length;) {
        size_t to = from + 1 + (size_t)rand() % 150;
        to = to < length ? to : length;
        try_begin(&packet, "192.0.2.3", "192.0.2.53");
        unsigned flags = from == 0 && port % 4 ? SYN : to == length ? FIN : rand() % 60 ? 0 : RST;
        try_put(&packet, stream + from, to - from);
        try_tcp(&packet, port, 53, first + (uint32_t)from - (flags & SYN ? 1 : 0), flags | ACK);
        try_ip(&packet, 6);
        int chance = rand() % 12;
        for (int i = 0; i < (chance == 0 ? 0 : chance == 1 ? 2 : 1); i++)
            keep(trace, &packet, chance == 2 ? packet.length - 7 : 0);
        from = to;
    }
}

static void make(struct trace *trace, unsigned seed)
{
    srand(seed);
    trace->count = 0;
    trace->now_us = 1000000;
    for (unsigned i = 0; i < 20; i++) {
        add_ask(trace, 1 + i);
        add_fragments(trace, 100 + i);
        add_stream(trace, 1000 + i);
    }
    for (size_t i = 0; i < trace->count; i++) { /* out of order, streams and datagrams between each other */
        size_t other = (i + (size_t)rand() % (rand() % 3 ? 4 : 60)) % trace->count;
        struct record swapped = trace->records[i];
        trace->records[i] = trace->records[other];
        trace->records[other] = swapped;
    }
}

static void drop(struct trace *trace)
{
    for (size_t i = 0; i < trace->count; i++)
        test_free(trace->records[i].bytes);
}

static void play(struct wire *wire, const struct trace *trace, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        const struct record *record = &trace->records[i];
        struct capture_record one = {
            .time_us = record->time_us,
            .bytes = record->bytes,
            .length = (uint32_t)(record->snap ? record->snap : record->length),
            .wire_length = (uint32_t)record->length,
            .link = CAPTURE_LINK_RAW,
        };
        wire_packet(wire, &one);
    }
}

static struct wire *fresh(struct try_said *to, uint64_t seed)
{
    struct wire_sink sink = try_sink(to);
    try_forget(to);
    struct wire *wire = wire_new(NULL, 0, seed, &sink);
    assert_non_null(wire);
    return wire;
}

static bool save_is_same(const struct wire *a, const struct wire *b)
{
    uint8_t *one, *other;
    size_t one_length, other_length;
    assert_int_equal(wire_save(a, &one, &one_length), 0);
    assert_int_equal(wire_save(b, &other, &other_length), 0);
    bool is_same = one_length == other_length && memcmp(one, other, one_length) == 0;
    free(one);
    free(other);
    return is_same;
}

/* The wire is replaced by another one that reads what it saved. */
static struct wire *replace(struct wire *wire, struct try_said *to)
{
    uint8_t *bytes;
    size_t length;
    assert_int_equal(wire_save(wire, &bytes, &length), 0);
    wire_free(wire);
    struct wire_sink sink = try_sink(to);
    wire = wire_new(NULL, 0, (uint64_t)rand(), &sink);
    assert_non_null(wire);
    assert_int_equal(wire_load(wire, bytes, length), 0);
    free(bytes);
    return wire;
}

static void stopped_at_any_packet(void **state)
{
    static struct trace trace;
    for (unsigned seed = 1; seed <= 3; seed++) {
        make(&trace, seed);
        struct wire *one = fresh(&said, 42);
        play(one, &trace, 0, trace.count);
        struct wire_counters counters = wire_counters(one);
        assert_true(counters.messages > 30 && counters.fragments > 20 && counters.tcp_segments > 50);
        for (size_t stop = 0; stop <= trace.count; stop++) {
            struct wire *other = fresh(&said_again, 42);
            play(other, &trace, 0, stop);
            other = replace(other, &said_again);
            play(other, &trace, stop, trace.count);
            assert_string_equal(said.text, said_again.text);
            assert_true(save_is_same(one, other));
            wire_free(other);
        }
        wire_free(one);
        drop(&trace);
    }
}

/* The same where much is forgotten: shelves that are full, replaced now and then. */
static void stopped_while_things_are_forgotten(void **state)
{
    struct wire *one = fresh(&said, 42), *other = fresh(&said_again, 42);
    uint8_t octets[1300];
    srand(5);
    bytes_put_u16(octets, 4000);
    try_query(octets + 2, 77, 1200);
    for (unsigned i = 0; i < 120000; i++) {
        unsigned which = (unsigned)rand() % 60000;
        bool tcp = i & 1;
        try_begin(&packet, "192.0.2.4", "192.0.2.53");
        try_put(&packet, octets, 8 * (1 + (size_t)rand() % 150));
        if (tcp) {
            /* a stream that is synced, begins anywhere, or goes on where it was */
            try_tcp(&packet, which, 53, 1 + (uint32_t)(rand() % 3) * 600, rand() % 3 ? ACK : SYN | ACK);
            try_ip(&packet, 6);
        } else {
            try_ip4_bits(
                &packet, 17, which % 6000, (rand() % 2 ? 0x2000U : 0) | (unsigned)(rand() % 3) * 100);
        }
        try_take(one, &packet);
        try_take(other, &packet);
        if (i % 40009 == 40008)
            other = replace(other, &said_again);
    }
    assert_true(save_is_same(one, other));
    assert_string_equal(said.text, said_again.text);
    assert_true(wire_counters(one).fragments_lost > 1000 && wire_counters(one).tcp_lost > 1000);
    uint8_t *bytes;
    size_t length;
    assert_int_equal(wire_save(one, &bytes, &length), 0);
    assert_true(length < WIRE_MAX_MEMORY);
    free(bytes);
    wire_free(one);
    wire_free(other);
}

static void nothing_saved_is_little(void **state)
{
    struct wire *wire = fresh(&said, 7);
    uint8_t *bytes;
    size_t length;
    assert_int_equal(wire_save(wire, &bytes, &length), 0);
    assert_int_equal(length, 20);
    wire_free(replace(wire, &said));
    free(bytes);
}

/* ---- bytes that are not trusted ---- */

/* Every cut and every changed octet of a state: refused, or taken and then harmless. */
static void damaged_bytes(void **state)
{
    static struct trace trace;
    make(&trace, 9);
    struct wire *one = fresh(&said, 42);
    play(one, &trace, 0, trace.count / 3);
    uint8_t *bytes;
    size_t length;
    unsigned refused = 0;
    assert_int_equal(wire_save(one, &bytes, &length), 0);
    assert_true(length > 200);
    struct wire *other = fresh(&said_again, 42);
    for (size_t cut = 0; cut < length; cut++)
        assert_int_equal(wire_load(other, bytes, cut), ERR_DATA);
    for (size_t at = 0; at < length; at++) {
        uint8_t kept = bytes[at];
        bytes[at] ^= (uint8_t)(1 + rand() % 255);
        try_forget(&said_again);
        int err = wire_load(other, bytes, length);
        assert_true(err == 0 || err == ERR_DATA);
        refused += err != 0;
        play(other, &trace, trace.count / 3, trace.count / 3 + 40);
        bytes[at] = kept;
    }
    assert_true(refused > 0);
    /* After a refusal nothing is left of what was read. */
    struct wire *empty = fresh(&said_again, 42);
    wire_free(other);
    other = fresh(&said_again, 42);
    assert_int_equal(wire_load(other, bytes, length - 1), ERR_DATA);
    assert_true(save_is_same(empty, other));
    uint8_t *more = test_malloc(length + 1);
    memcpy(more, bytes, length);
    more[length] = 0;
    assert_int_equal(wire_load(other, more, length + 1), ERR_DATA);
    test_free(more);
    free(bytes);
    wire_free(empty);
    wire_free(one);
    wire_free(other);
    drop(&trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stopped_at_any_packet),
        cmocka_unit_test(stopped_while_things_are_forgotten),
        cmocka_unit_test(nothing_saved_is_little),
        cmocka_unit_test(damaged_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

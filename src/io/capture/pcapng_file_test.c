#include "io/capture/capture_try.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const size_t blocks[] = {1, 4, 11, 12, 28, 33, 100, 4096, 1 << 20};

static void check(const char *name, const struct made *made, const char *want)
{
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        if (made->length > 10000 && blocks[i] < 100)
            continue;
        struct text text;
        text_start(&text);
        try_memory(made, blocks[i], false, &text);
        if (strcmp(text.string, want) != 0)
            fail_msg("%s, blocks of %zu:\n%s\nwanted:\n%s", name, blocks[i], text.string, want);
        text_free(&text);
    }
}

/* ---- clocks ---- */

static const struct {
    int resolution; /* if_tsresol; -1: without */
    int64_t offset_s;
    uint64_t ticks;
    const char *time_us;
} clocks[] = {
    {-1, 0, 1790000000123456, "1790000000123456"},
    {6, 0, 1, "1"},
    {9, 0, 1790000000123456789, "1790000000123456"}, /* rounded down */
    {9, 0, 999, "0"},
    {9, 0, UINT64_MAX, "18446744073709551"},
    {3, 0, 1790000000123, "1790000000123000"},
    {0, 0, 1790000000, "1790000000000000"},
    {0, 0, UINT64_MAX, "253402300799999999"}, /* the end of the year 9999 */
    {12, 0, 1790000000123456, "1790000000"},
    {19, 0, UINT64_MAX, "1844674"},
    {25, 0, UINT64_MAX, "1"},
    {26, 0, UINT64_MAX, "0"},
    {127, 0, UINT64_MAX, "0"},
    {0x80, 0, 7, "7000000"},
    {0x80 | 10, 0, 1024 + 512, "1500000"},
    {0x80 | 32, 0, UINT64_C(0x100000000) + 0x80000000, "1500000"},
    {0x80 | 63, 0, UINT64_C(1) << 63, "1000000"},
    {0x80 | 64, 0, UINT64_MAX, "999999"},
    {0x80 | 127, 0, UINT64_MAX, "0"},
    {6, 1790000000, 1, "1790000000000001"},
    {6, -1, 1, "-999999"},
    {6, INT64_MIN, 0, "-62135596800000000"}, /* the begin of the year 1 */
    {6, INT64_MAX, UINT64_MAX, "253402300799999999"},
    {6, 0, 0, "0"},
};

static void test_clocks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof clocks / sizeof *clocks; i++)
        for (int swapped = 0; swapped < 2; swapped++) {
            struct made made = {.swapped = swapped};
            char name[64], want[64];
            made_section(&made);
            made_interface(&made, 1, 0, clocks[i].resolution, clocks[i].offset_s);
            made_packet(&made, 0, clocks[i].ticks, 60, 61);
            snprintf(name, sizeof name, "clock %zu", i);
            snprintf(want, sizeof want, "%s 1 60 61\nend\n", clocks[i].time_us);
            check(name, &made, want);
            made_free(&made);
        }
}

/* ---- blocks ---- */

static void make_sections(struct made *made)
{
    made_section(made);
    made_interface(made, 1, 0, -1, 0);
    made_interface(made, 113, 0, 9, 0);
    made_packet(made, 1, 5000, 60, 60);
    made_packet(made, 0, 6, 61, 61);
    made->swapped = true;
    made_section(made); /* its interfaces begin anew, in the other byte order */
    made_interface(made, 12, 0, -1, 0);
    made_packet(made, 0, 7, 62, 1500);
    made->swapped = false;
    made_section(made);
    made_interface(made, 0xfff0, 0, -1, 0);
    made_packet(made, 0, 8, 0, 0);
    made_packet(made, 0, 9, 60, 1);
}

static void make_passed_over(struct made *made)
{
    static const uint32_t types[] = {4, 5, 0xa, 0xbad, 0x40000bad, 0x80000001, 0xffffffff, 0};
    made_section(made);
    made_interface(made, 1, 0, -1, 0);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        size_t begin = made_block(made, types[i]);
        made_fill(made, 0xff, 13 * i + 12);
        made_end(made, begin);
        made_packet(made, 0, i, 9, 9);
    }
}

/* A record without time has that of the one before it, which may be of another interface or section. */
static void make_simple(struct made *made)
{
    made_section(made);
    made_interface(made, 1, 100, -1, 0);
    for (uint32_t wire = 99; wire <= 101; wire++) {
        size_t begin = made_block(made, 3);
        made_u32(made, wire);
        made_fill(made, 7, 100);
        for (size_t i = 0; i < 100; i++)
            made->bytes[made->length - 100 + i] = (uint8_t)(7 + i);
        made_end(made, begin);
        made_packet(made, 0, 1000 * wire, 2, 2);
    }
    made_interface(made, 1, 100, -1, 0);
    made_packet(made, 1, 200000, 2, 2);
    made_section(made);
    made_interface(made, 1, 100, -1, 0);
    size_t begin = made_block(made, 3); /* shorter than it says */
    made_u32(made, UINT32_MAX);
    made_bytes(made, "\1\2\3\4", 4);
    made_end(made, begin);
}

static void make_old(struct made *made)
{
    made_section(made);
    made_interface(made, 1, 0, -1, 0);
    made_interface(made, 101, 0, -1, 0);
    size_t begin = made_block(made, 2);
    made_u16(made, 1);
    made_u16(made, 3); /* drops */
    made_u32(made, 1);
    made_u32(made, 2);
    made_u32(made, 2);
    made_u32(made, 90);
    made_bytes(made, "\1\2", 2);
    made_end(made, begin);
}

/* Endless options, of which no more than the first are looked at. */
static void make_options(struct made *made)
{
    made_section(made);
    size_t begin = made_block(made, 1);
    made_u32(made, 1);
    made_u32(made, 0);
    made_option(made, 9, "\3", 1);
    for (unsigned i = 0; i < 200000; i++)
        made_option(made, 2988, "x", 1);
    made_end(made, begin);
    begin = made_block(made, 6);
    made_u32(made, 0);
    made_u64(made, 0);
    made_u32(made, 2);
    made_u32(made, 2);
    made_bytes(made, "\1\2\0\0", 4);
    for (unsigned i = 0; i < 200000; i++)
        made_option(made, 1, "comment", 7);
    made_end(made, begin);
    made_packet(made, 0, (uint64_t)5 << 32, 1, 1);
}

/* Options whose lengths lie end the options, not the file. */
static void make_lying_option(struct made *made)
{
    made_section(made);
    size_t begin = made_block(made, 1);
    made_u32(made, 1);
    made_u32(made, 0);
    made_u16(made, 2);
    made_u16(made, 0xffff);
    made_option(made, 9, "\0", 1);
    made_end(made, begin);
    begin = made_block(made, 1);
    made_u32(made, 1);
    made_u32(made, 0);
    made_option(made, 14, "\1\2", 2); /* too short for what it is */
    made_option(made, 9, "", 0);
    made_end(made, begin);
    made_packet(made, 0, 5, 1, 1);
    made_packet(made, 1, 6, 1, 1);
}

/* A writer that leaves the padding out of the length. */
static void make_unpadded(struct made *made)
{
    made_section(made);
    made_interface(made, 1, 0, -1, 0);
    made_packet(made, 0, 5, 5, 5);
    uint32_t length = 32 + 5;
    memcpy(made->bytes + made->length - 4, &length, 4);
    memcpy(made->bytes + made->length - 40 + 4, &length, 4);
    made_packet(made, 0, 6, 1, 1);
}

static const struct {
    const char *name;
    void (*make)(struct made *made);
    const char *want;
} files[] = {
    {"sections", make_sections, "5 113 60 60\n6 1 61 61\n7 101 62 1500\n8 65520 0 0\n9 65520 60 60\nend\n"},
    {"passed over", make_passed_over,
        "0 1 9 9\n1 1 9 9\n2 1 9 9\n3 1 9 9\n4 1 9 9\n5 1 9 9\n6 1 9 9\n7 1 9 9\nend\n"},
    {"simple", make_simple,
        "0 1 99 99\n99000 1 2 2\n99000 1 100 100\n100000 1 2 2\n100000 1 100 101\n101000 1 2 2\n"
        "200000 1 2 2\n200000 1 4 4294967295\nend\n"},
    {"old", make_old, "4294967298 101 2 90\nend\n"},
    {"options", make_options, "0 1 2 2\n21474836480000 1 1 1\nend\n"},
    {"lying option", make_lying_option, "5 1 1 1\n6 1 1 1\nend\n"},
    {"unpadded", make_unpadded, "5 1 5 5\n6 1 1 1\nend\n"},
};

static void test_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct made made = {0};
        files[i].make(&made);
        check(files[i].name, &made, files[i].want);
        made_free(&made);
    }
}

/* ---- faults: a packet, and at offset 108 another; one number in them is changed, or the end cut off ---- */

static const struct {
    const char *name;
    size_t at; /* of the number that is changed */
    uint32_t value;
    size_t cut;
    const char *want;
} faults[] = {
    {"as it is", 0, 0x0a0d0d0a, 0, "5 1 4 4\n6 1 4 4\nend\n"},
    {"version", 12, 2, 0, "-65 memory: offset 0: a section of pcapng version 2, which is not known\n"},
    {"too short a block", 108 + 4, 31, 0,
        "5 1 4 4\n-65 memory: offset 108: a block of type 6 that claims to be of 31 octets\n"},
    {"no length at all", 108 + 4, 0, 0,
        "5 1 4 4\n-65 memory: offset 108: a block of type 6 that claims to be of 0 octets\n"},
    {"too long a block", 108 + 4, 40, 0,
        "5 1 4 4\n-65 memory: offset 108: truncated: 36 octets of at least 40 are there\n"},
    {"4 GB", 108 + 4, UINT32_MAX, 0,
        "5 1 4 4\n-65 memory: offset 108: a packet in a block that claims to be of 4294967295 octets\n"},
    {"lengths differ", 108 + 32, 32, 0,
        "5 1 4 4\n-65 memory: offset 108: a block that claims to be of 36 octets at its begin and 32 at its "
        "end\n"},
    {"no such interface", 108 + 8, 1, 0,
        "5 1 4 4\n-65 memory: offset 108: a packet of interface 1, of which the section has 1\n"},
    {"packet longer than its block", 108 + 20, 5, 0,
        "5 1 4 4\n-65 memory: offset 108: a packet that claims to be of 5 octets in a block of 36\n"},
    {"packet too long", 108 + 20, UINT32_MAX, 0,
        "5 1 4 4\n-65 memory: offset 108: a packet that claims to be of 4294967295 octets\n"},
    {"wire less than captured", 108 + 24, 0, 0, "5 1 4 4\n6 1 4 4\nend\n"},
    {"a section without order", 108, 0x0a0d0d0a, 0,
        "5 1 4 4\n-65 memory: offset 108: a section without a byte order\n"},
    {"unknown, and cut", 108, 77, 1,
        "5 1 4 4\n-65 memory: offset 144: truncated: the input ends 1 octets before\n"},
    {"cut in a header", 0, 0x0a0d0d0a, 25,
        "5 1 4 4\n-65 memory: offset 108: truncated: 11 octets of at least 12 are there\n"},
    {"cut at the end", 0, 0x0a0d0d0a, 1,
        "5 1 4 4\n-65 memory: offset 108: truncated: 35 octets of at least 36 are there\n"},
};

static void test_faults(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct made made = {0};
        made_section(&made);
        size_t begin = made_block(&made, 1);
        made_u32(&made, 1);
        made_u32(&made, 0);
        made_option(&made, 2, "eth0", 4);
        made_fill(&made, 0, 16);
        made_end(&made, begin);
        assert_int_equal(made.length, 72);
        made_packet(&made, 0, 5, 4, 4);
        assert_int_equal(made.length, 108);
        made_packet(&made, 0, 6, 4, 4);
        memcpy(made.bytes + faults[i].at, &faults[i].value, 4);
        made.length -= faults[i].cut;
        check(faults[i].name, &made, faults[i].want);
        made_free(&made);
    }
}

/* A packet, or a simple one, before there is any interface. */
static void test_no_interface(void **state)
{
    (void)state;
    struct made made = {0};
    made_section(&made);
    made_packet(&made, 0, 5, 4, 4);
    check("packet", &made, "-65 memory: offset 28: a packet of interface 0, of which the section has 0\n");
    made.length = 28;
    size_t begin = made_block(&made, 3);
    made_u32(&made, 4);
    made_u32(&made, 0);
    made_end(&made, begin);
    check("simple", &made, "-65 memory: offset 28: a packet without an interface\n");
    made_free(&made);
}

/* ---- what is counted beside packets ---- */

static void statistics(struct made *made, uint32_t interface, uint64_t ifdrop, uint64_t osdrop)
{
    size_t begin = made_block(made, 5);
    made_u32(made, interface);
    made_u64(made, 0);
    if (ifdrop)
        made_option(made, 5, &ifdrop, 8);
    if (osdrop)
        made_option(made, 7, &osdrop, 8);
    made_option(made, 0, "", 0);
    made_end(made, begin);
}

static void test_counters(void **state)
{
    (void)state;
    struct made made = {0};
    made_section(&made);
    made_interface(&made, 1, 0, -1, 0);
    made_interface(&made, 1, 0, -1, 0);
    statistics(&made, 0, 5, 0);
    statistics(&made, 0, 8, 1); /* since the begin: four more */
    statistics(&made, 1, 0, 10);
    statistics(&made, 2, 100, 0); /* no such interface */
    statistics(&made, 0, 3, 0);   /* less: nothing */
    made_end(&made, made_block(&made, 0xbad));
    made_packet(&made, 1, 1, 1, 1);
    struct capture *capture;
    struct capture_batch batch;
    assert_int_equal(capture_open_memory(made.bytes, made.length, 4096, false, &capture, NULL), 0);
    do
        assert_int_equal(capture_next(capture, &batch, NULL), 0);
    while (!batch.end);
    struct capture_state counted = capture_state(capture);
    assert_int_equal(counted.dropped, 19);
    assert_int_equal(counted.skipped, 1);
    assert_int_equal(counted.records, 1);
    assert_int_equal(counted.uncompressed, made.length);
    assert_int_equal(counted.offset, made.length);
    assert_string_equal(counted.format, "pcapng");
    capture_close(capture);
    made_free(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_clocks), cmocka_unit_test(test_files),
        cmocka_unit_test(test_faults), cmocka_unit_test(test_no_interface), cmocka_unit_test(test_counters)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

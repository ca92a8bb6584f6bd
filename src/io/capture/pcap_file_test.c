#include "io/capture/capture_try.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MICRO = 0xa1b2c3d4, NANO = 0xa1b23c4d };
#define MOST 262144 /* CAPTURE_MAX_RECORD */

/* Blocks of every size about those of the headers, and some in which all fits. */
static const size_t blocks[] = {1, 3, 16, 23, 24, 25, 40, 41, 100, 4096, 1 << 20};

/* Reads in blocks of each size: what comes must not depend on it. */
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

struct record {
    uint32_t seconds, fraction, length, wire;
};

static const struct {
    const char *name;
    uint32_t magic;
    bool swapped;
    unsigned minor;
    uint32_t link;
    struct record records[4];
    size_t count, cut; /* octets taken away at the end */
    const char *want;
} files[] = {
    {"micro", MICRO, false, 4, 1, {{1, 2, 60, 60}, {3, 999999, 70, 1500}}, 2, 0,
        "1000002 1 60 60\n3999999 1 70 1500\nend\n"},
    {"micro swapped", MICRO, true, 4, 1, {{1, 2, 60, 60}, {3, 999999, 70, 1500}}, 2, 0,
        "1000002 1 60 60\n3999999 1 70 1500\nend\n"},
    {"nano", NANO, false, 4, 113, {{1, 1999, 60, 60}, {1, 999999999, 1, 1}}, 2, 0,
        "1000001 113 60 60\n1999999 113 1 1\nend\n"}, /* rounded down */
    {"nano swapped", NANO, true, 4, 276, {{1790000000, 1999, 60, 60}}, 1, 0,
        "1790000000000001 276 60 60\nend\n"},
    {"no records", MICRO, false, 4, 1, {{0}}, 0, 0, "end\n"},
    {"length of the FCS", MICRO, false, 4, 0x24000001, {{1, 0, 64, 64}}, 1, 0, "1000000 1 64 64\nend\n"},
    {"raw as BSD numbers it", MICRO, false, 4, 12, {{1, 0, 20, 20}}, 1, 0, "1000000 101 20 20\nend\n"},
    {"raw as OpenBSD numbers it", MICRO, false, 4, 14, {{1, 0, 20, 20}}, 1, 0, "1000000 101 20 20\nend\n"},
    {"a link nobody knows", MICRO, false, 4, 60000, {{1, 0, 20, 20}}, 1, 0, "1000000 60000 20 20\nend\n"},
    {"time zero, and back", MICRO, false, 4, 1, {{0, 0, 60, 60}, {9, 0, 60, 60}, {8, 0, 60, 60}}, 3, 0,
        "0 1 60 60\n9000000 1 60 60\n8000000 1 60 60\nend\n"},
    {"the last second", MICRO, false, 4, 1, {{UINT32_MAX, UINT32_MAX, 1, 1}}, 1, 0,
        "4294971589967295 1 1 1\nend\n"},
    {"empty packets", MICRO, false, 4, 1, {{1, 0, 0, 0}, {1, 0, 0, 60}}, 2, 0,
        "1000000 1 0 0\n1000000 1 0 60\nend\n"},
    {"more than on the wire", MICRO, false, 4, 1, {{1, 0, 60, 10}}, 1, 0, "1000000 1 60 60\nend\n"},
    {"wire of 4 GB", MICRO, false, 4, 1, {{1, 0, 60, UINT32_MAX}}, 1, 0, "1000000 1 60 4294967295\nend\n"},
    {"the longest", MICRO, false, 4, 1, {{1, 0, MOST, MOST}, {2, 0, 1, 1}}, 2, 0,
        "1000000 1 262144 262144\n2000000 1 1 1\nend\n"},
    {"too long", MICRO, false, 4, 1, {{1, 0, 8, 8}, {1, 0, MOST + 1, MOST + 1}}, 2, 0,
        "1000000 1 8 8\n-65 memory: offset 48: a packet that claims to be of 262145 octets\n"},
    {"cut in the octets", MICRO, false, 4, 1, {{1, 0, 8, 8}, {2, 0, 60, 60}}, 2, 1,
        "1000000 1 8 8\n-65 memory: offset 48: truncated: 75 octets of at least 76 are there\n"},
    {"cut in the header", MICRO, false, 4, 1, {{1, 0, 8, 8}, {2, 0, 60, 60}}, 2, 61,
        "1000000 1 8 8\n-65 memory: offset 48: truncated: 15 octets of at least 16 are there\n"},
    {"cut in the file's header", MICRO, false, 4, 1, {{0}}, 0, 1,
        "-65 memory: offset 0: truncated: 23 octets of at least 24 are there\n"},
    {"only a magic", MICRO, false, 4, 1, {{0}}, 0, 20,
        "-65 memory: offset 0: truncated: 4 octets of at least 24 are there\n"},
};

static void test_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct made made = {.swapped = files[i].swapped};
        made_pcap(&made, files[i].magic, files[i].minor, files[i].link);
        for (size_t j = 0; j < files[i].count; j++) {
            const struct record *record = &files[i].records[j];
            made_record(&made, record->seconds, record->fraction, record->length, record->wire);
        }
        made.length -= files[i].cut;
        check(files[i].name, &made, files[i].want);
        made_free(&made);
    }
}

/* Up to version 2.2 the two lengths stood the other way round; in 2.3 it depends on who wrote. */
static void test_old_versions(void **state)
{
    (void)state;
    for (unsigned minor = 2; minor <= 3; minor++) {
        struct made made = {0};
        made_pcap(&made, MICRO, minor, 1);
        made_record(&made, 1, 0, 60, 60);
        memcpy(made.bytes + 24 + 8, &(uint32_t){1500}, 4);
        memcpy(made.bytes + 24 + 12, &(uint32_t){60}, 4);
        check("lengths swapped", &made, "1000000 1 60 1500\nend\n");
        made_free(&made);
    }
    struct made made = {0};
    made_pcap(&made, MICRO, 3, 1);
    made_record(&made, 1, 0, 60, 1500);
    check("lengths not swapped", &made, "1000000 1 60 1500\nend\n");
    made.bytes[4] = 3;
    check("version 3", &made, "-65 memory: offset 0: pcap of version 3.3, which is not known\n");
    made_free(&made);
}

/* Kuznetzov's header has eight octets more. */
static void test_modified(void **state)
{
    (void)state;
    for (int swapped = 0; swapped < 2; swapped++) {
        struct made made = {.swapped = swapped};
        made_pcap(&made, 0xa1b2cd34, 4, 1);
        for (uint32_t i = 0; i < 2; i++) {
            made_u32(&made, 5 + i);
            made_u32(&made, 6);
            made_u32(&made, 2);
            made_u32(&made, 60);
            made_u32(&made, 77);
            made_u32(&made, 88);
            made_bytes(&made, "\1\2", 2);
        }
        check("modified", &made, "5000006 1 2 60\n6000006 1 2 60\nend\n");
        made_free(&made);
    }
}

/* More records than a batch takes, of every length, against the blocks' ends. */
static void test_many(void **state)
{
    (void)state;
    struct made made = {0};
    struct text want;
    text_start(&want);
    made_pcap(&made, MICRO, 4, 1);
    for (uint32_t i = 1; i <= 3000; i++) {
        made_record(&made, i, 0, i % 301, i);
        text_printf(&want, "%u000000 1 %u %u\n", i, i % 301, i);
    }
    text_add(&want, "end\n");
    check("many", &made, want.string);
    text_free(&want);
    made_free(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_files), cmocka_unit_test(test_old_versions),
        cmocka_unit_test(test_modified), cmocka_unit_test(test_many)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "core/dns/name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define L63 "123456789012345678901234567890123456789012345678901234567890123"
#define L61 "1234567890123456789012345678901234567890123456789012345678901"

static const struct {
    const char *text;
    unsigned length;  /* 0: refused */
    const char *back; /* NULL: the same */
} texts[] = {
    {".", 1, NULL}, {"", 0, NULL},                                     /* no name at all */
    {"..", 0, NULL},                                                   /* empty label */
    {".a.", 0, NULL},                                                  /* empty label in front */
    {"a..b.", 0, NULL},                                                /* … in the middle */
    {"a", 3, "a."},                                                    /* final dot added */
    {"a.", 3, NULL}, {"WWW.Example.", 13, NULL},                       /* case kept */
    {L63 ".", 65, NULL},                                               /* 63 octets */
    {L63 "4.", 0, NULL},                                               /* 64 */
    {L63 "." L63 "." L63 "." L61 ".", 255, NULL},                      /* 255 octets */
    {L63 "." L63 "." L63 "." L61 "2.", 0, NULL},                       /* 256 */
    {L63 "." L63 "." L63 "." L63 ".", 0, NULL}, {"a\\.b.c.", 7, NULL}, /* escaped dot */
    {"\\097\\066.", 4, "aB."},                                         /* decimal escapes that need none */
    {"\\000\\255\\127.", 5, NULL},                                     /* octets that need them */
    {"\\256.", 0, NULL},                                               /* above an octet */
    {"\\25.", 0, NULL},                                                /* two digits */
    {"\\", 0, NULL},                                                   /* nothing after it */
    {"a\\", 0, NULL}, {"\\\\.", 3, NULL}, {"\\\".", 3, NULL},
    {"a b.", 0, NULL},                            /* white space ends a name in zone text */
    {"a\\ b.", 5, "a\\032b."}, {"a;b.", 0, NULL}, /* a comment would begin */
    {"(a).", 0, NULL}, {"*.a.", 5, NULL}, {"@.", 3, "\\@."}, {"_ta-4a5c.", 10, NULL},
    {"\303\244.", 4, "\\195\\164."}, /* UTF-8 is octets */
};

static void test_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct name name = {.length = 77};
        struct err_note note = {""};
        char out[NAME_MAX_TEXT];
        int rc = name_from_text(texts[i].text, &name, &note);
        if (texts[i].length == 0) {
            assert_int_equal(rc, ERR_DATA);
            assert_int_equal(name.length, 77);
            assert_true(note.text[0]);
            continue;
        }
        if (rc)
            fail_msg("%s: %s", texts[i].text, note.text);
        assert_int_equal(name.length, texts[i].length);
        assert_string_equal(name_to_text(&name, out), texts[i].back ? texts[i].back : texts[i].text);
    }
}

/* The longest text there is: 250 octets in four labels, each as \DDD. */
static void test_longest_text(void **state)
{
    (void)state;
    struct name name = {.length = 1}, longer;
    char out[NAME_MAX_TEXT];
    uint8_t label[63];
    memset(label, 255, sizeof label);
    const size_t lengths[] = {63, 63, 63, 61};
    for (size_t i = 0; i < 4; i++) {
        assert_true(name_prepend(label, lengths[i], &name, &longer));
        name = longer;
    }
    assert_int_equal(name.length, 255);
    assert_false(name_prepend(label, 1, &name, &longer));
    assert_int_equal(strlen(name_to_text(&name, out)), 250 * 4 + 4);
    assert_int_equal(name_from_text(out, &longer, NULL), 0);
    assert_true(name_equal(&name, &longer));
}

static const struct {
    const char *what;
    const char *bytes;
    size_t length, at;
    const char *name; /* NULL: refused */
    size_t after;
} wires[] = {
    {"plain", "\1a\2bc\0z", 7, 0, "a.bc.", 6},
    {"root", "\0", 1, 0, ".", 1},
    {"empty message", "", 0, 0, NULL, 0},
    {"no end", "\1a", 2, 0, NULL, 0},
    {"label beyond the end", "\5abc", 4, 0, NULL, 0},
    {"label up to the end", "\3abc", 4, 0, NULL, 0},
    {"pointer backwards", "\1a\0\1b\300\0z", 8, 3, "b.a.", 7},
    {"pointer only", "\1a\0\300\0", 5, 3, "a.", 5},
    {"pointer into a name", "\1a\1b\0\1c\300\2", 9, 5, "c.b.", 9},
    {"pointer to a pointer", "\1a\0\300\0\1b\300\3", 9, 5, "b.a.", 9},
    {"pointer to itself", "\300\0", 2, 0, NULL, 0},
    {"pointer to its own name", "\1a\300\0", 4, 0, NULL, 0},
    {"pointer forward", "\300\2\1a\0", 5, 0, NULL, 0},
    {"pointer forward from behind", "\300\3\0\1a\300\0", 7, 3, NULL, 0},
    {"pointers in a ring", "\300\2\300\0", 4, 2, NULL, 0},
    {"pointer cut", "\1a\0\1b\300", 6, 3, NULL, 0},
    {"label type 01", "\101a\0", 3, 0, NULL, 0},
    {"label type 10", "\201a\0", 3, 0, NULL, 0},
};

static void test_wire(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wires / sizeof *wires; i++) {
        struct reader r = reader_over(wires[i].bytes, wires[i].length);
        struct name name;
        char out[NAME_MAX_TEXT];
        r.at += wires[i].at;
        name_read(&r, &name);
        if (r.bad != !wires[i].name)
            fail_msg("%s: %s", wires[i].what, r.bad ? "refused" : "taken");
        assert_string_equal(name_to_text(&name, out), wires[i].name ? wires[i].name : ".");
        if (!r.bad)
            assert_int_equal(r.at - r.start, wires[i].after);
    }
}

/* Names of 255 and 256 octets, put together by pointers; and the longest chain of pointers that a message can
 * hold. */
static void test_wire_limits(void **state)
{
    (void)state;
    uint8_t message[16384] = {0};
    for (unsigned extra = 0; extra <= 1; extra++) {
        struct name name;
        memset(message, 'x', 300);
        message[0] = 63, message[64] = 63, message[128] = 63, message[192] = 0;
        message[193] = (uint8_t)(61 + extra);
        message[193 + 62 + extra] = 0xc0;
        message[194 + 62 + extra] = 0;
        struct reader r = reader_over(message, 195 + 62 + extra);
        r.at += 193;
        name_read(&r, &name);
        assert_int_equal(r.bad, extra);
        if (!extra)
            assert_int_equal(name.length, 255);
        uint8_t flat[256];
        memcpy(flat, message + 193, 62 + extra);
        memcpy(flat + 62 + extra, message, 193);
        assert_int_equal(name_from_wire(flat, 255 + extra, &name), extra ? 0 : 255);
    }
    message[0] = 0;
    for (unsigned at = 1; at + 2 <= sizeof message; at += 2) {
        unsigned target = at == 1 ? 0 : at - 2;
        message[at] = (uint8_t)(0xc0 | target >> 8);
        message[at + 1] = (uint8_t)target;
    }
    struct name name;
    struct reader r = reader_over(message, sizeof message);
    r.at += sizeof message - 3;
    name_read(&r, &name);
    assert_false(r.bad);
    assert_int_equal(name.length, 1);
}

static void test_uncompressed(void **state)
{
    (void)state;
    struct name name;
    assert_int_equal(name_from_wire((const uint8_t *)"\1a\0rest", 7, &name), 3);
    assert_int_equal(name_from_wire((const uint8_t *)"\1a\300\0", 4, &name), 0); /* a pointer */
    assert_int_equal(name_from_wire((const uint8_t *)"\1a", 2, &name), 0);
    assert_int_equal(name_from_wire((const uint8_t *)"\5a", 2, &name), 0);
    assert_int_equal(name_from_wire((const uint8_t *)"", 0, &name), 0);
}

static struct name named(const char *text)
{
    struct name name;
    assert_int_equal(name_from_text(text, &name, NULL), 0);
    return name;
}

/* RFC 4034 §6.1, its example with two neighbours. */
static const char *const canonical[] = {".", "example.", "a.example.", "yljkjljk.a.example.", "Z.a.example.",
    "zABC.a.EXAMPLE.", "z.example.", "\\001.z.example.", "*.z.example.", "\\200.z.example.", "example2."};

static void test_order(void **state)
{
    (void)state;
    enum { COUNT = sizeof canonical / sizeof *canonical };
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = 0; j < COUNT; j++) {
            struct name a = named(canonical[i]), b = named(canonical[j]);
            int order = name_compare(&a, &b);
            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
            assert_int_equal(name_equal(&a, &b), i == j);
        }
}

/* Labels from a small alphabet that holds every kind of octet, so that many names share labels or begin
 * alike. */
static struct name random_name(unsigned *seed)
{
    static const uint8_t alphabet[] = {0, 1, 2, 'A', 'a', 'B', 'b', 'z', '@', '[', 0x7f, 0x80, 0xff};
    struct name name = {.length = 1}, longer;
    for (int labels = rand_r(seed) % 5; labels > 0; labels--) {
        uint8_t label[4];
        size_t length = 1 + (size_t)rand_r(seed) % 3;
        for (size_t i = 0; i < length; i++)
            label[i] = alphabet[(size_t)rand_r(seed) % sizeof alphabet];
        assert_true(name_prepend(label, length, &name, &longer));
        name = longer;
    }
    return name;
}

static int sign(int x)
{
    return (x > 0) - (x < 0);
}

static void test_sort_key(void **state)
{
    (void)state;
    unsigned seed = 5;
    uint8_t x[NAME_MAX_KEY], y[NAME_MAX_KEY];
    for (int i = 0; i < 200000; i++) {
        struct name a = random_name(&seed), b = random_name(&seed);
        size_t m = name_sort_key(a.wire, x), n = name_sort_key(b.wire, y), least = m < n ? m : n;
        int order = memcmp(x, y, least);
        order = order ? order : (m > n) - (m < n);
        assert_int_equal(sign(order), sign(name_compare(&a, &b)));
        assert_int_equal(name_equal(&a, &b), order == 0);
        bool below = n <= m && memcmp(x, y, n) == 0;
        assert_int_equal(name_is_below(&a, &b), below);
    }
    /* The longest key: every octet escaped. */
    struct name name = {.length = 1}, longer;
    uint8_t label[63] = {0};
    for (size_t i = 0; i < 4; i++, name = longer)
        assert_true(name_prepend(label, i < 3 ? 63 : 61, &name, &longer));
    assert_int_equal(name_sort_key(name.wire, x), 2 * 250 + 4);
}

static void test_parts(void **state)
{
    (void)state;
    struct name name = named("*.A.b."), parent, root = named("."), lowered = name;
    assert_int_equal(name_labels(&name), 3);
    assert_int_equal(name_labels(&root), 0);
    assert_true(name_parent(&name, &parent));
    assert_true(name_equal(&parent, &(struct name){5, "\1a\1b"}));
    assert_true(name_parent(&parent, &parent) && name_parent(&parent, &parent));
    assert_true(name_equal(&parent, &root));
    assert_false(name_parent(&parent, &parent));
    name_lower(&lowered);
    assert_memory_equal(lowered.wire, "\1*\1a\1b", 7);
    assert_true(name_is_below(&name, &root));
    assert_true(name_is_below(&root, &root));
    assert_false(name_is_below(&root, &name));
    struct name not_below = named("xa.b."), apex = named("a.b.");
    assert_false(name_is_below(&not_below, &apex)); /* ends alike, not at a label */
    struct name trap = named("x\\001b."), b = named("b.");
    assert_false(name_is_below(&trap, &b)); /* an octet that looks like a length */
    assert_false(name_prepend("", 0, &root, &name));
    uint8_t long_label[64] = {0};
    assert_false(name_prepend(long_label, 64, &root, &name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_longest_text),
        cmocka_unit_test(test_wire),
        cmocka_unit_test(test_wire_limits),
        cmocka_unit_test(test_uncompressed),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_sort_key),
        cmocka_unit_test(test_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

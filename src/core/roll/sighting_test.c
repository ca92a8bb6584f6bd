/* What is a signal and what only looks like one; what a cut leaves. Messages lie at the very end of heap
 * memory, so that sanitizers see a read too much. */
#include "core/roll/tally_messages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static bool read_alone(const uint8_t *bytes, size_t length, size_t wire_length, struct sighting *ret)
{
    static uint8_t *keep; /* `zone` leads into it */
    free(keep);
    keep = malloc(length ? length : 1);
    memcpy(keep, bytes, length);
    memset(ret, 0xa5, sizeof *ret);
    return sighting_read(keep, length, wire_length, ret);
}

static const char *zone_text(const struct sighting *sighting, char out[NAME_MAX_TEXT])
{
    struct name name;
    if (!sighting->zone)
        return "";
    assert_int_equal(name_from_wire(sighting->zone, sighting->zone_length, &name), sighting->zone_length);
    return name_to_text(&name, out);
}

/* ---- questions ---- */

#define SIXTY "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define FORTY_FIVE "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define TWELVE "0001-0002-0003-0004-0005-0006-0007-0008-0009-000a-000b-000c"

static const struct {
    const char *name;
    uint16_t type;
    uint8_t kind;
    const char *zone, *tags; /* of an invalid one a word of the reason */
} questions[] = {
    {"_ta-4f66.", RR_NULL, SIGHTING_TA_NULL, ".", "4f66"},
    {"_ta-4f66-9728.", RR_NULL, SIGHTING_TA_NULL, ".", "4f66-9728"},
    {"_ta-4f66.", RR_A, SIGHTING_TA_A, ".", "4f66"},
    {"_TA-4F66.Example.ORG.", RR_NULL, SIGHTING_TA_NULL, "Example.ORG.", "4f66"}, /* any zone, any case */
    {"_tA-9728-4f66.", RR_NULL, SIGHTING_TA_NULL, ".", "4f66-9728"},              /* not sorted */
    {"_ta-4f66-4f66-9728.", RR_NULL, SIGHTING_TA_NULL, ".", "4f66-9728"},         /* twice, as Unbound */
    {"_ta-" TWELVE ".", RR_NULL, SIGHTING_TA_NULL, ".", TWELVE},
    {"_ta-.", RR_NULL, SIGHTING_INVALID, ".", "no key tag"},
    {"_ta-4f6.", RR_NULL, SIGHTING_INVALID, ".", "fewer than four"},
    {"_ta-4f6.", RR_A, SIGHTING_INVALID, ".", "fewer than four"},
    {"_ta-04f66.com.", RR_NULL, SIGHTING_INVALID, "com.", "more than four"},
    {"_ta-zz66.", RR_NULL, SIGHTING_INVALID, ".", "hexadecimal"},
    {"_ta-4f66-.", RR_NULL, SIGHTING_INVALID, ".", "hyphen"},
    {"_ta-4f66_9728.", RR_NULL, SIGHTING_INVALID, ".", "more than four"},
    {"_ta-4f66.", RR_TXT, SIGHTING_NONE, "", ""}, /* other types are no signals */
    {"_ta-4f66.", RR_AAAA, SIGHTING_NONE, "", ""},
    {"_ta-4f66.", RR_NS, SIGHTING_NONE, "", ""},
    {"_ta-4f66.", 0, SIGHTING_NONE, "", ""},
    {"_ta-zz66.", RR_ANY, SIGHTING_NONE, "", ""},
    {"_ta.", RR_NULL, SIGHTING_NONE, "", ""},
    {"ta-4f66.", RR_NULL, SIGHTING_NONE, "", ""},
    {"x_ta-4f66.", RR_NULL, SIGHTING_NONE, "", ""},
    {"_ta_4f66.", RR_NULL, SIGHTING_NONE, "", ""},
    {"\\127ta-4f66.", RR_NULL, SIGHTING_NONE, "", ""}, /* one bit away from '_' */
    {"_t\\001-4f66.", RR_NULL, SIGHTING_NONE, "", ""},
    {"www._ta-4f66.", RR_NULL, SIGHTING_NONE, "", ""},       /* an inner label */
    {"_ta.-4f66.", RR_NULL, SIGHTING_NONE, "", ""},          /* its length octet is no hyphen */
    {"_ta." FORTY_FIVE ".", RR_NULL, SIGHTING_NONE, "", ""}, /* a length octet that is one */
    {".", RR_NULL, SIGHTING_NONE, "", ""},
    {".", RR_DNSKEY, SIGHTING_DNSKEY, ".", ""},
    {"Example.", RR_DNSKEY, SIGHTING_DNSKEY, "Example.", ""},
    {"_ta-4f66.", RR_DNSKEY, SIGHTING_DNSKEY, "_ta-4f66.", ""},
    {".", RR_DS, SIGHTING_NONE, "", ""},
    {"root-key-sentinel-is-ta-20326.", RR_A, SIGHTING_IS_TA, ".", "4f66"},
    {"Root-Key-Sentinel-Not-TA-38696.n.example.", RR_AAAA, SIGHTING_NOT_TA, "n.example.", "9728"},
    {"root-key-sentinel-is-ta-00042.x.", RR_A, SIGHTING_IS_TA, "x.", "002a"},
    {"root-key-sentinel-is-ta-20326.x.", RR_TXT, SIGHTING_NONE, "", ""},
    {"root-key-sentinel-is-ta-20326.x.", RR_NULL, SIGHTING_NONE, "", ""},
    {"root-key-sentinel-is-ta-2032.x.", RR_A, SIGHTING_NONE, "", ""},
    {"root-key-sentinel-is-ta-203260.x.", RR_A, SIGHTING_NONE, "", ""},
    {"root-key-sentinel-is-ta-99999.x.", RR_A, SIGHTING_NONE, "", ""},
    {"www.root-key-sentinel-is-ta-20326.x.", RR_A, SIGHTING_NONE, "", ""},
};

static void check_question(size_t i, uint16_t bits)
{
    struct test_message m;
    struct sighting sighting;
    char zone[NAME_MAX_TEXT], tags[SIGHTING_MAX_TAGS_TEXT];
    struct name name;
    assert_int_equal(name_from_text(questions[i].name, &name, NULL), 0);
    test_begin(&m, 7, bits, questions[i].name, questions[i].type);
    assert_true(read_alone(m.bytes, test_length(&m), test_length(&m), &sighting));
    sighting_tags_text(sighting.tags, sighting.tag_count, tags);
    bool invalid = questions[i].kind == SIGHTING_INVALID;
    if (sighting.kind != questions[i].kind || strcmp(zone_text(&sighting, zone), questions[i].zone) != 0 ||
        strcmp(tags, invalid ? "" : questions[i].tags) != 0)
        fail_msg("%s type %u: kind %u, zone %s, tags %s", questions[i].name, questions[i].type, sighting.kind,
            zone_text(&sighting, zone), tags);
    if (invalid ? !sighting.fault || !strstr(sighting.fault, questions[i].tags) : sighting.fault != NULL)
        fail_msg("%s: %s", questions[i].name, sighting.fault ? sighting.fault : "no fault");
    assert_int_equal(sighting.qtype, questions[i].type);
    assert_int_equal(sighting.id, 7);
    struct sighting same;
    sighting_of_question(&name, questions[i].type, &same);
    assert_int_equal(same.kind, sighting.kind);
    assert_int_equal(same.names_hash, sighting.names_hash);
    assert_int_equal(same.question_hash, sighting.question_hash);
    assert_int_equal(same.tag_count, sighting.tag_count);
    assert_string_equal(zone_text(&same, zone), questions[i].zone);
}

static void test_questions(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        check_question(i, 0);
        check_question(i, MESSAGE_QR | RCODE_NXDOMAIN); /* its answer says the same */
    }
}

/* Thirteen tags are 68 octets, more than a label has: a length octet that is none. */
static void test_thirteen_tags(void **state)
{
    (void)state;
    struct test_message m;
    struct sighting sighting;
    test_begin(&m, 7, 0, ".", RR_NULL);
    m.writer.at = m.bytes + MESSAGE_HEADER;
    writer_bytes(&m.writer, "\x44_ta-", 5);
    for (int i = 0; i < 13; i++)
        writer_bytes(&m.writer, i ? "-4f66" : "4f66", i ? 5 : 4);
    writer_bytes(&m.writer, "\0\0\12\0\1", 5);
    assert_false(read_alone(m.bytes, test_length(&m), test_length(&m), &sighting));
}

/* ---- headers ---- */

static void test_headers(void **state)
{
    (void)state;
    static const struct {
        uint16_t bits;
        uint8_t flags, rcode;
    } rows[] = {
        {0, 0, 0}, {MESSAGE_RD, SIGHTING_RD, 0}, {MESSAGE_CD | MESSAGE_AD, SIGHTING_CD, 0},
        {MESSAGE_QR | MESSAGE_TC | MESSAGE_AA, SIGHTING_RESPONSE | SIGHTING_TC, 0},
        {MESSAGE_QR | MESSAGE_RD | MESSAGE_CD | RCODE_REFUSED, SIGHTING_RESPONSE | SIGHTING_RD | SIGHTING_CD,
            5},
        {RCODE_REFUSED, 0, 0}, /* queries have none */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct test_message m;
        struct sighting sighting;
        test_begin(&m, 0x1234, rows[i].bits, "www.example.", RR_A);
        assert_true(read_alone(m.bytes, test_length(&m), test_length(&m), &sighting));
        assert_int_equal(sighting.flags, rows[i].flags);
        assert_int_equal(sighting.rcode, rows[i].rcode);
        assert_int_equal(sighting.id, 0x1234);
        assert_int_equal(sighting.udp_size, 0);
    }
}

static void refused(uint8_t *at, uint8_t value, struct test_message *m)
{
    struct sighting sighting;
    uint8_t before = *at;
    *at = value;
    assert_false(read_alone(m->bytes, test_length(m), test_length(m), &sighting));
    *at = before;
    assert_true(read_alone(m->bytes, test_length(m), test_length(m), &sighting));
}

static void test_refused(void **state)
{
    (void)state;
    struct test_message m;
    test_begin(&m, 7, 0, "_ta-4f66.", RR_NULL);
    for (unsigned opcode = 1; opcode < 16; opcode++)
        refused(m.bytes + 2, (uint8_t)(opcode << 3), &m);
    refused(m.bytes + 5, 0, &m); /* QDCOUNT */
    refused(m.bytes + 5, 2, &m);
    refused(m.bytes + 4, 1, &m);
    refused(m.bytes + test_length(&m) - 1, RR_CLASS_CH, &m);
    refused(m.bytes + test_length(&m) - 1, RR_CLASS_ANY, &m);
    refused(m.bytes + test_length(&m) - 2, 1, &m);
    refused(m.bytes + MESSAGE_HEADER, 0xc0, &m); /* a pointer */
    refused(m.bytes + MESSAGE_HEADER, 0x40, &m); /* 64 */
    refused(m.bytes + MESSAGE_HEADER, 63, &m);   /* past the end */
    refused(m.bytes + MESSAGE_HEADER + 9, 0xc0, &m);
}

/* 255 octets are a name, 256 are none. */
static void test_longest_name(void **state)
{
    (void)state;
    for (unsigned last = 60; last <= 63; last++) {
        struct test_message m;
        struct sighting sighting;
        test_begin(&m, 7, 0, ".", RR_A);
        m.writer.at = m.bytes + MESSAGE_HEADER;
        for (unsigned label = 0; label < 4; label++) {
            unsigned length = label < 3 ? 63 : last;
            writer_u8(&m.writer, (uint8_t)length);
            memset(writer_room(&m.writer, length), 'a', length);
        }
        writer_bytes(&m.writer, "\0\0\1\0\1", 5);
        assert_int_equal(read_alone(m.bytes, test_length(&m), test_length(&m), &sighting), last <= 61);
    }
}

/* ---- names without regard to case ---- */

static uint32_t names_of(const char *name)
{
    struct test_message m;
    struct sighting sighting;
    test_begin(&m, 7, 0, name, RR_A);
    assert_true(read_alone(m.bytes, test_length(&m), test_length(&m), &sighting));
    return sighting.names_hash;
}

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool same;
    } rows[] = {
        {"example.com.", "EXAMPLE.Com.", true},
        {"www.example.com.", "a.b.c.example.com.", true},
        {"com.", "COM.", true},
        {".", ".", true},
        {"a.", "b.", false},
        {"com.", "example.com.", false},
        {"example.com.", "exampld.com.", false},
        {"ab.c.", "a.bc.", false},
        {"[.x.", "{.x.", false}, /* '[' is behind 'Z', and 32 before '{' */
        {"\\064.x.", "`.x.", false},
        {"\\193.x.", "\\225.x.", false},                                          /* not ASCII */
        {"a234567890123456789.abcdefgh.", "A234567890123456789.ABCDEFGH.", true}, /* many times eight */
        {"b" SIXTY "." SIXTY ".", "a" SIXTY "." SIXTY ".", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if ((names_of(rows[i].a) == names_of(rows[i].b)) != rows[i].same)
            fail_msg("%s %s", rows[i].a, rows[i].b);
    assert_int_equal(names_of("www.example.com."), 0x8ab89f8b); /* stored: must never change */
}

static void test_question_hash(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint16_t type;
        bool same; /* as _ta-4f66.example. NULL */
    } rows[] = {{"_TA-4f66.EXAMPLE.", RR_NULL, true}, {"_ta-4f66.example.", RR_A, false},
        {"_ta-4f66.", RR_NULL, false}, {"_ta-4f67.example.", RR_NULL, false}};
    struct name name;
    struct sighting first, other;
    assert_int_equal(name_from_text("_ta-4f66.example.", &name, NULL), 0);
    sighting_of_question(&name, RR_NULL, &first);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(name_from_text(rows[i].name, &name, NULL), 0);
        sighting_of_question(&name, rows[i].type, &other);
        assert_int_equal(first.question_hash == other.question_hash, rows[i].same);
    }
}

/* ---- EDNS ---- */

#define BYTES(s) s, sizeof(s) - 1

static const struct {
    const char *options;
    size_t length;
    bool has;
    const char *tags, *fault;
} options[] = {
    {BYTES(""), false, "", NULL}, {BYTES("\0\16\0\2\x4f\x66"), true, "4f66", NULL},
    {BYTES("\0\16\0\4\x97\x28\x4f\x66"), true, "4f66-9728", NULL},                  /* any order */
    {BYTES("\0\16\0\2\x97\x28\0\16\0\4\x4f\x66\x97\x28"), true, "4f66-9728", NULL}, /* two instances */
    {BYTES("\0\12\0\3abc\0\16\0\2\x4f\x66\0\14\0\0"), true, "4f66", NULL},          /* among others */
    {BYTES("\0\12\0\3abc\0\15\0\2\x4f\x66"), false, "", NULL},                      /* 13 */
    {BYTES("\0\16\0\0"), true, "", "without a key tag"}, {BYTES("\0\16\0\1\x4f"), true, "", "odd"},
    {BYTES("\0\16\0\3\x4f\x66\x97"), true, "", "odd"},
    {BYTES("\0\16\0\2\x4f\x66\0\16\0\1\x4f"), true, "4f66", "odd"}, /* one of two is malformed: so is all */
    {BYTES("\0\16\0\4\x4f\x66"), true, "", "longer"}, {BYTES("\0\16\0"), false, "", NULL},
    {BYTES("\0\12\0\x10\0\16\0\2\x4f\x66"), false, "", NULL}, /* inside of a longer option */
};

static void check_options(const struct sighting *sighting, size_t i)
{
    char tags[SIGHTING_MAX_TAGS_TEXT];
    sighting_tags_text(sighting->option_tags, sighting->option_count, tags);
    if (sighting->has_option != options[i].has || strcmp(tags, options[i].tags) != 0)
        fail_msg("options %zu: %d %s", i, sighting->has_option, tags);
    if (options[i].fault ? !sighting->option_fault || !strstr(sighting->option_fault, options[i].fault)
                         : sighting->option_fault != NULL)
        fail_msg("options %zu: %s", i, sighting->option_fault ? sighting->option_fault : "no fault");
}

static void test_options(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        struct test_message m;
        struct sighting sighting;
        test_begin(&m, 7, 0, "example.", RR_DNSKEY);
        test_opt(&m, 1232, true, options[i].options, options[i].length);
        assert_true(read_alone(m.bytes, test_length(&m), test_length(&m), &sighting));
        check_options(&sighting, i);
        assert_int_equal(sighting.flags, SIGHTING_EDNS | SIGHTING_DO);
        assert_int_equal(sighting.udp_size, 1232);
    }
}

/* RFC 8145 §4.1, §4.2.1: it is looked at in DNSKEY queries only. */
static void test_option_elsewhere(void **state)
{
    (void)state;
    static const struct {
        uint16_t bits, type;
    } rows[] = {
        {0, RR_A}, {0, RR_NULL}, {0, RR_SOA}, {0, RR_DS}, {MESSAGE_QR, RR_DNSKEY}, {MESSAGE_QR, RR_A}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct test_message m;
        struct sighting sighting;
        test_begin(&m, 7, rows[i].bits, "_ta-4f66.example.", rows[i].type);
        test_opt(&m, 4096, false, options[1].options, options[1].length);
        assert_true(read_alone(m.bytes, test_length(&m), test_length(&m), &sighting));
        assert_false(sighting.has_option);
        assert_int_equal(sighting.option_count, 0);
    }
}

/* 64 different tags are read, also in several instances; 65 are too many. */
static void test_many_tags(void **state)
{
    (void)state;
    for (unsigned more = 0; more <= 1; more++) {
        struct test_message m;
        struct sighting sighting;
        uint8_t value[4 + 80 + 4 + 80] = {0, 14, 0, 80}, *second = value + 84;
        memcpy(second, "\0\16\0\120", 4);
        for (unsigned i = 0; i < 40; i++) { /* of the second 40, 16 (or 15) are of the first */
            bytes_put_u16(value + 4 + 2 * i, (uint16_t)(1000 - i));
            bytes_put_u16(second + 4 + 2 * i, (uint16_t)(1000 - 24 - more - i));
        }
        test_begin(&m, 7, 0, ".", RR_DNSKEY);
        test_opt(&m, 1232, true, value, sizeof value);
        assert_true(read_alone(m.bytes, test_length(&m), test_length(&m), &sighting));
        assert_true(sighting.has_option);
        assert_int_equal(sighting.option_fault != NULL, more);
        if (!more)
            assert_int_equal(sighting.option_count, 64);
        for (unsigned i = 1; !more && i < 64; i++)
            assert_true(sighting.option_tags[i - 1] < sighting.option_tags[i]);
    }
}

/* Other records around OPT; OPT where it must not be. */
static void test_opt_is_found(void **state)
{
    (void)state;
    struct test_message m;
    struct sighting sighting;
    test_begin(&m, 7, 0, "example.", RR_DNSKEY);
    test_record(&m, 3, "\xc0\x0c", 2, RR_A, 1, 0, "abcd", 4);
    test_record(&m, 3, "\1x\xc0\x0c", 4, RR_TXT, 1, 0, "\3abc", 4);
    test_opt(&m, 1400, true, options[1].options, options[1].length);
    test_record(&m, 3, "\3key", 5, 250, 255, 0, "tsig", 4);
    assert_true(read_alone(m.bytes, test_length(&m), test_length(&m), &sighting));
    assert_true(sighting.has_option);
    assert_int_equal(sighting.udp_size, 1400);

    test_begin(&m, 7, 0, "example.", RR_DNSKEY); /* a query with an answer section */
    test_record(&m, 1, "", 1, RR_OPT, 512, 0, "", 0);
    test_opt(&m, 1401, true, options[1].options, options[1].length);
    assert_true(read_alone(m.bytes, test_length(&m), test_length(&m), &sighting));
    assert_int_equal(sighting.udp_size, 1401);

    test_begin(&m, 7, 0, "example.", RR_DNSKEY); /* an owner that is not the root */
    test_record(&m, 3, "\1x", 3, RR_OPT, 512, 0, options[1].options, options[1].length);
    assert_true(read_alone(m.bytes, test_length(&m), test_length(&m), &sighting));
    assert_false(sighting.has_option);
    assert_int_equal(sighting.flags, 0);

    test_begin(&m, 7, MESSAGE_QR, "example.", RR_DNSKEY); /* answers repeat DO */
    test_record(&m, 1, "\xc0\x0c", 2, RR_DNSKEY, 1, 0, "\1\1\3\10key", 7);
    test_opt(&m, 1232, true, "", 0);
    assert_true(read_alone(m.bytes, test_length(&m), test_length(&m), &sighting));
    assert_int_equal(sighting.flags, SIGHTING_RESPONSE | SIGHTING_EDNS | SIGHTING_DO);
}

/* ARCOUNT and RDLENGTH that lie. */
static void test_lies(void **state)
{
    (void)state;
    struct test_message m;
    struct sighting sighting;
    test_begin(&m, 7, 0, "example.", RR_DNSKEY);
    m.bytes[11] = 3; /* and nothing there */
    assert_true(read_alone(m.bytes, test_length(&m), test_length(&m), &sighting));
    assert_int_equal(sighting.flags, 0);
    m.bytes[11] = 0;
    test_opt(&m, 1232, true, options[1].options, options[1].length);
    m.bytes[test_length(&m) - 7]++; /* RDLENGTH */
    assert_true(read_alone(m.bytes, test_length(&m), test_length(&m), &sighting));
    assert_false(sighting.has_option);
    assert_int_equal(sighting.flags, 0);
}

/* ---- cut by a capture ---- */

static void test_every_cut(void **state)
{
    (void)state;
    struct test_message m;
    struct sighting sighting;
    test_begin(&m, 7, MESSAGE_RD, "example.", RR_DNSKEY);
    size_t type = test_length(&m) - 2; /* its end */
    test_opt(&m, 1232, true, BYTES("\0\12\0\3abc\0\16\0\2\x4f\x66\0\16\0\2\x97\x28"));
    size_t whole = test_length(&m);
    for (size_t length = 0; length <= whole; length++) {
        bool good = read_alone(m.bytes, length, whole, &sighting);
        assert_int_equal(good, length >= type);
        assert_false(
            length < type + 2 && read_alone(m.bytes, length, length, &sighting)); /* so short it was */
        if (!good)
            continue;
        read_alone(m.bytes, length, whole, &sighting);
        size_t opt = type + 2 + 11;
        assert_int_equal(sighting.kind, SIGHTING_DNSKEY);
        assert_int_equal(sighting.flags, SIGHTING_RD | (length < whole ? SIGHTING_CUT : 0) |
                                             (length >= opt ? SIGHTING_EDNS | SIGHTING_DO : 0));
        assert_int_equal(sighting.has_option, length >= whole - 6);
        assert_int_equal(sighting.option_count, (length >= whole - 6) + (length >= whole));
        assert_null(sighting.option_fault);
    }
    m.bytes[type + 1] = RR_CLASS_CH; /* seen or not */
    assert_true(read_alone(m.bytes, type + 1, whole, &sighting));
    assert_false(read_alone(m.bytes, type + 2, whole, &sighting));
    m.bytes[type] = 1;
    assert_true(read_alone(m.bytes, type, whole, &sighting));
    assert_false(read_alone(m.bytes, type + 1, whole, &sighting));
}

/* Octets behind the message are not its own. */
static void test_wire_length(void **state)
{
    (void)state;
    struct test_message m;
    struct sighting sighting;
    test_begin(&m, 7, 0, "example.", RR_DNSKEY);
    size_t question = test_length(&m);
    test_opt(&m, 1232, true, "", 0);
    assert_true(read_alone(m.bytes, test_length(&m), question, &sighting));
    assert_int_equal(sighting.flags, 0);
    assert_false(read_alone(m.bytes, test_length(&m), question - 1, &sighting));
}

static void test_kind_names(void **state)
{
    (void)state;
    assert_null(sighting_kind_name(SIGHTING_NONE));
    assert_null(sighting_kind_name(SIGHTING_KINDS));
    assert_string_equal(sighting_kind_name(SIGHTING_TA_NULL), "ta-null");
    assert_string_equal(sighting_kind_name(SIGHTING_REASSEMBLY), "reassembly");
    for (int i = 1; i < SIGHTING_KINDS; i++)
        for (int j = 1; j < i; j++)
            assert_string_not_equal(sighting_kind_name(i), sighting_kind_name(j));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_questions), cmocka_unit_test(test_thirteen_tags),
        cmocka_unit_test(test_headers), cmocka_unit_test(test_refused), cmocka_unit_test(test_longest_name),
        cmocka_unit_test(test_names), cmocka_unit_test(test_question_hash), cmocka_unit_test(test_options),
        cmocka_unit_test(test_option_elsewhere), cmocka_unit_test(test_many_tags),
        cmocka_unit_test(test_opt_is_found), cmocka_unit_test(test_lies), cmocka_unit_test(test_every_cut),
        cmocka_unit_test(test_wire_length), cmocka_unit_test(test_kind_names)};
    return cmocka_run_group_tests_name("sighting", tests, NULL, NULL);
}

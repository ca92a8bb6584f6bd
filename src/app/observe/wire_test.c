/* Links, IP, UDP and ICMP, each by a table. */
#include "app/observe/wire_try.h"
#include "base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static struct try_packet packet;
static struct try_said said;

#define FOUR "192.0.2.1", "192.0.2.53"
#define SIX "2001:db8::1", "2001:db8::53"

static struct wire *fresh(void)
{
    struct wire_sink sink = try_sink(&said);
    try_forget(&said);
    said.with_ends = false;
    struct wire *wire = wire_new(NULL, 0, 1, &sink);
    assert_non_null(wire);
    return wire;
}

static const char *take(struct wire *wire, const struct try_packet *one)
{
    try_forget(&said);
    try_take(wire, one);
    return said.text;
}

/* ---- links ---- */

#define MACS "\1\2\3\4\5\6\7\10\11\12\13\14"

static const struct {
    const char *name;
    uint16_t link;
    const char *four, *six; /* headers before IPv4 and IPv6; NULL: none of those */
    size_t length;
    const char *want; /* NULL: the message */
} links[] = {
    {"ethernet", 1, MACS "\x08\0", MACS "\x86\xdd", 14, NULL},
    {"ethernet, some other type", 1, MACS "\x08\6", MACS "\x88\xcc", 14, "not ip"},
    {"vlan", 1, MACS "\x81\0\0\7\x08\0", MACS "\x81\0\0\7\x86\xdd", 18, NULL},
    {"qinq", 1, MACS "\x88\xa8\0\7\x81\0\0\7\x08\0", MACS "\x88\xa8\0\7\x81\0\0\7\x86\xdd", 22, NULL},
    {"qinq, old", 1, MACS "\x91\0\0\7\x81\0\0\7\x08\0", MACS "\x92\0\0\7\x81\0\0\7\x86\xdd", 22, NULL},
    {"three tags", 1, MACS "\x81\0\0\7\x81\0\0\7\x81\0\0\7\x08\0",
        MACS "\x81\0\0\7\x81\0\0\7\x81\0\0\7\x86\xdd", 26, NULL},
    {"mpls", 1, MACS "\x88\x47\0\1\0\x40\0\1\1\x40", MACS "\x88\x48\0\1\0\x40\0\1\1\x40", 22, NULL},
    {"pppoe, other code", 1, MACS "\x88\x64\x11\x09\0\1\0\0", MACS "\x88\x63\x11\x09\0\1\0\0", 20, "not ip"},
    {"null, little", 0, "\2\0\0\0", "\x1e\0\0\0", 4, NULL},
    {"null, big", 0, "\0\0\0\2", "\0\0\0\x18", 4, NULL},
    {"null, freebsd", 0, "\2\0\0\0", "\x1c\0\0\0", 4, NULL},
    {"null, linux", 0, "\2\0\0\0", "\x0a\0\0\0", 4, NULL},
    {"null, appletalk", 0, "\x10\0\0\0", "\0\0\0\x10", 4, "not ip"},
    {"null, no family at all", 0, "\2\0\0\2", "\0\2\0\0", 4, "not ip"},
    {"loop", 108, "\0\0\0\2", "\0\0\0\x18", 4, NULL},
    {"ppp", 9, "\0\x21", "\0\x57", 2, NULL},
    {"ppp with address", 9, "\xff\3\0\x21", "\xff\3\0\x57", 4, NULL},
    {"ppp with compressed protocol", 9, "\x21", "\x57", 1, NULL},
    {"ppp with address and compressed protocol", 9, "\xff\3\x21", "\xff\3\x57", 3, NULL},
    {"ppp, lcp", 9, "\xc0\x21", "\x80\x21", 2, "not ip"},
    {"ppp as of 50", 50, "\xff\3\0\x21", "\xff\3\0\x57", 4, NULL},
    {"raw", 101, "", "", 0, NULL},
    {"raw of BSD/OS", 12, "", "", 0, NULL},
    {"raw of OpenBSD", 14, "", "", 0, NULL},
    {"ipv4", 228, "", NULL, 0, NULL},
    {"ipv6", 229, NULL, "", 0, NULL},
    {"sll2", 276, "\x08\0\0\0\0\0\0\1\0\1\0\6\1\2\3\4\5\6\0\0",
        "\x86\xdd\0\0\0\0\0\1\0\1\0\6\1\2\3\4\5\6\0\0", 20, NULL},
    {"sll", 113, "\0\0\0\1\0\6\1\2\3\4\5\6\0\0\x08\0", "\0\4\0\1\0\6\1\2\3\4\5\6\0\0\x86\xdd", 16, NULL},
    {"sll with a tag", 113, "\0\0\0\1\0\6\1\2\3\4\5\6\0\0\x81\0\0\5\x08\0",
        "\0\0\0\1\0\6\1\2\3\4\5\6\0\0\x81\0\0\5\x86\xdd", 20, NULL},
    {"sll2 with a tag", 276, "\x81\0\0\0\0\0\0\1\0\1\0\6\1\2\3\4\5\6\0\0\0\5\x08\0",
        "\x81\0\0\0\0\0\0\1\0\1\0\6\1\2\3\4\5\6\0\0\0\5\x86\xdd", 24, NULL},
    {"a link nobody knows", 60000, "", "", 0, "unknown link"},
};

static const char *where(const struct wire *wire)
{
    struct wire_counters now = wire_counters(wire);
    return now.unknown_link ? "unknown link"
           : now.not_ip     ? "not ip"
           : now.malformed  ? "malformed"
           : now.cut        ? "cut"
           : now.other      ? "other"
                            : "";
}

static void each_link_leads_to_ip(void **state)
{
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        for (int six = 0; six < 2; six++) {
            const char *head = six ? links[i].six : links[i].four;
            if (!head)
                continue;
            struct wire *wire = fresh();
            said.with_ends = true;
            if (six)
                try_ask(&packet, SIX, 7);
            else
                try_ask(&packet, FOUR, 7);
            try_put(&packet, head, links[i].length);
            packet.link = links[i].link;
            const char *got = take(wire, &packet);
            const char *want =
                six ? "u7[2001:db8::1#1000>2001:db8::53#53]" : "u7[192.0.2.1#1000>192.0.2.53#53]";
            if (strcmp(got, links[i].want ? "" : want) != 0 ||
                strcmp(where(wire), links[i].want ? links[i].want : "") != 0)
                fail_msg("%s, %s: \"%s\", %s", links[i].name, six ? "IPv6" : "IPv4", got, where(wire));
            /* Every cut of the headers: no message, and a reason. */
            for (size_t snap = 0; snap < links[i].length + (six ? 48 : 28); snap++) {
                struct wire_counters before = wire_counters(wire), after;
                packet.snap = snap ? snap : 1;
                assert_string_equal(take(wire, &packet), "");
                after = wire_counters(wire);
                assert_int_equal(before.cut + before.not_ip + before.unknown_link + 1,
                    after.cut + after.not_ip + after.unknown_link);
            }
            wire_free(wire);
        }
    }
}

static void pppoe_ends_where_it_says(void **state)
{
    static const struct {
        int more;
        const char *want;
    } table[] = {{0, "u7"}, {1, ""}, {-1, ""}, {-60, ""}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        for (int bare = 0; bare < 2; bare++) {
            struct wire *wire = fresh();
            try_ask(&packet, FOUR, 7);
            try_put(&packet, "\0\x21", 2);
            unsigned length = (unsigned)((int)packet.length + table[i].more);
            try_put_u16(&packet, length & 0xffff);
            try_put(&packet, "\x11\0\0\1", 4);
            if (!bare)
                try_put(&packet, MACS "\x88\x64", 14);
            packet.link = bare ? CAPTURE_LINK_PPP_ETHER : CAPTURE_LINK_ETHERNET;
            assert_string_equal(take(wire, &packet), table[i].want);
            wire_free(wire);
        }
    }
}

static void tags_without_end_are_given_up(void **state)
{
    struct wire *wire = fresh();
    try_ask(&packet, FOUR, 7);
    try_put(&packet, "\x08\0", 2);
    for (int i = 0; i < 40; i++)
        try_put(&packet, "\x81\0\0\7", 4);
    try_put(&packet, MACS, 12);
    packet.link = CAPTURE_LINK_ETHERNET;
    assert_string_equal(take(wire, &packet), "");
    assert_int_equal(wire_counters(wire).not_ip, 1);
    wire_free(wire);
}

/* ---- IP and UDP ---- */

/* A change of one or two octets of a packet, IPv4 or IPv6 as `six` says, and what becomes of it. */
static const struct {
    const char *name;
    bool six;
    int at, value, at2, value2;
    const char *want, *why;
} changes[] = {
    {"as it is", false, 0, 0x45, 0, 0x45, "u7", ""},
    {"don't fragment", false, 6, 0x40, 0, 0x45, "u7", ""},
    {"reserved bit", false, 6, 0x80, 0, 0x45, "u7", ""},
    {"header of 16", false, 0, 0x44, 0, 0x44, "", "malformed"},
    {"header beyond the total", false, 3, 19, 0, 0x45, "", "malformed"},
    {"total one too long", false, 3, 56, 0, 0x45, "", "malformed"},
    {"total of 0: the card segments", false, 3, 0, 0, 0x45, "u7", ""},
    {"total one too short", false, 3, 54, 0, 0x45, "", "malformed"},
    {"another version", false, 0, 0x55, 0, 0x55, "", "not ip"},
    {"sctp", false, 9, 132, 0, 0x45, "", "other"},
    {"icmp6 in ipv4", false, 9, 58, 0, 0x45, "", "other"},
    {"udp longer than ip", false, 25, 36, 0, 0x45, "", "malformed"},
    {"udp shorter than ip: the rest is padding", false, 25, 34, 0, 0x45, "u7", ""},
    {"udp of its header alone", false, 25, 8, 0, 0x45, "u", ""},
    {"udp of less than its header", false, 25, 7, 0, 0x45, "", "malformed"},
    {"udp of 0", false, 25, 0, 0, 0x45, "", "malformed"},
    {"udp of 0 where the card segments", false, 25, 0, 3, 0, "u7", ""},
    {"another port", false, 23, 54, 0, 0x45, "", "other"},
    {"from our port", false, 23, 54, 21, 53, "", "other"},
    {"six as it is", true, 0, 0x60, 0, 0x60, "u7", ""},
    {"six, one too long", true, 5, 36, 0, 0x60, "", "malformed"},
    {"six, one too short", true, 5, 34, 0, 0x60, "", "malformed"},
    {"six, no length: the card segments", true, 5, 0, 0, 0x60, "u7", ""},
    {"six, no next header", true, 6, 59, 0, 0x60, "", "other"},
    {"six, encrypted", true, 6, 50, 0, 0x60, "", "other"},
    {"six, icmp of four", true, 6, 1, 0, 0x60, "", "other"},
};

static void lengths_that_lie_are_told(void **state)
{
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct wire *wire = fresh();
        if (changes[i].six)
            try_ask(&packet, SIX, 7);
        else
            try_ask(&packet, FOUR, 7);
        packet.at[changes[i].at] = (uint8_t)changes[i].value;
        packet.at[changes[i].at2] = (uint8_t)changes[i].value2;
        const char *got = take(wire, &packet);
        if (strcmp(got, changes[i].want) != 0 || strcmp(where(wire), changes[i].why) != 0)
            fail_msg("%s: \"%s\", \"%s\"", changes[i].name, got, where(wire));
        wire_free(wire);
    }
}

static void padding_is_no_payload(void **state)
{
    uint8_t padding[40] = {0};
    struct wire *wire = fresh();
    /* UDP: wire_length is that of the message. */
    try_ask(&packet, FOUR, 7);
    try_tail(&packet, padding, sizeof padding);
    assert_string_equal(take(wire, &packet), "u7");
    /* TCP: an acknowledgement with padding is no data, and does not shift what comes. */
    uint8_t query[2 + TRY_QUERY] = {0, TRY_QUERY};
    try_query(query + 2, 8, 0);
    for (int step = 0; step < 2; step++) {
        try_begin(&packet, FOUR);
        if (step)
            try_put(&packet, query, sizeof query);
        try_tcp(&packet, 1000, 53, 100, 0x10);
        try_ip(&packet, 6);
        try_tail(&packet, padding, 6);
        assert_string_equal(take(wire, &packet), step ? "t8" : "");
    }
    wire_free(wire);
}

static void options_and_headers_are_stepped_over(void **state)
{
    static const struct {
        const char *name, *bytes; /* the first octet of each header is filled in */
        size_t length;
        unsigned protocol;
        const char *want, *why;
    } headers[] = {
        {"hop by hop", "\x11\0\1\4\0\0\0\0", 8, 0, "u7", ""},
        {"routing",
            "\x11\2\0\0"
            "12345678901234567890",
            24, 43, "u7", ""},
        {"destination", "\x11\0\1\4\0\0\0\0", 8, 60, "u7", ""},
        {"authentication",
            "\x11\4\0\0"
            "12345678901234567890",
            24, 51, "u7", ""},
        {"mobility", "\x11\0\0\0\0\0\0\0", 8, 135, "u7", ""},
        {"atomic fragment", "\x11\0\0\0\1\2\3\4", 8, 44, "u7", ""},
        {"three of them", "\x3c\0\1\4\0\0\0\0\x2c\0\1\4\0\0\0\0\x11\0\0\0\1\2\3\4", 24, 0, "u7", ""},
        {"longer than the packet", "\x11\xff\0\0\0\0\0\0", 8, 0, "", "malformed"},
        {"nothing next", "\x3b\0\0\0\0\0\0\0", 8, 60, "", "other"},
        {"an end in the middle", "\x3c\0\0\0", 4, 0, "", "malformed"},
    };
    struct wire *wire;
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        uint8_t query[TRY_QUERY];
        wire = fresh();
        try_begin(&packet, SIX);
        if (headers[i].length >= 8) {
            try_put(&packet, query, try_query(query, 7, 0));
            try_udp(&packet, 1000, 53);
        }
        try_put(&packet, headers[i].bytes, headers[i].length);
        try_ip(&packet, headers[i].protocol);
        const char *got = take(wire, &packet);
        if (strcmp(got, headers[i].want) != 0 || strcmp(where(wire), headers[i].why) != 0)
            fail_msg("%s: \"%s\", \"%s\"", headers[i].name, got, where(wire));
        wire_free(wire);
    }
}

static void longest_headers(void **state)
{
    struct wire *wire = fresh(); /* without end */
    try_begin(&packet, SIX);
    for (int i = 0; i < 2000; i++)
        try_put(&packet, "\0\0\0\0\0\0\0\0", 8);
    try_ip(&packet, 0);
    assert_string_equal(take(wire, &packet), "");
    assert_string_equal(where(wire), "malformed");
    wire_free(wire);

    wire = fresh(); /* IPv4 with 40 octets of options */
    try_ask(&packet, FOUR, 7);
    uint8_t head[60] = {0};
    memcpy(head, packet.at, 20);
    head[0] = 0x4f;
    head[3] = (uint8_t)(packet.length + 40);
    packet.at += 20;
    packet.length -= 20;
    try_put(&packet, head, sizeof head);
    assert_string_equal(take(wire, &packet), "u7");
    wire_free(wire);
}

static void a_snap_length_cuts_messages(void **state)
{
    struct wire *wire = fresh();
    try_ask(&packet, FOUR, 7);
    for (size_t snap = 30; snap < 55; snap++) {
        char want[32];
        packet.snap = snap;
        snprintf(want, sizeof want, "u7(%zu/27)", snap - 28);
        assert_string_equal(take(wire, &packet), want);
    }
    packet.snap = 28;
    assert_string_equal(take(wire, &packet), "u(0/27)");
    wire_free(wire);
}

static void only_ports_of_the_server_count(void **state)
{
    static const uint16_t ports[] = {5300, 53, 65535};
    static const struct {
        unsigned source, destination;
        bool ours;
    } table[] = {
        {1, 5300, true}, {5300, 1, true}, {1, 53, true}, {65535, 1, true}, {1, 2, false}, {5301, 54, false}};
    struct wire_sink sink = try_sink(&said);
    try_forget(&said);
    struct wire *wire = wire_new(ports, 3, 1, &sink);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        uint8_t query[2 + TRY_QUERY] = {0, TRY_QUERY};
        try_query(query + 2, 7, 0);
        for (int tcp = 0; tcp < 2; tcp++) {
            try_begin(&packet, FOUR);
            try_put(&packet, query + (tcp ? 0 : 2), sizeof query - (tcp ? 0 : 2));
            if (tcp)
                try_tcp(&packet, table[i].source, table[i].destination, 5, 0x18);
            else
                try_udp(&packet, table[i].source, table[i].destination);
            try_ip(&packet, tcp ? 6 : 17);
            assert_string_equal(take(wire, &packet), !table[i].ours ? "" : tcp ? "t7" : "u7");
        }
    }
    assert_int_equal(wire_counters(wire).other, 4);
    wire_free(wire);
}

/* ---- ICMP ---- */

enum about { ANSWER, QUERY, OTHER_PORT, LATER, FIRST, OVER_TCP, SCTP, EXTENDED };

static void quote(enum about about, bool six, size_t octets)
{
    static struct try_packet whole;
    uint8_t query[200];
    size_t length = try_query(query, 7, 60);
    try_begin(&whole, six ? "2001:db8::53" : "192.0.2.53", six ? "2001:db8::1" : "192.0.2.1");
    try_put(&whole, query, length);
    if (about == OVER_TCP)
        try_tcp(&whole, 53, 1000, 9, 0x10);
    else
        try_udp(&whole,
            about == ANSWER || about == FIRST || about == LATER || about == EXTENDED ? 53
            : about == QUERY                                                         ? 1000
                                                                                     : 80,
            about == QUERY ? 53 : 1000);
    unsigned protocol = about == OVER_TCP ? 6 : about == SCTP ? 132 : 17;
    if (about == FIRST || about == LATER) {
        try_fragment(&packet, &whole, protocol, 4711, about == LATER ? 16 : 0,
            about == LATER ? whole.length : 64, about == FIRST);
    } else {
        if (about == EXTENDED && six) {
            try_put(&whole, (uint8_t[]){17, 0, 0, 0, 0, 0, 0, 1}, 8);
            try_put(&whole, (uint8_t[]){44, 0, 1, 4, 0, 0, 0, 0}, 8);
            protocol = 60;
        }
        try_ip(&whole, protocol);
        try_begin(&packet, whole.source, whole.destination);
        try_put(&packet, whole.at, whole.length);
    }
    if (octets && packet.length > octets)
        packet.length = octets;
}

static const struct {
    int type, code;
    bool six;
    enum about about;
    size_t octets; /* of the packet that is quoted; 0: all */
    const char *want;
} about_what[] = {
    {3, 4, false, ANSWER, 0, "big 192.0.2.1"},
    {3, 4, false, ANSWER, 28, "big 192.0.2.1"},
    {3, 4, false, ANSWER, 22, "big 192.0.2.1"},
    {3, 4, false, ANSWER, 21, ""},
    {3, 4, false, ANSWER, 19, ""},
    {11, 1, false, FIRST, 28, "late 192.0.2.1"},
    {11, 1, false, LATER, 28, "late 192.0.2.1"},
    {3, 4, false, OVER_TCP, 28, "big 192.0.2.1"},
    {3, 4, false, QUERY, 0, ""},
    {3, 4, false, OTHER_PORT, 0, ""},
    {3, 4, false, SCTP, 0, ""},
    {3, 3, false, ANSWER, 0, ""},
    {3, 1, false, ANSWER, 0, ""},
    {11, 0, false, ANSWER, 0, ""},
    {5, 1, false, ANSWER, 0, ""},
    {8, 4, false, ANSWER, 0, ""},
    {2, 0, false, ANSWER, 0, ""},
    {2, 0, true, ANSWER, 0, "big 2001:db8::1"},
    {2, 7, true, ANSWER, 48, "big 2001:db8::1"},
    {2, 0, true, OVER_TCP, 48, "big 2001:db8::1"},
    {2, 0, true, EXTENDED, 0, "big 2001:db8::1"},
    {2, 0, true, EXTENDED, 58, "big 2001:db8::1"},
    {2, 0, true, EXTENDED, 56, ""},
    {2, 0, true, QUERY, 0, ""},
    {3, 1, true, FIRST, 0, "late 2001:db8::1"},
    {3, 1, true, LATER, 48, "late 2001:db8::1"},
    {3, 1, true, SCTP, 0, ""},
    {3, 0, true, FIRST, 0, ""},
    {1, 4, true, ANSWER, 0, ""},
    {4, 0, true, ANSWER, 0, ""},
    {128, 0, true, ANSWER, 0, ""},
    {3, 4, true, ANSWER, 0, ""},
};

static void errors_about_answers_are_told(void **state)
{
    for (size_t i = 0; i < sizeof about_what / sizeof *about_what; i++) {
        struct wire *wire = fresh();
        quote(about_what[i].about, about_what[i].six, about_what[i].octets);
        try_put(&packet, "\0\0\0\0\5\0", 6);
        try_put_u16(&packet, (unsigned)(about_what[i].type << 8 | about_what[i].code));
        packet.source = about_what[i].six ? "2001:db8:ffff::1" : "203.0.113.1"; /* a router */
        packet.destination = about_what[i].six ? "2001:db8::53" : "192.0.2.53";
        try_ip(&packet, about_what[i].six ? 58 : 1);
        const char *got = take(wire, &packet);
        if (strcmp(got, about_what[i].want) != 0)
            fail_msg("%d/%d, line %zu: \"%s\", not \"%s\"", about_what[i].type, about_what[i].code, i, got,
                about_what[i].want);
        struct wire_counters now = wire_counters(wire);
        assert_int_equal(now.messages, 0);
        assert_int_equal(now.icmp_too_big, strncmp(got, "big", 3) == 0);
        assert_int_equal(now.icmp_reassembly, strncmp(got, "late", 4) == 0);
        wire_free(wire);
    }
}

/* What a packet says by itself; what needs others, or is no message, is left to the whole wire. */
static void a_plain_wire_tells_udp_alone(void **state)
{
    struct wire_sink sink = try_sink(&said);
    struct wire *plain = wire_new_plain(NULL, 0, &sink), *wire = fresh();
    struct try_packet part;
    uint8_t query[TRY_QUERY];
    assert_non_null(plain);
    try_ask(&packet, FOUR, 7);
    assert_string_equal(take(plain, &packet), "u7");
    try_ask(&packet, SIX, 8);
    assert_string_equal(take(plain, &packet), "u8");
    for (int is_tcp = 0; is_tcp < 2; is_tcp++) {
        size_t length = try_query(query, 9, 0);
        try_begin(&packet, FOUR);
        try_put(&packet, query, length);
        if (is_tcp) {
            try_put_u16(&packet, (unsigned)length);
            try_tcp(&packet, 1000, 53, 1, 2);
            try_ip(&packet, 6);
            assert_string_equal(take(plain, &packet), "");
            assert_string_equal(take(wire, &packet), "t9");
            continue;
        }
        try_udp(&packet, 1000, 53);
        for (size_t i = 0; i < 2; i++) {
            try_fragment(&part, &packet, 17, 1, i ? 16 : 0, i ? packet.length : 16, !i);
            assert_string_equal(take(plain, &part), "");
            assert_string_equal(take(wire, &part), i ? "u9" : "");
        }
    }
    struct wire_counters before = wire_counters(wire);
    wire_told(wire, 3, 1);
    struct wire_counters after = wire_counters(wire);
    assert_true(after.packets == before.packets + 3 && after.messages == before.messages + 3);
    assert_true(after.cut == before.cut + 1);
    wire_free(plain);
    wire_free(wire);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_link_leads_to_ip),
        cmocka_unit_test(pppoe_ends_where_it_says),
        cmocka_unit_test(tags_without_end_are_given_up),
        cmocka_unit_test(lengths_that_lie_are_told),
        cmocka_unit_test(padding_is_no_payload),
        cmocka_unit_test(options_and_headers_are_stepped_over),
        cmocka_unit_test(longest_headers),
        cmocka_unit_test(a_snap_length_cuts_messages),
        cmocka_unit_test(only_ports_of_the_server_count),
        cmocka_unit_test(errors_about_answers_are_told),
        cmocka_unit_test(a_plain_wire_tells_udp_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

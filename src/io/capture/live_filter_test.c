/* The filter of live captures, on packets made by hand, for each link type. */
#include "io/capture/live.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct packet {
    size_t length;
    uint8_t bytes[256];
};

static void put(struct packet *p, const void *bytes, size_t length)
{
    assert_true(length <= sizeof p->bytes - p->length);
    memcpy(p->bytes + p->length, bytes, length);
    p->length += length;
}

static void put_u16(struct packet *p, unsigned value)
{
    put(p, (uint8_t[]){(uint8_t)(value >> 8), (uint8_t)value}, 2);
}

/* What lies behind the link layer. */
enum inside {
    UDP4,
    UDP4_ANSWER,
    TCP4,
    UDP4_SECOND_PORT,
    UDP6,
    TCP6_ANSWER,
    FIRST_FRAGMENT4,
    LATER_FRAGMENT4,
    FRAGMENT6,
    HOPS6,
    UNREACHABLE4,
    EXCEEDED4,
    TOO_BIG6,
    WANTED, /* those before are */
    UDP4_OTHER = WANTED,
    UDP6_OTHER,
    SCTP4,
    ECHO4,
    ECHO6,
    NEIGHBOUR6,
    ALL,
};

static void put_ip4(struct packet *p, unsigned protocol, unsigned fragment)
{
    put(p, "\x45\x00\x00\x40\x12\x34", 6);
    put_u16(p, fragment);
    put(p, (uint8_t[]){64, (uint8_t)protocol, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2}, 12);
}

static void put_ip6(struct packet *p, unsigned next)
{
    static const uint8_t addresses[32] = {0x20, 1, 0xd, 0xb8, [15] = 1, [16] = 0x20, 1, 0xd, 0xb8, [31] = 2};
    put(p, "\x60\x00\x00\x00\x00\x28", 6);
    put(p, (uint8_t[]){(uint8_t)next, 64}, 2);
    put(p, addresses, sizeof addresses);
}

static void put_ports(struct packet *p, unsigned from, unsigned to)
{
    static const uint8_t rest[28];
    put_u16(p, from);
    put_u16(p, to);
    put(p, rest, sizeof rest);
}

static void put_inside(struct packet *p, enum inside inside)
{
    static const struct {
        bool v6;
        uint8_t protocol;
        uint16_t fragment, first, second; /* the first four octets of what follows */
    } all[ALL] = {
        [UDP4] = {false, 17, 0, 40000, 53},
        [UDP4_ANSWER] = {false, 17, 0x4000, 53, 40000}, /* "don't fragment" is no fragment */
        [TCP4] = {false, 6, 0, 40000, 53},
        [UDP4_SECOND_PORT] = {false, 17, 0, 5353, 40000},
        [UDP6] = {true, 17, 0, 40000, 53},
        [TCP6_ANSWER] = {true, 6, 0, 53, 40000},
        [FIRST_FRAGMENT4] = {false, 17, 0x2000, 53, 40000},
        [LATER_FRAGMENT4] = {false, 17, 0x00b9, 1, 2},
        [FRAGMENT6] = {true, 44, 0, 17, 1},
        [HOPS6] = {true, 0, 0, 17 << 8, 0},
        [UNREACHABLE4] = {false, 1, 0, 0x0304, 0},
        [EXCEEDED4] = {false, 1, 0, 0x0b01, 0},
        [TOO_BIG6] = {true, 58, 0, 0x0200, 0},
        [UDP4_OTHER] = {false, 17, 0, 40000, 54},
        [UDP6_OTHER] = {true, 17, 0, 54, 40000},
        [SCTP4] = {false, 132, 0, 40000, 53},
        [ECHO4] = {false, 1, 0, 0x0800, 53},
        [ECHO6] = {true, 58, 0, 0x8000, 53},
        [NEIGHBOUR6] = {true, 58, 0, 0x8700, 53},
    };
    if (all[inside].v6)
        put_ip6(p, all[inside].protocol);
    else
        put_ip4(p, all[inside].protocol, all[inside].fragment);
    put_ports(p, all[inside].first, all[inside].second);
}

static bool is_v6(enum inside inside)
{
    struct packet p = {0};
    put_inside(&p, inside);
    return p.bytes[0] >> 4 == 6;
}

/* ---- link layers ---- */

static void put_ethernet(struct packet *p, const uint16_t *tags, bool pppoe, bool v6)
{
    static const uint8_t addresses[12] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
    put(p, addresses, sizeof addresses);
    for (; *tags; tags++) {
        put_u16(p, *tags);
        put_u16(p, 100); /* the VLAN */
    }
    put_u16(p, pppoe ? 0x8864 : v6 ? 0x86dd : 0x0800);
    if (pppoe) {
        put(p, "\x11\x00\x00\x01\x00\x42", 6);
        put_u16(p, v6 ? 0x0057 : 0x0021);
    }
}

static void put_link(struct packet *p, int dlt, bool v6)
{
    static const uint8_t zeros[20];
    static const uint16_t none[] = {0};
    switch (dlt) {
    case DLT_EN10MB:
        put_ethernet(p, none, false, v6);
        break;
    case DLT_LINUX_SLL:
        put(p, zeros, 14);
        put_u16(p, v6 ? 0x86dd : 0x0800);
        break;
    case DLT_LINUX_SLL2:
        put_u16(p, v6 ? 0x86dd : 0x0800);
        put(p, zeros, 18);
        break;
    case DLT_PPP:
        put(p, "\xff\x03", 2);
        put_u16(p, v6 ? 0x0057 : 0x0021);
        break;
    default: /* raw */
        break;
    }
}

/* ---- tests ---- */

struct filter {
    pcap_t *pcap;
    struct bpf_program program;
};

static struct filter make(int dlt)
{
    static const uint16_t ports[] = {53, 5353};
    struct filter filter = {.pcap = pcap_open_dead(dlt, 65536)};
    struct err_note note = {""};
    assert_non_null(filter.pcap);
    if (live_filter(filter.pcap, ports, 2, &filter.program, &note) != 0)
        fail_msg("%s", note.text);
    return filter;
}

static void unmake(struct filter *filter)
{
    free(filter->program.bf_insns);
    pcap_close(filter->pcap);
}

static void assert_passes(const struct filter *filter, const struct packet *p, bool want, enum inside inside)
{
    const struct pcap_pkthdr header = {.caplen = (bpf_u_int32)p->length, .len = (bpf_u_int32)p->length};
    bool passes = pcap_offline_filter(&filter->program, &header, p->bytes) != 0;
    if (passes != want)
        fail_msg("packet %d %s", inside, passes ? "passes" : "does not pass");
}

static void test_link_types(void **state)
{
    static const int dlts[] = {DLT_EN10MB, DLT_LINUX_SLL, DLT_LINUX_SLL2, DLT_PPP, DLT_RAW};
    for (size_t i = 0; i < sizeof dlts / sizeof *dlts; i++) {
        struct filter filter = make(dlts[i]);
        for (enum inside inside = 0; inside < ALL; inside++) {
            struct packet p = {0};
            put_link(&p, dlts[i], is_v6(inside));
            put_inside(&p, inside);
            assert_passes(&filter, &p, inside < WANTED, inside);
        }
        unmake(&filter);
    }
}

static void test_tags_and_pppoe(void **state)
{
    static const uint16_t tags[][3] = {
        {0}, {0x8100}, {0x88a8}, {0x8100, 0x8100}, {0x88a8, 0x8100}, {0x9100, 0x8100}};
    struct filter filter = make(DLT_EN10MB);
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        for (unsigned pppoe = 0; pppoe < 2; pppoe++)
            for (enum inside inside = 0; inside < ALL; inside++) {
                struct packet p = {0};
                put_ethernet(&p, tags[i], pppoe, is_v6(inside));
                put_inside(&p, inside);
                assert_passes(&filter, &p, inside < WANTED, inside);
            }
    unmake(&filter);
}

static void test_no_ip(void **state)
{
    static const uint16_t none[] = {0};
    struct filter filter = make(DLT_EN10MB);
    struct packet p = {0};
    put_ethernet(&p, none, false, false);
    put_inside(&p, UDP4);
    p.bytes[13] = 6; /* ARP */
    assert_passes(&filter, &p, false, UDP4);
    for (p.length = 0; p.length < 14; p.length++)
        assert_passes(&filter, &p, false, UDP4);
    unmake(&filter);
}

/* The most ports still make a program that the kernel takes (4096 steps). */
static void test_most_ports(void **state)
{
    uint16_t ports[LIVE_MAX_PORTS];
    for (unsigned i = 0; i < LIVE_MAX_PORTS; i++)
        ports[i] = (uint16_t)(1000 + 37 * i);
    struct filter filter = {.pcap = pcap_open_dead(DLT_EN10MB, 65536)};
    assert_int_equal(live_filter(filter.pcap, ports, LIVE_MAX_PORTS, &filter.program, NULL), 0);
    print_message("%u ports: %u steps\n", LIVE_MAX_PORTS, filter.program.bf_len);
    assert_true(filter.program.bf_len <= 4096);
    unmake(&filter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_link_types),
        cmocka_unit_test(test_tags_and_pppoe),
        cmocka_unit_test(test_no_ip),
        cmocka_unit_test(test_most_ports),
    };
    return cmocka_run_group_tests_name("io/capture/live_filter", tests, NULL, NULL);
}

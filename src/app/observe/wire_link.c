/* Each link layer is a function that takes its headers off. Most end in an EtherType, and so share what may
 * follow one: VLAN tags to any depth that a frame of 64 octets holds, PPPoE, MPLS, SNAP. LINKTYPE numbers and
 * headers: www.tcpdump.org/linktypes.html. */
#include "app/observe/wire_inside.h"

enum outcome { LINK_IP, LINK_OTHER, LINK_SHORT };

enum {
    TYPE_IP4 = 0x0800,
    TYPE_IP6 = 0x86dd,
    TYPE_VLAN = 0x8100,
    TYPE_MPLS = 0x8847,
    TYPE_MPLS_MULTICAST = 0x8848,
    TYPE_PPPOE = 0x8864,
    TYPE_QINQ = 0x88a8,
    TYPE_QINQ_OLD = 0x9100,
    TYPE_QINQ_OLDER = 0x9200,
    MAX_LENGTH_8023 = 1500, /* what is no type but a length */
    MAX_TAGS = 16,
};

/* RFC 1661, 1662: address and control may be left out, and the protocol be one octet, an odd one. */
static int read_ppp(struct wire_layer *layer)
{
    if (layer->have >= 2 && layer->at[0] == 0xff && layer->at[1] == 0x03)
        wire_skip(layer, 2);
    if (layer->have < 2)
        return LINK_SHORT;
    bool is_compressed = layer->at[0] & 1;
    uint16_t protocol = is_compressed ? layer->at[0] : bytes_u16(layer->at);
    wire_skip(layer, is_compressed ? 1 : 2);
    return protocol == 0x21 || protocol == 0x57 ? LINK_IP : LINK_OTHER;
}

/* RFC 2516 §4: version and type 1, code 0 for a session's data; its length bounds what follows. */
static int read_pppoe(struct wire_layer *layer)
{
    if (layer->have < 6)
        return LINK_SHORT;
    if (layer->at[0] != 0x11 || layer->at[1] != 0)
        return LINK_OTHER;
    uint32_t length = bytes_u16(layer->at + 4);
    wire_skip(layer, 6);
    if (length > layer->length)
        return LINK_SHORT;
    wire_trim(layer, length);
    return read_ppp(layer);
}

/* RFC 3032: labels, the last of which is marked; what follows must show by itself what it is. */
static int read_mpls(struct wire_layer *layer)
{
    for (int i = 0; i < MAX_TAGS && layer->have >= 5; i++) {
        bool is_last = layer->at[2] & 1;
        wire_skip(layer, 4);
        if (is_last)
            return layer->at[0] >> 4 == 4 || layer->at[0] >> 4 == 6 ? LINK_IP : LINK_OTHER;
    }
    return layer->have < 5 ? LINK_SHORT : LINK_OTHER;
}

static int read_type(struct wire_layer *layer, uint16_t type)
{
    for (int i = 0; i < MAX_TAGS; i++) {
        switch (type) {
        case TYPE_IP4:
        case TYPE_IP6:
            return LINK_IP;
        case TYPE_VLAN:
        case TYPE_QINQ:
        case TYPE_QINQ_OLD:
        case TYPE_QINQ_OLDER:
            if (layer->have < 4)
                return LINK_SHORT;
            type = bytes_u16(layer->at + 2);
            wire_skip(layer, 4);
            break;
        case TYPE_PPPOE:
            return read_pppoe(layer);
        case TYPE_MPLS:
        case TYPE_MPLS_MULTICAST:
            return read_mpls(layer);
        default:
            if (type > MAX_LENGTH_8023 || layer->have < 8 || memcmp(layer->at, "\xaa\xaa\x03\0\0\0", 6) != 0)
                return LINK_OTHER;
            wire_trim(layer, type < layer->length ? type : layer->length);
            if (layer->have < 8)
                return LINK_SHORT;
            type = bytes_u16(layer->at + 6);
            wire_skip(layer, 8);
        }
    }
    return LINK_OTHER;
}

static int read_ethernet(struct wire_layer *layer)
{
    if (layer->have < 14)
        return LINK_SHORT;
    uint16_t type = bytes_u16(layer->at + 12);
    wire_skip(layer, 14);
    return type == TYPE_IP4 || type == TYPE_IP6 ? LINK_IP : read_type(layer, type);
}

static int read_sll(struct wire_layer *layer)
{
    if (layer->have < 16)
        return LINK_SHORT;
    uint16_t type = bytes_u16(layer->at + 14);
    wire_skip(layer, 16);
    return read_type(layer, type);
}

static int read_sll2(struct wire_layer *layer)
{
    if (layer->have < 20)
        return LINK_SHORT;
    uint16_t type = bytes_u16(layer->at);
    wire_skip(layer, 20);
    return read_type(layer, type);
}

/* An address family in the octet order of whoever captured, NetBSD's, OpenBSD's, FreeBSD's, macOS's, Linux's
 * numbers. */
static int read_null(struct wire_layer *layer)
{
    static const uint8_t families[] = {2, 10, 24, 28, 30};
    if (layer->have < 4)
        return LINK_SHORT;
    const uint8_t *at = layer->at;
    uint8_t family = at[0] ? at[0] : at[3];
    bool is_small = at[1] == 0 && at[2] == 0 && (at[0] == 0 || at[3] == 0);
    wire_skip(layer, 4);
    return is_small && memchr(families, family, sizeof families) ? LINK_IP : LINK_OTHER;
}

static int read_raw(struct wire_layer *layer)
{
    return layer->have ? LINK_IP : LINK_SHORT;
}

enum { LINK_RAW_BSD = 12, LINK_RAW_OPENBSD = 14, LINK_PPP_HDLC = 50 };

static const struct {
    uint16_t link;
    int (*read)(struct wire_layer *layer);
} links[] = {
    {CAPTURE_LINK_ETHERNET, read_ethernet},
    {CAPTURE_LINK_NULL, read_null},
    {CAPTURE_LINK_PPP, read_ppp},
    {LINK_RAW_BSD, read_raw},
    {LINK_RAW_OPENBSD, read_raw},
    {LINK_PPP_HDLC, read_ppp},
    {CAPTURE_LINK_PPP_ETHER, read_pppoe},
    {CAPTURE_LINK_RAW, read_raw},
    {CAPTURE_LINK_LOOP, read_null},
    {CAPTURE_LINK_SLL, read_sll},
    {CAPTURE_LINK_IPV4, read_raw},
    {CAPTURE_LINK_IPV6, read_raw},
    {CAPTURE_LINK_SLL2, read_sll2},
};

static void choose(struct wire *wire, uint16_t link)
{
    wire->link = link;
    wire->read_link = NULL;
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        if (links[i].link == link)
            wire->read_link = links[i].read;
}

void wire_link(struct wire *wire, struct wire_layer *layer, uint16_t link)
{
    int outcome;
    if (link == CAPTURE_LINK_ETHERNET) {
        outcome = read_ethernet(layer);
    } else {
        if (wire->link != link || !wire->read_link)
            choose(wire, link);
        if (!wire->read_link) {
            wire->counters.unknown_link++;
            return;
        }
        outcome = wire->read_link(layer);
    }
    if (outcome == LINK_IP)
        wire_ip(wire, layer);
    else if (outcome == LINK_SHORT)
        wire_missing(wire, layer);
    else
        wire->counters.not_ip++;
}

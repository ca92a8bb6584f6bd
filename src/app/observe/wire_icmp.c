/* Two errors tell of answers that did not arrive: an answer was too big for a link on its way (ICMP 3/4, RFC
 * 1191; ICMPv6 2, RFC 4443 §3.2), or not all of its fragments came in time (11/1, RFC 792; 3/1, §3.3). Each
 * holds the beginning of the packet that it is about. Only its addresses and ports are looked at: a DNS
 * message in there was seen before, or never reached anybody. */
#include "app/observe/wire_inside.h"

enum { HEAD_ICMP = 8, HEAD4 = 20, HEAD6 = 40, MAX_HEADERS = 8 };

static const struct {
    uint8_t version, type;
    int code; /* -1: any; RFC 4443 §3.2: ignored by the receiver */
    enum sighting_kind kind;
} errors[] = {
    {4, 3, 4, SIGHTING_TOO_BIG},
    {4, 11, 1, SIGHTING_REASSEMBLY},
    {6, 2, -1, SIGHTING_TOO_BIG},
    {6, 3, 1, SIGHTING_REASSEMBLY},
};

static enum sighting_kind kind_of(const struct wire_layer *layer)
{
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (errors[i].version == layer->version && errors[i].type == layer->at[0] &&
            (errors[i].code < 0 || errors[i].code == layer->at[1]))
            return errors[i].kind;
    return SIGHTING_NONE;
}

/* The packet that the error is about. */
struct about {
    uint8_t client[16]; /* to whom it was sent */
    uint8_t protocol;
    bool has_ports; /* it is not a fragment behind the first */
    const uint8_t *at;
    uint32_t have;
};

static bool read_about4(const uint8_t *at, uint32_t have, struct about *ret)
{
    uint32_t head = have < HEAD4 ? 0 : (at[0] & 15U) * 4;
    if (head < HEAD4 || head > have || at[0] >> 4 != 4)
        return false;
    memset(ret->client, 0, 10);
    memset(ret->client + 10, 0xff, 2);
    memcpy(ret->client + WIRE_MAPPED, at + 16, 4);
    ret->protocol = at[9];
    ret->has_ports = (bytes_u16(at + 6) & 0x1fff) == 0;
    ret->at = at + head;
    ret->have = have - head;
    return true;
}

static bool read_about6(const uint8_t *at, uint32_t have, struct about *ret)
{
    if (have < HEAD6 || at[0] >> 4 != 6)
        return false;
    memcpy(ret->client, at + 24, 16);
    ret->protocol = at[6];
    ret->has_ports = true;
    ret->at = at + HEAD6;
    ret->have = have - HEAD6;
    for (int i = 0; i < MAX_HEADERS && ret->have >= 8; i++) {
        uint32_t size = wire_header_length(ret->protocol, ret->at, ret->have);
        if (size == 0)
            break;
        if (ret->protocol == WIRE_FRAGMENT && (bytes_u16(ret->at + 2) & 0xfff8))
            ret->has_ports = false;
        ret->protocol = ret->at[0];
        ret->at += size;
        ret->have -= size;
        if (!ret->has_ports)
            break; /* what follows is the middle of something */
    }
    return true;
}

void wire_icmp(struct wire *wire, struct wire_layer *layer)
{
    if (layer->have < HEAD_ICMP) {
        wire_missing(wire, layer);
        return;
    }
    enum sighting_kind kind = kind_of(layer);
    struct about about = {0};
    const uint8_t *inside = layer->at + HEAD_ICMP;
    uint32_t have = layer->have - HEAD_ICMP;
    if (kind == SIGHTING_NONE) {
        wire->counters.other++;
        return;
    }
    if (!(layer->version == 4 ? read_about4 : read_about6)(inside, have, &about)) {
        wire->counters.malformed++;
        return;
    }
    bool is_ours = about.protocol == WIRE_UDP || about.protocol == WIRE_TCP;
    if (is_ours && about.has_ports)
        is_ours = about.have >= 2 && wire_is_ours(wire, bytes_u16(about.at));
    if (!is_ours) {
        wire->counters.other++;
        return;
    }
    *(kind == SIGHTING_TOO_BIG ? &wire->counters.icmp_too_big : &wire->counters.icmp_reassembly) += 1;
    wire->sink.error(wire->sink.context, layer->time_us, kind, about.client);
}

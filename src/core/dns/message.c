/* The idea: one pass over the message. The header decides whether there will be an answer, the question is
 * read once into a lower-case copy whose label starts are noted, and the records after it are only walked,
 * for the one of them that matters: OPT. */
#include "core/dns/message.h"

#include "core/dns/rrset.h"

enum { RR_TSIG = 250, LABEL_MAX = 63, LABEL_POINTER = 0xc0 };

/* Eight octets in lower case at once. Length octets are below 64 and 'A' is 65, so that a whole wire name may
 * pass through. */
static uint64_t lower8(uint64_t octets)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), high = UINT64_C(0x8080808080808080);
    uint64_t seven = octets & ~high;
    uint64_t from_a = seven + (0x80 - 'A') * ones, past_z = seven + (0x7f - 'Z') * ones;
    uint64_t upper = (from_a ^ past_z) & ~octets & high;
    return octets | upper >> 2;
}

static void copy_lower(uint8_t *to, const uint8_t *from, size_t length)
{
    size_t at = 0;
    uint64_t octets;
    for (; at + sizeof octets <= length; at += sizeof octets) {
        memcpy(&octets, from + at, sizeof octets);
        octets = lower8(octets);
        memcpy(to + at, &octets, sizeof octets);
    }
    octets = 0;
    memcpy(&octets, from + at, length - at);
    octets = lower8(octets);
    memcpy(to + at, &octets, sizeof octets);
}

/* A question holds no compression pointer: nothing stands before it that it could point to. */
static void read_question(struct reader *reader, struct message_query *query)
{
    const uint8_t *start = reader->at;
    size_t left = reader_left(reader), at = 0;
    unsigned labels = 0;
    while (at < left && start[at]) {
        if (start[at] > LABEL_MAX || at + 1U + start[at] >= NAME_MAX_WIRE) {
            reader->bad = true;
            return;
        }
        query->label[labels++] = (uint8_t)at;
        at += 1U + start[at];
    }
    query->label[labels] = (uint8_t)at;
    if (!reader_bytes(reader, at + 1))
        return;
    query->type = reader_u16(reader);
    query->class = reader_u16(reader);
    if (reader->bad)
        return;
    query->labels = (uint8_t)labels;
    query->length = (uint8_t)(at + 1);
    copy_lower(query->name, start, at + 1);
    query->question = start;
    query->question_length = (uint16_t)(at + 5);
}

static void read_options(struct reader *reader, struct message_query *query)
{
    while (!reader->bad && reader_left(reader)) {
        uint16_t code = reader_u16(reader), length = reader_u16(reader);
        const uint8_t *bytes = reader_bytes(reader, length);
        if (!bytes)
            return;
        struct message_option option = {.bytes = bytes, .length = length};
        if (code == EDNS_NSID)
            query->nsid = true;
        else if (code == EDNS_SUBNET)
            query->subnet = option;
        else if (code == EDNS_KEYTAG && query->keytag_count < MESSAGE_MAX_KEYTAGS)
            query->keytag[query->keytag_count++] = option;
    }
}

/* RFC 6891 §6.1.2: class is the sender's UDP size, the TTL holds extended rcode, version and flags. Options
 * of another version may have another shape and are not looked at. */
static bool read_opt(
    struct message_query *query, uint16_t class, uint32_t ttl, const uint8_t *rdata, uint16_t length)
{
    query->edns = true;
    query->udp_size = class < MESSAGE_MIN_UDP ? MESSAGE_MIN_UDP : class;
    query->version = (uint8_t)(ttl >> 16);
    query->dnssec_ok = ttl >> 15 & 1;
    if (query->version)
        return true;
    struct reader options = reader_over(rdata, length);
    read_options(&options, query);
    return !options.bad;
}

/* Steps over an owner name. A pointer must lead to an earlier place; where it leads does not matter here.
 * Returns whether it is the root's, written as such. */
static bool skip_owner(struct reader *reader)
{
    size_t length = 0;
    for (;;) {
        size_t here = (size_t)(reader->at - reader->start);
        uint8_t first = reader_u8(reader);
        if (reader->bad || !first)
            return !reader->bad && !length;
        if (first >= LABEL_POINTER) {
            size_t target = (size_t)(first & 0x3f) << 8 | reader_u8(reader);
            reader->bad |= target >= here || target < MESSAGE_HEADER;
            return false;
        }
        length += 1U + first;
        if (first > LABEL_MAX || length >= NAME_MAX_WIRE || !reader_bytes(reader, first)) {
            reader->bad = true;
            return false;
        }
    }
}

/* One record after the question. False if no query may hold it. */
static bool read_record(struct reader *reader, struct message_query *query, bool additional, bool last)
{
    bool root = skip_owner(reader);
    uint16_t type = reader_u16(reader), class = reader_u16(reader);
    uint32_t ttl = reader_u32(reader);
    uint16_t length = reader_u16(reader);
    const uint8_t *rdata = reader_bytes(reader, length);
    if (!rdata)
        return false;
    if (type == RR_TSIG) {
        query->tsig = true;
        return additional && last; /* RFC 8945 §5.1 */
    }
    if (type != RR_OPT)
        return true;
    /* RFC 6891 §6.1.1: at most one, in the additional section, owned by the root. */
    if (!additional || !root || query->edns)
        return false;
    return read_opt(query, class, ttl, rdata, length);
}

/* The sections after the question. A query for IXFR holds the client's SOA (RFC 1995 §3); no other holds
 * answers or authority. */
static bool read_rest(
    struct reader *reader, struct message_query *query, unsigned authority, unsigned additional)
{
    if (authority && (query->type != RR_IXFR || authority > 1))
        return false;
    if (authority && !read_record(reader, query, false, false))
        return false;
    for (unsigned i = 0; i < additional; i++)
        if (!read_record(reader, query, true, i + 1 == additional))
            return false;
    return !reader_left(reader);
}

int message_parse(const uint8_t *message, size_t length, struct message_query *query)
{
    struct reader reader = reader_over(message, length);
    query->id = reader_u16(&reader);
    query->flags = reader_u16(&reader);
    uint16_t questions = reader_u16(&reader), answers = reader_u16(&reader);
    uint16_t authority = reader_u16(&reader), additional = reader_u16(&reader);
    query->question = NULL;
    query->question_length = 0;
    query->edns = query->dnssec_ok = query->nsid = query->tsig = false;
    query->version = query->keytag_count = query->length = query->labels = 0;
    query->type = query->class = 0;
    query->udp_size = MESSAGE_MIN_UDP;
    query->subnet = (struct message_option){0};
    if (reader.bad || query->flags & MESSAGE_QR)
        return -1;
    /* RFC 9619: exactly one. */
    if (questions == 1)
        read_question(&reader, query);
    bool good = query->question && !answers && read_rest(&reader, query, authority, additional);
    if (query->flags & MESSAGE_OPCODE)
        return RCODE_NOTIMP;
    if (query->edns && query->version)
        return RCODE_BADVERS; /* RFC 6891 §6.1.3 */
    return good ? RCODE_NOERROR : RCODE_FORMERR;
}

bool message_mixed_case(const struct message_query *query)
{
    return query->question && memcmp(query->question, query->name, query->length) != 0;
}

/* The idea: what is random throughout dies at the first check of a parser. So a message begins as a proper
 * query (names that exist or nearly do, all types, EDNS with options), and then a few faults are put in, each
 * of a kind that has broken a server before: the faults are a table, and every new one is a row. */
#include "hostile_message.h"

#include <string.h>

enum { HEADER = 12, TYPE_OPT = 41 };

uint32_t hostile_random(struct hostile *h, uint32_t below)
{
    h->random ^= h->random << 13;
    h->random ^= h->random >> 7;
    h->random ^= h->random << 17;
    return below ? (uint32_t)((h->random >> 16) % below) : 0;
}

static void put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static uint16_t get16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static size_t put_name(uint8_t *out, const char *name)
{
    size_t used = 0;
    while (*name) {
        size_t label = strcspn(name, ".");
        out[used++] = (uint8_t)label;
        memcpy(out + used, name, label);
        used += label;
        name += label + (name[label] == '.');
    }
    out[used++] = 0;
    return used;
}

static size_t put_opt(uint8_t *out, uint16_t size, uint8_t version, uint16_t flags, size_t rdlength)
{
    out[0] = 0;
    put16(out + 1, TYPE_OPT);
    put16(out + 3, size);
    out[5] = 0;
    out[6] = version;
    put16(out + 7, flags);
    put16(out + 9, (uint32_t)rdlength);
    return 11;
}

size_t hostile_query(const char *name, uint16_t type, uint16_t id, uint8_t *out)
{
    memset(out, 0, HEADER);
    put16(out, id);
    out[5] = out[11] = 1;
    size_t length = HEADER + put_name(out + HEADER, name);
    put16(out + length, type);
    put16(out + length + 2, 1);
    length += 4;
    return length + put_opt(out + length, 1232, 0, 0x8000, 0);
}

/* A proper query */

static size_t base_name(struct hostile *h, uint8_t *out)
{
    static const char *const first[] = {"", "", "nothing", "_ta-4f66-9728", "_ta-4f66",
        "root-key-sentinel-is-ta-20326", "root-key-sentinel-not-ta-38696", "proof-1", "who", "tc", "*",
        "a.b.c.d.e.f.g.h", "version", "_ta-", "k-1", "size-1425"};
    const char *start = first[hostile_random(h, sizeof first / sizeof *first)];
    uint32_t pick = hostile_random(h, (uint32_t)h->name_count + 2);
    size_t used = put_name(out, start) - 1;
    if (pick < h->name_count)
        return used + put_name(out + used, h->names[pick]);
    return used + put_name(out + used, pick == h->name_count ? "" : "version.bind");
}

static size_t base_options(struct hostile *h, uint8_t *out)
{
    static const uint16_t codes[] = {3, 8, 9, 10, 11, 12, 13, 14, 14, 15, 5, 6, 7, 26946, 65001, 0};
    size_t used = 0, count = hostile_random(h, 4);
    for (size_t i = 0; i < count; i++) {
        size_t length = hostile_random(h, 24);
        put16(out + used, codes[hostile_random(h, sizeof codes / sizeof *codes)]);
        put16(out + used + 2, (uint32_t)length);
        for (size_t k = 0; k < length; k++)
            out[used + 4 + k] = (uint8_t)hostile_random(h, 256);
        used += 4 + length;
    }
    return used;
}

static size_t base_query(struct hostile *h, uint8_t *out)
{
    static const uint16_t types[] = {1, 2, 5, 6, 10, 15, 16, 28, 41, 43, 46, 47, 48, 48, 48, 50, 51, 64, 65,
        249, 250, 251, 252, 253, 255, 257, 0, 65535};
    memset(out, 0, HEADER);
    out[2] = (uint8_t)(hostile_random(h, 4) == 0);
    out[5] = 1;
    size_t length = HEADER + base_name(h, out + HEADER);
    put16(out + length, types[hostile_random(h, sizeof types / sizeof *types)]);
    put16(out + length + 2, hostile_random(h, 12) ? 1 : hostile_random(h, 2) ? 3 : hostile_random(h, 65536));
    length += 4;
    if (hostile_random(h, 4)) {
        uint8_t options[256];
        size_t rdlength = base_options(h, options);
        length += put_opt(
            out + length, (uint16_t)hostile_random(h, 65536), 0, hostile_random(h, 2) ? 0x8000 : 0, rdlength);
        memcpy(out + length, options, rdlength);
        length += rdlength;
        out[11] = 1;
    }
    return length;
}

/* Faults: each takes a message of `length` octets and returns its new length. */

typedef size_t fault(struct hostile *h, uint8_t *m, size_t length);

static size_t fault_bits(struct hostile *h, uint8_t *m, size_t length)
{
    for (uint32_t n = 1 + hostile_random(h, 8); n > 0 && length > 0; n--)
        m[hostile_random(h, (uint32_t)length)] ^= (uint8_t)(1 << hostile_random(h, 8));
    return length;
}

static size_t fault_cut(struct hostile *h, uint8_t *m, size_t length)
{
    return hostile_random(h, (uint32_t)length + 1);
}

static size_t fault_tail(struct hostile *h, uint8_t *m, size_t length)
{
    size_t more = hostile_random(h, hostile_random(h, 8) ? 40 : (uint32_t)(HOSTILE_MAX - length));
    for (size_t i = 0; i < more && length < HOSTILE_MAX; i++)
        m[length++] = (uint8_t)hostile_random(h, 256);
    return length;
}

static size_t fault_counts(struct hostile *h, uint8_t *m, size_t length)
{
    static const uint16_t lies[] = {0, 0, 1, 2, 3, 255, 256, 32768, 65535};
    put16(m + 4 + 2 * hostile_random(h, 4), lies[hostile_random(h, sizeof lies / sizeof *lies)]);
    return length;
}

/* Pointers to itself, to the header, forwards, past the end; two that point to each other. */
static size_t fault_pointer(struct hostile *h, uint8_t *m, size_t length)
{
    size_t at = HEADER + hostile_random(h, 24);
    uint32_t to[] = {(uint32_t)at, 0, (uint32_t)length, HEADER, (uint32_t)at + 2, 0x3fff, (uint32_t)at - 1};
    put16(m + at, 0xc000 | to[hostile_random(h, 7)]);
    if (hostile_random(h, 3) == 0)
        put16(m + at + 2, 0xc000 | (uint32_t)at);
    return length > at + 4 ? length : at + 4;
}

static size_t fault_label(struct hostile *h, uint8_t *m, size_t length)
{
    static const uint8_t lengths[] = {0, 1, 63, 64, 65, 127, 128, 191, 192, 255};
    m[HEADER + (hostile_random(h, 2) ? 0 : hostile_random(h, 16))] =
        lengths[hostile_random(h, sizeof lengths)];
    return length;
}

/* A name of 255, 256 or far more octets, of longest or shortest labels. */
static size_t fault_long_name(struct hostile *h, uint8_t *m, size_t length)
{
    size_t label = hostile_random(h, 2) ? 63 : 1 + hostile_random(h, 3), at = HEADER;
    size_t wanted = hostile_random(h, 2) ? 240 + hostile_random(h, 20) : 200 + hostile_random(h, 2000);
    while (at + label + 8 < HEADER + wanted) {
        m[at++] = (uint8_t)label;
        memset(m + at, 'a', label);
        at += label;
    }
    m[at++] = 0;
    put16(m + at, 48);
    put16(m + at + 2, 1);
    m[10] = m[11] = 0;
    return at + 4;
}

static size_t fault_response(struct hostile *h, uint8_t *m, size_t length)
{
    m[2] |= 0x80;
    return length;
}

static size_t fault_header(struct hostile *h, uint8_t *m, size_t length)
{
    m[2] = (uint8_t)hostile_random(h, 128);
    m[3] = (uint8_t)hostile_random(h, 256);
    return length;
}

/* An OPT that lies of its length, has a version, an owner, or a brother. */
static size_t fault_opt(struct hostile *h, uint8_t *m, size_t length)
{
    uint32_t kind = hostile_random(h, 4);
    if (length + 40 > HOSTILE_MAX)
        return length;
    size_t at = length;
    if (kind == 0)
        m[length++] = 1; /* owner "a" */
    size_t lie = hostile_random(h, 2) ? hostile_random(h, 65536) : hostile_random(h, 12);
    length += put_opt(m + length, 1232, kind == 1 ? (uint8_t)hostile_random(h, 256) : 0,
        (uint16_t)hostile_random(h, 65536), kind == 2 ? lie : 0);
    if (kind == 0)
        m[at + 1] = 'a';
    m[11] = (uint8_t)(m[11] + 1);
    return length;
}

/* Records in the other sections: an update, a notify, a TSIG, answers in a question. */
static size_t fault_records(struct hostile *h, uint8_t *m, size_t length)
{
    static const uint16_t types[] = {1, 2, 6, 24, 41, 46, 48, 249, 250, 255};
    for (uint32_t n = 1 + hostile_random(h, 5); n > 0 && length + 60 < HOSTILE_MAX; n--) {
        size_t rdlength = hostile_random(h, 40);
        put16(m + length, 0xc00c);
        put16(m + length + 2, types[hostile_random(h, sizeof types / sizeof *types)]);
        put16(m + length + 4, 1);
        memset(m + length + 6, 0, 4);
        put16(m + length + 10, (uint32_t)(hostile_random(h, 6) ? rdlength : rdlength + 1000));
        length += 12 + rdlength;
        m[7 + 2 * hostile_random(h, 3)]++;
    }
    return length;
}

static size_t fault_questions(struct hostile *h, uint8_t *m, size_t length)
{
    uint32_t count = 2 + hostile_random(h, 300);
    for (uint32_t i = 0; i < count && length + 6 < HOSTILE_MAX; i++, length += 6) {
        put16(m + length, 0xc00c);
        put16(m + length + 2, 48);
        put16(m + length + 4, 1);
    }
    put16(m + 4, count + 1);
    return length;
}

static size_t fault_opcode(struct hostile *h, uint8_t *m, size_t length)
{
    m[2] = (uint8_t)((m[2] & 0x87) | hostile_random(h, 16) << 3);
    return length;
}

static size_t fault_none(struct hostile *h, uint8_t *m, size_t length)
{
    return length;
}

static fault *const faults[] = {fault_bits, fault_cut, fault_tail, fault_counts, fault_pointer, fault_label,
    fault_long_name, fault_response, fault_header, fault_opt, fault_records, fault_questions, fault_opcode,
    fault_none};

size_t hostile_message(struct hostile *h, uint8_t *out)
{
    memset(out, 0, 256);
    if (hostile_random(h, 20) == 0) {
        size_t length = hostile_random(h, hostile_random(h, 4) ? 80 : HOSTILE_MAX);
        for (size_t i = 0; i < length; i++)
            out[i] = (uint8_t)hostile_random(h, 256);
        return length;
    }
    size_t length = base_query(h, out);
    for (uint32_t n = 1 + hostile_random(h, 4); n > 0; n--)
        length = faults[hostile_random(h, sizeof faults / sizeof *faults)](h, out, length);
    return length;
}

/* The strict reader */

/* The offset behind the name at `at`, or 0. */
static size_t skip_name(const uint8_t *m, size_t length, size_t at)
{
    size_t end = 0, octets = 0, lowest = at;
    while (at < length) {
        uint8_t label = m[at];
        if (label >= 0xc0) {
            if (at + 2 > length)
                return 0;
            size_t to = get16(m + at) & 0x3fff;
            if (!end)
                end = at + 2;
            if (to >= lowest || to < HEADER)
                return 0;
            lowest = at = to;
            continue;
        }
        octets += 1U + label;
        if (label > 63 || octets > 255)
            return 0;
        at += 1U + label;
        if (label == 0)
            return end ? end : at <= length ? at : 0;
    }
    return 0;
}

bool hostile_well_formed(const uint8_t *m, size_t length)
{
    if (length < HEADER)
        return false;
    size_t at = HEADER, records = (size_t)get16(m + 6) + get16(m + 8) + get16(m + 10);
    for (size_t i = get16(m + 4); i > 0; i--) {
        at = skip_name(m, length, at);
        if (!at || (at += 4) > length)
            return false;
    }
    for (; records > 0; records--) {
        at = skip_name(m, length, at);
        if (!at || at + 10 > length)
            return false;
        at += 10U + get16(m + at + 8);
        if (at > length)
            return false;
    }
    return at == length;
}

/* Each row: octets of the address that it shares with the one before, those that it does not share, then
 * numbers of 7 bits an octet, lowest first. What is all bits anyway is copied as it is. */
#include "io/store/sightings_traffic.h"

#include "base/bytes.h"

enum { ADDRESS = 16, NUMBERS = 13 };

/* The numbers of a row in the order in which they are stored. Times are counted from the begin of the hour;
 * unsigned, so that nothing which a damaged file holds can overflow. */
static void numbers_of(const struct tally_traffic *row, uint64_t out[NUMBERS])
{
    const uint64_t numbers[NUMBERS] = {(uint64_t)row->first_us - (uint64_t)row->hour_us,
        (uint64_t)row->last_us - (uint64_t)row->first_us, row->queries, row->answers, row->tcp, row->edns,
        row->dnssec_ok, row->recursion_desired, row->checking_disabled, row->dnskey, row->truncated,
        row->udp_size_least, row->udp_size_most};
    memcpy(out, numbers, sizeof numbers);
}

static void set_numbers(struct tally_traffic *row, const uint64_t numbers[NUMBERS])
{
    row->first_us = (int64_t)((uint64_t)row->hour_us + numbers[0]);
    row->last_us = (int64_t)((uint64_t)row->first_us + numbers[1]);
    row->queries = numbers[2];
    row->answers = numbers[3];
    row->tcp = numbers[4];
    row->edns = numbers[5];
    row->dnssec_ok = numbers[6];
    row->recursion_desired = numbers[7];
    row->checking_disabled = numbers[8];
    row->dnskey = numbers[9];
    row->truncated = numbers[10];
    row->udp_size_least = (uint16_t)numbers[11];
    row->udp_size_most = (uint16_t)numbers[12];
}

static uint8_t *put_number(uint8_t *at, uint64_t number)
{
    for (; number > 127; number >>= 7)
        *at++ = (uint8_t)(number | 128);
    *at++ = (uint8_t)number;
    return at;
}

size_t traffic_pack(const struct tally_traffic *rows, size_t count, uint8_t *out)
{
    static const uint8_t none[ADDRESS];
    const uint8_t *before = none;
    uint8_t *at = out;
    for (size_t i = 0; i < count; i++) {
        const struct tally_traffic *row = &rows[i];
        uint64_t numbers[NUMBERS];
        uint8_t shared = 0;
        while (shared < ADDRESS - 1 && row->source[shared] == before[shared])
            shared++;
        *at++ = shared;
        memcpy(at, row->source + shared, ADDRESS - (size_t)shared);
        at += ADDRESS - shared;
        before = row->source;
        numbers_of(row, numbers);
        for (unsigned n = 0; n < NUMBERS; n++)
            at = put_number(at, numbers[n]);
        memcpy(at, &row->names, sizeof row->names);
        memcpy(at + sizeof row->names, &row->ports, sizeof row->ports);
        at += sizeof row->names + sizeof row->ports;
    }
    return (size_t)(at - out);
}

static uint64_t read_number(struct reader *r)
{
    uint64_t number = 0;
    uint8_t octet;
    unsigned shift = 0;
    do {
        octet = reader_u8(r);
        number |= (uint64_t)(octet & 127) << shift;
        shift += 7;
    } while (octet & 128 && shift < 64);
    r->bad |= (octet & 128) != 0;
    return number;
}

int traffic_unpack(const uint8_t *bytes, size_t length, int64_t hour_us,
    struct tally_traffic ret_rows[TRAFFIC_MOST], size_t *ret_count)
{
    struct reader r = reader_over(bytes, length);
    uint8_t source[ADDRESS] = {0};
    size_t count = 0;
    while (reader_left(&r) > 0 && count < TRAFFIC_MOST) {
        struct tally_traffic *row = &ret_rows[count];
        uint64_t numbers[NUMBERS];
        uint8_t shared = reader_u8(&r);
        const uint8_t *rest = shared < ADDRESS ? reader_bytes(&r, ADDRESS - (size_t)shared) : NULL;
        if (!rest || (count > 0 && memcmp(rest, source + shared, ADDRESS - (size_t)shared) <= 0))
            return ERR_DATA;
        memcpy(source + shared, rest, ADDRESS - (size_t)shared);
        for (unsigned n = 0; n < NUMBERS; n++)
            numbers[n] = read_number(&r);
        const uint8_t *bits = reader_bytes(&r, sizeof row->names + sizeof row->ports);
        if (!bits)
            return ERR_DATA;
        *row = (struct tally_traffic){.hour_us = hour_us};
        memcpy(row->source, source, ADDRESS);
        set_numbers(row, numbers);
        memcpy(&row->names, bits, sizeof row->names);
        memcpy(&row->ports, bits + sizeof row->names, sizeof row->ports);
        count++;
    }
    if (r.bad || reader_left(&r) > 0)
        return ERR_DATA;
    *ret_count = count;
    return 0;
}

void traffic_merge(struct tally_traffic *row, const struct tally_traffic *more)
{
    row->queries += more->queries;
    row->answers += more->answers;
    row->tcp += more->tcp;
    row->edns += more->edns;
    row->dnssec_ok += more->dnssec_ok;
    row->recursion_desired += more->recursion_desired;
    row->checking_disabled += more->checking_disabled;
    row->dnskey += more->dnskey;
    row->truncated += more->truncated;
    if (more->udp_size_least && (!row->udp_size_least || more->udp_size_least < row->udp_size_least))
        row->udp_size_least = more->udp_size_least;
    if (more->udp_size_most > row->udp_size_most)
        row->udp_size_most = more->udp_size_most;
    row->names |= more->names;
    row->ports |= more->ports;
    row->first_us = more->first_us < row->first_us ? more->first_us : row->first_us;
    row->last_us = more->last_us > row->last_us ? more->last_us : row->last_us;
}

/* The idea: a protobuf is a row of fields, each a key (number and wire type) and a value. One walk over the
 * outer message finds the inner one, one walk over that keeps what matters, as pointers into the frame. As
 * protobuf has it, a scalar that comes twice counts with its last value, an embedded message that comes twice
 * is merged, and a field that is unknown, or has another wire type than it should, is passed over. */
#include "io/capture/dnstap.h"

#include "base/hash.h"
#include "core/roll/sighting.h"

#include <string.h>

/* https://protobuf.dev/programming-guides/encoding/ ; 3 and 4 (groups) were abolished and are no part of it.
 */
enum wire_type { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

enum { MAX_VARINT = 10, MAX_FIELD = (1 << 29) - 1 };

/* Fields of Dnstap, by number. */
enum { DNSTAP_MESSAGE = 14, DNSTAP_TYPE = 15, TYPE_MESSAGE = 1 };

/* Fields of Message. */
enum {
    MESSAGE_TYPE = 1,
    SOCKET_FAMILY = 2,
    SOCKET_PROTOCOL = 3,
    QUERY_ADDRESS = 4,
    RESPONSE_ADDRESS = 5,
    QUERY_PORT = 6,
    RESPONSE_PORT = 7,
    QUERY_TIME_SEC = 8,
    QUERY_TIME_NSEC = 9,
    QUERY_MESSAGE = 10,
    RESPONSE_TIME_SEC = 12,
    RESPONSE_TIME_NSEC = 13,
    RESPONSE_MESSAGE = 14,
    LAST_FIELD = RESPONSE_MESSAGE,
};

enum { AUTH_QUERY = 1, AUTH_RESPONSE = 2, CLIENT_QUERY = 5, CLIENT_RESPONSE = 6 };
enum { FAMILY_INET = 1, FAMILY_INET6 = 2 };
enum { PROTOCOL_UDP = 1, PROTOCOL_TCP = 2, PROTOCOL_DOT = 3, PROTOCOL_LAST = 7 };

/* Seconds from 1970 to the end of the year 9999: what is later is no time. */
#define MAX_SECONDS UINT64_C(253402300799)

/* What a Message holds, by field number: `value` of numbers, `bytes` and `value` (their count) of strings. */
struct slots {
    uint32_t seen; /* bit N: field N was there */
    uint64_t value[LAST_FIELD + 1];
    const uint8_t *bytes[LAST_FIELD + 1];
};

static const uint8_t slot_type[LAST_FIELD + 1] = {
    [QUERY_ADDRESS] = BYTES,
    [RESPONSE_ADDRESS] = BYTES,
    [QUERY_TIME_NSEC] = FIXED32,
    [QUERY_MESSAGE] = BYTES,
    [11] = BYTES, /* query_zone: kept as the others, not used */
    [RESPONSE_TIME_NSEC] = FIXED32,
    [RESPONSE_MESSAGE] = BYTES,
};

/* ---- the wire format: functions return what comes next, or NULL and the fault ---- */

static const char CUT_NUMBER[] = "the frame ends in a number";

__attribute__((cold)) static const uint8_t *fail(const char **ret_fault, const char *fault)
{
    *ret_fault = fault;
    return NULL;
}

/* A number and what comes next: two registers, so that the walk keeps its own. */
struct number {
    uint64_t value;
    const uint8_t *next;
};

/* Near the end of the frame, of nine or ten octets, or malformed: octet by octet. */
__attribute__((cold)) static struct number rare_varint(
    const uint8_t *at, const uint8_t *end, const char **ret_fault)
{
    struct number got = {0, NULL};
    for (unsigned i = 0; i < MAX_VARINT; i++) {
        if (at == end)
            return (struct number){0, fail(ret_fault, CUT_NUMBER)};
        uint8_t octet = *at++;
        if (i == MAX_VARINT - 1 && octet > 1)
            break;
        got.value |= (uint64_t)(octet & 0x7f) << (7 * i);
        if (!(octet & 0x80)) {
            got.next = at;
            return got;
        }
    }
    return (struct number){0, fail(ret_fault, "a number has more than 64 bits")};
}

/* Eight octets at once: those up to the first without its high bit, seven bits of each, moved together. */
static inline struct number varint(const uint8_t *at, const uint8_t *end, const char **ret_fault)
{
    if (at < end && *at < 0x80)
        return (struct number){*at, at + 1};
    if (end - at < 8)
        return rare_varint(at, end, ret_fault);
    uint64_t word = hash_load(at), ends = ~word & UINT64_C(0x8080808080808080);
    if (ends == 0)
        return rare_varint(at, end, ret_fault);
    word &= ends ^ (ends - 1);
    uint64_t x = word & UINT64_C(0x7f7f7f7f7f7f7f7f);
    x = (x & UINT64_C(0x007f007f007f007f)) | (x & UINT64_C(0x7f007f007f007f00)) >> 1;
    x = (x & UINT64_C(0x00003fff00003fff)) | (x & UINT64_C(0x3fff00003fff0000)) >> 2;
    x = (x & UINT64_C(0x000000000fffffff)) | (x & UINT64_C(0x0fffffff00000000)) >> 4;
    return (struct number){x, at + (unsigned)__builtin_ctzll(ends) / 8 + 1};
}

static inline uint32_t little_u32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

struct field {
    uint64_t key;         /* number and wire type */
    uint64_t value;       /* of numbers up to 32 bits or of variable length; of BYTES their count */
    const uint8_t *bytes; /* of BYTES the first of them */
};

/* The field at `at`, which is before `end`. */
static inline const uint8_t *read_field(
    const uint8_t *at, const uint8_t *end, struct field *ret, const char **ret_fault)
{
    struct number key = varint(at, end, ret_fault);
    if (!key.next)
        return NULL;
    if (key.value >> 3 == 0 || key.value >> 3 > MAX_FIELD)
        return fail(ret_fault, "a field has no valid number");
    ret->key = key.value;
    ret->bytes = key.next;
    struct number number = {0, key.next};
    size_t size = 0;
    switch (key.value & 7) {
    case VARINT:
        number = varint(key.next, end, ret_fault);
        ret->value = number.value;
        return number.next;
    case BYTES:
        number = varint(key.next, end, ret_fault);
        if (!number.next)
            return NULL;
        if (number.value > (size_t)(end - number.next))
            return fail(ret_fault, "a field is longer than what it lies in");
        ret->value = number.value;
        ret->bytes = number.next;
        return number.next + number.value;
    case FIXED32:
    case FIXED64:
        size = (key.value & 7) == FIXED32 ? 4 : 8;
        if ((size_t)(end - key.next) < size)
            return fail(ret_fault, CUT_NUMBER);
        ret->value = little_u32(key.next);
        return key.next + size;
    default:
        return fail(ret_fault, "a field has an unknown wire type");
    }
}

/* ---- as nearly all frames are ----
 * Programs write fields in the order of their numbers. So it is not asked which field comes, but whether it
 * is the one that should; what is not, or is longer than usual, is left for read_field(). */

enum { LONGEST = 6, MOST_QUICK = 3 }; /* octets of a key and a number that are read here; of a port */

/* A number of up to three octets. */
static inline const uint8_t *quick_number(
    const uint8_t *at, const uint8_t *end, unsigned number, struct slots *slots, uint32_t *seen)
{
    if (end - at < LONGEST || at[0] != (number << 3 | VARINT))
        return at;
    uint32_t value = at[1];
    unsigned size = 1;
    for (; value >> 7 * size && size < MOST_QUICK; size++)
        value = (value & ((1U << 7 * size) - 1)) | (uint32_t)at[1 + size] << 7 * size;
    if (value >> 7 * size)
        return at;
    slots->value[number] = value;
    *seen |= 1U << number;
    return at + 1 + size;
}

static inline const uint8_t *quick_fixed(
    const uint8_t *at, const uint8_t *end, unsigned number, struct slots *slots, uint32_t *seen)
{
    if (end - at < LONGEST || at[0] != (number << 3 | FIXED32))
        return at;
    slots->value[number] = little_u32(at + 1);
    *seen |= 1U << number;
    return at + 5;
}

/* Octets whose count takes one or two. */
static inline const uint8_t *quick_bytes(
    const uint8_t *at, const uint8_t *end, unsigned number, struct slots *slots, uint32_t *seen)
{
    if (end - at < LONGEST || at[0] != (number << 3 | BYTES) || (at[1] & at[2]) >> 7)
        return at;
    size_t count = at[1] < 0x80 ? at[1] : (at[1] & 0x7fU) | (size_t)at[2] << 7;
    const uint8_t *bytes = at + (at[1] < 0x80 ? 2 : 3);
    if (count > (size_t)(end - bytes))
        return at;
    slots->value[number] = count;
    slots->bytes[number] = bytes;
    *seen |= 1U << number;
    return bytes + count;
}

/* Times have five octets until the year 3058. */
static inline const uint8_t *quick_seconds(
    const uint8_t *at, const uint8_t *end, unsigned number, struct slots *slots, uint32_t *seen)
{
    if (end - at < LONGEST || at[0] != (number << 3 | VARINT))
        return at;
    uint64_t low = little_u32(at + 1), high = at[5];
    if ((low & 0x80808080U) != 0x80808080U || high >= 0x80)
        return at;
    low &= 0x7f7f7f7fU;
    low = (low & 0x7f) | (low >> 8 & 0x7f) << 7 | (low >> 16 & 0x7f) << 14 | low >> 24 << 21;
    slots->value[number] = low | high << 28;
    *seen |= 1U << number;
    return at + 6;
}

static inline const uint8_t *walk_usual(
    const uint8_t *at, const uint8_t *end, struct slots *slots, uint32_t *seen)
{
    at = quick_number(at, end, MESSAGE_TYPE, slots, seen);
    at = quick_number(at, end, SOCKET_FAMILY, slots, seen);
    at = quick_number(at, end, SOCKET_PROTOCOL, slots, seen);
    at = quick_bytes(at, end, QUERY_ADDRESS, slots, seen);
    at = quick_bytes(at, end, RESPONSE_ADDRESS, slots, seen);
    at = quick_number(at, end, QUERY_PORT, slots, seen);
    at = quick_number(at, end, RESPONSE_PORT, slots, seen);
    at = quick_seconds(at, end, QUERY_TIME_SEC, slots, seen);
    at = quick_fixed(at, end, QUERY_TIME_NSEC, slots, seen);
    at = quick_bytes(at, end, QUERY_MESSAGE, slots, seen);
    at = quick_seconds(at, end, RESPONSE_TIME_SEC, slots, seen);
    at = quick_fixed(at, end, RESPONSE_TIME_NSEC, slots, seen);
    return quick_bytes(at, end, RESPONSE_MESSAGE, slots, seen);
}

/* Identity and version. */
static inline const uint8_t *skip_usual(const uint8_t *at, const uint8_t *end)
{
    for (unsigned number = 1; number <= 2; number++)
        if (end - at >= 2 && at[0] == (number << 3 | BYTES) && at[1] < 0x80 && at[1] <= end - at - 2)
            at += 2 + at[1];
    return at;
}

/* False: *ret_fault. */
static bool walk_message(const uint8_t *at, size_t length, struct slots *slots, const char **ret_fault)
{
    const uint8_t *end = at + length;
    uint32_t seen = 0;
    at = walk_usual(at, end, slots, &seen);
    while (at < end) {
        struct field field;
        at = read_field(at, end, &field, ret_fault);
        if (!at)
            return false;
        uint64_t number = field.key >> 3;
        if (number > LAST_FIELD || (field.key & 7) != slot_type[number])
            continue;
        seen |= 1U << number;
        slots->value[number] = field.value;
        if ((field.key & 7) == BYTES)
            slots->bytes[number] = field.bytes;
    }
    slots->seen |= seen;
    return true;
}

/* ---- what it says ---- */

static bool has(const struct slots *slots, unsigned field)
{
    return slots->seen >> field & 1;
}

/* 0 if it was not told. */
static uint64_t value_of(const struct slots *slots, unsigned field)
{
    return slots->value[field];
}

static bool is_taken(uint64_t type)
{
    return type == AUTH_QUERY || type == AUTH_RESPONSE || type == CLIENT_QUERY || type == CLIENT_RESPONSE;
}

/* Whether the moment is told; a time that cannot be is as none. */
static bool moment(const struct slots *slots, unsigned sec, unsigned nsec, int64_t *ret_us)
{
    uint64_t s = value_of(slots, sec), ns = value_of(slots, nsec);
    if (!has(slots, sec) || s > MAX_SECONDS || ns > 999999999)
        return false;
    *ret_us = (int64_t)(s * 1000000 + ns / 1000);
    return true;
}

/* Nearly all are whole. Eight octets are written at once, for that is how they are read: a read of more than
 * was just written has to wait for it. */
static inline void put_whole4(const uint8_t *from, uint8_t out[16])
{
    static const uint8_t head[4] = {0, 0, 0xff, 0xff};
    uint8_t octets[8];
    memcpy(octets, head, sizeof head);
    memcpy(octets + 4, from, 4);
    memcpy(out + 8, octets, sizeof octets);
}

/* An address as 16 octets. An anonymiser may have cut it: the family says which one it was, and without that
 * its length. */
static void put_address(const struct slots *slots, unsigned field, uint8_t out[16])
{
    size_t length = (size_t)value_of(slots, field);
    if (length == 0)
        return;
    uint64_t family = value_of(slots, SOCKET_FAMILY);
    bool v4 = length <= 4 && family != FAMILY_INET6;
    if (v4 && length == 4) {
        put_whole4(slots->bytes[field], out);
        return;
    }
    if (v4)
        memset(out + 10, 0xff, 2);
    memcpy(out + (v4 ? 12 : 0), slots->bytes[field], length);
}

static uint8_t transport_of(uint64_t protocol)
{
    if (protocol == PROTOCOL_UDP)
        return SIGHTING_UDP;
    if (protocol == PROTOCOL_TCP)
        return SIGHTING_TCP;
    return protocol >= PROTOCOL_DOT && protocol <= PROTOCOL_LAST ? SIGHTING_OTHER : SIGHTING_UNKNOWN;
}

static const char *check(const struct slots *slots)
{
    if (value_of(slots, QUERY_ADDRESS) > 16 || value_of(slots, RESPONSE_ADDRESS) > 16)
        return "an address has more than 16 octets";
    if (value_of(slots, QUERY_PORT) > UINT16_MAX || value_of(slots, RESPONSE_PORT) > UINT16_MAX)
        return "a port is above 65535";
    if (value_of(slots, QUERY_MESSAGE) > DNSTAP_MAX_MESSAGE ||
        value_of(slots, RESPONSE_MESSAGE) > DNSTAP_MAX_MESSAGE)
        return "a DNS message is longer than 65535 octets";
    return NULL;
}

static void fill(const struct slots *slots, struct dnstap_frame *ret)
{
    struct capture_peer *peer = &ret->peer;
    memset(peer, 0, sizeof *peer);
    put_address(slots, QUERY_ADDRESS, peer->client);
    put_address(slots, RESPONSE_ADDRESS, peer->server);
    peer->client_port = (uint16_t)value_of(slots, QUERY_PORT);
    peer->server_port = (uint16_t)value_of(slots, RESPONSE_PORT);
    peer->transport = transport_of(value_of(slots, SOCKET_PROTOCOL));

    int64_t query_us = 0, response_us = 0;
    bool query_told = moment(slots, QUERY_TIME_SEC, QUERY_TIME_NSEC, &query_us);
    if (!moment(slots, RESPONSE_TIME_SEC, RESPONSE_TIME_NSEC, &response_us))
        response_us = query_us;
    if (!query_told)
        query_us = response_us;
    if (value_of(slots, QUERY_MESSAGE) > 0)
        ret->messages[ret->count++] = (struct dnstap_message){.time_us = query_us,
            .bytes = slots->bytes[QUERY_MESSAGE],
            .length = (uint32_t)slots->value[QUERY_MESSAGE]};
    if (value_of(slots, RESPONSE_MESSAGE) > 0)
        ret->messages[ret->count++] = (struct dnstap_message){.time_us = response_us,
            .bytes = slots->bytes[RESPONSE_MESSAGE],
            .length = (uint32_t)slots->value[RESPONSE_MESSAGE]};
    uint64_t type = slots->value[MESSAGE_TYPE];
    bool query = value_of(slots, QUERY_MESSAGE) > 0;
    ret->query = query && (type == AUTH_QUERY || type == CLIENT_QUERY);
    ret->repeated = query && !ret->query;
}

int dnstap_parse(const uint8_t *bytes, size_t length, struct dnstap_frame *ret, const char **ret_fault)
{
    const uint8_t *at = bytes, *end = bytes + length;
    struct slots slots;
    slots.seen = 0;
    memset(slots.value, 0, sizeof slots.value); /* `bytes` are looked at only where there are some */
    uint64_t type = 0;
    at = skip_usual(at, end);
    while (at < end) {
        struct field field;
        at = read_field(at, end, &field, ret_fault);
        if (!at)
            return ERR_DATA;
        if (field.key == (DNSTAP_MESSAGE << 3 | BYTES)) {
            if (!walk_message(field.bytes, (size_t)field.value, &slots, ret_fault))
                return ERR_DATA;
        } else if (field.key == (DNSTAP_TYPE << 3 | VARINT)) {
            type = field.value;
        }
    }
    ret->count = 0;
    if (type != TYPE_MESSAGE || !is_taken(value_of(&slots, MESSAGE_TYPE)))
        return 0;
    const char *fault = check(&slots);
    if (fault) {
        *ret_fault = fault;
        return ERR_DATA;
    }
    if (value_of(&slots, QUERY_ADDRESS) > 0)
        fill(&slots, ret);
    return 0;
}

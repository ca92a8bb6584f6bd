/* The idea: a protobuf is a row of fields, each a key (number and wire type) and a value. One walk over the
 * outer message finds the inner one, one walk over that keeps what matters, as pointers into the frame. As
 * protobuf has it, a scalar that comes twice counts with its last value, an embedded message that comes twice
 * is merged, and a field that is unknown, or has another wire type than it should, is passed over. */
#include "io/capture/dnstap.h"

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

struct field {
    uint32_t number;
    uint8_t type;
    uint64_t value;       /* of the three kinds of numbers */
    const uint8_t *bytes; /* of BYTES */
    size_t length;
};

struct cursor {
    const uint8_t *at, *end;
    const char *fault; /* sticky */
};

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

static uint64_t fail(struct cursor *c, const char *fault)
{
    if (!c->fault)
        c->fault = fault;
    c->at = c->end;
    return 0;
}

static uint64_t long_varint(struct cursor *c)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < MAX_VARINT; i++) {
        if (c->at == c->end)
            return fail(c, "the frame ends in a number");
        uint8_t octet = *c->at++;
        if (i == MAX_VARINT - 1 && octet > 1)
            break;
        value |= (uint64_t)(octet & 0x7f) << (7 * i);
        if (!(octet & 0x80))
            return value;
    }
    return fail(c, "a number has more than 64 bits");
}

static inline uint64_t varint(struct cursor *c)
{
    if (c->at < c->end && *c->at < 0x80)
        return *c->at++;
    return long_varint(c);
}

/* Little-endian. */
static uint64_t fixed(struct cursor *c, size_t size)
{
    if ((size_t)(c->end - c->at) < size)
        return fail(c, "the frame ends in a number");
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value |= (uint64_t)c->at[i] << (8 * i);
    c->at += size;
    return value;
}

static void string(struct cursor *c, struct field *ret)
{
    uint64_t length = varint(c);
    if (length > (size_t)(c->end - c->at)) {
        fail(c, "a field is longer than what it lies in");
        return;
    }
    ret->bytes = c->at;
    ret->length = (size_t)length;
    c->at += length;
}

/* The next field; false at the end, and when there is a fault. */
static inline bool next_field(struct cursor *c, struct field *ret)
{
    if (c->at == c->end)
        return false;
    uint64_t key = varint(c);
    if (key >> 3 == 0 || key >> 3 > MAX_FIELD)
        fail(c, "a field has no valid number");
    ret->number = (uint32_t)(key >> 3);
    ret->type = key & 7;
    switch (ret->type) {
    case VARINT:
        ret->value = varint(c);
        break;
    case BYTES:
        string(c, ret);
        break;
    case FIXED32:
        ret->value = fixed(c, 4);
        break;
    case FIXED64:
        ret->value = fixed(c, 8);
        break;
    default:
        fail(c, "a field has an unknown wire type");
    }
    return c->fault == NULL;
}

static const char *walk_message(const uint8_t *bytes, size_t length, struct slots *slots)
{
    struct cursor c = {.at = bytes, .end = bytes + length};
    struct field field;
    while (next_field(&c, &field)) {
        if (field.number > LAST_FIELD || field.type != slot_type[field.number])
            continue;
        slots->seen |= 1U << field.number;
        slots->value[field.number] = field.type == BYTES ? field.length : field.value;
        if (field.type == BYTES)
            slots->bytes[field.number] = field.bytes;
    }
    return c.fault;
}

static bool has(const struct slots *slots, unsigned field)
{
    return slots->seen >> field & 1;
}

/* 0 if it was not told. */
static uint64_t value_of(const struct slots *slots, unsigned field)
{
    return has(slots, field) ? slots->value[field] : 0;
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

/* An address as 16 octets. An anonymiser may have cut it: the family says which one it was, and without that
 * its length. */
static void put_address(const struct slots *slots, unsigned field, uint8_t out[16])
{
    size_t length = (size_t)value_of(slots, field);
    if (length == 0)
        return;
    uint64_t family = value_of(slots, SOCKET_FAMILY);
    bool v4 = length <= 4 && family != FAMILY_INET6;
    if (v4)
        memset(out + 10, 0xff, 2);
    memcpy(v4 ? out + 12 : out, slots->bytes[field], length);
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
    struct cursor c = {.at = bytes, .end = bytes + length};
    struct slots slots;
    slots.seen = 0; /* the rest is looked at only where its bit is set */
    struct field field;
    uint64_t type = 0;
    while (next_field(&c, &field)) {
        if (field.number == DNSTAP_MESSAGE && field.type == BYTES) {
            const char *fault = walk_message(field.bytes, field.length, &slots);
            if (fault)
                fail(&c, fault);
        } else if (field.number == DNSTAP_TYPE && field.type == VARINT) {
            type = field.value;
        }
    }
    ret->count = 0;
    bool taken = type == TYPE_MESSAGE && is_taken(value_of(&slots, MESSAGE_TYPE));
    if (!c.fault && taken)
        c.fault = check(&slots);
    if (c.fault) {
        *ret_fault = c.fault;
        return ERR_DATA;
    }
    if (taken && value_of(&slots, QUERY_ADDRESS) > 0)
        fill(&slots, ret);
    return 0;
}

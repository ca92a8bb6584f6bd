/* A stream that was begun in the middle, or of which something was lost, tells nothing about where messages
 * begin, so it is guessed. Best is the beginning of a segment, for senders write messages whole: what fits
 * there and is all there is taken for a message. "All there" matters: the end of a question, "…org. MX IN",
 * looks like the head of a message, but of a very long one. Anywhere else more is asked: messages without a
 * gap up to the end of the octets, whose classes and counts are those of DNS. */
#include "app/observe/wire_stream.h"

enum {
    MAX_LABEL = 63,
    MAX_NAME = 255,
    LEAST = 12 + 1 + 4, /* header, root, type and class */
    LEAST_RECORD = 11,
    OPCODE_AND_ZERO = 0x7840, /* bits of the flags that are 0 */
    CLASS_IN = 1,
    CLASS_CH = 3,
    CLASS_ANY = 255,
};

enum extent { NAME_BAD, NAME_CUT, NAME_GOOD };

static enum extent walk_name(const uint8_t *at, size_t have, size_t *ret_length)
{
    size_t place = 0;
    while (place < have && at[place]) {
        if (at[place] > MAX_LABEL)
            return NAME_BAD;
        place += 1U + at[place];
        if (place >= MAX_NAME)
            return NAME_BAD;
    }
    *ret_length = place + 1;
    return place < have ? NAME_GOOD : NAME_CUT;
}

static inline bool head_fits(const uint8_t *at)
{
    return bytes_u16(at) >= LEAST && !(bytes_u16(at + 4) & OPCODE_AND_ZERO) && bytes_u16(at + 6) == 1;
}

bool wire_stream_fits(const uint8_t *at, size_t have)
{
    size_t length;
    if (have < WIRE_STREAM_HEAD)
        return have < 2 || bytes_u16(at) >= LEAST;
    return head_fits(at) && walk_name(at + WIRE_STREAM_HEAD, have - WIRE_STREAM_HEAD, &length) != NAME_BAD;
}

/* The length of name, type and class; 0 if they are not in the message. */
static size_t question_length(const uint8_t *at, size_t whole)
{
    size_t length;
    if (walk_name(at + WIRE_STREAM_HEAD, whole - WIRE_STREAM_HEAD, &length) != NAME_GOOD ||
        WIRE_STREAM_HEAD + length + 4 > whole)
        return 0;
    return length + 4;
}

bool wire_stream_is_whole(const uint8_t *at, size_t have)
{
    return have >= WIRE_STREAM_HEAD && head_fits(at) && bytes_u16(at) <= have - 2 &&
           question_length(at, bytes_u16(at) + 2U) > 0;
}

/* The octets of a message, with its length, that cannot be anything else; 0 if it can. */
static size_t strict_length(const uint8_t *at, size_t have)
{
    if (!wire_stream_is_whole(at, have))
        return 0;
    size_t whole = bytes_u16(at) + 2U, question = question_length(at, whole);
    uint16_t class = bytes_u16(at + WIRE_STREAM_HEAD + question - 2);
    size_t records = (size_t)bytes_u16(at + 8) + bytes_u16(at + 10) + bytes_u16(at + 12);
    bool is_class = class == CLASS_IN || class == CLASS_CH || class == CLASS_ANY;
    return is_class && WIRE_STREAM_HEAD + question + records * LEAST_RECORD <= whole ? whole : 0;
}

/* QDCOUNT is 1: looking for that octet is fast where there is no DNS at all. */
size_t wire_stream_seek(const uint8_t *at, size_t have)
{
    enum { ONE = 7 }; /* its place in a message with its length */
    if (have < 1 + 2 + LEAST)
        return 0;
    const uint8_t *last = at + have - (2 + LEAST) + ONE, *one = at + 1 + ONE;
    for (; one <= last && (one = memchr(one, 1, (size_t)(last - one) + 1)); one++) {
        size_t begin = (size_t)(one - at) - ONE, place = begin, length;
        while (place < have && (length = strict_length(at + place, have - place)) > 0)
            place += length;
        if (place == have)
            return begin;
    }
    return 0;
}

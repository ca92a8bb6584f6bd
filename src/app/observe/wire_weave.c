/* What waits in a stream is a list of spans by sequence number: octets, and places whose octets were handed
 * out already ("told"). A position where a message begins is known at the slot's `at`, if it is synced, and
 * at the end of each told span; from there octets without a gap are read as messages. Elsewhere it is
 * guessed, at once: what came before its turn is not kept back until the octets before it come, for perhaps
 * the capture missed them. If they do come, they are read up to the told span, and nothing is counted twice.
 *
 *     at                                           at: the message there is not whole
 *     | octets |      hole      | told | octets |
 *
 * A hole is given up when many octets followed it: the stream then goes on behind what was told.
 *
 * All spans of a stream are laid out anew, with the segment in its place, looked at, and put back: simple,
 * and rare enough. */
#include "app/observe/wire_stream.h"

enum {
    MAX_SPANS =
        4 * WIRE_MAX_PIECES + 16, /* more than 64 spans, the segment between them, and each group in three */
    MAX_DOUBTFUL = 8 << 10,       /* octets that wait though nothing tells that they ever become a message */
    PATIENCE = 64 << 10,          /* octets told behind a hole */
};

struct span {
    uint32_t begin, length, have;
    const uint8_t *bytes;
    bool told, is_new;
};

struct spans {
    struct span at[MAX_SPANS];
    unsigned count;
};

struct weave {
    struct wire *wire;
    const struct wire_layer *layer;
    struct shelf_slot *slot;
    struct wire_ports ports;
    struct spans before, after;
    uint32_t used; /* of wire->held */
};

static inline bool is_before(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

static inline uint32_t end_of(const struct span *span)
{
    return span->begin + span->length;
}

/* ---- laying out ---- */

/* Octets [from, to) of the segment, so far as the capture has them. */
static void lay_segment(struct weave *weave, uint32_t sequence, uint32_t from, uint32_t to)
{
    const struct wire_layer *layer = weave->layer;
    uint32_t offset = from - sequence, length = to - from;
    uint32_t have = layer->have > offset ? layer->have - offset : 0;
    have = have < length ? have : length;
    if (have == 0)
        return;
    uint8_t *bytes = weave->wire->held + weave->used;
    memcpy(bytes, layer->at + offset, have);
    weave->before.at[weave->before.count++] = (struct span){from, length, have, bytes, false, true};
    weave->used += have;
}

/* The spans in order, with what is new of the segment between them: octets that came first stay. False:
 * nothing is new. */
static bool lay_out(struct weave *weave, uint32_t sequence)
{
    const struct shelf *shelf = &weave->wire->streams;
    uint32_t from = sequence, end = sequence + weave->layer->length;
    if ((weave->slot->flags & WIRE_SYNCED) && is_before(from, weave->slot->at))
        from = weave->slot->at;
    for (int32_t at = weave->slot->first; at != SHELF_NONE; at = shelf_next(shelf, at)) {
        struct shelf_piece piece = shelf_piece(shelf, at);
        if (is_before(from, piece.begin) && is_before(from, end))
            lay_segment(weave, sequence, from, is_before(piece.begin, end) ? piece.begin : end);
        uint8_t *bytes = weave->wire->held + weave->used;
        shelf_read(shelf, at, bytes, piece.have);
        weave->before.at[weave->before.count++] =
            (struct span){piece.begin, piece.length, piece.have, bytes, piece.told, false};
        weave->used += piece.have;
        if (is_before(from, piece.begin + piece.length))
            from = piece.begin + piece.length;
    }
    if (is_before(from, end))
        lay_segment(weave, sequence, from, end);
    return weave->before.count > weave->slot->pieces;
}

/* ---- reading ---- */

static void keep(struct weave *weave, const struct span *span)
{
    struct spans *after = &weave->after;
    struct span *last = after->count ? &after->at[after->count - 1] : NULL;
    if (span->length == 0 || (span->have == 0 && !span->told) || after->count == MAX_SPANS)
        return;
    if (last && last->told && span->told && !is_before(end_of(last), span->begin)) {
        if (is_before(end_of(last), end_of(span)))
            last->length = end_of(span) - last->begin;
        return;
    }
    after->at[after->count++] = *span;
}

/* Does a message begin where this span does? */
static bool is_known(const struct weave *weave, uint32_t begin)
{
    const struct spans *after = &weave->after;
    if ((weave->slot->flags & WIRE_SYNCED) && begin == weave->slot->at)
        return true;
    return after->count && after->at[after->count - 1].told && end_of(&after->at[after->count - 1]) == begin;
}

/* Spans without a gap, the first of a number. Octets of none but the last are cut, so that their octets lie
 * one behind the other. */
struct group {
    const struct span *first, *last; /* last: the one behind */
    const uint8_t *bytes;
    uint32_t begin, have, length;
    bool is_new;
};

static struct group group_of(const struct spans *spans, unsigned from)
{
    const struct span *span = &spans->at[from], *end = spans->at + spans->count;
    struct group group = {.first = span, .bytes = span->bytes, .begin = span->begin};
    bool goes_on;
    do {
        group.have += span->have;
        group.length += span->length;
        group.is_new |= span->is_new;
        goes_on = span->have == span->length;
        span++;
    } while (goes_on && span < end && !span->told && span->begin == group.begin + group.length);
    group.last = span;
    return group;
}

enum { NOWHERE = -1 };

static int64_t guess(const struct group *group)
{
    for (const struct span *span = group->first; span < group->last; span++) {
        uint32_t offset = span->begin - group->begin, have = group->have - offset;
        const uint8_t *at = group->bytes + offset;
        bool is_cut_there = span->have < span->length && span->have >= WIRE_STREAM_HEAD;
        if (wire_stream_is_whole(at, have) ||
            (is_cut_there && wire_stream_fits(at, have) && bytes_u16(at) + 2U == span->length))
            return offset;
    }
    if (group->have < group->length || wire_stream_fits(group->bytes, group->have))
        return NOWHERE;
    size_t found = wire_stream_seek(group->bytes, group->have);
    return found ? (int64_t)found : NOWHERE;
}

/* Hands out the messages from offset `from`; returns the offset behind the last. That of a message whose end
 * was cut by the snap length is where it would end. */
static uint32_t read_messages(struct weave *weave, const struct group *group, uint32_t from)
{
    bool is_cut = group->have < group->length;
    while (group->have >= from + 2) {
        const uint8_t *at = group->bytes + from;
        uint32_t have = group->have - from, length = bytes_u16(at);
        bool is_whole = length <= have - 2;
        if (!is_whole && !(is_cut && have >= WIRE_STREAM_HEAD))
            break;
        if ((weave->slot->flags & WIRE_GUESSED) && !wire_stream_fits(at, have))
            break;
        if (length > 0)
            wire_tell(weave->wire, weave->layer, weave->ports, SIGHTING_TCP, at + 2,
                is_whole ? length : have - 2, length);
        from += length + 2;
        if (!is_whole)
            break;
    }
    return from;
}

/* The octets before `from` as they were, then what was told, then the rest. */
static void keep_parts(struct weave *weave, const struct group *group, uint32_t from, uint32_t to)
{
    for (const struct span *span = group->first; span < group->last; span++) {
        uint32_t offset = span->begin - group->begin;
        struct span part = *span;
        if (offset >= from)
            break;
        if (part.length > from - offset)
            part.length = from - offset;
        part.have = part.have < part.length ? part.have : part.length;
        keep(weave, &part);
    }
    keep(weave, &(struct span){.begin = group->begin + from, .length = to - from, .told = true});
    if (to < group->have)
        keep(weave, &(struct span){group->begin + to, group->length - to, group->have - to, group->bytes + to,
                        false, false});
}

static void read_group(struct weave *weave, const struct group *group, bool is_followed)
{
    uint8_t *flags = &weave->slot->flags;
    bool known = is_known(weave, group->begin);
    if (known && (*flags & WIRE_GUESSED) && !wire_stream_fits(group->bytes, group->have))
        known = false;
    int64_t from = known ? 0 : group->is_new ? guess(group) : NOWHERE;
    if (from == NOWHERE) {
        for (const struct span *span = group->first; span < group->last; span++)
            keep(weave, span);
        return;
    }
    if (!known) {
        weave->wire->counters.tcp_gaps += (*flags & (WIRE_SYNCED | WIRE_GUESSED)) != 0;
        *flags |= WIRE_GUESSED;
    }
    uint32_t to = read_messages(weave, group, (uint32_t)from);
    /* What is told behind it was no part of a message here: neither is this rest. */
    if (is_followed && to < group->length)
        to = group->length;
    keep_parts(weave, group, (uint32_t)from, to);
}

static void read_spans(struct weave *weave)
{
    struct spans *before = &weave->before;
    for (unsigned i = 0; i < before->count;) {
        struct span *span = &before->at[i];
        const struct span *last = weave->after.count ? &weave->after.at[weave->after.count - 1] : NULL;
        if (last && is_before(span->begin, end_of(last))) { /* a cut message reaches into it */
            uint32_t past = end_of(last) - span->begin;
            past = past < span->length ? past : span->length;
            span->begin += past;
            span->length -= past;
            span->bytes += past < span->have ? past : span->have;
            span->have -= past < span->have ? past : span->have;
        }
        if (span->told || span->have == 0) {
            keep(weave, span);
            i++;
            continue;
        }
        struct group group = group_of(before, i);
        i = (unsigned)(group.last - before->at);
        bool is_followed =
            i < before->count && before->at[i].told && before->at[i].begin == group.begin + group.length;
        read_group(weave, &group, is_followed);
    }
}

/* ---- putting back ---- */

static void drop_first(struct spans *spans, unsigned count)
{
    spans->count -= count;
    memmove(spans->at, spans->at + count, spans->count * sizeof *spans->at);
}

/* The stream goes on behind span number `last`. */
static void go_on_behind(struct weave *weave, unsigned last)
{
    const struct span *span = &weave->after.at[last];
    weave->slot->at = end_of(span);
    if (span->told)
        weave->slot->flags |= WIRE_SYNCED;
    else
        weave->slot->flags &= (uint8_t)~WIRE_SYNCED;
    drop_first(&weave->after, last + 1);
}

static bool is_too_much(const struct weave *weave)
{
    const struct spans *after = &weave->after;
    const struct span *first = after->at;
    uint32_t have = 0;
    bool is_told = false;
    for (unsigned i = 0; i < after->count; i++) {
        have += after->at[i].have;
        is_told |= after->at[i].told;
    }
    bool is_doubtful = after->count && !is_told && !(weave->slot->flags & WIRE_SYNCED) &&
                       !wire_stream_fits(first->bytes, first->have);
    return after->count > WIRE_MAX_PIECES || have > (is_doubtful ? MAX_DOUBTFUL : WIRE_MAX_HELD);
}

static void settle(struct weave *weave)
{
    struct spans *after = &weave->after;
    for (unsigned i = 0; i < after->count; i++) {
        bool is_next = i == 0 && (weave->slot->flags & WIRE_SYNCED) && after->at[0].begin == weave->slot->at;
        if (after->at[i].told && (is_next || after->at[i].length >= PATIENCE)) {
            go_on_behind(weave, i);
            i = UINT32_MAX; /* again from the first */
        }
    }
    while (is_too_much(weave)) {
        unsigned told = 0;
        while (told < after->count && !after->at[told].told)
            told++;
        weave->wire->counters.tcp_gaps++;
        go_on_behind(weave, told < after->count ? told : 0);
    }
}

static void put_back(struct weave *weave)
{
    struct shelf *shelf = &weave->wire->streams;
    shelf_clear(shelf, weave->slot);
    for (unsigned i = 0; i < weave->after.count; i++) {
        const struct span *span = &weave->after.at[i];
        struct shelf_piece piece = {span->begin, span->length, span->have, span->told};
        if (!shelf_add(shelf, weave->slot, &piece, span->bytes))
            break;
    }
}

void wire_weave(struct wire *wire, const struct wire_layer *layer, struct shelf_slot *slot,
    struct wire_ports ports, uint32_t sequence)
{
    struct wire_layer rest = *layer;
    if (!(slot->flags & WIRE_SYNCED) && is_before(sequence, slot->at))
        slot->at = sequence;
    while (rest.length > 0) {
        struct wire_layer chunk = rest;
        wire_trim(&chunk, rest.length < WIRE_CHUNK ? rest.length : WIRE_CHUNK);
        struct weave weave; /* large: its arrays are not to be zeroed */
        weave.wire = wire;
        weave.layer = &chunk;
        weave.slot = slot;
        weave.ports = ports;
        weave.before.count = weave.after.count = weave.used = 0;
        if (lay_out(&weave, sequence)) {
            read_spans(&weave);
            settle(&weave);
            put_back(&weave);
        } else {
            wire->counters.tcp_repeated += chunk.have > 0;
        }
        sequence += chunk.length;
        rest.at += chunk.have;
        rest.have -= chunk.have;
        rest.length -= chunk.length;
    }
}

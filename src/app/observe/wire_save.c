/* Bytes, in network order: "rcw1", the seed (keys depend on it), and both shelves, streams first: the number
 * of slots, then each in the order in which they would be forgotten, with its pieces. A piece that was told
 * has no octets.
 *
 * Read back, slots and blocks have other places, but the same order and as many are used: what happens next
 * depends on nothing else. */
#include "app/observe/wire_inside.h"
#include "base/err.h"

#include <stdlib.h>

enum { SLOT = 8 + 8 + 4 + 4 + 3, PIECE = 4 + 4 + 4 + 1, HEAD = 4 + 8 };
static const uint8_t MAGIC[4] = {'r', 'c', 'w', '1'};

/* ---- writing ---- */

/* At most: to know it, all of them would have to be walked through. */
static size_t room_for(const struct shelf *shelf)
{
    return 4 + (size_t)shelf->slots_used * SLOT + (size_t)shelf->blocks_used * (PIECE + SHELF_BLOCK);
}

static void write_slot(struct writer *writer, const struct shelf *shelf, const struct shelf_slot *slot)
{
    writer_u64(writer, slot->key);
    writer_u64(writer, (uint64_t)slot->time_us);
    writer_u32(writer, slot->at);
    writer_u32(writer, slot->base);
    writer_u8(writer, slot->flags);
    writer_u8(writer, slot->protocol);
    writer_u8(writer, slot->pieces);
    for (int32_t at = slot->first; at != SHELF_NONE; at = shelf_next(shelf, at)) {
        struct shelf_piece piece = shelf_piece(shelf, at);
        writer_u32(writer, piece.begin);
        writer_u32(writer, piece.length);
        writer_u32(writer, piece.have);
        writer_u8(writer, piece.told);
        uint8_t *room = writer_room(writer, piece.have);
        if (room)
            shelf_read(shelf, at, room, piece.have);
    }
}

static void write_shelf(struct writer *writer, const struct shelf *shelf)
{
    writer_u32(writer, shelf->slots_used);
    for (const struct shelf_slot *slot = shelf_walk(shelf, NULL); slot; slot = shelf_walk(shelf, slot))
        write_slot(writer, shelf, slot);
}

int wire_save(const struct wire *wire, uint8_t **ret_bytes, size_t *ret_length)
{
    size_t length = HEAD + room_for(&wire->streams) + room_for(&wire->datagrams);
    uint8_t *bytes = malloc(length);
    if (!bytes)
        return ERR_NOMEM;
    struct writer writer = writer_over(bytes, length);
    writer_bytes(&writer, MAGIC, sizeof MAGIC);
    writer_u64(&writer, wire->seed);
    write_shelf(&writer, &wire->streams);
    write_shelf(&writer, &wire->datagrams);
    *ret_bytes = bytes;
    *ret_length = writer_used(&writer);
    return 0;
}

/* ---- reading ---- */

/* What the parts that own the slots rely on. */

static bool is_stream_sound(const struct shelf *shelf, const struct shelf_slot *slot)
{
    const uint8_t known = WIRE_SYNCED | WIRE_BASED | WIRE_GUESSED | WIRE_CLOSED;
    uint32_t from = slot->at, have = 0;
    if ((slot->flags & ~known) || slot->pieces > WIRE_MAX_PIECES)
        return false;
    for (int32_t at = slot->first; at != SHELF_NONE; at = shelf_next(shelf, at)) {
        struct shelf_piece piece = shelf_piece(shelf, at);
        uint32_t ahead = piece.begin - from;
        if ((piece.have == 0) != piece.told || ahead > WIRE_FARTHEST || piece.length > WIRE_FARTHEST ||
            piece.begin + piece.length - slot->at > WIRE_FARTHEST)
            return false;
        have += piece.have;
        from = piece.begin + piece.length;
    }
    return have <= WIRE_MAX_HELD;
}

static bool is_datagram_sound(const struct shelf *shelf, const struct shelf_slot *slot)
{
    const uint8_t known = WIRE_REFUSED | WIRE_ENDS;
    uint32_t end = slot->flags & WIRE_ENDS ? slot->base : WIRE_MAX_DATAGRAM;
    uint8_t seen[WIRE_MAX_DATAGRAM / 8 + 1] = {0};
    if ((slot->flags & ~known) || end > WIRE_MAX_DATAGRAM ||
        (slot->pieces && ((slot->flags & WIRE_REFUSED) || slot->octets == end)))
        return false;
    for (int32_t at = slot->first; at != SHELF_NONE; at = shelf_next(shelf, at)) {
        struct shelf_piece piece = shelf_piece(shelf, at);
        if (piece.told || piece.length == 0 || piece.begin % 8 || piece.begin > end ||
            piece.length > end - piece.begin)
            return false;
        for (uint32_t place = piece.begin / 8; place < (piece.begin + piece.length + 7) / 8; place++)
            if (seen[place]++)
                return false;
    }
    return true;
}

static bool read_piece(struct reader *reader, struct shelf *shelf, struct shelf_slot *slot)
{
    struct shelf_piece piece = {reader_u32(reader), reader_u32(reader), reader_u32(reader), false};
    uint8_t told = reader_u8(reader);
    const uint8_t *bytes = reader_bytes(reader, piece.have);
    piece.told = told == 1;
    return bytes && told <= 1 && piece.have <= piece.length && piece.have <= WIRE_MAX_HELD &&
           shelf_add(shelf, slot, &piece, bytes);
}

static bool read_shelf(struct reader *reader, struct shelf *shelf,
    bool (*is_sound)(const struct shelf *shelf, const struct shelf_slot *slot))
{
    uint32_t count = reader_u32(reader);
    if (count > shelf->slot_count)
        return false;
    for (uint32_t i = 0; i < count && !reader->bad; i++) {
        uint64_t key = reader_u64(reader);
        if (shelf_find(shelf, key))
            return false;
        struct shelf_slot *slot = shelf_make(shelf, key);
        slot->time_us = (int64_t)reader_u64(reader);
        slot->at = reader_u32(reader);
        slot->base = reader_u32(reader);
        slot->flags = reader_u8(reader);
        slot->protocol = reader_u8(reader);
        unsigned pieces = reader_u8(reader);
        for (unsigned piece = 0; piece < pieces; piece++)
            if (!read_piece(reader, shelf, slot))
                return false;
        if (reader->bad || !is_sound(shelf, slot))
            return false;
    }
    return !reader->bad && shelf->slots_used == count; /* nothing had to be forgotten */
}

int wire_load(struct wire *wire, const uint8_t *bytes, size_t length)
{
    struct reader reader = reader_over(bytes, length);
    const uint8_t *magic = reader_bytes(&reader, sizeof MAGIC);
    uint64_t seed = reader_u64(&reader);
    shelf_reset(&wire->streams);
    shelf_reset(&wire->datagrams);
    if (!reader.bad && memcmp(magic, MAGIC, sizeof MAGIC) == 0 &&
        read_shelf(&reader, &wire->streams, is_stream_sound) &&
        read_shelf(&reader, &wire->datagrams, is_datagram_sound) && reader_left(&reader) == 0) {
        wire->seed = seed;
        return 0;
    }
    shelf_reset(&wire->streams);
    shelf_reset(&wire->datagrams);
    return ERR_DATA;
}

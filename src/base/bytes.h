/* bytes: a cursor that reads and one that writes, each with a sticky error.
 *
 * A read past the end yields zeros and sets `bad`; a write past the end writes nothing and sets `full`. Check
 * once, at the end. Integers are in network order. Neither owns its memory. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct reader {
    const uint8_t *start, *at, *end;
    bool bad;
};

struct writer {
    uint8_t *start, *at, *end;
    bool full;
};

static inline struct reader reader_over(const void *bytes, size_t length)
{
    const uint8_t *start = bytes;
    return (struct reader){.start = start, .at = start, .end = length ? start + length : start};
}

static inline size_t reader_left(const struct reader *r)
{
    return (size_t)(r->end - r->at);
}

/* The next `length` bytes in place, or NULL with `bad` set. */
static inline const uint8_t *reader_bytes(struct reader *r, size_t length)
{
    if (r->bad || reader_left(r) < length) {
        r->bad = true;
        return NULL;
    }
    const uint8_t *bytes = r->at;
    r->at += length;
    return bytes;
}

static inline uint8_t reader_u8(struct reader *r)
{
    const uint8_t *b = reader_bytes(r, 1);
    return b ? b[0] : 0;
}

static inline uint16_t reader_u16(struct reader *r)
{
    const uint8_t *b = reader_bytes(r, 2);
    return b ? (uint16_t)(b[0] << 8 | b[1]) : 0;
}

static inline uint32_t reader_u32(struct reader *r)
{
    const uint8_t *b = reader_bytes(r, 4);
    return b ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3] : 0;
}

static inline uint64_t reader_u64(struct reader *r)
{
    uint64_t high = reader_u32(r);
    return high << 32 | reader_u32(r);
}

static inline struct writer writer_over(void *bytes, size_t capacity)
{
    uint8_t *start = bytes;
    return (struct writer){.start = start, .at = start, .end = capacity ? start + capacity : start};
}

static inline size_t writer_used(const struct writer *w)
{
    return (size_t)(w->at - w->start);
}

/* Room for `length` bytes to be filled by the caller, or NULL with `full` set. */
static inline uint8_t *writer_room(struct writer *w, size_t length)
{
    if (w->full || (size_t)(w->end - w->at) < length) {
        w->full = true;
        return NULL;
    }
    uint8_t *room = w->at;
    w->at += length;
    return room;
}

static inline void writer_bytes(struct writer *w, const void *bytes, size_t length)
{
    uint8_t *room = writer_room(w, length);
    if (room && length)
        memcpy(room, bytes, length);
}

static inline void writer_u8(struct writer *w, uint8_t value)
{
    writer_bytes(w, &value, 1);
}

static inline void bytes_put_u16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static inline uint16_t bytes_u16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static inline void writer_u16(struct writer *w, uint16_t value)
{
    uint8_t *room = writer_room(w, 2);
    if (room)
        bytes_put_u16(room, value);
}

static inline void writer_u32(struct writer *w, uint32_t value)
{
    uint8_t *room = writer_room(w, 4);
    if (room) {
        bytes_put_u16(room, (uint16_t)(value >> 16));
        bytes_put_u16(room + 2, (uint16_t)value);
    }
}

static inline void writer_u64(struct writer *w, uint64_t value)
{
    writer_u32(w, (uint32_t)(value >> 32));
    writer_u32(w, (uint32_t)value);
}

#endif

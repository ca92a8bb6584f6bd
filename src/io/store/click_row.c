/* A row that is not all there yet is read anew when more has come: strings are pointed at, not copied, so
 * that costs a step for each value and not for each octet. */
#include "io/store/click_row.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 4096, MAX_VARINT = 10 };

void click_rows_free(struct click_rows *rows)
{
    free(rows->bytes);
    *rows = (struct click_rows){0};
}

static uint8_t *room(struct click_rows *rows, size_t length)
{
    if (rows->capacity - rows->length < length) {
        size_t capacity = rows->capacity ? rows->capacity * 2 : FIRST_CAPACITY;
        while (capacity - rows->length < length)
            capacity *= 2;
        uint8_t *grown = rows->failed ? NULL : realloc(rows->bytes, capacity);
        if (!grown) {
            rows->failed = true;
            return NULL;
        }
        rows->bytes = grown;
        rows->capacity = capacity;
    }
    uint8_t *at = rows->bytes + rows->length;
    rows->length += length;
    return at;
}

void click_row_number(struct click_rows *rows, uint64_t value, unsigned octets)
{
    uint8_t *at = room(rows, octets);
    for (unsigned i = 0; at && i < octets; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

void click_row_fixed(struct click_rows *rows, const void *bytes, size_t length)
{
    uint8_t *at = length ? room(rows, length) : NULL;
    if (at)
        memcpy(at, bytes, length);
}

void click_row_length(struct click_rows *rows, size_t length)
{
    uint8_t octets[MAX_VARINT];
    size_t used = 0;
    for (uint64_t left = length;; left >>= 7) {
        octets[used++] = (uint8_t)((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
        if (left <= 0x7f)
            break;
    }
    click_row_fixed(rows, octets, used);
}

void click_row_bytes(struct click_rows *rows, const void *bytes, size_t length)
{
    click_row_length(rows, length);
    click_row_fixed(rows, bytes, length);
}

void click_row_string(struct click_rows *rows, const char *string)
{
    click_row_bytes(rows, string, strlen(string));
}

/* What is left to read; `more`: it ended too early, `bad`: it cannot be a row. */
struct cursor {
    const uint8_t *at, *end;
    bool more, bad;
};

static const uint8_t *take(struct cursor *cursor, size_t length)
{
    if (cursor->more || cursor->bad || (size_t)(cursor->end - cursor->at) < length) {
        cursor->more = true;
        return NULL;
    }
    const uint8_t *at = cursor->at;
    cursor->at += length;
    return at;
}

static uint64_t number(const uint8_t *at, unsigned octets)
{
    uint64_t value = 0;
    for (unsigned i = 0; at && i < octets; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

/* A length that a row may have. */
static size_t take_length(struct cursor *cursor)
{
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        const uint8_t *octet = take(cursor, 1);
        if (!octet)
            return 0;
        value |= (uint64_t)(*octet & 0x7f) << shift;
        if (value > CLICK_ROW_MAX_STRING || shift > 28) {
            cursor->bad = true;
            return 0;
        }
        if (!(*octet & 0x80))
            return (size_t)value;
    }
}

static struct click_value take_value(struct cursor *cursor, char type)
{
    struct click_value value = {0};
    switch (type) {
    case 'i':
        value.number = number(take(cursor, 8), 8);
        break;
    case 'f':
        value.length = 16;
        value.bytes = take(cursor, value.length);
        break;
    case 's':
        value.length = take_length(cursor);
        value.bytes = take(cursor, value.length);
        break;
    case 'a':
        value.length = take_length(cursor);
        value.bytes = take(cursor, value.length * 8);
        break;
    default: /* 1 2 4 8 */
        value.number = number(take(cursor, (unsigned)(type - '0')), (unsigned)(type - '0'));
    }
    return value;
}

ptrdiff_t click_row_read(const uint8_t *bytes, size_t length, const char *types,
    struct click_value ret_values[CLICK_ROW_MAX_VALUES])
{
    struct cursor cursor = {.at = bytes, .end = bytes + length};
    for (size_t i = 0; types[i] && i < CLICK_ROW_MAX_VALUES; i++)
        ret_values[i] = take_value(&cursor, types[i]);
    if (cursor.bad)
        return ERR_DATA;
    return cursor.more ? 0 : cursor.at - bytes;
}

uint64_t click_row_element(const struct click_value *array, size_t i)
{
    return number(array->bytes + 8 * i, 8);
}

bool click_row_text(const struct click_value *value)
{
    return !value->length || !memchr(value->bytes, 0, value->length);
}

/* A block comes in many pieces. It is looked at as it comes, each octet once: a column of numbers is passed
 * in one step, one of strings length by length. When all of it is there values are told from places whose
 * bounds are known. */
#include "io/store/click_native.h"

#include <string.h>

enum { MOST_ROWS = 1 << 26, MOST_NAME = 1024 };

static const struct type {
    const char *name;
    char letter;
    uint8_t octets; /* of a value; 0: each has its length */
} types_known[] = {
    {"UInt8", '1', 1},
    {"UInt16", '2', 2},
    {"UInt32", '4', 4},
    {"UInt64", '8', 8},
    {"Int64", 'i', 8},
    {"FixedString(16)", 'f', CLICK_NATIVE_FIXED},
    {"String", 's', 0},
};

static const struct type *type_of(char letter)
{
    size_t i = 0;
    while (i + 1 < sizeof types_known / sizeof *types_known && types_known[i].letter != letter)
        i++;
    return &types_known[i];
}

void click_native_start(struct click_native *native, const char *types)
{
    *native = (struct click_native){.types = types};
}

/* ---- looking ---- */

/* All that is looked at: 1 there, 0 not yet, ERR_DATA never. `at` moves on with 1. */
struct cursor {
    const uint8_t *bytes;
    size_t length, at;
};

static int take_number(struct cursor *cursor, uint64_t most, uint64_t *ret)
{
    uint64_t value = 0;
    for (size_t at = cursor->at, shift = 0; at < cursor->length; at++, shift += 7) {
        value |= (uint64_t)(cursor->bytes[at] & 0x7f) << shift;
        if (value > most || shift > 28)
            return ERR_DATA;
        if (!(cursor->bytes[at] & 0x80)) {
            *ret = value;
            cursor->at = at + 1;
            return 1;
        }
    }
    return 0;
}

static int take_string(struct cursor *cursor, uint64_t most, const uint8_t **ret, size_t *ret_length)
{
    struct cursor after = *cursor;
    uint64_t length;
    int rc = take_number(&after, most, &length);
    if (rc != 1)
        return rc;
    if (after.length - after.at < length)
        return 0;
    *ret = after.bytes + after.at;
    *ret_length = (size_t)length;
    cursor->at = after.at + (size_t)length;
    return 1;
}

/* The number of columns must be ours: no letter of a word that ClickHouse says is that. */
static int look_at_size(struct click_native *native, struct cursor *cursor)
{
    struct cursor after = *cursor;
    size_t wanted = strlen(native->types);
    uint64_t columns, rows;
    int rc = take_number(&after, wanted, &columns);
    if (rc != 1)
        return rc;
    if (columns != wanted)
        return ERR_DATA;
    rc = take_number(&after, MOST_ROWS, &rows);
    if (rc != 1)
        return rc;
    native->rows = (size_t)rows;
    native->has_size = true;
    cursor->at = after.at;
    return 1;
}

static int look_at_head(struct click_native *native, const struct type *type, struct cursor *cursor)
{
    struct cursor after = *cursor;
    const uint8_t *string;
    size_t length;
    int rc = take_string(&after, MOST_NAME, &string, &length); /* its name is our own word */
    rc = rc == 1 ? take_string(&after, MOST_NAME, &string, &length) : rc;
    if (rc != 1)
        return rc;
    if (length != strlen(type->name) || memcmp(string, type->name, length) != 0)
        return ERR_DATA;
    native->has_head = true;
    native->strings = 0;
    native->places[native->column] = after.at;
    cursor->at = after.at;
    return 1;
}

static int look_at_values(struct click_native *native, const struct type *type, struct cursor *cursor)
{
    const uint8_t *string;
    size_t length;
    if (type->octets) {
        if (cursor->length - cursor->at < native->rows * type->octets)
            return 0;
        cursor->at += native->rows * type->octets;
    }
    for (; !type->octets && native->strings < native->rows; native->strings++) {
        int rc = take_string(cursor, CLICK_ROW_MAX_STRING, &string, &length);
        if (rc != 1)
            return rc;
    }
    native->column++;
    native->has_head = false;
    return 1;
}

ptrdiff_t click_native_read(struct click_native *native, const uint8_t *bytes, size_t length)
{
    struct cursor cursor = {bytes, length, native->at};
    int rc = native->has_size ? 1 : look_at_size(native, &cursor);
    while (rc == 1 && native->types[native->column]) {
        const struct type *type = type_of(native->types[native->column]);
        rc = native->has_head ? 1 : look_at_head(native, type, &cursor);
        rc = rc == 1 ? look_at_values(native, type, &cursor) : rc;
    }
    native->at = cursor.at;
    return rc == 1 ? (ptrdiff_t)cursor.at : rc;
}

/* click_native: blocks of rows in ClickHouse's format Native, read. A block is the numbers of its columns and
 * rows, then of each column its name, its type and all its values, as they lie in the server's memory: so to
 * write and to read them costs a fraction of RowBinary (click_row.h). Values are encoded as there.
 *
 * https://clickhouse.com/docs/en/interfaces/formats#native */
#ifndef IO_STORE_CLICK_NATIVE_H
#define IO_STORE_CLICK_NATIVE_H

#include "io/store/click_row.h"

enum { CLICK_NATIVE_FIXED = 16 };

/* The block at hand. Places are octets from its begin. */
struct click_native {
    const char *types; /* of the columns, as in click_row.h; no arrays */
    size_t at;         /* what was looked at */
    bool has_size;     /* the numbers of columns and rows; below: the head of `column` */
    bool has_head;
    size_t rows;
    size_t column;                       /* that is looked at */
    size_t strings;                      /* of it, that were looked at */
    size_t places[CLICK_ROW_MAX_VALUES]; /* of the first value; in a column of strings of the next one */
};

/* For the first block, and for each other one. `types` must live as long. */
void click_native_start(struct click_native *native, const char *types);

/* Looks at a block of which `bytes` is the begin; what came before is not looked at again, but must be there.
 * Returns the octets of the whole block, 0 if it is not all there yet, ERR_DATA if it cannot be one with
 * these types. */
ptrdiff_t click_native_read(struct click_native *native, const uint8_t *bytes, size_t length);

/* ---- values of a whole block ---- */

/* Of a column of numbers the one in this row; `octets` of its type. */
static inline uint64_t click_native_number(
    const struct click_native *native, const uint8_t *bytes, size_t column, size_t row, unsigned octets)
{
    const uint8_t *at = bytes + native->places[column] + octets * row;
    uint64_t value = 0;
    for (unsigned i = 0; i < octets; i++) /* a compiler makes one load of it */
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

/* The 16 octets of a FixedString. */
static inline const uint8_t *click_native_fixed(
    const struct click_native *native, const uint8_t *bytes, size_t column, size_t row)
{
    return bytes + native->places[column] + CLICK_NATIVE_FIXED * row;
}

/* Of a column of strings the next one: of each row once, in their order. */
static inline struct click_value click_native_string(
    struct click_native *native, const uint8_t *bytes, size_t column)
{
    struct click_value value = {0};
    size_t place = native->places[column];
    for (unsigned shift = 0;; shift += 7) {
        value.length |= (size_t)(bytes[place] & 0x7f) << shift;
        if (!(bytes[place++] & 0x80))
            break;
    }
    value.bytes = bytes + place;
    native->places[column] = place + value.length;
    return value;
}

#endif

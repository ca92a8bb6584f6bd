/* click_row: rows in ClickHouse's format RowBinary, written and read. Integers are little-endian, a string is
 * its length as a varint (LEB128) and its octets, an array the same with its elements, a FixedString its
 * octets.
 *
 * https://clickhouse.com/docs/en/interfaces/formats#rowbinary */
#ifndef IO_STORE_CLICK_ROW_H
#define IO_STORE_CLICK_ROW_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- writing ---- */

/* Octets that grow. `failed`: memory was short; then nothing more is added. Starts as {0}. */
struct click_rows {
    uint8_t *bytes;
    size_t length, capacity;
    bool failed;
};

void click_rows_free(struct click_rows *rows);

/* Little-endian, the lower `octets` (1, 2, 4, 8) of the value. */
void click_row_number(struct click_rows *rows, uint64_t value, unsigned octets);
/* Octets without a length: a FixedString. */
void click_row_fixed(struct click_rows *rows, const void *bytes, size_t length);
void click_row_bytes(struct click_rows *rows, const void *bytes, size_t length);
void click_row_string(struct click_rows *rows, const char *string);
/* The length of an array, whose elements follow. */
void click_row_length(struct click_rows *rows, size_t length);

/* ---- reading ---- */

/* A value, by its type:
 *   1 2 4 8   unsigned of so many octets: number
 *   i         Int64: number, to be cast
 *   f         FixedString(16): bytes
 *   s         String: bytes and length, not terminated
 *   a         Array of Int64 or UInt64: bytes of `length` elements, little-endian */
struct click_value {
    uint64_t number;
    const uint8_t *bytes; /* in what was read */
    size_t length;
};

enum { CLICK_ROW_MAX_VALUES = 32, CLICK_ROW_MAX_STRING = 48 << 20 };

/* Reads one row of these types. Returns its octets, 0 if it is not all there yet, ERR_DATA if it cannot be
 * one. */
ptrdiff_t click_row_read(const uint8_t *bytes, size_t length, const char *types,
    struct click_value ret_values[CLICK_ROW_MAX_VALUES]);

/* Element i of an array. */
uint64_t click_row_element(const struct click_value *array, size_t i);

/* Whether the string holds no NUL, so that it can be one of C. */
bool click_row_text(const struct click_value *value);

#endif

/* print_try: for fuzz targets: reads octets as a file and gives a fingerprint of all that came: records,
 * counters, the error and its note. Aborts when a record is not what its reader promises. */
#ifndef IO_CAPTURE_PRINT_TRY_H
#define IO_CAPTURE_PRINT_TRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

uint64_t print_try(const uint8_t *bytes, size_t length, size_t block, bool as_log, int *ret_err);

/* The same file in blocks of different sizes, the first octet chooses one, must give the same. `compressed`:
 * how much of what is damaged is unpacked before that shows depends on the size; then only that there is an
 * error is the same. */
void print_try_blocks(const uint8_t *bytes, size_t length, bool as_log, bool compressed);

#endif

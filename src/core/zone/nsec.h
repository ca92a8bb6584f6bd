/* nsec: RDATA of NSEC records. RFC 4034 §4. */
#ifndef CORE_ZONE_NSEC_H
#define CORE_ZONE_NSEC_H

#include <stddef.h>
#include <stdint.h>

enum { NSEC_MAX_TYPES = 64, NSEC_MAX_RDATA = 255 + NSEC_MAX_TYPES * 34 };

/* `types` are in ascending order. Returns the length written to `out` (NSEC_MAX_RDATA). */
size_t nsec_rdata(
    const uint8_t *next, size_t next_length, const uint16_t *types, size_t type_count, uint8_t *out);

/* Puts RRSIG and NSEC, which are at every name with NSEC, among the types (there is room for two more).
 * Returns the new count. */
size_t nsec_types(uint16_t *types, size_t count);

#endif

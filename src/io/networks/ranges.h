/* ranges: what nested prefixes say of every key of 128 bits, as one sorted list of ranges.
 *
 * Prefixes are collected (struct prefixes) and flattened: of nested ones the longest holds. A lookup is then
 * one binary search, in what an index by the first 16 bits leaves of it. Memory: 24 octets a range, at most
 * two ranges a prefix, and 256 KiB for the index. Values are not 0: that means that nothing is told. Keys of
 * fewer bits (IPv4, AS numbers) stand in the first bits. */
#ifndef IO_NETWORKS_RANGES_H
#define IO_NETWORKS_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef unsigned __int128 ranges_key;

enum { PREFIXES_MAX = 1 << 24 };

struct prefix {
    uint64_t high, low;
    uint32_t value, order;
    uint8_t length;
};
struct prefixes {
    struct prefix *list; /* freed by prefixes_free() */
    size_t count, capacity;
};

/* length: 0 to 128; no bits of the key beyond it. ERR_NOMEM, also beyond PREFIXES_MAX. */
int prefixes_add(struct prefixes *prefixes, ranges_key key, unsigned length, uint32_t value);
/* The keys first … last as prefixes; `bits` is how many bits a key has, and prefixes get no longer.
 * ERR_NOMEM. */
int prefixes_add_span(
    struct prefixes *prefixes, ranges_key first, ranges_key last, unsigned bits, uint32_t value);
void prefixes_free(struct prefixes *prefixes);

struct range {
    uint64_t high, low; /* its first key; it ends where the next begins */
    uint32_t value;     /* 0: not told */
    uint8_t length;     /* of the prefix that told */
};
struct ranges {
    struct range *list; /* freed by ranges_free() */
    size_t count;
    uint32_t *index;
};

/* Sorts the prefixes and adds what they say where `base` tells nothing; base is not changed. Of one prefix
 * that stands there twice with different values the first counts; *conflicts grows by one for each other.
 * ERR_NOMEM. */
int ranges_fill(
    const struct ranges *base, struct prefixes *prefixes, struct ranges *ret_ranges, size_t *conflicts);

/* value 0: nothing is told. */
struct range ranges_find(const struct ranges *ranges, ranges_key key);

void ranges_free(struct ranges *ranges);

#endif

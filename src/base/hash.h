/* hash: 64-bit hashes for tables and fingerprints. Not for cryptography: with a random `seed` a stranger
 * cannot easily choose inputs that collide, without one he can. The value for the same bytes and seed never
 * changes: fingerprints are stored. Octet order is that of little-endian machines on all. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Both halves of the product, folded. */
static inline uint64_t hash_mix(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)(a ^ 0xa0761d6478bd642fU) * (b ^ 0x8ebc6af09c88c6e3U);
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Of two words that strangers choose (an address). With hash_mix(seed ^ a, b) the seed would not matter where
 * b is its constant: that product is 0. Here each word meets only what the seed has made. */
static inline uint64_t hash_pair(uint64_t a, uint64_t b, uint64_t seed)
{
    uint64_t key = hash_mix(seed, 1);
    return hash_mix(b ^ hash_mix(a ^ seed, key), key);
}

static inline uint64_t hash_load(const uint8_t *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    value = __builtin_bswap64(value);
#endif
    return value;
}

static inline uint64_t hash_bytes(const void *bytes, size_t length, uint64_t seed)
{
    const uint8_t *at = bytes;
    uint64_t hash = hash_mix(seed, length);
    for (; length >= 8; at += 8, length -= 8)
        hash = hash_mix(hash, hash_load(at));
    uint64_t rest = 0;
    for (size_t i = 0; i < length; i++)
        rest |= (uint64_t)at[i] << (8 * i);
    return hash_mix(hash, rest);
}

#endif

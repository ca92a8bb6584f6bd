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

/* What the seed has made, for hash_pair(). */
struct hash_key {
    uint64_t a, b;
};

static inline struct hash_key hash_key(uint64_t seed)
{
    uint64_t a = hash_mix(seed, 1);
    return (struct hash_key){a, hash_mix(a, seed ^ 2)};
}

/* Of two words that strangers choose (an address). With hash_mix(seed ^ a, b) the seed would not matter where
 * b is its constant: that product is 0. Here each word meets a secret of its own first, and who hit upon that
 * of `a`, one in 2^64, still has the other word in the result. One product would not do: of addresses in a
 * row it makes places in a row, for one seed in twenty crowded ones. */
static inline uint64_t hash_pair(uint64_t a, uint64_t b, struct hash_key key)
{
    uint64_t y = b ^ key.b;
    unsigned __int128 product = (unsigned __int128)(a ^ key.a) * y;
    return hash_mix((uint64_t)product ^ (uint64_t)(product >> 64) ^ y, key.a);
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

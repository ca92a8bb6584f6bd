/* hash: of a lower-case wire name, label by label from the root, so that the hashes of all its suffixes come
 * for free. The names in our tables are our own, strangers cannot choose them: no secret is needed. */
#ifndef CORE_ZONE_HASH_H
#define CORE_ZONE_HASH_H

#include <stdint.h>
#include <string.h>

enum { HASH_ROOM = 8 }; /* octets after a name that may be read, whatever they hold */

#define HASH_ROOT UINT64_C(0x9e3779b97f4a7c15)

/* Both halves of the product, or the low bits, which choose the slot, would not depend on the last octets of
 * a label: z00001 and z00002 would fall on one place. */
static inline uint64_t hash_mix(uint64_t hash, uint64_t octets)
{
    unsigned __int128 product = (unsigned __int128)(hash ^ octets) * UINT64_C(0xff51afd7ed558ccd);
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* `label` begins with its length octet. */
static inline uint64_t hash_label(uint64_t hash, const uint8_t *label)
{
    unsigned length = 1U + label[0];
    uint64_t octets;
    for (; length >= sizeof octets; length -= (unsigned)sizeof octets, label += sizeof octets) {
        memcpy(&octets, label, sizeof octets);
        hash = hash_mix(hash, octets);
    }
    memcpy(&octets, label, sizeof octets);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    octets &= ~(~UINT64_C(0) << 8 * length);
#else
    octets &= length ? ~UINT64_C(0) << 8 * (8 - length) : 0;
#endif
    return hash_mix(hash, octets);
}

/* Of a whole name; `label[i]` says where each of its labels begins. */
static inline uint64_t hash_name(const uint8_t *name, const uint8_t *label, unsigned labels)
{
    uint64_t hash = HASH_ROOT;
    while (labels-- > 0)
        hash = hash_label(hash, name + label[labels]);
    return hash;
}

#endif

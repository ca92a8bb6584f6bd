/* tally_index: tables of millions of entries, for `tally` and `classify`.
 *
 * What is counted lies in pools: entries of one size in chunks that never move, numbered from 1. They are
 * found through indexes: slots of eight octets, half a hash and a number, so that a search looks at an entry
 * only where it is most likely the right one, and growing an index does not look at entries at all. The
 * caller's hash is keyed by a random seed, so that nobody can choose entries that collide. */
#ifndef CORE_ROLL_TALLY_INDEX_H
#define CORE_ROLL_TALLY_INDEX_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* ---- index: tally_index.c ---- */

struct tally_index {
    uint64_t *slots; /* upper half: of the hash, which also is the place; lower half: the number; 0: free */
    unsigned bits;   /* of the number of slots */
    uint32_t used;
};

int index_start(struct tally_index *index, unsigned bits); /* ERR_NOMEM */
void index_free(struct tally_index *index);
void index_clear(struct tally_index *index);

/* Room for so many more; then index_put() cannot fail. At most three quarters are used. ERR_NOMEM. */
int index_reserve(struct tally_index *index, uint32_t more);

static inline uint32_t index_limit(const struct tally_index *index)
{
    return (uint32_t)((UINT64_C(3) << index->bits) / 4);
}

static inline size_t index_place(const struct tally_index *index, uint32_t hash)
{
    return hash >> (32 - index->bits);
}

/* The next number with this hash, 0 if there is none; *at (first an index_place()) moves on, and in the end
 * is where the hash belongs. */
static inline uint32_t index_next(const struct tally_index *index, uint32_t hash, size_t *at)
{
    size_t mask = ((size_t)1 << index->bits) - 1, place = *at;
    for (;; place = (place + 1) & mask) {
        uint64_t slot = index->slots[place];
        if (slot == 0) {
            *at = place;
            return 0;
        }
        if (slot >> 32 == hash) {
            *at = (place + 1) & mask;
            return (uint32_t)slot;
        }
    }
}

static inline void index_put(struct tally_index *index, size_t at, uint32_t hash, uint32_t number)
{
    index->slots[at] = (uint64_t)hash << 32 | number;
    index->used++;
}

/* Moves all slots to the front, for sorting them there. Nothing is found until it is cleared and filled anew
 * with the numbers that it had, by index_refill(). */
void index_gather(struct tally_index *index);
void index_refill(struct tally_index *index, uint32_t hash, uint32_t number);

/* ---- pool: tally_index.c ---- */

enum { POOL_CHUNK = 4096 }; /* entries */

struct tally_pool {
    uint8_t **chunks; /* aligned to 64 octets */
    size_t chunk_count, size;
    uint32_t used;
};

static inline void *pool_at(const struct tally_pool *pool, uint32_t number)
{
    return pool->chunks[(number - 1) / POOL_CHUNK] + (number - 1) % POOL_CHUNK * pool->size;
}

int pool_reserve(struct tally_pool *pool, uint32_t more); /* ERR_NOMEM */
void pool_free(struct tally_pool *pool);

/* ---- order: tally_order.c ---- */

/* Sorts slots (lower half: a number) by the words that `word` gives for a number, first `level` 0. `fetch`
 * asks for the memory of a number some steps ahead. */
struct order {
    uint32_t (*word)(const void *context, uint32_t number, unsigned level);
    void (*fetch)(const void *context, uint32_t number);
    const void *context;
    unsigned levels;
};

void order_slots(const struct order *order, uint64_t *slots, size_t count);

#endif

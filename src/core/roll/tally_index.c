/* The hash's upper bits are the place, so growing keeps the order of slots and both tables are walked in one
 * sweep. */
#include "core/roll/tally_index.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_BITS = 30 };

int index_start(struct tally_index *index, unsigned bits)
{
    index->slots = calloc((size_t)1 << bits, sizeof *index->slots);
    index->bits = bits;
    index->used = 0;
    return index->slots ? 0 : ERR_NOMEM;
}

void index_free(struct tally_index *index)
{
    free(index->slots);
    index->slots = NULL;
}

void index_clear(struct tally_index *index)
{
    memset(index->slots, 0, sizeof *index->slots << index->bits);
    index->used = 0;
}

static void put_again(struct tally_index *index, uint64_t slot)
{
    size_t mask = ((size_t)1 << index->bits) - 1, at = index_place(index, (uint32_t)(slot >> 32));
    while (index->slots[at])
        at = (at + 1) & mask;
    index->slots[at] = slot;
    index->used++;
}

int index_reserve(struct tally_index *index, uint32_t more)
{
    unsigned bits = index->bits;
    while ((UINT64_C(3) << bits) / 4 < (uint64_t)index->used + more)
        bits++;
    if (bits == index->bits)
        return 0;
    struct tally_index bigger;
    if (bits > MOST_BITS || index_start(&bigger, bits) != 0)
        return ERR_NOMEM;
    for (size_t i = 0; i < (size_t)1 << index->bits; i++)
        if (index->slots[i])
            put_again(&bigger, index->slots[i]);
    index_free(index);
    *index = bigger;
    return 0;
}

void index_refill(struct tally_index *index, uint32_t hash, uint32_t number)
{
    put_again(index, (uint64_t)hash << 32 | number);
}

void index_gather(struct tally_index *index)
{
    size_t kept = 0;
    for (size_t i = 0; i < (size_t)1 << index->bits; i++)
        if (index->slots[i])
            index->slots[kept++] = index->slots[i];
}

/* ---- pools ---- */

int pool_reserve(struct tally_pool *pool, uint32_t more)
{
    while (pool->chunk_count * POOL_CHUNK < (uint64_t)pool->used + more) {
        uint8_t **chunks = reallocarray(pool->chunks, pool->chunk_count + 1, sizeof *chunks);
        if (!chunks)
            return ERR_NOMEM;
        pool->chunks = chunks;
        chunks[pool->chunk_count] = aligned_alloc(64, POOL_CHUNK * pool->size);
        if (!chunks[pool->chunk_count])
            return ERR_NOMEM;
        pool->chunk_count++;
    }
    return 0;
}

void pool_free(struct tally_pool *pool)
{
    for (size_t i = 0; i < pool->chunk_count; i++)
        free(pool->chunks[i]);
    free(pool->chunks);
}

/* A set-associative table, as a cache has it: an address belongs to one set of four places. The set is chosen
 * by a keyed hash, so that nobody can pick addresses that push others out. */
#include "io/http/rate.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { SETS = 1024, WAYS = 4 };

struct bucket {
    uint8_t address[16];
    int64_t at_us;
    double tokens;
    bool used;
};

struct rate_table {
    double per_s, burst;
    uint64_t key;
    struct bucket bucket[SETS][WAYS];
};

struct rate_table *rate_new(double per_s, double burst)
{
    struct rate_table *table = calloc(1, sizeof *table);
    if (!table)
        return NULL;
    table->per_s = per_s;
    table->burst = burst;
    if (getrandom(&table->key, sizeof table->key, 0) != (ssize_t)sizeof table->key)
        table->key = (uint64_t)(uintptr_t)table;
    return table;
}

void rate_free(struct rate_table *table)
{
    free(table);
}

static size_t set_of(const struct rate_table *table, const uint8_t address[16])
{
    uint64_t hash = table->key;
    for (int i = 0; i < 16; i++)
        hash = (hash ^ address[i]) * UINT64_C(0x9e3779b97f4a7c15) ^ hash >> 29;
    return (size_t)(hash >> 32) % SETS;
}

static void refill(const struct rate_table *table, struct bucket *bucket, int64_t now_us)
{
    if (now_us > bucket->at_us)
        bucket->tokens += (double)(now_us - bucket->at_us) / 1e6 * table->per_s;
    if (bucket->tokens > table->burst)
        bucket->tokens = table->burst;
    bucket->at_us = now_us;
}

unsigned rate_take(struct rate_table *table, const uint8_t address[16], int64_t now_us)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    uint8_t whom[16];
    memcpy(whom, address, sizeof whom);
    if (memcmp(address, mapped, sizeof mapped) != 0)
        memset(whom + 8, 0, 8);
    struct bucket *set = table->bucket[set_of(table, whom)], *found = NULL, *spare = set;
    for (int i = 0; i < WAYS; i++) {
        if (set[i].used) {
            refill(table, &set[i], now_us);
            if (memcmp(set[i].address, whom, sizeof whom) == 0)
                found = &set[i];
        }
        if (spare->used && (!set[i].used || set[i].tokens > spare->tokens))
            spare = &set[i];
    }
    if (!found) {
        found = spare;
        *found = (struct bucket){.at_us = now_us, .tokens = table->burst, .used = true};
        memcpy(found->address, whom, sizeof whom);
    }
    if (found->tokens >= 1) {
        found->tokens -= 1;
        return 0;
    }
    double wait_s = table->per_s > 0 ? (1 - found->tokens) / table->per_s : 3600;
    return wait_s < 3600 ? (unsigned)wait_s + 1 : 3600;
}

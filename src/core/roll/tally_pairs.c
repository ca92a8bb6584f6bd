/* Sets of eight slots; when all are taken, the one farthest away in time gives way: the oldest, or one of a
 * future that a clock set back has left. Two equal questions take two slots, so that two answers to them find
 * one each. */
#include "core/roll/tally_inside.h"

#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

enum { WINDOW_S = 30 };

int pairs_start(struct pairs *pairs, uint64_t seed)
{
    pairs->seed = seed;
    pairs->slots = calloc(PAIRS_SLOTS, sizeof *pairs->slots);
    return pairs->slots ? 0 : ERR_NOMEM;
}

void pairs_free(struct pairs *pairs)
{
    free(pairs->slots);
}

static uint64_t mix_end(uint64_t hash, const uint8_t address[16], uint16_t port)
{
    return hash_mix(hash_mix(hash ^ port, hash_load(address)), hash_load(address + 8));
}

uint64_t pairs_key(
    const struct pairs *pairs, const struct sighting_message *message, const struct sighting *sighting)
{
    bool is_answer = sighting->flags & SIGHTING_RESPONSE;
    uint64_t hash = hash_mix(pairs->seed ^ sighting->question_hash,
        (uint64_t)sighting->qtype << 32 | (uint64_t)sighting->id << 8 | message->transport);
    const uint8_t *client = is_answer ? message->destination : message->source;
    const uint8_t *server = is_answer ? message->source : message->destination;
    hash = mix_end(hash, client, is_answer ? message->destination_port : message->source_port);
    return mix_end(hash, server, is_answer ? message->source_port : message->destination_port);
}

static struct pair *set_of(const struct pairs *pairs, uint64_t key)
{
    return pairs->slots + (key >> (64 - PAIRS_SET_BITS)) * PAIRS_WAYS;
}

/* Times are any, and may be far apart. */
static uint64_t apart(int64_t a, int64_t b)
{
    return a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;
}

static bool is_near(int64_t a, int64_t b)
{
    return apart(a, b) <= WINDOW_S * (uint64_t)UTC_SECOND;
}

bool pairs_take(struct pairs *pairs, uint64_t key, int64_t time_us, bool is_answer, struct pair *ret)
{
    struct pair *set = set_of(pairs, key), *found = NULL;
    for (unsigned i = 0; i < PAIRS_WAYS; i++) {
        struct pair *pair = &set[i];
        if (pair->key == key && pair->used && !(pair->flags & SIGHTING_RESPONSE) == is_answer &&
            is_near(pair->time_us, time_us) && (!found || pair->time_us < found->time_us))
            found = pair;
    }
    if (!found)
        return false;
    *ret = *found;
    found->used = false;
    return true;
}

void pairs_put(struct pairs *pairs, const struct pair *pair)
{
    struct pair *set = set_of(pairs, pair->key), *place = &set[0];
    for (unsigned i = 1; i < PAIRS_WAYS && place->used; i++)
        if (!set[i].used || apart(set[i].time_us, pair->time_us) > apart(place->time_us, pair->time_us))
            place = &set[i];
    if (place->used && is_near(place->time_us, pair->time_us))
        pairs->forgotten++;
    *place = *pair;
}

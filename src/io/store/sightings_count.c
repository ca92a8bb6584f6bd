/* Places are found by hash, then one after the other; a table is at most half full and doubles. */
#include "io/store/sightings_count.h"

#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM = 1024 }; /* of an empty table; a power of two */

static size_t source_hash(uint64_t seed, const uint64_t address[2])
{
    return hash_pair(address[0], address[1], hash_key(seed));
}

/* The place of an address, taken or free. */
static struct count_source *place_of(
    struct count_source *sources, size_t room, uint64_t seed, const uint64_t address[2])
{
    size_t at = source_hash(seed, address) & (room - 1);
    while (
        sources[at].number && (sources[at].address[0] != address[0] || sources[at].address[1] != address[1]))
        at = (at + 1) & (room - 1);
    return &sources[at];
}

static bool grow_sources(struct count *count)
{
    size_t room = count->source_room ? count->source_room * 2 : ROOM;
    struct count_source *sources = calloc(room, sizeof *sources);
    if (!sources)
        return false;
    for (size_t i = 0; i < count->source_room; i++)
        if (count->sources[i].number)
            *place_of(sources, room, count->seed, count->sources[i].address) = count->sources[i];
    free(count->sources);
    count->sources = sources;
    count->source_room = room;
    return true;
}

void count_fetch_source(const struct count *count, const uint8_t address[16])
{
    uint64_t halves[2];
    memcpy(halves, address, sizeof halves);
    __builtin_prefetch(&count->sources[source_hash(count->seed, halves) & (count->source_room - 1)]);
}

struct count_source *count_source(struct count *count, const uint8_t address[16])
{
    uint64_t halves[2];
    memcpy(halves, address, sizeof halves);
    struct count_source *source = place_of(count->sources, count->source_room, count->seed, halves);
    if (!source->number)
        *source = (struct count_source){
            .address = {halves[0], halves[1]}, .number = (uint32_t)++count->source_count};
    return source;
}

static size_t place_of_key(
    const struct count *count, const uint32_t *places, size_t room, const struct count_key *key)
{
    size_t at = hash_bytes(key, sizeof *key, count->seed) & (room - 1);
    while (places[at] && memcmp(&count->keys[places[at] - 1], key, sizeof *key) != 0)
        at = (at + 1) & (room - 1);
    return at;
}

static bool grow_places(struct count *count)
{
    size_t room = count->place_room ? count->place_room * 2 : ROOM;
    uint32_t *places = calloc(room, sizeof *places);
    if (!places)
        return false;
    for (size_t i = 0; i < count->line_count; i++)
        places[place_of_key(count, places, room, &count->keys[i])] = (uint32_t)i + 1;
    free(count->places);
    count->places = places;
    count->place_room = room;
    return true;
}

static bool grow_lines(struct count *count)
{
    size_t room = count->line_room ? count->line_room * 2 : ROOM;
    struct sightings_line *lines = reallocarray(count->lines, room, sizeof *lines);
    if (lines)
        count->lines = lines;
    struct count_key *keys = reallocarray(count->keys, room, sizeof *keys);
    if (keys)
        count->keys = keys;
    if (!lines || !keys)
        return false;
    count->line_room = room;
    return true;
}

struct sightings_line *count_line(struct count *count, const struct count_key *key)
{
    if (count->line_count >= count->place_room / 2 &&
        (count->line_count == UINT32_MAX || !grow_places(count)))
        return NULL;
    size_t at = place_of_key(count, count->places, count->place_room, key);
    if (count->places[at])
        return &count->lines[count->places[at] - 1];
    if (count->line_count == count->line_room && !grow_lines(count))
        return NULL;
    count->keys[count->line_count] = *key;
    count->places[at] = (uint32_t)count->line_count + 1;
    return memset(&count->lines[count->line_count++], 0, sizeof *count->lines);
}

static uint64_t *place_of_pair(uint64_t *pairs, size_t room, uint64_t seed, uint64_t pair)
{
    size_t at = hash_mix(seed, pair) & (room - 1);
    while (pairs[at] && pairs[at] != pair)
        at = (at + 1) & (room - 1);
    return &pairs[at];
}

static bool grow_pairs(struct count *count)
{
    size_t room = count->pair_room ? count->pair_room * 2 : ROOM;
    uint64_t *pairs = calloc(room, sizeof *pairs);
    if (!pairs)
        return false;
    for (size_t i = 0; i < count->pair_room; i++)
        if (count->pairs[i])
            *place_of_pair(pairs, room, count->seed, count->pairs[i]) = count->pairs[i];
    free(count->pairs);
    count->pairs = pairs;
    count->pair_room = room;
    return true;
}

static uint64_t pair_of(uint32_t line, uint32_t source)
{
    return (uint64_t)line << 32 | source; /* sources are never 0 */
}

void count_fetch_pair(const struct count *count, uint32_t line, uint32_t source)
{
    __builtin_prefetch(&count->pairs[hash_mix(count->seed, pair_of(line, source)) & (count->pair_room - 1)]);
}

void count_pair(struct count *count, uint32_t line, uint32_t source)
{
    uint64_t pair = pair_of(line, source);
    uint64_t *place = place_of_pair(count->pairs, count->pair_room, count->seed, pair);
    if (*place)
        return;
    *place = pair;
    count->pair_count++;
    count->lines[line].sources++;
}

bool count_reserve(struct count *count, size_t sources, size_t pairs)
{
    while (count->source_count + sources > count->source_room / 2)
        if (count->source_count + sources > UINT32_MAX || !grow_sources(count))
            return false;
    while (count->pair_count + pairs > count->pair_room / 2)
        if (!grow_pairs(count))
            return false;
    return true;
}

uint64_t count_flagged(const struct count *count, uint32_t flags)
{
    uint64_t flagged = 0;
    for (size_t i = 0; i < count->source_room; i++)
        flagged += (count->sources[i].flags & flags) == flags && count->sources[i].number;
    return flagged;
}

void count_free(struct count *count)
{
    free(count->sources);
    free(count->lines);
    free(count->keys);
    free(count->places);
    free(count->pairs);
}

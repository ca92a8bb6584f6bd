/* sightings_count: the lines of an answer as rows stream by, with their different sources counted exactly.
 * Internal to io/store.
 *
 * Sources, lines, and pairs of the two are three open tables. Addresses come from strangers: the seed is
 * random, so that nobody can choose some that collide. What takes time is to wait for memory: who has some
 * rows at hand reserves room for all of them, has their places fetched, and then looks. */
#ifndef IO_STORE_SIGHTINGS_COUNT_H
#define IO_STORE_SIGHTINGS_COUNT_H

#include "io/store/sightings.h"

enum { COUNT_OBSERVED = 1, COUNT_SIGNALLED = 2 };

struct count_source {
    uint64_t address[2];
    uint32_t number; /* from 1; 0: a free place */
    uint32_t flags;  /* COUNT_OBSERVED … */
    uint32_t line;   /* the caller's: a line's number, from 1 */
    uint32_t unused;
};

/* What makes a line: numbers of the store, whichever the question asks for; the others are 0. */
struct count_key {
    uint32_t first; /* day, source or collector */
    uint32_t zone, tags;
    uint32_t invalid;
};

struct count {
    uint64_t seed;
    struct count_source *sources;
    struct sightings_line *lines; /* in the order in which they were found */
    struct count_key *keys;       /* of each line */
    uint32_t *places;             /* line numbers, from 1, by the hash of their keys */
    uint64_t *pairs;              /* line and source; 0: a free place */
    size_t source_count, source_room, line_count, line_room, place_room, pair_count, pair_room;
};

/* Makes room for so many more sources and pairs: until they are used up no pointer to a source moves, and
 * count_source() and count_pair() do not fail. False when memory is short. */
bool count_reserve(struct count *count, size_t sources, size_t pairs);

void count_fetch_source(const struct count *count, const uint8_t address[16]);
void count_fetch_pair(const struct count *count, uint32_t line, uint32_t source);

/* A source that is not known yet becomes so. */
struct count_source *count_source(struct count *count, const uint8_t address[16]);

/* The line of a key; a new one is zeroed. NULL when memory is short. Lines move when another is made. */
struct sightings_line *count_line(struct count *count, const struct count_key *key);

/* Counts the source in the line's `sources` unless it is there already. */
void count_pair(struct count *count, uint32_t line, uint32_t source);

/* How many sources have all of these flags. */
uint64_t count_flagged(const struct count *count, uint32_t flags);

void count_free(struct count *count);

#endif

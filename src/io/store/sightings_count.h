/* sightings_count: the lines of an answer as rows stream by, with their different sources counted exactly.
 * Internal to io/store.
 *
 * Sources, lines, and pairs of the two are three open tables. Addresses come from strangers: the seed is
 * random, so that nobody can choose some that collide. Functions that return a pointer give NULL when memory
 * is short; what they point to moves with the next call. */
#ifndef IO_STORE_SIGHTINGS_COUNT_H
#define IO_STORE_SIGHTINGS_COUNT_H

#include "io/store/sightings.h"

enum { COUNT_OBSERVED = 1, COUNT_SIGNALLED = 2 };

struct count_source {
    uint64_t address[2];
    uint32_t number; /* from 1; 0: a free place */
    uint32_t flags;  /* COUNT_OBSERVED … */
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

struct count_source *count_source(struct count *count, const uint8_t address[16]);

/* The line of a key; a new one is zeroed (its `signals` are 0 then, and never afterwards). */
struct sightings_line *count_line(struct count *count, struct count_key key);

/* Counts the source in line->sources unless it is there already. False when memory is short. */
bool count_pair(struct count *count, struct sightings_line *line, uint32_t source);

/* How many sources have all of these flags. */
uint64_t count_flagged(const struct count *count, uint32_t flags);

void count_free(struct count *count);

#endif

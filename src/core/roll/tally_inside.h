/* tally_inside: the parts of a tally, for its own sources and tests. What is counted lies in the pools of
 * tally_index.h. */
#ifndef CORE_ROLL_TALLY_INSIDE_H
#define CORE_ROLL_TALLY_INSIDE_H

#include "base/arena.h"
#include "base/hash.h"
#include "base/utc.h"
#include "core/roll/tally.h"
#include "core/roll/tally_index.h"

/* ---- time ---- */

struct tally_time {
    int32_t hour; /* since 1970 */
    uint32_t in_hour_us;
};

static inline struct tally_time tally_time(int64_t time_us)
{
    time_us = time_us < UTC_FIRST ? UTC_FIRST : time_us > UTC_LAST ? UTC_LAST : time_us;
    int64_t hour = time_us / UTC_HOUR - (time_us % UTC_HOUR < 0);
    return (struct tally_time){(int32_t)hour, (uint32_t)(time_us - hour * UTC_HOUR)};
}

/* ---- traffic: tally_traffic.c ---- */

enum { TRAFFIC_BATCH = 32, TRAFFIC_AHEAD = 2 * TRAFFIC_BATCH }; /* messages that wait for their memory */

/* What is touched by every message: one line of the cache. */
struct traffic_hot {
    uint64_t source[2];
    int32_t hour;
    uint32_t queries, answers;
    uint32_t first, last; /* microseconds in the hour */
    uint32_t edns, dnssec_ok, checking_disabled;
    uint64_t names;
    uint32_t ports;
    uint16_t udp_size_least, udp_size_most;
};
_Static_assert(sizeof(struct traffic_hot) == 64, "a line of the cache");

struct traffic_cold {
    uint32_t tcp, recursion_desired, dnskey, truncated;
};

/* Where a message is to be counted. */
struct traffic_place {
    struct tally_time time;
    uint32_t hash, number; /* number: of the entry with this hash, as far as was looked; 0: none */
};

/* A message that waits. */
struct traffic_event {
    struct tally_ordinary said;
    struct traffic_place place;
    bool dnskey;
    bool signal; /* nobody looked for its name */
};

struct traffic {
    uint64_t seed;
    struct tally_index index;
    struct tally_pool hot, cold; /* entries of the same number are of the same source */
    uint32_t room;               /* sources for which there is room in all of them; 0: look again */
    bool sorted;                 /* the index holds the order of rows, and finds nothing */
    bool brimming;               /* a count of 32 bits comes near to its end */
    int64_t hour_us;             /* begin of `hour`: that of the last message */
    int32_t hour;
    struct hash_key key; /* of `hour` */
    uint32_t head, tail; /* of the ring; they only grow */
    struct traffic_event ring[TRAFFIC_AHEAD];
};

int traffic_start(struct traffic *traffic, uint64_t seed);
void traffic_free(struct traffic *traffic);
int traffic_add(struct traffic *traffic, const struct tally_ordinary *ordinary, enum sighting_kind kind);
int traffic_add_all(
    struct traffic *traffic, const struct tally_ordinary *all, size_t count); /* TALLY_BATCH at most */
void traffic_settle(struct traffic *traffic);                                 /* counts what waits */
void traffic_sort(struct traffic *traffic);                                   /* what is settled */
void traffic_row(const struct traffic *traffic, size_t i, struct tally_traffic *ret);
void traffic_reset(struct traffic *traffic);

/* ---- names given numbers: tally_names.c ---- */

struct tally_named {
    const uint8_t *key;
    uint32_t key_length, rank; /* rank: in the order of the texts, after names_rank() */
    const char *text;
};

/* Each different string of octets once, with its text. */
struct tally_names {
    uint64_t seed;
    struct tally_index index;
    struct tally_pool pool;
    struct arena *arena;
    size_t octets; /* of all of them */
};

int names_start(struct tally_names *names, uint64_t seed);
void names_free(struct tally_names *names);
void names_reset(struct tally_names *names);

/* Its number, 0 if it has none yet. */
uint32_t names_find(const struct tally_names *names, const void *key, size_t length);

/* Gives it a number; it must have none. 0 when memory is short. `text` is copied. */
uint32_t names_add(struct tally_names *names, const void *key, size_t length, const char *text);
const char *names_text(const struct tally_names *names, uint32_t number);

void names_rank(struct tally_names *names);

/* ---- sightings: tally_rows.c ---- */

enum { ROWS_OF_SOURCE = 256 }; /* of signals, and of other kinds, in an hour */

struct sighting_row {
    uint64_t source[2];
    int32_t hour;
    uint32_t zone, tags; /* numbers of names */
    uint8_t kind, transport;
    uint16_t udp_size;
    uint32_t first, last;
    uint32_t octets;
    uint16_t rows[2]; /* in the first row of a source in an hour: how many signals, and others, it has */
    uint64_t count, recursion_desired, dnssec_ok, checking_disabled, truncated;
};

/* One sighting to be counted. */
struct said {
    int64_t time_us;
    const uint8_t *source;
    const uint8_t *zone; /* wire, any case; length 0: none */
    size_t zone_length;
    const char *tags;
    uint8_t kind, transport, flags;
    uint16_t udp_size;
    uint32_t octets;
};

struct rows {
    uint64_t seed;
    struct tally_index index, firsts; /* firsts: by source and hour */
    struct tally_pool pool;
    struct tally_names zones, tags;
    bool sorted;
};

int rows_start(struct rows *rows, uint64_t seed);
void rows_free(struct rows *rows);
void rows_reset(struct rows *rows);

/* Counts it. *ret_row: the row's number. ERR_NOMEM. */
int rows_count(struct rows *rows, const struct said *said, uint32_t *ret_row);

/* The kind that it is counted as. */
uint8_t rows_kind(const struct rows *rows, uint32_t row);

/* The answer was counted for its question, which came now: what only the question tells. */
void rows_correct(struct rows *rows, uint32_t row, uint8_t old_flags, uint8_t new_flags, uint16_t udp_size);

void rows_sort(struct rows *rows);
void rows_row(const struct rows *rows, size_t i, struct tally_row *ret);
size_t rows_octets(const struct rows *rows);

/* ---- questions and answers that wait for each other: tally_pairs.c ---- */

enum {
    PAIRS_WAYS = 8,
    PAIRS_SET_BITS = 13,
    PAIRS_SETS = 1 << PAIRS_SET_BITS,
    PAIRS_SLOTS = PAIRS_SETS * PAIRS_WAYS,
};

struct pair {
    uint64_t key;
    int64_t time_us;
    uint32_t row, generation; /* where it was counted, if rows are still of that generation; row 0: nowhere */
    uint8_t flags;            /* SIGHTING_RESPONSE …; of the half that is there */
    bool used;
};

struct pairs {
    uint64_t seed;
    struct pair *slots; /* sets of PAIRS_WAYS */
    uint64_t forgotten;
};

int pairs_start(struct pairs *pairs, uint64_t seed); /* ERR_NOMEM */
void pairs_free(struct pairs *pairs);
uint64_t pairs_key(
    const struct pairs *pairs, const struct sighting_message *message, const struct sighting *sighting);

/* Takes out the other half, the oldest one in time, if it waits. */
bool pairs_take(struct pairs *pairs, uint64_t key, int64_t time_us, bool is_answer, struct pair *ret);
void pairs_put(struct pairs *pairs, const struct pair *pair);

/* ---- all of it ---- */

struct tally {
    struct traffic traffic;
    struct rows rows;
    struct pairs pairs;
    uint32_t generation; /* of rows: grows with each reset */
    struct tally_counters counters;
};

#endif

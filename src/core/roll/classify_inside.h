/* classify_inside: what the files of `classify` share and nobody else needs.
 *
 * A source's numbers lie in several places, by which rows need them, so that a row touches little memory:
 * `part` for all rows, one line of the cache; `load` for traffic, numbered alike; `voice` for those that said
 * anything of the zone; days in stretches of 32 days, of which only those exist in which there was something,
 * in short lists. So a row finds its place in any order, and a year costs only those who were there all year.
 * Everything derived (days, regressions, what was late) is told from these by classify_tell_evidence(), for
 * judging and for showing alike. */
#ifndef CORE_ROLL_CLASSIFY_INSIDE_H
#define CORE_ROLL_CLASSIFY_INSIDE_H

#include "base/hash.h"
#include "base/utc.h"
#include "core/roll/classify.h"
#include "core/roll/tally_index.h"

#include <stddef.h>

enum {
    STRETCH_DAYS = 32,
    CLASSIFY_BATCH = 128,                              /* rows that wait until their memory has come near */
    CLASSIFY_LINE = 64,                                /* octets of the cache that come at once */
    CLASSIFY_LISTS = CLASSIFY_LINE / sizeof(uint32_t), /* of one source, at most; a power of two */
    /* Beside the values of enum sighting_kind: */
    CLASSIFY_TRAFFIC = SIGHTING_KINDS,
};

struct classify_part {
    _Alignas(CLASSIFY_LINE) uint64_t address[2]; /* as it lies in memory */
    uint64_t collectors;
    int64_t first_us, last_us;
    uint32_t voice; /* its number; 0: none */
    uint32_t rank, cluster;
    uint8_t class;
};
_Static_assert(sizeof(struct classify_part) == CLASSIFY_LINE, "one line for each row");

/* Its ordinary traffic. */
struct classify_load {
    uint64_t names;
    uint64_t queries, answers, tcp, edns, dnssec_ok, recursion_desired, checking_disabled, dnskey;
    uint32_t ports;
    uint16_t udp_size_least, udp_size_most;
};

/* What it repeated on one day. */
struct classify_latest {
    uint32_t after; /* number of the day, and 1; 0: none */
    uint32_t signals, dnskey;
};

/* What it said with one word. */
struct classify_told {
    uint64_t signals;
    int64_t first_us, last_us;
};

/* Most signals need the first line only; what is of the last days begins in the second one, what are no
 * signals in the third. */
struct classify_voice {
    _Alignas(CLASSIFY_LINE) uint64_t signals_rd;
    struct classify_told told[CLASSIFY_WORDS - 1]; /* by word, without CLASSIFY_SAYS_NOTHING */
    uint32_t recent_signals, recent_dnskey;
    struct classify_latest latest[2];    /* days with either, the latest first */
    int64_t edge_first_us, edge_last_us; /* of signals with the old key alone, in the day of the deadline */
    uint64_t zone_dnskey, zone_dnskey_do, truncated, too_big, reassembly, invalid;
};
_Static_assert(offsetof(struct classify_voice, zone_dnskey) == 2 * (size_t)CLASSIFY_LINE, "the third line");

/* Bit n: day STRETCH_DAYS * block + n of the time that is judged. */
struct classify_link {
    uint32_t next, block; /* next: the number of the one before it in time; 0: none */
};
struct classify_stretch {
    struct classify_link link;
    uint32_t seen, dnskey, signal;
};
struct classify_said {
    struct classify_link link;
    uint32_t days[CLASSIFY_WORDS];
    uint16_t old[STRETCH_DAYS]; /* signals with the old key alone */
};

/* The time that is judged is cut into equal pieces, each with a list: its first entry, or 0. In a piece there
 * is one stretch, unless there are more than CLASSIFY_LISTS; then the latest is the first. Rows come in
 * whatever order a server reads them, mostly of several times in turn: one list of all would be walked for
 * each of them. */
struct classify_lists {
    uint32_t shift, count;              /* block >> shift is the piece; a power of two */
    struct tally_pool of_seen, of_said; /* `count` lists each: of a part's struct classify_stretch, of a
                                           voice's struct classify_said */
};

/* A row, without its strings. */
struct classify_event {
    uint64_t address[2];
    uint32_t hash, number, day;
    uint8_t collector, what, word;
    int64_t first_us, last_us;
    uint64_t count, recursion_desired, dnssec_ok, truncated;
    struct tally_traffic traffic; /* of CLASSIFY_TRAFFIC */
};

struct classify_group {
    uint64_t names;
    uint16_t udp_size;
    size_t words[CLASSIFY_WORDS];
    int64_t first_us, last_us;
    bool is_known;   /* from elsewhere */
    uint32_t number; /* of the cluster; 0: too few */
};

/* What an application is known by. */
struct classify_known {
    uint64_t names;
    uint16_t udp_size;
};

struct classify {
    struct classify_roll roll;
    struct classify_limits limits;
    uint64_t seed;
    uint64_t own_name;       /* the bit of the zone's own name in `names`; 0: no row has told the zone yet */
    int64_t begin_us, to_us; /* of the first day; of the judgement */
    int64_t deadline_us;     /* hold-down and margin; UTC_OPEN: no date */
    uint32_t days;
    uint32_t late_day,
        recent_day; /* the deadline lies in; the last days begin with. CLASSIFY_MAX_DAYS: none */
    struct tally_index index;
    struct tally_pool parts, loads, voices, stretches, said; /* a load has the number of its part */
    struct classify_lists lists;
    struct classify_event events[CLASSIFY_BATCH];
    size_t waiting;
    struct classify_known *known;
    size_t known_count;
    /* Made by classify_finish(): */
    bool finished;
    uint64_t *order; /* lower half: the number of the part */
    struct classify_cluster *clusters;
    size_t cluster_count;
    struct classify_day *day_list;
};

static inline uint32_t classify_hash(const struct classify *classify, const uint64_t address[2])
{
    return (uint32_t)(hash_pair(address[0], address[1], hash_key(classify->seed)) >> 32);
}

/* ---- classify_table.c ---- */

int classify_table_start(struct classify *classify); /* its days are known. ERR_NOMEM */
void classify_table_free(struct classify *classify);
int classify_table_settle(struct classify *classify); /* counts what waits. ERR_NOMEM */
/* Asks for what a part leads to; and when that has come near, for what it leads to in turn. */
void classify_table_fetch(const struct classify *classify, uint32_t number, bool is_near);
uint32_t classify_table_find(const struct classify *classify, const uint8_t address[16]); /* 0: not there */

static inline struct classify_part *classify_part_at(const struct classify *classify, uint32_t number)
{
    return pool_at(&classify->parts, number);
}

static inline struct classify_load *classify_load_at(const struct classify *classify, uint32_t number)
{
    return pool_at(&classify->loads, number);
}

static inline const struct classify_told *classify_told(
    const struct classify_voice *voice, enum classify_word word)
{
    return &voice->told[word - 1];
}

/* NULL for one that said nothing. */
static inline const struct classify_voice *classify_voice_of(
    const struct classify *classify, const struct classify_part *part)
{
    return part->voice ? pool_at(&classify->voices, part->voice) : NULL;
}

static inline uint64_t classify_sum(uint64_t a, uint64_t b)
{
    uint64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

/* Through all entries of one source, from the latest to the earliest. */
struct classify_walk {
    const struct tally_pool *entries;
    const uint32_t *lists;
    uint32_t piece, at;
};

static inline struct classify_walk classify_walk_seen(const struct classify *classify, uint32_t number)
{
    return (struct classify_walk){
        &classify->stretches, pool_at(&classify->lists.of_seen, number), classify->lists.count, 0};
}

/* `voice`: its number, not 0. */
static inline struct classify_walk classify_walk_said(const struct classify *classify, uint32_t voice)
{
    return (struct classify_walk){
        &classify->said, pool_at(&classify->lists.of_said, voice), classify->lists.count, 0};
}

/* The next entry, NULL at the end. */
static inline const void *classify_earlier(struct classify_walk *walk)
{
    while (walk->at == 0 && walk->piece > 0)
        walk->at = walk->lists[--walk->piece];
    if (walk->at == 0)
        return NULL;
    const struct classify_link *link = pool_at(walk->entries, walk->at);
    walk->at = link->next;
    return link;
}

/* ---- classify_evidence.c ---- */

enum classify_word classify_last_word(const struct classify_voice *voice); /* NULL is allowed */
void classify_tell_evidence(const struct classify *classify, uint32_t number, struct classify_evidence *ret);
uint32_t classify_regressions(const struct classify *classify, const struct classify_part *part);

/* ---- classify_days.c ---- */

int classify_days_start(struct classify *classify); /* ERR_NOMEM */
void classify_days_add(struct classify *classify, uint32_t number);

/* ---- classify_cluster.c ---- */

int classify_clusters_find(struct classify *classify); /* ERR_NOMEM */

/* ---- classify_rules.c ---- */

bool classify_fails(const struct classify *classify, const struct classify_evidence *evidence);
enum classify_class classify_judge(const struct classify *classify, const struct classify_evidence *evidence);

#endif

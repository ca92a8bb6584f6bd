/* A source that says more different things in an hour than any resolver does is not believed, and may not
 * take memory for each: what comes after the first ROWS_OF_SOURCE is counted in one row without zone. Signals
 * and other kinds have a limit each, so that a resolver of many validated zones keeps its signals. */
#include "core/roll/tally_inside.h"

#include "base/hash.h"
#include "base/near.h"

#include <string.h>

enum { FIRST_BITS = 10, ROWS_AHEAD = 12 };

static const char too_many[] = "too many different signals";

int rows_start(struct rows *rows, uint64_t seed)
{
    memset(rows, 0, sizeof *rows);
    rows->seed = seed;
    rows->pool.size = sizeof(struct sighting_row);
    int err = index_start(&rows->index, FIRST_BITS);
    err = err ? err : index_start(&rows->firsts, FIRST_BITS);
    err = err ? err : names_start(&rows->zones, seed);
    return err ? err : names_start(&rows->tags, seed);
}

void rows_free(struct rows *rows)
{
    index_free(&rows->index);
    index_free(&rows->firsts);
    pool_free(&rows->pool);
    names_free(&rows->zones);
    names_free(&rows->tags);
}

void rows_reset(struct rows *rows)
{
    index_clear(&rows->index);
    index_clear(&rows->firsts);
    names_reset(&rows->zones);
    names_reset(&rows->tags);
    rows->pool.used = 0;
    rows->sorted = false;
}

size_t rows_octets(const struct rows *rows)
{
    return rows->pool.used * (sizeof(struct sighting_row) + 4 * sizeof(uint64_t)) + rows->zones.octets +
           rows->tags.octets;
}

static struct sighting_row *row_at(const struct rows *rows, uint32_t number)
{
    return pool_at(&rows->pool, number);
}

/* ---- finding ---- */

/* The fields of `row` that tell it from others. */
static uint32_t hash_of(const struct rows *rows, const struct sighting_row *row)
{
    uint64_t hash = hash_pair(row->source[0], row->source[1], hash_key(rows->seed));
    hash = hash_mix(hash ^ (uint32_t)row->hour, (uint64_t)row->zone << 32 | row->tags);
    return (uint32_t)(hash_mix(hash, (uint64_t)row->kind << 8 | row->transport) >> 32);
}

static bool same_source(const struct sighting_row *a, const struct sighting_row *b)
{
    return a->source[0] == b->source[0] && a->source[1] == b->source[1] && a->hour == b->hour;
}

static bool same_row(const struct sighting_row *a, const struct sighting_row *b)
{
    return a->zone == b->zone && a->tags == b->tags && a->kind == b->kind && a->transport == b->transport &&
           same_source(a, b);
}

static uint32_t search(const struct rows *rows, const struct tally_index *index, uint32_t hash,
    const struct sighting_row *like, bool (*same)(const struct sighting_row *, const struct sighting_row *),
    size_t *at)
{
    for (*at = index_place(index, hash);;) {
        uint32_t number = index_next(index, hash, at);
        if (number == 0 || same(row_at(rows, number), like))
            return number;
    }
}

static uint32_t hash_of_source(const struct rows *rows, const struct sighting_row *row)
{
    struct hash_key key = hash_key(rows->seed ^ (uint32_t)row->hour);
    return (uint32_t)(hash_pair(row->source[0], row->source[1], key) >> 32);
}

/* Brings the index back after it was sorted. */
static void refill(struct rows *rows)
{
    index_clear(&rows->index);
    for (uint32_t number = 1; number <= rows->pool.used; number++)
        index_refill(&rows->index, hash_of(rows, row_at(rows, number)), number);
    rows->sorted = false;
}

/* ---- counting ---- */

static bool is_signal(uint8_t kind)
{
    return kind == SIGHTING_TA_NULL || kind == SIGHTING_TA_A || kind == SIGHTING_OPTION ||
           kind == SIGHTING_INVALID;
}

static unsigned group_of(uint8_t kind)
{
    return !is_signal(kind);
}

/* The first row of the source in this hour, NULL if it has none. */
static struct sighting_row *first_of(const struct rows *rows, const struct sighting_row *like)
{
    size_t at;
    uint32_t number = search(rows, &rows->firsts, hash_of_source(rows, like), like, same_source, &at);
    return number ? row_at(rows, number) : NULL;
}

/* There is room. */
static uint32_t add(struct rows *rows, const struct sighting_row *like)
{
    size_t at;
    uint32_t hash = hash_of(rows, like), number = ++rows->pool.used;
    struct sighting_row *row = row_at(rows, number), *first = first_of(rows, like);
    *row = *like;
    search(rows, &rows->index, hash, like, same_row, &at);
    index_put(&rows->index, at, hash, number);
    if (!first) {
        first = row;
        hash = hash_of_source(rows, like);
        search(rows, &rows->firsts, hash, like, same_source, &at);
        index_put(&rows->firsts, at, hash, number);
    }
    if (first->rows[group_of(row->kind)] < ROWS_OF_SOURCE)
        first->rows[group_of(row->kind)]++;
    return number;
}

struct key {
    uint8_t zone[NAME_MAX_WIRE]; /* folded */
    size_t zone_length;
    const char *tags;
};

static void set_key(const struct said *said, struct key *key)
{
    key->zone_length = said->zone_length < sizeof key->zone ? said->zone_length : sizeof key->zone;
    for (size_t i = 0; i < key->zone_length; i++) {
        uint8_t octet = said->zone[i];
        key->zone[i] = octet >= 'A' && octet <= 'Z' ? (uint8_t)(octet + 32) : octet;
    }
    key->tags = said->tags;
}

static uint32_t find(const struct rows *rows, const struct key *key, struct sighting_row *like)
{
    size_t at;
    like->zone = names_find(&rows->zones, key->zone, key->zone_length);
    like->tags = names_find(&rows->tags, key->tags, strlen(key->tags));
    if (!like->zone || !like->tags)
        return 0;
    return search(rows, &rows->index, hash_of(rows, like), like, same_row, &at);
}

static uint32_t add_zone(struct rows *rows, const struct key *key)
{
    char text[NAME_MAX_TEXT] = "";
    struct name name = {.length = (uint8_t)key->zone_length};
    if (key->zone_length) {
        memcpy(name.wire, key->zone, key->zone_length);
        name_to_text(&name, text);
    }
    return names_add(&rows->zones, key->zone, key->zone_length, text);
}

/* The row is not there yet: gives its zone and tags numbers, and makes it. 0 when memory is short. */
static uint32_t make(struct rows *rows, const struct key *key, struct sighting_row *like)
{
    if (index_reserve(&rows->index, 1) != 0 || index_reserve(&rows->firsts, 1) != 0 ||
        pool_reserve(&rows->pool, 1) != 0)
        return 0;
    like->zone = like->zone ? like->zone : add_zone(rows, key);
    like->tags = like->tags ? like->tags : names_add(&rows->tags, key->tags, strlen(key->tags), key->tags);
    return like->zone && like->tags ? add(rows, like) : 0;
}

static void update(struct sighting_row *row, const struct said *said, uint32_t in_hour_us)
{
    row->first = row->count == 0 || in_hour_us < row->first ? in_hour_us : row->first;
    row->last = row->count == 0 || in_hour_us > row->last ? in_hour_us : row->last;
    row->count++;
    row->recursion_desired += (said->flags & SIGHTING_RD) != 0;
    row->dnssec_ok += (said->flags & SIGHTING_DO) != 0;
    row->checking_disabled += (said->flags & SIGHTING_CD) != 0;
    row->udp_size = said->udp_size > row->udp_size ? said->udp_size : row->udp_size;
    if (said->kind == SIGHTING_DNSKEY_ANSWER) {
        row->truncated += (said->flags & SIGHTING_TC) != 0;
        row->octets = said->octets > row->octets ? said->octets : row->octets;
    }
}

int rows_count(struct rows *rows, const struct said *said, uint32_t *ret_row)
{
    struct tally_time time = tally_time(said->time_us);
    struct sighting_row like = {.hour = time.hour, .kind = said->kind, .transport = said->transport};
    struct key key;
    if (rows->sorted)
        refill(rows);
    memcpy(like.source, said->source, sizeof like.source);
    set_key(said, &key);
    uint32_t number = find(rows, &key, &like);
    if (number == 0) {
        const struct sighting_row *first = first_of(rows, &like);
        if (first && first->rows[group_of(said->kind)] >= ROWS_OF_SOURCE) {
            key.zone_length = 0;
            key.tags = is_signal(said->kind) ? too_many : "";
            like.kind = is_signal(said->kind) ? SIGHTING_INVALID : said->kind;
            number = find(rows, &key, &like);
        }
    }
    number = number ? number : make(rows, &key, &like);
    if (number == 0)
        return ERR_NOMEM;
    update(row_at(rows, number), said, time.in_hour_us);
    *ret_row = number;
    return 0;
}

uint8_t rows_kind(const struct rows *rows, uint32_t row)
{
    return row_at(rows, row)->kind;
}

/* Adds 1, 0 or -1. */
static void shift(uint64_t *count, uint8_t old_flags, uint8_t new_flags, uint8_t flag)
{
    *count += (uint64_t)((new_flags & flag) != 0) - (uint64_t)((old_flags & flag) != 0);
}

void rows_correct(struct rows *rows, uint32_t number, uint8_t old_flags, uint8_t new_flags, uint16_t udp_size)
{
    struct sighting_row *row = row_at(rows, number);
    shift(&row->recursion_desired, old_flags, new_flags, SIGHTING_RD);
    shift(&row->dnssec_ok, old_flags, new_flags, SIGHTING_DO);
    shift(&row->checking_disabled, old_flags, new_flags, SIGHTING_CD);
    row->udp_size = udp_size > row->udp_size ? udp_size : row->udp_size;
}

/* ---- rows in order ---- */

static uint32_t sort_word(const void *context, uint32_t number, unsigned level)
{
    const struct rows *rows = context;
    const struct sighting_row *row = row_at(rows, number);
    const uint8_t *source = (const uint8_t *)row->source + 4 * (level - 5);
    switch (level) {
    case 0:
        return (uint32_t)row->hour ^ 0x80000000U;
    case 1:
        return ((const struct tally_named *)pool_at(&rows->zones.pool, row->zone))->rank;
    case 2:
        return row->kind;
    case 3:
        return ((const struct tally_named *)pool_at(&rows->tags.pool, row->tags))->rank;
    case 4:
        return row->transport;
    default:
        return (uint32_t)source[0] << 24 | (uint32_t)source[1] << 16 | (uint32_t)source[2] << 8 | source[3];
    }
}

static void sort_fetch(const void *context, uint32_t number)
{
    __builtin_prefetch(row_at(context, number));
}

void rows_sort(struct rows *rows)
{
    if (rows->sorted)
        return;
    names_rank(&rows->zones);
    names_rank(&rows->tags);
    index_gather(&rows->index);
    const struct order order = {sort_word, sort_fetch, rows, 9};
    order_slots(&order, rows->index.slots, rows->index.used);
    rows->sorted = true;
}

/* Rows are asked for one after the other. */
static void fetch_row(const struct rows *rows, size_t i)
{
    if (i >= rows->index.used)
        return;
    const struct sighting_row *row = row_at(rows, (uint32_t)rows->index.slots[i]);
    near_fetch(row);
    near_fetch(&row->truncated); /* in the next line */
}

void rows_row(const struct rows *rows, size_t i, struct tally_row *ret)
{
    fetch_row(rows, i + ROWS_AHEAD);
    const struct sighting_row *row = row_at(rows, (uint32_t)rows->index.slots[i]);
    int64_t hour_us = row->hour * UTC_HOUR;
    *ret = (struct tally_row){.hour_us = hour_us,
        .zone = names_text(&rows->zones, row->zone),
        .kind = row->kind,
        .transport = row->transport,
        .tags = names_text(&rows->tags, row->tags),
        .count = row->count,
        .recursion_desired = row->recursion_desired,
        .dnssec_ok = row->dnssec_ok,
        .checking_disabled = row->checking_disabled,
        .octets = row->octets,
        .truncated = row->truncated,
        .udp_size = row->udp_size,
        .first_us = hour_us + row->first,
        .last_us = hour_us + row->last};
    memcpy(ret->source, row->source, sizeof ret->source);
}

/* Sources come in no order, so counting a message is waiting for memory: twice, for the index and for the
 * entry. So it is done in three steps, some messages apart: the place in the index is asked for, then the
 * entry, then it is counted. Those that come one by one wait in a ring in between.
 *
 * Queries tell more than answers do. A source's flags are counted from its answers only until its first query
 * is seen, and then anew from the queries: whatever the order, the result is that of the queries, or of the
 * answers where there are no queries. */
#include "core/roll/tally_inside.h"

#include "base/hash.h"
#include "base/near.h"

#include <string.h>

enum { FIRST_BITS = 13, ROWS_AHEAD = 12, MANY = 1U << 30, PORT_BITS = 5, NAME_BITS = 64 };

static struct hash_key key_of(const struct traffic *traffic, int32_t hour)
{
    return hash_key(traffic->seed ^ (uint32_t)hour);
}

static inline uint32_t hash_of(const uint64_t source[2], struct hash_key key)
{
    return (uint32_t)(hash_pair(source[0], source[1], key) >> 32);
}

int traffic_start(struct traffic *traffic, uint64_t seed)
{
    memset(traffic, 0, sizeof *traffic);
    traffic->seed = seed;
    traffic->key = key_of(traffic, traffic->hour);
    traffic->hot.size = sizeof(struct traffic_hot);
    traffic->cold.size = sizeof(struct traffic_cold);
    return index_start(&traffic->index, FIRST_BITS);
}

void traffic_free(struct traffic *traffic)
{
    index_free(&traffic->index);
    pool_free(&traffic->hot);
    pool_free(&traffic->cold);
}

static inline struct traffic_hot *hot_at(const struct traffic *traffic, uint32_t number)
{
    uint8_t *chunk = traffic->hot.chunks[(number - 1) / POOL_CHUNK];
    return (struct traffic_hot *)(void *)chunk + (number - 1) % POOL_CHUNK;
}

static inline struct traffic_cold *cold_at(const struct traffic *traffic, uint32_t number)
{
    uint8_t *chunk = traffic->cold.chunks[(number - 1) / POOL_CHUNK];
    return (struct traffic_cold *)(void *)chunk + (number - 1) % POOL_CHUNK;
}

/* ---- one message ---- */

/* There is room. */
static uint32_t add_source(
    struct traffic *traffic, const struct tally_ordinary *said, const struct traffic_place *place, size_t at)
{
    uint32_t number = ++traffic->hot.used;
    traffic->cold.used = number;
    struct traffic_hot *hot = hot_at(traffic, number);
    memset(hot, 0, sizeof *hot);
    memset(cold_at(traffic, number), 0, sizeof(struct traffic_cold));
    hot->source[0] = said->client[0];
    hot->source[1] = said->client[1];
    hot->hour = place->time.hour;
    hot->first = hot->last = place->time.in_hour_us;
    index_put(&traffic->index, at, place->hash, number);
    return number;
}

static inline bool is_source(
    const struct traffic *traffic, uint32_t number, const struct tally_ordinary *said, int32_t hour)
{
    const struct traffic_hot *hot = hot_at(traffic, number);
    return hot->source[0] == said->client[0] && hot->source[1] == said->client[1] && hot->hour == hour;
}

static uint32_t search_source(
    struct traffic *traffic, const struct tally_ordinary *said, const struct traffic_place *place)
{
    for (size_t at = index_place(&traffic->index, place->hash);;) {
        uint32_t number = index_next(&traffic->index, place->hash, &at);
        if (number == 0)
            return add_source(traffic, said, place, at);
        if (is_source(traffic, number, said, place->time.hour))
            return number;
    }
}

/* The first query after answers: their flags are forgotten. */
static void begin_with_queries(struct traffic_hot *hot, struct traffic_cold *cold)
{
    hot->checking_disabled = hot->edns = hot->dnssec_ok = 0;
    hot->names = hot->ports = 0;
    cold->tcp = cold->recursion_desired = cold->dnskey = 0;
}

static inline bool needs_cold(const struct tally_ordinary *said, bool dnskey)
{
    return (said->transport == SIGHTING_TCP) | dnskey | ((said->flags & (SIGHTING_RD | SIGHTING_TC)) != 0);
}

static inline void count_flags(struct traffic *traffic, uint32_t number, struct traffic_hot *hot,
    const struct tally_ordinary *said, bool dnskey, bool signal)
{
    uint8_t flags = said->flags;
    hot->edns += (flags & SIGHTING_EDNS) != 0;
    hot->dnssec_ok += (flags & SIGHTING_DO) != 0;
    hot->checking_disabled += (flags & SIGHTING_CD) != 0;
    hot->names |= (uint64_t)!signal << said->names_hash % NAME_BITS;
    hot->ports |= 1U << (said->port * 0x9e3779b1U >> (32 - PORT_BITS));
    if (needs_cold(said, dnskey)) {
        struct traffic_cold *cold = cold_at(traffic, number);
        cold->tcp += said->transport == SIGHTING_TCP;
        cold->dnskey += dnskey;
        cold->recursion_desired += (flags & SIGHTING_RD) != 0;
    }
}

static inline void count(struct traffic *traffic, const struct tally_ordinary *said,
    const struct traffic_place *place, bool dnskey, bool signal)
{
    uint32_t number = place->number, when = place->time.in_hour_us;
    if (!number || !is_source(traffic, number, said, place->time.hour))
        number = search_source(traffic, said, place);
    struct traffic_hot *hot = hot_at(traffic, number);
    hot->first = when < hot->first ? when : hot->first;
    hot->last = when > hot->last ? when : hot->last;
    if (said->flags & SIGHTING_RESPONSE) {
        hot->answers++;
        if (said->flags & SIGHTING_TC)
            cold_at(traffic, number)->truncated++;
        if (hot->queries == 0)
            count_flags(traffic, number, hot, said, dnskey, signal);
    } else {
        if (hot->queries == 0 && hot->answers > 0)
            begin_with_queries(hot, cold_at(traffic, number));
        hot->queries++;
        count_flags(traffic, number, hot, said, dnskey, signal);
        uint16_t size = said->udp_size;
        if (size && (size < hot->udp_size_least || hot->udp_size_least == 0))
            hot->udp_size_least = size;
        if (size > hot->udp_size_most)
            hot->udp_size_most = size;
    }
    if ((hot->queries | hot->answers) >= MANY)
        traffic->brimming = true;
}

/* ---- three steps, some messages apart ---- */

/* As tally_time(); most messages are of the hour of the one before. */
static inline struct tally_time time_of(struct traffic *traffic, int64_t time_us)
{
    uint64_t in_hour_us = (uint64_t)time_us - (uint64_t)traffic->hour_us;
    if (in_hour_us < (uint64_t)UTC_HOUR)
        return (struct tally_time){traffic->hour, (uint32_t)in_hour_us};
    struct tally_time time = tally_time(time_us);
    traffic->hour = time.hour;
    traffic->hour_us = time.hour * UTC_HOUR;
    traffic->key = key_of(traffic, time.hour);
    return time;
}

/* Asks for its place in the index. */
static inline void place_it(
    struct traffic *traffic, const struct tally_ordinary *said, struct traffic_place *ret)
{
    ret->time = time_of(traffic, said->time_us);
    ret->hash = hash_of(said->client, traffic->key);
    ret->number = 0;
    __builtin_prefetch(&traffic->index.slots[index_place(&traffic->index, ret->hash)]);
}

/* Asks for its entry, which is most likely the right one. */
static inline void find_it(const struct traffic *traffic, const struct tally_ordinary *said,
    struct traffic_place *place, bool dnskey)
{
    size_t at = index_place(&traffic->index, place->hash);
    uint32_t number = index_next(&traffic->index, place->hash, &at);
    place->number = number;
    if (number == 0)
        return;
    __builtin_prefetch(hot_at(traffic, number), 1);
    if (needs_cold(said, dnskey))
        __builtin_prefetch(cold_at(traffic, number), 1);
}

static inline struct traffic_event *event_at(struct traffic *traffic, uint32_t at)
{
    return &traffic->ring[at % TRAFFIC_AHEAD];
}

static void count_up_to(struct traffic *traffic, uint32_t end)
{
    for (; traffic->tail != end; traffic->tail++) {
        const struct traffic_event *event = event_at(traffic, traffic->tail);
        count(traffic, &event->said, &event->place, event->dnskey, event->signal);
    }
}

/* A batch of the ring is full. */
static void turn(struct traffic *traffic)
{
    uint32_t waiting = traffic->head - traffic->tail, newest = traffic->head - TRAFFIC_BATCH;
    for (uint32_t at = newest; at != traffic->head; at++) {
        struct traffic_event *event = event_at(traffic, at);
        find_it(traffic, &event->said, &event->place, event->dnskey);
    }
    if (waiting > TRAFFIC_BATCH)
        count_up_to(traffic, newest);
}

/* Brings the index back after it was sorted. */
static void refill(struct traffic *traffic)
{
    index_clear(&traffic->index);
    for (uint32_t number = 1; number <= traffic->hot.used; number++) {
        const struct traffic_hot *hot = hot_at(traffic, number);
        index_refill(&traffic->index, hash_of(hot->source, key_of(traffic, hot->hour)), number);
    }
    traffic->sorted = false;
}

/* For so many more, and for what waits in the ring. */
static int make_room(struct traffic *traffic, uint32_t more)
{
    more += TRAFFIC_AHEAD;
    if (traffic->hot.used + more <= traffic->room)
        return 0;
    if (traffic->sorted)
        refill(traffic);
    if (index_reserve(&traffic->index, more) != 0 || pool_reserve(&traffic->hot, more) != 0 ||
        pool_reserve(&traffic->cold, more) != 0)
        return ERR_NOMEM;
    uint64_t pool = (uint64_t)traffic->cold.chunk_count * POOL_CHUNK;
    uint32_t index = index_limit(&traffic->index);
    traffic->room = pool < index ? (uint32_t)pool : index;
    return 0;
}

int traffic_add(struct traffic *traffic, const struct tally_ordinary *ordinary, enum sighting_kind kind)
{
    int err = make_room(traffic, 0);
    if (err)
        return err;
    struct traffic_event *event = event_at(traffic, traffic->head++);
    event->said = *ordinary;
    if (ordinary->flags & SIGHTING_RESPONSE) /* EDNS is seen in few answers only, and is the server's */
        event->said.flags &= (uint8_t) ~(SIGHTING_EDNS | SIGHTING_DO);
    event->dnskey = kind == SIGHTING_DNSKEY;
    event->signal = kind == SIGHTING_TA_NULL || kind == SIGHTING_TA_A;
    place_it(traffic, &event->said, &event->place);
    if (traffic->head % TRAFFIC_BATCH == 0)
        turn(traffic);
    return 0;
}

int traffic_add_all(struct traffic *traffic, const struct tally_ordinary *all, size_t count_all)
{
    struct traffic_place places[TALLY_BATCH];
    size_t placed = 0, found = 0, counted = 0;
    int err = make_room(traffic, TALLY_BATCH);
    while (!err && counted < count_all) {
        size_t end = placed + TRAFFIC_BATCH, ready = placed, due = found;
        for (; placed < count_all && placed < end; placed++)
            place_it(traffic, &all[placed], &places[placed]);
        for (; found < ready; found++)
            find_it(traffic, &all[found], &places[found], false);
        for (; counted < due; counted++)
            count(traffic, &all[counted], &places[counted], false, false);
    }
    return err;
}

/* ---- rows ---- */

static uint32_t big_endian(uint64_t half, unsigned word)
{
    const uint8_t *at = (const uint8_t *)&half + 4 * word;
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint32_t sort_word(const void *context, uint32_t number, unsigned level)
{
    const struct traffic_hot *hot = hot_at(context, number);
    if (level == 0)
        return (uint32_t)hot->hour ^ 0x80000000U;
    return big_endian(hot->source[(level - 1) / 2], (level - 1) % 2);
}

static void sort_fetch(const void *context, uint32_t number)
{
    __builtin_prefetch(hot_at(context, number));
}

void traffic_settle(struct traffic *traffic)
{
    count_up_to(traffic, traffic->head);
}

void traffic_sort(struct traffic *traffic)
{
    if (traffic->sorted)
        return;
    index_gather(&traffic->index);
    const struct order order = {sort_word, sort_fetch, traffic, 5};
    order_slots(&order, traffic->index.slots, traffic->index.used);
    traffic->sorted = true;
    traffic->room = 0;
}

/* Rows are asked for one after the other. */
static void fetch_row(const struct traffic *traffic, size_t i)
{
    if (i >= traffic->index.used)
        return;
    near_fetch(hot_at(traffic, (uint32_t)traffic->index.slots[i]));
    near_fetch(cold_at(traffic, (uint32_t)traffic->index.slots[i]));
}

void traffic_row(const struct traffic *traffic, size_t i, struct tally_traffic *ret)
{
    uint32_t number = (uint32_t)traffic->index.slots[i];
    fetch_row(traffic, i + ROWS_AHEAD);
    const struct traffic_hot *hot = hot_at(traffic, number);
    const struct traffic_cold *cold = cold_at(traffic, number);
    int64_t hour_us = hot->hour * UTC_HOUR;
    *ret = (struct tally_traffic){.hour_us = hour_us,
        .queries = hot->queries,
        .answers = hot->answers,
        .tcp = cold->tcp,
        .edns = hot->edns,
        .dnssec_ok = hot->dnssec_ok,
        .recursion_desired = cold->recursion_desired,
        .checking_disabled = hot->checking_disabled,
        .dnskey = cold->dnskey,
        .truncated = cold->truncated,
        .udp_size_least = hot->udp_size_least,
        .udp_size_most = hot->udp_size_most,
        .names = hot->names,
        .ports = hot->ports,
        .first_us = hour_us + hot->first,
        .last_us = hour_us + hot->last};
    memcpy(ret->source, hot->source, sizeof ret->source);
}

void traffic_reset(struct traffic *traffic)
{
    index_clear(&traffic->index);
    traffic->hot.used = traffic->cold.used = 0;
    traffic->sorted = traffic->brimming = false;
    traffic->room = 0;
    traffic->head = traffic->tail = 0;
}

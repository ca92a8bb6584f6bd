/* Counting events. Each of the millions touches four or five places in tables much bigger than any cache, so
 * events wait in batches: what one will touch is asked for while others are worked on.
 *
 * All that is kept are sums, unions, least and greatest values: so the order of rows cannot matter. */
#include "core/roll/classify_inside.h"

#include "base/near.h"

#include <string.h>

enum { FIRST_BITS = 12 };

/* As few lists as there are stretches. */
static void start_lists(struct classify_lists *lists, uint32_t days)
{
    uint32_t last = (days - 1) / STRETCH_DAYS;
    while (last >> lists->shift >= CLASSIFY_LISTS)
        lists->shift++;
    lists->count = 1;
    while (last >> lists->shift >= lists->count)
        lists->count *= 2;
    lists->of_seen.size = lists->of_said.size = lists->count * sizeof(uint32_t);
}

int classify_table_start(struct classify *classify)
{
    start_lists(&classify->lists, classify->days);
    classify->parts.size = sizeof(struct classify_part);
    classify->loads.size = sizeof(struct classify_load);
    classify->voices.size = sizeof(struct classify_voice);
    classify->stretches.size = sizeof(struct classify_stretch);
    classify->said.size = sizeof(struct classify_said);
    return index_start(&classify->index, FIRST_BITS);
}

void classify_table_free(struct classify *classify)
{
    pool_free(&classify->lists.of_seen);
    pool_free(&classify->lists.of_said);
    index_free(&classify->index);
    pool_free(&classify->parts);
    pool_free(&classify->loads);
    pool_free(&classify->voices);
    pool_free(&classify->stretches);
    pool_free(&classify->said);
}

/* ---- finding ---- */

/* 0 if it is not there; *at is where it belongs then. */
static uint32_t search(const struct classify *classify, const uint64_t address[2], uint32_t hash, size_t *at)
{
    for (*at = index_place(&classify->index, hash);;) {
        uint32_t number = index_next(&classify->index, hash, at);
        if (number == 0)
            return 0;
        const struct classify_part *part = classify_part_at(classify, number);
        if (part->address[0] == address[0] && part->address[1] == address[1])
            return number;
    }
}

uint32_t classify_table_find(const struct classify *classify, const uint8_t address[16])
{
    uint64_t words[2];
    size_t at;
    memcpy(words, address, sizeof words);
    return search(classify, words, classify_hash(classify, words), &at);
}

/* ---- making; there is room ---- */

static void *take_new(struct tally_pool *pool, uint32_t *ret_number)
{
    *ret_number = ++pool->used;
    return memset(pool_at(pool, *ret_number), 0, pool->size);
}

static uint32_t part_of(struct classify *classify, const struct classify_event *event)
{
    size_t at;
    uint32_t number = search(classify, event->address, event->hash, &at);
    if (number)
        return number;
    take_new(&classify->loads, &number);
    take_new(&classify->lists.of_seen, &number);
    struct classify_part *part = take_new(&classify->parts, &number);
    memcpy(part->address, event->address, sizeof part->address);
    part->first_us = INT64_MAX;
    part->last_us = INT64_MIN;
    index_put(&classify->index, at, event->hash, number);
    return number;
}

static struct classify_voice *voice_of(struct classify *classify, struct classify_part *part)
{
    if (part->voice)
        return pool_at(&classify->voices, part->voice);
    take_new(&classify->lists.of_said, &part->voice);
    struct classify_voice *voice = take_new(&classify->voices, &part->voice);
    voice->edge_first_us = INT64_MAX;
    voice->edge_last_us = INT64_MIN;
    for (size_t i = 0; i < sizeof voice->told / sizeof *voice->told; i++) {
        voice->told[i].first_us = INT64_MAX;
        voice->told[i].last_us = INT64_MIN;
    }
    return voice;
}

/* The list of the part or voice with this number, for this day. */
static uint32_t *list_of(
    const struct classify *classify, const struct tally_pool *lists, uint32_t number, uint32_t day)
{
    return (uint32_t *)pool_at(lists, number) + (day / STRETCH_DAYS >> classify->lists.shift);
}

/* The entry of a list for this day. */
static void *day_of(struct tally_pool *pool, uint32_t *list, uint32_t day)
{
    uint32_t block = day / STRETCH_DAYS;
    struct classify_link *link = NULL;
    while (*list && (link = pool_at(pool, *list))->block > block)
        list = &link->next;
    if (*list && link->block == block)
        return link;
    uint32_t next = *list;
    struct classify_link *made = take_new(pool, list);
    *made = (struct classify_link){next, block};
    return made;
}

/* ---- adding ---- */

static void widen(int64_t *first_us, int64_t *last_us, const struct classify_event *event)
{
    *first_us = event->first_us < *first_us ? event->first_us : *first_us;
    *last_us = event->last_us > *last_us ? event->last_us : *last_us;
}

static void add(uint64_t *sum, uint64_t count)
{
    *sum = classify_sum(*sum, count);
}

static void add_few(uint32_t *sum, uint64_t count)
{
    *sum = count < UINT32_MAX - *sum ? *sum + (uint32_t)count : UINT32_MAX;
}

/* Of the two latest days, in whatever order days come: one that was put out is never wanted again. */
static struct classify_latest *latest_of(struct classify_voice *voice, uint32_t day)
{
    struct classify_latest *latest = voice->latest;
    uint32_t after = day + 1;
    if (after > latest[0].after) {
        latest[1] = latest[0];
        latest[0] = (struct classify_latest){.after = after};
    } else if (after > latest[1].after && after < latest[0].after) {
        latest[1] = (struct classify_latest){.after = after};
    }
    return after == latest[0].after ? &latest[0] : after == latest[1].after ? &latest[1] : NULL;
}

static void add_recent(
    const struct classify *classify, struct classify_voice *voice, const struct classify_event *event)
{
    if (event->day < classify->recent_day)
        return;
    bool is_signal = event->what != SIGHTING_DNSKEY;
    struct classify_latest *latest = latest_of(voice, event->day);
    add_few(is_signal ? &voice->recent_signals : &voice->recent_dnskey, event->count);
    if (latest)
        add_few(is_signal ? &latest->signals : &latest->dnskey, event->count);
}

static void add_traffic(struct classify_load *load, const struct tally_traffic *traffic)
{
    add(&load->queries, traffic->queries);
    add(&load->answers, traffic->answers);
    add(&load->tcp, traffic->tcp);
    add(&load->edns, traffic->edns);
    add(&load->dnssec_ok, traffic->dnssec_ok);
    add(&load->recursion_desired, traffic->recursion_desired);
    add(&load->checking_disabled, traffic->checking_disabled);
    add(&load->dnskey, traffic->dnskey);
    load->names |= traffic->names;
    load->ports |= traffic->ports;
    uint16_t least = traffic->udp_size_least, most = traffic->udp_size_most;
    if (least && (load->udp_size_least == 0 || least < load->udp_size_least))
        load->udp_size_least = least;
    if (most > load->udp_size_most)
        load->udp_size_most = most;
}

static void add_signal(struct classify *classify, struct classify_part *part, struct classify_voice *voice,
    const struct classify_event *event)
{
    uint32_t bit = UINT32_C(1) << event->day % STRETCH_DAYS;
    struct classify_said *said = day_of(
        &classify->said, list_of(classify, &classify->lists.of_said, part->voice, event->day), event->day);
    struct classify_told *told = &voice->told[event->word - 1];
    add(&told->signals, event->count);
    add(&voice->signals_rd, event->recursion_desired);
    add_recent(classify, voice, event);
    widen(&told->first_us, &told->last_us, event);
    said->days[event->word] |= bit;
    if (event->word == CLASSIFY_SAYS_OLD) {
        uint16_t *old = &said->old[event->day % STRETCH_DAYS];
        *old = event->count < (uint64_t)(UINT16_MAX - *old) ? (uint16_t)(*old + event->count) : UINT16_MAX;
        if (event->day == classify->late_day)
            widen(&voice->edge_first_us, &voice->edge_last_us, event);
    }
}

static void add_sighting(struct classify *classify, struct classify_part *part,
    struct classify_stretch *stretch, const struct classify_event *event)
{
    struct classify_voice *voice = voice_of(classify, part);
    uint32_t bit = UINT32_C(1) << event->day % STRETCH_DAYS;
    switch (event->what) {
    case SIGHTING_TA_NULL:
    case SIGHTING_TA_A:
    case SIGHTING_OPTION:
        stretch->signal |= bit;
        add_signal(classify, part, voice, event);
        break;
    case SIGHTING_DNSKEY:
        stretch->dnskey |= bit;
        add(&voice->zone_dnskey, event->count);
        add(&voice->zone_dnskey_do, event->dnssec_ok);
        add_recent(classify, voice, event);
        break;
    case SIGHTING_DNSKEY_ANSWER:
        add(&voice->truncated, event->truncated);
        break;
    case SIGHTING_TOO_BIG:
        add(&voice->too_big, event->count);
        break;
    case SIGHTING_REASSEMBLY:
        add(&voice->reassembly, event->count);
        break;
    case SIGHTING_INVALID:
        add(&voice->invalid, event->count);
        break;
    }
}

static void count(struct classify *classify, const struct classify_event *event)
{
    struct classify_part *part = classify_part_at(classify, event->number);
    struct classify_stretch *stretch = day_of(&classify->stretches,
        list_of(classify, &classify->lists.of_seen, event->number, event->day), event->day);
    stretch->seen |= UINT32_C(1) << event->day % STRETCH_DAYS;
    part->collectors |= UINT64_C(1) << event->collector;
    widen(&part->first_us, &part->last_us, event);
    if (event->what == CLASSIFY_TRAFFIC)
        add_traffic(classify_load_at(classify, event->number), &event->traffic);
    else
        add_sighting(classify, part, stretch, event);
}

/* ---- batches ---- */

static void fetch(const struct tally_pool *pool, uint32_t number, size_t from, size_t to)
{
    const uint8_t *entry = number ? pool_at(pool, number) : NULL;
    for (size_t at = from; entry && at < to; at += CLASSIFY_LINE)
        near_fetch(entry + at);
}

static void fetch_lists(const struct classify *classify, const struct tally_pool *pool, const uint32_t *lists)
{
    for (uint32_t piece = 0; piece < classify->lists.count; piece++)
        fetch(pool, lists[piece], 0, pool->size);
}

void classify_table_fetch(const struct classify *classify, uint32_t number, bool is_near)
{
    if (number > classify->parts.used)
        return;
    uint32_t voice = classify_part_at(classify, number)->voice;
    if (!is_near) {
        fetch(&classify->voices, voice, 0, sizeof(struct classify_voice));
        fetch(&classify->lists.of_said, voice, 0, 1);
        return;
    }
    fetch_lists(classify, &classify->stretches, pool_at(&classify->lists.of_seen, number));
    if (voice)
        fetch_lists(classify, &classify->said, pool_at(&classify->lists.of_said, voice));
}

/* What the event will probably touch: its traffic, or lines of the voice. */
static void fetch_places(const struct classify *classify, const struct classify_event *event)
{
    const struct classify_part *part = classify_part_at(classify, event->number);
    if (event->what == CLASSIFY_TRAFFIC) {
        fetch(&classify->loads, event->number, 0, sizeof(struct classify_load));
        return;
    }
    bool is_recent = event->day >= classify->recent_day;
    if (event->word == CLASSIFY_SAYS_NOTHING) {
        fetch(&classify->voices, part->voice, (size_t)(is_recent ? 1 : 2) * CLASSIFY_LINE,
            sizeof(struct classify_voice));
        return;
    }
    fetch(&classify->voices, part->voice, 0, (size_t)(is_recent ? 2 : 1) * CLASSIFY_LINE);
    fetch(&classify->lists.of_said, part->voice, 0, 1);
}

/* Its days: their lists have come near. */
static void fetch_days(const struct classify *classify, const struct classify_event *event)
{
    uint32_t voice = classify_part_at(classify, event->number)->voice;
    fetch(
        &classify->stretches, *list_of(classify, &classify->lists.of_seen, event->number, event->day), 0, 1);
    if (voice && event->word != CLASSIFY_SAYS_NOTHING)
        fetch(&classify->said, *list_of(classify, &classify->lists.of_said, voice, event->day), 0, 1);
}

/* Probably the right one. */
static void fetch_part(const struct classify *classify, const struct classify_event *event)
{
    size_t at = index_place(&classify->index, event->hash);
    uint32_t number = index_next(&classify->index, event->hash, &at);
    fetch(&classify->parts, number, 0, 1);
    fetch(&classify->lists.of_seen, number, 0, 1);
}

static int reserve(struct classify *classify, uint32_t more)
{
    int err = index_reserve(&classify->index, more);
    struct tally_pool *pools[] = {&classify->parts, &classify->loads, &classify->voices, &classify->stretches,
        &classify->said, &classify->lists.of_seen, &classify->lists.of_said};
    for (size_t i = 0; i < sizeof pools / sizeof *pools; i++)
        err = err ? err : pool_reserve(pools[i], more);
    return err;
}

int classify_table_settle(struct classify *classify)
{
    uint32_t waiting = (uint32_t)classify->waiting;
    int err = reserve(classify, waiting);
    if (err)
        return err;
    for (uint32_t i = 0; i < waiting; i++)
        fetch_part(classify, &classify->events[i]);
    for (uint32_t i = 0; i < waiting; i++) {
        classify->events[i].number = part_of(classify, &classify->events[i]);
        fetch_places(classify, &classify->events[i]);
    }
    for (uint32_t i = 0; i < waiting; i++)
        fetch_days(classify, &classify->events[i]);
    for (uint32_t i = 0; i < waiting; i++)
        count(classify, &classify->events[i]);
    classify->waiting = 0;
    return 0;
}

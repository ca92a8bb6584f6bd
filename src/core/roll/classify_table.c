/* Taking rows. Each of the millions touches four or five places in tables much bigger than any cache, so
 * rows wait in batches: what a row will touch is asked for while others are worked on.
 *
 * All that is kept are sums, unions, least and greatest values: so the order of rows cannot matter. */
#include "core/roll/classify_inside.h"

#include "base/hash.h"

#include <string.h>

enum { FIRST_BITS = 12 };

int classify_table_start(struct classify *classify)
{
    classify->parts.size = sizeof(struct classify_part);
    classify->loads.size = sizeof(struct classify_load);
    classify->voices.size = sizeof(struct classify_voice);
    classify->stretches.size = sizeof(struct classify_stretch);
    classify->said.size = sizeof(struct classify_said);
    return index_start(&classify->index, FIRST_BITS);
}

void classify_table_free(struct classify *classify)
{
    index_free(&classify->index);
    pool_free(&classify->parts);
    pool_free(&classify->loads);
    pool_free(&classify->voices);
    pool_free(&classify->stretches);
    pool_free(&classify->said);
}

/* ---- finding ---- */

static uint32_t hash_of(const struct classify *classify, const uint64_t address[2])
{
    return (uint32_t)(hash_pair(address[0], address[1], hash_key(classify->seed)) >> 32);
}

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
    return search(classify, words, hash_of(classify, words), &at);
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
    struct classify_voice *voice = take_new(&classify->voices, &part->voice);
    voice->edge_first_us = INT64_MAX;
    voice->edge_last_us = INT64_MIN;
    for (size_t i = 0; i < sizeof voice->told / sizeof *voice->told; i++) {
        voice->told[i].first_us = INT64_MAX;
        voice->told[i].last_us = INT64_MIN;
    }
    return voice;
}

/* The entry of the list for this day. It is looked for from the one that was found before: a store hands out
 * rows in the order of time, once for each collector and kind. */
static void *day_of(struct tally_pool *pool, uint32_t *first, uint32_t *near, uint32_t day)
{
    uint32_t block = day / STRETCH_DAYS, at = *near;
    struct classify_link *link = at ? pool_at(pool, at) : NULL;
    while (link && link->block < block && link->later)
        link = pool_at(pool, at = link->later);
    while (link && link->block > block && link->next)
        link = pool_at(pool, at = link->next);
    if (link && link->block == block) {
        *near = at;
        return link;
    }
    struct classify_link *made = take_new(pool, near);
    *made = (struct classify_link){.block = block};
    if (link && link->block > block) { /* it was the earliest */
        made->later = at;
        link->next = *near;
        return made;
    }
    made->next = at;
    made->later = link ? link->later : 0;
    if (link)
        link->later = *near;
    if (made->later)
        ((struct classify_link *)pool_at(pool, made->later))->next = *near;
    else
        *first = *near;
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
    struct classify_said *said = day_of(&classify->said, &part->said, &part->near.said, event->day);
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
    struct classify_stretch *stretch =
        day_of(&classify->stretches, &part->stretches, &part->near.stretch, event->day);
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
        __builtin_prefetch(entry + at, 1);
}

void classify_table_fetch(const struct classify *classify, uint32_t number)
{
    if (number > classify->parts.used)
        return;
    const struct classify_part *part = classify_part_at(classify, number);
    fetch(&classify->stretches, part->stretches, 0, sizeof(struct classify_stretch));
    fetch(&classify->voices, part->voice, 0, sizeof(struct classify_voice));
    fetch(&classify->said, part->said, 0, sizeof(struct classify_said));
}

/* What the event will probably touch: days near those of the row before, and lines of the voice. */
static void fetch_places(const struct classify *classify, const struct classify_event *event)
{
    const struct classify_part *part = classify_part_at(classify, event->number);
    fetch(&classify->stretches, part->near.stretch, 0, 1);
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
    fetch(&classify->said, part->near.said, 0, 1);
}

int classify_table_settle(struct classify *classify)
{
    uint32_t waiting = (uint32_t)classify->waiting;
    int err = index_reserve(&classify->index, waiting);
    struct tally_pool *pools[] = {
        &classify->parts, &classify->loads, &classify->voices, &classify->stretches, &classify->said};
    for (size_t i = 0; i < sizeof pools / sizeof *pools; i++)
        err = err ? err : pool_reserve(pools[i], waiting);
    if (err)
        return err;
    for (uint32_t i = 0; i < waiting; i++) { /* probably the right one */
        size_t at = index_place(&classify->index, classify->events[i].hash);
        fetch(&classify->parts, index_next(&classify->index, classify->events[i].hash, &at), 0, 1);
    }
    for (uint32_t i = 0; i < waiting; i++) {
        struct classify_event *event = &classify->events[i];
        event->number = part_of(classify, event);
        fetch_places(classify, event);
    }
    for (uint32_t i = 0; i < waiting; i++)
        count(classify, &classify->events[i]);
    classify->waiting = 0;
    return 0;
}

/* What is common to both sorts of rows: who and when. NULL: not of the time that is judged. */
static struct classify_event *begin(struct classify *classify, unsigned collector, const uint8_t source[16],
    int64_t hour_us, int64_t first_us, int64_t last_us)
{
    if (hour_us < classify->begin_us || hour_us >= classify->to_us)
        return NULL;
    uint32_t day = (uint32_t)((hour_us - classify->begin_us) / UTC_DAY);
    int64_t day_us = classify->begin_us + day * UTC_DAY, end_us = day_us + UTC_DAY;
    end_us = end_us < classify->to_us ? end_us : classify->to_us;
    first_us = first_us < day_us ? day_us : first_us;
    if (first_us >= end_us)
        return NULL;
    last_us = last_us < first_us ? first_us : last_us < end_us ? last_us : end_us - 1;
    struct classify_event *event = &classify->events[classify->waiting];
    memcpy(event->address, source, sizeof event->address);
    event->hash = hash_of(classify, event->address);
    event->day = day;
    event->collector =
        (uint8_t)(collector < CLASSIFY_MAX_COLLECTORS ? collector : CLASSIFY_MAX_COLLECTORS - 1);
    event->first_us = first_us;
    event->last_us = last_us;
    __builtin_prefetch(&classify->index.slots[index_place(&classify->index, event->hash)]);
    return event;
}

static int end(struct classify *classify)
{
    return ++classify->waiting < CLASSIFY_BATCH ? 0 : classify_table_settle(classify);
}

/* ---- rows ---- */

/* RFC 8145 lets a set hold any keys: what matters is whether the new one is among them, and if not, the old
 * one. A revoked key has another tag (RFC 5011 §2.1), and who holds it holds the old key. False: no tag set.
 */
static bool read_word(const struct classify_roll *keys, const char *tags, uint8_t *ret_word)
{
    uint16_t tag[TASIGNAL_MAX_OPTION];
    unsigned count;
    bool old = false, new = false;
    if (!tags || sighting_tags_parse(tags, tag, &count) != 0)
        return false;
    for (unsigned i = 0; i < count; i++) {
        new |= tag[i] == keys->new_tag;
        old |= tag[i] == keys->old_tag || (keys->has_old_revoked && tag[i] == keys->old_revoked_tag);
    }
    *ret_word = new ? CLASSIFY_SAYS_NEW : old ? CLASSIFY_SAYS_OLD : CLASSIFY_SAYS_NEITHER;
    return true;
}

static bool is_signal(uint8_t kind)
{
    return kind == SIGHTING_TA_NULL || kind == SIGHTING_TA_A || kind == SIGHTING_OPTION;
}

static uint64_t at_most(uint64_t part, uint64_t whole)
{
    return part < whole ? part : whole;
}

/* What a source said too much of is counted without zone (tally.h): it tells nothing of this one. */
static bool is_of_no_zone(const struct tally_row *row)
{
    return row->zone && row->zone[0] == '\0' && row->kind != SIGHTING_TOO_BIG &&
           row->kind != SIGHTING_REASSEMBLY && row->kind != SIGHTING_INVALID;
}

/* As tally.h has names: a bit for the hash. */
static uint64_t name_bit(const char *zone)
{
    struct name name;
    struct sighting asked;
    if (name_from_text(zone, &name, NULL))
        return 0;
    sighting_of_question(&name, 0, &asked);
    return UINT64_C(1) << asked.names_hash % 64;
}

int classify_row(struct classify *classify, unsigned collector, const struct tally_row *row)
{
    return classify_row_of(classify, &classify->roll, collector, row);
}

int classify_row_of(struct classify *classify, const struct classify_roll *keys, unsigned collector,
    const struct tally_row *row)
{
    if (classify->finished)
        return ERR_INTERNAL;
    if (row->count == 0 || row->kind == SIGHTING_NONE || row->kind >= SIGHTING_KINDS || is_of_no_zone(row))
        return 0;
    struct classify_event *event =
        begin(classify, collector, row->source, row->hour_us, row->first_us, row->last_us);
    if (!event)
        return 0;
    if (!classify->own_name && row->zone && *row->zone)
        classify->own_name = name_bit(row->zone);
    event->what = row->kind;
    event->word = CLASSIFY_SAYS_NOTHING;
    if (is_signal(row->kind) && !read_word(keys, row->tags, &event->word))
        event->what = SIGHTING_INVALID;
    event->count = row->count;
    event->recursion_desired = at_most(row->recursion_desired, row->count);
    event->dnssec_ok = at_most(row->dnssec_ok, row->count);
    event->truncated = at_most(row->truncated, row->count);
    return end(classify);
}

int classify_traffic(struct classify *classify, unsigned collector, const struct tally_traffic *traffic)
{
    if (classify->finished)
        return ERR_INTERNAL;
    if (traffic->queries == 0 && traffic->answers == 0)
        return 0;
    struct classify_event *event =
        begin(classify, collector, traffic->source, traffic->hour_us, traffic->first_us, traffic->last_us);
    if (!event)
        return 0;
    event->what = CLASSIFY_TRAFFIC;
    event->traffic = *traffic;
    return end(classify);
}

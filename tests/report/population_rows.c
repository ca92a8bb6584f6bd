/* One source, day and collector make one hour: its traffic, and in it signals and DNSKEY queries. A week of
 * one collector is a segment. */
#include "population_rows.h"

#include "io/store/sightings_fixture.h"

#include <stdio.h>

enum { SEGMENT_DAYS = 7, ROLL_HOUR = 16, WELL_KNOWN_NAMES = 40 };
enum { DRAW_HOUR = 200, DRAW_TCP, DRAW_SECOND, DRAW_NAME, DRAW_PORT };

#define ROOT_NAME (UINT64_C(1) << 36) /* "." among the names that were asked */

const char *const population_sets[WORD_COUNT] = {"4a5c", "4a5c-4f66", "4f66", "5d2a"};

struct buffer {
    struct fixture_rows all;
    size_t capacity, traffic_capacity;
    uint64_t record, messages;
    int32_t from_day; /* first day that is not in the store; -1: the collector has not begun */
};

struct population_rows {
    struct sightings *store;
    struct buffer buffers[POPULATION_LETTERS];
};

int population_rows_new(struct sightings *store, struct population_rows **ret_rows)
{
    struct population_rows *rows = calloc(1, sizeof *rows);
    if (!rows)
        return ERR_NOMEM;
    rows->store = store;
    for (int i = 0; i < POPULATION_LETTERS; i++)
        rows->buffers[i].from_day = -1;
    *ret_rows = rows;
    return 0;
}

void population_rows_free(struct population_rows *rows)
{
    for (int i = 0; rows && i < POPULATION_LETTERS; i++) {
        free(rows->buffers[i].all.rows);
        free(rows->buffers[i].all.traffic);
    }
    free(rows);
}

/* Room for all rows that one source can make. */
static int make_room(struct buffer *buffer)
{
    struct fixture_rows *all = &buffer->all;
    if (buffer->capacity < all->count + WORD_COUNT + 1) {
        size_t capacity = buffer->capacity ? buffer->capacity * 2 : 1024;
        struct tally_row *rows = realloc(all->rows, capacity * sizeof *rows);
        if (!rows)
            return ERR_NOMEM;
        all->rows = rows;
        buffer->capacity = capacity;
    }
    if (buffer->traffic_capacity < all->traffic_count + 1) {
        size_t capacity = buffer->traffic_capacity ? buffer->traffic_capacity * 2 : 1024;
        struct tally_traffic *traffic = realloc(all->traffic, capacity * sizeof *traffic);
        if (!traffic)
            return ERR_NOMEM;
        all->traffic = traffic;
        buffer->traffic_capacity = capacity;
    }
    return 0;
}

/* ---- rows ---- */

struct place {
    const struct population *population;
    const struct source *source;
    const struct kind_row *kind;
    int32_t day;
    unsigned letter;
    int64_t hour_us, first_us, last_us;
    bool tcp;
};

static uint64_t draw(const struct place *p, unsigned what, unsigned number)
{
    return population_draw(
        p->source->key, ((uint64_t)what << 32) | number << 8 | p->letter, (uint64_t)p->day + 1);
}

static struct place place_of(
    const struct population *population, const struct source *source, int32_t day, unsigned letter)
{
    struct place p = {population, source, &population->kinds[source->kind], day, letter, 0, 0, 0, false};
    int64_t hour = (int64_t)(draw(&p, DRAW_HOUR, 0) % 24);
    if (day == population->roll_day &&
        population_is_old(source, day)) /* what it repeats, it repeats after the roll */
        hour = ROLL_HOUR + hour % (24 - ROLL_HOUR);
    p.hour_us = population->from_us + day * UTC_DAY + hour * UTC_HOUR;
    p.first_us = p.hour_us + (int64_t)(draw(&p, DRAW_SECOND, 0) % 1800) * UTC_SECOND;
    p.last_us = p.first_us + (int64_t)(draw(&p, DRAW_SECOND, 1) % 1800) * UTC_SECOND;
    p.tcp = draw(&p, DRAW_TCP, 0) % 50 == 0;
    return p;
}

static uint64_t part(uint64_t count, unsigned percent)
{
    return (count * percent + 50) / 100;
}

static void add_row(
    struct buffer *buffer, const struct place *p, enum sighting_kind kind, const char *tags, uint64_t count)
{
    if (!count)
        return;
    struct tally_row *row = &buffer->all.rows[buffer->all.count++];
    *row = (struct tally_row){.hour_us = p->hour_us,
        .zone = ".",
        .kind = (uint8_t)kind,
        .transport = p->tcp ? SIGHTING_TCP : SIGHTING_UDP,
        .tags = tags,
        .count = count,
        .recursion_desired = part(count, p->kind->recursion),
        .dnssec_ok = part(count, p->kind->dnssec_ok),
        .checking_disabled = part(count, p->kind->checking_disabled),
        .udp_size = p->kind->edns ? p->kind->udp_size : 0,
        .first_us = p->first_us,
        .last_us = count > 1 ? p->last_us : p->first_us};
    memcpy(row->source, p->source->address, sizeof row->source);
}

/* Which last labels: a few of its own, or those that everybody asks with something new now and then. */
static uint64_t names_of(const struct place *p, uint64_t queries, bool keys)
{
    uint64_t bits = keys ? ROOT_NAME : 0;
    if (p->kind->names) {
        for (unsigned i = 0; i < p->kind->names; i++)
            bits |= UINT64_C(1) << (population_draw(p->population->seed, DRAW_NAME, i) & 63);
        return bits;
    }
    for (unsigned i = 0; i < queries && i < WELL_KNOWN_NAMES; i++)
        bits |= UINT64_C(1) << (draw(p, DRAW_NAME, i) & 63);
    return bits;
}

static void add_traffic(struct buffer *buffer, const struct place *p, const struct voice *voice)
{
    uint32_t ports = 0;
    for (unsigned i = 0; i < voice->queries && i < 64; i++)
        ports |= UINT32_C(1) << (draw(p, DRAW_PORT, i) & 31);
    uint64_t n = voice->queries, edns = part(n, p->kind->edns);
    struct tally_traffic *row = &buffer->all.traffic[buffer->all.traffic_count++];
    *row = (struct tally_traffic){.hour_us = p->hour_us,
        .queries = n,
        .tcp = p->tcp ? n : 0,
        .edns = edns,
        .dnssec_ok = part(n, p->kind->dnssec_ok),
        .recursion_desired = part(n, p->kind->recursion),
        .checking_disabled = part(n, p->kind->checking_disabled),
        .dnskey = voice->dnskey,
        .udp_size_least = edns ? p->kind->udp_size : 0,
        .udp_size_most = edns ? p->kind->udp_size : 0,
        .names = names_of(p, n, voice->dnskey > 0),
        .ports = ports,
        .first_us = p->first_us,
        .last_us = n > 1 ? p->last_us : p->first_us};
    memcpy(row->source, p->source->address, sizeof row->source);
}

/* ---- days ---- */

static int live(struct population_rows *rows, struct population *population, struct source *source,
    int32_t day, struct day_count *count)
{
    struct voice voices[POPULATION_LETTERS];
    bool said[WORD_COUNT] = {false}, seen = false;
    count->failing += population_failing(population, source, day);
    if (!population_speak(population, source, day, voices))
        return 0;
    for (unsigned i = 0; i < POPULATION_LETTERS; i++) {
        if (!voices[i].queries || !population_collects(population, i, day))
            continue;
        struct buffer *buffer = &rows->buffers[i];
        if (make_room(buffer))
            return ERR_NOMEM;
        struct place p = place_of(population, source, day, i);
        if (population->letters[i].hours && p.hour_us % UTC_DAY / UTC_HOUR >= population->letters[i].hours)
            continue;
        for (int word = 0; word < WORD_COUNT; word++) {
            add_row(buffer, &p, SIGHTING_TA_NULL, population_sets[word], voices[i].words[word]);
            said[word] |= voices[i].words[word] > 0;
        }
        add_row(buffer, &p, SIGHTING_DNSKEY, "", voices[i].dnskey);
        add_traffic(buffer, &p, &voices[i]);
        buffer->messages += voices[i].queries;
        seen = true;
    }
    bool with_new = said[WORD_BOTH] || said[WORD_NEW];
    source->seen |= seen;
    count->seen += seen;
    count->old_only += said[WORD_OLD];
    count->old_alone += said[WORD_OLD] && !with_new;
    count->with_new += with_new;
    count->neither += said[WORD_OTHER];
    count->signalling += with_new || said[WORD_OLD] || said[WORD_OTHER];
    for (int word = 0; word < WORD_COUNT; word++)
        count->sets[word] += said[word];
    return 0;
}

/* The time that a collector saw in [from, to): without the days that it lost. */
static size_t spans_of(const struct population *population, unsigned letter, int32_t from, int32_t to,
    uint64_t packets, struct sightings_span spans[SEGMENT_DAYS + 1])
{
    size_t count = 0;
    for (int32_t day = from; day < to; day++) {
        int64_t begin = population->from_us + day * UTC_DAY;
        unsigned hours = population->letters[letter].hours;
        if (!population_collects(population, letter, day))
            continue;
        if (count && spans[count - 1].to_us == begin)
            spans[count - 1].to_us += UTC_DAY;
        else
            spans[count++] = (struct sightings_span){begin, begin + (hours ? hours * UTC_HOUR : UTC_DAY), 0};
    }
    for (size_t i = 0; i < count; i++)
        spans[i].packets = packets / count;
    return count;
}

static int commit(struct population_rows *rows, const struct population *population, unsigned letter,
    int32_t to, struct err_note *note)
{
    struct buffer *buffer = &rows->buffers[letter];
    struct sightings_span spans[SEGMENT_DAYS + 1];
    size_t count = spans_of(population, letter, buffer->from_day, to, buffer->messages, spans);
    char name[64];
    struct tally_rows tally = fixture_tally(&buffer->all);
    snprintf(name, sizeof name, "%s (made up)", population->letters[letter].collector);
    struct sightings_segment segment = {.collector = population->letters[letter].collector,
        .input = name,
        .input_id = {0xfe, (uint8_t)letter},
        .first_record = buffer->record,
        .end_record = buffer->record + buffer->messages + 1,
        .last_record_hash = buffer->record + buffer->messages,
        .from_us = count ? spans[0].from_us : 0,
        .to_us = count ? spans[count - 1].to_us : 0,
        .written_us = population->from_us + to * UTC_DAY,
        .packets = buffer->messages,
        .messages = buffer->messages,
        .spans = spans,
        .span_count = count};
    memcpy(segment.input_id + 8, &population->seed, sizeof population->seed);
    int err = sightings_commit(rows->store, &segment, &tally, note);
    buffer->record = segment.end_record;
    buffer->all.count = buffer->all.traffic_count = 0;
    buffer->messages = 0;
    buffer->from_day = to;
    return err;
}

static int commit_all(struct population_rows *rows, const struct population *population, int32_t to, bool end,
    struct err_note *note)
{
    int err = 0;
    for (unsigned i = 0; !err && i < POPULATION_LETTERS; i++) {
        int32_t from = rows->buffers[i].from_day;
        if (from >= 0 && from < to && (end || to - from >= SEGMENT_DAYS))
            err = commit(rows, population, i, to, note);
    }
    return err;
}

int population_rows_day(struct population_rows *rows, struct population *population, int32_t day,
    struct day_count *ret_count, struct err_note *note)
{
    *ret_count = (struct day_count){0};
    for (unsigned i = 0; i < POPULATION_LETTERS; i++)
        if (rows->buffers[i].from_day < 0 && population_collects(population, i, day))
            rows->buffers[i].from_day = day;
    int err = population_born(population, day);
    for (size_t i = 0; !err && i < population->count; i++) {
        if (i == population->settled)
            i = population->next_alive;
        if (i < population->count && population_is_alive(&population->sources[i], day))
            err = live(rows, population, &population->sources[i], day, ret_count);
    }
    return err ? err_set(note, err, "out of memory") : commit_all(rows, population, day + 1, false, note);
}

int population_rows_end(
    struct population_rows *rows, const struct population *population, struct err_note *note)
{
    return commit_all(rows, population, population->days, true, note);
}

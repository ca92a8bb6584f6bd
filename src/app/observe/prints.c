/* Fingerprints of every record there is are added, so adding is an append to a list; a table (open
 * addressing, 0 marks an empty slot; a fingerprint of 0 is taken for 1) is made of it where it is loaded to
 * be looked at. Beside it lie the edges: the first records, and a ring of the last. Sampling by low bits
 * makes samples of any two sets comparable, whatever their sizes. */
#include "app/observe/prints.h"

#include "base/hash.h"

#include <stdlib.h>

enum { FINGERED = 64 };
static const uint64_t MAGIC = 0x31746e6972706372; /* "rcprint1" */

struct edge {
    int64_t time_us;
    uint64_t print;
};

struct prints {
    uint64_t seen; /* records */
    uint64_t mask; /* a print is held if print & mask is 0 */
    uint64_t count, most;
    uint64_t slot_count;                              /* 0: a list of `count` */
    struct edge head[PRINTS_EDGE], tail[PRINTS_EDGE]; /* tail: a ring, the next goes to seen % PRINTS_EDGE */
    uint64_t slots[];
};

/* The four products do not wait for each other: this is done for every record there is. */
static uint64_t print_of_long(const uint8_t *bytes, uint64_t seed)
{
    uint64_t a = hash_mix(hash_load(bytes), hash_load(bytes + 8) ^ seed);
    uint64_t b = hash_mix(hash_load(bytes + 16), hash_load(bytes + 24));
    uint64_t c = hash_mix(hash_load(bytes + 32), hash_load(bytes + 40));
    uint64_t d = hash_mix(hash_load(bytes + 48), hash_load(bytes + 56));
    return hash_mix(a ^ (b << 1), c ^ (d << 1));
}

uint64_t prints_of(const struct capture_record *record)
{
    uint64_t seed = (uint64_t)record->time_us * 0x9e3779b97f4a7c15U + record->wire_length;
    if (record->peer)
        seed =
            hash_bytes(record->peer->client, sizeof record->peer->client, seed + record->peer->client_port);
    uint64_t print = record->what == CAPTURE_LINE || record->length < FINGERED
                         ? hash_bytes(record->bytes, record->length, seed)
                         : print_of_long(record->bytes, seed);
    return print ? print : 1;
}

static struct prints *make(size_t most, size_t slot_count)
{
    struct prints *prints =
        calloc(1, sizeof *prints + (slot_count ? slot_count : most) * sizeof *prints->slots);
    if (prints) {
        prints->most = most;
        prints->slot_count = slot_count;
    }
    return prints;
}

struct prints *prints_new(size_t most)
{
    return make(most, 0);
}

void prints_free(struct prints *prints)
{
    free(prints);
}

void prints_reset(struct prints *prints)
{
    prints->seen = prints->mask = prints->count = 0;
}

/* The slot that holds the print, or the empty one where it would go. High bits choose: the low ones are those
 * of the sample. */
static size_t slot_of(const struct prints *prints, uint64_t print)
{
    size_t slot = (size_t)(print >> 32) % prints->slot_count;
    while (prints->slots[slot] && prints->slots[slot] != print)
        slot = (slot + 1) % prints->slot_count;
    return slot;
}

static void hold(struct prints *prints, uint64_t print)
{
    size_t slot = slot_of(prints, print);
    prints->count += prints->slots[slot] == 0;
    prints->slots[slot] = print;
}

/* One bit more in the mask, until half is free. */
static void thin(struct prints *prints)
{
    do {
        prints->mask = prints->mask << 1 | 1;
        uint64_t kept = 0;
        for (uint64_t i = 0; i < prints->count; i++)
            if ((prints->slots[i] & prints->mask) == 0)
                prints->slots[kept++] = prints->slots[i];
        prints->count = kept;
    } while (prints->count > prints->most / 2);
}

/* It passes the mask. */
static void keep(struct prints *prints, uint64_t print)
{
    if (prints->count > 0 && prints->slots[prints->count - 1] == print)
        return;
    if (prints->count == prints->most)
        thin(prints);
    if ((print & prints->mask) == 0)
        prints->slots[prints->count++] = print;
}

void prints_add(struct prints *prints, uint64_t print, int64_t time_us)
{
    struct edge edge = {time_us, print};
    if (prints->seen < PRINTS_EDGE)
        prints->head[prints->seen] = edge;
    prints->tail[prints->seen % PRINTS_EDGE] = edge;
    prints->seen++;
    if (!(print & prints->mask))
        keep(prints, print);
}

/* Of what is neither among the first nor among the last, only the print is kept, if it is of the sample. */
void prints_add_all(
    struct prints *prints, const uint64_t *added, const struct capture_record *records, size_t count)
{
    size_t i = 0, last = count > PRINTS_EDGE ? count - PRINTS_EDGE : 0;
    for (; i < count && prints->seen < PRINTS_EDGE; i++)
        prints_add(prints, added[i], records[i].time_us);
    for (; i < last; i++, prints->seen++)
        if (!(added[i] & prints->mask))
            keep(prints, added[i]);
    for (; i < count; i++)
        prints_add(prints, added[i], records[i].time_us);
}

/* What an edge says. `sign` 1: of the first records, -1: of the last. A record farther in is UNKNOWN. */
static enum prints_word look_edge(
    const struct edge *edge, uint64_t count, int sign, uint64_t print, int64_t time_us)
{
    int64_t inmost = edge[0].time_us;
    bool there = false;
    for (uint64_t i = 0; i < count; i++) {
        if (sign > 0 ? edge[i].time_us > inmost : edge[i].time_us < inmost)
            inmost = edge[i].time_us;
        there |= edge[i].print == print;
    }
    if (there)
        return PRINTS_IN;
    return (sign > 0 ? time_us < inmost : time_us > inmost) ? PRINTS_OUT : PRINTS_UNKNOWN;
}

enum prints_word prints_look(const struct prints *prints, uint64_t print, int64_t time_us)
{
    if (!prints->mask)
        return prints->slots[slot_of(prints, print)] ? PRINTS_IN : PRINTS_OUT;
    /* Sampling begins far beyond the number of records that the edges hold: both are full. */
    if (time_us <= prints->head[PRINTS_EDGE - 1].time_us) {
        enum prints_word word = look_edge(prints->head, PRINTS_EDGE, 1, print, time_us);
        if (word != PRINTS_UNKNOWN)
            return word;
    }
    if (time_us >= prints->tail[prints->seen % PRINTS_EDGE].time_us) {
        enum prints_word word = look_edge(prints->tail, PRINTS_EDGE, -1, print, time_us);
        if (word != PRINTS_UNKNOWN)
            return word;
    }
    if (print & prints->mask)
        return PRINTS_UNKNOWN;
    return prints->slots[slot_of(prints, print)] ? PRINTS_SAMPLED : PRINTS_MISSED;
}

/* ---- stored: MAGIC, seen, mask, count, head, tail (oldest first), the prints held; little-endian words ----
 */

enum { FIXED_WORDS = 4 };

static size_t edge_count(const struct prints *prints)
{
    return prints->seen < PRINTS_EDGE ? (size_t)prints->seen : PRINTS_EDGE;
}

static uint8_t *put(uint8_t *at, uint64_t word)
{
    for (int i = 0; i < 8; i++)
        *at++ = (uint8_t)(word >> 8 * i);
    return at;
}

int prints_save(const struct prints *prints, uint8_t **ret_bytes, size_t *ret_length)
{
    size_t edges = edge_count(prints), length = 8 * (FIXED_WORDS + 4 * edges + prints->count);
    uint8_t *bytes = malloc(length), *at = bytes;
    if (!bytes)
        return ERR_NOMEM;
    at = put(put(put(put(at, MAGIC), prints->seen), prints->mask), prints->count);
    for (size_t i = 0; i < edges; i++)
        at = put(put(at, (uint64_t)prints->head[i].time_us), prints->head[i].print);
    for (size_t i = 0; i < edges; i++) {
        const struct edge *edge = &prints->tail[(prints->seen - edges + i) % PRINTS_EDGE];
        at = put(put(at, (uint64_t)edge->time_us), edge->print);
    }
    for (size_t i = 0; i < (prints->slot_count ? prints->slot_count : prints->count); i++)
        if (prints->slots[i])
            at = put(at, prints->slots[i]);
    *ret_bytes = bytes;
    *ret_length = length;
    return 0;
}

static struct edge load_edge(const uint8_t *bytes, size_t word)
{
    return (struct edge){(int64_t)hash_load(bytes + 8 * word), hash_load(bytes + 8 * word + 8)};
}

/* A mask is ones from the lowest bit on, and comes only when there are more records than an edge holds. */
static bool is_sound(uint64_t seen, uint64_t mask, uint64_t count)
{
    return (mask & (mask + 1)) == 0 && count <= PRINTS_MOST && count <= seen && (!mask || seen > PRINTS_EDGE);
}

int prints_load(const uint8_t *bytes, size_t length, struct prints **ret_prints)
{
    if (length < 8 * FIXED_WORDS || length % 8 || hash_load(bytes) != MAGIC)
        return ERR_DATA;
    uint64_t seen = hash_load(bytes + 8), mask = hash_load(bytes + 16), count = hash_load(bytes + 24);
    size_t edges = seen < PRINTS_EDGE ? (size_t)seen : PRINTS_EDGE;
    if (!is_sound(seen, mask, count) || length != 8 * (FIXED_WORDS + 4 * edges + count))
        return ERR_DATA;
    struct prints *prints = make(count, 2 * count + 1);
    if (!prints)
        return ERR_NOMEM;
    prints->seen = seen;
    prints->mask = mask;
    for (size_t i = 0; i < edges; i++) {
        prints->head[i] = load_edge(bytes, FIXED_WORDS + 2 * i);
        prints->tail[(seen - edges + i) % PRINTS_EDGE] = load_edge(bytes, FIXED_WORDS + 2 * (edges + i));
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t print = hash_load(bytes + 8 * (FIXED_WORDS + 4 * edges + i));
        hold(prints, print ? print : 1);
    }
    *ret_prints = prints;
    return 0;
}

/* Slots in the order of the table, each with its place, so that what is read back behaves as what was written
 * in every case; with them the seed of the keys, since another process has another one. */
#include "core/roll/tally_inside.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

enum { HEAD = 4 + 8 + 4, SLOT = 4 + 8 + 8 + 1 };

static const char magic[4] = {'t', 'l', 'y', '1'};

int tally_save(const struct tally *tally, uint8_t **ret_bytes, size_t *ret_length)
{
    const struct pairs *pairs = &tally->pairs;
    uint32_t count = 0;
    for (uint32_t i = 0; i < PAIRS_SLOTS; i++)
        count += pairs->slots[i].used;
    size_t length = HEAD + (size_t)count * SLOT;
    uint8_t *bytes = malloc(length);
    if (!bytes)
        return ERR_NOMEM;
    struct writer writer = writer_over(bytes, length);
    writer_bytes(&writer, magic, sizeof magic);
    writer_u64(&writer, pairs->seed);
    writer_u32(&writer, count);
    for (uint32_t i = 0; i < PAIRS_SLOTS; i++) {
        const struct pair *pair = &pairs->slots[i];
        if (!pair->used)
            continue;
        writer_u32(&writer, i);
        writer_u64(&writer, pair->key);
        writer_u64(&writer, (uint64_t)pair->time_us);
        writer_u8(&writer, pair->flags);
    }
    *ret_bytes = bytes;
    *ret_length = length;
    return 0;
}

/* One slot: its place is one that its key leads to, and behind the last one. */
static bool read_slot(struct reader *reader, struct pair *slots, int64_t *last)
{
    uint32_t place = reader_u32(reader);
    struct pair pair = {.used = true};
    pair.key = reader_u64(reader);
    pair.time_us = (int64_t)reader_u64(reader);
    pair.flags = reader_u8(reader);
    if (reader->bad || place >= PAIRS_SLOTS || place <= *last ||
        place / PAIRS_WAYS != pair.key >> (64 - PAIRS_SET_BITS))
        return false;
    slots[place] = pair;
    *last = place;
    return true;
}

int tally_load(struct tally *tally, const uint8_t *bytes, size_t length)
{
    struct reader reader = reader_over(bytes, length);
    const uint8_t *begins = reader_bytes(&reader, sizeof magic);
    uint64_t seed = reader_u64(&reader);
    uint32_t count = reader_u32(&reader);
    if (reader.bad || memcmp(begins, magic, sizeof magic) != 0 || count > PAIRS_SLOTS ||
        reader_left(&reader) != (size_t)count * SLOT)
        return ERR_DATA;
    struct pair *slots = calloc(PAIRS_SLOTS, sizeof *slots);
    if (!slots)
        return ERR_NOMEM;
    int64_t last = -1;
    bool good = true;
    for (uint32_t i = 0; good && i < count; i++)
        good = read_slot(&reader, slots, &last);
    if (!good) {
        free(slots);
        return ERR_DATA;
    }
    free(tally->pairs.slots);
    tally->pairs.slots = slots;
    tally->pairs.seed = seed;
    return 0;
}

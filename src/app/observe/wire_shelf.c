/* Slots are chained from buckets by their key, and in a list by their last use. A piece is a chain of blocks;
 * its first block leads to the next piece. Memory that was never used is never touched. */
#include "app/observe/wire_shelf.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 512 };

struct shelf_block {
    int32_t next;       /* block of this piece, or next free one */
    int32_t next_piece; /* this and what follows: in the first block of a piece only */
    uint32_t begin, length, have;
    uint32_t told;
    uint8_t bytes[SHELF_BLOCK];
};
_Static_assert(sizeof(struct shelf_block) == BLOCK, "memory is counted in blocks");

bool shelf_begin(struct shelf *shelf, uint32_t slots, uint32_t blocks)
{
    uint32_t buckets = 1;
    while (buckets < slots)
        buckets *= 2;
    memset(shelf, 0, sizeof *shelf);
    shelf->slots = malloc(slots * sizeof *shelf->slots);
    shelf->blocks = malloc(blocks * sizeof *shelf->blocks);
    shelf->buckets = malloc(buckets * sizeof *shelf->buckets);
    if (!shelf->slots || !shelf->blocks || !shelf->buckets)
        return false;
    shelf->slot_count = slots;
    shelf->block_count = blocks;
    shelf->bucket_mask = buckets - 1;
    shelf_reset(shelf);
    return true;
}

void shelf_end(struct shelf *shelf)
{
    free(shelf->slots);
    free(shelf->blocks);
    free(shelf->buckets);
}

void shelf_reset(struct shelf *shelf)
{
    memset(shelf->buckets, 0xff, (shelf->bucket_mask + 1U) * sizeof *shelf->buckets);
    shelf->fresh_slot = shelf->fresh_block = 0;
    shelf->slots_used = shelf->blocks_used = 0;
    shelf->free_slot = shelf->free_block = SHELF_NONE;
    shelf->idle = shelf->waiting = (struct shelf_list){SHELF_NONE, SHELF_NONE};
}

/* ---- the lists ---- */

static inline int32_t index_of(const struct shelf *shelf, const struct shelf_slot *slot)
{
    return (int32_t)(slot - shelf->slots);
}

static inline struct shelf_list *list_of(struct shelf *shelf, const struct shelf_slot *slot)
{
    return slot->pieces ? &shelf->waiting : &shelf->idle;
}

static void leave(struct shelf *shelf, const struct shelf_slot *slot, struct shelf_list *list)
{
    *(slot->older == SHELF_NONE ? &list->oldest : &shelf->slots[slot->older].newer) = slot->newer;
    *(slot->newer == SHELF_NONE ? &list->newest : &shelf->slots[slot->newer].older) = slot->older;
}

static void enter(struct shelf *shelf, struct shelf_slot *slot, struct shelf_list *list)
{
    slot->older = list->newest;
    slot->newer = SHELF_NONE;
    list->newest = index_of(shelf, slot);
    *(slot->older == SHELF_NONE ? &list->oldest : &shelf->slots[slot->older].newer) = list->newest;
}

void shelf_touch(struct shelf *shelf, struct shelf_slot *slot)
{
    if (slot->newer == SHELF_NONE)
        return;
    struct shelf_list *list = list_of(shelf, slot);
    leave(shelf, slot, list);
    enter(shelf, slot, list);
}

struct shelf_slot *shelf_walk(const struct shelf *shelf, const struct shelf_slot *slot)
{
    int32_t next = slot ? slot->newer : shelf->idle.oldest;
    if (next == SHELF_NONE && (!slot || !slot->pieces))
        next = shelf->waiting.oldest;
    return next == SHELF_NONE ? NULL : &shelf->slots[next];
}

/* ---- slots ---- */

struct shelf_slot *shelf_find(const struct shelf *shelf, uint64_t key)
{
    int32_t at = shelf->buckets[key & shelf->bucket_mask];
    while (at != SHELF_NONE && shelf->slots[at].key != key)
        at = shelf->slots[at].chain;
    return at == SHELF_NONE ? NULL : &shelf->slots[at];
}

unsigned shelf_holds(const struct shelf *shelf, const struct shelf_slot *slot)
{
    unsigned count = 0;
    for (int32_t piece = slot->first; piece != SHELF_NONE; piece = shelf->blocks[piece].next_piece)
        count += !shelf->blocks[piece].told;
    return count;
}

static void forget(struct shelf *shelf, struct shelf_slot *slot)
{
    unsigned held = shelf_holds(shelf, slot);
    shelf->lost_slots += held > 0;
    shelf->lost_pieces += held;
    shelf_drop(shelf, slot);
}

struct shelf_slot *shelf_make(struct shelf *shelf, uint64_t key)
{
    int32_t *bucket = &shelf->buckets[key & shelf->bucket_mask];
    if (shelf->free_slot == SHELF_NONE && shelf->fresh_slot == shelf->slot_count) {
        int32_t oldest = shelf->idle.oldest != SHELF_NONE ? shelf->idle.oldest : shelf->waiting.oldest;
        forget(shelf, &shelf->slots[oldest]);
    }
    struct shelf_slot *slot;
    if (shelf->free_slot != SHELF_NONE) {
        slot = &shelf->slots[shelf->free_slot];
        shelf->free_slot = slot->chain;
    } else {
        slot = &shelf->slots[shelf->fresh_slot++];
    }
    *slot = (struct shelf_slot){.key = key, .first = SHELF_NONE, .last = SHELF_NONE, .chain = *bucket};
    *bucket = index_of(shelf, slot);
    enter(shelf, slot, &shelf->idle);
    shelf->slots_used++;
    return slot;
}

void shelf_drop(struct shelf *shelf, struct shelf_slot *slot)
{
    shelf_clear(shelf, slot);
    leave(shelf, slot, &shelf->idle);
    int32_t *link = &shelf->buckets[slot->key & shelf->bucket_mask];
    while (&shelf->slots[*link] != slot)
        link = &shelf->slots[*link].chain;
    *link = slot->chain;
    slot->chain = shelf->free_slot;
    shelf->free_slot = index_of(shelf, slot);
    shelf->slots_used--;
}

/* ---- pieces ---- */

static void free_blocks(struct shelf *shelf, int32_t block)
{
    while (block != SHELF_NONE) {
        int32_t next = shelf->blocks[block].next;
        shelf->blocks[block].next = shelf->free_block;
        shelf->free_block = block;
        shelf->blocks_used--;
        block = next;
    }
}

void shelf_clear(struct shelf *shelf, struct shelf_slot *slot)
{
    if (slot->pieces == 0)
        return;
    leave(shelf, slot, &shelf->waiting);
    for (int32_t piece = slot->first; piece != SHELF_NONE;) {
        int32_t next = shelf->blocks[piece].next_piece;
        free_blocks(shelf, piece);
        piece = next;
    }
    slot->first = slot->last = SHELF_NONE;
    slot->pieces = 0;
    slot->octets = 0;
    enter(shelf, slot, &shelf->idle);
}

/* Makes sure that so many blocks are free, at the cost of others that wait. */
static bool make_room(struct shelf *shelf, const struct shelf_slot *slot, uint32_t blocks)
{
    while (shelf->block_count - shelf->blocks_used < blocks) {
        int32_t oldest = shelf->waiting.oldest;
        if (oldest == index_of(shelf, slot))
            oldest = slot->newer;
        if (oldest == SHELF_NONE)
            return false;
        forget(shelf, &shelf->slots[oldest]);
    }
    return true;
}

/* One that make_room() made. */
static int32_t take_block(struct shelf *shelf)
{
    int32_t block = shelf->free_block;
    if (block == SHELF_NONE)
        block = (int32_t)shelf->fresh_block++;
    else
        shelf->free_block = shelf->blocks[block].next;
    shelf->blocks[block].next = SHELF_NONE;
    shelf->blocks_used++;
    return block;
}

/* Writes octets behind the first `used` ones of a chain of blocks whose last is `block`. */
static void fill(struct shelf *shelf, int32_t block, uint32_t used, const uint8_t *bytes, uint32_t length)
{
    while (length > 0) {
        uint32_t in_block = used % SHELF_BLOCK;
        if (in_block == 0 && used > 0) {
            int32_t next = take_block(shelf);
            shelf->blocks[block].next = next;
            block = next;
        }
        uint32_t part = SHELF_BLOCK - in_block < length ? SHELF_BLOCK - in_block : length;
        memcpy(shelf->blocks[block].bytes + in_block, bytes, part);
        bytes += part;
        used += part;
        length -= part;
    }
}

static uint32_t blocks_for(uint32_t octets)
{
    return octets == 0 ? 1 : (octets + SHELF_BLOCK - 1) / SHELF_BLOCK;
}

bool shelf_add(
    struct shelf *shelf, struct shelf_slot *slot, const struct shelf_piece *piece, const uint8_t *bytes)
{
    if (slot->pieces == SHELF_MAX_PIECES || !make_room(shelf, slot, blocks_for(piece->have)))
        return false;
    int32_t block = take_block(shelf);
    struct shelf_block *first = &shelf->blocks[block];
    first->next_piece = SHELF_NONE;
    first->begin = piece->begin;
    first->length = piece->length;
    first->have = piece->have;
    first->told = piece->told;
    fill(shelf, block, 0, bytes, piece->have);
    if (slot->pieces == 0) {
        leave(shelf, slot, &shelf->idle);
        enter(shelf, slot, &shelf->waiting);
        slot->first = block;
    } else {
        shelf->blocks[slot->last].next_piece = block;
    }
    slot->last = block;
    slot->octets += piece->length;
    slot->pieces++;
    return true;
}

bool shelf_append(struct shelf *shelf, struct shelf_slot *slot, const uint8_t *bytes, uint32_t length)
{
    struct shelf_block *first = &shelf->blocks[slot->last];
    if (!make_room(shelf, slot, blocks_for(first->have + length) - blocks_for(first->have)))
        return false;
    int32_t block = slot->last;
    while (shelf->blocks[block].next != SHELF_NONE)
        block = shelf->blocks[block].next;
    fill(shelf, block, first->have, bytes, length);
    first->have += length;
    first->length += length;
    slot->octets += length;
    return true;
}

int32_t shelf_next(const struct shelf *shelf, int32_t piece)
{
    return shelf->blocks[piece].next_piece;
}

struct shelf_piece shelf_piece(const struct shelf *shelf, int32_t piece)
{
    const struct shelf_block *block = &shelf->blocks[piece];
    return (struct shelf_piece){block->begin, block->length, block->have, block->told};
}

void shelf_read(const struct shelf *shelf, int32_t piece, uint8_t *to, uint32_t length)
{
    for (int32_t block = piece; length > 0; block = shelf->blocks[block].next) {
        uint32_t part = length < SHELF_BLOCK ? length : SHELF_BLOCK;
        memcpy(to, shelf->blocks[block].bytes, part);
        to += part;
        length -= part;
    }
}

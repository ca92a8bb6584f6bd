/* wire_shelf: what waits for more packets, under a key, oldest forgotten first.
 *
 * A shelf has a fixed number of slots (a stream, a datagram in fragments) and of blocks for the octets that
 * they hold; nothing is allocated after shelf_new(). Octets lie in pieces, in the order in which they were
 * put there. Slots without pieces and slots with pieces have a list each, by last use: a slot that is needed
 * is taken from those without, then from those with pieces; blocks are taken from those with pieces.
 *
 * Whether something is forgotten depends only on slots, their order and the lengths of pieces, so that a
 * shelf that was written out and read back behaves as if nothing had been. */
#ifndef APP_OBSERVE_WIRE_SHELF_H
#define APP_OBSERVE_WIRE_SHELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SHELF_NONE = -1, SHELF_MAX_PIECES = 128, SHELF_BLOCK = 488 }; /* SHELF_BLOCK: octets in a block */

/* One kind of slot for both uses: times and ends belong to datagrams, sequence numbers to streams. */
struct shelf_slot {
    uint64_t key;
    int64_t time_us;      /* of the first fragment */
    uint32_t at, base;    /* streams: the next octet, and the first; datagrams: base is the end, once known */
    uint32_t octets;      /* of all pieces, as they were on the wire */
    int32_t first, last;  /* pieces: their first blocks */
    int32_t chain;        /* next slot in the bucket, or next free one */
    int32_t older, newer; /* in its list */
    uint8_t flags, protocol; /* of the owner */
    uint8_t pieces;
};

/* A run of octets. `have` of `length` are there, the others fell to the snap length, or are not needed. */
struct shelf_piece {
    uint32_t begin, length, have;
    bool told; /* streams: handed out already */
};

struct shelf_list {
    int32_t oldest, newest;
};

struct shelf {
    struct shelf_slot *slots;
    struct shelf_block *blocks;
    int32_t *buckets;
    uint32_t slot_count, block_count, bucket_mask;
    uint32_t fresh_slot, fresh_block; /* those from here on were never used */
    int32_t free_slot, free_block;
    uint32_t slots_used, blocks_used;
    struct shelf_list idle, waiting;
    uint64_t lost_slots, lost_pieces; /* forgotten while something was held */
};

/* False when memory is short; shelf_end() is allowed even then. */
bool shelf_begin(struct shelf *shelf, uint32_t slots, uint32_t blocks);
void shelf_end(struct shelf *shelf);
void shelf_reset(struct shelf *shelf);

/* NULL: there is none. */
struct shelf_slot *shelf_find(const struct shelf *shelf, uint64_t key);

/* A slot for a key that has none, all zero but the key. */
struct shelf_slot *shelf_make(struct shelf *shelf, uint64_t key);

void shelf_touch(struct shelf *shelf, struct shelf_slot *slot); /* it was used just now */
void shelf_clear(struct shelf *shelf, struct shelf_slot *slot); /* its pieces go */
void shelf_drop(struct shelf *shelf, struct shelf_slot *slot);  /* the slot goes */

/* Puts a piece behind the others. False: no place, not even after forgetting all other slots. */
bool shelf_add(
    struct shelf *shelf, struct shelf_slot *slot, const struct shelf_piece *piece, const uint8_t *bytes);

/* Makes the last piece, which is all there, longer. False as above; the slot is then as before. */
bool shelf_append(struct shelf *shelf, struct shelf_slot *slot, const uint8_t *bytes, uint32_t length);

/* The piece behind `piece`, SHELF_NONE at the end; slot->first begins. */
int32_t shelf_next(const struct shelf *shelf, int32_t piece);
struct shelf_piece shelf_piece(const struct shelf *shelf, int32_t piece);

/* Copies its first octets, no more than it has. */
void shelf_read(const struct shelf *shelf, int32_t piece, uint8_t *to, uint32_t length);

/* How many of a slot's pieces hold octets that were not told. */
unsigned shelf_holds(const struct shelf *shelf, const struct shelf_slot *slot);

/* The slot that was used after `slot`; NULL begins. First those without pieces, then those with. */
struct shelf_slot *shelf_walk(const struct shelf *shelf, const struct shelf_slot *slot);

#endif

/* Each slot has a turn: the position at which it may be filled, or that position plus one once it is. A
 * producer claims a position by moving `head` on, fills the slot, and publishes it by its turn (release); the
 * consumer reads a slot when its turn says that it is filled (acquire) and hands it back for the next lap.
 * Head and tail lie on cache lines of their own. */
#include "app/serve/ring.h"

#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 64, MIN_CAPACITY = 2, MAX_CAPACITY = 1 << 20 };

struct slot {
    alignas(LINE) _Atomic uint64_t turn;
    struct zone_event event;
};

struct ring {
    alignas(LINE) _Atomic uint64_t head; /* next position to be claimed */
    alignas(LINE) uint64_t tail;         /* next position to be read; the consumer's own */
    alignas(LINE) uint64_t mask;
    struct slot *slots;
};

struct ring *ring_new(size_t capacity)
{
    size_t size = MIN_CAPACITY;
    while (size < capacity && size < MAX_CAPACITY)
        size *= 2;
    struct ring *ring = aligned_alloc(LINE, sizeof *ring);
    struct slot *slots = aligned_alloc(LINE, size * sizeof *slots);
    if (!ring || !slots) {
        free(ring);
        free(slots);
        return NULL;
    }
    memset(ring, 0, sizeof *ring);
    memset(slots, 0, size * sizeof *slots); /* touched now, not under load */
    ring->mask = size - 1;
    ring->slots = slots;
    for (size_t i = 0; i < size; i++)
        atomic_store_explicit(&slots[i].turn, i, memory_order_relaxed);
    return ring;
}

void ring_free(struct ring *ring)
{
    if (!ring)
        return;
    free(ring->slots);
    free(ring);
}

/* Only what is used of the name: it is most of an event. */
static void copy_event(struct zone_event *to, const struct zone_event *from)
{
    to->record = from->record;
    to->tag = from->tag;
    to->probe = from->probe;
    to->rcode = from->rcode;
    to->qname.length = from->qname.length;
    memcpy(to->qname.wire, from->qname.wire, from->qname.length);
    to->qclass = from->qclass;
    to->event = from->event;
}

bool ring_push(struct ring *ring, const struct zone_event *event)
{
    uint64_t at = atomic_load_explicit(&ring->head, memory_order_relaxed);
    struct slot *slot;
    for (;;) {
        slot = &ring->slots[at & ring->mask];
        int64_t ahead = (int64_t)(atomic_load_explicit(&slot->turn, memory_order_acquire) - at);
        if (ahead < 0)
            return false; /* still holds an event of the lap before */
        if (ahead > 0)
            at = atomic_load_explicit(&ring->head, memory_order_relaxed);
        else if (atomic_compare_exchange_weak_explicit(
                     &ring->head, &at, at + 1, memory_order_relaxed, memory_order_relaxed))
            break;
    }
    copy_event(&slot->event, event);
    atomic_store_explicit(&slot->turn, at + 1, memory_order_release);
    return true;
}

size_t ring_pop(struct ring *ring, struct zone_event *ret_events, size_t limit)
{
    size_t count = 0;
    for (; count < limit; count++) {
        struct slot *slot = &ring->slots[ring->tail & ring->mask];
        if (atomic_load_explicit(&slot->turn, memory_order_acquire) != ring->tail + 1)
            break;
        copy_event(&ret_events[count], &slot->event);
        atomic_store_explicit(&slot->turn, ring->tail + ring->mask + 1, memory_order_release);
        ring->tail++;
    }
    return count;
}

uint64_t ring_pushed(const struct ring *ring)
{
    return atomic_load_explicit(&ring->head, memory_order_relaxed);
}

size_t ring_capacity(const struct ring *ring)
{
    return (size_t)ring->mask + 1;
}

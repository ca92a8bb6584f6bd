/* The idea: a hash table by apex. A question's name is looked up from its last label on, only at depths where
 * some zone begins. */
#include "core/zone/set.h"

#include <stdlib.h>

enum { FIRST_SLOTS = 16 };

struct zone_set *zone_set_new(void)
{
    struct zone_set *set = calloc(1, sizeof *set);
    if (!set)
        return NULL;
    set->slot = calloc(FIRST_SLOTS, sizeof *set->slot);
    set->slots = FIRST_SLOTS;
    if (!set->slot) {
        free(set);
        return NULL;
    }
    return set;
}

void zone_set_free(struct zone_set *set)
{
    if (!set)
        return;
    free(set->slot);
    free(set);
}

size_t zone_set_count(const struct zone_set *set)
{
    return set->count;
}

static bool is_at(const struct set_slot *slot, uint64_t hash, const uint8_t *name, size_t length)
{
    return slot->hash == hash && slot->view->apex_length == length &&
           !memcmp(slot->view->apex->name, name, length);
}

/* The slot that holds the apex, or the free one where it would be. */
static struct set_slot *place(
    struct set_slot *slots, size_t count, uint64_t hash, const uint8_t *name, size_t length)
{
    size_t at = hash & (count - 1);
    while (slots[at].view && !is_at(&slots[at], hash, name, length))
        at = (at + 1) & (count - 1);
    return &slots[at];
}

static int grow(struct zone_set *set)
{
    if (2 * (set->count + 1) <= set->slots)
        return 0;
    size_t slots = 2 * set->slots;
    struct set_slot *slot = calloc(slots, sizeof *slot);
    if (!slot)
        return ERR_NOMEM;
    for (size_t i = 0; i < set->slots; i++) {
        const struct set_slot *old = &set->slot[i];
        if (old->view)
            *place(slot, slots, old->hash, old->view->apex->name, old->view->apex_length) = *old;
    }
    free(set->slot);
    set->slot = slot;
    set->slots = slots;
    return 0;
}

/* Lower case, hash and number of labels of an apex. */
static uint64_t apex_hash(
    const struct name *apex, uint8_t name[NAME_MAX_WIRE + HASH_ROOM], unsigned *ret_labels)
{
    uint8_t label[MESSAGE_MAX_LABELS + 1];
    struct name lower = *apex;
    name_lower(&lower);
    memset(name, 0, NAME_MAX_WIRE + HASH_ROOM);
    memcpy(name, lower.wire, lower.length);
    *ret_labels = view_labels(name, label);
    return hash_name(name, label, *ret_labels);
}

static void count_depth(struct zone_set *set, unsigned labels, int change)
{
    set->count = (size_t)((int64_t)set->count + change);
    set->depth[labels] = (uint32_t)((int64_t)set->depth[labels] + change);
    if (labels > set->deepest)
        set->deepest = labels;
    while (set->deepest && !set->depth[set->deepest])
        set->deepest--;
}

struct zone_view *zone_set_put(
    struct zone_set *set, const struct name *apex, struct zone_view *view, int64_t tag, int *ret_err)
{
    uint8_t name[NAME_MAX_WIRE + HASH_ROOM];
    unsigned labels;
    uint64_t hash = apex_hash(apex, name, &labels);
    bool same = view->apex_length == apex->length && !memcmp(view->apex->name, name, apex->length);
    *ret_err = same ? grow(set) : ERR_DATA;
    if (*ret_err)
        return NULL;
    struct set_slot *slot = place(set->slot, set->slots, hash, name, apex->length);
    struct zone_view *old = slot->view;
    *slot = (struct set_slot){.hash = hash, .view = view, .tag = tag};
    if (!old)
        count_depth(set, labels, 1);
    return old;
}

/* Those behind a freed slot move up, so that no search ends too early. */
static void close_gap(struct zone_set *set, size_t gap)
{
    size_t mask = set->slots - 1;
    for (size_t at = (gap + 1) & mask; set->slot[at].view; at = (at + 1) & mask) {
        size_t home = set->slot[at].hash & mask;
        bool stays = gap < at ? home > gap && home <= at : home > gap || home <= at;
        if (stays)
            continue;
        set->slot[gap] = set->slot[at];
        gap = at;
    }
    set->slot[gap] = (struct set_slot){0};
}

struct zone_view *zone_set_remove(struct zone_set *set, const struct name *apex)
{
    uint8_t name[NAME_MAX_WIRE + HASH_ROOM];
    unsigned labels;
    uint64_t hash = apex_hash(apex, name, &labels);
    struct set_slot *slot = place(set->slot, set->slots, hash, name, apex->length);
    struct zone_view *old = slot->view;
    if (!old)
        return NULL;
    close_gap(set, (size_t)(slot - set->slot));
    count_depth(set, labels, -1);
    return old;
}

const struct set_slot *set_find(const struct zone_set *set, struct look *look, unsigned most)
{
    if (most > set->deepest)
        most = set->deepest;
    if (most > look->labels)
        most = look->labels;
    for (unsigned depth = most + 1; depth-- > 0;) {
        if (!set->depth[depth])
            continue;
        size_t from = look_suffix(look, depth);
        uint64_t hash = look_hash(look, depth);
        const struct set_slot *slot =
            place(set->slot, set->slots, hash, look->name + from, look->length - from);
        if (slot->view)
            return slot;
    }
    return NULL;
}

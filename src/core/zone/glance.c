/* The idea: with thousands of zones almost everything that an answer reads comes from main memory, one piece
 * after the other, since each tells where the next one is: slot, view, slot of the name, node, its sets. A
 * processor waits for one such piece as long as for ten that it asks for together. So a batch is gone through
 * in steps, each of which asks for the next piece of every question. Nothing is decided here: a guess that is
 * wrong (a name with odd letters, a collision) costs its time and no more. */
#include "core/dns/message.h"
#include "core/zone/set.h"

enum { LINE = 64, FEW_ZONES = 256 };

struct sight {
    const struct set_slot *slot;
    const struct zone_view *view;
    const struct view_slot *place;
    const struct view_node *node;
    uint64_t apex, name; /* hashes of the longest possible apex and of the whole name */
};

static inline void fetch(const void *at, size_t lines)
{
    for (size_t i = 0; at && i < lines; i++)
        __builtin_prefetch((const char *)at + i * LINE);
}

/* The question's name in lower case, and its labels. Their number; 0 if there is nothing to look for. */
static unsigned read_name(
    const struct zone_glance *glance, uint8_t *name, uint8_t label[MESSAGE_MAX_LABELS + 1])
{
    const uint8_t *question = glance->message + MESSAGE_HEADER;
    size_t left = glance->length > MESSAGE_HEADER ? glance->length - MESSAGE_HEADER : 0, length = 0;
    unsigned labels = 0;
    while (length < left && question[length] != 0) {
        if (question[length] > 63 || labels == MESSAGE_MAX_LABELS ||
            length + question[length] + 1U > NAME_MAX_WIRE)
            return 0;
        label[labels++] = (uint8_t)length;
        length += question[length] + 1U;
    }
    if (length >= left)
        return 0;
    for (size_t i = 0; i < length; i++)
        name[i] = (uint8_t)(question[i] >= 'A' && question[i] <= 'Z' ? question[i] | 0x20 : question[i]);
    memset(name + length, 0, HASH_ROOM);
    return labels;
}

static void see_name(const struct zone_set *set, const struct zone_glance *glance, struct sight *sight)
{
    uint8_t name[NAME_MAX_WIRE + HASH_ROOM], label[MESSAGE_MAX_LABELS + 1];
    unsigned labels = read_name(glance, name, label);
    uint64_t hash = HASH_ROOT;
    for (unsigned depth = 1; depth <= labels; depth++) {
        hash = hash_label(hash, name + label[labels - depth]);
        if (depth <= set->deepest && set->depth[depth])
            sight->apex = hash;
    }
    sight->name = hash;
    sight->slot = &set->slot[sight->apex & (set->slots - 1)];
    fetch(sight->slot, 1);
}

static void see_view(struct sight *sight)
{
    sight->view = sight->slot->view && sight->slot->hash == sight->apex ? sight->slot->view : NULL;
    if (sight->view)
        fetch(sight->view, 3);
}

static void see_place(struct sight *sight)
{
    if (!sight->view)
        return;
    sight->place = &sight->view->slots[sight->name & sight->view->slot_mask];
    fetch(sight->place, 1);
    fetch(sight->view->apex, 4);
    fetch(sight->view->order.prefix, 1);
    fetch(sight->view->order.node, 1);
}

static void see_node(struct sight *sight)
{
    if (!sight->view)
        return;
    bool there = sight->place->node && sight->place->hash == sight->name;
    sight->node = there ? sight->place->node : sight->view->apex;
    fetch(sight->node, 4);
    fetch(sight->view->apex->name, 1);
    if (!there)
        fetch(sight->view->negative[SECURE].bytes, 3);
}

static void see_sets(struct sight *sight)
{
    if (!sight->view)
        return;
    fetch(sight->node->name, 1);
    fetch(sight->node->sets, 2);
}

void zones_glance(const struct zone_set *set, const struct zone_glance *glance, size_t count)
{
    struct sight sight[ZONE_GLANCES] = {0};
    if (set->count < FEW_ZONES || count < 2)
        return;
    if (count > ZONE_GLANCES)
        count = ZONE_GLANCES;
    for (size_t i = 0; i < count; i++)
        see_name(set, &glance[i], &sight[i]);
    static void (*const steps[])(struct sight *) = {see_view, see_place, see_node, see_sets};
    for (size_t step = 0; step < sizeof steps / sizeof *steps; step++)
        for (size_t i = 0; i < count; i++)
            steps[step](&sight[i]);
}

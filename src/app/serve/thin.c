/* A table of counts, one slot for each hash of (zone, source, kind). Who comes to a slot that another holds
 * takes it over: a stranger who makes up sources wins nothing by that but against the limit of all. */
#include "app/serve/thin.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS = 4096 };

struct who {
    int64_t zone;
    uint64_t source[2];
    uint64_t kind;
};

struct slot {
    struct who who;
    int64_t second;
    unsigned count;
};

struct thin {
    unsigned most_of_source_s, most_s, count;
    int64_t second;
    struct slot slots[SLOTS];
};

struct thin *thin_new(unsigned most_of_source_s, unsigned most_s)
{
    struct thin *thin = calloc(1, sizeof *thin);
    if (thin) {
        thin->most_of_source_s = most_of_source_s;
        thin->most_s = most_s;
    }
    return thin;
}

void thin_free(struct thin *thin)
{
    free(thin);
}

static size_t slot_of(const struct who *who)
{
    uint64_t hash = (uint64_t)who->zone;
    hash = (hash ^ who->source[0]) * 0x9e3779b97f4a7c15u;
    hash = (hash ^ (hash >> 29) ^ who->source[1]) * 0xbf58476d1ce4e5b9u;
    hash = (hash ^ (hash >> 32) ^ who->kind) * 0x94d049bb133111ebu;
    return (size_t)(hash >> 40) % SLOTS;
}

bool thin_keep(struct thin *thin, const struct zone_event *event)
{
    int64_t second = event->event.at_us / UTC_SECOND;
    struct who who = {.zone = event->tag, .kind = event->event.kind};
    memcpy(who.source, event->event.source, sizeof who.source);
    struct slot *slot = &thin->slots[slot_of(&who)];
    if (slot->second != second || memcmp(&slot->who, &who, sizeof who) != 0)
        *slot = (struct slot){.who = who, .second = second};
    if (thin->second != second) {
        thin->second = second;
        thin->count = 0;
    }
    if (slot->count >= thin->most_of_source_s || thin->count >= thin->most_s)
        return false;
    slot->count++;
    thin->count++;
    return true;
}

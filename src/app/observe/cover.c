/* What the store knows of the collector is fetched for the hours that a batch touches, and kept while the
 * batches stay in them. Almost always that is nothing, and a batch costs two comparisons. */
#include "app/observe/cover.h"

#include "app/observe/prints.h"
#include "base/utc.h"

#include <stdlib.h>
#include <string.h>

struct other {
    const struct sightings_cover *cover;
    struct prints *prints;
    bool meets;   /* the batch at hand is of its time */
    bool differs; /* its packets are others, in spite of the same time */
};

struct cover {
    struct sightings *store;
    const char *collector;
    uint8_t input_id[SIGHTINGS_ID];
    int64_t from_us, to_us; /* what is loaded: [from, to) */
    struct arena *arena;
    struct other *others; /* in the arena, their prints are not */
    size_t count;
};

struct cover *cover_new(struct sightings *store, const char *collector, const uint8_t input_id[SIGHTINGS_ID])
{
    struct cover *cover = calloc(1, sizeof *cover);
    if (!cover)
        return NULL;
    *cover = (struct cover){.store = store, .collector = collector, .arena = arena_new()};
    memcpy(cover->input_id, input_id, SIGHTINGS_ID);
    if (!cover->arena) {
        free(cover);
        return NULL;
    }
    return cover;
}

static void forget(struct cover *cover)
{
    for (size_t i = 0; i < cover->count; i++)
        prints_free(cover->others[i].prints);
    cover->count = 0;
    cover->from_us = cover->to_us = 0;
    arena_reset(cover->arena);
}

void cover_free(struct cover *cover)
{
    if (!cover)
        return;
    forget(cover);
    arena_free(cover->arena);
    free(cover);
}

/* Hours that hold these moments, [from, to). */
static int load(struct cover *cover, int64_t least_us, int64_t most_us, struct err_note *note)
{
    struct sightings_cover *found = NULL;
    size_t count = 0;
    forget(cover);
    int64_t from_us = least_us - least_us % UTC_HOUR, to_us = most_us - most_us % UTC_HOUR + UTC_HOUR;
    int err = sightings_covers(
        cover->store, cover->collector, cover->input_id, from_us, to_us, cover->arena, &found, &count, note);
    if (err)
        return err;
    cover->others = arena_alloc(cover->arena, (count + 1) * sizeof *cover->others);
    if (!cover->others)
        return err_set(note, ERR_NOMEM, "no memory for what collector %s covers", cover->collector);
    for (size_t i = 0; i < count; i++) {
        struct other *other = &cover->others[i];
        *other = (struct other){.cover = &found[i]};
        if (found[i].prints_length == 0) { /* of a platform: it has no packets to compare */
            cover->count = i + 1;
            continue;
        }
        err = prints_load(found[i].prints, found[i].prints_length, &other->prints);
        if (err)
            return err_set(note, err, "the store's fingerprints of %s are damaged", found[i].input);
        cover->count = i + 1;
    }
    cover->from_us = from_us;
    cover->to_us = to_us;
    return 0;
}

static bool in_spans(const struct sightings_cover *cover, int64_t time_us)
{
    for (size_t i = 0; i < cover->span_count; i++)
        if (time_us >= cover->spans[i].from_us && time_us <= cover->spans[i].to_us)
            return true;
    return false;
}

static bool touches(const struct sightings_cover *cover, int64_t least_us, int64_t most_us)
{
    return cover->from_us <= most_us && cover->to_us >= least_us;
}

/* The sample decides for the whole batch, since it comes before the records that it does not tell. */
static void judge(struct other *other, const struct capture_record *records, const uint64_t *prints,
    size_t count, bool *covered)
{
    unsigned same = 0, others = 0;
    for (size_t i = 0; i < count; i++) {
        if (!in_spans(other->cover, records[i].time_us))
            continue;
        enum prints_word word = prints_look(other->prints, prints[i], records[i].time_us);
        same += word == PRINTS_SAMPLED || word == PRINTS_IN;
        others += word == PRINTS_MISSED;
    }
    if (same + others > 0)
        other->differs = others > same;
    for (size_t i = 0; i < count; i++) {
        if (covered[i] || !in_spans(other->cover, records[i].time_us))
            continue;
        enum prints_word word = prints_look(other->prints, prints[i], records[i].time_us);
        covered[i] =
            word == PRINTS_IN || word == PRINTS_SAMPLED || (word == PRINTS_UNKNOWN && !other->differs);
    }
}

int cover_meets(
    struct cover *cover, int64_t least_us, int64_t most_us, bool *ret_meets, struct err_note *note)
{
    if (least_us < cover->from_us || most_us >= cover->to_us) {
        int err = load(cover, least_us, most_us, note);
        if (err)
            return err;
    }
    *ret_meets = false;
    for (size_t i = 0; i < cover->count; i++) {
        struct other *other = &cover->others[i];
        other->meets = other->prints && touches(other->cover, least_us, most_us);
        *ret_meets |= other->meets;
    }
    return 0;
}

void cover_judge(struct cover *cover, const struct capture_record *records, const uint64_t *prints,
    size_t count, bool *ret_covered)
{
    memset(ret_covered, 0, count * sizeof *ret_covered);
    for (size_t i = 0; i < cover->count; i++)
        if (cover->others[i].meets)
            judge(&cover->others[i], records, prints, count, ret_covered);
}

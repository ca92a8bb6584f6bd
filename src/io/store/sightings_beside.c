/* To read rows costs about as much as to judge them. The reader fills batches in a ring, the caller empties
 * them; each waits for the other where the ring is full or empty. Rows are copied, for a reader's strings
 * live as long as its row: in a batch a string is there once while rows that follow each other have it.
 *
 * Names of collectors are no part of the ring: they come once, first, and the reader waits until they were
 * taken. Whoever takes may end the scan: then the reader is told by its next row. */
#include "io/store/sightings_beside.h"

#include "base/aside.h"

#include <stdlib.h>
#include <string.h>

/* A batch fits into the cache that a processor has for itself; the ring is deep, so that neither waits when
 * the other is held up for a while. */
enum { TOGETHER = 256, BATCHES = 128, FIRST_ROOM = 1024 };

struct entry {
    unsigned collector;
    bool is_traffic;
    size_t zone, tags; /* where they begin in the strings of the batch */
    union {
        struct tally_row row;
        struct tally_traffic traffic;
    };
};

struct batch {
    struct entry entries[TOGETHER];
    size_t count;
    char *strings;
    size_t length, room;
};

struct beside {
    /* Of the reader. */
    struct sightings *store;
    const struct sightings_question *question;
    bool has_collectors;
    struct arena *arena;
    struct err_note note;
    struct sightings_scanned scanned;
    int read_err;
    /* Of both, under the lock. A batch is the reader's until it is filled, then the taker's until it is
     * emptied. */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t filled, emptied;
    const char *const *names; /* that wait to be taken; NULL: none */
    size_t name_count;
    bool ended;    /* the reader has */
    int taker_err; /* the scan is to end with it */
    struct batch batches[BATCHES];
};

/* ---- reading ---- */

static struct batch *batch_at(struct beside *beside, uint64_t number)
{
    return &beside->batches[number % BATCHES];
}

static int wait_for_room(struct beside *beside)
{
    while (beside->filled - beside->emptied == BATCHES && !beside->taker_err)
        pthread_cond_wait(&beside->changed, &beside->lock);
    return beside->taker_err;
}

/* Hands over the batch at hand; afterwards the next one is empty. */
static int hand_over(struct beside *beside)
{
    pthread_mutex_lock(&beside->lock);
    beside->filled++;
    pthread_cond_signal(&beside->changed);
    int err = wait_for_room(beside);
    pthread_mutex_unlock(&beside->lock);
    return err;
}

static int read_collectors(void *context, const char *const *names, size_t count)
{
    struct beside *beside = context;
    if (!beside->has_collectors)
        return 0;
    pthread_mutex_lock(&beside->lock);
    beside->names = names;
    beside->name_count = count;
    pthread_cond_signal(&beside->changed);
    while (beside->names && !beside->taker_err)
        pthread_cond_wait(&beside->changed, &beside->lock);
    int err = beside->taker_err;
    pthread_mutex_unlock(&beside->lock);
    return err;
}

/* Where the string begins in the batch: mostly it is that of the row before. */
static int keep(struct batch *batch, const char *string, size_t before, size_t *ret_at)
{
    if (batch->count && strcmp(batch->strings + before, string) == 0) {
        *ret_at = before;
        return 0;
    }
    size_t size = strlen(string) + 1, room = batch->room ? batch->room : FIRST_ROOM;
    while (room - batch->length < size)
        room *= 2;
    char *strings = room == batch->room ? batch->strings : realloc(batch->strings, room);
    if (!strings)
        return ERR_NOMEM;
    memcpy(strings + batch->length, string, size);
    *ret_at = batch->length;
    batch->strings = strings;
    batch->room = room;
    batch->length += size;
    return 0;
}

static int added(struct beside *beside, struct batch *batch)
{
    return ++batch->count < TOGETHER ? 0 : hand_over(beside);
}

static int read_row(void *context, unsigned collector, const struct tally_row *row)
{
    struct beside *beside = context;
    struct batch *batch = batch_at(beside, beside->filled);
    struct entry *entry = &batch->entries[batch->count];
    const struct entry *before = batch->count ? entry - 1 : entry;
    int err = keep(batch, row->zone, before->zone, &entry->zone);
    err = err ? err : keep(batch, row->tags, before->tags, &entry->tags);
    if (err)
        return err_set(&beside->note, err, "no memory to read what was counted");
    entry->collector = collector;
    entry->is_traffic = false;
    entry->row = *row;
    return added(beside, batch);
}

static int read_traffic(void *context, unsigned collector, const struct tally_traffic *traffic)
{
    struct beside *beside = context;
    struct batch *batch = batch_at(beside, beside->filled);
    struct entry *entry = &batch->entries[batch->count];
    entry->zone = entry->tags = 0;
    if (batch->count) {
        entry->zone = entry[-1].zone;
        entry->tags = entry[-1].tags;
    } else if (keep(batch, "", 0, &entry->zone)) { /* so that every entry has one */
        return err_set(&beside->note, ERR_NOMEM, "no memory to read what was counted");
    }
    entry->collector = collector;
    entry->is_traffic = true;
    entry->traffic = *traffic;
    return added(beside, batch);
}

static void *read_all(void *context)
{
    struct beside *beside = context;
    const struct sightings_scan scan = {read_collectors, read_row, read_traffic, beside};
    beside->read_err = beside->store->backend->scan(
        beside->store, beside->question, &scan, beside->arena, &beside->scanned, &beside->note);
    pthread_mutex_lock(&beside->lock);
    if (!beside->taker_err && batch_at(beside, beside->filled)->count)
        beside->filled++; /* a batch that is begun has its room */
    beside->ended = true;
    pthread_cond_signal(&beside->changed);
    pthread_mutex_unlock(&beside->lock);
    return NULL;
}

/* ---- taking ---- */

static int take_batch(struct batch *batch, const struct sightings_scan *scan)
{
    int err = 0;
    for (size_t i = 0; !err && i < batch->count; i++) {
        struct entry *entry = &batch->entries[i];
        if (entry->is_traffic) {
            err = scan->traffic(scan->context, entry->collector, &entry->traffic);
            continue;
        }
        entry->row.zone = batch->strings + entry->zone;
        entry->row.tags = batch->strings + entry->tags;
        err = scan->row(scan->context, entry->collector, &entry->row);
    }
    batch->count = batch->length = 0;
    return err;
}

/* Until the reader has ended and nothing of it is left, or the scan is to end. */
static void take_all(struct beside *beside, const struct sightings_scan *scan)
{
    pthread_mutex_lock(&beside->lock);
    while (!beside->taker_err) {
        bool has_batch = beside->filled > beside->emptied;
        if (!has_batch && !beside->names) {
            if (beside->ended)
                break;
            pthread_cond_wait(&beside->changed, &beside->lock);
            continue;
        }
        const char *const *names = beside->names;
        size_t name_count = beside->name_count;
        pthread_mutex_unlock(&beside->lock);
        int err = names ? scan->collectors(scan->context, names, name_count)
                        : take_batch(batch_at(beside, beside->emptied), scan);
        pthread_mutex_lock(&beside->lock);
        beside->names = NULL;
        beside->emptied += !names;
        beside->taker_err = err;
        pthread_cond_signal(&beside->changed);
    }
    pthread_mutex_unlock(&beside->lock);
}

/* ---- the whole ---- */

static int copy_coverage(
    const struct sightings_scanned *from, struct arena *arena, struct sightings_scanned *ret)
{
    ret->coverage = arena_alloc(arena, (from->coverage_count + 1) * sizeof *ret->coverage);
    for (size_t i = 0; ret->coverage && i < from->coverage_count; i++) {
        struct sightings_coverage *one = &ret->coverage[i];
        *one = from->coverage[i];
        one->collector = arena_string(arena, one->collector);
        one->work = arena_copy(arena, one->work, one->work_count * sizeof *one->work);
        if (!one->collector || (one->work_count && !one->work))
            return ERR_NOMEM;
    }
    return ret->coverage ? 0 : ERR_NOMEM;
}

/* What the reader's arena holds goes with it. */
static int end(const struct beside *beside, struct arena *arena, struct sightings_scanned *ret_scanned,
    struct err_note *note)
{
    if (beside->taker_err)
        return beside->taker_err;
    if (beside->read_err) {
        if (note)
            *note = beside->note;
        return beside->read_err;
    }
    *ret_scanned = beside->scanned;
    if (copy_coverage(&beside->scanned, arena, ret_scanned))
        return err_set(note, ERR_NOMEM, "no memory for what collectors cover");
    if (beside->scanned.missing && !(ret_scanned->missing = arena_string(arena, beside->scanned.missing)))
        return err_set(note, ERR_NOMEM, "no memory for an answer");
    return 0;
}

int sightings_beside(struct sightings *store, const struct sightings_question *question,
    const struct sightings_scan *scan, struct arena *arena, struct sightings_scanned *ret_scanned,
    struct err_note *note)
{
    struct beside *beside = calloc(1, sizeof *beside);
    struct arena *own = arena_new();
    struct aside aside;
    int err = 0;
    if (!beside || !own) {
        free(beside);
        arena_free(own);
        return err_set(note, ERR_NOMEM, "no memory to read what was counted");
    }
    *beside = (struct beside){
        .store = store, .question = question, .arena = own, .has_collectors = scan->collectors != NULL};
    pthread_mutex_init(&beside->lock, NULL);
    pthread_cond_init(&beside->changed, NULL);
    if (!aside_begin(&aside, read_all, beside)) {
        err = store->backend->scan(store, question, scan, arena, ret_scanned, note);
    } else {
        take_all(beside, scan);
        aside_end(&aside);
        err = end(beside, arena, ret_scanned, note);
    }
    for (size_t i = 0; i < BATCHES; i++)
        free(beside->batches[i].strings);
    pthread_cond_destroy(&beside->changed);
    pthread_mutex_destroy(&beside->lock);
    arena_free(own);
    free(beside);
    return err;
}

/* A ring of so many octets that the thread is seldom held up while other rows are written, and so few that
 * memory stays within its bounds. Where no thread can be had, or rows are few, they are packed as they are
 * asked for. */
#include "io/store/sightings_packer.h"

#include "base/aside.h"

#include <stdlib.h>
#include <string.h>

enum { AHEAD = 28 };

struct packer {
    const struct tally_rows *rows;
    struct aside aside;
    bool is_beside; /* there is a thread */
    /* Of whoever packs. */
    size_t next; /* row */
    struct tally_traffic gathered[PACKER_ROWS], last;
    /* Of both, under the lock. */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t made, taken;
    bool in_use;         /* the next one to be taken is, and goes with the next call */
    bool ended, stopped; /* nothing more is made; nothing more is asked for */
    struct packed ring[AHEAD];
};

/* ---- packing ---- */

static bool is_after(const struct tally_traffic *row, const struct tally_traffic *before)
{
    return row->hour_us > before->hour_us ||
           (row->hour_us == before->hour_us && memcmp(row->source, before->source, sizeof row->source) > 0);
}

/* Rows of one hour. Whether they are in order, and after those before them. */
static bool gather(struct packer *packer, struct packed *packed)
{
    const struct tally_rows *rows = packer->rows;
    bool in_order = true;
    for (; packed->count < PACKER_ROWS && packer->next < rows->traffic_count; packer->next++) {
        struct tally_traffic *row = &packer->gathered[packed->count];
        rows->traffic(rows->context, packer->next, row);
        if (packed->count && row->hour_us != row[-1].hour_us)
            break;
        in_order &= packer->next == 0 || is_after(row, packed->count ? row - 1 : &packer->last);
        packed->count++;
    }
    packed->hour_us = packer->gathered[0].hour_us;
    packer->last = packer->gathered[packed->count - 1];
    return in_order;
}

static void pack(struct packer *packer, struct packed *packed)
{
    const struct tally_traffic *rows = packer->gathered;
    uint8_t *at = packed->octets;
    size_t count = packed->count;
    packed->block_count = count <= TRAFFIC_MOST ? 1 : count / TRAFFIC_BLOCK;
    for (size_t i = 0; i < packed->block_count; i++) {
        size_t first = count * i / packed->block_count, end = count * (i + 1) / packed->block_count;
        struct packed_block *block = &packed->blocks[i];
        memcpy(block->source, rows[first].source, sizeof block->source);
        block->bytes = at;
        block->length = traffic_pack(rows + first, end - first, at);
        at += block->length;
    }
}

/* False: nothing is left. */
static bool make(struct packer *packer, struct packed *packed)
{
    size_t left = packer->rows->traffic_count - packer->next;
    packed->begin = packer->next;
    packed->count = packed->block_count = 0;
    if (left == 0)
        return false;
    if (packer->rows->apart) {
        if (gather(packer, packed))
            pack(packer, packed);
    } else {
        packed->count = left < PACKER_ROWS ? left : PACKER_ROWS;
        packer->next += packed->count;
    }
    return true;
}

/* ---- the thread ---- */

static void *run(void *context)
{
    struct packer *packer = context;
    bool more = true;
    pthread_mutex_lock(&packer->lock);
    while (more) {
        while (packer->made - packer->taken == AHEAD && !packer->stopped)
            pthread_cond_wait(&packer->changed, &packer->lock);
        if (packer->stopped)
            break;
        struct packed *packed = &packer->ring[packer->made % AHEAD];
        pthread_mutex_unlock(&packer->lock);
        more = make(packer, packed);
        pthread_mutex_lock(&packer->lock);
        packer->made += more;
        pthread_cond_signal(&packer->changed);
    }
    packer->ended = true;
    pthread_cond_signal(&packer->changed);
    pthread_mutex_unlock(&packer->lock);
    return NULL;
}

/* ---- what callers see ---- */

int packer_new(const struct tally_rows *rows, struct packer **ret_packer)
{
    struct packer *packer = calloc(1, sizeof *packer);
    if (!packer)
        return ERR_NOMEM;
    packer->rows = rows;
    pthread_mutex_init(&packer->lock, NULL);
    pthread_cond_init(&packer->changed, NULL);
    packer->is_beside =
        rows->apart && rows->traffic_count > PACKER_ROWS && aside_begin(&packer->aside, run, packer);
    *ret_packer = packer;
    return 0;
}

const struct packed *packer_next(struct packer *packer)
{
    if (!packer->is_beside)
        return make(packer, packer->ring) ? packer->ring : NULL;
    pthread_mutex_lock(&packer->lock);
    if (packer->in_use) {
        packer->taken++;
        pthread_cond_signal(&packer->changed);
    }
    while (packer->made == packer->taken && !packer->ended)
        pthread_cond_wait(&packer->changed, &packer->lock);
    packer->in_use = packer->made > packer->taken;
    const struct packed *packed = packer->in_use ? &packer->ring[packer->taken % AHEAD] : NULL;
    pthread_mutex_unlock(&packer->lock);
    return packed;
}

void packer_free(struct packer *packer)
{
    if (!packer)
        return;
    if (packer->is_beside) {
        pthread_mutex_lock(&packer->lock);
        packer->stopped = true;
        pthread_cond_signal(&packer->changed);
        pthread_mutex_unlock(&packer->lock);
        aside_end(&packer->aside);
    }
    pthread_cond_destroy(&packer->changed);
    pthread_mutex_destroy(&packer->lock);
    free(packer);
}

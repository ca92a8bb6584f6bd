/* powercut ROUNDS [SEED] DIR: work on a store, the power cut at a random write, sync or truncation of it;
 * then the store is opened as the disk has it, checked, and compared with what had been acknowledged. See
 * power.h for what a cut may do.
 *
 * queries.db is synchronous=NORMAL: losing its last moments is allowed, and that some rounds do lose some
 * shows that the cuts cut. */
#include "power.h"
#include "work.h"

#include "base/utc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_ACKS = 4096, MOST_STEPS = 400 };

struct totals {
    size_t acked, failed_open, failed_check;
    struct work_loss loss;
};

static void empty(const char *directory)
{
    static const char *const files[] = {
        "state.db", "state.db-wal", "state.db-shm", "queries.db", "queries.db-wal", "queries.db-shm"};
    char path[512];
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", directory, files[i]);
        unlink(path);
    }
    mkdir(directory, 0700);
}

/* Works until the power is cut; tells how many acknowledgements came before. Now and then the store is closed
 * and opened again. */
static size_t work_until_cut(
    const char *from, const char *to, uint32_t seed, struct work_ack *acks, struct err_note *note)
{
    struct work work = {.seed = seed, .now_us = 1700000000 * UTC_SECOND, .queries = true};
    size_t count = 0;
    if (store_open(from, false, &work.store, note) != 0)
        return SIZE_MAX;
    power_cut_after(seed / 7 % 600, to, seed * 2654435761u);
    for (size_t i = 0; i < MOST_STEPS && !power_was_cut(); i++) {
        struct work_ack ack;
        if (work_step(&work, &ack, note) != 0) {
            store_close(work.store);
            return SIZE_MAX;
        }
        if (!power_was_cut())
            acks[count++] = ack; /* the acknowledgement came before the cut */
        if (i % 29 == 28) {
            store_close(work.store);
            work.store = NULL;
            if (store_open(from, false, &work.store, note) != 0)
                return SIZE_MAX;
        }
    }
    store_close(work.store);
    return power_was_cut() ? count : SIZE_MAX - 1;
}

static int check_round(
    const char *to, const struct work_ack *acks, size_t count, struct totals *totals, struct err_note *note)
{
    struct store *store = NULL;
    totals->acked += count;
    if (store_open(to, false, &store, note) != 0) {
        totals->failed_open++;
        fprintf(stderr, "does not open: %s\n", note->text);
        return 0;
    }
    if (store_check(store, note) != 0) {
        totals->failed_check++;
        fprintf(stderr, "is damaged: %s\n", note->text);
    }
    int err = work_verify(store, acks, count, &totals->loss, note);
    store_close(store);
    return err;
}

static int run_round(const char *top, uint32_t seed, struct totals *totals)
{
    static struct work_ack acks[MOST_ACKS];
    struct err_note note = {""};
    char from[400], to[400];
    snprintf(from, sizeof from, "%s/from", top);
    snprintf(to, sizeof to, "%s/to", top);
    empty(from);
    empty(to);
    struct store *store = NULL; /* made before the cuts begin */
    if (store_open(from, false, &store, &note) != 0) {
        fprintf(stderr, "%s\n", note.text);
        return -1;
    }
    store_close(store);
    if (power_on(from) != 0)
        return -1;
    size_t count = work_until_cut(from, to, seed, acks, &note);
    power_off();
    if (count >= SIZE_MAX - 1) {
        fprintf(
            stderr, "seed %" PRIu32 ": %s\n", seed, count == SIZE_MAX ? note.text : "the power was not cut");
        return -1;
    }
    if (check_round(to, acks, count, totals, &note) != 0) {
        fprintf(stderr, "seed %" PRIu32 ": %s\n", seed, note.text);
        return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: powercut ROUNDS [SEED] DIR\n");
        return 64;
    }
    unsigned rounds = (unsigned)strtoul(argv[1], NULL, 10);
    uint32_t seed = argc > 3 ? (uint32_t)strtoul(argv[2], NULL, 10) : 20190111;
    struct totals totals = {.acked = 0};
    for (unsigned i = 0; i < rounds; i++) {
        struct work_loss before = totals.loss;
        if (run_round(argv[argc - 1], seed + i * 7919, &totals) != 0)
            return 70;
        if (totals.loss.state > before.state || totals.loss.halves > before.halves)
            fprintf(stderr, "… in the round of seed %" PRIu32 "\n", seed + i * 7919);
    }
    printf("%u power cuts, %zu acknowledged writes: %zu lost, %zu half there, %zu stores that did not open, "
           "%zu damaged; "
           "%zu batches of queries lost, as synchronous=NORMAL may\n",
        rounds, totals.acked, totals.loss.state, totals.loss.halves, totals.failed_open, totals.failed_check,
        totals.loss.queries);
    return totals.loss.state || totals.loss.halves || totals.failed_open || totals.failed_check ? 1 : 0;
}

/* work: random writes to a store, each noted only once it was acknowledged, and the check that they are all
 * there afterwards. */
#ifndef TESTS_CRASH_WORK_H
#define TESTS_CRASH_WORK_H

#include "io/store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What was acknowledged: small and of one size, so that it goes through a pipe whole. */
struct work_ack {
    enum {
        WORK_ENROLLED = 1,
        WORK_LEFT,
        WORK_VERDICT,
        WORK_OPERATION,
        WORK_OBSERVED,
        WORK_SETTING,
        WORK_QUERIES
    } what;
    int64_t id;     /* of the participant or roll */
    int64_t number; /* of a verdict, setting, or batch; changed_us of a roll */
    char token[40], zone[96];
};

struct work {
    struct store *store;
    uint32_t seed;
    int64_t now_us, number;
    int64_t participant, roll; /* the newest */
    char token[40];
    bool queries; /* also batches of queries, which a power cut may take */
};

/* One random write. 0 and *ret_ack once it is acknowledged. */
int work_step(struct work *work, struct work_ack *ret_ack, struct err_note *note);

/* Looks for what was acknowledged in a store that has been opened again. Counts what is lost, and what is
 * there by half (a participant without its roll or keys, a batch of queries in part); says what it was on
 * stderr. */
struct work_loss {
    size_t state, queries, halves;
};
int work_verify(struct store *store, const struct work_ack *acks, size_t count, struct work_loss *loss,
    struct err_note *note);

#endif

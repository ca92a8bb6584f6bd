/* sorter: tally_rows_end() on a thread of its own, while the first rows are written. */
#ifndef APP_OBSERVE_SORTER_H
#define APP_OBSERVE_SORTER_H

#include "core/roll/tally.h"

#include <pthread.h>

struct sorter {
    struct tally *tally;
    pthread_t thread;
    bool is_running;
};

/* The tally may then be used as after tally_rows_begin(), until sorter_end(). */
void sorter_begin(struct sorter *sorter, struct tally *tally);
void sorter_end(struct sorter *sorter); /* waits; more than once is allowed, and costs nothing */

#endif

/* crew: two threads that take one row of pieces together. What must go in order is done by one of them, the
 * caller's, with its tables in its cache; what goes before by the other, or, when it has nothing else to do,
 * by the caller's too.
 *
 * Each piece passes three steps: `fetch`, one piece at a time; `prepare`, any number at a time; `finish`, by
 * the caller's thread, in the order in which they were fetched. At most CREW_SLOTS pieces are under way. */
#ifndef APP_OBSERVE_CREW_H
#define APP_OBSERVE_CREW_H

#include <stdbool.h>
#include <stdint.h>

enum { CREW_SLOTS = 8 };

struct crew;

struct crew_task {
    /* Gets the next piece into a slot. False: nothing comes after it. */
    bool (*fetch)(void *context, struct crew *crew, void *slot);
    void (*prepare)(void *context, void *slot);
    /* False: pieces that were fetched already are not finished, and no more are fetched. */
    bool (*finish)(void *context, void *slot);
    void *context;
    void *slots[CREW_SLOTS];
    bool pauses; /* `fetch` may wait for something: the caller's thread leaves it to the other one */
};

/* Works until there is nothing more. Where no other thread can be started, the caller's does it all. */
void crew_run(const struct crew_task *task);

/* For `fetch`: until piece `number` (they are numbered from 1) and those before it are finished; it must have
 * been fetched before. */
void crew_wait(struct crew *crew, uint64_t number);

#endif

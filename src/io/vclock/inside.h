/* inside: what the files of the lab's side share. */
#ifndef IO_VCLOCK_INSIDE_H
#define IO_VCLOCK_INSIDE_H

#include "io/vclock/page.h"
#include "io/vclock/tasks.h"
#include "io/vclock/vclock.h"

struct vclock_process {
    pid_t pid; /* as we know it, for signals */
    struct tasks tasks;
    bool found;
};

struct vclock {
    struct page *page;
    int64_t still_ns, shift_ns, wall_ns; /* what we said: true virtual wall time is monotonic plus wall_ns */
    int64_t wrong_ns;
    int64_t from_ns, to_ns; /* the latest jump */
    char *path, *preload, *variable;
    char seed[sizeof PAGE_SEED_ENVIRONMENT + 17];
    const char *environment[4];
    bool proc_is_ours; /* /proc shows our process ids, not those of an outer namespace */
    bool proc;         /* there is one */
    struct vclock_process processes[PAGE_PROCESSES]; /* by index in the page; pid 0: none */
    int64_t born_ns[PAGE_PROCESSES];                 /* since when a child is awaited; real; 0: none */
    uint64_t runs;                                   /* turns that are not in the page */
    unsigned busy;                                   /* looks in a row that found somebody at work */
};

/* Nanoseconds: real, and virtual, monotonic. */
int64_t vclock_real_ns(void);
int64_t vclock_mono_ns(const struct vclock *clock);

/* A moment of a program's clock as one of its monotonic clock. */
int64_t vclock_as_mono(const struct vclock *clock, uint32_t which, int64_t ns);

/* Sends the lab's signal to a thread, if its ids make sense. False: it is no more. */
bool vclock_signal(const struct vclock *clock, uint64_t owner, uint32_t seen_pid, uint32_t seen_tid);

/* The next moment of a timer, or PAGE_NEVER; `ret_passed`: a jump has passed one, and its process does not
 * know. */
int64_t vclock_timer(struct vclock *clock, struct page_timer *timer, bool *ret_passed);

/* Wakes the process of a timer. */
void vclock_wake_timer(struct vclock *clock, struct page_timer *timer);

/* Entries in use, by the page, but never more than there are. */
size_t vclock_used(_Atomic uint32_t *used, size_t most);

/* The slot becomes free if it is still this owner's. */
void vclock_free_slot(struct page_slot *slot, uint64_t owner);

#endif

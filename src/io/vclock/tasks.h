/* tasks: the kernel's view of the threads of a process. Internal to io/vclock.
 *
 * It keeps /proc/PID/task/TID/stat open: reading it again is cheap, and a thread that has ended is told from
 * another that got its number. */
#ifndef IO_VCLOCK_TASKS_H
#define IO_VCLOCK_TASKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct task {
    pid_t tid;
    int stat, runs; /* descriptors; runs: schedstat, -1 until needed */
    uint64_t count; /* how often the kernel had let it run */
    int64_t slot;   /* index of its slot in the page; -1: none known */
    uint64_t turns; /* of the slot, at the first reading */
    bool waits;
    int64_t until_ns; /* monotonic */
};

struct tasks {
    pid_t pid; /* as /proc shows it */
    struct task *tasks;
    size_t count, capacity;
};

/* Finds its threads anew; those known are kept. False: there are none, it has ended, or /proc says nothing.
 */
bool tasks_find(struct tasks *tasks);

void tasks_clear(struct tasks *tasks);

/* State letter of a thread ('S': sleeps, 'Z': has ended), and how many its process has. False: it is no more.
 */
bool tasks_state(const struct task *task, char *ret_state, size_t *ret_threads);

/* How often it was run so far. 0 if the kernel does not count. */
uint64_t tasks_runs(struct tasks *tasks, struct task *task);

#endif

/* page: what the programs under a virtual clock and the lab that drives it share: one mapped file.
 *
 * Time. The lab alone writes it. A program's monotonic clocks are the kernel's plus `shift_ns`; its wall
 * clock is its monotonic clock plus `wall_ns`. A jump is one store to `shift_ns`: all clocks of all programs
 * move by the same amount at once, and none ever goes back.
 *
 * Waits. A thread that waits until a moment of virtual time says so in a slot, and waits in the kernel for
 * what is left in real time. The lab wakes those whose moment has come by a jump, with a signal, and nobody
 * else: a jump costs as much as it wakes. No wake is lost, by these orders:
 *     thread: says its moment (turns becomes odd); then reads the shift and computes what is left; waits.
 *     lab:    stores the shift; then reads the slots; signals.
 * One of the two sees the other's store. The handler sets what is left, which the kernel reads through a
 * pointer at the call, to nothing: a signal that comes before the call ends it as one that comes within it
 * does. And whoever is seen overdue by vclock_look() is signalled again.
 *
 * The signal is SIGURG: ignored where there is no handler (a program that is just being executed), so that it
 * can harm nobody, and used by no resolver. Threads never block it (preload_signal.c).
 *
 * Asleep. What the slots say cannot tell a thread that waits from one that has been woken by data and has not
 * run yet; only the kernel can: it is no longer in state S from the moment in which the data were written.
 * vclock_look() reads, in this order: the turns of the slots (and, of threads that do not wait here, how
 * often the kernel has let them run); the kernel's state of every thread; the turns again. Were a thread not
 * truly asleep at the first reading, then it either ran until the last one, and its turns differ, or it did
 * not, and its state was not S. So "asleep" is exact: nothing happens until the lab does something, a packet
 * arrives, or real time has run to somebody's moment.
 *
 * A program is not trusted with the page: the lab keeps its own copy of the time, takes every number from
 * here once, and only ever sends SIGURG to what it names. */
#ifndef IO_VCLOCK_PAGE_H
#define IO_VCLOCK_PAGE_H

#include <signal.h>
#include <stdint.h>

enum {
    PAGE_PROCESSES = 256,
    PAGE_SLOTS = 4096,
    PAGE_TIMERS = 256,
    PAGE_SIGNAL = SIGURG,
    PAGE_CHUNK_NS = 5000000 /* real time for which those wait who found no slot, again and again */
};

#define PAGE_MAGIC UINT64_C(0x31304b434f4c4352) /* and the version of this layout */
#define PAGE_NEVER INT64_MAX
#define PAGE_ENVIRONMENT "ROLLCALL_CLOCK"
#define PAGE_SEED_ENVIRONMENT "ROLLCALL_SEED" /* of random numbers, hexadecimal; not set: they are real */

enum page_clock { PAGE_MONOTONIC, PAGE_WALL };

/* BORN: its parent is about to start it, and it has not spoken yet: nobody is asleep. */
enum page_life { PAGE_FREE, PAGE_BORN, PAGE_LIVES };

/* In `owner` and `who`: a process id (upper half) and a thread id. 0: free. Whoever takes or frees an entry
 * compares and exchanges it, so nobody frees what has become another's. */
struct page_process {
    _Atomic uint64_t who; /* BORN: the parent and a number of its own, or the child if its id is known */
    _Atomic uint32_t life;
    uint32_t seen_pid; /* its id as its /proc shows it */
};

struct page_slot {
    _Atomic uint64_t owner;
    uint32_t seen_pid, seen_tid; /* as its /proc shows them */
    _Atomic uint64_t turns;      /* odd: it waits. Never goes back, also from owner to owner */
    _Atomic int64_t until_ns;    /* on the program's clock `clock`; PAGE_NEVER */
    _Atomic uint32_t clock;
};

enum page_timer_kind { PAGE_TIMERFD, PAGE_ITIMER, PAGE_POSIX };

/* A timer that the kernel holds for a program. The thread that set it is signalled when a jump passes its
 * moment; the handler makes the kernel fire it. */
struct page_timer {
    _Atomic uint64_t owner;
    uint32_t seen_pid, seen_tid;
    uint32_t kind;
    _Atomic uint32_t clock;
    uint64_t id;              /* descriptor, or timer_t */
    _Atomic int64_t until_ns; /* PAGE_NEVER: not armed */
    _Atomic int64_t every_ns;
    uint32_t signal; /* that it sends; 0: none */
};

/* When a timer fires next after `now_ns`, of which the first time is `until_ns`. One that fires once, and
 * has, is left in the past. */
static inline int64_t page_timer_next(int64_t until_ns, int64_t every_ns, int64_t now_ns)
{
    int64_t gone, next;
    if (until_ns > now_ns || every_ns <= 0)
        return until_ns;
    if (__builtin_sub_overflow(now_ns, until_ns, &gone) ||
        __builtin_mul_overflow(gone / every_ns + 1, every_ns, &next) ||
        __builtin_add_overflow(until_ns, next, &next))
        return PAGE_NEVER;
    return next;
}

/* Whether a jump has passed a moment at which it was to fire: the kernel does not know, and is to be told. */
static inline int page_timer_passed(int64_t until_ns, int64_t every_ns, int64_t from_ns, int64_t to_ns)
{
    int64_t next = page_timer_next(until_ns, every_ns, from_ns);
    return next > from_ns && next <= to_ns;
}

/* Monotonic time without jumps, of the kernel's. */
static inline int64_t page_flow(int64_t still_ns, int64_t kernel_ns)
{
    return still_ns ? still_ns : kernel_ns;
}

/* Real time that so much of it takes. */
static inline int64_t page_real(int64_t still_ns, int64_t ns)
{
    return still_ns && ns > 0 ? PAGE_NEVER : ns;
}

struct page {
    uint64_t magic;
    int64_t still_ns; /* not 0: what the kernel's monotonic clock seems to show for ever, so that only jumps
                         move time. Set before any program has the page */
    _Alignas(64) _Atomic int64_t shift_ns;
    _Atomic int64_t wall_ns;
    _Atomic int64_t from_ns, to_ns; /* the latest jump, of the monotonic clock: which timers it passed */
    _Alignas(64) _Atomic uint32_t slots_used, timers_used,
        processes_used;    /* entries ever used: the first ones */
    _Atomic uint32_t lost; /* waits and timers that found no free entry */
    _Alignas(64) struct page_process processes[PAGE_PROCESSES];
    _Alignas(64) struct page_slot slots[PAGE_SLOTS];
    _Alignas(64) struct page_timer timers[PAGE_TIMERS];
};

#endif

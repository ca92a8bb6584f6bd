/* vclock: virtual time for programs that know nothing of it.
 *
 * A library is loaded into them before libc (LD_PRELOAD). It shares a page with us (page.h says how the two
 * work together): their clocks are the kernel's plus what we say, and their waits end when virtual time comes
 * to the moment that they wait for. Virtual time flows as real time does, and vclock_jump() moves it on.
 *
 * How to drive it, as a simulator of discrete events does:
 *     until asleep, and nothing waits in the sockets, and asleep again with the same turns: serve, look
 *     jump to the earlier of next_us and what is planned next
 *
 * What it reaches: programs that are linked dynamically with glibc, their threads, and what they fork or
 * execute with $LD_PRELOAD and $ROLLCALL_CLOCK as they were (a chroot: with the page's file in it too).
 * clock_gettime and its family, save clocks of processor time; poll, select, epoll, the sleeps; the timed
 * waits of pthreads, semaphores and sigtimedwait; timerfd, timer_settime, setitimer, alarm; SO_RCVTIMEO,
 * SO_TIMESTAMP.
 * What libc starts by itself (system(), popen()) is seen as soon as it runs; children are awaited from
 * before. What it does not: static programs, Go, set-user-ID programs; system calls made past libc (also by
 * syscall(), io_uring, raw futexes); C11's cnd_timedwait and mtx_timedlock; message queues; libc's own waits
 * in getaddrinfo(); /proc/uptime, sysinfo(), times(). Times of files are real: who compares them with the
 * clock errs by as much as was jumped.
 *
 * One thread uses a struct vclock. */
#ifndef IO_VCLOCK_VCLOCK_H
#define IO_VCLOCK_VCLOCK_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct vclock;

/* Makes the page in a new file, mode 0600. Virtual time is start_us now. ERR_NOINPUT: no library; ERR_CONFIG:
 * its path cannot stand in LD_PRELOAD (a space or a colon); ERR_IO, ERR_PERM, ERR_NOMEM: the file. */
int vclock_new(const char *path, int64_t start_us, struct vclock **ret_clock, struct err_note *note);

/* Removes the file. The programs go on with the time as it is. NULL is allowed. */
void vclock_free(struct vclock *clock);

/* Virtual time is at_us, and stands still between jumps from now on; the monotonic clock begins at a fixed
 * moment. So what programs read of time depends on the jumps alone, not on how busy the machine is. Of
 * threads whose moment has come by a jump, vclock_look() wakes one after the other, each when all others
 * sleep: always in the same order. To be called once, before any program is started, with a time that
 * vclock_new() takes. Whoever only waits notices nothing; who turns until time passes, turns for ever. */
void vclock_still(struct vclock *clock, int64_t at_us);

/* Virtual time, UTC. */
int64_t vclock_now_us(const struct vclock *clock);

/* Moves the programs' wall and monotonic clocks to a moment, forward only: an earlier one changes nothing.
 * Whose deadline has come is woken at once. */
void vclock_jump(struct vclock *clock, int64_t to_us);

/* The programs' wall clocks are wrong by so much against vclock_now_us(). 0: right again. Whoever waits for a
 * moment of the wall clock is told. */
void vclock_set_wall(struct vclock *clock, int64_t by_us);

/* Programs that are started from now on draw their random numbers from a seed, and so the same ones each
 * time: for rehearsals, in which no secret is made. preload_random.c has what it reaches. Else they are real.
 */
void vclock_seed(struct vclock *clock, uint64_t seed);

/* "LD_PRELOAD=…" (ours before what is in our environment), "ROLLCALL_CLOCK=…", perhaps "ROLLCALL_SEED=…",
 * NULL: for proc_spec.environment. Valid until vclock_seed(). */
const char *const *vclock_environment(const struct vclock *clock);

struct vclock_look {
    size_t processes, threads; /* that the clock reaches */
    bool asleep;               /* every one of them waits for data, a lock, a signal or a moment to come */
    uint64_t turns;            /* other than before as soon as any of them has run since */
    int64_t next_us;           /* earliest deadline of all; UTC_OPEN: none */
};

/* Looks at all of them; some 3 us for each thread that seems to sleep. Leaves the processor to them for a
 * moment (20 us and more) if somebody is at work. Frees what ended threads and processes held, and wakes
 * again whoever is overdue: where the clock matters, somebody must look. `asleep` is exact where /proc is
 * mounted; else it is what the programs say themselves. */
void vclock_look(struct vclock *clock, struct vclock_look *ret_look);

/* A process has ended: what it held is free. */
void vclock_reap(struct vclock *clock, pid_t pid);

/* Whether the library runs in the program that the process executes now. Some milliseconds after it was
 * started, not before. */
bool vclock_reaches(const struct vclock *clock, pid_t pid);

/* Where the library is: $ROLLCALL_CLOCK_LIBRARY, the build tree (seen from the running program), else where
 * it is installed. ERR_NOINPUT. */
int vclock_library(char *ret_path, size_t capacity, struct err_note *note);

/* Whether a program can be reached at all: looks at its file, and at the interpreter of a script. False, and
 * why, in the note: no such file, static, Go, set-user-ID, file capabilities, another architecture or libc.
 */
bool vclock_can_reach(const char *program, struct err_note *note);

#endif

/* preload: the virtual clock's library within a program (LD_PRELOAD). Internal to it; libc only.
 *
 * It allocates nothing and keeps no descriptor; without $ROLLCALL_CLOCK, or with a page that cannot be read,
 * all functions do what those of libc do. Everything here may be called in a signal handler.
 *
 * It has variables, as nothing else here does: a function that takes the place of libc's gets no context. */
#ifndef IO_VCLOCK_PRELOAD_H
#define IO_VCLOCK_PRELOAD_H

#include "io/vclock/page.h"

#include <pthread.h>
#include <semaphore.h>
#include <spawn.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <time.h>

/* It loads into older libcs than the one that it was built with (packages of an older system, unpacked with
 * theirs): what moved from libdl and libpthread into libc with 2.34 is bound to the version that it has had
 * since the first glibc of the machine, and which both places have. Nothing newer than glibc 2.28 is called
 * (tests/system/rehearse_command looks). */
#if defined __x86_64__
#define PRELOAD_FIRST "GLIBC_2.2.5"
#elif defined __aarch64__
#define PRELOAD_FIRST "GLIBC_2.17"
#endif
#ifdef PRELOAD_FIRST
__asm__(".symver dlsym, dlsym@" PRELOAD_FIRST);
__asm__(".symver pthread_key_create, pthread_key_create@" PRELOAD_FIRST);
__asm__(".symver pthread_setspecific, pthread_setspecific@" PRELOAD_FIRST);
#endif

#define PRELOAD_EXPORT __attribute__((visibility("default")))
#define PRELOAD_SECOND INT64_C(1000000000)

/* libc's own. */
struct preload_libc {
    int (*clock_gettime)(clockid_t, struct timespec *);
    int (*sigaction)(int, const struct sigaction *, struct sigaction *);
    int (*pthread_sigmask)(int, const sigset_t *, sigset_t *);
    int (*cond_clockwait)(pthread_cond_t *, pthread_mutex_t *, clockid_t, const struct timespec *);
    int (*sem_clockwait)(sem_t *, clockid_t, const struct timespec *);
    int (*mutex_clocklock)(pthread_mutex_t *, clockid_t, const struct timespec *);
    int (*rwlock_clockrdlock)(pthread_rwlock_t *, clockid_t, const struct timespec *);
    int (*rwlock_clockwrlock)(pthread_rwlock_t *, clockid_t, const struct timespec *);
    int (*clockjoin)(pthread_t, void **, clockid_t, const struct timespec *);
    int (*timer_create)(clockid_t, struct sigevent *, timer_t *);
    int (*timer_settime)(timer_t, int, const struct itimerspec *, struct itimerspec *);
    int (*timer_gettime)(timer_t, struct itimerspec *);
    int (*timer_delete)(timer_t);
    int (*posix_spawn[2])(pid_t *, const char *, const posix_spawn_file_actions_t *,
        const posix_spawnattr_t *, char *const *, char *const *);
    int (*setsockopt)(int, int, int, const void *, socklen_t);
    ssize_t (*read)(int, void *, size_t);
    ssize_t (*recv)(int, void *, size_t, int);
    ssize_t (*recvfrom)(int, void *, size_t, int, struct sockaddr *, socklen_t *);
    ssize_t (*recvmsg)(int, struct msghdr *, int);
    int (*recvmmsg)(int, struct mmsghdr *, unsigned, int, struct timespec *);
    int (*accept)(int, struct sockaddr *, socklen_t *);
    int (*accept4)(int, struct sockaddr *, socklen_t *, int);
    ssize_t (*getrandom)(void *, size_t, unsigned);
    long (*syscall)(long, ...);
};

struct preload {
    struct page *page; /* never NULL after preload_page() */
    bool shared;       /* the page is the lab's */
    struct preload_libc libc;
    struct sigaction theirs; /* what the program wants SIGURG to do */
    int like;                /* the signal that ours interrupts like; 0: system calls begin anew */
};
extern struct preload preload;

/* One wait of this thread. In memory of the thread, not on the stack: a handler of the program's may leave
 * the wait with longjmp(), and ours must not write into what is there later. */
struct preload_wait {
    struct timespec time; /* the kernel reads it; our handler sets it to zero */
    volatile sig_atomic_t woken;
    enum page_clock clock;
    int64_t until_ns;
    const char *frame; /* of the function that waits: what lies below it on the stack is over */
};

void preload_start(void);

static inline struct page *preload_page(void)
{
    if (__builtin_expect(!preload.page, 0))
        preload_start();
    return preload.page;
}

/* Virtual time. */
int64_t preload_now(enum page_clock clock);

/* What a program's clock means here; false for those that are left real (of processor time). */
bool preload_clock(clockid_t clock, enum page_clock *ret_clock);

/* Begins a wait until a moment of a virtual clock, PAGE_NEVER for one without end; preload_end() ends it. */
struct preload_wait *preload_begin(enum page_clock clock, int64_t until_ns);
void preload_end(struct preload_wait *wait);

/* What is left in real time, for the kernel: NULL if there is no end. Valid until the next call. */
const struct timespec *preload_left(struct preload_wait *wait);

/* The same as a moment of the real CLOCK_MONOTONIC; never NULL. */
const struct timespec *preload_until(struct preload_wait *wait);

bool preload_due(const struct preload_wait *wait);

/* Whether a call of the kernel is to be repeated: it ended in time but too early, or for our signal. */
bool preload_again(const struct preload_wait *wait, bool timed_out, bool interrupted);

/* A system call that blocks and where the thread may be cancelled. -1 and errno. */
long preload_call(long number, long a, long b, long c, long d, long e, long f);

/* Nanoseconds; saturated, PAGE_NEVER at most. The time is valid and not negative. */
int64_t preload_ns(const struct timespec *time);
struct timespec preload_timespec(int64_t ns);
bool preload_valid(const struct timespec *time);
/* Saturated sum. `b` is not negative. */
int64_t preload_add(int64_t a, int64_t b);

/* A copy of the program's signal mask in which ours is not blocked; NULL for NULL. */
const sigset_t *preload_mask(const sigset_t *mask, sigset_t *copy);

/* Fires the timers of this process whose moment has come (preload_timer.c). From the handler. True: one with
 * a signal of its own, which has interrupted what our signal has. */
bool preload_fire(void);

/* Our signal comes only where a timer's would: system calls shall begin anew after it, or not, as after that.
 */
void preload_interrupt_like(int number);

/* The process and the thread as `owner`, and their ids as /proc shows them; 0: it does not. */
uint64_t preload_self(void);
void preload_seen(uint32_t *ret_pid, uint32_t *ret_tid);

/* The slots of this process, and what this thread knows of its own, are those of another program or process.
 */
void preload_forget_slots(void);
void preload_forget_thread(void);

/* This process is there, and tells so in the page; also each that it forks. */
void preload_announce(void);

/* Whether it is a child that was forked past libc, by the bare system call; then it is told as above. */
void preload_look_forked(void);

/* Numbers at random that are drawn again in the same run (preload_random.c): takes the seed; a fork begins,
 * and in the child. */
void preload_random_start(void);
void preload_random_fork(bool in_child);
/* True if the descriptor is the kernel's source of random numbers, and ours are given in its stead. */
bool preload_random_read(int fd, void *octets, size_t size);

/* Entries of a table in the page that were ever used. */
void preload_raise(_Atomic uint32_t *used, uint32_t count);

#endif

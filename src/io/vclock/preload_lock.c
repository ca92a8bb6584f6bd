/* The idea: libc's own condition variables, semaphores and locks are kept; they get the moment as one of the
 * real monotonic clock. libc passes the pointer to it on to the kernel (futex(2)) each time that it waits, so
 * the lab's signal ends those waits as it ends all: the handler sets the moment to the past, the kernel's
 * call ends with EINTR or finds its time over, and libc returns ETIMEDOUT. A test holds libc to that.
 *
 * Waits without end need nothing: nobody wakes them by a jump, and the kernel says that they sleep. */
#include "io/vclock/preload.h"

#include <errno.h>

/* A moment in which nobody can wait, or on a clock that is none, is for libc to refuse. */
static bool is_moment(clockid_t clock, const struct timespec *time, enum page_clock *ret_clock)
{
    return time->tv_nsec >= 0 && time->tv_nsec < PRELOAD_SECOND &&
           (clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC) && preload_clock(clock, ret_clock);
}

PRELOAD_EXPORT int pthread_cond_clockwait(
    pthread_cond_t *cond, pthread_mutex_t *mutex, clockid_t clock, const struct timespec *time)
{
    enum page_clock virtual;
    preload_page();
    if (!is_moment(clock, time, &virtual))
        return preload.libc.cond_clockwait(cond, mutex, clock, time);
    struct preload_wait *wait = preload_begin(virtual, preload_ns(time));
    int result = preload.libc.cond_clockwait(cond, mutex, CLOCK_MONOTONIC, preload_until(wait));
    bool early = result == ETIMEDOUT && !preload_due(wait);
    preload_end(wait);
    return early ? 0 : result; /* such waits may end for no reason */
}

PRELOAD_EXPORT int pthread_cond_timedwait(
    pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex, const struct timespec *restrict time)
{
    /* Its clock, as pthread_cond_init() has put it there: part of libc's binary interface. */
    clockid_t clock = cond->__data.__wrefs & 2 ? CLOCK_MONOTONIC : CLOCK_REALTIME;
    return pthread_cond_clockwait(cond, mutex, clock, time);
}

PRELOAD_EXPORT int sem_clockwait(sem_t *semaphore, clockid_t clock, const struct timespec *time)
{
    enum page_clock virtual;
    preload_page();
    if (!is_moment(clock, time, &virtual))
        return preload.libc.sem_clockwait(semaphore, clock, time);
    struct preload_wait *wait = preload_begin(virtual, preload_ns(time));
    int result;
    do
        result = preload.libc.sem_clockwait(semaphore, CLOCK_MONOTONIC, preload_until(wait));
    while (preload_again(wait, result < 0 && errno == ETIMEDOUT, result < 0 && errno == EINTR));
    preload_end(wait);
    return result;
}

PRELOAD_EXPORT int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict time)
{
    return sem_clockwait(semaphore, CLOCK_REALTIME, time);
}

/* The others return an error number and never EINTR. */
#define LOCK(call, real, clock, time)                                                                        \
    ({                                                                                                       \
        enum page_clock virtual_;                                                                            \
        int result_;                                                                                         \
        preload_page();                                                                                      \
        if (is_moment(clock, time, &virtual_)) {                                                             \
            struct preload_wait *wait_ = preload_begin(virtual_, preload_ns(time));                          \
            do                                                                                               \
                result_ = preload.libc.real(call, CLOCK_MONOTONIC, preload_until(wait_));                    \
            while (preload_again(wait_, result_ == ETIMEDOUT, false));                                       \
            preload_end(wait_);                                                                              \
        } else {                                                                                             \
            result_ = preload.libc.real(call, clock, time);                                                  \
        }                                                                                                    \
        result_;                                                                                             \
    })

PRELOAD_EXPORT int pthread_mutex_clocklock(
    pthread_mutex_t *mutex, clockid_t clock, const struct timespec *time)
{
    return LOCK(mutex, mutex_clocklock, clock, time);
}

PRELOAD_EXPORT int pthread_mutex_timedlock(
    pthread_mutex_t *restrict mutex, const struct timespec *restrict time)
{
    return LOCK(mutex, mutex_clocklock, CLOCK_REALTIME, time);
}

PRELOAD_EXPORT int pthread_rwlock_clockrdlock(
    pthread_rwlock_t *restrict lock, clockid_t clock, const struct timespec *restrict time)
{
    return LOCK(lock, rwlock_clockrdlock, clock, time);
}

PRELOAD_EXPORT int pthread_rwlock_timedrdlock(
    pthread_rwlock_t *restrict lock, const struct timespec *restrict time)
{
    return LOCK(lock, rwlock_clockrdlock, CLOCK_REALTIME, time);
}

PRELOAD_EXPORT int pthread_rwlock_clockwrlock(
    pthread_rwlock_t *restrict lock, clockid_t clock, const struct timespec *restrict time)
{
    return LOCK(lock, rwlock_clockwrlock, clock, time);
}

PRELOAD_EXPORT int pthread_rwlock_timedwrlock(
    pthread_rwlock_t *restrict lock, const struct timespec *restrict time)
{
    return LOCK(lock, rwlock_clockwrlock, CLOCK_REALTIME, time);
}

PRELOAD_EXPORT int pthread_clockjoin_np(
    pthread_t thread, void **ret_value, clockid_t clock, const struct timespec *time)
{
    enum page_clock virtual;
    preload_page();
    if (!time || !is_moment(clock, time, &virtual))
        return preload.libc.clockjoin(thread, ret_value, clock, time);
    struct preload_wait *wait = preload_begin(virtual, preload_ns(time));
    int result;
    do
        result = preload.libc.clockjoin(thread, ret_value, CLOCK_MONOTONIC, preload_until(wait));
    while (preload_again(wait, result == ETIMEDOUT, false));
    preload_end(wait);
    return result;
}

PRELOAD_EXPORT int pthread_timedjoin_np(pthread_t thread, void **ret_value, const struct timespec *time)
{
    return pthread_clockjoin_np(thread, ret_value, CLOCK_REALTIME, time);
}

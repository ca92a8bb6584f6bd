/* The idea: each wait is the kernel's own, by a call that takes what is left through a pointer, so that the
 * lab's signal ends it whether it comes before the call or within it (page.h). What the signal ended is
 * called again with what is left then, or with nothing if the moment has come: so descriptors that are ready
 * are told, sets are cleared, and a signal for the program is an EINTR as ever. */
#include "io/vclock/preload.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    KERNEL_MASK = 8 /* octets of the kernel's sigset_t */,
    SETS = 1024 /* octets kept of an fd_set: 8,192 */
};

static int64_t from_now(int64_t ns)
{
    return preload_add(preload_now(PAGE_MONOTONIC), ns);
}

static int64_t from_now_ms(int ms)
{
    return ms < 0 ? PAGE_NEVER : from_now((int64_t)ms * 1000000);
}

static bool interrupted(long result)
{
    return result < 0 && errno == EINTR;
}

/* poll */

static int wait_poll(struct pollfd *fds, nfds_t count, int64_t until_ns, const sigset_t *mask)
{
    struct preload_wait *wait = preload_begin(PAGE_MONOTONIC, until_ns);
    long result;
    do
        result = preload_call(
            SYS_ppoll, (long)fds, (long)count, (long)preload_left(wait), (long)mask, KERNEL_MASK, 0);
    while (preload_again(wait, result == 0, interrupted(result)));
    preload_end(wait);
    return (int)result;
}

PRELOAD_EXPORT int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    static const struct timespec none;
    if (timeout_ms == 0) {
        struct timespec copy = none;
        return (int)preload_call(SYS_ppoll, (long)fds, (long)count, (long)&copy, 0, KERNEL_MASK, 0);
    }
    return wait_poll(fds, count, from_now_ms(timeout_ms), NULL);
}

PRELOAD_EXPORT int ppoll(
    struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask)
{
    sigset_t copy;
    if (timeout && !preload_valid(timeout)) {
        errno = EINVAL;
        return -1;
    }
    return wait_poll(
        fds, count, timeout ? from_now(preload_ns(timeout)) : PAGE_NEVER, preload_mask(mask, &copy));
}

/* What a program built with _FORTIFY_SOURCE calls. */
int __poll_chk(struct pollfd *fds, nfds_t count, int timeout_ms, size_t size);
PRELOAD_EXPORT int __poll_chk(struct pollfd *fds, nfds_t count, int timeout_ms, size_t size)
{
    if (size / sizeof *fds < count)
        __builtin_trap();
    return poll(fds, count, timeout_ms);
}

int __ppoll_chk(
    struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask, size_t size);
PRELOAD_EXPORT int __ppoll_chk(
    struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask, size_t size)
{
    if (size / sizeof *fds < count)
        __builtin_trap();
    return ppoll(fds, count, timeout, mask);
}

/* select */

struct sets {
    size_t octets; /* of each */
    fd_set *at[3];
    char kept[3][SETS];
};

static void keep_sets(struct sets *sets, int count)
{
    sets->octets = count <= 0 ? 0 : ((size_t)count + 63) / 64 * 8;
    for (size_t i = 0; i < 3 && sets->octets <= SETS; i++)
        if (sets->at[i])
            memcpy(sets->kept[i], sets->at[i], sets->octets);
}

/* The kernel has cleared them, and the wait goes on. Larger ones than are kept cannot be: the wait ends. */
static bool renew_sets(const struct sets *sets)
{
    for (size_t i = 0; i < 3 && sets->octets <= SETS; i++)
        if (sets->at[i])
            memcpy(sets->at[i], sets->kept[i], sets->octets);
    return sets->octets <= SETS;
}

static int wait_select(int count, struct sets *sets, struct preload_wait *wait, const sigset_t *mask)
{
    const struct {
        const sigset_t *mask;
        size_t octets;
    } with = {mask, KERNEL_MASK};
    long result;
    keep_sets(sets, count);
    do
        result = preload_call(SYS_pselect6, count, (long)sets->at[0], (long)sets->at[1], (long)sets->at[2],
            (long)preload_left(wait), (long)&with);
    while (preload_again(wait, result == 0, interrupted(result)) && (result < 0 || renew_sets(sets)));
    return (int)result;
}

PRELOAD_EXPORT int select(int count, fd_set *restrict in, fd_set *restrict out, fd_set *restrict other,
    struct timeval *restrict timeout)
{
    struct sets sets = {.at = {in, out, other}};
    int64_t until_ns = PAGE_NEVER;
    if (timeout) {
        if (timeout->tv_sec < 0 || timeout->tv_usec < 0) {
            errno = EINVAL;
            return -1;
        }
        struct timespec time = {.tv_sec = timeout->tv_sec};
        until_ns = from_now(preload_add(preload_ns(&time), (int64_t)timeout->tv_usec * 1000));
    }
    struct preload_wait *wait = preload_begin(PAGE_MONOTONIC, until_ns);
    int result = wait_select(count, &sets, wait, NULL);
    preload_end(wait);
    if (timeout) { /* Linux tells what is left */
        int64_t left = until_ns - preload_now(PAGE_MONOTONIC);
        timeout->tv_sec = left > 0 ? left / PRELOAD_SECOND : 0;
        timeout->tv_usec = left > 0 ? left % PRELOAD_SECOND / 1000 : 0;
    }
    return result;
}

PRELOAD_EXPORT int pselect(int count, fd_set *restrict in, fd_set *restrict out, fd_set *restrict other,
    const struct timespec *restrict timeout, const sigset_t *restrict mask)
{
    struct sets sets = {.at = {in, out, other}};
    sigset_t copy;
    if (timeout && !preload_valid(timeout)) {
        errno = EINVAL;
        return -1;
    }
    struct preload_wait *wait =
        preload_begin(PAGE_MONOTONIC, timeout ? from_now(preload_ns(timeout)) : PAGE_NEVER);
    int result = wait_select(count, &sets, wait, preload_mask(mask, &copy));
    preload_end(wait);
    return result;
}

/* epoll */

/* epoll_pwait2() takes a time by pointer (Linux 5.11). Elsewhere one polls the set itself. */
static long call_epoll(
    int set, struct epoll_event *events, int most, const struct timespec *left, const sigset_t *mask)
{
#ifdef SYS_epoll_pwait2
    long result =
        preload_call(SYS_epoll_pwait2, set, (long)events, most, (long)left, (long)mask, KERNEL_MASK);
    if (result >= 0 || errno != ENOSYS)
        return result;
#endif
    struct pollfd fd = {.fd = set, .events = POLLIN};
    long ready = preload_call(SYS_ppoll, (long)&fd, 1, (long)left, (long)mask, KERNEL_MASK, 0);
    return ready <= 0 ? ready : preload_call(SYS_epoll_pwait, set, (long)events, most, 0, 0, KERNEL_MASK);
}

static int wait_epoll(int set, struct epoll_event *events, int most, int64_t until_ns, const sigset_t *mask)
{
    struct preload_wait *wait = preload_begin(PAGE_MONOTONIC, until_ns);
    long result;
    do
        result = call_epoll(set, events, most, preload_left(wait), mask);
    while (preload_again(wait, result == 0, interrupted(result)));
    preload_end(wait);
    return (int)result;
}

PRELOAD_EXPORT int epoll_pwait(
    int set, struct epoll_event *events, int most, int timeout_ms, const sigset_t *mask)
{
    sigset_t copy;
    mask = preload_mask(mask, &copy);
    if (timeout_ms == 0)
        return (int)preload_call(SYS_epoll_pwait, set, (long)events, most, 0, (long)mask, KERNEL_MASK);
    return wait_epoll(set, events, most, from_now_ms(timeout_ms), mask);
}

PRELOAD_EXPORT int epoll_wait(int set, struct epoll_event *events, int most, int timeout_ms)
{
    return epoll_pwait(set, events, most, timeout_ms, NULL);
}

PRELOAD_EXPORT int epoll_pwait2(
    int set, struct epoll_event *events, int most, const struct timespec *timeout, const sigset_t *mask)
{
    sigset_t copy;
    if (timeout && !preload_valid(timeout)) {
        errno = EINVAL;
        return -1;
    }
    return wait_epoll(
        set, events, most, timeout ? from_now(preload_ns(timeout)) : PAGE_NEVER, preload_mask(mask, &copy));
}

/* sleep */

/* 0, EINTR. */
static int wait_until(enum page_clock clock, int64_t until_ns)
{
    struct preload_wait *wait = preload_begin(clock, until_ns);
    long result;
    do
        result = preload_call(
            SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, (long)preload_until(wait), 0, 0, 0);
    while (preload_again(wait, result == 0, interrupted(result)));
    int error = result < 0 ? errno : 0;
    preload_end(wait);
    return error;
}

static int sleep_for(const struct timespec *time, struct timespec *ret_left)
{
    int64_t until_ns = from_now(preload_ns(time));
    int error = wait_until(PAGE_MONOTONIC, until_ns);
    if (error == EINTR && ret_left) {
        int64_t left = until_ns - preload_now(PAGE_MONOTONIC);
        *ret_left = preload_timespec(left > 0 ? left : 0);
    }
    return error;
}

PRELOAD_EXPORT int clock_nanosleep(
    clockid_t clock, int flags, const struct timespec *time, struct timespec *ret_left)
{
    enum page_clock virtual;
    if (!preload_valid(time))
        return EINVAL;
    if (!preload_clock(clock, &virtual)) {
        long result = preload_call(SYS_clock_nanosleep, clock, flags, (long)time, (long)ret_left, 0, 0);
        return result < 0 ? errno : 0;
    }
    return flags & TIMER_ABSTIME ? wait_until(virtual, preload_ns(time)) : sleep_for(time, ret_left);
}

PRELOAD_EXPORT int nanosleep(const struct timespec *time, struct timespec *ret_left)
{
    int error = preload_valid(time) ? sleep_for(time, ret_left) : EINVAL;
    if (error)
        errno = error;
    return error ? -1 : 0;
}

PRELOAD_EXPORT unsigned sleep(unsigned seconds)
{
    struct timespec time = {.tv_sec = seconds}, left;
    return sleep_for(&time, &left) == 0 ? 0 : (unsigned)left.tv_sec + (left.tv_nsec >= PRELOAD_SECOND / 2);
}

PRELOAD_EXPORT int usleep(useconds_t us)
{
    struct timespec time = preload_timespec((int64_t)us * 1000);
    return nanosleep(&time, NULL);
}

int thrd_sleep(const struct timespec *time, struct timespec *ret_left);
PRELOAD_EXPORT int thrd_sleep(const struct timespec *time, struct timespec *ret_left)
{
    int error = preload_valid(time) ? sleep_for(time, ret_left) : EINVAL;
    return error == 0 ? 0 : error == EINTR ? -1 : -2;
}

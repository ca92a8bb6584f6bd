/* The idea: real monotonic time plus the shift of the page, plus the wall clock's offset: 2 loads and 2
 * additions more than libc's own call.
 *
 * The coarse clocks are given exactly. The kernel's are up to a tick behind, so that a program woken at its
 * moment would find it not come yet, and wait again in real time. CLOCK_TAI is the wall clock, as where no
 * offset was set. Clocks of processor time are real. */
#include "io/vclock/preload.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/time.h>
#include <sys/timeb.h>

int64_t preload_ns(const struct timespec *time)
{
    if (time->tv_sec >= PAGE_NEVER / PRELOAD_SECOND)
        return PAGE_NEVER;
    if (time->tv_sec <= -(PAGE_NEVER / PRELOAD_SECOND))
        return -PAGE_NEVER;
    return time->tv_sec * PRELOAD_SECOND + time->tv_nsec;
}

struct timespec preload_timespec(int64_t ns)
{
    struct timespec time = {.tv_sec = ns / PRELOAD_SECOND, .tv_nsec = ns % PRELOAD_SECOND};
    if (time.tv_nsec < 0) {
        time.tv_sec--;
        time.tv_nsec += PRELOAD_SECOND;
    }
    return time;
}

bool preload_valid(const struct timespec *time)
{
    return time->tv_sec >= 0 && time->tv_nsec >= 0 && time->tv_nsec < PRELOAD_SECOND;
}

int64_t preload_add(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? PAGE_NEVER : sum;
}

int64_t preload_now(enum page_clock clock)
{
    struct page *page = preload_page();
    struct timespec now;
    preload.libc.clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t ns = page_flow(page->still_ns, now.tv_sec * PRELOAD_SECOND + now.tv_nsec);
    ns += atomic_load_explicit(&page->shift_ns, memory_order_acquire);
    return clock == PAGE_WALL ? ns + atomic_load_explicit(&page->wall_ns, memory_order_relaxed) : ns;
}

bool preload_clock(clockid_t clock, enum page_clock *ret_clock)
{
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_REALTIME_ALARM:
    case CLOCK_TAI:
        *ret_clock = PAGE_WALL;
        return true;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_BOOTTIME:
    case CLOCK_BOOTTIME_ALARM:
        *ret_clock = PAGE_MONOTONIC;
        return true;
    default:
        return false;
    }
}

PRELOAD_EXPORT int clock_gettime(clockid_t clock, struct timespec *time)
{
    struct page *page = preload_page();
    enum page_clock virtual;
    if (!preload.shared || !preload_clock(clock, &virtual))
        return preload.libc.clock_gettime(clock, time);
    /* Raw and boot time run on their own, and jump with the rest. */
    clockid_t base = clock == CLOCK_MONOTONIC_RAW || clock == CLOCK_BOOTTIME ? clock : CLOCK_MONOTONIC;
    if (preload.libc.clock_gettime(base, time) < 0)
        return -1;
    int64_t ns = page_flow(page->still_ns, time->tv_sec * PRELOAD_SECOND + time->tv_nsec);
    ns += atomic_load_explicit(&page->shift_ns, memory_order_acquire);
    if (virtual == PAGE_WALL)
        ns += atomic_load_explicit(&page->wall_ns, memory_order_relaxed);
    *time = preload_timespec(ns);
    return 0;
}

PRELOAD_EXPORT time_t time(time_t *ret_time)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (ret_time)
        *ret_time = now.tv_sec;
    return now.tv_sec;
}

PRELOAD_EXPORT int gettimeofday(struct timeval *restrict time, void *restrict zone)
{
    struct timespec now;
    if (zone)
        *(struct timezone *)zone = (struct timezone){0};
    clock_gettime(CLOCK_REALTIME, &now);
    *time = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
    return 0;
}

PRELOAD_EXPORT int timespec_get(struct timespec *time, int base)
{
    if (base != TIME_UTC)
        return 0;
    clock_gettime(CLOCK_REALTIME, time);
    return base;
}

int ftime(struct timeb *time); /* no header declares it any more */
PRELOAD_EXPORT int ftime(struct timeb *time)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    *time = (struct timeb){.time = now.tv_sec, .millitm = (unsigned short)(now.tv_nsec / 1000000)};
    return 0;
}

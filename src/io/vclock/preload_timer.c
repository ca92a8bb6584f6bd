/* The idea: the kernel holds the timers, armed for what is left in real time. The page has for each the
 * moment of virtual time; when a jump passes it, the lab signals the thread that set the timer, and
 * preload_fire(), in the handler, arms it to fire at once. So descriptors become readable and signals arrive
 * as ever, with their values. A timer that repeats fires once for a jump, and then from there. */
#include "io/vclock/preload.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define FAR_NS (INT64_C(1000000000) * 86400 * 3650)

enum { AT_ONCE = 1 }; /* a nanosecond, however slowly time flows; 0 would disarm */

/* The table of this process's timers */

static struct page_timer *find(enum page_timer_kind kind, uint64_t id)
{
    struct page *page = preload_page();
    uint32_t used = atomic_load(&page->timers_used), pid = (uint32_t)getpid();
    for (uint32_t i = 0; i < used && i < PAGE_TIMERS; i++) {
        struct page_timer *timer = &page->timers[i];
        if (atomic_load(&timer->owner) >> 32 == pid && timer->kind == kind && timer->id == id)
            return timer;
    }
    return NULL;
}

static struct page_timer *take(enum page_timer_kind kind, uint64_t id, enum page_clock clock, int number)
{
    struct page *page = preload_page();
    struct page_timer *timer = find(kind, id);
    for (uint32_t i = 0; !timer && i < PAGE_TIMERS; i++) {
        uint64_t none = 0;
        if (!atomic_compare_exchange_strong(&page->timers[i].owner, &none, preload_self()))
            continue;
        timer = &page->timers[i];
        preload_raise(&page->timers_used, i + 1);
    }
    if (!timer) {
        atomic_fetch_add(&page->lost, 1);
        return NULL;
    }
    timer->kind = kind;
    timer->id = id;
    timer->signal = (uint32_t)number;
    atomic_store(&timer->clock, (uint32_t)clock);
    atomic_store(&timer->every_ns, 0);
    atomic_store(&timer->until_ns, PAGE_NEVER);
    return timer;
}

/* The kernel's calls, alike for all kinds */

static int arm_kernel(enum page_timer_kind kind, uint64_t id, int64_t after_ns, int64_t every_ns)
{
    every_ns = page_real(preload.page->still_ns, every_ns);
    if (after_ns != AT_ONCE)
        after_ns = page_real(preload.page->still_ns, after_ns);
    struct itimerspec set = {preload_timespec(every_ns < FAR_NS ? every_ns : FAR_NS),
        preload_timespec(after_ns < FAR_NS ? after_ns : FAR_NS)};
    if (kind == PAGE_TIMERFD)
        return (int)syscall(SYS_timerfd_settime, (int)id, 0, &set, NULL);
    if (kind == PAGE_POSIX)
        return preload.libc.timer_settime((timer_t)id, 0, &set, NULL);
    struct itimerval real = {{set.it_interval.tv_sec, set.it_interval.tv_nsec / 1000},
        {set.it_value.tv_sec, (set.it_value.tv_nsec + 999) / 1000}};
    if (real.it_value.tv_usec == 1000000)
        real.it_value = (struct timeval){real.it_value.tv_sec + 1, 0};
    return (int)syscall(SYS_setitimer, ITIMER_REAL, &real, NULL);
}

/* Whether the kernel still has it to fire. */
static bool is_armed(enum page_timer_kind kind, uint64_t id)
{
    struct itimerspec is = {0};
    struct itimerval real;
    if (kind == PAGE_TIMERFD)
        syscall(SYS_timerfd_gettime, (int)id, &is);
    else if (kind == PAGE_POSIX)
        preload.libc.timer_gettime((timer_t)id, &is);
    else if (syscall(SYS_getitimer, ITIMER_REAL, &real) == 0)
        is.it_value = (struct timespec){real.it_value.tv_sec, real.it_value.tv_usec};
    return is.it_value.tv_sec || is.it_value.tv_nsec;
}

/* Makes the kernel fire it, and waits until it has: a signal of the timer's then comes within our handler,
 * and the call that both have interrupted ends as by the timer's alone. */
static void fire(struct page_timer *timer, int64_t every_ns)
{
    arm_kernel(timer->kind, timer->id, AT_ONCE, every_ns);
    for (int i = 0; i < 1000 && every_ns == 0 && is_armed(timer->kind, timer->id); i++)
        ;
}

/* True: with a signal. */
static bool look_at(struct page_timer *timer, int64_t until_ns, int64_t every_ns)
{
    enum page_clock clock = atomic_load(&timer->clock) == PAGE_WALL ? PAGE_WALL : PAGE_MONOTONIC;
    int64_t wall_ns = clock == PAGE_WALL ? atomic_load(&preload.page->wall_ns) : 0;
    int64_t now_ns = preload_now(clock);
    bool passed = page_timer_passed(
        until_ns - wall_ns, every_ns, atomic_load(&preload.page->from_ns), atomic_load(&preload.page->to_ns));
    if (!is_armed(timer->kind, timer->id))
        return false;
    if (passed || (every_ns == 0 && until_ns <= now_ns)) {
        atomic_store(&timer->until_ns, every_ns ? preload_add(now_ns, every_ns) : PAGE_NEVER);
        fire(timer, every_ns);
        sigset_t pending; /* because it is blocked: whoever waits for it goes on waiting, and gets it */
        return timer->signal && sigpending(&pending) == 0 && !sigismember(&pending, (int)timer->signal);
    }
    if (clock == PAGE_WALL && every_ns == 0) /* the clock may have been set */
        arm_kernel(timer->kind, timer->id, until_ns - now_ns, 0);
    return false;
}

bool preload_fire(void)
{
    struct page *page = preload.page;
    uint32_t used = atomic_load(&page->timers_used), pid = (uint32_t)getpid();
    bool signalled = false;
    for (uint32_t i = 0; i < used && i < PAGE_TIMERS; i++) {
        struct page_timer *timer = &page->timers[i];
        int64_t until_ns = atomic_load(&timer->until_ns);
        if (atomic_load(&timer->owner) >> 32 == pid && until_ns != PAGE_NEVER)
            signalled |= look_at(timer, until_ns, atomic_load(&timer->every_ns));
    }
    return signalled;
}

/* What is left of a timer, as the program sees it. */
static void tell(const struct page_timer *timer, struct itimerspec *ret)
{
    int64_t now_ns = preload_now(atomic_load(&timer->clock) == PAGE_WALL ? PAGE_WALL : PAGE_MONOTONIC);
    int64_t every_ns = atomic_load(&timer->every_ns);
    int64_t next_ns = page_timer_next(atomic_load(&timer->until_ns), every_ns, now_ns);
    *ret = (struct itimerspec){.it_interval = preload_timespec(every_ns)};
    if (next_ns != PAGE_NEVER && next_ns > now_ns)
        ret->it_value = preload_timespec(next_ns - now_ns);
}

/* Sets a timer of virtual time. */
static int set(
    struct page_timer *timer, bool absolute, const struct itimerspec *to, struct itimerspec *ret_before)
{
    enum page_clock clock = atomic_load(&timer->clock) == PAGE_WALL ? PAGE_WALL : PAGE_MONOTONIC;
    int64_t value_ns = preload_ns(&to->it_value), every_ns = preload_ns(&to->it_interval);
    if (!preload_valid(&to->it_value) || !preload_valid(&to->it_interval)) {
        errno = EINVAL;
        return -1;
    }
    if (ret_before)
        tell(timer, ret_before);
    if (value_ns == 0) {
        atomic_store(&timer->until_ns, PAGE_NEVER);
        atomic_store(&timer->every_ns, 0);
        return arm_kernel(timer->kind, timer->id, 0, 0);
    }
    int64_t until_ns = absolute ? value_ns : preload_add(preload_now(clock), value_ns);
    if (until_ns == PAGE_NEVER)
        until_ns--; /* armed all the same */
    atomic_store(&timer->until_ns, PAGE_NEVER);
    timer->seen_pid = timer->seen_tid = 0;
    preload_seen(&timer->seen_pid, &timer->seen_tid);
    if (timer->signal)
        preload_interrupt_like((int)timer->signal);
    atomic_store(&timer->owner, preload_self());
    atomic_store(&timer->every_ns, every_ns);
    atomic_store(&timer->until_ns, until_ns);
    /* A jump may pass it here: then our handler has armed it, and what we arm now is too long. */
    int64_t left_ns = until_ns - preload_now(clock);
    int result = arm_kernel(timer->kind, timer->id, left_ns > 0 ? left_ns : AT_ONCE, every_ns);
    if (result == 0 && left_ns > 0 && preload_now(clock) >= until_ns)
        result = arm_kernel(timer->kind, timer->id, AT_ONCE, every_ns);
    else if (result == 0 && left_ns <= 0) /* it has fired: nobody is to wake us for it */
        atomic_store(&timer->until_ns, every_ns ? preload_add(preload_now(clock), every_ns) : PAGE_NEVER);
    return result;
}

/* timerfd */

PRELOAD_EXPORT int timerfd_create(int clock, int flags)
{
    enum page_clock virtual;
    int fd = (int)syscall(SYS_timerfd_create, clock, flags);
    preload_page();
    if (fd >= 0 && preload.shared && preload_clock(clock, &virtual))
        take(PAGE_TIMERFD, (uint64_t)fd, virtual, 0);
    return fd;
}

PRELOAD_EXPORT int timerfd_settime(
    int fd, int flags, const struct itimerspec *to, struct itimerspec *ret_before)
{
    struct page_timer *timer = find(PAGE_TIMERFD, (uint64_t)fd);
    return timer ? set(timer, flags & TFD_TIMER_ABSTIME, to, ret_before)
                 : (int)syscall(SYS_timerfd_settime, fd, flags, to, ret_before);
}

PRELOAD_EXPORT int timerfd_gettime(int fd, struct itimerspec *ret)
{
    const struct page_timer *timer = find(PAGE_TIMERFD, (uint64_t)fd);
    int result = (int)syscall(SYS_timerfd_gettime, fd, ret);
    if (result == 0 && timer)
        tell(timer, ret);
    return result;
}

/* timer_create */

PRELOAD_EXPORT int timer_create(clockid_t clock, struct sigevent *restrict event, timer_t *restrict ret_timer)
{
    enum page_clock virtual;
    preload_page();
    int result = preload.libc.timer_create(clock, event, ret_timer);
    if (result == 0 && preload.shared && preload_clock(clock, &virtual))
        take(PAGE_POSIX, (uint64_t)*ret_timer, virtual,
            !event                                ? SIGALRM
            : event->sigev_notify == SIGEV_SIGNAL ? event->sigev_signo
                                                  : 0);
    return result;
}

PRELOAD_EXPORT int timer_settime(
    timer_t id, int flags, const struct itimerspec *restrict to, struct itimerspec *restrict ret_before)
{
    struct page_timer *timer = find(PAGE_POSIX, (uint64_t)id);
    return timer ? set(timer, flags & TIMER_ABSTIME, to, ret_before)
                 : preload.libc.timer_settime(id, flags, to, ret_before);
}

PRELOAD_EXPORT int timer_gettime(timer_t id, struct itimerspec *ret)
{
    const struct page_timer *timer = find(PAGE_POSIX, (uint64_t)id);
    int result = preload.libc.timer_gettime(id, ret);
    if (result == 0 && timer)
        tell(timer, ret);
    return result;
}

PRELOAD_EXPORT int timer_delete(timer_t id)
{
    struct page_timer *timer = find(PAGE_POSIX, (uint64_t)id);
    if (timer)
        atomic_store(&timer->owner, 0);
    return preload.libc.timer_delete(id);
}

/* setitimer */

static struct timespec from_timeval(struct timeval time)
{
    return (struct timespec){time.tv_sec, time.tv_usec * 1000};
}

static struct timeval to_timeval(struct timespec time)
{
    return (struct timeval){time.tv_sec, time.tv_nsec / 1000};
}

PRELOAD_EXPORT int setitimer(
    __itimer_which_t which, const struct itimerval *restrict to, struct itimerval *restrict ret_before)
{
    struct itimerspec before = {0};
    preload_page();
    if (which != ITIMER_REAL || !preload.shared)
        return (int)syscall(SYS_setitimer, which, to, ret_before);
    struct page_timer *timer = find(PAGE_ITIMER, 0);
    if (!timer)
        timer = take(PAGE_ITIMER, 0, PAGE_MONOTONIC, SIGALRM);
    if (!timer)
        return (int)syscall(SYS_setitimer, which, to, ret_before);
    struct itimerspec spec = {from_timeval(to->it_interval), from_timeval(to->it_value)};
    int result = set(timer, false, &spec, &before);
    if (result == 0 && ret_before)
        *ret_before = (struct itimerval){to_timeval(before.it_interval), to_timeval(before.it_value)};
    return result;
}

PRELOAD_EXPORT int getitimer(__itimer_which_t which, struct itimerval *ret)
{
    const struct page_timer *timer = which == ITIMER_REAL ? find(PAGE_ITIMER, 0) : NULL;
    struct itimerspec is;
    if (!timer)
        return (int)syscall(SYS_getitimer, which, ret);
    tell(timer, &is);
    *ret = (struct itimerval){to_timeval(is.it_interval), to_timeval(is.it_value)};
    return 0;
}

PRELOAD_EXPORT unsigned alarm(unsigned seconds)
{
    struct itimerval to = {.it_value.tv_sec = seconds}, before = {0};
    setitimer(ITIMER_REAL, &to, &before);
    return (unsigned)before.it_value.tv_sec + (before.it_value.tv_usec > 0);
}

PRELOAD_EXPORT useconds_t ualarm(useconds_t us, useconds_t every_us)
{
    struct itimerval to = {{every_us / 1000000, every_us % 1000000}, {us / 1000000, us % 1000000}},
                     before = {0};
    setitimer(ITIMER_REAL, &to, &before);
    return (useconds_t)(before.it_value.tv_sec * 1000000 + before.it_value.tv_usec);
}

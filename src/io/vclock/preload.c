/* The idea: page.h. This file finds the page, gives the thread its slot, and takes the lab's signal. */
#include "io/vclock/preload.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { DEPTH = 4 }; /* waits within handlers within waits */
#define FAR_NS (INT64_C(1000000000) * 86400 * 3650)

struct preload preload;

static __thread struct of_thread {
    struct page_slot *slot;
    uint64_t self;
    unsigned depth;
    struct preload_wait waits[DEPTH];
} me;

static struct page nothing;  /* the page of a program without a lab */
static pthread_key_t at_end; /* of a thread */

/* Slots */

/* Its turns become even, and go on. */
static void free_slot(struct page_slot *slot, uint64_t owner)
{
    uint64_t turns = atomic_load(&slot->turns);
    if (atomic_load(&slot->owner) != owner)
        return;
    atomic_store(&slot->turns, turns + 2 - (turns & 1));
    atomic_compare_exchange_strong(&slot->owner, &owner, 0);
}

void preload_forget_slots(void)
{
    uint32_t pid = (uint32_t)getpid();
    for (uint32_t i = 0; i < PAGE_SLOTS; i++) {
        uint64_t owner = atomic_load(&preload.page->slots[i].owner);
        if (owner >> 32 == pid)
            free_slot(&preload.page->slots[i], owner);
    }
}

void preload_forget_thread(void)
{
    me.slot = NULL;
    me.depth = 0;
}

/* Starting */

static void find_libc(struct preload_libc *libc)
{
    const struct {
        const char *name;
        void *at;
    } functions[] = {
        {"clock_gettime", &libc->clock_gettime},
        {"sigaction", &libc->sigaction},
        {"pthread_sigmask", &libc->pthread_sigmask},
        {"pthread_cond_clockwait", &libc->cond_clockwait},
        {"sem_clockwait", &libc->sem_clockwait},
        {"pthread_mutex_clocklock", &libc->mutex_clocklock},
        {"pthread_rwlock_clockrdlock", &libc->rwlock_clockrdlock},
        {"pthread_rwlock_clockwrlock", &libc->rwlock_clockwrlock},
        {"pthread_clockjoin_np", &libc->clockjoin},
        {"timer_create", &libc->timer_create},
        {"timer_settime", &libc->timer_settime},
        {"timer_gettime", &libc->timer_gettime},
        {"timer_delete", &libc->timer_delete},
        {"posix_spawn", &libc->posix_spawn[0]},
        {"posix_spawnp", &libc->posix_spawn[1]},
        {"setsockopt", &libc->setsockopt},
        {"read", &libc->read},
        {"recv", &libc->recv},
        {"recvfrom", &libc->recvfrom},
        {"recvmsg", &libc->recvmsg},
        {"recvmmsg", &libc->recvmmsg},
        {"accept", &libc->accept},
        {"accept4", &libc->accept4},
        {"getrandom", &libc->getrandom},
        {"syscall", &libc->syscall},
    };
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        void *function = dlsym(RTLD_NEXT, functions[i].name);
        memcpy(functions[i].at, &function, sizeof function);
    }
}

static struct page *map_page(void)
{
    const char *path = getenv(PAGE_ENVIRONMENT);
    struct statx status;
    if (!path)
        return NULL;
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return NULL;
    struct page *page = MAP_FAILED;
    if (statx(fd, "", AT_EMPTY_PATH, STATX_TYPE | STATX_SIZE, &status) == 0 && S_ISREG(status.stx_mode) &&
        status.stx_size == sizeof *page)
        page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (page == MAP_FAILED)
        return NULL;
    if (page->magic == PAGE_MAGIC)
        return page;
    munmap(page, sizeof *page);
    return NULL;
}

/* Urgent data on a socket of the program's, or its own raise(). */
static void pass_on(int number, siginfo_t *info, void *context)
{
    if (preload.theirs.sa_flags & SA_SIGINFO)
        preload.theirs.sa_sigaction(number, info, context);
    else
        preload.theirs.sa_handler(number);
}

static void on_signal(int number, siginfo_t *info, void *context)
{
    int error = errno;
    bool handled = preload.theirs.sa_handler != SIG_DFL && preload.theirs.sa_handler != SIG_IGN;
    if (handled && (info->si_code != SI_TKILL || info->si_pid == getpid())) {
        pass_on(number, info, context);
        errno = error;
        return;
    }
    for (unsigned i = 0; i < DEPTH; i++) {
        me.waits[i].woken = 1;
        atomic_signal_fence(memory_order_seq_cst);
        me.waits[i].time = (struct timespec){0};
    }
    if (preload_fire())
        for (unsigned i = 0; i < DEPTH; i++)
            me.waits[i].woken = 0; /* a signal for the program: EINTR */
    errno = error;
}

static void take_signal(struct sigaction *ret_before)
{
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK}, like = {0};
    if (!preload.like ||
        (preload.libc.sigaction(preload.like, NULL, &like) == 0 && like.sa_flags & SA_RESTART))
        action.sa_flags |= SA_RESTART;
    preload.libc.sigaction(PAGE_SIGNAL, &action, ret_before);
}

void preload_interrupt_like(int number)
{
    preload.like = number;
    take_signal(NULL);
}

static void at_thread_end(void *slot)
{
    struct page_slot *mine = slot;
    me.slot = NULL;
    free_slot(mine, me.self);
}

__attribute__((constructor(101))) void preload_start(void)
{
    if (preload.page)
        return;
    find_libc(&preload.libc);
    struct page *page = map_page();
    struct timespec wall, mono;
    preload.shared = page != NULL;
    preload.page = page ? page : &nothing;
    if (!page) {
        preload.libc.clock_gettime(CLOCK_REALTIME, &wall);
        preload.libc.clock_gettime(CLOCK_MONOTONIC, &mono);
        atomic_store(&nothing.wall_ns, preload_ns(&wall) - preload_ns(&mono));
        return;
    }
    pthread_key_create(&at_end, at_thread_end);
    take_signal(&preload.theirs);
    sigset_t ours;
    sigemptyset(&ours);
    sigaddset(&ours, PAGE_SIGNAL);
    preload.libc.pthread_sigmask(SIG_UNBLOCK, &ours, NULL);
    preload_forget_slots(); /* of the program that executed this one */
    preload_random_start();
    preload_announce();
}

/* Waiting */

static struct page_slot *take_slot(void)
{
    me.self = preload_self();
    for (uint32_t i = 0; i < PAGE_SLOTS; i++) {
        struct page_slot *slot = &preload.page->slots[i];
        uint64_t none = 0;
        if (atomic_load(&slot->owner) || !atomic_compare_exchange_strong(&slot->owner, &none, me.self))
            continue;
        preload_seen(&slot->seen_pid, &slot->seen_tid);
        uint64_t turns = atomic_load(&slot->turns);
        atomic_store(&slot->turns, turns + 2 - (turns & 1));
        preload_raise(&preload.page->slots_used, i + 1);
        pthread_setspecific(at_end, slot);
        return slot;
    }
    atomic_fetch_add(&preload.page->lost, 1);
    return NULL;
}

static struct page_slot *my_slot(void)
{
    if (!preload.shared)
        return NULL;
    preload_look_forked();
    if (!me.slot || atomic_load(&me.slot->owner) != me.self)
        me.slot = take_slot();
    return me.slot;
}

static uint64_t turn(struct page_slot *slot)
{
    uint64_t turns = atomic_load_explicit(&slot->turns, memory_order_relaxed) + 1;
    atomic_store(&slot->turns, turns); /* sequentially consistent: the shift is read after it */
    return turns;
}

static bool waits(const struct page_slot *slot)
{
    return atomic_load_explicit(&slot->turns, memory_order_relaxed) & 1;
}

static void publish(struct page_slot *slot, const struct preload_wait *wait)
{
    if (waits(slot))
        turn(slot);
    atomic_store_explicit(&slot->until_ns, wait->until_ns, memory_order_relaxed);
    atomic_store_explicit(&slot->clock, (uint32_t)wait->clock, memory_order_relaxed);
    turn(slot);
}

struct preload_wait *preload_begin(enum page_clock clock, int64_t until_ns)
{
    preload_page();
    int error = errno;
    struct page_slot *slot = my_slot();
    const char *frame = __builtin_frame_address(0);
    while (me.depth && me.waits[me.depth - 1].frame <= frame) /* left by longjmp() */
        me.depth--;
    struct preload_wait *wait = &me.waits[me.depth < DEPTH ? me.depth++ : DEPTH - 1];
    wait->frame = frame;
    wait->clock = clock;
    wait->until_ns = until_ns;
    wait->woken = 0;
    if (slot)
        publish(slot, wait);
    errno = error;
    return wait;
}

void preload_end(struct preload_wait *wait)
{
    me.depth = (unsigned)(wait - me.waits);
    if (!me.slot)
        return;
    if (waits(me.slot))
        turn(me.slot);
    if (me.depth) /* a handler of the program's has waited within a wait, which goes on */
        publish(me.slot, &me.waits[me.depth - 1]);
}

static int64_t left(const struct preload_wait *wait)
{
    if (wait->until_ns == PAGE_NEVER)
        return me.slot || !preload.shared ? PAGE_NEVER : PAGE_CHUNK_NS;
    int64_t ns = wait->until_ns - preload_now(wait->clock);
    if (ns <= 0)
        return 0;
    ns = page_real(preload_page()->still_ns, ns);
    return me.slot || !preload.shared || ns < PAGE_CHUNK_NS ? ns : PAGE_CHUNK_NS;
}

/* In this order, so that no signal of the lab's is lost: whoever was signalled before the first line sees the
 * new shift; after it, `woken`; after the last line, the handler has set the time itself. */
static void set_time(struct preload_wait *wait, int64_t plus_ns)
{
    wait->woken = 0;
    atomic_signal_fence(memory_order_seq_cst);
    int64_t ns = left(wait);
    if (ns > FAR_NS) /* the kernel refuses what it cannot add up */
        ns = FAR_NS;
    wait->time = preload_timespec(ns + plus_ns);
    atomic_signal_fence(memory_order_seq_cst);
    if (wait->woken)
        wait->time = (struct timespec){0};
    atomic_signal_fence(memory_order_seq_cst);
}

const struct timespec *preload_left(struct preload_wait *wait)
{
    if (wait->until_ns == PAGE_NEVER && (me.slot || !preload.shared))
        return NULL;
    set_time(wait, 0);
    return &wait->time;
}

const struct timespec *preload_until(struct preload_wait *wait)
{
    struct timespec now;
    preload.libc.clock_gettime(CLOCK_MONOTONIC, &now);
    set_time(wait, preload_ns(&now));
    return &wait->time;
}

bool preload_due(const struct preload_wait *wait)
{
    return wait->until_ns != PAGE_NEVER && preload_now(wait->clock) >= wait->until_ns;
}

bool preload_again(const struct preload_wait *wait, bool timed_out, bool interrupted)
{
    return timed_out ? !preload_due(wait) : interrupted && wait->woken;
}

long preload_call(long number, long a, long b, long c, long d, long e, long f)
{
    int type;
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &type);
    long result = syscall(number, a, b, c, d, e, f);
    pthread_setcanceltype(type, NULL);
    return result;
}

const sigset_t *preload_mask(const sigset_t *mask, sigset_t *copy)
{
    if (!mask)
        return NULL;
    *copy = *mask;
    sigdelset(copy, PAGE_SIGNAL);
    return copy;
}

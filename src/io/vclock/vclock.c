/* The idea: page.h. Time is ours alone: it is computed from our own copy, and what the programs may have done
 * to the page's is written over at each jump. */
#include "io/vclock/inside.h"
#include "base/utc.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define STILL_NS (INT64_C(86400) * 1000000000) /* a machine that was started a day ago */

int64_t vclock_real_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

int64_t vclock_mono_ns(const struct vclock *clock)
{
    return page_flow(clock->still_ns, vclock_real_ns()) + clock->shift_ns;
}

int64_t vclock_now_us(const struct vclock *clock)
{
    return (vclock_mono_ns(clock) + clock->wall_ns) / 1000;
}

int64_t vclock_as_mono(const struct vclock *clock, uint32_t which, int64_t ns)
{
    int64_t mono;
    if (which != PAGE_WALL || ns == PAGE_NEVER)
        return ns;
    return __builtin_sub_overflow(ns, clock->wall_ns + clock->wrong_ns, &mono) ? PAGE_NEVER : mono;
}

size_t vclock_used(_Atomic uint32_t *used, size_t most)
{
    size_t count = atomic_load(used);
    return count < most ? count : most;
}

bool vclock_signal(const struct vclock *clock, uint64_t owner, uint32_t seen_pid, uint32_t seen_tid)
{
    bool by_proc = clock->proc_is_ours && seen_pid && seen_tid;
    pid_t pid = (pid_t)(by_proc ? seen_pid : (uint32_t)(owner >> 32));
    pid_t tid = (pid_t)(by_proc ? seen_tid : (uint32_t)owner);
    if (pid <= 1 || tid <= 1 || pid == getpid())
        return false;
    return syscall(SYS_tgkill, pid, tid, PAGE_SIGNAL) == 0 || errno != ESRCH;
}

void vclock_free_slot(struct page_slot *slot, uint64_t owner)
{
    if (!owner || atomic_load(&slot->owner) != owner)
        return;
    uint64_t turns = atomic_load(&slot->turns);
    atomic_store(&slot->turns, turns + 2 - (turns & 1));
    atomic_compare_exchange_strong(&slot->owner, &owner, 0);
}

int64_t vclock_timer(struct vclock *clock, struct page_timer *timer, bool *ret_passed)
{
    int64_t until_ns = vclock_as_mono(clock, atomic_load(&timer->clock), atomic_load(&timer->until_ns));
    int64_t every_ns = atomic_load(&timer->every_ns), now_ns = vclock_mono_ns(clock);
    *ret_passed = page_timer_passed(until_ns, every_ns, clock->from_ns, clock->to_ns);
    int64_t next_ns = page_timer_next(until_ns, every_ns, now_ns);
    return next_ns > now_ns ? next_ns : PAGE_NEVER;
}

/* The thread that set it may be gone; then the first one of its process. */
void vclock_wake_timer(struct vclock *clock, struct page_timer *timer)
{
    uint64_t owner = atomic_load(&timer->owner);
    if (!vclock_signal(clock, owner, timer->seen_pid, timer->seen_tid))
        vclock_signal(clock, owner >> 32 << 32 | owner >> 32, timer->seen_pid, timer->seen_pid);
}

/* Wakes whoever's moment has come; `all_of_wall`: and whoever waits for one of the wall clock. */
static void wake(struct vclock *clock, bool all_of_wall)
{
    int64_t now_ns = vclock_mono_ns(clock);
    size_t slots = vclock_used(&clock->page->slots_used, PAGE_SLOTS);
    for (size_t i = 0; i < slots; i++) {
        struct page_slot *slot = &clock->page->slots[i];
        uint64_t owner = atomic_load(&slot->owner);
        if (!owner || !(atomic_load(&slot->turns) & 1))
            continue;
        uint32_t which = atomic_load(&slot->clock);
        bool due = vclock_as_mono(clock, which, atomic_load(&slot->until_ns)) <= now_ns;
        if ((due || (all_of_wall && which == PAGE_WALL)) &&
            !vclock_signal(clock, owner, slot->seen_pid, slot->seen_tid))
            vclock_free_slot(slot, owner);
    }
    size_t timers = vclock_used(&clock->page->timers_used, PAGE_TIMERS);
    for (size_t i = 0; i < timers; i++) {
        struct page_timer *timer = &clock->page->timers[i];
        bool passed = false;
        if (!atomic_load(&timer->owner))
            continue;
        vclock_timer(clock, timer, &passed);
        if (passed || (all_of_wall && atomic_load(&timer->clock) == PAGE_WALL))
            vclock_wake_timer(clock, timer);
    }
}

void vclock_jump(struct vclock *clock, int64_t to_us)
{
    int64_t to_ns, now_ns = vclock_mono_ns(clock) + clock->wall_ns;
    if (__builtin_mul_overflow(to_us, INT64_C(1000), &to_ns) || to_ns <= now_ns)
        return;
    clock->from_ns = vclock_mono_ns(clock);
    clock->to_ns = clock->from_ns + (to_ns - now_ns);
    clock->shift_ns += to_ns - now_ns;
    atomic_store(&clock->page->from_ns, clock->from_ns);
    atomic_store(&clock->page->to_ns, clock->to_ns);
    atomic_store(&clock->page->wall_ns, clock->wall_ns + clock->wrong_ns);
    atomic_store(&clock->page->shift_ns, clock->shift_ns);
    if (!clock->still_ns || !clock->proc)
        wake(clock, false);
}

void vclock_set_wall(struct vclock *clock, int64_t by_us)
{
    if (__builtin_mul_overflow(by_us, INT64_C(1000), &clock->wrong_ns))
        clock->wrong_ns = 0;
    atomic_store(&clock->page->wall_ns, clock->wall_ns + clock->wrong_ns);
    wake(clock, true);
}

void vclock_still(struct vclock *clock, int64_t at_us)
{
    clock->wall_ns = at_us * 1000 - STILL_NS;
    clock->still_ns = STILL_NS;
    clock->shift_ns = 0;
    clock->page->still_ns = clock->still_ns;
    atomic_store(&clock->page->shift_ns, clock->shift_ns);
    atomic_store(&clock->page->wall_ns, clock->wall_ns + clock->wrong_ns);
}

void vclock_seed(struct vclock *clock, uint64_t seed)
{
    snprintf(clock->seed, sizeof clock->seed, PAGE_SEED_ENVIRONMENT "=%" PRIx64, seed);
    clock->environment[2] = clock->seed;
}

const char *const *vclock_environment(const struct vclock *clock)
{
    return clock->environment;
}

/* Making */

static int make_page(struct vclock *clock, const char *path, struct err_note *note)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return err_set(
            note, errno == EACCES || errno == EPERM ? ERR_PERM : ERR_IO, "%s: %s", path, strerror(errno));
    int error = posix_fallocate(fd, 0, sizeof *clock->page); /* a full disk would kill at the first store */
    void *page =
        error ? MAP_FAILED : mmap(NULL, sizeof *clock->page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (!error && page == MAP_FAILED)
        error = errno;
    close(fd);
    if (error) {
        unlink(path);
        return err_set(note, ERR_IO, "%s: %s", path, strerror(error));
    }
    clock->page = page;
    clock->path = realpath(path, NULL); /* programs may run elsewhere */
    return clock->path ? 0 : err_set(note, ERR_IO, "%s: %s", path, strerror(errno));
}

static int make_environment(struct vclock *clock, struct err_note *note)
{
    char library[4096];
    const char *before = getenv("LD_PRELOAD");
    int rc = vclock_library(library, sizeof library, note);
    if (rc < 0)
        return rc;
    if (strpbrk(library, " :\t\n"))
        return err_set(note, ERR_CONFIG, "%s: no path with a space or a colon can be preloaded", library);
    if (asprintf(&clock->preload, "LD_PRELOAD=%s%s%s", library, before && *before ? ":" : "",
            before ? before : "") < 0)
        clock->preload = NULL;
    if (asprintf(&clock->variable, PAGE_ENVIRONMENT "=%s", clock->path) < 0)
        clock->variable = NULL;
    if (!clock->preload || !clock->variable)
        return err_set(note, ERR_NOMEM, "no memory for a clock");
    clock->environment[0] = clock->preload;
    clock->environment[1] = clock->variable;
    return 0;
}

static void know_proc(struct vclock *clock)
{
    char link[32] = "";
    clock->proc = readlink("/proc/self", link, sizeof link - 1) > 0;
    clock->proc_is_ours = clock->proc && strtol(link, NULL, 10) == getpid();
}

int vclock_new(const char *path, int64_t start_us, struct vclock **ret_clock, struct err_note *note)
{
    struct vclock *clock = calloc(1, sizeof *clock);
    if (!clock)
        return err_set(note, ERR_NOMEM, "no memory for a clock");
    int64_t start_ns;
    if (__builtin_mul_overflow(start_us, INT64_C(1000), &start_ns)) {
        free(clock);
        return err_set(note, ERR_USAGE, "virtual time ends in the year 2262");
    }
    int rc = make_page(clock, path, note);
    if (rc == 0)
        rc = make_environment(clock, note);
    if (rc < 0) {
        vclock_free(clock);
        return rc;
    }
    know_proc(clock);
    clock->wall_ns = start_ns - vclock_real_ns();
    atomic_store(&clock->page->wall_ns, clock->wall_ns);
    clock->page->magic = PAGE_MAGIC;
    *ret_clock = clock;
    return 0;
}

void vclock_free(struct vclock *clock)
{
    if (!clock)
        return;
    for (size_t i = 0; i < PAGE_PROCESSES; i++)
        tasks_clear(&clock->processes[i].tasks);
    if (clock->page)
        munmap(clock->page, sizeof *clock->page);
    if (clock->path)
        unlink(clock->path);
    free(clock->path);
    free(clock->preload);
    free(clock->variable);
    free(clock);
}

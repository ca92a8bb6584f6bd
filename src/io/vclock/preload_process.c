/* The idea: a child is announced by its parent, before it is there. Else all would seem asleep between the
 * end of the parent's call and the child's first step. */
#include "io/vclock/preload.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel sets it to zero in a child that was forked, by whatever way: 1 in a process that is announced.
 */
static uint64_t *announced;

/* What this thread's fork() has announced. */
static __thread struct page_process *expected;

uint64_t preload_self(void)
{
    return (uint64_t)(uint32_t)getpid() << 32 | (uint32_t)syscall(SYS_gettid);
}

/* "123/task/124" */
void preload_seen(uint32_t *ret_pid, uint32_t *ret_tid)
{
    char link[64], *end;
    ssize_t length = readlink("/proc/thread-self", link, sizeof link - 1);
    *ret_pid = *ret_tid = 0;
    if (length <= 0)
        return;
    link[length] = '\0';
    uint32_t pid = (uint32_t)strtoul(link, &end, 10);
    if (strncmp(end, "/task/", 6) != 0)
        return;
    *ret_pid = pid;
    *ret_tid = (uint32_t)strtoul(end + 6, NULL, 10);
}

void preload_raise(_Atomic uint32_t *used, uint32_t count)
{
    uint32_t now = atomic_load(used);
    while (now < count && !atomic_compare_exchange_weak(used, &now, count))
        ;
}

static struct page_process *take(uint64_t who)
{
    for (uint32_t i = 0; i < PAGE_PROCESSES; i++) {
        struct page_process *entry = &preload.page->processes[i];
        uint64_t none = 0;
        if (atomic_load(&entry->who) || !atomic_compare_exchange_strong(&entry->who, &none, who))
            continue;
        atomic_store(&entry->life, PAGE_BORN);
        preload_raise(&preload.page->processes_used, i + 1);
        return entry;
    }
    atomic_fetch_add(&preload.page->lost, 1);
    return NULL;
}

static struct page_process *find(uint64_t who)
{
    for (uint32_t i = 0; i < PAGE_PROCESSES; i++)
        if (atomic_load(&preload.page->processes[i].who) == who)
            return &preload.page->processes[i];
    return NULL;
}

/* This process is there. `entry` was made for it by its parent, or is NULL. */
static void come_alive(struct page_process *entry)
{
    uint64_t who = (uint64_t)(uint32_t)getpid() << 32;
    uint32_t unused;
    if (announced)
        *announced = 1;
    preload_forget_thread();
    if (!entry)
        entry = find(who);
    if (!entry)
        entry = take(who);
    if (!entry)
        return;
    preload_seen(&entry->seen_pid, &unused);
    atomic_store(&entry->who, who);
    atomic_store(&entry->life, PAGE_LIVES);
}

static void before_fork(void)
{
    preload_random_fork(false);
    expected = take(preload_self());
}

static void in_child(void)
{
    come_alive(expected);
    expected = NULL;
    preload_random_fork(true);
}

void preload_announce(void)
{
    const size_t size = 4096;
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory != MAP_FAILED && madvise(memory, size, MADV_WIPEONFORK) == 0)
        announced = memory;
    pthread_atfork(before_fork, NULL, in_child);
    come_alive(NULL);
}

void preload_look_forked(void)
{
    if (announced && !*announced)
        come_alive(NULL);
}

/* libc's system() and popen() start theirs without asking us. */
static int spawn(int which, pid_t *ret_pid, const char *path, const posix_spawn_file_actions_t *actions,
    const posix_spawnattr_t *attributes, char *const argv[], char *const environment[])
{
    pid_t pid = 0;
    preload_page();
    struct page_process *child = preload.shared ? take(preload_self()) : NULL;
    int error = preload.libc.posix_spawn[which](&pid, path, actions, attributes, argv, environment);
    if (child) /* from now on it is known by its number; it may have come alive under another entry */
        atomic_store(&child->who, error ? 0 : (uint64_t)(uint32_t)pid << 32);
    if (!error && ret_pid)
        *ret_pid = pid;
    return error;
}

PRELOAD_EXPORT int posix_spawn(pid_t *restrict ret_pid, const char *restrict path,
    const posix_spawn_file_actions_t *restrict actions, const posix_spawnattr_t *restrict attributes,
    char *const argv[restrict], char *const environment[restrict])
{
    return spawn(0, ret_pid, path, actions, attributes, argv, environment);
}

PRELOAD_EXPORT int posix_spawnp(pid_t *restrict ret_pid, const char *restrict file,
    const posix_spawn_file_actions_t *restrict actions, const posix_spawnattr_t *restrict attributes,
    char *const argv[restrict], char *const environment[restrict])
{
    return spawn(1, ret_pid, file, actions, attributes, argv, environment);
}

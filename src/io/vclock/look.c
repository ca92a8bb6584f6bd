/* The idea: page.h, "Asleep": first reading, the kernel's states, second reading. What the page alone shows
 * to be at work (a thread out of its wait and running) ends the look early, so that looking again and again
 * while somebody works costs little. */
#include "io/vclock/inside.h"
#include "base/utc.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BIRTH_NS INT64_C(2000000000) /* whoever has not come alive by then never will */

struct sight {
    struct vclock *clock;
    struct vclock_look *look;
    int64_t next_ns; /* monotonic */
    bool changed;
};

/* Processes */

static void free_all_of(struct vclock *clock, pid_t pid)
{
    for (size_t i = 0, used = vclock_used(&clock->page->slots_used, PAGE_SLOTS); i < used; i++) {
        uint64_t owner = atomic_load(&clock->page->slots[i].owner);
        if (owner >> 32 == (uint32_t)pid)
            vclock_free_slot(&clock->page->slots[i], owner);
    }
    for (size_t i = 0, used = vclock_used(&clock->page->timers_used, PAGE_TIMERS); i < used; i++) {
        uint64_t owner = atomic_load(&clock->page->timers[i].owner);
        if (owner >> 32 == (uint32_t)pid)
            atomic_compare_exchange_strong(&clock->page->timers[i].owner, &owner, 0);
    }
}

static void end_process(struct vclock *clock, size_t index)
{
    struct vclock_process *process = &clock->processes[index];
    uint64_t who = (uint64_t)(uint32_t)process->pid << 32;
    tasks_clear(&process->tasks);
    free_all_of(clock, process->pid);
    atomic_compare_exchange_strong(&clock->page->processes[index].who, &who, 0);
    process->pid = 0;
    clock->runs++;
}

void vclock_reap(struct vclock *clock, pid_t pid)
{
    for (size_t i = 0, used = vclock_used(&clock->page->processes_used, PAGE_PROCESSES); i < used; i++) {
        if (atomic_load(&clock->page->processes[i].who) >> 32 != (uint32_t)pid)
            continue;
        clock->processes[i].pid = pid;
        end_process(clock, i);
    }
    free_all_of(clock, pid);
}

static bool has_come_alive(struct vclock *clock, uint64_t who, size_t index)
{
    for (size_t i = 0, used = vclock_used(&clock->page->processes_used, PAGE_PROCESSES); i < used; i++)
        if (i != index && atomic_load(&clock->page->processes[i].who) == who &&
            atomic_load(&clock->page->processes[i].life) == PAGE_LIVES)
            return true;
    return false;
}

/* A child is awaited; for how long? */
static void await_birth(struct sight *sight, size_t index, uint64_t who)
{
    struct vclock *clock = sight->clock;
    int64_t now_ns = vclock_real_ns();
    if (!clock->born_ns[index])
        clock->born_ns[index] = now_ns;
    if (now_ns - clock->born_ns[index] < BIRTH_NS && !has_come_alive(clock, who, index)) {
        sight->changed = true;
        return;
    }
    clock->born_ns[index] = 0;
    atomic_compare_exchange_strong(&clock->page->processes[index].who, &who, 0);
}

static void see_process(struct sight *sight, size_t index)
{
    struct vclock *clock = sight->clock;
    struct page_process *entry = &clock->page->processes[index];
    struct vclock_process *process = &clock->processes[index];
    uint64_t who = atomic_load(&entry->who);
    pid_t pid = (pid_t)(who >> 32);
    if (who && atomic_load(&entry->life) == PAGE_BORN) {
        await_birth(sight, index, who);
        return;
    }
    clock->born_ns[index] = 0;
    if (process->pid && process->pid != pid)
        tasks_clear(&process->tasks);
    if (process->pid != pid) {
        *process =
            (struct vclock_process){.pid = pid, .tasks.pid = entry->seen_pid ? (pid_t)entry->seen_pid : pid};
        clock->runs++;
    }
    if (!pid)
        return;
    if (clock->proc ? !process->found && !tasks_find(&process->tasks) : kill(pid, 0) < 0 && errno == ESRCH) {
        end_process(clock, index);
        sight->changed = true;
        return;
    }
    process->found = true;
    sight->look->processes++;
    sight->look->threads += process->tasks.count;
}

/* First reading */

static struct task *find_task(struct vclock *clock, pid_t pid, pid_t tid, struct vclock_process **ret_process)
{
    for (size_t i = 0, used = vclock_used(&clock->page->processes_used, PAGE_PROCESSES); i < used; i++) {
        struct vclock_process *process = &clock->processes[i];
        if (!process->pid || process->tasks.pid != pid)
            continue;
        *ret_process = process;
        for (size_t k = 0; k < process->tasks.count; k++)
            if (process->tasks.tasks[k].tid == tid)
                return &process->tasks.tasks[k];
    }
    return NULL;
}

static void see_slot(struct sight *sight, size_t index)
{
    struct vclock *clock = sight->clock;
    struct page_slot *slot = &clock->page->slots[index];
    uint64_t turns = atomic_load(&slot->turns), owner = atomic_load(&slot->owner);
    sight->look->turns += turns;
    if (!owner)
        return;
    bool waits = turns & 1;
    int64_t until_ns = waits ? atomic_load(&slot->until_ns) : PAGE_NEVER;
    until_ns = vclock_as_mono(clock, atomic_load(&slot->clock), until_ns);
    if (until_ns < sight->next_ns)
        sight->next_ns = until_ns;
    if (!clock->proc) {
        sight->look->threads++;
        sight->changed |= !waits || until_ns <= vclock_mono_ns(clock);
        if (waits && until_ns <= vclock_mono_ns(clock) && !vclock_signal(clock, owner, 0, 0))
            vclock_free_slot(slot, owner);
        return;
    }
    struct vclock_process *process = NULL;
    pid_t pid = (pid_t)(slot->seen_pid ? slot->seen_pid : owner >> 32);
    pid_t tid = (pid_t)(slot->seen_tid ? slot->seen_tid : (uint32_t)owner);
    struct task *task = find_task(clock, pid, tid, &process);
    if (!task && process && tasks_find(&process->tasks))
        task = find_task(clock, pid, tid, &process);
    if (!task) {
        sight->changed = true; /* a process that is not known yet, or a thread that has ended */
        if (process)
            vclock_free_slot(slot, owner);
        return;
    }
    task->slot = (int64_t)index;
    task->turns = turns;
    task->waits = waits;
    task->until_ns = until_ns;
}

static void see_timers(struct sight *sight)
{
    struct vclock *clock = sight->clock;
    for (size_t i = 0, used = vclock_used(&clock->page->timers_used, PAGE_TIMERS); i < used; i++) {
        struct page_timer *timer = &clock->page->timers[i];
        bool passed = false;
        if (!atomic_load(&timer->owner))
            continue;
        int64_t next_ns = vclock_timer(clock, timer, &passed);
        if (next_ns < sight->next_ns)
            sight->next_ns = next_ns;
        if (passed) {
            vclock_wake_timer(clock, timer);
            sight->changed = true;
        }
    }
}

/* The kernel's view */

/* Threads that are out of their waits, and running: the usual end of a look. */
static bool somebody_runs(struct vclock_process *process)
{
    struct tasks *tasks = &process->tasks;
    char state = 0;
    size_t threads;
    for (size_t i = 0; i < tasks->count && process->found; i++) {
        if (tasks->tasks[i].slot < 0 || tasks->tasks[i].waits)
            continue;
        process->found = tasks_state(&tasks->tasks[i], &state, &threads); /* or it has ended */
        if (!process->found || state == 'R')
            return true;
    }
    return false;
}

static void count_runs(struct sight *sight, struct tasks *tasks)
{
    for (size_t i = 0; i < tasks->count; i++) {
        struct task *task = &tasks->tasks[i];
        if (task->waits)
            continue;
        uint64_t count = tasks_runs(tasks, task);
        if (count != task->count)
            sight->clock->runs++;
        task->count = count;
    }
}

static void see_states(struct sight *sight, struct vclock_process *process)
{
    struct tasks *tasks = &process->tasks;
    struct vclock *clock = sight->clock;
    int64_t now_ns = vclock_mono_ns(clock);
    bool lives = false;
    for (size_t i = 0; i < tasks->count; i++) {
        struct task *task = &tasks->tasks[i];
        char state = 0;
        size_t threads = 0;
        if (!tasks_state(task, &state, &threads) || threads != tasks->count) {
            process->found = false; /* look for threads again */
            sight->changed = true;
            return;
        }
        lives |= state != 'Z';
        if (!strchr("STtIPZ", state))
            sight->changed = true;
        else if (task->waits && task->until_ns <= now_ns && state == 'S') {
            struct page_slot *slot = &clock->page->slots[task->slot];
            vclock_signal(clock, atomic_load(&slot->owner), slot->seen_pid, slot->seen_tid);
            sight->changed = true;
        }
        if (sight->changed)
            return;
    }
    if (!lives && process->pid) {
        process->found = false;
        sight->changed = true;
    }
}

/* Second reading */

static bool same_turns(const struct sight *sight)
{
    uint64_t turns = 0;
    for (size_t i = 0, used = vclock_used(&sight->clock->page->slots_used, PAGE_SLOTS); i < used; i++)
        turns += atomic_load(&sight->clock->page->slots[i].turns);
    return turns == sight->look->turns;
}

static bool nobody_is_born(const struct vclock *clock)
{
    for (size_t i = 0, used = vclock_used(&clock->page->processes_used, PAGE_PROCESSES); i < used; i++) {
        uint64_t who = atomic_load(&clock->page->processes[i].who);
        if ((pid_t)(who >> 32) != clock->processes[i].pid)
            return false;
    }
    return true;
}

static void ask_kernel(struct sight *sight, size_t processes)
{
    struct vclock_process *all = sight->clock->processes;
    for (size_t i = 0; i < processes && !sight->changed; i++)
        sight->changed = somebody_runs(&all[i]);
    if (sight->changed)
        return;
    for (size_t i = 0; i < processes; i++)
        count_runs(sight, &all[i].tasks);
    for (size_t i = 0; i < processes && !sight->changed; i++)
        see_states(sight, &all[i]);
    if (sight->changed)
        return;
    uint64_t before = sight->clock->runs;
    for (size_t i = 0; i < processes; i++)
        count_runs(sight, &all[i].tasks);
    sight->changed = sight->clock->runs != before;
}

static void forget_slots(struct vclock *clock, size_t processes)
{
    for (size_t i = 0; i < processes; i++)
        for (size_t k = 0; k < clock->processes[i].tasks.count; k++) {
            clock->processes[i].tasks.tasks[k].slot = -1;
            clock->processes[i].tasks.tasks[k].waits = false;
        }
}

/* Who has just been woken may be waiting for our processor: we give it to them. Looking on and on instead
 * took 4 ms a jump. */
static void rest(struct vclock *clock, bool asleep)
{
    const struct timespec moment = {.tv_nsec = 20000};
    clock->busy = asleep ? 0 : clock->busy + 1;
    if (clock->busy == 1)
        sched_yield();
    else if (clock->busy)
        nanosleep(&moment, NULL);
}

void vclock_look(struct vclock *clock, struct vclock_look *ret_look)
{
    *ret_look = (struct vclock_look){.next_us = UTC_OPEN};
    struct sight sight = {.clock = clock, .look = ret_look, .next_ns = PAGE_NEVER};
    size_t processes = vclock_used(&clock->page->processes_used, PAGE_PROCESSES);
    for (size_t i = 0; i < processes; i++)
        see_process(&sight, i);
    forget_slots(clock, processes);
    for (size_t i = 0, used = vclock_used(&clock->page->slots_used, PAGE_SLOTS); i < used; i++)
        see_slot(&sight, i);
    see_timers(&sight);
    if (!sight.changed && clock->proc)
        ask_kernel(&sight, processes);
    ret_look->asleep = !sight.changed && same_turns(&sight) && nobody_is_born(clock);
    ret_look->turns += clock->runs;
    rest(clock, ret_look->asleep);
    /* Rounded up: a jump there is a jump to it. What is centuries away is never. */
    if (sight.next_ns <= PAGE_NEVER - 999 - clock->wall_ns)
        ret_look->next_us = (sight.next_ns + clock->wall_ns + 999) / 1000;
}

/* The idea: /proc, with as few octets and calls as there can be. */
#include "io/vclock/tasks.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_TASKS = 4096, STAT = 512 };

static void close_task(struct task *task)
{
    close(task->stat);
    if (task->runs >= 0)
        close(task->runs);
}

void tasks_clear(struct tasks *tasks)
{
    for (size_t i = 0; i < tasks->count; i++)
        close_task(&tasks->tasks[i]);
    free(tasks->tasks);
    *tasks = (struct tasks){.pid = tasks->pid};
}

static int open_file(pid_t pid, pid_t tid, const char *name)
{
    char path[96];
    snprintf(path, sizeof path, "/proc/%d/task/%d/%s", pid, tid, name);
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* A thread may have ended, and another have its number. */
static bool is_known(struct tasks *tasks, pid_t tid)
{
    char state;
    size_t threads;
    for (size_t i = 0; i < tasks->count; i++)
        if (tasks->tasks[i].tid == tid)
            return tasks_state(&tasks->tasks[i], &state, &threads);
    return false;
}

static void drop_ended(struct tasks *tasks)
{
    char state;
    size_t threads, kept = 0;
    for (size_t i = 0; i < tasks->count; i++) {
        if (tasks_state(&tasks->tasks[i], &state, &threads))
            tasks->tasks[kept++] = tasks->tasks[i];
        else
            close_task(&tasks->tasks[i]);
    }
    tasks->count = kept;
}

static bool add(struct tasks *tasks, pid_t tid)
{
    if (tasks->count == tasks->capacity) {
        size_t capacity = tasks->capacity ? tasks->capacity * 2 : 16;
        struct task *more = capacity <= MAX_TASKS ? realloc(tasks->tasks, capacity * sizeof *more) : NULL;
        if (!more)
            return false;
        tasks->tasks = more;
        tasks->capacity = capacity;
    }
    int stat = open_file(tasks->pid, tid, "stat");
    if (stat < 0)
        return false;
    tasks->tasks[tasks->count++] = (struct task){.tid = tid, .stat = stat, .runs = -1, .slot = -1};
    return true;
}

/* The first thread may have ended before the others, and is a zombie until they have. */
static bool lives(const struct tasks *tasks)
{
    char state;
    size_t threads;
    for (size_t i = 0; i < tasks->count; i++)
        if (tasks_state(&tasks->tasks[i], &state, &threads) && state != 'Z')
            return true;
    return false;
}

bool tasks_find(struct tasks *tasks)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", tasks->pid);
    drop_ended(tasks);
    DIR *directory = opendir(path);
    if (!directory)
        return errno != ENOENT && errno != ESRCH; /* too many descriptors, say: it may live */
    for (struct dirent *entry; (entry = readdir(directory));) {
        pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (tid > 0 && !is_known(tasks, tid))
            add(tasks, tid);
    }
    closedir(directory);
    return lives(tasks);
}

bool tasks_state(const struct task *task, char *ret_state, size_t *ret_threads)
{
    char text[STAT];
    ssize_t length = pread(task->stat, text, sizeof text - 1, 0);
    if (length <= 0)
        return false;
    text[length] = '\0';
    /* PID (NAME) STATE, and what follows; the name may hold anything. The number of threads is the 20th. */
    const char *at = strrchr(text, ')');
    if (!at || at[1] != ' ' || at[2] == 'X')
        return false;
    *ret_state = at[2];
    at += 2;
    for (int field = 3; field < 20; field++) {
        at = strchr(at, ' ');
        if (!at)
            return false;
        at++;
    }
    *ret_threads = strtoul(at, NULL, 10);
    return true;
}

uint64_t tasks_runs(struct tasks *tasks, struct task *task)
{
    char text[96];
    if (task->runs < 0)
        task->runs = open_file(tasks->pid, task->tid, "schedstat");
    ssize_t length = task->runs < 0 ? 0 : pread(task->runs, text, sizeof text - 1, 0);
    if (length <= 0)
        return 0;
    text[length] = '\0';
    const char *last = strrchr(text, ' '); /* time run, time waited, times run */
    return last ? strtoull(last, NULL, 10) : 0;
}

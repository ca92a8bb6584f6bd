/* The idea: everything that can fail or allocate happens before fork(); between fork() and execve() only
 * async-signal-safe calls, since other threads may have held locks. A pipe that closes on execve() carries
 * the errno of what failed in the child, so that launch_program() knows. */
#include "io/proc/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where a child failed; sent through the pipe. */
enum place { AT_SETUP, AT_DIRECTORY, AT_OUTPUT, AT_EXEC };
struct failure {
    enum place where;
    int error;
};

/* What the child needs, made before the fork. */
struct launch {
    const struct proc_spec *spec;
    char path[4096];
    char **environment;
    pid_t parent;
    int report;
};

extern char **environ;

bool proc_find(const char *name, const char *directories, char *ret_path, size_t capacity)
{
    if (strchr(name, '/'))
        return access(name, X_OK) == 0 && (size_t)snprintf(ret_path, capacity, "%s", name) < capacity;
    const char *lists[] = {directories, getenv("PATH")};
    for (size_t i = 0; i < 2; i++) {
        const char *at = lists[i];
        while (at && *at) {
            size_t length = strcspn(at, ":");
            int written = snprintf(ret_path, capacity, "%.*s/%s", (int)length, at, name);
            if (length && (size_t)written < capacity && access(ret_path, X_OK) == 0)
                return true;
            at += length + (at[length] == ':');
        }
    }
    return false;
}

static bool same_variable(const char *a, const char *b)
{
    size_t length = strcspn(a, "=");
    return strncmp(a, b, length + 1) == 0;
}

/* Ours without what is replaced, then the additions. Only the array is allocated. */
static char **make_environment(const char *const *additions)
{
    size_t ours = 0, added = 0, count = 0;
    while (environ && environ[ours])
        ours++;
    while (additions && additions[added])
        added++;
    char **result = calloc(ours + added + 1, sizeof *result);
    if (!result)
        return NULL;
    for (size_t i = 0; i < ours; i++) {
        bool replaced = false;
        for (size_t k = 0; k < added; k++)
            replaced |= same_variable(additions[k], environ[i]);
        if (!replaced)
            result[count++] = environ[i];
    }
    for (size_t k = 0; k < added; k++)
        result[count++] = (char *)additions[k];
    return result;
}

/* In the child */

static _Noreturn void fail(const struct launch *launch, enum place where)
{
    struct failure failure = {.where = where, .error = errno};
    ssize_t unused = write(launch->report, &failure, sizeof failure);
    (void)unused;
    _exit(127);
}

void launch_clean_signals(void)
{
    struct sigaction usual = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++)
        sigaction(number, &usual, NULL); /* fails for SIGKILL and SIGSTOP, which is right */
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Nothing of ours that is a signal disposition, a mask or a descriptor reaches the program. */
static void make_clean(const struct launch *launch)
{
    launch_clean_signals();
    int null = open("/dev/null", O_RDWR);
    if (null < 0 || dup2(null, 0) < 0)
        fail(launch, AT_SETUP);
    if (launch->spec->output) {
        int out = open(launch->spec->output, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0600);
        if (out < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
            fail(launch, AT_OUTPUT);
    }
    int fd = launch->spec->output_fd;
    if (fd > 0 && (dup2(fd, 1) < 0 || dup2(fd, 2) < 0))
        fail(launch, AT_SETUP);
    enum {
        CLOSE_ON_EXEC = 4
    }; /* CLOSE_RANGE_CLOEXEC; kernels before 5.11 lack it, and ours are O_CLOEXEC anyway */
    syscall(SYS_close_range, 3U, ~0U, CLOSE_ON_EXEC);
}

static _Noreturn void become_program(const struct launch *launch)
{
    if (setpgid(0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        fail(launch, AT_SETUP);
    if (getppid() != launch->parent) /* it ended before the kernel knew of our wish */
        _exit(127);
    make_clean(launch);
    if (launch->spec->same_addresses)
        personality(ADDR_NO_RANDOMIZE);
    if (launch->spec->directory && chdir(launch->spec->directory) < 0)
        fail(launch, AT_DIRECTORY);
    execve(launch->path, (char *const *)launch->spec->argv, launch->environment);
    fail(launch, AT_EXEC);
}

/* In the parent */

static int explain(const struct launch *launch, struct failure failure, struct err_note *note)
{
    const char *reason = strerror(failure.error);
    switch (failure.where) {
    case AT_DIRECTORY:
        return err_set(
            note, ERR_IO, "%s: cannot run in %s: %s", launch->path, launch->spec->directory, reason);
    case AT_OUTPUT:
        return err_set(
            note, ERR_IO, "%s: cannot write to %s: %s", launch->path, launch->spec->output, reason);
    case AT_EXEC:
        return err_set(note, failure.error == EACCES || failure.error == EPERM ? ERR_PERM : ERR_UNAVAILABLE,
            "%s: cannot be executed: %s", launch->path, reason);
    case AT_SETUP:
        break;
    }
    return err_set(note, ERR_INTERNAL, "%s: cannot prepare its process: %s", launch->path, reason);
}

static int fork_child(struct launch *launch, pid_t *ret_pid, struct err_note *note)
{
    int report[2];
    if (pipe2(report, O_CLOEXEC) < 0)
        return err_set(note, ERR_IO, "%s: no pipe: %s", launch->path, strerror(errno));
    launch->parent = getpid();
    launch->report = report[1];
    /* A signal that reached the child before it is clean would run our handler there and write to our loop's
     * pipe. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();
    if (pid == 0)
        become_program(launch);
    int fork_error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(report[1]);
    struct failure failure;
    ssize_t got = 0;
    if (pid > 0)
        do
            got = read(report[0], &failure, sizeof failure);
        while (got < 0 && errno == EINTR);
    close(report[0]);
    if (pid < 0)
        return err_set(note, ERR_IO, "%s: no process: %s", launch->path, strerror(fork_error));
    if (got == sizeof failure) {
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            ;
        return explain(launch, failure, note);
    }
    *ret_pid = pid;
    return 0;
}

int launch_program(const struct proc_spec *spec, pid_t *ret_pid, struct err_note *note)
{
    struct launch launch = {.spec = spec};
    if (!proc_find(spec->argv[0], NULL, launch.path, sizeof launch.path))
        return err_set(note, ERR_UNAVAILABLE, "%s: no such program", spec->argv[0]);
    launch.environment = make_environment(spec->environment);
    int rc = launch.environment ? fork_child(&launch, ret_pid, note)
                                : err_set(note, ERR_NOMEM, "%s: out of memory", launch.path);
    free(launch.environment);
    return rc;
}

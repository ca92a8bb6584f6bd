/* The idea: a helper is forked that unshares the namespaces and then clones process 1 with CLONE_PARENT, so
 * that process 1 is the starter's own child: waiting for it waits for the end of all that is in the space, as
 * the kernel has it. (The starter itself cannot unshare: it would move.) Both tell through one pipe how far
 * they came; a second pipe, whose one end the starter alone holds, tells process 1 if it is too late to ask
 * for the signal that comes with the starter's end. */
#include "io/proc/space_inside.h"
#include "io/proc/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum place { AT_NOTHING, AT_PIPE, AT_FORK, AT_NAMESPACES, AT_USER, AT_INIT, AT_MOUNTS, AT_LINK, AT_DEAD };

/* Sent through the pipe: by the helper, the process that it made or why it could not; by process 1, that it
 * is about to run (AT_NOTHING) or why not. */
struct report {
    enum place where;
    int error;
    pid_t pid;
    char what[48]; /* of AT_LINK */
};

struct launch {
    const struct space_spec *spec;
    space_main *main;
    void *context;
    pid_t starter;
    uid_t uid;
    gid_t gid;
    int report[2], life[2];
};

static void tell(const struct launch *launch, enum place where, int error, const char *what)
{
    struct report report = {.where = where, .error = error};
    snprintf(report.what, sizeof report.what, "%s", what);
    ssize_t unused = write(launch->report[1], &report, sizeof report);
    (void)unused;
}

static _Noreturn void fail(const struct launch *launch, enum place where, int error, const char *what)
{
    tell(launch, where, error, what);
    _exit(127);
}

/* Process 1 */

static void make_clean(const struct launch *launch)
{
    launch_clean_signals();
    close(launch->life[0]);
    close(launch->report[1]);
    setsid();
}

/* Its parent is outside of what it can see, so that getppid() tells nothing. */
static bool starter_lives(const struct launch *launch)
{
    struct pollfd life = {.fd = launch->life[0]};
    return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && poll(&life, 1, 0) == 0;
}

static _Noreturn void be_first(const struct launch *launch)
{
    if (!starter_lives(launch))
        _exit(127);
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        fail(launch, AT_MOUNTS, errno, "");
    /* Where parts of /proc are hidden, as in containers, the kernel allows no new one: the old one stays. */
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
    const char *what;
    int error = space_link(launch->spec, &what);
    if (error)
        fail(launch, AT_LINK, error, what);
    tell(launch, AT_NOTHING, 0, "");
    make_clean(launch);
    int code = launch->main(launch->context);
    fflush(stdout);
    fflush(stderr);
    _exit(code & 0xff);
}

/* The helper */

static int write_file(const char *path, const char *text)
{
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0)
        return errno;
    int error = write(file, text, strlen(text)) < 0 ? errno : 0;
    close(file);
    return error;
}

/* We are root in there, and outside of it who we were. user_namespaces(7). */
static int map_user(const struct launch *launch)
{
    char line[64];
    int error = write_file("/proc/self/setgroups", "deny");
    if (error && error != ENOENT) /* kernels before 3.19 */
        return error;
    snprintf(line, sizeof line, "0 %lu 1", (unsigned long)launch->uid);
    error = write_file("/proc/self/uid_map", line);
    if (error)
        return error;
    snprintf(line, sizeof line, "0 %lu 1", (unsigned long)launch->gid);
    return write_file("/proc/self/gid_map", line);
}

/* Root needs no user namespace, and sees files of other users as they are without one; where a container took
 * its rights away, it is tried like everybody else. */
static void unshare_all(const struct launch *launch)
{
    const int kinds = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC;
    if (launch->uid == 0 && unshare(kinds) == 0)
        return;
    prctl(PR_SET_DUMPABLE, 1); /* or /proc/self belongs to root after a change of user */
    if (unshare(kinds | CLONE_NEWUSER) < 0)
        fail(launch, AT_NAMESPACES, errno, "");
    int error = map_user(launch);
    if (error)
        fail(launch, AT_USER, error, "");
}

/* As fork() of the C library would call it, with CLONE_PARENT. The helper has one thread, and fork() put the
 * library in order for it; what is left to do is the number by which a thread knows itself. */
static pid_t clone_first(void)
{
    int *number = NULL;
    unsigned long flags = CLONE_PARENT | SIGCHLD;
    if (prctl(PR_GET_TID_ADDRESS, &number) == 0 && number)
        flags |= CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
#if defined(__s390x__)
    return (pid_t)syscall(SYS_clone, NULL, flags, NULL, number, NULL);
#elif defined(__x86_64__)
    return (pid_t)syscall(SYS_clone, flags, NULL, NULL, number, NULL);
#else
    return (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, number);
#endif
}

static _Noreturn void help(const struct launch *launch)
{
    close(launch->report[0]);
    close(launch->life[1]);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != launch->starter)
        _exit(127);
    unshare_all(launch);
    pid_t pid = clone_first();
    if (pid == 0)
        be_first(launch);
    struct report report = {
        .where = pid < 0 ? AT_INIT : AT_NOTHING, .error = pid < 0 ? errno : 0, .pid = pid};
    ssize_t unused = write(launch->report[1], &report, sizeof report);
    (void)unused;
    _exit(0);
}

/* The starter */

static long read_number(const char *path)
{
    char text[32];
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return -1;
    ssize_t got = read(file, text, sizeof text - 1);
    close(file);
    if (got <= 0)
        return -1;
    text[got] = '\0';
    return strtol(text, NULL, 10);
}

/* Who forbids namespaces, and what allows them. */
static int forbidden(struct err_note *note)
{
    static const struct {
        const char *path, *name;
        long bad, good;
    } switches[] = {
        {"/proc/sys/kernel/unprivileged_userns_clone", "kernel.unprivileged_userns_clone", 0, 1},
        {"/proc/sys/user/max_user_namespaces", "user.max_user_namespaces", 0, 1000},
        {"/proc/sys/user/max_net_namespaces", "user.max_net_namespaces", 0, 1000},
        {"/proc/sys/user/max_mnt_namespaces", "user.max_mnt_namespaces", 0, 1000},
        {"/proc/sys/user/max_pid_namespaces", "user.max_pid_namespaces", 0, 1000},
        {"/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
            "kernel.apparmor_restrict_unprivileged_userns", 1, 0},
    };
    for (size_t i = 0; i < sizeof switches / sizeof *switches; i++)
        if (read_number(switches[i].path) == switches[i].bad)
            return err_set(note, ERR_PERM,
                "no namespaces of its own: the kernel forbids them (%s is %ld); as root, "
                "\"sysctl -w %s=%ld\" allows them",
                switches[i].name, switches[i].bad, switches[i].name, switches[i].good);
    return err_set(note, ERR_PERM,
        "no namespaces of its own: a policy forbids them (the container's seccomp filter, AppArmor, SELinux "
        "or "
        "a chroot); in a container, run it with the rights to make user namespaces, or as root with "
        "CAP_SYS_ADMIN");
}

static int explain(const struct report *report, struct err_note *note)
{
    const char *reason = strerror(report->error);
    bool refused = report->error == EPERM || report->error == EACCES;
    switch (report->where) {
    case AT_PIPE:
        return err_set(note, ERR_UNAVAILABLE, "no pipe for a process of its own: %s", reason);
    case AT_NAMESPACES:
        if (refused || report->error == ENOSPC || report->error == EUSERS)
            return forbidden(note);
        return err_set(note, report->error == ENOMEM ? ERR_NOMEM : ERR_UNAVAILABLE,
            "no namespaces of its own: %s", reason);
    case AT_FORK:
    case AT_INIT:
        if (report->error == EAGAIN)
            return err_set(note, ERR_UNAVAILABLE,
                "no process of its own: there are as many as are allowed (ulimit -u, or the pids.max of a "
                "container)");
        return err_set(
            note, report->error == ENOMEM ? ERR_NOMEM : ERR_UNAVAILABLE, "no process of its own: %s", reason);
    case AT_LINK:
        if (report->error == EINVAL)
            return err_set(note, ERR_USAGE, "%.48s is no address that loopback can have", report->what);
        if (refused)
            return forbidden(note);
        return err_set(note, ERR_UNAVAILABLE, "no network of its own: %.48s: %s", report->what, reason);
    case AT_USER:
    case AT_MOUNTS:
        if (refused)
            return forbidden(note);
        break;
    case AT_NOTHING:
    case AT_DEAD:
        return err_set(note, ERR_UNAVAILABLE, "a process was killed before it could begin");
    }
    return err_set(
        note, ERR_IO, "no %s of its own: %s", report->where == AT_USER ? "user" : "mounts", reason);
}

static struct report hear(const struct launch *launch)
{
    struct report report = {0};
    ssize_t got;
    do
        got =
            read(launch->report[0], &report, sizeof report); /* smaller than PIPE_BUF: whole or not at all */
    while (got < 0 && errno == EINTR);
    return got == sizeof report ? report : (struct report){.where = AT_DEAD};
}

static void await(pid_t pid)
{
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

/* Which of the two reports comes first is not known. */
static struct report hear_both(const struct launch *launch, pid_t helper, pid_t *ret_pid)
{
    struct report first = hear(launch), second = {.where = AT_DEAD};
    if (first.pid > 0 || first.where == AT_NOTHING || first.where > AT_INIT)
        second = hear(launch);
    await(helper);
    *ret_pid = first.pid > 0 ? first.pid : second.pid;
    return first.where ? first : second;
}

static pid_t fork_helper(struct launch *launch)
{
    sigset_t all, before;
    sigfillset(&all);
    fflush(NULL); /* process 1 does not write again what waits in our buffers */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t helper = fork(); /* no handler of ours runs there: signals stay blocked until they are harmless */
    if (helper == 0)
        help(launch);
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return helper;
}

int space_start(
    const struct space_spec *spec, space_main *main, void *context, pid_t *ret_pid, struct err_note *note)
{
    struct launch launch = {.spec = spec,
        .main = main,
        .context = context,
        .starter = getpid(),
        .uid = geteuid(),
        .gid = getegid(),
        .report = {-1, -1},
        .life = {-1, -1}};
    struct report report = {.where = AT_PIPE};
    pid_t pid = -1;
    if (pipe2(launch.report, O_CLOEXEC) < 0 || pipe2(launch.life, O_CLOEXEC) < 0) {
        report.error = errno;
        goto out;
    }
    pid_t helper = fork_helper(&launch);
    if (helper < 0) {
        report = (struct report){.where = AT_FORK, .error = errno};
        goto out;
    }
    close(launch.report[1]);
    close(launch.life[0]);
    launch.report[1] = launch.life[0] = -1;
    report = hear_both(&launch, helper, &pid);
out:
    for (int i = 0; i < 2; i++) {
        if (launch.report[i] >= 0)
            close(launch.report[i]);
        if (launch.life[i] >= 0)
            close(launch.life[i]);
    }
    if (report.where) {
        await(pid);
        return explain(&report, note);
    }
    *ret_pid = pid;
    return 0;
}

/* The end of a child is seen through SIGCHLD; its pid is kept as a zombie until its whole group has been
 * killed, so that no pid is ever used twice. */
#include "io/proc/proc.h"
#include "io/proc/clock.h"
#include "io/proc/loop_inside.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

struct proc {
    struct proc *next;
    struct loop *loop;
    pid_t pid;
    proc_ended *function;
    void *context;
    struct loop_timer *killer;
    struct proc_end end;
};

static bool reap(struct proc *proc)
{
    siginfo_t info = {0};
    if (waitid(P_PID, (id_t)proc->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0) {
        if (errno == EINTR)
            return false;
    } else if (info.si_pid == 0) {
        return false;
    }
    proc->end = (struct proc_end){.by_signal = info.si_code != CLD_EXITED, .code = info.si_status};
    kill(-proc->pid, SIGKILL); /* its own children, while the zombie still keeps the number */
    waitpid(proc->pid, NULL, 0);
    loop_timer_cancel(proc->killer);
    return true;
}

/* Takes those that ended out of the list first: their functions may start and stop others. */
static void reap_all(struct loop *loop)
{
    struct proc *ended = NULL;
    for (struct proc **at = &loop->procs; *at;) {
        struct proc *proc = *at;
        if (!reap(proc)) {
            at = &proc->next;
            continue;
        }
        *at = proc->next;
        proc->next = ended;
        ended = proc;
    }
    while (ended) {
        struct proc *proc = ended;
        ended = proc->next;
        if (proc->function)
            proc->function(proc->context, proc, proc->end);
        free(proc);
    }
}

static void on_child(void *context, int number)
{
    reap_all(context);
}

int proc_start(struct loop *loop, const struct proc_spec *spec, proc_ended *function, void *context,
    struct proc **ret_proc, struct err_note *note)
{
    if (loop->ending)
        return err_set(note, ERR_UNAVAILABLE, "%s: not started any more", spec->argv[0]);
    if (!loop->reaping) {
        int rc = loop_signal(loop, SIGCHLD, on_child, loop);
        if (rc)
            return err_set(note, rc, "%s: SIGCHLD cannot be caught", spec->argv[0]);
        loop->reaping = true;
    }
    struct proc *proc = calloc(1, sizeof *proc);
    int rc = proc ? launch_program(spec, &proc->pid, note)
                  : err_set(note, ERR_NOMEM, "%s: out of memory", spec->argv[0]);
    if (rc) {
        free(proc);
        return rc;
    }
    proc->loop = loop;
    proc->function = function;
    proc->context = context;
    proc->next = loop->procs;
    loop->procs = proc;
    *ret_proc = proc;
    return 0;
}

pid_t proc_pid(const struct proc *proc)
{
    return proc->pid;
}

static void on_grace_over(void *context)
{
    struct proc *proc = context;
    proc->killer = NULL;
    kill(-proc->pid, SIGKILL);
}

void proc_stop(struct proc *proc, unsigned grace_ms)
{
    if (proc->killer)
        return;
    kill(-proc->pid, SIGTERM);
    if (loop_timer(proc->loop, grace_ms, 0, on_grace_over, proc, &proc->killer))
        kill(-proc->pid, SIGKILL);
}

static void signal_all(struct loop *loop, int number)
{
    for (struct proc *proc = loop->procs; proc; proc = proc->next)
        kill(-proc->pid, number);
}

void proc_end_all(struct loop *loop, unsigned grace_ms)
{
    int64_t until = clock_mono_us() + (int64_t)grace_ms * 1000;
    loop->ending = true;
    signal_all(loop, SIGTERM);
    for (reap_all(loop); loop->procs; reap_all(loop)) {
        if (clock_mono_us() >= until)
            signal_all(loop, SIGKILL);
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    loop->ending = false;
}

void proc_kill_all(struct loop *loop)
{
    signal_all(loop, SIGKILL);
    while (loop->procs) {
        struct proc *proc = loop->procs;
        loop->procs = proc->next;
        waitpid(proc->pid, NULL, 0);
        free(proc); /* its timer is a member of the loop */
    }
}

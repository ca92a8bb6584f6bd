/* proc: child processes of a loop, launched as in launch.h, that never outlive us: a Ctrl-C in the terminal
 * reaches us only, and we end them in order. Start children from the thread that runs the loop, and let that
 * be the main thread; let resolvers run as the user that we run as. */
#ifndef IO_PROC_PROC_H
#define IO_PROC_PROC_H

#include "io/proc/launch.h"
#include "io/proc/loop.h"

#include <stdbool.h>
#include <sys/types.h>

struct proc;

struct proc_end {
    bool by_signal;
    int code; /* exit code, or number of the signal */
};

/* Called once, in the loop, after the child has ended and been reaped; `proc` is freed when it returns. */
typedef void proc_ended(void *context, struct proc *proc, struct proc_end end);

/* Errors as launch_program(). `function` may be NULL. */
int proc_start(struct loop *loop, const struct proc_spec *spec, proc_ended *function, void *context,
    struct proc **ret_proc, struct err_note *note);

pid_t proc_pid(const struct proc *proc);

/* SIGTERM to the child's group, and SIGKILL if it still runs after `grace_ms`. Returns at once; proc_ended
 * tells. */
void proc_stop(struct proc *proc, unsigned grace_ms);

/* Ends every child of the loop in the same way and waits for it here; calls their proc_ended. Not from one of
 * those. */
void proc_end_all(struct loop *loop, unsigned grace_ms);

#endif

/* proc: child processes that never outlive us.
 *
 * Each child leads a process group of its own (a Ctrl-C in the terminal reaches us only, and we end it in
 * order) and gets SIGKILL from the kernel when the thread that started it ends, however that happens. Start
 * children from the thread that runs the loop, and let that be the main thread. A child that changes its own
 * user or is setuid loses this bond (prctl(2), PR_SET_PDEATHSIG): let resolvers run as the user that we run
 * as. Nothing of ours is inherited: no descriptor but 0 to 2, no blocked or ignored signal. Standard input is
 * /dev/null. */
#ifndef IO_PROC_PROC_H
#define IO_PROC_PROC_H

#include "io/proc/loop.h"

#include <stdbool.h>
#include <sys/types.h>

struct proc;

struct proc_spec {
    const char *const *argv; /* NULL-terminated; argv[0] is searched in PATH if it holds no slash */
    const char *const
        *environment;      /* "NAME=value" added to ours or in place of it, NULL-terminated; or NULL */
    const char *directory; /* where to run; NULL: where we are */
    const char *output;    /* file for stdout and stderr, appended to, mode 0600; NULL: as ours */
};

struct proc_end {
    bool by_signal;
    int code; /* exit code, or number of the signal */
};

/* Called once, in the loop, after the child has ended and been reaped; `proc` is freed when it returns. */
typedef void proc_ended(void *context, struct proc *proc, struct proc_end end);

/* Returns after the program was executed, so that failures are known: ERR_UNAVAILABLE if there is no such
 * program, ERR_PERM, ERR_IO (directory, output), ERR_NOMEM; the note names it. `function` may be NULL. */
int proc_start(struct loop *loop, const struct proc_spec *spec, proc_ended *function, void *context,
    struct proc **ret_proc, struct err_note *note);

pid_t proc_pid(const struct proc *proc);

/* SIGTERM to the child's group, and SIGKILL if it still runs after `grace_ms`. Returns at once; proc_ended
 * tells. */
void proc_stop(struct proc *proc, unsigned grace_ms);

/* Ends every child of the loop in the same way and waits for it here; calls their proc_ended. Not from one of
 * those. */
void proc_end_all(struct loop *loop, unsigned grace_ms);

/* The path of a program: `name` itself if it holds a slash and is executable, else the first one of the
 * directories (colon-separated, such as "/usr/sbin:/usr/bin"; may be NULL) and then of PATH. Writes it and
 * returns true, or false. */
bool proc_find(const char *name, const char *directories, char *ret_path, size_t capacity);

#endif

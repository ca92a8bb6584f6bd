/* launch: starts a program as a process of its own. Who has a loop starts it with proc.h, which learns of its
 * end as well.
 *
 * Each child leads a process group of its own and gets SIGKILL from the kernel when the thread that started
 * it ends, however that happens. A child that changes its own user or is setuid loses this bond (prctl(2),
 * PR_SET_PDEATHSIG). Nothing of ours is inherited: no descriptor but 0 to 2, no blocked or ignored signal.
 * Standard input is /dev/null. */
#ifndef IO_PROC_LAUNCH_H
#define IO_PROC_LAUNCH_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct proc_spec {
    const char *const *argv; /* NULL-terminated; argv[0] is searched in PATH if it holds no slash */
    const char *const
        *environment;      /* "NAME=value" added to ours or in place of it, NULL-terminated; or NULL */
    const char *directory; /* where to run; NULL: where we are */
    const char *output;    /* file for stdout and stderr, appended to, mode 0600; NULL: as ours */
    int output_fd;         /* above 0: stdout and stderr in place of a file */
    bool same_addresses;   /* its memory lies at the same addresses each time, where the kernel allows it */
};

/* Returns after the program was executed, so that failures are known: ERR_UNAVAILABLE if there is no such
 * program, ERR_PERM, ERR_IO (directory, output), ERR_NOMEM; the note names it. The caller waits for its end.
 */
int launch_program(const struct proc_spec *spec, pid_t *ret_pid, struct err_note *note);

/* For a process that was just forked: every signal is at its default and none is blocked. Async-signal-safe.
 */
void launch_clean_signals(void);

/* The path of a program: `name` itself if it holds a slash and is executable, else the first one of the
 * directories (colon-separated, such as "/usr/sbin:/usr/bin"; may be NULL) and then of PATH. Writes it and
 * returns true, or false. */
bool proc_find(const char *name, const char *directories, char *ret_path, size_t capacity);

#endif

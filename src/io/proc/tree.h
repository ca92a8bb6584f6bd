/* tree: a directory and all that is in it. */
#ifndef IO_PROC_TREE_H
#define IO_PROC_TREE_H

#include "base/err.h"

#include <sys/types.h>

/* Removes it; symbolic links are removed, not followed, and other file systems are not entered. What cannot
 * be removed stays. ERR_IO if anything did. */
int tree_remove(const char *path);

/* The same with all that is in it; the directory itself stays. */
int tree_empty(const char *path);

/* A process beside the caller's that removes the directory when the caller has ended, also by SIGKILL, and
 * everybody whom he forked since (who executed a program does not count). */
struct tree_guard {
    pid_t pid;
    int fd;
};

/* To be called before there are threads. ERR_UNAVAILABLE: no process or pipe can be had. */
int tree_guard_begin(const char *path, struct tree_guard *ret_guard, struct err_note *note);

/* Has it removed now, and waits for that. */
void tree_guard_end(struct tree_guard *guard);

#endif

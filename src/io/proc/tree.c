#include "io/proc/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DESCRIPTORS = 16 };

/* What stays is seen at the end. */
static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status, (void)kind, (void)where;
    remove(path);
    return 0;
}

static int remove_inner(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    return where->level ? remove_entry(path, status, kind, where) : 0;
}

static int count_inner(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)path, (void)status, (void)kind;
    return where->level; /* ends the walk at the first */
}

int tree_remove(const char *path)
{
    nftw(path, remove_entry, DESCRIPTORS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    return access(path, F_OK) && errno == ENOENT ? 0 : ERR_IO;
}

int tree_empty(const char *path)
{
    nftw(path, remove_inner, DESCRIPTORS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    return nftw(path, count_inner, DESCRIPTORS, FTW_PHYS | FTW_MOUNT) == 0 ? 0 : ERR_IO;
}

/* ---- after the end of who made it ---- */

/* The other end of the pipe closes when all who hold it are gone. Keys of a terminal do not reach a session
 * of its own. */
static void guard(const char *path, int fd)
{
    char nothing;
    setsid();
    while (read(fd, &nothing, 1) < 0 && errno == EINTR)
        ;
    tree_remove(path);
    _exit(0);
}

int tree_guard_begin(const char *path, struct tree_guard *ret_guard, struct err_note *note)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC))
        return err_set(note, ERR_UNAVAILABLE, "no pipe can be had: %s", strerror(errno));
    pid_t pid = fork();
    if (pid < 0) {
        int number = errno;
        close(ends[0]);
        close(ends[1]);
        return err_set(note, ERR_UNAVAILABLE, "no process can be had: %s", strerror(number));
    }
    if (pid == 0) {
        close(ends[1]);
        guard(path, ends[0]);
    }
    close(ends[0]);
    *ret_guard = (struct tree_guard){pid, ends[1]};
    return 0;
}

void tree_guard_end(struct tree_guard *guard)
{
    close(guard->fd);
    while (waitpid(guard->pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

#include "io/proc/tree.h"

#include "base/err.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
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

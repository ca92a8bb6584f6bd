#include "io/proc/tree.h"

#include "base/err.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <unistd.h>

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status, (void)kind, (void)where;
    remove(path); /* what stays is seen at the end: the directory above cannot be removed either */
    return 0;
}

int tree_remove(const char *path)
{
    enum { DESCRIPTORS = 16 };
    nftw(path, remove_entry, DESCRIPTORS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    return access(path, F_OK) && errno == ENOENT ? 0 : ERR_IO;
}

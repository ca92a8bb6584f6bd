/* The idea: mount(2), with what the kernel says put into words. Flags that came with a mount from outside
 * (nosuid, nodev …) may not be dropped in a user namespace, and are repeated. mount_namespaces(7). */
#include "io/proc/space.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

enum { OPTIONS_MAX = 4096 /* mount(2) takes one page */ };

static int refuse(int error, const char *what, const char *path, struct err_note *note)
{
    static const struct {
        int error, rc;
    } codes[] = {{ENOENT, ERR_NOINPUT}, {ENOTDIR, ERR_NOINPUT}, {ELOOP, ERR_NOINPUT},
        {ENAMETOOLONG, ERR_NOINPUT}, {EPERM, ERR_PERM}, {EACCES, ERR_PERM}, {ENODEV, ERR_UNAVAILABLE},
        {EBUSY, ERR_UNAVAILABLE}, {ENOSPC, ERR_UNAVAILABLE}, {ENOMEM, ERR_NOMEM}};
    int rc = ERR_IO;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i].error == error)
            rc = codes[i].rc;
    const char *reason = error == ENODEV  ? "the kernel has no such file system"
                         : error == EBUSY ? "a file in it is open for writing"
                                          : strerror(error);
    return err_set(note, rc, "%.200s: %s: %s", path, what, reason);
}

int space_bind(const char *from, const char *to, struct err_note *note)
{
    struct stat status;
    if (stat(from, &status) < 0)
        return refuse(errno, "cannot be shown elsewhere", from, note);
    if (mount(from, to, NULL, MS_BIND | MS_REC, NULL) < 0)
        return refuse(errno, "nothing can be mounted there", to, note);
    return 0;
}

/* Adds a path to the options of overlayfs, in which colon, comma and backslash are special. */
static size_t add_escaped(char *options, size_t at, const char *path)
{
    for (; *path && at + 2 < OPTIONS_MAX; path++) {
        if (strchr(":,\\", *path))
            options[at++] = '\\';
        options[at++] = *path;
    }
    options[at] = '\0';
    return *path ? OPTIONS_MAX : at;
}

int space_overlay(const char *lower, const char *at, struct err_note *note)
{
    char options[OPTIONS_MAX] = "lowerdir=";
    struct stat status;
    if (stat(lower, &status) < 0)
        return refuse(errno, "cannot be laid over another directory", lower, note);
    size_t length = add_escaped(options, strlen(options), lower);
    if (length + 2 < OPTIONS_MAX) {
        options[length++] = ':';
        length = add_escaped(options, length, at);
    }
    if (length >= OPTIONS_MAX - 1)
        return refuse(ENAMETOOLONG, "cannot be laid over another directory", lower, note);
    if (mount("overlay", at, "overlay", MS_RDONLY, options) < 0)
        return refuse(errno, "nothing can be laid over it", at, note);
    return 0;
}

int space_tmpfs(const char *at, struct err_note *note)
{
    if (mount("tmpfs", at, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") < 0)
        return refuse(errno, "no file system in memory can be mounted there", at, note);
    return 0;
}

/* 1, 0, or -1 with errno. */
static int is_mount(const char *path)
{
    struct statx status;
    if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, 0, &status) < 0)
        return -1;
    return (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

static unsigned long flags_of(const char *path)
{
    static const struct {
        unsigned long said, flag;
    } kept[] = {{ST_NOSUID, MS_NOSUID}, {ST_NODEV, MS_NODEV}, {ST_NOEXEC, MS_NOEXEC},
        {ST_NOATIME, MS_NOATIME}, {ST_NODIRATIME, MS_NODIRATIME}, {ST_RELATIME, MS_RELATIME}};
    struct statvfs status;
    unsigned long flags = 0;
    if (statvfs(path, &status) == 0)
        for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
            if (status.f_flag & kept[i].said)
                flags |= kept[i].flag;
    return flags;
}

int space_read_only(const char *path, bool on, struct err_note *note)
{
    const char *what = on ? "cannot be made read only" : "cannot be made writable";
    int mounted = is_mount(path);
    if (mounted < 0 || (!mounted && mount(path, path, NULL, MS_BIND, NULL) < 0))
        return refuse(errno, what, path, note);
    unsigned long flags = MS_BIND | MS_REMOUNT | flags_of(path) | (on ? MS_RDONLY : 0UL);
    int rc = mount(NULL, path, NULL, flags, NULL);
    if (rc < 0 && on &&
        errno == EBUSY) { /* a file in it is being written: that goes on below a mount of its own */
        rc = mount(path, path, NULL, MS_BIND, NULL);
        rc = rc < 0 ? rc : mount(NULL, path, NULL, flags, NULL);
    }
    return rc < 0 ? refuse(errno, what, path, note) : 0;
}

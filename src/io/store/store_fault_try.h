/* What the tests of faults share: files damaged, processes that end badly, file systems of their own. */
#ifndef IO_STORE_STORE_FAULT_TRY_H
#define IO_STORE_STORE_FAULT_TRY_H

#include "io/store/store_test_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <cmocka.h>

struct image {
    unsigned char *bytes;
    size_t length;
};

static inline struct image read_image(const char *directory, const char *file)
{
    char path[128];
    struct stat status;
    snprintf(path, sizeof path, "%s/%s", directory, file);
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0 && fstat(fd, &status) == 0);
    struct image image = {malloc((size_t)status.st_size), (size_t)status.st_size};
    assert_int_equal(read(fd, image.bytes, image.length), (ssize_t)image.length);
    close(fd);
    return image;
}

static inline void write_image(
    const char *directory, const char *file, const unsigned char *bytes, size_t length)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", directory, file);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, length), (ssize_t)length);
    close(fd);
}

static inline uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

/* Some octets changed, a page blanked, or the end cut off. */
static inline size_t damage(unsigned char *bytes, size_t length, uint32_t *seed)
{
    uint32_t kind = next_random(seed) % 4;
    if (kind == 0)
        return next_random(seed) % length;
    if (kind == 1) {
        size_t page = next_random(seed) % (length / 4096) * 4096;
        memset(bytes + page, (int)(next_random(seed) & 0xff), 4096);
    } else {
        for (uint32_t i = 0; i < (kind == 2 ? 3u : 200u); i++)
            bytes[next_random(seed) % (kind == 2 && i ? 4096 : length)] = (unsigned char)next_random(seed);
    }
    return length;
}

/* Runs a function in a child, so that what it does to itself ends with it. 77: it could not be tried. */
static inline int in_child(int (*run)(void *), void *context)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        _exit(run(context));
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (!WIFEXITED(status))
        fail_msg("the child ended by signal %d", WTERMSIG(status));
    if (WEXITSTATUS(status) == 77) {
        print_message("skipped: needs root, or user namespaces\n");
        skip();
    }
    return WEXITSTATUS(status);
}

/* Writes to a file of /proc. If it fails, what needs it will. */
static inline void tell_kernel(const char *path, const char *line)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd >= 0 && write(fd, line, strlen(line)) < 0)
        print_message("%s: %s\n", path, strerror(errno));
    if (fd >= 0)
        close(fd);
}

/* A view of the file system in which this process may mount: as root, or as any user in a user namespace of
 * its own. */
static inline int own_mounts(void)
{
    char users[32], groups[32];
    uid_t user = geteuid();
    snprintf(users, sizeof users, "%u %u 1", user, user);
    snprintf(groups, sizeof groups, "%u %u 1", getegid(), getegid());
    if (unshare(user == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) != 0)
        return 77;
    if (user != 0) {
        tell_kernel("/proc/self/setgroups", "deny");
        tell_kernel("/proc/self/uid_map", users);
        tell_kernel("/proc/self/gid_map", groups);
    }
    return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 ? 0 : 77;
}

#endif

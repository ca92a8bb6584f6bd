/* Files. A plan is changed by a new file that takes the old one's name in one step: who reads at any moment,
 * or after any crash, finds the old plan or the new one. The lock is on the old file: who waited for it finds
 * that the name stands for another file now, and begins again. */
#include "io/yaml/plan_yaml.h"

#include "base/text.h"
#include "io/yaml/yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LOCK_WAIT_MS = 10000, LOCK_STEP_MS = 20 };

static int system_error(struct err_note *note, const char *path, const char *what)
{
    int err = errno == EACCES || errno == EPERM || errno == EROFS ? ERR_PERM
              : errno == ENOENT || errno == ENOTDIR               ? ERR_NOINPUT
              : errno == ENOMEM                                   ? ERR_NOMEM
                                                                  : ERR_IO;
    return err_set(note, err, "%s: %s: %s", path, what, strerror(errno));
}

/* Everything of a descriptor, at most YAML_MAX_SIZE octets. */
static int read_all(int fd, const char *path, struct text *ret_text, struct err_note *note)
{
    char buffer[16384];
    for (;;) {
        ssize_t size = read(fd, buffer, sizeof buffer);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return errno == EISDIR ? err_set(note, ERR_NOINPUT, "%s: is a directory", path)
                                   : system_error(note, path, "cannot be read");
        if (size == 0)
            return 0;
        text_add_bytes(ret_text, buffer, (size_t)size);
        if (ret_text->failed)
            return err_set(note, ERR_NOMEM, "%s: out of memory", path);
        if (ret_text->length > YAML_MAX_SIZE)
            return err_set(note, ERR_DATA, "%s: larger than 1 MiB", path);
    }
}

/* The whole of a file, or of standard input for "-". */
static int read_path(const char *path, struct text *ret_text, struct err_note *note)
{
    bool is_stdin = strcmp(path, "-") == 0;
    int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return system_error(note, path, "cannot be opened");
    int rc = read_all(fd, is_stdin ? "stdin" : path, ret_text, note);
    if (!is_stdin)
        close(fd);
    return rc;
}

int plan_yaml_read_file(const char *path, struct plan **ret_plan, struct err_note *note)
{
    struct text text;
    text_start(&text);
    int rc = read_path(path, &text, note);
    rc = rc ? rc
            : plan_yaml_read(
                  strcmp(path, "-") == 0 ? "stdin" : path, text.string, text.length, ret_plan, note);
    text_free(&text);
    return rc;
}

static bool is_missing(const char *path)
{
    return strcmp(path, "-") != 0 && access(path, F_OK) && errno == ENOENT;
}

static int no_such_plan(const char *name, struct err_note *note)
{
    char names[256] = "";
    for (size_t i = 0; i < plan_builtin_count(); i++)
        snprintf(
            names + strlen(names), sizeof names - strlen(names), "%s%s", i ? ", " : "", plan_builtin_name(i));
    return err_set(
        note, ERR_NOINPUT, "no file and no built-in plan is named '%.200s'; built-in are %s", name, names);
}

int plan_yaml_find(const char *name_or_path, struct plan **ret_plan, struct err_note *note)
{
    int rc = plan_builtin(name_or_path, ret_plan);
    if (rc != ERR_NOINPUT)
        return rc ? err_set(note, rc, "out of memory") : 0;
    return is_missing(name_or_path) ? no_such_plan(name_or_path, note)
                                    : plan_yaml_read_file(name_or_path, ret_plan, note);
}

struct target {
    char *path, *temporary;
    int fd, directory; /* fd: of the old file, locked; -1: there is none */
    struct stat stat;  /* of the old file */
};

static const char *file_name(const struct target *t)
{
    const char *slash = strrchr(t->path, '/');
    return slash ? slash + 1 : t->path;
}

static void close_target(struct target *t)
{
    if (t->fd >= 0)
        close(t->fd); /* and the lock is gone */
    if (t->directory >= 0)
        close(t->directory);
    free(t->path);
    free(t->temporary);
}

static int wait_for_lock(struct target *t, struct err_note *note)
{
    for (int waited = 0; flock(t->fd, LOCK_EX | LOCK_NB); waited += LOCK_STEP_MS) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return system_error(note, t->path, "cannot be locked");
        if (waited >= LOCK_WAIT_MS)
            return err_set(note, ERR_UNAVAILABLE, "%s: another program holds its lock for more than %d s",
                t->path, LOCK_WAIT_MS / 1000);
        nanosleep(&(struct timespec){.tv_nsec = LOCK_STEP_MS * 1000000L}, NULL);
    }
    return 0;
}

/* Opens and locks the file that the path stands for when the lock is had. */
static int open_locked(struct target *t, struct err_note *note)
{
    for (;;) {
        struct stat now;
        t->fd = open(t->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (t->fd < 0)
            return system_error(note, t->path, "cannot be opened");
        int rc = wait_for_lock(t, note);
        if (rc)
            return rc;
        if (fstat(t->fd, &t->stat))
            return system_error(note, t->path, "cannot be examined");
        if (stat(t->path, &now) == 0 && now.st_ino == t->stat.st_ino && now.st_dev == t->stat.st_dev)
            return 0;
        close(t->fd);
    }
}

/* The directory in which the file stands, and the name under which the new one is made there. */
static int open_directory(struct target *t, struct err_note *note)
{
    char *copy = strdup(t->path);
    if (!copy)
        return err_set(note, ERR_NOMEM, "out of memory");
    t->directory = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(copy);
    if (t->directory < 0)
        return system_error(note, t->path, "its directory cannot be opened");
    if (asprintf(&t->temporary, ".%.200s.rollcall-new", file_name(t)) < 0) {
        t->temporary = NULL;
        return err_set(note, ERR_NOMEM, "out of memory");
    }
    return 0;
}

static int open_target(struct target *t, const char *path, struct err_note *note)
{
    *t = (struct target){.fd = -1, .directory = -1, .path = realpath(path, NULL)};
    if (!t->path)
        return system_error(note, path, "cannot be opened");
    int rc = open_locked(t, note);
    if (rc)
        return rc;
    if (!S_ISREG(t->stat.st_mode))
        return err_set(note, ERR_NOINPUT, "%s: is no regular file", t->path);
    if (access(t->path, W_OK))
        return system_error(note, t->path, "may not be changed");
    return open_directory(t, note);
}

static int write_all(int fd, const char *bytes, size_t length)
{
    while (length) {
        ssize_t size = write(fd, bytes, length);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return -1;
        bytes += size;
        length -= (size_t)size;
    }
    return 0;
}

/* Fills the temporary file and gives it the old one's owner and mode, in this order: a chown may clear bits.
 */
static int fill_temporary(const struct target *t, int fd, const struct text *text, struct err_note *note)
{
    struct stat made;
    if (write_all(fd, text->string, text->length))
        return system_error(note, t->path, "is unchanged: the new text cannot be written");
    if (t->fd >= 0 && fstat(fd, &made))
        return system_error(note, t->path, "is unchanged: the new file cannot be examined");
    bool same_owner = t->fd < 0 || (made.st_uid == t->stat.st_uid && made.st_gid == t->stat.st_gid);
    if (!same_owner && fchown(fd, t->stat.st_uid, t->stat.st_gid))
        return system_error(note, t->path, "is unchanged: its owner cannot be kept");
    if (t->fd >= 0 && fchmod(fd, t->stat.st_mode & 07777))
        return system_error(note, t->path, "is unchanged: its mode cannot be kept");
    if (fsync(fd))
        return system_error(note, t->path, "is unchanged: the new text cannot be written");
    return 0;
}

/* What a killed rollcall left behind has the same name: the lock says that nobody else uses it. */
static int replace(const struct target *t, const struct text *text, struct err_note *note)
{
    unlinkat(t->directory, t->temporary, 0);
    int fd = openat(t->directory, t->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
        t->fd < 0 ? 0666 : 0600);
    if (fd < 0)
        return system_error(note, t->path, "is unchanged: no file can be made beside it");
    int rc = fill_temporary(t, fd, text, note);
    if (close(fd) && !rc)
        rc = system_error(note, t->path, "is unchanged: the new text cannot be written");
    if (!rc && renameat(t->directory, t->temporary, t->directory, file_name(t)))
        rc = system_error(note, t->path, "is unchanged: the new file cannot take its place");
    if (rc) {
        unlinkat(t->directory, t->temporary, 0);
        return rc;
    }
    return fsync(t->directory)
               ? system_error(note, t->path, "is changed, but its directory cannot be written to the disk")
               : 0;
}

/* Old text to new plan and new text. */
static int change_text(const char *name, const struct text *old, plan_yaml_operate *operate, void *context,
    struct plan **ret_plan, bool *ret_rewritten, struct text *ret_text, struct err_note *note)
{
    struct plan *before, *after;
    int rc = plan_yaml_read(name, old->string, old->length, &before, note);
    if (rc)
        return rc;
    rc = operate(before, context, &after, note);
    plan_free(before);
    if (rc)
        return rc;
    if (plan_yaml_edit(old->string, old->length, after, ret_text, ret_rewritten)) {
        plan_free(after);
        return err_set(note, ERR_NOMEM, "%s: out of memory", name);
    }
    *ret_plan = after;
    return 0;
}

int plan_yaml_change(const char *path, plan_yaml_operate *operate, void *context, struct plan **ret_plan,
    bool *ret_rewritten, struct err_note *note)
{
    struct target target;
    struct text old, new;
    struct plan *after = NULL;
    text_start(&old);
    text_start(&new);
    if (is_missing(path))
        return no_such_plan(path, note);
    int rc = open_target(&target, path, note);
    rc = rc ? rc : read_all(target.fd, path, &old, note);
    rc = rc ? rc : change_text(path, &old, operate, context, &after, ret_rewritten, &new, note);
    rc = rc ? rc : replace(&target, &new, note);
    close_target(&target);
    text_free(&old);
    text_free(&new);
    if (rc)
        plan_free(after);
    else
        *ret_plan = after;
    return rc;
}

static int derive_builtin(const struct plan *plan, plan_yaml_operate *operate, void *context,
    struct plan **ret_plan, struct text *ret_text, struct err_note *note)
{
    struct plan *after;
    int rc = operate(plan, context, &after, note);
    if (rc)
        return rc;
    if (plan_yaml_write(after, ret_text)) {
        plan_free(after);
        return err_set(note, ERR_NOMEM, "out of memory");
    }
    *ret_plan = after;
    return 0;
}

int plan_yaml_derive(const char *name_or_path, plan_yaml_operate *operate, void *context,
    struct plan **ret_plan, bool *ret_rewritten, struct text *ret_text, struct err_note *note)
{
    struct plan *builtin;
    if (plan_builtin(name_or_path, &builtin) == 0) {
        int rc = derive_builtin(builtin, operate, context, ret_plan, ret_text, note);
        plan_free(builtin);
        *ret_rewritten = false;
        return rc;
    }
    struct text old;
    text_start(&old);
    int rc =
        is_missing(name_or_path) ? no_such_plan(name_or_path, note) : read_path(name_or_path, &old, note);
    rc = rc ? rc : change_text(name_or_path, &old, operate, context, ret_plan, ret_rewritten, ret_text, note);
    text_free(&old);
    return rc;
}

int plan_yaml_save(const char *path, const struct text *text, struct err_note *note)
{
    struct target target = {.fd = -1, .directory = -1, .path = strdup(path)};
    int rc = target.path ? open_directory(&target, note) : err_set(note, ERR_NOMEM, "out of memory");
    rc = rc ? rc : replace(&target, text, note);
    close_target(&target);
    return rc;
}

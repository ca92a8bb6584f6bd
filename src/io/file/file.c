/* A draft is made beside the file, locked, filled, and renamed. Whoever finds a draft waits for its lock: the
 * one that then still has the name was left by a program that was killed. */
#include "io/file/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LOCK_STEP_MS = 20, MODE_BITS = 07777, MOST_DRAFTS = 1000 };

int file_error(struct err_note *note, const char *path, const char *what)
{
    static const struct {
        int number, err;
    } errors[] = {{EACCES, ERR_PERM}, {EPERM, ERR_PERM}, {EROFS, ERR_PERM}, {ENOENT, ERR_NOINPUT},
        {ENOTDIR, ERR_NOINPUT}, {EISDIR, ERR_NOINPUT}, {ENOMEM, ERR_NOMEM}};
    int number = errno, err = ERR_IO;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        err = errors[i].number == number ? errors[i].err : err;
    return err_set(note, err, "%s: %s: %s", path, what, strerror(number));
}

static int no_memory(struct err_note *note, const char *path)
{
    return err_set(note, ERR_NOMEM, "%s: out of memory", path);
}

/* ---- reading ---- */

static int too_large(struct err_note *note, const char *path, size_t most)
{
    bool whole = most >= 1 << 20 && most % (1 << 20) == 0;
    return err_set(
        note, ERR_DATA, "%s: larger than %zu %s", path, whole ? most >> 20 : most, whole ? "MiB" : "octets");
}

int file_read_rest(int fd, const char *path, size_t most, struct text *text, struct err_note *note)
{
    char buffer[65536];
    size_t begin = text->length;
    for (;;) {
        ssize_t size = read(fd, buffer, sizeof buffer);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return file_error(note, path, "cannot be read");
        if (size == 0)
            return 0;
        text_add_bytes(text, buffer, (size_t)size);
        if (text->failed)
            return no_memory(note, path);
        if (text->length - begin > most)
            return too_large(note, path, most);
    }
}

int file_read_all(const char *path, size_t most, char **ret_bytes, size_t *ret_length, struct err_note *note)
{
    struct text text;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return file_error(note, path, "cannot be opened");
    text_start(&text);
    int err = file_read_rest(fd, path, most, &text, note);
    char *bytes = err ? NULL : malloc(text.length + 1);
    if (!err && !bytes)
        err = no_memory(note, path);
    if (!err) {
        memcpy(bytes, text.string, text.length + 1);
        *ret_bytes = bytes;
        *ret_length = text.length;
    }
    text_free(&text);
    close(fd);
    return err;
}

/* ---- the parts ---- */

int file_lock(int fd, const char *path, bool shared, struct err_note *note)
{
    for (int waited_ms = 0; flock(fd, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB); waited_ms += LOCK_STEP_MS) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return file_error(note, path, "cannot be locked");
        if (waited_ms >= FILE_LOCK_WAIT_S * 1000)
            return err_set(note, ERR_UNAVAILABLE, "%s: another program holds its lock for more than %d s",
                path, FILE_LOCK_WAIT_S);
        nanosleep(&(struct timespec){.tv_nsec = LOCK_STEP_MS * 1000000L}, NULL);
    }
    return 0;
}

int file_write(int fd, const char *bytes, size_t length)
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

static int open_directory(const char *path)
{
    char *copy = strdup(path);
    int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    free(copy);
    return fd;
}

/* Some file systems cannot do it for directories, and say EINVAL. */
static int sync_names(int directory)
{
    return fsync(directory) && errno != EINVAL ? -1 : 0;
}

int file_sync_directory(const char *path)
{
    int fd = open_directory(path);
    int failed = fd < 0 ? -1 : sync_names(fd), number = errno;
    if (fd >= 0)
        close(fd);
    errno = number;
    return failed;
}

/* ---- what is replaced ---- */

struct file_held {
    char *path;    /* without symbolic links */
    char *draft;   /* the name of the new file */
    int directory; /* in which both stand */
    int fd;        /* of the old file, locked; -1: not held */
    bool exists;
    struct stat old;
};

static const char *file_name(const struct file_held *held)
{
    const char *slash = strrchr(held->path, '/');
    return slash ? slash + 1 : held->path;
}

void file_release(struct file_held *held)
{
    if (!held)
        return;
    if (held->fd >= 0)
        close(held->fd); /* and the lock is gone */
    if (held->directory >= 0)
        close(held->directory);
    free(held->path);
    free(held->draft);
    free(held);
}

/* "is unchanged: …" of a file that is there. */
static int unchanged(const struct file_held *held, struct err_note *note, const char *what)
{
    char text[200];
    snprintf(text, sizeof text, "%s: %s", held->exists ? "is unchanged" : "is not made", what);
    return file_error(note, held->path, text);
}

/* Follows links. A link that leads nowhere is not replaced by a file. */
static int find(const char *path, struct file_held *held, struct err_note *note)
{
    struct stat link;
    held->path = realpath(path, NULL);
    held->exists = held->path != NULL;
    if (!held->path && errno != ENOENT)
        return file_error(note, path, "cannot be opened");
    if (!held->path && lstat(path, &link) == 0)
        return err_set(note, ERR_NOINPUT, "%s: is a link that leads nowhere", path);
    if (!held->path && !(held->path = strdup(path)))
        return no_memory(note, path);
    return 0;
}

static int check(struct file_held *held, struct err_note *note)
{
    if (held->exists && !S_ISREG(held->old.st_mode))
        return err_set(note, ERR_NOINPUT, "%s: is no regular file", held->path);
    if (held->exists && access(held->path, W_OK))
        return file_error(note, held->path, "may not be changed");
    held->directory = open_directory(held->path);
    if (held->directory < 0)
        return unchanged(held, note, "its directory cannot be opened");
    if (asprintf(&held->draft, ".%.200s.%u.rollcall-new", file_name(held), (unsigned)geteuid()) < 0) {
        held->draft = NULL;
        return no_memory(note, held->path);
    }
    return 0;
}

static struct file_held *held_new(void)
{
    struct file_held *held = calloc(1, sizeof *held);
    if (held)
        held->fd = held->directory = -1;
    return held;
}

static int find_new(const char *path, struct file_held **ret_held, struct err_note *note)
{
    struct file_held *held = held_new();
    int err = held ? find(path, held, note) : no_memory(note, path);
    if (!err && held->exists && stat(held->path, &held->old))
        err = file_error(note, path, "cannot be examined");
    err = err ? err : check(held, note);
    if (err)
        file_release(held);
    else
        *ret_held = held;
    return err;
}

static int hold(struct file_held *held, struct err_note *note)
{
    for (;;) {
        struct stat now;
        held->fd = open(held->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (held->fd < 0)
            return file_error(note, held->path, "cannot be opened");
        int err = file_lock(held->fd, held->path, false, note);
        if (err)
            return err;
        if (fstat(held->fd, &held->old))
            return file_error(note, held->path, "cannot be examined");
        if (stat(held->path, &now) == 0 && now.st_ino == held->old.st_ino && now.st_dev == held->old.st_dev)
            return check(held, note);
        close(held->fd); /* it was replaced meanwhile */
    }
}

int file_hold(const char *path, struct file_held **ret_held, struct err_note *note)
{
    struct file_held *held = held_new();
    if (!held)
        return no_memory(note, path);
    int err;
    if ((held->path = realpath(path, NULL))) {
        held->exists = true;
        err = hold(held, note);
    } else {
        err = file_error(note, path, "cannot be opened");
    }
    if (err)
        file_release(held);
    else
        *ret_held = held;
    return err;
}

int file_held_read(struct file_held *held, size_t most, struct text *text, struct err_note *note)
{
    return lseek(held->fd, 0, SEEK_SET) < 0 ? file_error(note, held->path, "cannot be read")
                                            : file_read_rest(held->fd, held->path, most, text, note);
}

/* ---- replacing ---- */

static bool has_name(const struct file_held *held, int fd)
{
    struct stat it, named;
    return fstat(fd, &it) == 0 && fstatat(held->directory, held->draft, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           it.st_ino == named.st_ino && it.st_dev == named.st_dev;
}

/* A draft of our own, locked. The mode of an old file is set when it is filled. */
static int open_draft(const struct file_held *held, int *ret_fd, struct err_note *note)
{
    for (int i = 0; i < MOST_DRAFTS; i++) {
        bool made = true;
        int fd = openat(held->directory, held->draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
            held->exists ? 0600 : 0666);
        if (fd < 0 && errno == EEXIST) {
            made = false;
            fd = openat(held->directory, held->draft, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        }
        if (fd < 0 && !made && (errno == ENOENT || unlinkat(held->directory, held->draft, 0) == 0))
            continue; /* it is gone; or it was nothing that we make */
        if (fd < 0)
            return unchanged(held, note, "no file can be made beside it");
        int err = file_lock(fd, held->path, false, note);
        if (!err && made && has_name(held, fd)) {
            *ret_fd = fd;
            return 0;
        }
        if (!err && !made && has_name(held, fd))
            unlinkat(held->directory, held->draft, 0); /* who made it is gone */
        close(fd);
        if (err)
            return err;
    }
    return err_set(note, ERR_UNAVAILABLE, "%s: too many programs write it at once", held->path);
}

/* The owner before the mode: a chown may clear bits. */
static int fill(const struct file_held *held, int fd, const char *bytes, size_t length, struct err_note *note)
{
    struct stat made;
    if (file_write(fd, bytes, length))
        return unchanged(held, note, "the new content cannot be written");
    if (held->exists && fstat(fd, &made))
        return unchanged(held, note, "the new file cannot be examined");
    bool same_owner = !held->exists || (made.st_uid == held->old.st_uid && made.st_gid == held->old.st_gid);
    if (!same_owner && fchown(fd, held->old.st_uid, held->old.st_gid))
        return unchanged(held, note, "its owner cannot be kept");
    if (held->exists && fchmod(fd, held->old.st_mode & MODE_BITS))
        return unchanged(held, note, "its mode cannot be kept");
    return fsync(fd) ? unchanged(held, note, "the new content cannot be written") : 0;
}

/* The draft's lock is held until it has its name. */
static int replace(
    const struct file_held *held, const char *bytes, size_t length, bool *ret_placed, struct err_note *note)
{
    int fd = -1, err = open_draft(held, &fd, note);
    if (err)
        return err;
    err = fill(held, fd, bytes, length, note);
    if (!err && renameat(held->directory, held->draft, held->directory, file_name(held)))
        err = unchanged(held, note, "the new file cannot take its name");
    if (err)
        unlinkat(held->directory, held->draft, 0);
    close(fd); /* what could not be written fsync() has told */
    if (err)
        return err;
    *ret_placed = true;
    return sync_names(held->directory)
               ? file_error(note, held->path, "is written, but its directory cannot be brought to the disk")
               : 0;
}

int file_held_replace(struct file_held *held, const char *bytes, size_t length, struct err_note *note)
{
    bool placed;
    return replace(held, bytes, length, &placed, note);
}

int file_replace_placed(
    const char *path, const char *bytes, size_t length, bool *ret_placed, struct err_note *note)
{
    struct file_held *held;
    *ret_placed = false;
    int err = find_new(path, &held, note);
    if (err)
        return err;
    err = replace(held, bytes, length, ret_placed, note);
    file_release(held);
    return err;
}

int file_replace(const char *path, const char *bytes, size_t length, struct err_note *note)
{
    bool placed;
    return file_replace_placed(path, bytes, length, &placed, note);
}

int file_check_replace(const char *path, struct err_note *note)
{
    struct file_held *held;
    int fd, err = find_new(path, &held, note);
    if (err)
        return err;
    err = open_draft(held, &fd, note);
    if (!err) {
        unlinkat(held->directory, held->draft, 0);
        close(fd);
    }
    file_release(held);
    return err;
}

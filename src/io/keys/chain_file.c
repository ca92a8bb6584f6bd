/* Files. The lock on the chain covers its head too. Order: the line, to the disk; then the head, by a new
 * file that takes its name in one step. A crash between leaves a line that the head does not know, which is
 * allowed once; the next append first brings the head up to it. What fails before the head is renamed is
 * taken back, by cutting the file where it ended: what was there before is never touched. */
#include "io/keys/chain.h"

#include "io/json/json.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LOCK_WAIT_MS = 10000, LOCK_STEP_MS = 20 };

struct file {
    const char *path;
    int fd;
    struct text bytes, head;
    bool has_head;
};

static int system_error(struct err_note *note, const char *path, const char *what)
{
    int err = errno == EACCES || errno == EPERM || errno == EROFS ? ERR_PERM
              : errno == ENOENT || errno == ENOTDIR               ? ERR_NOINPUT
              : errno == ENOMEM                                   ? ERR_NOMEM
                                                                  : ERR_IO;
    return err_set(note, err, "%s: %s: %s", path, what, strerror(errno));
}

static int lock(const struct file *f, int how, struct err_note *note)
{
    for (int waited = 0; flock(f->fd, how | LOCK_NB); waited += LOCK_STEP_MS) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return system_error(note, f->path, "cannot be locked");
        if (waited >= LOCK_WAIT_MS)
            return err_set(note, ERR_UNAVAILABLE, "%s: another program holds its lock for more than %d s",
                f->path, LOCK_WAIT_MS / 1000);
        nanosleep(&(struct timespec){.tv_nsec = LOCK_STEP_MS * 1000000L}, NULL);
    }
    return 0;
}

static int read_all(int fd, const char *path, struct text *text, struct err_note *note)
{
    char buffer[65536];
    ssize_t size;
    while ((size = read(fd, buffer, sizeof buffer)) != 0) {
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return system_error(note, path, "cannot be read");
        text_add_bytes(text, buffer, (size_t)size);
        if (text->failed)
            return err_set(note, ERR_NOMEM, "%s: out of memory", path);
        if (text->length > CHAIN_MAX_SIZE)
            return err_set(note, ERR_DATA, "%s: is larger than 64 MiB", path);
    }
    return 0;
}

/* PATH with an ending; NULL when memory is short. */
static char *beside(const char *path, const char *ending)
{
    char *name = NULL;
    return asprintf(&name, "%s%s", path, ending) < 0 ? NULL : name;
}

static int read_head(struct file *f, struct err_note *note)
{
    char *path = beside(f->path, ".head");
    if (!path)
        return err_set(note, ERR_NOMEM, "out of memory");
    int rc = 0, fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd >= 0) {
        rc = read_all(fd, path, &f->head, note);
        close(fd);
        f->has_head = true;
    } else if (errno != ENOENT) {
        rc = system_error(note, path, "cannot be opened");
    }
    free(path);
    return rc;
}

static int open_file(struct file *f, const char *path, int flags, int how, struct err_note *note)
{
    struct stat stat;
    *f = (struct file){.path = path, .fd = -1};
    text_start(&f->bytes);
    text_start(&f->head);
    f->fd = open(path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666);
    if (f->fd < 0)
        return system_error(note, path, "cannot be opened");
    if (fstat(f->fd, &stat))
        return system_error(note, path, "cannot be examined");
    if (!S_ISREG(stat.st_mode))
        return err_set(note, ERR_NOINPUT, "%s: is no regular file", path);
    int rc = lock(f, how, note);
    rc = rc ? rc : read_all(f->fd, path, &f->bytes, note);
    return rc ? rc : read_head(f, note);
}

static void close_file(struct file *f)
{
    if (f->fd >= 0)
        close(f->fd); /* and the lock is gone */
    text_free(&f->bytes);
    text_free(&f->head);
}

static int check_file(
    const struct file *f, chain_each *each, void *context, struct chain_end *ret_end, struct err_note *note)
{
    return chain_check_head(f->path, f->bytes.string, f->bytes.length, f->has_head ? f->head.string : NULL,
        f->head.length, each, context, ret_end, note);
}

int chain_read(
    const char *path, chain_each *each, void *context, struct chain_end *ret_end, struct err_note *note)
{
    struct file file;
    int rc = open_file(&file, path, O_RDONLY, LOCK_SH, note);
    rc = rc ? rc : check_file(&file, each, context, ret_end, note);
    close_file(&file);
    return rc;
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
    return fsync(fd);
}

/* A name that was given lasts when its directory is on the disk. */
static int sync_directory(const char *path, struct err_note *note)
{
    char *copy = strdup(path);
    int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    int rc = fd < 0 || fsync(fd)
                 ? system_error(note, path, "is written, but its directory cannot be brought to the disk")
                 : 0;
    if (fd >= 0)
        close(fd);
    free(copy);
    return rc;
}

/* *ret_placed: the new head has the name, whatever came after. */
static int write_head(const char *path, const struct chain_end *end, bool *ret_placed, struct err_note *note)
{
    char text[96];
    char *head = beside(path, ".head"), *new = beside(path, ".head.new");
    int rc = 0, fd = -1;
    snprintf(text, sizeof text, "%zu %s\n", end->lines, end->sha256);
    *ret_placed = false;
    if (!head || !new) {
        rc = err_set(note, ERR_NOMEM, "out of memory");
        goto out;
    }
    unlink(new);
    fd = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0 || write_all(fd, text, strlen(text)) || rename(new, head)) {
        rc = system_error(note, head, "cannot be written");
        if (fd >= 0)
            unlink(new);
        goto out;
    }
    *ret_placed = true;
    rc = sync_directory(head, note);
out:
    if (fd >= 0)
        close(fd);
    free(head);
    free(new);
    return rc;
}

static int make_line(const struct file *f, const struct chain_end *end, chain_set *set, void *context,
    struct text *ret_line, struct err_note *note)
{
    struct json *object = json_new_object();
    json_set_int(object, "line", (int64_t)end->lines + 1);
    json_set_string(object, "previous", end->sha256);
    set(context, object);
    int rc = object ? json_write(object, false, ret_line) : ERR_NOMEM;
    json_free(object);
    if (rc)
        return err_set(note, rc, "%s: is unchanged: the line cannot be made", f->path);
    if (ret_line->length > CHAIN_MAX_LINE || f->bytes.length + ret_line->length > CHAIN_MAX_SIZE)
        return err_set(
            note, ERR_DATA, "%s: is unchanged: the line, or the file with it, is too long", f->path);
    return 0;
}

/* The line, then its head. What went wrong before the head is taken back. */
static int add_line(struct file *f, const struct text *line, struct chain_end *end, struct err_note *note)
{
    bool placed = false;
    int rc = 0;
    if (write_all(f->fd, line->string, line->length))
        rc = system_error(note, f->path, "is unchanged: the line cannot be written");
    end->lines++;
    if (rc == 0 && sha256_hex(line->string, line->length, end->sha256))
        rc = err_set(note, ERR_INTERNAL, "%s: is unchanged: no SHA-256 can be had", f->path);
    rc = rc ? rc : write_head(f->path, end, &placed, note);
    if (rc && !placed && ftruncate(f->fd, (off_t)f->bytes.length))
        return err_set(note, rc, "%s: a part of a line was written and cannot be taken back: %s", f->path,
            strerror(errno));
    return rc;
}

int chain_append(const char *path, chain_each *check, chain_set *set, void *context,
    struct chain_end *ret_end, struct err_note *note)
{
    struct file file;
    struct text line;
    struct chain_end end;
    char head[96];
    bool placed;
    text_start(&line);
    int rc = open_file(&file, path, O_RDWR | O_APPEND | O_CREAT, LOCK_EX, note);
    rc = rc ? rc : check_file(&file, check, context, &end, note);
    rc = rc ? rc : make_line(&file, &end, set, context, &line, note);
    if (rc)
        goto out;
    /* A line that the head does not know yet: at most one may be, so the head goes first. */
    snprintf(head, sizeof head, "%zu %s\n", end.lines, end.sha256);
    if (end.lines && (!file.has_head || strcmp(head, file.head.string) != 0))
        rc = write_head(path, &end, &placed, note);
    rc = rc ? rc : add_line(&file, &line, &end, note);
    if (rc == 0)
        *ret_end = end;
out:
    close_file(&file);
    text_free(&line);
    return rc;
}

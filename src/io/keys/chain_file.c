/* Files. The lock on the chain covers its head too. Order: the line, to the disk; then the head, replaced
 * whole. A crash between leaves a line that the head does not know, which is
 * allowed once; the next append first brings the head up to it. What fails before the head is renamed is
 * taken back, by cutting the file where it ended: what was there before is never touched. */
#include "io/keys/chain.h"

#include "io/file/file.h"
#include "io/json/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct file {
    const char *path;
    int fd;
    struct text bytes, head;
    bool has_head;
};

/* NULL when memory is short. */
static char *head_of(const char *path)
{
    char *name = NULL;
    return asprintf(&name, "%s.head", path) < 0 ? NULL : name;
}

static int read_head(struct file *f, struct err_note *note)
{
    char *path = head_of(f->path);
    if (!path)
        return err_set(note, ERR_NOMEM, "out of memory");
    int rc = 0, fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd >= 0) {
        rc = file_read_rest(fd, path, CHAIN_MAX_SIZE, &f->head, note);
        close(fd);
        f->has_head = true;
    } else if (errno != ENOENT) {
        rc = file_error(note, path, "cannot be opened");
    }
    free(path);
    return rc;
}

static int open_file(struct file *f, const char *path, int flags, struct err_note *note)
{
    struct stat stat;
    *f = (struct file){.path = path, .fd = -1};
    text_start(&f->bytes);
    text_start(&f->head);
    f->fd = open(path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666);
    if (f->fd < 0)
        return file_error(note, path, "cannot be opened");
    if (fstat(f->fd, &stat))
        return file_error(note, path, "cannot be examined");
    if (!S_ISREG(stat.st_mode))
        return err_set(note, ERR_NOINPUT, "%s: is no regular file", path);
    int rc = file_lock(f->fd, path, flags == O_RDONLY, note);
    rc = rc ? rc : file_read_rest(f->fd, path, CHAIN_MAX_SIZE, &f->bytes, note);
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
    int rc = open_file(&file, path, O_RDONLY, note);
    rc = rc ? rc : check_file(&file, each, context, ret_end, note);
    close_file(&file);
    return rc;
}

/* *ret_placed: the new head has the name, whatever came after. */
static int write_head(const char *path, const struct chain_end *end, bool *ret_placed, struct err_note *note)
{
    char text[96], *head = head_of(path);
    *ret_placed = false;
    if (!head)
        return err_set(note, ERR_NOMEM, "out of memory");
    snprintf(text, sizeof text, "%zu %s\n", end->lines, end->sha256);
    int rc = file_replace_placed(head, text, strlen(text), ret_placed, note);
    free(head);
    return rc;
}

/* An empty line: nothing is to be added. */
static int make_line(const struct file *f, const struct chain_end *end, chain_set *set, void *context,
    struct text *ret_line, struct err_note *note)
{
    struct json *object = json_new_object();
    json_set_int(object, "line", (int64_t)end->lines + 1);
    json_set_string(object, "previous", end->sha256);
    bool wanted = set(context, object);
    int rc = !object ? ERR_NOMEM : wanted ? json_write(object, false, ret_line) : 0;
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
    if (file_write(f->fd, line->string, line->length) || fsync(f->fd))
        rc = file_error(note, f->path, "is unchanged: the line cannot be written");
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
    int rc = open_file(&file, path, O_RDWR | O_APPEND | O_CREAT, note);
    rc = rc ? rc : check_file(&file, check, context, &end, note);
    rc = rc ? rc : make_line(&file, &end, set, context, &line, note);
    if (rc)
        goto out;
    /* A line that the head does not know yet: at most one may be, so the head goes first. */
    snprintf(head, sizeof head, "%zu %s\n", end.lines, end.sha256);
    if (end.lines && (!file.has_head || strcmp(head, file.head.string) != 0))
        rc = write_head(path, &end, &placed, note);
    if (!rc && line.length)
        rc = add_line(&file, &line, &end, note);
    if (rc == 0)
        *ret_end = end;
out:
    close_file(&file);
    text_free(&line);
    return rc;
}

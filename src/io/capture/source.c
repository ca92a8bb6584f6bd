/* Pipes are read through poll() together with an eventfd, so that whoever wants the end is never kept waiting
 * by a writer that says nothing. */
#include "io/capture/layer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIPE_SIZE = 1 << 20 }; /* asked for: fewer turns between writer and reader */

static int source_wait(struct source *source, struct err_note *note)
{
    struct pollfd wait[] = {{.fd = source->fd, .events = POLLIN}, {.fd = source->wake, .events = POLLIN}};
    while (!atomic_load(&source->stopped)) {
        int count = poll(wait, 2, -1);
        if (count > 0 && wait[0].revents)
            return 0;
        if (count < 0 && errno != EINTR && errno != EAGAIN)
            return err_set(note, ERR_IO, "waiting for input failed: %s", strerror(errno));
    }
    return 0;
}

static int source_read_memory(struct source *source, uint8_t *into, size_t room, size_t *ret_got)
{
    size_t got = room < source->left ? room : source->left;
    if (got > 0) {
        memcpy(into, source->bytes, got);
        source->bytes += got;
        source->left -= got;
    }
    atomic_fetch_add(&source->offset, got);
    *ret_got = got;
    return 0;
}

static int source_read(
    struct layer *layer, uint8_t *into, size_t room, size_t *ret_got, struct err_note *note)
{
    struct source *source = (struct source *)layer;
    if (source->fd < 0)
        return source_read_memory(source, into, room, ret_got);
    for (;;) {
        int err = source->waits ? source_wait(source, note) : 0;
        if (err)
            return err;
        if (atomic_load(&source->stopped)) {
            *ret_got = 0;
            return 0;
        }
        ssize_t got = read(source->fd, into, room);
        if (got >= 0) {
            atomic_fetch_add(&source->offset, (uint64_t)got);
            *ret_got = (size_t)got;
            return 0;
        }
        if (errno != EINTR && errno != EAGAIN)
            return err_set(note, ERR_IO, "reading failed: %s", strerror(errno));
        source->waits |= errno == EAGAIN;
    }
}

static void source_close(struct layer *layer)
{
    struct source *source = (struct source *)layer;
    if (source->fd >= 0 && !source->keeps_open)
        close(source->fd);
    if (source->wake >= 0)
        close(source->wake);
    free(source);
}

static struct source *source_new(void)
{
    struct source *source = calloc(1, sizeof *source);
    if (source) {
        source->layer = (struct layer){.name = "", .read = source_read, .close = source_close};
        source->fd = source->wake = -1;
    }
    return source;
}

static int source_error(const char *path, struct err_note *note)
{
    static const struct {
        int number, err;
        const char *what;
    } words[] = {
        {ENOENT, ERR_NOINPUT, "there is no such file"},
        {ENOTDIR, ERR_NOINPUT, "there is no such file"},
        {EACCES, ERR_PERM, "may not be read by this user"},
        {EPERM, ERR_PERM, "may not be read by this user"},
        {ENXIO, ERR_NOINPUT, "is a socket or a device that is not there, no file"},
        {EISDIR, ERR_NOINPUT, "is a directory"},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (errno == words[i].number)
            return err_set(note, words[i].err, "%s: %s", path, words[i].what);
    return err_set(note, ERR_IO, "%s: cannot be opened: %s", path, strerror(errno));
}

/* Looks at what was opened. */
static int source_look(struct source *source, const char *path, struct err_note *note)
{
    struct stat status;
    if (fstat(source->fd, &status) != 0)
        return err_set(note, ERR_IO, "%s: %s", path, strerror(errno));
    if (S_ISDIR(status.st_mode)) {
        errno = EISDIR;
        return source_error(path, note);
    }
    if (S_ISCHR(status.st_mode) && isatty(source->fd))
        return err_set(note, ERR_NOINPUT, "%s: is a terminal; a capture comes from a file or a pipe", path);
    source->waits = !S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode);
    if (S_ISREG(status.st_mode)) {
        off_t at = lseek(source->fd, 0, SEEK_CUR);
        source->size = status.st_size > at && at >= 0 ? (uint64_t)(status.st_size - at) : 0;
        posix_fadvise(source->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    } else if (S_ISFIFO(status.st_mode)) {
        fcntl(source->fd, F_SETPIPE_SZ, PIPE_SIZE);
    }
    return 0;
}

int source_open(const char *path, struct source **ret_source, struct err_note *note)
{
    struct source *source = source_new();
    if (!source)
        return err_set(note, ERR_NOMEM, "out of memory");
    source->keeps_open = strcmp(path, "-") == 0;
    const char *name = source->keeps_open ? "standard input" : path;
    /* O_NONBLOCK: a FIFO is open at once; what waits for its writer is the thread, which can be told to stop.
     */
    do
        source->fd =
            source->keeps_open ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    while (source->fd < 0 && errno == EINTR);
    int err = source->fd < 0 ? source_error(name, note) : source_look(source, name, note);
    if (!err && (source->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0)
        err = err_set(note, ERR_IO, "%s: no descriptor left: %s", name, strerror(errno));
    if (err) {
        source_close(&source->layer);
        return err;
    }
    *ret_source = source;
    return 0;
}

int source_open_memory(const void *bytes, size_t length, struct source **ret_source, struct err_note *note)
{
    struct source *source = source_new();
    if (!source)
        return err_set(note, ERR_NOMEM, "out of memory");
    source->bytes = bytes;
    source->left = length;
    source->size = length;
    *ret_source = source;
    return 0;
}

void source_stop(struct source *source)
{
    int kept = errno;
    atomic_store(&source->stopped, true);
    uint64_t one = 1;
    if (source->wake >= 0 && write(source->wake, &one, sizeof one) < 0) {
        /* It counts up to 2^64: nothing to be done, and it wakes all the same. */
    }
    errno = kept;
}

bool source_ready(const struct source *source)
{
    if (!source->waits)
        return true;
    struct pollfd wait = {.fd = source->fd, .events = POLLIN};
    return poll(&wait, 1, 0) > 0;
}

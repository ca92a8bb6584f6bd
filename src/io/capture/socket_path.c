#include "io/capture/socket_path.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 64, MODE = 0660 };

static int fail(const char *path, struct err_note *note)
{
    int err = errno == ENOENT || errno == ENOTDIR ? ERR_NOINPUT
              : errno == EACCES || errno == EPERM ? ERR_PERM
              : errno == EADDRINUSE               ? ERR_UNAVAILABLE
                                                  : ERR_IO;
    return err_set(note, err, "cannot make the socket %s: %s", path, strerror(errno));
}

static bool is_listened_on(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return true;
    /* EAGAIN: its queue is full. EACCES, EPROTOTYPE: it lives, but not for us. */
    int rc = connect(fd, (const struct sockaddr *)address, sizeof *address);
    bool dead = rc != 0 && (errno == ECONNREFUSED || errno == ENOENT);
    close(fd);
    return !dead;
}

/* Removes what a run before, that was killed, left behind. */
static int make_way(const struct sockaddr_un *address, struct err_note *note)
{
    struct stat there;
    if (lstat(address->sun_path, &there) != 0)
        return errno == ENOENT ? 0 : fail(address->sun_path, note);
    if (!S_ISSOCK(there.st_mode))
        return err_set(note, ERR_UNAVAILABLE, "%s exists and is no socket", address->sun_path);
    if (is_listened_on(address))
        return err_set(note, ERR_UNAVAILABLE, "%s: another process listens there", address->sun_path);
    if (unlink(address->sun_path) != 0 && errno != ENOENT)
        return fail(address->sun_path, note);
    return 0;
}

/* The mode is set before the name exists, so that it never admits more, and after it, since the umask may
 * have taken some of it. */
static bool listen_at(struct socket_path *made)
{
    const char *path = made->address.sun_path;
    if (fchmod(made->fd, MODE) != 0 ||
        bind(made->fd, (const struct sockaddr *)&made->address, sizeof made->address) != 0)
        return false;
    if (lstat(path, &made->made) == 0 && chmod(path, MODE) == 0 && listen(made->fd, BACKLOG) == 0)
        return true;
    int kept = errno;
    unlink(path);
    errno = kept;
    return false;
}

int socket_path_open(const char *path, struct socket_path *ret_socket, struct err_note *note)
{
    struct socket_path made = {.fd = -1, .address = {.sun_family = AF_UNIX}};
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof made.address.sun_path)
        return err_set(note, ERR_USAGE, "the path of a socket has between 1 and %zu octets: %s",
            sizeof made.address.sun_path - 1, path);
    memcpy(made.address.sun_path, path, length + 1);
    int rc = make_way(&made.address, note);
    if (rc != 0)
        return rc;
    made.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (made.fd < 0)
        return fail(path, note);
    if (!listen_at(&made)) {
        rc = fail(path, note);
        close(made.fd);
        return rc;
    }
    *ret_socket = made;
    return 0;
}

void socket_path_close(struct socket_path *socket)
{
    struct stat there;
    if (socket->fd < 0)
        return;
    if (lstat(socket->address.sun_path, &there) == 0 && there.st_dev == socket->made.st_dev &&
        there.st_ino == socket->made.st_ino)
        unlink(socket->address.sun_path);
    close(socket->fd);
    socket->fd = -1;
}

/* socket_path: a UNIX socket with a name in the file system, made and removed so that nobody else's is
 * touched. */
#ifndef IO_CAPTURE_SOCKET_PATH_H
#define IO_CAPTURE_SOCKET_PATH_H

#include "base/err.h"

#include <sys/stat.h>
#include <sys/un.h>

struct socket_path {
    int fd; /* listening, non-blocking */
    struct sockaddr_un address;
    struct stat made; /* so as to know it again */
};

/* Makes the socket, mode 0660, in the place of one that nobody listens on. ERR_UNAVAILABLE: somebody does, or
 * there is something that is no socket. ERR_USAGE: the path is empty or too long. ERR_NOINPUT: no such
 * directory. ERR_PERM, ERR_IO. */
int socket_path_open(const char *path, struct socket_path *ret_socket, struct err_note *note);

/* Removes it, if it is still there and the same, and closes it. */
void socket_path_close(struct socket_path *socket);

#endif

/* The idea: a socket with SO_RCVTIMEO is first waited for by our poll(), and then read. Which sockets may
 * have one is noted when it is set, so that all others cost nothing; the time itself is asked of the kernel,
 * for a number may be another socket's by now. The moment at which a packet came, which the kernel tells in
 * real time, becomes that at which it is read: nobody jumps while it waits. */
#include "io/vclock/preload.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/time.h>

enum { NOTED = 4096 }; /* descriptors; above, times are real */

static _Atomic uint8_t noted[NOTED];

PRELOAD_EXPORT int setsockopt(int fd, int level, int option, const void *value, socklen_t size)
{
    preload_page();
    int result = preload.libc.setsockopt(fd, level, option, value, size);
    if (result == 0 && level == SOL_SOCKET && option == SO_RCVTIMEO && fd < NOTED)
        atomic_store_explicit(&noted[fd], 1, memory_order_relaxed);
    return result;
}

/* False, and errno: the call ends without data. */
static bool wait_for(int fd, int flags)
{
    struct timeval time = {0};
    socklen_t size = sizeof time;
    preload_page();
    if (fd < 0 || fd >= NOTED || !atomic_load_explicit(&noted[fd], memory_order_relaxed) || !preload.shared ||
        flags & MSG_DONTWAIT)
        return true;
    int error = errno, now = fcntl(fd, F_GETFL);
    if (getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, &size) < 0 || (!time.tv_sec && !time.tv_usec) ||
        now < 0 || now & O_NONBLOCK) {
        errno = error;
        return true;
    }
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    int got = ppoll(&ready, 1, &(struct timespec){time.tv_sec, time.tv_usec * 1000}, NULL);
    if (got == 0)
        errno = EAGAIN;
    return got > 0;
}

PRELOAD_EXPORT ssize_t read(int fd, void *octets, size_t size)
{
    if (preload_random_read(fd, octets, size))
        return (ssize_t)size;
    return wait_for(fd, 0) ? preload.libc.read(fd, octets, size) : -1;
}

PRELOAD_EXPORT ssize_t recv(int fd, void *octets, size_t size, int flags)
{
    return wait_for(fd, flags) ? preload.libc.recv(fd, octets, size, flags) : -1;
}

PRELOAD_EXPORT ssize_t recvfrom(
    int fd, void *octets, size_t size, int flags, struct sockaddr *from, socklen_t *length)
{
    return wait_for(fd, flags) ? preload.libc.recvfrom(fd, octets, size, flags, from, length) : -1;
}

static void stamp(struct timespec *time)
{
    if (time->tv_sec || time->tv_nsec)
        *time = preload_timespec(preload_now(PAGE_WALL));
}

/* What SO_TIMESTAMP, SO_TIMESTAMPNS and SO_TIMESTAMPING make the kernel tell: socket(7). */
static void restamp(struct msghdr *message)
{
    if (!preload.shared || !message->msg_control)
        return;
    for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at; at = CMSG_NXTHDR(message, at)) {
        struct timespec times[3]; /* by the kernel; none; by the device's own clock, which is left */
        size_t size = at->cmsg_len - CMSG_LEN(0);
        if (at->cmsg_level != SOL_SOCKET || size < sizeof *times || size > sizeof times)
            continue;
        memcpy(times, CMSG_DATA(at), size);
        stamp(times);
        if (at->cmsg_type == SCM_TIMESTAMP)
            times->tv_nsec /= 1000; /* a struct timeval */
        if (at->cmsg_type == SCM_TIMESTAMP || at->cmsg_type == SCM_TIMESTAMPNS ||
            at->cmsg_type == SCM_TIMESTAMPING)
            memcpy(CMSG_DATA(at), times, size);
    }
}

_Static_assert(sizeof(struct timeval) == sizeof(struct timespec), "one is written as the other");

PRELOAD_EXPORT ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    ssize_t size = wait_for(fd, flags) ? preload.libc.recvmsg(fd, message, flags) : -1;
    if (size >= 0)
        restamp(message);
    return size;
}

PRELOAD_EXPORT int recvmmsg(
    int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout)
{
    int got = wait_for(fd, flags) ? preload.libc.recvmmsg(fd, messages, count, flags, timeout) : -1;
    for (int i = 0; i < got; i++)
        restamp(&messages[i].msg_hdr);
    return got;
}

PRELOAD_EXPORT int accept(int fd, struct sockaddr *from, socklen_t *length)
{
    return wait_for(fd, 0) ? preload.libc.accept(fd, from, length) : -1;
}

PRELOAD_EXPORT int accept4(int fd, struct sockaddr *from, socklen_t *length, int flags)
{
    return wait_for(fd, 0) ? preload.libc.accept4(fd, from, length, flags) : -1;
}

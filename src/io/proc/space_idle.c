/* The idea: UDP sockets are asked for by sock_diag(7), 25 µs for a hundred of them; where the kernel has no
 * such module, the text in /proc tells the same. Established TCP connections are rare: only if there are any
 * is their text read. */
#include "io/proc/space.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TCP_STATE_CLOSE_WAIT = 8 };

/* Of the thread: with a /proc from outside, /proc/net may be that of another process. */
#define NET "/proc/thread-self/net/"

static int open_text(const char *path, FILE **ret_file)
{
    *ret_file = fopen(path, "re");
    return *ret_file || errno == ENOENT ? 0 : ERR_IO; /* no IPv6 here */
}

/* Established connections of the space, from the table of names and values in /proc/net/snmp; the line after
 * the one that begins with "Tcp: Rto…" holds them. */
static int count_connections(unsigned long *ret_count)
{
    char line[1024];
    FILE *file;
    int rc = open_text(NET "snmp", &file);
    if (rc || !file)
        return ERR_IO;
    rc = ERR_IO;
    while (rc && fgets(line, sizeof line, file))
        if (!strncmp(line, "Tcp: ", 5) &&
            sscanf(line, "Tcp: %*d %*d %*d %*d %*u %*u %*u %*u %lu", ret_count) == 1)
            rc = 0;
    fclose(file);
    return rc;
}

/* proc(5), /proc/net/tcp. What was sent lies in the receiver's queue at once, on loopback; that it is not
 * acknowledged yet says nothing. The end of a stream counts as one octet, and is read by no one who has been
 * told of it. */
static bool line_is_idle(const char *line)
{
    unsigned long received;
    unsigned state;
    if (sscanf(line, "%*s %*s %*s %x %*x:%lx", &state, &received) != 2)
        return true;
    return received <= (state == TCP_STATE_CLOSE_WAIT);
}

static int text_is_idle(const char *path, bool *ret_idle)
{
    char line[512];
    FILE *file;
    int rc = open_text(path, &file);
    if (rc || !file)
        return rc;
    bool idle = true;
    for (bool head = true; idle && fgets(line, sizeof line, file); head = false)
        idle = head || line_is_idle(line);
    if (ferror(file))
        rc = ERR_IO;
    fclose(file);
    if (!rc)
        *ret_idle = idle;
    return rc;
}

/* Reads one datagram of answers; true if there are more to come. */
static bool read_answers(int fd, int *ret_rc, bool *idle)
{
    _Alignas(struct nlmsghdr) char buffer[16384];
    ssize_t got = recv(fd, buffer, sizeof buffer, 0);
    if (got < 0 && errno == EINTR)
        return true;
    unsigned left = got > 0 ? (unsigned)got : 0;
    const struct nlmsghdr *head = (struct nlmsghdr *)buffer;
    *ret_rc = ERR_IO;
    if (!NLMSG_OK(head, left))
        return false;
    for (; NLMSG_OK(head, left); head = NLMSG_NEXT(head, left)) {
        if (head->nlmsg_type == NLMSG_DONE)
            *ret_rc = 0;
        if (head->nlmsg_type == NLMSG_DONE || head->nlmsg_type == NLMSG_ERROR)
            return false;
        const struct inet_diag_msg *socket = NLMSG_DATA(head);
        *idle &= !socket->idiag_rqueue;
    }
    return true;
}

/* ERR_IO where the kernel cannot tell. */
static int udp_is_idle(int fd, uint8_t family, bool *ret_idle)
{
    struct {
        struct nlmsghdr head;
        struct inet_diag_req_v2 what;
    } request = {.head = {.nlmsg_len = sizeof request,
                     .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                     .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .what = {.sdiag_family = family, .sdiag_protocol = IPPROTO_UDP, .idiag_states = ~0U}};
    bool idle = true;
    int rc = ERR_IO;
    if (fd < 0 || send(fd, &request, sizeof request, 0) < 0)
        return ERR_IO;
    while (read_answers(fd, &rc, &idle))
        ;
    if (!rc)
        *ret_idle = idle;
    return rc;
}

static int all_udp_is_idle(bool *ret_idle)
{
    static const struct {
        uint8_t family;
        const char *path;
    } kinds[] = {{AF_INET, NET "udp"}, {AF_INET6, NET "udp6"}};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG), rc = 0;
    bool idle = true;
    for (size_t i = 0; !rc && idle && i < 2; i++)
        if (udp_is_idle(fd, kinds[i].family, &idle))
            rc = text_is_idle(kinds[i].path, &idle);
    if (fd >= 0)
        close(fd);
    if (!rc)
        *ret_idle = idle;
    return rc;
}

int space_idle_sockets(bool *ret_idle)
{
    bool idle = true;
    unsigned long connections = 0;
    int rc = all_udp_is_idle(&idle);
    if (!rc && idle)
        rc = count_connections(&connections);
    if (!rc && idle && connections)
        rc = text_is_idle(NET "tcp", &idle);
    if (!rc && idle && connections)
        rc = text_is_idle(NET "tcp6", &idle);
    if (!rc)
        *ret_idle = idle;
    return rc;
}

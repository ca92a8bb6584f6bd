#include "io/capture/network_try.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

bool network_try_set_up(const char *interface, bool up)
{
    struct ifreq request = {0};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", interface);
    bool good = fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &request) == 0;
    request.ifr_flags = (short)(up ? request.ifr_flags | IFF_UP : request.ifr_flags & ~IFF_UP);
    good = good && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    close(fd);
    return good;
}

const char *network_try_make(void)
{
    static char why[128];
    int flags = geteuid() == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET;
    if (unshare(flags) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
        snprintf(why, sizeof why, "no network namespace: %s", strerror(errno));
    else if (!network_try_set_up("lo", true))
        snprintf(why, sizeof why, "lo cannot be brought up: %s", strerror(errno));
    return why[0] ? why : NULL;
}

void network_try_need(void **state)
{
    if (!*state)
        return;
    print_message("skipped: %s\n", (const char *)*state);
    skip();
}

void network_try_send(int family, uint16_t port, unsigned first, unsigned end)
{
    struct sockaddr_in v4 = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in6 v6 = {
        .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    const struct sockaddr *to = family == AF_INET ? (const void *)&v4 : (const void *)&v6;
    socklen_t size = family == AF_INET ? sizeof v4 : sizeof v6;
    int to_fd = socket(family, SOCK_DGRAM, 0); /* somebody is there, so no ICMP error comes back */
    assert_int_equal(bind(to_fd, to, size), 0);
    int fd = socket(family, SOCK_DGRAM, 0);
    for (unsigned i = first; i < end; i++) {
        char text[16];
        snprintf(text, sizeof text, "packet %04u", i);
        assert_int_equal(sendto(fd, text, 11, 0, to, size), 11);
    }
    close(fd);
    close(to_fd);
}

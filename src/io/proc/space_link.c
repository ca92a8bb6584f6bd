/* The idea: rtnetlink(7), one request after another, each with its answer. A few dozen of them take less than
 * a millisecond, and no program such as ip(8) is needed. */
#include "io/proc/space_inside.h"

#include "base/address.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LOOPBACK = 1 /* its index in every new network namespace */, REQUEST_MAX = 512, PAIR_PREFIX = 24 };

struct request {
    struct nlmsghdr head;
    uint8_t rest[REQUEST_MAX];
};

static void begin(struct request *request, uint16_t type, uint16_t flags, const void *body, size_t length)
{
    memset(request, 0, sizeof *request);
    request->head.nlmsg_type = type;
    request->head.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
    request->head.nlmsg_len = (uint32_t)NLMSG_LENGTH(length);
    memcpy(request->rest, body, length);
}

static void add_bytes(struct request *request, const void *bytes, size_t length)
{
    size_t at = request->head.nlmsg_len - sizeof request->head;
    if (length)
        memcpy(request->rest + at, bytes, length); /* callers stay far below REQUEST_MAX */
    request->head.nlmsg_len += (uint32_t)NLMSG_ALIGN(length);
}

static void add(struct request *request, uint16_t type, const void *value, size_t length)
{
    struct rtattr attribute = {.rta_type = type, .rta_len = (uint16_t)RTA_LENGTH(length)};
    add_bytes(request, &attribute, sizeof attribute);
    add_bytes(request, value, length);
}

/* Opens an attribute that holds others; close_nest() when they are in. */
static size_t open_nest(struct request *request, uint16_t type)
{
    size_t at = request->head.nlmsg_len - sizeof request->head;
    add(request, type, NULL, 0);
    return at;
}

static void close_nest(struct request *request, size_t at)
{
    uint16_t length = (uint16_t)(request->head.nlmsg_len - sizeof request->head - at);
    memcpy(request->rest + at, &length, sizeof length); /* rta_len comes first */
}

/* 0 or an errno. */
static int ask(int link, struct request *request)
{
    struct {
        struct nlmsghdr head;
        struct nlmsgerr error;
        uint8_t rest[2 * REQUEST_MAX];
    } reply;
    if (send(link, request, request->head.nlmsg_len, 0) < 0)
        return errno;
    ssize_t got;
    do
        got = recv(link, &reply, sizeof reply, 0);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return errno;
    if ((size_t)got < sizeof reply.head + sizeof reply.error || reply.head.nlmsg_type != NLMSG_ERROR)
        return EPROTO;
    return -reply.error.error;
}

static int bring_up(int link, unsigned index)
{
    struct ifinfomsg body = {.ifi_index = (int)index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
    struct request request;
    begin(&request, RTM_NEWLINK, 0, &body, sizeof body);
    return ask(link, &request);
}

static int add_address(int link, unsigned index, const char *text, uint8_t prefix_ipv4)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    uint8_t address[16];
    if (!address_parse(text, strlen(text), address))
        return EINVAL;
    bool ipv4 = !memcmp(address, mapped, sizeof mapped);
    const uint8_t *bytes = ipv4 ? address + sizeof mapped : address;
    size_t length = ipv4 ? 4 : 16;
    struct ifaddrmsg body = {.ifa_family = ipv4 ? AF_INET : AF_INET6,
        .ifa_prefixlen = ipv4 ? prefix_ipv4 : 128,
        .ifa_flags = ipv4 ? 0 : IFA_F_NODAD,
        .ifa_index = index};
    struct request request;
    begin(&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &body, sizeof body);
    add(&request, IFA_LOCAL, bytes, length);
    add(&request, IFA_ADDRESS, bytes, length);
    int error = ask(link, &request);
    bool no_ipv6 =
        error == EACCES || error == EOPNOTSUPP || error == EAFNOSUPPORT; /* disabled: sysctl, boot */
    return error == EEXIST || (!ipv4 && no_ipv6) ? 0 : error;
}

static int add_pair(int link)
{
    struct ifinfomsg body = {0};
    struct request request;
    begin(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof body);
    add(&request, IFLA_IFNAME, "lab0", sizeof "lab0");
    size_t info = open_nest(&request, IFLA_LINKINFO);
    add(&request, IFLA_INFO_KIND, "veth", sizeof "veth" - 1);
    size_t data = open_nest(&request, IFLA_INFO_DATA), peer = open_nest(&request, VETH_INFO_PEER);
    add_bytes(&request, &body, sizeof body);
    add(&request, IFLA_IFNAME, "lab1", sizeof "lab1");
    close_nest(&request, peer);
    close_nest(&request, data);
    close_nest(&request, info);
    int error = ask(link, &request);
    static const struct {
        const char *name, *address;
    } ends[] = {{"lab0", SPACE_OUR_ADDRESS}, {"lab1", SPACE_THEIR_ADDRESS}};
    for (size_t i = 0; !error && i < 2; i++) {
        unsigned index = if_nametoindex(ends[i].name);
        error = index ? bring_up(link, index) : errno;
        if (!error)
            error = add_address(link, index, ends[i].address, PAIR_PREFIX);
    }
    return error;
}

/* 0 or an errno. */
static int set(const char *path, const char *value)
{
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0)
        return errno;
    int error = write(file, value, strlen(value)) < 0 ? errno : 0;
    close(file);
    return error;
}

/* The kernel's hash tables are made for the whole machine, and reading /proc/net/tcp walks them: 5 ms, for a
 * handful of sockets. A child of a namespace can have small ones (since 6.1, UDP since 6.3), and so we become
 * our own child. */
static void make_small(void)
{
    set("/proc/sys/net/ipv4/udp_child_hash_entries", "128");
    if (set("/proc/sys/net/ipv4/tcp_child_ehash_entries", "64") == 0)
        unshare(CLONE_NEWNET); /* if not, it is slow, and as right */
}

int space_link(const struct space_spec *spec, const char **ret_what)
{
    *ret_what = "loopback";
    make_small();
    int link = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (link < 0)
        return errno;
    int error = bring_up(link, LOOPBACK);
    set("/proc/sys/net/ipv6/conf/lo/disable_ipv6", "0"); /* a namespace may begin with it disabled */
    for (size_t i = 0; !error && i < spec->address_count; i++) {
        *ret_what = spec->addresses[i];
        error = add_address(link, LOOPBACK, spec->addresses[i], 32);
    }
    if (!error && spec->ethernet) {
        *ret_what = "a veth pair";
        error = add_pair(link);
    }
    close(link);
    return error;
}

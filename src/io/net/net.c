/* The idea: everything that needs privileges or may be refused happens in net_bind(), so that a server either
 * has all of its sockets or none. Threads are started and joined here; what they do is in udp.c and tcp.c. */
#include "io/net/net_inside.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BACKLOG = 1024,
    BUFFER = 4 << 20, /* of UDP sockets: some milliseconds of a burst */
    FREE_PORT_TRIES = 50,
};

struct net_server {
    struct net_address addresses[NET_MAX_ADDRESSES];
    size_t count;
    unsigned workers;
    struct net_handler handler;
    struct udp_worker *udp[NET_MAX_WORKERS];
    struct tcp_server *tcp;
};

void net_peer_set(struct net_peer *peer, const union net_sockaddr *from)
{
    if (from->any.sa_family == AF_INET6) {
        memcpy(peer->address, &from->v6.sin6_addr, 16);
        peer->port = ntohs(from->v6.sin6_port);
        return;
    }
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    memcpy(peer->address, mapped, 12);
    memcpy(peer->address + 12, &from->v4.sin_addr, 4);
    peer->port = ntohs(from->v4.sin_port);
}

/* Addresses as text */

static bool parse_port(const char *string, uint16_t *ret_port)
{
    unsigned port = 0;
    size_t digits = strspn(string, "0123456789");
    if (digits == 0 || digits > 5 || string[digits])
        return false;
    for (size_t i = 0; i < digits; i++)
        port = port * 10 + (unsigned)(string[i] - '0');
    *ret_port = (uint16_t)port;
    return port <= UINT16_MAX;
}

static bool parse_v6(char *host, uint16_t port, struct net_address *ret)
{
    char *scope = strchr(host, '%');
    if (scope)
        *scope++ = 0;
    struct sockaddr_in6 *at = &ret->at.v6;
    *at = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port)};
    if (inet_pton(AF_INET6, host, &at->sin6_addr) != 1)
        return false;
    if (scope && (at->sin6_scope_id = if_nametoindex(scope)) == 0)
        return false;
    ret->size = sizeof *at;
    ret->wildcard = IN6_IS_ADDR_UNSPECIFIED(&at->sin6_addr);
    return true;
}

static bool parse_v4(const char *host, uint16_t port, struct net_address *ret)
{
    struct sockaddr_in *at = &ret->at.v4;
    *at = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
    ret->size = sizeof *at;
    bool good = inet_pton(AF_INET, host, &at->sin_addr) == 1;
    ret->wildcard = at->sin_addr.s_addr == htonl(INADDR_ANY);
    return good;
}

/* "127.0.0.1:53" or "[::1]:53"; an IPv6 address may have a scope, "[fe80::1%eth0]:53". */
static bool parse_address(const char *string, struct net_address *ret)
{
    char host[NET_ADDRESS_TEXT];
    const char *colon = strrchr(string, ':');
    uint16_t port;
    if (!colon || (size_t)(colon - string) >= sizeof host || !parse_port(colon + 1, &port))
        return false;
    size_t length = (size_t)(colon - string);
    memcpy(host, string, length);
    host[length] = 0;
    if (length > 2 && host[0] == '[' && host[length - 1] == ']') {
        host[length - 1] = 0;
        return parse_v6(host + 1, port, ret);
    }
    return parse_v4(host, port, ret);
}

static uint16_t port_of(const struct net_address *address)
{
    return ntohs(address->at.v4.sin_port); /* the same place in both families */
}

static void set_port(struct net_address *address, uint16_t port)
{
    address->at.v4.sin_port = htons(port);
}

static void print_address(struct net_address *address)
{
    char host[INET6_ADDRSTRLEN] = "", scope[IF_NAMESIZE + 1] = "%";
    if (address->at.any.sa_family == AF_INET) {
        inet_ntop(AF_INET, &address->at.v4.sin_addr, host, sizeof host);
        snprintf(address->text, sizeof address->text, "%s:%u", host, port_of(address));
        return;
    }
    inet_ntop(AF_INET6, &address->at.v6.sin6_addr, host, sizeof host);
    if (!address->at.v6.sin6_scope_id || !if_indextoname(address->at.v6.sin6_scope_id, scope + 1))
        scope[0] = 0;
    snprintf(address->text, sizeof address->text, "[%s%s]:%u", host, scope, port_of(address));
}

/* Sockets */

static void set_option(int fd, int level, int option, int value)
{
    /* Each of these only makes things better; a kernel that lacks one serves all the same. */
    (void)setsockopt(fd, level, option, &value, sizeof value);
}

/* Path MTU messages are easily forged and would make us fragment (draft-ietf-dnsop-avoid-fragmentation §3.1):
 * answers are kept small instead, and the kernel is told not to believe in a smaller path. */
static void set_udp_options(int fd, const struct net_address *address)
{
    set_option(fd, SOL_SOCKET, SO_RCVBUF, BUFFER);
    set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, BUFFER);
    set_option(fd, SOL_SOCKET, SO_SNDBUF, BUFFER);
    set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, BUFFER);
    if (address->at.any.sa_family == AF_INET) {
        set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT);
        if (address->wildcard)
            set_option(fd, IPPROTO_IP, IP_PKTINFO, 1);
    } else {
        set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT);
        set_option(fd, IPPROTO_IPV6, IPV6_MTU, 1280);
        if (address->wildcard)
            set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    }
}

static int bind_error(const struct net_address *address, const char *transport, struct err_note *note)
{
    int error = errno;
    const char *reason = error == EADDRINUSE      ? "the port is in use"
                         : error == EADDRNOTAVAIL ? "no interface has that address"
                                                  : strerror(error);
    return err_set(note, error == EACCES || error == EPERM ? ERR_PERM : ERR_UNAVAILABLE, "%s (%s): %s",
        address->text, transport, reason);
}

static int open_socket(const struct net_address *address, int type)
{
    int family = address->at.any.sa_family;
    int fd = socket(family, type | SOCK_CLOEXEC, 0);
    if (fd >= 0 && family == AF_INET6)
        set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    return fd;
}

/* The first UDP socket is bound alone, so that a port in use is seen even if its owner shares it
 * (SO_REUSEPORT); only then does it begin to share, with the sockets of the other workers. */
static int bind_udp(struct net_address *address, unsigned worker)
{
    int fd = address->udp[worker] = open_socket(address, SOCK_DGRAM);
    if (fd < 0)
        return -1;
    set_udp_options(fd, address);
    if (worker > 0)
        set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    if (bind(fd, &address->at.any, address->size) < 0)
        return -1;
    if (worker == 0)
        set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    socklen_t size = address->size;
    return getsockname(fd, &address->at.any, &size);
}

static int bind_tcp(struct net_address *address)
{
    int fd = address->tcp = open_socket(address, SOCK_STREAM | SOCK_NONBLOCK);
    if (fd < 0)
        return -1;
    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1); /* old connections in TIME_WAIT do not count */
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1); /* accepted sockets inherit it */
    return bind(fd, &address->at.any, address->size) < 0 ? -1 : listen(fd, BACKLOG);
}

static void close_address(struct net_address *address)
{
    int *fds[] = {&address->tcp, address->udp};
    size_t counts[] = {1, NET_MAX_WORKERS};
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; i < counts[k]; i++) {
            if (fds[k][i] >= 0)
                close(fds[k][i]);
            fds[k][i] = -1;
        }
}

/* Port 0: the one that UDP gets may be taken for TCP, so try again. */
static int bind_address(struct net_address *address, unsigned workers, struct err_note *note)
{
    bool any_port = port_of(address) == 0;
    for (unsigned tries = any_port ? FREE_PORT_TRIES : 1; tries > 0; tries--) {
        if (bind_udp(address, 0) < 0)
            return bind_error(address, "UDP", note);
        if (bind_tcp(address) == 0)
            break;
        if (tries == 1 || errno != EADDRINUSE)
            return bind_error(address, "TCP", note);
        close_address(address);
        set_port(address, 0);
    }
    print_address(address);
    for (unsigned i = 1; i < workers; i++)
        if (bind_udp(address, i) < 0)
            return bind_error(address, "UDP", note);
    return 0;
}

int net_bind(const char *const *addresses, size_t count, unsigned udp_workers, struct net_server **ret_server,
    struct err_note *note)
{
    if (count == 0 || count > NET_MAX_ADDRESSES || udp_workers == 0 || udp_workers > NET_MAX_WORKERS)
        return err_set(
            note, ERR_USAGE, "1 to %d addresses and 1 to %d workers", NET_MAX_ADDRESSES, NET_MAX_WORKERS);
    struct net_server *server = calloc(1, sizeof *server);
    if (!server)
        return err_set(note, ERR_NOMEM, "out of memory");
    server->count = count;
    server->workers = udp_workers;
    for (size_t i = 0; i < count; i++) {
        server->addresses[i].tcp = -1;
        memset(server->addresses[i].udp, 0xff, sizeof server->addresses[i].udp);
    }
    int rc = 0;
    for (size_t i = 0; i < count && !rc; i++) {
        struct net_address *address = &server->addresses[i];
        if (!parse_address(addresses[i], address))
            rc = err_set(note, ERR_USAGE, "%s is no ADDRESS:PORT (127.0.0.1:5300, [::1]:5300)", addresses[i]);
        else {
            print_address(address);
            rc = bind_address(address, udp_workers, note);
        }
    }
    if (rc)
        net_stop(server, 0);
    else
        *ret_server = server;
    return rc;
}

const char *net_address(const struct net_server *server, size_t index)
{
    return index < server->count ? server->addresses[index].text : NULL;
}

int net_start(
    struct net_server *server, struct net_handler handler, struct net_limits limits, struct err_note *note)
{
    server->handler = handler;
    int rc = tcp_start(server->addresses, server->count, &server->handler, &limits, &server->tcp);
    for (unsigned i = 0; i < server->workers && !rc; i++)
        rc = udp_start(server->addresses, server->count, i, &server->handler, &server->udp[i]);
    return rc ? err_set(note, rc, "cannot start the threads that answer: %s", err_str(rc)) : 0;
}

void net_stop(struct net_server *server, unsigned drain_ms)
{
    if (!server)
        return;
    for (unsigned i = 0; i < server->workers; i++)
        if (server->udp[i])
            udp_stop(server->udp[i], drain_ms);
    if (server->tcp) {
        tcp_stop(server->tcp, drain_ms);
        tcp_join(server->tcp);
    }
    for (unsigned i = 0; i < server->workers; i++)
        if (server->udp[i])
            udp_join(server->udp[i]);
    for (size_t i = 0; i < server->count; i++)
        close_address(&server->addresses[i]);
    free(server);
}

struct net_counters net_count(const struct net_server *server)
{
    struct net_counters counters = {0};
    for (unsigned i = 0; i < server->workers; i++)
        if (server->udp[i])
            udp_count(server->udp[i], &counters);
    if (server->tcp)
        tcp_count(server->tcp, &counters);
    return counters;
}

/* net_inside: what net.c, udp.c and tcp.c share. Nobody else includes it. */
#ifndef IO_NET_NET_INSIDE_H
#define IO_NET_NET_INSIDE_H

#include "io/net/net.h"

#include <netinet/in.h>
#include <sys/socket.h>

enum { NET_MAX_WORKERS = 64, NET_ADDRESS_TEXT = 80 };

union net_sockaddr {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* One address that we are bound to, with its sockets: one for TCP, one for each UDP worker. -1: not open. */
struct net_address {
    union net_sockaddr at;
    socklen_t size;
    bool wildcard; /* 0.0.0.0 or ::, so each answer must be told which address to leave from */
    char text[NET_ADDRESS_TEXT];
    int tcp;
    int udp[NET_MAX_WORKERS];
};

/* A counter has one writer, so it needs no locked instruction. */
static inline void net_add(uint64_t *counter, uint64_t n)
{
    __atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + n, __ATOMIC_RELAXED);
}

static inline uint64_t net_read(const uint64_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/* Address and port of a peer; an IPv4 address becomes a mapped one. */
void net_peer_set(struct net_peer *peer, const union net_sockaddr *from);

/* udp.c */

struct udp_worker;

/* Worker `number` of these addresses. ERR_NOMEM or ERR_INTERNAL (no thread). */
int udp_start(const struct net_address *addresses, size_t count, unsigned number,
    const struct net_handler *handler, struct udp_worker **ret_worker);

/* Tells it to answer what has arrived, for at most `drain_ms`, and to end; udp_join() waits for that and
 * frees it. */
void udp_stop(struct udp_worker *worker, unsigned drain_ms);
void udp_join(struct udp_worker *worker);
void udp_count(const struct udp_worker *worker, struct net_counters *counters);

/* tcp.c */

struct tcp_server;

/* Takes the listening sockets over (sets them to -1). ERR_NOMEM or ERR_INTERNAL. */
int tcp_start(struct net_address *addresses, size_t count, const struct net_handler *handler,
    const struct net_limits *limits, struct tcp_server **ret_tcp);

/* As for UDP: what has arrived is answered, and answers leave, for at most `drain_ms`. */
void tcp_stop(struct tcp_server *tcp, unsigned drain_ms);
void tcp_join(struct tcp_server *tcp);
void tcp_count(const struct tcp_server *tcp, struct net_counters *counters);

#endif

/* net: datagrams and streams in, datagrams and streams out. UDP workers use recvmmsg/sendmmsg on SO_REUSEPORT
 * sockets; TCP is one libuv loop with pipelining (RFC 7766). What an answer is, the caller's function says.
 */
#ifndef IO_NET_NET_H
#define IO_NET_NET_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NET_MAX_ADDRESSES = 16 };

struct net_peer {
    uint8_t address[16]; /* IPv6, or IPv4 mapped */
    uint16_t port;
    bool tcp;
    int64_t now_us; /* when its batch was read */
};

struct net_message {
    const uint8_t *bytes;
    size_t length;
};

struct net_handler {
    /* One message: writes the response, returns its length, 0 for none. Called from worker threads. */
    size_t (*answer)(void *context, const struct net_peer *peer, const uint8_t *message, size_t length,
        uint8_t *out, size_t capacity);
    /* Around each batch of messages: a place to take and release a read lock. May be NULL. */
    void (*begin)(void *context);
    void (*end)(void *context);
    /* All messages of a UDP batch of more than one, after begin() and before the first answer(). May be NULL.
     */
    void (*glance)(void *context, const struct net_message *messages, size_t count);
    void *context;
};

struct net_limits {
    unsigned tcp_connections; /* open at once; for one more the longest idle is closed, or else the new one */
    unsigned tcp_idle_ms; /* RFC 7766 §6.2.3: closed when no whole message came, or no answer could leave, for
                             so long */
};

struct net_server;

/* Binds every "ADDRESS:PORT" ("127.0.0.1:5300", "[::1]:5300") for UDP and TCP, with a UDP socket for each of
 * `udp_workers` threads (1 to 64). Nothing is bound later, so privileges may be dropped after it.
 * ERR_UNAVAILABLE if one is in use or cannot be had (the note names it), ERR_PERM if not permitted, ERR_USAGE
 * if it is no address. Port 0 takes a free one, the same for UDP and TCP. */
int net_bind(const char *const *addresses, size_t count, unsigned udp_workers, struct net_server **ret_server,
    struct err_note *note);

/* The address really bound, with its port. */
const char *net_address(const struct net_server *server, size_t index);

int net_start(
    struct net_server *server, struct net_handler handler, struct net_limits limits, struct err_note *note);

/* Stops reading, lets answers under way leave (at most drain_ms), joins the threads and frees the server. */
void net_stop(struct net_server *server, unsigned drain_ms);

struct net_counters {
    uint64_t udp_in, udp_out, udp_bad, tcp_accepted, tcp_refused, tcp_in, tcp_out, tcp_open;
};
struct net_counters net_count(const struct net_server *server);

#endif

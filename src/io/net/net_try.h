/* net_try: for tests: a server whose answers can be checked octet by octet, and clients. */
#ifndef IO_NET_NET_TRY_H
#define IO_NET_NET_TRY_H

#include "io/net/net.h"

#include <netinet/in.h>
#include <sys/socket.h>

/* A query is a header and the wanted size of the answer in two octets; 0: no answer. An answer is the query's
 * id, the QR bit, and octets that depend on id and place. A message with QR set gets none. */
enum { TRY_QUERY = 14 };

struct try_server {
    struct net_server *net;
    int begins, ends; /* of batches; atomic, as the next */
    int strangers;    /* messages with a peer or a time that cannot be right */
    struct sockaddr_storage at[NET_MAX_ADDRESSES];
};

/* Starts a server on free ports of `addresses` ("127.0.0.1:0"). */
void try_start(struct try_server *server, const char *const *addresses, size_t count, unsigned workers,
    struct net_limits limits);

/* net_stop(), then checks that batches ended and all peers were right. */
void try_stop(struct try_server *server, unsigned drain_ms);

/* A socket connected to address `index`. Receives time out after five seconds. */
int try_connect(const struct try_server *server, size_t index, int type);

void try_query(uint16_t id, uint16_t size, uint8_t ret_query[static TRY_QUERY]);
bool try_is_answer(uint16_t id, uint16_t size, const uint8_t *answer, size_t length);

/* Over TCP: sends a framed query; reads one framed answer and checks it. False: the stream ended or it is
 * wrong. */
void try_tcp_send(int fd, uint16_t id, uint16_t size);
bool try_tcp_answer(int fd, uint16_t id, uint16_t size);

/* True if the peer ends the stream (in order or by a reset) within five seconds. */
bool try_tcp_ended(int fd);

#endif

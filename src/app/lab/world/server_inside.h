/* server_inside: what the files of `server` share. Nobody else includes it. */
#ifndef APP_LAB_SERVER_INSIDE_H
#define APP_LAB_SERVER_INSIDE_H

#include "app/lab/world/server.h"
#include "app/lab/world/servers.h"
#include "base/arena.h"

#include <sys/socket.h>

enum { SERVER_MESSAGE = 65535, SERVER_FAULTS = LAB_ROOTS + 1 /* the last: of the recursing address */ };

enum source_kind { SOURCE_DATAGRAMS, SOURCE_LISTENER, SOURCE_STREAM };

/* What epoll tells of. */
struct source {
    enum source_kind kind;
    int fd; /* -1: closed */
    uint8_t number;
};

/* A TCP connection. RFC 7766: any number of messages one after the other, answered in their order. */
struct stream {
    struct source source; /* first */
    struct stream *next;
    struct zone_client peer;
    int64_t heard_us;
    bool ended; /* nothing more will come; to be closed when all is sent */
    bool dead;  /* to be freed */
    size_t in_used, out_used, out_sent, out_capacity;
    uint8_t *out;
    uint8_t in[2 + SERVER_MESSAGE];
};

struct lab_server {
    struct lab_world *world;
    struct vclock *clock;
    int epoll;
    struct source *datagrams, *listeners; /* one for each address of servers_table */
    struct stream *streams;
    size_t stream_count;
    struct lab_server_faults faults[SERVER_FAULTS];
    struct lab_counts counts;
    struct arena *arena; /* names in the log */
    struct lab_query *log;
    size_t log_count, log_capacity;
    unsigned answered, most;
    int rc; /* what went wrong since lab_server_poll() began */
    uint8_t in[SERVER_MESSAGE], out[SERVER_MESSAGE];
};

int64_t server_now(const struct lab_server *server);
const struct lab_server_faults *server_faults(const struct lab_server *server, uint8_t number);

/* Answers one message that came to a server, into server->out; 0 for no answer. */
size_t server_answer(struct lab_server *server, uint8_t number, const struct zone_client *peer,
    const uint8_t *message, size_t length);

/* Address and port of who asks. */
void server_peer(const struct sockaddr_storage *from, struct zone_client *peer);

/* 0 or an errno. */
int server_watch(struct lab_server *server, struct source *source, uint32_t events);

/* ---- server_stream.c ---- */

void server_stream_accept(struct lab_server *server, const struct source *listener);
void server_stream_event(struct lab_server *server, struct stream *stream, uint32_t events);
/* Closes those that were idle too long, or all of a server (-1: of every server). */
void server_stream_expire(struct lab_server *server);
void server_stream_close(struct lab_server *server, int number);
/* Frees those that were closed: not before the events of one epoll_wait() are over. */
void server_stream_bury(struct lab_server *server);

#endif

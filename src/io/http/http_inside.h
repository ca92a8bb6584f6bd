/* http_inside: what the files of io/http share. Nobody else includes it. */
#ifndef IO_HTTP_HTTP_INSIDE_H
#define IO_HTTP_HTTP_INSIDE_H

#include "io/http/http.h"
#include "io/http/rate.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>

enum http_phase { PHASE_RECEIVING, PHASE_ANSWERING, PHASE_STREAMING, PHASE_CLOSING };

/* One open connection. */
struct http_link {
    struct http_link *next, **place;
    int fd;
    enum http_phase phase;
    int64_t since_us; /* monotonic */
};

/* One event stream. */
struct http_stream {
    struct http_server *server;
    struct http_stream *next, **place;
    struct MHD_Connection *connection;
    int64_t sent;    /* the last number told */
    int64_t beat_us; /* when the next comment is due, monotonic */
    int fd;
    bool greeted, asleep, gone; /* gone: nobody is there any more */
};

struct http_server {
    struct http_config config;
    char address[80];
    bool has_proxy;
    uint8_t proxy[16];
    int socket;
    struct MHD_Daemon *daemon;
    struct rate_table *rates; /* of the serving thread */

    pthread_mutex_t lock; /* for all that follows */
    pthread_cond_t changed;
    pthread_t watcher;
    bool watching, stopping;
    int64_t version; /* what `news` told */
    struct http_link *links;
    struct http_stream *streams;
    struct http_counters counters;
};

/* http.c */
void http_address_of(const struct sockaddr *address, uint8_t ret_address[16]);

/* http_exchange.c: callbacks of libmicrohttpd. */
void *http_exchange_begin(void *server, const char *uri, struct MHD_Connection *connection);
enum MHD_Result http_exchange_go_on(void *server, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *body, size_t *body_left, void **exchange);
void http_exchange_end(
    void *server, struct MHD_Connection *connection, void **exchange, enum MHD_RequestTerminationCode how);

/* http_answer.c: sends an answer and frees its body. */
enum MHD_Result http_answer_send(
    struct http_server *server, struct MHD_Connection *connection, struct http_answer *answer);

/* http_watch.c */
void http_link_notify(
    void *server, struct MHD_Connection *connection, void **link, enum MHD_ConnectionNotificationCode what);
void http_link_phase(struct http_server *server, struct MHD_Connection *connection, enum http_phase phase);
/* NULL if there are too many streams, or memory is short. */
struct MHD_Response *http_stream_new(struct http_server *server, struct MHD_Connection *connection);
int http_watch_start(struct http_server *server);
void http_watch_stop(struct http_server *server);

#endif

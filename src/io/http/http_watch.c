/* The second thread. Streams that have nothing to say sleep (their connections are suspended), and are woken
 * when `news` tells another number, when a comment is due, or at the end. Connections that take too long are
 * shut down; the serving thread then finds them closed.
 *
 * A connection's descriptor is closed by libmicrohttpd only after http_link_notify() took the link out, so
 * whatever stands in the list is open. */
#include "io/http/http_inside.h"

#include "base/utc.h"
#include "io/proc/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { TICK_MS = 200, STREAM_BLOCK = 512 };

void http_link_notify(void *context, struct MHD_Connection *connection, void **link_place,
    enum MHD_ConnectionNotificationCode what)
{
    struct http_server *server = context;
    struct http_link *link = *link_place;
    pthread_mutex_lock(&server->lock);
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        server->counters.connections++;
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        link = info ? calloc(1, sizeof *link) : NULL;
        if (link) {
            *link = (struct http_link){.fd = info->connect_fd,
                .since_us = clock_mono_us(),
                .next = server->links,
                .place = &server->links};
            if (link->next)
                link->next->place = &link->next;
            server->links = link;
        }
        *link_place = link;
    } else {
        server->counters.connections--;
        if (link) {
            *link->place = link->next;
            if (link->next)
                link->next->place = link->place;
            free(link);
        }
        *link_place = NULL;
    }
    pthread_mutex_unlock(&server->lock);
}

void http_link_phase(struct http_server *server, struct MHD_Connection *connection, enum http_phase phase)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct http_link *link = info ? info->socket_context : NULL;
    if (!link)
        return;
    pthread_mutex_lock(&server->lock);
    link->phase = phase;
    link->since_us = clock_mono_us();
    pthread_mutex_unlock(&server->lock);
}

/* What a stream has to say now, 0 for nothing. The lock is held. */
static ssize_t stream_write(struct http_stream *stream, char *out, size_t capacity)
{
    struct http_server *server = stream->server;
    long long version = (long long)server->version;
    int length = 0;
    if (!stream->greeted || stream->sent != server->version)
        length = snprintf(out, capacity, "%sid: %lld\nevent: news\ndata: %lld\n\n",
            stream->greeted ? "" : "retry: 3000\n", version, version);
    else if (clock_mono_us() >= stream->beat_us)
        length = snprintf(out, capacity, ":\n\n");
    if (length <= 0 || (size_t)length >= capacity)
        return 0;
    stream->greeted = true;
    stream->sent = server->version;
    stream->beat_us = clock_mono_us() + server->config.beat_s * UTC_SECOND;
    return length;
}

static ssize_t stream_read(void *context, uint64_t position, char *out, size_t capacity)
{
    struct http_stream *stream = context;
    struct http_server *server = stream->server;
    pthread_mutex_lock(&server->lock);
    ssize_t length = MHD_CONTENT_READER_END_OF_STREAM;
    if (stream->gone)
        length = MHD_CONTENT_READER_END_WITH_ERROR;
    else if (!server->stopping)
        length = stream_write(stream, out, capacity);
    if (length == 0) {
        stream->asleep = true;
        MHD_suspend_connection(stream->connection);
    }
    pthread_mutex_unlock(&server->lock);
    return length;
}

static void stream_free(void *context)
{
    struct http_stream *stream = context;
    struct http_server *server = stream->server;
    pthread_mutex_lock(&server->lock);
    server->counters.streams--;
    *stream->place = stream->next;
    if (stream->next)
        stream->next->place = stream->place;
    pthread_mutex_unlock(&server->lock);
    free(stream);
}

struct MHD_Response *http_stream_new(struct http_server *server, struct MHD_Connection *connection)
{
    struct http_stream *stream = server->config.news ? calloc(1, sizeof *stream) : NULL;
    if (!stream)
        return NULL;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    *stream = (struct http_stream){.server = server,
        .connection = connection,
        .place = &server->streams,
        .fd = info ? info->connect_fd : -1};
    pthread_mutex_lock(&server->lock);
    bool room = server->counters.streams < server->config.streams && !server->stopping;
    if (room) {
        server->counters.streams++;
        stream->next = server->streams;
        if (stream->next)
            stream->next->place = &stream->next;
        server->streams = stream;
    }
    pthread_mutex_unlock(&server->lock);
    if (!room) {
        free(stream);
        return NULL;
    }
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, stream_read, stream, stream_free);
    if (!response)
        stream_free(stream);
    return response;
}

/* Nobody reads from a sleeping connection, so its end is not noticed unless one looks. A client that sends
 * more than its request is left alone. */
static bool has_left(const struct http_stream *stream)
{
    char octet;
    return recv(stream->fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* The lock is held. */
static void wake_streams(struct http_server *server)
{
    int64_t now_us = clock_mono_us();
    for (struct http_stream *stream = server->streams; stream; stream = stream->next) {
        bool due = server->stopping || stream->sent != server->version || now_us >= stream->beat_us;
        if (!stream->asleep)
            continue;
        stream->gone = has_left(stream);
        if (!due && !stream->gone)
            continue;
        stream->asleep = false;
        MHD_resume_connection(stream->connection);
    }
}

/* The lock is held. */
static void close_slow(struct http_server *server)
{
    int64_t now_us = clock_mono_us();
    for (struct http_link *link = server->links; link; link = link->next) {
        unsigned limit_s = link->phase == PHASE_RECEIVING   ? server->config.request_s
                           : link->phase == PHASE_ANSWERING ? server->config.answer_s
                                                            : 0;
        if (limit_s == 0 || now_us - link->since_us < limit_s * UTC_SECOND)
            continue;
        link->phase = PHASE_CLOSING;
        server->counters.closed_slow++;
        shutdown(link->fd, SHUT_RDWR);
    }
}

static void *watch(void *context)
{
    struct http_server *server = context;
    pthread_mutex_lock(&server->lock);
    while (!server->stopping) {
        wake_streams(server);
        close_slow(server);
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += TICK_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        pthread_cond_timedwait(&server->changed, &server->lock, &until);
        if (server->stopping || !server->config.news)
            continue;
        pthread_mutex_unlock(&server->lock);
        int64_t version = server->config.news(server->config.context);
        pthread_mutex_lock(&server->lock);
        server->version = version;
    }
    wake_streams(server);
    pthread_mutex_unlock(&server->lock);
    return NULL;
}

int http_watch_start(struct http_server *server)
{
    if (pthread_create(&server->watcher, NULL, watch, server) != 0)
        return ERR_INTERNAL;
    server->watching = true;
    return 0;
}

void http_watch_stop(struct http_server *server)
{
    pthread_mutex_lock(&server->lock);
    server->stopping = true;
    pthread_cond_signal(&server->changed);
    pthread_mutex_unlock(&server->lock);
    if (server->watching)
        pthread_join(server->watcher, NULL);
}

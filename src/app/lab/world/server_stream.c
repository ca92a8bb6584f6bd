/* The idea: each connection has a buffer for what came and one for what is to go. Whole messages are answered
 * as long as not too much waits to be sent; epoll is asked for what is then needed. */
#include "app/lab/world/server_inside.h"

#include "base/bytes.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { STREAMS_MAX = 64, UNSENT_MAX = 4 * SERVER_MESSAGE };
#define IDLE_US (10 * UTC_SECOND) /* of the clock; RFC 7766 §6.2.3: a few seconds */

static void end(struct lab_server *server, struct stream *stream)
{
    if (stream->dead)
        return;
    close(stream->source.fd); /* epoll forgets it */
    stream->source.fd = -1;
    stream->dead = true;
    server->stream_count--;
}

void server_stream_close(struct lab_server *server, int number)
{
    for (struct stream *stream = server->streams; stream; stream = stream->next)
        if (number < 0 || stream->source.number == number)
            end(server, stream);
}

void server_stream_expire(struct lab_server *server)
{
    int64_t now_us = server->streams ? server_now(server) : 0;
    for (struct stream *stream = server->streams; stream; stream = stream->next)
        if (now_us - stream->heard_us >= IDLE_US)
            end(server, stream);
}

void server_stream_bury(struct lab_server *server)
{
    for (struct stream **at = &server->streams; *at;) {
        struct stream *stream = *at;
        if (!stream->dead) {
            at = &stream->next;
            continue;
        }
        *at = stream->next;
        free(stream->out);
        free(stream);
    }
}

static void end_longest_idle(struct lab_server *server)
{
    struct stream *longest = NULL;
    for (struct stream *stream = server->streams; stream; stream = stream->next)
        if (!stream->dead && (!longest || stream->heard_us < longest->heard_us))
            longest = stream;
    if (longest)
        end(server, longest);
}

void server_stream_accept(struct lab_server *server, const struct source *listener)
{
    struct sockaddr_storage from;
    socklen_t length = sizeof from;
    int fd = accept4(listener->fd, (struct sockaddr *)&from, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    if (server->stream_count == STREAMS_MAX)
        end_longest_idle(server);
    struct stream *stream = calloc(1, sizeof *stream);
    if (!stream) {
        server->rc = ERR_NOMEM;
        close(fd);
        return;
    }
    stream->source = (struct source){.kind = SOURCE_STREAM, .fd = fd, .number = listener->number};
    stream->peer.tcp = true;
    server_peer(&from, &stream->peer);
    stream->heard_us = server_now(server);
    stream->next = server->streams;
    server->streams = stream;
    server->stream_count++;
    if (server_watch(server, &stream->source, EPOLLIN))
        end(server, stream);
}

static void add_answer(struct lab_server *server, struct stream *stream, size_t length)
{
    size_t need = stream->out_used + 2 + length;
    if (need > stream->out_capacity) {
        uint8_t *out = realloc(stream->out, 2 * need);
        if (!out) {
            server->rc = ERR_NOMEM;
            end(server, stream);
            return;
        }
        stream->out = out;
        stream->out_capacity = 2 * need;
    }
    bytes_put_u16(stream->out + stream->out_used, (uint16_t)length);
    memcpy(stream->out + stream->out_used + 2, server->out, length);
    stream->out_used = need;
}

static size_t unsent(const struct stream *stream)
{
    return stream->out_used - stream->out_sent;
}

/* True if there was a whole one. */
static bool take_messages(struct lab_server *server, struct stream *stream)
{
    size_t at = 0;
    while (!stream->dead && unsent(stream) < UNSENT_MAX && stream->in_used - at >= 2) {
        size_t length = bytes_u16(stream->in + at);
        if (stream->in_used - at - 2 < length)
            break;
        size_t answer =
            server_answer(server, stream->source.number, &stream->peer, stream->in + at + 2, length);
        if (answer)
            add_answer(server, stream, answer);
        at += 2 + length;
    }
    stream->in_used -= at;
    memmove(stream->in, stream->in + at, stream->in_used);
    return at > 0;
}

/* True if more may be there. */
static bool read_some(struct lab_server *server, struct stream *stream)
{
    size_t room = sizeof stream->in - stream->in_used;
    if (!room || stream->ended || stream->dead)
        return false;
    ssize_t got = recv(stream->source.fd, stream->in + stream->in_used, room, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (got < 0) {
        end(server, stream);
        return false;
    }
    stream->ended = got == 0;
    stream->in_used += (size_t)got;
    stream->heard_us = server_now(server);
    return got > 0;
}

static void send_some(struct lab_server *server, struct stream *stream)
{
    while (!stream->dead && unsent(stream)) {
        ssize_t sent = send(stream->source.fd, stream->out + stream->out_sent, unsent(stream), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno == EAGAIN)
            return;
        if (sent < 0) {
            end(server, stream);
            return;
        }
        stream->out_sent += (size_t)sent;
    }
    stream->out_used = stream->out_sent = 0;
}

void server_stream_event(struct lab_server *server, struct stream *stream, uint32_t events)
{
    if (stream->dead)
        return;
    send_some(server, stream);
    for (bool more = true; more && unsent(stream) < UNSENT_MAX; send_some(server, stream)) {
        more = read_some(server, stream);
        more |= take_messages(server, stream);
    }
    if (stream->dead)
        return;
    if ((stream->ended && !unsent(stream)) || events & EPOLLERR) {
        end(server, stream);
        return;
    }
    bool full = unsent(stream) >= UNSENT_MAX || stream->ended;
    if (server_watch(server, &stream->source,
            (full ? 0U : (uint32_t)EPOLLIN) | (unsent(stream) ? (uint32_t)EPOLLOUT : 0U)))
        end(server, stream);
}

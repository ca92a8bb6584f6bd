/* The idea: one libuv loop in a thread of its own, and nothing held for a connection that says nothing. All
 * connections read into one room and write from another; only what is left over (the beginning of a message,
 * answers that the peer does not take yet) is kept on the heap, in exactly its size, and while answers wait
 * nothing is read. So a connection can hold at most one room of each, and waiting answers altogether
 * MAX_QUEUED.
 *
 * A turn of the loop serves each connection once, with one read, so that a busy one cannot starve the others;
 * whatever messages that read completes are answered with one write (RFC 7766 §6.2.1.1).
 *
 * Connections stand in a list by their last activity: its head is the next to time out, and the one to go
 * when there are too many. Activity is a whole message answered or all answers taken, so single octets buy no
 * time.
 *
 * To stop, each connection is shut down for reading: what has arrived is still read, then comes the end of
 * the stream. */
#include "io/net/net_inside.h"
#include "base/bytes.h"
#include "io/proc/clock.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum {
    PREFIX = 2,
    HEADER = 12,
    MESSAGE = 65535,
    FRAME = PREFIX + MESSAGE,
    READ = 16384,           /* at most so much from a connection in a turn */
    IN_ROOM = FRAME + READ, /* an unfinished frame and what follows */
    OUT_ROOM = 4 * FRAME,   /* answers of a turn, unless there are more */
    MAX_QUEUED = 64 << 20,  /* answers that wait, all connections together */
    FRESH_MS = 1000,        /* a connection younger than that is not closed for another */
};

struct tcp_conn {
    uv_tcp_t handle;
    uv_write_t write;
    struct tcp_server *tcp;
    struct tcp_conn *older, *newer;
    uint64_t active_ms;
    uint64_t turn; /* in which it was served last */
    struct net_peer peer;
    uint8_t *kept; /* read, not answered yet */
    size_t kept_length;
    uint8_t *queue; /* answers that wait; NULL if none do */
    size_t queued;
};

struct tcp_server {
    /* for others */
    pthread_t thread;
    uv_async_t stop;
    unsigned drain_ms;                         /* written before the knock */
    uint64_t accepted, refused, in, out, open; /* one writer */

    _Alignas(64) uv_loop_t loop;
    struct net_handler handler;
    struct net_limits limits;
    uv_tcp_t listeners[NET_MAX_ADDRESSES];
    size_t listener_count;
    uv_prepare_t prepare;
    uv_timer_t idle, drain;
    uint64_t turn;
    bool stopping;
    struct tcp_conn *oldest, *newest;
    size_t queued;
    uint8_t in_room[IN_ROOM], out_room[OUT_ROOM];
};

static void serve_kept(struct tcp_conn *conn);

/* The list, by last activity */

static void list_take(struct tcp_conn *conn)
{
    struct tcp_server *tcp = conn->tcp;
    *(conn->older ? &conn->older->newer : &tcp->oldest) = conn->newer;
    *(conn->newer ? &conn->newer->older : &tcp->newest) = conn->older;
}

static void list_add(struct tcp_conn *conn)
{
    struct tcp_server *tcp = conn->tcp;
    conn->active_ms = uv_now(&tcp->loop);
    conn->older = tcp->newest;
    conn->newer = NULL;
    *(tcp->newest ? &tcp->newest->newer : &tcp->oldest) = conn;
    tcp->newest = conn;
}

static void touch(struct tcp_conn *conn)
{
    if (conn->active_ms == uv_now(&conn->tcp->loop))
        return; /* the order within a millisecond does not matter */
    list_take(conn);
    list_add(conn);
}

/* The end of a connection */

static void end_if_drained(struct tcp_server *tcp)
{
    if (!tcp->stopping || tcp->open > 0)
        return;
    uv_handle_t *handles[] = {(uv_handle_t *)&tcp->stop, (uv_handle_t *)&tcp->prepare,
        (uv_handle_t *)&tcp->idle, (uv_handle_t *)&tcp->drain};
    for (size_t i = 0; i < sizeof handles / sizeof *handles; i++)
        if (!uv_is_closing(handles[i]))
            uv_close(handles[i], NULL);
}

static void on_closed(uv_handle_t *handle)
{
    struct tcp_conn *conn = handle->data;
    free(conn->kept);
    free(conn->queue);
    free(conn);
}

static void close_conn(struct tcp_conn *conn)
{
    struct tcp_server *tcp = conn->tcp;
    if (uv_is_closing((uv_handle_t *)&conn->handle))
        return;
    list_take(conn);
    tcp->queued -= conn->queued;
    __atomic_store_n(&tcp->open, tcp->open - 1, __ATOMIC_RELAXED);
    uv_close((uv_handle_t *)&conn->handle, on_closed);
    end_if_drained(tcp);
}

static void on_idle(uv_timer_t *timer)
{
    struct tcp_server *tcp = timer->data;
    uint64_t now = uv_now(&tcp->loop);
    while (tcp->oldest && now - tcp->oldest->active_ms >= tcp->limits.tcp_idle_ms)
        close_conn(tcp->oldest);
    if (tcp->oldest)
        uv_timer_start(timer, on_idle, tcp->oldest->active_ms + tcp->limits.tcp_idle_ms - now, 0);
}

/* Writing */

static void on_written(uv_write_t *write, int status)
{
    struct tcp_conn *conn = write->data;
    if (uv_is_closing((uv_handle_t *)&conn->handle))
        return;
    if (status < 0) {
        close_conn(conn);
        return;
    }
    conn->tcp->queued -= conn->queued;
    conn->queued = 0;
    free(conn->queue);
    conn->queue = NULL;
    touch(conn);
    serve_kept(conn);
}

/* Leaves the answers to libuv until the peer takes them. */
static bool queue_answers(struct tcp_conn *conn, const uint8_t *answers, size_t length)
{
    struct tcp_server *tcp = conn->tcp;
    if (tcp->queued + length > MAX_QUEUED || !(conn->queue = malloc(length)))
        return false;
    memcpy(conn->queue, answers, length);
    conn->queued = length;
    tcp->queued += length;
    uv_buf_t bytes = uv_buf_init((char *)conn->queue, (unsigned)length);
    conn->write.data = conn;
    return uv_write(&conn->write, (uv_stream_t *)&conn->handle, &bytes, 1, on_written) == 0;
}

/* Sends the answers in the room; those that must wait are queued. With `more` to come after them they wait in
 * any case until the next turn, which is for the others. */
static bool send_answers(struct tcp_conn *conn, size_t length, bool more)
{
    uint8_t *answers = conn->tcp->out_room;
    size_t sent = 0;
    if (!more) {
        uv_buf_t bytes = uv_buf_init((char *)answers, (unsigned)length);
        int n = uv_try_write((uv_stream_t *)&conn->handle, &bytes, 1);
        if (n < 0 && n != UV_EAGAIN)
            return false;
        sent = n > 0 ? (size_t)n : 0;
    }
    return sent == length || queue_answers(conn, answers + sent, length - sent);
}

/* Messages */

/* Is there a whole message? ERR_DATA for a length that none can have: no header fits in it. */
static int next_message(const uint8_t *bytes, size_t length, size_t *ret_message)
{
    *ret_message = 0;
    if (length < PREFIX)
        return 0;
    size_t message = bytes_u16(bytes);
    if (message < HEADER)
        return ERR_DATA;
    if (length - PREFIX >= message)
        *ret_message = message;
    return 0;
}

/* Answers the whole messages at `bytes`, as far as the room for answers goes. Returns what was used, and the
 * answers' length; false if the stream makes no sense. */
static bool answer_messages(
    struct tcp_conn *conn, const uint8_t *bytes, size_t length, size_t *ret_used, size_t *ret_answers)
{
    struct tcp_server *tcp = conn->tcp;
    const struct net_handler *handler = &tcp->handler;
    size_t used = 0, answers = 0, message = 0;
    uint64_t in = 0, out = 0;
    int rc = 0;
    conn->peer.now_us = clock_now_us();
    if (handler->begin)
        handler->begin(handler->context);
    while (answers + FRAME <= OUT_ROOM) {
        rc = next_message(bytes + used, length - used, &message);
        if (rc || !message)
            break;
        uint8_t *at = tcp->out_room + answers;
        size_t size = handler->answer(
            handler->context, &conn->peer, bytes + used + PREFIX, message, at + PREFIX, MESSAGE);
        in++;
        used += PREFIX + message;
        if (size > 0) {
            bytes_put_u16(at, (uint16_t)size);
            answers += PREFIX + size;
            out++;
        }
    }
    if (handler->end)
        handler->end(handler->context);
    net_add(&tcp->in, in);
    net_add(&tcp->out, out);
    *ret_used = used;
    *ret_answers = answers;
    return rc == 0;
}

static bool keep(struct tcp_conn *conn, const uint8_t *bytes, size_t length)
{
    if (length == 0) {
        free(conn->kept);
        conn->kept = NULL;
    } else if (length != conn->kept_length) {
        uint8_t *kept = realloc(conn->kept, length);
        if (!kept)
            return false;
        conn->kept = kept;
    }
    if (length > 0)
        memcpy(conn->kept, bytes, length);
    conn->kept_length = length;
    return true;
}

/* Answers what is in the room, `length` octets; what cannot be answered yet is kept. */
static void serve(struct tcp_conn *conn, size_t length)
{
    const uint8_t *bytes = conn->tcp->in_room;
    size_t used, answers, more;
    bool good = answer_messages(conn, bytes, length, &used, &answers);
    if (answers > 0) {
        touch(conn);
        if (good && next_message(bytes + used, length - used, &more))
            more = 0;
        good = send_answers(conn, answers, good && more > 0) && good;
    }
    if (!good || !keep(conn, bytes + used, length - used))
        close_conn(conn);
}

/* Reading */

/* Room behind what was kept, which comes first. None, which ends this read, if it is not its turn. */
static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_room)
{
    struct tcp_conn *conn = handle->data;
    struct tcp_server *tcp = conn->tcp;
    if (conn->turn == tcp->turn) {
        *ret_room = uv_buf_init(NULL, 0);
        return;
    }
    conn->turn = tcp->turn;
    if (conn->kept_length > 0)
        memcpy(tcp->in_room, conn->kept, conn->kept_length);
    *ret_room = uv_buf_init((char *)tcp->in_room + conn->kept_length, READ);
}

static void on_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *room)
{
    struct tcp_conn *conn = stream->data;
    if (length == 0 || length == UV_ENOBUFS)
        return;
    if (length < 0) { /* the end, or a reset; all that came before is answered and sent */
        close_conn(conn);
        return;
    }
    serve(conn, conn->kept_length + (size_t)length);
    if (conn->queue)
        uv_read_stop(stream);
}

/* The peer has taken all answers: the rest of what was read, then the reading goes on. */
static void serve_kept(struct tcp_conn *conn)
{
    if (conn->kept_length > 0) {
        memcpy(conn->tcp->in_room, conn->kept, conn->kept_length);
        serve(conn, conn->kept_length);
    }
    if (!conn->queue && !uv_is_closing((uv_handle_t *)&conn->handle))
        uv_read_start((uv_stream_t *)&conn->handle, on_room, on_read);
}

/* New connections */

static bool make_place(struct tcp_server *tcp)
{
    if (tcp->open < tcp->limits.tcp_connections)
        return true;
    if (!tcp->oldest || uv_now(&tcp->loop) - tcp->oldest->active_ms < FRESH_MS)
        return false;
    close_conn(tcp->oldest);
    return true;
}

static void on_refused(uv_handle_t *handle)
{
    free(handle->data);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct tcp_server *tcp = listener->data;
    struct tcp_conn *conn = status == 0 ? calloc(1, sizeof *conn) : NULL;
    if (!conn)
        return;
    uv_tcp_init(&tcp->loop, &conn->handle);
    conn->handle.data = conn;
    conn->tcp = tcp;
    conn->turn = tcp->turn - 1;
    union net_sockaddr from;
    int size = sizeof from;
    bool good = uv_accept(listener, (uv_stream_t *)&conn->handle) == 0;
    if (!good || !make_place(tcp) || uv_tcp_getpeername(&conn->handle, &from.any, &size) ||
        uv_read_start((uv_stream_t *)&conn->handle, on_room, on_read)) {
        net_add(&tcp->refused, good);
        uv_close((uv_handle_t *)&conn->handle, on_refused);
        return;
    }
    net_peer_set(&conn->peer, &from);
    conn->peer.tcp = true;
    list_add(conn);
    net_add(&tcp->accepted, 1);
    net_add(&tcp->open, 1);
    if (!uv_is_active((uv_handle_t *)&tcp->idle))
        uv_timer_start(&tcp->idle, on_idle, tcp->limits.tcp_idle_ms, 0);
}

/* Beginning and end */

static void on_drain_over(uv_timer_t *timer)
{
    struct tcp_server *tcp = timer->data;
    while (tcp->oldest)
        close_conn(tcp->oldest);
}

static void on_stop(uv_async_t *stop)
{
    struct tcp_server *tcp = stop->data;
    if (tcp->stopping)
        return;
    tcp->stopping = true;
    for (size_t i = 0; i < tcp->listener_count; i++)
        uv_close((uv_handle_t *)&tcp->listeners[i], NULL);
    for (struct tcp_conn *conn = tcp->oldest; conn; conn = conn->newer) {
        uv_os_fd_t fd;
        if (uv_fileno((uv_handle_t *)&conn->handle, &fd) == 0)
            shutdown(fd, SHUT_RD);
    }
    uv_timer_start(&tcp->drain, on_drain_over, tcp->drain_ms, 0);
    end_if_drained(tcp);
}

static void on_prepare(uv_prepare_t *prepare)
{
    ((struct tcp_server *)prepare->data)->turn++;
}

static void *run(void *context)
{
    struct tcp_server *tcp = context;
    uv_run(&tcp->loop, UV_RUN_DEFAULT);
    uv_loop_close(&tcp->loop);
    return NULL;
}

static void close_any(uv_handle_t *handle, void *unused)
{
    uv_close(handle, NULL);
}

static int set_up(struct tcp_server *tcp, struct net_address *addresses, size_t count)
{
    tcp->stop.data = tcp->prepare.data = tcp->idle.data = tcp->drain.data = tcp;
    bool bad = uv_async_init(&tcp->loop, &tcp->stop, on_stop) != 0;
    uv_timer_init(&tcp->loop, &tcp->idle);
    uv_timer_init(&tcp->loop, &tcp->drain);
    uv_prepare_init(&tcp->loop, &tcp->prepare);
    uv_prepare_start(&tcp->prepare, on_prepare);
    for (size_t i = 0; i < count && !bad; i++) {
        uv_tcp_t *listener = &tcp->listeners[i];
        uv_tcp_init(&tcp->loop, listener);
        listener->data = tcp;
        bad = uv_tcp_open(listener, addresses[i].tcp) != 0;
        if (bad)
            break;
        addresses[i].tcp = -1;
        bad = uv_listen((uv_stream_t *)listener, SOMAXCONN, on_connection) != 0;
    }
    tcp->listener_count = count;
    return bad ? ERR_INTERNAL : 0;
}

int tcp_start(struct net_address *addresses, size_t count, const struct net_handler *handler,
    const struct net_limits *limits, struct tcp_server **ret_tcp)
{
    struct tcp_server *tcp;
    if (posix_memalign((void **)&tcp, 64, sizeof *tcp))
        return ERR_NOMEM;
    memset(tcp, 0, offsetof(struct tcp_server, in_room));
    tcp->handler = *handler;
    tcp->limits = *limits;
    if (uv_loop_init(&tcp->loop)) {
        free(tcp);
        return ERR_INTERNAL;
    }
    int rc = set_up(tcp, addresses, count);
    if (!rc) {
        sigset_t all, before;
        sigfillset(&all); /* signals are for the main thread */
        pthread_sigmask(SIG_SETMASK, &all, &before);
        rc = pthread_create(&tcp->thread, NULL, run, tcp) ? ERR_INTERNAL : 0;
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    if (rc) {
        uv_walk(&tcp->loop, close_any, NULL);
        uv_run(&tcp->loop, UV_RUN_DEFAULT);
        uv_loop_close(&tcp->loop);
        free(tcp);
        return rc;
    }
    pthread_setname_np(tcp->thread, "tcp");
    *ret_tcp = tcp;
    return 0;
}

void tcp_stop(struct tcp_server *tcp, unsigned drain_ms)
{
    tcp->drain_ms = drain_ms;
    uv_async_send(&tcp->stop);
}

void tcp_join(struct tcp_server *tcp)
{
    pthread_join(tcp->thread, NULL);
    free(tcp);
}

void tcp_count(const struct tcp_server *tcp, struct net_counters *counters)
{
    counters->tcp_accepted += net_read(&tcp->accepted);
    counters->tcp_refused += net_read(&tcp->refused);
    counters->tcp_in += net_read(&tcp->in);
    counters->tcp_out += net_read(&tcp->out);
    counters->tcp_open += net_read(&tcp->open);
}

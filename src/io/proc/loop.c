/* The idea: each thing that lives in the loop is one allocation that begins with a `struct member`, which
 * libuv's handle points back to. Closing is asynchronous in libuv, so a member is freed when the last of its
 * handles says that it is closed; loop_free() closes whatever it still finds and lets the loop run until all
 * have said so. */
#include "io/proc/loop_inside.h"
#include "base/bytes.h"
#include "io/proc/clock.h"

#include <ctype.h>
#include <stdlib.h>

struct member {
    unsigned handles; /* not closed yet */
};

static void on_closed(uv_handle_t *handle)
{
    struct member *member = handle->data;
    if (member && --member->handles == 0)
        free(member);
}

static void close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, on_closed);
}

static void on_walk(uv_handle_t *handle, void *unused)
{
    close_handle(handle);
}

static void on_wake(uv_async_t *wake)
{
    struct loop *loop = wake->loop->data;
    if (loop->on_wake)
        loop->on_wake(loop->wake_context);
}

int loop_new(struct loop **ret_loop)
{
    struct loop *loop = calloc(1, sizeof *loop);
    if (!loop)
        return ERR_NOMEM;
    if (uv_loop_init(&loop->uv)) {
        free(loop);
        return ERR_INTERNAL;
    }
    loop->uv.data = loop;
    if (uv_async_init(&loop->uv, &loop->wake, on_wake)) {
        uv_loop_close(&loop->uv);
        free(loop);
        return ERR_INTERNAL;
    }
    *ret_loop = loop;
    return 0;
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    proc_kill_all(loop);
    uv_walk(&loop->uv, on_walk, NULL);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    uv_loop_close(&loop->uv);
    free(loop);
}

void loop_run(struct loop *loop)
{
    uv_run(&loop->uv, UV_RUN_DEFAULT); /* the wake handle keeps it alive until uv_stop() */
}

void loop_stop(struct loop *loop)
{
    uv_stop(&loop->uv);
}

void loop_on_wake(struct loop *loop, void (*function)(void *context), void *context)
{
    loop->on_wake = function;
    loop->wake_context = context;
}

void loop_wake(struct loop *loop)
{
    uv_async_send(&loop->wake);
}

/* Timers */

struct loop_timer {
    struct member member;
    uv_timer_t handle;
    void (*function)(void *context);
    void *context;
};

static void on_timer(uv_timer_t *handle)
{
    struct loop_timer *timer = handle->data;
    if (uv_timer_get_repeat(handle) == 0)
        close_handle((uv_handle_t *)handle);
    timer->function(timer->context);
}

int loop_timer(struct loop *loop, uint64_t first_ms, uint64_t repeat_ms, void (*function)(void *context),
    void *context, struct loop_timer **ret_timer)
{
    struct loop_timer *timer = calloc(1, sizeof *timer);
    if (!timer)
        return ERR_NOMEM;
    timer->member.handles = 1;
    timer->function = function;
    timer->context = context;
    uv_timer_init(&loop->uv, &timer->handle);
    timer->handle.data = timer;
    uv_update_time(&loop->uv); /* a long callback may lie behind us: the wait begins now */
    uv_timer_start(&timer->handle, on_timer, first_ms, repeat_ms);
    if (ret_timer)
        *ret_timer = timer;
    return 0;
}

void loop_timer_cancel(struct loop_timer *timer)
{
    if (timer)
        close_handle((uv_handle_t *)&timer->handle);
}

/* Signals */

struct catcher {
    struct member member;
    uv_signal_t handle;
    void (*function)(void *context, int number);
    void *context;
};

static void on_signal(uv_signal_t *handle, int number)
{
    struct catcher *catcher = handle->data;
    catcher->function(catcher->context, number);
}

int loop_signal(struct loop *loop, int number, void (*function)(void *context, int number), void *context)
{
    struct catcher *catcher = calloc(1, sizeof *catcher);
    if (!catcher)
        return ERR_NOMEM;
    catcher->member.handles = 1;
    catcher->function = function;
    catcher->context = context;
    uv_signal_init(&loop->uv, &catcher->handle);
    catcher->handle.data = catcher;
    if (uv_signal_start(&catcher->handle, on_signal, number)) {
        close_handle((uv_handle_t *)&catcher->handle);
        return ERR_USAGE;
    }
    return 0;
}

/* One question over UDP */

struct ask {
    struct member member;
    uv_udp_t socket;
    uv_timer_t timer;
    loop_udp_answer *function;
    void *context;
    int64_t sent_us;
    size_t length;
    uint8_t query[];
};

enum { HEADER = 12, QUESTION_FIXED = 4 };

/* The length of header and first question, or 0 if that is not whole. */
static size_t question_end(const uint8_t *message, size_t length)
{
    struct reader r = reader_over(message, length);
    reader_bytes(&r, HEADER);
    for (uint8_t label; !r.bad && (label = reader_u8(&r)) != 0;)
        reader_bytes(&r, label);
    reader_bytes(&r, QUESTION_FIXED);
    return r.bad ? 0 : length - reader_left(&r);
}

/* Is this the response to that query? Names are compared without case, as a server may have lowered it. Some
 * errors come without a question. */
static bool is_response(const struct ask *ask, const uint8_t *answer, size_t length)
{
    if (length < HEADER || bytes_u16(answer) != bytes_u16(ask->query) || !(answer[2] & 0x80))
        return false;
    if (bytes_u16(answer + 4) == 0)
        return true;
    size_t end = question_end(ask->query, ask->length);
    if (!end || length < end)
        return false;
    for (size_t i = HEADER; i < end; i++)
        if (tolower(answer[i]) != tolower(ask->query[i]))
            return false;
    return true;
}

static void finish_ask(struct ask *ask, int result, const uint8_t *answer, size_t length)
{
    if (uv_is_closing((uv_handle_t *)&ask->socket))
        return;
    close_handle((uv_handle_t *)&ask->socket);
    close_handle((uv_handle_t *)&ask->timer);
    ask->function(ask->context, result, answer, length, clock_mono_us() - ask->sent_us);
}

static void on_ask_timeout(uv_timer_t *timer)
{
    finish_ask(timer->data, ERR_UNAVAILABLE, NULL, 0);
}

static void on_ask_room(uv_handle_t *socket, size_t suggested, uv_buf_t *ret_room)
{
    struct loop *loop = socket->loop->data;
    *ret_room = uv_buf_init((char *)loop->answer, sizeof loop->answer);
}

static void on_ask_answer(
    uv_udp_t *socket, ssize_t length, const uv_buf_t *room, const struct sockaddr *from, unsigned flags)
{
    struct ask *ask = socket->data;
    if (length < 0)
        finish_ask(ask, ERR_UNAVAILABLE, NULL, 0);
    else if (from && is_response(ask, (const uint8_t *)room->base, (size_t)length))
        finish_ask(ask, 0, (const uint8_t *)room->base, (size_t)length);
}

static int send_ask(struct ask *ask, const struct sockaddr *to)
{
    uv_buf_t bytes = uv_buf_init((char *)ask->query, (unsigned)ask->length);
    if (uv_udp_connect(&ask->socket, to) || uv_udp_recv_start(&ask->socket, on_ask_room, on_ask_answer))
        return ERR_IO;
    return uv_udp_try_send(&ask->socket, &bytes, 1, NULL) == (int)ask->length ? 0 : ERR_IO;
}

int loop_udp_ask(struct loop *loop, const char *address, uint16_t port, const uint8_t *query, size_t length,
    uint64_t timeout_ms, loop_udp_answer *function, void *context)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } to;
    if (length < HEADER || length > UINT16_MAX ||
        (uv_ip4_addr(address, port, &to.v4) && uv_ip6_addr(address, port, &to.v6)))
        return ERR_USAGE;
    struct ask *ask = calloc(1, sizeof *ask + length);
    if (!ask)
        return ERR_NOMEM;
    ask->member.handles = 2;
    ask->function = function;
    ask->context = context;
    ask->length = length;
    memcpy(ask->query, query, length);
    uv_udp_init(&loop->uv, &ask->socket);
    uv_timer_init(&loop->uv, &ask->timer);
    ask->socket.data = ask->timer.data = ask;
    ask->sent_us = clock_mono_us();
    int rc = send_ask(ask, &to.any);
    if (rc) {
        close_handle((uv_handle_t *)&ask->socket);
        close_handle((uv_handle_t *)&ask->timer);
        return rc;
    }
    uv_update_time(&loop->uv);
    uv_timer_start(&ask->timer, on_ask_timeout, timeout_ms, 0);
    return 0;
}

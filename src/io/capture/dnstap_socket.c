/* The idea: one thread polls the socket and those who are connected to it, and puts their messages into a
 * queue of two blocks. When the queue is full it reads from nobody until there is room: the senders' sockets
 * fill, and they wait, or drop as they are told to. To stop, what has arrived is still read. */
#include "base/log.h"
#include "io/capture/capture_inside.h"
#include "io/capture/sender.h"
#include "io/capture/socket_path.h"
#include "io/proc/clock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MOST_SENDERS = 64,
    WAKE = 0,
    LISTENER = 1,
    FIRST_SENDER = 2,
    TICK_MS = 1000,     /* senders who are late are looked for so often */
    LAST_WAIT_MS = 100, /* after a stop, for the rest of a frame */
    LAST_US = 2000000,  /* and for all that still comes */
    PAUSE_US = 1000000, /* without accepting, after it failed */
};

struct dnstap_socket {
    struct capture capture;
    struct socket_path path;
    int wake; /* eventfd */
    atomic_bool stop, quit;
    pthread_t thread;
    bool thread_runs;

    /* of the thread */
    struct senders senders;
    struct sender *sender[MOST_SENDERS]; /* NULL: free */
    size_t turn;                         /* who comes first when there is room again */
    bool refusing;                       /* was said */
    int64_t pause_until_us, stop_us;
    struct pollfd polled[FIRST_SENDER + MOST_SENDERS];

    struct queue queue;
};

/* ---- the thread: who comes and goes ---- */

static void let_go(struct dnstap_socket *s, size_t i)
{
    if (sender_in_a_frame(s->sender[i]))
        queue_count(&s->queue, 0, 1);
    sender_close(s->sender[i], &s->senders);
    free(s->sender[i]);
    s->sender[i] = NULL;
    s->refusing = false;
}

static void drop(struct dnstap_socket *s, size_t i, const char *why)
{
    log_warning("%s: a sender of dnstap (process %d) is dropped after %llu messages: %s",
        s->path.address.sun_path, s->sender[i]->pid, (unsigned long long)s->sender[i]->messages, why);
    let_go(s, i);
}

static void end(struct dnstap_socket *s, size_t i)
{
    const struct sender *sender = s->sender[i];
    if (sender_in_a_frame(sender))
        log_warning("%s: a sender of dnstap (process %d) ended in the middle of a frame, after %llu messages",
            s->path.address.sun_path, sender->pid, (unsigned long long)sender->messages);
    else
        log_debug("%s: a sender of dnstap (process %d) ended after %llu messages", s->path.address.sun_path,
            sender->pid, (unsigned long long)sender->messages);
    let_go(s, i);
}

static bool take_in(struct dnstap_socket *s, int fd, int64_t now_us)
{
    size_t i = 0;
    while (i < MOST_SENDERS && s->sender[i])
        i++;
    if (i == MOST_SENDERS) {
        if (!s->refusing)
            log_warning("%s: a sender of dnstap is refused: %d are connected, which is the most",
                s->path.address.sun_path, MOST_SENDERS);
        s->refusing = true;
        close(fd);
        return true;
    }
    struct sender *sender = malloc(sizeof *sender);
    if (!sender)
        close(fd);
    if (!sender || !sender_open(sender, fd, now_us)) {
        free(sender);
        return false;
    }
    s->sender[i] = sender;
    return true;
}

static void accept_one(struct dnstap_socket *s, int64_t now_us)
{
    int fd = accept4(s->path.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || errno == ECONNABORTED))
        return;
    if (fd >= 0 && take_in(s, fd, now_us))
        return;
    log_warning("%s: a sender of dnstap cannot be accepted now: %s", s->path.address.sun_path,
        fd < 0 ? strerror(errno) : "out of memory");
    s->pause_until_us = now_us + PAUSE_US;
}

/* ---- the thread: what they send ---- */

/* Puts what was read, and reads if there is something. False: the queue is full. */
static bool serve(struct dnstap_socket *s, size_t i, bool readable, int64_t now_us)
{
    struct sender *sender = s->sender[i];
    size_t got = 0;
    enum sender_word word = sender_put(sender, &s->senders, now_us);
    if (word == SENDER_GOES_ON && readable) {
        word = sender_read(sender, &s->senders, now_us, &got);
        if (word == SENDER_GOES_ON && got > 0)
            word = sender_put(sender, &s->senders, now_us);
    }
    if (word == SENDER_BAD)
        drop(s, i, sender->frames.fault);
    else if (word == SENDER_ENDED)
        end(s, i);
    return word != SENDER_FULL;
}

/* Everybody once; `readable` by poll(), or NULL: only what was read before. Begins where the queue was full
 * the last time. */
static bool serve_all(struct dnstap_socket *s, const struct pollfd *readable, int64_t now_us)
{
    bool room = true;
    for (size_t n = 0, i = s->turn; room && n < MOST_SENDERS; n++, i = (i + 1) % MOST_SENDERS) {
        if (!s->sender[i])
            continue;
        room = serve(s, i, readable && readable[i].fd >= 0 && readable[i].revents, now_us);
        if (!room)
            s->turn = i;
    }
    queue_flush(&s->queue);
    return room;
}

static void mind_the_late(struct dnstap_socket *s, bool room, int64_t now_us)
{
    for (size_t i = 0; i < MOST_SENDERS; i++) {
        if (!s->sender[i])
            continue;
        if (!room)
            sender_forgive(s->sender[i], now_us);
        else if (sender_is_late(s->sender[i], now_us))
            drop(s, i,
                sender_in_a_frame(s->sender[i]) ? "it stalls in the middle of a frame"
                                                : "it does not begin to send, or has ended and stays");
    }
}

static bool somebody_is_in_a_frame(const struct dnstap_socket *s)
{
    for (size_t i = 0; i < MOST_SENDERS; i++)
        if (s->sender[i] && sender_in_a_frame(s->sender[i]))
            return true;
    return false;
}

/* Waits for something to do; how many have something to say, negative for an error. */
static int wait_for_work(struct dnstap_socket *s, bool room, bool stopping, int64_t now_us)
{
    bool accepts = !stopping && now_us >= s->pause_until_us;
    s->polled[WAKE] = (struct pollfd){.fd = s->wake, .events = POLLIN};
    s->polled[LISTENER] = (struct pollfd){.fd = accepts ? s->path.fd : -1, .events = POLLIN};
    for (size_t i = 0; i < MOST_SENDERS; i++)
        s->polled[FIRST_SENDER + i] =
            (struct pollfd){.fd = room && s->sender[i] ? s->sender[i]->fd : -1, .events = POLLIN};
    int wait_ms = !stopping || !room ? TICK_MS : somebody_is_in_a_frame(s) ? LAST_WAIT_MS : 0;
    int ready = poll(s->polled, sizeof s->polled / sizeof *s->polled, wait_ms);
    if (s->polled[WAKE].revents) {
        uint64_t times;
        ready--;
        if (read(s->wake, &times, sizeof times) < 0)
            (void)0; /* somebody else has seen it */
    }
    return ready < 0 && errno == EINTR ? 0 : ready;
}

/* One turn; false: all is done. */
static bool turn(struct dnstap_socket *s)
{
    int64_t now_us = clock_mono_us();
    bool room = serve_all(s, NULL, now_us);
    mind_the_late(s, room, now_us);
    bool stopping = atomic_load(&s->stop);
    if (stopping && (s->stop_us == 0 || !room))
        s->stop_us = now_us;
    int ready = wait_for_work(s, room, stopping, now_us);
    if (ready < 0) {
        log_error("%s: cannot wait for dnstap: %s", s->path.address.sun_path, strerror(errno));
        return false;
    }
    now_us = clock_mono_us();
    if (stopping && room && (ready == 0 || now_us - s->stop_us > LAST_US))
        return false;
    if (s->polled[LISTENER].revents)
        accept_one(s, now_us);
    if (room && ready > 0)
        serve_all(s, s->polled + FIRST_SENDER, now_us);
    return !atomic_load(&s->quit);
}

static void *run(void *context)
{
    struct dnstap_socket *s = context;
    while (turn(s)) {
    }
    for (size_t i = 0; i < MOST_SENDERS; i++)
        if (s->sender[i])
            let_go(s, i);
    queue_finish(&s->queue);
    return NULL;
}

/* ---- the capture ---- */

static int socket_next(struct capture *capture, struct capture_batch *ret_batch, struct err_note *note)
{
    (void)note;
    queue_take(&((struct dnstap_socket *)capture)->queue, ret_batch);
    return 0;
}

static void wake_up(const struct dnstap_socket *s)
{
    int kept = errno;
    uint64_t one = 1;
    if (write(s->wake, &one, sizeof one) < 0)
        (void)0; /* full: it is readable anyway */
    errno = kept;
}

static void socket_stop(struct capture *capture)
{
    struct dnstap_socket *s = (struct dnstap_socket *)capture;
    atomic_store(&s->stop, true);
    wake_up(s);
}

static void socket_state(const struct capture *capture, struct capture_state *state)
{
    struct queue *queue = &((struct dnstap_socket *)(uintptr_t)capture)->queue; /* it has a lock */
    state->format = "dnstap socket";
    queue_counted(queue, &state->skipped, &state->dropped);
}

static void socket_close(struct capture *capture)
{
    struct dnstap_socket *s = (struct dnstap_socket *)capture;
    if (s->thread_runs) {
        atomic_store(&s->quit, true);
        wake_up(s);
        pthread_join(s->thread, NULL);
    }
    socket_path_close(&s->path);
    if (s->wake >= 0)
        close(s->wake);
    queue_free(&s->queue);
    free(s);
}

static bool start_thread(struct dnstap_socket *s)
{
    sigset_t all, before;
    sigfillset(&all); /* signals are for the thread that calls us */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    s->thread_runs = pthread_create(&s->thread, NULL, run, s) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (s->thread_runs)
        pthread_setname_np(s->thread, "dnstap");
    return s->thread_runs;
}

int capture_open_dnstap(const char *socket_path, struct capture **ret_capture, struct err_note *note)
{
    static const struct capture_kind kind = {socket_next, socket_stop, socket_state, socket_close};
    struct dnstap_socket *s = calloc(1, sizeof *s);
    if (!s)
        return err_set(note, ERR_NOMEM, "out of memory");
    s->capture.kind = &kind;
    s->path.fd = -1;
    s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    s->senders.queue = &s->queue;
    queue_start(&s->queue, s->wake);
    int rc = s->wake < 0 ? err_set(note, ERR_IO, "cannot make an eventfd: %s", strerror(errno))
                         : socket_path_open(socket_path, &s->path, note);
    if (rc == 0 && !start_thread(s))
        rc = err_set(note, ERR_INTERNAL, "cannot start a thread");
    if (rc != 0) {
        socket_close(&s->capture);
        return rc;
    }
    *ret_capture = &s->capture;
    return 0;
}

/* The idea: one system call takes up to 64 queries, one sends their answers; between them nothing is
 * allocated, copied or locked. Answers are packed one after the other in one room, since most are short: that
 * touches fewer cache lines and pages than a place of its own for each. With one socket the thread sleeps in
 * recvmmsg() itself, so a batch costs two system calls; with several it has to ask poll() first.
 *
 * To stop, the sockets are shut down for reading: what has arrived is still delivered, then recvmmsg()
 * returns at once. In case a kernel does not wake the thread for that, it wakes by itself once a second. */
#include "io/net/net_inside.h"
#include "io/proc/clock.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum {
    BATCH = 64,
    MESSAGE = 4096, /* longest query and longest answer */
    STRIDE =
        MESSAGE + 64, /* not a power of two, or all queries would share the same few lines of the cache */
    CONTROL = CMSG_SPACE(sizeof(struct in6_pktinfo)),
    ALIGN = 16,
};

struct udp_worker {
    /* for others */
    pthread_t thread;
    bool stop;             /* atomic */
    int64_t stop_us;       /* not a moment longer; written before `stop` */
    uint64_t in, out, bad; /* one writer */

    _Alignas(64) struct net_handler handler;
    size_t count;
    struct pollfd sockets[NET_MAX_ADDRESSES];
    struct mmsghdr queries[BATCH], answers[BATCH];
    struct iovec query_room[BATCH], answer_room[BATCH];
    union net_sockaddr from[BATCH];
    _Alignas(ALIGN) uint8_t control[BATCH][CONTROL];
    uint8_t query[BATCH * STRIDE];
    _Alignas(ALIGN) uint8_t answer[BATCH * MESSAGE];
};

static void prepare(struct udp_worker *w)
{
    for (size_t i = 0; i < BATCH; i++) {
        w->query_room[i] = (struct iovec){.iov_base = w->query + i * STRIDE, .iov_len = MESSAGE};
        w->queries[i].msg_hdr = (struct msghdr){.msg_iov = &w->query_room[i],
            .msg_iovlen = 1,
            .msg_name = &w->from[i],
            .msg_namelen = sizeof w->from[i],
            .msg_control = w->control[i],
            .msg_controllen = CONTROL};
        w->answers[i].msg_hdr.msg_iov = &w->answer_room[i];
        w->answers[i].msg_hdr.msg_iovlen = 1;
    }
}

/* On a wildcard socket the kernel tells to which of our addresses a packet came; the answer must leave from
 * the same. Which interface it takes is for the routes to say, except where an address means nothing without
 * its interface. */
static void keep_source(struct msghdr *header)
{
    struct cmsghdr *item = CMSG_FIRSTHDR(header);
    if (!item)
        return;
    if (item->cmsg_level == IPPROTO_IP && item->cmsg_type == IP_PKTINFO) {
        struct in_pktinfo info;
        memcpy(&info, CMSG_DATA(item), sizeof info);
        info.ipi_ifindex = 0;
        memcpy(CMSG_DATA(item), &info, sizeof info);
    } else if (item->cmsg_level == IPPROTO_IPV6 && item->cmsg_type == IPV6_PKTINFO) {
        struct in6_pktinfo info;
        memcpy(&info, CMSG_DATA(item), sizeof info);
        if (!IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr))
            info.ipi6_ifindex = 0;
        memcpy(CMSG_DATA(item), &info, sizeof info);
    }
}

static void glance(struct udp_worker *w, unsigned count)
{
    struct net_message messages[BATCH];
    for (unsigned i = 0; i < count; i++)
        messages[i] =
            (struct net_message){.bytes = w->query_room[i].iov_base, .length = w->queries[i].msg_len};
    w->handler.glance(w->handler.context, messages, count);
}

/* Answers a batch of `count` queries; returns how many answers there are to send. */
static unsigned answer_batch(struct udp_worker *w, unsigned count)
{
    const struct net_handler *handler = &w->handler;
    struct net_peer peer = {.tcp = false, .now_us = clock_now_us()};
    uint8_t *at = w->answer;
    unsigned answers = 0, bad = 0;
    if (handler->begin)
        handler->begin(handler->context);
    if (handler->glance && count > 1)
        glance(w, count);
    for (unsigned i = 0; i < count; i++) {
        struct msghdr *query = &w->queries[i].msg_hdr;
        net_peer_set(&peer, &w->from[i]);
        /* Cut off, or from port 0, to which nothing can be sent, or no datagram at all after a shutdown. */
        size_t length = query->msg_flags & MSG_TRUNC || peer.port == 0 || w->queries[i].msg_len == 0
                            ? 0
                            : handler->answer(handler->context, &peer, query->msg_iov->iov_base,
                                  w->queries[i].msg_len, at, MESSAGE);
        if (length > 0) {
            struct msghdr *answer = &w->answers[answers++].msg_hdr;
            *answer->msg_iov = (struct iovec){.iov_base = at, .iov_len = length};
            answer->msg_name = query->msg_name;
            answer->msg_namelen = query->msg_namelen;
            keep_source(query);
            answer->msg_control = query->msg_controllen ? query->msg_control : NULL;
            answer->msg_controllen = query->msg_controllen;
            at += (length + ALIGN - 1) / ALIGN * ALIGN;
        } else {
            bad++;
        }
    }
    if (handler->end)
        handler->end(handler->context);
    net_add(&w->bad, bad);
    return answers;
}

/* An answer that cannot be sent (no route, a firewall's no) is dropped, as the network might have done; the
 * others of the batch leave. */
static void send_batch(struct udp_worker *w, int fd, unsigned count)
{
    unsigned done = 0, sent = 0;
    while (done < count) {
        int n = sendmmsg(fd, w->answers + done, count - done, 0);
        if (n > 0) {
            done += (unsigned)n;
            sent += (unsigned)n;
        } else if (errno != EINTR) {
            done++;
        }
    }
    net_add(&w->out, sent);
}

/* Receives and answers up to a batch. Returns how many messages there were; 0 also for what recvmmsg()
 * returns after a shutdown, an empty message from nobody. */
static unsigned serve_socket(struct udp_worker *w, int fd, int flags)
{
    int count = recvmmsg(fd, w->queries, BATCH, flags, NULL);
    if (count <= 0)
        return 0;
    bool nobody = w->queries[0].msg_hdr.msg_namelen == 0;
    if (!nobody) {
        net_add(&w->in, (uint64_t)count);
        send_batch(w, fd, answer_batch(w, (unsigned)count));
    }
    for (int i = 0; i < count; i++) {
        w->queries[i].msg_hdr.msg_namelen = sizeof w->from[i];
        w->queries[i].msg_hdr.msg_controllen = CONTROL;
    }
    return nobody ? 0 : (unsigned)count;
}

/* What is in the sockets when we are told to stop. */
static void drain(struct udp_worker *w)
{
    for (size_t i = 0; i < w->count; i++)
        while (clock_mono_us() < w->stop_us && serve_socket(w, w->sockets[i].fd, MSG_DONTWAIT) > 0)
            ;
}

static void *run(void *context)
{
    struct udp_worker *w = context;
    while (!__atomic_load_n(&w->stop, __ATOMIC_ACQUIRE)) {
        if (w->count == 1) {
            serve_socket(w, w->sockets[0].fd, MSG_WAITFORONE);
        } else if (poll(w->sockets, (nfds_t)w->count, 1000) > 0) {
            for (size_t i = 0; i < w->count; i++)
                if (w->sockets[i].revents)
                    serve_socket(w, w->sockets[i].fd, MSG_DONTWAIT);
        }
    }
    drain(w);
    return NULL;
}

int udp_start(const struct net_address *addresses, size_t count, unsigned number,
    const struct net_handler *handler, struct udp_worker **ret_worker)
{
    struct udp_worker *w;
    if (posix_memalign((void **)&w, 64, sizeof *w))
        return ERR_NOMEM;
    memset(w, 0, sizeof *w);
    w->handler = *handler;
    w->count = count;
    for (size_t i = 0; i < count; i++) {
        struct timeval second = {.tv_sec = 1};
        w->sockets[i] = (struct pollfd){.fd = addresses[i].udp[number], .events = POLLIN};
        (void)setsockopt(w->sockets[i].fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second);
    }
    prepare(w);
    sigset_t all, before;
    sigfillset(&all); /* signals are for the main thread */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&w->thread, NULL, run, w);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) {
        free(w);
        return ERR_INTERNAL;
    }
    pthread_setname_np(w->thread, "udp");
    *ret_worker = w;
    return 0;
}

void udp_stop(struct udp_worker *w, unsigned drain_ms)
{
    w->stop_us = clock_mono_us() + (int64_t)drain_ms * 1000;
    __atomic_store_n(&w->stop, true, __ATOMIC_RELEASE);
    for (size_t i = 0; i < w->count; i++)
        shutdown(w->sockets[i].fd, SHUT_RD);
}

void udp_join(struct udp_worker *w)
{
    pthread_join(w->thread, NULL);
    free(w);
}

void udp_count(const struct udp_worker *w, struct net_counters *counters)
{
    counters->udp_in += net_read(&w->in);
    counters->udp_out += net_read(&w->out);
    counters->udp_bad += net_read(&w->bad);
}

/* The idea: sockets of all addresses in one epoll; an address tells which server is meant, that which zones
 * and which faults. Nothing runs between two calls of lab_server_poll(), so that a rehearsal's driver decides
 * when its world moves. */
#include "app/lab/world/server_inside.h"

#include "base/address.h"
#include "core/dns/message.h"
#include "core/roll/sentinel.h"
#include "io/proc/clock.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    PORT = 53,
    BACKLOG = 64,
    EVENTS = 64,
    ROUNDS = 1000,   /* of one poll: a storm must not keep the driver from its work */
    DATAGRAMS = 256, /* of one socket in a row */
    USUAL_UDP = 1232,
    FRAGMENTED_UDP = 4096,
};

int64_t server_now(const struct lab_server *server)
{
    return server->clock ? vclock_now_us(server->clock) : clock_now_us();
}

const struct lab_server_faults *server_faults(const struct lab_server *server, uint8_t number)
{
    static const struct lab_server_faults none = {0};
    if (number == SERVERS_RECURSING)
        return &server->faults[LAB_ROOTS];
    return number < LAB_ROOTS ? &server->faults[number] : &none;
}

/* ---- answers ---- */

/* What the log is for. */
static bool is_kept(const struct zone_event *event)
{
    const struct name *qname = &event->qname;
    uint16_t tag;
    if (!event->record)
        return false;
    if (event->tag == LAB_TAG_LEAF)
        return sentinel_parse(qname->wire + 1, qname->wire[0], &tag) != SENTINEL_NONE;
    return event->event.kind == EVIDENCE_DNSKEY || event->event.kind == EVIDENCE_KEYTAG ||
           event->event.kind == EVIDENCE_SIGNAL;
}

static void keep(struct lab_server *server, uint8_t number, const struct zone_event *event, size_t size)
{
    if (server->log_count == server->log_capacity) {
        size_t capacity = 2 * server->log_capacity + 64;
        struct lab_query *log = realloc(server->log, capacity * sizeof *log);
        if (!log) {
            server->rc = ERR_NOMEM;
            return;
        }
        server->log = log;
        server->log_capacity = capacity;
    }
    char text[NAME_MAX_TEXT];
    const char *qname =
        event->qname.length == 1 ? "." : arena_string(server->arena, name_to_text(&event->qname, text));
    if (!qname) {
        server->rc = ERR_NOMEM;
        return;
    }
    server->log[server->log_count++] = (struct lab_query){.at_us = event->event.at_us,
        .server = number,
        .tcp = event->event.tcp,
        .qtype = event->event.qtype,
        .event = event->event,
        .qname = qname,
        .answer_size = (uint16_t)size,
        .truncated = size && server->out[2] & MESSAGE_TC >> 8};
}

static void count(struct lab_server *server, uint8_t number, bool tcp)
{
    struct lab_counts *counts = &server->counts;
    uint64_t *one = number < LAB_ROOTS       ? &counts->root[number]
                    : number == SERVERS_TLD  ? &counts->tld
                    : number == SERVERS_LEAF ? &counts->leaf
                                             : &counts->recursing;
    ++*one;
    counts->tcp += tcp;
    server->answered++;
}

/* Whether it is a question for the root's DNSKEY: the only name of one octet, and the type behind it. */
static bool wants_root_keys(const uint8_t *message, size_t length)
{
    return length >= MESSAGE_HEADER + 3 && !message[MESSAGE_HEADER] &&
           bytes_u16(message + MESSAGE_HEADER + 1) == RR_DNSKEY;
}

size_t server_answer(struct lab_server *server, uint8_t number, const struct zone_client *peer,
    const uint8_t *message, size_t length)
{
    const struct lab_server_faults *faults = server_faults(server, number);
    enum lab_place place = number < LAB_ROOTS       ? LAB_PLACE_ROOT
                           : number == SERVERS_TLD  ? LAB_PLACE_TLD
                           : number == SERVERS_LEAF ? LAB_PLACE_LEAF
                                                    : LAB_PLACE_ALL;
    struct zone_client client = *peer;
    struct zone_event event;
    const struct zone_set *set;
    count(server, number, peer->tcp);
    client.now_us = server_now(server);
    int rc =
        lab_world_zones(server->world, place, faults->lag_us, wants_root_keys(message, length), &set, NULL);
    if (rc) {
        server->rc = rc;
        return 0;
    }
    uint16_t limit = faults->fragment_above ? FRAGMENTED_UDP
                     : faults->udp_size     ? faults->udp_size
                                            : USUAL_UDP;
    struct zone_server self = {.udp_size = limit};
    size_t size = zones_answer(set, &self, &client, message, length, server->out, sizeof server->out, &event);
    if (size && place == LAB_PLACE_ALL) {
        server->out[2] &= (uint8_t) ~(MESSAGE_AA >> 8);
        server->out[3] |= MESSAGE_RA;
    }
    if (faults->off || (!peer->tcp && faults->fragment_above && size > faults->fragment_above))
        size = 0;
    if (is_kept(&event))
        keep(server, number, &event, size);
    return size;
}

void server_peer(const struct sockaddr_storage *from, struct zone_client *peer)
{
    const struct sockaddr_in *four = (const struct sockaddr_in *)from;
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)from;
    if (from->ss_family == AF_INET) {
        peer->address[10] = peer->address[11] = 0xff;
        memcpy(peer->address + 12, &four->sin_addr, 4);
        peer->port = ntohs(four->sin_port);
    } else {
        memcpy(peer->address, &six->sin6_addr, 16);
        peer->port = ntohs(six->sin6_port);
    }
}

static void answer_datagrams(struct lab_server *server, const struct source *source)
{
    for (int i = 0; i < DATAGRAMS && server->answered < server->most; i++) {
        struct sockaddr_storage from;
        socklen_t from_length = sizeof from;
        ssize_t got =
            recvfrom(source->fd, server->in, sizeof server->in, 0, (struct sockaddr *)&from, &from_length);
        if (got < 0)
            return; /* no more, or an error of one datagram */
        struct zone_client peer = {.tcp = false};
        server_peer(&from, &peer);
        size_t size = server_answer(server, source->number, &peer, server->in, (size_t)got);
        if (size && sendto(source->fd, server->out, size, 0, (struct sockaddr *)&from, from_length) < 0 &&
            errno == ENOMEM)
            server->rc = ERR_NOMEM; /* who went away meanwhile needs no answer */
    }
}

/* ---- sockets ---- */

int server_watch(struct lab_server *server, struct source *source, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = source};
    if (epoll_ctl(server->epoll, EPOLL_CTL_MOD, source->fd, &event) == 0)
        return 0;
    return epoll_ctl(server->epoll, EPOLL_CTL_ADD, source->fd, &event) == 0 ? 0 : errno;
}

static socklen_t fill_address(const char *text, struct sockaddr_storage *ret)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    uint8_t address[16];
    struct sockaddr_in *four = (struct sockaddr_in *)ret;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)ret;
    if (!address_parse(text, strlen(text), address))
        return 0;
    if (!memcmp(address, mapped, sizeof mapped)) {
        *four = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(PORT)};
        memcpy(&four->sin_addr, address + sizeof mapped, 4);
        return sizeof *four;
    }
    *six = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(PORT)};
    memcpy(&six->sin6_addr, address, sizeof address);
    return sizeof *six;
}

/* A socket of that type at the address, not blocking. *ret_fd -1 and 0: the machine has no IPv6. Else 0 or an
 * errno. */
static int bind_at(const char *address, int type, int *ret_fd)
{
    struct sockaddr_storage where;
    socklen_t length = fill_address(address, &where);
    bool six = where.ss_family == AF_INET6;
    int on = 1, fd = length ? socket(where.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) : -1;
    *ret_fd = -1;
    if (fd < 0)
        return six && errno == EAFNOSUPPORT ? 0 : errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&where, length) == 0 &&
        (type != SOCK_STREAM || listen(fd, BACKLOG) == 0)) {
        *ret_fd = fd;
        return 0;
    }
    int error = errno;
    close(fd);
    return six && error == EADDRNOTAVAIL ? 0 : error;
}

static int open_source(struct lab_server *server, struct source *source, size_t row)
{
    bool datagrams = source->kind == SOURCE_DATAGRAMS;
    source->number = servers_table[row].number;
    int error = bind_at(servers_table[row].address, datagrams ? SOCK_DGRAM : SOCK_STREAM, &source->fd);
    return error || source->fd < 0 ? error : server_watch(server, source, EPOLLIN);
}

static void close_source(struct source *source)
{
    if (source->fd >= 0)
        close(source->fd);
    source->fd = -1;
}

void lab_server_fault(struct lab_server *server, int root, struct lab_server_faults faults)
{
    for (int i = 0; i < SERVER_FAULTS; i++)
        if (root < 0 || i == root)
            server->faults[i] = faults;
    for (size_t row = 0; row < servers_count(); row++) {
        struct source *listener = &server->listeners[row];
        bool refuse = server_faults(server, listener->number)->no_tcp;
        if (refuse) {
            close_source(listener);
            server_stream_close(server, listener->number);
        } else if (listener->fd < 0 && open_source(server, listener, row)) {
            server->rc = ERR_UNAVAILABLE;
        }
    }
}

/* ---- the whole ---- */

static int make(struct lab_server *server, struct err_note *note)
{
    server->arena = arena_new();
    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    server->datagrams = calloc(servers_count(), sizeof *server->datagrams);
    server->listeners = calloc(servers_count(), sizeof *server->listeners);
    if (!server->arena || !server->datagrams || !server->listeners)
        return err_set(note, ERR_NOMEM, "no memory for a server");
    for (size_t i = 0; i < servers_count(); i++) {
        server->datagrams[i] = (struct source){.kind = SOURCE_DATAGRAMS, .fd = -1};
        server->listeners[i] = (struct source){.kind = SOURCE_LISTENER, .fd = -1};
    }
    if (server->epoll < 0)
        return err_set(note, ERR_UNAVAILABLE, "no epoll: %s", strerror(errno));
    for (size_t i = 0; i < servers_count(); i++) {
        int error = open_source(server, &server->datagrams[i], i);
        if (!error)
            error = open_source(server, &server->listeners[i], i);
        if (error)
            return err_set(note, error == EACCES || error == EPERM ? ERR_PERM : ERR_UNAVAILABLE,
                "port %d of %s cannot be had: %s", PORT, servers_table[i].address, strerror(error));
    }
    return 0;
}

int lab_server_new(
    struct lab_world *world, struct vclock *clock, struct lab_server **ret_server, struct err_note *note)
{
    struct lab_server *server = calloc(1, sizeof *server);
    if (!server)
        return err_set(note, ERR_NOMEM, "no memory for a server");
    server->world = world;
    server->clock = clock;
    int rc = make(server, note);
    if (rc) {
        lab_server_free(server);
        return rc;
    }
    *ret_server = server;
    return 0;
}

void lab_server_free(struct lab_server *server)
{
    if (!server)
        return;
    server_stream_close(server, -1);
    server_stream_bury(server);
    for (size_t i = 0; server->datagrams && server->listeners && i < servers_count(); i++) {
        close_source(&server->datagrams[i]);
        close_source(&server->listeners[i]);
    }
    if (server->epoll >= 0)
        close(server->epoll);
    free(server->datagrams);
    free(server->listeners);
    free(server->log);
    arena_free(server->arena);
    free(server);
}

static void handle(struct lab_server *server, const struct epoll_event *event)
{
    struct source *source = event->data.ptr;
    if (source->fd < 0)
        return; /* closed while others were handled */
    switch (source->kind) {
    case SOURCE_DATAGRAMS:
        answer_datagrams(server, source);
        break;
    case SOURCE_LISTENER:
        server_stream_accept(server, source);
        break;
    case SOURCE_STREAM:
        server_stream_event(server, (struct stream *)source, event->events);
        break;
    }
}

int lab_server_poll(struct lab_server *server, int timeout_ms, unsigned most, unsigned *ret_answered)
{
    struct epoll_event events[EVENTS];
    server->answered = 0;
    server->most = most ? most : UINT_MAX;
    for (int round = 0; round < ROUNDS && !server->rc && server->answered < server->most; round++) {
        int got = epoll_wait(server->epoll, events, most ? 1 : EVENTS, round ? 0 : timeout_ms);
        if (round == 0) {
            server_stream_expire(server);
            int rc = lab_world_at(server->world, server_now(server), NULL);
            server->rc = rc ? rc : server->rc;
        }
        for (int i = 0; i < got && !server->rc; i++)
            handle(server, &events[i]);
        server_stream_bury(server);
        if (got <= 0)
            break;
    }
    int rc = server->rc;
    server->rc = 0;
    *ret_answered = server->answered;
    return rc;
}

int lab_server_fd(const struct lab_server *server)
{
    return server->epoll;
}

const struct lab_query *lab_server_log(const struct lab_server *server, size_t *ret_count)
{
    *ret_count = server->log_count;
    return server->log;
}

const char *const *lab_server_addresses(size_t *ret_count)
{
    *ret_count = servers_count();
    return servers_addresses;
}

const char *const *lab_server_roots(size_t *ret_count)
{
    *ret_count = SERVERS_ROOT_ADDRESSES;
    return servers_addresses;
}

struct lab_counts lab_server_counts(const struct lab_server *server)
{
    return server->counts;
}

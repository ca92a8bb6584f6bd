#include "app/lab/asker.h"

#include "core/roll/prober.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST_ANSWER = 4096, MOST_STREAM = 2 + 65535, FLAG_TC = 0x02, CONNECT_S = 2 };

struct asker {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } to;
    socklen_t to_size;
    struct sockaddr_in from; /* without a family: any */
    int fd, tcp;             /* tcp: -1 unless a truncated answer is being asked for again */
    size_t length;           /* of the query; of what came by TCP, with its two octets of length */
    size_t taken;
    uint8_t query[PROBER_MAX_QUERY], stream[MOST_STREAM];
    uint16_t id;
    bool waits;
    enum evidence_answer result;
};

static bool parse(struct asker *asker, const char *address, uint16_t port)
{
    asker->to.v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
    asker->to_size = sizeof asker->to.v4;
    if (inet_pton(AF_INET, address, &asker->to.v4.sin_addr) == 1)
        return true;
    asker->to.v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port)};
    asker->to_size = sizeof asker->to.v6;
    return inet_pton(AF_INET6, address, &asker->to.v6.sin6_addr) == 1;
}

/* A connected socket, or -1. On loopback a connection is there at once, or refused. */
static int connect_to(const struct asker *asker, int type)
{
    const struct timeval patience = {.tv_sec = CONNECT_S};
    int fd = socket(asker->to.any.sa_family, type | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    const struct sockaddr *from = (const struct sockaddr *)&asker->from;
    if ((!asker->from.sin_family || bind(fd, from, sizeof asker->from) == 0) &&
        connect(fd, &asker->to.any, asker->to_size) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

int asker_new(
    const char *address, uint16_t port, const char *source, struct asker **ret_asker, struct err_note *note)
{
    struct asker *asker = calloc(1, sizeof *asker);
    if (!asker)
        return err_set(note, ERR_NOMEM, "no memory for questions");
    asker->tcp = -1;
    if (source && inet_pton(AF_INET, source, &asker->from.sin_addr) == 1)
        asker->from.sin_family = AF_INET;
    bool is_address = parse(asker, address, port);
    asker->fd = is_address ? connect_to(asker, SOCK_DGRAM) : -1;
    if (asker->fd < 0) {
        free(asker);
        return is_address
                   ? err_set(note, ERR_IO, "cannot ask %s, port %u: %s", address, port, strerror(errno))
                   : err_set(note, ERR_USAGE, "%s: no address", address);
    }
    *ret_asker = asker;
    return 0;
}

static void hang_up(struct asker *asker)
{
    if (asker->tcp >= 0)
        close(asker->tcp);
    asker->tcp = -1;
    asker->taken = 0;
}

void asker_free(struct asker *asker)
{
    if (!asker)
        return;
    hang_up(asker);
    close(asker->fd);
    free(asker);
}

void asker_ask(struct asker *asker, const char *name)
{
    hang_up(asker);
    asker->result = ANSWER_TIMEOUT;
    asker->length = prober_query(++asker->id, name, asker->query);
    ssize_t sent = asker->length ? send(asker->fd, asker->query, asker->length, 0) : -1;
    if (sent < 0 && asker->length && errno == ECONNREFUSED) /* of an earlier question */
        sent = send(asker->fd, asker->query, asker->length, 0);
    asker->waits = sent >= 0;
}

/* As a stub resolver does with an answer that is truncated (RFC 7766 §5). */
static void ask_again(struct asker *asker)
{
    uint8_t framed[2 + PROBER_MAX_QUERY] = {(uint8_t)(asker->length >> 8), (uint8_t)asker->length};
    memcpy(framed + 2, asker->query, asker->length);
    asker->tcp = connect_to(asker, SOCK_STREAM);
    asker->waits = asker->tcp >= 0 && send(asker->tcp, framed, 2 + asker->length, MSG_NOSIGNAL) > 0;
}

static void take_stream(struct asker *asker)
{
    ssize_t got;
    while ((got = recv(asker->tcp, asker->stream + asker->taken, MOST_STREAM - asker->taken, MSG_DONTWAIT)) >
           0) {
        asker->taken += (size_t)got;
        size_t length = (size_t)(asker->stream[0] << 8 | asker->stream[1]);
        if (asker->taken < 2 || asker->taken < 2 + length)
            continue;
        asker->result = prober_read(asker->stream + 2, length, asker->id);
        break;
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    asker->waits = false;
    hang_up(asker);
}

bool asker_take(struct asker *asker)
{
    uint8_t answer[MOST_ANSWER];
    ssize_t length;
    while ((length = recv(asker->fd, answer, sizeof answer, MSG_DONTWAIT)) >= 0) {
        if (length < 3 || !asker->waits || asker->tcp >= 0 || (answer[0] << 8 | answer[1]) != asker->id)
            continue;
        if (answer[2] & FLAG_TC) {
            ask_again(asker);
            continue;
        }
        asker->result = prober_read(answer, (size_t)length, asker->id);
        asker->waits = false;
    }
    if (errno == ECONNREFUSED && asker->tcp < 0) /* nobody listens */
        asker->waits = false;
    if (asker->tcp >= 0)
        take_stream(asker);
    return !asker->waits;
}

enum evidence_answer asker_result(const struct asker *asker)
{
    return asker->result;
}

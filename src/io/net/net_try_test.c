#include "io/net/net_try.h"
#include "base/bytes.h"
#include "io/proc/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>
#include <cmocka.h>

static uint8_t octet(uint16_t id, size_t place)
{
    return (uint8_t)(id * 7 + place * 13);
}

static bool is_strange(const struct net_peer *peer)
{
    static const uint8_t v4[13] = {[10] = 0xff, [11] = 0xff, [12] = 127}, v6[16] = {[15] = 1};
    int64_t age_us = clock_now_us() - peer->now_us;
    bool loopback = memcmp(peer->address, v4, sizeof v4) == 0 || memcmp(peer->address, v6, sizeof v6) == 0;
    return !loopback || peer->port == 0 || age_us < 0 || age_us > 5000000;
}

static size_t answer(void *context, const struct net_peer *peer, const uint8_t *message, size_t length,
    uint8_t *out, size_t capacity)
{
    struct try_server *server = context;
    if (is_strange(peer))
        __atomic_add_fetch(&server->strangers, 1, __ATOMIC_SEQ_CST);
    if (length < TRY_QUERY || message[2] & 0x80)
        return 0;
    uint16_t id = bytes_u16(message), size = bytes_u16(message + 12);
    if (size > capacity)
        return 0;
    for (size_t i = 0; i < size; i++)
        out[i] = octet(id, i);
    if (size >= 12) {
        bytes_put_u16(out, id);
        out[2] = 0x80;
    }
    return size;
}

static void begin(void *context)
{
    __atomic_add_fetch(&((struct try_server *)context)->begins, 1, __ATOMIC_SEQ_CST);
}

static void end(void *context)
{
    __atomic_add_fetch(&((struct try_server *)context)->ends, 1, __ATOMIC_SEQ_CST);
}

void try_start(struct try_server *server, const char *const *addresses, size_t count, unsigned workers,
    struct net_limits limits)
{
    struct err_note note = {""};
    memset(server, 0, sizeof *server);
    if (net_bind(addresses, count, workers, &server->net, &note))
        fail_msg("%s", note.text);
    struct net_handler handler = {.answer = answer, .begin = begin, .end = end, .context = server};
    assert_int_equal(net_start(server->net, handler, limits, &note), 0);
    for (size_t i = 0; i < count; i++) {
        const char *text = net_address(server->net, i), *colon = strrchr(text, ':');
        uint16_t port = htons((uint16_t)atoi(colon + 1));
        char host[100] = "";
        struct sockaddr_in6 *v6 = (void *)&server->at[i];
        struct sockaddr_in *v4 = (void *)&server->at[i];
        if (text[0] == '[') {
            memcpy(host, text + 1, (size_t)(colon - text) - 2);
            *v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = port};
            assert_int_equal(inet_pton(AF_INET6, host, &v6->sin6_addr), 1);
        } else {
            memcpy(host, text, (size_t)(colon - text));
            *v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = port};
            assert_int_equal(inet_pton(AF_INET, host, &v4->sin_addr), 1);
        }
    }
}

void try_stop(struct try_server *server, unsigned drain_ms)
{
    net_stop(server->net, drain_ms);
    assert_int_equal(server->begins, server->ends);
    assert_int_equal(server->strangers, 0);
}

int try_connect(const struct try_server *server, size_t index, int type)
{
    int fd = socket(server->at[index].ss_family, type, 0), one = 1;
    assert_true(fd >= 0);
    struct timeval five = {.tv_sec = 5};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &five, sizeof five);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &five, sizeof five);
    if (type == SOCK_STREAM)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    assert_int_equal(connect(fd, (const struct sockaddr *)&server->at[index],
                         server->at[index].ss_family == AF_INET ? sizeof(struct sockaddr_in)
                                                                : sizeof(struct sockaddr_in6)),
        0);
    return fd;
}

void try_query(uint16_t id, uint16_t size, uint8_t ret_query[static TRY_QUERY])
{
    memset(ret_query, 0, TRY_QUERY);
    bytes_put_u16(ret_query, id);
    bytes_put_u16(ret_query + 12, size);
}

bool try_is_answer(uint16_t id, uint16_t size, const uint8_t *bytes, size_t length)
{
    if (length != size || length < 12 || bytes_u16(bytes) != id || bytes[2] != 0x80)
        return false;
    for (size_t i = 3; i < length; i++)
        if (bytes[i] != octet(id, i))
            return false;
    return true;
}

void try_tcp_send(int fd, uint16_t id, uint16_t size)
{
    uint8_t frame[2 + TRY_QUERY];
    bytes_put_u16(frame, TRY_QUERY);
    try_query(id, size, frame + 2);
    assert_int_equal(send(fd, frame, sizeof frame, MSG_NOSIGNAL), sizeof frame);
}

bool try_tcp_answer(int fd, uint16_t id, uint16_t size)
{
    static uint8_t bytes[65535];
    uint8_t prefix[2];
    if (recv(fd, prefix, 2, MSG_WAITALL) != 2 || bytes_u16(prefix) != size)
        return false;
    return recv(fd, bytes, size, MSG_WAITALL) == size && try_is_answer(id, size, bytes, size);
}

bool try_tcp_ended(int fd)
{
    uint8_t bytes[4096];
    ssize_t got;
    while ((got = recv(fd, bytes, sizeof bytes, 0)) > 0)
        ;
    return got == 0 || errno == ECONNRESET;
}

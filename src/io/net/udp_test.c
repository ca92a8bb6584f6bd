#include "io/net/net_try.h"
#include "base/bytes.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static const struct net_limits LIMITS = {.tcp_connections = 100, .tcp_idle_ms = 5000};
static const char *const BOTH[] = {"127.0.0.1:0", "[::1]:0"};

static bool udp_answer(int fd, uint16_t id, uint16_t size)
{
    uint8_t bytes[65535];
    ssize_t length = recv(fd, bytes, sizeof bytes, 0);
    return length >= 0 && try_is_answer(id, size, bytes, (size_t)length);
}

static void udp_send(int fd, uint16_t id, uint16_t size)
{
    uint8_t query[TRY_QUERY];
    try_query(id, size, query);
    assert_int_equal(send(fd, query, sizeof query, 0), sizeof query);
}

static void ask(int fd, uint16_t id, uint16_t size)
{
    udp_send(fd, id, size);
    assert_true(udp_answer(fd, id, size));
}

static void test_both_families_and_sizes(void **state)
{
    struct try_server server;
    try_start(&server, BOTH, 2, 1, LIMITS);
    for (size_t i = 0; i < 2; i++) {
        int fd = try_connect(&server, i, SOCK_DGRAM);
        static const uint16_t sizes[] = {12, 13, 511, 512, 1232, 1233, 1452, 4095, 4096};
        for (uint16_t k = 0; k < sizeof sizes / sizeof *sizes; k++)
            ask(fd, (uint16_t)(1000 + k), sizes[k]);
        close(fd);
    }
    try_stop(&server, 1000);
}

/* 60 at a time, so that no buffer overflows: each id must come back once, from a socket that is one of four.
 */
static void test_bursts_over_workers(void **state)
{
    enum { SOCKETS = 8, ROUNDS = 20, BURST = 60 };
    struct try_server server;
    try_start(&server, BOTH, 1, 4, LIMITS);
    int fds[SOCKETS];
    for (size_t i = 0; i < SOCKETS; i++)
        fds[i] = try_connect(&server, 0, SOCK_DGRAM);
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < SOCKETS; i++)
            for (unsigned k = 0; k < BURST; k++)
                udp_send(fds[i], (uint16_t)(round * BURST + k), (uint16_t)(12 + (k * 37) % 1200));
        for (size_t i = 0; i < SOCKETS; i++)
            for (unsigned k = 0; k < BURST; k++) /* one socket, one worker: the order stays */
                assert_true(
                    udp_answer(fds[i], (uint16_t)(round * BURST + k), (uint16_t)(12 + (k * 37) % 1200)));
    }
    struct net_counters counters = net_count(server.net);
    assert_int_equal(counters.udp_in, SOCKETS * ROUNDS * BURST);
    for (size_t i = 0; i < SOCKETS; i++)
        close(fds[i]);
    try_stop(&server, 1000);
}

static void test_what_gets_no_answer(void **state)
{
    struct try_server server;
    try_start(&server, BOTH, 2, 1, LIMITS);
    for (size_t i = 0; i < 2; i++) {
        int fd = try_connect(&server, i, SOCK_DGRAM);
        static uint8_t big[9000];
        assert_int_equal(send(fd, big, 0, 0), 0);
        assert_int_equal(send(fd, big, 1, 0), 1);
        try_query(1, 100, big);
        assert_int_equal(send(fd, big, 4097, 0), 4097); /* cut off on arrival */
        assert_int_equal(send(fd, big, sizeof big, 0), sizeof big);
        big[2] = 0x80;
        assert_int_equal(send(fd, big, TRY_QUERY, 0), TRY_QUERY); /* an answer */
        big[2] = 0;
        assert_int_equal(send(fd, big, 4096, 0), 4096); /* just fits */
        assert_true(udp_answer(fd, 1, 100));
        ask(fd, 2, 50); /* and nothing came before it */
        close(fd);
    }
    struct net_counters counters = net_count(server.net);
    assert_int_equal(counters.udp_in, 14);
    assert_int_equal(counters.udp_bad, 10);
    try_stop(&server, 1000);
}

/* A connected client takes answers only from the address that it asked. */
static void test_wildcard_answers_from_the_address_asked(void **state)
{
    static const char *const addresses[] = {"0.0.0.0:0", "[::]:0"};
    static const char *const asked[] = {"127.0.0.1", "127.0.0.2", "127.9.9.9"};
    struct try_server server;
    try_start(&server, addresses, 2, 2, LIMITS);
    for (size_t i = 0; i < 3; i++) {
        ((struct sockaddr_in *)&server.at[0])->sin_addr.s_addr = inet_addr(asked[i]);
        int fd = try_connect(&server, 0, SOCK_DGRAM);
        for (uint16_t k = 0; k < 100; k++)
            ask(fd, k, 100);
        close(fd);
    }
    ((struct sockaddr_in6 *)&server.at[1])->sin6_addr = in6addr_loopback;
    int fd = try_connect(&server, 1, SOCK_DGRAM);
    for (uint16_t k = 0; k < 100; k++)
        ask(fd, k, 100);
    close(fd);
    try_stop(&server, 1000);
}

/* All that has arrived is answered, though the server was told to stop before it read it. */
static void test_stop_answers_what_has_arrived(void **state)
{
    struct try_server server;
    for (unsigned round = 0; round < 20; round++) {
        try_start(&server, BOTH, 2, 1, LIMITS);
        int fds[] = {try_connect(&server, 0, SOCK_DGRAM), try_connect(&server, 1, SOCK_DGRAM)};
        for (uint16_t k = 0; k < 100; k++)
            for (size_t i = 0; i < 2; i++)
                udp_send(fds[i], k, 100);
        try_stop(&server, 1000);
        for (uint16_t k = 0; k < 100; k++)
            for (size_t i = 0; i < 2; i++)
                assert_true(udp_answer(fds[i], k, 100));
        close(fds[0]);
        close(fds[1]);
    }
}

static void *flood(void *context)
{
    int fd = *(int *)context;
    uint8_t query[TRY_QUERY];
    try_query(1, 100, query);
    for (int i = 0; i < 400000 && send(fd, query, sizeof query, MSG_DONTWAIT) != -2; i++)
        ;
    return NULL;
}

/* A flood must not keep a server from stopping. */
static void test_stop_under_load(void **state)
{
    struct try_server server;
    try_start(&server, BOTH, 1, 2, LIMITS);
    int fd = try_connect(&server, 0, SOCK_DGRAM);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, flood, &fd), 0);
    assert_true(udp_answer(fd, 1, 100));
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    try_stop(&server, 200);
    clock_gettime(CLOCK_MONOTONIC, &after);
    assert_true(after.tv_sec - before.tv_sec < 3);
    pthread_join(thread, NULL);
    close(fd);
}

static void expect_bind(const char *address, int rc, const char *says)
{
    struct net_server *server = NULL;
    struct err_note note = {""};
    assert_int_equal(net_bind(&address, 1, 2, &server, &note), rc);
    if (!strstr(note.text, says))
        fail_msg("\"%s\" does not hold \"%s\"", note.text, says);
}

static void test_port_in_use(void **state)
{
    int one = 1;
    for (int kind = 0; kind < 3;
         kind++) { /* a UDP socket that shares its port, one that does not, a TCP socket */
        struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof at;
        int fd = socket(AF_INET, kind < 2 ? SOCK_DGRAM : SOCK_STREAM, 0);
        if (kind == 0)
            setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
        assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
        if (kind == 2)
            assert_int_equal(listen(fd, 1), 0);
        char address[40], says[80];
        snprintf(address, sizeof address, "127.0.0.1:%u", ntohs(at.sin_port));
        snprintf(says, sizeof says, "%s (%s): the port is in use", address, kind < 2 ? "UDP" : "TCP");
        expect_bind(address, ERR_UNAVAILABLE, says);
        close(fd);
    }
    struct try_server server;
    try_start(&server, BOTH, 1, 4, LIMITS);
    expect_bind(net_address(server.net, 0), ERR_UNAVAILABLE, "the port is in use"); /* our own shares too */
    try_stop(&server, 0);
}

static void test_addresses_that_are_none(void **state)
{
    static const char *const bad[] = {"", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536",
        "127.0.0.1:-1", "127.0.0.1:5300 ", "localhost:53", "::1:53", "[::1]", "[::1", "[::1]x:1",
        "[127.0.0.1]:1", "[fe80::1%no-such-interface]:1", "[]:1", "999.0.0.1:1", "127.0.0.1:000053"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect_bind(bad[i], ERR_USAGE, "is no ADDRESS:PORT");
    expect_bind("203.0.113.1:0", ERR_UNAVAILABLE, "203.0.113.1:0 (UDP): no interface has that address");
    struct net_server *server;
    assert_int_equal(net_bind(BOTH, 0, 1, &server, NULL), ERR_USAGE);
    assert_int_equal(net_bind(BOTH, 1, 0, &server, NULL), ERR_USAGE);
    assert_int_equal(net_bind(BOTH, 1, 65, &server, NULL), ERR_USAGE);
}

static void test_not_permitted(void **state)
{
    int first = 1024;
    FILE *file = fopen("/proc/sys/net/ipv4/ip_unprivileged_port_start", "r");
    if (file && fscanf(file, "%d", &first) != 1)
        first = 1024;
    if (file)
        fclose(file);
    if (first <= 1) {
        print_message("skipped: every port is open to everyone here\n");
        skip();
    }
    pid_t pid = fork();
    if (pid == 0) {
        struct net_server *server;
        struct err_note note = {""};
        const char *address = "127.0.0.1:1";
        if (geteuid() == 0 && setuid(65534) < 0)
            _exit(1);
        int rc = net_bind(&address, 1, 1, &server, &note);
        _exit(rc == ERR_PERM && !strcmp(note.text, "127.0.0.1:1 (UDP): Permission denied") ? 0 : 2);
    }
    int status;
    waitpid(pid, &status, 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_families_and_sizes),
        cmocka_unit_test(test_bursts_over_workers),
        cmocka_unit_test(test_what_gets_no_answer),
        cmocka_unit_test(test_wildcard_answers_from_the_address_asked),
        cmocka_unit_test(test_stop_answers_what_has_arrived),
        cmocka_unit_test(test_stop_under_load),
        cmocka_unit_test(test_port_in_use),
        cmocka_unit_test(test_addresses_that_are_none),
        cmocka_unit_test(test_not_permitted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

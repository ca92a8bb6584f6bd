#include "io/net/net_try.h"
#include "base/bytes.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SHADOW_MEMORY
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define SHADOW_MEMORY
#endif
#endif

static const char *const BOTH[] = {"127.0.0.1:0", "[::1]:0"};
static const struct net_limits LIMITS = {.tcp_connections = 100, .tcp_idle_ms = 10000};

static void wait_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static uint64_t open_now(struct try_server *server, uint64_t wanted)
{
    uint64_t open = 0;
    for (int i = 0; i < 500 && (open = net_count(server->net).tcp_open) != wanted; i++)
        wait_ms(10);
    return open;
}

static void test_sizes_in_both_families(void **state)
{
    struct try_server server;
    try_start(&server, BOTH, 2, 1, LIMITS);
    for (size_t i = 0; i < 2; i++) {
        int fd = try_connect(&server, i, SOCK_STREAM);
        static const uint16_t sizes[] = {12, 13, 512, 4096, 16384, 65534, 65535};
        for (uint16_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
            try_tcp_send(fd, k, sizes[k]);
            assert_true(try_tcp_answer(fd, k, sizes[k]));
        }
        close(fd);
    }
    assert_int_equal(open_now(&server, 0), 0);
    try_stop(&server, 1000);
}

/* The same stream of messages of many lengths, cut at every possible place and in pieces of every size. */
static void test_split_everywhere(void **state)
{
    enum { MESSAGES = 6 };
    uint8_t stream[2000];
    size_t length = 0;
    for (uint16_t k = 0; k < MESSAGES; k++) { /* octets after the query are part of the message */
        uint16_t size = (uint16_t)(TRY_QUERY + k * k);
        bytes_put_u16(stream + length, size);
        memset(stream + length + 2, 0, size);
        try_query(k, (uint16_t)(40 + k), stream + length + 2);
        length += 2U + size;
    }
    struct try_server server;
    try_start(&server, BOTH, 1, 1, LIMITS);
    for (size_t piece = 1; piece < length; piece++) {
        int fd = try_connect(&server, 0, SOCK_STREAM);
        for (size_t at = 0; at < length; at += piece) {
            size_t n = length - at < piece ? length - at : piece;
            assert_int_equal(send(fd, stream + at, n, MSG_NOSIGNAL), n);
            if (piece <= 3)
                wait_ms(1); /* or the kernel joins them again */
        }
        for (uint16_t k = 0; k < MESSAGES; k++)
            assert_true(try_tcp_answer(fd, k, (uint16_t)(40 + k)));
        close(fd);
    }
    try_stop(&server, 1000);
}

/* The longest message, one octet short, then whole, then the next behind it. */
static void test_longest_message(void **state)
{
    static uint8_t frame[2 + 65535];
    struct try_server server;
    try_start(&server, BOTH, 1, 1, LIMITS);
    int fd = try_connect(&server, 0, SOCK_STREAM);
    for (uint16_t k = 0; k < 3; k++) {
        bytes_put_u16(frame, 65535);
        try_query(k, 65535, frame + 2);
        assert_int_equal(send(fd, frame, sizeof frame - 1, MSG_NOSIGNAL), sizeof frame - 1);
        struct pollfd answer = {.fd = fd, .events = POLLIN};
        assert_int_equal(poll(&answer, 1, 50), 0);
        assert_int_equal(send(fd, frame + sizeof frame - 1, 1, MSG_NOSIGNAL), 1);
        assert_true(try_tcp_answer(fd, k, 65535));
    }
    close(fd);
    try_stop(&server, 1000);
}

static void test_pipelined(void **state)
{
    enum { QUERIES = 3000 };
    static uint8_t stream[QUERIES * (2 + TRY_QUERY)];
    for (uint16_t k = 0; k < QUERIES; k++) {
        bytes_put_u16(stream + k * (2 + TRY_QUERY), TRY_QUERY);
        try_query(k, (uint16_t)(12 + k % 900), stream + k * (2 + TRY_QUERY) + 2);
    }
    struct try_server server;
    try_start(&server, BOTH, 1, 1, LIMITS);
    int fd = try_connect(&server, 0, SOCK_STREAM);
    assert_int_equal(send(fd, stream, sizeof stream, MSG_NOSIGNAL), sizeof stream);
    for (uint16_t k = 0; k < QUERIES; k++)
        assert_true(try_tcp_answer(fd, k, (uint16_t)(12 + k % 900)));
    close(fd);
    assert_int_equal(net_count(server.net).tcp_in, QUERIES);
    try_stop(&server, 1000);
}

/* Asks for far more than all buffers hold and does not read: the server must stop reading and hold little,
 * must serve others meanwhile, and must deliver all in the end. */
static void test_slow_reader(void **state)
{
    enum { QUERIES = 1500, SIZE = 60000 }; /* 90 MB */
    struct try_server server;
    try_start(&server, BOTH, 1, 1, LIMITS);
    int slow = try_connect(&server, 0, SOCK_STREAM), other = try_connect(&server, 0, SOCK_STREAM);
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    for (uint16_t k = 0; k < QUERIES; k++)
        try_tcp_send(slow, k, SIZE);
    for (uint16_t k = 0; k < 200; k++) {
        try_tcp_send(other, k, 500);
        assert_true(try_tcp_answer(other, k, 500));
    }
    assert_true(net_count(server.net).tcp_in < QUERIES);
    getrusage(RUSAGE_SELF, &after);
    assert_true(after.ru_maxrss - before.ru_maxrss < 8192); /* KiB */
    for (uint16_t k = 0; k < QUERIES; k++)
        assert_true(try_tcp_answer(slow, k, SIZE));
    close(slow);
    close(other);
    try_stop(&server, 1000);
}

/* One that never reads at all is closed when its answers have not left for the idle time. */
static void test_stuck_reader_times_out(void **state)
{
    struct try_server server;
    try_start(&server, BOTH, 1, 1, (struct net_limits){.tcp_connections = 10, .tcp_idle_ms = 200});
    int fd = try_connect(&server, 0, SOCK_STREAM);
    for (uint16_t k = 0; k < 400; k++)
        try_tcp_send(fd, k, 65535);
    assert_int_equal(open_now(&server, 0), 0);
    close(fd);
    try_stop(&server, 1000);
}

static void test_half_close(void **state)
{
    struct try_server server;
    try_start(&server, BOTH, 1, 1, LIMITS);
    int fd = try_connect(&server, 0, SOCK_STREAM);
    for (uint16_t k = 0; k < 100; k++)
        try_tcp_send(fd, k, 30000);
    shutdown(fd, SHUT_WR);
    for (uint16_t k = 0; k < 100; k++)
        assert_true(try_tcp_answer(fd, k, 30000));
    assert_true(try_tcp_ended(fd));
    close(fd);
    try_stop(&server, 1000);
}

static void test_garbage_and_resets(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
        bool answered, ends;
    } cases[] = {
        {"\0\0", 2, false, true},                /* an empty message */
        {"\0\13aaaaaaaaaaa", 13, false, true},   /* 11 octets are no header */
        {"\0\14aaaaaaaaaaaa", 14, false, false}, /* 12 are, but there is no answer to it */
        {"\0\16\0\5\0\0\0\0\0\0\0\0\0\0\0\144\0\0", 18, true, true}, /* a query, then an empty message */
        {"GET / HTTP/1.1\r\n\r\n", 18, false, false}, /* the beginning of a message of 18,245 octets */
        {"\0", 1, false, false},
    };
    struct try_server server;
    try_start(&server, BOTH, 1, 1, LIMITS);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int fd = try_connect(&server, 0, SOCK_STREAM);
        assert_int_equal(send(fd, cases[i].bytes, cases[i].length, MSG_NOSIGNAL), cases[i].length);
        if (cases[i].answered)
            assert_true(try_tcp_answer(fd, 5, 100));
        struct pollfd end = {.fd = fd, .events = POLLIN};
        assert_int_equal(poll(&end, 1, cases[i].ends ? 5000 : 50), cases[i].ends);
        if (cases[i].ends)
            assert_true(try_tcp_ended(fd));
        struct linger reset = {.l_onoff = 1};
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        close(fd);
    }
    for (uint16_t k = 0; k < 200; k++) { /* a reset while answers are on their way */
        int fd = try_connect(&server, 0, SOCK_STREAM);
        for (uint16_t n = 0; n < 20; n++)
            try_tcp_send(fd, n, 65535);
        struct linger reset = {.l_onoff = 1};
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        close(fd);
    }
    assert_int_equal(open_now(&server, 0), 0);
    int fd = try_connect(&server, 0, SOCK_STREAM);
    try_tcp_send(fd, 9, 99);
    assert_true(try_tcp_answer(fd, 9, 99));
    close(fd);
    try_stop(&server, 1000);
}

/* Single octets buy no time, whole messages do. */
static void test_idle_time(void **state)
{
    struct try_server server;
    try_start(&server, BOTH, 1, 1, (struct net_limits){.tcp_connections = 10, .tcp_idle_ms = 1000});
    int silent = try_connect(&server, 0, SOCK_STREAM), drip = try_connect(&server, 0, SOCK_STREAM),
        busy = try_connect(&server, 0, SOCK_STREAM);
    for (uint16_t k = 0; k < 16; k++) {
        wait_ms(100);
        (void)send(drip, "\0", 1, MSG_NOSIGNAL);
        if (k == 0)
            (void)send(drip, "\377", 1, MSG_NOSIGNAL);
        try_tcp_send(busy, k, 100);
        assert_true(try_tcp_answer(busy, k, 100));
    }
    assert_int_equal(net_count(server.net).tcp_open, 1);
    assert_true(try_tcp_ended(silent));
    assert_true(try_tcp_ended(drip));
    close(silent);
    close(drip);
    close(busy);
    try_stop(&server, 1000);
}

/* At the limit a new connection takes the place of the longest idle one, but not of a fresh one. */
static void test_limit(void **state)
{
    enum { LIMIT = 5 };
    struct try_server server;
    try_start(&server, BOTH, 1, 1, (struct net_limits){.tcp_connections = LIMIT, .tcp_idle_ms = 20000});
    int fds[LIMIT];
    for (uint16_t i = 0; i < LIMIT; i++) {
        fds[i] = try_connect(&server, 0, SOCK_STREAM);
        try_tcp_send(fds[i], i, 50);
        assert_true(try_tcp_answer(fds[i], i, 50));
    }
    int refused = try_connect(&server, 0, SOCK_STREAM);
    assert_true(try_tcp_ended(refused));
    close(refused);
    wait_ms(1100);
    try_tcp_send(fds[0], 7, 50); /* now the second is the longest idle */
    assert_true(try_tcp_answer(fds[0], 7, 50));
    int taken = try_connect(&server, 0, SOCK_STREAM);
    try_tcp_send(taken, 8, 50);
    assert_true(try_tcp_answer(taken, 8, 50));
    assert_true(try_tcp_ended(fds[1]));
    try_tcp_send(fds[0], 9, 50);
    assert_true(try_tcp_answer(fds[0], 9, 50));
    struct net_counters counters = net_count(server.net);
    assert_int_equal(counters.tcp_open, LIMIT);
    assert_int_equal(counters.tcp_accepted, LIMIT + 1);
    assert_int_equal(counters.tcp_refused, 1);
    for (size_t i = 0; i < LIMIT; i++)
        close(fds[i]);
    close(taken);
    try_stop(&server, 1000);
}

static long resident_kib(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file && fscanf(file, "%*d %ld", &pages) != 1)
        pages = 0;
    if (file)
        fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void test_a_thousand_idle(void **state)
{
    enum { IDLE = 1000 };
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_max < 2 * IDLE + 100) {
        print_message("skipped: at most %lu open files\n", (unsigned long)files.rlim_max);
        skip();
    }
    files.rlim_cur = 2 * IDLE + 100;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
    struct try_server server;
    try_start(&server, BOTH, 1, 1, (struct net_limits){.tcp_connections = IDLE + 10, .tcp_idle_ms = 60000});
    static int fds[IDLE];
    long before = resident_kib();
    for (uint16_t i = 0; i < IDLE; i++) {
        fds[i] = try_connect(&server, 0, SOCK_STREAM);
        try_tcp_send(fds[i], i, 1000);
        assert_true(try_tcp_answer(fds[i], i, 1000));
    }
    assert_int_equal(net_count(server.net).tcp_open, IDLE);
#ifndef SHADOW_MEMORY
    assert_true(resident_kib() - before < 2 * IDLE); /* two KiB each, ours and libuv's */
#else
    (void)before;
#endif
    int fd = try_connect(&server, 0, SOCK_STREAM);
    for (uint16_t k = 0; k < 1000; k++) {
        try_tcp_send(fd, k, 100);
        assert_true(try_tcp_answer(fd, k, 100));
    }
    close(fd);
    for (size_t i = 0; i < IDLE; i++)
        close(fds[i]);
    try_stop(&server, 1000);
}

static void test_stop_answers_what_has_arrived(void **state)
{
    for (uint16_t round = 0; round < 20; round++) {
        struct try_server server;
        try_start(&server, BOTH, 1, 1, LIMITS);
        int asks = try_connect(&server, 0, SOCK_STREAM), idle = try_connect(&server, 0, SOCK_STREAM);
        try_tcp_send(asks, 0, 20);
        try_tcp_send(idle, 0, 20);
        assert_true(try_tcp_answer(asks, 0, 20));
        assert_true(try_tcp_answer(idle, 0, 20));
        for (uint16_t k = 0; k < 30; k++)
            try_tcp_send(asks, k, 2000);
        try_stop(&server, 2000);
        for (uint16_t k = 0; k < 30; k++)
            assert_true(try_tcp_answer(asks, k, 2000));
        assert_true(try_tcp_ended(asks));
        assert_true(try_tcp_ended(idle));
        close(asks);
        close(idle);
    }
}

/* A reader that takes nothing must not hold the stop up for longer than the time given. */
static void test_stop_is_bounded(void **state)
{
    struct try_server server;
    try_start(&server, BOTH, 1, 1, LIMITS);
    int fd = try_connect(&server, 0, SOCK_STREAM);
    for (uint16_t k = 0; k < 400; k++)
        try_tcp_send(fd, k, 65535);
    wait_ms(50);
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    try_stop(&server, 200);
    clock_gettime(CLOCK_MONOTONIC, &after);
    assert_true(after.tv_sec - before.tv_sec < 3);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes_in_both_families),
        cmocka_unit_test(test_split_everywhere),
        cmocka_unit_test(test_longest_message),
        cmocka_unit_test(test_pipelined),
        cmocka_unit_test(test_slow_reader),
        cmocka_unit_test(test_stuck_reader_times_out),
        cmocka_unit_test(test_half_close),
        cmocka_unit_test(test_garbage_and_resets),
        cmocka_unit_test(test_idle_time),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_a_thousand_idle),
        cmocka_unit_test(test_stop_answers_what_has_arrived),
        cmocka_unit_test(test_stop_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

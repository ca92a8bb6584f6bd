#include "io/proc/clock.h"
#include "io/proc/loop.h"
#include "io/proc/notify.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

struct world {
    struct loop *loop;
    struct loop_timer *timer;
    unsigned calls, others;
    int result;
    size_t length;
    int64_t rtt_us;
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    assert_int_equal(loop_new(&w->loop), 0);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    loop_free(w->loop);
    free(w);
    return 0;
}

static void stop(void *context)
{
    loop_stop(((struct world *)context)->loop);
}

static void third_time(void *context)
{
    struct world *w = context;
    if (++w->calls == 3) {
        loop_timer_cancel(w->timer); /* from its own function */
        loop_timer(w->loop, 30, 0, stop, w, NULL);
    }
}

static void count(void *context)
{
    ((struct world *)context)->others++;
}

static void test_timers(void **state)
{
    struct world *w = *state;
    struct loop_timer *cancelled;
    int64_t start = clock_mono_us();
    assert_int_equal(loop_timer(w->loop, 10, 10, third_time, w, &w->timer), 0);
    assert_int_equal(loop_timer(w->loop, 15, 0, count, w, NULL), 0);
    assert_int_equal(loop_timer(w->loop, 20, 0, count, w, &cancelled), 0);
    loop_timer_cancel(cancelled);
    loop_run(w->loop);
    assert_int_equal(w->calls, 3);
    assert_int_equal(w->others, 1);
    assert_true(clock_mono_us() - start >= 57000); /* 10 + 10 + 10 + 30 ms, each cut to whole ones */
    assert_int_equal(loop_timer(w->loop, 3600000, 0, count, w, NULL), 0); /* freed with the loop */
}

static void *knock(void *context)
{
    loop_wake(((struct world *)context)->loop);
    return NULL;
}

static void on_knock(void *context)
{
    ((struct world *)context)->calls++;
    stop(context);
}

static void test_wake_from_thread(void **state)
{
    struct world *w = *state;
    pthread_t thread;
    loop_on_wake(w->loop, on_knock, w);
    assert_int_equal(pthread_create(&thread, NULL, knock, w), 0);
    loop_run(w->loop);
    pthread_join(thread, NULL);
    assert_int_equal(w->calls, 1);
}

static void on_signal(void *context, int number)
{
    struct world *w = context;
    w->result = number;
    stop(w);
}

static void test_signals(void **state)
{
    struct world *w = *state;
    assert_int_equal(loop_signal(w->loop, SIGHUP, on_signal, w), 0);
    assert_int_equal(loop_signal(w->loop, SIGTERM, on_signal, w), 0);
    assert_int_equal(loop_signal(w->loop, SIGKILL, on_signal, w), ERR_USAGE);
    raise(SIGHUP);
    loop_run(w->loop);
    assert_int_equal(w->result, SIGHUP);
    raise(SIGTERM);
    loop_run(w->loop);
    assert_int_equal(w->result, SIGTERM);
}

static void on_answer(void *context, int result, const uint8_t *answer, size_t length, int64_t rtt_us)
{
    struct world *w = context;
    w->calls++;
    w->result = result;
    w->length = length;
    w->rtt_us = rtt_us;
    stop(w);
}

static const uint8_t QUERY[] = {0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'a', 0, 0, 1, 0, 1};

/* A server that answers with wrong ids, no QR, another name, and at last with the right thing, in upper case.
 */
static void *liar(void *context)
{
    int fd = *(int *)context;
    uint8_t bytes[512];
    struct sockaddr_storage from;
    socklen_t size = sizeof from;
    ssize_t length = recvfrom(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &size);
    if (length != sizeof QUERY)
        return NULL;
    struct {
        size_t at;
        uint8_t value;
    } lies[] = {{2, 1}, {0, 0xff}, {13, 'b'}, {2, 0x81}};
    for (size_t i = 0; i < 4; i++) {
        uint8_t answer[sizeof QUERY];
        memcpy(answer, bytes, sizeof answer);
        answer[2] = 0x81;
        answer[13] = 'A';
        answer[lies[i].at] = lies[i].value;
        sendto(fd, answer, sizeof answer, 0, (struct sockaddr *)&from, size);
        sendto(fd, answer, 3, 0, (struct sockaddr *)&from, size);
    }
    return NULL;
}

static void ask_liar(struct world *w, int family, const char *address)
{
    struct sockaddr_storage at = {.ss_family = (sa_family_t)family};
    socklen_t size = sizeof at;
    int fd = socket(family, SOCK_DGRAM, 0);
    if (family == AF_INET6)
        ((struct sockaddr_in6 *)&at)->sin6_addr = in6addr_loopback;
    else
        ((struct sockaddr_in *)&at)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    uint16_t port = ntohs(((struct sockaddr_in *)&at)->sin_port); /* the same place in both families */
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, liar, &fd), 0);
    assert_int_equal(loop_udp_ask(w->loop, address, port, QUERY, sizeof QUERY, 5000, on_answer, w), 0);
    loop_run(w->loop);
    pthread_join(thread, NULL);
    close(fd);
    assert_int_equal(w->result, 0);
    assert_int_equal(w->length, sizeof QUERY);
    assert_true(w->rtt_us >= 0 && w->rtt_us < 5000000);
}

static void test_ask_takes_only_the_response(void **state)
{
    struct world *w = *state;
    ask_liar(w, AF_INET, "127.0.0.1");
    ask_liar(w, AF_INET6, "::1");
    assert_int_equal(w->calls, 2);
}

static void test_ask_silence_and_closed_port(void **state)
{
    struct world *w = *state;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    uint16_t port = ntohs(at.sin_port);
    assert_int_equal(loop_udp_ask(w->loop, "127.0.0.1", port, QUERY, sizeof QUERY, 50, on_answer, w), 0);
    loop_run(w->loop);
    assert_int_equal(w->result, ERR_UNAVAILABLE);
    assert_true(w->rtt_us >= 50000);
    close(fd);
    assert_int_equal(loop_udp_ask(w->loop, "127.0.0.1", port, QUERY, sizeof QUERY, 60000, on_answer, w), 0);
    loop_run(w->loop); /* the ICMP error ends it long before the minute */
    assert_int_equal(w->result, ERR_UNAVAILABLE);
    assert_int_equal(w->calls, 2);
    assert_int_equal(
        loop_udp_ask(w->loop, "localhost", port, QUERY, sizeof QUERY, 1, on_answer, w), ERR_USAGE);
    assert_int_equal(loop_udp_ask(w->loop, "127.0.0.1", port, QUERY, 11, 1, on_answer, w), ERR_USAGE);
}

static void test_notify(void **state)
{
    unsetenv("NOTIFY_SOCKET");
    assert_int_equal(notify_send(NOTIFY_READY, NULL), 0);
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    snprintf(at.sun_path, sizeof at.sun_path, "/tmp/rollcall-notify-%ld", (long)getpid());
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    setenv("NOTIFY_SOCKET", at.sun_path, 1);
    char got[200] = "";
    assert_int_equal(notify_send(NOTIFY_READY, "3 zones\nREADY=0"), 1);
    ssize_t length = recv(fd, got, sizeof got - 1, MSG_DONTWAIT);
    got[length > 0 ? length : 0] = 0;
    assert_string_equal(got, "READY=1\nSTATUS=3 zones\\x0aREADY=0\n");
    assert_int_equal(notify_send(NOTIFY_RELOADING, NULL), 1);
    length = recv(fd, got, sizeof got - 1, MSG_DONTWAIT);
    got[length > 0 ? length : 0] = 0;
    assert_memory_equal(got, "RELOADING=1\nMONOTONIC_USEC=", 27);
    close(fd);
    unlink(at.sun_path);
    assert_int_equal(notify_send(NOTIFY_STOPPING, NULL), ERR_IO);
    unsetenv("NOTIFY_SOCKET");
}

static void test_clock(void **state)
{
    int64_t a = clock_mono_us(), b = clock_now_us();
    assert_true(clock_mono_us() >= a);
    assert_true(b > INT64_C(1600000000000000)); /* 2020 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_timers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wake_from_thread, setup, teardown),
        cmocka_unit_test_setup_teardown(test_signals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ask_takes_only_the_response, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ask_silence_and_closed_port, setup, teardown),
        cmocka_unit_test(test_notify),
        cmocka_unit_test(test_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A real server on a free port of loopback, and a client of plain sockets. */
#include "io/http/http.h"

#include "base/utc.h"
#include "io/proc/clock.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
/* last */
#include <cmocka.h>

struct site {
    struct http_server *server;
    atomic_llong version;
    atomic_uint asked;
};

static void handle(void *context, const struct http_request *request, struct http_answer *answer)
{
    struct site *site = context;
    site->asked++;
    if (request->fault) {
        text_printf(&answer->body, "fault %u\n", request->fault);
        return;
    }
    answer->status = 200;
    if (strcmp(request->path, "/events") == 0) {
        answer->stream = true;
    } else if (strcmp(request->path, "/move") == 0) {
        answer->status = 303;
        snprintf(answer->location, sizeof answer->location, "/p/x");
    } else if (strcmp(request->path, "/big") == 0) {
        for (int i = 0; i < 100000; i++)
            text_add(&answer->body, "0123456789");
    } else if (strcmp(request->path, "/nothing") == 0) {
        answer->status = 0;
    } else {
        text_printf(&answer->body, "%d %s ? %s [%zu] %02x %s\n", (int)request->method, request->path,
            request->query, request->body_length, request->client[15], request->type);
    }
}

static int64_t news(void *context)
{
    struct site *site = context;
    return site->version;
}

static void open_site(struct site *site, struct http_config config)
{
    struct err_note note = {""};
    config.listen = "127.0.0.1:0";
    config.handle = handle;
    config.news = news;
    config.context = site;
    atomic_init(&site->version, 7);
    atomic_init(&site->asked, 0);
    assert_int_equal(http_bind(&config, &site->server, &note), 0);
    assert_int_equal(http_start(site->server, &note), 0);
}

static int dial_from(struct site *site, const char *source)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in from = {.sin_family = AF_INET}, to = {.sin_family = AF_INET};
    inet_pton(AF_INET, source, &from.sin_addr);
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    to.sin_port = htons((uint16_t)atoi(strrchr(http_address(site->server), ':') + 1));
    assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof from), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

/* Reads until the text holds `until`, the other side closes, or the time is over. */
static char *read_until(int fd, const char *until, int timeout_ms)
{
    static char buffer[2 << 20];
    size_t length = 0;
    buffer[0] = '\0';
    int64_t end_us = clock_mono_us() + timeout_ms * INT64_C(1000);
    while (!(until && strstr(buffer, until)) && length < sizeof buffer - 1) {
        int left_ms = (int)((end_us - clock_mono_us()) / 1000);
        struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
        if (left_ms <= 0 || poll(&poll_fd, 1, left_ms) <= 0)
            break;
        ssize_t got = read(fd, buffer + length, sizeof buffer - 1 - length);
        if (got <= 0)
            break;
        length += (size_t)got;
        buffer[length] = '\0';
    }
    return buffer;
}

static char *ask(struct site *site, const char *request)
{
    int fd = dial_from(site, "127.0.0.1");
    assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
    char *answer = read_until(fd, NULL, 5000);
    close(fd);
    return answer;
}

#define END "Host: x\r\nConnection: close\r\n\r\n"

static void answers(void **state)
{
    struct site site;
    open_site(&site, http_defaults());
    char *answer = ask(&site, "GET /a%20b/%2e?q=1&r HTTP/1.1\r\n" END);
    assert_non_null(strstr(answer, "HTTP/1.1 200"));
    assert_non_null(strstr(answer, "\r\n\r\n0 /a%20b/%2e ? q=1&r [0] 01 \n"));
    assert_non_null(strstr(answer, "Content-Security-Policy: default-src 'none'; style-src 'self'"));
    assert_non_null(strstr(answer, "X-Content-Type-Options: nosniff"));
    assert_non_null(strstr(answer, "Referrer-Policy: no-referrer"));
    assert_non_null(strstr(answer, "Cache-Control: no-store"));

    answer = ask(&site, "HEAD /a HTTP/1.1\r\n" END);
    assert_non_null(strstr(answer, "HTTP/1.1 200"));
    assert_non_null(strstr(answer, "Content-Length: 16"));
    assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n");

    answer = ask(&site, "GET /move HTTP/1.1\r\n" END);
    assert_non_null(strstr(answer, "HTTP/1.1 303"));
    assert_non_null(strstr(answer, "Location: /p/x\r\n"));

    answer = ask(&site, "GET /nothing HTTP/1.1\r\n" END);
    assert_non_null(strstr(answer, "HTTP/1.1 500"));

    answer = ask(&site, "GET /big HTTP/1.1\r\n" END);
    assert_int_equal(strlen(strstr(answer, "\r\n\r\n") + 4), 1000000);

    answer = ask(&site, "PUT / HTTP/1.1\r\n" END);
    assert_non_null(strstr(answer, "HTTP/1.1 405"));
    assert_non_null(strstr(answer, "Allow: GET, HEAD, POST\r\n"));
    assert_non_null(strstr(answer, "nosniff"));

    assert_non_null(strstr(ask(&site, "GET / HTTP/1.1\r\n\r\n"), " 400 ")); /* no Host */
    assert_string_equal(ask(&site, "hello\r\n\r\n"), "");                   /* no HTTP at all */
    http_stop(site.server);
}

static char *post(struct site *site, size_t length)
{
    char *request = malloc(length + 200);
    int head =
        sprintf(request, "POST /a HTTP/1.1\r\nContent-Type: text/x\r\nContent-Length: %zu\r\n" END, length);
    memset(request + head, 'x', length);
    request[(size_t)head + length] = '\0';
    char *answer = ask(site, request);
    free(request);
    return answer;
}

static void bodies(void **state)
{
    struct site site;
    open_site(&site, http_defaults());
    assert_non_null(strstr(post(&site, 0), "[0] 01 text/x"));
    assert_non_null(strstr(post(&site, 16384), "2 /a ?  [16384] 01 text/x")); /* the limit */
    char *answer = post(&site, 16385);                                        /* one octet more */
    assert_non_null(strstr(answer, "HTTP/1.1 413"));
    assert_non_null(strstr(answer, "fault 413"));
    assert_non_null(strstr(post(&site, 900000), "HTTP/1.1 413"));

    /* Chunked, so that the length is not told before. */
    char *request = malloc(70000), *at = request;
    at += sprintf(at, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" END);
    for (int i = 0; i < 17; i++)
        at += sprintf(at, "400\r\n%01024d\r\n", 0);
    sprintf(at, "0\r\n\r\n");
    assert_non_null(strstr(ask(&site, request), "HTTP/1.1 413"));
    free(request);

    char header[40000];
    memset(header, 'h', sizeof header);
    sprintf(header, "GET / HTTP/1.1\r\nX: ");
    header[strlen(header)] = 'h';
    strcpy(header + sizeof header - sizeof "\r\n" END, "\r\n" END);
    answer = ask(&site, header);
    assert_true(!*answer || strstr(answer, " 431 ") || strstr(answer, " 413 "));
    http_stop(site.server);
}

static void rates(void **state)
{
    struct http_config config = http_defaults();
    config.rate = 1;
    config.burst = 3;
    struct site site;
    open_site(&site, config);
    for (int i = 0; i < 3; i++)
        assert_non_null(strstr(ask(&site, "GET / HTTP/1.1\r\n" END), " 200 "));
    char *answer = "";
    for (int i = 0; i < 30 && !strstr(answer, "HTTP/1.1 429"); i++) /* a slow machine refills */
        answer = ask(&site, "GET / HTTP/1.1\r\n" END);
    assert_non_null(strstr(answer, "HTTP/1.1 429"));
    assert_non_null(strstr(answer, "Retry-After: 1\r\n"));
    assert_true(http_count(site.server).refused_rate >= 1);

    int fd = dial_from(&site, "127.0.0.9"); /* another address is not concerned */
    send(fd, "GET / HTTP/1.1\r\n" END, strlen("GET / HTTP/1.1\r\n" END), MSG_NOSIGNAL);
    assert_non_null(strstr(read_until(fd, NULL, 2000), " 200 "));
    close(fd);
    http_stop(site.server);
}

static void behind_a_proxy(void **state)
{
    struct http_config config = http_defaults();
    config.proxy = "127.0.0.1";
    struct site site;
    open_site(&site, config);
    const char *forwarded = "GET / HTTP/1.1\r\nX-Forwarded-For: 198.51.100.1, 192.0.2.77\r\n" END;
    assert_non_null(strstr(ask(&site, forwarded), "[0] 4d "));
    assert_non_null(strstr(ask(&site, "GET / HTTP/1.1\r\nX-Forwarded-For: nonsense\r\n" END), "[0] 01 "));
    int fd = dial_from(&site, "127.0.0.9"); /* not the proxy: nothing that it claims is believed */
    send(fd, forwarded, strlen(forwarded), MSG_NOSIGNAL);
    assert_non_null(strstr(read_until(fd, NULL, 2000), "[0] 09 "));
    close(fd);
    http_stop(site.server);
}

static void streams(void **state)
{
    struct http_config config = http_defaults();
    config.streams = 2;
    config.beat_s = 1;
    struct site site;
    open_site(&site, config);
    const char *request = "GET /events HTTP/1.1\r\nHost: x\r\n\r\n";
    int fd[3];
    for (int i = 0; i < 3; i++) {
        fd[i] = dial_from(&site, "127.0.0.1");
        send(fd[i], request, strlen(request), MSG_NOSIGNAL);
        char *answer = read_until(fd[i], i < 2 ? "data: 7\n\n" : "by hand", 3000);
        if (i < 2) {
            assert_non_null(strstr(answer, "Content-Type: text/event-stream"));
            assert_non_null(strstr(answer, "retry: 3000\nid: 7\nevent: news\ndata: 7\n\n"));
        } else {
            assert_non_null(strstr(answer, " 503 "));
            assert_non_null(strstr(answer, "Retry-After: 30"));
        }
    }
    assert_int_equal(http_count(site.server).streams, 2);
    site.version = 8;
    assert_non_null(strstr(read_until(fd[0], "data: 8\n\n", 2000), "data: 8\n\n"));
    assert_non_null(strstr(read_until(fd[1], "data: 8\n\n", 2000), "data: 8\n\n"));
    assert_non_null(strstr(read_until(fd[0], "\n:\n\n", 4000), ":\n\n")); /* the comment */

    close(fd[1]); /* somebody leaves: seen without waiting for a write */
    for (int i = 0; i < 20 && http_count(site.server).streams > 1; i++)
        usleep(100000);
    assert_int_equal(http_count(site.server).streams, 1);

    http_stop(site.server);
    assert_non_null(strstr(read_until(fd[0], "0\r\n\r\n", 2000), "0\r\n\r\n")); /* ended, not cut */
    close(fd[0]);
    close(fd[2]);
}

static void slow_ones(void **state)
{
    struct http_config config = http_defaults();
    config.request_s = 1;
    config.answer_s = 1;
    struct site site;
    open_site(&site, config);
    int fd = dial_from(&site, "127.0.0.1");
    int64_t start_us = clock_mono_us();
    bool open = true;
    send(fd, "GET / HTTP/1.1\r\n", 16, MSG_NOSIGNAL);
    for (int i = 0; i < 40 && open; i++) { /* an octet now and then keeps no one */
        struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
        open = send(fd, "X", 1, MSG_NOSIGNAL) == 1 && poll(&poll_fd, 1, 100) == 0;
    }
    assert_false(open);
    assert_in_range(clock_mono_us() - start_us, UTC_SECOND / 2, 3 * UTC_SECOND);
    close(fd);

    /* One that asks for much and takes nothing. */
    fd = dial_from(&site, "127.0.0.1");
    int small = 4096;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    send(fd, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n", 31, MSG_NOSIGNAL);
    for (int i = 0; i < 40 && http_count(site.server).closed_slow < 2; i++)
        usleep(100000);
    assert_int_equal(http_count(site.server).closed_slow, 2);
    close(fd);
    http_stop(site.server);
}

static void many_connections(void **state)
{
    struct http_config config = http_defaults();
    config.address_connections = 4;
    config.connections = 10;
    struct site site;
    open_site(&site, config);
    int fd[12], count = 0;
    for (int i = 0; i < 5; i++)
        fd[count++] = dial_from(&site, "127.0.0.1");
    char *answer = read_until(fd[4], NULL, 2000); /* closed at once */
    assert_string_equal(answer, "");
    int other = dial_from(&site, "127.0.0.2");
    send(other, "GET / HTTP/1.1\r\n" END, strlen("GET / HTTP/1.1\r\n" END), MSG_NOSIGNAL);
    assert_non_null(strstr(read_until(other, NULL, 2000), " 200 "));
    close(other);
    while (count > 0)
        close(fd[--count]);
    http_stop(site.server);
}

static void binding(void **state)
{
    struct site site;
    open_site(&site, http_defaults());
    struct err_note note = {""};
    struct http_config config = http_defaults();
    struct http_server *second = NULL;
    config.listen = http_address(site.server);
    assert_int_equal(http_bind(&config, &second, &note), ERR_UNAVAILABLE);
    assert_non_null(strstr(note.text, http_address(site.server)));
    assert_non_null(strstr(note.text, "in use"));
    assert_null(second);
    static const char *const wrong[] = {
        "", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:x", "::1:80", "name:80", "[::1]80"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        config.listen = wrong[i];
        assert_int_equal(http_bind(&config, &second, &note), ERR_USAGE);
    }
    config.listen = "203.0.113.1:8080"; /* not ours */
    assert_int_equal(http_bind(&config, &second, &note), ERR_UNAVAILABLE);
    config.listen = "[::1]:0";
    if (http_bind(&config, &second, &note) == 0) {
        assert_memory_equal(http_address(second), "[::1]:", 6);
        http_stop(second);
    }
    http_stop(site.server);
    http_stop(NULL);
}

int main(void)
{
    const struct CMUnitTest all[] = {cmocka_unit_test(answers), cmocka_unit_test(bodies),
        cmocka_unit_test(rates), cmocka_unit_test(behind_a_proxy), cmocka_unit_test(streams),
        cmocka_unit_test(slow_ones), cmocka_unit_test(many_connections), cmocka_unit_test(binding)};
    return cmocka_run_group_tests_name("io/http/http", all, NULL, NULL);
}

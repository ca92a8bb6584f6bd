/* Binding, starting, ending. Requests are collected in http_exchange.c, answers sent in http_answer.c, slow
 * connections and streams looked after in http_watch.c. */
#include "io/http/http_inside.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 512 };

struct http_config http_defaults(void)
{
    return (struct http_config){.connections = 1000,
        .address_connections = 64,
        .streams = 500,
        .rate = 20,
        .burst = 200,
        .request_s = 15,
        .answer_s = 30,
        .beat_s = 15,
        .body_limit = 16384,
        .header_limit = 16384};
}

void http_address_of(const struct sockaddr *address, uint8_t ret_address[16])
{
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 six;
        memcpy(&six, address, sizeof six);
        memcpy(ret_address, &six.sin6_addr, 16);
        return;
    }
    memset(ret_address, 0, 10);
    memset(ret_address + 10, 0xff, 2);
    struct sockaddr_in four;
    memcpy(&four, address, sizeof four);
    memcpy(ret_address + 12, &four.sin_addr, 4);
}

/* "ADDRESS:PORT" or "[ADDRESS]:PORT", or without a port if it may be left out. */
static int resolve(const char *text, bool with_port, struct sockaddr_storage *ret, socklen_t *ret_length)
{
    char host[64];
    const char *port = with_port ? strrchr(text, ':') : text + strlen(text);
    if (!port || port == text || (size_t)(port - text) >= sizeof host)
        return ERR_USAGE;
    size_t length = (size_t)(port - text);
    const char *start = text;
    if (text[0] == '[' && text[length - 1] == ']') {
        start++;
        length -= 2;
    } else if (with_port && memchr(text, ':', length)) {
        return ERR_USAGE;
    }
    memcpy(host, start, length);
    host[length] = '\0';
    const char *digits = with_port ? port + 1 : "0";
    if (!*digits || strlen(digits) > 5 || digits[strspn(digits, "0123456789")] || atoi(digits) > 65535)
        return ERR_USAGE;
    struct addrinfo *found = NULL, hints = {.ai_socktype = SOCK_STREAM,
                                       .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE};
    if (getaddrinfo(host, digits, &hints, &found) != 0)
        return ERR_USAGE;
    memcpy(ret, found->ai_addr, found->ai_addrlen);
    *ret_length = found->ai_addrlen;
    freeaddrinfo(found);
    return 0;
}

static void tell_address(struct http_server *server)
{
    struct sockaddr_storage bound;
    socklen_t length = sizeof bound;
    char host[64] = "?", port[8] = "?";
    if (getsockname(server->socket, (struct sockaddr *)&bound, &length) == 0)
        getnameinfo((struct sockaddr *)&bound, length, host, sizeof host, port, sizeof port,
            NI_NUMERICHOST | NI_NUMERICSERV);
    snprintf(server->address, sizeof server->address, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
}

static int bind_socket(struct http_server *server, const char *listen_text, struct err_note *note)
{
    struct sockaddr_storage address;
    socklen_t length;
    if (resolve(listen_text, true, &address, &length))
        return err_set(note, ERR_USAGE,
            "\"%s\" is no address to listen on: write it as 127.0.0.1:8053 or [::1]:8053", listen_text);
    server->socket = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int one = 1;
    if (server->socket < 0)
        return err_set(note, ERR_UNAVAILABLE, "no socket for %s: %s", listen_text, strerror(errno));
    setsockopt(server->socket, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (address.ss_family == AF_INET6)
        setsockopt(server->socket, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    if (bind(server->socket, (struct sockaddr *)&address, length) || listen(server->socket, BACKLOG)) {
        bool in_use = errno == EADDRINUSE;
        return err_set(note, errno == EACCES ? ERR_PERM : ERR_UNAVAILABLE, "cannot listen on %s: %s",
            listen_text, in_use ? "the port is in use" : strerror(errno));
    }
    tell_address(server);
    return 0;
}

int http_bind(const struct http_config *config, struct http_server **ret_server, struct err_note *note)
{
    struct http_server *server = calloc(1, sizeof *server);
    if (!server)
        return ERR_NOMEM;
    server->config = *config;
    server->socket = -1;
    pthread_mutex_init(&server->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&server->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    server->rates = rate_new(config->rate, config->burst);
    int err = server->rates ? 0 : ERR_NOMEM;
    struct sockaddr_storage proxy;
    socklen_t length;
    if (!err && config->proxy && resolve(config->proxy, false, &proxy, &length))
        err = err_set(note, ERR_USAGE, "\"%s\" is no address of a proxy", config->proxy);
    if (!err && config->proxy) {
        http_address_of((struct sockaddr *)&proxy, server->proxy);
        server->has_proxy = true;
    }
    if (!err)
        err = bind_socket(server, config->listen, note);
    if (err) {
        http_stop(server);
        return err;
    }
    server->config.listen = server->config.proxy = NULL;
    *ret_server = server;
    return 0;
}

const char *http_address(const struct http_server *server)
{
    return server->address;
}

/* Paths are compared as they were sent. */
static size_t keep_escapes(void *context, struct MHD_Connection *connection, char *path)
{
    return strlen(path);
}

static void quiet(void *context, const char *format, va_list arguments)
{
}

static struct MHD_Daemon *start_daemon(struct http_server *server)
{
    const struct http_config *config = &server->config;
    struct MHD_OptionItem options[] = {{MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)quiet, NULL},
        {MHD_OPTION_LISTEN_SOCKET, server->socket, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, (intptr_t)config->connections, NULL},
        {MHD_OPTION_PER_IP_CONNECTION_LIMIT, server->has_proxy ? 0 : (intptr_t)config->address_connections,
            NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, (intptr_t)(config->request_s + config->answer_s), NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t)config->header_limit + 4096, NULL},
        {MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL}, {MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)keep_escapes, NULL},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)http_exchange_begin, server},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)http_link_notify, server},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)http_exchange_end, server}, {MHD_OPTION_END, 0, NULL}};
    return MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0,
        NULL, NULL, http_exchange_go_on, server, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
}

int http_start(struct http_server *server, struct err_note *note)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    server->version = server->config.news ? server->config.news(server->config.context) : 0;
    server->daemon = start_daemon(server);
    int err = server->daemon ? http_watch_start(server) : ERR_INTERNAL;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (err)
        return err_set(note, err, "the web server's threads do not start: %s", strerror(errno));
    return 0;
}

struct http_counters http_count(struct http_server *server)
{
    pthread_mutex_lock(&server->lock);
    struct http_counters counters = server->counters;
    pthread_mutex_unlock(&server->lock);
    return counters;
}

/* Waits until no answer is under way, a second at most. */
static void drain(struct http_server *server)
{
    for (int i = 0; i < 50; i++) {
        bool busy = false;
        pthread_mutex_lock(&server->lock);
        for (struct http_link *link = server->links; link; link = link->next)
            busy |= link->phase == PHASE_ANSWERING || link->phase == PHASE_STREAMING;
        pthread_mutex_unlock(&server->lock);
        if (!busy)
            return;
        usleep(20000);
    }
}

void http_stop(struct http_server *server)
{
    if (!server)
        return;
    if (server->daemon) {
        int socket = MHD_quiesce_daemon(server->daemon);
        if (socket >= 0) {
            close(socket);
            server->socket = -1;
        }
        http_watch_stop(server);
        drain(server);
        MHD_stop_daemon(server->daemon);
    } else if (server->socket >= 0) {
        close(server->socket);
    }
    rate_free(server->rates);
    pthread_cond_destroy(&server->changed);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

/* From the first octet of a request to its answer. libmicrohttpd calls http_exchange_begin() when it knows
 * the address line, http_exchange_go_on() once after the headers, again for each piece of the body, and once
 * more at its end.
 *
 * A body over the limit is read and thrown away up to a bound, for a client that is still sending does not
 * look at the answer; beyond that bound it is refused at once. */
#include "io/http/http_inside.h"

#include "base/utc.h"
#include "io/proc/clock.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum { DISCARD_LIMIT = 1 << 20 };

struct exchange {
    struct http_request request;
    char *uri, *body;
    size_t discarded;
    unsigned retry_after_s;
    bool begun;
};

void *http_exchange_begin(void *server, const char *uri, struct MHD_Connection *connection)
{
    struct exchange *exchange = calloc(1, sizeof *exchange);
    if (!exchange)
        return NULL;
    exchange->uri = strdup(uri);
    return exchange;
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
    const char *value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
    return value ? value : "";
}

/* The last address of X-Forwarded-For: the one that our proxy wrote. */
static bool forwarded_for(struct MHD_Connection *connection, uint8_t ret_address[16])
{
    const char *list = header(connection, "X-Forwarded-For"), *last = strrchr(list, ',');
    last = last ? last + 1 : list;
    last += strspn(last, " ");
    struct in6_addr six;
    struct in_addr four;
    if (inet_pton(AF_INET6, last, &six) == 1) {
        memcpy(ret_address, &six, 16);
        return true;
    }
    if (inet_pton(AF_INET, last, &four) != 1)
        return false;
    http_address_of(
        (struct sockaddr *)&(struct sockaddr_in){.sin_family = AF_INET, .sin_addr = four}, ret_address);
    return true;
}

static void who(struct http_server *server, struct MHD_Connection *connection, uint8_t ret_address[16])
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (info)
        http_address_of(info->client_addr, ret_address);
    if (server->has_proxy && memcmp(ret_address, server->proxy, 16) == 0)
        forwarded_for(connection, ret_address);
}

static enum http_method method_of(const char *method)
{
    static const char *const names[] = {"GET", "HEAD", "POST"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(method, names[i]) == 0)
            return (enum http_method)i;
    return HTTP_OTHER;
}

static void judge(struct http_server *server, struct MHD_Connection *connection, struct exchange *exchange)
{
    struct http_request *request = &exchange->request;
    exchange->retry_after_s = rate_take(server->rates, request->client, clock_mono_us());
    pthread_mutex_lock(&server->lock);
    server->counters.requests++;
    server->counters.refused_rate += exchange->retry_after_s > 0;
    pthread_mutex_unlock(&server->lock);
    if (exchange->retry_after_s)
        request->fault = 429;
    else if (request->method == HTTP_OTHER)
        request->fault = 405;
    else if (strtoull(header(connection, "Content-Length"), NULL, 10) > server->config.body_limit)
        request->fault = 413;
}

static void start(struct http_server *server, struct MHD_Connection *connection, const char *method,
    struct exchange *exchange)
{
    struct http_request *request = &exchange->request;
    exchange->begun = true;
    char *question = strchr(exchange->uri, '?');
    if (question)
        *question++ = '\0';
    request->path = exchange->uri;
    request->query = question ? question : "";
    request->method = method_of(method);
    request->type = header(connection, "Content-Type");
    request->accept = header(connection, "Accept");
    request->host = header(connection, "Host");
    request->fetch_site = header(connection, "Sec-Fetch-Site");
    request->body = "";
    request->now_us = clock_now_us();
    who(server, connection, request->client);
    judge(server, connection, exchange);
}

static void take_body(struct http_server *server, struct exchange *exchange, const char *body, size_t length)
{
    struct http_request *request = &exchange->request;
    if (request->body_length + length > server->config.body_limit && !request->fault)
        request->fault = 413;
    if (!exchange->body && !request->fault) {
        exchange->body = calloc(1, server->config.body_limit + 1);
        request->fault = exchange->body ? 0 : 503;
    }
    if (request->fault) {
        exchange->discarded += length;
        return;
    }
    memcpy(exchange->body + request->body_length, body, length);
    request->body_length += length;
    request->body = exchange->body;
}

static enum MHD_Result answer(
    struct http_server *server, struct MHD_Connection *connection, struct exchange *exchange)
{
    struct http_answer answer = {.status = 0};
    text_start(&answer.body);
    if (exchange->request.fault)
        exchange->request.body = "", exchange->request.body_length = 0;
    server->config.handle(server->config.context, &exchange->request, &answer);
    if (exchange->request.fault) {
        answer.status = exchange->request.fault;
        answer.location[0] = '\0';
        answer.stream = false;
        answer.retry_after_s = exchange->retry_after_s;
    }
    if (answer.status == 405 && !answer.allow)
        answer.allow = "GET, HEAD, POST";
    return http_answer_send(server, connection, &answer);
}

enum MHD_Result http_exchange_go_on(void *context, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *body, size_t *body_left, void **exchange_place)
{
    struct http_server *server = context;
    struct exchange *exchange = *exchange_place;
    if (!exchange || !exchange->uri)
        return MHD_NO;
    if (!exchange->begun) {
        start(server, connection, method, exchange);
        bool long_body = strtoull(header(connection, "Content-Length"), NULL, 10) > DISCARD_LIMIT;
        return exchange->request.fault && long_body ? answer(server, connection, exchange) : MHD_YES;
    }
    if (*body_left) {
        take_body(server, exchange, body, *body_left);
        *body_left = 0;
        return exchange->discarded > DISCARD_LIMIT ? MHD_NO : MHD_YES;
    }
    return answer(server, connection, exchange);
}

void http_exchange_end(void *context, struct MHD_Connection *connection, void **exchange_place,
    enum MHD_RequestTerminationCode how)
{
    struct exchange *exchange = *exchange_place;
    http_link_phase(context, connection, PHASE_RECEIVING);
    if (!exchange)
        return;
    free(exchange->uri);
    free(exchange->body);
    free(exchange);
    *exchange_place = NULL;
}

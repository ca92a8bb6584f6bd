/* http: a small HTTP/1.1 server, libmicrohttpd behind. Requests in, whole answers out, and event streams that
 * wake when there is news.
 *
 * Two threads of its own: one serves every connection and calls `handle` (so requests are handled one at a
 * time), the other asks `news` a few times a second, wakes the streams and closes connections that take too
 * long. Both have every signal blocked.
 *
 * What it decides by itself, before `handle` is asked: methods other than GET, HEAD and POST (405), bodies
 * over the limit (413), too many requests of one address (429). `handle` is still called with `fault` set, so
 * that the answer looks like the others; its status stays. Every answer has the headers of http.c's table
 * (content security policy and the like); only what libmicrohttpd refuses as no HTTP at all (400, 431) has
 * not.
 *
 * Header values come from the program, never from strangers. */
#ifndef IO_HTTP_HTTP_H
#define IO_HTTP_HTTP_H

#include "base/err.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_OTHER };

/* Valid during `handle`. Strings are never NULL. */
struct http_request {
    enum http_method method;
    unsigned fault;         /* 0, or the status that the answer will have: only the page is wanted */
    const char *path;       /* as sent, percent signs and all, without the query */
    const char *query;      /* what follows the question mark, as sent, or "" */
    const char *type;       /* Content-Type, "" if absent */
    const char *accept;     /* Accept */
    const char *host;       /* Host */
    const char *fetch_site; /* Sec-Fetch-Site: browsers tell whether another site's page sent this */
    const char *body;       /* followed by a NUL that does not count */
    size_t body_length;
    uint8_t client[16]; /* who sent it: IPv6, or IPv4 mapped */
    int64_t now_us;
};

struct http_answer {
    unsigned status;        /* 0: 500 */
    const char *type;       /* Content-Type; NULL: text/plain */
    const char *cache;      /* Cache-Control; NULL: no-store */
    const char *allow;      /* for 405 */
    const char *file_name;  /* Content-Disposition: attachment; or NULL */
    char location[128];     /* for redirects, or "" */
    unsigned retry_after_s; /* 0: not told */
    bool stream;            /* an event stream instead of the body; 503 if there are too many */
    struct text body;       /* started; freed by http */
};

struct http_config {
    const char *listen; /* "127.0.0.1:8053", "[::1]:8053"; port 0 takes a free one */
    /* Address of a reverse proxy in front, or NULL: for its requests the last address in X-Forwarded-For is
     * the client, and `address_connections` does not hold. */
    const char *proxy;
    unsigned connections, address_connections; /* at once: in all, and of one address */
    unsigned streams;                          /* event streams at once */
    unsigned rate, burst;            /* requests a second of one address (IPv6: of one /64), and at once */
    unsigned request_s;              /* a request must be whole after this time, however slowly it drips */
    unsigned answer_s;               /* an answer must be taken after this time */
    unsigned beat_s;                 /* a comment in every stream, to see whether somebody is still there */
    size_t body_limit, header_limit; /* octets */
    void (*handle)(void *context, const struct http_request *request, struct http_answer *answer);
    /* A number that changes when there is news. NULL: no streams. */
    int64_t (*news)(void *context);
    void *context;
};

/* Limits for the open Internet: 1,000 connections, 64 of one address, 500 streams, 20 requests a second and
 * 200 at once, 15 s, 30 s, 15 s, 16 KiB and 16 KiB. The rest is zero. */
struct http_config http_defaults(void);

struct http_server;

/* Binds. The strings of the configuration are copied or no longer needed. ERR_USAGE: no address;
 * ERR_UNAVAILABLE: in use, or not an address of this machine; ERR_PERM. The note names it. */
int http_bind(const struct http_config *config, struct http_server **ret_server, struct err_note *note);

/* The address really bound: "127.0.0.1:8053". */
const char *http_address(const struct http_server *server);

/* Starts the threads. ERR_INTERNAL if that fails. */
int http_start(struct http_server *server, struct err_note *note);

struct http_counters {
    uint64_t requests, refused_rate, closed_slow;
    unsigned connections, streams; /* open now */
};
struct http_counters http_count(struct http_server *server);

/* Ends the streams and the threads, answers under way included, and frees. NULL is allowed. */
void http_stop(struct http_server *server);

#endif

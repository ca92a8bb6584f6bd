/* An answer becomes a response of libmicrohttpd, with the headers that every answer has. */
#include "io/http/http_inside.h"

#include <stdio.h>

static const struct {
    const char *name, *value;
} headers[] = {
    {"Content-Security-Policy",
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Permissions-Policy", "geolocation=(), camera=(), microphone=()"},
};

static struct MHD_Response *body_of(
    struct http_server *server, struct MHD_Connection *connection, struct http_answer *answer)
{
    if (answer->stream && (answer->status == 0 || answer->status == 200)) {
        struct MHD_Response *stream = http_stream_new(server, connection);
        if (stream) {
            answer->status = 200;
            answer->type = "text/event-stream";
            answer->cache = "no-store";
            return stream;
        }
        answer->status = 503;
        answer->type = NULL;
        answer->retry_after_s = 30;
        text_add(&answer->body, "Too many pages are being kept up to date at once. Reload by hand.\n");
    }
    if (answer->status == 0 || answer->body.failed)
        answer->status = 500;
    struct text *body = &answer->body;
    if (body->length == 0)
        return MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(body->length, body->string, MHD_RESPMEM_MUST_FREE);
    if (response)
        text_start(body); /* its memory belongs to the response now */
    return response;
}

static void add(struct MHD_Response *response, const char *name, const char *value)
{
    MHD_add_response_header(response, name, value);
}

enum MHD_Result http_answer_send(
    struct http_server *server, struct MHD_Connection *connection, struct http_answer *answer)
{
    struct MHD_Response *response = body_of(server, connection, answer);
    text_free(&answer->body);
    if (!response)
        return MHD_NO;
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        add(response, headers[i].name, headers[i].value);
    add(response, "Content-Type", answer->type ? answer->type : "text/plain; charset=utf-8");
    add(response, "Cache-Control", answer->cache ? answer->cache : "no-store");
    if (answer->allow)
        add(response, "Allow", answer->allow);
    if (answer->location[0])
        add(response, "Location", answer->location);
    char text[128];
    if (answer->file_name) {
        snprintf(text, sizeof text, "attachment; filename=\"%s\"", answer->file_name);
        add(response, "Content-Disposition", text);
    }
    if (answer->retry_after_s) {
        snprintf(text, sizeof text, "%u", answer->retry_after_s);
        add(response, "Retry-After", text);
    }
    http_link_phase(
        server, connection, answer->stream && answer->status == 200 ? PHASE_STREAMING : PHASE_ANSWERING);
    enum MHD_Result result = MHD_queue_response(connection, answer->status, response);
    MHD_destroy_response(response);
    return result;
}

/* One curl handle for a server: connections are kept for questions, and fresh for what is inserted, for curl
 * sends a request again when a kept connection turns out to be closed. Streams of several servers run side by
 * side in one thread: each works on while what others have sent is taken. */
#include "io/store/click.h"
#include "io/store/click_answer.h"

#include "base/text.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    CONNECT_TIMEOUT_S = 10,
    SEND_AT_ONCE = 256 << 10,
    MOST_SQL =
        200 << 10, /* what ClickHouse reads without being told to; a user who may only read may not tell */
    LOOK_AGAIN_MS = 1000,
};

struct click {
    CURL *curl;
    struct curl_slist *headers, *insert_headers, *form_headers;
    struct text host, url;
    const char *settings;
    bool shard_missing;
};

/* A request that is on its way. */
struct exchange {
    struct click *click;
    struct click_answer answer;
    /* rows that go */
    click_fill_fn *fill;
    void *fill_context;
    struct click_rows out;
    size_t sent;
    curl_mime *form; /* a table that goes with a question */
};

/* ---- what comes ---- */

static size_t on_header(char *line, size_t size, size_t count, void *context)
{
    click_answer_head(&((struct exchange *)context)->answer, line, size * count);
    return size * count;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct exchange *exchange = context;
    long status = 0;
    curl_easy_getinfo(exchange->click->curl, CURLINFO_RESPONSE_CODE, &status);
    bool more = click_answer_body(&exchange->answer, status, (const uint8_t *)bytes, size * count);
    return more ? size * count : 0; /* less than all ends the transfer */
}

/* ---- what goes ---- */

static size_t on_send(char *room, size_t size, size_t count, void *context)
{
    struct exchange *exchange = context;
    struct click_rows *out = &exchange->out;
    if (exchange->sent == out->length) {
        exchange->sent = out->length = 0;
        do {
            size_t before = out->length;
            exchange->fill(exchange->fill_context, out);
            if (out->length == before)
                break;
        } while (out->length < SEND_AT_ONCE && !out->failed);
        if (out->failed) {
            exchange->answer.rc = err_set(exchange->answer.note, ERR_NOMEM, "no memory for rows");
            return CURL_READFUNC_ABORT;
        }
    }
    size_t octets = out->length - exchange->sent;
    if (octets > size * count)
        octets = size * count;
    if (octets)
        memcpy(room, out->bytes + exchange->sent, octets);
    exchange->sent += octets;
    return octets;
}

/* ---- a request ---- */

/* Whether it can begin; `url` of its server is set. */
static int begin(struct exchange *exchange, struct err_note *note)
{
    struct click *click = exchange->click;
    exchange->answer.note = note;
    click->shard_missing = false;
    if (click->url.failed)
        return err_set(note, ERR_NOMEM, "no memory to ask ClickHouse at %s", click_host(click));
    curl_easy_setopt(click->curl, CURLOPT_URL, click->url.string);
    curl_easy_setopt(click->curl, CURLOPT_WRITEDATA, exchange);
    curl_easy_setopt(click->curl, CURLOPT_HEADERDATA, exchange);
    curl_easy_setopt(click->curl, CURLOPT_READDATA, exchange);
    return 0;
}

static int judge(struct exchange *exchange, CURLcode code, struct err_note *note)
{
    struct click *click = exchange->click;
    long status = 0;
    curl_easy_getinfo(click->curl, CURLINFO_RESPONSE_CODE, &status);
    return click_answer_end(
        &exchange->answer, (int)code, status, click_host(click), &click->shard_missing, note);
}

static void end(struct exchange *exchange)
{
    click_answer_free(&exchange->answer);
    click_rows_free(&exchange->out);
    if (exchange->form)
        curl_easy_setopt(exchange->click->curl, CURLOPT_MIMEPOST, NULL);
    curl_mime_free(exchange->form);
}

static int request(struct exchange *exchange, struct err_note *note)
{
    int rc = begin(exchange, note);
    rc = rc ? rc : judge(exchange, curl_easy_perform(exchange->click->curl), note);
    end(exchange);
    return rc;
}

static void add_escaped(struct click *click, const char *name, const char *value)
{
    char *escaped = curl_easy_escape(click->curl, value, 0);
    if (!escaped)
        click->url.failed = true;
    else
        text_printf(&click->url, "&%s=%s", name, escaped);
    curl_free(escaped);
}

/* The address with its parameters; of a query that is the body so many octets. */
static void set_url(struct click *click, size_t length, bool streams)
{
    text_free(&click->url);
    text_start(&click->url);
    text_printf(
        &click->url, "http://%s/?wait_end_of_query=%d%s", click_host(click), !streams, click->settings);
    if (length > MOST_SQL)
        text_printf(&click->url, "&max_query_size=%zu", 2 * length);
}

static int ask(struct exchange *exchange, const char *sql, struct err_note *note)
{
    struct click *click = exchange->click;
    set_url(click, strlen(sql), false);
    curl_easy_setopt(click->curl, CURLOPT_FRESH_CONNECT, exchange->answer.types ? 0L : 1L);
    curl_easy_setopt(click->curl, CURLOPT_HTTPHEADER, click->headers);
    curl_easy_setopt(click->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(sql));
    curl_easy_setopt(click->curl, CURLOPT_POSTFIELDS, sql);
    return request(exchange, note);
}

int click_do(struct click *click, const char *sql, struct err_note *note)
{
    struct exchange exchange = {.click = click};
    return ask(&exchange, sql, note);
}

int click_ask(struct click *click, const char *sql, const char *types, click_row_fn *row, void *context,
    struct err_note *note)
{
    struct exchange exchange = {.click = click, .answer = {.types = types, .row = row, .context = context}};
    struct text whole;
    text_start(&whole);
    text_printf(&whole, "%s\nFORMAT RowBinary", sql);
    int rc = whole.failed ? err_set(note, ERR_NOMEM, "no memory for a question")
                          : ask(&exchange, whole.string, note);
    text_free(&whole);
    return rc;
}

int click_insert(
    struct click *click, const char *sql, click_fill_fn *fill, void *context, struct err_note *note)
{
    set_url(click, 0, false);
    add_escaped(click, "query", sql);
    curl_easy_setopt(click->curl, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(click->curl, CURLOPT_HTTPHEADER, click->insert_headers);
    curl_easy_setopt(click->curl, CURLOPT_POSTFIELDS, NULL);
    curl_easy_setopt(click->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)-1);
    struct exchange exchange = {.click = click, .fill = fill, .fill_context = context};
    return request(&exchange, note);
}

/* ---- streams ---- */

/* The question lies in the address, for the body is the table. */
static int start_stream(
    struct exchange *exchange, const struct click_question *question, struct err_note *note)
{
    struct click *click = exchange->click;
    set_url(click, 0, true);
    add_escaped(click, "ids_format", "RowBinary");
    add_escaped(click, "ids_structure", "id FixedString(16)");
    add_escaped(click, "query", question->sql);
    text_add(&click->url, "%0AFORMAT%20Native");
    exchange->form = curl_mime_init(click->curl);
    curl_mimepart *table = exchange->form ? curl_mime_addpart(exchange->form) : NULL;
    if (!table || curl_mime_name(table, "ids") || curl_mime_filename(table, "ids") ||
        curl_mime_data(
            table, question->id_count ? (const char *)question->ids : "", question->id_count * CLICK_ID))
        return err_set(note, ERR_NOMEM, "no memory to ask ClickHouse at %s", click_host(click));
    curl_easy_setopt(click->curl, CURLOPT_FRESH_CONNECT, 0L);
    curl_easy_setopt(click->curl, CURLOPT_HTTPHEADER, click->form_headers);
    curl_easy_setopt(click->curl, CURLOPT_MIMEPOST, exchange->form);
    curl_easy_setopt(click->curl, CURLOPT_PRIVATE, exchange);
    click_native_start(&exchange->answer.native, question->types);
    return begin(exchange, note);
}

/* Judges those that have come to their end: the first error. */
static int judge_ended(CURLM *multi, struct err_note *note)
{
    struct CURLMsg *message;
    int rc = 0, left;
    while (!rc && (message = curl_multi_info_read(multi, &left))) {
        char *exchange;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &exchange);
        rc = judge((struct exchange *)(void *)exchange, message->data.result, note);
    }
    return rc;
}

static int run_all(CURLM *multi, struct err_note *note)
{
    int rc = 0, running = 1;
    while (!rc && running) {
        CURLMcode code = curl_multi_perform(multi, &running);
        rc = judge_ended(multi, note);
        if (!rc && !code && running)
            code = curl_multi_poll(multi, NULL, 0, LOOK_AGAIN_MS, NULL);
        if (!rc && code)
            rc = err_set(note, ERR_NOMEM, "cannot ask ClickHouse: %s", curl_multi_strerror(code));
    }
    return rc;
}

int click_stream(struct click *const *clicks, size_t count, const struct click_question *question,
    click_block_fn *block, void *context, struct err_note *note)
{
    struct exchange *exchanges = calloc(count, sizeof *exchanges);
    CURLM *multi = curl_multi_init();
    size_t added = 0;
    int rc = exchanges && multi ? 0 : err_set(note, ERR_NOMEM, "no memory to ask ClickHouse");
    while (!rc && added < count) {
        struct exchange *exchange = &exchanges[added];
        *exchange = (struct exchange){
            .click = clicks[added], .answer = {.types = question->types, .block = block, .context = context}};
        rc = start_stream(exchange, question, note);
        if (!rc && curl_multi_add_handle(multi, exchange->click->curl))
            rc = err_set(note, ERR_NOMEM, "no memory to ask ClickHouse");
        if (rc)
            end(exchange);
        else
            added++;
    }
    rc = rc ? rc : run_all(multi, note);
    for (size_t i = 0; i < added; i++) {
        curl_multi_remove_handle(multi, exchanges[i].click->curl);
        end(&exchanges[i]);
    }
    curl_multi_cleanup(multi);
    free(exchanges);
    return rc;
}

/* ---- making and ending ---- */

const char *click_host(const struct click *click)
{
    return click->host.string;
}

bool click_shard_missing(const struct click *click)
{
    return click->shard_missing;
}

void click_settings(struct click *click, const char *settings)
{
    click->settings = settings;
}

static bool add_header(struct curl_slist **headers, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*headers, line);
    *headers = longer ? longer : *headers;
    return longer;
}

/* No question whether we may send the body: it would cost a round trip. What is inserted has no length yet.
 */
static bool add_headers(struct click *click)
{
    static const char no_question[] = "Expect:", type[] = "Content-Type: application/octet-stream";
    return add_header(&click->headers, no_question) && add_header(&click->headers, type) &&
           add_header(&click->insert_headers, no_question) && add_header(&click->insert_headers, type) &&
           add_header(&click->insert_headers, "Transfer-Encoding: chunked") &&
           add_header(&click->form_headers, no_question);
}

static void set_up(struct click *click, const struct click_url *url)
{
    CURL *curl = click->curl;
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT,
        (long)(url->timeout_s < CONNECT_TIMEOUT_S ? url->timeout_s : CONNECT_TIMEOUT_S));
    /* So long without an octet: it hangs, or works on something. The whole may take as long as it likes. */
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)url->timeout_s);
    curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, (long)SEND_AT_ONCE);
    curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, (long)SEND_AT_ONCE);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_send);
    if (url->user[0]) {
        curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
        curl_easy_setopt(curl, CURLOPT_USERNAME, url->user);
        curl_easy_setopt(curl, CURLOPT_PASSWORD, url->password);
    }
}

int click_new(const struct click_url *url, unsigned host, struct click **ret_click, struct err_note *note)
{
    struct click *click = calloc(1, sizeof *click);
    if (!click)
        return err_set(note, ERR_NOMEM, "no memory for a connection to ClickHouse");
    text_start(&click->host);
    text_start(&click->url);
    const struct click_host *server = &url->hosts[host];
    text_printf(&click->host, strchr(server->name, ':') ? "[%s]:%u" : "%s:%u", server->name, server->port);
    click->settings = "";
    click->curl = curl_easy_init();
    if (!click->curl || click->host.failed || !add_headers(click)) {
        click_free(click);
        return err_set(note, ERR_NOMEM, "no memory for a connection to ClickHouse");
    }
    set_up(click, url);
    *ret_click = click;
    return 0;
}

void click_free(struct click *click)
{
    if (!click)
        return;
    curl_easy_cleanup(click->curl);
    curl_slist_free_all(click->headers);
    curl_slist_free_all(click->insert_headers);
    curl_slist_free_all(click->form_headers);
    text_free(&click->host);
    text_free(&click->url);
    free(click);
}

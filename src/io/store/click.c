/* One curl handle for a server: connections are kept for questions, and fresh for what is inserted, for curl
 * sends a request again when a kept connection turns out to be closed. What comes with an HTTP error is text
 * for people, of which the first line is kept; what comes without is rows, parsed as they come: `rest` holds
 * the row, or the block of them, that is not all there yet. */
#include "io/store/click.h"
#include "io/store/click_error.h"
#include "io/store/click_native.h"

#include "base/text.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    CONNECT_TIMEOUT_S = 10,
    SEND_AT_ONCE = 256 << 10,
    MOST_WORDS = 2048,      /* of an error */
    MOST_REST = 64 << 20,   /* of a row that is not all there */
    MOST_BLOCK = 256 << 20, /* of a block */
    MOST_SQL =
        200 << 10, /* what ClickHouse reads without being told to; a user who may only read may not tell */
    HTTP_OK = 200,
};

struct click {
    CURL *curl;
    struct curl_slist *headers, *insert_headers;
    struct text host, url;
    const char *settings;
    bool shard_missing;
};

/* A request that is on its way. */
struct exchange {
    CURL *curl;
    bool framed; /* the end of the answer can be told */
    char words[MOST_WORDS + 1];
    size_t words_length;
    /* rows that come */
    const char *types; /* NULL: none are expected */
    bool streams;      /* they come in blocks, and the last value of a row is a mark */
    struct click_native native;
    click_row_fn *row;
    void *row_context;
    struct click_rows rest;
    bool gave_up; /* ClickHouse, after some rows; `words` tell why */
    /* rows that go */
    click_fill_fn *fill;
    void *fill_context;
    struct click_rows out;
    size_t sent;
    /* what failed here */
    int rc;
    struct err_note *note;
};

/* ---- what comes ---- */

static size_t on_header(char *line, size_t size, size_t count, void *context)
{
    struct exchange *exchange = context;
    static const char length[] = "content-length:", chunks[] = "transfer-encoding: chunked";
    size_t octets = size * count;
    if (octets >= 5 && memcmp(line, "HTTP/", 5) == 0)
        exchange->framed = false; /* a new answer begins */
    if ((octets >= sizeof length && strncasecmp(line, length, sizeof length - 1) == 0) ||
        (octets >= sizeof chunks && strncasecmp(line, chunks, sizeof chunks - 1) == 0))
        exchange->framed = true;
    return octets;
}

/* What is no row. In a stream of them it is mostly why ClickHouse has given up, which then is told instead.
 */
static int refuse_rows(struct exchange *exchange, const uint8_t *bytes, size_t length)
{
    static const char begin[] = "Code: ";
    if (!exchange->streams)
        return err_set(exchange->note, ERR_DATA, "an answer that is none: its rows are malformed");
    const uint8_t *words = memmem(bytes, length, begin, sizeof begin - 1);
    if (!words)
        return err_set(
            exchange->note, ERR_UNAVAILABLE, "ClickHouse has broken off in the middle of an answer");
    size_t left = length - (size_t)(words - bytes);
    exchange->words_length = left < MOST_WORDS ? left : MOST_WORDS;
    memcpy(exchange->words, words, exchange->words_length);
    exchange->gave_up = true;
    return ERR_UNAVAILABLE;
}

static int take_rows(struct exchange *exchange, const uint8_t *bytes, size_t length, size_t *ret_taken)
{
    struct click_value values[CLICK_ROW_MAX_VALUES];
    *ret_taken = 0;
    while (*ret_taken < length) {
        ptrdiff_t octets = click_row_read(bytes + *ret_taken, length - *ret_taken, exchange->types, values);
        if (octets == 0)
            return 0;
        if (octets < 0)
            return refuse_rows(exchange, bytes + *ret_taken, length - *ret_taken);
        int rc = exchange->row(exchange->row_context, values, exchange->note);
        if (rc)
            return rc;
        *ret_taken += (size_t)octets;
    }
    return 0;
}

/* The rest from before comes first; mostly there is none, and rows are read where they lie. */
static int take_answer(struct exchange *exchange, const uint8_t *bytes, size_t length)
{
    struct click_rows *rest = &exchange->rest;
    size_t taken = 0;
    int rc = rest->length ? 0 : take_rows(exchange, bytes, length, &taken);
    if (rc || (!rest->length && taken == length))
        return rc;
    click_row_fixed(rest, bytes + taken, length - taken);
    if (rest->failed)
        return err_set(exchange->note, ERR_NOMEM, "no memory for an answer");
    rc = take_rows(exchange, rest->bytes, rest->length, &taken);
    if (!rc && rest->length - taken > MOST_REST)
        return err_set(exchange->note, ERR_DATA, "an answer that is none: a row without an end");
    if (taken) {
        memmove(rest->bytes, rest->bytes + taken, rest->length - taken);
        rest->length -= taken;
    }
    return rc;
}

/* Words hold no octet 1: in a block into which they have come its end, the marks, is not all of them. */
static bool is_marked(const struct click_native *native, const uint8_t *bytes)
{
    size_t marked = 0;
    for (size_t i = 0; i < native->rows; i++)
        marked += bytes[native->places[native->column - 1] + i] == 1;
    return marked == native->rows;
}

static int take_block(struct exchange *exchange, const uint8_t *bytes)
{
    struct click_value values[CLICK_ROW_MAX_VALUES];
    int rc = 0;
    while (!rc && click_native_row(&exchange->native, bytes, values))
        rc = exchange->row(exchange->row_context, values, exchange->note);
    click_native_start(&exchange->native, exchange->types);
    return rc;
}

static int take_blocks(struct exchange *exchange, const uint8_t *bytes, size_t length)
{
    struct click_rows *rest = &exchange->rest;
    size_t taken = 0;
    click_row_fixed(rest, bytes, length);
    if (rest->failed)
        return err_set(exchange->note, ERR_NOMEM, "no memory for an answer");
    while (taken < rest->length) {
        const uint8_t *block = rest->bytes + taken;
        ptrdiff_t octets = click_native_read(&exchange->native, block, rest->length - taken);
        if (octets == 0)
            break;
        if (octets < 0 || !is_marked(&exchange->native, block))
            return refuse_rows(exchange, block, rest->length - taken);
        int rc = take_block(exchange, block);
        if (rc)
            return rc;
        taken += (size_t)octets;
    }
    if (rest->length - taken > MOST_BLOCK)
        return err_set(exchange->note, ERR_DATA, "an answer that is none: rows without an end");
    if (taken) {
        memmove(rest->bytes, rest->bytes + taken, rest->length - taken);
        rest->length -= taken;
    }
    return 0;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct exchange *exchange = context;
    size_t octets = size * count;
    long status = 0;
    curl_easy_getinfo(exchange->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status == HTTP_OK && exchange->types) {
        exchange->rc =
            (exchange->streams ? take_blocks : take_answer)(exchange, (const uint8_t *)bytes, octets);
        return exchange->rc ? 0 : octets; /* less than all ends the transfer */
    }
    size_t room = MOST_WORDS - exchange->words_length;
    size_t kept = octets < room ? octets : room;
    memcpy(exchange->words + exchange->words_length, bytes, kept);
    exchange->words_length += kept;
    return octets;
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
            exchange->rc = err_set(exchange->note, ERR_NOMEM, "no memory for rows");
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

static int judge(struct click *click, struct exchange *exchange, CURLcode code, struct err_note *note)
{
    const char *host = click_host(click);
    long status = 0;
    curl_easy_getinfo(click->curl, CURLINFO_RESPONSE_CODE, &status);
    if (!exchange->rc && exchange->streams && exchange->rest.length)
        (void)refuse_rows(exchange, exchange->rest.bytes, exchange->rest.length);
    exchange->words[exchange->words_length] = '\0';
    if (exchange->gave_up)
        return click_error(exchange->words, host, status, &click->shard_missing, note);
    if (exchange->rc)
        return exchange->rc;
    if (status && status != HTTP_OK)
        return click_error(exchange->words, host, status, &click->shard_missing, note);
    if (code == CURLE_OUT_OF_MEMORY)
        return err_set(note, ERR_NOMEM, "no memory to ask ClickHouse at %s", host);
    if (code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_WEIRD_SERVER_REPLY)
        return err_set(note, ERR_DATA, "what answers at %s is no ClickHouse", host);
    if (code != CURLE_OK)
        return err_set(note, ERR_UNAVAILABLE, "ClickHouse at %s: %s", host, curl_easy_strerror(code));
    if (!exchange->framed || exchange->rest.length)
        return err_set(note, ERR_UNAVAILABLE, "ClickHouse at %s: an answer that was cut off", host);
    if (!exchange->types && exchange->words_length)
        return err_set(
            note, ERR_DATA, "what answers at %s is no ClickHouse: a statement brought an answer", host);
    return 0;
}

static int request(struct click *click, struct exchange *exchange, struct err_note *note)
{
    CURL *curl = exchange->curl = click->curl;
    exchange->note = note;
    click->shard_missing = false;
    curl_easy_setopt(curl, CURLOPT_URL, click->url.string);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, exchange);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, exchange);
    curl_easy_setopt(curl, CURLOPT_READDATA, exchange);
    int rc = click->url.failed
                 ? err_set(note, ERR_NOMEM, "no memory to ask ClickHouse at %s", click_host(click))
                 : judge(click, exchange, curl_easy_perform(curl), note);
    click_rows_free(&exchange->rest);
    click_rows_free(&exchange->out);
    return rc;
}

/* The address with its parameters; `query` NULL: it is the body, of so many octets. */
static void set_url(struct click *click, const char *query, size_t length, bool streams)
{
    text_free(&click->url);
    text_start(&click->url);
    text_printf(
        &click->url, "http://%s/?wait_end_of_query=%d%s", click_host(click), !streams, click->settings);
    if (length > MOST_SQL)
        text_printf(&click->url, "&max_query_size=%zu", 2 * length);
    if (!query)
        return;
    char *escaped = curl_easy_escape(click->curl, query, 0);
    if (!escaped)
        click->url.failed = true;
    else
        text_printf(&click->url, "&query=%s", escaped);
    curl_free(escaped);
}

static int ask(struct click *click, const char *sql, struct exchange *exchange, struct err_note *note)
{
    set_url(click, NULL, strlen(sql), exchange->streams);
    curl_easy_setopt(click->curl, CURLOPT_FRESH_CONNECT, exchange->types ? 0L : 1L);
    curl_easy_setopt(click->curl, CURLOPT_HTTPHEADER, click->headers);
    curl_easy_setopt(click->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(sql));
    curl_easy_setopt(click->curl, CURLOPT_POSTFIELDS, sql);
    return request(click, exchange, note);
}

int click_do(struct click *click, const char *sql, struct err_note *note)
{
    struct exchange exchange = {0};
    return ask(click, sql, &exchange, note);
}

static int ask_rows(struct click *click, const char *sql, struct exchange *exchange, struct err_note *note)
{
    struct text whole;
    text_start(&whole);
    text_add(&whole, sql);
    text_add(&whole, exchange->streams ? "\nFORMAT Native" : "\nFORMAT RowBinary");
    int rc = whole.failed ? err_set(note, ERR_NOMEM, "no memory for a question")
                          : ask(click, whole.string, exchange, note);
    text_free(&whole);
    return rc;
}

int click_ask(struct click *click, const char *sql, const char *types, click_row_fn *row, void *context,
    struct err_note *note)
{
    struct exchange exchange = {.types = types, .row = row, .row_context = context};
    return ask_rows(click, sql, &exchange, note);
}

int click_stream(struct click *click, const char *sql, const char *types, click_row_fn *row, void *context,
    struct err_note *note)
{
    struct exchange exchange = {.types = types, .streams = true, .row = row, .row_context = context};
    click_native_start(&exchange.native, types);
    return ask_rows(click, sql, &exchange, note);
}

int click_insert(
    struct click *click, const char *sql, click_fill_fn *fill, void *context, struct err_note *note)
{
    set_url(click, sql, 0, false);
    curl_easy_setopt(click->curl, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(click->curl, CURLOPT_HTTPHEADER, click->insert_headers);
    curl_easy_setopt(click->curl, CURLOPT_POSTFIELDS, NULL);
    curl_easy_setopt(click->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)-1);
    struct exchange exchange = {.fill = fill, .fill_context = context};
    return request(click, &exchange, note);
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
           add_header(&click->insert_headers, "Transfer-Encoding: chunked");
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
    text_free(&click->host);
    text_free(&click->url);
    free(click);
}

/* Rows are read where they lie as far as they are all there; what is left of them waits for more. */
#include "io/store/click_answer.h"
#include "io/store/click_error.h"

#include <curl/curl.h>
#include <string.h>
#include <strings.h>

enum {
    MOST_REST = 64 << 20,   /* of a row that is not all there */
    MOST_BLOCK = 256 << 20, /* of a block */
    HTTP_OK = 200,
};

void click_answer_free(struct click_answer *answer)
{
    click_rows_free(&answer->rest);
}

void click_answer_head(struct click_answer *answer, const char *line, size_t octets)
{
    static const char length[] = "content-length:", chunks[] = "transfer-encoding: chunked";
    if (octets >= 5 && memcmp(line, "HTTP/", 5) == 0)
        answer->framed = false; /* a new answer begins */
    if ((octets >= sizeof length && strncasecmp(line, length, sizeof length - 1) == 0) ||
        (octets >= sizeof chunks && strncasecmp(line, chunks, sizeof chunks - 1) == 0))
        answer->framed = true;
}

/* What is no row. In blocks of them it is mostly why ClickHouse has given up, which then is told instead. */
static int refuse_rows(struct click_answer *answer, const uint8_t *bytes, size_t length)
{
    static const char begin[] = "Code: ";
    if (!answer->block)
        return err_set(answer->note, ERR_DATA, "an answer that is none: its rows are malformed");
    const uint8_t *words = memmem(bytes, length, begin, sizeof begin - 1);
    if (!words)
        return err_set(answer->note, ERR_UNAVAILABLE, "ClickHouse has broken off in the middle of an answer");
    size_t left = length - (size_t)(words - bytes);
    answer->words_length = left < CLICK_ANSWER_WORDS ? left : CLICK_ANSWER_WORDS;
    memcpy(answer->words, words, answer->words_length);
    answer->gave_up = true;
    return ERR_UNAVAILABLE;
}

/* Takes away what was read of the rest. */
static void drop(struct click_rows *rest, size_t taken)
{
    if (taken) {
        memmove(rest->bytes, rest->bytes + taken, rest->length - taken);
        rest->length -= taken;
    }
}

/* ---- row by row ---- */

static int take_rows(struct click_answer *answer, const uint8_t *bytes, size_t length, size_t *ret_taken)
{
    struct click_value values[CLICK_ROW_MAX_VALUES];
    *ret_taken = 0;
    while (*ret_taken < length) {
        ptrdiff_t octets = click_row_read(bytes + *ret_taken, length - *ret_taken, answer->types, values);
        if (octets == 0)
            return 0;
        if (octets < 0)
            return refuse_rows(answer, bytes + *ret_taken, length - *ret_taken);
        int rc = answer->row(answer->context, values, answer->note);
        if (rc)
            return rc;
        *ret_taken += (size_t)octets;
    }
    return 0;
}

/* The rest from before comes first; mostly there is none. */
static int add_rows(struct click_answer *answer, const uint8_t *bytes, size_t length)
{
    struct click_rows *rest = &answer->rest;
    size_t taken = 0;
    int rc = rest->length ? 0 : take_rows(answer, bytes, length, &taken);
    if (rc || (!rest->length && taken == length))
        return rc;
    click_row_fixed(rest, bytes + taken, length - taken);
    if (rest->failed)
        return err_set(answer->note, ERR_NOMEM, "no memory for an answer");
    rc = take_rows(answer, rest->bytes, rest->length, &taken);
    if (!rc && rest->length - taken > MOST_REST)
        return err_set(answer->note, ERR_DATA, "an answer that is none: a row without an end");
    drop(rest, taken);
    return rc;
}

/* ---- block by block ---- */

/* Words hold no octet 1: in a block into which they have come its end, the marks, is not all of them. */
static bool is_marked(const struct click_native *native, const uint8_t *bytes)
{
    size_t marked = 0;
    for (size_t i = 0; i < native->rows; i++)
        marked += bytes[native->places[native->column - 1] + i] == 1;
    return marked == native->rows;
}

static int add_blocks(struct click_answer *answer, const uint8_t *bytes, size_t length)
{
    struct click_rows *rest = &answer->rest;
    size_t taken = 0;
    click_row_fixed(rest, bytes, length);
    if (rest->failed)
        return err_set(answer->note, ERR_NOMEM, "no memory for an answer");
    while (taken < rest->length) {
        const uint8_t *block = rest->bytes + taken;
        ptrdiff_t octets = click_native_read(&answer->native, block, rest->length - taken);
        if (octets == 0)
            break;
        if (octets < 0 || !is_marked(&answer->native, block))
            return refuse_rows(answer, block, rest->length - taken);
        int rc = answer->block(answer->context, &answer->native, block, answer->note);
        if (rc)
            return rc;
        click_native_start(&answer->native, answer->types);
        taken += (size_t)octets;
    }
    if (rest->length - taken > MOST_BLOCK)
        return err_set(answer->note, ERR_DATA, "an answer that is none: rows without an end");
    drop(rest, taken);
    return 0;
}

/* ---- the whole ---- */

bool click_answer_body(struct click_answer *answer, long status, const uint8_t *bytes, size_t octets)
{
    if (status == HTTP_OK && answer->types) {
        answer->rc = (answer->block ? add_blocks : add_rows)(answer, bytes, octets);
        return answer->rc == 0;
    }
    size_t room = CLICK_ANSWER_WORDS - answer->words_length;
    size_t kept = octets < room ? octets : room;
    memcpy(answer->words + answer->words_length, bytes, kept);
    answer->words_length += kept;
    return true;
}

int click_answer_end(struct click_answer *answer, int code, long status, const char *host,
    bool *ret_shard_missing, struct err_note *note)
{
    if (!answer->rc && answer->block && answer->rest.length)
        (void)refuse_rows(answer, answer->rest.bytes, answer->rest.length);
    answer->words[answer->words_length] = '\0';
    if (answer->gave_up)
        return click_error(answer->words, host, status, ret_shard_missing, note);
    if (answer->rc)
        return answer->rc;
    if (status && status != HTTP_OK)
        return click_error(answer->words, host, status, ret_shard_missing, note);
    if (code == CURLE_OUT_OF_MEMORY)
        return err_set(note, ERR_NOMEM, "no memory to ask ClickHouse at %s", host);
    if (code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_WEIRD_SERVER_REPLY)
        return err_set(note, ERR_DATA, "what answers at %s is no ClickHouse", host);
    if (code != CURLE_OK)
        return err_set(
            note, ERR_UNAVAILABLE, "ClickHouse at %s: %s", host, curl_easy_strerror((CURLcode)code));
    if (!answer->framed || answer->rest.length)
        return err_set(note, ERR_UNAVAILABLE, "ClickHouse at %s: an answer that was cut off", host);
    if (!answer->types && answer->words_length)
        return err_set(
            note, ERR_DATA, "what answers at %s is no ClickHouse: a statement brought an answer", host);
    return 0;
}

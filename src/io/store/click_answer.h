/* click_answer: what a ClickHouse says to one request, as curl hands it over: rows, words, or nothing.
 * Internal to click.c.
 *
 * What comes with an HTTP error is text for people, of which the first line is kept; what comes without is
 * rows, one by one (click_row.h) or in blocks (click_native.h), parsed as they come. */
#ifndef IO_STORE_CLICK_ANSWER_H
#define IO_STORE_CLICK_ANSWER_H

#include "io/store/click.h"

enum { CLICK_ANSWER_WORDS = 2048 };

/* Starts as {0} but for what is expected. */
struct click_answer {
    const char *types; /* NULL: no rows are expected */
    click_row_fn *row; /* one of the two */
    click_block_fn *block;
    void *context;
    struct err_note *note;
    struct click_native native; /* of the block at hand */
    struct click_rows rest;     /* the row, or the block of them, that is not all there yet */
    bool framed;                /* the end of the answer can be told */
    bool gave_up;               /* ClickHouse, after some rows; `words` tell why */
    char words[CLICK_ANSWER_WORDS + 1];
    size_t words_length;
    int rc; /* what failed here */
};

void click_answer_free(struct click_answer *answer);

/* A line of the head; the next octets of the body. False: enough, `rc` tells why. */
void click_answer_head(struct click_answer *answer, const char *line, size_t octets);
bool click_answer_body(struct click_answer *answer, long status, const uint8_t *bytes, size_t octets);

/* What became of it, when it has come. `code`: of curl. *ret_shard_missing as click_shard_missing(). */
int click_answer_end(struct click_answer *answer, int code, long status, const char *host,
    bool *ret_shard_missing, struct err_note *note);

#endif

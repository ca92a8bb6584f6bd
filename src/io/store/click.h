/* click: ClickHouse over HTTP (libcurl): a statement, a question whose answer comes row by row, rows that are
 * sent as they are made. Neither is ever in memory as a whole.
 *
 * An answer is whole or an error: ClickHouse is asked to hold it back until the question is worked off (but
 * see click_stream()), and it counts only if its end is marked (chunks or a length). Nothing is sent twice of
 * its own accord. A `struct click` is used by one thread at a time.
 *
 * Errors, with ClickHouse's own first line in the note: ERR_UNAVAILABLE not reachable, overloaded, or a shard
 * is: it may help to try again (an insert may have been done, in part or whole); ERR_PERM refused;
 * ERR_NOINPUT no such database or table; ERR_DATA no ClickHouse, other columns than expected, an answer that
 * makes no sense. */
#ifndef IO_STORE_CLICK_H
#define IO_STORE_CLICK_H

#include "io/store/click_native.h"
#include "io/store/click_url.h"

#include "base/err.h"

struct click;

/* Does not connect. `url` is copied. */
int click_new(const struct click_url *url, unsigned host, struct click **ret_click, struct err_note *note);
void click_free(struct click *click); /* NULL is allowed */

const char *click_host(const struct click *click); /* HOST:PORT, for people */

/* Whether the last error came from a shard that this server could not reach. */
bool click_shard_missing(const struct click *click);

/* Settings for all that follows, as "&name=value…"; "" is none. A constant string. */
void click_settings(struct click *click, const char *settings);

/* A statement without an answer. */
int click_do(struct click *click, const char *sql, struct err_note *note);

/* A question (SELECT … without FORMAT), whose rows have these types (click_row.h). `row` returns 0 to go on;
 * the values live during the call. */
typedef int click_row_fn(void *context, const struct click_value *values, struct err_note *note);
int click_ask(struct click *click, const char *sql, const char *types, click_row_fn *row, void *context,
    struct err_note *note);

/* A question for an answer that is too big to be held back: rows come by the block (click_native.h), no
 * arrays among them, while ClickHouse still works, and when it fails after some of them that is an error as
 * well. Its words then follow in the same answer; so that they are never read as rows, the last column must
 * be toUInt8(1), with type '1'. It is looked at here. */
enum { CLICK_ID = 16 };
struct click_question {
    const char *sql; /* some kilobytes at most: it goes into the address */
    const char *types;
    const uint8_t *ids; /* of CLICK_ID octets each: the table `ids` with the column `id`, which goes along */
    size_t id_count;
};

/* Asks it of so many different servers at once, whose blocks come as they come, mixed. The first error ends
 * all. `block` may use up the block; it lives during the call. */
typedef int click_block_fn(
    void *context, struct click_native *native, const uint8_t *bytes, struct err_note *note);
int click_stream(struct click *const *clicks, size_t count, const struct click_question *question,
    click_block_fn *block, void *context, struct err_note *note);

/* `INSERT INTO … FORMAT RowBinary`: `fill` adds some rows at a time, none at the end. */
typedef void click_fill_fn(void *context, struct click_rows *rows);
int click_insert(
    struct click *click, const char *sql, click_fill_fn *fill, void *context, struct err_note *note);

#endif

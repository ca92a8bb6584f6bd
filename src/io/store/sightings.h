/* sightings: the store of `observe`: who said what about trust anchors, in SQLite (a file) or ClickHouse (a
 * server). The same rows, the same questions, the same answers.
 *
 * Rows come in *segments*: a stretch of one input (records `first` up to `end`) of one collector, with the
 * absolute counts of that stretch, per hour and source. A segment is written whole, then committed by one
 * record; rows whose segment is not committed do not exist for any reader. Where an input was read up to,
 * what waits for its second half, and what the collector covers lie in that same record. So counts are exact
 * whatever is interrupted, retried or read twice: docs/decisions/0010.
 *
 * SQLite: one transaction per segment, synchronous=NORMAL in WAL. A crash loses at most the last segments,
 * with the record that they were read, so that reading again makes them anew.
 *
 * ClickHouse: rows first, under an id that was never used, then the record. Anything that fails in between
 * leaves rows that nobody counts; the segment is written again under another id.
 *
 * One `struct sightings` is used by one thread at a time. Errors as those of io/store/store.h; for ClickHouse
 * ERR_UNAVAILABLE: not reachable, or a shard is not; ERR_DATA: not our tables, or an answer that makes no
 * sense. */
#ifndef IO_STORE_SIGHTINGS_H
#define IO_STORE_SIGHTINGS_H

#include "base/arena.h"
#include "base/err.h"
#include "core/roll/tally.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SIGHTINGS_ID = 16,
    SIGHTINGS_MAX_COLLECTOR = 64, /* octets: letters, digits, . - _ : */
    SIGHTINGS_MAX_BLOB = 16 << 20,
};

/* A stretch of time without a pause of more than a minute, as the collector saw it. */
struct sightings_span {
    int64_t from_us, to_us;
    uint64_t packets;
};

struct sightings_segment {
    const char *collector, *input; /* input: its name, for people */
    uint8_t input_id[SIGHTINGS_ID];
    uint64_t first_record, end_record; /* of the input: [first, end) */
    uint64_t last_record_hash;         /* fingerprint of record end - 1 */
    int64_t from_us, to_us;            /* capture time of what was counted; both 0: nothing */
    int64_t written_us;                /* the clock, when it was committed */
    uint64_t packets, messages, dropped, overlapped, malformed, invalid, too_big, reassembly;
    const struct sightings_span *spans;
    size_t span_count;
    const uint8_t *prints, *state; /* of app/observe: what it recognises overlaps by; what waits */
    size_t prints_length, state_length;
};

/* Where an input stands. */
struct sightings_mark {
    uint64_t end_record; /* 0: never seen */
    uint64_t last_record_hash;
    const uint8_t *state; /* in the arena */
    size_t state_length;
};

/* What a collector covers already by one segment of another input. */
struct sightings_cover {
    uint8_t input_id[SIGHTINGS_ID];
    const char *input;
    int64_t from_us, to_us;
    const struct sightings_span *spans;
    size_t span_count;
    const uint8_t *prints;
    size_t prints_length;
};

/* Whether a collector can have this name: 1 to 64 letters, digits, and . - _ : */
bool sightings_name_fits(const char *name);

/* The host's name, without what no collector's name can hold; "local" if that leaves nothing. */
const char *sightings_host_name(char out[SIGHTINGS_MAX_COLLECTOR + 1]);

struct sightings;

/* `where`: a path, or clickhouse://[USER[:PASSWORD]@]HOST[:PORT][,HOST…]/DATABASE[?cluster=NAME] (the HTTP
 * addresses of all shards: io/store/click_url.h). To write, what is not there is made (file; database and
 * tables); to read, it must be there. */
int sightings_open(const char *where, bool read_only, struct sightings **ret_store, struct err_note *note);
void sightings_close(struct sightings *store); /* NULL is allowed */

int sightings_mark(struct sightings *store, const char *collector, const uint8_t input_id[SIGHTINGS_ID],
    struct arena *arena, struct sightings_mark *ret_mark, struct err_note *note);

/* Of this collector, the segments of all inputs but `input_id` that touch the time [from, to): from_us < to
 * and to_us >= from; those in which nothing was counted do not. In the order of from_us. */
int sightings_covers(struct sightings *store, const char *collector, const uint8_t input_id[SIGHTINGS_ID],
    int64_t from_us, int64_t to_us, struct arena *arena, struct sightings_cover **ret_covers,
    size_t *ret_count, struct err_note *note);

/* What waited (`state`) at the end of the input of this collector that ended last within [from, to] (by the
 * greatest to_us of its segments): a rotated file goes on where the one before it ended. *ret_length 0: there
 * is none. In the arena. */
int sightings_state_before(struct sightings *store, const char *collector, int64_t from_us, int64_t to_us,
    struct arena *arena, const uint8_t **ret_state, size_t *ret_length, struct err_note *note);

/* Writes a segment, whole or not at all. ERR_UNAVAILABLE after several attempts: it may be tried again, and
 * should it have been written unseen, that is found. ERR_DATA: this stretch of the input is there already
 * (another process was faster, or the attempt before): sightings_mark() tells where to go on. */
int sightings_commit(struct sightings *store, const struct sightings_segment *segment,
    const struct tally_rows *rows, struct err_note *note);

/* ---- questions ---- */

enum sightings_by {
    SIGHTINGS_BY_TAGSET,    /* zone, tags */
    SIGHTINGS_BY_KEY,       /* zone, key: each tag of each set */
    SIGHTINGS_BY_DAY,       /* day, zone, tags */
    SIGHTINGS_BY_SOURCE,    /* source, zone, tags */
    SIGHTINGS_BY_COLLECTOR, /* collector, zone, tags */
};

struct sightings_question {
    enum sightings_by by;
    int64_t from_us, to_us; /* whole hours that begin in [from, to); INT64_MIN and INT64_MAX: all */
    const char *zone;       /* presentation form, lower case, final dot; NULL: every zone */
    const char *collector;  /* NULL: every one */
    bool names_only; /* of a scan: what collectors cover is known already, and may come as names alone */
};

/* One line of an answer: who told this tag set (or, by key, a set that holds it), by any kind of RFC 8145
 * signal. Fields that do not belong to `by` are zero or NULL. Exactly, for both stores:
 *
 *   - Rows of SIGHTING_TA_NULL, _TA_A and _OPTION whose zone, tags (and day, source or collector) are the
 *     same are one line; ta_null, ta_a and options are the sums of their counts, `signals` the sum of these
 *     three. Days are UTC, of the row's hour.
 *   - `sources` is the number of different addresses in these rows together, over hours, kinds, transports
 *     and collectors: never a sum.
 *   - By key, a row counts in the line of each tag of its set (each tag once); the empty set in none.
 *   - Rows of SIGHTING_INVALID make lines of their own: `invalid` set, `tags` the reason, `signals` their
 *     count, `key` 0.
 *   - first_us and last_us: the earliest and latest of the rows.
 *   - Lines without `invalid` come first, in the order of the fields of `by` from left to right, then those
 *     with it, likewise (by key: zone, reason). Strings and addresses in octet order, as strcmp() and
 *     memcmp() tell; keys and days by number. */
struct sightings_line {
    int64_t day_us; /* its begin */
    const char *collector;
    uint8_t source[16];
    const char *zone, *tags;
    uint16_t key;
    bool invalid;
    uint64_t sources;
    uint64_t signals;
    uint64_t ta_null, ta_a, options;
    int64_t first_us, last_us;
};

/* What is known of a collector, over all its segments, whatever time and zone the question names. from_us and
 * to_us leave out segments in which nothing was counted (both 0 if there are no others). `inputs` are
 * different ones. Gaps: where the spans of all segments, laid over each other, leave more than a minute. */
struct sightings_coverage {
    const char *collector;
    int64_t from_us, to_us;
    uint64_t inputs, packets, messages, dropped, overlapped, malformed, invalid, too_big, reassembly;
    uint64_t gaps;
    int64_t gap_us; /* their sum */
    const struct sightings_span
        *work; /* what lies between them, in the order of time; packets are not told */
    size_t work_count;
};

struct sightings_answer {
    struct sightings_line *lines;
    size_t line_count;
    struct sightings_coverage *coverage; /* by collector name; all, or the question's one */
    size_t coverage_count;
    uint64_t sources;  /* different addresses with a valid signal, in the question's bounds */
    uint64_t observed; /* different addresses with any traffic or any signal (valid or not), of the question's
                          time and collector, in whatever zone: so never less than `sources` */
    bool partial;      /* a shard did not answer: there is more than this */
    const char *missing; /* which, for people; NULL if not partial */
};

/* Strings live in the arena. */
int sightings_ask(struct sightings *store, const struct sightings_question *question, struct arena *arena,
    struct sightings_answer *ret_answer, struct err_note *note);

/* ---- all rows ---- */

/* Who takes rows to judge sources. Callbacks are called by the thread that scans. They return 0, or an error
 * that ends the scan and is returned as it is; they may not use the store. What they are given lives during
 * the call only. */
struct sightings_scan {
    /* Before the first row, once: the collectors of the question, as in the coverage of an answer to it. A
     * collector's number is its place here. May be NULL. */
    int (*collectors)(void *context, const char *const *names, size_t count);
    int (*row)(void *context, unsigned collector, const struct tally_row *row);
    int (*traffic)(void *context, unsigned collector, const struct tally_traffic *traffic);
    void *context;
};

/* As in an answer, in the arena; a collector's number is its place in the coverage. */
struct sightings_scanned {
    struct sightings_coverage *coverage;
    size_t coverage_count;
    bool partial;
    const char *missing;
};

/* Every row, of all kinds, of the question's time, collector and zone (with a zone, ICMP errors of zone ""
 * as well; by NULL every zone), and all traffic of its time and collector. `by` does not matter. In no
 * promised order, and of one key there may be several. Of the segments that were committed when the scan
 * began, each wholly, and of no other. Nothing is held but what is at hand. While the caller judges what
 * came, a thread beside it reads on.
 *
 * Rows may come summed: of one collector, source, zone, kind, tag set and day (UTC; of traffic one collector,
 * source and day) there is at least one row, with hour_us in that day, first_us and last_us in it and the
 * least and greatest, transport any of theirs, octets and sizes the greatest (udp_size_least the least that
 * is not 0), names and ports united, other counts the sums. So a server can sum before it sends. (Neither
 * store does so now: ClickHouse sends rows faster than it sums them.)
 *
 * ERR_DATA as well: a row that no tally can have made. ERR_UNAVAILABLE of ClickHouse as well: it broke off,
 * or two processes began to write the same input meanwhile. After an error part of the rows may have come. */
int sightings_scan(struct sightings *store, const struct sightings_question *question,
    const struct sightings_scan *scan, struct arena *arena, struct sightings_scanned *ret_scanned,
    struct err_note *note);

#endif

/* sightings_inside: what the stores behind sightings.h have in common. Internal to io/store. */
#ifndef IO_STORE_SIGHTINGS_INSIDE_H
#define IO_STORE_SIGHTINGS_INSIDE_H

#include "io/store/sightings.h"

/* A kind of store. What sightings.c has checked before it calls: collector names, the segment, that a store
 * which was opened to be read only is not written. */
struct sightings_backend {
    int (*open)(const char *where, bool read_only, struct sightings **ret_store, struct err_note *note);
    void (*close)(struct sightings *store);
    int (*mark)(struct sightings *store, const char *collector, const uint8_t input_id[SIGHTINGS_ID],
        struct arena *arena, struct sightings_mark *ret_mark, struct err_note *note);
    int (*covers)(struct sightings *store, const char *collector, const uint8_t input_id[SIGHTINGS_ID],
        int64_t from_us, int64_t to_us, struct arena *arena, struct sightings_cover **ret_covers,
        size_t *ret_count, struct err_note *note);
    int (*state_before)(struct sightings *store, const char *collector, int64_t from_us, int64_t to_us,
        struct arena *arena, const uint8_t **ret_state, size_t *ret_length, struct err_note *note);
    int (*commit)(struct sightings *store, const struct sightings_segment *segment,
        const struct tally_rows *rows, struct err_note *note);
    int (*ask)(struct sightings *store, const struct sightings_question *question, struct arena *arena,
        struct sightings_answer *ret_answer, struct err_note *note);
    int (*scan)(struct sightings *store, const struct sightings_question *question,
        const struct sightings_scan *scan, struct arena *arena, struct sightings_scanned *ret_scanned,
        struct err_note *note);
};

extern const struct sightings_backend sightings_sqlite; /* a file */

/* The first member of each backend's own struct; open() fills it. */
struct sightings {
    const struct sightings_backend *backend;
    bool read_only;
};

/* Spans as they are stored: 24 octets each, big-endian from, to, packets. */
enum { SIGHTINGS_SPAN = 24, SIGHTINGS_MAX_SPANS = SIGHTINGS_MAX_BLOB / SIGHTINGS_SPAN };
void sightings_spans_write(const struct sightings_span *spans, size_t count, uint8_t *out);
/* Reads them into the arena. ERR_DATA if the octets are no spans, ERR_NOMEM. */
int sightings_spans_read(const uint8_t *bytes, size_t length, struct arena *arena,
    struct sightings_span **ret_spans, size_t *ret_count);
/* Begins before it ends, both within the times that we know. */
bool sightings_span_fits(const struct sightings_span *span);

/* Lays the spans of all segments of a collector over each other: its stretches of work, in the arena, and the
 * pauses between them. Uses up the spans. False when memory is short. */
bool sightings_work(
    struct sightings_span *spans, size_t count, struct arena *arena, struct sightings_coverage *coverage);

/* Whether rows that a store holds can be some that a tally made: kind and transport are such, nothing is
 * negative, no part of the messages is more than all, times and sizes are in order, times lie within
 * `span_us` from `begin_us` on. What is wrong, or NULL. */
const char *sightings_row_fault(const struct tally_row *row, int64_t begin_us, int64_t span_us);
const char *sightings_traffic_fault(const struct tally_traffic *row, int64_t begin_us, int64_t span_us);

/* The same of what a collector, or one segment of it, covers; its spans are not looked at. */
const char *sightings_coverage_fault(const struct sightings_coverage *coverage);

/* Puts lines into the order that sightings.h promises. */
void sightings_sort(enum sightings_by by, struct sightings_line *lines, size_t count);

#endif

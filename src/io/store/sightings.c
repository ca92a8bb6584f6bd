/* Which store it is, is decided by its name; what is the same for all of them is done here. */
#include "io/store/sightings_beside.h"
#include "io/store/sightings_click.h"
#include "io/store/sightings_inside.h"

#include "base/bytes.h"
#include "base/utc.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *prefix;
    const struct sightings_backend *backend;
} stores[] = {
    {"clickhouse://", &sightings_click},
    {"", &sightings_sqlite}, /* the path of a file: what nothing else claims */
};

/* ---- checks ---- */

static int check_collector(const char *collector, struct err_note *note)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:";
    size_t length = strnlen(collector, SIGHTINGS_MAX_COLLECTOR + 1);
    if (length == 0 || length > SIGHTINGS_MAX_COLLECTOR || strspn(collector, allowed) < length)
        return err_set(note, ERR_DATA,
            "'%.*s' is no name of a collector: up to %d letters, digits and . - _ :", SIGHTINGS_MAX_COLLECTOR,
            collector, SIGHTINGS_MAX_COLLECTOR);
    return 0;
}

static int check_segment(const struct sightings_segment *segment, struct err_note *note)
{
    int err = check_collector(segment->collector, note);
    if (err)
        return err;
    if (segment->end_record <= segment->first_record || segment->end_record > INT64_MAX)
        return err_set(note, ERR_INTERNAL, "a segment of %s that ends before it begins", segment->input);
    if (segment->prints_length > SIGHTINGS_MAX_BLOB || segment->state_length > SIGHTINGS_MAX_BLOB ||
        segment->span_count > SIGHTINGS_MAX_SPANS)
        return err_set(note, ERR_DATA, "%s: more waits for its second half than the store takes (%d octets)",
            segment->input, SIGHTINGS_MAX_BLOB);
    return 0;
}

/* ---- what callers see ---- */

int sightings_open(const char *where, bool read_only, struct sightings **ret_store, struct err_note *note)
{
    if (!*where)
        return err_set(note, ERR_USAGE, "no store is named");
    size_t i = 0;
    while (strncmp(where, stores[i].prefix, strlen(stores[i].prefix)) != 0)
        i++;
    return stores[i].backend->open(where, read_only, ret_store, note);
}

void sightings_close(struct sightings *store)
{
    if (store)
        store->backend->close(store);
}

int sightings_mark(struct sightings *store, const char *collector, const uint8_t input_id[SIGHTINGS_ID],
    struct arena *arena, struct sightings_mark *ret_mark, struct err_note *note)
{
    int err = check_collector(collector, note);
    return err ? err : store->backend->mark(store, collector, input_id, arena, ret_mark, note);
}

int sightings_covers(struct sightings *store, const char *collector, const uint8_t input_id[SIGHTINGS_ID],
    int64_t from_us, int64_t to_us, struct arena *arena, struct sightings_cover **ret_covers,
    size_t *ret_count, struct err_note *note)
{
    int err = check_collector(collector, note);
    return err ? err
               : store->backend->covers(
                     store, collector, input_id, from_us, to_us, arena, ret_covers, ret_count, note);
}

int sightings_state_before(struct sightings *store, const char *collector, int64_t from_us, int64_t to_us,
    struct arena *arena, const uint8_t **ret_state, size_t *ret_length, struct err_note *note)
{
    int err = check_collector(collector, note);
    return err ? err
               : store->backend->state_before(
                     store, collector, from_us, to_us, arena, ret_state, ret_length, note);
}

int sightings_commit(struct sightings *store, const struct sightings_segment *segment,
    const struct tally_rows *rows, struct err_note *note)
{
    if (store->read_only)
        return err_set(note, ERR_PERM, "the store was opened to be read only");
    int err = check_segment(segment, note);
    return err ? err : store->backend->commit(store, segment, rows, note);
}

int sightings_ask(struct sightings *store, const struct sightings_question *question, struct arena *arena,
    struct sightings_answer *ret_answer, struct err_note *note)
{
    int err = question->collector ? check_collector(question->collector, note) : 0;
    return err ? err : store->backend->ask(store, question, arena, ret_answer, note);
}

int sightings_scan(struct sightings *store, const struct sightings_question *question,
    const struct sightings_scan *scan, struct arena *arena, struct sightings_scanned *ret_scanned,
    struct err_note *note)
{
    int err = question->collector ? check_collector(question->collector, note) : 0;
    return err ? err : sightings_beside(store, question, scan, arena, ret_scanned, note);
}

/* ---- rows ---- */

static bool times_fit(int64_t first_us, int64_t last_us, int64_t begin_us, int64_t span_us)
{
    return first_us >= begin_us && last_us >= first_us && last_us - begin_us < span_us;
}

/* Of so many messages no more can have had a flag. */
static bool are_parts(uint64_t all, const uint64_t *parts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (parts[i] > all)
            return false;
    return true;
}

const char *sightings_row_fault(const struct tally_row *row, int64_t begin_us, int64_t span_us)
{
    const uint64_t parts[] = {row->recursion_desired, row->dnssec_ok, row->checking_disabled, row->truncated};
    if (row->kind <= SIGHTING_NONE || row->kind >= SIGHTING_KINDS || row->transport > SIGHTING_UNKNOWN)
        return "a kind or a transport";
    if (row->count > INT64_MAX || !are_parts(row->count, parts, sizeof parts / sizeof *parts))
        return "a count";
    return times_fit(row->first_us, row->last_us, begin_us, span_us) ? NULL : "a time";
}

const char *sightings_traffic_fault(const struct tally_traffic *row, int64_t begin_us, int64_t span_us)
{
    uint64_t all = row->queries + row->answers;
    const uint64_t parts[] = {
        row->tcp, row->edns, row->dnssec_ok, row->recursion_desired, row->checking_disabled, row->dnskey};
    if (row->queries > INT64_MAX || row->answers > INT64_MAX || row->truncated > row->answers ||
        !are_parts(all, parts, sizeof parts / sizeof *parts))
        return "a count";
    if (row->udp_size_least > row->udp_size_most)
        return "a size";
    return times_fit(row->first_us, row->last_us, begin_us, span_us) ? NULL : "a time";
}

const char *sightings_coverage_fault(const struct sightings_coverage *coverage)
{
    const uint64_t counts[] = {coverage->packets, coverage->messages, coverage->dropped, coverage->overlapped,
        coverage->malformed, coverage->invalid, coverage->too_big, coverage->reassembly};
    if (coverage->from_us > coverage->to_us || coverage->from_us < UTC_FIRST || coverage->to_us > UTC_LAST)
        return "a time";
    return are_parts(INT64_MAX, counts, sizeof counts / sizeof *counts) ? NULL : "a count";
}

/* ---- spans ---- */

void sightings_spans_write(const struct sightings_span *spans, size_t count, uint8_t *out)
{
    struct writer writer = writer_over(out, count * SIGHTINGS_SPAN);
    for (size_t i = 0; i < count; i++) {
        writer_u64(&writer, (uint64_t)spans[i].from_us);
        writer_u64(&writer, (uint64_t)spans[i].to_us);
        writer_u64(&writer, spans[i].packets);
    }
}

bool sightings_span_fits(const struct sightings_span *span)
{
    return span->from_us <= span->to_us && span->from_us >= UTC_FIRST && span->to_us <= UTC_LAST;
}

int sightings_spans_read(const uint8_t *bytes, size_t length, struct arena *arena,
    struct sightings_span **ret_spans, size_t *ret_count)
{
    if (length % SIGHTINGS_SPAN || length > SIGHTINGS_MAX_BLOB)
        return ERR_DATA;
    size_t count = length / SIGHTINGS_SPAN;
    struct sightings_span *spans = arena_alloc(arena, count * sizeof *spans);
    if (!spans)
        return ERR_NOMEM;
    struct reader reader = reader_over(bytes, length);
    for (size_t i = 0; i < count; i++) {
        spans[i].from_us = (int64_t)reader_u64(&reader);
        spans[i].to_us = (int64_t)reader_u64(&reader);
        spans[i].packets = reader_u64(&reader);
        if (!sightings_span_fits(&spans[i]))
            return ERR_DATA;
    }
    *ret_spans = spans;
    *ret_count = count;
    return 0;
}

static int order_spans(const void *a, const void *b)
{
    const struct sightings_span *x = a, *y = b;
    return (x->from_us > y->from_us) - (x->from_us < y->from_us);
}

/* Unsigned: times out of a damaged file may be far apart. */
static uint64_t pause_between(const struct sightings_span *before, const struct sightings_span *after)
{
    return after->from_us > before->to_us ? (uint64_t)after->from_us - (uint64_t)before->to_us : 0;
}

bool sightings_work(
    struct sightings_span *spans, size_t count, struct arena *arena, struct sightings_coverage *coverage)
{
    uint64_t sum = 0;
    size_t made = 0;
    if (count) /* no array, no sorting */
        qsort(spans, count, sizeof *spans, order_spans);
    for (size_t i = 0; i < count; i++) {
        uint64_t pause = made ? pause_between(&spans[made - 1], &spans[i]) : 0;
        if (made == 0 || pause > (uint64_t)UTC_MINUTE) {
            sum += pause;
            spans[made++] = spans[i];
            continue;
        }
        struct sightings_span *last = &spans[made - 1];
        last->to_us = spans[i].to_us > last->to_us ? spans[i].to_us : last->to_us;
    }
    for (size_t i = 0; i < made; i++)
        spans[i].packets = 0;
    coverage->gaps = made ? made - 1 : 0;
    coverage->gap_us = sum > INT64_MAX ? INT64_MAX : (int64_t)sum;
    coverage->work_count = made;
    coverage->work = arena_copy(arena, spans, made * sizeof *spans);
    return coverage->work != NULL || made == 0;
}

/* ---- lines ---- */

static int order_numbers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int order_zone_tags(const struct sightings_line *a, const struct sightings_line *b)
{
    int order = order_numbers(a->invalid, b->invalid);
    order = order ? order : strcmp(a->zone, b->zone);
    order = order ? order : order_numbers(a->key, b->key);
    return order || !a->tags || !b->tags ? order : strcmp(a->tags, b->tags);
}

static int order_tagset(const void *a, const void *b)
{
    return order_zone_tags(a, b);
}

static int order_day(const void *a, const void *b)
{
    const struct sightings_line *x = a, *y = b;
    int order = order_numbers(x->invalid, y->invalid);
    order = order ? order : order_numbers(x->day_us, y->day_us);
    return order ? order : order_zone_tags(x, y);
}

static int order_source(const void *a, const void *b)
{
    const struct sightings_line *x = a, *y = b;
    int order = order_numbers(x->invalid, y->invalid);
    order = order ? order : memcmp(x->source, y->source, sizeof x->source);
    return order ? order : order_zone_tags(x, y);
}

static int order_collector(const void *a, const void *b)
{
    const struct sightings_line *x = a, *y = b;
    int order = order_numbers(x->invalid, y->invalid);
    order = order ? order : strcmp(x->collector, y->collector);
    return order ? order : order_zone_tags(x, y);
}

void sightings_sort(enum sightings_by by, struct sightings_line *lines, size_t count)
{
    static int (*const orders[])(const void *, const void *) = {
        [SIGHTINGS_BY_TAGSET] = order_tagset,
        [SIGHTINGS_BY_KEY] = order_tagset,
        [SIGHTINGS_BY_DAY] = order_day,
        [SIGHTINGS_BY_SOURCE] = order_source,
        [SIGHTINGS_BY_COLLECTOR] = order_collector,
    };
    if (count)
        qsort(lines, count, sizeof *lines, orders[by]);
}

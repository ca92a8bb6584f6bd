/* What collectors cover, out of their segments, which come by collector. */
#include "io/store/sightings_sqlite.h"

#include <stdlib.h>
#include <string.h>

struct covering {
    struct db *db;
    struct arena *arena;
    struct err_note *note;
    struct sightings_coverage now; /* the collector at hand */
    struct sightings_span *spans;
    size_t span_count, span_room;
    int64_t last_input;
};

static int no_memory(const struct covering *covering)
{
    return err_set(
        covering->note, ERR_NOMEM, "no memory for what collectors cover in %s", covering->db->path);
}

static int add_spans(struct covering *covering, struct db_query *query, int column)
{
    size_t length, count;
    struct sightings_span *spans;
    struct arena *scratch = arena_new();
    const uint8_t *bytes = db_column_bytes(query, column, &length);
    int err = scratch ? query->err : no_memory(covering);
    if (!err)
        err = sightings_spans_read(bytes, length, scratch, &spans, &count, covering->note);
    if (!err && covering->span_count + count > covering->span_room) {
        size_t room = (covering->span_count + count) * 2;
        struct sightings_span *more = reallocarray(covering->spans, room, sizeof *more);
        if (more) {
            covering->spans = more;
            covering->span_room = room;
        } else {
            err = no_memory(covering);
        }
    }
    if (!err && count) {
        memcpy(covering->spans + covering->span_count, spans, count * sizeof *spans);
        covering->span_count += count;
    }
    arena_free(scratch);
    return err;
}

static void add_segment(struct covering *covering, struct db_query *query)
{
    struct sightings_coverage *now = &covering->now;
    int64_t input = db_column(query, 1), from_us = db_column(query, 2), to_us = db_column(query, 3);
    uint64_t *const sums[] = {&now->packets, &now->messages, &now->dropped, &now->overlapped, &now->malformed,
        &now->invalid, &now->too_big, &now->reassembly};
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++)
        *sums[i] += (uint64_t)db_column(query, 4 + (int)i);
    now->inputs += input != covering->last_input;
    covering->last_input = input;
    if (!from_us && !to_us)
        return;
    bool first = !now->from_us && !now->to_us;
    now->from_us = first || from_us < now->from_us ? from_us : now->from_us;
    now->to_us = first || to_us > now->to_us ? to_us : now->to_us;
}

/* Ends the collector at hand, if there is one. */
static void end_collector(struct covering *covering, struct db_rows *rows, struct db_query *query)
{
    if (!covering->now.collector)
        return;
    if (!sightings_work(covering->spans, covering->span_count, covering->arena, &covering->now) &&
        !query->err)
        query->err = no_memory(covering);
    struct sightings_coverage *row = db_rows_add(rows, query);
    if (row)
        *row = covering->now;
    covering->now = (struct sightings_coverage){0};
    covering->span_count = 0;
    covering->last_input = 0;
}

int sightings_sqlite_cover(struct db *db, const struct sightings_sqlite_names *collectors, const char *only,
    struct arena *arena, struct sightings_coverage **ret_coverage, size_t *ret_count, struct err_note *note)
{
    struct covering covering = {.db = db, .arena = arena, .note = note};
    struct db_rows rows = {.size = sizeof(struct sightings_coverage)};
    struct db_query query = db_query(db, SQL_SEGMENT_COVERAGE, note);
    while (db_row(&query)) {
        const char *name = sightings_sqlite_name(collectors, db_column(&query, 0));
        if (!name || !sightings_name_fits(name))
            query.err = sightings_sqlite_damaged(db, "a collector", note);
        if (query.err || (only && strcmp(name, only) != 0))
            continue;
        if (name != covering.now.collector) {
            end_collector(&covering, &rows, &query);
            covering.now.collector = name;
        }
        add_segment(&covering, &query);
        if (!query.err)
            query.err = add_spans(&covering, &query, 12);
    }
    end_collector(&covering, &rows, &query);
    free(covering.spans);
    return db_rows_end(&rows, &query, arena, ret_coverage, ret_count);
}

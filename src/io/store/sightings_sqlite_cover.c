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
    size_t count;
    struct sightings_span *spans;
    struct arena *scratch = arena_new();
    int err = scratch ? sightings_sqlite_spans(query, column, scratch, &spans, &count) : no_memory(covering);
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

/* Sums end where the numbers of the file do. */
static void add(uint64_t *sum, uint64_t more)
{
    *sum = *sum + more > INT64_MAX ? INT64_MAX : *sum + more;
}

static int add_segment(struct covering *covering, struct db_query *query)
{
    struct sightings_coverage *now = &covering->now,
                              one = {.from_us = db_column(query, 2), .to_us = db_column(query, 3)};
    const struct {
        uint64_t *sum, *one;
    } counts[] = {{&now->packets, &one.packets}, {&now->messages, &one.messages},
        {&now->dropped, &one.dropped}, {&now->overlapped, &one.overlapped}, {&now->malformed, &one.malformed},
        {&now->invalid, &one.invalid}, {&now->too_big, &one.too_big}, {&now->reassembly, &one.reassembly}};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        *counts[i].one = (uint64_t)db_column(query, 4 + (int)i);
    const char *fault = sightings_coverage_fault(&one);
    if (fault)
        return sightings_sqlite_damaged(covering->db, fault, covering->note);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        add(counts[i].sum, *counts[i].one);
    int64_t input = db_column(query, 1);
    now->inputs += input != covering->last_input;
    covering->last_input = input;
    if (!one.from_us && !one.to_us)
        return 0;
    bool first = !now->from_us && !now->to_us;
    now->from_us = first || one.from_us < now->from_us ? one.from_us : now->from_us;
    now->to_us = first || one.to_us > now->to_us ? one.to_us : now->to_us;
    return 0;
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

/* Rows of a collector or a kind that we do not know would be left out without a word. */
static int check_rows(const struct covering *covering, size_t collectors)
{
    struct db_query query = db_query(covering->db, SQL_ROW_COLLECTORS, covering->note);
    while (db_row(&query))
        for (int i = 0; i < 4 && !query.err; i += 2)
            if (db_column(&query, i) < 1 || db_column(&query, i + 1) > (int64_t)collectors)
                query.err = sightings_sqlite_damaged(covering->db, "rows of no collector", covering->note);
    int err = db_end(&query);
    for (size_t i = 1; i <= collectors && !err; i++) {
        query = db_query(covering->db, SQL_ROW_KINDS, covering->note);
        db_bind_number(&query, (int64_t)i);
        while (db_row(&query))
            if (db_column(&query, 0) <= SIGHTING_NONE || db_column(&query, 1) >= SIGHTING_KINDS)
                query.err = sightings_sqlite_damaged(covering->db, "a kind", covering->note);
        err = db_end(&query);
    }
    return err;
}

int sightings_sqlite_cover(struct db *db, const struct sightings_sqlite_names *collectors, const char *only,
    struct arena *arena, struct sightings_coverage **ret_coverage, size_t *ret_count, struct err_note *note)
{
    struct covering covering = {.db = db, .arena = arena, .note = note};
    struct db_rows rows = {.size = sizeof(struct sightings_coverage)};
    struct db_query query = db_query(db, SQL_SEGMENT_COVERAGE, note);
    const char *before = NULL;
    size_t seen = 0;
    while (db_row(&query)) {
        const char *name = sightings_sqlite_name(collectors, db_column(&query, 0));
        seen += name != before;
        before = name;
        if (!name || !sightings_name_fits(name))
            query.err = sightings_sqlite_damaged(db, "a collector", note);
        if (query.err || (only && strcmp(name, only) != 0))
            continue;
        if (name != covering.now.collector) {
            end_collector(&covering, &rows, &query);
            covering.now.collector = name;
        }
        query.err = add_segment(&covering, &query);
        if (!query.err)
            query.err = add_spans(&covering, &query, 12);
    }
    end_collector(&covering, &rows, &query);
    free(covering.spans);
    if (!query.err && seen != collectors->count) /* each came with a segment */
        query.err = sightings_sqlite_damaged(db, "a collector without segments", note);
    query.err = query.err ? query.err : check_rows(&covering, collectors->count);
    return db_rows_end(&rows, &query, arena, ret_coverage, ret_count);
}

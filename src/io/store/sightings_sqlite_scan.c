/* Rows are handed on as they lie: by collector, kind, hour, zone and tag set, so that what is the same for
 * many is looked at once. Traffic comes by the block. */
#include "io/store/sightings_sqlite.h"
#include "io/store/sightings_traffic.h"

#include "base/utc.h"

#include <stdlib.h>
#include <string.h>

struct scanning {
    struct db *db;
    const struct sightings_question *question;
    const struct sightings_scan *scan;
    struct arena *arena;
    struct err_note *note;
    struct sightings_sqlite_names zones, tagsets;
    int64_t *collectors; /* their numbers in the file, by name */
    size_t collector_count;
    int64_t from_hour, to_hour;
    /* The group of rows at hand; `row` holds what is the same in all of it. */
    unsigned collector;
    int64_t hour, zone, tagset;
    bool wanted; /* of the question's zone */
    struct tally_row row;
    struct tally_traffic traffic[TRAFFIC_MOST]; /* of the block at hand */
};

static int damaged(const struct scanning *scanning, const char *what)
{
    return sightings_sqlite_damaged(scanning->db, what, scanning->note);
}

/* ---- collectors ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(
        ((const struct sightings_coverage *)a)->collector, ((const struct sightings_coverage *)b)->collector);
}

/* Without the segments, of which there may be many. */
static int name_collectors(const struct scanning *scanning, const struct sightings_sqlite_names *all,
    struct sightings_scanned *ret_scanned)
{
    const char *only = scanning->question->collector;
    ret_scanned->coverage = arena_alloc(scanning->arena, (all->count + 1) * sizeof *ret_scanned->coverage);
    if (!ret_scanned->coverage)
        return err_set(scanning->note, ERR_NOMEM, "no memory to read %s", scanning->db->path);
    for (size_t i = 0; i < all->count; i++)
        if (!only || strcmp(all->names[i], only) == 0)
            ret_scanned->coverage[ret_scanned->coverage_count++].collector = all->names[i];
    qsort(ret_scanned->coverage, ret_scanned->coverage_count, sizeof *ret_scanned->coverage, by_name);
    return 0;
}

/* Those that the question is about, by name, with what they cover. */
static int find_collectors(struct scanning *scanning, struct sightings_scanned *ret_scanned)
{
    struct sightings_sqlite_names all;
    int err = sightings_sqlite_names(scanning->db, SQL_COLLECTORS, scanning->arena, &all, scanning->note);
    if (!err && scanning->question->names_only)
        err = name_collectors(scanning, &all, ret_scanned);
    else if (!err)
        err = sightings_sqlite_cover(scanning->db, &all, scanning->question->collector, scanning->arena,
            &ret_scanned->coverage, &ret_scanned->coverage_count, scanning->note);
    if (err)
        return err;
    size_t count = ret_scanned->coverage_count;
    int64_t *collectors = arena_alloc(scanning->arena, (count + 1) * sizeof *collectors);
    const char **names = arena_alloc(scanning->arena, (count + 1) * sizeof *names);
    if (!collectors || !names)
        return err_set(scanning->note, ERR_NOMEM, "no memory to read %s", scanning->db->path);
    for (size_t i = 0; i < count; i++) {
        names[i] = ret_scanned->coverage[i].collector;
        collectors[i] = sightings_sqlite_number(&all, names[i]);
    }
    scanning->collectors = collectors;
    scanning->collector_count = count;
    const struct sightings_scan *scan = scanning->scan;
    return scan->collectors ? scan->collectors(scan->context, names, count) : 0;
}

/* ---- rows ---- */

static bool is_icmp(int kind)
{
    return kind == SIGHTING_TOO_BIG || kind == SIGHTING_REASSEMBLY;
}

static int begin_group(struct scanning *scanning, int64_t hour, int64_t zone, int64_t tagset)
{
    const char *only = scanning->question->zone;
    struct tally_row *row = &scanning->row;
    uint16_t tags[TASIGNAL_MAX_OPTION];
    unsigned tag_count;
    scanning->hour = hour;
    scanning->zone = zone;
    scanning->tagset = tagset;
    row->zone = sightings_sqlite_name(&scanning->zones, zone);
    row->tags = sightings_sqlite_name(&scanning->tagsets, tagset);
    if (!row->zone || !row->tags || !sightings_sqlite_hour_fits(hour))
        return damaged(scanning, "a zone, a tag set or an hour");
    if (row->kind != SIGHTING_INVALID && sighting_tags_parse(row->tags, tags, &tag_count) != 0)
        return damaged(scanning, "a tag set");
    row->hour_us = hour * UTC_HOUR;
    scanning->wanted = !only || strcmp(row->zone, only) == 0 || (is_icmp(row->kind) && !*row->zone);
    return 0;
}

/* Numbers that are too big for what they stand for are damage, as are negative ones. */
static int take_row(struct scanning *scanning, struct db_query *query)
{
    int64_t hour = db_column(query, 0), zone = db_column(query, 1), tagset = db_column(query, 2);
    struct tally_row *row = &scanning->row;
    int err = 0;
    if (hour != scanning->hour || zone != scanning->zone || tagset != scanning->tagset)
        err = begin_group(scanning, hour, zone, tagset);
    if (err || !scanning->wanted)
        return err;
    uint64_t transport = (uint64_t)db_column(query, 3), octets = (uint64_t)db_column(query, 11),
             udp_size = (uint64_t)db_column(query, 13);
    uint64_t first = (uint64_t)db_column(query, 6), lasting = (uint64_t)db_column(query, 7);
    if (transport > UINT8_MAX || octets > UINT32_MAX || udp_size > UINT16_MAX)
        return damaged(scanning, "a number");
    if (first >= (uint64_t)UTC_HOUR || lasting >= (uint64_t)UTC_HOUR)
        return damaged(scanning, "a time");
    row->transport = (uint8_t)transport;
    row->octets = (uint32_t)octets;
    row->udp_size = (uint16_t)udp_size;
    row->count = (uint64_t)db_column(query, 5);
    row->first_us = row->hour_us + (int64_t)first;
    row->last_us = row->first_us + (int64_t)lasting;
    row->recursion_desired = (uint64_t)db_column(query, 8);
    row->dnssec_ok = (uint64_t)db_column(query, 9);
    row->checking_disabled = (uint64_t)db_column(query, 10);
    row->truncated = (uint64_t)db_column(query, 12);
    const char *fault = sightings_row_fault(row, row->hour_us, UTC_HOUR);
    err = fault ? damaged(scanning, fault) : sightings_sqlite_address(query, 4, row->source);
    return err ? err : scanning->scan->row(scanning->scan->context, scanning->collector, row);
}

static int scan_kind(struct scanning *scanning, uint8_t kind)
{
    const char *only = is_icmp(kind) ? NULL : scanning->question->zone;
    int64_t zone = only ? sightings_sqlite_number(&scanning->zones, only) : 0;
    scanning->row = (struct tally_row){.kind = kind};
    scanning->zone = scanning->tagset = -1; /* no group yet */
    scanning->hour = INT64_MIN;
    struct db_query query = db_query(scanning->db, SQL_SIGHTING_ROWS, scanning->note);
    db_bind_number(&query, scanning->collectors[scanning->collector]);
    db_bind_number(&query, kind);
    db_bind_number(&query, scanning->from_hour);
    db_bind_number(&query, scanning->to_hour);
    db_bind_number(&query, only ? zone : INT64_MIN);
    db_bind_number(&query, only ? zone : INT64_MAX);
    while (db_row(&query))
        query.err = take_row(scanning, &query);
    return db_end(&query);
}

/* ---- traffic ---- */

static int take_block(struct scanning *scanning, struct db_query *query)
{
    const struct sightings_scan *scan = scanning->scan;
    int64_t hour = db_column(query, 0);
    size_t length, count;
    const uint8_t *bytes = db_column_bytes(query, 1, &length);
    if (query->err)
        return query->err;
    if (!sightings_sqlite_hour_fits(hour) ||
        traffic_unpack(bytes, length, hour * UTC_HOUR, scanning->traffic, &count) != 0)
        return damaged(scanning, "traffic");
    int err = 0;
    for (size_t i = 0; !err && i < count; i++) {
        const struct tally_traffic *row = &scanning->traffic[i];
        const char *fault = sightings_traffic_fault(row, hour * UTC_HOUR, UTC_HOUR);
        err = fault ? damaged(scanning, fault) : scan->traffic(scan->context, scanning->collector, row);
    }
    return err;
}

static int scan_traffic(struct scanning *scanning)
{
    struct db_query query = db_query(scanning->db, SQL_TRAFFIC_SCAN, scanning->note);
    db_bind_number(&query, scanning->collectors[scanning->collector]);
    db_bind_number(&query, scanning->from_hour);
    db_bind_number(&query, scanning->to_hour);
    while (db_row(&query))
        query.err = take_block(scanning, &query);
    return db_end(&query);
}

/* ---- the whole ---- */

static int scan_all(struct scanning *scanning, struct sightings_scanned *ret_scanned)
{
    int err =
        sightings_sqlite_names(scanning->db, SQL_ZONES, scanning->arena, &scanning->zones, scanning->note);
    err = err ? err
              : sightings_sqlite_names(
                    scanning->db, SQL_TAGSETS, scanning->arena, &scanning->tagsets, scanning->note);
    err = err ? err : find_collectors(scanning, ret_scanned);
    for (size_t i = 0; !err && i < scanning->collector_count; i++) {
        scanning->collector = (unsigned)i;
        for (uint8_t kind = SIGHTING_NONE + 1; !err && kind < SIGHTING_KINDS; kind++)
            err = scan_kind(scanning, kind);
        err = err ? err : scan_traffic(scanning);
    }
    return err;
}

int sightings_sqlite_scan(struct sightings *store, const struct sightings_question *question,
    const struct sightings_scan *scan, struct arena *arena, struct sightings_scanned *ret_scanned,
    struct err_note *note)
{
    struct scanning scanning = {.db = ((struct sightings_sqlite *)store)->db,
        .question = question,
        .scan = scan,
        .arena = arena,
        .note = note,
        .from_hour = sightings_sqlite_hour(question->from_us),
        .to_hour = sightings_sqlite_hour(question->to_us)};
    struct sightings_scanned scanned = {0};
    int err = db_run(scanning.db, "BEGIN", note); /* all of it as it is at one moment */
    if (err)
        return err;
    err = scan_all(&scanning, &scanned);
    db_rollback(scanning.db);
    if (!err)
        *ret_scanned = scanned;
    return err;
}

/* One transaction per segment: where its input stands, what it covers, and its rows, which are added to those
 * of the collector that are there already. A sum may not be repeated, and is not: the transaction begins by
 * looking whether the input stands where the segment begins, and ends with moving it on. */
#include "io/store/sightings_sqlite.h"

#include "base/utc.h"
#include "core/dns/name.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    SIGHTINGS_FILE = 0x52437369, /* "RCsi" */
    CHECK_BELOW = 8 << 20,
    BUSY_MS = 10000,  /* another's segment may have millions of rows */
    MAX_INPUT = 4096, /* octets of a name that is kept */
    PAGE = 16384,     /* octets: most of a commit are blocks of traffic of nearly that size */
    IPV4 = 12,        /* octets of ::ffff:0:0/96 */
    TOGETHER = 32,    /* rows that sighting_add takes at once */
};

static const char *const steps[] = {sql_sightings_1};
static const struct db_kind sightings_kind = {.application_id = SIGHTINGS_FILE,
    .steps = steps,
    .version = sizeof steps / sizeof *steps,
    .statements = SQL_FILE_SIGHTINGS,
    .synchronous = "NORMAL",
    .check_below = CHECK_BELOW,
    .max_value = SIGHTINGS_MAX_BLOB + (1 << 20),
    .busy_ms = BUSY_MS,
    .page_size = PAGE,
    .log_later = true,
    .command = "rollcall observe"};

static struct db *db_of(struct sightings *store)
{
    return ((struct sightings_sqlite *)store)->db;
}

static void close_store(struct sightings *store)
{
    db_close(db_of(store));
    free(store);
}

/* ---- what was read ---- */

static int read_mark(struct sightings *store, const char *collector, const uint8_t input_id[SIGHTINGS_ID],
    struct arena *arena, struct sightings_mark *ret_mark, struct err_note *note)
{
    struct sightings_mark mark = {0};
    struct db_query query = db_query(db_of(store), SQL_INPUT_MARK, note);
    db_bind_text(&query, "a collector's name", collector, SIGHTINGS_MAX_COLLECTOR);
    db_bind_bytes(&query, input_id, SIGHTINGS_ID);
    if (db_row(&query)) {
        mark.end_record = (uint64_t)db_column(&query, 0);
        mark.last_record_hash = (uint64_t)db_column(&query, 1);
        mark.state = db_column_copy(&query, 2, arena, &mark.state_length);
    }
    int err = db_end(&query);
    if (!err)
        *ret_mark = mark;
    return err;
}

static int read_state_before(struct sightings *store, const char *collector, int64_t from_us, int64_t to_us,
    struct arena *arena, const uint8_t **ret_state, size_t *ret_length, struct err_note *note)
{
    const uint8_t *state = NULL;
    size_t length = 0;
    struct db_query query = db_query(db_of(store), SQL_INPUT_STATE_BEFORE, note);
    db_bind_text(&query, "a collector's name", collector, SIGHTINGS_MAX_COLLECTOR);
    db_bind_number(&query, from_us);
    db_bind_number(&query, to_us);
    if (db_row(&query))
        state = db_column_copy(&query, 0, arena, &length);
    int err = db_end(&query);
    if (!err) {
        *ret_state = state;
        *ret_length = length;
    }
    return err;
}

static void read_cover(struct db_query *query, struct arena *arena, struct sightings_cover *cover)
{
    size_t length;
    struct sightings_span *spans;
    const uint8_t *bytes = db_column_bytes(query, 0, &length);
    if (length == sizeof cover->input_id)
        memcpy(cover->input_id, bytes, length);
    cover->input = db_column_text(query, 1, arena);
    cover->from_us = db_column(query, 2);
    cover->to_us = db_column(query, 3);
    query->err = sightings_sqlite_spans(query, 4, arena, &spans, &cover->span_count);
    if (!query->err)
        cover->spans = spans;
    cover->prints = db_column_copy(query, 5, arena, &cover->prints_length);
}

static int read_covers(struct sightings *store, const char *collector, const uint8_t input_id[SIGHTINGS_ID],
    int64_t from_us, int64_t to_us, struct arena *arena, struct sightings_cover **ret_covers,
    size_t *ret_count, struct err_note *note)
{
    struct db_rows rows = {.size = sizeof(struct sightings_cover)};
    struct db_query query = db_query(db_of(store), SQL_SEGMENT_COVERS, note);
    db_bind_text(&query, "a collector's name", collector, SIGHTINGS_MAX_COLLECTOR);
    db_bind_bytes(&query, input_id, SIGHTINGS_ID);
    db_bind_number(&query, to_us);
    db_bind_number(&query, from_us);
    while (db_row(&query)) {
        struct sightings_cover *cover = db_rows_add(&rows, &query);
        if (cover)
            read_cover(&query, arena, cover);
    }
    return db_rows_end(&rows, &query, arena, ret_covers, ret_count);
}

/* ---- a segment ---- */

/* A name's number, given to it now if it has none. */
static int number_of(struct db *db, enum sql find, enum sql add, const char *name, size_t limit,
    int64_t *ret_id, struct err_note *note)
{
    struct db_query query = db_query(db, find, note);
    db_bind_text(&query, "a name", name, limit);
    bool found = db_row(&query);
    int64_t id = found ? db_column(&query, 0) : 0;
    int err = db_end(&query);
    if (!err && !found) {
        query = db_query(db, add, note);
        db_bind_text(&query, "a name", name, limit);
        err = db_finish(&query);
        id = sqlite3_last_insert_rowid(db->handle);
    }
    if (!err)
        *ret_id = id;
    return err;
}

static void bind_source(struct db_query *query, const uint8_t source[16])
{
    static const uint8_t mapped[IPV4] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    bool is_ipv4 = memcmp(source, mapped, sizeof mapped) == 0;
    db_bind_bytes(query, is_ipv4 ? source + IPV4 : source, is_ipv4 ? 4 : 16);
}

/* When, counted from the begin of the hour. */
static void bind_times(struct db_query *query, int64_t hour_us, int64_t first_us, int64_t last_us)
{
    db_bind_number(query, first_us - hour_us);
    db_bind_number(query, last_us - first_us);
}

/* Rows that one statement adds: to run it costs as much as some rows. */
struct bundle {
    struct db_query query;
    uint8_t sources[TOGETHER][16]; /* bound */
    size_t count;
};

static void bind_row(
    struct bundle *bundle, int64_t collector, int64_t zone, int64_t tagset, const struct tally_row *row)
{
    struct db_query *query = &bundle->query;
    uint8_t *source = bundle->sources[bundle->count++];
    const int64_t key[] = {collector, row->kind, row->hour_us / UTC_HOUR, zone, tagset, row->transport};
    for (size_t i = 0; i < sizeof key / sizeof *key; i++)
        db_bind_number(query, key[i]);
    memcpy(source, row->source, sizeof row->source);
    bind_source(query, source);
    db_bind_number(query, (int64_t)row->count);
    bind_times(query, row->hour_us, row->first_us, row->last_us);
    const int64_t values[] = {(int64_t)row->recursion_desired, (int64_t)row->dnssec_ok,
        (int64_t)row->checking_disabled, row->octets, (int64_t)row->truncated, row->udp_size};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        db_bind_number(query, values[i]);
}

/* Adds what is bound; the next bundle is begun. */
static int add_bundle(struct bundle *bundle)
{
    struct db_query *query = &bundle->query;
    int err = db_finish(query);
    *query = (struct db_query){.db = query->db, .statement = query->statement, .note = query->note};
    bundle->count = 0;
    return err;
}

/* Rows come sorted, so a zone or tag set is looked up only where it changes. */
static int add_sightings(
    struct db *db, int64_t collector, const struct tally_rows *rows, struct err_note *note)
{
    struct bundle bundle = {.query = db_query(db, SQL_SIGHTING_ADD, note)};
    const char *zone = NULL, *tags = NULL;
    int64_t zone_id = 0, tagset_id = 0;
    int err = 0;
    for (size_t i = 0; !err && i < rows->count; i++) {
        struct tally_row row;
        rows->row(rows->context, i, &row);
        if (!zone || strcmp(zone, row.zone) != 0)
            err = number_of(db, SQL_ZONE_ID, SQL_ZONE_ADD, row.zone, NAME_MAX_TEXT, &zone_id, note);
        if (!err && (!tags || strcmp(tags, row.tags) != 0))
            err = number_of(
                db, SQL_TAGSET_ID, SQL_TAGSET_ADD, row.tags, SIGHTING_MAX_TAGS_TEXT, &tagset_id, note);
        zone = row.zone;
        tags = row.tags;
        if (err)
            break;
        bind_row(&bundle, collector, zone_id, tagset_id, &row);
        if (bundle.count == TOGETHER || i + 1 == rows->count)
            err = add_bundle(&bundle);
    }
    db_end(&bundle.query);
    return err;
}

static int add_rows(struct db *db, int64_t collector, const struct tally_rows *rows, struct err_note *note)
{
    struct packer *packer;
    int err = packer_new(rows, &packer);
    if (err)
        return err_set(note, err, "no memory to write what was counted");
    err = add_sightings(db, collector, rows, note);
    if (!err)
        err = sightings_sqlite_add_traffic(db, collector, rows, packer, note);
    packer_free(packer);
    return err;
}

/* The input must stand where the segment begins. */
static int check_place(struct db *db, const struct sightings_segment *segment, struct err_note *note)
{
    struct db_query query = db_query(db, SQL_INPUT_MARK, note);
    db_bind_text(&query, "a collector's name", segment->collector, SIGHTINGS_MAX_COLLECTOR);
    db_bind_bytes(&query, segment->input_id, SIGHTINGS_ID);
    uint64_t stands = db_row(&query) ? (uint64_t)db_column(&query, 0) : 0;
    int err = db_end(&query);
    if (!err && stands != segment->first_record)
        err = err_set(note, ERR_DATA,
            "%s: another process has counted it up to record %" PRIu64
            " meanwhile (this one began at %" PRIu64 "); its counts stand, these are dropped",
            segment->input, stands, segment->first_record);
    return err;
}

static int advance_input(struct db *db, int64_t collector, const struct sightings_segment *segment,
    int64_t *ret_input, struct err_note *note)
{
    struct db_query query = db_query(db, SQL_INPUT_ADVANCE, note);
    db_bind_number(&query, collector);
    db_bind_bytes(&query, segment->input_id, SIGHTINGS_ID);
    db_bind_text(&query, "the name of an input", segment->input, MAX_INPUT);
    db_bind_number(&query, (int64_t)segment->end_record);
    db_bind_number(&query, (int64_t)segment->last_record_hash);
    db_bind_number(&query, segment->to_us);
    db_bind_bytes(&query, segment->state, segment->state_length);
    if (db_row(&query))
        *ret_input = db_column(&query, 0);
    return db_end(&query);
}

static int add_segment(
    struct db *db, int64_t input, const struct sightings_segment *segment, struct err_note *note)
{
    size_t length = segment->span_count * SIGHTINGS_SPAN;
    uint8_t *spans = malloc(length + 1);
    if (!spans)
        return err_set(note, ERR_NOMEM, "no memory for what a collector covers");
    sightings_spans_write(segment->spans, segment->span_count, spans);
    const int64_t values[] = {input, (int64_t)segment->first_record, (int64_t)segment->end_record,
        segment->from_us, segment->to_us, segment->written_us, (int64_t)segment->packets,
        (int64_t)segment->messages, (int64_t)segment->dropped, (int64_t)segment->overlapped,
        (int64_t)segment->malformed, (int64_t)segment->invalid, (int64_t)segment->too_big,
        (int64_t)segment->reassembly};
    struct db_query query = db_query(db, SQL_SEGMENT_ADD, note);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        db_bind_number(&query, values[i]);
    db_bind_bytes(&query, spans, length);
    db_bind_bytes(&query, segment->prints, segment->prints_length);
    int err = db_finish(&query);
    free(spans);
    return err;
}

static bool has_segments(struct db *db)
{
    struct db_query query = db_query(db, SQL_SEGMENT_ANY, NULL);
    bool any = db_row(&query) && db_column(&query, 0);
    return db_end(&query) == 0 && any;
}

/* The first segment of a new store, for many the only one, is written into the file: through a log it would
 * be written twice, though there is nothing yet that readers could wait for. SQLite keeps the few pages that
 * were there in a journal until the new ones are synced; whoever opens the file after a crash undoes what was
 * not. */
static void choose_way(struct sightings_sqlite *store)
{
    if (store->logs)
        return;
    store->logs = has_segments(store->db) && db_begin_log(store->db, NULL) == 0;
    db_run(store->db, store->logs ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL", NULL);
}

static int commit_segment(struct sightings *store, const struct sightings_segment *segment,
    const struct tally_rows *rows, struct err_note *note)
{
    struct db *db = db_of(store);
    int64_t collector = 0, input = 0;
    choose_way((struct sightings_sqlite *)store);
    int err = db_begin(db, note);
    if (err)
        return err;
    err = check_place(db, segment, note);
    if (!err)
        err = number_of(db, SQL_COLLECTOR_ID, SQL_COLLECTOR_ADD, segment->collector, SIGHTINGS_MAX_COLLECTOR,
            &collector, note);
    if (!err)
        err = add_rows(db, collector, rows, note);
    if (!err)
        err = advance_input(db, collector, segment, &input, note);
    if (!err)
        err = add_segment(db, input, segment, note);
    if (!err)
        return db_commit(db, note);
    db_rollback(db);
    return err;
}

/* ---- opening ---- */

static int open_store(const char *where, bool read_only, struct sightings **ret_store, struct err_note *note)
{
    if (*where == ':') /* ":memory:", and whatever else may once mean something to SQLite */
        return err_set(note, ERR_USAGE, "%s: a store is a file, or clickhouse://…", where);
    struct sightings_sqlite *store = calloc(1, sizeof *store);
    if (!store)
        return err_set(note, ERR_NOMEM, "no memory to open %s", where);
    store->base = (struct sightings){.backend = &sightings_sqlite, .read_only = read_only};
    int err = db_open_path(where, &sightings_kind, read_only, &store->db, note);
    if (err)
        free(store);
    else
        *ret_store = &store->base;
    return err;
}

const struct sightings_backend sightings_sqlite = {
    .open = open_store,
    .close = close_store,
    .mark = read_mark,
    .covers = read_covers,
    .state_before = read_state_before,
    .commit = commit_segment,
    .ask = sightings_sqlite_ask,
    .scan = sightings_sqlite_scan,
};

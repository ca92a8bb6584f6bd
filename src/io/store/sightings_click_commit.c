/* Rows go first, under an id that was never used; then their number is compared with what was sent, which
 * finds every body that was cut off or sent twice on the way; then the record of the segment is written, one
 * row on one shard, all or nothing. Whatever goes wrong before the record leaves rows that do not count, and
 * all of them are sent again under another id. A record of which it is not known whether it arrived is looked
 * for and sent again: twice the same is once. */
#include "io/store/sightings_click.h"
#include "click_statements.h"

#include "base/utc.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

enum {
    BATCH_ROWS = 1 << 20,
    /* A partition is a month, and ClickHouse takes at most 100 of them in one piece. */
    BATCH_MONTHS = 90,
};

/* Rows of one table on their way. */
struct batch {
    const struct sightings_segment *segment;
    const struct tally_rows *rows;
    const uint8_t *id;
    bool traffic;
    size_t at, end;
    int64_t from_us; /* of the first row of the batch */
    bool started;
};

static size_t row_count(const struct batch *batch)
{
    return batch->traffic ? batch->rows->traffic_count : batch->rows->count;
}

static int64_t hour_of(const struct batch *batch, size_t i)
{
    struct tally_row row;
    struct tally_traffic traffic;
    if (batch->traffic)
        return batch->rows->traffic(batch->rows->context, i, &traffic), traffic.hour_us;
    return batch->rows->row(batch->rows->context, i, &row), row.hour_us;
}

static void add_sighting(struct click_rows *out, const struct batch *batch, const struct tally_row *row)
{
    click_row_fixed(out, batch->id, SIGHTINGS_ID);
    click_row_string(out, batch->segment->collector);
    click_row_number(out, (uint64_t)row->hour_us, 8);
    click_row_string(out, row->zone);
    click_row_number(out, row->kind, 1);
    click_row_number(out, row->transport, 1);
    click_row_string(out, row->tags);
    click_row_fixed(out, row->source, sizeof row->source);
    click_row_number(out, row->count, 8);
    click_row_number(out, row->recursion_desired, 8);
    click_row_number(out, row->dnssec_ok, 8);
    click_row_number(out, row->checking_disabled, 8);
    click_row_number(out, row->octets, 4);
    click_row_number(out, row->truncated, 8);
    click_row_number(out, row->udp_size, 2);
    click_row_number(out, (uint64_t)row->first_us, 8);
    click_row_number(out, (uint64_t)row->last_us, 8);
}

static void add_traffic(struct click_rows *out, const struct batch *batch, const struct tally_traffic *row)
{
    const uint64_t counts[] = {row->queries, row->answers, row->tcp, row->edns, row->dnssec_ok,
        row->recursion_desired, row->checking_disabled, row->dnskey, row->truncated};
    click_row_fixed(out, batch->id, SIGHTINGS_ID);
    click_row_string(out, batch->segment->collector);
    click_row_number(out, (uint64_t)row->hour_us, 8);
    click_row_fixed(out, row->source, sizeof row->source);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        click_row_number(out, counts[i], 8);
    click_row_number(out, row->udp_size_least, 2);
    click_row_number(out, row->udp_size_most, 2);
    click_row_number(out, row->names, 8);
    click_row_number(out, row->ports, 4);
    click_row_number(out, (uint64_t)row->first_us, 8);
    click_row_number(out, (uint64_t)row->last_us, 8);
}

static void fill(void *context, struct click_rows *out)
{
    struct batch *batch = context;
    struct tally_row row;
    struct tally_traffic traffic;
    if (batch->at == batch->end)
        return;
    int64_t hour_us;
    struct click_rows before = *out;
    if (batch->traffic) {
        batch->rows->traffic(batch->rows->context, batch->at, &traffic);
        hour_us = traffic.hour_us;
        add_traffic(out, batch, &traffic);
    } else {
        batch->rows->row(batch->rows->context, batch->at, &row);
        hour_us = row.hour_us;
        add_sighting(out, batch, &row);
    }
    if (!batch->started)
        batch->from_us = hour_us;
    batch->started = true;
    if (hour_us - batch->from_us > BATCH_MONTHS * 28 * UTC_DAY) {
        out->length = before.length; /* this one begins the next batch */
        batch->end = batch->at;
    } else {
        batch->at++;
    }
}

/* How many rows of the segment are in the table. */
static int count_rows(struct sightings_click *store, const struct batch *batch, const char *table,
    uint64_t *ret_count, struct err_note *note)
{
    const struct click_sql_value values[] = {{"table", CLICK_SQL_PART, .text = table},
        {"id", CLICK_SQL_ID, .id = batch->id}, {"from", CLICK_SQL_NUMBER, .number = hour_of(batch, 0)},
        {"to", CLICK_SQL_NUMBER, .number = hour_of(batch, row_count(batch) - 1)}, {0}};
    return sightings_click_number(store, click_written, values, ret_count, note);
}

static int insert(struct sightings_click *store, const char *table, const char *columns,
    click_fill_fn *filler, void *context, struct err_note *note)
{
    struct text names, sql;
    text_start(&names);
    text_start(&sql);
    sightings_click_names(&names, columns);
    const struct click_sql_value values[] = {{"database", CLICK_SQL_NAME, .text = store->url.database},
        {"table", CLICK_SQL_PART, .text = table}, {"names", CLICK_SQL_PART, .text = names.string}, {0}};
    click_sql_add(&sql, click_insert_rows, values);
    click_settings(store->click, store->distributed ? "&insert_distributed_sync=1" : "");
    int rc = sql.failed || names.failed ? err_set(note, ERR_NOMEM, "no memory for a statement")
                                        : click_insert(store->click, sql.string, filler, context, note);
    click_settings(store->click, "");
    text_free(&names);
    text_free(&sql);
    return rc;
}

static int write_table(struct sightings_click *store, struct batch *batch, struct err_note *note)
{
    static const char *const tables[2][2] = {{"{database}.sighting_local", "{database}.sighting"},
        {"{database}.traffic_local", "{database}.traffic"}};
    const char *table = tables[batch->traffic][store->distributed];
    const char *columns = batch->traffic ? click_traffic_columns : click_sighting_columns;
    size_t all = row_count(batch);
    while (batch->at < all) {
        batch->started = false;
        batch->end = all - batch->at < BATCH_ROWS ? all : batch->at + BATCH_ROWS;
        int rc = insert(store, table, columns, fill, batch, note);
        if (rc)
            return rc;
    }
    uint64_t found = 0;
    int rc = all ? count_rows(store, batch, table, &found, note) : 0;
    if (!rc && found != all)
        rc = err_set(note, ERR_UNAVAILABLE, "ClickHouse at %s has %llu rows of %zu that were sent",
            click_host(store->click), (unsigned long long)found, all);
    return rc;
}

static int write_rows(struct sightings_click *store, const struct sightings_segment *segment,
    const struct tally_rows *rows, const uint8_t *id, struct err_note *note)
{
    int rc = 0;
    for (int traffic = 0; traffic < 2 && !rc; traffic++) {
        struct batch batch = {.segment = segment, .rows = rows, .id = id, .traffic = traffic != 0};
        rc = write_table(store, &batch, note);
    }
    return rc;
}

/* ---- the record ---- */

struct record {
    const struct sightings_segment *segment;
    const uint8_t *id;
    bool sent;
};

static void add_record(void *context, struct click_rows *out)
{
    struct record *record = context;
    const struct sightings_segment *segment = record->segment;
    if (record->sent)
        return;
    record->sent = true;
    const uint64_t numbers[] = {segment->first_record, segment->end_record, segment->last_record_hash,
        (uint64_t)segment->from_us, (uint64_t)segment->to_us, (uint64_t)segment->written_us, segment->packets,
        segment->messages, segment->dropped, segment->overlapped, segment->malformed, segment->invalid,
        segment->too_big, segment->reassembly};
    click_row_fixed(out, record->id, SIGHTINGS_ID);
    click_row_string(out, segment->collector);
    click_row_string(out, segment->input);
    click_row_fixed(out, segment->input_id, SIGHTINGS_ID);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        click_row_number(out, numbers[i], 8);
    click_row_length(out, segment->span_count);
    for (size_t i = 0; i < segment->span_count; i++)
        click_row_number(out, (uint64_t)segment->spans[i].from_us, 8);
    click_row_length(out, segment->span_count);
    for (size_t i = 0; i < segment->span_count; i++)
        click_row_number(out, (uint64_t)segment->spans[i].to_us, 8);
    click_row_length(out, segment->span_count);
    for (size_t i = 0; i < segment->span_count; i++)
        click_row_number(out, segment->spans[i].packets, 8);
    click_row_bytes(out, segment->prints, segment->prints_length);
    click_row_bytes(out, segment->state, segment->state_length);
}

static int record_is_there(
    struct sightings_click *store, const struct record *record, bool *ret_there, struct err_note *note)
{
    uint64_t found = 0;
    const struct click_sql_value values[] = {
        {"collector", CLICK_SQL_STRING, .text = record->segment->collector},
        {"input", CLICK_SQL_ID, .id = record->segment->input_id},
        {"first", CLICK_SQL_NUMBER, .number = (int64_t)record->segment->first_record},
        {"id", CLICK_SQL_ID, .id = record->id}, {0}};
    int rc = sightings_click_number(store, click_committed, values, &found, note);
    if (!rc)
        *ret_there = found != 0;
    return rc;
}

static int write_record(struct sightings_click *store, const struct sightings_segment *segment,
    const uint8_t *id, struct err_note *note)
{
    const char *table = store->distributed ? "{database}.segment" : "{database}.segment_local";
    int rc = ERR_UNAVAILABLE;
    for (unsigned attempt = 0; rc == ERR_UNAVAILABLE && sightings_click_again(attempt); attempt++) {
        struct record record = {segment, id, false};
        struct err_note later;
        bool there = false;
        if (attempt)
            sightings_click_next_host(store, &later);
        if (attempt && record_is_there(store, &record, &there, &later) == 0 && there)
            return 0;
        rc = insert(store, table, click_segment_columns, add_record, &record, note);
        if (rc == 0) /* asked of the table itself: who said so may have been somebody in between */
            rc = record_is_there(store, &record, &there, note);
        if (rc == 0 && !there)
            rc = err_set(note, ERR_UNAVAILABLE, "ClickHouse at %s does not have the record that was sent",
                click_host(store->click));
    }
    return rc;
}

/* ---- a segment ---- */

static int other_process(const struct sightings_segment *segment, uint64_t end, struct err_note *note)
{
    return err_set(note, ERR_DATA,
        "%s of collector %s: another process has written it up to record %llu meanwhile", segment->input,
        segment->collector, (unsigned long long)end);
}

/* Before: whether the segments of the input end where this one begins. */
static int check_begin(
    struct sightings_click *store, const struct sightings_segment *segment, struct err_note *note)
{
    struct text counted;
    uint64_t end = 0;
    text_start(&counted);
    int rc = sightings_click_end(store, segment->collector, segment->input_id, &end, &counted, note);
    text_free(&counted);
    return !rc && end != segment->first_record ? other_process(segment, end, note) : rc;
}

/* After: whether it counts, or that of another process does, which was written at the same time. */
static int check_counts(struct sightings_click *store, const struct sightings_segment *segment,
    const uint8_t *id, struct err_note *note)
{
    struct text counted;
    uint64_t end = 0;
    char hex[2 * SIGHTINGS_ID + 1];
    for (int i = 0; i < SIGHTINGS_ID; i++)
        snprintf(hex + 2 * i, sizeof hex - 2 * (size_t)i, "%02X", id[i]);
    text_start(&counted);
    /* If it cannot be told, the next one will: it must begin where the segments end. */
    int rc = sightings_click_end(store, segment->collector, segment->input_id, &end, &counted, NULL);
    bool lost = !rc && strstr(counted.string, hex);
    text_free(&counted);
    return lost ? other_process(segment, end, note) : 0;
}

static int commit_once(struct sightings_click *store, const struct sightings_segment *segment,
    const struct tally_rows *rows, bool *ret_final, struct err_note *note)
{
    uint8_t id[SIGHTINGS_ID];
    if (getrandom(id, sizeof id, 0) != (ssize_t)sizeof id)
        return err_set(note, ERR_INTERNAL, "no random bytes");
    int rc = check_begin(store, segment, note);
    if (!rc)
        rc = write_rows(store, segment, rows, id, note);
    if (rc)
        return rc;
    /* From here on the segment may be there: it must not be written under another id. */
    *ret_final = true;
    rc = write_record(store, segment, id, note);
    return rc ? rc : check_counts(store, segment, id, note);
}

int sightings_click_commit(struct sightings *base, const struct sightings_segment *segment,
    const struct tally_rows *rows, struct err_note *note)
{
    struct sightings_click *store = (struct sightings_click *)base;
    int rc = ERR_UNAVAILABLE;
    bool final = false;
    for (unsigned attempt = 0; rc == ERR_UNAVAILABLE && !final && sightings_click_again(attempt); attempt++) {
        struct err_note later;
        if (attempt)
            sightings_click_next_host(store, &later);
        rc = commit_once(store, segment, rows, &final, note);
    }
    return rc;
}

/* Rows stream by as ClickHouse reads them, in its order: mostly zone and tag set are those of the row before,
 * and are looked at where they change. What has been handed out cannot be taken back, so all that may fail at
 * the outset (no host, a shard that is away) is asked before; and should a segment that does not count have
 * come up meanwhile, rows may have come twice, and the scan fails. */
#include "io/store/sightings_click.h"
#include "click_statements.h"

#include "base/utc.h"
#include "core/dns/name.h"

#include <stdlib.h>
#include <string.h>

enum {
    MOST_HOUR = 100 * 1000 * 1000, /* beyond the year 9999; no product overflows */
    KNOWN = 64,
};

/* A collector's name that was looked for. */
struct known {
    const char *name;
    size_t length;
    unsigned number;
};

struct scanning {
    struct sightings_click *store;
    const struct sightings_question *question;
    const struct sightings_scan *scan;
    struct arena *arena;
    struct sightings_coverage *coverage;
    const char **names; /* of collectors, sorted, as in the coverage */
    size_t name_count;
    struct known known[KNOWN];
    bool began; /* something was handed out */
    /* Of the row before. */
    char zone[NAME_MAX_TEXT + 1], tags[SIGHTING_MAX_TAGS_TEXT + 1];
    size_t zone_length, tags_length;
    bool are_tags; /* not only the reason of what is malformed */
    uint8_t *ids;  /* of the segments that count */
    size_t id_count, id_capacity;
};

static int foreign(const char *what, struct err_note *note)
{
    return err_set(
        note, ERR_DATA, "a row that makes no sense (%s): the tables are not rollcall's, or damaged", what);
}

/* ---- collectors ---- */

static int find_collectors(
    struct scanning *scanning, const struct click_sql_value *values, struct err_note *note)
{
    int rc = sightings_click_cover(
        scanning->store, values, scanning->arena, &scanning->coverage, &scanning->name_count, note);
    if (rc)
        return rc;
    memset(scanning->known, 0, sizeof scanning->known);
    scanning->names = arena_alloc(scanning->arena, (scanning->name_count + 1) * sizeof *scanning->names);
    if (!scanning->names)
        return err_set(note, ERR_NOMEM, "no memory for the names of collectors");
    for (size_t i = 0; i < scanning->name_count; i++)
        scanning->names[i] = scanning->coverage[i].collector;
    return 0;
}

static int compare(const char *name, const struct click_value *value)
{
    size_t length = strlen(name);
    int order = memcmp(name, value->bytes, length < value->length ? length : value->length);
    return order ? order : (length > value->length) - (length < value->length);
}

/* Where the name was found that comes first to mind. */
static struct known *known_of(struct scanning *scanning, const struct click_value *value)
{
    size_t length = value->length;
    uint8_t ends = length ? (uint8_t)(value->bytes[0] * 5 + value->bytes[length - 1]) : 0;
    return &scanning->known[(ends + length * 11) % KNOWN];
}

/* False: one that has come up since they were asked for. Collectors come in turns. */
static bool find_name(struct scanning *scanning, const struct click_value *value, unsigned *ret_number)
{
    struct known *known = known_of(scanning, value);
    size_t low = 0, high = scanning->name_count;
    if (known->name && known->length == value->length &&
        memcmp(known->name, value->bytes, known->length) == 0) {
        *ret_number = known->number;
        return true;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const char *name = scanning->names[middle];
        int order = compare(name, value);
        if (order == 0) {
            *known = (struct known){name, value->length, (unsigned)middle};
            *ret_number = known->number;
            return true;
        }
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    return false;
}

/* Hands the names out, once, as soon as it is known that rows come. */
static int begin(struct scanning *scanning)
{
    const struct sightings_scan *scan = scanning->scan;
    if (scanning->began)
        return 0;
    scanning->began = true;
    return scan->collectors ? scan->collectors(scan->context, scanning->names, scanning->name_count) : 0;
}

/* ---- rows ---- */

static bool hour_fits(int64_t hour_us)
{
    int64_t hour = hour_us / UTC_HOUR;
    return hour_us % UTC_HOUR == 0 && hour <= MOST_HOUR && hour >= -MOST_HOUR;
}

/* Keeps a string unless it is the one from before. False: it is too long, or none. */
static bool keep(char *out, size_t size, size_t *length, const struct click_value *value, bool *ret_new)
{
    *ret_new = *length != value->length || (*length && memcmp(out, value->bytes, *length) != 0);
    if (!*ret_new)
        return true;
    if (value->length >= size || !click_row_text(value))
        return false;
    if (value->length)
        memcpy(out, value->bytes, value->length);
    out[value->length] = '\0';
    *length = value->length;
    return true;
}

static int keep_strings(struct scanning *scanning, const struct click_value *zone,
    const struct click_value *tags, uint8_t kind, struct err_note *note)
{
    bool is_new;
    if (!keep(scanning->zone, sizeof scanning->zone, &scanning->zone_length, zone, &is_new))
        return foreign("a zone", note);
    if (!keep(scanning->tags, sizeof scanning->tags, &scanning->tags_length, tags, &is_new))
        return foreign("a tag set", note);
    if (is_new) {
        uint16_t found[TASIGNAL_MAX_OPTION];
        unsigned count;
        scanning->are_tags = sighting_tags_parse(scanning->tags, found, &count) == 0;
    }
    return scanning->are_tags || kind == SIGHTING_INVALID ? 0 : foreign("a tag set", note);
}

/* Columns of click_scan_rows and click_scan_traffic, with their types. */
#define ROW_TYPES "sis11sf8888482ii1"
enum {
    ROW_COLLECTOR,
    ROW_HOUR,
    ROW_ZONE,
    ROW_KIND,
    ROW_TRANSPORT,
    ROW_TAGS,
    ROW_SOURCE,
    ROW_COUNT,
    ROW_RECURSION_DESIRED,
    ROW_DNSSEC_OK,
    ROW_CHECKING_DISABLED,
    ROW_OCTETS,
    ROW_TRUNCATED,
    ROW_UDP_SIZE,
    ROW_FIRST,
    ROW_LAST,
};

#define TRAFFIC_TYPES "sif8888888882284ii1"
enum {
    TRAFFIC_COLLECTOR,
    TRAFFIC_HOUR,
    TRAFFIC_SOURCE,
    TRAFFIC_QUERIES,
    TRAFFIC_ANSWERS,
    TRAFFIC_TCP,
    TRAFFIC_EDNS,
    TRAFFIC_DNSSEC_OK,
    TRAFFIC_RECURSION_DESIRED,
    TRAFFIC_CHECKING_DISABLED,
    TRAFFIC_DNSKEY,
    TRAFFIC_TRUNCATED,
    TRAFFIC_UDP_LEAST,
    TRAFFIC_UDP_MOST,
    TRAFFIC_NAMES,
    TRAFFIC_PORTS,
    TRAFFIC_FIRST,
    TRAFFIC_LAST,
};

/* Of the block at hand. */
struct place {
    struct click_native *native;
    const uint8_t *bytes;
    size_t row;
};

static inline uint64_t number(const struct place *at, size_t column)
{
    return click_native_number(at->native, at->bytes, column, at->row, sizeof(uint64_t));
}

static inline uint32_t number_4(const struct place *at, size_t column)
{
    return (uint32_t)click_native_number(at->native, at->bytes, column, at->row, sizeof(uint32_t));
}

static inline uint16_t number_2(const struct place *at, size_t column)
{
    return (uint16_t)click_native_number(at->native, at->bytes, column, at->row, sizeof(uint16_t));
}

static inline uint8_t number_1(const struct place *at, size_t column)
{
    return (uint8_t)click_native_number(at->native, at->bytes, column, at->row, sizeof(uint8_t));
}

static inline struct click_value string(const struct place *at, size_t column)
{
    return click_native_string(at->native, at->bytes, column);
}

static inline void copy_source(const struct place *at, size_t column, uint8_t out[16])
{
    memcpy(out, click_native_fixed(at->native, at->bytes, column, at->row), 16);
}

static int take_row(struct scanning *scanning, const struct place *at, struct err_note *note)
{
    struct tally_row row = {.hour_us = (int64_t)number(at, ROW_HOUR),
        .zone = scanning->zone,
        .kind = number_1(at, ROW_KIND),
        .transport = number_1(at, ROW_TRANSPORT),
        .tags = scanning->tags,
        .count = number(at, ROW_COUNT),
        .recursion_desired = number(at, ROW_RECURSION_DESIRED),
        .dnssec_ok = number(at, ROW_DNSSEC_OK),
        .checking_disabled = number(at, ROW_CHECKING_DISABLED),
        .octets = number_4(at, ROW_OCTETS),
        .truncated = number(at, ROW_TRUNCATED),
        .udp_size = number_2(at, ROW_UDP_SIZE),
        .first_us = (int64_t)number(at, ROW_FIRST),
        .last_us = (int64_t)number(at, ROW_LAST)};
    struct click_value name = string(at, ROW_COLLECTOR), zone = string(at, ROW_ZONE),
                       tags = string(at, ROW_TAGS);
    unsigned collector;
    copy_source(at, ROW_SOURCE, row.source);
    int err = keep_strings(scanning, &zone, &tags, row.kind, note);
    if (err)
        return err;
    const char *fault = hour_fits(row.hour_us) ? sightings_row_fault(&row, row.hour_us, UTC_HOUR) : "an hour";
    if (fault)
        return foreign(fault, note);
    err = begin(scanning);
    if (err || !find_name(scanning, &name, &collector))
        return err;
    return scanning->scan->row(scanning->scan->context, collector, &row);
}

static int take_traffic(struct scanning *scanning, const struct place *at, struct err_note *note)
{
    struct tally_traffic row = {.hour_us = (int64_t)number(at, TRAFFIC_HOUR),
        .queries = number(at, TRAFFIC_QUERIES),
        .answers = number(at, TRAFFIC_ANSWERS),
        .tcp = number(at, TRAFFIC_TCP),
        .edns = number(at, TRAFFIC_EDNS),
        .dnssec_ok = number(at, TRAFFIC_DNSSEC_OK),
        .recursion_desired = number(at, TRAFFIC_RECURSION_DESIRED),
        .checking_disabled = number(at, TRAFFIC_CHECKING_DISABLED),
        .dnskey = number(at, TRAFFIC_DNSKEY),
        .truncated = number(at, TRAFFIC_TRUNCATED),
        .udp_size_least = number_2(at, TRAFFIC_UDP_LEAST),
        .udp_size_most = number_2(at, TRAFFIC_UDP_MOST),
        .names = number(at, TRAFFIC_NAMES),
        .ports = number_4(at, TRAFFIC_PORTS),
        .first_us = (int64_t)number(at, TRAFFIC_FIRST),
        .last_us = (int64_t)number(at, TRAFFIC_LAST)};
    struct click_value name = string(at, TRAFFIC_COLLECTOR);
    unsigned collector;
    copy_source(at, TRAFFIC_SOURCE, row.source);
    const char *fault =
        hour_fits(row.hour_us) ? sightings_traffic_fault(&row, row.hour_us, UTC_HOUR) : "an hour";
    if (fault)
        return foreign(fault, note);
    int err = begin(scanning);
    if (err || !find_name(scanning, &name, &collector))
        return err;
    return scanning->scan->traffic(scanning->scan->context, collector, &row);
}

static int take_rows(void *context, struct click_native *native, const uint8_t *bytes, struct err_note *note)
{
    int err = 0;
    for (struct place at = {native, bytes, 0}; !err && at.row < native->rows; at.row++)
        err = take_row(context, &at, note);
    return err;
}

static int take_traffics(
    void *context, struct click_native *native, const uint8_t *bytes, struct err_note *note)
{
    int err = 0;
    for (struct place at = {native, bytes, 0}; !err && at.row < native->rows; at.row++)
        err = take_traffic(context, &at, note);
    return err;
}

/* ---- what counts ---- */

static int take_id(void *context, const struct click_value *values, struct err_note *note)
{
    struct scanning *scanning = context;
    uint8_t *ids =
        sightings_click_room(scanning->ids, scanning->id_count, &scanning->id_capacity, SIGHTINGS_ID);
    if (!ids)
        return err_set(note, ERR_NOMEM, "no memory for what counts");
    scanning->ids = ids;
    memcpy(ids + scanning->id_count++ * SIGHTINGS_ID, values[0].bytes, SIGHTINGS_ID);
    return 0;
}

/* ---- the whole ---- */

/* The values are those of a question and one more, the table. */
static int stream(struct scanning *scanning, const struct sightings_click_shards *shards,
    const char *statement, struct click_sql_value *values, const char *table, const char *types,
    click_block_fn *block, struct err_note *note)
{
    struct text sql;
    text_start(&sql);
    values[SIGHTINGS_CLICK_BOUNDS] = (struct click_sql_value){"table", CLICK_SQL_PART, .text = table};
    sightings_click_sql(scanning->store, &sql, statement, values);
    const struct click_question question = {sql.string, types, scanning->ids, scanning->id_count};
    int rc = sql.failed ? err_set(note, ERR_NOMEM, "no memory for a question to ClickHouse")
                        : click_stream(shards->clicks, shards->count, &question, block, scanning, note);
    text_free(&sql);
    return rc;
}

static int stream_both(struct scanning *scanning, const struct sightings_click_shards *shards,
    struct click_sql_value *values, const char *rows, const char *traffic, struct err_note *note)
{
    int rc = stream(scanning, shards, click_scan_rows, values, rows, ROW_TYPES, take_rows, note);
    return rc ? rc
              : stream(scanning, shards, click_scan_traffic, values, traffic, TRAFFIC_TYPES, take_traffics,
                    note);
}

/* From each shard its own rows; and if that fails before any has come, as they come otherwise. */
static int stream_all(struct scanning *scanning, struct click_sql_value *values, struct err_note *note)
{
    struct sightings_click_shards shards;
    const struct sightings_click_shards one = {{scanning->store->click}, 1};
    int rc = ERR_UNAVAILABLE;
    if (sightings_click_shards(scanning->store, &shards)) {
        rc = stream_both(
            scanning, &shards, values, "{database}.sighting_local", "{database}.traffic_local", note);
        sightings_click_shards_free(scanning->store, &shards);
    }
    if (!rc || scanning->began)
        return rc;
    return stream_both(scanning, &one, values, "{sighting}", "{traffic}", note);
}

static int scan_counted(struct scanning *scanning, const char *counted, struct err_note *note)
{
    struct click_sql_value values[SIGHTINGS_CLICK_BOUNDS + 2] = {0};
    struct sightings_click *store = scanning->store;
    sightings_click_bounds(scanning->question, counted, values);
    int rc = find_collectors(scanning, values, note);
    scanning->id_count = 0;
    rc = rc ? rc : sightings_click_run(store, click_ids, values, "f", take_id, scanning, note);
    rc = rc ? rc : stream_all(scanning, values, note);
    return rc ? rc : begin(scanning);
}

static int scan_once(struct sightings_click *store, void *context, struct err_note *note)
{
    struct scanning *scanning = context;
    const char *collector = scanning->question->collector;
    struct text before, after;
    text_start(&before);
    text_start(&after);
    int rc = sightings_click_counted(store, collector, &before, note);
    rc = rc ? rc : scan_counted(scanning, before.string, note);
    rc = rc ? rc : sightings_click_counted(store, collector, &after, note);
    if (!rc && strcmp(before.string, after.string) != 0)
        rc = err_set(note, ERR_UNAVAILABLE, "several processes write the same input; ask again later");
    text_free(&before);
    text_free(&after);
    return rc;
}

static bool may_again(const void *context)
{
    return !((const struct scanning *)context)->began;
}

int sightings_click_scan(struct sightings *base, const struct sightings_question *question,
    const struct sightings_scan *scan, struct arena *arena, struct sightings_scanned *ret_scanned,
    struct err_note *note)
{
    struct scanning *scanning = calloc(1, sizeof *scanning);
    const char *missing;
    int rc = scanning ? 0 : err_set(note, ERR_NOMEM, "no memory to read what was counted");
    if (!rc) {
        *scanning = (struct scanning){.store = (struct sightings_click *)base,
            .question = question,
            .scan = scan,
            .arena = arena,
            .are_tags = true};
        rc = sightings_click_try(scanning->store, scan_once, may_again, scanning, arena, &missing, note);
    }
    if (!rc)
        *ret_scanned =
            (struct sightings_scanned){scanning->coverage, scanning->name_count, missing != NULL, missing};
    free(scanning ? scanning->ids : NULL);
    free(scanning);
    return rc;
}

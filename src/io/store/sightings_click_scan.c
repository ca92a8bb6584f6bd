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

enum { MOST_HOUR = 100 * 1000 * 1000 }; /* beyond the year 9999; no product overflows */

struct scanning {
    struct sightings_click *store;
    const struct sightings_question *question;
    const struct sightings_scan *scan;
    struct arena *arena;
    struct sightings_coverage *coverage;
    const char **names; /* of collectors, sorted, as in the coverage */
    size_t name_count, last_name;
    bool began; /* something was handed out */
    /* Of the row before. */
    char zone[NAME_MAX_TEXT + 1], tags[SIGHTING_MAX_TAGS_TEXT + 1];
    size_t zone_length, tags_length;
    bool are_tags; /* not only the reason of what is malformed */
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
    scanning->last_name = 0;
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

/* False: one that has come up since they were asked for. */
static bool find_name(struct scanning *scanning, const struct click_value *value, unsigned *ret_number)
{
    size_t low = 0, high = scanning->name_count;
    if (high && compare(scanning->names[scanning->last_name], value) == 0) {
        *ret_number = (unsigned)scanning->last_name;
        return true;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare(scanning->names[middle], value);
        if (order == 0) {
            scanning->last_name = middle;
            *ret_number = (unsigned)middle;
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

static int take_row(void *context, const struct click_value *values, struct err_note *note)
{
    struct scanning *scanning = context;
    struct tally_row row = {.hour_us = (int64_t)values[1].number,
        .zone = scanning->zone,
        .kind = (uint8_t)values[3].number,
        .transport = (uint8_t)values[4].number,
        .tags = scanning->tags,
        .count = values[7].number,
        .recursion_desired = values[8].number,
        .dnssec_ok = values[9].number,
        .checking_disabled = values[10].number,
        .octets = (uint32_t)values[11].number,
        .truncated = values[12].number,
        .udp_size = (uint16_t)values[13].number,
        .first_us = (int64_t)values[14].number,
        .last_us = (int64_t)values[15].number};
    unsigned collector;
    memcpy(row.source, values[6].bytes, sizeof row.source);
    int err = keep_strings(scanning, &values[2], &values[5], row.kind, note);
    if (err)
        return err;
    const char *fault = hour_fits(row.hour_us) ? sightings_row_fault(&row, row.hour_us, UTC_HOUR) : "an hour";
    if (fault)
        return foreign(fault, note);
    err = begin(scanning);
    if (err || !find_name(scanning, &values[0], &collector))
        return err;
    return scanning->scan->row(scanning->scan->context, collector, &row);
}

static int take_traffic(void *context, const struct click_value *values, struct err_note *note)
{
    struct scanning *scanning = context;
    struct tally_traffic row = {.hour_us = (int64_t)values[1].number,
        .queries = values[3].number,
        .answers = values[4].number,
        .tcp = values[5].number,
        .edns = values[6].number,
        .dnssec_ok = values[7].number,
        .recursion_desired = values[8].number,
        .checking_disabled = values[9].number,
        .dnskey = values[10].number,
        .truncated = values[11].number,
        .udp_size_least = (uint16_t)values[12].number,
        .udp_size_most = (uint16_t)values[13].number,
        .names = values[14].number,
        .ports = (uint32_t)values[15].number,
        .first_us = (int64_t)values[16].number,
        .last_us = (int64_t)values[17].number};
    unsigned collector;
    memcpy(row.source, values[2].bytes, sizeof row.source);
    const char *fault =
        hour_fits(row.hour_us) ? sightings_traffic_fault(&row, row.hour_us, UTC_HOUR) : "an hour";
    if (fault)
        return foreign(fault, note);
    int err = begin(scanning);
    if (err || !find_name(scanning, &values[0], &collector))
        return err;
    return scanning->scan->traffic(scanning->scan->context, collector, &row);
}

/* ---- the whole ---- */

static int scan_counted(struct scanning *scanning, const char *counted, struct err_note *note)
{
    struct click_sql_value values[SIGHTINGS_CLICK_BOUNDS + 1];
    struct sightings_click *store = scanning->store;
    sightings_click_bounds(scanning->question, counted, values);
    int rc = find_collectors(scanning, values, note);
    if (!rc)
        rc = sightings_click_stream(
            store, click_scan_rows, values, "sis11sf8888482ii1", take_row, scanning, note);
    if (!rc)
        rc = sightings_click_stream(
            store, click_scan_traffic, values, "sif8888888882284ii1", take_traffic, scanning, note);
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
    free(scanning);
    return rc;
}

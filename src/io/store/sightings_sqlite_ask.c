/* SQL hands out the rows of the question's time, sorted as they lie; they are added up here. Rows of one
 * collector, kind, hour, zone and tag set come one after the other and go to the same lines. Some of them at
 * a time are taken together (sightings_count.h tells why). */
#include "io/store/sightings_count.h"
#include "io/store/sightings_sqlite.h"
#include "io/store/sightings_traffic.h"

#include "base/utc.h"

#include <stdlib.h>
#include <string.h>

enum { TOGETHER = 64 }; /* rows */

struct row {
    uint8_t address[16];
    uint64_t count;
    int64_t first_us, last_us;
    struct count_source *source;
};

struct ask {
    struct db *db;
    const struct sightings_question *question;
    struct arena *arena;
    struct err_note *note;
    struct sightings_sqlite_names collectors, zones, tagsets;
    struct count count;
    int64_t from_hour, to_hour;
    int64_t zone; /* the question's; 0: every one, -1: one that the store does not know */
    /* The group of rows at hand; what lines it goes to, unless that depends on the source; those of its rows
     * that are not added yet. */
    uint32_t collector;
    enum sighting_kind kind; /* SIGHTING_NONE: traffic, which goes to no line */
    int64_t hour, group_zone, group_tagset;
    bool counts; /* not of another zone than the question's */
    uint32_t lines[TASIGNAL_MAX_OPTION];
    unsigned line_count;
    struct row rows[TOGETHER];
    unsigned row_count;
    struct tally_traffic traffic[TRAFFIC_MOST]; /* of the block at hand */
};

static int no_memory(const struct ask *ask)
{
    return err_set(ask->note, ERR_NOMEM, "no memory to count what is in %s", ask->db->path);
}

static int damaged(const struct ask *ask, const char *what)
{
    return sightings_sqlite_damaged(ask->db, what, ask->note);
}

/* ---- rows ---- */

static int64_t day_of(int64_t hour)
{
    return hour / 24 - (hour % 24 < 0);
}

/* The line of a tag set or key in this group; NULL when memory is short. */
static struct sightings_line *line_of(
    struct ask *ask, uint32_t first, uint32_t tags, const uint8_t source[16])
{
    bool invalid = ask->kind == SIGHTING_INVALID;
    bool is_key = ask->question->by == SIGHTINGS_BY_KEY && !invalid;
    struct count_key key = {first, (uint32_t)ask->group_zone, tags, invalid};
    struct sightings_line *line = count_line(&ask->count, &key);
    if (!line || line->zone)
        return line;
    line->invalid = invalid;
    line->zone = sightings_sqlite_name(&ask->zones, ask->group_zone);
    line->tags = is_key ? NULL : sightings_sqlite_name(&ask->tagsets, ask->group_tagset);
    line->key = is_key ? (uint16_t)tags : 0;
    line->first_us = INT64_MAX;
    line->last_us = INT64_MIN;
    if (ask->question->by == SIGHTINGS_BY_DAY)
        line->day_us = day_of(ask->hour) * UTC_DAY;
    if (ask->question->by == SIGHTINGS_BY_COLLECTOR)
        line->collector = sightings_sqlite_name(&ask->collectors, ask->collector);
    if (source)
        memcpy(line->source, source, sizeof line->source);
    return line;
}

static int add_line(struct ask *ask, uint32_t first, uint32_t tags)
{
    struct sightings_line *line = line_of(ask, first, tags, NULL);
    if (!line)
        return no_memory(ask);
    ask->lines[ask->line_count++] = (uint32_t)(line - ask->count.lines);
    return 0;
}

/* The lines to which all rows of this group go: none, if that depends on the source. */
static int find_lines(struct ask *ask)
{
    const char *tags = sightings_sqlite_name(&ask->tagsets, ask->group_tagset);
    uint16_t keys[TASIGNAL_MAX_OPTION];
    unsigned key_count = 0;
    enum sightings_by by = ask->question->by;
    ask->line_count = 0;
    if (!tags || !sightings_sqlite_name(&ask->zones, ask->group_zone) ||
        !sightings_sqlite_hour_fits(ask->hour))
        return damaged(ask, "a zone, a tag set or an hour");
    if (ask->kind != SIGHTING_INVALID && sighting_tags_parse(tags, keys, &key_count))
        return damaged(ask, "a tag set");
    ask->counts = !ask->zone || ask->group_zone == ask->zone;
    if (!ask->counts || by == SIGHTINGS_BY_SOURCE)
        return 0;
    if (by != SIGHTINGS_BY_KEY || ask->kind == SIGHTING_INVALID)
        return add_line(ask,
            by == SIGHTINGS_BY_DAY         ? (uint32_t)day_of(ask->hour)
            : by == SIGHTINGS_BY_COLLECTOR ? ask->collector
                                           : 0,
            (uint32_t)ask->group_tagset);
    int err = 0;
    for (unsigned i = 0; !err && i < key_count; i++)
        err = add_line(ask, 0, keys[i]);
    return err;
}

static void add_to_line(struct sightings_line *line, enum sighting_kind kind, const struct row *row)
{
    line->signals += row->count;
    line->ta_null += kind == SIGHTING_TA_NULL ? row->count : 0;
    line->ta_a += kind == SIGHTING_TA_A ? row->count : 0;
    line->options += kind == SIGHTING_OPTION ? row->count : 0;
    if (row->first_us < line->first_us)
        line->first_us = row->first_us;
    if (row->last_us > line->last_us)
        line->last_us = row->last_us;
}

/* A row of a question by source: mostly it goes to the line to which the last one of its source went. */
static int add_by_source(struct ask *ask, const struct row *row)
{
    struct count_source *source = row->source;
    const struct count_key *last = source->line ? &ask->count.keys[source->line - 1] : NULL;
    if (!last || last->zone != (uint32_t)ask->group_zone || last->tags != (uint32_t)ask->group_tagset ||
        last->invalid != (ask->kind == SIGHTING_INVALID)) {
        struct sightings_line *line = line_of(ask, source->number, (uint32_t)ask->group_tagset, row->address);
        if (!line)
            return no_memory(ask);
        line->sources = 1;
        source->line = (uint32_t)(line - ask->count.lines) + 1;
    }
    add_to_line(&ask->count.lines[source->line - 1], ask->kind, row);
    return 0;
}

/* A row of any other question. What its source last counted for, it need not be counted for again. */
static void add_to_lines(struct ask *ask, const struct row *row)
{
    struct count_source *source = row->source;
    bool again = ask->line_count == 1 && source->line == ask->lines[0] + 1;
    for (unsigned i = 0; i < ask->line_count; i++) {
        if (!again)
            count_pair(&ask->count, ask->lines[i], source->number);
        add_to_line(&ask->count.lines[ask->lines[i]], ask->kind, row);
    }
    source->line = ask->line_count == 1 ? ask->lines[0] + 1 : 0;
}

static void find_source(struct ask *ask, struct row *row)
{
    struct count_source *source = row->source = count_source(&ask->count, row->address);
    bool valid = ask->kind != SIGHTING_NONE && ask->kind != SIGHTING_INVALID;
    source->flags |= COUNT_OBSERVED | (ask->counts && valid ? COUNT_SIGNALLED : 0);
    if (ask->question->by == SIGHTINGS_BY_SOURCE && ask->counts && source->line) {
        __builtin_prefetch(&ask->count.keys[source->line - 1]);
        __builtin_prefetch(&ask->count.lines[source->line - 1].signals);
    }
    for (unsigned i = 0; i < ask->line_count; i++)
        if (ask->line_count > 1 || source->line != ask->lines[0] + 1)
            count_fetch_pair(&ask->count, ask->lines[i], source->number);
}

/* Adds the rows that wait. */
static int add_rows(struct ask *ask)
{
    unsigned count = ask->row_count;
    int err = 0;
    ask->row_count = 0;
    if (!count_reserve(&ask->count, count, (size_t)count * ask->line_count))
        return no_memory(ask);
    for (unsigned i = 0; i < count; i++)
        count_fetch_source(&ask->count, ask->rows[i].address);
    for (unsigned i = 0; i < count; i++)
        find_source(ask, &ask->rows[i]);
    for (unsigned i = 0; !err && ask->counts && i < count; i++)
        if (ask->question->by == SIGHTINGS_BY_SOURCE)
            err = add_by_source(ask, &ask->rows[i]);
        else
            add_to_lines(ask, &ask->rows[i]);
    return err;
}

/* The next of the rows that wait. */
static int next_row(struct ask *ask, struct row **ret_row)
{
    int err = ask->row_count == TOGETHER ? add_rows(ask) : 0;
    if (!err)
        *ret_row = &ask->rows[ask->row_count++];
    return err;
}

/* Times of a damaged file may be anything, so they are added without a sign. */
static int take_row(struct ask *ask, struct db_query *query)
{
    int64_t hour = db_column(query, 0), zone = db_column(query, 1), tagset = db_column(query, 2);
    int err = 0;
    if (hour != ask->hour || zone != ask->group_zone || tagset != ask->group_tagset) {
        err = add_rows(ask);
        ask->hour = hour;
        ask->group_zone = zone;
        ask->group_tagset = tagset;
        err = err ? err : find_lines(ask);
    }
    struct row *row;
    err = err ? err : next_row(ask, &row);
    err = err ? err : sightings_sqlite_address(query, 3, row->address);
    if (err)
        return err;
    row->count = (uint64_t)db_column(query, 4);
    row->first_us = (int64_t)((uint64_t)(hour * UTC_HOUR) + (uint64_t)db_column(query, 5));
    row->last_us = (int64_t)((uint64_t)row->first_us + (uint64_t)db_column(query, 6));
    return 0;
}

static int take_traffic(struct ask *ask, struct db_query *query)
{
    size_t length, count;
    const uint8_t *bytes = db_column_bytes(query, 1, &length);
    if (query->err || traffic_unpack(bytes, length, 0, ask->traffic, &count) != 0)
        return query->err ? query->err : damaged(ask, "traffic");
    int err = 0;
    for (size_t i = 0; !err && i < count; i++) {
        struct row *row;
        err = next_row(ask, &row);
        if (!err)
            memcpy(row->address, ask->traffic[i].source, sizeof row->address);
    }
    return err;
}

/* Of SIGHTING_NONE, the rows of traffic. */
static int scan_kind(struct ask *ask, uint32_t collector, enum sighting_kind kind)
{
    bool traffic = kind == SIGHTING_NONE;
    ask->collector = collector;
    ask->kind = kind;
    ask->group_zone = 0; /* no group yet */
    ask->counts = false;
    ask->line_count = 0;
    struct db_query query = db_query(ask->db, traffic ? SQL_TRAFFIC_SCAN : SQL_SIGHTING_SCAN, ask->note);
    db_bind_number(&query, collector);
    if (!traffic)
        db_bind_number(&query, kind);
    db_bind_number(&query, ask->from_hour);
    db_bind_number(&query, ask->to_hour);
    while (db_row(&query))
        query.err = traffic ? take_traffic(ask, &query) : take_row(ask, &query);
    int err = db_end(&query);
    return err ? err : add_rows(ask);
}

static int scan(struct ask *ask)
{
    static const enum sighting_kind kinds[] = {
        SIGHTING_TA_NULL, SIGHTING_TA_A, SIGHTING_OPTION, SIGHTING_INVALID, SIGHTING_NONE};
    int err = 0;
    for (size_t i = 0; !err && i < ask->collectors.count; i++) {
        if (ask->question->collector && strcmp(ask->question->collector, ask->collectors.names[i]) != 0)
            continue;
        for (size_t j = 0; !err && j < sizeof kinds / sizeof *kinds; j++)
            err = scan_kind(ask, (uint32_t)i + 1, kinds[j]);
    }
    return err;
}

/* ---- the answer ---- */

static int answer_of(struct ask *ask, struct sightings_answer *ret_answer)
{
    struct sightings_answer answer = {.line_count = ask->count.line_count};
    sightings_sort(ask->question->by, ask->count.lines, ask->count.line_count);
    answer.lines = arena_copy(ask->arena, ask->count.lines, ask->count.line_count * sizeof *ask->count.lines);
    answer.sources = count_flagged(&ask->count, COUNT_SIGNALLED);
    answer.observed = count_flagged(&ask->count, COUNT_OBSERVED);
    if (!answer.lines)
        return no_memory(ask);
    int err = sightings_sqlite_cover(ask->db, &ask->collectors, ask->question->collector, ask->arena,
        &answer.coverage, &answer.coverage_count, ask->note);
    if (!err)
        *ret_answer = answer;
    return err;
}

int sightings_sqlite_ask(struct sightings *store, const struct sightings_question *question,
    struct arena *arena, struct sightings_answer *ret_answer, struct err_note *note)
{
    struct ask ask = {.db = ((struct sightings_sqlite *)store)->db,
        .question = question,
        .arena = arena,
        .note = note,
        .from_hour = sightings_sqlite_hour(question->from_us),
        .to_hour = sightings_sqlite_hour(question->to_us)};
    int err = db_run(ask.db, "BEGIN", note); /* all of it as it is at one moment */
    if (err)
        return err;
    sqlite3_randomness(sizeof ask.count.seed, &ask.count.seed);
    err = sightings_sqlite_names(ask.db, SQL_COLLECTORS, arena, &ask.collectors, note);
    err = err ? err : sightings_sqlite_names(ask.db, SQL_ZONES, arena, &ask.zones, note);
    err = err ? err : sightings_sqlite_names(ask.db, SQL_TAGSETS, arena, &ask.tagsets, note);
    if (!err && question->zone)
        ask.zone = sightings_sqlite_number(&ask.zones, question->zone);
    err = err ? err : scan(&ask);
    err = err ? err : answer_of(&ask, ret_answer);
    count_free(&ask.count);
    db_rollback(ask.db);
    return err;
}

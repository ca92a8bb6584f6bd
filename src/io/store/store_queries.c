/* Queries of queries.db and observations of state.db: the same columns, the same code; a reader gets both as
 * one stream. */
#include "io/store/store_parts.h"

#include "base/bytes.h"

#include <string.h>

enum {
    MAX_QNAME = 1024,  /* 255 octets as \DDD */
    PRUNE_STEP = 5000, /* rows in one transaction, so that others are not kept waiting */
    FLAG_TCP = 1,
    FLAG_EDNS = 2,
    FLAG_DO = 4,
    FLAG_CD = 8,
};

static int add_one(struct db *db, enum sql sql, const struct store_query *row, struct err_note *note)
{
    const struct evidence_event *event = &row->event;
    uint8_t tags[2 * EVIDENCE_MAX_TAGS];
    size_t tag_count = event->tag_count <= EVIDENCE_MAX_TAGS ? event->tag_count : EVIDENCE_MAX_TAGS;
    for (size_t i = 0; i < tag_count; i++)
        bytes_put_u16(tags + 2 * i, event->tags[i]);
    int flags = (event->tcp ? FLAG_TCP : 0) | (event->edns ? FLAG_EDNS : 0) |
                (event->dnssec_ok ? FLAG_DO : 0) | (event->checking_disabled ? FLAG_CD : 0);
    char nonce[EVIDENCE_NONCE + 1];
    memcpy(nonce, event->nonce, sizeof nonce);
    nonce[EVIDENCE_NONCE] = '\0'; /* whoever made the event: no row may stop a batch for ever */
    struct db_query query = db_query(db, sql, note);
    db_bind_number(&query, row->participant_id);
    db_bind_number(&query, event->at_us);
    db_bind_number(&query, event->kind);
    db_bind_bytes(&query, event->source, sizeof event->source);
    db_bind_number(&query, event->port);
    db_bind_number(&query, event->qtype);
    db_bind_number(&query, flags);
    db_bind_number(&query, event->udp_size);
    db_bind_bytes(&query, tags, 2 * tag_count);
    db_bind_number(&query, event->answer);
    db_bind_text(&query, "the nonce", nonce, EVIDENCE_NONCE);
    db_bind_number(&query, row->rcode);
    db_bind_text(&query, "the name", row->qname ? row->qname : "", MAX_QNAME);
    return db_finish(&query);
}

static int add_all(
    struct db *db, enum sql sql, const struct store_query *rows, size_t count, struct err_note *note)
{
    int err = db_begin(db, note);
    if (err)
        return err;
    for (size_t i = 0; !err && i < count; i++)
        err = add_one(db, sql, &rows[i], note);
    if (!err)
        return db_commit(db, note);
    db_rollback(db);
    return err;
}

int store_queries_add(
    struct store *store, const struct store_query *queries, size_t count, struct err_note *note)
{
    int err = store_may_write(store, note);
    return err ? err : add_all(store->queries, SQL_QUERY_ADD, queries, count, note);
}

int store_observations_add(
    struct store *store, const struct store_query *observations, size_t count, struct err_note *note)
{
    int err = store_may_write(store, note);
    return err ? err : add_all(store->state, SQL_OBSERVATION_ADD, observations, count, note);
}

/* One of the two streams: its next row, if it has one. */
struct stream {
    struct db_query query;
    struct store_query row;
    char qname[MAX_QNAME + 1];
    bool open, ready;
};

static void copy_text(struct db_query *query, int column, char *out, size_t capacity)
{
    const char *text = (const char *)sqlite3_column_text(query->statement, column);
    size_t length = text ? strnlen(text, capacity - 1) : 0;
    if (length)
        memcpy(out, text, length);
    out[length] = '\0';
}

static void read_row(struct stream *stream)
{
    struct db_query *query = &stream->query;
    sqlite3_stmt *statement = query->statement;
    int flags = (int)db_column(query, 6), kind = (int)db_column(query, 2);
    struct evidence_event event = {.at_us = db_column(query, 1),
        .kind = kind >= 0 && kind < EVIDENCE_KINDS ? (enum evidence_kind)kind : EVIDENCE_NAME,
        .port = (uint16_t)db_column(query, 4),
        .qtype = (uint16_t)db_column(query, 5),
        .tcp = flags & FLAG_TCP,
        .edns = flags & FLAG_EDNS,
        .dnssec_ok = flags & FLAG_DO,
        .checking_disabled = flags & FLAG_CD,
        .udp_size = (uint16_t)db_column(query, 7),
        .answer = (uint8_t)db_column(query, 9)};
    const void *source = sqlite3_column_blob(statement, 3);
    if (source && sqlite3_column_bytes(statement, 3) == EVIDENCE_SOURCE)
        memcpy(event.source, source, EVIDENCE_SOURCE);
    const uint8_t *tags = sqlite3_column_blob(statement, 8);
    size_t tag_count = (size_t)sqlite3_column_bytes(statement, 8) / 2;
    for (size_t i = 0; tags && i < tag_count && i < EVIDENCE_MAX_TAGS; i++)
        event.tags[event.tag_count++] = bytes_u16(tags + 2 * i);
    copy_text(query, 10, event.nonce, sizeof event.nonce);
    copy_text(query, 12, stream->qname, sizeof stream->qname);
    stream->row = (struct store_query){.participant_id = db_column(query, 0),
        .qname = stream->qname,
        .rcode = (uint8_t)db_column(query, 11),
        .event = event};
}

static void advance(struct stream *stream)
{
    stream->ready = stream->open && db_row(&stream->query);
    if (stream->ready)
        read_row(stream);
}

static void start(
    struct stream *stream, struct db *db, enum sql sql, int64_t participant_id, struct err_note *note)
{
    stream->open = db != NULL;
    if (!db)
        return;
    stream->query = db_query(db, sql, note);
    db_bind_number(&stream->query, participant_id);
    advance(stream);
}

/* Each file keeps the order in which things happened; between the two, the earlier time goes first. */
int store_queries_each(struct store *store, int64_t participant_id,
    int (*each)(void *context, const struct store_query *query), void *context, struct err_note *note)
{
    struct stream asked = {.open = false}, observed = {.open = false};
    start(&asked, store->queries, SQL_QUERIES, participant_id, note);
    start(&observed, store->state, SQL_OBSERVATIONS, participant_id, note);
    bool stop = false;
    while (!stop && (asked.ready || observed.ready)) {
        bool first = asked.ready && (!observed.ready || asked.row.event.at_us <= observed.row.event.at_us);
        struct stream *next = first ? &asked : &observed;
        stop = each(context, &next->row) != 0;
        advance(next);
    }
    int err = asked.open ? db_end(&asked.query) : 0;
    int err_observed = db_end(&observed.query);
    return err ? err : err_observed;
}

static int prune(struct db *db, enum sql sql, int64_t before_us, bool *ret_more, struct err_note *note)
{
    struct db_query query = db_query(db, sql, note);
    db_bind_number(&query, before_us);
    db_bind_number(&query, PRUNE_STEP);
    int err = db_finish(&query);
    if (!err && sqlite3_changes(db->handle) == PRUNE_STEP)
        *ret_more = true;
    return err;
}

int store_queries_prune_some(struct store *store, int64_t before_us, bool *ret_more, struct err_note *note)
{
    bool more = false;
    int err = store_may_write(store, note);
    if (!err)
        err = prune(store->queries, SQL_QUERY_PRUNE, before_us, &more, note);
    if (!err)
        err = prune(store->state, SQL_OBSERVATION_PRUNE, before_us, &more, note);
    if (!err)
        *ret_more = more;
    return err;
}

int store_queries_prune(struct store *store, int64_t before_us, struct err_note *note)
{
    bool more = true;
    int err = 0;
    while (!err && more)
        err = store_queries_prune_some(store, before_us, &more, note);
    return err;
}

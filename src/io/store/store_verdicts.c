/* Verdicts: a change is a row, on the disk when the call returns; what only grows within a verdict is written
 * with less care, over a second connection. */
#include "io/store/store_parts.h"

enum { MAX_SUMMARY = 4 << 10, MAX_DOCUMENT = 1 << 20 }; /* octets */

int store_verdict_add(struct store *store, const struct store_verdict *verdict, struct err_note *note)
{
    int err = store_may_write(store, note);
    if (err)
        return err;
    struct db_query query = db_query(store->state, SQL_VERDICT_ADD, note);
    db_bind_number(&query, verdict->participant_id);
    db_bind_number(&query, verdict->at_us);
    db_bind_number(&query, verdict->verdict);
    db_bind_number(&query, verdict->state);
    db_bind_text(&query, "the verdict's summary", verdict->summary, MAX_SUMMARY);
    db_bind_text(&query, "the verdict", verdict->document, MAX_DOCUMENT);
    return db_finish(&query);
}

static int read_verdicts(
    struct db_query *query, struct arena *arena, struct store_verdict **ret, size_t *ret_count)
{
    struct db_rows rows = {.size = sizeof(struct store_verdict)};
    while (db_row(query)) {
        struct store_verdict *verdict = db_rows_add(&rows, query);
        if (verdict)
            *verdict = (struct store_verdict){.participant_id = db_column(query, 0),
                .at_us = db_column(query, 1),
                .verdict = (int)db_column(query, 2),
                .state = (int)db_column(query, 3),
                .summary = db_column_text(query, 4, arena),
                .document = db_column_text(query, 5, arena)};
    }
    return db_rows_end(&rows, query, arena, ret, ret_count);
}

int store_verdicts(struct store *store, int64_t participant_id, struct arena *arena,
    struct store_verdict **ret, size_t *ret_count, struct err_note *note)
{
    struct db_query query = db_query(store->state, SQL_VERDICTS, note);
    db_bind_number(&query, participant_id);
    return read_verdicts(&query, arena, ret, ret_count);
}

int store_verdicts_latest(struct store *store, struct arena *arena, struct store_verdict **ret,
    size_t *ret_count, struct err_note *note)
{
    struct db_query query = db_query(store->state, SQL_VERDICTS_LATEST, note);
    return read_verdicts(&query, arena, ret, ret_count);
}

int store_verdicts_recent(struct store *store, size_t most, struct arena *arena, struct store_verdict **ret,
    size_t *ret_count, struct err_note *note)
{
    struct db_query query = db_query(store->state, SQL_VERDICTS_RECENT, note);
    db_bind_number(&query, (int64_t)most);
    return read_verdicts(&query, arena, ret, ret_count);
}

static int open_relaxed(struct store *store, struct err_note *note)
{
    int err = store_may_write(store, note);
    if (!err && !store->relaxed)
        err = db_open(store->directory, &store_relaxed_kind, false, &store->relaxed, note);
    return err;
}

int store_verdict_refresh(struct store *store, const struct store_verdict *verdict, struct err_note *note)
{
    int err = open_relaxed(store, note);
    if (err)
        return err;
    struct db_query query = db_query(store->relaxed, SQL_VERDICT_REFRESH, note);
    db_bind_text(&query, "the verdict's summary", verdict->summary, MAX_SUMMARY);
    db_bind_text(&query, "the verdict", verdict->document, MAX_DOCUMENT);
    db_bind_number(&query, verdict->participant_id);
    err = db_finish(&query);
    if (!err && sqlite3_changes(store->relaxed->handle) == 0)
        err = err_set(
            note, ERR_NOINPUT, "participant %lld has no verdict yet", (long long)verdict->participant_id);
    return err;
}

/* Each verdict by `write`, in one transaction of `db`. */
static int write_all(struct store *store, struct db *db, const struct store_verdict *verdicts, size_t count,
    int (*write)(struct store *, const struct store_verdict *, struct err_note *), struct err_note *note)
{
    int err = db_begin(db, note);
    for (size_t i = 0; !err && i < count; i++) {
        err = write(store, &verdicts[i], note);
        if (err)
            db_rollback(db);
    }
    return err ? err : db_commit(db, note);
}

int store_verdicts_add(
    struct store *store, const struct store_verdict *verdicts, size_t count, struct err_note *note)
{
    int err = store_may_write(store, note);
    return err ? err : write_all(store, store->state, verdicts, count, store_verdict_add, note);
}

int store_verdicts_refresh(
    struct store *store, const struct store_verdict *verdicts, size_t count, struct err_note *note)
{
    int err = open_relaxed(store, note);
    return err ? err : write_all(store, store->relaxed, verdicts, count, store_verdict_refresh, note);
}

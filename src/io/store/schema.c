/* application_id says whose file it is, user_version which schema; both are in the first page and change with
 * the transaction that changes the tables, so a crash leaves either the old version whole or the new one
 * whole. */
#include "io/store/schema.h"

#include <inttypes.h>
#include <stdio.h>

static int read_marks(struct db *db, int64_t *ret_id, int64_t *ret_version, struct err_note *note)
{
    int err = db_number(db, "PRAGMA application_id", ret_id, note);
    return err ? err : db_number(db, "PRAGMA user_version", ret_version, note);
}

static int check_marks(struct db *db, bool fresh, int64_t id, int64_t version, struct err_note *note)
{
    if (fresh && id == 0 && version == 0)
        return 0;
    if (id != db->kind->application_id)
        return err_set(note, ERR_DATA,
            "%s is an SQLite file, but not one of rollcall's (application id %" PRId64 ")", db->path, id);
    if (version < 1)
        return err_set(note, ERR_DATA, "%s has no schema version: it is damaged", db->path);
    if (version > db->kind->version)
        return err_set(note, ERR_DATA,
            "%s has schema version %" PRId64
            "; this rollcall knows versions up to %d: use the newer rollcall",
            db->path, version, db->kind->version);
    return 0;
}

static int take_steps(struct db *db, int64_t version, struct err_note *note)
{
    char marks[96];
    for (; version < db->kind->version; version++) {
        int err = db_run(db, db->kind->steps[version], note);
        if (err)
            return err;
    }
    snprintf(marks, sizeof marks, "PRAGMA application_id = %" PRId32 "; PRAGMA user_version = %d",
        db->kind->application_id, db->kind->version);
    int err = db_run(db, marks, note);
    if (err)
        return err;
    int64_t broken = 0;
    err = db_number(db, "SELECT count(*) FROM pragma_foreign_key_check", &broken, note);
    if (!err && broken)
        err = err_set(note, ERR_DATA, "%s: %" PRId64 " rows would lose what they refer to in the new schema",
            db->path, broken);
    return err;
}

int schema_migrate(struct db *db, bool fresh, struct err_note *note)
{
    int64_t id = 0, version = 0;
    int err = read_marks(db, &id, &version, note);
    if (!err)
        err = check_marks(db, fresh, id, version, note);
    if (err || version == db->kind->version)
        return err;
    if (db->read_only)
        return err_set(note, ERR_DATA,
            "%s has the older schema version %" PRId64 ": '%s' brings it to version %d", db->path, version,
            db->kind->command, db->kind->version);
    /* Somebody else may have done it while we waited for the lock: look again inside. */
    err = db_begin(db, note);
    if (err)
        return err;
    err = read_marks(db, &id, &version, note);
    if (!err)
        err = check_marks(db, fresh, id, version, note);
    if (!err)
        err = take_steps(db, version, note);
    if (!err)
        return db_commit(db, note);
    db_rollback(db);
    return err;
}

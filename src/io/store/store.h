/* store: what the platform must not forget, in two SQLite files under one directory.
 *
 *   state.db    enrolments, keys, rolls with their plan operations, verdicts, observations: synchronous=FULL;
 * once a function returned 0, the row survives a crash. queries.db  what was asked: synchronous=NORMAL, kept
 * for a set number of days.
 *
 * A `struct store` is used by one thread at a time; threads that need the store open one each. Schema
 * versions with migrations; a newer or foreign file is refused. Text from strangers is kept as it is, up to
 * limits that are far above what io/store/enrol.h lets in. Text handed out lives in the caller's arena. SQL
 * stays in this folder (*.sql).
 *
 * Errors of every function, with a note that names the file: ERR_IO disk full or failing, ERR_DATA damaged
 * file, a text too long, or a rule broken (a token or zone twice), ERR_PERM not writable (or opened
 * read-only), ERR_UNAVAILABLE locked by another process for more than five seconds, ERR_NOMEM. A write that
 * failed left nothing behind. */
#ifndef IO_STORE_STORE_H
#define IO_STORE_STORE_H

#include "base/arena.h"
#include "base/err.h"
#include "core/roll/evidence.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

/* Opens (and makes, unless read_only) the store below `directory`, which must exist. Read-only works beside a
 * running server, and on a read-only directory, with or without the log of a server that was killed. Errors:
 * ERR_NOINPUT no such directory (or, read-only, no state.db), ERR_PERM, ERR_DATA damaged, foreign or of a
 * newer schema, ERR_IO. The note names the file. */
int store_open(const char *directory, bool read_only, struct store **ret_store, struct err_note *note);
void store_close(struct store *store); /* NULL is allowed */

/* A number that changes whenever any connection, of this or another process, has changed state.db: what waits
 * for news compares it. */
int64_t store_version(struct store *store);

/* The same, for changes by other connections only. */
int64_t store_news(struct store *store);

/* A full check (PRAGMA integrity_check, foreign keys). */
int store_check(struct store *store, struct err_note *note);

/* A roll: a started plan that participants share. */
struct store_roll {
    int64_t id;
    const char *plan_name; /* "testzone-fast" */
    const char *document;  /* the plan as YAML, with its history */
    int64_t start_us, changed_us;
};
int store_roll_add(
    struct store *store, const struct store_roll *roll, int64_t *ret_id, struct err_note *note);
/* Replaces the document (an operation on the plan was done). Refused with ERR_DATA if changed_us of the
 * stored row is not `was_changed_us`: somebody else changed it; ERR_NOINPUT if there is no such roll. The new
 * changed_us is now_us, or one more than the old one if the clock went back, so that a change always shows.
 */
int store_roll_change(struct store *store, int64_t id, const char *document, int64_t was_changed_us,
    int64_t now_us, struct err_note *note);
/* One roll; ERR_NOINPUT if there is none of that id. */
int store_roll(
    struct store *store, int64_t id, struct arena *arena, struct store_roll *ret_roll, struct err_note *note);
int store_rolls(struct store *store, struct arena *arena, struct store_roll **ret_rolls, size_t *ret_count,
    struct err_note *note);

struct store_participant {
    int64_t id, roll_id;
    const char *token;                     /* 32 characters [a-z2-7], unguessable; made by the caller */
    const char *zone;                      /* presentation form */
    const char *label, *contact, *country; /* as given: text from strangers */
    int64_t users;                         /* -1: not told */
    uint32_t ttl_s;
    int64_t joined_us, left_us; /* left_us 0: still there */
};
int store_participant_add(
    struct store *store, const struct store_participant *participant, int64_t *ret_id, struct err_note *note);
int store_participants(struct store *store, struct arena *arena, struct store_participant **ret,
    size_t *ret_count, struct err_note *note);
/* Those whose id is greater. For a reader that knows the others. */
int store_participants_after(struct store *store, int64_t after_id, struct arena *arena,
    struct store_participant **ret, size_t *ret_count, struct err_note *note);
/* A row's id and when it changed: which participants have left, and when the rolls were last changed; by
 * growing id. */
struct store_change {
    int64_t id, at_us;
};
int store_participants_left(struct store *store, struct arena *arena, struct store_change **ret,
    size_t *ret_count, struct err_note *note);
int store_roll_changes(struct store *store, struct arena *arena, struct store_change **ret, size_t *ret_count,
    struct err_note *note);
/* ERR_NOINPUT if no participant has that token. */
int store_participant_find(struct store *store, const char *token, struct arena *arena,
    struct store_participant *ret, struct err_note *note);
/* The participant leaves at `now_us` (or when it joined, if the clock went back); its rows stay. A second
 * time changes nothing. ERR_NOINPUT if no participant has that token. */
int store_leave(struct store *store, const char *token, int64_t now_us, struct err_note *note);

/* Private keys, by zone and key id, as the text of a `.private` file. */
struct store_key {
    const char *zone, *id;
    uint16_t flags;
    const char *private_text;
    int64_t made_us;
};
int store_key_add(struct store *store, const struct store_key *key, struct err_note *note);
int store_keys(struct store *store, const char *zone, struct arena *arena, struct store_key **ret,
    size_t *ret_count, struct err_note *note);

/* The verdicts of a participant, one row for each change. */
struct store_verdict {
    int64_t participant_id, at_us;
    int verdict, state; /* enum verdict, enum verdict_state */
    const char *summary;
    const char *document; /* JSON: the whole result */
};
int store_verdict_add(struct store *store, const struct store_verdict *verdict, struct err_note *note);
/* Oldest first. */
int store_verdicts(struct store *store, int64_t participant_id, struct arena *arena,
    struct store_verdict **ret, size_t *ret_count, struct err_note *note);
/* The newest verdict of every participant that has one. */
int store_verdicts_latest(struct store *store, struct arena *arena, struct store_verdict **ret,
    size_t *ret_count, struct err_note *note);
/* The newest `most` changes of all participants, the newest first. */
int store_verdicts_recent(struct store *store, size_t most, struct arena *arena, struct store_verdict **ret,
    size_t *ret_count, struct err_note *note);
/* Replaces the newest verdict's summary and document, which has counts that grow, without adding a change (no
 * FULL sync needed). ERR_NOINPUT if it has none. */
int store_verdict_refresh(struct store *store, const struct store_verdict *verdict, struct err_note *note);
/* The same for many, in one transaction: all or none. */
int store_verdicts_add(
    struct store *store, const struct store_verdict *verdicts, size_t count, struct err_note *note);
int store_verdicts_refresh(
    struct store *store, const struct store_verdict *verdicts, size_t count, struct err_note *note);

/* Queries that matter, in batches: one transaction each. `participant_id` 0: a probe name. */
struct store_query {
    int64_t participant_id;
    const char *qname;
    uint8_t rcode;
    struct evidence_event event;
};
int store_queries_add(
    struct store *store, const struct store_query *queries, size_t count, struct err_note *note);
/* What agents report (EVIDENCE_ANSWER), of a participant: like queries, but in state.db and on the disk when
 * this returns. */
int store_observations_add(
    struct store *store, const struct store_query *observations, size_t count, struct err_note *note);
/* Calls back for each stored query and observation of a participant, in the order in which they were added;
 * between the two the earlier time goes first. A callback that returns non-zero ends it; it must not write to
 * this store. */
int store_queries_each(struct store *store, int64_t participant_id,
    int (*each)(void *context, const struct store_query *query), void *context, struct err_note *note);
/* Forgets queries and observations older than the moment. The second form takes a short step and tells
 * whether there is more, so that a writer is not kept from its work. */
int store_queries_prune(struct store *store, int64_t before_us, struct err_note *note);
int store_queries_prune_some(struct store *store, int64_t before_us, bool *ret_more, struct err_note *note);

/* Small settings that must last, by name: schema-less text. ERR_NOINPUT if unset. */
int store_setting_set(struct store *store, const char *name, const char *value, struct err_note *note);
int store_setting(struct store *store, const char *name, struct arena *arena, const char **ret_value,
    struct err_note *note);

#endif

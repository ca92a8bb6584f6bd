/* sightings_sqlite: a store of sightings in an SQLite file. Internal to io/store. */
#ifndef IO_STORE_SIGHTINGS_SQLITE_H
#define IO_STORE_SIGHTINGS_SQLITE_H

#include "io/store/db.h"
#include "io/store/sightings_inside.h"
#include "io/store/sightings_packer.h"

struct sightings_sqlite {
    struct sightings base;
    struct db *db;
    bool logs; /* what is written goes to the write-ahead log */
};

/* The rows of traffic, added to those that are there. Within a transaction. `packer` is over the same rows.
 */
int sightings_sqlite_add_traffic(struct db *db, int64_t collector, const struct tally_rows *rows,
    struct packer *packer, struct err_note *note);

/* ---- sightings_sqlite_read.c: what all questions read alike ---- */

/* Names by number. The store gives numbers from 1 without leaving one out. */
struct sightings_sqlite_names {
    const char **names; /* in the arena; names[0] is of number 1 */
    size_t count;
};

/* All names of one of the statements that give numbers and names. ERR_DATA, ERR_NOMEM … */
int sightings_sqlite_names(struct db *db, enum sql sql, struct arena *arena,
    struct sightings_sqlite_names *ret_names, struct err_note *note);
/* NULL: no such number. */
const char *sightings_sqlite_name(const struct sightings_sqlite_names *names, int64_t number);
/* -1: no such name. */
int64_t sightings_sqlite_number(const struct sightings_sqlite_names *names, const char *name);

/* A column with an address of 4 or 16 octets. ERR_DATA. */
int sightings_sqlite_address(struct db_query *query, int column, uint8_t ret_address[16]);

/* A column with spans, in the arena. ERR_DATA, ERR_NOMEM. */
int sightings_sqlite_spans(struct db_query *query, int column, struct arena *arena,
    struct sightings_span **ret_spans, size_t *ret_count);

/* The first hour that begins at or after a moment. */
int64_t sightings_sqlite_hour(int64_t us);
/* Whether an hour that was stored can be one, so that its microseconds do not overflow. */
bool sightings_sqlite_hour_fits(int64_t hour);

/* ERR_DATA: the file is damaged, with `what` is wrong in it. */
int sightings_sqlite_damaged(const struct db *db, const char *what, struct err_note *note);

/* What the collectors cover, or the one named `only`, in the arena; by their number in the file. ERR_DATA …
 */
int sightings_sqlite_cover(struct db *db, const struct sightings_sqlite_names *collectors, const char *only,
    struct arena *arena, struct sightings_coverage **ret_coverage, size_t *ret_count, struct err_note *note);

/* ---- questions ---- */

int sightings_sqlite_ask(struct sightings *store, const struct sightings_question *question,
    struct arena *arena, struct sightings_answer *ret_answer, struct err_note *note);
int sightings_sqlite_scan(struct sightings *store, const struct sightings_question *question,
    const struct sightings_scan *scan, struct arena *arena, struct sightings_scanned *ret_scanned,
    struct err_note *note);

#endif

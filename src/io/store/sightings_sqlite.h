/* sightings_sqlite: a store of sightings in an SQLite file. Internal to io/store. */
#ifndef IO_STORE_SIGHTINGS_SQLITE_H
#define IO_STORE_SIGHTINGS_SQLITE_H

#include "io/store/db.h"
#include "io/store/sightings_inside.h"

struct sightings_sqlite {
    struct sightings base;
    struct db *db;
};

/* The rows of traffic, added to those that are there. Within a transaction. */
int sightings_sqlite_add_traffic(
    struct db *db, int64_t collector, const struct tally_rows *rows, struct err_note *note);

int sightings_sqlite_ask(struct sightings *store, const struct sightings_question *question,
    struct arena *arena, struct sightings_answer *ret_answer, struct err_note *note);

#endif

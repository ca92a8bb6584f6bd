/* sightings_sqlite: a store of sightings in an SQLite file. Internal to io/store. */
#ifndef IO_STORE_SIGHTINGS_SQLITE_H
#define IO_STORE_SIGHTINGS_SQLITE_H

#include "io/store/db.h"
#include "io/store/sightings_inside.h"

struct sightings_sqlite {
    struct sightings base;
    struct db *db;
};

int sightings_sqlite_ask(struct sightings *store, const struct sightings_question *question,
    struct arena *arena, struct sightings_answer *ret_answer, struct err_note *note);

#endif

/* store_parts: what the files of the store share. Internal to io/store. */
#ifndef IO_STORE_STORE_PARTS_H
#define IO_STORE_STORE_PARTS_H

#include "io/store/db.h"
#include "io/store/store.h"

struct store {
    char *directory;
    bool read_only;
    struct db *state;
    struct db *
        relaxed; /* state.db again, with synchronous=NORMAL, for what may be lost; opened when first needed */
    struct db *queries; /* NULL: read-only, and there is none */
};

extern const struct db_kind store_state_kind, store_relaxed_kind, store_queries_kind;

/* Ends a statement that inserted a row, and tells its id. */
int store_end_insert(struct db_query *query, int64_t *ret_id);

/* ERR_PERM with a note if the store was opened to be read only. */
int store_may_write(const struct store *store, struct err_note *note);

#endif

/* schema: what version a file has, and how it gets to today's. Internal to io/store. */
#ifndef IO_STORE_SCHEMA_H
#define IO_STORE_SCHEMA_H

#include "io/store/db.h"

/* Refuses a file that is foreign (application_id) or newer (user_version); older ones are taken forward step
 * by step, in one transaction, unless read-only: then they are refused. A new, empty database is version 0.
 */
int schema_migrate(struct db *db, bool fresh, struct err_note *note);

#endif

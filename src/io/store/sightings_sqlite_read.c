/* Names, addresses and hours as the file has them. It may be damaged, so each is looked at before it is
 * believed. */
#include "io/store/sightings_sqlite.h"

#include "base/utc.h"

#include <string.h>

enum { MOST_HOUR = 100 * 1000 * 1000 }; /* beyond the year 9999; no product overflows */

int sightings_sqlite_damaged(const struct db *db, const char *what, struct err_note *note)
{
    return err_set(note, ERR_DATA, "%s is damaged (%s): restore it from a backup", db->path, what);
}

struct name_row {
    int64_t id;
    const char *name;
};

int sightings_sqlite_names(struct db *db, enum sql sql, struct arena *arena,
    struct sightings_sqlite_names *ret_names, struct err_note *note)
{
    struct db_rows rows = {.size = sizeof(struct name_row)};
    struct db_query query = db_query(db, sql, note);
    while (db_row(&query)) {
        struct name_row *row = db_rows_add(&rows, &query);
        if (row)
            *row = (struct name_row){db_column(&query, 0), db_column_text(&query, 1, arena)};
    }
    struct name_row *found;
    size_t count;
    int err = db_rows_end(&rows, &query, arena, &found, &count);
    const char **names = err ? NULL : arena_alloc(arena, (count + 1) * sizeof *names);
    if (!err && !names)
        err = err_set(note, ERR_NOMEM, "no memory to read %s", db->path);
    for (size_t i = 0; !err && i < count; i++) {
        if (found[i].id < 1 || (uint64_t)found[i].id > count)
            return sightings_sqlite_damaged(db, "a number of a name", note);
        names[found[i].id - 1] = found[i].name;
    }
    for (size_t i = 0; !err && i < count; i++)
        if (!names[i]) /* another is there twice */
            return sightings_sqlite_damaged(db, "a number of a name", note);
    if (!err)
        *ret_names = (struct sightings_sqlite_names){names, count};
    return err;
}

const char *sightings_sqlite_name(const struct sightings_sqlite_names *names, int64_t number)
{
    return number >= 1 && (uint64_t)number <= names->count ? names->names[number - 1] : NULL;
}

int64_t sightings_sqlite_number(const struct sightings_sqlite_names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->names[i], name) == 0)
            return (int64_t)i + 1;
    return -1;
}

int sightings_sqlite_address(struct db_query *query, int column, uint8_t ret_address[16])
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    size_t length;
    const uint8_t *bytes = db_column_bytes(query, column, &length);
    if (query->err || (length != 16 && length != 4))
        return query->err ? query->err : sightings_sqlite_damaged(query->db, "an address", query->note);
    memcpy(ret_address, mapped, sizeof mapped);
    memcpy(ret_address + 16 - length, bytes, length);
    return 0;
}

int sightings_sqlite_spans(struct db_query *query, int column, struct arena *arena,
    struct sightings_span **ret_spans, size_t *ret_count)
{
    size_t length;
    const uint8_t *bytes = db_column_bytes(query, column, &length);
    if (query->err)
        return query->err;
    int err = sightings_spans_read(bytes, length, arena, ret_spans, ret_count);
    if (err == ERR_DATA)
        return sightings_sqlite_damaged(query->db, "spans", query->note);
    return err ? err_set(query->note, err, "no memory to read %s", query->db->path) : 0;
}

int64_t sightings_sqlite_hour(int64_t us)
{
    return us / UTC_HOUR + (us % UTC_HOUR > 0);
}

bool sightings_sqlite_hour_fits(int64_t hour)
{
    return hour <= MOST_HOUR && hour >= -MOST_HOUR;
}

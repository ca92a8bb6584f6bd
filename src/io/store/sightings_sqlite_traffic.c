/* Blocks lie by the address of their first row, like the leaves of a tree: what comes new is merged into the
 * block whose range it falls into, and a block that becomes too big is written as several. So a source has
 * one row an hour, and a commit touches only blocks that it changes.
 *
 * Rows are taken some thousand at a time. They come sorted, unless addresses were changed on the way. Where
 * there is nothing of their hour, which is so in a new store, they are written as the packer gives them. */
#include "io/store/sightings_sqlite.h"
#include "io/store/sightings_traffic.h"

#include "base/utc.h"

#include <stdlib.h>
#include <string.h>

struct adding {
    struct db *db;
    struct err_note *note;
    int64_t collector, hour;
    struct tally_traffic fresh[PACKER_ROWS], old[TRAFFIC_MOST], merged[PACKER_ROWS + TRAFFIC_MOST];
    size_t fresh_count, old_count;
    int64_t packed_hour;        /* that of packed rows which was looked at last */
    bool is_new;                /* nothing of it is there but what was packed before */
    uint8_t first[16], end[16]; /* the block at hand: its key; that of the next one */
    bool is_there, has_end;     /* there is such a block; there is a next one */
    uint8_t packed[TRAFFIC_MOST * TRAFFIC_ROW];
};

static int order(const void *a, const void *b)
{
    const struct tally_traffic *x = a, *y = b;
    if (x->hour_us != y->hour_us)
        return x->hour_us < y->hour_us ? -1 : 1;
    return memcmp(x->source, y->source, sizeof x->source);
}

static void bind_key(struct db_query *query, const struct adding *adding, const uint8_t source[16])
{
    db_bind_number(query, adding->collector);
    db_bind_number(query, adding->hour);
    db_bind_bytes(query, source, 16);
}

static bool read_key(struct db_query *query, uint8_t out[16])
{
    size_t length;
    const uint8_t *bytes = db_column_bytes(query, 0, &length);
    if (query->err || length != 16)
        return false;
    memcpy(out, bytes, 16);
    return true;
}

/* Reads the block that the statement finds, if there is one. */
static int read_block(struct adding *adding, enum sql sql, const uint8_t source[16])
{
    struct db_query query = db_query(adding->db, sql, adding->note);
    bind_key(&query, adding, source);
    adding->is_there = db_row(&query);
    adding->old_count = 0;
    if (adding->is_there) {
        size_t length;
        bool good = read_key(&query, adding->first);
        const uint8_t *bytes = db_column_bytes(&query, 1, &length);
        good = good && !query.err &&
               traffic_unpack(bytes, length, adding->hour * UTC_HOUR, adding->old, &adding->old_count) == 0;
        if (!good && !query.err)
            query.err = err_set(adding->note, ERR_DATA, "%s is damaged (traffic): restore it from a backup",
                adding->db->path);
    }
    return db_end(&query);
}

/* The block into which the address belongs: the one that begins at or before it, else the first one. */
static int find_block(struct adding *adding, const uint8_t source[16])
{
    int err = read_block(adding, SQL_TRAFFIC_BLOCK, source);
    if (!err && !adding->is_there)
        err = read_block(adding, SQL_TRAFFIC_NEXT, source);
    adding->has_end = false;
    if (err || !adding->is_there)
        return err;
    struct db_query query = db_query(adding->db, SQL_TRAFFIC_NEXT, adding->note);
    bind_key(&query, adding, adding->first);
    adding->has_end = db_row(&query) && read_key(&query, adding->end);
    return db_end(&query);
}

/* Both lists are sorted; the new one may tell of a source more than once. */
static size_t merge(struct adding *adding, const struct tally_traffic *fresh, size_t count)
{
    struct tally_traffic *out = adding->merged;
    size_t made = 0;
    for (size_t i = 0, j = 0; i < adding->old_count || j < count;) {
        bool is_old = j == count || (i < adding->old_count && order(&adding->old[i], &fresh[j]) <= 0);
        const struct tally_traffic *row = is_old ? &adding->old[i++] : &fresh[j++];
        if (made > 0 && order(&out[made - 1], row) == 0)
            traffic_merge(&out[made - 1], row);
        else
            out[made++] = *row;
    }
    return made;
}

static int write_blocks(struct adding *adding, size_t count)
{
    const struct tally_traffic *rows = adding->merged;
    size_t blocks = count <= TRAFFIC_MOST ? 1 : count / TRAFFIC_BLOCK;
    int err = 0;
    if (adding->is_there) {
        struct db_query query = db_query(adding->db, SQL_TRAFFIC_DROP, adding->note);
        bind_key(&query, adding, adding->first);
        err = db_finish(&query);
    }
    for (size_t i = 0; !err && i < blocks; i++) {
        size_t first = count * i / blocks, end = count * (i + 1) / blocks;
        struct db_query query = db_query(adding->db, SQL_TRAFFIC_ADD, adding->note);
        bind_key(&query, adding, rows[first].source);
        db_bind_bytes(&query, adding->packed, traffic_pack(rows + first, end - first, adding->packed));
        err = db_finish(&query);
    }
    return err;
}

/* Adds the rows that were gathered. */
static int add_gathered(struct adding *adding)
{
    const struct tally_traffic *rows = adding->fresh;
    size_t count = adding->fresh_count;
    int err = 0;
    bool sorted = true;
    for (size_t i = 1; i < count && sorted; i++)
        sorted = order(&rows[i - 1], &rows[i]) <= 0;
    if (!sorted)
        qsort(adding->fresh, count, sizeof *rows, order);
    for (size_t i = 0; !err && i < count;) {
        size_t end = i + 1;
        adding->hour = rows[i].hour_us / UTC_HOUR;
        err = find_block(adding, rows[i].source);
        while (end < count && rows[end].hour_us == rows[i].hour_us &&
               (!adding->has_end || memcmp(rows[end].source, adding->end, sizeof adding->end) < 0))
            end++;
        if (!err)
            err = write_blocks(adding, merge(adding, rows + i, end - i));
        i = end;
    }
    adding->fresh_count = 0;
    return err;
}

static void gather(struct adding *adding, const struct tally_rows *rows, const struct packed *packed)
{
    for (size_t i = 0; i < packed->count; i++)
        rows->traffic(rows->context, packed->begin + i, &adding->fresh[i]);
    adding->fresh_count = packed->count;
}

/* Whether the rows can be written as they were packed. */
static int look(struct adding *adding, const struct packed *packed)
{
    int64_t hour = packed->hour_us / UTC_HOUR;
    int err = 0;
    if (packed->block_count && hour != adding->packed_hour) {
        adding->hour = adding->packed_hour = hour;
        err = find_block(adding, packed->blocks[0].source);
        adding->is_new = !adding->is_there;
    }
    adding->is_new &= packed->block_count > 0;
    return err;
}

static int add_packed(struct adding *adding, const struct packed *packed)
{
    int err = 0;
    adding->hour = adding->packed_hour;
    for (size_t i = 0; !err && i < packed->block_count; i++) {
        struct db_query query = db_query(adding->db, SQL_TRAFFIC_ADD, adding->note);
        bind_key(&query, adding, packed->blocks[i].source);
        db_bind_bytes(&query, packed->blocks[i].bytes, packed->blocks[i].length);
        err = db_finish(&query);
    }
    return err;
}
int sightings_sqlite_add_traffic(struct db *db, int64_t collector, const struct tally_rows *rows,
    struct packer *packer, struct err_note *note)
{
    const struct packed *packed;
    if (!rows->traffic_count)
        return 0;
    struct adding *adding = calloc(1, sizeof *adding);
    if (!adding)
        return err_set(note, ERR_NOMEM, "no memory to write what was counted");
    adding->db = db;
    adding->note = note;
    adding->collector = collector;
    adding->packed_hour = INT64_MIN;
    int err = 0;
    while (!err && (packed = packer_next(packer))) {
        err = look(adding, packed);
        if (!err && adding->is_new) {
            err = add_packed(adding, packed);
        } else if (!err) {
            gather(adding, rows, packed);
            err = add_gathered(adding);
        }
    }
    free(adding);
    return err;
}

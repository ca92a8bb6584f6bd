/* sightings_click: sightings.h in ClickHouse. Internal to io/store.
 *
 * Tables sighting_local, traffic_local and segment_local on each shard, and Distributed ones without `_local`
 * over them; with no cluster the local ones alone. Why rows count only when their segment is there, and which
 * segments count: docs/decisions/0010-segments.md. */
#ifndef IO_STORE_SIGHTINGS_CLICK_H
#define IO_STORE_SIGHTINGS_CLICK_H

#include "io/store/click.h"
#include "io/store/click_sql.h"
#include "io/store/sightings_inside.h"

#include "base/text.h"

extern const struct sightings_backend sightings_click;

struct sightings_click {
    struct sightings base;
    struct click_url url;
    struct click *click; /* to url.hosts[host] */
    unsigned host;
    bool distributed; /* there is a cluster */
    bool skips;       /* it is asked without the shards that are away */
    char cluster[65];
};

/* ---- sightings_click.c: SQL and connections ---- */

/* Asks with one of the statements of sightings_click.sql; `values` beside the names of tables, which are
 * known. `types` NULL: a statement without an answer. */
int sightings_click_run(struct sightings_click *store, const char *statement,
    const struct click_sql_value *values, const char *types, click_row_fn *row, void *context,
    struct err_note *note);

/* Adds one of the statements with its values and the names of tables. */
void sightings_click_sql(struct sightings_click *store, struct text *out, const char *statement,
    const struct click_sql_value *values);

/* Goes over to the next host of the URL that answers. ERR_UNAVAILABLE: none does. */
int sightings_click_next_host(struct sightings_click *store, struct err_note *note);

/* Waits before attempt 1, 2 …: longer each time. False: there have been enough. */
bool sightings_click_again(unsigned attempt);

/* The same for an answer of one number. ERR_DATA: there was none. */
int sightings_click_number(struct sightings_click *store, const char *statement,
    const struct click_sql_value *values, uint64_t *ret_number, struct err_note *note);

/* The names of a list of columns, with commas. */
void sightings_click_names(struct text *out, const char *columns);

/* ---- sightings_click_open.c: tables ---- */

/* Makes what is missing (unless the store is read only) and refuses what is not ours. */
int sightings_click_prepare(struct sightings_click *store, struct err_note *note);

/* ---- sightings_click_chain.c: which segments count ---- */

struct sightings_click_link {
    uint8_t id[SIGHTINGS_ID];
    uint64_t first, end, reach;
    bool counts;
};

/* Of the segments of one input: sorts them by `first` and sets `counts`. Returns where the chain ends. */
uint64_t sightings_click_chain(struct sightings_click_link *links, size_t count);

/* Adds the condition on `id` that keeps segments which do not count out, "1" if there are none; of all
 * collectors if `collector` is NULL. */
int sightings_click_counted(
    struct sightings_click *store, const char *collector, struct text *out, struct err_note *note);

/* Where an input ends; `counted` is the condition as above for it alone. *ret_end 0: never seen. */
int sightings_click_end(struct sightings_click *store, const char *collector,
    const uint8_t input_id[SIGHTINGS_ID], uint64_t *ret_end, struct text *counted, struct err_note *note);

/* ---- sightings_click_question.c: what all questions have alike ---- */

/* The values that bound a question, and the list's end. `counted`: of sightings_click_counted(). */
enum { SIGHTINGS_CLICK_BOUNDS = 8 };
void sightings_click_bounds(const struct sightings_question *question, const char *counted,
    struct click_sql_value ret_values[SIGHTINGS_CLICK_BOUNDS + 1]);

/* Asks; at another host if this one is away, and then without the shards that are away: *ret_missing names
 * them, in the arena, else NULL. `again` tells whether it may be asked anew after a failure; NULL: always. */
typedef int sightings_click_ask_fn(struct sightings_click *store, void *context, struct err_note *note);
int sightings_click_try(struct sightings_click *store, sightings_click_ask_fn *ask,
    bool (*again)(const void *context), void *context, struct arena *arena, const char **ret_missing,
    struct err_note *note);

/* Room for one more in an array on the heap, or NULL; it may have moved. */
void *sightings_click_room(void *array, size_t count, size_t *capacity, size_t size);

/* ---- sightings_click_shards.c: each shard by itself ---- */

struct sightings_click_shards {
    struct click *clicks[CLICK_URL_MAX_HOSTS];
    unsigned count;
};

/* The hosts of the URL, if it is certain that they are all shards of the cluster, each once. */
bool sightings_click_shards(struct sightings_click *store, struct sightings_click_shards *ret_shards);
void sightings_click_shards_free(struct sightings_click *store, struct sightings_click_shards *shards);

/* ---- sightings_click_cover.c ---- */

/* What the collectors of a question cover, by name, in the arena. `values`: of sightings_click_bounds(). */
int sightings_click_cover(struct sightings_click *store, const struct click_sql_value *values,
    struct arena *arena, struct sightings_coverage **ret_coverage, size_t *ret_count, struct err_note *note);

/* ---- sightings_click_commit.c, sightings_click_ask.c, sightings_click_scan.c ---- */

int sightings_click_commit(struct sightings *store, const struct sightings_segment *segment,
    const struct tally_rows *rows, struct err_note *note);
int sightings_click_ask(struct sightings *store, const struct sightings_question *question,
    struct arena *arena, struct sightings_answer *ret_answer, struct err_note *note);
int sightings_click_scan(struct sightings *store, const struct sightings_question *question,
    const struct sightings_scan *scan, struct arena *arena, struct sightings_scanned *ret_scanned,
    struct err_note *note);

#endif

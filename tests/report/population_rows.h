/* population_rows: what the sources of a population do, as rows of a store of sightings, and counted. */
#ifndef TESTS_REPORT_POPULATION_ROWS_H
#define TESTS_REPORT_POPULATION_ROWS_H

#include "population.h"

#include "io/store/sightings.h"

/* What a naive reader counts on one day, over all collectors: distinct addresses. A source that says several
 * things counts in each. And what is true of that day. */
struct day_count {
    uint64_t old_only;  /* said a set with the old key and without the new one */
    uint64_t old_alone; /* said that and nothing with the new key */
    uint64_t with_new, neither, signalling, seen;
    uint64_t sets[WORD_COUNT]; /* said this set */
    double failing;            /* users: see population_failing() */
};

extern const char *const population_sets[WORD_COUNT]; /* as the store has them: "4a5c" … */

struct population_rows;
/* ERR_NOMEM */
int population_rows_new(struct sightings *store, struct population_rows **ret_rows);
/* Lets everybody who is alive live through the day; days in order. Marks sources as seen. */
int population_rows_day(struct population_rows *rows, struct population *population, int32_t day,
    struct day_count *ret_count, struct err_note *note);
/* Commits what is not yet in the store. */
int population_rows_end(
    struct population_rows *rows, const struct population *population, struct err_note *note);
void population_rows_free(struct population_rows *rows); /* NULL is allowed */

#endif

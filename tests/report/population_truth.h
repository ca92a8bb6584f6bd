/* population_truth: what is true of a population, for those who test how well it is found out; and the files
 * that tell networks, countries and users. All say that they are synthetic. */
#ifndef TESTS_REPORT_POPULATION_TRUTH_H
#define TESTS_REPORT_POPULATION_TRUTH_H

#include "population_rows.h"

enum { TRUTH_MOST_DAYS = 512, TRUTH_MOST_DATES = 64 };

struct truth_cell {
    size_t sources, seen; /* alive on the day; of these, seen by a collector on it or before */
    double users;
};

struct truth_date {
    int32_t day;
    struct truth_cell cells[KIND_COUNT][TRUTH_COUNT];
};

struct population_truth {
    struct day_count days[TRUTH_MOST_DAYS];
    struct truth_date dates[TRUTH_MOST_DATES];
    size_t date_count;
};

/* After each day: on the first of a month, on days of note and on the last one, notes who is what. */
void population_truth_day(struct population_truth *truth, const struct population *population, int32_t day,
    const struct day_count *count);

/* Writes into the directory: truth.json, sources.csv, pfx2as, delegated, users.csv, users-country.csv.
 * ERR_IO. */
int population_truth_write(const struct population_truth *truth, const struct population *population,
    const char *directory, struct err_note *note);

#endif

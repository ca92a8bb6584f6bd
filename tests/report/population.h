/* population: made-up resolvers that live through a roll, day by day. SYNTHETIC: no real network is meant.
 *
 * The roll is the root's of 2018: key 19036 hands over to 20326 on 2018-10-11T16:00:00Z. Thirteen letters are
 * asked; some of them have a collector, from some day on. What a source does on a day depends on the seed,
 * its number and the day alone: a population that ends earlier is the beginning of one that ends later.
 *
 * A source is an address of one kind; the table of kinds (population_kinds.c) holds every number that shapes
 * the population, and population_set() changes it. */
#ifndef TESTS_REPORT_POPULATION_H
#define TESTS_REPORT_POPULATION_H

#include "base/err.h"
#include "base/utc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum kind {
    KIND_BIND,
    KIND_UNBOUND,
    KIND_STATIC,
    KIND_LATE,
    KIND_FORWARDER,
    KIND_NAT,
    KIND_EPHEMERAL,
    KIND_APPLICATION,
    KIND_UPGRADED,
    KIND_SILENT,
    KIND_NON_VALIDATOR,
    KIND_ZOMBIE,
    KIND_BROKEN,
    KIND_RESTORED,
    KIND_SPOOFED,
    KIND_COUNT,
};

enum role { ROLE_ISP, ROLE_COMPANY, ROLE_CLOUD, ROLE_MOBILE, ROLE_COUNT };

/* What a source can say: which keys it names. */
enum word { WORD_OLD, WORD_BOTH, WORD_NEW, WORD_OTHER, WORD_COUNT };

/* Classes as `rollcall report` names them; what each source truly is. */
enum truth {
    TRUTH_READY,
    TRUTH_OLD_ONLY,
    TRUTH_NEITHER,
    TRUTH_MIXED,
    TRUTH_RELAY,
    TRUTH_EPHEMERAL,
    TRUTH_APPLICATION,
    TRUTH_FAILING,
    TRUTH_SILENT,
    TRUTH_NON_VALIDATOR,
    TRUTH_COUNT,
};
const char *truth_name(enum truth truth);

/* A quantity over time: straight lines between dates, level before and after. Ends with date NULL. */
struct knot {
    const char *date;
    double value;
};

struct kind_row {
    const char *name, *about;
    enum role role;
    enum truth truth;
    /* What population_set() changes: */
    double sources; /* alive at a time, at scale 1 (where `alive` is 1) */
    double users;   /* share of all users */
    double old; /* share that names only the old key, at first (where `stale` is 1); of those that relay: of
                   days */
    double mended; /* share of the old ones that are configured anew before the roll */
    double weight; /* users behind an old one, against those behind another of its kind */
    double risk;   /* share of the users of an old one that lose names when the roll comes */
    /* Behaviour: */
    const char *mend_from, *mend_to;
    const struct knot *alive, *stale; /* of short-lived kinds; NULL: always 1 */
    unsigned life_least, life_most;   /* days; 0: all the time */
    double active;                    /* share of days on which it asks at all */
    unsigned signals_least, signals_most, dnskey_least, dnskey_most, queries_least, queries_most; /* a day */
    unsigned edns, dnssec_ok, recursion, checking_disabled; /* per cent of queries */
    uint16_t udp_size;
    unsigned names; /* different last labels that it asks; 0: any */
};

enum {
    POPULATION_LETTERS = 13,
    POPULATION_NETWORKS = 760,
    POPULATION_COUNTRIES = 24,
    POPULATION_MOST_SCALE = 1000,
};
#define POPULATION_USERS 100000000.0

struct letter {
    const char *collector;            /* NULL: nobody collects there */
    int64_t from_us, to_us;           /* to_us 0: to the end */
    unsigned hours;                   /* of each day, the first; 0: all */
    int64_t lost_from_us, lost_to_us; /* days on which the collector saw nothing */
};

struct network_row {
    uint32_t as;
    enum role role;
    unsigned country;
    double users;
    uint32_t hosts; /* addresses given so far */
};

struct source {
    uint8_t address[16];
    uint64_t key; /* of its randomness */
    double users;
    int32_t first_day, last_day; /* last_day: of its life, which may lie after the end */
    int32_t speaks_from;         /* the day from which its software signals */
    int32_t mended; /* the day from which it has the new key; INT32_MIN: always, INT32_MAX: never */
    int32_t relapse_from, relapse_to; /* days on which it has the old key alone again; equal: none */
    uint8_t kind;                     /* enum kind */
    uint8_t favourite;
    uint16_t network;
    bool only_new; /* once it has the new key, the old one is gone */
    bool seen;     /* by a collector, so far */
};

struct population {
    uint64_t seed;
    double scale;
    int64_t from_us; /* day 0 */
    int32_t days, roll_day;
    struct kind_row kinds[KIND_COUNT];
    char mend_dates[KIND_COUNT][2][UTC_TEXT]; /* that population_mend() set */
    struct letter letters[POPULATION_LETTERS];
    struct network_row networks[POPULATION_NETWORKS]; /* by role */
    unsigned first_of_role[ROLE_COUNT + 1];
    char countries[POPULATION_COUNTRIES][3];
    struct source *sources;
    size_t count, capacity;
    size_t settled;    /* so many, the first, live all the time */
    size_t next_alive; /* of the others, those before it are dead */
};

/* What a source did on one day at one letter. */
struct voice {
    uint32_t words[WORD_COUNT], dnskey, queries;
};

/* Fills the tables: usual kinds, seed 1, scale 1, until 2018-11-01. */
void population_start(struct population *population);
/* "application.sources=300"; ERR_USAGE with the note. To be called before population_settle(). */
int population_set(struct population *population, const char *text, struct err_note *note);
/* "f=2017-10-01..2018-02-01", "f=none", or, at work for the first 16 hours of each day,
 * "f=2017-10-01..2018-02-01/16": one letter's collector, in place of the usual one. */
int population_feed(struct population *population, const char *text, struct err_note *note);
/* "late=2018-01-01..2018-01-08": when those of a kind are mended that are. */
int population_mend(struct population *population, const char *text, struct err_note *note);
/* Days until `until_us`, exclusive. ERR_USAGE: outside of the story. */
int population_until(struct population *population, int64_t until_us, struct err_note *note);
/* Makes all that live the whole time. ERR_NOMEM. */
int population_settle(struct population *population);
/* Adds those that are born on this day; days come in order, each once. ERR_NOMEM. */
int population_born(struct population *population, int32_t day);
void population_free(struct population *population);

/* Whether it asks anything on the day, and what, by letter. */
bool population_speak(const struct population *population, const struct source *source, int32_t day,
    struct voice ret_voices[POPULATION_LETTERS]);

bool population_is_alive(const struct source *source, int32_t day);
bool population_is_old(const struct source *source, int32_t day);
enum truth population_truth(const struct population *population, const struct source *source, int32_t day);
/* Users behind it that lose names by the roll (if it came that day; from the roll on: that have lost them).
 */
double population_failing(const struct population *population, const struct source *source, int32_t day);
bool population_validates(const struct source *source);
bool population_collects(const struct population *population, unsigned letter, int32_t day);
int32_t population_day_of(const char *date); /* a date of our own tables */

/* Randomness that depends on its arguments alone. */
uint64_t population_draw(uint64_t key, uint64_t a, uint64_t b);
double population_chance(uint64_t key, uint64_t a, uint64_t b); /* [0, 1) */

const struct kind_row *population_usual_kinds(void);
void population_usual_letter(unsigned letter, struct letter *ret);

#endif

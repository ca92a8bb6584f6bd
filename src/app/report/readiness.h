/* readiness: the sources of a store, classified for one roll, and weighed: how many sources, networks,
 * queries and users stand behind each class, and between which bounds the risk lies. docs/readiness.md says
 * what the numbers are of.
 *
 *   told       sources with one voice and a word that can be held against the plan: ready, waiting, old-only,
 * old-only-weak, neither validators told, and mixed, failing, silent: everyone whose users would notice lower
 * what is proved: old-only upper      what is not disproved: validators that are neither ready nor waiting
 *
 * Relays, ephemeral sources and applications speak for others or for nobody's users, and are counted beside
 * it.
 *
 * Users of a network (AS) are shared out by the queries of its sources, or by their number where there are
 * none; so a prefix and a country have of each network what their sources there have, and lines of any kind
 * add up to the total. Where no network's users were told, a country's are shared out in the same way.
 *
 * A store is read and its sources are classified once; what was judged is then weighed as often as wanted.
 * Sums end at INT64_MAX. */
#ifndef APP_REPORT_READINESS_H
#define APP_REPORT_READINESS_H

#include "base/arena.h"
#include "base/text.h"
#include "core/roll/classify.h"
#include "core/roll/interval.h"
#include "io/networks/networks.h"
#include "io/store/sightings.h"

enum readiness_by { READINESS_BY_CLASS, READINESS_BY_PREFIX, READINESS_BY_AS, READINESS_BY_COUNTRY };

/* One of several zones that roll by the same plan, each with keys of its own, as the participants' zones of a
 * platform do. */
struct readiness_zone {
    const char *zone;          /* presentation form, lower case, final dot */
    struct classify_roll keys; /* only the tags matter */
};

struct readiness_wish {
    enum readiness_by by;             /* of `groups` in the answer */
    const struct classify_roll *roll; /* with `zones`: of its dates alone */
    const struct classify_limits *limits;
    const struct sightings_question *question; /* zone, time, collector; the time has an end */
    const struct networks *networks;
    const char *const *only; /* collectors that are looked at; NULL: all */
    size_t only_count;
    const struct readiness_zone *zones; /* by name: sources are judged by what they say of any of these, and
                                           the question names no zone; NULL: by the question's one */
    size_t zone_count;
    const struct classify_cluster *known; /* applications that another time made known */
    size_t known_count;
};

/* One line: everything, or one prefix, AS or country. */
struct readiness_group {
    uint8_t prefix[16]; /* by prefix: of /24 and /48 */
    uint32_t as;        /* by AS; 0: not known */
    char country[3];    /* by country; by AS that of most of its sources. "": not known */
    uint64_t sources[CLASSIFY_CLASSES], queries[CLASSIFY_CLASSES];
    /* Queries that users are shared out by: not those for the zone's keys and signals, which a resolver in
     * trouble repeats. And the sum of their squares, source by source. */
    uint64_t ordinary[CLASSIFY_CLASSES];
    double squares[CLASSIFY_CLASSES];
    uint64_t
        networks[CLASSIFY_CLASSES]; /* that have such sources: AS, or /24 and /48 where that is not known */
    uint64_t network_count;
    uint64_t networks_low, networks_high;        /* with sources at risk, proved; not disproved */
    uint64_t networks_told, networks_validating; /* with sources whose word is known; that validate */
    uint64_t networks_ready;                     /* all of whose words are of the new key */
    double users_told, users_validating;         /* behind sources whose word is known; that validate */
    double users_low, users_high;                /* behind sources at risk */
    double users_failing;
    /* The sums of the squares of the users of each such source: of how many sources these users are, in
     * effect. */
    double squares_low, squares_high, squares_failing;
    int64_t users; /* that were told for these networks; -1: for none */
};

struct readiness_place; /* of a source: its network and country, what it weighs */
struct readiness_crowd; /* the users of a network, and who shares them */

struct readiness {
    const struct readiness_wish *wish;
    struct classify *classify; /* this and the next two: to be freed by readiness_free() */
    struct readiness_place *places;
    struct readiness_crowd *crowds; /* by AS */
    size_t crowd_count;
    const char *const *collectors; /* by their numbers in the evidence */
    size_t collector_count;
    struct sightings_coverage *coverage; /* of those that are looked at, whatever the time */
    size_t coverage_count;
    struct readiness_group total;
    struct readiness_group *groups; /* by `wish->by`; none by class */
    size_t group_count;
    /* Sources whose word is known that went back from the new key to the old one alone, and how often. (Mixed
     * ones do so by nature, and are not counted.) */
    uint64_t regressed_sources, regressions;
    uint64_t dnskey; /* queries for the keys of the roll's zone */
    bool has_total;  /* of those that no collector saw too: Chao */
    struct interval unseen_total;
    bool partial;
    const char *missing;
};

/* Sums of a group. */
uint64_t readiness_told(const uint64_t counts[CLASSIFY_CLASSES]);
uint64_t readiness_validators(const uint64_t counts[CLASSIFY_CLASSES]);
uint64_t readiness_upper(const uint64_t counts[CLASSIFY_CLASSES]);

/* What is not said to be freed lives in the arena. */
int readiness_make(struct sightings *store, const struct readiness_wish *wish, struct arena *arena,
    struct readiness *ret_readiness, struct err_note *note);
void readiness_free(struct readiness *readiness);

/* The lines by prefix, AS or country of what was judged already, by users at risk, then sources at risk, then
 * key; by class the one of everything. In the arena. ERR_NOMEM. */
int readiness_group_by(const struct readiness *readiness, enum readiness_by by, struct arena *arena,
    struct readiness_group **ret_groups, size_t *ret_count);

/* Adds "192.0.2.0/24", "AS64500 NAME", "NZ", or "unknown"; nothing by class. */
void readiness_add_key(const struct readiness *readiness, enum readiness_by by,
    const struct readiness_group *group, struct text *text);

/* One network and its sources. */
struct readiness_network {
    uint32_t as;             /* 0: not known */
    uint8_t prefix[16];      /* of /24 and /48, where the AS is not known */
    char country[3];         /* of most of its sources whose country is known; "": of none */
    const uint32_t *sources; /* their numbers in `classify`, by address */
    size_t source_count;
};
/* By AS, then those of which only the prefix is known. `each` returns 0, or an error that ends it and is
 * returned; what it is given lives during the call only. ERR_NOMEM. */
int readiness_networks(const struct readiness *readiness,
    int (*each)(void *context, const struct readiness_network *network), void *context);

enum readiness_form { READINESS_TABLE, READINESS_JSON, READINESS_CSV };
/* ERR_NOMEM. `columns`: of the screen. */
int readiness_write(
    const struct readiness *readiness, enum readiness_form form, size_t columns, struct text *ret_text);

/* What is known of one source, and the rules that gave its class. ERR_NOINPUT: the store has nothing of it.
 */
int readiness_explain(const struct readiness *readiness, const uint8_t source[16], bool json,
    struct text *ret_text, struct err_note *note);

/* "class", "prefix", "as", "country". ERR_USAGE for any other word. */
int readiness_by(const char *word, enum readiness_by *ret_by);

#endif

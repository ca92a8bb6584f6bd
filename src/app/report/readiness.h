/* readiness: the sources of a store, classified for one roll, and weighed: how many sources, networks,
 * queries and users stand behind each class, and between which bounds the risk lies. docs/readiness.md says
 * what the numbers are of.
 *
 *   told       sources with one voice and a word that can be held against the plan: ready, waiting, old-only,
 * old-only-weak, neither validators told, and mixed, failing, silent: everyone whose users would notice lower
 * what is proved: old-only upper      what is not disproved: validators that are neither ready nor waiting
 *
 * Relays, ephemeral sources and applications speak for others or for nobody's users, and are counted beside
 * it. */
#ifndef APP_REPORT_READINESS_H
#define APP_REPORT_READINESS_H

#include "base/arena.h"
#include "base/text.h"
#include "core/roll/classify.h"
#include "core/roll/interval.h"
#include "io/networks/networks.h"
#include "io/store/sightings.h"

enum readiness_by { READINESS_BY_CLASS, READINESS_BY_PREFIX, READINESS_BY_AS, READINESS_BY_COUNTRY };

struct readiness_wish {
    enum readiness_by by;
    const struct classify_roll *roll;
    const struct classify_limits *limits;
    const struct sightings_question *question; /* zone, time, collector; the time has an end */
    const struct networks *networks;
    const char *const *only; /* collectors that are looked at; NULL: all */
    size_t only_count;
};

/* One line: everything, or one prefix, AS or country. */
struct readiness_group {
    uint8_t prefix[16]; /* of /24 and /48 */
    uint32_t as;        /* 0: not known */
    char country[3];    /* "": not known */
    uint64_t sources[CLASSIFY_CLASSES], queries[CLASSIFY_CLASSES];
    uint64_t
        networks[CLASSIFY_CLASSES]; /* that have such sources: AS, or /24 and /48 where that is not known */
    uint64_t network_count;
    uint64_t networks_low, networks_high;        /* with sources at risk, proved; not disproved */
    uint64_t networks_told, networks_validating; /* with sources whose word is known; that validate */
    uint64_t networks_ready;                     /* all of whose words are of the new key */
    double users_told;                           /* behind sources whose word is known */
    double users_low, users_high;                /* behind sources at risk */
    int64_t users;                               /* that were told for these networks; -1: for none */
};

struct readiness {
    const struct readiness_wish *wish;
    struct classify *classify; /* to be freed by readiness_free() */
    const char *const *collectors;
    size_t collector_count;
    struct readiness_group total;
    struct readiness_group *groups; /* by users at risk, then sources at risk, then key */
    size_t group_count;
    bool has_total; /* of those that no collector saw too: Chao */
    struct interval unseen_total;
    bool partial;
    const char *missing;
};

/* Sums of a group. */
uint64_t readiness_told(const uint64_t counts[CLASSIFY_CLASSES]);
uint64_t readiness_validators(const uint64_t counts[CLASSIFY_CLASSES]);
uint64_t readiness_upper(const uint64_t counts[CLASSIFY_CLASSES]);

/* Everything but `classify` lives in the arena. */
int readiness_make(struct sightings *store, const struct readiness_wish *wish, struct arena *arena,
    struct readiness *ret_readiness, struct err_note *note);
void readiness_free(struct readiness *readiness);

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

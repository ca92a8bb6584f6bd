/* classify: what the signals and the traffic of each source make of it, for one roll at one moment.
 *
 * A source is an address, not a resolver: behind one may be many, it may pass on what others say, live for an
 * hour, or be one of thousands of copies of one application. The numbers of 2017 and 2018 were misread for
 * want of these distinctions (docs/readiness.md). So each source gets one class, by rules in a fixed order,
 * each a predicate with named limits; the evidence that decided is kept as counters.
 *
 * Rows come in any order, from any number of collectors, by the hour or summed by the day; the same rows give
 * the same classes and the same evidence. A source that several collectors saw is one: counts add, days are a
 * union.
 *
 * Memory: about 200 octets a source, 20 for each 32 days in which it was seen; 200 more for one that says
 * something of the zone, and 88 for each 32 days in which it signals. Both also have 4 octets for each 32
 * days that are judged, at most 64. Counts end at their greatest value. Pure: the caller gives seed, plan and
 * moment. */
#ifndef CORE_ROLL_CLASSIFY_H
#define CORE_ROLL_CLASSIFY_H

#include "core/roll/plan.h"
#include "core/roll/tally.h"

/* In the order in which reports show them. */
enum classify_class {
    CLASSIFY_READY,    /* its last word names the new key */
    CLASSIFY_WAITING,  /* only the old key, and RFC 5011's hold-down with margin has not ended: normal */
    CLASSIFY_OLD_ONLY, /* only the old key, too late, confirmed: several signals on several days, ordinary
                          traffic, one voice */
    CLASSIFY_OLD_ONLY_WEAK, /* the same, but said too seldom, or last when it was normal: not to be counted on
                             */
    CLASSIFY_NEITHER,       /* names neither key of the roll: anchors of another time */
    CLASSIFY_MIXED,         /* says both things on the same days: NAT, a farm, several resolvers */
    CLASSIFY_RELAY, /* passes on what others say: its signals come with RD, as a stub's or forwarder's do */
    CLASSIFY_EPHEMERAL,     /* seen on one day only, with hardly any traffic */
    CLASSIFY_APPLICATION,   /* one of many that ask the same few names in the same way: one finding, not
                               thousands */
    CLASSIFY_FAILING,       /* repeats signals or DNSKEY queries as one that cannot validate now; a copy of an
                               application that does so counts there */
    CLASSIFY_SILENT,        /* validates (DO, DNSKEY queries on several days), but never signals: unknown */
    CLASSIFY_NON_VALIDATOR, /* no sign of validation, or too little to tell */
    CLASSIFY_CLASSES,
};

const char *classify_name(
    enum classify_class class); /* "ready", "old-only", "old-only-weak", "non-validator", … */
const char *classify_meaning(enum classify_class class);              /* one sentence for people */
int classify_parse(const char *name, enum classify_class *ret_class); /* ERR_USAGE */

/* ---- limits: every threshold there is, in one table ---- */

enum classify_limit {
    CLASSIFY_CONFIRM_SIGNALS, /* 2: old-only counts as confirmed from so many signals on … */
    CLASSIFY_CONFIRM_DAYS,    /* 2: … so many days */
    CLASSIFY_CONFIRM_QUERIES, /* 10: … with so many other queries */
    CLASSIFY_MARGIN_HOURS,   /* 48: after the hold-down, before "only the old key" counts: signals come once a
                                day */
    CLASSIFY_MARGIN_SECONDS, /* 0: … and so many seconds more, where a roll takes minutes */
    CLASSIFY_MIXED_DAYS,     /* 2: days on which it said both, or times it went back from the new key */
    CLASSIFY_RELAY_PERCENT,  /* 50: of its signals that had RD */
    CLASSIFY_EPHEMERAL_DAYS, /* 1 */
    CLASSIFY_EPHEMERAL_QUERIES, /* 20: at most */
    CLASSIFY_CLUSTER_SOURCES,   /* 100: at least so many alike */
    CLASSIFY_CLUSTER_NAMES,     /* 4: that ask at most so many names */
    CLASSIFY_FAILING_DAYS,      /* 7: looks at the last days */
    CLASSIFY_FAILING_SIGNALS,   /* 24: on one of its last two days there with signals or DNSKEY queries */
    CLASSIFY_FAILING_DNSKEY,    /* 96: a day, of the zone */
    CLASSIFY_SILENT_DAYS,       /* 2: with DNSKEY queries */
    CLASSIFY_SILENT_DO_PERCENT, /* 50: of its queries with DO */
    CLASSIFY_LIMITS,
};

struct classify_limit_text {
    const char *name, *meaning; /* "confirm-signals" */
    uint32_t usual, least, most;
};
const struct classify_limit_text *classify_limit(enum classify_limit limit);

struct classify_limits {
    uint32_t value[CLASSIFY_LIMITS];
};
void classify_limits_usual(struct classify_limits *ret_limits);

/* Those that fit a plan: the usual ones, but for what a short TTL or hold-down changes.
 *
 * A validator asks for DNSKEY, and Unbound signals, once each time that the RRset runs out: with a TTL of a
 * minute that is 1,440 times a day, and no failure. Where the hold-down is shorter than two days, a roll goes
 * by within days or minutes, while evidence is kept by the day: so one day must do, and of that day only the
 * last word is known to have come late enough (late_signals). */
void classify_limits_for(const struct plan *plan, struct classify_limits *ret_limits);
/* "confirm-days=3". ERR_USAGE with the note: no such limit (all are listed), or out of its bounds. */
int classify_limits_set(struct classify_limits *limits, const char *text, struct err_note *note);

/* ---- the roll that is judged against ---- */

struct classify_roll {
    uint16_t old_tag, new_tag;
    bool has_old_revoked;
    uint16_t old_revoked_tag;                /* counts as the old key */
    int64_t publish_us, trust_us;            /* of the new key; UTC_OPEN: never yet */
    int64_t sign_us, revoke_us, withdraw_us; /* for people */
};

/* The roll of the plan at a moment, as the plan stood then (plan_as_of). ERR_DATA with the note: a template,
 * no roll, or keys whose tags are not known or alike. ERR_NOMEM. */
int classify_roll_of(
    const struct plan *plan, int64_t now_us, struct classify_roll *ret_roll, struct err_note *note);

/* When the old key alone begins to be too little: hold-down and margin have ended. UTC_OPEN: no date. */
int64_t classify_deadline(const struct classify_roll *roll, const struct classify_limits *limits);

/* The dates alone, of a plan whose keys have no tags yet, as each zone that follows it has keys of its own;
 * the tags are 0. And the ids of the two keys. They live as long as the plan. */
int classify_dates_of(const struct plan *plan, int64_t now_us, struct classify_roll *ret_roll,
    const char **ret_old_key, const char **ret_new_key, struct err_note *note);

/* ---- taking rows, giving classes ---- */

enum { CLASSIFY_MAX_COLLECTORS = 64, CLASSIFY_MAX_DAYS = 4096 };

struct classify;

/* Judges what lies in the days that [from, to) touches, as of `to_us`: rows that begin then or later are left
 * out, so that nothing is judged by what came after. ERR_NOMEM; ERR_USAGE: no time, or more days than
 * CLASSIFY_MAX_DAYS. */
int classify_new(const struct classify_roll *roll, const struct classify_limits *limits, int64_t from_us,
    int64_t to_us, uint64_t seed, struct classify **ret_classify, struct err_note *note);

/* Rows outside of the time are left out; a row's own times are taken as lying in its day. `collector`: a
 * number below CLASSIFY_MAX_COLLECTORS (those beyond are counted as the last). The caller passes only rows of
 * the roll's zone (and those with zone "", of which ICMP errors and malformed signals count). Nothing of the
 * row is kept. ERR_NOMEM; ERR_INTERNAL after classify_finish(). */
int classify_row(struct classify *classify, unsigned collector, const struct tally_row *row);
int classify_traffic(struct classify *classify, unsigned collector, const struct tally_traffic *traffic);

/* The same where several zones roll by one plan, each with keys of its own: `keys` are those of the row's
 * zone. Only their tags are looked at. */
int classify_row_of(struct classify *classify, const struct classify_roll *keys, unsigned collector,
    const struct tally_row *row);

/* An application that another time or other collectors made known (classify_cluster()): sources that ask
 * these names with this UDP size are it, however few there are. Before classify_finish(). ERR_NOMEM;
 * ERR_INTERNAL after it. */
int classify_know(struct classify *classify, uint64_t names, uint16_t udp_size);

/* After the last row, once: finds the clusters, and a class for each source. ERR_NOMEM. */
int classify_finish(struct classify *classify);

/* What a source says, as far as this roll goes. */
enum classify_word {
    CLASSIFY_SAYS_NOTHING,
    CLASSIFY_SAYS_OLD,     /* the old key (or its revoked form), not the new one */
    CLASSIFY_SAYS_NEW,     /* the new key, with or without others */
    CLASSIFY_SAYS_NEITHER, /* a set without both, or an empty one */
    CLASSIFY_WORDS,
};

/* What is known of a source. Moments of what never was are 0. */
struct classify_evidence {
    uint8_t source[16];
    uint64_t collectors; /* a bit each */
    int64_t first_us, last_us;
    uint32_t days; /* with anything from it */
    uint64_t queries, answers, tcp, edns, dnssec_ok, recursion_desired, checking_disabled;
    uint64_t dnskey; /* DNSKEY queries of any zone, from traffic */
    uint64_t names;
    uint32_t ports;
    uint16_t udp_size_least, udp_size_most;
    uint64_t zone_dnskey, zone_dnskey_do; /* DNSKEY queries for the roll's zone; those with DO */
    uint32_t zone_dnskey_days;
    uint64_t truncated;                    /* DNSKEY answers with TC */
    uint64_t too_big, reassembly, invalid; /* ICMP errors; malformed signals */
    uint64_t signals, signals_rd;
    uint64_t old_signals, new_signals,
        neither_signals; /* named the old key and not the new one; the new one; neither */
    uint32_t signal_days, old_days, new_days, neither_days,
        both_days; /* both: days with old_signals and new_signals */
    int64_t old_first_us, old_last_us, new_first_us, new_last_us, neither_first_us, neither_last_us;
    enum classify_word last_word; /* of the same microsecond: new before old before neither */
    /* Old-only after hold-down and margin, and after the last day with the new key. Of a day at most 65,535
     * signals count; of the very day in which the margin ends all, if all came after it, or one, if the last
     * did. */
    uint32_t late_signals, late_days;
    /* Times it went from the new key back to the old one alone: days with old and without new, whose nearest
     * earlier day with signals had new and not old. */
    uint32_t regressions;
    uint32_t recent_signals, recent_dnskey,
        recent_days;                    /* in the last FAILING_DAYS days; recent_days: those with either */
    uint32_t most_signals, most_dnskey; /* on a day, of the last two of recent_days */
    uint32_t cluster;                   /* number of its cluster, from 1; 0: none */
};

struct classify_source {
    enum classify_class class;
    struct classify_evidence evidence;
};

size_t classify_count(const struct classify *classify);
/* 0 <= i < count, by address. Only after classify_finish(). */
void classify_source(const struct classify *classify, size_t i, struct classify_source *ret);
enum classify_class classify_class_of(const struct classify *classify, size_t i);
uint32_t classify_regressions_of(const struct classify *classify, size_t i);

/* What sources are weighed by: cheap, as nothing is derived from days. */
struct classify_weight {
    enum classify_class class;
    uint64_t collectors;  /* a bit each */
    uint64_t queries;     /* answers, where no query was seen */
    uint64_t ordinary;    /* of them, neither signals nor DNSKEY queries for the roll's zone */
    uint64_t zone_dnskey; /* DNSKEY queries for the roll's zone */
};
void classify_weight(const struct classify *classify, size_t i, struct classify_weight *ret);
const uint8_t *classify_address(const struct classify *classify, size_t i);
bool classify_find(const struct classify *classify, const uint8_t source[16], size_t *ret_i);

/* Many sources that behave as one program: the same few names (beside the zone's own, which every
 * resolver asks for), the same UDP size, and at least CLUSTER_SOURCES of them with the same last word.
 * Those with another one belong to it too: an application that was updated is one still. Numbered by size,
 * the greatest first. */
struct classify_cluster {
    size_t sources;
    uint64_t names;
    uint16_t udp_size;
    size_t old_sources, new_sources, neither_sources, silent_sources; /* by their last word */
    size_t failing_sources; /* that repeat themselves as CLASSIFY_FAILING do */
    int64_t first_us, last_us;
};
size_t classify_cluster_count(const struct classify *classify);
void classify_cluster(
    const struct classify *classify, size_t number, struct classify_cluster *ret); /* from 1 */

/* How the class came about: the rules in their order, up to the one that holds. */
enum { CLASSIFY_STEPS = 16 };
struct classify_step {
    enum classify_class class;
    bool holds;
    char text[200]; /* with the counters and the limits by name: "3 signals on 3 days (confirm-signals 2,
                       confirm-days 2)" */
};
size_t classify_explain(
    const struct classify *classify, size_t i, struct classify_step steps[CLASSIFY_STEPS]);

/* One UTC day: how many different sources said what. All days that [from, to) touches, in order. Only after
 * classify_finish(). */
struct classify_day {
    int64_t day_us;
    uint64_t old_only, with_new, neither; /* a source that said several counts in each */
    uint64_t signalling, seen;
};
size_t classify_day_count(const struct classify *classify);
void classify_day(const struct classify *classify, size_t i, struct classify_day *ret);

void classify_free(struct classify *classify); /* NULL is allowed */

#endif

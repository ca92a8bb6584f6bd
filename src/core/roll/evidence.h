/* evidence: what a zone's own server saw of the resolvers behind it, folded from events into counters by
 * source and phase. Pure: the same events in the same order give the same evidence, so that it can be rebuilt
 * from the store at any time, with the plan as it stands then: a phase depends only on steps that have
 * happened, and those never change.
 *
 * Memory is bounded: EVIDENCE_SOURCES addresses, a few tag sets for each, EVIDENCE_CHAINS open proofs. What
 * does not fit is counted, and told. */
#ifndef CORE_ROLL_EVIDENCE_H
#define CORE_ROLL_EVIDENCE_H

#include "base/err.h"
#include "core/roll/plan.h"
#include "core/roll/rhythm.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum evidence_kind {
    EVIDENCE_DNSKEY,       /* DNSKEY asked at the zone's apex */
    EVIDENCE_DS,           /* DS of the zone asked (from its parent) */
    EVIDENCE_SIGNAL,       /* _ta-XXXX…, type NULL or A (RFC 8145 §5) */
    EVIDENCE_KEYTAG,       /* EDNS option 14 in a DNSKEY query (RFC 8145 §4) */
    EVIDENCE_NAME,         /* any other name of the zone asked */
    EVIDENCE_PROOF,        /* proof-N asked: a CNAME into k-N */
    EVIDENCE_PROOF_TARGET, /* w.k-N asked */
    EVIDENCE_PROOF_DNSKEY, /* DNSKEY of k-N asked: the zone's keys were validated */
    EVIDENCE_PROOF_DS,     /* DS of k-N asked */
    EVIDENCE_GAP_FIRST,    /* first absent name of gap N */
    EVIDENCE_GAP_SECOND,   /* second: the first's NSEC was not used (RFC 8198) */
    EVIDENCE_ANSWER,       /* an agent reports what a resolver answered */
    EVIDENCE_KINDS,
};

enum evidence_answer { ANSWER_AD = 1, ANSWER_NO_AD, ANSWER_SERVFAIL, ANSWER_OTHER, ANSWER_TIMEOUT };

enum { EVIDENCE_MAX_TAGS = 12, EVIDENCE_NONCE = 32, EVIDENCE_SOURCE = 16 };

struct evidence_event {
    int64_t at_us;
    enum evidence_kind kind;
    uint8_t source[EVIDENCE_SOURCE]; /* IPv6, or IPv4 mapped; all zero: an agent's report without address */
    uint16_t port, qtype;
    bool tcp, edns, dnssec_ok, checking_disabled;
    uint16_t udp_size;
    uint16_t tags[EVIDENCE_MAX_TAGS]; /* of a signal or option: sorted, without duplicates */
    uint8_t tag_count;
    uint8_t answer;                 /* enum evidence_answer, of EVIDENCE_ANSWER */
    char nonce[EVIDENCE_NONCE + 1]; /* N of a proof or gap name, else "" */
};

/* Where the roll stands, from the states of its two keys. */
enum evidence_phase {
    EVIDENCE_BEFORE,    /* new key not published */
    EVIDENCE_PUBLISHED, /* both published, the old one signs */
    EVIDENCE_ROLLED,    /* the new key alone signs */
    EVIDENCE_REVOKED,   /* the old key has REVOKE set */
    EVIDENCE_WITHDRAWN, /* the old key has left */
    EVIDENCE_PHASES,
};
enum evidence_phase evidence_phase(const struct plan *plan, int64_t t_us);

enum {
    EVIDENCE_SOURCES = 64,
    EVIDENCE_SIGNALS = 6,
    EVIDENCE_CHAINS = 16,
    EVIDENCE_AGENTS = 8,
    EVIDENCE_RECENT = 16
};

/* One set of key tags that a source signalled. */
struct evidence_signal {
    uint16_t tags[EVIDENCE_MAX_TAGS];
    uint8_t tag_count;
    struct sightings seen;
};

/* Proofs (CNAME into a signed child) that a source asked, by how far it went. */
struct evidence_proofs {
    struct sightings followed; /* DS, then DNSKEY of the child: as one who validates from the top down */
    struct sightings
        reversed;             /* DNSKEY before DS: BIND, or PowerDNS, which goes on with a wrong anchor too */
    struct sightings stopped; /* no DNSKEY of the child */
};

/* The latest of them. */
struct evidence_streak {
    int64_t through_us;           /* last proof that went through; INT64_MIN: none */
    bool reversed;                /* … with DNSKEY before DS */
    unsigned long stopped;        /* in a row since then */
    int64_t since_us, stopped_us; /* first and last of these; UTC_OPEN, INT64_MIN: none */
};

struct evidence_source {
    uint8_t source[EVIDENCE_SOURCE];
    struct sightings all, kinds[EVIDENCE_PHASES][EVIDENCE_KINDS];
    struct rhythm rhythm;
    int64_t published_us;      /* the publication of the new key that the next two refer to */
    int64_t key_published_us;  /* first DNSKEY query since; UTC_OPEN: none */
    int64_t sign_published_us; /* first sign of following since, of the present run; UTC_OPEN: none */
    int64_t refreshed_us;      /* first sign of following at least a hold-down after that, before the roll: it
                                  learned the key. UTC_OPEN: none */
    struct evidence_signal signals[EVIDENCE_SIGNALS]; /* in the order of their first sight */
    size_t signal_count, last_signal;                 /* last_signal: index of the newest */
    unsigned long signal_changes;                     /* times that the set was another than the one before */
    unsigned long signal_run;                         /* the newest set, this often in a row … */
    int64_t signal_last_us,
        signal_before_us; /* the newest signal, and the one before it in this row; INT64_MIN: none */
    /* Signals close to a DNSKEY query (Unbound and Knot Resolver send them together), and apart from any
     * (BIND: by a timer of its own) */
    unsigned long signals_with, signals_apart;
    int64_t signal_us;             /* the last, while no DNSKEY query was near it; 0: none waits */
    struct sightings signals_lost; /* sets beyond EVIDENCE_SIGNALS */
    struct evidence_proofs proofs[EVIDENCE_PHASES];
    struct evidence_streak streak;
    struct { /* DNSKEY queries close together: one that retries */
        int64_t last_us;
        unsigned row;
        struct sightings seen[EVIDENCE_PHASES];
    } burst;
    /* Whose cache is it? Before the roll. Apart: it asked for DNSKEY when its own copy was old, though
     * another address had fetched one just before. Together: it asked a name then, and did not ask for
     * DNSKEY. */
    struct {
        int64_t name_us;  /* its last question */
        int64_t asked_us; /* 0: no question waits for a DNSKEY query */
        unsigned long apart, together;
    } cache;
    bool dnssec_ok;
};

/* What agents report of one resolver. */
struct evidence_agent {
    uint8_t source[EVIDENCE_SOURCE];
    struct sightings answers[EVIDENCE_PHASES][ANSWER_TIMEOUT + 1];
    uint8_t recent[EVIDENCE_RECENT]; /* the latest answers but time-outs, ring */
    size_t recent_count;
    unsigned long fails_row;              /* SERVFAIL in a row; a time-out neither adds nor ends */
    int64_t fails_since_us, last_good_us; /* UTC_OPEN / INT64_MIN: none */
    int64_t last_us;
};

struct evidence_chain {
    char nonce[EVIDENCE_NONCE + 1]; /* "": free */
    uint16_t source;                /* index of who asked */
    uint8_t phase;
    int64_t asked_us;
    bool target, ds, followed;
};

struct evidence {
    struct rhythm_scale scale;
    int64_t first_us, last_us;
    struct sightings all;
    struct evidence_source *sources;
    size_t source_count;
    struct sightings sources_lost; /* queries of addresses for which there was no room */
    struct evidence_agent *agents; /* up to EVIDENCE_AGENTS, made with the first report */
    size_t agent_count;
    struct sightings agents_lost;
    struct rhythm_prompts prompts;
    struct evidence_source
        whole; /* all sources together, as if they were one: for those that share a cache */
    struct evidence_chain chains[EVIDENCE_CHAINS];
    size_t next_chain;
};

/* NULL when memory is short. */
struct evidence *evidence_new(void);
void evidence_free(struct evidence *evidence); /* NULL is allowed */

/* Folds one event in. `plan`: as it stands, dated. Events come in the order of time, about: one that is older
 * than the last counts as of the last. ERR_NOMEM, or ERR_DATA for a kind that is none. */
int evidence_add(struct evidence *evidence, const struct plan *plan, const struct evidence_event *event);

/* The latest proofs of a source as they stand at now_us: open chains that waited long enough count as
 * stopped. */
struct evidence_streak evidence_streak_at(
    const struct evidence *evidence, const struct evidence_source *source, int64_t now_us);

/* How its refresh is timed if it follows: RHYTHM_OWN once it looks like BIND (signals apart from DNSKEY
 * queries; DNSKEY before DS in proofs). */
enum rhythm_timer evidence_timer(const struct evidence_source *source);

/* Totals over all phases, or from one on. */
unsigned long evidence_count(const struct evidence_source *source, enum evidence_kind kind);
struct sightings evidence_since(
    const struct evidence_source *source, enum evidence_kind kind, enum evidence_phase phase);

#endif

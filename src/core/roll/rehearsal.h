/* rehearsal: what a rehearsal showed, and what it means. Pure: the same evidence gives the same result.
 *
 * Evidence is what was seen from outside: what users got, what the root was asked, what the program's own
 * state and its end said. It is judged against the schedule of the scenario, and the RFC 5011 model of the
 * product's profile is run over the very same DNSKEY queries beside it. What the evidence cannot bear is
 * `unknown`, with the reason. */
#ifndef CORE_ROLL_REHEARSAL_H
#define CORE_ROLL_REHEARSAL_H

#include "core/roll/rfc5011.h"
#include "core/roll/scenario.h"
#include "core/roll/verdict.h"

enum rehearsal_answer {
    REHEARSAL_AD,
    REHEARSAL_PLAIN, /* the answer, without AD */
    REHEARSAL_SERVFAIL,
    REHEARSAL_NOTHING, /* none came in time */
    REHEARSAL_ODD,     /* NXDOMAIN, REFUSED, an answer that is not the one of the zone … */
    REHEARSAL_ANSWERS,
};

/* What its users got for a signed, a bogus and an unsigned name that were never asked before. Once a virtual
 * day, save as look_days says. */
struct rehearsal_look {
    int64_t at_us;
    uint8_t secure, bogus, plain; /* enum rehearsal_answer */
    uint8_t view;                 /* that was worst off, from 1 on, of evidence.views; 0: all were alike */
};

/* A change of what its own state said of a key. One that is not there any more: RFC5011_REMOVED. */
struct rehearsal_state {
    int64_t at_us;
    uint16_t tag;
    uint8_t state; /* enum rfc5011_state */
};

enum {
    REHEARSAL_TAGS = 6,
    REHEARSAL_TEXT = 200,
    REHEARSAL_WHY = 600,
    REHEARSAL_VIEWS = 8,
    REHEARSAL_VIEW = 32
};

struct rehearsal_signal {
    int64_t at_us;
    uint8_t kind;  /* SIGHTING_TA_NULL, SIGHTING_TA_A, SIGHTING_OPTION */
    uint8_t count; /* of tags, at most REHEARSAL_TAGS are kept */
    uint16_t tags[REHEARSAL_TAGS];
};

/* A DNSKEY query for "." that reached a root server, or whom the program forwards to. */
enum { REHEARSAL_FORWARD = 13 };
struct rehearsal_fetch {
    int64_t at_us;
    uint16_t size; /* of the answer; 0: none was given */
    bool tcp, truncated;
    uint8_t root; /* 0 to 12; REHEARSAL_FORWARD */
};

enum rehearsal_what {
    REHEARSAL_STARTED,         /* it listens (a program that is run at each look: it ran) */
    REHEARSAL_COULD_NOT_START, /* it ended, or never listened; text: its last words */
    REHEARSAL_ENDED,           /* by itself; code: its exit code, 256 + signal; text: its last words */
    REHEARSAL_STOPPED,         /* as the scenario wanted */
    REHEARSAL_STEP,            /* code: index of the schedule's step that was done */
    REHEARSAL_LOG,             /* text: a line of its log that is worth showing */
    REHEARSAL_LAB,             /* the rehearsal itself could not go on; text: why */
    REHEARSAL_WHATS,
};
struct rehearsal_event {
    int64_t at_us;
    uint8_t what; /* enum rehearsal_what */
    int32_t code;
    char text[REHEARSAL_TEXT]; /* of a stranger */
};

/* Each array in the order of time; the caller owns all. */
struct rehearsal_evidence {
    struct rehearsal_look *looks;
    struct rehearsal_state *states;
    struct rehearsal_signal *signals;
    struct rehearsal_fetch *fetches;
    struct rehearsal_event *events;
    size_t look_count, state_count, signal_count, fetch_count, event_count;
    int64_t from_us, to_us;      /* what the run covered */
    bool reached;                /* by the virtual clock */
    bool refused;                /* nothing was tried: why_not. Such as a configuration with a mistake */
    bool limited;                /* a part of the user's configuration could not be rehearsed: why_not */
    char why_not[REHEARSAL_WHY]; /* of !reached, refused and limited */
    char noted[REHEARSAL_WHY];   /* what was changed in it, without harm to the verdict */
    unsigned look_days;          /* at most from one look to the next, as was planned; 0: one */
    const char *product;         /* "named", "unbound" …, for what mends; or NULL */
    char views[REHEARSAL_VIEWS][REHEARSAL_VIEW]; /* that are asked each for itself; "": no more */
    /* The tags that it was installed with; none given: those of scenario_installed(). `configured`: they are
     * those of a configuration of the user's, also if there are none, and the profile is what that makes of
     * the product, whatever the scenario would have. */
    bool configured;
    uint16_t anchors[SCENARIO_MAX_ANCHORS];
    size_t anchor_count;
};

/* A time in which users did not get what they should. */
enum rehearsal_outage_kind {
    REHEARSAL_NO_ANSWERS, /* SERVFAIL or nothing for signed names */
    REHEARSAL_OPEN,       /* answers that were not validated, where it validated before */
};
struct rehearsal_outage {
    enum rehearsal_outage_kind kind;
    int64_t from_us, to_us;         /* it began in this interval */
    int64_t last_good_us, first_us; /* the last good look before it (INT64_MIN: none), and its first */
    int64_t last_us;                /* the last look of it */
    int64_t healed_us;              /* the first good look after it; UTC_OPEN: none */
    size_t looks;
    uint8_t view; /* of its first look */
    bool excused; /* the scenario did it (the resolver was stopped, its clock wrong, the root off), and it was
                     over soon after that */
};

/* Where the program's own state, or its users' answers, are not as the model of its profile. */
struct rehearsal_difference {
    int64_t at_us;
    uint16_t tag;           /* 0 with `validates` */
    uint8_t program, model; /* enum rfc5011_state */
    bool validates;         /* about answers: `program` and `model` are 1 where signed names validate */
};

struct rehearsal_rate { /* DNSKEY queries for "." a day */
    double baseline;    /* while the old key signed */
    double rolled;      /* between roll and revocation */
    double revoked;     /* between revocation and withdrawal */
    double peak;        /* of one day */
    int64_t peak_us;    /* that day's beginning */
    double factor;      /* storm: revoked against baseline; 0: one of the two is not known */
};

struct rehearsal_model_change { /* what the model did: for timelines */
    int64_t at_us;
    uint16_t tag;
    uint8_t state;
};

struct rehearsal_result {
    enum verdict verdict;
    const char *cause; /* one sentence. It may hold last words of the program: text of a stranger */
    int64_t broke_from_us, broke_to_us; /* interval of the first outage; UTC_OPEN: never broke */
    int64_t healed_us;                  /* it has been well since; UTC_OPEN: not, or it never broke */
    int64_t died_us;                    /* UTC_OPEN: it did not */
    struct rehearsal_outage *outages;
    size_t outage_count;
    const struct scenario_expect *expected; /* of RFC 5011 or the profile */
    bool as_expected;                       /* false as well where the verdict is unknown */
    struct verdict_finding *findings;
    size_t finding_count;
    struct rehearsal_difference *differences;
    size_t difference_count;
    struct rehearsal_model_change *model;
    size_t model_count;
    struct rehearsal_rate rate;
};

/* `profile`: of the product as it was configured ("static" where it does not follow); the scenario's
 * `managed` false makes it static, unless the evidence is `configured`. Everything in *ret_result lives in
 * the arena or in the arguments. ERR_NOMEM; ERR_DATA where the evidence is not in the order of time or holds
 * what is none. */
int rehearsal_judge(const struct scenario_schedule *schedule, const struct rfc5011_profile *profile,
    const struct rehearsal_evidence *evidence, struct arena *arena, struct rehearsal_result *ret_result,
    struct err_note *note);

const char *rehearsal_answer_name(
    enum rehearsal_answer answer);                         /* "AD", "no AD", "SERVFAIL", "nothing", "odd" */
const char *rehearsal_what_name(enum rehearsal_what what); /* "started", … */

#endif

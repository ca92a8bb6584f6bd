/* scenario: what is to happen to a resolver during a rehearsal, beside the plan: faults of its state, its
 * clock, the root's servers, and changes of the plan itself; and what RFC 5011 expects of it then.
 *
 * A scenario is read from text (io/yaml/scenario.h, rollcall-scenario(5)) and knows no date: each of its
 * moments is an event of the plan with a distance, as "roll-2d". scenario_schedule() lays it over a plan.
 * A scenario and its schedule live in the arenas that were given, whole; nothing is freed by itself. */
#ifndef CORE_ROLL_SCENARIO_H
#define CORE_ROLL_SCENARIO_H

#include "core/roll/plan.h"

/* What moments count from. Those of the roll are of plan_roll_at() at the plan's beginning of the run. */
enum scenario_event {
    SCENARIO_AT_START, /* the run begins */
    SCENARIO_AT_END,   /* … and ends */
    SCENARIO_AT_PUBLISH,
    SCENARIO_AT_TRUST, /* publish + add hold-down */
    SCENARIO_AT_ROLL,  /* the new key signs alone */
    SCENARIO_AT_REVOKE,
    SCENARIO_AT_WITHDRAW,
    SCENARIO_AT_FIRST_SIGNATURE, /* the first of the new key's algorithm, if it is new; else of the new key */
    SCENARIO_AT_LAST_SIGNATURE,  /* the old key's algorithm, if it goes, signs nothing any more; else roll */
    SCENARIO_EVENTS,
};
struct scenario_time {
    enum scenario_event event;
    int64_t offset_us;
    bool set; /* false: not given */
};

enum scenario_do {
    SCENARIO_INSTALL,         /* the resolver is installed and starts; the first thing that happens to it */
    SCENARIO_START,           /* it starts again after a stop */
    SCENARIO_STOP,            /* it is ended, as at a shutdown (SIGTERM) */
    SCENARIO_RESTART,         /* stopped and started at once */
    SCENARIO_STATE_LOST,      /* its state is as it was when it was installed; it is restarted */
    SCENARIO_STATE_READ_ONLY, /* its state directory cannot be written any more */
    SCENARIO_STATE_WRITABLE,
    SCENARIO_SERVERS, /* root servers behave from now on as `servers` says; all zero: well */
    SCENARIO_TAMPER,  /* the root's DNSKEY RRset from now on */
    SCENARIO_CLOCK,   /* the resolver's wall clock is wrong by `by_us` from now on; 0: right again */
    SCENARIO_DOS,
};

enum scenario_tamper { /* the numbers are those of enum lab_tamper */
    SCENARIO_TAMPER_NONE,
    SCENARIO_TAMPER_REPLAY,           /* RRset and signatures of as_of_us */
    SCENARIO_TAMPER_REVOKED_UNSIGNED, /* the revoked key does not sign */
    SCENARIO_TAMPER_COLLIDING,        /* one more KSK, with the tag of the old key */
    SCENARIO_TAMPERS,
};

struct scenario_servers { /* as struct lab_server_faults */
    bool off, no_tcp;
    int64_t lag_us;
    uint16_t udp_size, fragment_above;
};

/* A dated step. Steps of one moment are done in their order. */
struct scenario_step {
    enum scenario_do what;
    int64_t at_us;
    int root; /* of SCENARIO_SERVERS: 0 to 12, -1 for all */
    struct scenario_servers servers;
    enum scenario_tamper tamper;
    int64_t as_of_us; /* of SCENARIO_TAMPER_REPLAY */
    int64_t by_us;    /* of SCENARIO_CLOCK */
};

/* The same as it was read. */
struct scenario_order {
    enum scenario_do what;
    struct scenario_time at, as_of;
    int root;
    struct scenario_servers servers;
    enum scenario_tamper tamper;
    int64_t by_us;
    unsigned line, column; /* of the file, for errors */
};

enum scenario_change_kind {
    SCENARIO_MOVE,     /* `what` and every step at or after it move by the same span, so that it is at `to` */
    SCENARIO_POSTPONE, /* decided at `at`: plan_postpone() to `to`, or open */
    SCENARIO_RESUME,   /* decided at `at`: plan_resume() to `to` */
    SCENARIO_BACK_OUT, /* decided at `at`: plan_back_out() */
    SCENARIO_ABSENT,   /* the new key leaves the RRset at `at` and comes back at `to` */
    SCENARIO_DROP,     /* the new algorithm is given up at `at`: its keys leave, then its signatures */
    SCENARIO_ALGORITHM, /* the new algorithm is another one */
    SCENARIO_CHANGES,
};
struct scenario_change {
    enum scenario_change_kind kind;
    enum scenario_event what;
    struct scenario_time at, to;
    uint8_t algorithm;
    unsigned line, column;
};

enum scenario_outcome {
    SCENARIO_SURVIVES,
    SCENARIO_BREAKS,     /* users get no answers for signed names from `breaks` on */
    SCENARIO_FAILS_OPEN, /* … answers that are not validated */
    SCENARIO_DIES,       /* it ends by itself, or does not start */
    SCENARIO_OUTCOMES,
};
/* What is expected of a kind of validator: "rfc" for one that keeps RFC 5011, else a profile of rfc5011.h
 * ("static" stands for all that do not follow). */
struct scenario_expect {
    const char *profile;
    enum scenario_outcome outcome;
    struct scenario_time breaks, heals; /* heals not set: never */
    const char *why;                    /* one sentence, or NULL */
};

enum scenario_anchors {
    SCENARIO_FOLLOWED, /* every key that one who followed until the installation trusts by then */
    SCENARIO_OLD,      /* the old key alone: an old image, a configuration by hand */
};

enum {
    SCENARIO_MAX_ORDERS = 64,
    SCENARIO_MAX_CHANGES = 8,
    SCENARIO_MAX_EXPECTS = 8,
    SCENARIO_MAX_ANCHORS = 8
};

struct scenario {
    const char *name, *title;
    const char *file; /* that it was read from, for errors */
    const char *plan; /* the built-in plan that it is made for, or NULL: any */
    bool managed;     /* false: the anchor is static, whatever the product can do */
    enum scenario_anchors anchors;
    struct scenario_time from, to; /* of the run; not set: publish-10d, and 30 days after the last step */
    struct scenario_order *orders;
    size_t order_count;
    struct scenario_change *changes;
    size_t change_count;
    const char *expect_text; /* what RFC 5011 expects, in words */
    struct scenario_expect *expects;
    size_t expect_count; /* the first is "rfc" */
};

/* A scenario over a plan. */
struct scenario_schedule {
    const struct scenario *scenario;
    const struct plan *plan; /* dated, changed as the scenario says; it lives in the arena: never
                                plan_free() it */
    struct plan_roll roll;   /* of that plan: the roll which the events are of */
    int64_t from_us, to_us;
    bool cut;                    /* to_us was wished for, before the scenario's own end */
    struct scenario_step *steps; /* in the order of time, within from and to; SCENARIO_INSTALL is there,
                                    once, and the first of the resolver's */
    size_t step_count;
    const struct plan_key *anchors[SCENARIO_MAX_ANCHORS]; /* of `plan`; see scenario_installed() */
    size_t anchor_count;
    int64_t events_us[SCENARIO_EVENTS]; /* UTC_OPEN: the plan has no such moment */
};

/* `plan` NULL: the scenario's own, else root-2024. A plan which the scenario cannot use (it is made for
 * another, and this one changes no algorithm, say) gives way to its own: look at the schedule's plan. A
 * template begins at from_us, or on 2025-01-01. from_us INT64_MIN and to_us UTC_OPEN: as the scenario says.
 * Steps that lie outside are left out; faults that began before from_us are in force from the start.
 * ERR_DATA with file and line where the scenario does not fit the plan, ERR_USAGE for from and to, ERR_NOMEM.
 */
int scenario_schedule(const struct scenario *scenario, const struct plan *plan, int64_t from_us,
    int64_t to_us, struct arena *arena, struct scenario_schedule *ret_schedule, struct err_note *note);

/* What a resolver is installed with: the schedule's anchors; one that does not follow RFC 5011 (static by the
 * scenario, or unable) has the old key alone. Returns how many there are. */
size_t scenario_installed(const struct scenario_schedule *schedule, bool follows,
    const struct plan_key *ret_keys[SCENARIO_MAX_ANCHORS]);

/* Reads "roll-2d", "publish", "start+PT12H". ERR_DATA. */
int scenario_time_parse(const char *text, struct scenario_time *ret);

/* The same as text, "roll-P2D"; returns `out`. */
enum { SCENARIO_TIME_TEXT = UTC_TEXT + 20 };
char *scenario_time_format(struct scenario_time time, char out[SCENARIO_TIME_TEXT]);

/* The expectation for a profile: its own, else that for "static" where it does not follow, else "rfc". */
const struct scenario_expect *scenario_expected(
    const struct scenario *scenario, const char *profile, bool follows);

const char *scenario_event_name(enum scenario_event event);       /* "publish", … */
const char *scenario_do_name(enum scenario_do what);              /* "install", "state-read-only", … */
const char *scenario_tamper_name(enum scenario_tamper tamper);    /* "none", "replay", … */
const char *scenario_change_name(enum scenario_change_kind kind); /* "move", … */
const char *scenario_outcome_name(enum scenario_outcome outcome); /* "survives", … */

#endif

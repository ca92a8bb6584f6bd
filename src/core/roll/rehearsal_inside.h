/* What the files of `rehearsal` share. Not for others. */
#ifndef CORE_ROLL_REHEARSAL_INSIDE_H
#define CORE_ROLL_REHEARSAL_INSIDE_H

#include "core/roll/rehearsal.h"

enum {
    TRIAL_ROOTS = 13,
    TRIAL_SERVERS,
    TRIAL_FINDINGS = 24,
    TRIAL_OTHER = 1000 /* id of a key that no plan holds */
};

/* What programs keep to, whatever the plan says of the resolvers that it is for (RFC 5011 §2.4). */
#define TRIAL_HOLD_US (30 * UTC_DAY)

/* What is in force at a moment, by the steps so far. */
struct trial_world {
    struct scenario_servers servers[TRIAL_SERVERS]; /* the last: REHEARSAL_FORWARD, which never lags */
    enum scenario_tamper tamper;
    int64_t as_of_us, clock_us; /* clock: wrong by */
    bool installed, stopped, read_only;
};

/* A time in which users cannot get what they should, as the scenario wants it. */
enum trial_why { TRIAL_STOPPED, TRIAL_ROOT_OFF, TRIAL_CLOCK, TRIAL_WHYS };
struct trial_span {
    int64_t from_us, to_us; /* to UTC_OPEN: to the end */
    enum trial_why why;
};

struct trial_change { /* of the model */
    int64_t at_us;
    const struct plan_key *key; /* NULL: a key that the plan does not hold */
    uint8_t state;
};
struct trial_health { /* whether the RRsets of the model's queries validate, where that changes */
    int64_t at_us;
    bool ok;
};

/* One judgement under way. */
struct trial {
    const struct scenario_schedule *schedule;
    const struct rfc5011_profile *profile; /* in effect */
    const struct rehearsal_evidence *seen;
    struct arena *arena;
    bool failed;         /* memory was short */
    bool follows, still; /* still: it ought to follow, and does not (trial_holds_still()) */
    int64_t install_us, end_us, ttl_us;
    struct trial_span *spans;
    size_t span_count;
    const struct plan_key *anchors[SCENARIO_MAX_ANCHORS];
    size_t anchor_count;
    struct trial_change *changes;
    size_t change_count;
    struct trial_health *health;
    size_t health_count;
    bool ever_good, ever_open;      /* looks */
    int64_t gap_from_us, gap_to_us; /* the first time without looks that is too long; UTC_OPEN: none */
    struct rehearsal_result result;
};

/* Room for one more: doubles an array in the arena. False when memory is short; `failed` is set. */
bool trial_grow(struct trial *t, void *array, size_t count, size_t size);

/* Text in the arena, never NULL. */
const char *trial_say(struct trial *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *trial_day(struct trial *t, int64_t us);                 /* "2026-10-11"; the day alone */
const char *trial_key(struct trial *t, const struct plan_key *key); /* "KSK-2024 (38696)" */
void trial_find(struct trial *t, struct verdict_finding finding);

/* rehearsal_world.c */
void trial_step(struct trial_world *world, const struct scenario_step *step);
struct trial_world trial_world_at(const struct trial *t, int64_t at_us);
bool trial_spans(struct trial *t);
/* Time of [from, to) in which it ran and the root was there. */
int64_t trial_running(const struct trial *t, int64_t from_us, int64_t to_us);
/* The RRset which a server gave; returns the number of keys. */
size_t trial_rrset(const struct trial *t, const struct trial_world *world, unsigned root, int64_t at_us,
    struct rfc5011_seen keys[RFC5011_KEYS]);

/* rehearsal_model.c */
void trial_model(struct trial *t);
void trial_differences(struct trial *t);
/* Whether it follows no roll although its kind does: it tells no state, and its signals went on naming what
 * it was installed with alone after the model had learned another key. */
bool trial_holds_still(const struct trial *t);
/* What is known of the key at that moment: by the program's own state if it told one, else by the model. */
enum rfc5011_state trial_state(const struct trial *t, const struct plan_key *key, int64_t at_us);
bool trial_trusts(const struct trial *t, const struct plan_key *key, int64_t at_us);
bool trial_model_ok(const struct trial *t, int64_t at_us); /* its last query validated */

/* rehearsal_looks.c */
void trial_outages(struct trial *t);
void trial_coverage(struct trial *t);
/* The first outage that counts, of any kind; NULL: none. */
const struct rehearsal_outage *trial_outage(const struct trial *t);

/* rehearsal_rate.c */
void trial_rates(struct trial *t);
/* The longest time without a DNSKEY query of one that follows, while it ran; false: none too long. */
bool trial_lost_timer(const struct trial *t, int64_t *ret_from_us, int64_t *ret_to_us, unsigned *ret_count);

/* rehearsal_cause.c: why users lost their answers, with the rule and what mends it. */
struct trial_cause {
    const char *text, *rule, *mend;
};
const char *trial_anchors(
    struct trial *t); /* "KSK-2017 (20326) and KSK-2024 (38696)", "none of the root's" */
struct trial_cause trial_cause(struct trial *t, const struct rehearsal_outage *outage);
const struct rehearsal_event *trial_event(const struct trial *t, enum rehearsal_what what); /* the first */
int64_t trial_ended_us(const struct trial *t); /* when it ended or did not start; UTC_OPEN */
/* The same, before the look was over that began at the moment: one that ends while it is asked. */
bool trial_ended_by(const struct trial *t, int64_t look_us);
struct trial_cause trial_cause_ended(struct trial *t, const struct rehearsal_event *event);
/* The fault of the scenario that lasts at the moment and could keep a program from starting, or NULL. */
const char *trial_fault(const struct trial *t, int64_t at_us);

/* rehearsal_findings.c */
void trial_findings(
    struct trial *t, bool users); /* users: what they got, and all that hangs on it, is known */
bool trial_as_expected(const struct trial *t);

#endif

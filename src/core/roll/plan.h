/* plan: the heart. Keys, and dated steps for each: publish, sign, stop, revoke, withdraw. From a plan and a
 * moment follow the DNSKEY RRset and its signers, in microseconds and without state. Postponing, resuming and
 * backing out are operations that leave a trace.
 *
 * A plan is immutable and lives in one arena of its own; an operation makes a new plan. A *relative* plan (a
 * template, as testzone) has step times that count from its start; plan_start() makes a dated plan of it. */
#ifndef CORE_ROLL_PLAN_H
#define CORE_ROLL_PLAN_H

#include "base/arena.h"
#include "base/err.h"
#include "base/utc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum plan_do {
    PLAN_PUBLISH,  /* the key enters the DNSKEY RRset */
    PLAN_SIGN,     /* it begins to sign (a KSK: the DNSKEY RRset; a ZSK: the rest) */
    PLAN_STOP,     /* it stops signing and stays published */
    PLAN_REVOKE,   /* it has REVOKE set and signs itself (RFC 5011 §2.1); other signing ends */
    PLAN_WITHDRAW, /* it leaves the RRset */
};

struct plan_step {
    enum plan_do what;
    int64_t at_us; /* UTC_OPEN: held, no date yet. In a relative plan: from its start */
    int64_t
        was_us; /* of an open step: the date that it had before it was held; 0 if it never had one. Else 0 */
    bool planned;     /* marked as planned: not confirmed to have happened, or yet to happen */
    const char *note; /* source or remark, or NULL */
};

struct plan_key {
    const char *id; /* "KSK-2017"; unique in the plan */
    bool zsk;
    uint8_t algorithm;
    uint16_t bits;           /* RSA only, else 0 */
    int32_t tag;             /* key tag without REVOKE, -1 when only the real key will tell */
    int32_t revoked_tag;     /* -1 likewise */
    const char *ds_sha256;   /* hex, or NULL */
    struct plan_step *steps; /* in the order of time; open steps last, in the order of their sequence */
    size_t step_count;
};

/* What an operation changed: one step of one key. */
struct plan_change {
    const char *key;
    enum plan_do what;
    int64_t from_us, to_us; /* UTC_OPEN where there was or is no date */
    bool added;             /* the step is new: a back-out's. From: the date that it repeats, if it is open */
};

struct plan_entry {        /* of the history */
    const char *operation; /* "postpone", "resume", "back-out", or "note" for what is only recorded */
    int64_t at_us;
    const char *who, *reason;
    bool forced;
    struct plan_change *changes;
    size_t change_count;
};

struct plan {
    struct arena *arena;
    const char *name, *title, *zone; /* zone: presentation form */
    bool builtin, relative;
    int64_t start_us; /* when a template was started; 0 for a dated plan without start */
    uint32_t dnskey_ttl_s;
    uint32_t signature_s;                /* validity of an RRSIG over the DNSKEY RRset */
    int64_t add_hold_us, remove_hold_us; /* RFC 5011 §2.4 hold-downs that the validators concerned use */
    int64_t refresh_us,
        retry_us; /* their query interval and retry time (RFC 5011 §2.3); 0: computed from TTL and validity */
    struct plan_key *keys;
    size_t key_count;
    struct plan_entry *history; /* oldest first */
    size_t history_count;
};

void plan_free(struct plan *plan); /* NULL is allowed */

/* One key at one moment. */
struct plan_key_state {
    bool published;
    bool signing; /* makes signatures to be followed. A ZSK of a new algorithm may sign before it is published
                     (RFC 6840 §5.11) */
    bool revoked; /* published with REVOKE; it signs the DNSKEY RRset too, only to say so (RFC 5011 §2.1):
                     `signing` is false */
    bool ever_published;
    bool planned;     /* its last step is marked as planned: what the plan says, not what is known */
    int64_t since_us; /* of its last step, INT64_MIN if none */
};
struct plan_key_state plan_key_at(const struct plan_key *key, int64_t t_us);
const struct plan_key *plan_key(const struct plan *plan, const char *id); /* or NULL */

/* The first moment after t_us at which anything changes; UTC_OPEN if none is dated. */
int64_t plan_next_change(const struct plan *plan, int64_t t_us);

/* The roll that is under way at t_us, or the next one to come, else the last: the keys concerned and its
 * moments. Any moment may be UTC_OPEN; any key may be NULL where the plan has none. What verdicts and pages
 * speak about. */
struct plan_roll {
    const struct plan_key *old_key, *new_key;
    int64_t publish_us; /* new key published */
    int64_t trust_us;   /* earliest moment at which a follower trusts it: publish + hold-down + refresh */
    int64_t safe_us; /* trust, and no RRset without the new key that is still valid can be replayed to restart
                        a hold-down: protocols, RFC 5011 §2.4.1 */
    int64_t sign_us; /* new key signs alone: the roll. After a back-out: the next one, UTC_OPEN while there is
                        no date */
    int64_t revoke_us, withdraw_us; /* of the old key */
    bool postponed;                 /* the roll, not yet happened, was moved; or the next step is held */
    bool open;                      /* … the next step of the roll has no date now */
    bool backed_out;                /* the new key signed, and the old one does again */
    const struct plan_entry *last_operation; /* or NULL */
};
struct plan_roll plan_roll_at(const struct plan *plan, int64_t t_us);

/* One word for people and pages, never NULL: "before" (none of its keys signs yet), "steady" (no roll under
 * way), "hold-down" (new key published, not yet trusted), "waiting" (trusted, does not sign yet), "sign" (it
 * signs), "revoke" (old key revoked), "done" (old key withdrawn), "postponed" (the next step is held without
 * a date), "backed-out". */
const char *plan_phase_at(const struct plan *plan, int64_t t_us);

/* RFC 5011 §2.3 over the plan's TTL and validity, or the plan's own shortened timers. */
int64_t plan_refresh(const struct plan *plan);
int64_t plan_retry(const struct plan *plan);

/* Checks what every plan must hold (unique ids, order of steps, no signer that is not published, at least one
 * signer at every moment from the first signature to the last step, a signer for each published algorithm,
 * …); the note names key and step. */
int plan_check(const struct plan *plan, struct err_note *note);

/* The same, with the place of the fault, counted from 0; -1 where it does not lie in one. */
struct plan_place {
    int key, step, entry;
};
int plan_check_place(const struct plan *plan, struct plan_place *ret_place, struct err_note *note);

/* A plan of its own with the same content; never a built-in one. NULL when memory is short. */
struct plan *plan_copy(const struct plan *plan);
/* The same within the caller's arena: it ends with that, and is never given to plan_free(). */
struct plan *plan_copy_into(const struct plan *plan, struct arena *arena);
bool plan_equal(const struct plan *a, const struct plan *b); /* in everything but `builtin` */

/* The plan as it stood at t_us: operations decided after it are undone. What had happened by then is the same
 * in both. */
int plan_as_of(const struct plan *plan, int64_t t_us, struct plan **ret_plan);

/* A dated plan of a relative one; `zone` and `dnskey_ttl_s` replace the template's unless NULL and 0. */
int plan_start(const struct plan *template, int64_t start_us, const char *zone, uint32_t dnskey_ttl_s,
    struct plan **ret_plan, struct err_note *note);

/* The operations. `now_us` is the moment of decision: what is dated at or before it has happened and never
 * changes. */
struct plan_decision {
    int64_t now_us;
    const char *who, *reason; /* a reason is required; who may be NULL */
    bool force;               /* resume to a date inside the hold-down all the same; recorded */
};
/* Moves the roll and all dated steps after it; to_us UTC_OPEN holds every coming step: what is published
 * stays published, the old key goes on signing, nothing dated happens. A later `to_us` shifts them all by the
 * same span. */
int plan_postpone(const struct plan *plan, int64_t to_us, struct plan_decision by, struct plan **ret_plan,
    struct err_note *note);
/* Gives a held roll a date; the steps after it keep the distances that they had before they were held.
 * Refused inside the hold-down. */
int plan_resume(const struct plan *plan, int64_t to_us, struct plan_decision by, struct plan **ret_plan,
    struct err_note *note);
/* After the roll and before the revocation: the old key signs again, alone, from now; later steps are held
 * open. */
int plan_back_out(
    const struct plan *plan, struct plan_decision by, struct plan **ret_plan, struct err_note *note);

/* The built-in plans of PRODUCT: root-2017, root-2018, root-2024, root-180, root-algorithm, testzone,
 * testzone-fast. */
size_t plan_builtin_count(void);
const char *plan_builtin_name(size_t index);
int plan_builtin(const char *name, struct plan **ret_plan); /* ERR_NOINPUT if there is none of that name */

const char *plan_do_name(enum plan_do what); /* "publish", … */

#endif

/* rfc5011: how a validator keeps its trust anchors up to date, RFC 5011, as small functions named after the
 * events of its state table (§4), and how real products differ from it, as data.
 *
 * A trust point is a plain struct without pointers to anything that must be freed; time is an argument;
 * nothing is allocated. The caller fetches and checks signatures; what it saw goes into rfc5011_see(), and
 * what changed comes out. The same observations give the same states. */
#ifndef CORE_ROLL_RFC5011_H
#define CORE_ROLL_RFC5011_H

#include "base/utc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RFC5011_KEYS = 16,    /* at one trust point; §6 asks for five SEP keys at least */
    RFC5011_CHANGES = 48, /* room for every change of one observation: three a key */
};

enum rfc5011_state {
    RFC5011_START,
    RFC5011_ADD_PEND, /* seen, not yet trusted */
    RFC5011_VALID,
    RFC5011_MISSING, /* trusted, not in the RRset now */
    RFC5011_REVOKED,
    RFC5011_REMOVED,
    RFC5011_STATES,
};

enum rfc5011_event {
    RFC5011_NEW_KEY,  /* a valid DNSKEY RRset holds a new SEP key */
    RFC5011_KEY_PRES, /* … holds the key again */
    RFC5011_KEY_REM,  /* … does not hold it */
    RFC5011_ADD_TIME, /* it has been in every valid RRset for the add hold-down, and in one retrieved after
                         that */
    RFC5011_REV_BIT,  /* the key has REVOKE set and signed the RRset */
    RFC5011_REM_TIME, /* the remove hold-down has passed */
    RFC5011_EVENTS,
    /* What products do beside the table. */
    RFC5011_RESTART = RFC5011_EVENTS, /* the add hold-down begins anew */
    RFC5011_INITIAL,                  /* trusted at first sight */
    RFC5011_FORGET,                   /* a key missing for long is dropped */
    RFC5011_RETURN,                   /* a revoked key came back and begins anew */
    RFC5011_RESET,                    /* every key that vouched for it was revoked: back to Start (§2.4.1) */
};

/* The state table of §4.2; -1 where the event moves nothing. */
int rfc5011_next_state(enum rfc5011_state state, enum rfc5011_event event);

/* A product, each deviation from the RFC a flag of its own. */
struct rfc5011_profile {
    const char *name;
    bool follows;          /* false: anchors never change */
    bool hold_ignores_ttl; /* the add hold-down does not grow with the TTL of the first RRset (§2.4.1) */
    bool
        promotes_on_time; /* the timer alone makes a pending key valid, before the RRset at hand is checked */
    uint8_t sightings;    /* RRsets that must have held a pending key */
    bool pending_missing_restarts;     /* a pending key not in the RRset is kept, its timer begun anew (RFC:
                                          Start) */
    bool pending_unvalidated_restarts; /* an RRset that does not validate begins the timer anew (RFC: no
                                          event) */
    bool forgets_validators; /* does not remember which keys vouched for a pending one (§2.4.1, last part) */
    int64_t missing_keep_us; /* a missing key is dropped after this long; UTC_OPEN: never (RFC) */
    uint8_t missing_keep_holds;    /* … or after so many add hold-downs; 0: unused */
    bool missing_keep_needs_valid; /* … only while another key is valid */
    int64_t missing_requery_us;    /* asks again so soon while a trusted key is missing; 0: as always */
    bool revokes_unsigned;  /* REVOKE in a valid RRset suffices, signed by that key or not (RFC: must be) */
    bool revokes_validated; /* REVOKE counts only in an RRset that another anchor validates (RFC: the key's
                               own signature suffices) */
    bool revoked_returns;   /* a revoked key without REVOKE begins anew (RFC: bad practice, ignored) */
    bool interval_ignores_signature;  /* refresh from the TTL alone (§2.3: the smaller of TTL and signature
                                         life) */
    uint16_t interval_least_permille; /* refresh is drawn between so many thousandths of the interval and the
                                         whole */
    bool first_fetch_trusts_all;      /* all SEP keys of the first valid RRset are trusted at once */
    const char *source;               /* where this was read */
};

/* "rfc", "bind", "unbound", "knot", "static"; NULL for another name. */
const struct rfc5011_profile *rfc5011_profile(const char *name);
size_t rfc5011_profile_count(void);
const struct rfc5011_profile *rfc5011_profile_at(size_t index);

struct rfc5011_timers {
    int64_t add_hold_us, remove_hold_us; /* §2.4: 30 days each */
    int64_t refresh_us, retry_us; /* 0: by §2.3 from TTL and signature; else as shortened for a test */
};

struct rfc5011_key {
    uint64_t id; /* algorithm, protocol and public key, without flags: the caller's own digest or number */
    uint16_t tag;
    uint8_t state;       /* enum rfc5011_state */
    uint16_t validators; /* bits of the slots that vouch for it while pending */
    uint32_t sightings;
    int64_t since_us; /* of this state */
    int64_t timer_us; /* end of the add or remove hold-down, UTC_OPEN if none runs */
};

struct rfc5011_point {
    const struct rfc5011_profile *profile;
    struct rfc5011_timers timers;
    struct rfc5011_key keys[RFC5011_KEYS];
    size_t key_count;
    bool deleted;                /* every anchor was revoked: the trust point is gone (§5) */
    bool fetched;                /* a valid RRset was seen */
    unsigned failures, overflow; /* fetches failed in a row; keys for which there was no room */
    int64_t last_query_us, last_success_us, interval_us;
};

/* One key of the RRset that was seen. */
struct rfc5011_seen {
    uint64_t id;
    uint16_t tag;
    bool sep, revoked;
    bool signs; /* its RRSIG over this RRset verifies at this time, with the flags as seen */
};

struct rfc5011_rrset {
    int64_t at_us;
    bool answered;      /* false: no answer came; the rest is unused */
    uint32_t ttl_s;     /* original TTL */
    int64_t expires_us; /* earliest expiration of the signatures; UTC_OPEN if not known */
    const struct rfc5011_seen *keys;
    size_t count;
};

struct rfc5011_change {
    int64_t at_us;
    uint64_t id;
    uint16_t tag;
    enum rfc5011_event event;
    enum rfc5011_state from, to;
};
struct rfc5011_changes {
    size_t count;
    struct rfc5011_change change[RFC5011_CHANGES];
};

/* A trust point with these keys trusted from the configuration. More than RFC5011_KEYS are counted in
 * `overflow`. */
void rfc5011_start(struct rfc5011_point *point, const struct rfc5011_profile *profile,
    struct rfc5011_timers timers, const struct rfc5011_seen *anchors, size_t count, int64_t now_us);

/* An observation, or a fetch that failed. Returns whether the RRset validates with an anchor of the point
 * (after it was looked at). `ret_changes` may be NULL. Time must not go back: an observation older than the
 * last is ignored and returns false. */
bool rfc5011_see(
    struct rfc5011_point *point, const struct rfc5011_rrset *rrset, struct rfc5011_changes *ret_changes);

/* What time alone does: remove hold-down, missing keys dropped. rfc5011_see() does it too. */
void rfc5011_tick(struct rfc5011_point *point, int64_t now_us, struct rfc5011_changes *ret_changes);

/* When it next wants to act: fetch, or tick. UTC_OPEN: never. `permille` (up to 1000) places the fetch in the
 * profile's random range. */
int64_t rfc5011_next_us(const struct rfc5011_point *point, unsigned permille);

/* Whether a key is a trust anchor now: Valid or Missing. */
bool rfc5011_trusts(const struct rfc5011_point *point, uint64_t id);
size_t rfc5011_trusted(const struct rfc5011_point *point);
const struct rfc5011_key *rfc5011_find(const struct rfc5011_point *point, uint64_t id); /* or NULL */

/* §2.3: MAX(1 h, MIN(15 d, TTL/2, signature/2)) and MAX(1 h, MIN(1 d, TTL/10, signature/10)); signature_us
 * UTC_OPEN: not counted. */
int64_t rfc5011_query_interval(uint32_t ttl_s, int64_t signature_us);
int64_t rfc5011_retry_time(uint32_t ttl_s, int64_t signature_us);

const char *rfc5011_state_name(enum rfc5011_state state); /* "AddPend", … */
const char *rfc5011_event_name(enum rfc5011_event event); /* "NewKey", … */

#endif

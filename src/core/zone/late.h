/* late: names and proofs that are made and signed at the moment of the question. Inside of this folder.
 *
 * Denials: where an NSEC record of the zone's chain covers names that exist only when asked for, it is never
 * handed out, since a resolver would use it to deny them (RFC 8198). The answer holds one that covers no more
 * than the name that was asked (RFC 4470). */
#ifndef CORE_ZONE_LATE_H
#define CORE_ZONE_LATE_H

#include "core/zone/answer.h"

enum { LATE_NONCE = EVIDENCE_NONCE, LATE_DS_DIGEST = 2 };

/* Who signs: the keys of a view, or the one key of a zone that is made at the moment. */
struct late_signer {
    struct name name;
    const struct dnskey *const *key;
    size_t count;
    struct rrsig_window window;
};

/* Marks the nodes whose NSEC is never handed out; checks that the keys needed are there. */
int late_prepare(struct zone_view *view, struct err_note *note);

/* Answers if the name is one that is made at the moment; false if the view's own records answer. */
bool late_answer(struct answer *answer, const struct zone_view *view, struct look *look);
bool participant_answer(
    struct answer *answer, const struct zone_view *view, struct look *look);               /* participant.c */
bool probe_answer(struct answer *answer, const struct zone_view *view, struct look *look); /* probe.c */

struct late_signer late_signer_of(const struct zone_view *view);

/* Adds a set and, if they are wanted, its signatures. In canonical order; the owner must outlive the render.
 * Signs as `set` says, shows it at `shown` (or at its own owner for NULL), which is how a wildcard is
 * expanded. */
void late_set(struct answer *answer, struct render *render, enum section section, const struct rrset *set,
    const struct name *shown, const struct late_signer *signer);
/* The signatures alone, for a question for RRSIG. */
void late_signatures(struct answer *answer, struct render *render, enum section section,
    const struct rrset *set, const struct name *shown, const struct late_signer *signer);
/* What a name made at the moment, which has this set and no other, says to the question: the set, or its
 * RRSIG or NSEC, or (a CNAME apart) that there is nothing else. The name is the set's owner. */
void late_only(struct answer *answer, const struct zone_view *view, const struct rrset *set);
/* NXDOMAIN below a name that is made at the moment and has nothing below it. `depth`: labels of that name. */
void late_nothing_below(
    struct answer *answer, const struct zone_view *view, const struct look *look, unsigned depth);

/* One NSEC made at the moment. */
struct late_nsec {
    struct name owner, next;
    uint16_t types[NODE_MAX_TYPES]; /* without RRSIG and NSEC, which are always there */
    size_t type_count;
};
void late_nsec(struct answer *answer, enum section section, const struct late_nsec *nsec, uint32_t ttl,
    const struct late_signer *signer);

/* The name is there, without the type. */
void late_deny_type(struct answer *answer, const struct zone_view *view, const struct view_node *node);
/* The name below `encloser` is not there, nor anything below it. */
void late_deny_closer(struct answer *answer, const struct zone_view *view, const struct look *look,
    const struct view_node *encloser);
/* There is no wildcard below `encloser`. */
void late_deny_wildcard(
    struct answer *answer, const struct zone_view *view, const struct view_node *encloser);
/* NSEC was asked for. */
void late_give_nsec(struct answer *answer, const struct zone_view *view, const struct view_node *node);

/* A name just before another, and one just behind everything that is below it, in canonical order. narrow.c
 */
void narrow_before(const struct name *name, struct name *ret_before);
void narrow_behind(const struct name *name, struct name *ret_behind);
/* NSEC that covers `name` and all below it. */
void narrow_cover(const struct name *name, struct late_nsec *ret_nsec);
/* NSEC of a name that is there with these types, or (none) is an empty non-terminal. */
void narrow_match(const struct name *name, const uint16_t *types, size_t count, struct late_nsec *ret_nsec);

/* A zone that is made at the moment, made.c: apex, one key, and a host or an address at the apex. */
struct made {
    struct name apex;
    const struct zone_view *parent; /* name servers, SOA, the key */
    bool host;                      /* w.apex has the addresses, else the apex has */
    size_t dnskey_size; /* octets of the whole answer to DNSKEY with EDNS and DO; 0: as it comes */
};
/* `depth`: labels of the question below the made apex. DS is the parent's. */
void made_answer(struct answer *answer, const struct made *made, const struct look *look, unsigned depth);
/* The same, and DS of the made zone from the view above it. */
void late_child(struct answer *answer, const struct made *made, const struct look *look, unsigned depth);

/* The nonce of a label "PREFIXnonce" of 1 to 32 characters [a-z0-9]; false if it is none. `ret` takes
 * LATE_NONCE + 1. */
bool late_nonce(const uint8_t *label, const char *prefix, char ret[LATE_NONCE + 1]);
/* "gap-nonce-0" to "gap-nonce-3": the last digit and the nonce; 0 if it is none of them. */
char late_gap(const uint8_t *label, char ret[LATE_NONCE + 1]);
/* The suffix of a name as a name. */
void late_suffix(const struct look *look, unsigned depth, struct name *ret_name);

#endif

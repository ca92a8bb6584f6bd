/* signers: which keys a zone shows and which of them sign what, at a moment of its plan. RFC 4035 §2.2, RFC
 * 5011 §2.1.
 *
 *   - the DNSKEY RRset holds every published key, revoked ones with REVOKE, and the zone's own ZSK;
 *   - it is signed by the KSKs that sign and by those that are revoked;
 *   - everything else is signed by the ZSKs that sign; of an algorithm that has none, by its KSKs that sign.
 */
#ifndef CORE_ZONE_SIGNERS_H
#define CORE_ZONE_SIGNERS_H

#include "core/zone/signatures.h"
#include "core/zone/zone.h"

enum { SIGNERS_MAX = 16, SIGNERS_MAX_KEYS = 32 };

struct signers {
    struct name apex;
    const struct dnskey *key[SIGNERS_MAX_KEYS]; /* published, in the form of the moment */
    size_t key_count;
    const struct dnskey *dnskey[SIGNERS_MAX]; /* who signs the DNSKEY RRset */
    size_t dnskey_count;
    const struct dnskey *zone[SIGNERS_MAX]; /* who signs the rest */
    size_t zone_count;
    struct dnskey *owned[SIGNERS_MAX_KEYS]; /* revoked forms, freed with this */
    size_t owned_count;
    struct zone_windows windows;
    int64_t t_us, until_us; /* the moment, and when keys or a window change */
    int64_t plan_us;        /* the moment by which the plan is read */
};

/* The note names the key that is missing or cannot sign. */
int signers_at(
    const struct zone_spec *spec, int64_t t_us, struct signers **ret_signers, struct err_note *note);
void signers_free(struct signers *signers); /* NULL is allowed */

/* Signs a set with the zone's signers of its type, in their order. `ret_signature` points to SIGNERS_MAX
 * places; what they point to is in the arena. `cache` may be NULL. */
int signers_sign(const struct signers *signers, const struct rrset *set, struct zone_signatures *cache,
    struct arena *arena, struct rdata *ret_signature, size_t *ret_count, struct err_note *note);

#endif

/* signatures: made once and found again when the next view of a zone is made of mostly the same sets. A large
 * zone in which one name changes costs a few signatures, not all of them. Used by one thread at a time. */
#ifndef CORE_ZONE_SIGNATURES_H
#define CORE_ZONE_SIGNATURES_H

#include "base/arena.h"
#include "core/dns/rrset.h"

struct zone_signatures;

struct zone_signatures *zone_signatures_new(void);             /* NULL when memory is short */
void zone_signatures_free(struct zone_signatures *signatures); /* NULL is allowed */
size_t zone_signatures_count(const struct zone_signatures *signatures);
size_t zone_signatures_made(const struct zone_signatures *signatures); /* how many were really computed */

/* As rrset_sign(); the result lives in `arena`. What is of no use at or after until_us may be forgotten at a
 * later call whose t_us is past it. */
struct signatures_when {
    struct rrsig_window window;
    int64_t t_us, until_us;
};
int zone_signatures_sign(struct zone_signatures *signatures, const struct rrset *set,
    const struct dnskey *key, const struct name *signer, struct signatures_when when, struct arena *arena,
    struct rdata *ret_signature, struct err_note *note);

#endif

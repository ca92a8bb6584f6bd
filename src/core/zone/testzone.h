/* testzone: the records of the zones that the platform serves. Pure builders: everything they give lives in
 * the arena.
 *
 *   - a participant's zone: a rolling zone with names that resolve, fences around the names that are made at
 * the moment (late.h), and a wildcard for names that nobody has asked before;
 *   - the parent of all of them, with DS records for them that are wrong on purpose, so that a resolver
 * without the zone's key answers SERVFAIL and one with it answers with AD (the idea of ICANN's testbed of
 * 2017);
 *   - the probe zone and its children.
 *
 * A spec comes back with apex, kind, records, negative TTL and, where it matters, extras; plan, keys and
 * signatures are for the caller to add. */
#ifndef CORE_ZONE_TESTZONE_H
#define CORE_ZONE_TESTZONE_H

#include "base/arena.h"
#include "core/zone/extras.h"
#include "core/zone/zone.h"

struct testzone_server { /* a name server; its name may be in the parent zone, which then holds its addresses
                          */
    struct name name;
    bool has_a, has_aaaa;
    uint8_t a[4], aaaa[16];
};

struct testzone_config {
    const struct testzone_server *servers;
    size_t server_count;    /* at least one */
    struct name contact;    /* RNAME of the SOA records */
    uint8_t a[4], aaaa[16]; /* what names for tests resolve to */
};

/* A participant's zone. `ttl_s`: of its SOA and NS, as of its DNSKEY RRset; names for tests have at most 60
 * s, and negative answers 1 s, so that signals (RFC 8145) come each time. `child_key` signs the zones that
 * are made at the moment. */
int testzone_participant(const struct testzone_config *config, const struct name *apex, uint32_t ttl_s,
    const struct dnskey *child_key, struct arena *arena, struct zone_spec *ret_spec);

/* Labels in a participant's zone that clients ask for; `nonce`: 1 to 32 characters [a-z0-9], new each time.
 * Returns `out`, text below the zone's name: "proof-NONCE", …. */
enum testzone_name {
    TESTZONE_WWW,        /* "www": always there */
    TESTZONE_STATUS,     /* "status": TXT too */
    TESTZONE_FRESH,      /* "NONCE.fresh": there for every nonce; no resolver has it cached */
    TESTZONE_PROOF,      /* "proof-NONCE": a CNAME into a zone made at the moment */
    TESTZONE_GAP_FIRST,  /* "gap-NONCE-1": absent */
    TESTZONE_GAP_SECOND, /* "gap-NONCE-2": absent in the same gap */
};
enum { TESTZONE_LABEL = 64 };
char *testzone_label(enum testzone_name which, const char *nonce, char out[TESTZONE_LABEL]);

/* The parent zone. */
struct testzone_child {
    struct name apex;
    const struct dnskey *ksk; /* its DS is published; NULL: a DS that fits no key */
    uint8_t algorithm;        /* of the wrong DS: one that every validator knows */
    uint32_t ttl_s;           /* of its NS and DS */
};
int testzone_parent(const struct testzone_config *config, const struct name *apex,
    const struct testzone_child *children, size_t child_count, struct arena *arena,
    struct zone_spec *ret_spec);

/* The probe zone has children, each with keys of its own. What the caller generates and keeps: for each row a
 * KSK (and a ZSK, if its plan has one) of this algorithm. The probe zone itself and the zones made at the
 * moment take ECDSA P-256. */
struct testzone_probe {
    const char *label; /* of the child: "alg8" */
    uint8_t algorithm;
    uint16_t bits;  /* RSA only */
    uint8_t digest; /* of its DS */
    bool only_ipv4, only_ipv6;
};
extern const struct testzone_probe testzone_probes[];
extern const size_t testzone_probe_count;

/* `ksks[i]` is the KSK of testzone_probes[i]; a child whose key is NULL (the crypto library refuses the
 * algorithm, say) is left out. */
int testzone_probe_parent(const struct testzone_config *config, const struct name *apex,
    const struct dnskey *const *ksks, const struct dnskey *child_key, struct arena *arena,
    struct zone_spec *ret_spec);
int testzone_probe_child(const struct testzone_config *config, const struct name *probe_apex, size_t index,
    struct arena *arena, struct zone_spec *ret_spec);

#endif

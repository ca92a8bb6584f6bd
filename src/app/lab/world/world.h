/* world: the whole DNS of a rehearsal: a root whose keys follow a plan, two TLDs and leaf zones below them,
 * at any moment of virtual time. Answers are made by core/zone, as those of `serve` are.
 *
 *   .             at the 13 root servers: the plan's keys; ZSKs change each quarter, as the real root's do
 *   root-servers.net.  at the root servers too, unsigned, as the real one
 *   net.          signed; holds the delegation of root-servers.net
 *   lab. zone.    signed; two addresses each
 *   ok.lab. ok.zone.  at the leaf servers, signed. Any name directly below is there, with a TTL of a second:
 * new ones are never cached. Sentinel names (RFC 8509) are among them bogus.lab.    its DNSKEY RRset is
 * right, all other signatures are false plain.lab.    unsigned, and the absence of its DS is proved
 *
 * Sizes and times of the root are those of the real one (facts: KSR): slots of ten days in each quarter; the
 * DNSKEY RRset's signatures begin with a slot and live for the plan's signature_s (21 days), so that 9 days
 * at least are left; a new ZSK comes ten days or so before its quarter and the old one goes ten days after;
 * other signatures live 13 days, and are made anew every sixth day (the real root: twice a day, of which
 * nobody but a clock could tell). A plan whose signatures live less than 15 days has its own measure. What is
 * below the root differs: TTLs of ten minutes, so that a broken root is seen by users as soon as its own
 * records are too old, and not a day later.
 *
 * Times are microseconds UTC. One thread uses a world. */
#ifndef APP_LAB_WORLD_H
#define APP_LAB_WORLD_H

#include "core/roll/plan.h"
#include "core/zone/zone.h"

enum { LAB_ROOTS = 13 };

/* What each of lab_world_spec.other_keys is for. Any algorithm that can sign; flags DNSKEY_KSK. */
enum lab_key {
    LAB_KEY_LAB,
    LAB_KEY_ZONE,
    LAB_KEY_OK_LAB,
    LAB_KEY_OK_ZONE,
    LAB_KEY_BOGUS,       /* bogus.lab.: signs its DNSKEY RRset */
    LAB_KEY_BOGUS_SHOWN, /* the key that it says signs the rest */
    LAB_KEY_BOGUS_USED,  /* the key that does */
    LAB_KEY_NET,
    LAB_KEYS,
};

struct lab_world_spec {
    const struct plan *plan;      /* dated, of zone "."; copied */
    const struct zone_keys *keys; /* its keys, with private halves; stay as long as the world */
    int64_t from_us, to_us; /* the run: quarterly ZSKs are there from 15 months before to 6 months after */
    const struct dnskey *other_keys[8]; /* LAB_KEYS of them, stay as long as the world */
};

struct lab_world;

/* A plan without ZSKs, and keys without one, get a ZSK for each quarter if all KSKs are of one algorithm: RSA
 * of 2,048 bits, else of that algorithm. They are kept from run to run (io/keys/twin.h); with them, and
 * everything at lab_world_at(), repeated runs give the same RSA signatures. ERR_CONFIG: a key is missing;
 * ERR_NOMEM. */
int lab_world_new(const struct lab_world_spec *spec, struct lab_world **ret_world, struct err_note *note);
void lab_world_free(struct lab_world *world); /* NULL is allowed */

/* Makes what is due at t_us; next to nothing if nothing is. Time may go back, which costs making all anew. */
int lab_world_at(struct lab_world *world, int64_t t_us, struct err_note *note);

/* The next moment at which anything changes: a step of the plan, a slot, signatures made anew. */
int64_t lab_world_until(const struct lab_world *world);

/* Somebody between the root and the resolver, or the root itself, spoils the DNSKEY RRset from now on. */
enum lab_tamper {
    LAB_TAMPER_NONE,
    LAB_TAMPER_REPLAY,           /* RRset and signatures of as_of_us are replayed; all else is as it is */
    LAB_TAMPER_REVOKED_UNSIGNED, /* a key with REVOKE does not sign (RFC 5011 §2.1 wants it to) */
    LAB_TAMPER_COLLIDING,        /* one more KSK, with the tag of the roll's old key; it does not sign */
    LAB_TAMPERS,
};
/* `as_of_us` matters to LAB_TAMPER_REPLAY alone. */
int lab_world_tamper(
    struct lab_world *world, enum lab_tamper tamper, int64_t as_of_us, struct err_note *note);

/* ---- for app/lab/world/server ---- */

enum lab_place {
    LAB_PLACE_ROOT,
    LAB_PLACE_TLD,
    LAB_PLACE_LEAF,
    LAB_PLACE_ALL, /* every zone in one: what a resolver that follows referrals would find */
    LAB_PLACES,
};

/* Tags of zones in events (zone_event.tag). */
enum { LAB_TAG_ROOT = 1, LAB_TAG_LEAF };

/* The zones of a place as of the last lab_world_at(); valid until the next call. `lag_us`: the root as it was
 * so long ago, with the signatures of then (LAB_PLACE_ROOT only). `root_keys`: for a question for the root's
 * DNSKEY, which may be tampered with. */
int lab_world_zones(struct lab_world *world, enum lab_place place, int64_t lag_us, bool root_keys,
    const struct zone_set **ret_set, struct err_note *note);

/* Every signature that was really made, for those who want to know what time costs. */
size_t lab_world_signatures(const struct lab_world *world);

#endif

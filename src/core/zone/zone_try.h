/* zone_try: what the tests, fuzz targets and benchmarks of core/zone share: fixed keys, plans, zones written
 * as text, queries, and answers taken apart. */
#ifndef CORE_ZONE_ZONE_TRY_H
#define CORE_ZONE_ZONE_TRY_H

#include "base/arena.h"
#include "core/zone/extras.h"
#include "core/zone/signatures.h"
#include "core/zone/zone.h"

enum try_key { KEY_A, KEY_B, KEY_ZSK, KEY_CHILD, KEY_RSA, KEY_ED25519, TRY_KEYS };

#define TRY_NOW (INT64_C(1700000000) * UTC_SECOND)

/* The key, made at the first call and kept. */
const struct dnskey *try_key(enum try_key which);
/* The same private half as a KSK of another algorithm; the caller frees it. */
struct dnskey *try_key_as(enum try_key which, uint8_t algorithm);
void try_keys_free(void);

struct name try_name(const char *text);

/* Records from lines "owner TTL TYPE data…"; owners without final dot are below `apex`, "@" is the apex.
 * Types A AAAA NS CNAME PTR SOA MX TXT DS NULL. */
struct rrset *try_records(struct arena *arena, const char *apex, const char *text, size_t *ret_count);

/* A plan in which KEY_A signs for ever; signatures live 14 days. And one in which KEY_B follows: published at
 * +100 s, signs alone at +200 s, KEY_A revoked at +300 s, withdrawn at +400 s from TRY_NOW. */
const struct plan *try_plan(void);
const struct plan *try_rolling_plan(void);
const struct zone_keys *try_zone_keys(void); /* KSK-A and KSK-B, no ZSK */

/* A view of a zone; `spec` gives what is not default, with text for its records. */
struct zone_view *try_view(struct zone_spec spec, const char *apex, const char *text, int64_t t_us);

/* The zones of the platform at a moment, and example. of try_zone_text: rolls.lab. with p1.rolls.lab. (tag 1;
 * a participant's, KEY_A), p2.rolls.lab. (tag 2, in the plan that rolls) and probe.rolls.lab. (KEY_B) with
 * those of its children that fixed keys can sign. */
struct try_world {
    struct zone_set *set;
    struct zone_view *views[32];
    size_t view_count;
    struct dnskey *keys[32];
};
void try_world_make(struct try_world *world, int64_t t_us);
void try_world_free(struct try_world *world);

/* The zone that most tests ask: apex, hosts, a wildcard, empty non-terminals, delegations with and without DS
 * and glue, CNAME chains. */
extern const char *const try_zone_text;

struct try_ask {
    const char *name;
    uint16_t type;
    bool edns, dnssec_ok, tcp;
    uint16_t udp_size; /* 0: 1232 */
    uint16_t flags;
};
size_t try_query(struct try_ask ask, uint8_t out[512]);

/* A response taken apart by other code than what wrote it. */
struct try_record {
    uint8_t section; /* 0 answer, 1 authority, 2 additional */
    struct name owner;
    uint16_t type, class, rdlength;
    uint32_t ttl;
    uint8_t rdata[2048]; /* names in it uncompressed, lower case */
};
struct try_answer {
    uint16_t id, flags, rcode, count[4];
    bool edns, dnssec_ok;
    uint16_t udp_size, ede; /* ede 0xffff: none */
    size_t length;
    size_t records;
    struct try_record record[128]; /* without OPT */
};
/* 0 if it is well-formed to the last octet; else a line for people. */
const char *try_parse(const uint8_t *message, size_t length, struct try_answer *ret);

/* The records of a section that have owner and type. */
size_t try_count(const struct try_answer *answer, unsigned section, const char *owner, uint16_t type);

/* Every RRSIG verifies with one of the keys at the moment, and (if `all`) every set of answer and authority
 * has one, delegations' NS apart. NULL, or what is wrong. */
const char *try_verify(const struct try_answer *answer, const struct dnskey *const *keys, size_t key_count,
    const char *signer, int64_t now_us, bool all);

#endif

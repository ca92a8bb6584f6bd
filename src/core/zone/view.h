/* view: the inside of a zone_view, shared by the files of this folder.
 *
 * A *node* is a name of the zone: it has records, or it is an empty non-terminal. Nodes are found by hash,
 * and by order through the sort keys of those that own an NSEC record. All memory is in the view's arena;
 * keys that sign late are the caller's. */
#ifndef CORE_ZONE_VIEW_H
#define CORE_ZONE_VIEW_H

#include "core/zone/extras.h"
#include "core/zone/hash.h"
#include "core/zone/render.h"
#include "core/zone/signers.h"
#include "core/zone/zone.h"

enum { PLAIN, SECURE }; /* index of what is rendered without and with DNSSEC records */

struct view_set {
    uint16_t type;
    uint16_t count, signature_count;
    uint32_t ttl;
    const struct rdata *rdata;
    const struct rdata *signature; /* RRSIG RDATA */
    struct piece piece[2]; /* the whole answer to a question for it at its own name, or below its wildcard */
};

enum node_flag {
    NODE_DELEGATION = 1, /* NS, not at the apex */
    NODE_BELOW = 2,      /* below a delegation: glue */
    NODE_WILDCARD = 4,   /* its first label is "*" */
    NODE_LATE = 8, /* its NSEC covers names that are made at the moment: it is never handed out, narrower ones
                      are signed late */
};

struct view_node {
    const uint8_t *name; /* lower case, HASH_ROOM octets after it */
    uint8_t length, labels, flags;
    uint16_t set_count;
    struct view_set *sets;            /* in the order of types, NSEC not among them */
    const struct view_node *wildcard; /* the name *.this, or NULL */
    const struct view_node *before; /* owner of the NSEC that is at this name or, if it has none, covers it */
    const struct view_node
        *before_wildcard;         /* owner of the NSEC that covers *.this, where there is no wildcard */
    const struct view_node *next; /* owner of the next NSEC in the zone's order; NULL if this owns none */
    struct view_set nsec; /* piece[PLAIN]: NSEC; piece[SECURE]: with its signatures; both PATCH_OWNER */
    const struct piece *negative; /* two, as the view's, for questions at or below this name: shorter by what
                                     it shares with the SOA's names; or the view's own */
    struct piece referral[2];     /* of a delegation */
};

struct view_slot {
    uint64_t hash;
    struct view_node *node; /* NULL: free */
};

/* The order of the names with NSEC: of each the first eight octets of its sort key as a number, and the whole
 * key for ties. */
struct view_order {
    size_t count;
    uint64_t *prefix;
    struct view_key {
        const uint8_t *bytes;
        uint16_t length;
    } * key;
    struct view_node **node;
};

struct zone_view {
    struct view_slot *slots;
    uint64_t slot_mask;
    struct view_node *apex;
    uint8_t apex_length, apex_labels;
    bool secure; /* signed */
    enum zone_kind kind;
    struct piece negative[2]; /* SOA with the negative TTL */
    struct view_order order;
    uint32_t negative_ttl;
    int64_t t_us, until_us;
    struct arena *arena;
    struct view_node **nodes; /* all, in canonical order */
    size_t node_count;
    struct signers *signers; /* of t, for late signatures; NULL if unsigned */
    const struct zone_extras *extras;
    const struct view_set *soa, *ns;
};

static inline const struct view_set *node_set(const struct view_node *node, uint16_t type)
{
    for (size_t i = 0; i < node->set_count; i++)
        if (node->sets[i].type == type)
            return &node->sets[i];
    return NULL;
}

/* The types at a name in ascending order, without RRSIG and NSEC; at a delegation only NS and DS (RFC 4035
 * §2.3). Returns their number. */
enum { NODE_MAX_TYPES = 62 };
size_t node_types(const struct view_node *node, uint16_t types[NODE_MAX_TYPES]);

/* The node of a name, or NULL. */
static inline struct view_node *view_find(
    const struct zone_view *view, uint64_t hash, const uint8_t *name, size_t length)
{
    for (uint64_t at = hash & view->slot_mask; view->slots[at].node; at = (at + 1) & view->slot_mask) {
        struct view_node *node = view->slots[at].node;
        if (view->slots[at].hash == hash && node->length == length && memcmp(node->name, name, length) == 0)
            return node;
    }
    return NULL;
}

/* RFC 4035 §3.1.4: the NS of a delegation, then DS or the proof that there is none, then the addresses below
 * it. */
void referral_render(
    struct render *render, const struct zone_view *view, const struct view_node *node, bool secure);

/* The sort key of a name relative to an apex of `apex_labels`: labels from the apex down, 0x00 after each,
 * octets 0 and 1 escaped, so that memcmp() gives the canonical order of RFC 4034 §6.1. Returns its length. */
enum { VIEW_MAX_KEY = NAME_MAX_KEY };
size_t view_key(const uint8_t *name, const uint8_t *label, unsigned labels, unsigned apex_labels,
    uint8_t out[VIEW_MAX_KEY + 8]);

/* Where each label begins; returns their number. label[number] is the root's. */
unsigned view_labels(const uint8_t *name, uint8_t label[MESSAGE_MAX_LABELS + 1]);

/* The last name with NSEC at or before the key: the owner of the NSEC that matches or covers it. */
const struct view_node *view_before(const struct zone_view *view, const uint8_t *key, size_t length);

#endif

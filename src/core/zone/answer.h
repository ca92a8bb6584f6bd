/* answer: one response while it is put together. Inside of this folder. */
#ifndef CORE_ZONE_ANSWER_H
#define CORE_ZONE_ANSWER_H

#include "core/zone/view.h"

enum ede {
    EDE_NONE = -1,
    EDE_NOT_READY = 14,
    EDE_NOT_AUTHORITATIVE = 20,
    EDE_NOT_SUPPORTED = 21
}; /* RFC 8914 §4 */

struct answer {
    const struct message_query *query;
    const struct zone_client *client;
    uint8_t *out;
    size_t used, room; /* octets written; octets that may be, with OPT set apart */
    size_t unlimited;  /* the same with the client's limit alone, for names that test sizes */
    const char *nsid;  /* to be told; NULL: not asked for, or not to be told */
    uint16_t nsid_length;
    uint16_t records[SECTIONS];
    uint16_t rcode;
    bool authoritative, truncated;
    bool secure; /* DNSSEC records are wanted and the view has them */
    bool damage; /* the probe zone spoils the first signature, see probe.c */
    int ede;
};

/* For names that test sizes: the client's limit alone counts, and nothing is added that was not reckoned
 * with. */
static inline void answer_exact(struct answer *answer)
{
    answer->room = answer->unlimited + (answer->nsid ? 4U + answer->nsid_length : 0);
    answer->nsid = NULL;
}

/* A name that is looked for: the question's, or that of a CNAME's target. */
struct look {
    const uint8_t *name;  /* lower case, HASH_ROOM octets after it */
    const uint8_t *label; /* where each begins */
    uint8_t length, labels;
    unsigned hashed;                       /* hash[0] to hash[hashed] are known */
    uint64_t hash[MESSAGE_MAX_LABELS + 1]; /* of the suffix of that many labels */
};

static inline void look_start(
    struct look *look, const uint8_t *name, uint8_t length, const uint8_t *label, unsigned labels)
{
    look->name = name;
    look->label = label;
    look->length = length;
    look->labels = (uint8_t)labels;
    look->hashed = 0;
    look->hash[0] = HASH_ROOT;
}

/* The hash of the suffix of `depth` labels; each is computed once, and only as deep as somebody asks. */
static inline uint64_t look_hash(struct look *look, unsigned depth)
{
    while (look->hashed < depth) {
        look->hash[look->hashed + 1] =
            hash_label(look->hash[look->hashed], look->name + look->label[look->labels - look->hashed - 1]);
        look->hashed++;
    }
    return look->hash[depth];
}

/* Where the suffix of `depth` labels begins. */
static inline size_t look_suffix(const struct look *look, unsigned depth)
{
    return look->label[look->labels - depth];
}

enum found_what { FOUND_SET, FOUND_CNAME, FOUND_NODATA, FOUND_NXDOMAIN, FOUND_REFERRAL };

struct found {
    enum found_what what;
    const struct view_node *node; /* the name, its wildcard, the delegation, or NULL */
    const struct view_node *encloser;
    const struct view_set *set;
    bool expanded; /* node is a wildcard that stands for the name */
};

/* RFC 1034 §4.3.2, RFC 4592 §3.3. */
void answer_find(const struct zone_view *view, struct look *look, uint16_t type, struct found *ret_found);

/* What the view says to the question; `look` is the question's name, in the zone. */
void answer_view(struct answer *answer, const struct zone_view *view, struct look *look);
void answer_found(
    struct answer *answer, const struct zone_view *view, struct look *look, const struct found *found);

/* Adds a piece; sets `truncated` if it does not fit. */
void answer_piece(struct answer *answer, const struct piece *piece, uint16_t owner);

/* Follows a CNAME within the zone. chase.c */
void answer_chase(
    struct answer *answer, const struct zone_view *view, struct look *look, const struct found *found);

/* Records written in place; render_message() and then this. */
void answer_render(struct answer *answer, const struct render *render);
void answer_render_start(const struct answer *answer, struct render *render);

/* Proofs of absence. denial.c. RFC 4035 §3.1.3, RFC 7129. */
/* The SOA. */
void deny_negative(struct answer *answer, const struct zone_view *view);
/* NODATA: the name is there, or is an empty non-terminal. */
void deny_type(struct answer *answer, const struct zone_view *view, const struct view_node *node);
/* NXDOMAIN: neither the name nor a wildcard for it. */
void deny_name(
    struct answer *answer, const struct zone_view *view, struct look *look, const struct found *found);
/* There is no wildcard below the encloser. */
void deny_wildcard(struct answer *answer, const struct zone_view *view, const struct view_node *encloser);
/* Nothing closer than the wildcard below `encloser` that was expanded. */
void deny_closer(
    struct answer *answer, const struct zone_view *view, struct look *look, const struct view_node *encloser);
/* The wildcard that stands for the name has no such type. */
void deny_wildcard_type(
    struct answer *answer, const struct zone_view *view, struct look *look, const struct found *found);

#endif

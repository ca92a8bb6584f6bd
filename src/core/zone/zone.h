/* zone: a zone at a moment, and answers from it. No socket, no clock.
 *
 *   zone_view_make(spec, t)     -> an immutable view: every static RRset signed, every answer's pieces
 * rendered zone_answer(view, query, …) -> an answer put together from those pieces, no allocation
 *   zones_answer(set, client, bytes) -> the same for a whole server: message parsed, zone found, answer
 * written
 *
 * A view may be shared by threads. A set is changed by one thread while no other reads it (the caller holds a
 * lock for a batch). */
#ifndef CORE_ZONE_ZONE_H
#define CORE_ZONE_ZONE_H

#include "core/dns/dnskey.h"
#include "core/dns/rrset.h"
#include "core/roll/evidence.h"
#include "core/roll/plan.h"

/* The keys of a zone, by the plan's key ids; a key's `private_key` may be NULL if it never signs. */
struct zone_keys {
    size_t count;
    struct {
        const char *id;           /* of plan->keys */
        const struct dnskey *key; /* without REVOKE; the view sets it when the plan says so */
    } * entry;
    const struct dnskey
        *zsk; /* signs everything but the DNSKEY RRset, for plans without ZSKs of their own; or NULL */
};

/* When signatures are valid, for a caller who knows better than steps of plan->signature_s. */
struct zone_windows {
    struct rrsig_window keys, rest;       /* of the DNSKEY RRset; of all else */
    int64_t keys_until_us, rest_until_us; /* when others must stand in */
};

enum zone_kind {
    ZONE_PLAIN,       /* only its records */
    ZONE_PARTICIPANT, /* plus proof-N, k-N, gap names made at the moment */
    ZONE_PROBE,       /* plus who, tc, sized answers, skewed signatures, … */
    ZONE_UNREADY,     /* there is no view of it yet, see zone_view_unready() */
};

struct zone_spec {
    struct name apex;
    enum zone_kind kind;
    const struct plan *plan; /* dated */
    bool from_start; /* before the plan's first signatures its keys are as they will be then; else ERR_CONFIG
                      */
    const struct zone_keys *keys;
    const struct rrset *records; /* everything but DNSKEY, RRSIG, NSEC; glue and delegations included */
    size_t record_count;
    uint32_t negative_ttl;
    uint32_t soa_serial; /* 0: the POSIX second of t */
    const struct zone_extras
        *extras; /* what the dynamic kinds need; see extras.h. Copied, but not the key in it */
    struct zone_signatures
        *signatures; /* found again from view to view; see signatures.h. NULL: none are kept */
    const struct zone_windows *windows; /* at the moment of the view; NULL: as below */
};

/* The spec and its records are the caller's and may go when this returns; the keys must stay as long as the
 * view, which signs with them at the moment of a question. A spec without plan (and then without keys) makes
 * an unsigned zone. Errors, with the name concerned in the note: ERR_DATA (records that make no zone),
 * ERR_CONFIG (a key that the plan wants is missing or cannot sign), ERR_NOMEM.
 *
 * Signatures begin an hour before and end plan->signature_s after a moment that moves in steps of a quarter
 * of that, so that views made within one step share them. */
struct zone_view;
int zone_view_make(
    const struct zone_spec *spec, int64_t t_us, struct zone_view **ret_view, struct err_note *note);
void zone_view_free(struct zone_view *view);

/* Stands for a zone whose view is still to be made: it answers SERVFAIL with the extended error "not ready"
 * (RFC 8914 §4.15), so that the zone above gives no referral that leads back here. ERR_NOMEM. */
int zone_view_unready(const struct name *apex, struct zone_view **ret_view);

/* The moment at which a new view must stand in: the next step of the plan, or a signature that grows old. */
int64_t zone_view_until(const struct zone_view *view);

/* The whole zone (static names only) in presentation form, sorted, for checkers. */
struct text;
int zone_view_print(const struct zone_view *view, struct text *ret_text);

/* Zones by apex. */
struct zone_set;
struct zone_set *zone_set_new(void);
void zone_set_free(struct zone_set *set); /* not the views */
/* Puts a view in (or a new one in the place of the old); returns the one that was there, for the caller to
 * free, or NULL. `tag`: the caller's own number for this zone, given back in events. ERR_NOMEM, and ERR_DATA
 * if the apex is not the view's, are told by *ret_err. */
struct zone_view *zone_set_put(
    struct zone_set *set, const struct name *apex, struct zone_view *view, int64_t tag, int *ret_err);
struct zone_view *zone_set_remove(struct zone_set *set, const struct name *apex);
size_t zone_set_count(const struct zone_set *set);

struct zone_server {            /* what a server says of itself, and its limits */
    const char *nsid, *version; /* NULL: not told */
    uint16_t udp_size;          /* largest UDP answer, advertised in OPT: 1232 */
};

struct zone_client {
    uint8_t address[16]; /* IPv6, or IPv4 mapped */
    uint16_t port;
    bool tcp;
    int64_t now_us;
};

/* What the recorder wants to know of a query; `record` false for one that does not matter. */
struct zone_event {
    bool record;
    bool unready; /* not recorded, but somebody asks for the zone `tag`, which is unready */
    int64_t tag;  /* of zone_set_put() */
    bool probe;   /* asked in a probe zone */
    uint8_t rcode;
    struct name qname;
    uint16_t qclass;
    struct evidence_event event; /* kind, time, source, transport, flags, EDNS, tags, nonce */
};

/* For a batch of messages, before they are answered one by one: brings what their answers will read nearer to
 * the processor. A hint; it changes nothing, and a message may be anything. Only the first ZONE_GLANCES are
 * looked at. */
enum { ZONE_GLANCES = 64 };
struct zone_glance {
    const uint8_t *message;
    size_t length;
};
void zones_glance(const struct zone_set *set, const struct zone_glance *messages, size_t count);

/* Answers one message. Returns the length of the response in `out`, or 0 for no answer at all (too short,
 * itself a response, …). `out` holds at least 65,535 octets for TCP and 4,096 for UDP. */
size_t zones_answer(const struct zone_set *set, const struct zone_server *server,
    const struct zone_client *client, const uint8_t *message, size_t length, uint8_t *out, size_t capacity,
    struct zone_event *ret_event);

#endif

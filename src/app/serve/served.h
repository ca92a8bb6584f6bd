/* served: one zone with its keys, from which views are made. */
#ifndef APP_SERVE_SERVED_H
#define APP_SERVE_SERVED_H

#include "core/roll/plan.h"
#include "core/zone/signatures.h"
#include "core/zone/zone.h"
#include "io/store/store.h"

enum { SERVED_MAX_KEYS = 16 };

struct served {
    struct name apex;
    int64_t tag;             /* participant's id; 0: ours */
    const struct plan *plan; /* dated; somebody else's, or … */
    struct plan *own_plan;   /* … this one, freed with `served` */
    struct dnskey *keys[SERVED_MAX_KEYS];
    struct zone_keys zone_keys; /* its entries are those below */
    __typeof__(*(struct zone_keys){0}.entry) entries[SERVED_MAX_KEYS];
    struct zone_signatures *signatures; /* NULL: none are kept */
    int64_t until_us;                   /* when the present view must be replaced; 0: at once */
    const struct zone_view *view; /* the present one, owned by the set that it is in; NULL: there is none */
    bool made;                    /* … and it is not one that only says "not ready" */
    bool failing;                 /* the last attempt to make one failed, and that was said */
};

/* A plan in which nothing changes: a KSK and a ZSK (their ids), published and signing since `since_us`. */
int served_steady_plan(const char *zone, uint8_t algorithm, unsigned bits, int64_t since_us,
    struct plan **ret_plan, struct err_note *note);

/* Loads the keys that the plan names from the store; with `make`, those that are missing are made and stored
 * first. ERR_DATA if one is missing or does not fit the plan. From then on this is the plan of `served`,
 * which had none; it must live as long. */
int served_load(struct served *served, struct store *store, const struct plan *plan, bool make,
    int64_t now_us, struct err_note *note);

/* Takes keys[index], already set, for the plan's key of that index. */
void served_put_key(struct served *served, size_t index);

/* Lets a zone without a key of this id have the numbers of another's RSA key, under another algorithm: making
 * one takes its time, and where only the algorithm is to be shown, one does for all. */
int served_borrow(struct store *store, const char *zone, const char *id, const struct dnskey *key,
    uint8_t algorithm, int64_t now_us, struct err_note *note);

/* Whether keys made for one plan do for the other: the same ids, algorithms and sizes. */
bool served_same_keys(const struct plan *a, const struct plan *b);

/* Another plan for the same keys: what an operation on a plan makes. */
void served_replan(struct served *served, const struct plan *plan);

void served_free(struct served *served);

/* The key of that plan id, without REVOKE, or NULL. */
const struct dnskey *served_key(const struct served *served, const char *id);

/* Makes the view of a moment of a spec that has apex, kind and records; plan, keys and signatures are added
 * here. */
int served_view(struct served *served, struct zone_spec *spec, int64_t now_us, struct zone_view **ret_view,
    struct err_note *note);

#endif

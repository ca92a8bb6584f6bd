/* world_inside: what the files of `world` share. Nobody else includes it. */
#ifndef APP_LAB_WORLD_INSIDE_H
#define APP_LAB_WORLD_INSIDE_H

#include "app/lab/world/world.h"
#include "base/arena.h"
#include "core/zone/signatures.h"

enum world_zone {
    WORLD_ROOT,
    WORLD_NET,
    WORLD_ROOT_SERVERS,
    WORLD_LAB,
    WORLD_ZONE,
    WORLD_OK_LAB,
    WORLD_BOGUS,
    WORLD_PLAIN,
    WORLD_OK_ZONE,
    WORLD_ZONES,
};

enum { WORLD_QUARTER_KEYS = 4 /* take turns; two are shown at once at most */ };

/* ---- world_zones.c ---- */

/* Keys and plan of all that is below the root: each zone has one key, for ever. */
struct world_below {
    struct plan plan;
    struct plan_key key;
    struct plan_step steps[2];
    struct zone_keys keys[WORLD_ZONES];
    struct dnskey forged; /* shows one key and signs with another; owns neither */
};
int world_zones_below(
    struct world_below *below, const struct dnskey *const keys[LAB_KEYS], struct arena *arena);

/* Specs of all zones, without signatures; the root's without plan and keys. */
int world_zones_specs(const struct world_below *below, const struct dnskey *const keys[LAB_KEYS],
    struct arena *arena, struct zone_spec ret[WORLD_ZONES]);

/* Where a zone is served. */
enum lab_place world_zones_place(enum world_zone zone);

/* ---- world_plan.c ---- */

/* The root's plan, and keys for it. */
struct world_plan {
    struct plan *plan;
    struct zone_keys keys;
    struct dnskey *owned[WORLD_QUARTER_KEYS + 32]; /* quarterly ZSKs, or keys of a tampered form */
    size_t owned_count;
};
int world_plan_make(const struct lab_world_spec *spec, struct world_plan *ret_root, struct err_note *note);
/* The same plan tampered with. REVOKED_UNSIGNED: call world_plan_turn() for each moment. */
int world_plan_tampered(const struct world_plan *from, enum lab_tamper tamper, int64_t t_us,
    struct world_plan *ret_root, struct err_note *note);
/* Puts the form that each key of `from` has at the moment into the keys of `root`, in which nothing ever is
 * revoked. */
void world_plan_turn(struct world_plan *root, const struct world_plan *from, int64_t t_us);
void world_plan_free(struct world_plan *root);

/* When the root's signatures of the moment are valid. False: as the plan has it, in steps. */
bool world_plan_windows(const struct plan *plan, int64_t t_us, struct zone_windows *ret_windows);

#endif

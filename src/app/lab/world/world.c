/* The idea: one view for each zone, made anew when its time is over; sets of them, one for each place. The
 * root as it was some time ago, for servers that lag, and a replayed DNSKEY RRset are further views of the
 * root in sets of their own, made when somebody asks for them. All share one store of signatures. */
#include "app/lab/world/world_inside.h"

#include <stdlib.h>
#include <string.h>

enum { PASTS = LAB_ROOTS };

/* The root of another time. */
struct past {
    int64_t lag_us;
    int64_t until_us; /* it must be made anew then; INT64_MIN: at once */
    int64_t used_us;
    struct zone_set *set; /* NULL: free */
    struct zone_view *root;
};

struct lab_world {
    struct arena *arena;
    struct world_below below;
    struct zone_spec spec[WORLD_ZONES];
    struct zone_view *view[WORLD_ZONES];
    struct zone_set *set[LAB_PLACES];
    struct zone_signatures *signatures;
    struct world_plan right, spoilt; /* spoilt.plan is NULL if nothing is tampered with in it */
    enum lab_tamper tamper;
    int64_t as_of_us;
    struct past past[PASTS], replayed;
    int64_t at_us, until_us;
    bool begun;
};

static int put(struct zone_set *set, const struct zone_spec *spec, struct zone_view *view,
    enum world_zone zone, struct err_note *note)
{
    int rc;
    int64_t tag = zone == WORLD_ROOT                              ? LAB_TAG_ROOT
                  : zone == WORLD_OK_LAB || zone == WORLD_OK_ZONE ? LAB_TAG_LEAF
                                                                  : 0;
    zone_set_put(set, &spec->apex, view, tag, &rc); /* the old one is known, and freed by the caller */
    return rc ? err_set(note, rc, "no memory for a zone") : 0;
}

/* The root's view at a moment, of the plan that is right or of the one that is tampered with. */
static int make_root(
    struct lab_world *world, int64_t t_us, bool right, struct zone_view **ret_view, struct err_note *note)
{
    struct world_plan *root = right || !world->spoilt.plan ? &world->right : &world->spoilt;
    struct zone_spec spec = world->spec[WORLD_ROOT];
    struct zone_windows windows;
    if (root == &world->spoilt && world->tamper == LAB_TAMPER_REVOKED_UNSIGNED)
        world_plan_turn(root, &world->right, t_us);
    if (world_plan_windows(root->plan, t_us, &windows))
        spec.windows = &windows;
    spec.plan = root->plan;
    spec.keys = &root->keys;
    return zone_view_make(&spec, t_us, ret_view, note);
}

static int renew(struct lab_world *world, enum world_zone zone, struct err_note *note)
{
    struct zone_view *view, *old = world->view[zone];
    int rc = zone == WORLD_ROOT ? make_root(world, world->at_us, false, &view, note)
                                : zone_view_make(&world->spec[zone], world->at_us, &view, note);
    if (rc)
        return rc;
    struct zone_set *own = world->set[world_zones_place(zone)];
    rc = put(own, &world->spec[zone], view, zone, note);
    if (!rc) {
        rc = put(world->set[LAB_PLACE_ALL], &world->spec[zone], view, zone, note);
        if (rc && old)
            put(own, &world->spec[zone], old, zone, NULL); /* in a place that is there: it does not fail */
        else if (rc)
            zone_set_remove(own, &world->spec[zone].apex);
    }
    if (rc) {
        zone_view_free(view);
        return rc;
    }
    world->view[zone] = view;
    zone_view_free(old);
    return 0;
}

int lab_world_at(struct lab_world *world, int64_t t_us, struct err_note *note)
{
    bool back = world->begun && t_us < world->at_us;
    world->at_us = t_us;
    if (world->begun && !back && t_us < world->until_us)
        return 0;
    for (size_t i = 0; back && i < PASTS; i++)
        world->past[i].until_us = INT64_MIN;
    world->until_us = UTC_OPEN;
    for (enum world_zone zone = WORLD_ROOT; zone < WORLD_ZONES; zone++) {
        if (back || !world->view[zone] || zone_view_until(world->view[zone]) <= t_us) {
            int rc = renew(world, zone, note);
            if (rc)
                return rc;
        }
        int64_t until_us = zone_view_until(world->view[zone]);
        world->until_us = until_us < world->until_us ? until_us : world->until_us;
    }
    world->begun = true;
    return 0;
}

int64_t lab_world_until(const struct lab_world *world)
{
    return world->until_us;
}

size_t lab_world_signatures(const struct lab_world *world)
{
    return zone_signatures_made(world->signatures);
}

static void drop(struct past *past)
{
    zone_set_free(past->set);
    zone_view_free(past->root);
    *past = (struct past){0};
}

/* Makes the set of a root of another time, or puts a new view into the one that is there. */
static int make_past(
    struct lab_world *world, struct past *past, int64_t t_us, bool right, struct err_note *note)
{
    struct zone_view *view, *old = past->root;
    int rc = make_root(world, t_us, right, &view, note);
    if (rc)
        return rc;
    if (!past->set) {
        past->set = zone_set_new();
        rc = past->set ? put(past->set, &world->spec[WORLD_ROOT_SERVERS], world->view[WORLD_ROOT_SERVERS],
                             WORLD_ROOT_SERVERS, note)
                       : err_set(note, ERR_NOMEM, "no memory for a zone");
    }
    if (!rc)
        rc = put(past->set, &world->spec[WORLD_ROOT], view, WORLD_ROOT, note);
    if (rc) {
        zone_view_free(view);
        return rc;
    }
    past->root = view;
    zone_view_free(old);
    int64_t until_us = zone_view_until(view);
    past->until_us = until_us == UTC_OPEN ? UTC_OPEN : until_us + past->lag_us;
    return 0;
}

/* The one of that lag; else a free one, else the one that was longest not asked for. */
static struct past *find_past(struct lab_world *world, int64_t lag_us)
{
    struct past *best = &world->past[0];
    for (size_t i = 0; i < PASTS; i++) {
        struct past *past = &world->past[i];
        if (past->set && past->lag_us == lag_us)
            return past;
        if (best->set && (!past->set || past->used_us < best->used_us))
            best = past;
    }
    drop(best);
    *best = (struct past){.lag_us = lag_us, .until_us = INT64_MIN};
    return best;
}

int lab_world_zones(struct lab_world *world, enum lab_place place, int64_t lag_us, bool root_keys,
    const struct zone_set **ret_set, struct err_note *note)
{
    *ret_set = world->set[place];
    bool root = place == LAB_PLACE_ROOT;
    if (root_keys && world->tamper == LAB_TAMPER_REPLAY && (root || place == LAB_PLACE_ALL)) {
        *ret_set = world->replayed.set;
    } else if (root && lag_us > 0) {
        struct past *past = find_past(world, lag_us);
        if (past->until_us <= world->at_us || !past->set) {
            int rc = make_past(world, past, world->at_us - lag_us, false, note);
            if (rc)
                return rc;
        }
        past->used_us = world->at_us;
        *ret_set = past->set;
    }
    return 0;
}

int lab_world_tamper(struct lab_world *world, enum lab_tamper tamper, int64_t as_of_us, struct err_note *note)
{
    struct world_plan spoilt = {0}, before = world->spoilt;
    struct past replayed = {0}, replayed_before = world->replayed;
    enum lab_tamper tamper_before = world->tamper;
    int rc = 0;
    if (tamper == LAB_TAMPER_REPLAY)
        rc = make_past(world, &replayed, as_of_us, true, note);
    else if (tamper != LAB_TAMPER_NONE)
        rc = world_plan_tampered(&world->right, tamper, world->at_us, &spoilt, note);
    if (!rc) {
        world->tamper = tamper;
        world->spoilt = spoilt;
        world->replayed = replayed;
        rc = renew(world, WORLD_ROOT, note);
    }
    if (rc) {
        world->tamper = tamper_before;
        world->spoilt = before;
        world->replayed = replayed_before;
        drop(&replayed);
        world_plan_free(&spoilt);
        return rc;
    }
    for (size_t i = 0; i < PASTS; i++) /* views of keys that go */
        drop(&world->past[i]);
    drop(&replayed_before);
    world_plan_free(&before);
    world->until_us = INT64_MIN; /* reckoned anew at the next lab_world_at() */
    return 0;
}

static int make(struct lab_world *world, const struct lab_world_spec *spec, struct err_note *note)
{
    world->arena = arena_new();
    world->signatures = zone_signatures_new();
    if (!world->arena || !world->signatures)
        return ERR_NOMEM;
    for (size_t i = 0; i < LAB_PLACES; i++) {
        world->set[i] = zone_set_new();
        if (!world->set[i])
            return ERR_NOMEM;
    }
    for (size_t i = 0; i < LAB_KEYS; i++)
        if (!spec->other_keys[i] || !spec->other_keys[i]->private_key)
            return err_set(note, ERR_CONFIG, "a key for a zone below the root is missing");
    int rc = world_plan_make(spec, &world->right, note);
    if (!rc)
        rc = world_zones_below(&world->below, spec->other_keys, world->arena);
    if (!rc)
        rc = world_zones_specs(&world->below, spec->other_keys, world->arena, world->spec);
    for (size_t i = 0; i < WORLD_ZONES; i++)
        world->spec[i].signatures = world->signatures;
    world->spec[WORLD_ROOT].from_start = true;
    if (!rc)
        rc = lab_world_at(world, spec->from_us, note);
    return rc;
}

int lab_world_new(const struct lab_world_spec *spec, struct lab_world **ret_world, struct err_note *note)
{
    struct lab_world *world = calloc(1, sizeof *world);
    int rc = world ? make(world, spec, note) : ERR_NOMEM;
    if (rc) {
        lab_world_free(world);
        return rc == ERR_NOMEM ? err_set(note, rc, "no memory for a world") : rc;
    }
    *ret_world = world;
    return 0;
}

void lab_world_free(struct lab_world *world)
{
    if (!world)
        return;
    for (size_t i = 0; i < PASTS; i++)
        drop(&world->past[i]);
    drop(&world->replayed);
    for (size_t i = 0; i < LAB_PLACES; i++)
        zone_set_free(world->set[i]);
    for (size_t i = 0; i < WORLD_ZONES; i++)
        zone_view_free(world->view[i]);
    world_plan_free(&world->spoilt);
    world_plan_free(&world->right);
    zone_signatures_free(world->signatures);
    arena_free(world->arena);
    free(world);
}

#include "app/lab/lab_setup.h"

#include "app/lab/world/server.h"

enum { PORT = 5300, MOST_TWINS = 64 };

/* Of every KSK, so that each can stand for the real key of its tag in a user's files. */
static int find_twins(const struct zone_keys *keys, const struct scenario_schedule *schedule,
    struct arena *arena, struct lab_setup *setup, struct err_note *note)
{
    struct lab_anchor *twins = arena_alloc(arena, MOST_TWINS * sizeof *twins);
    struct lab_anchor *anchors = arena_alloc(arena, SCENARIO_MAX_ANCHORS * sizeof *anchors);
    const struct plan_key *installed[SCENARIO_MAX_ANCHORS];
    size_t installed_count = scenario_installed(schedule, setup->managed, installed);
    size_t twin_count = 0, anchor_count = 0;
    for (size_t i = 0; twins && anchors && i < keys->count && twin_count < MOST_TWINS; i++) {
        const struct plan_key *key = &schedule->plan->keys[i];
        if (key->zsk)
            continue;
        if (!keyring_anchor(keys->entry[i].key, arena, &twins[twin_count]))
            return err_set(note, ERR_NOMEM, "no memory for trust anchors");
        for (size_t k = 0; k < installed_count; k++)
            if (installed[k] == key)
                anchors[anchor_count++] = twins[twin_count];
        twin_count++;
    }
    setup->twins = twins;
    setup->twin_count = twin_count;
    setup->anchors = anchors;
    setup->anchor_count = anchor_count;
    return twins && anchors ? 0 : err_set(note, ERR_NOMEM, "no memory for trust anchors");
}

/* NULL-terminated. */
static const char *const *root_list(struct arena *arena)
{
    size_t count;
    const char *const *roots = lab_server_roots(&count);
    const char **list = arena_alloc(arena, (count + 1) * sizeof *list);
    for (size_t i = 0; list && i < count; i++)
        list[i] = roots[i];
    return list;
}

int lab_setup_make(struct keyring *keyring, const struct lab_wish *wish,
    const struct scenario_schedule *schedule, struct arena *arena, struct zone_keys *ret_keys,
    struct lab_setup *ret_setup, struct err_note *note)
{
    struct lab_setup setup = {.product = wish->product,
        .program = wish->program,
        .version = wish->version,
        .config = wish->config,
        .address = "127.0.0.1",
        .port = PORT,
        .managed = wish->scenario->managed && wish->product->follows,
        .roots = root_list(arena),
        .forward_to = LAB_SERVER_RECURSING};
    if (!setup.roots)
        return err_set(note, ERR_NOMEM, "no memory for the addresses of the root");
    int err = keyring_keys(keyring, schedule->plan, arena, ret_keys, note);
    err = err ? err : find_twins(ret_keys, schedule, arena, &setup, note);
    if (!err)
        *ret_setup = setup;
    return err;
}

int lab_difference(const struct lab_wish *wish, const char *cache, struct arena *arena, struct text *ret_text,
    struct err_note *note)
{
    struct keyring *keyring = keyring_new(cache);
    struct scenario_schedule schedule;
    struct zone_keys keys;
    struct lab_setup setup;
    int err = keyring ? 0 : err_set(note, ERR_NOMEM, "no memory for keys");
    err = err ? err
              : scenario_schedule(
                    wish->scenario, wish->plan, wish->from_us, wish->to_us, arena, &schedule, note);
    err = err ? err : lab_setup_make(keyring, wish, &schedule, arena, &keys, &setup, note);
    if (!err) {
        setup.directory = "/tmp/rollcall-rehearse.XXXXXX"; /* as it may be in a run; nothing is written */
        err = lab_product_difference(&setup, ret_text, note);
    }
    keyring_free(keyring);
    return err;
}

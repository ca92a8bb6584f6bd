#include "core/zone/testzone.h"
#include "core/zone/zone_try.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(int rc, const struct err_note *note, const char *what)
{
    if (!rc)
        return;
    fprintf(stderr, "world_try: %s: %s\n", what, note ? note->text : "");
    abort();
}

static void put(
    struct try_world *world, struct zone_spec spec, const struct dnskey *key, int64_t tag, int64_t t_us)
{
    struct zone_keys keys = {.count = 1, .entry = calloc(1, sizeof *keys.entry)};
    struct err_note note = {""};
    char text[NAME_MAX_TEXT];
    int rc;
    keys.entry[0].id = "KSK-A";
    keys.entry[0].key = key;
    spec.plan = tag == 2 ? try_rolling_plan() : try_plan();
    spec.keys = tag == 2 ? try_zone_keys() : &keys;
    struct zone_view **view = &world->views[world->view_count++];
    must(zone_view_make(&spec, t_us, view, &note), &note, name_to_text(&spec.apex, text));
    zone_set_put(world->set, &spec.apex, *view, tag, &rc);
    must(rc, &note, "put");
    free(keys.entry);
}

/* Fixed keys for the probe zone's children; RSA keys differ only in what they are said to be. NULL for what
 * there is none. */
static const struct dnskey *child_key(struct try_world *world, size_t index)
{
    static const enum try_key like[17] = {
        [5] = KEY_RSA, [7] = KEY_RSA, [8] = KEY_RSA, [10] = KEY_RSA, [13] = KEY_B, [15] = KEY_ED25519};
    uint8_t algorithm = testzone_probes[index].algorithm;
    if (!like[algorithm])
        return NULL;
    world->keys[index] = try_key_as(like[algorithm], algorithm);
    return world->keys[index];
}

static void put_probes(struct try_world *world, const struct testzone_config *config,
    const struct name *probe, struct arena *arena, int64_t t_us)
{
    const struct dnskey *ksks[32] = {NULL};
    struct err_note note = {""};
    struct zone_spec spec;
    for (size_t i = 0; i < testzone_probe_count; i++) {
        ksks[i] = child_key(world, i);
        if (!ksks[i])
            continue;
        must(testzone_probe_child(config, probe, i, arena, &spec), &note, testzone_probes[i].label);
        put(world, spec, ksks[i], 0, t_us);
    }
    must(testzone_probe_parent(config, probe, ksks, try_key(KEY_CHILD), arena, &spec), &note, "probe");
    put(world, spec, try_key(KEY_B), 0, t_us);
}

void try_world_make(struct try_world *world, int64_t t_us)
{
    struct arena *arena = arena_new();
    struct err_note note = {""};
    struct zone_spec spec = {.apex = try_name("example.")};
    struct testzone_server servers[2] = {{.name = try_name("ns1.rolls.lab."),
                                             .has_a = true,
                                             .has_aaaa = true,
                                             .a = {127, 0, 0, 1},
                                             .aaaa = {[15] = 1}},
        {.name = try_name("ns2.rolls.lab."), .has_a = true, .a = {127, 0, 0, 2}}};
    struct testzone_config config = {.servers = servers,
        .server_count = 2,
        .contact = try_name("hostmaster.rolls.lab."),
        .a = {192, 0, 2, 1},
        .aaaa = {0x20, 1, 0xd, 0xb8, [15] = 1}};
    struct name parent = try_name("rolls.lab."), p1 = try_name("p1.rolls.lab."),
                p2 = try_name("p2.rolls.lab."), probe = try_name("probe.rolls.lab.");
    struct testzone_child children[3] = {{.apex = p1, .algorithm = 13, .ttl_s = 60},
        {.apex = p2, .algorithm = 13, .ttl_s = 60}, {.apex = probe, .ksk = try_key(KEY_B), .ttl_s = 60}};
    *world = (struct try_world){.set = zone_set_new()};
    spec.records = try_records(arena, "example.", try_zone_text, &spec.record_count);
    put(world, spec, try_key(KEY_A), 0, t_us);
    must(testzone_participant(&config, &p1, 60, try_key(KEY_CHILD), arena, &spec), &note, "p1");
    put(world, spec, try_key(KEY_A), 1, t_us);
    must(testzone_participant(&config, &p2, 172800, try_key(KEY_CHILD), arena, &spec), &note, "p2");
    put(world, spec, NULL, 2, t_us);
    must(testzone_parent(&config, &parent, children, 3, arena, &spec), &note, "parent");
    put(world, spec, try_key(KEY_A), 0, t_us);
    put_probes(world, &config, &probe, arena, t_us);
    arena_free(arena);
}

void try_world_free(struct try_world *world)
{
    for (size_t i = 0; i < world->view_count; i++)
        zone_view_free(world->views[i]);
    zone_set_free(world->set);
    for (size_t i = 0; i < sizeof world->keys / sizeof *world->keys; i++)
        dnskey_free(world->keys[i]);
}

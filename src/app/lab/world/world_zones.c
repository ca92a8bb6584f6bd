/* The idea: one table of zones. A zone's records are its own (SOA, NS, addresses, a wildcard where names are
 * asked for), and the delegations of those whose parent it is. */
#include "app/lab/world/world_inside.h"

#include "app/lab/world/servers.h"
#include "base/address.h"
#include "core/zone/records.h"

#include <stdio.h>

enum {
    ROOT_NS_TTL_S = 518400, /* as the real root has them */
    ROOT_SOA_TTL_S = 86400,
    BELOW_TTL_S = 600, /* of all else: world.h */
    NEW_NAME_TTL_S = 1,
    BELOW_SIGNATURE_S = 30 * 86400,
    SERVERS_MAX = LAB_ROOTS,
    DIGEST_SHA256 = 2,
};

enum { NO_KEY = -1 };

static const struct {
    const char *apex;
    enum world_zone parent;
    int key; /* enum lab_key, of its DS */
    uint8_t servers, group;
    enum lab_place place;
    bool names; /* any name directly below is there */
} zones[WORLD_ZONES] = {
    [WORLD_ROOT] = {".", WORLD_ROOT, NO_KEY, 0, 0, LAB_PLACE_ROOT, false},
    [WORLD_NET] = {"net.", WORLD_ROOT, LAB_KEY_NET, SERVERS_TLD, 1, LAB_PLACE_TLD, false},
    [WORLD_ROOT_SERVERS] = {"root-servers.net.", WORLD_NET, NO_KEY, 0, 0, LAB_PLACE_ROOT, false},
    [WORLD_LAB] = {"lab.", WORLD_ROOT, LAB_KEY_LAB, SERVERS_TLD, 0, LAB_PLACE_TLD, false},
    [WORLD_ZONE] = {"zone.", WORLD_ROOT, LAB_KEY_ZONE, SERVERS_TLD, 1, LAB_PLACE_TLD, false},
    [WORLD_OK_LAB] = {"ok.lab.", WORLD_LAB, LAB_KEY_OK_LAB, SERVERS_LEAF, 0, LAB_PLACE_LEAF, true},
    [WORLD_BOGUS] = {"bogus.lab.", WORLD_LAB, LAB_KEY_BOGUS, SERVERS_LEAF, 0, LAB_PLACE_LEAF, true},
    [WORLD_PLAIN] = {"plain.lab.", WORLD_LAB, NO_KEY, SERVERS_LEAF, 0, LAB_PLACE_LEAF, true},
    [WORLD_OK_ZONE] = {"ok.zone.", WORLD_ZONE, LAB_KEY_OK_ZONE, SERVERS_LEAF, 0, LAB_PLACE_LEAF, true},
};

enum lab_place world_zones_place(enum world_zone zone)
{
    return zones[zone].place;
}

/* What names in the leaf zones resolve to. */
static const uint8_t address_a[4] = {198, 18, 9, 9};
static const uint8_t address_aaaa[16] = {0x20, 0x01, 0x00, 0x02, [15] = 9};

static struct name apex_of(enum world_zone zone)
{
    struct name apex = {.length = 1};
    name_from_text(zones[zone].apex, &apex, NULL); /* of the table: it is one */
    return apex;
}

static bool is_in(const struct servers_row *row, enum world_zone zone)
{
    if (row->former)
        return false;
    if (zones[zone].place == LAB_PLACE_ROOT)
        return row->number < LAB_ROOTS;
    return row->number == zones[zone].servers && row->group == zones[zone].group;
}

/* Name servers of a zone: a IPv4 address of the table begins one, the IPv6 address behind it is its too. */
static size_t servers_of(enum world_zone zone, struct testzone_server servers[SERVERS_MAX])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    bool root = zones[zone].place == LAB_PLACE_ROOT;
    size_t count = 0;
    for (size_t i = 0; i < servers_count(); i++) {
        const struct servers_row *row = &servers_table[i];
        uint8_t address[16];
        if (!is_in(row, zone) || !address_parse(row->address, strlen(row->address), address))
            continue;
        if (!memcmp(address, mapped, sizeof mapped)) {
            char name[NAME_MAX_TEXT];
            struct testzone_server *server = &servers[count++];
            *server = (struct testzone_server){.has_a = true};
            memcpy(server->a, address + sizeof mapped, sizeof server->a);
            if (root)
                snprintf(name, sizeof name, "%c.root-servers.net.", 'a' + row->number);
            else
                snprintf(name, sizeof name, "ns%zu.%s", count, zones[zone].apex);
            name_from_text(name, &server->name, NULL);
        } else if (count) {
            servers[count - 1].has_aaaa = true;
            memcpy(servers[count - 1].aaaa, address, sizeof address);
        }
    }
    return count;
}

static void add_ns(struct records *records, const struct name *apex, uint32_t ttl,
    const struct testzone_server *servers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        records_add_name(records, apex, RR_NS, ttl, &servers[i].name);
}

static void add_addresses(
    struct records *records, uint32_t ttl, const struct testzone_server *servers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        records_add_addresses(
            records, &servers[i].name, ttl, servers[i].a, servers[i].has_aaaa ? servers[i].aaaa : NULL);
}

static void add_child(struct records *records, enum world_zone child, const struct dnskey *key)
{
    struct testzone_server servers[SERVERS_MAX];
    size_t count = servers_of(child, servers);
    struct name apex = apex_of(child);
    add_ns(records, &apex, BELOW_TTL_S, servers, count);
    add_addresses(records, BELOW_TTL_S, servers, count);
    uint8_t ds[DNSKEY_MAX_DS];
    if (key)
        records_add(records, &apex, RR_DS, BELOW_TTL_S, ds, dnskey_ds(&apex, key, DIGEST_SHA256, ds));
}

static void add_names(struct records *records, const struct name *apex)
{
    struct name any = records_below(records, "*", apex);
    records_add_addresses(records, apex, BELOW_TTL_S, address_a, address_aaaa);
    records_add_addresses(records, &any, NEW_NAME_TTL_S, address_a, address_aaaa);
}

static int make_spec(
    enum world_zone zone, const struct dnskey *const *keys, struct arena *arena, struct zone_spec *ret_spec)
{
    struct testzone_server servers[SERVERS_MAX];
    size_t count = servers_of(zone, servers);
    struct testzone_config config = {.servers = servers, .server_count = count};
    struct name apex = apex_of(zone);
    bool root = zone == WORLD_ROOT;
    uint32_t ns_ttl = zones[zone].place == LAB_PLACE_ROOT ? ROOT_NS_TTL_S : BELOW_TTL_S,
             soa_ttl = root ? ROOT_SOA_TTL_S : BELOW_TTL_S;
    struct records records;
    name_from_text("not-the-real-root.rehearsal.invalid.", &config.contact, NULL);
    records_start(&records, arena, 48);
    records_add_soa(&records, &config, &apex, soa_ttl);
    add_ns(&records, &apex, ns_ttl, servers, count);
    add_addresses(&records, ns_ttl, servers, count);
    if (zones[zone].names)
        add_names(&records, &apex);
    for (enum world_zone child = WORLD_NET; child < WORLD_ZONES; child++)
        if (zones[child].parent == zone)
            add_child(&records, child, zones[child].key == NO_KEY ? NULL : keys[zones[child].key]);
    return records_done(&records, &apex, ZONE_PLAIN, soa_ttl, ret_spec);
}

int world_zones_below(
    struct world_below *below, const struct dnskey *const keys[LAB_KEYS], struct arena *arena)
{
    below->steps[0] = (struct plan_step){.what = PLAN_PUBLISH, .at_us = UTC_FIRST};
    below->steps[1] = (struct plan_step){.what = PLAN_SIGN, .at_us = UTC_FIRST};
    below->key = (struct plan_key){.id = "key", .steps = below->steps, .step_count = 2};
    below->plan = (struct plan){.name = "a zone below the root",
        .dnskey_ttl_s = BELOW_TTL_S,
        .signature_s = BELOW_SIGNATURE_S,
        .keys = &below->key,
        .key_count = 1};
    below->forged = *keys[LAB_KEY_BOGUS_SHOWN];
    below->forged.private_key = keys[LAB_KEY_BOGUS_USED]->private_key;
    below->forged.signer = keys[LAB_KEY_BOGUS_USED]->signer;
    for (enum world_zone zone = WORLD_NET; zone < WORLD_ZONES; zone++) {
        struct zone_keys *own = &below->keys[zone];
        if (zones[zone].key == NO_KEY)
            continue;
        own->entry = arena_alloc(arena, sizeof *own->entry);
        if (!own->entry)
            return ERR_NOMEM;
        own->count = 1;
        own->entry[0].id = below->key.id;
        own->entry[0].key = keys[zones[zone].key];
        own->zsk = zone == WORLD_BOGUS ? &below->forged : NULL;
    }
    return 0;
}

int world_zones_specs(const struct world_below *below, const struct dnskey *const keys[LAB_KEYS],
    struct arena *arena, struct zone_spec ret[WORLD_ZONES])
{
    int rc = 0;
    for (enum world_zone zone = WORLD_ROOT; !rc && zone < WORLD_ZONES; zone++) {
        rc = make_spec(zone, keys, arena, &ret[zone]);
        if (!rc && below->keys[zone].count) {
            ret[zone].plan = &below->plan;
            ret[zone].keys = &below->keys[zone];
        }
    }
    return rc;
}

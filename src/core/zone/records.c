/* The idea: builders write one record after another and look for errors once. */
#include "core/zone/records.h"

#include <string.h>

enum {
    SET_MORE = 4,
    SOA_REFRESH_S = 3600,
    SOA_RETRY_S = 600,
    SOA_EXPIRE_S = 14 * 86400,
    SOA_MINIMUM_S = 60,
    MADE_TTL_S = 1
};

void records_start(struct records *records, struct arena *arena, size_t capacity)
{
    *records = (struct records){.arena = arena, .capacity = capacity};
    records->sets = arena_alloc(arena, capacity * sizeof *records->sets);
    records->failed = !records->sets;
}

/* The last set if it is the one, else a new one. */
static struct rrset *get_set(struct records *records, const struct name *owner, uint16_t type, uint32_t ttl)
{
    struct rrset *last = records->count ? &records->sets[records->count - 1] : NULL;
    if (last && last->type == type && name_equal(&last->owner, owner))
        return last;
    if (records->count == records->capacity) {
        size_t capacity = 2 * records->capacity + SET_MORE;
        struct rrset *sets = arena_alloc(records->arena, capacity * sizeof *sets);
        if (!sets)
            return NULL;
        memcpy(sets, records->sets, records->count * sizeof *sets);
        records->sets = sets;
        records->capacity = capacity;
    }
    last = &records->sets[records->count++];
    *last = (struct rrset){.owner = *owner, .type = type, .class = RR_CLASS_IN, .ttl = ttl};
    return last;
}

void records_add(struct records *records, const struct name *owner, uint16_t type, uint32_t ttl,
    const void *rdata, size_t length)
{
    struct rrset *set = records->failed ? NULL : get_set(records, owner, type, ttl);
    uint8_t *bytes = set ? arena_copy(records->arena, rdata, length) : NULL;
    if (!bytes) {
        records->failed = true;
        return;
    }
    if (set->count % SET_MORE == 0) {
        struct rdata *more = arena_alloc(records->arena, (set->count + SET_MORE) * sizeof *more);
        if (!more) {
            records->failed = true;
            return;
        }
        if (set->count)
            memcpy(more, set->rdata, set->count * sizeof *more);
        set->rdata = more;
    }
    set->rdata[set->count++] = (struct rdata){.bytes = bytes, .length = (uint16_t)length};
}

void records_add_text(struct records *records, const struct name *owner, uint32_t ttl, const char *text)
{
    uint8_t rdata[256];
    size_t length = strnlen(text, sizeof rdata - 1);
    rdata[0] = (uint8_t)length;
    memcpy(rdata + 1, text, length);
    records_add(records, owner, RR_TXT, ttl, rdata, length + 1);
}

void records_add_name(
    struct records *records, const struct name *owner, uint16_t type, uint32_t ttl, const struct name *target)
{
    struct name lower = *target;
    name_lower(&lower);
    records_add(records, owner, type, ttl, lower.wire, lower.length);
}

void records_add_addresses(struct records *records, const struct name *owner, uint32_t ttl,
    const uint8_t a[4], const uint8_t aaaa[16])
{
    if (a)
        records_add(records, owner, RR_A, ttl, a, 4);
    if (aaaa)
        records_add(records, owner, RR_AAAA, ttl, aaaa, 16);
}

void records_add_soa(
    struct records *records, const struct testzone_config *config, const struct name *apex, uint32_t ttl_s)
{
    uint8_t soa[2 * NAME_MAX_WIRE + 20];
    struct writer out = writer_over(soa, sizeof soa);
    struct name mname = config->servers[0].name, rname = config->contact;
    name_lower(&mname);
    name_lower(&rname);
    writer_bytes(&out, mname.wire, mname.length);
    writer_bytes(&out, rname.wire, rname.length);
    writer_u32(&out, 1); /* the view writes the serial of its moment */
    writer_u32(&out, SOA_REFRESH_S);
    writer_u32(&out, SOA_RETRY_S);
    writer_u32(&out, SOA_EXPIRE_S);
    writer_u32(&out, SOA_MINIMUM_S);
    records_add(records, apex, RR_SOA, ttl_s, soa, writer_used(&out));
}

void records_add_apex(
    struct records *records, const struct testzone_config *config, const struct name *apex, uint32_t ttl_s)
{
    records_add_soa(records, config, apex, ttl_s);
    for (size_t i = 0; i < config->server_count; i++)
        records_add_name(records, apex, RR_NS, ttl_s, &config->servers[i].name);
    for (size_t i = 0; i < config->server_count; i++) {
        const struct testzone_server *server = &config->servers[i];
        if (name_is_below(&server->name, apex) && !name_equal(&server->name, apex))
            records_add_addresses(records, &server->name, ttl_s, server->has_a ? server->a : NULL,
                server->has_aaaa ? server->aaaa : NULL);
    }
}

struct name records_below(struct records *records, const char *label, const struct name *parent)
{
    struct name name = *parent;
    if (!name_prepend(label, strlen(label), parent, &name))
        records->failed = true;
    return name;
}

int records_done(const struct records *records, const struct name *apex, enum zone_kind kind,
    uint32_t negative_ttl, struct zone_spec *ret_spec)
{
    if (records->failed)
        return ERR_NOMEM;
    *ret_spec = (struct zone_spec){.apex = *apex,
        .kind = kind,
        .records = records->sets,
        .record_count = records->count,
        .negative_ttl = negative_ttl};
    return 0;
}

struct zone_extras *records_extras(
    struct arena *arena, const struct testzone_config *config, const struct dnskey *child_key)
{
    struct zone_extras *extras = arena_alloc(arena, sizeof *extras);
    if (!extras)
        return NULL;
    *extras = (struct zone_extras){.child_key = child_key, .ttl_s = MADE_TTL_S};
    memcpy(extras->a, config->a, sizeof extras->a);
    memcpy(extras->aaaa, config->aaaa, sizeof extras->aaaa);
    return extras;
}

/* records: a list of RRsets that grows in an arena. Inside of this folder. Check `failed` once, at the end.
 */
#ifndef CORE_ZONE_RECORDS_H
#define CORE_ZONE_RECORDS_H

#include "base/arena.h"
#include "core/dns/rrset.h"
#include "core/zone/testzone.h"

struct records {
    struct arena *arena;
    struct rrset *sets;
    size_t count, capacity;
    bool failed;
};

void records_start(struct records *records, struct arena *arena, size_t capacity);

/* Adds a record; to the last set, if it is of that owner and type. */
void records_add(struct records *records, const struct name *owner, uint16_t type, uint32_t ttl,
    const void *rdata, size_t length);
void records_add_text(struct records *records, const struct name *owner, uint32_t ttl, const char *text);
void records_add_name(struct records *records, const struct name *owner, uint16_t type, uint32_t ttl,
    const struct name *target);
void records_add_addresses(struct records *records, const struct name *owner, uint32_t ttl,
    const uint8_t a[4], const uint8_t aaaa[16]);
void records_add_soa(
    struct records *records, const struct testzone_config *config, const struct name *apex, uint32_t ttl_s);
/* SOA and NS of a zone, and the addresses of those name servers whose names are in it. */
void records_add_apex(
    struct records *records, const struct testzone_config *config, const struct name *apex, uint32_t ttl_s);

/* label.parent, label a text without dots; sets failed if it grows too long. */
struct name records_below(struct records *records, const char *label, const struct name *parent);

/* The spec of what was added. ERR_NOMEM if anything failed. */
int records_done(const struct records *records, const struct name *apex, enum zone_kind kind,
    uint32_t negative_ttl, struct zone_spec *ret_spec);
/* NULL when memory is short. */
struct zone_extras *records_extras(
    struct arena *arena, const struct testzone_config *config, const struct dnskey *child_key);

#endif

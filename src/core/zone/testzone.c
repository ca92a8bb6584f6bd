/* The idea of the fences: names made at the moment must never be denied by an NSEC that a resolver may keep
 * (RFC 8198). A fence is a name that really is there, just before and just behind all names that begin alike;
 * the one NSEC between the two is never handed out (late.c). */
#include "core/zone/testzone.h"

#include "core/zone/records.h"

#include <stdio.h>
#include <string.h>

enum {
    NAME_TTL_S = 60,
    FRESH_TTL_S = 1,
    NEGATIVE_TTL_S = 1,
    PARENT_TTL_S = 3600,
    PARENT_NEGATIVE_S = 60,
    DIGEST_SHA256 = 2,
    DIGEST_LENGTH = 32
};

static void add_fences(struct records *records, const struct name *apex, uint32_t ttl)
{
    static const char *const fences[] = {"gap-", "gap0", "k-", "k0", "proof-", "proof0"};
    for (size_t i = 0; i < sizeof fences / sizeof *fences; i++) {
        struct name fence = records_below(records, fences[i], apex);
        records_add_text(records, &fence, ttl,
            i % 2 ? "names before this one are made when asked"
                  : "names behind this one are made when asked");
    }
}

int testzone_participant(const struct testzone_config *config, const struct name *apex, uint32_t ttl_s,
    const struct dnskey *child_key, struct arena *arena, struct zone_spec *ret_spec)
{
    uint32_t name_ttl = ttl_s < NAME_TTL_S ? ttl_s : NAME_TTL_S;
    struct records records;
    struct zone_extras *extras = records_extras(arena, config, child_key);
    if (!extras)
        return ERR_NOMEM;
    records_start(&records, arena, 24);
    struct name www = records_below(&records, "www", apex), status = records_below(&records, "status", apex);
    struct name fresh = records_below(&records, "fresh", apex), any = records_below(&records, "*", &fresh);
    records_add_apex(&records, config, apex, ttl_s);
    records_add_addresses(&records, apex, name_ttl, config->a, config->aaaa);
    records_add_text(
        &records, apex, name_ttl, "rollcall: the key of this zone rolls; whoever follows it answers with AD");
    records_add_addresses(&records, &www, name_ttl, config->a, config->aaaa);
    records_add_addresses(&records, &status, name_ttl, config->a, config->aaaa);
    records_add_text(&records, &status, name_ttl, "validated with the keys of this zone");
    records_add_addresses(&records, &any, FRESH_TTL_S, config->a, config->aaaa);
    add_fences(&records, apex, name_ttl);
    int rc = records_done(&records, apex, ZONE_PARTICIPANT, NEGATIVE_TTL_S, ret_spec);
    if (!rc)
        ret_spec->extras = extras;
    return rc;
}

char *testzone_label(enum testzone_name which, const char *nonce, char out[TESTZONE_LABEL])
{
    static const struct {
        const char *before, *behind;
        bool nonce;
    } names[] = {
        [TESTZONE_WWW] = {"www", "", false},
        [TESTZONE_STATUS] = {"status", "", false},
        [TESTZONE_FRESH] = {"", ".fresh", true},
        [TESTZONE_PROOF] = {"proof-", "", true},
        [TESTZONE_GAP_FIRST] = {"gap-", "-1", true},
        [TESTZONE_GAP_SECOND] = {"gap-", "-2", true},
    };
    snprintf(out, TESTZONE_LABEL, "%s%s%s", names[which].before, names[which].nonce ? nonce : "",
        names[which].behind);
    return out;
}

/* A DS of an algorithm and digest that every validator knows, with a digest that no key has: the zone below
 * is bogus to all who do not have its key themselves. */
static void add_wrong_ds(struct records *records, const struct testzone_child *child)
{
    uint8_t rdata[4 + DIGEST_LENGTH] = {0, 1, child->algorithm, DIGEST_SHA256};
    static const char says[DIGEST_LENGTH + 1] = "no key has this digest: rollcall";
    memcpy(rdata + 4, says, DIGEST_LENGTH);
    records_add(records, &child->apex, RR_DS, child->ttl_s, rdata, sizeof rdata);
}

static void add_child(
    struct records *records, const struct testzone_config *config, const struct testzone_child *child)
{
    uint8_t ds[DNSKEY_MAX_DS];
    for (size_t i = 0; i < config->server_count; i++)
        records_add_name(records, &child->apex, RR_NS, child->ttl_s, &config->servers[i].name);
    if (child->ksk)
        records_add(records, &child->apex, RR_DS, child->ttl_s, ds,
            dnskey_ds(&child->apex, child->ksk, DIGEST_SHA256, ds));
    else
        add_wrong_ds(records, child);
}

int testzone_parent(const struct testzone_config *config, const struct name *apex,
    const struct testzone_child *children, size_t child_count, struct arena *arena,
    struct zone_spec *ret_spec)
{
    struct records records;
    records_start(&records, arena, 16 + 2 * config->server_count + 2 * child_count);
    records_add_apex(&records, config, apex, PARENT_TTL_S);
    records_add_addresses(&records, apex, NAME_TTL_S, config->a, config->aaaa);
    records_add_text(
        &records, apex, NAME_TTL_S, "rollcall: a testing platform for changes of DNSSEC trust anchors");
    for (size_t i = 0; i < child_count; i++)
        add_child(&records, config, &children[i]);
    return records_done(&records, apex, ZONE_PLAIN, PARENT_NEGATIVE_S, ret_spec);
}

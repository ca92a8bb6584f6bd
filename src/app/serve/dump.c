#include "app/serve/dump.h"

#include "app/serve/served.h"
#include "app/serve/signer.h"
#include "core/zone/testzone.h"
#include "io/keys/keys.h"

enum { ECDSA_P256 = 13 };

static int make_keys(struct served *served, struct err_note *note)
{
    int rc = 0;
    for (size_t i = 0; i < served->plan->key_count && rc == 0; i++) {
        const struct plan_key *wanted = &served->plan->keys[i];
        rc = keys_generate(
            wanted->algorithm, wanted->bits, wanted->zsk ? DNSKEY_ZSK : DNSKEY_KSK, &served->keys[i], note);
        if (rc == 0)
            served_put_key(served, i);
    }
    return rc;
}

/* KSKs alone make no zone whose other records could be signed. */
static bool has_zsk(const struct plan *plan)
{
    for (size_t i = 0; i < plan->key_count; i++)
        if (plan->keys[i].zsk)
            return true;
    return false;
}

static int print(struct served *served, const struct dnskey *child, int64_t at_us, struct text *ret_text,
    struct err_note *note)
{
    struct testzone_server server = {.has_a = true, .a = {127, 0, 0, 1}};
    struct testzone_config config = {.servers = &server,
        .server_count = 1,
        .a = {192, 0, 2, 1},
        .aaaa = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}};
    struct zone_view *view = NULL;
    struct zone_spec spec;
    struct arena *arena = arena_new();
    if (!arena)
        return err_set(note, ERR_NOMEM, "out of memory");
    int rc = name_from_text("ns1.rolls.lab.", &server.name, note);
    if (rc == 0)
        rc = name_from_text("hostmaster.rolls.lab.", &config.contact, note);
    if (rc == 0 &&
        testzone_participant(&config, &served->apex, served->plan->dnskey_ttl_s, child, arena, &spec))
        rc = err_set(note, ERR_NOMEM, "out of memory");
    if (rc == 0)
        rc = served_view(served, &spec, at_us, &view, note);
    if (rc == 0)
        rc = zone_view_print(view, ret_text);
    zone_view_free(view);
    arena_free(arena);
    return rc;
}

int dump_plan(
    const struct plan *plan, const char *zone, int64_t at_us, struct text *ret_text, struct err_note *note)
{
    struct plan *copy = plan_copy(plan);
    struct served served = {.plan = copy, .own_plan = copy};
    struct dnskey *child = NULL, *zsk = NULL;
    int rc = served.plan ? name_from_text(zone ? zone : plan->zone, &served.apex, note)
                         : err_set(note, ERR_NOMEM, "out of memory");
    if (rc == 0 && plan->key_count > SERVED_MAX_KEYS)
        rc = err_set(note, ERR_DATA, "plan %s has more than %d keys", plan->name, SERVED_MAX_KEYS);
    if (rc == 0)
        rc = make_keys(&served, note);
    if (rc == 0)
        rc = keys_generate(ECDSA_P256, 0, DNSKEY_KSK, &child, note);
    if (rc == 0 &&
        !has_zsk(
            plan)) /* the plan speaks of KSKs only: a ZSK of the first one's algorithm stands beside them */
        rc = keys_generate(plan->keys[0].algorithm, plan->keys[0].bits, DNSKEY_ZSK, &zsk, note);
    if (rc == 0) {
        served.zone_keys.zsk = zsk;
        rc = print(&served, child, at_us, ret_text, note);
    }
    dnskey_free(child);
    dnskey_free(zsk);
    served_free(&served);
    return rc;
}

int dump_state(const struct serve_config *config, const char *zone, int64_t at_us, struct text *ret_text,
    struct err_note *note)
{
    struct name name;
    struct err_note why = {""};
    struct store *store = NULL;
    struct signer *signer = NULL;
    int rc = name_from_text(zone, &name, note);
    if (rc == 0)
        rc = store_open(config->state, true, &store, note);
    if (rc == 0)
        rc = signer_new(config, store, at_us, &signer, note);
    if (rc == 0)
        rc = signer_sync(signer, note);
    if (rc == 0) {
        const struct zone_view *view = signer_view(signer, &name, at_us, &why);
        rc = view ? zone_view_print(view, ret_text)
                  : err_set(note, ERR_NOINPUT, "%s: zone %s: %s", config->state, zone, why.text);
    }
    signer_free(signer);
    store_close(store);
    return rc;
}

/* Which zones there are, how each is made, and in which order they are made anew. */
#include "app/serve/signer_inside.h"

#include "base/log.h"
#include "core/zone/testzone.h"
#include "io/proc/clock.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RETRY_S = 5, ECDSA_P256 = 13, PARENT_DS_TTL_S = 60, SLICE_US = 20000 };

/* --- views --- */

int signer_install(
    struct signer *signer, struct served *served, struct zone_view *view, struct err_note *note)
{
    int rc = 0;
    pthread_rwlock_wrlock(&signer->lock);
    struct zone_view *old = zone_set_put(signer->set, &served->apex, view, served->tag, &rc);
    pthread_rwlock_unlock(&signer->lock);
    zone_view_free(rc ? view : old);
    if (rc == 0)
        served->view = view;
    return rc ? err_set(note, rc, "a zone cannot be put in its place: %s", err_str(rc)) : 0;
}

void signer_withdraw(struct signer *signer, struct served *served)
{
    if (!served->view)
        return;
    pthread_rwlock_wrlock(&signer->lock);
    struct zone_view *view = zone_set_remove(signer->set, &served->apex);
    pthread_rwlock_unlock(&signer->lock);
    zone_view_free(view);
    served->view = NULL;
}

/* Frees the arena with the spec. `rc`: what making the spec came to. */
static int show(struct signer *signer, struct served *served, struct zone_spec *spec, struct arena *arena,
    int rc, int64_t now_us, struct err_note *note)
{
    struct zone_view *view;
    if (rc)
        err_set(note, rc, "the records of a zone cannot be made: %s", err_str(rc));
    else
        rc = served_view(served, spec, now_us, &view, note);
    if (rc == 0)
        rc = signer_install(signer, served, view, note);
    if (rc) /* try again soon, and go on with what is there */
        served->until_us = now_us + RETRY_S * UTC_SECOND;
    arena_free(arena);
    return rc;
}

static const struct dnskey *child_key(const struct signer *signer)
{
    return signer->child.keys[0];
}

static int show_participant(struct signer *signer, struct entry *entry, int64_t now_us, struct err_note *note)
{
    struct arena *arena = arena_new();
    struct zone_spec spec;
    int rc = arena ? testzone_participant(&signer->config, &entry->served.apex,
                         entry->served.plan->dnskey_ttl_s, child_key(signer), arena, &spec)
                   : ERR_NOMEM;
    spec.from_start = true; /* who joins early, or a clock that was set back */
    return show(signer, &entry->served, &spec, arena, rc, now_us, note);
}

static int show_parent(struct signer *signer, int64_t now_us, struct err_note *note)
{
    struct arena *arena = arena_new();
    struct testzone_child *children =
        arena ? arena_alloc(arena, (signer->count + 1) * sizeof *children) : NULL;
    struct zone_spec spec;
    size_t count = 0;
    for (size_t i = 0; children && i < signer->count; i++) {
        const struct entry *entry = signer->entries[i];
        uint32_t ttl = entry->roll->plan->dnskey_ttl_s;
        if (!entry->left_us)
            children[count++] = (struct testzone_child){.apex = entry->served.apex,
                .algorithm = entry->roll->plan->keys[0].algorithm,
                .ttl_s = ttl < PARENT_DS_TTL_S ? ttl : PARENT_DS_TTL_S};
    }
    int rc = children ? testzone_parent(&signer->config, &signer->parent.apex, children, count, arena, &spec)
                      : ERR_NOMEM;
    return show(signer, &signer->parent, &spec, arena, rc, now_us, note);
}

static int show_probe(struct signer *signer, int64_t now_us, struct err_note *note)
{
    struct arena *arena = arena_new();
    const struct dnskey **ksks = arena ? arena_alloc(arena, testzone_probe_count * sizeof *ksks) : NULL;
    struct zone_spec spec;
    for (size_t i = 0; ksks && i < testzone_probe_count; i++)
        ksks[i] = signer->probes[i].zone_keys.count ? served_key(&signer->probes[i], "KSK") : NULL;
    int rc = ksks ? testzone_probe_parent(
                        &signer->config, &signer->probe.apex, ksks, child_key(signer), arena, &spec)
                  : ERR_NOMEM;
    return show(signer, &signer->probe, &spec, arena, rc, now_us, note);
}

static int show_probe_child(struct signer *signer, size_t index, int64_t now_us, struct err_note *note)
{
    struct arena *arena = arena_new();
    struct zone_spec spec;
    int rc =
        arena ? testzone_probe_child(&signer->config, &signer->probe.apex, index, arena, &spec) : ERR_NOMEM;
    if (rc == 0)
        signer->probes[index].apex = spec.apex;
    return show(signer, &signer->probes[index], &spec, arena, rc, now_us, note);
}

/* --- beginning and end --- */

/* A zone of ours in which nothing rolls. */
static int start_steady(struct signer *signer, struct served *served, uint8_t algorithm, unsigned bits,
    int64_t now_us, struct err_note *note)
{
    char zone[NAME_MAX_TEXT];
    int rc =
        served_steady_plan(name_to_text(&served->apex, zone), algorithm, bits, 0, &served->own_plan, note);
    return rc ? rc : served_load(served, signer->store, served->own_plan, true, now_us, note);
}

/* The probe before it with an RSA key of that size lends its numbers. */
static int borrow(struct signer *signer, size_t index, int64_t now_us, struct err_note *note)
{
    char zone[NAME_MAX_TEXT];
    const struct served *lender = NULL;
    int rc = 0;
    for (size_t i = 0; i < index && testzone_probes[index].bits; i++)
        if (testzone_probes[i].bits == testzone_probes[index].bits && signer->probes[i].zone_keys.count)
            lender = &signer->probes[i];
    name_to_text(&signer->probes[index].apex, zone);
    for (size_t i = 0; rc == 0 && lender && i < lender->zone_keys.count; i++)
        rc = served_borrow(signer->store, zone, lender->zone_keys.entry[i].id, lender->keys[i],
            testzone_probes[index].algorithm, now_us, note);
    return rc;
}

static int start_probes(struct signer *signer, int64_t now_us, struct err_note *note)
{
    signer->probes = calloc(testzone_probe_count, sizeof *signer->probes);
    if (!signer->probes)
        return err_set(note, ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < testzone_probe_count; i++) {
        const struct testzone_probe *p = &testzone_probes[i];
        struct served *served = &signer->probes[i];
        struct err_note why;
        if (!name_prepend(p->label, strlen(p->label), &signer->probe.apex, &served->apex))
            return err_set(note, ERR_CONFIG, "the name of the probe zone is too long");
        int rc = borrow(signer, i, now_us, &why);
        if (rc == 0)
            rc = start_steady(signer, served, p->algorithm, p->bits, now_us, &why);
        if (rc == 0)
            rc = show_probe_child(signer, i, now_us, &why);
        if (rc == ERR_NOMEM || rc == ERR_IO)
            return err_set(note, rc, "%s", why.text);
        if (rc) { /* a crypto policy may forbid an algorithm */
            log_warning("the probe %s cannot be offered: %s", p->label, why.text);
            served_free(served);
        }
    }
    return show_probe(signer, now_us, note);
}

static int start_config(struct signer *signer, const struct serve_config *config, struct err_note *note)
{
    struct testzone_server *server = &signer->server;
    snprintf(signer->nsid, sizeof signer->nsid, "%s", config->nsid ? config->nsid : "");
    snprintf(signer->version, sizeof signer->version, "%s", config->version ? config->version : "");
    signer->self = (struct zone_server){.nsid = config->nsid ? signer->nsid : NULL,
        .version = config->version ? signer->version : NULL,
        .udp_size = (uint16_t)config->udp_size};
    int rc = 0;
    if (config->nameserver)
        rc = name_from_text(config->nameserver, &server->name, note);
    else if (!name_prepend("ns1", 3, &config->parent, &server->name))
        rc = err_set(note, ERR_CONFIG, "the name of the parent zone is too long");
    for (size_t i = 0; i < config->address_count && rc == 0; i++) {
        if (inet_pton(AF_INET, config->addresses[i], server->a) == 1)
            server->has_a = true;
        else if (inet_pton(AF_INET6, config->addresses[i], server->aaaa) == 1)
            server->has_aaaa = true;
        else
            rc = err_set(note, ERR_CONFIG, "addresses: '%s' is no address", config->addresses[i]);
    }
    signer->config = (struct testzone_config){.servers = server,
        .server_count = 1,
        .a = {192, 0, 2, 1},
        .aaaa = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}};
    if (rc == 0 && !name_prepend("hostmaster", 10, &config->parent, &signer->config.contact))
        rc = err_set(note, ERR_CONFIG, "the name of the parent zone is too long");
    return rc;
}

static int start_zones(
    struct signer *signer, const struct serve_config *config, int64_t now_us, struct err_note *note)
{
    signer->parent.apex = config->parent;
    signer->probe.apex = config->probe;
    /* "children" is no name that a participant's zone can have: labels of 12 characters. */
    if (!name_prepend("children", 8, &config->parent, &signer->child.apex))
        return err_set(note, ERR_CONFIG, "the name of the parent zone is too long");
    int rc = start_steady(signer, &signer->child, ECDSA_P256, 0, now_us, note);
    if (rc == 0)
        rc = start_steady(signer, &signer->parent, ECDSA_P256, 0, now_us, note);
    if (rc == 0)
        rc = start_steady(signer, &signer->probe, ECDSA_P256, 0, now_us, note);
    if (rc == 0)
        rc = start_probes(signer, now_us, note);
    return rc ? rc : show_parent(signer, now_us, note);
}

int signer_new(const struct serve_config *config, struct store *store, int64_t now_us,
    struct signer **ret_signer, struct err_note *note)
{
    struct signer *signer = calloc(1, sizeof *signer);
    if (!signer)
        return err_set(note, ERR_NOMEM, "out of memory");
    /* A writer that waits goes before new readers, or busy workers would keep it out for ever. */
    pthread_rwlockattr_t attributes;
    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&signer->lock, &attributes);
    pthread_rwlockattr_destroy(&attributes);
    signer->store = store;
    signer->set = zone_set_new();
    signer->parent.signatures = zone_signatures_new();
    int rc = signer->set && signer->parent.signatures ? start_config(signer, config, note)
                                                      : err_set(note, ERR_NOMEM, "out of memory");
    if (rc == 0)
        rc = start_zones(signer, config, now_us, note);
    if (rc) {
        signer_free(signer);
        return rc;
    }
    *ret_signer = signer;
    return 0;
}

void signer_free(struct signer *signer)
{
    if (!signer)
        return;
    struct served *ours[] = {&signer->probe, &signer->parent, &signer->child};
    for (size_t i = 0; i < signer->count; i++) {
        signer_withdraw(signer, &signer->entries[i]->served);
        served_free(&signer->entries[i]->served);
        free(signer->entries[i]);
    }
    for (size_t i = 0; signer->probes && i < testzone_probe_count; i++) {
        signer_withdraw(signer, &signer->probes[i]);
        served_free(&signer->probes[i]);
    }
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        signer_withdraw(signer, ours[i]);
        served_free(ours[i]);
    }
    for (size_t i = 0; i < signer->roll_count; i++) {
        plan_free(signer->rolls[i]->plan);
        free(signer->rolls[i]);
    }
    zone_set_free(signer->set);
    pthread_rwlock_destroy(&signer->lock);
    free(signer->probes);
    free(signer->rolls);
    free(signer->entries);
    free(signer);
}

/* --- renewal --- */

static bool due(const struct served *served, int64_t now_us)
{
    return served->zone_keys.count && served->until_us <= now_us;
}

/* Says what went wrong once, and once that it is over. */
static int said(struct served *served, int rc, const struct err_note *note)
{
    char zone[NAME_MAX_TEXT];
    if (rc && !served->failing)
        log_error("zone %s %s: %s", name_to_text(&served->apex, zone),
            served->made ? "keeps its old signatures" : "cannot be served", note->text);
    if (!rc && served->failing)
        log_info("zone %s is well again", name_to_text(&served->apex, zone));
    served->failing = rc != 0;
    return rc;
}

static void renew_entry(struct signer *signer, struct entry *entry, int64_t now_us)
{
    struct err_note note = {""};
    int rc = entry->loaded ? 0 : signer_load(signer, entry, &note);
    if (rc == 0)
        rc = show_participant(signer, entry, now_us, &note);
    if (said(&entry->served, rc, &note))
        entry->served.until_us = now_us + RETRY_S * UTC_SECOND;
}

static void renew_ours(struct signer *signer, int64_t now_us, int64_t *next_us)
{
    struct err_note note = {""};
    for (size_t i = 0; i < testzone_probe_count; i++) {
        struct served *probe = &signer->probes[i];
        if (due(probe, now_us))
            said(probe, show_probe_child(signer, i, now_us, &note), &note);
        if (probe->zone_keys.count && probe->until_us < *next_us)
            *next_us = probe->until_us;
    }
    if (due(&signer->probe, now_us))
        said(&signer->probe, show_probe(signer, now_us, &note), &note);
    if (due(&signer->parent, now_us))
        said(&signer->parent, show_parent(signer, now_us, &note), &note);
    if (signer->probe.until_us < *next_us)
        *next_us = signer->probe.until_us;
    if (signer->parent.until_us < *next_us)
        *next_us = signer->parent.until_us;
}

/* The one that somebody waits for, if there is one. */
static void renew_wanted(struct signer *signer, int64_t now_us)
{
    int64_t id = atomic_exchange_explicit(&signer->wanted, 0, memory_order_relaxed);
    struct entry *entry = id ? signer_find(signer, id) : NULL;
    if (entry && !entry->left_us && !entry->loaded && entry->served.until_us <= now_us)
        renew_entry(signer, entry, now_us);
}

/* All views are made again when the clock was set back: their signatures might not be valid yet. */
static void expire_all(struct signer *signer)
{
    for (size_t i = 0; i < signer->count; i++)
        signer->entries[i]->served.until_us = 0;
    for (size_t i = 0; i < testzone_probe_count; i++)
        signer->probes[i].until_us = 0;
    signer->probe.until_us = signer->parent.until_us = 0;
}

int64_t signer_renew(struct signer *signer, int64_t now_us)
{
    int64_t next_us = UTC_OPEN, end_us = clock_mono_us() + SLICE_US;
    if (now_us < signer->renewed_us - UTC_MINUTE)
        expire_all(signer);
    signer->renewed_us = now_us;
    renew_ours(signer, now_us, &next_us);
    for (size_t i = 0; i < signer->count; i++) {
        struct entry *entry = signer->entries[signer->turn++ % signer->count];
        if (entry->left_us)
            continue;
        if (entry->served.until_us <= now_us) {
            if (clock_mono_us() > end_us) { /* another time, beginning with this one */
                signer->turn--;
                return now_us;
            }
            renew_wanted(signer, now_us);
            if (entry->served.until_us <= now_us)
                renew_entry(signer, entry, now_us);
        }
        if (entry->served.until_us < next_us)
            next_us = entry->served.until_us;
    }
    return next_us;
}

/* --- for others --- */

void signer_watch(struct signer *signer, signer_take *take, void *context)
{
    signer->take = take;
    signer->take_context = context;
}

void signer_want(struct signer *signer, int64_t participant_id)
{
    atomic_store_explicit(&signer->wanted, participant_id, memory_order_relaxed);
}

const struct zone_view *signer_view(
    struct signer *signer, const struct name *apex, int64_t now_us, struct err_note *note)
{
    const struct served *found = name_equal(&signer->probe.apex, apex)    ? &signer->probe
                                 : name_equal(&signer->parent.apex, apex) ? &signer->parent
                                                                          : NULL;
    for (size_t i = 0; !found && i < testzone_probe_count; i++)
        if (signer->probes[i].zone_keys.count && name_equal(&signer->probes[i].apex, apex))
            found = &signer->probes[i];
    for (size_t i = 0; !found && i < signer->count; i++) {
        struct entry *entry = signer->entries[i];
        if (entry->left_us || !name_equal(&entry->served.apex, apex))
            continue;
        if ((!entry->loaded && signer_load(signer, entry, note)) ||
            show_participant(signer, entry, now_us, note))
            return NULL;
        found = &entry->served;
    }
    if (!found || !found->view)
        err_set(note, ERR_NOINPUT, "there is no such zone");
    return found ? found->view : NULL;
}

void signer_begin(struct signer *signer)
{
    pthread_rwlock_rdlock(&signer->lock);
}

void signer_end(struct signer *signer)
{
    pthread_rwlock_unlock(&signer->lock);
}

size_t signer_zones(const struct signer *signer)
{
    return zone_set_count(signer->set);
}

void signer_glance(struct signer *signer, const struct zone_glance *messages, size_t count)
{
    zones_glance(signer->set, messages, count);
}

size_t signer_answer(struct signer *signer, const struct zone_client *client, const uint8_t *message,
    size_t length, uint8_t *out, size_t capacity, struct zone_event *ret_event)
{
    return zones_answer(signer->set, &signer->self, client, message, length, out, capacity, ret_event);
}

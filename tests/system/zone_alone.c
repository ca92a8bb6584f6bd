/* zone_alone PORT [--print ZONE | --write ZONE FILE] [--events]: core/zone behind io/net and nothing else:
 * the zones of testzone.h with keys of the moment, and the zone of the unit tests, for resolvers and for
 * comparison with other servers.
 *
 *   example.          the unit tests' zone, KEY_A
 *   rolls.lab.        parent; p1.rolls.lab. a participant's zone (its DS is wrong), probe.rolls.lab. the
 * probe zone with its children
 *
 * Writes "anchor ZONE FLAGS PROTOCOL ALGORITHM KEY" lines, then "ready PORT". --print writes a zone instead
 * and ends. --events writes a line for each query that matters. Ends on SIGTERM. */
#include "base/base64.h"
#include "base/text.h"
#include "core/zone/testzone.h"
#include "core/zone/zone_try.h"
#include "io/keys/keys.h"
#include "io/net/net.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_CHILDREN = 16 };

struct alone {
    struct zone_set *set;
    struct zone_server server;
    bool events;
    struct arena *arena;
    int64_t now_us;
    struct zone_view *views[MOST_CHILDREN + 8];
    char names[MOST_CHILDREN + 8][NAME_MAX_TEXT];
    size_t view_count;
    struct dnskey *keys[MOST_CHILDREN];
};

static void must(int rc, const struct err_note *note, const char *what)
{
    if (!rc)
        return;
    fprintf(stderr, "zone_alone: %s: %s\n", what, note->text);
    exit(1);
}

static void put(struct alone *alone, struct zone_spec spec, const struct dnskey *key, int64_t tag)
{
    struct err_note note = {""};
    struct zone_keys *keys = arena_alloc(alone->arena, sizeof *keys);
    char *text = alone->names[alone->view_count];
    int rc;
    keys->count = 1;
    keys->entry = arena_alloc(alone->arena, sizeof *keys->entry);
    keys->entry[0].id = "KSK-A";
    keys->entry[0].key = key;
    spec.plan = try_plan();
    spec.keys = keys;
    struct zone_view **view = &alone->views[alone->view_count++];
    must(zone_view_make(&spec, alone->now_us, view, &note), &note, name_to_text(&spec.apex, text));
    zone_set_put(alone->set, &spec.apex, *view, tag, &rc);
    must(rc, &note, "zone_set_put");
}

static void make_zones(struct alone *alone)
{
    struct err_note note = {""};
    struct testzone_server servers[2] = {
        {.name = try_name("ns1.rolls.lab."), .has_a = true, .has_aaaa = true, .a = {127, 0, 0, 1}},
        {.name = try_name("ns2.rolls.lab."), .has_a = true, .a = {127, 0, 0, 1}}};
    struct testzone_config config = {.servers = servers,
        .server_count = 2,
        .contact = try_name("hostmaster.rolls.lab."),
        .a = {192, 0, 2, 1},
        .aaaa = {0x20, 1, 0xd, 0xb8, [15] = 1}};
    struct name parent = try_name("rolls.lab."), participant = try_name("p1.rolls.lab."),
                probe = try_name("probe.rolls.lab.");
    const struct dnskey *ksks[MOST_CHILDREN];
    struct zone_spec spec;
    servers[0].aaaa[15] = 1;
    must(testzone_participant(&config, &participant, 60, try_key(KEY_CHILD), alone->arena, &spec), &note,
        "participant");
    put(alone, spec, try_key(KEY_A), 1);
    struct testzone_child children[2] = {{.apex = participant, .algorithm = 13, .ttl_s = 60},
        {.apex = probe, .ksk = try_key(KEY_B), .algorithm = 13, .ttl_s = 60}};
    must(testzone_parent(&config, &parent, children, 2, alone->arena, &spec), &note, "parent");
    put(alone, spec, try_key(KEY_A), 0);
    for (size_t i = 0; i < testzone_probe_count; i++) {
        const struct testzone_probe *want = &testzone_probes[i];
        must(keys_generate(want->algorithm, want->bits, DNSKEY_KSK, &alone->keys[i], &note), &note,
            want->label);
        ksks[i] = alone->keys[i];
        must(testzone_probe_child(&config, &probe, i, alone->arena, &spec), &note, want->label);
        put(alone, spec, ksks[i], 0);
    }
    must(testzone_probe_parent(&config, &probe, ksks, try_key(KEY_CHILD), alone->arena, &spec), &note,
        "probe");
    put(alone, spec, try_key(KEY_B), 0);
    spec = (struct zone_spec){.apex = try_name("example.")};
    spec.records = try_records(alone->arena, "example.", try_zone_text, &spec.record_count);
    put(alone, spec, try_key(KEY_A), 0);
}

static void print_event(const struct zone_event *event)
{
    static const char *const kinds[EVIDENCE_KINDS] = {"dnskey", "ds", "signal", "keytag", "name", "proof",
        "target", "child-dnskey", "child-ds", "gap-first", "gap-second", "answer"};
    char name[NAME_MAX_TEXT], type[16];
    printf("event %lld %s %s %s %s %u\n", (long long)event->tag, kinds[event->event.kind],
        name_to_text(&event->qname, name), rr_type_name(event->event.qtype, type),
        event->event.nonce[0] ? event->event.nonce : "-", event->rcode);
    fflush(stdout);
}

static size_t answer(void *context, const struct net_peer *peer, const uint8_t *message, size_t length,
    uint8_t *out, size_t capacity)
{
    const struct alone *alone = context;
    struct zone_client client = {.port = peer->port, .tcp = peer->tcp, .now_us = peer->now_us};
    struct zone_event event;
    memcpy(client.address, peer->address, sizeof client.address);
    size_t written =
        zones_answer(alone->set, &alone->server, &client, message, length, out, capacity, &event);
    if (alone->events && event.record)
        print_event(&event);
    return written;
}

static int print_zone(const struct alone *alone, const char *name, FILE *file)
{
    struct text text;
    const struct zone_view *view = NULL;
    for (size_t i = 0; i < alone->view_count; i++)
        if (!strcmp(alone->names[i], name))
            view = alone->views[i];
    text_start(&text);
    if (!file || !view || zone_view_print(view, &text)) {
        fprintf(stderr, "zone_alone: cannot write zone %s\n", name);
        return 1;
    }
    fputs(text.string, file);
    text_free(&text);
    return 0;
}

static void print_anchor(const char *zone, const struct dnskey *key)
{
    char text[2048];
    text[base64_write(key->public_key, key->public_length, text)] = '\0';
    printf("anchor %s %u 3 %u %s\n", zone, key->flags, key->algorithm, text);
}

static int serve(struct alone *alone, const char *port)
{
    char addresses[2][40];
    struct net_server *server;
    struct err_note note = {""};
    snprintf(addresses[0], sizeof addresses[0], "127.0.0.1:%s", port);
    snprintf(addresses[1], sizeof addresses[1], "[::1]:%s", port);
    const char *list[] = {addresses[0], addresses[1]};
    sigset_t ends;
    int which;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    must(net_bind(list, 2, 1, &server, &note), &note, "bind");
    must(net_start(server, (struct net_handler){.answer = answer, .context = alone},
             (struct net_limits){.tcp_connections = 1000, .tcp_idle_ms = 10000}, &note),
        &note, "start");
    print_anchor("example.", try_key(KEY_A));
    print_anchor("rolls.lab.", try_key(KEY_A));
    print_anchor("p1.rolls.lab.", try_key(KEY_A));
    print_anchor("probe.rolls.lab.", try_key(KEY_B));
    printf("ready %s\n", port);
    fflush(stdout);
    sigwait(&ends, &which);
    net_stop(server, 100);
    return 0;
}

int main(int argc, char **argv)
{
    struct timespec now;
    struct alone alone = {.server = {.nsid = "zone-alone", .version = "rollcall", .udp_size = 1232}};
    const char *print = NULL, *file = NULL;
    if (argc < 2)
        return 64;
    for (int i = 2; i < argc; i++) {
        bool write = !strcmp(argv[i], "--write") && i + 2 < argc;
        if (write || (!strcmp(argv[i], "--print") && i + 1 < argc))
            print = argv[++i];
        if (write)
            file = argv[++i];
        alone.events |= !strcmp(argv[i], "--events");
    }
    clock_gettime(CLOCK_REALTIME, &now);
    alone.now_us = now.tv_sec * UTC_SECOND + now.tv_nsec / 1000;
    alone.set = zone_set_new();
    alone.arena = arena_new();
    make_zones(&alone);
    FILE *out = file ? fopen(file, "w") : stdout;
    int rc = print ? print_zone(&alone, print, out) : 0;
    if (file && out)
        fclose(out);
    if (!rc && (file || !print))
        rc = serve(&alone, argv[1]);
    for (size_t i = 0; i < alone.view_count; i++)
        zone_view_free(alone.views[i]);
    for (size_t i = 0; i < MOST_CHILDREN; i++)
        dnskey_free(alone.keys[i]);
    zone_set_free(alone.set);
    arena_free(alone.arena);
    try_keys_free();
    return rc;
}

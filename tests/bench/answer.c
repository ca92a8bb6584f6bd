/* answer [ZONES]: nanoseconds that zones_answer() takes, by kind of question, with one zone and with ZONES
 * (10,000) of them asked at random. No sockets: what DNS costs and nothing else. */
#include "core/zone/testzone.h"
#include "core/zone/zone_try.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { QUERIES = 4096, LEAST_NS = 300000000 };

struct question {
    uint8_t bytes[512];
    size_t length;
};

struct world {
    struct zone_set *set;
    struct zone_view **views;
    size_t zones;
};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "answer: %s\n", what);
    exit(1);
}

static struct name zone_name(size_t i)
{
    char text[64];
    snprintf(text, sizeof text, "p%zux.rolls.lab.", i * 7919);
    return try_name(text);
}

static void make_world(struct world *world, size_t zones)
{
    struct testzone_server server = {.name = try_name("ns1.rolls.lab."), .has_a = true, .a = {127, 0, 0, 1}};
    struct testzone_config config = {.servers = &server,
        .server_count = 1,
        .contact = try_name("hostmaster.rolls.lab."),
        .a = {192, 0, 2, 1},
        .aaaa = {0x20, 1, 0xd, 0xb8, [15] = 1}};
    int64_t start = now_ns();
    world->set = zone_set_new();
    world->views = calloc(zones, sizeof(struct zone_view *));
    world->zones = zones;
    must(world->set && world->views, "memory");
    for (size_t i = 0; i < zones; i++) {
        struct arena *arena = arena_new();
        struct err_note note = {""};
        struct zone_spec spec;
        struct name apex = zone_name(i);
        int rc;
        must(!testzone_participant(&config, &apex, 60, try_key(KEY_CHILD), arena, &spec), "records");
        spec.plan = try_plan();
        spec.keys = try_zone_keys();
        must(!zone_view_make(&spec, TRY_NOW, &world->views[i], &note), note.text);
        zone_set_put(world->set, &apex, world->views[i], 0, &rc);
        must(!rc, "put");
        arena_free(arena);
    }
    printf("%zu zones: made in %.1f ms, %.2f ms each\n", zones, (double)(now_ns() - start) / 1e6,
        (double)(now_ns() - start) / 1e6 / (double)zones);
}

static void free_world(struct world *world)
{
    for (size_t i = 0; i < world->zones; i++)
        zone_view_free(world->views[i]);
    zone_set_free(world->set);
    free(world->views);
}

/* The label with a number for its '#'. */
static void write_first(char *out, size_t room, const char *label)
{
    const char *number = strchr(label, '#');
    if (number)
        snprintf(out, room, "%.*s%d%s", (int)(number - label), label, rand(), number + 1);
    else
        snprintf(out, room, "%s", label);
}

static void measure(const struct world *world, const char *label, uint16_t type, bool dnssec_ok)
{
    static struct question questions[QUERIES];
    static const struct zone_server server = {.nsid = "ns1", .udp_size = 1232};
    static const struct zone_client client = {
        .address = {[10] = 0xff, 0xff, 127, 0, 0, 1}, .now_us = TRY_NOW};
    uint8_t out[4096];
    struct zone_event event;
    for (size_t i = 0; i < QUERIES; i++) {
        char zone[NAME_MAX_TEXT], name[NAME_MAX_TEXT + 64], first[32];
        struct name apex = zone_name((size_t)rand() % world->zones);
        write_first(first, sizeof first, label);
        snprintf(name, sizeof name, "%s%s", first, name_to_text(&apex, zone));
        questions[i].length =
            try_query((struct try_ask){.name = name, .type = type, .edns = true, .dnssec_ok = dnssec_ok},
                questions[i].bytes);
    }
    int64_t start = now_ns(), end = start;
    size_t count = 0, octets = 0;
    for (; end - start < LEAST_NS; end = now_ns())
        for (size_t i = 0; i < QUERIES; i++, count++)
            octets += zones_answer(world->set, &server, &client, questions[i].bytes, questions[i].length, out,
                sizeof out, &event);
    double ns = (double)(end - start) / (double)count;
    printf("  %-22s %-7s %6.0f ns  %4zu octets\n", label[0] ? label : "(apex)", dnssec_ok ? "DO" : "no DO",
        ns, octets / count);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *label;
        uint16_t type;
        bool dnssec_ok;
    } kinds[] = {{"www.", RR_A, false}, {"www.", RR_A, true}, {"www.", RR_MX, true}, {"x#.", RR_A, false},
        {"x#.", RR_A, true}, {"x#.fresh.", RR_A, true}, {"", RR_DNSKEY, true}, {"a.b.c.d.e.x#.", RR_A, true},
        {"k-#.", RR_A, true}};
    size_t zones[] = {1, argc > 1 ? (size_t)atoi(argv[1]) : 10000};
    for (size_t i = 0; i < 2; i++) {
        struct world world;
        make_world(&world, zones[i]);
        for (size_t j = 0; j < sizeof kinds / sizeof *kinds; j++)
            measure(&world, kinds[j].label, kinds[j].type, kinds[j].dnssec_ok);
        free_world(&world);
    }
    try_keys_free();
    return 0;
}

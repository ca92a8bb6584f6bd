/* zones PORT COUNT: core/zone behind io/net, with COUNT signed zones z00000.bench.lab, z00001.bench.lab, …,
 * each with the names n0 to n3. What the number of zones costs, and what DNS costs without recording. Ends on
 * SIGTERM. */
#include "core/zone/zone.h"
#include "core/zone/zone_try.h"
#include "io/net/net.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char records[] = "@ 300 SOA ns hostmaster 1 3600 600 86400 300\n"
                              "@ 300 NS ns\n"
                              "ns 300 A 192.0.2.1\n"
                              "n0 300 A 192.0.2.2\n"
                              "n1 300 A 192.0.2.3\n"
                              "n2 300 A 192.0.2.4\n"
                              "n3 300 A 192.0.2.5\n";

static size_t answer(void *context, const struct net_peer *peer, const uint8_t *message, size_t length,
    uint8_t *out, size_t capacity)
{
    static const struct zone_server server = {.udp_size = 1232};
    struct zone_client client = {.port = peer->port, .tcp = peer->tcp, .now_us = peer->now_us};
    struct zone_event event;
    memcpy(client.address, peer->address, sizeof client.address);
    return zones_answer(context, &server, &client, message, length, out, capacity, &event);
}

static void glance(void *context, const struct net_message *messages, size_t count)
{
    struct zone_glance glances[ZONE_GLANCES];
    for (size_t i = 0; i < count && i < ZONE_GLANCES; i++)
        glances[i] = (struct zone_glance){.message = messages[i].bytes, .length = messages[i].length};
    zones_glance(context, glances, count);
}

static int add_zones(struct zone_set *set, unsigned long count)
{
    for (unsigned long i = 0; i < count; i++) {
        char apex[40];
        int rc = 0;
        snprintf(apex, sizeof apex, "z%05lu.bench.lab.", i);
        struct name name = try_name(apex);
        struct zone_view *view =
            try_view((struct zone_spec){.kind = ZONE_PLAIN, .plan = try_plan(), .keys = try_zone_keys()},
                apex, records, TRY_NOW);
        if (!view)
            return ERR_NOMEM;
        zone_set_put(set, &name, view, (int64_t)i, &rc);
        if (rc)
            return rc;
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: zones PORT COUNT\n");
        return 64;
    }
    char address[40];
    snprintf(address, sizeof address, "127.0.0.1:%s", argv[1]);
    const char *addresses[] = {address};
    struct net_server *server;
    struct err_note note = {""};
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    struct zone_set *set = zone_set_new();
    int rc = set ? add_zones(set, strtoul(argv[2], NULL, 10)) : ERR_NOMEM;
    if (!rc)
        rc = net_bind(addresses, 1, 1, &server, &note);
    if (!rc)
        rc = net_start(server, (struct net_handler){.answer = answer, .glance = glance, .context = set},
            (struct net_limits){.tcp_connections = 10000, .tcp_idle_ms = 60000}, &note);
    if (rc) {
        fprintf(stderr, "zones: %s\n", *note.text ? note.text : err_str(rc));
        return err_exit(rc);
    }
    int number;
    sigwait(&ends, &number);
    net_stop(server, 1000);
    return 0;
}

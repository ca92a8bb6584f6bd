/* config: what `rollcall serve` is told, by its file (rollcall.yaml, see rollcall.yaml(5)) and by its
 * options, which win. */
#ifndef APP_SERVE_CONFIG_H
#define APP_SERVE_CONFIG_H

#include "base/arena.h"
#include "base/err.h"
#include "core/dns/name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CONFIG_MAX_LISTEN = 16, CONFIG_MAX_PLANS = 64, CONFIG_MAX_ADDRESSES = 16, CONFIG_MAX_NETWORKS = 16 };

/* A file that tells the networks of addresses, or their users, for the readiness pages. */
enum config_network { CONFIG_PFX2AS, CONFIG_DELEGATED, CONFIG_MMDB, CONFIG_USERS, CONFIG_NETWORKS };
struct config_network_file {
    enum config_network kind;
    const char *path;
};

struct serve_config {
    const char *dns[CONFIG_MAX_LISTEN]; /* "127.0.0.1:5300" */
    size_t dns_count;
    const char *web;           /* "127.0.0.1:8053"; NULL: no web side */
    const char *state;         /* directory; NULL: not told */
    const char *proxy;         /* address of a reverse proxy before the web side; NULL: none */
    const char *user;          /* to become after binding; NULL: stay */
    struct name parent, probe; /* zones */
    const char *nameserver;    /* host name of this server, below the parent zone unless told otherwise */
    const char *addresses[CONFIG_MAX_ADDRESSES]; /* of that name, IPv4 and IPv6 */
    size_t address_count;
    const char *plans[CONFIG_MAX_PLANS]; /* plan files; each dated one is a roll that participants may join */
    size_t plan_count;
    const char *observations;   /* store of sightings; NULL: observed.db in the state directory; "none" */
    int64_t observations_s;     /* between writes to it */
    const char *collector;      /* under which name; NULL: that of this host */
    const char *readiness_plan; /* what the readiness page is about; NULL: the newest roll */
    struct config_network_file networks[CONFIG_MAX_NETWORKS]; /* in the order in which they are read */
    size_t network_count;
    const char *nsid, *version; /* NULL: not told to the world */
    unsigned udp_workers, tcp_connections, tcp_idle_s, udp_size;
    int64_t retention_days, max_participants;
};

/* The defaults: loopback only. Strings live in the arena. */
int config_default(struct serve_config *ret_config, struct err_note *note);

/* Reads the file over the defaults. ERR_NOINPUT if it cannot be read, ERR_CONFIG with file, line and column
 * if it is wrong. `ret_config` is written only when all is well, so that a running server keeps the old one.
 */
int config_read(
    const char *path, struct arena *arena, struct serve_config *ret_config, struct err_note *note);

/* The same from bytes; `file` is the name for messages. */
int config_parse(const char *file, const char *bytes, size_t length, struct arena *arena,
    struct serve_config *ret_config, struct err_note *note);

#endif

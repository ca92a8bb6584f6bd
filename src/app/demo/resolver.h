/* resolver: the configuration of a participant of the demonstration. Pure text; who starts it is demo.c.
 * The settings are measured: with them a whole roll takes minutes in programs that are otherwise as their
 * packages made them. */
#ifndef APP_DEMO_RESOLVER_H
#define APP_DEMO_RESOLVER_H

#include "base/arena.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

enum resolver_product { RESOLVER_NAMED, RESOLVER_UNBOUND };

struct resolver_setup {
    enum resolver_product product;
    bool managed;          /* follows RFC 5011; else the anchor is static */
    const char *directory; /* absolute; the program may write there */
    uint16_t port;         /* on 127.0.0.1 */
    const char *zone;      /* its test zone, with a final dot */
    const char *forward;   /* the zone above it that is to be asked at the platform, with a final dot */
    const char *platform_address;
    uint16_t platform_port;
    const char *source; /* address that it asks from, or NULL: the system's choice */
    const char *dnskey; /* the anchor: "257 3 13 BASE64" */
    const char *ds;     /* the anchor as DS: "12345 13 2 HEX" */
    int64_t hold_down_s, ttl_s;
};

/* The main configuration file of the program. */
void resolver_config(const struct resolver_setup *setup, struct text *ret_text);

/* What to call: argv, NULL-terminated, in the arena; argv[0] is `program`. NULL when memory is short. */
char **resolver_argv(
    const struct resolver_setup *setup, const char *program, const char *config_path, struct arena *arena);

/* "named" or "unbound"; and the name of its main configuration file. */
const char *resolver_program(enum resolver_product product);
const char *resolver_config_name(enum resolver_product product);

#endif

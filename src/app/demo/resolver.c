#include "app/demo/resolver.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

static void named_config(const struct resolver_setup *s, struct text *text)
{
    text_printf(text,
        "options {\n"
        "    directory \"%s\";\n"
        "    managed-keys-directory \"%s\";\n"
        "    pid-file none;\n"
        "    session-keyfile none;\n"
        "    listen-on port %u { 127.0.0.1; };\n"
        "    listen-on-v6 { none; };\n"
        "    recursion yes;\n"
        "    allow-query { 127.0.0.0/8; };\n"
        "    dnssec-validation yes;\n"
        "    max-cache-ttl %" PRId64 ";\n"
        "    servfail-ttl 0;\n"
        "    empty-zones-enable no;\n",
        s->directory, s->directory, s->port, s->ttl_s);
    if (s->source)
        text_printf(text, "    query-source address %s;\n", s->source);
    text_add(text, "};\ncontrols { };\n");
    const char *base64 = strrchr(s->dnskey, ' ') + 1; /* BIND wants it in quotes */
    text_printf(text, "trust-anchors { \"%s\" %s %.*s\"%s\"; };\n", s->zone,
        s->managed ? "initial-key" : "static-key", (int)(base64 - s->dnskey), s->dnskey, base64);
    text_printf(text,
        "zone \"%s\" {\n"
        "    type forward;\n"
        "    forward only;\n"
        "    forwarders { %s port %u; };\n"
        "};\n",
        s->forward, s->platform_address, s->platform_port);
}

static void unbound_config(const struct resolver_setup *s, struct text *text)
{
    text_printf(text,
        "server:\n"
        "    interface: 127.0.0.1\n"
        "    port: %u\n"
        "    do-ip6: no\n"
        "    directory: \"%s\"\n"
        "    username: \"\"\n"
        "    chroot: \"\"\n"
        "    pidfile: \"\"\n"
        "    use-syslog: no\n"
        "    logfile: \"\"\n"
        "    verbosity: 1\n"
        "    module-config: \"validator iterator\"\n"
        "    do-not-query-localhost: no\n"
        "    local-zone: \"lab.\" nodefault\n",
        s->port, s->directory);
    if (s->source)
        text_printf(text, "    outgoing-interface: %s\n", s->source);
    if (s->managed)
        text_printf(text,
            "    auto-trust-anchor-file: \"%s/anchor.key\"\n"
            "    add-holddown: %" PRId64 "\n"
            "    del-holddown: %" PRId64 "\n"
            "    permit-small-holddown: yes\n",
            s->directory, s->hold_down_s, s->hold_down_s);
    else
        text_printf(text, "    trust-anchor: \"%s DS %s\"\n", s->zone, s->ds);
    text_printf(text,
        "forward-zone:\n"
        "    name: \"%s\"\n"
        "    forward-addr: %s@%u\n"
        "remote-control:\n"
        "    control-enable: no\n",
        s->forward, s->platform_address, s->platform_port);
}

void resolver_config(const struct resolver_setup *setup, struct text *ret_text)
{
    if (setup->product == RESOLVER_NAMED)
        named_config(setup, ret_text);
    else
        unbound_config(setup, ret_text);
}

char **resolver_argv(
    const struct resolver_setup *setup, const char *program, const char *config_path, struct arena *arena)
{
    enum { MOST = 12 };
    char **argv = arena_alloc(arena, MOST * sizeof *argv);
    if (!argv)
        return NULL;
    size_t n = 0;
    argv[n++] = arena_string(arena, program);
    if (setup->product == RESOLVER_NAMED) {
        argv[n++] = arena_string(arena, "-g");
        argv[n++] = arena_string(arena, "-4");
        argv[n++] = arena_string(arena, "-n");
        argv[n++] = arena_string(arena, "1");
        argv[n++] = arena_string(arena, "-T");
        /* seconds for an hour, a day and a month: a refresh at TTL/2 or each "hour", and the hold-down is a
         * "month" */
        argv[n++] = arena_printf(arena, "mkeytimers=2/20/%" PRId64, setup->hold_down_s);
    } else {
        argv[n++] = arena_string(arena, "-d");
    }
    argv[n++] = arena_string(arena, "-c");
    argv[n++] = arena_string(arena, config_path);
    for (size_t i = 0; i < n; i++)
        if (!argv[i])
            return NULL;
    return argv;
}

const char *resolver_program(enum resolver_product product)
{
    return product == RESOLVER_NAMED ? "named" : "unbound";
}

const char *resolver_config_name(enum resolver_product product)
{
    return product == RESOLVER_NAMED ? "named.conf" : "unbound.conf";
}

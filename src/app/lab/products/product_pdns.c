/* pdns_recursor, of PowerDNS. It has no RFC 5011: its anchors are in its Lua configuration. From 5.0 on its
 * settings are YAML. */
#include "app/lab/products/user.h"

/* The same in both forms: addresses of listening, port, source, hints, Lua. "socket-dir": where it runs, for
 * a whole path may be too long for a socket. */
static const char settings[] = "daemon=no\n"
                               "local-address=%s\n"
                               "local-port=%u\n"
                               "query-local-address=%s\n"
                               "allow-from=0.0.0.0/0, ::/0\n"
                               "dont-query=\n"
                               "dnssec=validate\n"
                               "hint-file=%s\n"
                               "lua-config-file=%s\n"
                               "socket-dir=.\n"
                               "security-poll-suffix=\n"
                               "threads=1\n"
                               "pdns-distributes-queries=no\n"
                               "write-pid=no\n"
                               "disable-syslog=yes\n"
                               "quiet=yes\n";
static const char yaml[] = "incoming:\n"
                           "  listen: ['%s']\n"
                           "  port: %u\n"
                           "  allow_from: [0.0.0.0/0, '::/0']\n"
                           "  pdns_distributes_queries: false\n"
                           "outgoing:\n"
                           "  source_address: ['%s']\n"
                           "  dont_query: []\n"
                           "dnssec:\n"
                           "  validation: validate\n"
                           "recursor:\n"
                           "  daemon: false\n"
                           "  hint_file: '%s'\n"
                           "  lua_config_file: '%s'\n"
                           "  socket_dir: .\n"
                           "  security_poll_suffix: ''\n"
                           "  threads: 1\n"
                           "  write_pid: false\n"
                           "logging:\n"
                           "  disable_syslog: true\n"
                           "  quiet: true\n";

static int ours(
    struct draft *draft, struct product_words *words, struct lab_start *start, struct err_note *note)
{
    const struct lab_setup *setup = draft->setup;
    struct text lua, text;
    (void)start;
    (void)note;
    text_start(&lua);
    text_start(&text);
    text_add(&lua, "clearTA('.')\n"); /* what is built in */
    for (size_t i = 0; i < setup->anchor_count; i++)
        text_printf(&lua, "addTA('.', \"%s\")\n", setup->anchors[i].ds);
    bool old = product_before(setup, 5, 0);
    const char *source = product_six(setup) ? "::" : "0.0.0.0", *hints = product_hints(draft),
               *anchors = draft_add(draft, "recursor.lua", lua.string, lua.length);
    if (old)
        text_printf(&text, settings, setup->address, setup->port, source, hints, anchors);
    else
        text_printf(&text, yaml, setup->address, setup->port, source, hints, anchors);
    draft_add(draft, old ? "recursor.conf" : "recursor.yml", text.string, text.length);
    product_word(words, draft_string(draft, "--config-dir=%s", setup->directory));
    draft->failed |= text.failed || lua.failed;
    text_free(&lua);
    text_free(&text);
    return 0;
}

const struct product_functions product_pdns = {.ours = ours, .users = pdns_users};

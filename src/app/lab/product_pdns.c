/* pdns_recursor, of PowerDNS. It has no RFC 5011: its anchors are in its Lua configuration. */
#include "app/lab/user.h"

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
    text_printf(&text,
        "daemon=no\n"
        "local-address=%s\n"
        "local-port=%u\n"
        "query-local-address=%s\n"
        "allow-from=0.0.0.0/0, ::/0\n"
        "dont-query=\n"
        "dnssec=validate\n"
        "hint-file=%s\n"
        "lua-config-file=%s\n"
        "socket-dir=.\n" /* where it runs: a whole path may be too long for a socket */
        "security-poll-suffix=\n"
        "threads=1\n"
        "pdns-distributes-queries=no\n"
        "write-pid=no\n"
        "disable-syslog=yes\n"
        "quiet=yes\n",
        setup->address, setup->port, product_six(setup) ? "::" : "0.0.0.0", product_hints(draft),
        draft_add(draft, "recursor.lua", lua.string, lua.length));
    draft_add(draft, "recursor.conf", text.string, text.length);
    product_word(words, draft_string(draft, "--config-dir=%s", setup->directory));
    draft->failed |= text.failed || lua.failed;
    text_free(&lua);
    text_free(&text);
    return 0;
}

const struct product_functions product_pdns = {.ours = ours, .users = pdns_users};

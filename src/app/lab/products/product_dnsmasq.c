/* dnsmasq. It forwards, and validates what it is told; its anchors are DS records in its configuration. */
#include "app/lab/products/user.h"

#include <string.h>

/* "TAG ALGORITHM TYPE DIGEST" with commas, as trust-anchor= wants it. */
static void add_anchor(struct text *text, const char *ds)
{
    text_add(text, "trust-anchor=.,");
    for (const char *c = ds; *c; c++)
        text_add_bytes(text, *c == ' ' ? "," : c, 1);
    text_add(text, "\n");
}

static int ours(
    struct draft *draft, struct product_words *words, struct lab_start *start, struct err_note *note)
{
    const struct lab_setup *setup = draft->setup;
    struct text text;
    (void)start;
    (void)note;
    text_start(&text);
    text_printf(&text,
        "port=%u\n"
        "listen-address=%s\n"
        "bind-interfaces\n"
        "no-resolv\n"
        "no-hosts\n"
        "server=%s\n"
        "cache-size=150\n"
        "dnssec\n",
        setup->port, setup->address, setup->forward_to);
    for (size_t i = 0; i < setup->anchor_count; i++)
        add_anchor(&text, setup->anchors[i].ds);
    product_word(words, "-d");
    product_word(words, draft_string(draft, "--conf-file=%s", draft_add_text(draft, "dnsmasq.conf", &text)));
    return 0;
}

const struct product_functions product_dnsmasq = {.ours = ours, .users = dnsmasq_users};

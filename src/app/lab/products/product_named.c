/* named, of BIND 9. Ours is a plain recursive server. Anchors that follow are those of `auto`, with a
 * bind.keys of ours in the place of what is built in: 9.20 follows nothing else (with `yes` and initial-key
 * in its configuration it keeps no managed keys). Its state is read in mkeys.c. */
#include "app/lab/products/mkeys.h"
#include "app/lab/products/user.h"

#include <stdio.h>
#include <string.h>

void named_words(const struct lab_setup *setup, const char *config, struct product_words *words)
{
    product_word(words, "-g");
    product_word(words, product_six(setup) ? "-6" : "-4");
    product_word(words, "-n");
    product_word(words, "1");
    product_word(words, "-c");
    product_word(words, config);
}

static int ours(
    struct draft *draft, struct product_words *words, struct lab_start *start, struct err_note *note)
{
    const struct lab_setup *setup = draft->setup;
    bool six = product_six(setup);
    struct text text, anchors;
    (void)start;
    (void)note;
    text_start(&text);
    text_start(&anchors);
    product_anchors(setup, setup->managed, &anchors);
    text_printf(&text,
        "options {\n"
        "    directory \"%s/state\";\n"
        "    pid-file none;\n"
        "    session-keyfile none;\n"
        "    listen-on%s port %u { %s; };\n"
        "    listen-on%s { none; };\n"
        "    recursion yes;\n"
        "    allow-query { any; };\n"
        "    allow-recursion { any; };\n"
        "    allow-query-cache { any; };\n"
        "    dnssec-validation %s;\n"
        "    notify no;\n"
        "};\n"
        "controls { };\n"
        "zone \".\" { type hint; file \"%s\"; };\n",
        setup->directory, six ? "-v6" : "", setup->port, setup->address, six ? "" : "-v6",
        setup->managed ? draft_string(draft, "auto;\n    bindkeys-file \"%s\"",
                             draft_add(draft, "bind.keys", anchors.string, anchors.length))
                       : "yes",
        product_hints(draft));
    if (!setup->managed)
        text_add_bytes(&text, anchors.string, anchors.length);
    named_words(setup, draft_add(draft, "named.conf", text.string, text.length), words);
    draft->failed |= text.failed || anchors.failed;
    text_free(&text);
    text_free(&anchors);
    return 0;
}

const struct product_functions product_named = {.ours = ours, .users = named_users, .state = mkeys_state};

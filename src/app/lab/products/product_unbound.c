/* unbound. Its state is the file of auto-trust-anchor-file (autotrust), which it writes anew at each probe:
 * records with ";;state=N" in the comment behind. */
#include "app/lab/products/states.h"
#include "app/lab/products/user.h"

#include <string.h>

#define STATE_FILE "root.key"

static int ours(
    struct draft *draft, struct product_words *words, struct lab_start *start, struct err_note *note)
{
    const struct lab_setup *setup = draft->setup;
    struct text text;
    (void)start;
    (void)note;
    text_start(&text);
    text_printf(&text,
        "server:\n"
        "    interface: %s\n"
        "    port: %u\n"
        "    do-ip%s: no\n"
        "    directory: \"%s\"\n"
        "    username: \"\"\n"
        "    chroot: \"\"\n"
        "    pidfile: \"\"\n"
        "    use-syslog: no\n"
        "    logfile: \"\"\n"
        "    verbosity: 1\n"
        "    val-log-level: 1\n"
        "    num-threads: 1\n"
        "    module-config: \"validator iterator\"\n"
        "    access-control: 0.0.0.0/0 allow\n"
        "    access-control: ::/0 allow\n"
        "    root-hints: \"%s\"\n",
        setup->address, setup->port, product_six(setup) ? "4" : "6", setup->directory, product_hints(draft));
    if (setup->managed)
        text_printf(&text, "    auto-trust-anchor-file: \"%s\"\n", product_seed(draft, STATE_FILE));
    for (size_t i = 0; i < setup->anchor_count && !setup->managed; i++)
        text_printf(&text, "    trust-anchor: \". DS %s\"\n", setup->anchors[i].ds);
    text_add(&text, "remote-control:\n    control-enable: no\n");
    product_word(words, "-d");
    product_word(words, "-c");
    product_word(words, draft_add_text(draft, "unbound.conf", &text));
    return 0;
}

static int state(
    const struct lab_setup *setup, int64_t now_us, struct product_states *states, struct err_note *note)
{
    (void)now_us;
    return product_state_file(setup, STATE_FILE, states_autotrust, states, note);
}

const struct product_functions product_unbound = {.ours = ours, .users = unbound_users, .state = state};

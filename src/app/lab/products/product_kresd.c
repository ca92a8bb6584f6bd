/* kresd, of Knot Resolver 5. Its configuration is a Lua program. Its state is the file of
 * trust_anchors.add_file(): records with "; STATE:TIME" behind, those not trusted commented out. */
#include "app/lab/products/user.h"
#include "app/lab/products/states.h"

#define STATE_FILE "root.keys"

const char *kresd_log_words(const struct lab_setup *setup)
{
    return product_before(setup, 5, 4) ? "" : "log_target('stderr')\n";
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
        "%s"
        "net.ipv%c = false\n"
        "net.listen('%s', %u, { kind = 'dns' })\n"
        "cache.open(20 * MB, 'lmdb://%s/cache')\n"
        "modules = { 'hints > iterate' }\n"
        "hints.root_file('%s')\n"
        "trust_anchors.add_file('%s', %s)\n",
        kresd_log_words(setup), product_six(setup) ? '4' : '6', setup->address, setup->port, setup->directory,
        product_hints(draft), product_seed(draft, STATE_FILE), setup->managed ? "false" : "true");
    product_word(words, "-n");
    product_word(words, "-c");
    product_word(words, draft_add_text(draft, "kresd.conf", &text));
    product_word(words, setup->directory);
    return 0;
}

static int state(
    const struct lab_setup *setup, int64_t now_us, struct product_states *states, struct err_note *note)
{
    (void)now_us;
    return product_state_file(setup, STATE_FILE, states_keyfile, states, note);
}

const struct product_functions product_kresd = {.ours = ours, .users = kresd_users, .state = state};

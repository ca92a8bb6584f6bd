/* Managed keys of a named that has run. The idea: what it learned is read from its zone and journal, and a
 * zone of our own says the same of the twins. Keys that it did not trust yet are left out: their hold-down
 * was of another time. */
#include "app/lab/products/mkeys.h"
#include "app/lab/products/named_user.h"

#include <string.h>

/* A record of type KEYDATA: to be refreshed at once, trusted for long. */
static void add_key(struct text *zone, const struct lab_anchor *twin)
{
    text_printf(zone, "\t\tKEYDATA\t20000101000000 20000101000000 19700101000000 %s\n", twin->dnskey);
}

static void take_state(
    struct draft *draft, const char *directory, const char *file, struct named_scope *scope)
{
    struct lab_key_state keys[RFC5011_KEYS];
    struct product_states states = {.keys = keys, .capacity = RFC5011_KEYS};
    struct err_note why = {""};
    struct text zone;
    int rc = mkeys_file(draft_string(draft, "%s/%s", directory, file), MKEYS_AS_WRITTEN, &states, &why);
    if (rc && rc != ERR_NOINPUT)
        draft_note(draft, "what it has learned cannot be read, and it begins anew: %s", why.text);
    if (rc)
        return;
    text_start(&zone);
    text_add(&zone, "$ORIGIN .\n$TTL 0\n@\t\tIN SOA . . ( 1 0 0 0 0 )\n");
    scope->state = (struct lab_trust){.known = true, .follows = true};
    for (size_t i = 0; i < states.count && scope->state.count < SCENARIO_MAX_ANCHORS; i++) {
        const struct lab_anchor *twin = user_twin(draft->setup, keys[i].tag);
        if (keys[i].state != RFC5011_VALID || !twin)
            continue;
        add_key(&zone, twin);
        scope->state.tags[scope->state.count++] = keys[i].tag;
    }
    if (scope->state.count)
        draft_add(draft, draft_string(draft, "state/%s", file), zone.string, zone.length);
    draft->failed |= zone.failed;
    text_free(&zone);
}

void named_states(struct draft *draft, const char *directory, struct named_scope *global,
    struct named_scope *views, size_t count)
{
    if (!directory)
        return;
    if (count == 0)
        take_state(draft, directory, "managed-keys.bind", global);
    for (size_t i = 0; i < count; i++) /* a name with other characters has its hash for a file */
        if (!strchr(views[i].name, '/'))
            take_state(draft, directory, draft_string(draft, "%s.mkeys", views[i].name), &views[i]);
}

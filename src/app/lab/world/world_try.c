#include "app/lab/world/world_try.h"

#include "io/keys/twin.h"
#include "io/proc/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int64_t world_try_at(const char *date)
{
    int64_t us;
    if (utc_parse(date, &us)) {
        fprintf(stderr, "%s is no date\n", date);
        abort();
    }
    return us;
}

static int make_key(struct world_try *try, const struct plan_key *wanted, struct err_note *note)
{
    struct dnskey **key = &try->key[try->key_count];
    uint16_t flags = wanted->zsk ? DNSKEY_ZSK : DNSKEY_KSK;
    char name[40];
    snprintf(name, sizeof name, "try-%zu", try->key_count);
    int rc = wanted->tag < 0 ? twin_keep(NULL, name, wanted->algorithm, wanted->bits, flags, key, note)
                             : twin_get(NULL, wanted->algorithm, wanted->bits, flags, (uint16_t)wanted->tag,
                                   wanted->revoked_tag, key, note);
    if (rc)
        return rc;
    try->key_count++;
    try->keys.entry[try->keys.count].id = wanted->id;
    try->keys.entry[try->keys.count++].key = *key;
    return 0;
}

int world_try_make(
    struct world_try *try, const char *plan, const char *from, const char *to, struct err_note *note)
{
    const char *above = getenv("TEST_DIR");
    *try = (struct world_try){0};
    snprintf(try->directory, sizeof try->directory, "%s/rollcall-world-XXXXXX", above ? above : "/tmp");
    try->keys.entry = calloc(TRY_PLAN_KEYS, sizeof *try->keys.entry);
    if (!try->keys.entry || !mkdtemp(try->directory))
        return err_set(note, ERR_IO, "no directory for keys");
    setenv("XDG_CACHE_HOME", try->directory, 1);
    int rc = plan_builtin(plan, &try->plan);
    for (size_t i = 0; !rc && i < try->plan->key_count && i < TRY_PLAN_KEYS; i++)
        rc = make_key(try, &try->plan->keys[i], note);
    try->spec = (struct lab_world_spec){
        .plan = try->plan, .keys = &try->keys, .from_us = world_try_at(from), .to_us = world_try_at(to)};
    for (size_t i = 0; !rc && i < LAB_KEYS; i++) {
        rc = twin_make(13, 0, DNSKEY_KSK, (uint16_t)(1000 + i), -1, &try->other[i], note);
        try->spec.other_keys[i] = try->other[i];
    }
    return rc;
}

void world_try_free(struct world_try *try)
{
    for (size_t i = 0; i < try->key_count; i++)
        dnskey_free(try->key[i]);
    for (size_t i = 0; i < LAB_KEYS; i++)
        dnskey_free(try->other[i]);
    free(try->keys.entry);
    plan_free(try->plan);
    tree_remove(try->directory);
}

int world_try_setup(void **state, const char *from, const char *to)
{
    struct world_try *try = calloc(1, sizeof *try);
    struct err_note note = {""};
    int rc = try ? world_try_make(try, "root-2024", from, to, &note) : ERR_NOMEM;
    if (rc)
        fprintf(stderr, "%s\n", note.text);
    *state = try;
    return rc;
}

int world_try_teardown(void **state)
{
    world_try_free(*state);
    free(*state);
    return 0;
}

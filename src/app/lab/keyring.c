#include "app/lab/keyring.h"

#include "base/base64.h"
#include "io/keys/twin.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS = 256, MOST_NAME = 64, ECDSA_P256 = 13 };

/* What a key was asked for by. */
struct held {
    char name[MOST_NAME + 1]; /* of a key without a tag of its own; "": a twin */
    uint16_t flags, bits;
    uint8_t algorithm;
    int32_t tag;
    struct dnskey *key;
};

struct keyring {
    const char *cache;
    size_t count;
    struct held held[KEYS];
};

struct keyring *keyring_new(const char *cache)
{
    struct keyring *keyring = calloc(1, sizeof *keyring);
    if (keyring)
        keyring->cache = cache;
    return keyring;
}

void keyring_free(struct keyring *keyring)
{
    for (size_t i = 0; keyring && i < keyring->count; i++)
        dnskey_free(keyring->held[i].key);
    free(keyring);
}

static const struct dnskey *find(const struct keyring *keyring, const struct held *wanted)
{
    for (size_t i = 0; i < keyring->count; i++) {
        const struct held *held = &keyring->held[i];
        if (strcmp(held->name, wanted->name) == 0 && held->flags == wanted->flags &&
            held->bits == wanted->bits && held->algorithm == wanted->algorithm && held->tag == wanted->tag)
            return held->key;
    }
    return NULL;
}

/* Makes it if need be. */
static int hold(struct keyring *keyring, struct held wanted, int32_t revoked_tag,
    const struct dnskey **ret_key, struct err_note *note)
{
    *ret_key = find(keyring, &wanted);
    if (*ret_key)
        return 0;
    if (keyring->count == KEYS)
        return err_set(note, ERR_DATA, "more than %d keys in the plans", KEYS);
    int err = wanted.name[0] ? twin_keep(keyring->cache, wanted.name, wanted.algorithm, wanted.bits,
                                   wanted.flags, &wanted.key, note)
                             : twin_get(keyring->cache, wanted.algorithm, wanted.bits, wanted.flags,
                                   (uint16_t)wanted.tag, revoked_tag, &wanted.key, note);
    if (err)
        return err;
    keyring->held[keyring->count++] = wanted;
    *ret_key = wanted.key;
    return 0;
}

/* "KSK-ECDSA" as a name of a kept key: "plan-ksk-ecdsa". */
static void name_of(const char *id, char ret[MOST_NAME + 1])
{
    int length = snprintf(ret, MOST_NAME + 1, "plan-%s", id);
    for (int i = 0; i < length && i < MOST_NAME; i++)
        ret[i] = isalnum((unsigned char)ret[i]) ? (char)tolower((unsigned char)ret[i]) : '-';
}

int keyring_keys(struct keyring *keyring, const struct plan *plan, struct arena *arena,
    struct zone_keys *ret_keys, struct err_note *note)
{
    struct zone_keys keys = {.entry = arena_alloc(arena, plan->key_count * sizeof *keys.entry)};
    if (plan->key_count && !keys.entry)
        return err_set(note, ERR_NOMEM, "no memory for keys");
    for (size_t i = 0; i < plan->key_count; i++) {
        const struct plan_key *key = &plan->keys[i];
        struct held wanted = {.flags = key->zsk ? DNSKEY_ZSK : DNSKEY_KSK,
            .bits = key->bits,
            .algorithm = key->algorithm,
            .tag = key->tag};
        if (key->tag < 0)
            name_of(key->id, wanted.name);
        int err = hold(keyring, wanted, key->revoked_tag, &keys.entry[i].key, note);
        if (err)
            return err;
        keys.entry[i].id = key->id;
        keys.count++;
    }
    *ret_keys = keys;
    return 0;
}

int keyring_others(
    struct keyring *keyring, const struct dnskey *ret_keys[KEYRING_OTHERS], struct err_note *note)
{
    for (int i = 0; i < KEYRING_OTHERS; i++) {
        struct held wanted = {.flags = DNSKEY_KSK, .algorithm = ECDSA_P256, .tag = -1};
        snprintf(wanted.name, sizeof wanted.name, "below-%d", i);
        int err = hold(keyring, wanted, -1, &ret_keys[i], note);
        if (err)
            return err;
    }
    return 0;
}

bool keyring_anchor(const struct dnskey *key, struct arena *arena, struct lab_anchor *ret_anchor)
{
    struct name root;
    char digest[DNSKEY_DIGEST_TEXT], *base64 = arena_alloc(arena, BASE64_SIZE((size_t)key->public_length));
    if (!base64 || name_from_text(".", &root, NULL) || !dnskey_digest_text(&root, key, 2, digest))
        return false;
    base64_write(key->public_key, key->public_length, base64);
    ret_anchor->tag = key->tag;
    ret_anchor->ds = arena_printf(arena, "%u %u 2 %s", key->tag, key->algorithm, digest);
    ret_anchor->dnskey = arena_printf(arena, "%u 3 %u %s", key->flags, key->algorithm, base64);
    return ret_anchor->ds && ret_anchor->dnskey;
}

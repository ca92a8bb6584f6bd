/* The tables of the built-in plans hold tag and DS of each real key; nothing is written down twice. The DS
 * decides, the tag only makes suspicious. */
#include "core/roll/known.h"

#include "core/roll/plan_builtin.h"

#include <stdio.h>
#include <string.h>

/* The n-th key of the tables that is a known one of the root; a key of several plans comes several times. */
static bool next_known(size_t *plan, size_t *key, struct known *ret_known)
{
    for (; *plan < plan_builtin_table_count; ++*plan, *key = 0) {
        const struct builtin_plan *from = &plan_builtin_tables[*plan];
        while (*key < BUILTIN_KEYS && strcmp(from->zone, ".") == 0) {
            const struct builtin_key *k = &from->keys[(*key)++];
            if (k->ds_sha256) {
                *ret_known = (struct known){
                    k->id, k->algorithm, k->bits, (uint16_t)k->tag, (uint16_t)k->revoked_tag, k->ds_sha256};
                return true;
            }
        }
    }
    return false;
}

bool known_by_tag(uint16_t tag, struct known *ret_known)
{
    struct known known;
    for (size_t plan = 0, key = 0; next_known(&plan, &key, &known);)
        if (known.tag == tag) {
            *ret_known = known;
            return true;
        }
    return false;
}

/* Digest of the key as a trust anchor: flags 257, whatever it has now. */
static void digest_of(const struct name *owner, const struct dnskey *key, char ret_hex[DNSKEY_DIGEST_TEXT])
{
    struct dnskey plain = *key;
    plain.flags = DNSKEY_KSK;
    dnskey_digest_text(owner, &plain, 2, ret_hex);
}

enum known_kind known_key(const struct name *owner, const struct dnskey *key, struct known *ret_known)
{
    uint16_t before = dnskey_tag_with(key, (uint16_t)(key->flags & ~DNSKEY_REVOKE));
    enum known_kind kind = KNOWN_OTHER;
    struct known known, found;
    char digest[DNSKEY_DIGEST_TEXT];
    if (owner->length != 1)
        return KNOWN_OTHER;
    digest_of(owner, key, digest);
    for (size_t plan = 0, at = 0; kind != KNOWN_REAL && next_known(&plan, &at, &known);) {
        bool same = strcmp(known.ds_sha256, digest) == 0;
        bool alike = known.tag == key->tag || known.revoked_tag == key->tag || known.tag == before;
        if (!same && (!alike || kind == KNOWN_TWIN))
            continue;
        kind = same ? KNOWN_REAL : KNOWN_TWIN;
        found = known;
    }
    if (kind != KNOWN_OTHER && ret_known)
        *ret_known = found;
    return kind;
}

const char *known_kind_name(enum known_kind kind)
{
    static const char *const names[] = {
        [KNOWN_OTHER] = "other", [KNOWN_REAL] = "real", [KNOWN_TWIN] = "twin"};
    return names[kind];
}

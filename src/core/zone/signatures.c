/* The idea: everything that goes into a signature, and what made it, is written into one string of octets; a
 * hash table leads from that to the signature. The whole string is compared, so that no accident of the hash
 * can put a wrong signature into a zone. */
#include "core/zone/signatures.h"

#include "core/zone/hash.h"

#include <stdlib.h>

enum { FIRST_SLOTS = 256, KEY_END = 24 };

struct entry {
    uint64_t hash;
    int64_t until_us;
    uint32_t said_length;
    uint16_t signature_length;
    uint8_t bytes[]; /* what was signed, then the RRSIG RDATA */
};

struct zone_signatures {
    struct entry **slot;
    size_t slots, count, made;
    uint8_t *said; /* scratch */
    size_t said_capacity;
};

struct zone_signatures *zone_signatures_new(void)
{
    struct zone_signatures *signatures = calloc(1, sizeof *signatures);
    if (!signatures)
        return NULL;
    signatures->slots = FIRST_SLOTS;
    signatures->slot = calloc(FIRST_SLOTS, sizeof(struct entry *));
    if (!signatures->slot) {
        free(signatures);
        return NULL;
    }
    return signatures;
}

void zone_signatures_free(struct zone_signatures *signatures)
{
    if (!signatures)
        return;
    for (size_t i = 0; i < signatures->slots; i++)
        free(signatures->slot[i]);
    free(signatures->slot);
    free(signatures->said);
    free(signatures);
}

size_t zone_signatures_count(const struct zone_signatures *signatures)
{
    return signatures->count;
}

size_t zone_signatures_made(const struct zone_signatures *signatures)
{
    return signatures->made;
}

/* What is signed, by which key, for how long. A key is told apart by algorithm, flags, tag and the end of its
 * public half. */
static int say(struct zone_signatures *signatures, const struct rrset *set, const struct dnskey *key,
    const struct name *signer, struct rrsig_window window, size_t *ret_length)
{
    size_t need = 64U + KEY_END + set->owner.length + signer->length;
    for (size_t i = 0; i < set->count; i++)
        need += 2U + set->rdata[i].length;
    if (need + HASH_ROOM > signatures->said_capacity) {
        uint8_t *said = realloc(signatures->said, 2 * need + HASH_ROOM);
        if (!said)
            return ERR_NOMEM;
        signatures->said = said;
        signatures->said_capacity = 2 * need + HASH_ROOM;
    }
    struct writer out = writer_over(signatures->said, signatures->said_capacity);
    writer_u32(&out, window.inception);
    writer_u32(&out, window.expiration);
    writer_u16(&out, key->flags);
    writer_u8(&out, key->algorithm);
    writer_u16(&out, key->tag);
    size_t end = key->public_length < KEY_END ? key->public_length : KEY_END;
    writer_u8(&out, (uint8_t)end);
    writer_bytes(&out, key->public_key + key->public_length - end, end);
    writer_bytes(&out, signer->wire, signer->length);
    writer_bytes(&out, set->owner.wire, set->owner.length);
    writer_u16(&out, set->type);
    writer_u16(&out, set->class);
    writer_u32(&out, set->ttl);
    for (size_t i = 0; i < set->count; i++) {
        writer_u16(&out, set->rdata[i].length);
        writer_bytes(&out, set->rdata[i].bytes, set->rdata[i].length);
    }
    *ret_length = writer_used(&out);
    memset(out.at, 0, HASH_ROOM);
    return 0;
}

static uint64_t hash_octets(const uint8_t *bytes, size_t length)
{
    uint64_t hash = hash_mix(HASH_ROOT, length), octets;
    for (size_t at = 0; at < length; at += sizeof octets) {
        memcpy(&octets, bytes + at, sizeof octets);
        hash = hash_mix(hash, octets);
    }
    return hash;
}

static struct entry **place(
    struct entry **slot, size_t slots, uint64_t hash, const uint8_t *said, size_t length)
{
    size_t at = hash & (slots - 1);
    while (slot[at] && !(slot[at]->hash == hash && slot[at]->said_length == length &&
                           !memcmp(slot[at]->bytes, said, length)))
        at = (at + 1) & (slots - 1);
    return &slot[at];
}

/* When three quarters are taken: forgets what is past its use, and takes twice the room if much is left. */
static int make_room(struct zone_signatures *signatures, int64_t t_us)
{
    if (4 * (signatures->count + 1) < 3 * signatures->slots)
        return 0;
    size_t left = 0;
    for (size_t i = 0; i < signatures->slots; i++)
        left += signatures->slot[i] && signatures->slot[i]->until_us > t_us;
    size_t slots = 2 * left < signatures->slots ? signatures->slots : 2 * signatures->slots;
    struct entry **slot = calloc(slots, sizeof(struct entry *));
    if (!slot)
        return ERR_NOMEM;
    for (size_t i = 0; i < signatures->slots; i++) {
        struct entry *entry = signatures->slot[i];
        if (entry && entry->until_us > t_us)
            *place(slot, slots, entry->hash, entry->bytes, entry->said_length) = entry;
        else
            free(entry);
    }
    free(signatures->slot);
    signatures->slot = slot;
    signatures->slots = slots;
    signatures->count = left;
    return 0;
}

static int give(const uint8_t *signature, size_t length, struct arena *arena, struct rdata *ret_signature)
{
    uint8_t *copy = arena_copy(arena, signature, length);
    if (!copy)
        return ERR_NOMEM;
    *ret_signature = (struct rdata){.bytes = copy, .length = (uint16_t)length};
    return 0;
}

int zone_signatures_sign(struct zone_signatures *signatures, const struct rrset *set,
    const struct dnskey *key, const struct name *signer, struct signatures_when when, struct arena *arena,
    struct rdata *ret_signature, struct err_note *note)
{
    uint8_t made[RRSIG_MAX_RDATA];
    size_t length, said_length = 0;
    uint64_t hash = 0;
    if (signatures) {
        int rc = say(signatures, set, key, signer, when.window, &said_length);
        if (rc)
            return rc;
        hash = hash_octets(signatures->said, said_length);
        struct entry *entry =
            *place(signatures->slot, signatures->slots, hash, signatures->said, said_length);
        if (entry)
            return give(entry->bytes + entry->said_length, entry->signature_length, arena, ret_signature);
    }
    int rc = rrset_sign(set, key, signer, when.window, made, &length, note);
    if (rc)
        return rc;
    if (signatures && !make_room(signatures, when.t_us)) {
        struct entry *entry = malloc(sizeof *entry + said_length + length);
        if (entry) { /* without memory it is only not remembered */
            *entry = (struct entry){.hash = hash,
                .until_us = when.until_us,
                .said_length = (uint32_t)said_length,
                .signature_length = (uint16_t)length};
            memcpy(entry->bytes, signatures->said, said_length);
            memcpy(entry->bytes + said_length, made, length);
            *place(signatures->slot, signatures->slots, hash, signatures->said, said_length) = entry;
            signatures->count++;
        }
        signatures->made++;
    }
    return give(made, length, arena, ret_signature);
}

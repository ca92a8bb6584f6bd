/* known: the key signing keys that the root has had, has, or has announced, by the built-in plans; and
 * whether a key is one of them, or only looks so. Key tags are no proof: twins (io/keys/twin.h) have those of
 * others. */
#ifndef CORE_ROLL_KNOWN_H
#define CORE_ROLL_KNOWN_H

#include "core/dns/dnskey.h"

struct known {
    const char *id; /* "KSK-2017" */
    uint8_t algorithm;
    uint16_t bits, tag, revoked_tag;
    const char *ds_sha256; /* digest of its DS without REVOKE, hexadecimal in upper case */
};

/* The one of those with this tag, before it is revoked; false if there is none. */
bool known_by_tag(uint16_t tag, struct known *ret_known);

enum known_kind {
    KNOWN_OTHER, /* of another zone, or with a tag that none of them has */
    KNOWN_REAL,  /* the key itself, revoked or not */
    KNOWN_TWIN,  /* another key with the tag of one: as that is, revoked, or as this one was before it was
                    revoked */
};

/* `ret_known`: which one; left alone for KNOWN_OTHER. NULL is allowed. */
enum known_kind known_key(const struct name *owner, const struct dnskey *key, struct known *ret_known);

const char *known_kind_name(enum known_kind kind); /* "other", "real", "twin" */

#endif

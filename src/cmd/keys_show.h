/* keys_show: keys as tables for people and as JSON (schema rollcall.keys/1). */
#ifndef CMD_KEYS_SHOW_H
#define CMD_KEYS_SHOW_H

#include "core/dns/dnskey.h"

enum keys_half {
    KEYS_HALF_ABSENT,
    KEYS_HALF_FITS,
    KEYS_HALF_BAD,    /* there, but damaged or of another key */
    KEYS_HALF_HIDDEN, /* there, but not for us to read */
};

struct keys_shown {   /* owns nothing */
    const char *base; /* file or base name */
    const struct name *owner;
    const struct dnskey *key;
    enum keys_half half;
};

/* The tag of the key with a flag set as well. */
uint16_t keys_show_tag(const struct dnskey *key, uint16_t flag);

/* Each prints and returns an exit code. */
int keys_show(const char *command, const struct keys_shown *shown, size_t count, const uint8_t *digests,
    size_t digest_count, bool json);
int keys_show_ds(const char *command, const struct keys_shown *shown, size_t count, const uint8_t *digests,
    size_t digest_count, bool json);

/* A key that was made: base name and tags; `old`: the key that it is the revoked form of, or NULL. */
int keys_show_made(const char *command, const struct keys_shown *shown, const struct dnskey *old, bool json);
int keys_show_base(const char *command, const struct keys_shown *shown);

#endif

/* plan_builtin: the form of the tables in plan_builtin_tables.c. A date is RFC 3339 text, in a template an
 * ISO 8601 span from its start; what is not given is 0 or NULL and ends its list. */
#ifndef CORE_ROLL_PLAN_BUILTIN_H
#define CORE_ROLL_PLAN_BUILTIN_H

#include "core/roll/plan_parts.h"

enum { BUILTIN_KEYS = 6, BUILTIN_STEPS = 6, BUILTIN_HISTORY = 6, BUILTIN_CHANGES = 5 };

struct builtin_step {
    enum plan_do what;
    const char *at, *note;
    bool planned;
};

struct builtin_key {
    const char *id;
    bool zsk;
    uint8_t algorithm;
    uint16_t bits;
    int32_t tag, revoked_tag; /* 0: only the real key will tell */
    const char *ds_sha256;
    struct builtin_step steps[BUILTIN_STEPS];
};

struct builtin_change {
    const char *key;
    enum plan_do what;
    const char *from, *to;
};

struct builtin_entry {
    const char *operation, *at, *who, *reason;
    struct builtin_change changes[BUILTIN_CHANGES];
};

struct builtin_plan {
    const char *name, *title, *zone;
    bool relative;
    uint32_t dnskey_ttl_s, signature_s, hold_s, refresh_s, retry_s;
    struct builtin_key keys[BUILTIN_KEYS];
    struct builtin_entry history[BUILTIN_HISTORY];
};

extern const struct builtin_plan plan_builtin_tables[];
extern const size_t plan_builtin_table_count;

#endif

/* What the files of the signer share. */
#ifndef APP_SERVE_SIGNER_INSIDE_H
#define APP_SERVE_SIGNER_INSIDE_H

#include "app/serve/served.h"
#include "app/serve/signer.h"
#include "core/zone/testzone.h"

#include <pthread.h>

struct entry { /* a participant */
    struct served served;
    int64_t roll_id, roll_changed_us, joined_us, left_us;
    char zone[NAME_MAX_TEXT];
};

struct signer {
    struct store *store;
    pthread_rwlock_t lock; /* of `set`: workers read, the loop's thread writes */
    struct zone_set *set;
    struct zone_server self;
    char nsid[65], version[65];
    struct testzone_server server;
    struct testzone_config config;
    struct served child; /* holds the key of every zone that is made at the moment */
    struct served parent, probe;
    struct served
        *probes; /* one for each testzone_probes[]; without keys where the algorithm is not to be had */
    struct entry *entries; /* by growing id */
    size_t count, capacity;
    int64_t renewed_us; /* last signer_renew() */
};

#endif

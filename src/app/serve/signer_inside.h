/* What the files of the signer share. */
#ifndef APP_SERVE_SIGNER_INSIDE_H
#define APP_SERVE_SIGNER_INSIDE_H

#include "app/serve/served.h"
#include "app/serve/signer.h"
#include "core/zone/testzone.h"

#include <pthread.h>
#include <stdatomic.h>

struct signer_roll {
    int64_t id, changed_us;
    struct plan *plan; /* shared by those who take part */
};

struct entry { /* a participant */
    struct served served;
    struct signer_roll *roll;
    int64_t joined_us, left_us;
    bool loaded; /* its keys are there; else its zone is one that is not ready */
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
    struct signer_roll **rolls; /* by growing id */
    size_t roll_count, roll_room;
    struct entry **entries; /* by growing id */
    size_t count, room;
    size_t turn;            /* index of the entry at which the next renewal goes on */
    int64_t last_id;        /* of the newest participant that is known */
    int64_t renewed_us;     /* last signer_renew() */
    _Atomic int64_t wanted; /* participant whose zone was asked for before it was ready; 0: none */
    signer_take *take;
    void *take_context;
};

/* Puts a view in its place; the old one is freed when no worker can be in it any more. Takes the view, also
 * when it fails. */
int signer_install(
    struct signer *signer, struct served *served, struct zone_view *view, struct err_note *note);
/* The other way round: the zone is served no more. */
void signer_withdraw(struct signer *signer, struct served *served);

/* Reads the keys of an entry, and tells whoever wants to know. */
int signer_load(struct signer *signer, struct entry *entry, struct err_note *note);
int signer_tell(const struct signer *signer, const struct entry *entry, struct err_note *note);
struct entry *signer_find(const struct signer *signer, int64_t id); /* or NULL */

#endif

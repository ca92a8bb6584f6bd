/* keyring: the keys of rehearsals: twins for the keys of a plan that have a tag, keys of our own for the
 * others, each made or loaded once. */
#ifndef APP_LAB_KEYRING_H
#define APP_LAB_KEYRING_H

#include "app/lab/products/product.h"
#include "core/roll/plan.h"
#include "core/zone/zone.h"

enum { KEYRING_OTHERS = 8 }; /* for what lies below the root */

struct keyring;

/* `cache` as of twin_get(); it must live as long. NULL when memory is short. */
struct keyring *keyring_new(const char *cache);
void keyring_free(struct keyring *keyring); /* NULL is allowed */

/* The keys of a plan, in the arena; they live as long as the keyring. ERR_USAGE: no key has such a tag.
 * ERR_NOMEM, … */
int keyring_keys(struct keyring *keyring, const struct plan *plan, struct arena *arena,
    struct zone_keys *ret_keys, struct err_note *note);
int keyring_others(
    struct keyring *keyring, const struct dnskey *ret_keys[KEYRING_OTHERS], struct err_note *note);

/* The KSK as a trust anchor; false when memory is short. */
bool keyring_anchor(const struct dnskey *key, struct arena *arena, struct lab_anchor *ret_anchor);

#endif

/* world_try: a world for tests: twins for a built-in plan's keys, ECDSA keys for all below. */
#ifndef APP_LAB_WORLD_TRY_H
#define APP_LAB_WORLD_TRY_H

#include "app/lab/world/world.h"

enum { TRY_PLAN_KEYS = 16 };

struct world_try {
    char directory[256]; /* where keys are kept for these tests alone, XDG_CACHE_HOME; in TEST_DIR or /tmp */
    struct plan *plan;
    struct zone_keys keys;
    struct dnskey *key[TRY_PLAN_KEYS], *other[LAB_KEYS];
    size_t key_count;
    struct lab_world_spec spec;
};

/* "2026-10-11", … */
int64_t world_try_at(const char *date);

int world_try_make(
    struct world_try *ret_try, const char *plan, const char *from, const char *to, struct err_note *note);
void world_try_free(struct world_try *try);

/* The same for all tests of a program: *state is a struct world_try, of the plan root-2024. 0, or an error
 * that is printed. */
int world_try_setup(void **state, const char *from, const char *to);
int world_try_teardown(void **state);

#endif

/* lab_setup: what a resolver of a run is set up with. Internal to app/lab. */
#ifndef APP_LAB_LAB_SETUP_H
#define APP_LAB_LAB_SETUP_H

#include "app/lab/keyring.h"
#include "app/lab/lab.h"

/* The keys of the schedule's plan, and with them everything but the directory. In the arena; keys live as
 * long as the keyring. Errors as of keyring_keys(). */
int lab_setup_make(struct keyring *keyring, const struct lab_wish *wish,
    const struct scenario_schedule *schedule, struct arena *arena, struct zone_keys *ret_keys,
    struct lab_setup *ret_setup, struct err_note *note);

#endif

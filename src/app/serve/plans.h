/* plans: the plan files of a configuration, taken over by the store. */
#ifndef APP_SERVE_PLANS_H
#define APP_SERVE_PLANS_H

#include "app/serve/config.h"
#include "app/serve/signer.h"
#include "io/store/store.h"

/* A dated plan becomes a roll, or the new plan of the roll that has its name; a template is offered to
 * whoever takes part. Either is then a plan that can be named at enrolment.
 *
 * All files are read and judged before anything is changed. Refused with ERR_CONFIG: two plans of one name,
 * the name of a built-in template, and in a roll that somebody takes part in other keys, or another past:
 * what has happened cannot change. Operations that were decided in time are no other past, even if they are
 * seen late because the server was down; `running`: it was not. Errors besides: those of
 * plan_yaml_read_file() and of the store. */
int plans_take(struct store *store, const struct serve_config *config, const struct signer *signer,
    bool running, int64_t now_us, struct err_note *note);

#endif

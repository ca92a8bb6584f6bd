/* kept: the evidence of a run as it grows, and as it goes from the process of the run to the one that judges.
 * The two are the same program at the same time, so that what is written is memory as it lies. */
#ifndef APP_LAB_KEPT_H
#define APP_LAB_KEPT_H

#include "app/lab/lab.h"

struct kept {
    struct rehearsal_evidence evidence;
    size_t looks, states, signals, fetches, events; /* room */
    bool failed;                                    /* memory was short, or there was too much of it */
};

void kept_look(struct kept *kept, struct rehearsal_look look);
void kept_state(struct kept *kept, struct rehearsal_state state);
void kept_signal(struct kept *kept, struct rehearsal_signal signal);
void kept_fetch(struct kept *kept, struct rehearsal_fetch fetch);
/* `text`: any octets, cut to what fits; NULL is allowed. */
void kept_event(struct kept *kept, int64_t at_us, enum rehearsal_what what, int32_t code, const char *text);
void kept_free(struct kept *kept);

/* ERR_IO, ERR_NOMEM (also where memory was short before). */
int kept_save(const struct kept *kept, const struct lab_cost *cost, const char *path, struct err_note *note);
/* The arrays live in the arena. ERR_NOINPUT: there is no file; ERR_DATA: it is not whole. */
int kept_load(const char *path, struct arena *arena, struct rehearsal_evidence *ret_evidence,
    struct lab_cost *ret_cost, struct err_note *note);

#endif

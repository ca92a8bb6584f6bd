/* platform: a roll of the testing platform as a report sees it: the zones of those who take part, each with
 * keys of its own, held against the dates that they share. Read from the platform's state, beside a running
 * server; what was observed comes from its store of sightings.
 *
 * A roll in which minutes stand for days is judged by limits that fit it: classify_limits_for(). */
#ifndef APP_REPORT_PLATFORM_H
#define APP_REPORT_PLATFORM_H

#include "app/report/readiness.h"
#include "core/roll/plan.h"

struct platform;

/* `state`: the platform's directory. Used by one thread at a time. Errors of store_open(). */
int platform_open(const char *state, struct platform **ret_platform, struct err_note *note);
void platform_close(struct platform *platform); /* NULL is allowed */

/* One roll, ready to be judged by readiness_make(sightings, &roll->wish, …). */
struct platform_roll {
    int64_t id;
    struct plan *plan;
    struct classify_roll dates;
    struct classify_limits limits;
    struct sightings_question question; /* from the roll's start, at most 30 days back */
    struct readiness_wish wish;         /* by class, and by what is above; the caller sets `networks` */
};

/* The roll of this id, or the newest one that somebody takes part in (0). Who has left is left out. Zones
 * live in the arena. ERR_NOINPUT: no such roll, none at all, or it has not begun; ERR_DATA: its plan has no
 * roll from one key to another; errors of the store. */
int platform_roll(struct platform *platform, int64_t id, int64_t now_us, struct arena *arena,
    struct platform_roll **ret_roll, struct err_note *note);
void platform_roll_free(struct platform_roll *roll); /* NULL is allowed */

/* The same, judged by what the store of sightings holds. What is not said to be freed lives in the arena. */
struct platform_judged {
    struct platform_roll *roll;
    struct readiness readiness;
};
int platform_judge(struct platform *platform, int64_t id, int64_t now_us, const char *sightings,
    const struct networks *networks, struct arena *arena, struct platform_judged *ret_judged,
    struct err_note *note);
void platform_judged_free(struct platform_judged *judged);

#endif

/* drive: one run, in its space. A discrete event simulation around a real program: everybody rests; the
 * earliest deadline, step of the plan or of the scenario comes next; the clock jumps there; what follows is
 * played until everybody rests again. */
#ifndef APP_LAB_DRIVE_H
#define APP_LAB_DRIVE_H

#include "app/lab/lab.h"
#include "core/zone/zone.h"

#include <stdatomic.h>

/* What who started the run looks at while it lasts, in memory that both share. */
struct drive_seen {
    _Atomic int64_t at_us;  /* virtual */
    struct err_note fault;  /* why there is no evidence */
    struct err_note unkept; /* why not all that is to be kept is there */
};

struct drive_spec {
    const struct lab_wish *wish;
    const struct scenario_schedule *schedule;
    const struct zone_keys *keys;           /* of the schedule's plan */
    const struct dnskey *const *other_keys; /* as of lab_world_new() */
    const struct lab_setup *setup;
    const struct lab_start *start;
    const char *directory; /* of the run, absolute, there already */
    bool kept;             /* the directory stays */
    struct drive_seen *seen;
};

#define DRIVE_EVIDENCE "evidence" /* the file in the directory that is left */

enum { DRIVE_ONESHOT_DAYS = 7 }; /* at most between two looks of a program that is run for each question */

/* A function for space_start(); `context` is a struct drive_spec. The exit code is 0 if evidence was left,
 * else an error's (err.h) exit code, with its words in `seen`. */
int drive_run(void *context);

#endif

/* What the files of this folder share: the demonstration as it runs. */
#ifndef APP_DEMO_INSIDE_H
#define APP_DEMO_INSIDE_H

#include "app/demo/demo.h"
#include "app/demo/resolver.h"
#include "base/arena.h"
#include "base/utc.h"
#include "core/roll/verdict.h"
#include "io/proc/loop.h"
#include "io/proc/proc.h"
#include "io/store/store.h"

enum { DEMO_PARTICIPANTS = 3, DEMO_PATH = 512 };

struct participant {
    struct demo *demo;
    const char *label;
    enum resolver_product product;
    bool managed;
    int64_t users;
    /* from here on: as it runs */
    bool missing; /* the program is not to be had */
    int64_t id;
    const char *zone, *token;
    const char *dnskey, *ds; /* of the first key, presentation form of the RDATA */
    uint16_t port;
    char source[16]; /* address that it asks from, so that each can be told from the others; "": any */
    char program[DEMO_PATH], directory[DEMO_PATH];
    struct proc *proc;
    bool restarting;
    unsigned asked, failed_in_a_row;
    int64_t failing_since_us; /* of the present row of failures */
    int64_t broke_us;         /* 0: never */
    enum verdict verdict;
    enum verdict_state state;
    bool judged;
    int64_t foretold_us; /* first `not-ready` before it broke; 0: never */
    const char *summary; /* newest, in demo->arena */
};

enum demo_stage { STAGE_ROLLING, STAGE_FORETOLD, STAGE_POSTPONED, STAGE_MENDED, STAGE_RESUMED, STAGE_OVER };

struct question;

struct demo {
    struct demo_config config;
    struct loop *loop;
    struct arena *arena;
    struct store *store;
    struct participant participants[DEMO_PARTICIPANTS];
    struct loop_timer *tick, *probe;
    size_t next_probe;
    struct question *questions; /* under way */
    int64_t start_us, stage_us;
    enum demo_stage stage;
    struct plan *plan;                                       /* of the roll, as the store has it */
    int64_t roll_id, roll_changed_us, seen_version, told_us; /* told_us: steps up to here have been told */
};

/* process.c: the child of a participant. */
int process_start(struct participant *participant, struct err_note *note);

/* tell.c: lines for the terminal. */
void tell_begin(const struct demo *demo);
void tell(const struct demo *demo, const char *who, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void tell_steps(struct demo *demo, int64_t now_us); /* the plan's steps since the last call */
void tell_end(const struct demo *demo);
void tell_report(const struct demo *demo); /* what signals alone tell, beside what was proved */

/* story.c: what the people of the story do. */
void story_tick(struct demo *demo, int64_t now_us);
int story_load(struct demo *demo, struct err_note *note); /* the roll and its plan from the store */

#endif

/* lab: takes real resolver programs through scenarios in virtual time, each in a space of its own.
 *
 *   plan + scenario -> schedule;  for each: space -> clock, world, server, resolver -> evidence -> result
 *
 * A run is a process of its own (drive.h), process 1 of a space (io/proc/space.h): it answers as the whole
 * DNS, jumps from deadline to deadline, asks as users would, and leaves what it saw in a file. Here runs are
 * started side by side, watched, and judged.
 *
 * products/ are the programs and their configurations, world/ is the DNS that they ask, forms/ is how what
 * came out is told. */
#ifndef APP_LAB_LAB_H
#define APP_LAB_LAB_H

#include "app/lab/products/product.h"
#include "core/roll/rehearsal.h"

/* One resolver and one scenario. All of it is the caller's and lives as long as the runs. */
struct lab_wish {
    const struct lab_product *product;
    const char *program; /* as of lab_product_find(), or another binary or tree */
    const char *version; /* for people; NULL: not known */
    const char *config;  /* the user's main file, or NULL */
    const struct scenario *scenario;
    const struct plan *plan; /* NULL: as scenario_schedule() */
    int64_t from_us, to_us;  /* INT64_MIN and UTC_OPEN: as the scenario says */
    uint16_t udp_size;       /* above which the root truncates; 0: 1232 */
    uint32_t seed;           /* each draws another course of what programs do at random */
};

/* What a run does at a moment; each moment of it is one of these. */
enum lab_phase {
    LAB_PREPARING, /* keys, the world, its servers */
    LAB_STARTING,  /* the program, until it listens */
    LAB_ASKING,   /* as users do, once a day, until they are answered; a program that is run for each question
                   */
    LAB_SETTLING, /* between questions: what the program does by itself, until it rests */
    LAB_JUMPING,  /* from one moment to the next */
    LAB_ENDING,   /* the program, and writing down what was seen */
    LAB_PHASES,
};

/* What one run cost: real time, other in each run. */
struct lab_cost {
    int64_t wall_us, phase_us[LAB_PHASES]; /* the whole, and its parts */
    int64_t programs_us,
        own_us; /* processor time: of all that was started, with the clock's library in it; ours */
    uint64_t jumps, answers; /* of the clock; of the root and all below it */
};

struct lab_run {
    const struct lab_wish *wish;
    struct scenario_schedule schedule;
    struct rehearsal_evidence evidence;
    struct rehearsal_result result;
    struct lab_cost cost;
    const char *unkept; /* what could not be kept, and why; NULL: it is all there, or was not wished for */
};

struct lab_watch {
    /* A few times a second: how many runs are done, and of those under way together: days of virtual time
     * that have passed and that there are; the earliest virtual moment. May be NULL. */
    void (*progress)(void *context, size_t done, size_t count, int64_t at_us, double days, double all_days);
    /* A run has ended and is judged. May be NULL. */
    void (*ended)(void *context, const struct lab_run *run);
    const volatile bool *interrupted; /* true: end everything; NULL: never */
    void *context;
};

/* Runs all, at most `jobs` at a time (0: as many as there are processors). `keep`: a directory (made if need
 * be) in which each run leaves configuration, state, logs, packet log; NULL: nothing is left. `cache` as of
 * twin_get(). What a run itself cannot do becomes evidence; errors here are of all, `watch` may be NULL:
 * ERR_PERM (no namespaces; the note has what allows them), ERR_NOINPUT (no clock library), ERR_IO (temporary
 * directory), ERR_UNAVAILABLE (interrupted; too few processes), ERR_DATA (scenario and plan do not fit),
 * ERR_NOMEM. */
int lab_rehearse(const struct lab_wish *wishes, size_t count, unsigned jobs, const char *keep,
    const char *cache, const struct lab_watch *watch, struct arena *arena, struct lab_run *ret_runs,
    struct err_note *note);

/* How the configuration that a wish would run differs from the user's files, in unified form; nothing is
 * written. Errors as of lab_product_difference(), and ERR_DATA where scenario and plan do not fit. */
int lab_difference(const struct lab_wish *wish, const char *cache, struct arena *arena, struct text *ret_text,
    struct err_note *note);

#endif

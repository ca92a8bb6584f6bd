/* demo: the demonstration. Three real resolvers take part in a whole roll in minutes, each in a zone of its
 * own; a prober asks names through each of them every few seconds, as users would; the terminal tells what
 * happens.
 *
 * Two stories. `roll`: named and unbound follow, a named with a static anchor is foretold to break, and
 * breaks. `postponed`: the autumn of 2017: the foretelling postpones the roll, the resolver is mended, the
 * roll is resumed and nobody is lost.
 *
 * The demonstration is a participant like others: it enrols in the store, reads verdicts from the store,
 * reports answers as any agent does, and changes the plan by the operations of core/roll/plan. Verdicts are
 * not its own. */
#ifndef APP_DEMO_DEMO_H
#define APP_DEMO_DEMO_H

#include "base/err.h"
#include "core/roll/evidence.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct text;

enum demo_story { DEMO_ROLL, DEMO_POSTPONED };

/* What the signals of one resolver alone tell. */
struct demo_word {
    const char *address; /* that it asks from */
    const char *class;   /* set by the report: "silent"; NULL: it was not seen */
};

struct demo_config {
    enum demo_story story;
    const char *state;            /* directory of the store */
    const char *work;             /* directory for the resolvers' files; made if need be */
    const char *programs;         /* colon-separated directories that are searched before PATH, or NULL */
    const char *parent;           /* zone below which participants' zones are made, with a final dot */
    const char *platform_address; /* where the platform answers, "127.0.0.1" */
    uint16_t platform_port;
    const char *web; /* address of the web site, or NULL */
    /* Takes what an agent observed. */
    void (*observe)(void *context, int64_t participant_id, const struct evidence_event *event);
    /* Once the story is over: adds the report on a roll by what its resolvers signalled, for people, and sets
     * the class of each. */
    int (*report)(void *context, int64_t roll_id, struct demo_word *words, size_t count, struct text *text,
        struct err_note *note);
    /* The story is over; `verdict` is the worst one (its value is the exit code). */
    void (*over)(void *context, int verdict);
    void *context;
};

struct demo;

/* "roll" or "postponed"; false for another name. */
bool demo_story_of(const char *name, enum demo_story *ret_story);

/* Enrols, starts what can be had and says what is missing. The config's strings must outlive the
 * demonstration. */
int demo_start(
    struct loop *loop, const struct demo_config *config, struct demo **ret_demo, struct err_note *note);

/* Ends the children and frees. NULL is allowed. */
void demo_stop(struct demo *demo);

#endif

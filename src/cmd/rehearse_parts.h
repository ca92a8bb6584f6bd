/* rehearse_parts: what the files of `rollcall rehearse` share. */
#ifndef CMD_REHEARSE_PARTS_H
#define CMD_REHEARSE_PARTS_H

#include "app/lab/lab.h"
#include "base/text.h"
#include "cmd/cmd.h"
#include "cmd/progress.h"

enum { REHEARSE_MOST = 256 }; /* words of one kind on the command line */

struct rehearse_words {
    const char *word[REHEARSE_MOST];
    size_t count;
};

struct rehearse_options {
    struct rehearse_words resolvers, scenarios; /* as given; scenarios may hold commas */
    const char *plan, *from, *to, *keep, *html;
    unsigned jobs;
    uint16_t udp_size;
    uint32_t seed;
    bool json, jsonl, quiet, list, timing, show_config, help;
};

/* A resolver that is to be rehearsed: NAME, NAME=PATH, NAME:CONFIG, NAME=PATH:CONFIG. */
struct rehearse_resolver {
    const char *word; /* of the command line; the product's name where none was given */
    const struct lab_product *product;
    const char *program, *version, *config; /* as in struct lab_wish */
};

/* Everything that is to be run: each resolver with each scenario, in the order of the command line. */
struct rehearse_wishes {
    struct plan *plan; /* NULL: each scenario's own */
    struct rehearse_resolver *resolvers;
    size_t resolver_count;
    struct scenario **scenarios;
    size_t scenario_count;
    struct lab_wish *wishes;
    size_t count;
};

/* The resolvers of --resolver, or all that are installed. ERR_USAGE for an unknown name, with those that
 * there are; ERR_UNAVAILABLE for one that is not here, or if there is none; ERR_NOINPUT for a file. */
int rehearse_resolvers(const struct rehearse_options *o, struct arena *arena, struct rehearse_wishes *wishes,
    struct err_note *note);

/* … and scenarios, plan and calendar. wishes->plan is to be freed in any case. */
int rehearse_wishes(const struct rehearse_options *o, struct arena *arena, struct rehearse_wishes *wishes,
    struct err_note *note);

/* What is installed and what keeps it from being rehearsed; returns the exit code. */
int rehearse_list(const struct rehearse_options *o, struct arena *arena);

/* Runs all, tells progress, and prints; returns the exit code. */
int rehearse_run(const struct rehearse_options *o, const struct rehearse_wishes *wishes, struct arena *arena,
    const volatile bool *interrupted);

#endif

/* forms: rehearsals shown: a table with timelines for people, JSON, one page. Pure functions of what the runs
 * gave; nothing is judged here. The same runs give the same bytes.
 *
 * Names of resolvers, files and scenarios are the user's, log lines a program's: all of them are made safe
 * for where they stand. */
#ifndef APP_LAB_FORMS_H
#define APP_LAB_FORMS_H

#include "app/lab/lab.h"
#include "base/text.h"
#include "core/roll/rehearsal.h"

/* One resolver through one scenario. Everything is the caller's. */
struct forms_run {
    const char *resolver; /* as the user named it: "bind", "unbound=/opt/unbound-1.19" */
    const char *product;  /* "named" */
    const char *version;  /* "9.18.33"; NULL: not known */
    const char *config;   /* the user's main file, or NULL */
    const struct scenario_schedule *schedule;
    const struct rehearsal_evidence *evidence;
    const struct rehearsal_result *result;
    const struct lab_cost *cost; /* NULL: it is not to be told, for it is other in each run */
};

struct forms_report {
    const struct forms_run *runs; /* each resolver with all its scenarios, in the order of the command line */
    size_t count;
};

struct forms_screen {
    bool color, utf8;
    size_t columns;
};

/* The worst of all runs; unknown where there is none. */
enum verdict forms_verdict(const struct forms_report *report);

/* Each adds to the text. ERR_NOMEM. */
int forms_table(const struct forms_report *report, struct forms_screen screen, struct text *ret_text);
int forms_json(const struct forms_report *report, struct text *ret_text); /* "rollcall.rehearse/1" */
int forms_jsonl(const struct forms_run *run, struct text *ret_text);      /* one line: one run of it */
int forms_html(const struct forms_report *report, struct text *ret_text); /* below a million octets */

#endif

/* report_parts: what the files of `rollcall report` share. */
#ifndef CMD_REPORT_PARTS_H
#define CMD_REPORT_PARTS_H

#include "app/report/readiness.h"
#include "app/report/report.h"
#include "cmd/cmd.h"

enum { REPORT_MOST_FILES = 64, REPORT_MOST_LIMITS = 64, REPORT_MOST_COUNTRIES = 300 };

/* A file of the user's about networks, in the order of the command line. */
struct report_file {
    int (*read)(struct networks *networks, const char *path, struct err_note *note);
    const char *path;
};

struct report_options {
    const char *store, *zone, *collector, *from, *to, *key_file;
    enum sightings_by by;
    bool by_given;
    bool judged; /* by something that needs a plan: */
    enum readiness_by readiness_by;
    const char *plan, *explain, *now;
    const char *gate, *log, *apply;
    bool trend;
    const char *step;
    const char *limits[REPORT_MOST_LIMITS];
    size_t limit_count;
    struct report_file files[REPORT_MOST_FILES];
    size_t file_count;
    enum report_format format;
    bool page;                                                          /* --format html */
    const char *html;                                                   /* a file for it */
    const char *letters, *operators, *templates, *platform, *from_name; /* the first three: directories */
    const char *countries[REPORT_MOST_COUNTRIES];
    size_t country_count;
    bool help;
};

/* The question in the store's terms; `zone` keeps the name. */
int report_question(const struct report_options *o, struct sightings_question *question,
    char zone[NAME_MAX_TEXT], struct err_note *note);

/* What is needed to hold a store against a plan. */
struct report_judging {
    struct plan *plan;
    struct networks *networks;
    struct sightings *store;
    struct classify_roll roll;
    struct classify_limits limits;
    struct sightings_question question;
    char zone[NAME_MAX_TEXT];
};

/* Opens all that the options name; to be ended in any case. */
int report_judging_begin(const struct report_options *o, struct arena *arena, struct report_judging *judging,
    struct err_note *note);
void report_judging_end(struct report_judging *judging);

/* Prints an answer, and says so if it is partial; `err` and the note tell if there is none. Returns the exit
 * code; frees the text. */
int report_print(struct text *text, int err, const struct err_note *note, bool partial, const char *missing);

/* The form of a judged report. */
enum readiness_form report_form(const struct report_options *o);

/* Prints the classes, or one source; returns the exit code. */
int report_judged(const struct report_options *o, struct arena *arena);

/* The length of a trend's steps by --step; 0 if it is not given. ERR_USAGE. */
int report_step(const struct report_options *o, int64_t *ret_us, struct err_note *note);

/* The page of what is judged: on stdout, or in the file that is named; returns the exit code. */
struct decision;
int report_page(const struct report_options *o, struct arena *arena);
int report_page_of(const struct report_options *o, const struct report_judging *judging,
    const struct decision *decision, struct arena *arena);
/* Prints the trend; returns the exit code. */
int report_trend(const struct report_options *o, struct arena *arena);

/* Whether the options of letters go with each other and the rest. ERR_USAGE. */
int report_letters_check(const struct report_options *o, struct err_note *note);

/* Writes letters to countries, or lists for operators, or both; returns the exit code. */
int report_letters(const struct report_options *o, struct arena *arena);

/* Judges by a gate; returns the exit code of the verdict. */
int report_gate(const struct report_options *o, struct arena *arena);

/* Prints the decisions of a log that verifies; returns the exit code. */
int report_log(const struct report_options *o);

#endif

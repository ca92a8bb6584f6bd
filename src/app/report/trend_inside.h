/* trend_inside: what the files of `trend` share. Internal to app/report. */
#ifndef APP_REPORT_TREND_INSIDE_H
#define APP_REPORT_TREND_INSIDE_H

#include "app/report/trend.h"

enum { TREND_MOST_VIEWS = 3 }; /* of everything; of what is shared with the step before; with the one after */

/* A set of collectors, by their place in the coverage. */
struct trend_view {
    const bool *set;
    struct readiness_group total;
};

struct trend_span {
    struct trend_step *step;
    bool any;      /* anybody was at work at any moment */
    bool *present; /* collectors that were at work at any moment */
    bool *shared;  /* with the step before: at work throughout both */
    bool compares; /* may be compared with the step before, if there is anybody to compare */
    struct trend_view views[TREND_MOST_VIEWS];
    size_t view_count;
    size_t first_day;   /* in the trend's days */
    size_t known_count; /* applications that were known when it was judged */
};

struct trend_making {
    struct sightings *store;
    const struct trend_wish *wish;
    struct arena *arena;
    struct err_note *note;
    struct sightings_answer answer; /* its coverage */
    struct trend trend;
    struct trend_span *spans; /* of each step */
    struct classify_cluster *known;
    size_t known_count, known_room;
};

/* ---- trend_steps.c ---- */

int trend_no_memory(const struct trend_making *m);

int64_t trend_day_before(int64_t us);                 /* the midnight at or before it */
int64_t trend_days_of(const struct trend_step *step); /* that it touches */

/* The steps and what is known of each beforehand: its roll, who was at work, what can be compared. ERR_USAGE,
 * ERR_DATA, ERR_NOMEM. */
int trend_steps(struct trend_making *m);

/* ---- trend_events.c ---- */

/* The dates of the plan, by the steps' rolls, and what was decided about it, within the trend's time.
 * ERR_NOMEM. */
int trend_events(struct trend *trend, struct arena *arena, struct err_note *note);

/* ---- forms ---- */

void trend_table(const struct trend *trend, size_t columns, struct text *text);
void trend_json(const struct trend *trend, struct text *text);
void trend_csv(const struct trend *trend, struct text *text);

#endif

/* forms_inside: what the forms of a rehearsal share. Internal to app/lab. */
#ifndef APP_LAB_FORMS_INSIDE_H
#define APP_LAB_FORMS_INSIDE_H

#include "app/lab/forms/forms.h"

/* "unbound 1.17.1", with what the user added to the name. Not made safe. */
void forms_add_label(struct text *text, const struct forms_run *run);
/* Whether both are of the same resolver, by the user's own word. */
bool forms_same_resolver(const struct forms_run *a, const struct forms_run *b);

/* The first failure as a date or an interval of dates; "-" if there was none. */
void forms_add_broke(struct text *text, const struct rehearsal_result *result);
void forms_add_date(struct text *text, int64_t us); /* "-" for UTC_OPEN */

/* What a step of the scenario does, for people: "state read-only". */
void forms_add_step(struct text *text, const struct scenario_step *step);

/* Everything that happens at one moment, of the plan and of the scenario, within the run. */
enum { FORMS_MOST_MARKS = 128 };
struct forms_mark {
    int64_t at_us;
    bool scenario; /* something of the scenario is among it */
};
size_t forms_marks(const struct forms_run *run, struct forms_mark ret[FORMS_MOST_MARKS]);
/* All of it in words, separated by ", ". */
void forms_add_mark(struct text *text, const struct forms_run *run, const struct forms_mark *mark);

/* A key's tag as the plan names it: a revoked key has another one (RFC 5011 §2.1). */
uint16_t forms_tag(const struct forms_run *run, uint16_t tag);
/* Keys of which the program's state spoke: their tags as the plan names them, sorted, without duplicates. */
enum { FORMS_MOST_TAGS = 12 };
size_t forms_tags(const struct forms_run *run, uint16_t ret[FORMS_MOST_TAGS]);
/* What the program's state last said of such a key, up to a moment: enum rfc5011_state, RFC5011_START before
 * that. */
uint8_t forms_state_at(const struct forms_run *run, uint16_t tag, int64_t at_us);

/* Signals that say the same, one after the other with less than FORMS_SIGNAL_GAP between. */
#define FORMS_SIGNAL_GAP (4 * UTC_DAY)
struct forms_signals {
    const struct rehearsal_signal *first;
    int64_t last_us;
    size_t count;
};
/* The next of them; *at is 0 before the first. False: there is none. */
bool forms_next_signals(const struct rehearsal_evidence *evidence, size_t *at, struct forms_signals *ret);
void forms_add_tags(struct text *text, const struct rehearsal_signal *signal); /* "20326 38696" */
const char *forms_signal_kind(const struct rehearsal_signal *signal);          /* "NULL", "A", "option" */
/* "20326 38696 (NULL), 12 times from 2025-01-01 to 2025-01-12" */
void forms_add_signals(struct text *text, const struct forms_signals *signals);

/* The part of a moment within the run, 0 to 1. */
double forms_share(const struct forms_run *run, int64_t us);

/* For people, one run: what its users got, its state, its signals, the root's queries, over the calendar. */
int forms_timeline(
    const struct forms_run *run, struct forms_screen screen, struct arena *arena, struct text *text);
void forms_timeline_legend(struct forms_screen screen, struct text *text);

/* A picture of the same, and what goes with it. */
int forms_picture(const struct forms_run *run, unsigned number, struct arena *arena, struct text *out);
void forms_picture_legend(struct text *out);

#endif

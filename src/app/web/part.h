/* part: what several pages share: the frame, verdicts, notices, the steps of a plan. */
#ifndef APP_WEB_PART_H
#define APP_WEB_PART_H

#include "app/web/view.h"
#include "base/text.h"

struct part_frame {
    const char *title;  /* escaped here */
    const char *here;   /* path of the navigation that is current, or NULL */
    unsigned refresh_s; /* live: fetched again when there is news, and so often in any case; 0: a page that
                           stays */
    bool secret;        /* not for search engines */
    unsigned again_s;   /* loaded anew after so many seconds, script or not; 0: never */
};

void part_open(struct text *out, const struct part_frame *frame);
void part_close(struct text *out);

/* A stranger's words, whatever their direction. */
void part_label(struct text *out, const char *label);

/* A summary as a sentence: with a capital and a full stop. */
void part_sentence(struct text *out, const char *words);

/* A change of a verdict as an element of a list; `label` NULL where it is plain whose. */
void part_change(struct text *out, const struct store_verdict *change, const char *label);

const char *part_state(enum verdict_state state); /* for people */
const char *part_phase(const char *phase);        /* a sentence */

/* How often pages about this plan are worth fetching. */
unsigned part_refresh_s(const struct plan *plan);
/* Whether its moments need seconds. */
bool part_seconds(const struct plan *plan);

/* What an operation did, and what it means now; nothing if nothing was decided. */
void part_notice(struct text *out, const struct plan *plan, const struct plan_roll *roll, bool seconds);

/* The drawing with its legend, and the steps as a list. */
void part_timeline(struct text *out, const struct plan *plan, int64_t now_us, const char *id);
void part_steps(struct text *out, const struct plan *plan, int64_t now_us);

/* "KSK-2 published" …: everything that the plan does at one moment. */
void part_step_words(struct text *out, const struct plan *plan, int64_t at_us);

#endif

/* page: the readiness of a store as one HTML document, for who decides and who has to answer for it.
 *
 * It holds everything that it needs and asks for nothing; no script runs. Plots are SVG with a table behind
 * each, and nothing is told by colour alone. Rows are bounded, so that it stays below a million octets
 * whatever the store holds; what is left out is said. The same data give the same bytes. */
#ifndef APP_REPORT_PAGE_H
#define APP_REPORT_PAGE_H

#include "app/report/gate/decision_log.h"
#include "app/report/readiness.h"
#include "app/report/trend.h"
#include "core/roll/verdict.h"

struct page {
    const char *store; /* as the user named it; a password in it is not shown. NULL: not told */
    const char *plan_name, *zone;
    const struct readiness *readiness;
    const struct trend *trend;       /* NULL: none */
    const char *no_trend;            /* why, for people; NULL: then nothing is said of it */
    const struct decision *decision; /* of a gate; NULL: none was asked */
    int64_t now_us;                  /* when it was made */
    bool live; /* served by the platform: its sheets are linked, not held, and it leads to its other pages */
};

/* The gate's, if one was asked. Else only what the data say by themselves: at risk if somebody is proved to
 * hold only the old key; ready if every validator is told to be; unknown in between. Whether that is too many
 * is for a gate to say. */
enum verdict page_verdict_of(const struct page *page);

/* Sets the page's trend, or why it has none; the trend is the caller's, and must live as long as the page.
 * Other errors than that there is none to be had: as trend_make(). */
int page_add_trend(struct page *page, struct sightings *store, const struct trend_wish *wish,
    struct arena *arena, struct trend *trend, struct err_note *note);

/* Adds the document to a text. ERR_NOMEM. */
int page_write(const struct page *page, struct arena *arena, struct text *ret_text);

#endif

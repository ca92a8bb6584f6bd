/* serve_parts: what `rollcall serve` shows of app/report, in a file of its own. */
#ifndef CMD_SERVE_PARTS_H
#define CMD_SERVE_PARTS_H

#include "app/demo/demo.h"
#include "app/serve/serve.h"

/* Of demo_config: what the signals of a roll's resolvers tell, by class. */
int serve_report_demo(struct serve *serve, const char *state, int64_t roll_id, struct demo_word *words,
    size_t count, struct text *text, struct err_note *note);

/* The readiness pages of the web side, with the files that they need. */
struct live;
struct networks;
struct plan;
struct serve_pages {
    struct networks *networks;
    struct plan *plan;
    struct live *live; /* NULL: there are none */
};

/* Reads the files: ERR_CONFIG, with file and line. */
int serve_pages_read(const struct serve_config *config, struct serve_pages *ret_pages, struct err_note *note);
/* After serve_start(). */
int serve_pages_start(struct serve_pages *pages, const struct serve_config *config, const char *observations,
    struct err_note *note);
void serve_pages_stop(struct serve_pages *pages);

#endif

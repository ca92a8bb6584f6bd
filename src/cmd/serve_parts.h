/* serve_parts: what `rollcall serve` shows of app/report, in a file of its own. */
#ifndef CMD_SERVE_PARTS_H
#define CMD_SERVE_PARTS_H

#include "app/demo/demo.h"
#include "app/serve/serve.h"

/* Of demo_config: what the signals of a roll's resolvers tell, by class. */
int serve_report_demo(struct serve *serve, const char *state, int64_t roll_id, struct demo_word *words,
    size_t count, struct text *text, struct err_note *note);

#endif

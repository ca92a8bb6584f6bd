/* observe_tell: what `rollcall observe` says: progress while it reads, and a summary at its end. */
#ifndef CMD_OBSERVE_TELL_H
#define CMD_OBSERVE_TELL_H

#include "app/observe/observe.h"
#include "base/text.h"
#include "cmd/progress.h"
#include "io/json/json.h"

struct observe_tell {
    const char *store, *collector;
    bool quiet, json;
    struct progress progress;
    uint64_t octets_before; /* of inputs that are done, uncompressed */
    uint64_t octets;
    struct json *document; /* with --json; its array of inputs */
    struct json *inputs;
    struct text lines; /* else */
};

/* `store` and `collector` must outlive it. */
void observe_tell_start(
    struct observe_tell *tell, const char *store, const char *collector, bool json, bool quiet);

/* For observe_options. `context` is the struct observe_tell. */
void observe_tell_progress(void *context, const struct observe_progress *progress);
void observe_tell_done(void *context, const struct observe_done *done);

/* Writes the summary into `out` and frees what `tell` holds. */
void observe_tell_end(struct observe_tell *tell, const struct observe_totals *totals, struct text *out);

#endif

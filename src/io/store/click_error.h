/* click_error: what ClickHouse says when it refuses, in our terms. */
#ifndef IO_STORE_CLICK_ERROR_H
#define IO_STORE_CLICK_ERROR_H

#include "base/err.h"

#include <stdbool.h>

/* `words`: the body of an HTTP answer with this status, from `host`: "Code: 60, e.displayText() = …" (18.16)
 * or "Code: 60. DB::Exception: …" (later), or anything. Returns an error of click.h, with the first line of
 * the words in the note. *ret_shard_missing: a server behind this one cannot be reached. */
int click_error(
    const char *words, const char *host, long status, bool *ret_shard_missing, struct err_note *note);

#endif

/* wish: what a stranger sends to take part, and what agents report, read from a form or from JSON. Pure; what
 * the words may be is checked by io/store/enrol. */
#ifndef APP_WEB_WISH_H
#define APP_WEB_WISH_H

#include "base/arena.h"
#include "base/err.h"
#include "core/roll/evidence.h"

#include <stddef.h>
#include <stdint.h>

struct wish {
    const char *label, *contact, *country, *plan; /* "" if not told; plan: "testzone" then */
    int64_t users;                                /* -1: not told */
    uint32_t ttl_s;                               /* 0: the plan's own */
};

/* ERR_USAGE with a note for whoever sent it; ERR_NOMEM. Strings live in the arena. An unknown member is
 * refused in JSON (it may be a misspelt one) and ignored in a form. */
int wish_from_json(
    const char *bytes, size_t length, struct arena *arena, struct wish *ret, struct err_note *note);
int wish_from_form(
    const char *bytes, size_t length, struct arena *arena, struct wish *ret, struct err_note *note);

enum { WISH_MAX_OBSERVATIONS = 100 };

struct observation {
    struct evidence_event event; /* EVIDENCE_ANSWER */
    const char *name;            /* that was asked, or "" */
};

/* One object or an array of them: { "answer": "ad", "source": "192.0.2.1", "at": TIME, "name": … }. `at` must
 * lie between from_us and now_us (five minutes of a fast clock are forgiven); without it: now. */
int wish_observations(const char *bytes, size_t length, int64_t from_us, int64_t now_us, struct arena *arena,
    struct observation **ret, size_t *ret_count, struct err_note *note);

#endif

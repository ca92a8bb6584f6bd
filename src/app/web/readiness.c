/* What the signals of a roll's resolvers tell, as a page that somebody else makes: this thread never waits
 * for it. */
#include "app/web/inside.h"
#include "app/web/part.h"

#include <stdlib.h>
#include <string.h>

enum { AGAIN_S = 2, MOST_DIGITS = 15 };

/* Which page the path names; false: none. */
static bool read_id(const char *part, int64_t *ret_id)
{
    size_t digits = strspn(part, "0123456789");
    *ret_id = digits <= MOST_DIGITS ? atoll(part) : 0;
    return part[digits] == '\0' && *part != '0' && (*ret_id > 0 || *part == '\0');
}

/* Only pages of rolls that there are: whoever asks for others makes no work. */
static bool has_roll(struct ask *ask, int64_t id)
{
    struct err_note note = {""};
    struct store_roll roll;
    int err = id > 0 ? store_roll(ask->web->store, id, ask->arena, &roll, &note) : 0;
    if (err == ERR_NOINPUT)
        ask_fail(ask, 404, "There is no such roll.");
    else if (err)
        ask_fail_store(ask, err, &note);
    return !err;
}

static void say(struct ask *ask, unsigned status, const char *title, const char *words, unsigned again_s)
{
    struct text *out = ask_page(ask, status);
    part_open(out, &(struct part_frame){title, "/readiness", 0, true, again_s});
    text_printf(out, "<section class=\"card narrow\"><h1>%s</h1><p>%s</p></section>\n", title, words);
    part_close(out);
    ask->answer->retry_after_s = status == 503 ? again_s : 0;
}

void readiness_get(struct ask *ask)
{
    enum { FAILED_AGAIN_S = 30, EMPTY_AGAIN_S = 10 };
    const struct web_config *config = &ask->web->config;
    int64_t id;
    if (!config->readiness) {
        ask_fail(ask, 404, "This platform keeps no counts of what it is asked, so it has no report on them.");
        return;
    }
    if (!read_id(ask->part, &id)) {
        ask_fail(ask, 404, "There is nothing here.");
        return;
    }
    if (!has_roll(ask, id))
        return;
    struct text *out = ask_page(ask, 200);
    switch (config->readiness(config->context, id, out)) {
    case 0:
        return;
    case ERR_UNAVAILABLE:
        say(ask, 503, "The report is being made", "It will be here in a moment.", AGAIN_S);
        return;
    case ERR_NOINPUT:
        say(ask, 200, "Nothing to report yet",
            "No roll has begun, nobody takes part in it, or nothing was observed of it so far. What "
            "resolvers ask is counted, and written down every few minutes.",
            EMPTY_AGAIN_S);
        return;
    default:
        say(ask, 503, "The report cannot be made now",
            "What the platform observed cannot be read; its log says why. The verdicts do not depend on it.",
            FAILED_AGAIN_S);
    }
}

/* What the signals of a roll's resolvers tell, as a page that somebody else makes: this thread never waits
 * for it. */
#include "app/web/inside.h"
#include "app/web/part.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_DIGITS = 15 };

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

/* Why there is no page, and when to ask again. */
struct reason {
    int err;
    unsigned status, again_s;
    const char *title, *words;
};

static const struct reason *reason_of(int err)
{
    static const struct reason reasons[] = {
        {ERR_UNAVAILABLE, 503, 2, "The report is being made", "It will be here in a moment."},
        {ERR_NOINPUT, 200, 10, "Nothing to report yet",
            "No roll has begun, nobody takes part in it, or nothing was observed of it so far. What "
            "resolvers "
            "ask is counted, and written down every few minutes."},
        {0, 503, 30, "The report cannot be made now",
            "What the platform observed cannot be read; its log says why. The verdicts do not depend on it."},
    };
    size_t i = 0;
    while (reasons[i].err && reasons[i].err != err)
        i++;
    return &reasons[i];
}

static void say(struct ask *ask, const struct reason *reason)
{
    struct text *out = ask_page(ask, reason->status);
    part_open(out, &(struct part_frame){reason->title, "/readiness", 0, true, reason->again_s});
    text_printf(
        out, "<section class=\"card narrow\"><h1>%s</h1><p>%s</p></section>\n", reason->title, reason->words);
    part_close(out);
}

static void answer(struct ask *ask, bool json)
{
    const struct web_config *config = &ask->web->config;
    struct http_answer *out = ask->answer;
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
    int err = config->readiness(config->context, id, json, &out->body);
    const struct reason *reason = reason_of(err);
    if (err) {
        if (json) /* a document of this schema, or none */
            ask_fail(ask, reason->status == 200 ? 404 : reason->status, reason->title);
        else
            say(ask, reason);
        out->retry_after_s = out->status == 200 ? 0 : reason->again_s;
        return;
    }
    out->status = 200;
    out->type = json ? "application/json" : "text/html; charset=utf-8";
}

void readiness_get(struct ask *ask)
{
    answer(ask, false);
}

void api_readiness_get(struct ask *ask)
{
    answer(ask, true);
}

/* Words of a scenario, and what it expects. Each list of words is a table in the order of its enum. */
#include "core/roll/scenario.h"

#include <stdio.h>
#include <string.h>

static const char *const event_names[SCENARIO_EVENTS] = {
    "start", "end", "publish", "trust", "roll", "revoke", "withdraw", "first-signature", "last-signature"};
static const char *const do_names[SCENARIO_DOS] = {"install", "start", "stop", "restart", "state-lost",
    "state-read-only", "state-writable", "servers", "tamper", "clock"};
static const char *const tamper_names[SCENARIO_TAMPERS] = {"none", "replay", "revoked-unsigned", "colliding"};
static const char *const change_names[SCENARIO_CHANGES] = {
    "move", "postpone", "resume", "back-out", "absent", "drop-algorithm", "algorithm"};
static const char *const outcome_names[SCENARIO_OUTCOMES] = {"survives", "breaks", "fails-open", "dies"};

const char *scenario_event_name(enum scenario_event event)
{
    return (unsigned)event < SCENARIO_EVENTS ? event_names[event] : "?";
}

const char *scenario_do_name(enum scenario_do what)
{
    return (unsigned)what < SCENARIO_DOS ? do_names[what] : "?";
}

const char *scenario_tamper_name(enum scenario_tamper tamper)
{
    return (unsigned)tamper < SCENARIO_TAMPERS ? tamper_names[tamper] : "?";
}

const char *scenario_change_name(enum scenario_change_kind kind)
{
    return (unsigned)kind < SCENARIO_CHANGES ? change_names[kind] : "?";
}

const char *scenario_outcome_name(enum scenario_outcome outcome)
{
    return (unsigned)outcome < SCENARIO_OUTCOMES ? outcome_names[outcome] : "?";
}

int scenario_time_parse(const char *text, struct scenario_time *ret)
{
    struct scenario_time time = {.set = true};
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz-"), event = 0;
    for (; event < SCENARIO_EVENTS; event++) { /* no name begins with another */
        length = strlen(event_names[event]);
        if (strncmp(text, event_names[event], length) == 0)
            break;
    }
    if (event == SCENARIO_EVENTS)
        return ERR_DATA;
    time.event = (enum scenario_event)event;
    char sign = text[length];
    if (sign) {
        if ((sign != '+' && sign != '-') || text[length + 1] == '-' || /* a span may have a sign itself */
            utc_parse_span(text + length + 1, &time.offset_us) || time.offset_us > 36525 * UTC_DAY)
            return ERR_DATA;
        if (sign == '-')
            time.offset_us = -time.offset_us;
    }
    *ret = time;
    return 0;
}

char *scenario_time_format(struct scenario_time time, char out[SCENARIO_TIME_TEXT])
{
    char span[UTC_TEXT];
    int64_t us = time.offset_us < 0 ? -time.offset_us : time.offset_us;
    snprintf(out, SCENARIO_TIME_TEXT, "%s%s%s", scenario_event_name(time.event),
        us == 0              ? ""
        : time.offset_us < 0 ? "-"
                             : "+",
        us == 0 ? "" : utc_format_span(us, span));
    return out;
}

static const struct scenario_expect *expect_of(const struct scenario *scenario, const char *profile)
{
    for (size_t i = 0; i < scenario->expect_count; i++)
        if (strcmp(scenario->expects[i].profile, profile) == 0)
            return &scenario->expects[i];
    return NULL;
}

const struct scenario_expect *scenario_expected(
    const struct scenario *scenario, const char *profile, bool follows)
{
    const struct scenario_expect *found = expect_of(scenario, profile);
    found = found || follows ? found : expect_of(scenario, "static");
    return found ? found : expect_of(scenario, "rfc");
}

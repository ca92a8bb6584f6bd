/* The table of thresholds. Least and most keep each rule meaningful: none can be turned into its contrary. */
#include "core/roll/classify.h"

#include <stdlib.h>
#include <string.h>

enum { DAY_S = 86400 };

static const struct classify_limit_text limits_table[CLASSIFY_LIMITS] = {
    [CLASSIFY_CONFIRM_SIGNALS] = {"confirm-signals",
        "the old key alone is confirmed from so many late signals on", 2, 1, 10000},
    [CLASSIFY_CONFIRM_DAYS] = {"confirm-days", "… on so many different days", 2, 1, CLASSIFY_MAX_DAYS},
    [CLASSIFY_CONFIRM_QUERIES] = {"confirm-queries", "… with so many other queries", 10, 0, 1000000000},
    [CLASSIFY_MARGIN_HOURS] = {"margin-hours",
        "hours after the hold-down before the old key alone counts: signals come once a day", 48, 0, 8760},
    [CLASSIFY_MARGIN_SECONDS] = {"margin-seconds", "… and so many seconds more, where a roll takes minutes",
        0, 0, 3600},
    [CLASSIFY_MIXED_DAYS] = {"mixed-days",
        "days with both words, or returns to the old key, that make several voices", 2, 1, CLASSIFY_MAX_DAYS},
    [CLASSIFY_RELAY_PERCENT] = {"relay-percent", "per cent of the signals with RD that make a relay", 50, 1,
        100},
    [CLASSIFY_EPHEMERAL_DAYS] = {"ephemeral-days", "days on which an ephemeral source was seen, at most", 1,
        0, CLASSIFY_MAX_DAYS},
    [CLASSIFY_EPHEMERAL_QUERIES] = {"ephemeral-queries", "… with so many queries, at most", 20, 0,
        1000000000},
    [CLASSIFY_CLUSTER_SOURCES] = {"cluster-sources", "sources alike that make one application", 100, 2,
        1000000000},
    [CLASSIFY_CLUSTER_NAMES] = {"cluster-names", "… that ask for so many names, at most", 4, 0, 64},
    [CLASSIFY_FAILING_DAYS] = {"failing-days", "days before the end in which a failure shows", 7, 1,
        CLASSIFY_MAX_DAYS},
    [CLASSIFY_FAILING_SIGNALS] = {"failing-signals", "… by so many signals on one of its last two days there",
        24, 1, 1000000000},
    [CLASSIFY_FAILING_DNSKEY] = {"failing-dnskey", "… or by so many DNSKEY queries for the zone", 96, 1,
        1000000000},
    [CLASSIFY_SILENT_DAYS] = {"silent-days", "days with DNSKEY queries for the zone that show a validator", 2,
        1, CLASSIFY_MAX_DAYS},
    [CLASSIFY_SILENT_DO_PERCENT] = {"silent-do-percent", "… with so many per cent of its queries with DO", 50,
        0, 100},
};

const struct classify_limit_text *classify_limit(enum classify_limit limit)
{
    return &limits_table[limit];
}

void classify_limits_usual(struct classify_limits *ret_limits)
{
    for (size_t i = 0; i < CLASSIFY_LIMITS; i++)
        ret_limits->value[i] = limits_table[i].usual;
}

static uint32_t least(uint32_t limit, int64_t value)
{
    return value > limit ? (uint32_t)value : limit;
}

void classify_limits_for(const struct plan *plan, struct classify_limits *ret_limits)
{
    enum { AS_OFTEN = 4, SHORT_DAYS = 2, MARGIN_TTLS = 3 };
    static const struct {
        enum classify_limit limit;
        uint32_t value;
    } short_roll[] = {{CLASSIFY_CONFIRM_SIGNALS, 1}, {CLASSIFY_CONFIRM_DAYS, 1}, {CLASSIFY_MARGIN_HOURS, 0},
        {CLASSIFY_EPHEMERAL_DAYS, 0}, {CLASSIFY_SILENT_DAYS, 1}};
    uint32_t *value = ret_limits->value;
    int64_t ttl_s = plan->dnskey_ttl_s ? plan->dnskey_ttl_s : 1;
    classify_limits_usual(ret_limits);
    value[CLASSIFY_FAILING_SIGNALS] = least(value[CLASSIFY_FAILING_SIGNALS], AS_OFTEN * DAY_S / ttl_s);
    value[CLASSIFY_FAILING_DNSKEY] = least(value[CLASSIFY_FAILING_DNSKEY], AS_OFTEN * DAY_S / ttl_s);
    if (plan->add_hold_us >= SHORT_DAYS * UTC_DAY)
        return;
    for (size_t i = 0; i < sizeof short_roll / sizeof *short_roll; i++)
        value[short_roll[i].limit] = short_roll[i].value;
    int64_t margin_s = MARGIN_TTLS * ttl_s, most_s = limits_table[CLASSIFY_MARGIN_SECONDS].most;
    value[CLASSIFY_MARGIN_SECONDS] = (uint32_t)(margin_s < most_s ? margin_s : most_s);
}

/* All names, for one who missed them: they fit into a note. */
static void list_names(char *out, size_t size)
{
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < CLASSIFY_LIMITS; i++) {
        size_t length = strlen(limits_table[i].name);
        if (at + length + 3 > size)
            return;
        memcpy(out + at, i ? ", " : "", i ? 2 : 0);
        at += i ? 2 : 0;
        memcpy(out + at, limits_table[i].name, length + 1);
        at += length;
    }
}

/* Digits alone: no sign, no space, no other base. False: no number; too great ones are UINT32_MAX. */
static bool read_number(const char *text, uint32_t *ret_number)
{
    uint64_t number = 0;
    for (const char *at = text; *at; at++) {
        if (*at < '0' || *at > '9')
            return false;
        number = number * 10 + (uint64_t)(*at - '0');
        number = number < UINT32_MAX ? number : UINT32_MAX;
    }
    *ret_number = (uint32_t)number;
    return *text != '\0';
}

int classify_limits_set(struct classify_limits *limits, const char *text, struct err_note *note)
{
    enum { NAMES = 400, SHOWN = 40 };
    const char *equals = strchr(text, '=');
    size_t length = equals ? (size_t)(equals - text) : strlen(text);
    for (size_t i = 0; equals && i < CLASSIFY_LIMITS; i++) {
        const struct classify_limit_text *limit = &limits_table[i];
        uint32_t number;
        if (strlen(limit->name) != length || memcmp(limit->name, text, length) != 0)
            continue;
        if (!read_number(equals + 1, &number) || number < limit->least || number > limit->most)
            return err_set(note, ERR_USAGE, "the limit %s is a whole number from %u to %u, not '%.*s'",
                limit->name, limit->least, limit->most, SHOWN, equals + 1);
        limits->value[i] = number;
        return 0;
    }
    char names[NAMES];
    list_names(names, sizeof names);
    if (!equals)
        return err_set(
            note, ERR_USAGE, "a limit is given as NAME=NUMBER, not '%.*s'; there are %s", SHOWN, text, names);
    return err_set(note, ERR_USAGE, "there is no limit '%.*s'; there are %s",
        length < SHOWN ? (int)length : SHOWN, text, names);
}

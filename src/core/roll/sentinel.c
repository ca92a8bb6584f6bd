/* The RFC's tables as tables. */
#include "core/roll/sentinel.h"

#include <stdio.h>
#include <string.h>

enum { DIGITS = 5, TYPE_A = 1, TYPE_AAAA = 28, OPCODE_QUERY = 0 };

static const char *const prefixes[] = {
    [SENTINEL_IS_TA] = "root-key-sentinel-is-ta-", [SENTINEL_NOT_TA] = "root-key-sentinel-not-ta-"};

/* Only ASCII letters fold, whatever the locale. */
static bool begins(const uint8_t *label, const char *prefix)
{
    for (; *prefix; label++, prefix++)
        if ((*label >= 'A' && *label <= 'Z' ? *label + 32 : *label) != *prefix)
            return false;
    return true;
}

enum sentinel_kind sentinel_parse(const uint8_t *label, size_t length, uint16_t *ret_tag)
{
    for (enum sentinel_kind kind = SENTINEL_IS_TA; kind <= SENTINEL_NOT_TA; kind++) {
        size_t prefix = strlen(prefixes[kind]);
        if (length != prefix + DIGITS || !begins(label, prefixes[kind]))
            continue;
        uint32_t tag = 0;
        for (size_t i = prefix; i < length; i++) {
            if (label[i] < '0' || label[i] > '9')
                return SENTINEL_NONE;
            tag = tag * 10 + (label[i] - '0');
        }
        if (tag > UINT16_MAX)
            return SENTINEL_NONE;
        *ret_tag = (uint16_t)tag;
        return kind;
    }
    return SENTINEL_NONE;
}

size_t sentinel_label(enum sentinel_kind kind, uint16_t tag, char out[SENTINEL_MAX_LABEL + 1])
{
    if (kind != SENTINEL_IS_TA && kind != SENTINEL_NOT_TA)
        return 0;
    return (size_t)snprintf(out, SENTINEL_MAX_LABEL + 1, "%s%05u", prefixes[kind], tag);
}

bool sentinel_must_fail(enum sentinel_kind kind, bool trusted, const struct sentinel_query *query)
{
    /* "…if all of the following conditions are met" */
    bool acts = kind != SENTINEL_NONE && query->secure && !query->checking_disabled &&
                query->opcode == OPCODE_QUERY && (query->qtype == TYPE_A || query->qtype == TYPE_AAAA);
    return acts && trusted == (kind == SENTINEL_NOT_TA);
}

/* As the RFC writes them. */
#define Y SENTINEL_ANSWERED
#define S SENTINEL_SERVFAIL

enum sentinel_class sentinel_classify(
    enum sentinel_answer is_ta, enum sentinel_answer not_ta, enum sentinel_answer bogus)
{
    static const struct {
        enum sentinel_answer is_ta, not_ta, bogus;
        enum sentinel_class class;
    } table[] = {
        {Y, S, S, SENTINEL_VNEW},
        {S, Y, S, SENTINEL_VOLD},
        {Y, Y, S, SENTINEL_VIND},
        {Y, Y, Y, SENTINEL_NONV},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].is_ta == is_ta && table[i].not_ta == not_ta && table[i].bogus == bogus)
            return table[i].class;
    return SENTINEL_OTHER;
}

enum sentinel_set sentinel_classify_set(
    enum sentinel_answer bogus, enum sentinel_answer not_ta_current, enum sentinel_answer is_ta_new)
{
    if (bogus == SENTINEL_ANSWERED)
        return SENTINEL_SET_UNAFFECTED;
    if (bogus != SENTINEL_SERVFAIL || not_ta_current != SENTINEL_SERVFAIL || is_ta_new == SENTINEL_STRANGE)
        return SENTINEL_SET_UNKNOWN;
    return is_ta_new == SENTINEL_ANSWERED ? SENTINEL_SET_SAFE : SENTINEL_SET_BREAKS;
}

struct word {
    const char *name, *meaning;
};

static const struct word classes[] = {
    [SENTINEL_VNEW] = {"Vnew", "validates and trusts the key"},
    [SENTINEL_VOLD] = {"Vold", "validates and does not trust the key"},
    [SENTINEL_VIND] = {"Vind", "validates and does not tell which keys it trusts"},
    [SENTINEL_NONV] = {"nonV", "does not validate"},
    [SENTINEL_OTHER] = {"other",
        "answers that allow no conclusion: resolvers that differ behind one address, a forwarder, an outage"},
};

static const struct word sets[] = {
    [SENTINEL_SET_UNAFFECTED] = {"unaffected", "a resolver that does not validate will answer"},
    [SENTINEL_SET_UNKNOWN] = {"unknown", "a resolver does not tell which keys it trusts"},
    [SENTINEL_SET_SAFE] = {"safe", "a resolver trusts the new key"},
    [SENTINEL_SET_BREAKS] = {"breaks", "no resolver trusts the new key: after the roll nothing will resolve"},
};

static struct word word(const struct word *words, size_t count, unsigned index)
{
    return index < count ? words[index] : (struct word){"?", "?"};
}

const char *sentinel_class_name(enum sentinel_class class)
{
    return word(classes, sizeof classes / sizeof *classes, class).name;
}

const char *sentinel_class_meaning(enum sentinel_class class)
{
    return word(classes, sizeof classes / sizeof *classes, class).meaning;
}

const char *sentinel_set_name(enum sentinel_set set)
{
    return word(sets, sizeof sets / sizeof *sets, set).name;
}

const char *sentinel_set_meaning(enum sentinel_set set)
{
    return word(sets, sizeof sets / sizeof *sets, set).meaning;
}

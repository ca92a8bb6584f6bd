/* The rules, in their order; the first that holds gives the class. The order is from what would mislead to
 * what can be believed:
 *
 *   - Copies of one program are one finding, also when they fail: one person mends them all, and thousands of
 *     telephones must not look like thousands of resolvers. The cluster counts those that fail.
 *   - One that fails now needs a person now, whatever else it is.
 *   - Then those whose word counts for less than an address seems to: what lives for an hour, what repeats
 *     others, what speaks with several voices.
 *   - What is left is one voice: its last word decides, and for the old key whether it was due.
 *   - Without a word: signs of validation, or none. The last rule always holds. */
#include "core/roll/classify_inside.h"

#include <inttypes.h>
#include <stdio.h>

enum { TEXT = 200 };

/* What rules look at. */
struct facts {
    const struct classify *classify;
    const struct classify_evidence *evidence;
    uint64_t asked;  /* messages that it sent, as far as anything tells */
    uint64_t others; /* of them, those that are no signals */
};

static uint64_t at_least(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Where only answers were seen, they tell of the queries; where only a log, its signals. */
static struct facts facts_of(const struct classify *classify, const struct classify_evidence *evidence)
{
    uint64_t traffic = at_least(evidence->queries, evidence->answers);
    uint64_t said = classify_sum(evidence->signals, evidence->zone_dnskey);
    return (struct facts){.classify = classify,
        .evidence = evidence,
        .asked = at_least(traffic, said),
        .others = at_least(traffic, evidence->signals) - evidence->signals};
}

static uint32_t limit_of(const struct facts *facts, enum classify_limit limit)
{
    return facts->classify->limits.value[limit];
}

/* "confirm-days 2" */
struct limit_text {
    char text[32];
};

static struct limit_text limit_text(const struct facts *facts, enum classify_limit limit)
{
    struct limit_text text;
    snprintf(text.text, sizeof text.text, "%s %" PRIu32, classify_limit(limit)->name, limit_of(facts, limit));
    return text;
}

/* Whether `part` is at least so many per cent of `whole`. */
static bool reaches(uint64_t part, uint64_t whole, uint32_t percent)
{
    return (unsigned __int128)part * 100 >= (unsigned __int128)whole * percent;
}

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

/* ---- predicates ---- */

/* "RD=1 on the `_ta-` query": a resolver asks the zone's servers without it. */
static bool is_relay(const struct facts *facts)
{
    const struct classify_evidence *e = facts->evidence;
    return e->signals && reaches(e->signals_rd, e->signals, limit_of(facts, CLASSIFY_RELAY_PERCENT));
}

/* A change from old to new passes one day with both; several such days, or several ways back, are several
 * resolvers. */
static bool is_mixed(const struct facts *facts)
{
    const struct classify_evidence *e = facts->evidence;
    uint32_t days = limit_of(facts, CLASSIFY_MIXED_DAYS);
    return e->both_days >= days || e->regressions >= days;
}

/* Signals or DNSKEY queries far more often than the daily ones, on its last two days: one that was mended is
 * not failing, and one that broke today is. Many signals of many voices are no storm. */
static bool is_failing(const struct facts *facts)
{
    const struct classify_evidence *e = facts->evidence;
    return e->most_dnskey >= limit_of(facts, CLASSIFY_FAILING_DNSKEY) ||
           (e->most_signals >= limit_of(facts, CLASSIFY_FAILING_SIGNALS) && !is_relay(facts) &&
               !is_mixed(facts));
}

static bool is_application(const struct facts *facts)
{
    return facts->evidence->cluster != 0;
}

static bool is_ephemeral(const struct facts *facts)
{
    return facts->evidence->days <= limit_of(facts, CLASSIFY_EPHEMERAL_DAYS) &&
           facts->asked <= limit_of(facts, CLASSIFY_EPHEMERAL_QUERIES);
}

static bool is_ready(const struct facts *facts)
{
    return facts->evidence->last_word == CLASSIFY_SAYS_NEW;
}

/* RFC 5011 §2.4.1: before the add hold-down has ended no follower trusts the new key. */
static bool is_waiting(const struct facts *facts)
{
    return facts->evidence->last_word == CLASSIFY_SAYS_OLD &&
           facts->classify->to_us <= facts->classify->deadline_us;
}

static bool is_old_only(const struct facts *facts)
{
    const struct classify_evidence *e = facts->evidence;
    return e->last_word == CLASSIFY_SAYS_OLD &&
           e->late_signals >= limit_of(facts, CLASSIFY_CONFIRM_SIGNALS) &&
           e->late_days >= limit_of(facts, CLASSIFY_CONFIRM_DAYS) &&
           facts->others >= limit_of(facts, CLASSIFY_CONFIRM_QUERIES);
}

static bool is_old_only_weak(const struct facts *facts)
{
    return facts->evidence->last_word == CLASSIFY_SAYS_OLD;
}

static bool is_neither(const struct facts *facts)
{
    return facts->evidence->last_word == CLASSIFY_SAYS_NEITHER;
}

/* Where no query was seen, but answers, only their DNSKEY ones tell of DO. */
static bool is_silent(const struct facts *facts)
{
    const struct classify_evidence *e = facts->evidence;
    uint32_t percent = limit_of(facts, CLASSIFY_SILENT_DO_PERCENT);
    return e->zone_dnskey_days >= limit_of(facts, CLASSIFY_SILENT_DAYS) &&
           (e->queries ? reaches(e->dnssec_ok, e->queries, percent)
                       : reaches(e->zone_dnskey_do, e->zone_dnskey, percent));
}

static bool always(const struct facts *facts)
{
    (void)facts;
    return true;
}

/* ---- explanations: the numbers that the predicate looked at ---- */

static void tell_failing(const struct facts *facts, char *text)
{
    const struct classify_evidence *e = facts->evidence;
    snprintf(text, TEXT,
        "on a day up to %" PRIu32 " signals, %" PRIu32 " DNSKEY queries, lately%s (%s, %s, %s)",
        e->most_signals, e->most_dnskey, is_relay(facts) || is_mixed(facts) ? ", many voices" : "",
        limit_text(facts, CLASSIFY_FAILING_SIGNALS).text, limit_text(facts, CLASSIFY_FAILING_DNSKEY).text,
        limit_text(facts, CLASSIFY_FAILING_DAYS).text);
}

static void tell_application(const struct facts *facts, char *text)
{
    const struct classify_evidence *e = facts->evidence;
    struct classify_cluster cluster;
    int names = __builtin_popcountll(e->names);
    if (e->cluster == 0) {
        snprintf(text, TEXT, "about %d different name%s, and not enough others alike (%s, %s)", names,
            plural((uint64_t)names), limit_text(facts, CLASSIFY_CLUSTER_NAMES).text,
            limit_text(facts, CLASSIFY_CLUSTER_SOURCES).text);
        return;
    }
    classify_cluster(facts->classify, e->cluster, &cluster);
    snprintf(text, TEXT,
        "one of %zu sources that ask for the same %d name%s with UDP size %" PRIu16
        ", %zu of which fail (%s, %s)",
        cluster.sources, names, plural((uint64_t)names), cluster.udp_size, cluster.failing_sources,
        limit_text(facts, CLASSIFY_CLUSTER_NAMES).text, limit_text(facts, CLASSIFY_CLUSTER_SOURCES).text);
}

static void tell_ephemeral(const struct facts *facts, char *text)
{
    snprintf(text, TEXT, "seen on %" PRIu32 " day%s with %" PRIu64 " quer%s (%s, %s)", facts->evidence->days,
        plural(facts->evidence->days), facts->asked, facts->asked == 1 ? "y" : "ies",
        limit_text(facts, CLASSIFY_EPHEMERAL_DAYS).text, limit_text(facts, CLASSIFY_EPHEMERAL_QUERIES).text);
}

static void tell_relay(const struct facts *facts, char *text)
{
    const struct classify_evidence *e = facts->evidence;
    snprintf(text, TEXT, "%" PRIu64 " of %" PRIu64 " signal%s with RD (%s)", e->signals_rd, e->signals,
        plural(e->signals), limit_text(facts, CLASSIFY_RELAY_PERCENT).text);
}

static void tell_mixed(const struct facts *facts, char *text)
{
    const struct classify_evidence *e = facts->evidence;
    snprintf(text, TEXT,
        "%" PRIu32 " day%s with both words, %" PRIu32 " time%s back from the new key to the old one (%s)",
        e->both_days, plural(e->both_days), e->regressions, plural(e->regressions),
        limit_text(facts, CLASSIFY_MIXED_DAYS).text);
}

static void tell_ready(const struct facts *facts, char *text)
{
    static const char *const words[] = {"no signals", "its last word was the old key alone",
        "its last word named the new key", "its last word named neither key"};
    const struct classify_evidence *e = facts->evidence;
    const int64_t last_us[] = {0, e->old_last_us, e->new_last_us, e->neither_last_us};
    char when[UTC_TEXT];
    if (e->last_word == CLASSIFY_SAYS_NOTHING)
        snprintf(text, TEXT, "no signals");
    else
        snprintf(text, TEXT, "%s, %s; %" PRIu64 " of %" PRIu64 " signals name the new key",
            words[e->last_word], utc_format(last_us[e->last_word], when), e->new_signals, e->signals);
}

static void tell_waiting(const struct facts *facts, char *text)
{
    int64_t deadline_us = facts->classify->deadline_us;
    char when[UTC_TEXT];
    if (facts->evidence->last_word != CLASSIFY_SAYS_OLD)
        snprintf(text, TEXT, "its last word is not the old key alone");
    else if (deadline_us == UTC_OPEN)
        snprintf(text, TEXT, "the new key has no date from which it is trusted");
    else
        snprintf(text, TEXT, "hold-down and margin end%s %s (%s%s%s)",
            facts->classify->to_us <= deadline_us ? "" : "ed", utc_format(deadline_us, when),
            limit_text(facts, CLASSIFY_MARGIN_HOURS).text,
            limit_of(facts, CLASSIFY_MARGIN_SECONDS) ? ", " : "",
            limit_of(facts, CLASSIFY_MARGIN_SECONDS) ? limit_text(facts, CLASSIFY_MARGIN_SECONDS).text : "");
}

static void tell_old_only(const struct facts *facts, char *text)
{
    const struct classify_evidence *e = facts->evidence;
    snprintf(text, TEXT,
        "%" PRIu32 " late signal%s on %" PRIu32 " day%s, %" PRIu64 " other queries (%s, %s, %s)",
        e->late_signals, plural(e->late_signals), e->late_days, plural(e->late_days), facts->others,
        limit_text(facts, CLASSIFY_CONFIRM_SIGNALS).text, limit_text(facts, CLASSIFY_CONFIRM_DAYS).text,
        limit_text(facts, CLASSIFY_CONFIRM_QUERIES).text);
}

static void tell_old_only_weak(const struct facts *facts, char *text)
{
    const struct classify_evidence *e = facts->evidence;
    char last[UTC_TEXT];
    if (e->last_word != CLASSIFY_SAYS_OLD)
        snprintf(text, TEXT, "its last word is not the old key alone");
    else if (e->late_signals == 0 && e->old_last_us < facts->classify->deadline_us)
        snprintf(text, TEXT,
            "its last word, %s, was the old key alone, which was normal then; it has not spoken since",
            utc_format(e->old_last_us, last));
    else
        snprintf(text, TEXT, "its last word, %s, was the old key alone; too little to confirm it",
            utc_format(e->old_last_us, last));
}

static void tell_neither(const struct facts *facts, char *text)
{
    const struct classify_evidence *e = facts->evidence;
    snprintf(
        text, TEXT, "%" PRIu64 " of %" PRIu64 " signals name neither key", e->neither_signals, e->signals);
}

static void tell_silent(const struct facts *facts, char *text)
{
    const struct classify_evidence *e = facts->evidence;
    bool by_queries = e->queries != 0;
    snprintf(text, TEXT,
        "DNSKEY queries on %" PRIu32 " day%s; %" PRIu64 " of %" PRIu64 " %s with DO (%s, %s)",
        e->zone_dnskey_days, plural(e->zone_dnskey_days), by_queries ? e->dnssec_ok : e->zone_dnskey_do,
        by_queries ? e->queries : e->zone_dnskey, by_queries ? "queries" : "DNSKEY queries",
        limit_text(facts, CLASSIFY_SILENT_DAYS).text, limit_text(facts, CLASSIFY_SILENT_DO_PERCENT).text);
}

static void tell_non_validator(const struct facts *facts, char *text)
{
    snprintf(text, TEXT, "none of the rules above holds: no sign of validation, or too little to tell");
}

/* ---- the table ---- */

struct rule {
    enum classify_class class;
    bool (*holds)(const struct facts *facts);
    void (*tell)(const struct facts *facts, char *text);
};

static const struct rule rules[] = {
    {CLASSIFY_APPLICATION, is_application, tell_application},
    {CLASSIFY_FAILING, is_failing, tell_failing},
    {CLASSIFY_EPHEMERAL, is_ephemeral, tell_ephemeral},
    {CLASSIFY_RELAY, is_relay, tell_relay},
    {CLASSIFY_MIXED, is_mixed, tell_mixed},
    {CLASSIFY_READY, is_ready, tell_ready},
    {CLASSIFY_WAITING, is_waiting, tell_waiting},
    {CLASSIFY_OLD_ONLY, is_old_only, tell_old_only},
    {CLASSIFY_OLD_ONLY_WEAK, is_old_only_weak, tell_old_only_weak},
    {CLASSIFY_NEITHER, is_neither, tell_neither},
    {CLASSIFY_SILENT, is_silent, tell_silent},
    {CLASSIFY_NON_VALIDATOR, always, tell_non_validator},
};
enum { RULES = sizeof rules / sizeof *rules };
_Static_assert(RULES == (int)CLASSIFY_CLASSES, "a rule for each class");
_Static_assert(RULES <= (int)CLASSIFY_STEPS, "explanations hold all rules");

enum classify_class classify_judge(const struct classify *classify, const struct classify_evidence *evidence)
{
    struct facts facts = facts_of(classify, evidence);
    size_t i = 0;
    while (!rules[i].holds(&facts))
        i++;
    return rules[i].class;
}

bool classify_fails(const struct classify *classify, const struct classify_evidence *evidence)
{
    struct facts facts = facts_of(classify, evidence);
    return is_failing(&facts);
}

size_t classify_explain(const struct classify *classify, size_t i, struct classify_step steps[CLASSIFY_STEPS])
{
    struct classify_source source;
    classify_source(classify, i, &source);
    struct facts facts = facts_of(classify, &source.evidence);
    size_t count = 0;
    for (bool holds = false; !holds && count < RULES; count++) {
        holds = rules[count].holds(&facts);
        steps[count].class = rules[count].class;
        steps[count].holds = holds;
        rules[count].tell(&facts, steps[count].text);
    }
    return count;
}

/* The numbers first; then, always, what they are of, how sure they are, and what is not known. */
#include "base/grid.h"
#include "app/report/inside.h"
#include "app/report/readiness_inside.h"

#include "base/utc.h"

#include <inttypes.h>

static uint64_t sum(const uint64_t counts[CLASSIFY_CLASSES])
{
    uint64_t all = 0;
    for (int c = 0; c < CLASSIFY_CLASSES; c++)
        all += counts[c];
    return all;
}

static void class_cell(const void *context, size_t row, size_t column, struct text *cell)
{
    const struct readiness *readiness = context;
    const struct readiness_group *total = &readiness->total;
    switch (column) {
    case 0:
        text_add(cell, classify_name((enum classify_class)row));
        return;
    case 1:
        text_printf(cell, "%" PRIu64, total->sources[row]);
        return;
    case 2:
        report_add_share(cell, total->sources[row], sum(total->sources));
        return;
    case 3:
        text_printf(cell, "%" PRIu64, total->networks[row]);
        return;
    case 4:
        text_printf(cell, "%" PRIu64, total->queries[row]);
        return;
    default:
        text_add(cell, classify_meaning((enum classify_class)row));
    }
}

static void group_cell(const void *context, size_t row, size_t column, struct text *cell)
{
    const struct readiness *readiness = context;
    const struct readiness_group *group = &readiness->groups[row];
    struct interval share = readiness_share(group);
    const uint64_t *sources = group->sources;
    switch (column) {
    case 0:
        text_printf(cell, "%" PRIu64, sum(sources));
        return;
    case 1:
        text_printf(cell, "%" PRIu64, sources[CLASSIFY_READY]);
        return;
    case 2:
        text_printf(cell, "%" PRIu64, sources[CLASSIFY_OLD_ONLY]);
        return;
    case 3:
        text_printf(cell, "%" PRIu64, readiness_told(sources));
        return;
    case 4:
        if (readiness_told(sources))
            text_printf(cell, "%.1f-%.1f %%", 100 * share.low, 100 * share.high);
        else
            text_add(cell, "-");
        return;
    case 5:
        text_printf(cell, "%" PRIu64 "-%" PRIu64, sources[CLASSIFY_OLD_ONLY], readiness_upper(sources));
        return;
    case 6:
        if (group->users >= 0)
            text_printf(cell, "%.0f-%.0f", group->users_low, group->users_high);
        else
            text_add(cell, "-");
        return;
    default:
        readiness_add_key(readiness, readiness->wish->by, group, cell);
    }
}

static void add_numbers(const struct readiness *readiness, size_t screen, struct text *text)
{
    static const struct grid_column classes[] = {{"CLASS", false, 0}, {"SOURCES", true, 0},
        {"SHARE", true, 0}, {"NETWORKS", true, 0}, {"QUERIES", true, 0}, {"MEANS", false, 1}};
    static const char *const heads[] = {
        [READINESS_BY_PREFIX] = "PREFIX", [READINESS_BY_AS] = "AS", [READINESS_BY_COUNTRY] = "COUNTRY"};
    const struct grid_column groups[] = {{"SOURCES", true, 0}, {"READY", true, 0}, {"OLD-ONLY", true, 0},
        {"OF TOLD", true, 0}, {"95 %", true, 0}, {"AT RISK", true, 0}, {"USERS AT RISK", true, 0},
        {readiness->wish->by == READINESS_BY_CLASS ? NULL : heads[readiness->wish->by], false, 0}};
    const struct grid by_class = {
        classes, sizeof classes / sizeof *classes, CLASSIFY_CLASSES, class_cell, readiness};
    const struct grid by_group = {
        groups, sizeof groups / sizeof *groups, readiness->group_count, group_cell, readiness};
    grid_write(readiness->wish->by == READINESS_BY_CLASS ? &by_class : &by_group, screen, text);
}

/* ---- words ---- */

static void add_date(struct text *text, int64_t us)
{
    char when[UTC_TEXT];
    text_add(text, us == UTC_OPEN ? "no date" : utc_format_short(us, when));
}

static void add_head(const struct readiness *readiness, size_t columns, struct text *text)
{
    const struct classify_roll *roll = readiness->wish->roll;
    const struct sightings_question *question = readiness->wish->question;
    struct text words;
    if (readiness->partial) {
        text_start(&words);
        text_add(&words, "PARTIAL: there is more than this. ");
        if (readiness->missing)
            report_add_name(&words, readiness->missing);
        text_add_wrapped(text, &words, 9, columns);
    }
    text_start(&words);
    if (readiness->wish->zones)
        text_printf(&words, "Readiness for the roll of %zu zone%s, each with keys of its own, as of ",
            readiness->wish->zone_count, readiness->wish->zone_count == 1 ? "" : "s");
    else
        text_printf(
            &words, "Readiness for the roll from key %u to key %u, as of ", roll->old_tag, roll->new_tag);
    add_date(&words, question->to_us);
    text_add(&words, " (new key published ");
    add_date(&words, roll->publish_us);
    text_add(&words, "; trusted by who follows RFC 5011 ");
    add_date(&words, roll->trust_us);
    text_add(&words, "; signs ");
    add_date(&words, roll->sign_us);
    text_add(&words, "), by what was seen from ");
    add_date(&words, question->from_us);
    text_add(&words, ".");
    text_add_wrapped(text, &words, 2, columns);
    text_add(text, "\n");
}

static void add_share_words(const struct readiness *readiness, struct text *words)
{
    const struct readiness_group *total = &readiness->total;
    struct interval share = readiness_share(total);
    uint64_t told = readiness_told(total->sources);
    text_printf(words, "Old key only, confirmed: %" PRIu64 " of %" PRIu64 " sources whose word is known",
        total->sources[CLASSIFY_OLD_ONLY], told);
    if (told)
        text_printf(words, " (%.2f %%; 95 %%: %.2f to %.2f %%)", 100 * share.value, 100 * share.low,
            100 * share.high);
    text_add(words, ".");
}

static void add_risk_words(const struct readiness *readiness, struct text *words)
{
    const struct readiness_group *total = &readiness->total;
    text_printf(words,
        "At risk: from %" PRIu64 " sources (proved) to %" PRIu64 " (not disproved) of %" PRIu64
        " that validate; networks from %" PRIu64 " to %" PRIu64 " of %" PRIu64,
        total->sources[CLASSIFY_OLD_ONLY], readiness_upper(total->sources),
        readiness_validators(total->sources), total->networks_low, total->networks_high,
        total->network_count);
    if (total->users >= 0)
        text_printf(words, "; users from %.0f to %.0f of %" PRId64 " in the networks that were told",
            total->users_low, total->users_high, total->users);
    text_add(words, ".");
}

static void add_unknown_words(const struct readiness *readiness, struct text *words)
{
    const uint64_t *sources = readiness->total.sources;
    text_printf(words,
        "Not known: what %" PRIu64 " silent validators trust, and whose word %" PRIu64
        " mixed sources and %" PRIu64 " relays pass on.",
        sources[CLASSIFY_SILENT], sources[CLASSIFY_MIXED], sources[CLASSIFY_RELAY]);
    if (readiness->has_total)
        text_printf(words,
            " By what several collectors have in common there are about %.0f validators (95 %%: %.0f to "
            "%.0f).",
            readiness->unseen_total.value, readiness->unseen_total.low, readiness->unseen_total.high);
    else
        text_add(words,
            " How many validators no collector saw cannot be told: it takes two collectors that share some.");
    if (readiness->total.users < 0)
        text_add(words, " Users: not told (--users, with --pfx2as or --mmdb).");
}

static void add_regression_words(const struct readiness *readiness, struct text *words)
{
    uint64_t sources = readiness->regressed_sources, times = readiness->regressions;
    text_printf(words,
        "Went back from the new key to the old one alone: %" PRIu64 " source%s whose word is known, %" PRIu64
        " time%s.",
        sources, sources == 1 ? "" : "s", times, times == 1 ? "" : "s");
}

static void add_cluster(const struct readiness *readiness, size_t number, struct text *words)
{
    struct classify_cluster cluster;
    classify_cluster(readiness->classify, number, &cluster);
    text_printf(words,
        "One application: %zu sources that ask the same %d name%s in the same way; its last word is the old "
        "key alone in %zu, the new key in %zu.",
        cluster.sources, __builtin_popcountll(cluster.names),
        __builtin_popcountll(cluster.names) == 1 ? "" : "s", cluster.old_sources, cluster.new_sources);
    if (cluster.failing_sources)
        text_printf(words, " %zu of them repeat themselves as one that cannot validate does.",
            cluster.failing_sources);
    text_add(words, " It counts in nothing above.");
}

void readiness_table(const struct readiness *readiness, size_t columns, struct text *text)
{
    static void (*const paragraphs[])(const struct readiness *, struct text *) = {
        add_share_words, add_risk_words, add_regression_words, add_unknown_words};
    struct text words;
    add_head(readiness, columns, text);
    if (classify_count(readiness->classify) == 0)
        text_add(text, "Nothing was seen in this time.\n\n");
    add_numbers(readiness, columns, text);
    text_add(text, "\n");
    for (size_t i = 0; i < sizeof paragraphs / sizeof *paragraphs; i++) {
        text_start(&words);
        paragraphs[i](readiness, &words);
        text_add_wrapped(text, &words, 2, columns);
    }
    for (size_t i = 1; i <= classify_cluster_count(readiness->classify); i++) {
        text_start(&words);
        add_cluster(readiness, i, &words);
        text_add_wrapped(text, &words, 2, columns);
    }
}

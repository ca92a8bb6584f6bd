/* One scan of the store into the classifier; readiness_group.c weighs what it found. */
#include "app/report/readiness_inside.h"

#include <stdlib.h>
#include <string.h>

static const char *const by_words[] = {
    [READINESS_BY_CLASS] = "class",
    [READINESS_BY_PREFIX] = "prefix",
    [READINESS_BY_AS] = "as",
    [READINESS_BY_COUNTRY] = "country",
};

int readiness_by(const char *word, enum readiness_by *ret_by)
{
    for (size_t i = 0; i < sizeof by_words / sizeof *by_words; i++)
        if (strcmp(by_words[i], word) == 0) {
            *ret_by = (enum readiness_by)i;
            return 0;
        }
    return ERR_USAGE;
}

const char *readiness_by_word(enum readiness_by by)
{
    return by_words[by];
}

/* ---- what the classes stand for ---- */

static const struct readiness_role roles[CLASSIFY_CLASSES] = {
    [CLASSIFY_READY] = {true, true, false},
    [CLASSIFY_WAITING] = {true, true, false},
    [CLASSIFY_OLD_ONLY] = {true, true, true},
    [CLASSIFY_OLD_ONLY_WEAK] = {true, true, true},
    [CLASSIFY_NEITHER] = {true, true, true},
    [CLASSIFY_MIXED] = {false, true, true},
    [CLASSIFY_FAILING] = {false, true, true},
    [CLASSIFY_SILENT] = {false, true, true},
};

struct readiness_role readiness_role(enum classify_class class)
{
    return roles[class];
}

uint64_t readiness_told(const uint64_t counts[CLASSIFY_CLASSES])
{
    uint64_t sum = 0;
    for (int c = 0; c < CLASSIFY_CLASSES; c++)
        sum = readiness_sum(sum, roles[c].told ? counts[c] : 0);
    return sum;
}

uint64_t readiness_validators(const uint64_t counts[CLASSIFY_CLASSES])
{
    uint64_t sum = 0;
    for (int c = 0; c < CLASSIFY_CLASSES; c++)
        sum = readiness_sum(sum, roles[c].validates ? counts[c] : 0);
    return sum;
}

uint64_t readiness_upper(const uint64_t counts[CLASSIFY_CLASSES])
{
    uint64_t sum = 0;
    for (int c = 0; c < CLASSIFY_CLASSES; c++)
        sum = readiness_sum(sum, roles[c].at_risk ? counts[c] : 0);
    return sum;
}

/* ---- from the store ---- */

struct taking {
    struct readiness *readiness;
    struct arena *arena;
    bool *skips; /* collectors, by number */
};

static bool is_skipped(const struct readiness_wish *wish, const char *collector)
{
    for (size_t i = 0; wish->only && i < wish->only_count; i++)
        if (strcmp(wish->only[i], collector) == 0)
            return false;
    return wish->only != NULL;
}

static int take_collectors(void *context, const char *const *names, size_t count)
{
    struct taking *taking = context;
    const char **copy = arena_alloc(taking->arena, (count + 1) * sizeof *copy);
    taking->skips = arena_alloc(taking->arena, count + 1);
    if (!copy || !taking->skips)
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++) {
        taking->skips[i] = is_skipped(taking->readiness->wish, names[i]);
        if (!(copy[i] = arena_string(taking->arena, names[i])))
            return ERR_NOMEM;
    }
    taking->readiness->collectors = copy;
    taking->readiness->collector_count = count;
    return 0;
}

static int take_row(void *context, unsigned collector, const struct tally_row *row)
{
    struct taking *taking = context;
    return taking->skips[collector] ? 0 : classify_row(taking->readiness->classify, collector, row);
}

static int take_traffic(void *context, unsigned collector, const struct tally_traffic *traffic)
{
    struct taking *taking = context;
    return taking->skips[collector] ? 0 : classify_traffic(taking->readiness->classify, collector, traffic);
}

static int scan(
    struct sightings *store, struct readiness *readiness, struct arena *arena, struct err_note *note)
{
    struct taking taking = {readiness, arena, NULL};
    const struct sightings_scan scan = {take_collectors, take_row, take_traffic, &taking};
    struct sightings_scanned scanned;
    int err = sightings_scan(store, readiness->wish->question, &scan, arena, &scanned, note);
    if (err == ERR_NOMEM)
        return err_set(note, err, "no memory for the sources of the store");
    if (err)
        return err;
    readiness->partial = scanned.partial;
    readiness->missing = scanned.missing;
    return classify_finish(readiness->classify) ? err_set(note, ERR_NOMEM, "no memory to classify") : 0;
}

/* What collectors cover; of lines there need be none. */
static int cover(
    struct sightings *store, struct readiness *readiness, struct arena *arena, struct err_note *note)
{
    const struct readiness_wish *wish = readiness->wish;
    struct sightings_question question = *wish->question;
    struct sightings_answer answer;
    question.by = SIGHTINGS_BY_KEY;
    question.from_us = question.to_us - 1;
    int err = sightings_ask(store, &question, arena, &answer, note);
    for (size_t i = 0; !err && i < answer.coverage_count; i++)
        if (!is_skipped(wish, answer.coverage[i].collector))
            answer.coverage[readiness->coverage_count++] = answer.coverage[i];
    if (!err)
        readiness->coverage = answer.coverage;
    return err;
}

int readiness_make(struct sightings *store, const struct readiness_wish *wish, struct arena *arena,
    struct readiness *ret_readiness, struct err_note *note)
{
    struct readiness readiness = {.wish = wish};
    const struct sightings_question *question = wish->question;
    int err = classify_new(
        wish->roll, wish->limits, question->from_us, question->to_us, 0, &readiness.classify, note);
    if (!err)
        err = scan(store, &readiness, arena, note);
    if (!err)
        err = cover(store, &readiness, arena, note);
    if (!err && (err = readiness_weigh(&readiness, arena)))
        err_set(note, err, "no memory to weigh the sources");
    if (err)
        readiness_free(&readiness);
    else
        *ret_readiness = readiness;
    return err;
}

void readiness_free(struct readiness *readiness)
{
    classify_free(readiness->classify);
    free(readiness->places);
    free(readiness->crowds);
    readiness->classify = NULL;
    readiness->places = NULL;
    readiness->crowds = NULL;
}

/* ---- for all forms ---- */

struct interval readiness_share(const struct readiness_group *group)
{
    return interval_share(group->sources[CLASSIFY_OLD_ONLY], readiness_told(group->sources));
}

int readiness_write(
    const struct readiness *readiness, enum readiness_form form, size_t columns, struct text *ret_text)
{
    switch (form) {
    case READINESS_TABLE:
        readiness_table(readiness, columns, ret_text);
        break;
    case READINESS_JSON:
        readiness_json(readiness, ret_text);
        break;
    case READINESS_CSV:
        readiness_csv(readiness, ret_text);
        break;
    }
    return ret_text->failed ? ERR_NOMEM : 0;
}

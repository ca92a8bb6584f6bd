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

/* Several that are judged by one scan. */
struct taking {
    struct readiness *each;
    size_t count;
    struct arena *arena;
    bool *skips; /* of each, collectors by number */
    size_t collector_count;
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
    taking->skips = arena_alloc(taking->arena, taking->count * count + 1);
    taking->collector_count = count;
    if (!copy || !taking->skips)
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++)
        if (!(copy[i] = arena_string(taking->arena, names[i])))
            return ERR_NOMEM;
    for (size_t i = 0; i < taking->count; i++) {
        taking->each[i].collectors = copy;
        taking->each[i].collector_count = count;
        for (size_t j = 0; j < count; j++)
            taking->skips[i * count + j] = is_skipped(taking->each[i].wish, names[j]);
    }
    return 0;
}

static bool skips(const struct taking *taking, size_t i, unsigned collector)
{
    return taking->skips[i * taking->collector_count + collector];
}

static int by_zone(const void *name, const void *zone)
{
    return strcmp(name, ((const struct readiness_zone *)zone)->zone);
}

/* The keys of the row's zone; NULL: it is none of those that are judged. What has no zone is of all. */
static const struct classify_roll *keys_of(const struct readiness_wish *wish, const char *zone)
{
    if (!wish->zones || !*zone)
        return wish->roll;
    const struct readiness_zone *found =
        bsearch(zone, wish->zones, wish->zone_count, sizeof *wish->zones, by_zone);
    return found ? &found->keys : NULL;
}

static int take_row(void *context, unsigned collector, const struct tally_row *row)
{
    const struct taking *taking = context;
    int err = 0;
    for (size_t i = 0; i < taking->count && !err; i++) {
        const struct classify_roll *keys = keys_of(taking->each[i].wish, row->zone);
        if (keys && !skips(taking, i, collector))
            err = classify_row_of(taking->each[i].classify, keys, collector, row);
    }
    return err;
}

static int take_traffic(void *context, unsigned collector, const struct tally_traffic *traffic)
{
    const struct taking *taking = context;
    int err = 0;
    for (size_t i = 0; i < taking->count && !err; i++)
        err =
            skips(taking, i, collector) ? 0 : classify_traffic(taking->each[i].classify, collector, traffic);
    return err;
}

/* What the collectors that are looked at cover. */
static int take_coverage(const struct taking *taking, size_t i, const struct sightings_scanned *scanned)
{
    struct readiness *readiness = &taking->each[i];
    readiness->coverage =
        arena_alloc(taking->arena, (scanned->coverage_count + 1) * sizeof *readiness->coverage);
    for (size_t j = 0; readiness->coverage && j < scanned->coverage_count; j++)
        if (!skips(taking, i, (unsigned)j))
            readiness->coverage[readiness->coverage_count++] = scanned->coverage[j];
    return readiness->coverage ? 0 : ERR_NOMEM;
}

static int scan(struct sightings *store, const struct sightings_question *question, struct taking *taking,
    struct err_note *note)
{
    const struct sightings_scan scan = {take_collectors, take_row, take_traffic, taking};
    struct sightings_scanned scanned;
    int err = sightings_scan(store, question, &scan, taking->arena, &scanned, note);
    if (err == ERR_NOMEM)
        return err_set(note, err, "no memory for the sources of the store");
    for (size_t i = 0; i < taking->count && !err; i++) {
        taking->each[i].partial = scanned.partial;
        taking->each[i].missing = scanned.missing;
        if (take_coverage(taking, i, &scanned) || classify_finish(taking->each[i].classify))
            err = err_set(note, ERR_NOMEM, "no memory to classify");
    }
    return err;
}

static int begin(const struct readiness_wish *wish, struct readiness *ret_readiness, struct err_note *note)
{
    const struct sightings_question *question = wish->question;
    *ret_readiness = (struct readiness){.wish = wish};
    int err = classify_new(
        wish->roll, wish->limits, question->from_us, question->to_us, 0, &ret_readiness->classify, note);
    for (size_t i = 0; i < wish->known_count && !err; i++)
        if ((err = classify_know(ret_readiness->classify, wish->known[i].names, wish->known[i].udp_size)))
            err_set(note, err, "no memory to classify");
    return err;
}

int readiness_judge(struct sightings *store, const struct readiness_wish *wishes, size_t count,
    struct arena *arena, struct readiness *ret_each, struct err_note *note)
{
    struct taking taking = {ret_each, count, arena, NULL, 0};
    int err = 0;
    memset(ret_each, 0, count * sizeof *ret_each);
    for (size_t i = 0; i < count && !err; i++)
        err = begin(&wishes[i], &ret_each[i], note);
    err = err ? err : scan(store, wishes->question, &taking, note);
    for (size_t i = 0; i < count && !err; i++)
        if ((err = readiness_weigh(&ret_each[i], arena)))
            err_set(note, err, "no memory to weigh the sources");
    for (size_t i = 0; i < count && err; i++)
        readiness_free(&ret_each[i]);
    return err;
}

int readiness_make(struct sightings *store, const struct readiness_wish *wish, struct arena *arena,
    struct readiness *ret_readiness, struct err_note *note)
{
    struct readiness readiness;
    int err = readiness_judge(store, wish, 1, arena, &readiness, note);
    if (!err)
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

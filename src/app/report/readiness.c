/* One scan of the store into the classifier, then one walk over the classes: each source is given its
 * network, and counted in the total and in its group. Users of a network are shared out by the queries of its
 * sources; where there are none, by their number. */
#include "app/report/inside.h"
#include "app/report/readiness_inside.h"

#include "core/zone/address.h"

#include <stdlib.h>
#include <string.h>

enum { MAPPED_BITS = 96, PREFIX4 = 24, PREFIX6 = 48 };

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

static const struct {
    bool told, validates, at_risk;
} roles[CLASSIFY_CLASSES] = {
    [CLASSIFY_READY] = {true, true, false},
    [CLASSIFY_WAITING] = {true, true, false},
    [CLASSIFY_OLD_ONLY] = {true, true, true},
    [CLASSIFY_OLD_ONLY_WEAK] = {true, true, true},
    [CLASSIFY_NEITHER] = {true, true, true},
    [CLASSIFY_MIXED] = {false, true, true},
    [CLASSIFY_FAILING] = {false, true, true},
    [CLASSIFY_SILENT] = {false, true, true},
};

uint64_t readiness_told(const uint64_t counts[CLASSIFY_CLASSES])
{
    uint64_t sum = 0;
    for (int c = 0; c < CLASSIFY_CLASSES; c++)
        sum += roles[c].told ? counts[c] : 0;
    return sum;
}

uint64_t readiness_validators(const uint64_t counts[CLASSIFY_CLASSES])
{
    uint64_t sum = 0;
    for (int c = 0; c < CLASSIFY_CLASSES; c++)
        sum += roles[c].validates ? counts[c] : 0;
    return sum;
}

uint64_t readiness_upper(const uint64_t counts[CLASSIFY_CLASSES])
{
    uint64_t sum = 0;
    for (int c = 0; c < CLASSIFY_CLASSES; c++)
        sum += roles[c].at_risk ? counts[c] : 0;
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

/* ---- grouping ---- */

struct placed {
    uint8_t key[16];     /* of its group */
    uint8_t network[16]; /* of its network: AS, or prefix */
    uint32_t index;
    uint32_t as;
    char country[3];
    bool has_as;
};

static bool is_ip4(const uint8_t address[16])
{
    static const uint8_t head[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return memcmp(address, head, sizeof head) == 0;
}

static void prefix_of(const uint8_t address[16], uint8_t ret[16])
{
    size_t octets = (is_ip4(address) ? MAPPED_BITS + PREFIX4 : PREFIX6) / 8;
    memset(ret, 0, 16);
    memcpy(ret, address, octets);
}

static void put_number(uint8_t key[16], uint32_t number)
{
    memset(key, 0, 16);
    for (int i = 0; i < 4; i++)
        key[12 + i] = (uint8_t)(number >> (24 - 8 * i));
}

static void place(const struct readiness *readiness, uint32_t index, struct placed *ret)
{
    const uint8_t *address = classify_address(readiness->classify, index);
    struct network network;
    networks_find(readiness->wish->networks, address, &network);
    *ret = (struct placed){.index = index, .as = network.as, .has_as = network.as != 0};
    memcpy(ret->country, network.country, sizeof ret->country);
    if (ret->has_as)
        put_number(ret->network, network.as);
    else
        prefix_of(address, ret->network);
    switch (readiness->wish->by) {
    case READINESS_BY_CLASS:
        break;
    case READINESS_BY_PREFIX:
        prefix_of(address, ret->key);
        break;
    case READINESS_BY_AS:
        put_number(ret->key, network.as);
        break;
    case READINESS_BY_COUNTRY:
        memcpy(ret->key, network.country, sizeof network.country);
        break;
    }
}

static int by_group(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;
    int order = memcmp(x->key, y->key, sizeof x->key);
    order = order ? order : (int)x->has_as - (int)y->has_as;
    order = order ? order : memcmp(x->network, y->network, sizeof x->network);
    order = order ? order : memcmp(x->country, y->country, sizeof x->country);
    return order ? order : (x->index > y->index) - (x->index < y->index);
}

static bool same_network(const struct placed *a, const struct placed *b)
{
    return a->has_as == b->has_as && memcmp(a->network, b->network, sizeof a->network) == 0;
}

/* ---- users ---- */

/* Of the users of a network, those behind sources at risk. Applications and what lives for an hour serve
 * nobody else. */
static void share_users(struct readiness_group *group, const struct readiness_group *part, int64_t users)
{
    const uint64_t *counts = part->queries;
    uint64_t all = 0, sources = 0;
    for (int c = 0; c < CLASSIFY_CLASSES; c++)
        if (c != CLASSIFY_EPHEMERAL && c != CLASSIFY_APPLICATION && c != CLASSIFY_RELAY) {
            all += part->queries[c];
            sources += part->sources[c];
        }
    if (all == 0) {
        counts = part->sources;
        all = sources;
    }
    if (all == 0)
        return;
    double each = (double)users / (double)all;
    group->users_told += each * (double)readiness_told(counts);
    group->users_low += each * (double)counts[CLASSIFY_OLD_ONLY];
    group->users_high += each * (double)readiness_upper(counts);
}

static void add_users(struct readiness_group *group, const struct readiness_group *part, int64_t users)
{
    if (users < 0)
        return;
    group->users = (group->users < 0 ? 0 : group->users) + users;
    share_users(group, part, users);
}

/* ---- one group ---- */

static void count_source(
    const struct readiness *readiness, const struct placed *placed, struct readiness_group *part)
{
    struct classify_source source;
    classify_source(readiness->classify, placed->index, &source);
    part->sources[source.class]++;
    part->queries[source.class] +=
        source.evidence.queries ? source.evidence.queries : source.evidence.answers;
}

static void add_part(struct readiness_group *group, const struct readiness_group *part)
{
    for (int c = 0; c < CLASSIFY_CLASSES; c++) {
        group->sources[c] += part->sources[c];
        group->queries[c] += part->queries[c];
    }
}

/* A network, whose sources are placed[0 … count). Within a country its users are those of the AS, if they
 * were told. */
static void add_network(const struct readiness *readiness, const struct placed *placed, size_t count,
    struct readiness_group *group)
{
    struct readiness_group part = {.users = -1};
    for (size_t i = 0; i < count; i++)
        count_source(readiness, &placed[i], &part);
    for (int c = 0; c < CLASSIFY_CLASSES; c++)
        group->networks[c] += part.sources[c] > 0;
    group->network_count++;
    uint64_t told = readiness_told(part.sources);
    group->networks_told += told > 0;
    group->networks_ready += told > 0 && told == part.sources[CLASSIFY_READY];
    group->networks_validating += readiness_validators(part.sources) > 0;
    group->networks_low += part.sources[CLASSIFY_OLD_ONLY] > 0;
    group->networks_high += readiness_upper(part.sources) > 0;
    if (placed->has_as)
        add_users(group, &part, networks_as_users(readiness->wish->networks, placed->as));
    add_part(group, &part);
}

static void make_group(
    const struct readiness *readiness, const struct placed *placed, size_t count, struct readiness_group *ret)
{
    *ret = (struct readiness_group){.users = -1, .as = placed->as};
    memcpy(ret->country, placed->country, sizeof ret->country);
    memcpy(ret->prefix, placed->key, sizeof ret->prefix);
    for (size_t begin = 0, end; begin < count; begin = end) {
        for (end = begin + 1; end < count && same_network(&placed[begin], &placed[end]);)
            end++;
        add_network(readiness, placed + begin, end - begin, ret);
    }
    if (ret->users < 0 && readiness->wish->by == READINESS_BY_COUNTRY && ret->country[0])
        add_users(ret, ret, networks_country_users(readiness->wish->networks, ret->country));
}

static int by_risk(const void *a, const void *b)
{
    const struct readiness_group *x = a, *y = b;
    if (x->users_high != y->users_high)
        return x->users_high < y->users_high ? 1 : -1;
    uint64_t left = readiness_upper(x->sources), right = readiness_upper(y->sources);
    if (left != right)
        return left < right ? 1 : -1;
    int order = strcmp(x->country, y->country);
    order = order ? order : (x->as > y->as) - (x->as < y->as);
    return order ? order : memcmp(x->prefix, y->prefix, sizeof x->prefix);
}

static bool same_key(const struct placed *a, const struct placed *b)
{
    return memcmp(a->key, b->key, sizeof a->key) == 0;
}

static int make_groups(struct readiness *readiness, struct placed *placed, size_t count, struct arena *arena)
{
    size_t groups = 0;
    for (size_t i = 0; i < count; i++)
        groups += i == 0 || !same_key(&placed[i - 1], &placed[i]);
    readiness->groups = arena_alloc(arena, (groups + 1) * sizeof *readiness->groups);
    if (!readiness->groups)
        return ERR_NOMEM;
    for (size_t begin = 0, end; begin < count; begin = end) {
        for (end = begin + 1; end < count && same_key(&placed[begin], &placed[end]);)
            end++;
        make_group(readiness, placed + begin, end - begin, &readiness->groups[readiness->group_count++]);
    }
    qsort(readiness->groups, readiness->group_count, sizeof *readiness->groups, by_risk);
    return 0;
}

/* ---- everything ---- */

/* How many validators several collectors share tells how many none has seen. */
static void estimate(struct readiness *readiness, const struct placed *placed, size_t count)
{
    uint64_t seen[CLASSIFY_MAX_COLLECTORS + 1] = {0}, only[CLASSIFY_MAX_COLLECTORS] = {0};
    for (size_t i = 0; i < count; i++) {
        struct classify_source source;
        classify_source(readiness->classify, placed[i].index, &source);
        uint64_t collectors = source.evidence.collectors;
        if (!roles[source.class].validates || !collectors)
            continue;
        seen[__builtin_popcountll(collectors)]++;
        if ((collectors & (collectors - 1)) == 0)
            only[__builtin_ctzll(collectors)]++;
    }
    unsigned lists = readiness->collector_count < CLASSIFY_MAX_COLLECTORS
                         ? (unsigned)readiness->collector_count
                         : CLASSIFY_MAX_COLLECTORS;
    readiness->has_total = interval_lists(seen, only, lists, &readiness->unseen_total);
}

static int weigh(struct readiness *readiness, struct arena *arena)
{
    size_t count = classify_count(readiness->classify);
    struct placed *placed = malloc((count + 1) * sizeof *placed);
    if (!placed)
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++)
        place(readiness, (uint32_t)i, &placed[i]);
    estimate(readiness, placed, count);
    int err = 0;
    if (readiness->wish->by != READINESS_BY_CLASS) {
        qsort(placed, count, sizeof *placed, by_group);
        err = make_groups(readiness, placed, count, arena);
        for (size_t i = 0; i < count; i++)
            memset(placed[i].key, 0, sizeof placed[i].key);
    }
    qsort(placed, count, sizeof *placed, by_group);
    readiness->total = (struct readiness_group){.users = -1};
    if (count)
        make_group(readiness, placed, count, &readiness->total);
    free(placed);
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
    if (!err && (err = weigh(&readiness, arena)))
        err_set(note, err, "no memory to weigh the sources");
    if (err)
        classify_free(readiness.classify);
    else
        *ret_readiness = readiness;
    return err;
}

void readiness_free(struct readiness *readiness)
{
    classify_free(readiness->classify);
    readiness->classify = NULL;
}

/* ---- for all forms ---- */

struct interval readiness_share(const struct readiness_group *group)
{
    return interval_share(group->sources[CLASSIFY_OLD_ONLY], readiness_told(group->sources));
}

void readiness_add_key(
    const struct readiness *readiness, const struct readiness_group *group, struct text *text)
{
    char address[ADDRESS_TEXT];
    const char *name;
    switch (readiness->wish->by) {
    case READINESS_BY_CLASS:
        return;
    case READINESS_BY_PREFIX:
        text_printf(
            text, "%s/%d", address_text(group->prefix, address), is_ip4(group->prefix) ? PREFIX4 : PREFIX6);
        return;
    case READINESS_BY_AS:
        if (!group->as) {
            text_add(text, "unknown");
            return;
        }
        text_printf(text, "AS%u", group->as);
        name = networks_as_name(readiness->wish->networks, group->as);
        if (name) {
            text_add(text, " ");
            report_add_name(text, name);
        }
        return;
    case READINESS_BY_COUNTRY:
        text_add(text, group->country[0] ? group->country : "unknown");
        return;
    }
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

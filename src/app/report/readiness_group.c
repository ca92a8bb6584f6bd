/* Each source is placed once: its network and country. A line is then a run of sources, sorted by the line's
 * key and by network within it; so networks are counted where they change, and users come in by the share
 * that the run's part of a network has in the whole of it. */
#include "app/report/inside.h"
#include "app/report/readiness_inside.h"

#include "core/zone/address.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAPPED_BITS = 96, PREFIX4 = 24, PREFIX6 = 48 };

struct readiness_place {
    uint32_t as;
    char country[3];
    struct classify_weight weight; /* here, for what it follows from lies in many places */
};

/* `each` query (or source, or whatever it is shared by) stands for so many users. */
struct readiness_crowd {
    uint32_t as;
    enum { BY_QUERIES, BY_SOURCES, BY_ANYBODY } basis;
    double each;
};

/* ---- places ---- */

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

static bool same_prefix(const uint8_t a[16], const uint8_t b[16])
{
    uint8_t x[16], y[16];
    prefix_of(a, x);
    prefix_of(b, y);
    return memcmp(x, y, sizeof x) == 0;
}

static int place(struct readiness *readiness)
{
    size_t count = classify_count(readiness->classify);
    readiness->places = calloc(count + 1, sizeof *readiness->places);
    if (!readiness->places)
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++) {
        struct network network;
        networks_find(readiness->wish->networks, classify_address(readiness->classify, i), &network);
        readiness->places[i].as = network.as;
        memcpy(readiness->places[i].country, network.country, sizeof network.country);
        classify_weight(readiness->classify, i, &readiness->places[i].weight);
    }
    return 0;
}

/* ---- runs ---- */

struct item {
    uint64_t key;     /* of its line */
    uint64_t network; /* AS, then prefixes */
    uint32_t country; /* its two letters as a number; 0: not known */
    uint32_t index;
};

static uint32_t country_number(const char country[3])
{
    return (uint32_t)(uint8_t)country[0] << 8 | (uint8_t)country[1];
}

static int by_key(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    int order = (x->key > y->key) - (x->key < y->key);
    order = order ? order : (x->network > y->network) - (x->network < y->network);
    order = order ? order : (x->country > y->country) - (x->country < y->country);
    return order ? order : (x->index > y->index) - (x->index < y->index);
}

/* All sources in the order of their lines. Sources come by address, so prefixes are numbered as they change.
 */
static struct item *sorted(const struct readiness *readiness, enum readiness_by by)
{
    const struct classify *classify = readiness->classify;
    size_t count = classify_count(classify);
    struct item *items = calloc(count + 1, sizeof *items);
    uint32_t prefix = 0;
    for (uint32_t i = 0; items && i < count; i++) {
        const struct readiness_place *at = &readiness->places[i];
        prefix += i && !same_prefix(classify_address(classify, i - 1), classify_address(classify, i));
        const uint64_t keys[] = {[READINESS_BY_PREFIX] = prefix,
            [READINESS_BY_AS] = at->as,
            [READINESS_BY_COUNTRY] = country_number(at->country)};
        items[i] = (struct item){.key = by == READINESS_BY_CLASS ? 0 : keys[by],
            .network = at->as ? at->as : (UINT64_C(1) << 32) + prefix,
            .country = country_number(at->country),
            .index = i};
    }
    if (items)
        qsort(items, count, sizeof *items, by_key);
    return items;
}

static size_t key_run(const struct item *items, size_t count)
{
    size_t n = 1;
    while (n < count && items[n].key == items->key)
        n++;
    return n;
}

/* Within a line. */
static size_t network_run(const struct item *items, size_t count)
{
    size_t n = 1;
    while (n < count && items[n].network == items->network)
        n++;
    return n;
}

/* Of a network's sources, which are sorted by it: the country that most have, if any is known. */
static void most_country(const struct item *items, size_t count, char ret[3])
{
    size_t most = 0;
    memset(ret, 0, 3);
    for (size_t begin = 0, end; begin < count; begin = end) {
        for (end = begin + 1; end < count && items[end].country == items[begin].country;)
            end++;
        if (items[begin].country && end - begin > most) {
            most = end - begin;
            ret[0] = (char)(items[begin].country >> 8);
            ret[1] = (char)items[begin].country;
        }
    }
}

/* ---- users ---- */

static bool has_users(enum classify_class class)
{
    return class != CLASSIFY_EPHEMERAL && class != CLASSIFY_APPLICATION && class != CLASSIFY_RELAY;
}

/* What shares the users, in this part of a network. */
static uint64_t shared_by(const struct readiness_crowd *crowd, const struct readiness_group *part)
{
    const uint64_t *counts = crowd->basis == BY_QUERIES ? part->ordinary : part->sources;
    uint64_t sum = 0;
    for (int c = 0; c < CLASSIFY_CLASSES; c++)
        if (crowd->basis == BY_ANYBODY || has_users((enum classify_class)c))
            sum = readiness_sum(sum, counts[c]);
    return sum;
}

/* Applications and what lives for an hour serve nobody else; if there is nothing but them, they stand for the
 * users, none of whom is at risk. */
static struct readiness_crowd crowd_of(const struct readiness_group *whole, int64_t users)
{
    struct readiness_crowd crowd = {.as = whole->as, .basis = BY_QUERIES};
    while (crowd.basis != BY_ANYBODY && shared_by(&crowd, whole) == 0)
        crowd.basis++;
    uint64_t all = shared_by(&crowd, whole);
    crowd.each = all ? (double)users / (double)all : 0;
    return crowd;
}

struct line {
    struct readiness_group group;
    bool has_users;
    double users;
};

static void add_users(
    struct line *line, const struct readiness_crowd *crowd, const struct readiness_group *part)
{
    const uint64_t *counts = crowd->basis == BY_QUERIES ? part->ordinary : part->sources;
    line->has_users = true;
    line->users += crowd->each * (double)shared_by(crowd, part);
    if (crowd->basis == BY_ANYBODY)
        return;
    struct readiness_group *group = &line->group;
    group->users_told += crowd->each * (double)readiness_told(counts);
    group->users_validating += crowd->each * (double)readiness_validators(counts);
    group->users_low += crowd->each * (double)counts[CLASSIFY_OLD_ONLY];
    group->users_high += crowd->each * (double)readiness_upper(counts);
    group->users_failing += crowd->each * (double)counts[CLASSIFY_FAILING];
    for (int c = 0; c < CLASSIFY_CLASSES; c++) {
        double of_class = crowd->basis == BY_QUERIES ? part->squares[c] : (double)part->sources[c];
        double squares = crowd->each * crowd->each * of_class;
        group->squares_low += c == CLASSIFY_OLD_ONLY ? squares : 0;
        group->squares_high += readiness_role((enum classify_class)c).at_risk ? squares : 0;
        group->squares_failing += c == CLASSIFY_FAILING ? squares : 0;
    }
}

static int find_crowd(const void *key, const void *crowd)
{
    uint32_t as = *(const uint32_t *)key, other = ((const struct readiness_crowd *)crowd)->as;
    return (as > other) - (as < other);
}

/* ---- one line ---- */

static void count_sources(
    const struct readiness *readiness, const struct item *items, size_t count, struct readiness_group *part)
{
    for (size_t i = 0; i < count; i++) {
        const struct classify_weight *weight = &readiness->places[items[i].index].weight;
        part->sources[weight->class]++;
        part->queries[weight->class] = readiness_sum(part->queries[weight->class], weight->queries);
        part->ordinary[weight->class] = readiness_sum(part->ordinary[weight->class], weight->ordinary);
        part->squares[weight->class] += (double)weight->ordinary * (double)weight->ordinary;
    }
}

/* The line's part of a network. */
static void add_network(
    const struct readiness *readiness, const struct item *items, size_t count, struct line *line)
{
    struct readiness_group *group = &line->group, part = {.as = readiness->places[items->index].as};
    count_sources(readiness, items, count, &part);
    uint64_t told = readiness_told(part.sources);
    group->network_count++;
    group->networks_told += told > 0;
    group->networks_ready += told > 0 && told == part.sources[CLASSIFY_READY];
    group->networks_validating += readiness_validators(part.sources) > 0;
    group->networks_low += part.sources[CLASSIFY_OLD_ONLY] > 0;
    group->networks_high += readiness_upper(part.sources) > 0;
    for (int c = 0; c < CLASSIFY_CLASSES; c++) {
        group->networks[c] += part.sources[c] > 0;
        group->sources[c] += part.sources[c];
        group->queries[c] = readiness_sum(group->queries[c], part.queries[c]);
        group->ordinary[c] = readiness_sum(group->ordinary[c], part.ordinary[c]);
        group->squares[c] += part.squares[c];
    }
    const struct readiness_crowd *crowd = readiness->crowd_count
                                              ? bsearch(&part.as, readiness->crowds, readiness->crowd_count,
                                                    sizeof *readiness->crowds, find_crowd)
                                              : NULL;
    if (crowd)
        add_users(line, crowd, &part);
}

static void name_line(const struct readiness *readiness, enum readiness_by by, const struct item *items,
    size_t count, struct readiness_group *group)
{
    const struct readiness_place *at = &readiness->places[items->index];
    if (by == READINESS_BY_PREFIX)
        prefix_of(classify_address(readiness->classify, items->index), group->prefix);
    else if (by == READINESS_BY_COUNTRY)
        memcpy(group->country, at->country, sizeof group->country);
    else if (by == READINESS_BY_AS && at->as) {
        group->as = at->as;
        most_country(items, count, group->country);
    }
}

static void make_line(const struct readiness *readiness, enum readiness_by by, const struct item *items,
    size_t count, struct readiness_group *ret)
{
    struct line line = {.has_users = false};
    for (size_t at = 0, n; at < count; at += n) {
        n = network_run(items + at, count - at);
        add_network(readiness, items + at, n, &line);
    }
    name_line(readiness, by, items, count, &line.group);
    if (by == READINESS_BY_COUNTRY && !line.has_users && *line.group.country) {
        int64_t users = networks_country_users(readiness->wish->networks, line.group.country);
        struct readiness_crowd crowd = crowd_of(&line.group, users);
        if (users >= 0)
            add_users(&line, &crowd, &line.group);
    }
    line.group.users = line.has_users ? llround(line.users) : -1;
    *ret = line.group;
}

static int by_risk(const void *a, const void *b)
{
    const struct readiness_group *x = a, *y = b;
    if (x->users_high != y->users_high)
        return x->users_high < y->users_high ? 1 : -1;
    uint64_t left = readiness_upper(x->sources), right = readiness_upper(y->sources);
    if (left != right)
        return left < right ? 1 : -1;
    int order = (x->as > y->as) - (x->as < y->as);
    order = order ? order : strcmp(x->country, y->country);
    return order ? order : memcmp(x->prefix, y->prefix, sizeof x->prefix);
}

static int make_lines(const struct readiness *readiness, enum readiness_by by, const struct item *items,
    struct arena *arena, struct readiness_group **ret_groups, size_t *ret_count)
{
    size_t count = classify_count(readiness->classify), lines = 0;
    for (size_t at = 0; at < count; at += key_run(items + at, count - at))
        lines++;
    struct readiness_group *groups = arena_alloc(arena, (lines + 1) * sizeof *groups);
    if (groups) {
        struct readiness_group *group = groups;
        for (size_t at = 0, n; at < count; at += n) {
            n = key_run(items + at, count - at);
            make_line(readiness, by, items + at, n, group++);
        }
        qsort(groups, lines, sizeof *groups, by_risk);
        *ret_groups = groups;
        *ret_count = lines;
    }
    return groups ? 0 : ERR_NOMEM;
}

int readiness_group_by(const struct readiness *readiness, enum readiness_by by, struct arena *arena,
    struct readiness_group **ret_groups, size_t *ret_count)
{
    struct item *items = sorted(readiness, by);
    int err = items ? make_lines(readiness, by, items, arena, ret_groups, ret_count) : ERR_NOMEM;
    free(items);
    return err;
}

/* ---- networks ---- */

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

int readiness_networks(const struct readiness *readiness,
    int (*each)(void *context, const struct readiness_network *network), void *context)
{
    size_t count = classify_count(readiness->classify);
    struct item *items = sorted(readiness, READINESS_BY_CLASS);
    uint32_t *sources = calloc(count + 1, sizeof *sources);
    int err = items && sources ? 0 : ERR_NOMEM;
    for (size_t at = 0, n; !err && at < count; at += n) {
        n = network_run(items + at, count - at);
        struct readiness_network network = {
            .as = readiness->places[items[at].index].as, .sources = sources, .source_count = n};
        for (size_t i = 0; i < n; i++)
            sources[i] = items[at + i].index;
        qsort(sources, n, sizeof *sources, by_number);
        if (!network.as)
            prefix_of(classify_address(readiness->classify, *sources), network.prefix);
        most_country(items + at, n, network.country);
        err = each(context, &network);
    }
    free(items);
    free(sources);
    return err;
}

/* ---- everything ---- */

/* Items are sorted by network. */
static int find_crowds(struct readiness *readiness, const struct item *items)
{
    size_t count = classify_count(readiness->classify), made = 0;
    for (size_t at = 0; at < count; at += network_run(items + at, count - at))
        made++;
    readiness->crowds = calloc(made + 1, sizeof *readiness->crowds);
    for (size_t at = 0, n; readiness->crowds && at < count; at += n) {
        struct readiness_group whole = {.as = readiness->places[items[at].index].as};
        n = network_run(items + at, count - at);
        int64_t users = whole.as ? networks_as_users(readiness->wish->networks, whole.as) : -1;
        if (users < 0)
            continue;
        count_sources(readiness, items + at, n, &whole);
        readiness->crowds[readiness->crowd_count++] = crowd_of(&whole, users);
    }
    return readiness->crowds ? 0 : ERR_NOMEM;
}

/* What is not weighed by line; and how many validators several collectors share tells how many none has
 * seen. */
static void sum_up(struct readiness *readiness)
{
    uint64_t seen[CLASSIFY_MAX_COLLECTORS + 1] = {0}, only[CLASSIFY_MAX_COLLECTORS] = {0};
    for (size_t i = 0; i < classify_count(readiness->classify); i++) {
        const struct classify_weight *weight = &readiness->places[i].weight;
        readiness->dnskey = readiness_sum(readiness->dnskey, weight->zone_dnskey);
        uint32_t back =
            readiness_role(weight->class).told ? classify_regressions_of(readiness->classify, i) : 0;
        readiness->regressions += back;
        readiness->regressed_sources += back > 0;
        uint64_t collectors = weight->collectors;
        if (!readiness_role(weight->class).validates || !collectors)
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

/* Where users were told for countries alone. */
static int add_country_users(struct readiness *readiness, struct arena *arena)
{
    struct readiness_group *countries, *total = &readiness->total;
    size_t count;
    int err = readiness_group_by(readiness, READINESS_BY_COUNTRY, arena, &countries, &count);
    for (size_t i = 0; !err && i < count; i++) {
        if (countries[i].users < 0)
            continue;
        total->users = (total->users < 0 ? 0 : total->users) + countries[i].users;
        total->users_told += countries[i].users_told;
        total->users_validating += countries[i].users_validating;
        total->users_low += countries[i].users_low;
        total->users_high += countries[i].users_high;
        total->users_failing += countries[i].users_failing;
        total->squares_low += countries[i].squares_low;
        total->squares_high += countries[i].squares_high;
        total->squares_failing += countries[i].squares_failing;
    }
    return err;
}

int readiness_weigh(struct readiness *readiness, struct arena *arena)
{
    struct readiness_group *total;
    size_t count;
    int err = place(readiness);
    struct item *items = err ? NULL : sorted(readiness, READINESS_BY_CLASS);
    err = items ? find_crowds(readiness, items) : ERR_NOMEM;
    err = err ? err : make_lines(readiness, READINESS_BY_CLASS, items, arena, &total, &count);
    free(items);
    if (err)
        return err;
    readiness->total = count ? *total : (struct readiness_group){.users = -1};
    sum_up(readiness);
    if (readiness->total.users < 0 && networks_users(readiness->wish->networks) >= 0)
        err = add_country_users(readiness, arena);
    enum readiness_by by = readiness->wish->by;
    return err || by == READINESS_BY_CLASS
               ? err
               : readiness_group_by(readiness, by, arena, &readiness->groups, &readiness->group_count);
}

/* ---- keys ---- */

void readiness_add_key(const struct readiness *readiness, enum readiness_by by,
    const struct readiness_group *group, struct text *text)
{
    char address[ADDRESS_TEXT];
    const char *name;
    switch (by) {
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

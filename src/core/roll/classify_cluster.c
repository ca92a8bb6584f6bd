/* Copies of one program ask the same few names from the same kind of socket; a resolver serves people, and in
 * days asks for many names. (The zone's own name, for its keys, everybody asks, and one that cannot
 * validate perhaps nothing else: it is left out.) So sources with few names are grouped by names and UDP
 * size, and a group becomes a cluster when enough of it say the same thing. One without signals belongs to a
 * cluster, but makes none.
 * One that is known from elsewhere is a cluster of any size. */
#include "core/roll/classify_inside.h"

#include "base/hash.h"

#include <stdlib.h>

enum { FIRST_BITS = 8 };

struct groups {
    uint64_t seed;
    struct tally_index index;
    struct tally_pool pool;
};

static struct classify_group *group_at(const struct groups *groups, uint32_t number)
{
    return pool_at(&groups->pool, number);
}

static uint64_t names_of(const struct classify *classify, const struct classify_load *load)
{
    return load->names & ~classify->own_name;
}

static bool has_few_names(const struct classify *classify, const struct classify_load *load)
{
    unsigned names = (unsigned)__builtin_popcountll(names_of(classify, load));
    return names > 0 && names <= classify->limits.value[CLASSIFY_CLUSTER_NAMES];
}

static uint32_t search(
    const struct groups *groups, uint64_t names, uint16_t udp_size, uint32_t hash, size_t *at)
{
    for (*at = index_place(&groups->index, hash);;) {
        uint32_t number = index_next(&groups->index, hash, at);
        if (number == 0 ||
            (group_at(groups, number)->names == names && group_at(groups, number)->udp_size == udp_size))
            return number;
    }
}

static uint32_t hash_of(const struct groups *groups, uint64_t names, uint16_t udp_size)
{
    return (uint32_t)(hash_pair(names, udp_size, hash_key(groups->seed)) >> 32);
}

static int add(struct groups *groups, const struct classify *classify, uint32_t source)
{
    size_t at;
    const struct classify_part *part = classify_part_at(classify, source);
    const struct classify_load *load = classify_load_at(classify, source);
    uint64_t names = names_of(classify, load);
    uint16_t udp_size = load->udp_size_most;
    uint32_t hash = hash_of(groups, names, udp_size);
    int err = index_reserve(&groups->index, 1);
    err = err ? err : pool_reserve(&groups->pool, 1);
    if (err)
        return err;
    uint32_t number = search(groups, names, udp_size, hash, &at);
    if (number == 0) {
        number = ++groups->pool.used;
        *group_at(groups, number) = (struct classify_group){
            .names = names, .udp_size = udp_size, .first_us = INT64_MAX, .last_us = INT64_MIN};
        index_put(&groups->index, at, hash, number);
    }
    struct classify_group *group = group_at(groups, number);
    group->words[classify_last_word(classify_voice_of(classify, part))]++;
    group->first_us = part->first_us < group->first_us ? part->first_us : group->first_us;
    group->last_us = part->last_us > group->last_us ? part->last_us : group->last_us;
    return 0;
}

static bool is_cluster(const struct classify *classify, const struct classify_group *group)
{
    for (unsigned word = CLASSIFY_SAYS_OLD; word < CLASSIFY_WORDS; word++)
        if (group->words[word] >= classify->limits.value[CLASSIFY_CLUSTER_SOURCES])
            return true;
    return group->is_known;
}

int classify_know(struct classify *classify, uint64_t names, uint16_t udp_size)
{
    if (classify->finished)
        return ERR_INTERNAL;
    struct classify_known *more =
        reallocarray(classify->known, classify->known_count + 1, sizeof *classify->known);
    if (!more)
        return ERR_NOMEM;
    classify->known = more;
    more[classify->known_count++] = (struct classify_known){names, udp_size};
    return 0;
}

static void mark_known(const struct classify *classify, struct groups *groups)
{
    for (size_t i = 0; i < classify->known_count; i++) {
        const struct classify_known *known = &classify->known[i];
        size_t at;
        uint32_t number = search(
            groups, known->names, known->udp_size, hash_of(groups, known->names, known->udp_size), &at);
        if (number)
            group_at(groups, number)->is_known = true;
    }
}

static size_t members(const struct classify_group *group)
{
    size_t sum = 0;
    for (unsigned word = 0; word < CLASSIFY_WORDS; word++)
        sum += group->words[word];
    return sum;
}

static int by_size(const void *a, const void *b)
{
    const struct classify_group *x = *(struct classify_group *const *)a,
                                *y = *(struct classify_group *const *)b;
    size_t many_x = members(x), many_y = members(y);
    if (many_x != many_y)
        return many_x < many_y ? 1 : -1;
    if (x->names != y->names)
        return x->names < y->names ? -1 : 1;
    return (x->udp_size > y->udp_size) - (x->udp_size < y->udp_size);
}

static int make_clusters(struct classify *classify, struct groups *groups)
{
    struct classify_group **big = calloc(groups->pool.used + 1, sizeof *big);
    size_t count = 0;
    for (uint32_t number = 1; big && number <= groups->pool.used; number++)
        if (is_cluster(classify, group_at(groups, number)))
            big[count++] = group_at(groups, number);
    classify->clusters = calloc(count + 1, sizeof *classify->clusters);
    if (!big || !classify->clusters) {
        free(big);
        return ERR_NOMEM;
    }
    qsort(big, count, sizeof *big, by_size);
    for (size_t i = 0; i < count; i++) {
        big[i]->number = (uint32_t)i + 1;
        classify->clusters[i] = (struct classify_cluster){.sources = members(big[i]),
            .names = big[i]->names,
            .udp_size = big[i]->udp_size,
            .old_sources = big[i]->words[CLASSIFY_SAYS_OLD],
            .new_sources = big[i]->words[CLASSIFY_SAYS_NEW],
            .neither_sources = big[i]->words[CLASSIFY_SAYS_NEITHER],
            .silent_sources = big[i]->words[CLASSIFY_SAYS_NOTHING],
            .first_us = big[i]->first_us,
            .last_us = big[i]->last_us};
    }
    classify->cluster_count = count;
    free(big);
    return 0;
}

int classify_clusters_find(struct classify *classify)
{
    struct groups groups = {
        .seed = hash_mix(classify->seed, 1), .pool = {.size = sizeof(struct classify_group)}};
    int err = index_start(&groups.index, FIRST_BITS);
    for (uint32_t number = 1; !err && number <= classify->parts.used; number++)
        if (has_few_names(classify, classify_load_at(classify, number)))
            err = add(&groups, classify, number);
    if (!err)
        mark_known(classify, &groups);
    err = err ? err : make_clusters(classify, &groups);
    for (uint32_t number = 1; !err && classify->cluster_count && number <= classify->parts.used; number++) {
        const struct classify_load *load = classify_load_at(classify, number);
        uint64_t names = names_of(classify, load);
        uint16_t udp_size = load->udp_size_most;
        size_t at;
        if (has_few_names(classify, load))
            classify_part_at(classify, number)->cluster =
                group_at(&groups, search(&groups, names, udp_size, hash_of(&groups, names, udp_size), &at))
                    ->number;
    }
    index_free(&groups.index);
    pool_free(&groups.pool);
    return err;
}

size_t classify_cluster_count(const struct classify *classify)
{
    return classify->cluster_count;
}

void classify_cluster(const struct classify *classify, size_t number, struct classify_cluster *ret)
{
    *ret = classify->clusters[number - 1];
}

/* Strings live in an arena, so that what is handed out stays where it is; a number leads to each. */
#include "core/roll/tally_inside.h"

#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_BITS = 8 };

int names_start(struct tally_names *names, uint64_t seed)
{
    memset(names, 0, sizeof *names);
    names->seed = seed;
    names->pool.size = sizeof(struct tally_named);
    names->arena = arena_new();
    return names->arena ? index_start(&names->index, FIRST_BITS) : ERR_NOMEM;
}

void names_free(struct tally_names *names)
{
    index_free(&names->index);
    pool_free(&names->pool);
    arena_free(names->arena);
}

void names_reset(struct tally_names *names)
{
    index_clear(&names->index);
    names->pool.used = 0;
    names->octets = 0;
    arena_reset(names->arena);
}

static struct tally_named *named_at(const struct tally_names *names, uint32_t number)
{
    return pool_at(&names->pool, number);
}

static uint32_t hash_of(const struct tally_names *names, const void *key, size_t length)
{
    return (uint32_t)(hash_bytes(key, length, names->seed) >> 32);
}

static uint32_t find(
    const struct tally_names *names, const void *key, size_t length, uint32_t hash, size_t *at)
{
    for (*at = index_place(&names->index, hash);;) {
        uint32_t number = index_next(&names->index, hash, at);
        if (number == 0)
            return 0;
        const struct tally_named *named = named_at(names, number);
        if (named->key_length == length && memcmp(named->key, key, length) == 0)
            return number;
    }
}

uint32_t names_find(const struct tally_names *names, const void *key, size_t length)
{
    size_t at;
    return find(names, key, length, hash_of(names, key, length), &at);
}

uint32_t names_add(struct tally_names *names, const void *key, size_t length, const char *text)
{
    if (index_reserve(&names->index, 1) != 0 || pool_reserve(&names->pool, 1) != 0)
        return 0;
    size_t at, text_size = strlen(text) + 1;
    const uint8_t *own_key = arena_copy(names->arena, length ? key : "", length ? length : 1);
    const char *own_text = own_key ? arena_copy(names->arena, text, text_size) : NULL;
    if (!own_text)
        return 0;
    uint32_t hash = hash_of(names, key, length), number = ++names->pool.used;
    find(names, key, length, hash, &at);
    *named_at(names, number) =
        (struct tally_named){.key = own_key, .key_length = (uint32_t)length, .text = own_text};
    index_put(&names->index, at, hash, number);
    names->octets += length + text_size + sizeof(struct tally_named) + 2 * sizeof(uint64_t);
    return number;
}

const char *names_text(const struct tally_names *names, uint32_t number)
{
    return named_at(names, number)->text;
}

static int compare(const void *a, const void *b, void *context)
{
    const struct tally_names *names = context;
    const uint64_t *x = a, *y = b;
    return strcmp(names_text(names, (uint32_t)*x), names_text(names, (uint32_t)*y));
}

void names_rank(struct tally_names *names)
{
    uint32_t count = names->index.used;
    index_gather(&names->index);
    qsort_r(names->index.slots, count, sizeof *names->index.slots, compare, names);
    for (uint32_t i = 0; i < count; i++)
        named_at(names, (uint32_t)names->index.slots[i])->rank = i;
    index_clear(&names->index);
    for (uint32_t number = 1; number <= count; number++) {
        const struct tally_named *named = named_at(names, number);
        index_refill(&names->index, hash_of(names, named->key, named->key_length), number);
    }
}

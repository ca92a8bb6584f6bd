/* Prefixes are nested or apart, never crossing. Sorted by first key, outer ones first, one pass with a stack
 * of those that are open gives the ranges. */
#include "io/networks/ranges.h"

#include "base/err.h"

#include <stdlib.h>

enum { BITS = 128, INDEX_BITS = 16, INDEX_SIZE = 1 << INDEX_BITS };

static ranges_key key_of(uint64_t high, uint64_t low)
{
    return (ranges_key)high << 64 | low;
}

static ranges_key last_of(ranges_key key, unsigned length)
{
    return length == 0 ? ~(ranges_key)0 : key | (((ranges_key)1 << (BITS - length)) - 1);
}

/* ---- prefixes ---- */

int prefixes_add(struct prefixes *prefixes, ranges_key key, unsigned length, uint32_t value)
{
    if (prefixes->count == PREFIXES_MAX)
        return ERR_NOMEM;
    if (prefixes->count == prefixes->capacity) {
        size_t capacity = prefixes->capacity ? prefixes->capacity * 2 : 64;
        struct prefix *grown = reallocarray(prefixes->list, capacity, sizeof *grown);
        if (!grown)
            return ERR_NOMEM;
        prefixes->list = grown;
        prefixes->capacity = capacity;
    }
    prefixes->list[prefixes->count] = (struct prefix){
        .high = (uint64_t)(key >> 64),
        .low = (uint64_t)key,
        .value = value,
        .order = (uint32_t)prefixes->count,
        .length = (uint8_t)length,
    };
    prefixes->count++;
    return 0;
}

int prefixes_add_span(
    struct prefixes *prefixes, ranges_key first, ranges_key last, unsigned bits, uint32_t value)
{
    for (last = last_of(last, bits);;) {
        unsigned length = bits;
        while (length > 0 && first << (length - 1) == 0 && last_of(first, length - 1) <= last)
            length--;
        int rc = prefixes_add(prefixes, first, length, value);
        ranges_key end = last_of(first, length);
        if (rc || end >= last)
            return rc;
        first = end + 1;
    }
}

void prefixes_free(struct prefixes *prefixes)
{
    free(prefixes->list);
    *prefixes = (struct prefixes){0};
}

static int compare(const void *a, const void *b)
{
    const struct prefix *x = a, *y = b;
    ranges_key kx = key_of(x->high, x->low), ky = key_of(y->high, y->low);
    if (kx != ky)
        return kx < ky ? -1 : 1;
    if (x->length != y->length)
        return x->length < y->length ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

/* Files come sorted, mostly. */
static void sort(struct prefixes *prefixes)
{
    for (size_t i = 1; i < prefixes->count; i++)
        if (compare(&prefixes->list[i - 1], &prefixes->list[i]) > 0) {
            qsort(prefixes->list, prefixes->count, sizeof *prefixes->list, compare);
            return;
        }
}

/* ---- ranges ---- */

/* From `key` on. What began at the same key is replaced, what says the same goes on. The list is long enough.
 */
static void emit(struct ranges *ranges, ranges_key key, uint32_t value, uint8_t length)
{
    struct range *list = ranges->list;
    if (ranges->count > 0 && key_of(list[ranges->count - 1].high, list[ranges->count - 1].low) == key)
        ranges->count--;
    if (ranges->count > 0 && list[ranges->count - 1].value == value &&
        list[ranges->count - 1].length == length)
        return;
    list[ranges->count++] = (struct range){(uint64_t)(key >> 64), (uint64_t)key, value, length};
}

struct stack {
    const struct prefix *open[BITS + 1]; /* one for each length */
    unsigned count;
};

/* Ends what is open and ends before `key`; with key 0, everything. */
static void end_before(struct ranges *ranges, struct stack *stack, ranges_key key)
{
    while (stack->count > 0) {
        const struct prefix *top = stack->open[stack->count - 1];
        ranges_key next = last_of(key_of(top->high, top->low), top->length) + 1;
        if (key != 0 && (next == 0 || next > key))
            return;
        stack->count--;
        const struct prefix *outer = stack->count ? stack->open[stack->count - 1] : NULL;
        if (next != 0)
            emit(ranges, next, outer ? outer->value : 0, outer ? outer->length : 0);
    }
}

static int flatten(struct prefixes *prefixes, struct ranges *ret, size_t *conflicts)
{
    struct stack stack = {.count = 0};
    *ret = (struct ranges){.list = reallocarray(NULL, 2 * prefixes->count + 1, sizeof(struct range))};
    if (!ret->list)
        return ERR_NOMEM;
    sort(prefixes);
    emit(ret, 0, 0, 0);
    for (size_t i = 0; i < prefixes->count; i++) {
        const struct prefix *at = &prefixes->list[i];
        ranges_key key = key_of(at->high, at->low);
        if (key != 0)
            end_before(ret, &stack, key);
        const struct prefix *top = stack.count ? stack.open[stack.count - 1] : NULL;
        if (top && top->length == at->length) {
            *conflicts += top->value != at->value;
            continue;
        }
        emit(ret, key, at->value, at->length);
        stack.open[stack.count++] = at;
    }
    end_before(ret, &stack, 0);
    return 0;
}

/* Where base tells nothing, what more tells. Both begin with key 0. */
static int merge(const struct ranges *base, const struct ranges *more, struct ranges *ret)
{
    *ret = (struct ranges){.list = reallocarray(NULL, base->count + more->count, sizeof(struct range))};
    if (!ret->list || base->count + more->count > UINT32_MAX)
        return ERR_NOMEM;
    ranges_key key = 0;
    for (size_t i = 0, k = 0; i < base->count || k < more->count;) {
        ranges_key by_base = i < base->count ? key_of(base->list[i].high, base->list[i].low) : ~(ranges_key)0;
        ranges_key by_more = k < more->count ? key_of(more->list[k].high, more->list[k].low) : ~(ranges_key)0;
        key = by_base < by_more ? by_base : by_more;
        if (i < base->count && by_base == key)
            i++;
        if (k < more->count && by_more == key)
            k++;
        const struct range *told = base->list[i - 1].value ? &base->list[i - 1] : &more->list[k - 1];
        emit(ret, key, told->value, told->length);
    }
    return 0;
}

/* index[n]: the range in which the first key with the first bits n lies. */
static int make_index(struct ranges *ranges)
{
    ranges->index = calloc(INDEX_SIZE + 1, sizeof *ranges->index);
    if (!ranges->index)
        return ERR_NOMEM;
    size_t at = 0;
    for (size_t n = 0; n < INDEX_SIZE; n++) {
        ranges_key key = (ranges_key)n << (BITS - INDEX_BITS);
        while (at + 1 < ranges->count && key_of(ranges->list[at + 1].high, ranges->list[at + 1].low) <= key)
            at++;
        ranges->index[n] = (uint32_t)at;
    }
    ranges->index[INDEX_SIZE] = (uint32_t)(ranges->count - 1);
    return 0;
}

int ranges_fill(
    const struct ranges *base, struct prefixes *prefixes, struct ranges *ret_ranges, size_t *conflicts)
{
    struct ranges flat, made;
    size_t found = 0;
    int rc = flatten(prefixes, &flat, &found);
    if (rc == 0 && base->count > 0) {
        rc = merge(base, &flat, &made);
        ranges_free(&flat);
    } else {
        made = flat;
    }
    if (rc == 0) {
        struct range *less = reallocarray(made.list, made.count, sizeof *less);
        made.list = less ? less : made.list;
        rc = make_index(&made);
    }
    if (rc) {
        ranges_free(&made);
        return rc;
    }
    *conflicts += found;
    *ret_ranges = made;
    return 0;
}

struct range ranges_find(const struct ranges *ranges, ranges_key key)
{
    if (ranges->count == 0)
        return (struct range){0};
    size_t bits = (size_t)(key >> (BITS - INDEX_BITS));
    size_t low = ranges->index[bits], high = ranges->index[bits + 1];
    while (low < high) {
        size_t middle = low + (high - low + 1) / 2;
        if (key_of(ranges->list[middle].high, ranges->list[middle].low) <= key)
            low = middle;
        else
            high = middle - 1;
    }
    return ranges->list[low];
}

void ranges_free(struct ranges *ranges)
{
    free(ranges->list);
    free(ranges->index);
    *ranges = (struct ranges){0};
}

/* Sorting that looks at each entry a few times, and never two at once: the slots' upper halves take the first
 * word of the keys, are sorted as numbers, and where they are equal take the next one. In place, so that rows
 * in order cost no memory. */
#include "core/roll/tally_index.h"

#include <stdbool.h>

enum { FEW = 40, AHEAD = 16, RADIX = 256, LOWEST_SHIFT = 32 };

static void sort_few(uint64_t *slots, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        uint64_t slot = slots[i];
        size_t at = i;
        for (; at > 0 && slots[at - 1] > slot; at--)
            slots[at] = slots[at - 1];
        slots[at] = slot;
    }
}

/* By the octet at `shift` and those below it, down to the upper half's last. */
static void sort_words(uint64_t *slots, size_t count, unsigned shift)
{
    if (count <= FEW) {
        sort_few(slots, count);
        return;
    }
    size_t next[RADIX] = {0}, end[RADIX], sum = 0;
    for (size_t i = 0; i < count; i++)
        next[slots[i] >> shift & (RADIX - 1)]++;
    for (size_t octet = 0; octet < RADIX; octet++) {
        size_t many = next[octet];
        next[octet] = sum;
        sum += many;
        end[octet] = sum;
    }
    for (size_t octet = 0; octet < RADIX; octet++)
        while (next[octet] < end[octet]) {
            uint64_t slot = slots[next[octet]];
            for (size_t to; (to = slot >> shift & (RADIX - 1)) != octet;) {
                uint64_t other = slots[next[to]];
                slots[next[to]++] = slot;
                slot = other;
            }
            slots[next[octet]++] = slot;
        }
    for (size_t octet = 0, begin = 0; shift > LOWEST_SHIFT && octet < RADIX; begin = end[octet++])
        if (end[octet] - begin > 1)
            sort_words(slots + begin, end[octet] - begin, shift - 8);
}

/* Whether the words differ at all. */
static bool take_words(const struct order *order, uint64_t *slots, size_t count, unsigned level)
{
    uint64_t different = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t number = (uint32_t)slots[i];
        if (i + AHEAD < count)
            order->fetch(order->context, (uint32_t)slots[i + AHEAD]);
        slots[i] = (uint64_t)order->word(order->context, number, level) << 32 | number;
        different |= (slots[i] ^ slots[0]) >> 32;
    }
    return different != 0;
}

static void sort_level(const struct order *order, uint64_t *slots, size_t count, unsigned level)
{
    while (level < order->levels && !take_words(order, slots, count, level))
        level++;
    if (level >= order->levels)
        return;
    sort_words(slots, count, 56);
    for (size_t begin = 0, end; begin < count; begin = end) {
        for (end = begin + 1; end < count && slots[end] >> 32 == slots[begin] >> 32;)
            end++;
        if (end - begin > 1)
            sort_level(order, slots + begin, end - begin, level + 1);
    }
}

void order_slots(const struct order *order, uint64_t *slots, size_t count)
{
    sort_level(order, slots, count, 0);
}

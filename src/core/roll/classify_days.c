/* The trend: of each day, how many different sources said what. The bits of the sources' days, added up. */
#include "core/roll/classify_inside.h"

#include <stdlib.h>

int classify_days_start(struct classify *classify)
{
    classify->day_list = calloc(classify->days, sizeof *classify->day_list);
    if (!classify->day_list)
        return ERR_NOMEM;
    for (uint32_t day = 0; day < classify->days; day++)
        classify->day_list[day].day_us = classify->begin_us + day * UTC_DAY;
    return 0;
}

static uint32_t next_day(uint32_t block, uint32_t *days)
{
    uint32_t day = block * STRETCH_DAYS + (uint32_t)__builtin_ctz(*days);
    *days &= *days - 1;
    return day;
}

static void add_said(struct classify *classify, uint32_t voice)
{
    const struct classify_said *said;
    for (struct classify_walk walk = classify_walk_said(classify, voice); (said = classify_earlier(&walk));) {
        uint32_t old = said->days[CLASSIFY_SAYS_OLD], new = said->days[CLASSIFY_SAYS_NEW];
        uint32_t neither = said->days[CLASSIFY_SAYS_NEITHER];
        while (old)
            classify->day_list[next_day(said->link.block, &old)].old_only++;
        while (new)
            classify->day_list[next_day(said->link.block, &new)].with_new++;
        while (neither)
            classify->day_list[next_day(said->link.block, &neither)].neither++;
    }
}

void classify_days_add(struct classify *classify, uint32_t number)
{
    const struct classify_stretch *stretch;
    uint32_t voice = classify_part_at(classify, number)->voice;
    for (struct classify_walk walk = classify_walk_seen(classify, number);
         (stretch = classify_earlier(&walk));) {
        uint32_t seen = stretch->seen, signal = stretch->signal;
        while (seen)
            classify->day_list[next_day(stretch->link.block, &seen)].seen++;
        while (signal)
            classify->day_list[next_day(stretch->link.block, &signal)].signalling++;
    }
    if (voice)
        add_said(classify, voice);
}

size_t classify_day_count(const struct classify *classify)
{
    return classify->day_list ? classify->days : 0;
}

void classify_day(const struct classify *classify, size_t i, struct classify_day *ret)
{
    *ret = classify->day_list[i];
}

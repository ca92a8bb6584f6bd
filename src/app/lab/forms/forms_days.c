#include "app/lab/forms/forms_days.h"

enum { MOST_DAYS = 400 * 366 };

/* How bad each answer is; 0: as it should be. */
static const uint8_t badness[FORMS_NAMES][REHEARSAL_ANSWERS] = {
    [FORMS_SIGNED] =
        {
            [REHEARSAL_AD] = 0,
            [REHEARSAL_PLAIN] = 1,
            [REHEARSAL_ODD] = 2,
            [REHEARSAL_SERVFAIL] = 3,
            [REHEARSAL_NOTHING] = 4,
        },
    [FORMS_BOGUS] =
        {
            [REHEARSAL_SERVFAIL] = 0,
            [REHEARSAL_NOTHING] = 1,
            [REHEARSAL_ODD] = 2,
            [REHEARSAL_PLAIN] = 3,
            [REHEARSAL_AD] = 4,
        },
    [FORMS_UNSIGNED] =
        {
            [REHEARSAL_PLAIN] = 0,
            [REHEARSAL_AD] = 1,
            [REHEARSAL_ODD] = 2,
            [REHEARSAL_SERVFAIL] = 3,
            [REHEARSAL_NOTHING] = 4,
        },
};

static int badness_of(enum forms_name name, uint8_t answer)
{
    return answer >= REHEARSAL_ANSWERS ? -1 : badness[name][answer];
}

uint8_t forms_days_worse(enum forms_name name, uint8_t a, uint8_t b)
{
    return badness_of(name, b) > badness_of(name, a) ? b : a;
}

bool forms_days_good(enum forms_name name, uint8_t answer)
{
    return badness_of(name, answer) <= 0;
}

static struct forms_day *day_of(const struct forms_days *days, int64_t us)
{
    int64_t day = us < days->first_us ? 0 : (us - days->first_us) / UTC_DAY;
    return &days->days[day < (int64_t)days->count ? (size_t)day : days->count - 1];
}

static void add_looks(const struct rehearsal_evidence *evidence, struct forms_days *days)
{
    for (size_t i = 0; i < days->count; i++)
        for (int name = 0; name < FORMS_NAMES; name++)
            days->days[i].worst[name] = FORMS_NO_LOOK;
    for (size_t i = 0; i < evidence->look_count; i++) {
        const struct rehearsal_look *look = &evidence->looks[i];
        const uint8_t answers[FORMS_NAMES] = {look->secure, look->bogus, look->plain};
        struct forms_day *day = day_of(days, look->at_us);
        for (int name = 0; name < FORMS_NAMES; name++) {
            day->worst[name] = forms_days_worse((enum forms_name)name, day->worst[name], answers[name]);
            days->bad[name] |= !forms_days_good((enum forms_name)name, answers[name]);
        }
    }
}

static void add_fetches(const struct rehearsal_evidence *evidence, struct forms_days *days)
{
    for (size_t i = 0; i < evidence->fetch_count; i++) {
        const struct rehearsal_fetch *fetch = &evidence->fetches[i];
        struct forms_day *day = day_of(days, fetch->at_us);
        day->fetches++;
        day->tcp += fetch->tcp;
        day->truncated += fetch->truncated;
        day->largest = fetch->size > day->largest ? fetch->size : day->largest;
    }
    for (size_t i = 0; i < days->count; i++)
        if (days->days[i].fetches > days->most) {
            days->most = days->days[i].fetches;
            days->most_day = i;
        }
}

int forms_days_make(const struct rehearsal_evidence *evidence, int64_t from_us, int64_t to_us,
    struct arena *arena, struct forms_days *ret)
{
    int64_t into = from_us % UTC_DAY, first_us = from_us - (into < 0 ? into + UTC_DAY : into);
    int64_t count = to_us > first_us ? (to_us - first_us + UTC_DAY - 1) / UTC_DAY : 1;
    struct forms_days days = {.first_us = first_us, .count = (size_t)(count < MOST_DAYS ? count : MOST_DAYS)};
    days.days = arena_alloc(arena, days.count * sizeof *days.days);
    if (!days.days)
        return ERR_NOMEM;
    add_looks(evidence, &days);
    add_fetches(evidence, &days);
    for (size_t i = 0; i < evidence->signal_count; i++)
        day_of(&days, evidence->signals[i].at_us)->signals++;
    *ret = days;
    return 0;
}
